/* SPDX-License-Identifier: MIT */
/*
 * test_blocking_loop.c - loops of `tasks: 1`, where the kernel waits, and loops of several threads.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/beat.h"
#include "common/clock.h"
#include "tests/unit/dies.h"
#include "tests/unit/suite.h"
#include "worker/task/io.h"
#include "worker/task/sched.h"

static int events[64];
static size_t nevents;

static void note(int event)
{
    ck_assert_uint_lt(nevents, 64);
    events[nevents++] = event;
}

static void assert_counted_up(size_t n)
{
    ck_assert_uint_eq(nevents, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(events[i], i);
}

static int note_number(void *arg)
{
    note((int)(intptr_t)arg);
    return 0;
}

static int spawn_another(void *arg)
{
    int rc = cop_sleep(COP_NEVER);

    ck_assert_int_eq(rc, -ECANCELED);
    note(0);
    if (arg)
        ck_assert_int_eq(loop_spawn(loop_here, spawn_another, NULL), 0);
    return rc;
}

/* ---- tasks: 1 ---- */

static _Atomic int interrupt;

static struct cop_loop *new_blocking_loop(void)
{
    struct cop_loop *loop =
        loop_new(&(struct loop_options){.blocking = true, .interrupt = &interrupt});

    ck_assert_ptr_nonnull(loop);
    return loop;
}

START_TEST(blocking_loop_sleeps_and_yields_without_libev)
{
    struct cop_loop *loop = new_blocking_loop();
    struct cop_scope scope;
    cop_time before = cop_now();

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(cop_sleep(2 * COP_MS), 0);
    ck_assert_int_ge(cop_now() - before, 2 * COP_MS);
    cop_scope_enter(&scope, cop_now() + COP_MS);
    ck_assert_int_eq(cop_scope_exit(&scope, cop_sleep(100 * COP_S)), -ETIMEDOUT);
    ck_assert_ptr_null(loop->poller);
    loop_free(loop);
}
END_TEST

static int note_after_sleep(void *arg)
{
    int rc = cop_sleep(COP_MS);

    note((int)(intptr_t)arg);
    return rc;
}

START_TEST(thread_of_a_blocking_loop_sleeps_and_awaits_beside_its_tasks)
{
    struct cop_loop *loop = new_blocking_loop();
    struct cop_task *task = cop_create_task(note_number, (void *)0);

    ck_assert_int_eq(cop_sleep(5 * COP_MS), 0);
    note(1);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(cop_await(cop_create_task(note_after_sleep, (void *)2)), 0);
    ck_assert_int_eq(cop_yield(), 0);
    assert_counted_up(3);
    loop_free(loop);
}
END_TEST

static void wake_up(int signal_number)
{
}

static void *interrupt_until_seen(void *arg)
{
    pthread_t thread = *(pthread_t *)arg;
    struct timespec pause = {.tv_nsec = NS_PER_MS};

    atomic_store(&interrupt, LOOP_INTERRUPT_ALL);
    while (atomic_load(&interrupt) != LOOP_INTERRUPT_NONE) {
        pthread_kill(thread, SIGUSR2);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void start_interrupting(pthread_t *thread, pthread_t *self)
{
    struct sigaction action = {.sa_handler = wake_up};

    *self = pthread_self();
    ck_assert_int_eq(sigaction(SIGUSR2, &action, NULL), 0);
    ck_assert_int_eq(pthread_create(thread, NULL, interrupt_until_seen, self), 0);
}

START_TEST(interrupt_of_a_blocking_loop_ends_a_sleep_in_the_kernel)
{
    struct cop_loop *loop = new_blocking_loop();
    pthread_t thread, self;

    start_interrupting(&thread, &self);
    ck_assert_int_eq(cop_sleep(100 * COP_S), -ECANCELED);
    atomic_store(&interrupt, LOOP_INTERRUPT_NONE);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    loop_free(loop);
}
END_TEST

START_TEST(interrupt_of_a_blocking_loop_cancels_its_tasks_and_the_waits_of_its_thread)
{
    struct cop_loop *loop = new_blocking_loop();
    struct cop_task *task = cop_create_task(note_number, (void *)0);
    struct cop_task *sleeper = cop_create_task(spawn_another, NULL);
    pthread_t thread, self;

    ck_assert_int_eq(cop_await(task), 0);
    start_interrupting(&thread, &self);
    ck_assert_int_eq(cop_sleep(100 * COP_S), -ECANCELED);
    ck_assert_int_eq(cop_await(sleeper), -ECANCELED);
    atomic_store(&interrupt, LOOP_INTERRUPT_NONE);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    loop_free(loop);
}
END_TEST

START_TEST(blocking_loop_shows_the_label_of_its_thread_in_the_beat_slot)
{
    struct beat *beat = beat_new(1);
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true, .beat = beat});
    struct beat_view view;

    cop_task_set_label(cop_current_task(), "GET /", 5);
    ck_assert_int_eq(beat_read(beat, &view), 0);
    ck_assert_str_eq(view.label, "GET /");
    ck_assert_int_gt(view.task_since_ns, 0);
    cop_task_set_label(cop_current_task(), NULL, 0);
    ck_assert_int_eq(beat_read(beat, &view), 0);
    ck_assert_int_eq(view.task_since_ns, 0);
    loop_free(loop);
    beat_free(beat, 1);
}
END_TEST

static int add_many(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        ++*(int *)arg;
        ck_assert_int_eq(cop_yield(), 0);
    }
    return 0;
}

static int add_in_ten_tasks(void *arg)
{
    struct cop_task *tasks[10];
    int sum = 0;

    for (int i = 0; i < 10; i++)
        tasks[i] = cop_create_task(add_many, &sum);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    return sum;
}

static void *run_ten_tasks(void *arg)
{
    return (void *)(intptr_t)cop_run(add_in_ten_tasks, NULL);
}

START_TEST(loops_of_several_threads_have_nothing_in_common)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_ten_tasks, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *sum;

        ck_assert_int_eq(pthread_join(threads[i], &sum), 0);
        ck_assert_int_eq((intptr_t)sum, 10000);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, blocking_loop_sleeps_and_yields_without_libev);
    tcase_add_test(tc, thread_of_a_blocking_loop_sleeps_and_awaits_beside_its_tasks);
    tcase_add_test(tc, interrupt_of_a_blocking_loop_ends_a_sleep_in_the_kernel);
    tcase_add_test(tc, interrupt_of_a_blocking_loop_cancels_its_tasks_and_the_waits_of_its_thread);
    tcase_add_test(tc, blocking_loop_shows_the_label_of_its_thread_in_the_beat_slot);
    tcase_add_test(tc, loops_of_several_threads_have_nothing_in_common);
}

int main(void)
{
    return run_suite("blocking_loop", add);
}
