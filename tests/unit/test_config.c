/* SPDX-License-Identifier: MIT */
#include "common/config.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

START_TEST(config_new_has_defaults_and_no_pools)
{
    struct config *config = config_new();

    ck_assert_uint_eq(config->npools, 0);
    ck_assert_ptr_null(config->path);
    ck_assert_str_eq(config->log.output, "stderr");
    ck_assert_uint_gt((uint64_t)config->supervision.drain_timeout, 0);
    config_free(config);
    config_free(NULL);
}
END_TEST

START_TEST(config_add_pool_copies_and_completes)
{
    struct config *config = config_new();
    char name[] = "load", app[] = "client";
    struct config_pool *pool;
    struct cop_address address;
    const char *why;

    ck_assert_int_eq(cop_address_parse("*:80", &address, &why), 0);
    for (int i = 0; i < 10; i++) {
        pool = config_add_pool(config, name, app);
        ck_assert_int_eq(config_add_option(pool, "url", "http://x/"), 0);
        ck_assert_int_eq(config_add_listen(pool, &address, "*:80"), 0);
    }
    name[0] = app[0] = 'X';
    ck_assert_uint_eq(config->npools, 10);
    pool = &config->pools[9];
    ck_assert_str_eq(pool->name, "load");
    ck_assert_str_eq(pool->app, "client");
    ck_assert_uint_eq(pool->tasks, 10000);
    ck_assert_uint_eq(pool->workers, config_auto_workers());
    ck_assert_uint_eq(pool->noptions, 1);
    ck_assert_str_eq(pool->options[0].name, "url");
    ck_assert_str_eq(pool->options[0].value, "http://x/");
    ck_assert_str_eq(pool->listen_text[0], "*:80");
    config_free(config);
}
END_TEST

START_TEST(config_auto_workers_is_at_least_one_and_at_most_the_cpus)
{
    ck_assert_uint_ge(config_auto_workers(), 1);
    ck_assert_uint_le(config_auto_workers(), 1024);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_new_has_defaults_and_no_pools);
    tcase_add_test(tc, config_add_pool_copies_and_completes);
    tcase_add_test(tc, config_auto_workers_is_at_least_one_and_at_most_the_cpus);
}

int main(void)
{
    return run_suite("config", add);
}
