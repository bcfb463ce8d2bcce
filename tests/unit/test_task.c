/* SPDX-License-Identifier: MIT */
#include "worker/task/task.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/dies.h"
#include "tests/unit/events.h"
#include "tests/unit/suite.h"
#include "worker/task/deferred.h"
#include "worker/task/extras.h"
#include "worker/task/io.h"
#include "worker/task/sched.h"

/* ---- create, await, yield ---- */

static int await_one(void *arg)
{
    struct cop_task *task = create(number, &numbers[7]);

    note(1);
    ck_assert_int_eq(cop_await(task), 7);
    note(2);
    return 5;
}

START_TEST(task_runs_when_its_creator_waits_and_await_returns_its_result)
{
    ck_assert_int_eq(cop_run(await_one, NULL), 5);
    ASSERT_EVENTS(1, 7, 2);
}
END_TEST

static int await_in_reverse(void *arg)
{
    struct cop_task *tasks[4];

    for (int i = 0; i < 4; i++)
        tasks[i] = create(number, &numbers[i]);
    for (int i = 3; i >= 0; i--)
        ck_assert_int_eq(cop_await(tasks[i]), i);
    return 0;
}

START_TEST(tasks_start_in_the_order_of_their_creation_and_wait_for_await_when_they_have_ended)
{
    ck_assert_int_eq(cop_run(await_in_reverse, NULL), 0);
    ASSERT_EVENTS(0, 1, 2, 3);
}
END_TEST

static int yield_twice(void *arg)
{
    int id = *(int *)arg;

    for (int i = 0; i < 3; i++) {
        note(10 * i + id);
        ck_assert_int_eq(cop_yield(), 0);
    }
    return 0;
}

static int await_two_that_yield(void *arg)
{
    struct cop_task *one = create(yield_twice, &numbers[1]);
    struct cop_task *two = create(yield_twice, &numbers[2]);

    ck_assert_int_eq(cop_await(one), 0);
    ck_assert_int_eq(cop_await(two), 0);
    return 0;
}

START_TEST(yield_lets_every_other_ready_task_run_once)
{
    ck_assert_int_eq(cop_run(await_two_that_yield, NULL), 0);
    ASSERT_EVENTS(1, 2, 11, 12, 21, 22);
}
END_TEST

static bool stop_yielding;

static int yield_until_stopped(void *arg)
{
    while (!stop_yielding)
        (void)cop_yield();
    return 0;
}

static int stop_after_pipe_and_sleep(void *arg)
{
    struct cop_task *busy = create(yield_until_stopped, NULL);
    struct io io;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    io_init(&io, fds[0], NULL);
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    io_fini(&io);
    stop_yielding = true;
    return cop_await(busy);
}

START_TEST(tasks_that_only_yield_keep_neither_events_nor_sleepers_from_running)
{
    ck_assert_int_eq(cop_run(stop_after_pipe_and_sleep, NULL), 0);
}
END_TEST

static int spin(void *arg)
{
    cop_time until = cop_now() + 20 * COP_MS;

    while (!stop_yielding) {
        while (cop_now() < until)
            ;
        until += 20 * COP_MS;
        numbers[0]++;
        (void)cop_yield();
    }
    return 0;
}

static int stop_spinning(void *arg)
{
    struct cop_task *busy = create(spin, NULL);

    ck_assert_int_eq(cop_sleep(10 * COP_MS), 0);
    stop_yielding = true;
    return cop_await(busy);
}

START_TEST(tasks_that_yield_seldom_are_followed_by_a_poll_at_once)
{
    ck_assert_int_eq(cop_run(stop_spinning, NULL), 0);
    ck_assert_int_le(numbers[0], 3);
}
END_TEST

/* ---- sleep ---- */

static cop_time sleepers_began;

static int sleep_and_note(void *arg)
{
    int id = *(int *)arg;

    ck_assert_int_eq(cop_sleep(sleepers_began + 10 * id * COP_MS - cop_now()), 0);
    note(id);
    return 0;
}

