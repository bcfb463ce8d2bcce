/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_deferred nodes[3];

static void clean(void *arg)
{
    note(*(const char *)arg);
}

static void clean_after_a_wait(void *arg)
{
    ck_assert(!cop_cancelled());
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    note('w');
}

static void clean_and_defer(void *arg)
{
    note('d');
    ck_assert_int_eq(cop_defer(&nodes[1], clean, letter(1)), 0);
}

static int defer_two(void *arg)
{
    ck_assert_int_eq(cop_defer(&nodes[0], clean, letter(0)), 0);
    ck_assert_int_eq(cop_defer(&nodes[1], clean, letter(1)), 0);
    note('-');
    return -EIO;
}

LOOP_TEST(clean_up_runs_at_the_end_the_last_one_first)
{
    ck_assert_int_eq(cop_await(start(defer_two, NULL)), -EIO);
    ck_assert_str_eq(trace, "-ba");
    return 0;
}

static int defer_and_sleep(void *arg)
{
    ck_assert_int_eq(cop_defer(&nodes[0], clean_after_a_wait, NULL), 0);
    return cop_sleep(COP_NEVER);
}

LOOP_TEST(clean_up_of_a_cancelled_task_may_wait)
{
    struct cop_task *task = start(defer_and_sleep, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    ck_assert_str_eq(trace, "w");
    return 0;
}

static int defer_a_deferrer(void *arg)
{
    return cop_defer(&nodes[0], clean_and_defer, NULL);
}

LOOP_TEST(clean_up_may_defer_more)
{
    ck_assert_int_eq(cop_await(start(defer_a_deferrer, NULL)), 0);
    ck_assert_str_eq(trace, "db");
    return 0;
}

LOOP_TEST(clean_up_without_a_node_or_a_function_is_einval)
{
    ck_assert_int_eq(cop_defer(NULL, clean, NULL), -EINVAL);
    ck_assert_int_eq(cop_defer(&nodes[0], NULL, NULL), -EINVAL);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, clean_up_runs_at_the_end_the_last_one_first);
    tcase_add_test(tc, clean_up_of_a_cancelled_task_may_wait);
    tcase_add_test(tc, clean_up_may_defer_more);
    tcase_add_test(tc, clean_up_without_a_node_or_a_function_is_einval);
}

int main(void)
{
    return run_suite("deferred", add);
}
