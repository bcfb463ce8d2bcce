/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "tests/unit/in_loop.h"

static struct cop_semaphore semaphore;

static int take_and_note(void *arg)
{
    int rc = cop_semaphore_acquire(&semaphore);

    if (rc == 0)
        note(arg ? *(const char *)arg : '-');
    return rc;
}

static void start_takers(struct cop_task **tasks, int n)
{
    for (int i = 0; i < n; i++)
        tasks[i] = start(take_and_note, letter(i));
    let_others_run();
}

LOOP_TEST(units_are_taken_until_there_are_none)
{
    cop_semaphore_init(&semaphore, 2);
    ck_assert_int_eq(cop_semaphore_acquire(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_acquire(&semaphore), 0);
    return 0;
}

LOOP_TEST(units_go_to_those_who_wait_in_order_and_nobody_overtakes)
{
    struct cop_task *tasks[3];

    cop_semaphore_init(&semaphore, 0);
    start_takers(tasks, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
        ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_str_eq(trace, "abc");
    return 0;
}

LOOP_TEST(cancelled_waiter_takes_no_unit)
{
    struct cop_task *tasks[3];

    cop_semaphore_init(&semaphore, 0);
    start_takers(tasks, 3);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[2]), -ECANCELED);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_str_eq(trace, "b");
    return 0;
}

LOOP_TEST(unit_that_meets_a_cancelling_is_taken_and_not_lost)
{
    struct cop_task *tasks[2];

    cop_semaphore_init(&semaphore, 0);
    start_takers(tasks, 2);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert(cop_task_cancel(tasks[0]));
    ck_assert(cop_task_cancel(tasks[1]));
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert_int_eq(cop_await(tasks[0]), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    return 0;
}

LOOP_TEST(deadline_ends_the_wait_for_a_unit)
{
    cop_semaphore_init(&semaphore, 0);
    ck_assert_int_eq(cop_wait_for(take_and_note, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    return 0;
}

LOOP_TEST(release_above_the_bound_is_einval_and_changes_nothing)
{
    ck_assert_int_eq(cop_semaphore_init_bounded(&semaphore, 1, 2), 0);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), -EINVAL);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    cop_semaphore_init(&semaphore, UINT_MAX);
    ck_assert_int_eq(cop_semaphore_release(&semaphore), -EINVAL);
    return 0;
}

LOOP_TEST(bound_below_the_value_is_einval)
{
    ck_assert_int_eq(cop_semaphore_init_bounded(&semaphore, 3, 2), -EINVAL);
    ck_assert_int_eq(cop_semaphore_init_bounded(&semaphore, 0, 0), -EINVAL);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, units_are_taken_until_there_are_none);
    tcase_add_test(tc, units_go_to_those_who_wait_in_order_and_nobody_overtakes);
    tcase_add_test(tc, cancelled_waiter_takes_no_unit);
    tcase_add_test(tc, unit_that_meets_a_cancelling_is_taken_and_not_lost);
    tcase_add_test(tc, deadline_ends_the_wait_for_a_unit);
    tcase_add_test(tc, release_above_the_bound_is_einval_and_changes_nothing);
    tcase_add_test(tc, bound_below_the_value_is_einval);
}

int main(void)
{
    return run_suite("semaphore", add);
}
