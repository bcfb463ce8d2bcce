/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_lock lock;
static struct cop_condition condition;
static bool ready;

static int wait_and_note(void *arg)
{
    int rc = cop_lock_acquire(&lock);

    if (rc < 0)
        return rc;
    rc = cop_condition_wait(&condition, &lock);
    if (rc == 0)
        note(*(const char *)arg);
    /* Held on return, error or not: else this aborts. */
    cop_lock_release(&lock);
    return rc;
}

static void start_waiters(struct cop_task **tasks, int n)
{
    for (int i = 0; i < n; i++)
        tasks[i] = start(wait_and_note, letter(i));
    let_others_run();
    ck_assert(!cop_lock_is_locked(&lock));
}

LOOP_TEST(notify_wakes_as_many_as_asked_in_the_order_in_which_they_came)
{
    struct cop_task *tasks[4];

    start_waiters(tasks, 4);
    cop_condition_notify(&condition, 1);
    let_others_run();
    ck_assert_str_eq(trace, "a");
    cop_condition_notify(&condition, 2);
    let_others_run();
    ck_assert_str_eq(trace, "abc");
    cop_condition_notify_all(&condition);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_str_eq(trace, "abcd");
    cop_condition_notify(&condition, 1);
    return 0;
}

LOOP_TEST(cancelled_waiter_holds_the_lock_and_uses_up_no_notification)
{
    struct cop_task *tasks[2];

    start_waiters(tasks, 2);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    cop_condition_notify(&condition, 1);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_str_eq(trace, "b");
    return 0;
}

LOOP_TEST(cancelled_waiter_waits_for_the_lock_before_it_goes)
{
    struct cop_task *task;

    start_waiters(&task, 1);
    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    ck_assert(cop_task_cancel(task));
    let_others_run();
    ck_assert(!cop_task_done(task));
    cop_lock_release(&lock);
    ck_assert_int_eq(cop_await(task), -ECANCELED);
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

LOOP_TEST(notified_waiter_has_been_notified_though_it_is_cancelled_then)
{
    struct cop_task *tasks[2];

    start_waiters(tasks, 2);
    cop_condition_notify(&condition, 1);
    ck_assert(cop_task_cancel(tasks[0]));
    ck_assert_int_eq(cop_await(tasks[0]), 0);
    ck_assert_str_eq(trace, "a");
    ck_assert_int_eq(cop_cancel_and_wait(tasks[1]), -ECANCELED);
    return 0;
}

static bool is_ready(void *arg)
{
    ck_assert(cop_lock_is_locked(&lock));
    note('?');
    return ready;
}

static int wait_until_ready(void *arg)
{
    int rc = cop_lock_acquire(&lock);

    if (rc < 0)
        return rc;
    rc = cop_condition_wait_for(&condition, &lock, is_ready, NULL);
    cop_lock_release(&lock);
    return rc;
}

LOOP_TEST(wait_for_asks_again_at_each_notification)
{
    struct cop_task *task = start(wait_until_ready, NULL);

    let_others_run();
    cop_condition_notify_all(&condition);
    let_others_run();
    ck_assert(!cop_task_done(task));
    ready = true;
    cop_condition_notify_all(&condition);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_str_eq(trace, "???");
    return 0;
}

LOOP_TEST(deadline_ends_the_wait_for_a_condition)
{
    ck_assert_int_eq(cop_wait_for(wait_until_ready, NULL, COP_MS), -ETIMEDOUT);
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

static int wait_while_cancelled(void *arg)
{
    int rc = cop_lock_acquire(&lock);

    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    rc = cop_condition_wait(&condition, &lock);
    cop_lock_release(&lock);
    return rc;
}

LOOP_TEST(cancelled_task_does_not_wait_for_a_condition)
{
    struct cop_task *task = start(wait_while_cancelled, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    return 0;
}

LOOP_TEST(waiting_without_the_lock_aborts)
{
    return cop_condition_wait(&condition, &lock);
}

LOOP_TEST(waiting_for_a_predicate_without_the_lock_aborts)
{
    ready = true;
    return cop_condition_wait_for(&condition, &lock, is_ready, NULL);
}

static void add(TCase *tc)
{
    tcase_add_test(tc, notify_wakes_as_many_as_asked_in_the_order_in_which_they_came);
    tcase_add_test(tc, cancelled_waiter_holds_the_lock_and_uses_up_no_notification);
    tcase_add_test(tc, cancelled_waiter_waits_for_the_lock_before_it_goes);
    tcase_add_test(tc, notified_waiter_has_been_notified_though_it_is_cancelled_then);
    tcase_add_test(tc, wait_for_asks_again_at_each_notification);
    tcase_add_test(tc, deadline_ends_the_wait_for_a_condition);
    tcase_add_test(tc, cancelled_task_does_not_wait_for_a_condition);
    tcase_add_test_raise_signal(tc, waiting_without_the_lock_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, waiting_for_a_predicate_without_the_lock_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("condition", add);
}
