/* SPDX-License-Identifier: MIT */
/*
 * heritage.h - all that a worker takes with it from its master's fork.
 *
 * When worker_main begins, whatever else was open is closed but 0, 1, 2 and the log's file; signals
 * are at their defaults and unblocked, except that INT, HUP (the terminal sends them to everybody)
 * and PIPE are ignored; TERM comes when the master dies.
 */
#ifndef COPPICE_HERITAGE_H
#define COPPICE_HERITAGE_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/beat.h"
#include "common/config.h"
#include "common/metrics.h"

/* What the kernel sends a worker when its master has died. */
#define HERITAGE_ORPHAN_SIGNAL SIGPWR

struct heritage_socket {
    int fd;
    const struct cop_address *address;
};

struct heritage {
    const struct config *config;
    const struct config_pool *pool;
    unsigned slot; /* which worker of the pool */
    uint32_t generation;
    pid_t master;
    int report_fd;            /* write end of the report pipe, O_NONBLOCK */
    int order_fd;             /* the worker's end of the order channel */
    struct beat *beats;       /* pool->threads of them */
    struct metrics **metrics; /* likewise, in shared memory: each loop counts in its own */
    const struct heritage_socket
        *sockets; /* listening; none for a pool that only works (coppice load) */
    size_t nsockets;
};

/* A worker's whole life, called in the child. Returns its exit code. */
typedef int (*worker_main_fn)(const struct heritage *heritage);

#endif
