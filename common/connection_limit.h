/* SPDX-License-Identifier: MIT */
/*
 * connection_limit.h - how many connections a loop may hold: `tasks`, as far as the process has
 * descriptors for them.
 */
#ifndef COPPICE_CONNECTION_LIMIT_H
#define COPPICE_CONNECTION_LIMIT_H

#include "common/config.h"

/* Of each loop of the pool, under this process's RLIMIT_NOFILE: an eighth of the descriptors and
 * some more stay for files, pipes and what else handlers open. At least 1. */
unsigned connection_limit(const struct config_pool *pool);

#endif
