/* SPDX-License-Identifier: MIT */
/*
 * clock.h - monotonic time, in nanoseconds, as int64_t everywhere.
 */
#ifndef COPPICE_CLOCK_H
#define COPPICE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Later than every deadline. */
#define CLOCK_NEVER INT64_MAX

/* CLOCK_MONOTONIC (clock_gettime(2)), about 20 ns through the vDSO. */
static inline int64_t clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* now + delay, without overflow: CLOCK_NEVER stays CLOCK_NEVER. */
static inline int64_t clock_add(int64_t now, int64_t delay)
{
    int64_t sum;

    return __builtin_add_overflow(now, delay, &sum) ? CLOCK_NEVER : sum;
}

/* A time-out as configured, where 0 stands for none. */
static inline int64_t clock_timeout(int64_t configured)
{
    return configured > 0 ? configured : CLOCK_NEVER;
}

#endif
