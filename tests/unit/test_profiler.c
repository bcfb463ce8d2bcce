/* SPDX-License-Identifier: MIT */
#include "worker/task/profiler.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "tests/unit/said.h"
#include "tests/unit/suite.h"
#include "worker/task/debug.h"
#include "worker/task/sched.h"

/* 20 samples' worth of processor time. */
static __attribute__((noinline)) void known_burner(void)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * NS_PER_S + now.tv_nsec - begin.tv_nsec < NS_PER_S / 5);
}

static int burn(void *arg)
{
    known_burner();
    (void)cop_yield();
    return 0;
}

/* Each line is "frames joined by ; and a number"; returns the sum of the lines with `word`. */
static int parse(const char *text, const char *word, int *total)
{
    int with_word = 0;

    *total = 0;
    while (*text) {
        const char *end = strchr(text, '\n'), *space = end, *found = strstr(text, word);
        int n;

        ck_assert_ptr_nonnull(end);
        while (space > text && *space != ' ')
            space--;
        ck_assert_ptr_ne(space, text);
        n = atoi(space + 1);
        ck_assert_int_gt(n, 0);
        *total += n;
        with_word += found && found < space ? n : 0;
        text = end + 1;
    }
    return with_word;
}

static int profile_burner(void *arg)
{
    int fd = said_open(), total, burnt, rc;

    ck_assert_int_eq(cop_profile_start(COP_PROFILE_CPU), 0);
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_CPU), -EBUSY);
    ck_assert_int_eq(cop_await(cop_create_task(burn, NULL)), 0);
    rc = cop_profile_stop(fd);
    ck_assert_int_gt(rc, 0);
    burnt = parse(said_read(fd), "burn;known_burner", &total);
    ck_assert_int_eq(total, rc);
    ck_assert_int_gt(burnt, total / 2);
    ck_assert_int_eq(cop_profile_stop(1), -EINVAL);
    return 0;
}

START_TEST(cpu_profile_names_the_burner)
{
    ck_assert_int_eq(cop_run(profile_burner, NULL), 0);
}
END_TEST

static int sleep_long(void *arg)
{
    int rc = cop_sleep(COP_S * 1000);

    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static int profile_waits(void *arg)
{
    struct cop_task *one = cop_create_task(sleep_long, NULL), *two = cop_create_task(burn, NULL);
    int fd = said_open(), total, waited, rc;

    ck_assert(one && two);
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_WAIT), 0);
    ck_assert_int_eq(cop_sleep(350 * COP_MS), 0);
    rc = cop_profile_stop(fd);
    waited = parse(said_read(fd), "sleep_long", &total);
    ck_assert_int_eq(total, rc);
    ck_assert_int_gt(waited, 0);
    ck_assert_int_lt(waited, total);
    ck_assert_int_eq(cop_await(two), 0);
    return cop_cancel_and_wait(one) == -ECANCELED ? 0 : -1;
}

/* Two places in one function. */
static __attribute__((noinline)) int sleep_here_or_there(void *arg)
{
    int rc;

    if (arg) {
        rc = cop_sleep(COP_S * 1000);
        __asm__ volatile("# here" : "+r"(rc));
    } else {
        rc = cop_sleep(COP_S * 1000);
        __asm__ volatile("# there" : "+r"(rc));
    }
    return rc;
}

static int profile_two_places(void *arg)
{
    struct cop_task *here = cop_create_task(sleep_here_or_there, &here),
                    *there = cop_create_task(sleep_here_or_there, NULL);
    int fd = said_open(), total;
    const char *text, *line;

    ck_assert(here && there);
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_WAIT), 0);
    ck_assert_int_eq(cop_sleep(250 * COP_MS), 0);
    ck_assert_int_gt(cop_profile_stop(fd), 0);
    text = said_read(fd);
    /* Each sample has both. */
    ck_assert_int_ge(parse(text, "sleep_here_or_there", &total), 2);
    line = strstr(text, "sleep_here_or_there");
    ck_assert_ptr_null(strstr(line + 1, "sleep_here_or_there"));
    ck_assert_int_eq(cop_cancel_and_wait(here), -ECANCELED);
    return cop_cancel_and_wait(there) == -ECANCELED ? 0 : -1;
}

START_TEST(stacks_with_the_same_functions_are_one_line)
{
    ck_assert_int_eq(cop_run(profile_two_places, NULL), 0);
}
END_TEST

START_TEST(wait_profile_names_who_waits_for_what)
{
    ck_assert_int_eq(cop_run(profile_waits, NULL), 0);
}
END_TEST

static int profile_twice(void *arg)
{
    int fd = said_open(), total;

    ck_assert_int_eq(cop_profile_start(COP_PROFILE_CPU), 0);
    known_burner();
    ck_assert_int_gt(cop_profile_stop(fd), 0);
    (void)said_read(fd);
    fd = said_open();
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_CPU), 0);
    ck_assert_int_lt(cop_profile_stop(fd), 5);
    ck_assert_int_lt(parse(said_read(fd), "known_burner", &total), 5);
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_WAIT), 0);
    return 0;
}

START_TEST(new_profile_begins_empty_and_the_last_may_be_left_running)
{
    ck_assert_int_eq(cop_run(profile_twice, NULL), 0);
}
END_TEST

START_TEST(profile_needs_a_loop_and_a_kind)
{
    ck_assert_int_eq(cop_profile_start(COP_PROFILE_CPU), -EINVAL);
    ck_assert_int_eq(cop_profile_stop(1), -EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, cpu_profile_names_the_burner);
    tcase_add_test(tc, wait_profile_names_who_waits_for_what);
    tcase_add_test(tc, stacks_with_the_same_functions_are_one_line);
    tcase_add_test(tc, new_profile_begins_empty_and_the_last_may_be_left_running);
    tcase_add_test(tc, profile_needs_a_loop_and_a_kind);
}

int main(void)
{
    return run_suite("profiler", add);
}
