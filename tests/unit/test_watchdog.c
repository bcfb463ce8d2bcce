/* SPDX-License-Identifier: MIT */
#include "worker/task/watchdog.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/beat.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/said.h"
#include "tests/unit/suite.h"
#include "worker/task/sched.h"

#define LIMIT_NS (20 * NS_PER_MS)
#define LONG_NS  (30 * NS_PER_S)

static char path[32];
static int log_file;
static struct watchdog *watchdog;
static struct beat *beat;

static void setup(void)
{
    strcpy(path, "/tmp/test_watchdog.XXXXXX");
    log_file = mkstemp(path);
    ck_assert_int_ge(log_file, 0);
    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    beat = beat_new(1);
    ck_assert_ptr_nonnull(beat);
    ck_assert_int_eq(watchdog_start(&watchdog, LIMIT_NS, "test"), 0);
}

static void teardown(void)
{
    watchdog_stop(watchdog);
    beat_free(beat, 1);
    unlink(path);
    close(log_file);
}

static const char *logged(void)
{
    static char text[SAID_MAX];
    ssize_t n = pread(log_file, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = 0;
    return text;
}

/* The log is looked at by the culprit itself: it holds its loop until it has been told of. */
static __attribute__((noinline)) void culprit(void)
{
    int64_t end = clock_now() + LONG_NS;

    while (!strstr(logged(), " holds its loop for ") && clock_now() < end)
        ;
}

static int hold(void *arg)
{
    cop_task_set_label(cop_current_task(), "GET /slow\n", 10);
    culprit();
    loop_stop(loop_here);
    return 0;
}

static void run_in_loop(cop_fn fn)
{
    struct cop_loop *loop =
        loop_new(&(struct loop_options){.stack_size = STACK_SIZE_DEFAULT, .beat = beat});

    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(loop_spawn(loop, fn, NULL), 0);
    ck_assert_int_eq(loop_run(loop), 0);
}

START_TEST(task_that_holds_its_loop_is_named_with_its_stack)
{
    struct beat_view view;

    run_in_loop(hold);
    assert_says(logged(), "app test: task 1 \"GET /slow?\" holds its loop for ");
    assert_says(logged(), "culprit < hold");
    ck_assert_int_eq(beat_read(beat, &view), 0);
    ck_assert_uint_eq(view.task, 1);
    ck_assert_int_ne(view.task_since_ns, 0);
    ck_assert_str_eq(view.label, "GET /slow\n");
    ck_assert_uint_eq(metric_get(loop_here->metrics, METRIC_slow_tasks), 1);
    loop_free(loop_here);
}
END_TEST

static int hold_on(void *arg)
{
    int64_t end;

    culprit();
    end = clock_now() + 10 * LIMIT_NS;
    while (clock_now() < end)
        ;
    loop_stop(loop_here);
    return 0;
}

START_TEST(incident_is_told_once)
{
    run_in_loop(hold_on);
    ck_assert_uint_eq(said_count(logged(), " holds its loop for "), 1);
    ck_assert_uint_eq(metric_get(loop_here->metrics, METRIC_slow_tasks), 1);
    loop_free(loop_here);
}
END_TEST

static int hold_twice(void *arg)
{
    culprit();
    (void)cop_yield();
    (void)cop_sleep(1);
    while (metric_get(loop_here->metrics, METRIC_slow_tasks) < 2)
        ;
    loop_stop(loop_here);
    return 0;
}

START_TEST(each_incident_is_told)
{
    run_in_loop(hold_twice);
    loop_free(loop_here);
}
END_TEST

#ifndef SANITIZE_THREAD /* it holds signals back until such a call has returned */

static __attribute__((noinline)) void sleep_in_kernel(void)
{
    struct timespec left = {.tv_sec = 30};

    /* The signal ends it. */
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &left, NULL);
    __asm__ volatile("" ::: "memory");
}

static int block(void *arg)
{
    sleep_in_kernel();
    culprit();
    loop_stop(loop_here);
    return 0;
}

