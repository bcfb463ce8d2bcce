/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_lock lock;

static int take_and_note(void *arg)
{
    int rc = cop_lock_acquire(&lock);

    if (rc < 0)
        return rc;
    note(*(const char *)arg);
    cop_lock_release(&lock);
    return 0;
}

static int take_and_keep(void *arg)
{
    return cop_lock_acquire(&lock);
}

LOOP_TEST(lock_is_taken_and_free_again_after_release)
{
    ck_assert(!cop_lock_is_locked(&lock));
    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    ck_assert(cop_lock_is_locked(&lock));
    ck_assert_int_eq(cop_lock_try_acquire(&lock), -EAGAIN);
    cop_lock_release(&lock);
    ck_assert(!cop_lock_is_locked(&lock));
    ck_assert_int_eq(cop_lock_try_acquire(&lock), 0);
    cop_lock_release(&lock);
    return 0;
}

LOOP_TEST(lock_goes_to_those_who_wait_in_the_order_in_which_they_came)
{
    struct cop_task *tasks[3];

    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    for (int i = 0; i < 3; i++)
        tasks[i] = start(take_and_note, letter(i));
    let_others_run();
    cop_lock_release(&lock);
    /* Nobody overtakes: it is handed over already. */
    ck_assert_int_eq(cop_lock_try_acquire(&lock), -EAGAIN);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_str_eq(trace, "abc");
    return 0;
}

LOOP_TEST(cancelled_waiter_leaves_the_queue_of_a_lock_from_any_place)
{
    struct cop_task *tasks[4];

    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    for (int i = 0; i < 4; i++)
        tasks[i] = start(take_and_note, letter(i));
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(tasks[1]), -ECANCELED);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[3]), -ECANCELED);
    cop_lock_release(&lock);
    ck_assert_int_eq(cop_await(tasks[2]), 0);
    ck_assert_str_eq(trace, "c");
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

LOOP_TEST(lock_that_was_handed_over_is_held_though_the_task_is_cancelled_then)
{
    struct cop_task *task;

    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    task = start(take_and_note, letter(0));
    let_others_run();
    cop_lock_release(&lock);
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_str_eq(trace, "a");
    return 0;
}

LOOP_TEST(lock_that_is_released_right_after_the_cancelling_is_held_too)
{
    struct cop_task *task;

    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    task = start(take_and_note, letter(0));
    let_others_run();
    ck_assert(cop_task_cancel(task));
    cop_lock_release(&lock);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_str_eq(trace, "a");
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

static int hold_until_cancelled(void *arg)
{
    int rc = cop_lock_acquire(&lock);

    ck_assert_int_eq(rc, 0);
    rc = cop_sleep(COP_NEVER);
    cop_lock_release(&lock);
    return rc;
}

LOOP_TEST(deadline_ends_the_wait_for_a_lock)
{
    struct cop_task *holder = start(hold_until_cancelled, NULL);

    let_others_run();
    ck_assert_int_eq(cop_wait_for(take_and_keep, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_cancel_and_wait(holder), -ECANCELED);
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

static int take_while_cancelled(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    return cop_lock_acquire(&lock);
}

LOOP_TEST(cancelled_task_takes_no_lock_even_when_it_is_free)
{
    struct cop_task *task = start(take_while_cancelled, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    ck_assert(!cop_lock_is_locked(&lock));
    return 0;
}

static int release(void *arg)
{
    cop_lock_release(&lock);
    return 0;
}

LOOP_TEST(release_by_another_task_aborts)
{
    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    return cop_await(start(release, NULL));
}

LOOP_TEST(release_of_a_free_lock_aborts)
{
    return release(NULL);
}

LOOP_TEST(taking_the_own_lock_again_aborts)
{
    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
    return cop_lock_acquire(&lock);
}

START_TEST(taking_a_lock_outside_a_loop_aborts)
{
    ck_assert_int_eq(cop_lock_acquire(&lock), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, lock_is_taken_and_free_again_after_release);
    tcase_add_test(tc, lock_goes_to_those_who_wait_in_the_order_in_which_they_came);
    tcase_add_test(tc, cancelled_waiter_leaves_the_queue_of_a_lock_from_any_place);
    tcase_add_test(tc, lock_that_was_handed_over_is_held_though_the_task_is_cancelled_then);
    tcase_add_test(tc, lock_that_is_released_right_after_the_cancelling_is_held_too);
    tcase_add_test(tc, deadline_ends_the_wait_for_a_lock);
    tcase_add_test(tc, cancelled_task_takes_no_lock_even_when_it_is_free);
    tcase_add_test_raise_signal(tc, release_by_another_task_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, release_of_a_free_lock_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, taking_the_own_lock_again_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, taking_a_lock_outside_a_loop_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("lock", add);
}
