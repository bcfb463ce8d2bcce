/* SPDX-License-Identifier: MIT */
/*
 * test_cancel.c - cancelling is level-triggered, and a completion beats it.
 */
#include <check.h>
#include <errno.h>

#include "tests/unit/events.h"
#include "tests/unit/suite.h"
#include "worker/task/sched.h"
#include "worker/task/scope.h"

/* ---- cancelling ---- */

static int cancel_while_parked(void *arg)
{
    struct cop_task *task = create(wait_thrice, NULL);

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert(cop_task_cancel(task));
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(cop_await(task), 3);
    ck_assert(!cop_cancelled());
    return 0;
}

START_TEST(cancelled_task_has_every_wait_refused)
{
    ck_assert_int_eq(cop_run(cancel_while_parked, NULL), 0);
    ASSERT_EVENTS(1);
}
END_TEST

static int cancel_before_first_run(void *arg)
{
    return cop_cancel_and_wait(create(wait_thrice, NULL));
}

START_TEST(task_cancelled_before_its_first_run_runs_and_has_every_wait_refused)
{
    ck_assert_int_eq(cop_run(cancel_before_first_run, NULL), 3);
    ASSERT_EVENTS(1);
}
END_TEST

static int cancel_after_end(void *arg)
{
    struct cop_task *task = create(number, &numbers[4]);

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert(!cop_task_cancel(task));
    return cop_cancel_and_wait(task);
}

START_TEST(cancel_of_a_task_that_has_ended_is_false_and_changes_nothing)
{
    ck_assert_int_eq(cop_run(cancel_after_end, NULL), 4);
}
END_TEST

static int await_sleeper(void *arg)
{
    int rc = cop_await(create(sleep_for_ever, NULL));

    note(9);
    return rc;
}

static int cancel_awaiter(void *arg)
{
    struct cop_task *task = create(await_sleeper, NULL);

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(cop_yield(), 0);
    return cop_cancel_and_wait(task);
}

START_TEST(await_by_a_cancelled_caller_cancels_the_awaited_task_and_joins_it)
{
    ck_assert_int_eq(cop_run(cancel_awaiter, NULL), -ECANCELED);
    ASSERT_EVENTS(8, 9);
}
END_TEST

static int cancel_awaiter_before_await(void *arg)
{
    return cop_cancel_and_wait(create(await_sleeper, NULL));
}

START_TEST(await_by_a_caller_cancelled_before_cancels_the_awaited_task_and_joins_it)
{
    ck_assert_int_eq(cop_run(cancel_awaiter_before_await, NULL), -ECANCELED);
    ASSERT_EVENTS(8, 9);
}
END_TEST

static int yield_and_answer(void *arg)
{
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert(!cop_cancelled());
    return 42;
}

static int await_answer(void *arg)
{
    return cop_await(create(yield_and_answer, NULL));
}

/* The awaited task ends after its awaiter was cancelled and before the awaiter runs. */
static int cancel_awaiter_too_late(void *arg)
{
    struct cop_task *task = create(await_answer, NULL);

    ck_assert_int_eq(cop_yield(), 0); /* await_answer awaits */
    ck_assert_int_eq(cop_yield(), 0); /* yield_and_answer yields, and comes before us */
    return cop_cancel_and_wait(task);
}

START_TEST(await_that_completed_before_its_cancelled_caller_runs_returns_the_result)
{
    ck_assert_int_eq(cop_run(cancel_awaiter_too_late, NULL), 42);
}
END_TEST

static int park_uninterruptibly(void *arg)
{
    return sched_park_uninterruptible(cop_current_task(), "test");
}

static int cancel_the_uninterruptible(void *arg)
{
    struct cop_task *task = create(park_uninterruptibly, NULL);

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(task->state, TASK_PARKED);
    sched_wake(task, 6);
    return cop_await(task);
}

START_TEST(wait_that_is_uninterruptible_ends_by_its_completion_alone)
{
    ck_assert_int_eq(cop_run(cancel_the_uninterruptible, NULL), 6);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, cancelled_task_has_every_wait_refused);
    tcase_add_test(tc, task_cancelled_before_its_first_run_runs_and_has_every_wait_refused);
    tcase_add_test(tc, cancel_of_a_task_that_has_ended_is_false_and_changes_nothing);
    tcase_add_test(tc, await_by_a_cancelled_caller_cancels_the_awaited_task_and_joins_it);
    tcase_add_test(tc, await_by_a_caller_cancelled_before_cancels_the_awaited_task_and_joins_it);
    tcase_add_test(tc, await_that_completed_before_its_cancelled_caller_runs_returns_the_result);
    tcase_add_test(tc, wait_that_is_uninterruptible_ends_by_its_completion_alone);
}

int main(void)
{
    return run_suite("cancel", add);
}