START_TEST(caller_of_a_blocking_call_is_named)
{
    run_in_loop(block);
    assert_says(logged(), "sleep_in_kernel < block");
    loop_free(loop_here);
}
END_TEST

#endif

/* A machine with other work may hold a turn up. */
static bool is_disturbed;

static void take_short_turn(void)
{
    int64_t began = clock_now();

    while (clock_now() - began < LIMIT_NS / 20)
        ;
    (void)cop_yield();
    is_disturbed |= clock_now() - began > LIMIT_NS / 2;
}

static int short_turns(void *arg)
{
    int64_t end = clock_now() + 10 * LIMIT_NS;

    while (clock_now() < end)
        take_short_turn();
    (void)cop_sleep(5 * LIMIT_NS);
    loop_stop(loop_here);
    return 0;
}

/* Returns whether nothing else held it up; then nothing may be told. */
static bool run_undisturbed(void)
{
    ck_assert_int_eq(ftruncate(log_file, 0), 0);
    is_disturbed = false;
    run_in_loop(short_turns);
    loop_free(loop_here);
    ck_assert_msg(is_disturbed || !*logged(), "it was told: %s", logged());
    return !is_disturbed;
}

START_TEST(many_short_turns_and_long_sleeps_are_nobodys_fault)
{
    int tries = 0;

    while (!run_undisturbed() && ++tries < 20)
        ;
    if (tries == 20)
        printf("not judged: the machine held up each of %d runs\n", tries);
}
END_TEST

START_TEST(sleeping_watchdog_wakes_up_for_work)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.stack_size = STACK_SIZE_DEFAULT});

    ck_assert_ptr_nonnull(loop);
    while (atomic_load(&watchdog_sleeps) == 0)
        (void)sched_yield();
    ck_assert_int_eq(loop_spawn(loop, hold, NULL), 0);
    ck_assert_int_eq(loop_run(loop), 0);
    loop_free(loop);
}
END_TEST

/* Whether it has a name, and no more descriptors than one. */
static bool is_watchdog_alone(const char *thread)
{
    char at[64], name[16] = "";
    unsigned open_files = 0;
    struct dirent *entry;
    FILE *comm;
    DIR *fds;

    snprintf(at, sizeof(at), "/proc/self/task/%.16s/comm", thread);
    comm = fopen(at, "re");
    if (!comm)
        return false;
    (void)fgets(name, sizeof(name), comm);
    fclose(comm);
    snprintf(at, sizeof(at), "/proc/self/task/%.16s/fd", thread);
    fds = opendir(at);
    if (!fds)
        return false;
    while ((entry = readdir(fds)))
        open_files += entry->d_name[0] != '.';
    closedir(fds);
    return strcmp(name, "watchdog\n") == 0 && open_files == 1;
}

START_TEST(watchdog_has_no_descriptor_but_the_logs)
{
    bool seen = false;

#ifdef RUNNING_ON_VALGRIND
    if (RUNNING_ON_VALGRIND) /* it keeps descriptors of its own */
        return;
#endif
    if (close_range(2, 1, 0) < 0 && errno == ENOSYS)
        return;
    while (!seen) {
        DIR *threads = opendir("/proc/self/task");
        struct dirent *entry;

        ck_assert_ptr_nonnull(threads);
        while ((entry = readdir(threads)))
            seen |= is_watchdog_alone(entry->d_name);
        closedir(threads);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, task_that_holds_its_loop_is_named_with_its_stack);
    tcase_add_test(tc, incident_is_told_once);
    tcase_add_test(tc, each_incident_is_told);
#ifndef SANITIZE_THREAD
    tcase_add_test(tc, caller_of_a_blocking_call_is_named);
#endif
    tcase_add_test(tc, many_short_turns_and_long_sleeps_are_nobodys_fault);
    tcase_add_test(tc, sleeping_watchdog_wakes_up_for_work);
    tcase_add_test(tc, watchdog_has_no_descriptor_but_the_logs);
}

int main(void)
{
    return run_suite("watchdog", add);
}
