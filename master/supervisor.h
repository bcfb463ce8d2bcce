/* SPDX-License-Identifier: MIT */
/*
 * supervisor.h - makes the workers that are what is wanted: the only place that starts and buries
 * them; with leave.h and hang.h, that asks them to leave.
 *
 * Whoever wants a change sets what is wanted (pool_set_wanted, master_stop) and calls
 * supervisor_maintain.
 */
#ifndef COPPICE_SUPERVISOR_H
#define COPPICE_SUPERVISOR_H

#include "common/order.h"
#include "master/master.h"
#include "master/pool.h"

/* Start what is missing and due, ask what is too much to leave, take the steps that are due, and
 * arm the timer for the next one. Breaks the loop when a stop is complete. Safe at any time but
 * inside itself. */
void supervisor_maintain(struct master *master);

/* Want `workers` in a pool from now on, and maintain. Returns 0, or -errno with the reason in
 * error[0 .. size) and nothing changed. */
int supervisor_scale(struct pool *pool, int64_t workers, char *error, size_t size);

/* Give an order to every worker of every pool; one whose channel is full misses it, which is
 * logged. */
void supervisor_order_all(struct master *master, enum order_type type, int64_t argument);

#endif
