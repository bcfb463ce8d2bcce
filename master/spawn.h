/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - fork a worker: its pipe, its order channel, its slot in shared memory, and nothing else
 * of ours.
 */
#ifndef COPPICE_SPAWN_H
#define COPPICE_SPAWN_H

#include "master/pool.h"

/* Fork a worker for a slot. Returns 0 with *worker (starting, its descriptors open, in no list and
 * with no watcher started) the caller's, or -errno with nothing left behind. In the child it does
 * not return. */
int spawn_worker(struct pool *pool, unsigned slot, struct worker **worker);

/* Free a worker that is dead and in no list. */
void spawn_free(struct worker *worker);

#endif
