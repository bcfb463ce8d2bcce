/* SPDX-License-Identifier: MIT */
#include "common/config_value.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/config.h"
#include "tests/unit/suite.h"

static struct config_pool pool;

static int set(const char *name, const char *text)
{
    return config_value_set(config_keys_find(CONFIG_KEYS_POOL, name), &pool, text);
}

static int set_global(struct config *config, const char *section, const char *name,
                      const char *text)
{
    return config_value_set(config_keys_find(section, name), config, text);
}

START_TEST(config_value_set_stores_by_type)
{
    ck_assert_int_eq(set("reuse_port", "true"), 0);
    ck_assert(pool.reuse_port);
    ck_assert_int_eq(set("reuse_port", "false"), 0);
    ck_assert(!pool.reuse_port);
    ck_assert_int_eq(set("backlog", "17"), 0);
    ck_assert_uint_eq(pool.backlog, 17);
    ck_assert_int_eq(set("header_timeout", "250ms"), 0);
    ck_assert_int_eq(pool.header_timeout, 250 * NS_PER_MS);
    ck_assert_int_eq(set("body_max", "1GiB"), 0);
    ck_assert_uint_eq(pool.body_max, 1u << 30);
    ck_assert_int_eq(set("model", "threads"), 0);
    ck_assert_uint_eq(pool.model, CONFIG_THREADS);
    ck_assert_int_eq(set("workers", "auto"), 0);
    ck_assert_uint_eq(pool.workers, config_auto_workers());
    ck_assert_int_eq(set("workers", "3"), 0);
    ck_assert_uint_eq(pool.workers, 3);
    ck_assert_int_eq(set("app", "one"), 0);
    ck_assert_int_eq(set("app", "two"), 0);
    ck_assert_str_eq(pool.app, "two");
    config_value_free(CONFIG_KEYS_POOL, &pool);
    ck_assert_ptr_null(pool.app);
}
END_TEST

START_TEST(config_value_set_takes_the_ends_of_the_range_and_not_beyond)
{
    ck_assert_int_eq(set("workers", "1"), 0);
    ck_assert_int_eq(set("workers", "0"), -ERANGE);
    ck_assert_int_eq(set("workers", "1024"), 0);
    ck_assert_int_eq(set("workers", "1025"), -ERANGE);
    ck_assert_int_eq(set("tasks", "1000001"), -ERANGE);
    ck_assert_int_eq(set("tasks", "99999999999999999999999999"), -ERANGE);
    ck_assert_int_eq(set("header_timeout", "24h"), 0);
    ck_assert_int_eq(set("header_timeout", "25h"), -ERANGE);
    ck_assert_int_eq(set("app", ""), -ERANGE);
    ck_assert_uint_eq(pool.workers, 1024);
}
END_TEST

START_TEST(config_value_set_refuses_what_is_of_another_type)
{
    static const char *const bad[][2] = {
        {"reuse_port", "yes"}, {"reuse_port", "True"},   {"backlog", "many"}, {"backlog", "-1"},
        {"backlog", "1.0"},    {"header_timeout", "30"}, {"body_max", "1ms"}, {"model", "hybrids"},
        {"model", ""},         {"workers", "Auto"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(set(bad[i][0], bad[i][1]) == -EINVAL, "%s", bad[i][1]);
}
END_TEST

START_TEST(config_value_set_takes_modes_and_paths)
{
    struct config *config = config_new();

    ck_assert_uint_eq(config->control.mode, 0660);
    ck_assert_int_eq(set_global(config, "control", "mode", "600"), 0);
    ck_assert_uint_eq(config->control.mode, 0600);
    ck_assert_int_eq(set_global(config, "control", "mode", "0888"), -EINVAL);
    ck_assert_int_eq(set_global(config, "control", "mode", "1777"), -ERANGE);
    ck_assert_int_eq(set_global(config, "control", "mode", "60"), -EINVAL);
    ck_assert_int_eq(set_global(config, "control", "socket", "none"), 0);
    ck_assert_int_eq(set_global(config, "control", "socket", "/run/x.sock"), 0);
    ck_assert_str_eq(config->control.socket, "/run/x.sock");
    ck_assert_int_eq(set_global(config, "control", "socket", "x.sock"), -EINVAL);
    ck_assert_int_eq(set_global(config, "log", "output", "stdrr"), -EINVAL);
    config_free(config);
}
END_TEST

START_TEST(config_value_print_text_is_ascii_that_yaml_reads_back)
{
    char *text;
    size_t len;
    FILE *stream = open_memstream(&text, &len);

    config_value_print_text("a\"\\\n\x7f ${x} $${ \xc3\xa9 \xf0\x9f\x8c\xb3", true, stream);
    config_value_print_text("${x}", false, stream);
    fclose(stream);
    ck_assert_str_eq(text, "\"a\\\"\\\\\\u000a\\u007f $${x} $$${ \\u00e9 \\U0001f333\"\"${x}\"");
    free(text);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_value_set_stores_by_type);
    tcase_add_test(tc, config_value_set_takes_the_ends_of_the_range_and_not_beyond);
    tcase_add_test(tc, config_value_set_refuses_what_is_of_another_type);
    tcase_add_test(tc, config_value_set_takes_modes_and_paths);
    tcase_add_test(tc, config_value_print_text_is_ascii_that_yaml_reads_back);
}

int main(void)
{
    return run_suite("config_value", add);
}
