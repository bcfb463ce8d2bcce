/* SPDX-License-Identifier: MIT */
/*
 * census.h - every loop of the process and the thread that runs it, and a signal to ask that thread
 * what it does, whether its task lets go of it or not.
 *
 * A probe runs in a signal handler on the loop's own thread, so it sees that loop at rest, in the
 * middle of whatever the thread did: it may read all of it, and must be async-signal-safe.
 */
#ifndef COPPICE_CENSUS_H
#define COPPICE_CENSUS_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/list.h"

struct cop_loop;

/* A loop's entry, inside it. */
struct census_entry {
    struct list node;
    pthread_t thread;
    pid_t tid;
    uintptr_t stack_high; /* end of the thread's own stack */
};

/* What can be asked. */
enum census_probe { PROBE_RUNNING, PROBE_DUMP, PROBE_SAMPLE, PROBE_SLOW, PROBE_COUNT };

typedef void (*census_probe_fn)(struct cop_loop *loop, const void *context);

/* The loop of the calling thread begins and ceases to exist. census_leave returns when nobody looks
 * at the loop any more. */
void census_enter(struct cop_loop *loop);
void census_leave(struct cop_loop *loop);

/* Say which function answers a probe; context is the handler's ucontext_t. */
void census_answer(enum census_probe probe, census_probe_fn fn);

/* Ask a loop's thread. Between census_lock and census_unlock, or in a handler. */
int census_ask(const struct cop_loop *loop, enum census_probe probe);

/* The signal of all probes, for timers that sample; its value is the probe. */
int census_signal(void);

/* The loops cannot change in between. */
void census_lock(void);
void census_unlock(void);

/* The next loop after `loop`, the first after NULL; NULL at the end. Under the lock, or in the
 * handler of a process that dies. */
struct cop_loop *census_next(const struct cop_loop *loop);

#endif
