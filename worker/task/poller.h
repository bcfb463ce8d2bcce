/* SPDX-License-Identifier: MIT */
/*
 * poller.h - libev inside a loop, and the way in for other threads; for loop.c and io.c.
 */
#ifndef COPPICE_POLLER_H
#define COPPICE_POLLER_H

#include <ev.h>
#include <stdatomic.h>
#include <stdint.h>

struct cop_loop;
struct loop_message;

struct poller {
    struct ev_loop *ev;
    ev_timer timer; /* the first deadline of the heap */
    int64_t armed_ns;
    int64_t trimmed_ns;
    ev_io wake;  /* loop_post; always active, so that a poll without descriptors waits too */
    int wake_fd; /* an eventfd; libev's own way ends the process when there is none */
    struct loop_message *_Atomic messages; /* newest first */
    atomic_uint posting;                   /* threads inside loop_post */
};

/* NULL: no memory or descriptors. */
struct poller *poller_new(struct cop_loop *loop);

/* Takes the messages that are left first; NULL is fine. */
void poller_free(struct poller *poller);

/* Have libev wake up for the first deadline, or earlier. COP_NEVER: there is none. */
void poller_arm(struct poller *poller, int64_t first);

/* See loop_post. From any thread, as long as the poller is there. */
void poller_post(struct poller *poller, struct loop_message *message);

/* The loop's poller, which must exist: a blocking loop has one from loop_prepare on. */
struct poller *poller_of(struct cop_loop *loop);

#endif
