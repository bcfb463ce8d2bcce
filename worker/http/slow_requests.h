/* SPDX-License-Identifier: MIT */
/*
 * slow_requests.h - a line in the log for each request that is in flight for too long, with the
 * place where its task waits.
 *
 * Nothing is done for a request that is not slow: a timer looks through the tasks, which stand in
 * the order of their age, four times in each limit and at least four times a second; so a request
 * that goes on for less than that beyond the limit may be missed. One line for each request, but
 * those that wait at one place are told together, and of more than ten places a second the rest
 * is only counted.
 *
 * Threads of a blocking model are looked at from the main thread, through a signal: a slow system
 * call of the app's own that a signal interrupts returns EINTR. A task that holds its loop keeps
 * the timer from running: that is what the watchdog (watchdog.h) is for.
 */
#ifndef COPPICE_SLOW_REQUESTS_H
#define COPPICE_SLOW_REQUESTS_H

#include "common/config.h"

struct cop_loop;
struct slow_requests;

/* Watch the requests of this loop, whose tasks have them; pool->slow_request is not 0. NULL: no
 * memory. */
struct slow_requests *slow_requests_start(struct cop_loop *loop, const struct config_pool *pool);

/* Watch those of every blocking loop of the process, from this loop. NULL: no memory. */
struct slow_requests *slow_requests_start_blocking(struct cop_loop *loop,
                                                   const struct config_pool *pool);

/* On the same thread; NULL is fine. */
void slow_requests_stop(struct slow_requests *slow);

#endif
