/* SPDX-License-Identifier: MIT */
#include "common/config.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/suite.h"

static char folder[] = "/tmp/test_config_load.XXXXXX";
static char message[512];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(mkdir("conf.d", 0700), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void remove_folder(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void put(const char *name, const char *text)
{
    FILE *stream = fopen(name, "w");

    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    fclose(stream);
}

static struct config *load(const char *text)
{
    struct config *config = NULL;

    put("f", text);
    ck_assert_msg(config_load("f", &config, message, sizeof(message)) == 0, "%s", message);
    return config;
}

/* Refused with exactly this message. */
static void ck_assert_refused(const char *text, const char *expected)
{
    struct config *config = NULL;

    put("f", text);
    ck_assert_msg(config_load("f", &config, message, sizeof(message)) == -EINVAL, "%s", text);
    ck_assert_ptr_null(config);
    ck_assert_str_eq(message, expected);
}

#define POOL "pools: {w: {app: a, listen: '*:80'"

START_TEST(config_load_of_one_pool_has_every_default)
{
    struct config *config = load("pools:\n  web: {listen: \"127.0.0.1:8080\", app: hello}\n");
    const struct config_pool *pool = &config->pools[0];

    ck_assert_str_eq(config->path, "f");
    ck_assert_str_eq(config->control.socket, "auto");
    ck_assert_uint_eq(config->control.mode, 0660);
    ck_assert_uint_eq(config->log.level, LOG_LEVEL_INFO);
    ck_assert_uint_eq(config->log.format, LOG_FORMAT_TEXT);
    ck_assert_int_eq(config->supervision.start_timeout, 60 * NS_PER_S);
    ck_assert_int_eq(config->supervision.drain_grace, 0);
    ck_assert_int_eq(config->supervision.beat_interval, 250 * NS_PER_MS);
    ck_assert_uint_eq(config->npools, 1);
    ck_assert_str_eq(pool->name, "web");
    ck_assert_str_eq(pool->app, "hello");
    ck_assert_uint_eq(pool->mark.line, 2);
    ck_assert_uint_eq(pool->mark.column, 3);
    ck_assert_uint_eq(pool->nlisten, 1);
    ck_assert_str_eq(pool->listen_text[0], "127.0.0.1:8080");
    ck_assert_uint_eq(pool->model, CONFIG_HYBRID);
    ck_assert_uint_eq(pool->workers, config_auto_workers());
    ck_assert_uint_eq(pool->threads, 1);
    ck_assert_uint_eq(pool->tasks, 10000);
    ck_assert(pool->tcp_nodelay);
    ck_assert(!pool->reuse_port);
    ck_assert_uint_eq(pool->backlog, 4096);
    ck_assert_int_eq(pool->keepalive_timeout, 65 * NS_PER_S);
    ck_assert_int_eq(pool->request_timeout, 0);
    config_free(config);
}
END_TEST

START_TEST(config_load_applies_the_model_before_the_numbers_beside_it)
{
    struct config *config =
        load("pools:\n"
             "  a: {listen: '*:1', app: x, threads: 4, model: threads}\n"
             "  b: {listen: '*:2', app: x, model: processes}\n"
             "  c: {listen: '*:3', app: x, tasks: 7, workers: 3, model: async}\n");

    ck_assert_uint_eq(config->pools[0].workers, 1);
    ck_assert_uint_eq(config->pools[0].threads, 4);
    ck_assert_uint_eq(config->pools[0].tasks, 1);
    ck_assert_uint_eq(config->pools[1].workers, 8);
    ck_assert_uint_eq(config->pools[1].tasks, 1);
    ck_assert_uint_eq(config->pools[2].workers, 3);
    ck_assert_uint_eq(config->pools[2].tasks, 7);
    config_free(config);
}
END_TEST

START_TEST(config_load_keeps_options_and_listens_in_order_with_places)
{
    struct config *config = load("pools:\n"
                                 "  a:\n"
                                 "    listen: ['0.0.0.0:80', '[::]:80', 'unix:/x']\n"
                                 "    app: x\n"
                                 "    options:\n"
                                 "      size: 5\n"
                                 "      empty: ~\n");
    const struct config_pool *pool = &config->pools[0];

    ck_assert_uint_eq(pool->nlisten, 3);
    ck_assert_str_eq(pool->listen_text[2], "unix:/x");
    ck_assert_uint_eq(pool->noptions, 2);
    ck_assert_str_eq(pool->options[0].name, "size");
    ck_assert_str_eq(pool->options[0].value, "5");
    ck_assert_str_eq(pool->options[0].mark.file, "f");
    ck_assert_uint_eq(pool->options[0].mark.line, 6);
    ck_assert_uint_eq(pool->options[0].mark.column, 13);
    ck_assert_str_eq(pool->options[1].value, "");
    config_free(config);
}
END_TEST

START_TEST(config_load_expands_the_environment)
{
    struct config *config;

    setenv("TEST_CONFIG_PORT", "81", 1);
    unsetenv("TEST_CONFIG_UNSET");
    config = load("log: {level: \"${TEST_CONFIG_UNSET:-warn}\"}\n"
                  "pools: {w: {app: \"$${x}\", listen: '*:${TEST_CONFIG_PORT}'}}");
    ck_assert_uint_eq(config->log.level, LOG_LEVEL_WARN);
    ck_assert_str_eq(config->pools[0].app, "${x}");
    ck_assert_str_eq(config->pools[0].listen_text[0], "*:81");
    config_free(config);
    ck_assert_refused("log:\n  output: ${TEST_CONFIG_UNSET}\n",
                      "f:2:11: ${TEST_CONFIG_UNSET} is not set, expected it in the environment or "
                      "${TEST_CONFIG_UNSET:-default}");
}
END_TEST

START_TEST(config_load_refuses_unknown_keys_and_says_what_was_meant)
{
    ck_assert_refused("pool: {}",
                      "f:1:1: unknown key \"pool\", expected a key of the file: include, control, "
                      "log, supervision, limits or pools (did you mean "
                      "\"pools\"?)");
    ck_assert_refused(
        "log:\n  levle: info\n",
        "f:2:3: unknown key \"levle\", expected a key of log (did you mean \"level\"?)");
    ck_assert_refused(
        POOL ", header_timeot: 3s}}",
        "f:1:37: unknown key \"header_timeot\", expected a key of a pool (did you mean "
        "\"header_timeout\"?)");
    ck_assert_refused("zzz: 1", "f:1:1: unknown key \"zzz\", expected a key of the file: include, "
                                "control, log, supervision, limits or pools");
    ck_assert_refused("\"a\\nb\\e[1m\": 1",
                      "f:1:1: unknown key \"a?b?[1m\", expected a key of the file: include, "
                      "control, log, supervision, limits or pools");
}
END_TEST

START_TEST(config_load_refuses_wrong_types_and_ranges)
{
    ck_assert_refused("log: {level: [a]}",
                      "f:1:14: log.level is a list, expected debug, info, warn or error");
    ck_assert_refused("log: {level: }",
                      "f:1:14: log.level is nothing, expected debug, info, warn or error");
    ck_assert_refused("log: {level: wran}",
                      "f:1:14: log.level: \"wran\" is not allowed, expected debug, info, "
                      "warn or error (did you mean \"warn\"?)");
    ck_assert_refused("log: info", "f:1:6: log is a value, expected a map of keys");
    ck_assert_refused("[log]", "f:1:1: the file is a list, expected a map with \"pools:\"");
    ck_assert_refused("pools: [a]", "f:1:8: pools is a list, expected a map of names and pools");
    ck_assert_refused("pools: {w: x}", "f:1:12: the pool \"w\" is a value, expected a map of keys");
    ck_assert_refused(
        POOL ", backlog: 0}}",
        "f:1:46: pools.w.backlog: \"0\" is out of range, expected a whole number from 1 to 65535");
    ck_assert_refused(
        POOL ", body_timeout: 30}}",
        "f:1:51: pools.w.body_timeout: \"30\" is not allowed, expected a duration from 0 to 24h "
        "like 250ms, 30s or 5m");
    ck_assert_refused(POOL ", options: [a]}}",
                      "f:1:46: pools.w.options is a list, expected a map of at most 256 "
                      "names and values");
    ck_assert_refused(POOL ", options: {a: [b]}}}",
                      "f:1:50: pools.w.options is a list, expected a map of at most "
                      "256 names and values");
}
END_TEST

START_TEST(config_load_refuses_a_file_without_pools)
{
    ck_assert_refused("", "f:1:1: no pools, expected \"pools:\" with at least one");
    ck_assert_refused("log: {level: info}\npools:\n",
                      "f:2:1: no pools, expected \"pools:\" with at least one");
    ck_assert_refused("pools: {}", "f:1:1: no pools, expected \"pools:\" with at least one");
}
END_TEST

START_TEST(config_load_refuses_a_pool_without_what_it_needs)
{
    ck_assert_refused(
        "pools:\n  w:\n    app: x\n",
        "f:2:3: the pool \"w\" has no \"listen\", expected an address like \"127.0.0.1:8080\" or a "
        "list of 1 to 64 of them");
    ck_assert_refused("pools:\n  w:\n    listen: '*:1'\n",
                      "f:2:3: the pool \"w\" has no \"app\", expected text of 1 to 4095 bytes");
    ck_assert_refused("pools: {w: {app: x, listen: []}}",
                      "f:1:29: pools.w.listen is empty, expected at least one address");
    ck_assert_refused("pools: {w: {app: , listen: '*:80'}}",
                      "f:1:18: pools.w.app is nothing, expected text of 1 to 4095 bytes");
    ck_assert_refused(
        "pools: {'a b': {}}",
        "f:1:9: \"a b\" is no name of a pool, expected 1 to 24 letters, digits, \"_\", \"-\" and "
        "\".\", a letter or digit first");
}
END_TEST

START_TEST(config_load_refuses_two_sockets_on_one_address)
{
    struct config *config;

    ck_assert_refused("pools:\n  a: {app: x, listen: '0.0.0.0:80'}\n  b: {app: x, listen: ['*:81', "
                      "'127.0.0.1:80']}\n",
                      "f:3:32: \"127.0.0.1:80\" is taken by \"0.0.0.0:80\" of the pool \"a\" "
                      "(f:2:3), expected an "
                      "address of its own");
    ck_assert_refused("pools: {a: {app: x, listen: ['*:80', '*:80']}}",
                      "f:1:38: \"*:80\" is taken by \"*:80\" of the pool \"a\" (f:1:9), expected "
                      "an address of its own");
    config = load(
        "pools: {a: {app: x, listen: ['0.0.0.0:80', '[::]:80', '127.0.0.1:0', '127.0.0.1:0']}}");
    ck_assert_uint_eq(config->pools[0].nlisten, 4);
    config_free(config);
}
END_TEST

START_TEST(config_load_refuses_what_does_not_go_together)
{
    ck_assert_refused("pools: {a: {app: x, reuse_port: true, listen: 'unix:/x'}}",
                      "f:1:33: reuse_port with \"unix:/x\", expected only addresses with a port");
    ck_assert_refused(
        POOL "}}\nsupervision:\n  beat_interval: 20s\n",
        "f:3:3: supervision.hang_timeout is too short, expected 0 or at least twice the "
        "beat_interval");
}
END_TEST

START_TEST(config_load_merges_included_pools_in_order)
{
    struct config *config;

    put("conf.d/b.yaml", "pools: {b: {app: x, listen: '*:2', options: {k: v}}}");
    put("conf.d/a.yaml", "pools: {a: {app: x, listen: '*:1'}}\nlog: {level: error}");
    put("conf.d/empty.yaml", "");
    config = load("pools: {z: {app: x, listen: '*:3'}}\ninclude: [conf.d/*.yaml, conf.d/*.none]\n");
    ck_assert_uint_eq(config->npools, 3);
    ck_assert_str_eq(config->pools[0].name, "z");
    ck_assert_str_eq(config->pools[1].name, "a");
    ck_assert_str_eq(config->pools[2].name, "b");
    ck_assert_str_eq(config->pools[2].mark.file, "conf.d/b.yaml");
    ck_assert_str_eq(config->pools[2].options[0].mark.file, "conf.d/b.yaml");
    ck_assert_uint_eq(config->log.level, LOG_LEVEL_ERROR);
    ck_assert_uint_eq(config->nfiles, 4);
    config_free(config);
}
END_TEST

START_TEST(config_load_refuses_what_two_files_set_and_names_both)
{
    put("conf.d/a.yaml", "pools:\n  w: {app: x, listen: '*:1'}\n");
    ck_assert_refused(
        "include: conf.d/a.yaml\npools:\n  w: {app: x, listen: '*:2'}\n",
        "f:3:3: the pool \"w\" is here twice, expected it once (first at conf.d/a.yaml:2:3)");
    put("conf.d/a.yaml", "log:\n  level: info\n");
    ck_assert_refused(
        "log: {level: warn}\ninclude: conf.d/a.yaml\n",
        "conf.d/a.yaml:2:3: log.level is set twice, expected it once (first at f:1:7)");
}
END_TEST

START_TEST(config_load_refuses_includes_that_cannot_be_read_at_the_include)
{
    ck_assert_refused("include: absent.yaml",
                      "f:1:10: include \"absent.yaml\": cannot read it: No such file or "
                      "directory, expected a readable file");
    ck_assert_refused(
        "include: [conf.d]",
        "f:1:11: include \"conf.d\": cannot read it: Is a directory, expected a file");
    ck_assert_refused("include: '*/x'",
                      "f:1:10: include \"*/x\": expected a path of files, with wildcards only "
                      "after the last \"/\"");
    ck_assert_refused("include:",
                      "f:1:9: include is nothing, expected a path like conf.d/*.yaml, or a list");
    ck_assert_refused("include: {a: b}",
                      "f:1:10: include is a map, expected a path like conf.d/*.yaml, or a list");
    put("conf.d/a.yaml", "a: [");
    ck_assert_int_eq(symlink("nowhere", "conf.d/b.yaml"), 0);
    ck_assert_refused("include: conf.d/b*",
                      "f:1:10: include \"conf.d/b.yaml\": cannot read it: No such file or "
                      "directory, expected a readable file");
}
END_TEST

START_TEST(config_load_refuses_includes_in_a_circle_or_too_deep)
{
    ck_assert_refused("include: f", "f:1:10: \"f\" includes itself, expected no circle");
    put("conf.d/a.yaml", "include: ../f\n");
    ck_assert_refused("include: conf.d/a.yaml\n",
                      "conf.d/a.yaml:1:10: \"conf.d/../f\" includes itself, expected no "
                      "circle");
    for (int i = 1; i < 9; i++) {
        char name[16], text[32];

        snprintf(name, sizeof(name), "f%d", i);
        snprintf(text, sizeof(text), "include: f%d\n", i + 1);
        put(name, text);
    }
    ck_assert_refused("include: f1\n",
                      "f7:1:10: included too deeply, expected at most 8 files in a row");
}
END_TEST

START_TEST(config_load_cuts_its_message_to_fit)
{
    struct config *config = NULL;
    char small[16];

    put("f", "zzz: 1");
    ck_assert_int_eq(config_load("f", &config, small, sizeof(small)), -EINVAL);
    ck_assert_str_eq(small, "f:1:1: unknown ");
    ck_assert_int_eq(config_load("f", &config, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(config_load_text_names_the_text_in_messages)
{
    struct config *config = NULL;

    ck_assert_int_eq(config_load_text("given", "a: 1", 4, &config, message, sizeof(message)),
                     -EINVAL);
    ck_assert_str_eq(message, "given:1:1: unknown key \"a\", expected a key of the file: include, "
                              "control, log, supervision, limits or pools");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, config_load_of_one_pool_has_every_default);
    tcase_add_test(tc, config_load_applies_the_model_before_the_numbers_beside_it);
    tcase_add_test(tc, config_load_keeps_options_and_listens_in_order_with_places);
    tcase_add_test(tc, config_load_expands_the_environment);
    tcase_add_test(tc, config_load_refuses_unknown_keys_and_says_what_was_meant);
    tcase_add_test(tc, config_load_refuses_wrong_types_and_ranges);
    tcase_add_test(tc, config_load_refuses_a_file_without_pools);
    tcase_add_test(tc, config_load_refuses_a_pool_without_what_it_needs);
    tcase_add_test(tc, config_load_refuses_two_sockets_on_one_address);
    tcase_add_test(tc, config_load_refuses_what_does_not_go_together);
    tcase_add_test(tc, config_load_merges_included_pools_in_order);
    tcase_add_test(tc, config_load_refuses_what_two_files_set_and_names_both);
    tcase_add_test(tc, config_load_refuses_includes_that_cannot_be_read_at_the_include);
    tcase_add_test(tc, config_load_refuses_includes_in_a_circle_or_too_deep);
    tcase_add_test(tc, config_load_cuts_its_message_to_fit);
    tcase_add_test(tc, config_load_text_names_the_text_in_messages);
}

int main(void)
{
    return run_suite("config_load", add);
}
