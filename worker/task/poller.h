/* SPDX-License-Identifier: MIT */
/*
 * poller.h - libev inside a loop; only loop.c and io.c look in here.
 */
#ifndef COPPICE_POLLER_H
#define COPPICE_POLLER_H

#include <ev.h>
#include <stdatomic.h>
#include <stdint.h>

struct loop;
struct loop_message;

struct poller {
    struct ev_loop *ev;
    ev_timer timer; /* the first deadline of the heap */
    int64_t armed_ns;
    int64_t trimmed_ns;
    ev_async async; /* loop_post; always active, so that a poll without descriptors waits too */
    struct loop_message *_Atomic messages; /* newest first */
    atomic_uint posting;                   /* threads inside loop_post */
};

/* The loop's poller, made now if the loop has none yet. */
struct poller *poller_of(struct loop *loop);

#endif
