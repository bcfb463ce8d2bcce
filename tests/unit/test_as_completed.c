/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_event go[3];
static struct cop_task *tasks[3];
static struct cop_as_completed completed;

static int wait_then_return_it(void *arg)
{
    struct cop_event *event = arg;
    int rc = cop_event_wait(event);

    return rc < 0 ? rc : (int)(event - go);
}

static void start_tasks(void)
{
    for (int i = 0; i < 3; i++)
        tasks[i] = start(wait_then_return_it, &go[i]);
    let_others_run();
}

static int set_in_reverse(void *arg)
{
    for (int i = 2; i >= 0; i--)
        cop_event_set(&go[i]);
    return 0;
}

/* The result of the next one, awaited, or the error. */
static int next(void)
{
    struct cop_task *task;
    int rc = cop_as_completed_next(&completed, &task);

    return rc == 1 ? cop_await(task) : rc < 0 ? rc : -ENOENT;
}

LOOP_TEST(tasks_come_in_the_order_in_which_they_end)
{
    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    cop_detach(start(set_in_reverse, NULL));
    for (int i = 2; i >= 0; i--)
        ck_assert_int_eq(next(), i);
    ck_assert_int_eq(next(), -ENOENT);
    cop_as_completed_fini(&completed);
    return 0;
}

LOOP_TEST(tasks_that_had_ended_before_come_first)
{
    start_tasks();
    cop_event_set(&go[1]);
    let_others_run();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    cop_detach(start(set_in_reverse, NULL));
    ck_assert_int_eq(next(), 1);
    ck_assert_int_eq(next(), 2);
    ck_assert_int_eq(next(), 0);
    cop_as_completed_fini(&completed);
    return 0;
}

LOOP_TEST(fini_leaves_the_rest_to_the_caller)
{
    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    cop_event_set(&go[1]);
    cop_event_set(&go[2]);
    ck_assert_int_eq(next(), 1);
    cop_as_completed_fini(&completed);
    ck_assert_int_eq(cop_await(tasks[2]), 2);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    return 0;
}

static int take_next(void *arg)
{
    return next();
}

LOOP_TEST(cancelled_next_loses_no_task)
{
    struct cop_task *taker;

    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    taker = start(take_next, NULL);
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(taker), -ECANCELED);
    ck_assert_int_eq(cop_wait_for(take_next, NULL, COP_MS), -ETIMEDOUT);
    cop_detach(start(set_in_reverse, NULL));
    for (int i = 2; i >= 0; i--)
        ck_assert_int_eq(next(), i);
    cop_as_completed_fini(&completed);
    return 0;
}

LOOP_TEST(task_that_ends_in_the_moment_of_cancelling_is_received)
{
    struct cop_task *taker;

    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    taker = start(take_next, NULL);
    let_others_run();
    cop_event_set(&go[1]);
    ck_assert(cop_task_cancel(taker));
    ck_assert_int_eq(cop_await(taker), 1);
    cop_as_completed_fini(&completed);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[2]), -ECANCELED);
    return 0;
}

LOOP_TEST(nonsense_is_einval_and_a_task_twice_is_ebusy)
{
    struct cop_task *bad[2];

    start_tasks();
    bad[0] = tasks[0];
    bad[1] = NULL;
    ck_assert_int_eq(cop_as_completed_init(&completed, bad, 2), -EINVAL);
    ck_assert_int_eq(next(), -ENOENT);
    cop_as_completed_fini(&completed);
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 0), -EINVAL);
    bad[1] = tasks[0];
    ck_assert_int_eq(cop_as_completed_init(&completed, bad, 2), -EBUSY);
    cop_as_completed_fini(&completed);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_cancel_and_wait(tasks[i]), -ECANCELED);
    return 0;
}

LOOP_TEST(two_tasks_that_ask_for_the_next_abort)
{
    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    cop_detach(start(take_next, NULL));
    let_others_run();
    return next();
}

LOOP_TEST(awaiting_a_task_before_next_returned_it_aborts)
{
    start_tasks();
    ck_assert_int_eq(cop_as_completed_init(&completed, tasks, 3), 0);
    cop_event_set(&go[0]);
    let_others_run();
    return cop_await(tasks[0]);
}

static void add(TCase *tc)
{
    tcase_add_test(tc, tasks_come_in_the_order_in_which_they_end);
    tcase_add_test(tc, tasks_that_had_ended_before_come_first);
    tcase_add_test(tc, fini_leaves_the_rest_to_the_caller);
    tcase_add_test(tc, cancelled_next_loses_no_task);
    tcase_add_test(tc, task_that_ends_in_the_moment_of_cancelling_is_received);
    tcase_add_test(tc, nonsense_is_einval_and_a_task_twice_is_ebusy);
    tcase_add_test_raise_signal(tc, two_tasks_that_ask_for_the_next_abort, SIGABRT);
    tcase_add_test_raise_signal(tc, awaiting_a_task_before_next_returned_it_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("as_completed", add);
}
