/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/dies.h"
#include "tests/unit/events.h"
#include "tests/unit/suite.h"
#include "worker/task/scope.h"
#include "worker/task/task.h"

static void yield_outside(void)
{
    (void)cop_yield();
}

static int await_itself(void *arg)
{
    return cop_await(cop_current_task());
}

static void run_await_itself(void)
{
    (void)cop_run(await_itself, NULL);
}

static int await_again(void *arg)
{
    return cop_await(arg);
}

static int await_twice(void *arg)
{
    struct cop_task *task = create(sleep_for_ever, NULL);

    cop_detach(create(await_again, task));
    return cop_await(task);
}

static void run_await_twice(void)
{
    (void)cop_run(await_twice, NULL);
}

static int await_one_that_has_ended_twice(void *arg)
{
    struct cop_task *task = create(number, &numbers[7]);

    (void)cop_yield();
    return cop_await(task) == 7 ? cop_await(task) : -1;
}

static void run_await_one_that_has_ended_twice(void)
{
    (void)cop_run(await_one_that_has_ended_twice, NULL);
}

static int detach_twice(void *arg)
{
    struct cop_task *task = create(sleep_for_ever, NULL);

    cop_detach(task);
    cop_detach(task);
    return 0;
}

static void run_detach_twice(void)
{
    (void)cop_run(detach_twice, NULL);
}

static int leave_scope_open(void *arg)
{
    struct cop_scope *scope = malloc(sizeof(*scope));

    cop_scope_enter(scope, COP_NEVER);
    return 0;
}

static void run_leave_scope_open(void)
{
    (void)cop_run(leave_scope_open, NULL);
}

static int create_nothing(void *arg)
{
    cop_detach(cop_create_task(NULL, NULL));
    return 0;
}

static void run_create_nothing(void)
{
    (void)cop_run(create_nothing, NULL);
}

static int await_nothing(void *arg)
{
    return cop_await(NULL);
}

static void run_await_nothing(void)
{
    (void)cop_run(await_nothing, NULL);
}

static int cancel_nothing(void *arg)
{
    return cop_cancel_and_wait(NULL);
}

static void run_cancel_nothing(void)
{
    (void)cop_run(cancel_nothing, NULL);
}

START_TEST(misuse_dies_with_a_sentence)
{
    assert_is_bug(run_create_nothing, "a task runs a function, not NULL");
    assert_is_bug(run_await_nothing, "NULL is no task");
    assert_is_bug(run_cancel_nothing, "NULL is no task");
    assert_is_bug(yield_outside, "called outside a task: use cop_run");
    assert_is_bug(run_await_itself, "a task cannot await itself");
    assert_is_bug(run_await_twice, "a task is awaited once");
    assert_is_bug(run_await_one_that_has_ended_twice, "a task is awaited once");
    assert_is_bug(run_detach_twice, "a task is detached once");
    assert_is_bug(run_leave_scope_open, "inside a scope or group that it did not exit");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, misuse_dies_with_a_sentence);
}

int main(void)
{
    return run_suite("misuse", add);
}
