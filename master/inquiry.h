/* SPDX-License-Identifier: MIT */
/*
 * inquiry.h - one question to some workers, and what they answer before a deadline.
 *
 * The question goes down each worker's order channel with a number; the answers, which carry it,
 * come back there at any time. When the last one is here, the commands that wait are resumed at
 * once. A worker that hangs, dies or misses the question never holds the others up.
 */
#ifndef COPPICE_INQUIRY_H
#define COPPICE_INQUIRY_H

#include <stdbool.h>

#include "common/list.h"
#include "common/order.h"
#include "master/pool.h"

/* What a worker is given to answer. */
#define INQUIRY_PATIENCE_NS (1000 * NS_PER_MS)

struct inquiry_reply {
    /* of the worker, which may be gone by the time it matters, and its pool, too */
    char pool[POOL_NAME_MAX];
    unsigned slot;
    unsigned threads;
    bool is_blocking;
    pid_t pid;
    bool is_pending; /* at the deadline: it does not answer */
    int result;      /* the worker's own, or -errno of asking */
    char *text;      /* NULL: none */
    size_t len;
};

struct inquiry {
    struct list node; /* in master->inquiries */
    struct master *master;
    struct order order;
    int64_t deadline_ns;
    size_t n;
    struct inquiry_reply replies[];
};

/* Ask `only`, or with NULL every worker that is ready or drains; order->number is set here. Freed
 * by command_call_fini when it stands in call->inquiry. NULL: no memory. */
struct inquiry *inquiry_new(struct master *master, struct order *order, struct worker *only,
                            int64_t patience_ns);
void inquiry_free(struct inquiry *inquiry);

/* Is it still worth waiting? */
bool inquiry_is_open(const struct inquiry *inquiry);

/* Who replied, if it still lives; NULL otherwise. */
struct worker *inquiry_worker(const struct inquiry *inquiry, const struct inquiry_reply *reply);

/* Has the worker's only loop, on which it reads questions, had no beat for longer than a worker is
 * given to answer? Then text[0 .. size) says in one sentence what its slot knows, and to ask is no
 * use. */
bool inquiry_is_vain(const struct worker *worker, char *text, size_t size);

/* Begin and end to read a worker's answers. */
void inquiry_attach(struct worker *worker);
void inquiry_detach(struct worker *worker);

#endif
