/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "tests/unit/in_loop.h"

static struct cop_event event;

static int wait_and_note(void *arg)
{
    int rc = cop_event_wait(&event);

    if (rc == 0)
        note(arg ? *(const char *)arg : '-');
    return rc;
}

LOOP_TEST(set_event_lets_all_go_in_order_even_when_it_is_cleared_at_once)
{
    struct cop_task *tasks[3];

    for (int i = 0; i < 3; i++)
        tasks[i] = start(wait_and_note, letter(i));
    let_others_run();
    ck_assert_str_eq(trace, "");
    cop_event_set(&event);
    ck_assert(cop_event_is_set(&event));
    cop_event_clear(&event);
    ck_assert(!cop_event_is_set(&event));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_str_eq(trace, "abc");
    return 0;
}

LOOP_TEST(event_that_is_set_is_not_waited_for)
{
    cop_event_set(&event);
    ck_assert_int_eq(cop_event_wait(&event), 0);
    ck_assert_int_eq(cop_event_wait(&event), 0);
    return 0;
}

LOOP_TEST(cancelled_waiter_leaves_the_event_alone)
{
    struct cop_task *a = start(wait_and_note, letter(0));
    struct cop_task *b = start(wait_and_note, letter(1));

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(a), -ECANCELED);
    cop_event_set(&event);
    ck_assert_int_eq(cop_await(b), 0);
    ck_assert_str_eq(trace, "b");
    return 0;
}

LOOP_TEST(event_that_is_set_in_the_moment_of_cancelling_has_happened)
{
    struct cop_task *before = start(wait_and_note, letter(0));
    struct cop_task *after = start(wait_and_note, letter(1));

    let_others_run();
    ck_assert(cop_task_cancel(before));
    cop_event_set(&event);
    ck_assert(cop_task_cancel(after));
    ck_assert_int_eq(cop_await(before), 0);
    ck_assert_int_eq(cop_await(after), 0);
    return 0;
}

LOOP_TEST(deadline_ends_the_wait_for_an_event)
{
    ck_assert_int_eq(cop_wait_for(wait_and_note, NULL, COP_MS), -ETIMEDOUT);
    return 0;
}

static void *set_it(void *arg)
{
    cop_event_set(&event);
    return NULL;
}

LOOP_TEST(set_on_another_thread_aborts)
{
    pthread_t thread;
    struct cop_task *task = start(wait_and_note, NULL);

    let_others_run();
    ck_assert_int_eq(pthread_create(&thread, NULL, set_it, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return cop_await(task);
}

static void *cancel_it(void *arg)
{
    (void)cop_task_cancel(arg);
    return NULL;
}

LOOP_TEST(cancelling_on_another_thread_aborts)
{
    pthread_t thread;
    struct cop_task *task = start(wait_and_note, NULL);

    let_others_run();
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_it, task), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return cop_await(task);
}

static void add(TCase *tc)
{
    tcase_add_test(tc, set_event_lets_all_go_in_order_even_when_it_is_cleared_at_once);
    tcase_add_test(tc, event_that_is_set_is_not_waited_for);
    tcase_add_test(tc, cancelled_waiter_leaves_the_event_alone);
    tcase_add_test(tc, event_that_is_set_in_the_moment_of_cancelling_has_happened);
    tcase_add_test(tc, deadline_ends_the_wait_for_an_event);
    tcase_add_test_raise_signal(tc, set_on_another_thread_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, cancelling_on_another_thread_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("event", add);
}