static int await_sleepers(void *arg)
{
    struct cop_task *tasks[] = {create(sleep_and_note, &numbers[9]),
                                create(sleep_and_note, &numbers[1]),
                                create(sleep_and_note, &numbers[5])};

    sleepers_began = cop_now();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_int_ge(cop_now() - sleepers_began, 90 * COP_MS);
    return 0;
}

START_TEST(sleepers_wake_in_the_order_of_their_times_and_never_early)
{
    ck_assert_int_eq(cop_run(await_sleepers, NULL), 0);
    ASSERT_EVENTS(1, 5, 9);
}
END_TEST

static int sleep_long(void *arg)
{
    return cop_sleep(1000 * COP_S);
}

/* The stack of a task whose timer was set for longer than it lived is used again. */
static int reuse_after_an_armed_timer(void *arg)
{
    for (int i = 0; i < 3; i++) {
        struct cop_task *task = create(sleep_long, NULL);

        ck_assert_int_eq(cop_yield(), 0);
        ck_assert_uint_eq(loop_here->timers.len, 1);
        ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
        ck_assert_uint_eq(loop_here->timers.len, 0);
    }
    return 0;
}

START_TEST(task_that_ends_takes_its_timer_with_it)
{
    ck_assert_int_eq(cop_run(reuse_after_an_armed_timer, NULL), 0);
}
END_TEST

/* ---- the end of a loop ---- */

static int sleep_shielded(void *arg)
{
    struct cop_scope scope;
    int rc;

    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_shield(&scope, COP_S);
    rc = cop_scope_exit(&scope, cop_sleep(2 * COP_MS));
    note(rc);
    ck_assert(cop_cancelled());
    note(2);
    return 0;
}

static int leave_tasks(void *arg)
{
    cop_detach(create(wait_thrice, NULL));
    cop_detach(create(sleep_shielded, NULL));
    return cop_yield() < 0 ? -1 : 11;
}

START_TEST(run_cancels_and_awaits_the_tasks_that_are_left_also_shielded_ones)
{
    ck_assert_int_eq(cop_run(leave_tasks, NULL), 11);
    ASSERT_EVENTS(1, 0, 2);
    ck_assert_ptr_null(loop_here);
}
END_TEST

static int run_again(void *arg)
{
    return cop_run(run_again, NULL);
}

START_TEST(run_inside_a_loop_is_busy)
{
    ck_assert_int_eq(cop_run(run_again, NULL), -EBUSY);
}
END_TEST

static int forget_one(void *arg)
{
    struct cop_task *forgotten = create(number, &numbers[1]);

    cop_task_set_label(forgotten, "lost sheep", 10);
    return cop_yield();
}

static void forget(void)
{
    ck_assert_int_eq(cop_run(forget_one, NULL), 0);
}

START_TEST(task_that_is_never_awaited_is_told_and_freed_with_its_loop)
{
    char said[4096];

    ck_assert_int_eq(run_in_child(forget, said, sizeof(said)), 0);
    ck_assert_msg(strstr(said, "task 2 lost sheep: it was never awaited"), "said: %s", said);
}
END_TEST

static int break_down(void *arg)
{
    return -EIO;
}

static int detach_failing(void *arg)
{
    struct cop_task *ended = create(break_down, NULL);

    cop_detach(create(break_down, NULL));
    cop_detach(create(sleep_for_ever, NULL));
    ck_assert_int_eq(cop_yield(), 0);
    cop_detach(ended);
    return 0;
}

static void run_detach_failing(void)
{
    ck_assert_int_eq(cop_run(detach_failing, NULL), 0);
}

START_TEST(error_of_a_detached_task_is_told_and_its_cancelling_is_not)
{
    char said[4096];

    ck_assert_int_eq(run_in_child(run_detach_failing, said, sizeof(said)), 0);
    ck_assert_msg(strstr(said, "task 2: it ended with an error that nobody receives: "
                               "Input/output error"),
                  "said: %s", said);
    ck_assert_msg(strstr(said, "task 3: it ended with"), "said: %s", said);
    ck_assert_msg(!strstr(said, "task 4"), "said: %s", said);
}
END_TEST

