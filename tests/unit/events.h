/* SPDX-License-Identifier: MIT */
/*
 * events.h - what happened, as numbers in order; for tests of tasks.
 */
#ifndef COPPICE_EVENTS_H
#define COPPICE_EVENTS_H

#include <check.h>
#include <errno.h>

#include "worker/task/task.h"

static int events[64];
static size_t nevents;

static inline void note(int event)
{
    ck_assert_uint_lt(nevents, 64);
    events[nevents++] = event;
}

static inline void assert_events(const int *expected, size_t n)
{
    ck_assert_uint_eq(nevents, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(events[i], expected[i]);
}

#define ASSERT_EVENTS(...)                               \
    do {                                                 \
        static const int list[] = {__VA_ARGS__};         \
        assert_events(list, sizeof(list) / sizeof(int)); \
    } while (0)

static inline struct cop_task *create(cop_fn fn, void *arg)
{
    struct cop_task *task = cop_create_task(fn, arg);

    ck_assert_ptr_nonnull(task);
    return task;
}

static inline int number(void *arg)
{
    note(*(int *)arg);
    return *(int *)arg;
}

static int numbers[] __attribute__((unused)) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static inline int wait_thrice(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert(cop_cancelled());
    ck_assert_int_eq(cop_yield(), -ECANCELED);
    ck_assert_int_eq(cop_sleep(COP_MS), -ECANCELED);
    note(1);
    return 3;
}

static inline int sleep_for_ever(void *arg)
{
    note(8);
    return cop_sleep(COP_NEVER);
}

#endif
