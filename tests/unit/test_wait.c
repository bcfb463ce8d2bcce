/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_event go[3];
static struct cop_task *tasks[3];

static int wait_then_return_it(void *arg)
{
    struct cop_event *event = arg;
    int rc = cop_event_wait(event);

    return rc < 0 ? rc : (int)(event - go);
}

static int wait_then_fail(void *arg)
{
    int rc = cop_event_wait(arg);

    return rc < 0 ? rc : -EIO;
}

static void start_tasks(cop_fn fn)
{
    for (int i = 0; i < 3; i++)
        tasks[i] = start(fn, &go[i]);
    let_others_run();
}

static void await_tasks(int result0, int result1, int result2)
{
    int wanted[] = {result0, result1, result2};

    for (int i = 0; i < 3; i++) {
        cop_event_set(&go[i]);
        ck_assert_int_eq(cop_await(tasks[i]), wanted[i]);
    }
}

static int set_first(void *arg)
{
    cop_event_set(&go[0]);
    return 0;
}

static int set_all_in_turn(void *arg)
{
    for (int i = 0; i < 3; i++) {
        cop_event_set(&go[i]);
        ck_assert_int_eq(cop_yield(), 0);
        ck_assert_int_eq(cop_yield(), 0);
    }
    return 0;
}

LOOP_TEST(first_completed_is_over_with_the_first_task)
{
    start_tasks(wait_then_return_it);
    cop_detach(start(set_first, NULL));
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_COMPLETED, COP_NEVER), 1);
    ck_assert(cop_task_done(tasks[0]));
    ck_assert_int_eq(cop_task_result(tasks[0]), 0);
    ck_assert(!cop_task_done(tasks[1]));
    ck_assert_int_eq(cop_task_result(tasks[1]), -EAGAIN);
    /* It has ended still, so that this does not wait. */
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_COMPLETED, COP_NEVER), 1);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(all_completed_is_over_with_the_last_task)
{
    start_tasks(wait_then_return_it);
    cop_detach(start(set_all_in_turn, NULL));
    ck_assert_int_eq(cop_wait(tasks, 3, COP_ALL_COMPLETED, COP_NEVER), 3);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(first_exception_is_over_with_an_error_and_not_with_a_cancelled_task)
{
    start_tasks(wait_then_fail);
    ck_assert(cop_task_cancel(tasks[2]));
    cop_detach(start(set_first, NULL));
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_EXCEPTION, COP_NEVER), 2);
    ck_assert(!cop_task_done(tasks[1]));
    await_tasks(-EIO, -EIO, -ECANCELED);
    return 0;
}

LOOP_TEST(first_exception_without_an_error_is_over_with_the_last_task)
{
    start_tasks(wait_then_return_it);
    cop_detach(start(set_all_in_turn, NULL));
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_EXCEPTION, COP_NEVER), 3);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(timeout_returns_how_many_have_ended_and_cancels_nothing)
{
    start_tasks(wait_then_return_it);
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_COMPLETED, COP_MS), 0);
    ck_assert_int_eq(cop_wait(tasks, 3, COP_FIRST_COMPLETED, 0), 0);
    cop_event_set(&go[1]);
    ck_assert_int_eq(cop_wait(tasks, 3, COP_ALL_COMPLETED, COP_MS), 1);
    await_tasks(0, 1, 2);
    return 0;
}

static int wait_for_all(void *arg)
{
    return cop_wait(tasks, 3, COP_ALL_COMPLETED, COP_NEVER);
}

LOOP_TEST(cancelled_wait_leaves_the_tasks_running)
{
    struct cop_task *waiter;

    start_tasks(wait_then_return_it);
    waiter = start(wait_for_all, NULL);
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(waiter), -ECANCELED);
    ck_assert_int_eq(cop_wait_for(wait_for_all, NULL, COP_MS), -ETIMEDOUT);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(wait_that_is_over_beats_the_cancelling)
{
    struct cop_task *waiter;

    start_tasks(wait_then_return_it);
    waiter = start(wait_for_all, NULL);
    let_others_run();
    for (int i = 0; i < 3; i++)
        cop_event_set(&go[i]);
    /* The tasks run before the waiter, which is cancelled first. */
    ck_assert(cop_task_cancel(waiter));
    ck_assert_int_eq(cop_await(waiter), 3);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(nonsense_is_einval_and_changes_nothing)
{
    struct cop_task *holes[2];

    start_tasks(wait_then_return_it);
    holes[0] = tasks[0];
    holes[1] = NULL;
    ck_assert_int_eq(cop_wait(holes, 2, COP_ALL_COMPLETED, 0), -EINVAL);
    ck_assert_int_eq(cop_wait(tasks, 0, COP_ALL_COMPLETED, 0), -EINVAL);
    ck_assert_int_eq(cop_wait(NULL, 1, COP_ALL_COMPLETED, 0), -EINVAL);
    ck_assert_int_eq(cop_wait(tasks, 3, (enum cop_return_when)9, 0), -EINVAL);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(task_that_is_waited_for_twice_is_ebusy)
{
    struct cop_task *waiter, *twice[2];

    start_tasks(wait_then_return_it);
    twice[0] = twice[1] = tasks[0];
    ck_assert_int_eq(cop_wait(twice, 2, COP_ALL_COMPLETED, 0), -EBUSY);
    waiter = start(wait_for_all, NULL);
    let_others_run();
    ck_assert_int_eq(cop_wait(tasks, 1, COP_ALL_COMPLETED, 0), -EBUSY);
    ck_assert_int_eq(cop_cancel_and_wait(waiter), -ECANCELED);
    await_tasks(0, 1, 2);
    return 0;
}

LOOP_TEST(waiting_for_oneself_aborts)
{
    tasks[0] = cop_current_task();
    return cop_wait(tasks, 1, COP_ALL_COMPLETED, 0);
}

LOOP_TEST(waiting_for_a_detached_task_aborts)
{
    start_tasks(wait_then_return_it);
    cop_detach(tasks[0]);
    return cop_wait(tasks, 1, COP_ALL_COMPLETED, 0);
}

LOOP_TEST(awaiting_a_task_at_which_another_wait_looks_aborts)
{
    start_tasks(wait_then_return_it);
    cop_detach(start(wait_for_all, NULL));
    let_others_run();
    return cop_await(tasks[0]);
}

static void add(TCase *tc)
{
    tcase_add_test(tc, first_completed_is_over_with_the_first_task);
    tcase_add_test(tc, all_completed_is_over_with_the_last_task);
    tcase_add_test(tc, first_exception_is_over_with_an_error_and_not_with_a_cancelled_task);
    tcase_add_test(tc, first_exception_without_an_error_is_over_with_the_last_task);
    tcase_add_test(tc, timeout_returns_how_many_have_ended_and_cancels_nothing);
    tcase_add_test(tc, cancelled_wait_leaves_the_tasks_running);
    tcase_add_test(tc, wait_that_is_over_beats_the_cancelling);
    tcase_add_test(tc, nonsense_is_einval_and_changes_nothing);
    tcase_add_test(tc, task_that_is_waited_for_twice_is_ebusy);
    tcase_add_test_raise_signal(tc, waiting_for_oneself_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, waiting_for_a_detached_task_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, awaiting_a_task_at_which_another_wait_looks_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("wait", add);
}