static int names(void *arg)
{
    struct cop_task *task = create(number, &numbers[1]);

    ck_assert_ptr_ne(task, cop_current_task());
    ck_assert_uint_ne(cop_task_id(task), cop_task_id(cop_current_task()));
    return cop_await(task);
}

START_TEST(task_has_a_number_of_its_own)
{
    ck_assert_int_eq(cop_run(names, NULL), 1);
}
END_TEST

/* ---- one stack for one task after the other ---- */

static void note_deferred(void *arg)
{
    note(*(int *)arg);
}

static int renew(void *arg)
{
    struct cop_task *self = cop_current_task();
    uint64_t id = cop_task_id(self);
    struct cop_deferred deferred;

    cop_task_set_label(self, "first", 5);
    cop_task_set_name(self, "first");
    ck_assert_int_eq(cop_defer(&deferred, note_deferred, &numbers[1]), 0);
    ck_assert(sched_renew(self));
    note(2);
    ck_assert_uint_gt(cop_task_id(self), id);
    ck_assert_ptr_null(self->label);
    ck_assert_str_eq(self->extras.name, "");
    return 0;
}

START_TEST(renewed_task_is_another_one_and_the_first_one_has_ended)
{
    ck_assert_int_eq(cop_run(renew, NULL), 0);
    ASSERT_EVENTS(1, 2);
}
END_TEST

static int renew_cancelled(void *arg)
{
    struct cop_task *self = cop_current_task();
    uint64_t id = cop_task_id(self);

    ck_assert(cop_task_cancel(self));
    ck_assert(!sched_renew(self));
    ck_assert_uint_eq(cop_task_id(self), id);
    return 0;
}

START_TEST(cancelled_task_is_not_renewed)
{
    ck_assert_int_eq(cop_run(renew_cancelled, NULL), 0);
}
END_TEST

static int return_number(void *arg)
{
    return *(int *)arg;
}

static void run_main_that_fails(void)
{
    _exit(cop_main(return_number, &(int){-ECONNREFUSED}) == 1 ? 7 : 8);
}

START_TEST(main_that_fails_says_why_and_has_exit_code_1)
{
    char said[256];
    int status = run_in_child(run_main_that_fails, said, sizeof(said));

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ck_assert_str_eq(said, "test_task: Connection refused\n");
    ck_assert_int_eq(cop_main(return_number, &(int){5}), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, task_runs_when_its_creator_waits_and_await_returns_its_result);
    tcase_add_test(
        tc, tasks_start_in_the_order_of_their_creation_and_wait_for_await_when_they_have_ended);
    tcase_add_test(tc, yield_lets_every_other_ready_task_run_once);
    tcase_add_test(tc, tasks_that_only_yield_keep_neither_events_nor_sleepers_from_running);
    tcase_add_test(tc, tasks_that_yield_seldom_are_followed_by_a_poll_at_once);
    tcase_add_test(tc, sleepers_wake_in_the_order_of_their_times_and_never_early);
    tcase_add_test(tc, task_that_ends_takes_its_timer_with_it);
    tcase_add_test(tc, run_cancels_and_awaits_the_tasks_that_are_left_also_shielded_ones);
    tcase_add_test(tc, run_inside_a_loop_is_busy);
    tcase_add_test(tc, task_that_is_never_awaited_is_told_and_freed_with_its_loop);
    tcase_add_test(tc, error_of_a_detached_task_is_told_and_its_cancelling_is_not);
    tcase_add_test(tc, task_has_a_number_of_its_own);
    tcase_add_test(tc, renewed_task_is_another_one_and_the_first_one_has_ended);
    tcase_add_test(tc, cancelled_task_is_not_renewed);
    tcase_add_test(tc, main_that_fails_says_why_and_has_exit_code_1);
}

int main(void)
{
    return run_suite("task", add);
}
