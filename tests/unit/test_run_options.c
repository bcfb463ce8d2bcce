/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/run_config.h"
#include "master/run_options.h"
#include "tests/unit/suite.h"

static const struct run_app apps[] = {{.name = "hello"}, {.name = "files"}, {.name = NULL}};

static struct run_options options;
static struct config *config;
static char error[512];

/* Parse words that a space divides. */
static int parse(const char *line)
{
    static char words[1024];
    char *argv[64];
    int argc = 0;

    strcpy(words, line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    error[0] = '\0';
    return run_options_parse(argc, argv, apps, &options, error, sizeof(error));
}

static const struct config_pool *build(const char *line)
{
    ck_assert_msg(parse(line) == 0, "%s", error);
    ck_assert_msg(run_config_build(&options, &config, error, sizeof(error)) == 0, "%s", error);
    return config->pools;
}

static void clean_up(void)
{
    config_free(config);
    config = NULL;
    run_options_fini(&options);
}

static int refused(const char *line)
{
    int rc = parse(line);

    if (rc == 0 && options.app)
        rc = run_config_build(&options, &config, error, sizeof(error));
    run_options_fini(&options);
    return rc;
}

START_TEST(app_alone_is_a_pool_with_every_default)
{
    const struct config_pool *pool = build("hello");

    ck_assert_str_eq(config->path, RUN_CONFIG_NAME);
    ck_assert_str_eq(config->control.socket, "own");
    ck_assert_uint_eq(config->npools, 1);
    ck_assert_str_eq(pool->name, "hello");
    ck_assert_str_eq(pool->app, "hello");
    ck_assert_str_eq(pool->listen_text[0], "127.0.0.1:8080");
    ck_assert_uint_eq(pool->workers, config_auto_workers());
    ck_assert_uint_eq(pool->tasks, 10000);
    clean_up();
}
END_TEST

START_TEST(options_mean_what_the_keys_mean)
{
    const struct config_pool *pool =
        build("--workers=3 files --threads 2 --model threads --listen 127.0.0.1:1 --debug "
              "--listen unix:/x --option root=/a=b --option index= --tcp-nodelay=false "
              "--keepalive-timeout 5s --log-level debug --control-socket none --drain-timeout 7s");

    ck_assert_uint_eq(pool->workers, 3);
    ck_assert_uint_eq(pool->threads, 2);
    ck_assert_uint_eq(pool->tasks, 1);
    ck_assert_uint_eq(pool->nlisten, 2);
    ck_assert_str_eq(pool->listen_text[1], "unix:/x");
    ck_assert_uint_eq(pool->noptions, 2);
    ck_assert_str_eq(pool->options[0].name, "root");
    ck_assert_str_eq(pool->options[0].value, "/a=b");
    ck_assert_str_eq(pool->options[1].value, "");
    ck_assert_str_eq(pool->options[0].mark.file, "--option");
    ck_assert(pool->debug && !pool->tcp_nodelay);
    ck_assert_int_eq(pool->keepalive_timeout, 5 * NS_PER_S);
    ck_assert_uint_eq(config->log.level, LOG_LEVEL_DEBUG);
    ck_assert_str_eq(config->control.socket, "none");
    ck_assert_int_eq(config->supervision.drain_timeout, 7 * NS_PER_S);
    clean_up();
}
END_TEST

START_TEST(every_key_but_app_is_an_option_of_its_own)
{
    char name[RUN_OPTIONS_NAME_MAX], line[128];

    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (!run_options_name(key, name)) {
            ck_assert_str_eq(key->name, "app");
            continue;
        }
        snprintf(line, sizeof(line), "hello %s=%s%s", name, key->type == CONFIG_OPTIONS ? "a=" : "",
                 run_options_default(key));
        (void)build(line);
        ck_assert_ptr_eq(options.settings[0].key, key);
        clean_up();
    }
}
END_TEST

