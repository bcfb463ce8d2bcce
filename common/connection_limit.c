/* SPDX-License-Identifier: MIT */
#include "common/connection_limit.h"

#include <sys/resource.h>

/* Listeners, the order channel, the report pipe, the log, a loop's own. */
#define OWN_FILES 16

unsigned connection_limit(const struct config_pool *pool)
{
    struct rlimit limit;
    rlim_t spare, room;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return pool->tasks;
    spare = limit.rlim_cur / 8 + OWN_FILES;
    room = limit.rlim_cur > spare ? (limit.rlim_cur - spare) / pool->threads : 0;
    if (room < 1)
        room = 1;
    return room < pool->tasks ? (unsigned)room : pool->tasks;
}
