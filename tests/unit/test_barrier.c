/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_barrier barrier;

static int arrive(void *arg)
{
    return cop_barrier_wait(&barrier);
}

static void start_arrivals(struct cop_task **tasks, int n)
{
    for (int i = 0; i < n; i++)
        tasks[i] = start(arrive, NULL);
    let_others_run();
}

LOOP_TEST(barrier_opens_when_all_are_there_and_numbers_them_by_arrival)
{
    struct cop_task *tasks[2];

    ck_assert_int_eq(cop_barrier_init(&barrier, 3), 0);
    for (int round = 0; round < 2; round++) {
        start_arrivals(tasks, 2);
        ck_assert(!cop_task_done(tasks[0]) && !cop_task_done(tasks[1]));
        ck_assert_int_eq(cop_barrier_wait(&barrier), 2);
        ck_assert_int_eq(cop_await(tasks[0]), 0);
        ck_assert_int_eq(cop_await(tasks[1]), 1);
    }
    return 0;
}

LOOP_TEST(barrier_for_one_never_waits)
{
    ck_assert_int_eq(cop_barrier_init(&barrier, 1), 0);
    ck_assert_int_eq(cop_barrier_wait(&barrier), 0);
    return 0;
}

LOOP_TEST(cancelled_party_has_not_arrived)
{
    struct cop_task *tasks[2];
    struct cop_task *late;

    ck_assert_int_eq(cop_barrier_init(&barrier, 3), 0);
    start_arrivals(tasks, 2);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    start_arrivals(&late, 1);
    ck_assert(!cop_task_done(late));
    ck_assert_int_eq(cop_barrier_wait(&barrier), 2);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_int_eq(cop_await(late), 1);
    return 0;
}

LOOP_TEST(party_that_is_cancelled_as_the_barrier_opens_has_passed)
{
    struct cop_task *tasks[2];

    ck_assert_int_eq(cop_barrier_init(&barrier, 3), 0);
    start_arrivals(tasks, 2);
    ck_assert(cop_task_cancel(tasks[0]));
    ck_assert_int_eq(cop_barrier_wait(&barrier), 2);
    ck_assert(cop_task_cancel(tasks[1]));
    ck_assert_int_eq(cop_await(tasks[0]), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 1);
    return 0;
}

LOOP_TEST(aborted_barrier_is_epipe_for_those_who_wait_and_those_who_come)
{
    struct cop_task *task;

    ck_assert_int_eq(cop_barrier_init(&barrier, 2), 0);
    start_arrivals(&task, 1);
    cop_barrier_abort(&barrier);
    ck_assert(cop_barrier_is_broken(&barrier));
    ck_assert_int_eq(cop_await(task), -EPIPE);
    ck_assert_int_eq(cop_barrier_wait(&barrier), -EPIPE);
    return 0;
}

LOOP_TEST(reset_barrier_sends_away_who_waits_and_works_again)
{
    struct cop_task *tasks[2];

    ck_assert_int_eq(cop_barrier_init(&barrier, 2), 0);
    start_arrivals(&tasks[0], 1);
    cop_barrier_abort(&barrier);
    cop_barrier_reset(&barrier);
    ck_assert(!cop_barrier_is_broken(&barrier));
    ck_assert_int_eq(cop_await(tasks[0]), -EPIPE);
    start_arrivals(tasks, 2);
    ck_assert_int_eq(cop_await(tasks[0]), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 1);
    return 0;
}

LOOP_TEST(deadline_ends_the_wait_at_a_barrier)
{
    ck_assert_int_eq(cop_barrier_init(&barrier, 2), 0);
    ck_assert_int_eq(cop_wait_for(arrive, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_uint_eq(barrier.arrived, 0);
    return 0;
}

LOOP_TEST(barrier_for_nobody_is_einval)
{
    ck_assert_int_eq(cop_barrier_init(&barrier, 0), -EINVAL);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, barrier_opens_when_all_are_there_and_numbers_them_by_arrival);
    tcase_add_test(tc, barrier_for_one_never_waits);
    tcase_add_test(tc, cancelled_party_has_not_arrived);
    tcase_add_test(tc, party_that_is_cancelled_as_the_barrier_opens_has_passed);
    tcase_add_test(tc, aborted_barrier_is_epipe_for_those_who_wait_and_those_who_come);
    tcase_add_test(tc, reset_barrier_sends_away_who_waits_and_works_again);
    tcase_add_test(tc, deadline_ends_the_wait_at_a_barrier);
    tcase_add_test(tc, barrier_for_nobody_is_einval);
}

int main(void)
{
    return run_suite("barrier", add);
}
