/* SPDX-License-Identifier: MIT */
/*
 * watchdog.h - one thread of the process notices a task that holds its loop too long, and says who
 * and where.
 *
 * A loop moves its `turn` at each switch. When a turn in which a task runs lasts longer than the
 * limit, the watchdog signals the thread; the handler there takes the running stack, and shows the
 * task in the loop's beat slot, of which that thread is the only writer. One line in the log for
 * each incident. While every loop is idle the watchdog sleeps, and the first that has work again
 * stirs it.
 */
#ifndef COPPICE_WATCHDOG_H
#define COPPICE_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/task/backtrace.h"

#define WATCHDOG_LABEL_MAX 64

struct watchdog;

/* What the watchdog keeps of one loop, inside it. */
struct watch {
    uint64_t turn;
    int64_t since_ns; /* when it was first seen */
    int64_t cpu_ns;   /* of the thread, then */
    bool is_told;
    _Atomic uint64_t asked_turn; /* what the handler is asked about, which may come late */
    _Atomic int64_t asked_since_ns;
    _Atomic uint32_t asked;
    _Atomic uint32_t answered; /* equal to asked: the handler has written what follows */
    uint64_t task;
    uint32_t label_len;
    char label[WATCHDOG_LABEL_MAX];
    struct backtrace running;
};

/* Watch every loop of the process, now and later; slow_ns is the limit. `app` ends in the log
 * lines, and lives until watchdog_stop. It logs to where the log goes now: when that is opened
 * anew, start it again. Returns 0, -EBUSY when one runs in this process already, or -errno of
 * pthread_create. */
int watchdog_start(struct watchdog **watchdog, int64_t slow_ns, const char *app);

/* Waits for its thread. NULL is fine. */
void watchdog_stop(struct watchdog *watchdog);

/* Not 0: the watchdog sleeps. */
extern _Atomic uint32_t watchdog_sleeps;

void watchdog_wake(void);

/* A loop has work. */
static inline void watchdog_stir(void)
{
    if (__builtin_expect(atomic_load_explicit(&watchdog_sleeps, memory_order_relaxed) != 0, 0))
        watchdog_wake();
}

#endif
