/* SPDX-License-Identifier: MIT */
/*
 * in_loop.h - tests that run as the first task of a loop, and what they share.
 *
 *     LOOP_TEST(lock_is_free_again_after_release)
 *     {
 *         ...
 *         return 0;
 *     }
 */
#ifndef COPPICE_IN_LOOP_H
#define COPPICE_IN_LOOP_H

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/unit/emulated.h"
#include "tests/unit/suite.h"
#include "worker/coppice.h"
#include "worker/task/sanitize.h"

#define LOOP_TEST(name)                                     \
    static int name##_in_loop(void *unused);                \
    START_TEST(name)                                        \
    {                                                       \
        ck_assert_int_eq(cop_run(name##_in_loop, NULL), 0); \
    }                                                       \
    END_TEST                                                \
    static int name##_in_loop(void *unused)

/* What happened, a letter each. */
static char trace[128];

static inline void note(char what)
{
    size_t len = strlen(trace);

    ck_assert_uint_lt(len + 1, sizeof(trace));
    trace[len] = what;
}

/* 'a', 'b', ... as the argument of a task that notes it. */
static inline void *letter(int i)
{
    static char letters[] = "abcdefgh";

    return &letters[i];
}

/* Until every task that can run has come to its next wait. */
static inline void let_others_run(void)
{
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(cop_yield(), 0);
}

/* Start a task that must exist. */
static inline struct cop_task *start(cop_fn fn, void *arg)
{
    struct cop_task *task = cop_create_task(fn, arg);

    ck_assert_ptr_nonnull(task);
    return task;
}

/* From now on the kernel gives no more memory. False where the tools that watch the test need it.
 */
static inline bool stop_memory(const char *test)
{
    struct rlimit limit = {.rlim_cur = 1, .rlim_max = 1};

#ifdef RUNNING_ON_VALGRIND
    if (RUNNING_ON_VALGRIND)
        return false;
#endif
    return !SANITIZED && !emulator_lacks(NO_ADDRESS_SPACE_LIMIT, test) &&
           setrlimit(RLIMIT_AS, &limit) == 0;
}

static inline int park_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

/* Leave stacks for n tasks and not one more. False where memory cannot be stopped. */
#define leave_stacks_for(n) leave_stacks(n, __func__)

static inline bool leave_stacks(int n, const char *test)
{
    struct cop_task *task, *kept[8] = {NULL};
    int nkept = 0;

    if (!stop_memory(test))
        return false;
    while ((task = cop_create_task(park_for_ever, NULL))) {
        if (nkept < n)
            kept[nkept++] = task;
        else
            cop_detach(task);
    }
    ck_assert_int_eq(nkept, n);
    while (nkept > 0)
        ck_assert_int_eq(cop_cancel_and_wait(kept[--nkept]), -ECANCELED);
    return true;
}

#endif
