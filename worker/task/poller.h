/* SPDX-License-Identifier: MIT */
/*
 * poller.h - libev inside a loop; only loop.c and io.c look in here.
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

/* The loop's poller, which must exist: a blocking loop has one from loop_prepare on. */
struct poller *poller_of(struct cop_loop *loop);

#endif
