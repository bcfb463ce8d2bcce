/* SPDX-License-Identifier: MIT */
#include "common/config_model.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static const char *name_of(enum config_model model, unsigned workers, unsigned threads,
                           unsigned tasks)
{
    struct config_pool pool = {
        .model = model, .workers = workers, .threads = threads, .tasks = tasks};

    return config_model_name(&pool);
}

START_TEST(config_model_apply_gives_numbers_that_bear_its_name)
{
    static const char *const names[] = {"hybrid", "async", "threads", "processes"};

    for (unsigned model = CONFIG_HYBRID; model <= CONFIG_PROCESSES; model++) {
        struct config_pool pool = {.model = model};

        config_model_apply(&pool);
        ck_assert_uint_ge(pool.workers, 1);
        ck_assert_str_eq(config_model_name(&pool), names[model]);
    }
}
END_TEST

START_TEST(config_model_name_follows_the_numbers)
{
    ck_assert_str_eq(name_of(CONFIG_HYBRID, 1, 1, 100), "hybrid");
    ck_assert_str_eq(name_of(CONFIG_ASYNC, 1, 1, 2), "async");
    ck_assert_str_eq(name_of(CONFIG_ASYNC, 2, 1, 100), "hybrid");
    ck_assert_str_eq(name_of(CONFIG_HYBRID, 1, 4, 1), "threads");
    ck_assert_str_eq(name_of(CONFIG_HYBRID, 4, 1, 1), "processes");
    ck_assert_str_eq(name_of(CONFIG_THREADS, 1, 1, 1), "threads");
    ck_assert_str_eq(name_of(CONFIG_PROCESSES, 1, 1, 1), "processes");
    ck_assert_str_eq(name_of(CONFIG_HYBRID, 2, 4, 100), "mixed");
    ck_assert_str_eq(name_of(CONFIG_HYBRID, 2, 4, 1), "mixed");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_model_apply_gives_numbers_that_bear_its_name);
    tcase_add_test(tc, config_model_name_follows_the_numbers);
}

int main(void)
{
    return run_suite("config_model", add);
}
