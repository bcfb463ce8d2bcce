/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_future future;

static int wait_and_note(void *arg)
{
    int rc = cop_future_wait(&future);

    if (rc == 0)
        note(arg ? *(const char *)arg : '-');
    return rc;
}

static void start_waiters(struct cop_task **tasks, int n)
{
    for (int i = 0; i < n; i++)
        tasks[i] = start(wait_and_note, letter(i));
    let_others_run();
}

LOOP_TEST(result_reaches_all_who_wait_and_all_who_come_later)
{
    struct cop_task *tasks[3];

    start_waiters(tasks, 3);
    ck_assert(!cop_future_done(&future));
    ck_assert_int_eq(cop_future_value(&future), 0);
    ck_assert_int_eq(cop_future_set_result(&future, 42), 0);
    ck_assert(cop_future_done(&future));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_str_eq(trace, "abc");
    ck_assert_int_eq(cop_future_wait(&future), 0);
    ck_assert_int_eq(cop_future_value(&future), 42);
    return 0;
}

LOOP_TEST(error_reaches_all_who_wait)
{
    struct cop_task *tasks[2];

    start_waiters(tasks, 2);
    ck_assert_int_eq(cop_future_set_error(&future, -ECONNREFUSED), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(cop_await(tasks[i]), -ECONNREFUSED);
    ck_assert_int_eq(cop_future_wait(&future), -ECONNREFUSED);
    return 0;
}

LOOP_TEST(cancelled_future_cancels_those_who_wait)
{
    struct cop_task *task;

    start_waiters(&task, 1);
    ck_assert_int_eq(cop_future_cancel(&future), 0);
    ck_assert_int_eq(cop_await(task), -ECANCELED);
    ck_assert(!cop_cancelled());
    return 0;
}

LOOP_TEST(second_settling_is_ealready_and_changes_nothing)
{
    ck_assert_int_eq(cop_future_set_result(&future, 1), 0);
    ck_assert_int_eq(cop_future_set_result(&future, 2), -EALREADY);
    ck_assert_int_eq(cop_future_set_error(&future, -EIO), -EALREADY);
    ck_assert_int_eq(cop_future_cancel(&future), -EALREADY);
    ck_assert_int_eq(cop_future_wait(&future), 0);
    ck_assert_int_eq(cop_future_value(&future), 1);
    return 0;
}

LOOP_TEST(error_that_is_not_negative_is_einval)
{
    ck_assert_int_eq(cop_future_set_error(&future, 0), -EINVAL);
    ck_assert_int_eq(cop_future_set_error(&future, EIO), -EINVAL);
    ck_assert(!cop_future_done(&future));
    return 0;
}

LOOP_TEST(cancelled_waiter_leaves_the_future_pending)
{
    struct cop_task *tasks[2];

    start_waiters(tasks, 2);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert(!cop_future_done(&future));
    ck_assert_int_eq(cop_future_set_result(&future, 1), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_str_eq(trace, "b");
    return 0;
}

LOOP_TEST(result_that_meets_a_cancelling_is_received)
{
    struct cop_task *tasks[2];

    start_waiters(tasks, 2);
    ck_assert(cop_task_cancel(tasks[0]));
    ck_assert_int_eq(cop_future_set_result(&future, 1), 0);
    ck_assert(cop_task_cancel(tasks[1]));
    ck_assert_int_eq(cop_await(tasks[0]), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    return 0;
}

static int read_while_cancelled(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    return cop_future_wait(&future);
}

LOOP_TEST(settled_future_is_read_even_by_a_cancelled_task)
{
    struct cop_task *settled = start(read_while_cancelled, NULL);

    let_others_run();
    ck_assert(cop_task_cancel(settled));
    ck_assert_int_eq(cop_future_set_result(&future, 1), 0);
    ck_assert_int_eq(cop_await(settled), 0);
    future = (struct cop_future){.done = false};
    settled = start(read_while_cancelled, NULL);
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(settled), -ECANCELED);
    return 0;
}

LOOP_TEST(deadline_ends_the_wait_for_a_future)
{
    ck_assert_int_eq(cop_wait_for(wait_and_note, NULL, COP_MS), -ETIMEDOUT);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, result_reaches_all_who_wait_and_all_who_come_later);
    tcase_add_test(tc, error_reaches_all_who_wait);
    tcase_add_test(tc, cancelled_future_cancels_those_who_wait);
    tcase_add_test(tc, second_settling_is_ealready_and_changes_nothing);
    tcase_add_test(tc, error_that_is_not_negative_is_einval);
    tcase_add_test(tc, cancelled_waiter_leaves_the_future_pending);
    tcase_add_test(tc, result_that_meets_a_cancelling_is_received);
    tcase_add_test(tc, settled_future_is_read_even_by_a_cancelled_task);
    tcase_add_test(tc, deadline_ends_the_wait_for_a_future);
}

int main(void)
{
    return run_suite("future", add);
}
