/* SPDX-License-Identifier: MIT */
/*
 * reload.h - reads the configuration anew and has another generation take over, or keeps the one
 * that serves.
 *
 * A reload loads the file into a new object, binds the addresses that are new, forks a generation,
 * and waits until all of it is ready. Whatever fails on the way leaves everything as it was. There
 * is one reload at a time; requests that come meanwhile together become one more.
 */
#ifndef COPPICE_RELOAD_H
#define COPPICE_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/jsondoc.h"
#include "master/master.h"
#include "master/pool.h"

/* How a reload went. */
struct reload_verdict {
    bool is_ok;
    uint32_t generation; /* that serves since */
    time_t time;
    int64_t took_ns;
    char why[64];             /* it was asked for */
    char text[POOL_TEXT_MAX]; /* the reason of a failure */
    struct jsondoc *changes;  /* of a success: as command_reload.c declares it; NULL: no memory */
};

/* Returns 0 or -ENOMEM. */
int reload_open(struct master *master);

/* NULL (never opened) is fine. */
void reload_close(struct master *master);

/* Reload as soon as possible; why is copied, and ends in the log with the verdict. Never waits,
 * and may be called from anywhere in the master. Returns the ticket to ask with for the verdict. */
uint64_t reload_request(struct master *master, const char *why);

/* The verdict on a request, to be used before the loop goes on; NULL: it is not decided. */
const struct reload_verdict *reload_verdict(const struct master *master, uint64_t ticket);

/* The last verdict; NULL: there was no reload. */
const struct reload_verdict *reload_last(const struct master *master);

/* Is there one under way? */
bool reload_is_busy(const struct master *master);

/* Something happened to the workers: see whether that decides. */
void reload_check(struct master *master);

/* The server stops: what starts may not. */
void reload_cancel(struct master *master);

#endif
