/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/task/timer.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#define N 1000

static struct timer timers[N];

static void start_all(struct timer_heap *heap)
{
    timer_heap_init(heap);
    ck_assert_int_eq(timer_heap_reserve(heap, N), 0);
    srand(1);
    for (size_t i = 0; i < N; i++)
        timer_start(heap, &timers[i], rand() % 500);
}

/* Take all that are due; they must come in order. Returns how many. */
static size_t drain(struct timer_heap *heap, int64_t now)
{
    struct timer *timer;
    int64_t last = INT64_MIN;
    size_t n = 0;

    while ((timer = timer_take_due(heap, now))) {
        ck_assert_int_ge(timer->due_ns, last);
        ck_assert_int_le(timer->due_ns, now);
        ck_assert(!timer_is_running(timer));
        last = timer->due_ns;
        n++;
    }
    return n;
}

START_TEST(timers_come_in_the_order_of_their_times)
{
    struct timer_heap heap;

    start_all(&heap);
    ck_assert_uint_eq(drain(&heap, INT64_MAX), N);
    ck_assert_int_eq(timer_first(&heap), INT64_MAX);
    timer_heap_fini(&heap);
}
END_TEST

START_TEST(only_timers_that_are_due_come)
{
    struct timer_heap heap;
    size_t due = 0;

    start_all(&heap);
    for (size_t i = 0; i < N; i++)
        due += timers[i].due_ns <= 250;
    ck_assert_uint_eq(drain(&heap, 250), due);
    ck_assert_int_gt(timer_first(&heap), 250);
    ck_assert_uint_eq(drain(&heap, 500), N - due);
    timer_heap_fini(&heap);
}
END_TEST

START_TEST(moved_and_stopped_timers_keep_the_order)
{
    struct timer_heap heap;
    size_t left = 0;

    start_all(&heap);
    for (size_t i = 0; i < N; i++) {
        struct timer *timer = &timers[(size_t)rand() % N];

        if (rand() % 4)
            timer_start(&heap, timer, rand() % 500);
        else
            timer_stop(&heap, timer);
    }
    timer_stop(&heap, &timers[0]);
    timer_stop(&heap, &timers[0]);
    for (size_t i = 0; i < N; i++)
        left += timer_is_running(&timers[i]);
    ck_assert_uint_gt(left, N / 2);
    ck_assert_uint_eq(drain(&heap, 500), left);
    timer_heap_fini(&heap);
}
END_TEST

START_TEST(timer_without_room_is_a_bug)
{
    struct timer_heap heap;
    struct timer timer = {0};

    timer_heap_init(&heap);
    timer_start(&heap, &timer, 1);
}
END_TEST

START_TEST(heap_freed_with_a_timer_in_it_is_a_bug)
{
    struct timer_heap heap;

    start_all(&heap);
    timer_heap_fini(&heap);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, timers_come_in_the_order_of_their_times);
    tcase_add_test(tc, only_timers_that_are_due_come);
    tcase_add_test(tc, moved_and_stopped_timers_keep_the_order);
    tcase_add_test_raise_signal(tc, timer_without_room_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, heap_freed_with_a_timer_in_it_is_a_bug, SIGABRT);
}

int main(void)
{
    return run_suite("timer", add);
}
