/* SPDX-License-Identifier: MIT */
/*
 * pool.h - the master's picture of a pool: slots, the workers in them, sockets and what was
 * counted.
 *
 * A slot is a place for a worker, from 0 to wanted - 1; it remembers failures and when to try
 * again. A worker is a process; it holds its slot until it is told to leave or dies, so that a
 * successor may start while it drains. A pool belongs to one generation; what its workers counted
 * goes to a tally, which all generations' pools of that name share. The supervisor alone changes
 * slots and workers; the commands read them.
 */
#ifndef COPPICE_POOL_H
#define COPPICE_POOL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/beat.h"
#include "common/config.h"
#include "common/list.h"
#include "master/collector.h"
#include "master/sockets.h"

/* Room for the name of a worker, and for a sentence about it. */
#define POOL_NAME_MAX 96
#define POOL_TEXT_MAX 512

enum worker_state {
    WORKER_STARTING, /* forked, no READY yet */
    WORKER_READY,
    WORKER_DRAINING, /* asked to finish what it has and leave */
    WORKER_STOPPING, /* asked to leave now */
    WORKER_ABORTING, /* hung: sent ABRT, so that it says where */
    WORKER_KILLED,   /* sent KILL */
};

struct worker {
    struct list node; /* in master->workers */
    struct pool *pool;
    unsigned slot;
    uint32_t generation;
    pid_t pid;
    enum worker_state state;
    int64_t started_ns;
    int64_t ready_ns;    /* 0: not yet */
    int64_t deadline_ns; /* of the state; then the next harsher step follows */
    char why[64];        /* why we asked it to leave; "" when we did not */
    bool hang_warned;
    int report_fd;
    int order_fd;
    ev_io report_io;
    ev_io answer_io; /* the master's end of the order channel: inquiry.h */
    ev_child child;
    struct beat *beats;
    struct collected collected;
};

struct slot {
    struct worker *worker; /* NULL: none holds it now */
    int64_t retry_ns;      /* no new worker before */
    unsigned failures;     /* in a row */
    unsigned restarts;     /* since the master started */
    bool is_parked;        /* cannot start; not tried again */
    bool is_done;          /* its worker's work was finite and is finished (master_hooks.oneshot) */
    char last[POOL_TEXT_MAX]; /* how the slot's last worker ended; "" at first */
};

/* What the pools of one name have counted. */
struct tally {
    unsigned refs;           /* pools */
    struct metrics *retired; /* what dead workers counted */
    struct window window;
    uint64_t hangs;
    uint64_t crashes;
};

struct pool {
    struct master *master;
    struct generation *generation;
    const struct config_pool *config; /* the generation's */
    struct sockets sockets;
    unsigned wanted;
    struct slot *slots; /* nslots of them, at least wanted */
    unsigned nslots;
    bool is_last; /* of its addresses one has no other pool: what waits there is for its workers */
    struct tally *tally;
};

/* A pool without sockets or workers. tally: that of the pool of this name in an earlier generation;
 * NULL: there is none. NULL: no memory. */
struct pool *pool_new(struct generation *generation, const struct config_pool *config,
                      struct tally *tally);

/* No worker may be left. */
void pool_free(struct pool *pool);

/* Want another number of workers; makes slots. Returns 0 or -ENOMEM with the old number kept. */
int pool_set_wanted(struct pool *pool, unsigned wanted);

/* How many of the wanted slots have a ready worker. */
unsigned pool_ready(const struct pool *pool);

/* It has all that it wants. */
bool pool_is_complete(const struct pool *pool);

/* "web/3" into text[0 .. size); returns text. */
char *pool_print_worker(const struct worker *worker, char *text, size_t size);

const char *pool_state_name(enum worker_state state);

/* Does the worker count for the pool, of whatever generation it is? */
bool pool_counts(const struct pool *pool, const struct worker *worker);

/* Everything that pools of this name ever counted: retired and living. */
void pool_totals(const struct pool *pool, struct metrics *into);

/* Per second, over the living workers' last few reports. */
double pool_rate(const struct pool *pool, enum metric id, int64_t now_ns);

#endif
