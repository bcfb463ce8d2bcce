/* SPDX-License-Identifier: MIT */
/*
 * worker.h - a worker's life, from the fork to its exit code.
 */
#ifndef COPPICE_WORKER_H
#define COPPICE_WORKER_H

#include "common/heritage.h"

/* Called in the child, with nothing of the master's but the heritage. Returns 0 after a drain,
 * EXIT_CANNOT_START when it makes no sense to try again, 1 otherwise. */
int worker_main(const struct heritage *heritage);

#endif
