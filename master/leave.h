/* SPDX-License-Identifier: MIT */
/*
 * leave.h - has a worker leave: asked, told, aborted or killed. None of these waits; its death
 * comes as an event. The first reason that is given counts, and is said when it is dead.
 */
#ifndef COPPICE_LEAVE_H
#define COPPICE_LEAVE_H

#include "master/pool.h"

/* Finish what it has, and leave; within drain_timeout. */
void leave_drain(struct worker *worker, const char *why);

/* Close everything, and leave; within kill_timeout. */
void leave_stop(struct worker *worker, const char *why);

/* It hangs: say where, and leave; within hang_grace. */
void leave_abort(struct worker *worker);

/* KILL. */
void leave_now(struct worker *worker, const char *why);

/* The deadline of its state is over: the next harsher step. Where it was to start, its generation
 * fails, if that starts, too. */
void leave_escalate(struct worker *worker);

#endif