START_TEST(module_is_a_path_and_its_name_the_pools)
{
    char folder[] = "/tmp/test_run_options.XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(refused("./my.so"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    ck_assert_int_eq(close(creat("my.so", 0600)), 0);
    ck_assert_str_eq(build("my.so")->app, "./my.so");
    ck_assert_str_eq(config->pools[0].name, "my");
    clean_up();
    ck_assert_int_eq(unlink("my.so"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(file_is_a_configuration_even_one_that_is_not_there)
{
    ck_assert_int_eq(parse("none.yaml"), 0);
    ck_assert_str_eq(options.file, "none.yaml");
    ck_assert_ptr_null(options.app);
    run_options_fini(&options);
    ck_assert_int_eq(parse(""), 0);
    ck_assert(!options.file && !options.app);
    run_options_fini(&options);
}
END_TEST

START_TEST(what_is_wrong_is_refused_with_its_place_and_what_was_expected)
{
    static const struct {
        const char *line;
        const char *place;
        const char *expected;
    } wrong[] = {
        {"helo", "\"helo\"", "(did you mean \"hello\"?)"},
        {"hello files", "\"files\"", "expected one"},
        {"hello --worker 3", "\"--worker\"", "(did you mean \"--workers\"?)"},
        {"hello --worker=3", "\"--worker\"", "(did you mean \"--workers\"?)"},
        {"hello --app x", "\"--app\"", "expected"},
        {"hello --workers", "--workers", "expected auto or a whole number"},
        {"hello --workers x", "--workers: \"x\"", "expected auto or a whole number"},
        {"hello --workers 0", "--workers: \"0\"", "out of range"},
        {"hello --workers 1 --workers 2", "--workers", "expected it once"},
        {"hello --debug=x", "--debug: \"x\"", "true or false"},
        {"hello --model hybrd", "--model: \"hybrd\"", "(did you mean \"hybrid\"?)"},
        {"hello --log-level x", "--log-level: \"x\"", "expected debug"},
        {"hello --listen x", "--listen: \"x\"", "expected host:port"},
        {"hello --listen *:1 --listen *:1", "--listen: \"*:1\"", "expected an address of its own"},
        {"hello --option x", "--option: \"x\"", "expected KEY=VALUE"},
        {"hello --option =x", "--option: \"=x\"", "expected KEY=VALUE"},
        {"hello --option x=\xff", "--option", "expected UTF-8"},
        {"hello --option x=\t", "--option", "expected UTF-8"},
        {"hello --option x=${", "--option: \"${\"", "expected ${NAME}"},
        {"hello --hang-timeout 1ms", "--hang-timeout", "at least twice"},
        {"x.yaml --workers 3", "--workers", "expected with an app"},
        {"--workers 3", "--workers", "expected with an app"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(refused(wrong[i].line) == -EINVAL, "accepted: %s", wrong[i].line);
        ck_assert_msg(strncmp(error, wrong[i].place, strlen(wrong[i].place)) == 0 ||
                          (wrong[i].place[0] == '"' && strstr(error, wrong[i].place)),
                      "%s: %s", wrong[i].line, error);
        ck_assert_msg(strstr(error, wrong[i].expected) != NULL, "%s: %s", wrong[i].line, error);
        ck_assert_ptr_null(strstr(error, ":0:0"));
    }
}
END_TEST

START_TEST(watching_and_building_go_with_apps_and_files)
{
    ck_assert_int_eq(parse("hello"), 0);
    ck_assert(!options.watch && !options.build);
    run_options_fini(&options);
    ck_assert_int_eq(parse("hello --build=make --watch=/ --watch=/tmp"), 0);
    ck_assert(options.watch);
    ck_assert_str_eq(options.build, "make");
    ck_assert_uint_eq(options.nwatched, 2);
    ck_assert_str_eq(options.watched[1], "/tmp");
    run_options_fini(&options);
    ck_assert_int_eq(parse("x.yaml --build make"), 0);
    ck_assert(options.watch);
    ck_assert_uint_eq(options.nwatched, 0);
    run_options_fini(&options);
    ck_assert_int_eq(refused("hello --build make --build make"), -EINVAL);
    ck_assert_int_eq(refused("hello --build="), -EINVAL);
    ck_assert_int_eq(refused("hello --watch=/none"), -EINVAL);
    ck_assert_int_eq(refused("hello --wach"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "(did you mean \"--watch\"?)"));
}
END_TEST

START_TEST(help_is_given_whatever_else_is_wrong)
{
    ck_assert_int_eq(parse("hello --workers 3 --help --nonsense"), 0);
    ck_assert(options.help);
    run_options_fini(&options);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, app_alone_is_a_pool_with_every_default);
    tcase_add_test(tc, options_mean_what_the_keys_mean);
    tcase_add_test(tc, every_key_but_app_is_an_option_of_its_own);
    tcase_add_test(tc, module_is_a_path_and_its_name_the_pools);
    tcase_add_test(tc, file_is_a_configuration_even_one_that_is_not_there);
    tcase_add_test(tc, what_is_wrong_is_refused_with_its_place_and_what_was_expected);
    tcase_add_test(tc, watching_and_building_go_with_apps_and_files);
    tcase_add_test(tc, help_is_given_whatever_else_is_wrong);
}

int main(void)
{
    return run_suite("run_options", add);
}
