/* SPDX-License-Identifier: MIT */
#include "worker/sync/signals.h"

#include "tests/unit/both_loops.h"

static bool is_blocked(int number)
{
    sigset_t set;

    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
    return sigismember(&set, number) == 1;
}

static int raise_later(void *arg)
{
    ck_assert_int_eq(kill(getpid(), *(int *)arg), 0);
    return 0;
}

TEST_IN_LOOP(signals_are_told_by_their_numbers)
{
    int numbers[] = {SIGUSR1, SIGHUP};
    struct cop_signals signals;
    struct cop_task *task;

    ck_assert_int_eq(cop_signals_open(&signals, numbers, 2), 0);
    task = cop_create_task(raise_later, &numbers[1]);
    ck_assert_int_eq(cop_signals_wait(&signals), SIGHUP);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(cop_signals_wait(&signals), SIGUSR1);
    cop_signals_close(&signals);
    cop_signals_close(&signals);
}

TEST_IN_LOOP(wait_ends_with_the_deadline)
{
    struct cop_signals signals;
    struct cop_scope scope;

    ck_assert_int_eq(cop_signals_open(&signals, &(int){SIGUSR1}, 1), 0);
    cop_scope_enter(&scope, cop_now() + 5 * COP_MS);
    ck_assert_int_eq(cop_scope_exit(&scope, cop_signals_wait(&signals)), -ETIMEDOUT);
    cop_signals_close(&signals);
}

TEST_IN_LOOP(signal_that_nobody_waited_for_is_dropped_at_close_and_the_mask_is_as_before)
{
    struct cop_signals signals;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    ck_assert_int_eq(cop_signals_open(&signals, (int[]){SIGUSR1, SIGUSR2}, 2), 0);
    ck_assert(is_blocked(SIGUSR1));
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    cop_signals_close(&signals);
    ck_assert(!is_blocked(SIGUSR1));
    ck_assert(is_blocked(SIGUSR2));
    ck_assert_int_eq(cop_signals_wait(&signals), -EBADF);
}

TEST_IN_LOOP(signal_has_one_owner)
{
    struct cop_signals first, second;
    sigset_t set;

    ck_assert_int_eq(cop_signals_open(&first, (int[]){SIGUSR1, SIGUSR2}, 2), 0);
    ck_assert_int_eq(cop_signals_open(&second, &(int){SIGUSR2}, 1), -EBUSY);
    cop_signals_close(&first);
    ck_assert_int_eq(cop_signals_open(&second, &(int){SIGUSR2}, 1), 0);
    cop_signals_close(&second);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    ck_assert_int_eq(signals_claim(&set), 0);
    ck_assert_int_eq(signals_claim(&set), -EBUSY);
    ck_assert_int_eq(cop_signals_open(&first, &(int){SIGTERM}, 1), -EBUSY);
    ck_assert(!is_blocked(SIGTERM));
}

TEST_IN_LOOP(what_is_no_signal_to_wait_for_is_refused)
{
    struct cop_signals signals;

    ck_assert_int_eq(cop_signals_open(&signals, NULL, 0), -EINVAL);
    ck_assert_int_eq(cop_signals_open(&signals, NULL, 1), -EINVAL);
    ck_assert_int_eq(cop_signals_open(&signals, &(int){SIGKILL}, 1), -EINVAL);
    ck_assert_int_eq(cop_signals_open(&signals, &(int){SIGSTOP}, 1), -EINVAL);
    ck_assert_int_eq(cop_signals_open(&signals, &(int){0}, 1), -EINVAL);
    ck_assert_int_eq(cop_signals_open(&signals, &(int){1000}, 1), -EINVAL);
}

static int wait_for(void *arg)
{
    return cop_signals_wait(arg);
}

TEST_IN_LOOP(second_waiter_is_busy_and_close_wakes_the_first)
{
    struct cop_signals signals;
    struct cop_task *task;

    ck_assert_int_eq(cop_signals_open(&signals, &(int){SIGUSR1}, 1), 0);
    task = cop_create_task(wait_for, &signals);
    let_others_wait();
    ck_assert_int_eq(cop_signals_wait(&signals), -EBUSY);
    cop_signals_close(&signals);
    ck_assert_int_eq(cop_await(task), -EBADF);
}

TEST_IN_LOOP(signal_that_came_beats_the_cancelling)
{
    struct cop_signals signals;
    struct canceller canceller;
    struct cop_task *task;

    ck_assert_int_eq(cop_signals_open(&signals, &(int){SIGUSR1}, 1), 0);
    task = cop_create_task(wait_for, &signals);
    let_others_wait();
    canceller_start(&canceller, task);
    canceller_fire(&canceller);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    canceller_join(&canceller);
    ck_assert_int_eq(cop_await(task), SIGUSR1);
    cop_signals_close(&signals);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, signals_are_told_by_their_numbers);
    add_test_in_both(tc, wait_ends_with_the_deadline);
    add_test_in_both(tc,
                     signal_that_nobody_waited_for_is_dropped_at_close_and_the_mask_is_as_before);
    add_test_in_both(tc, signal_has_one_owner);
    add_test_in_both(tc, what_is_no_signal_to_wait_for_is_refused);
    add_test_in_both(tc, second_waiter_is_busy_and_close_wakes_the_first);
    add_test_in_both(tc, signal_that_came_beats_the_cancelling);
}

int main(void)
{
    return run_suite("signals", add);
}
