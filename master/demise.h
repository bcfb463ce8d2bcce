/* SPDX-License-Identifier: MIT */
/*
 * demise.h - a worker has died: how to say it, and what becomes of its slot.
 */
#ifndef COPPICE_DEMISE_H
#define COPPICE_DEMISE_H

#include "master/master.h"
#include "master/pool.h"

/* "died of SIGKILL (...)" from waitpid's status, into text[0 .. size). */
void demise_print(const struct worker *worker, int status, char *text, size_t size);

/* The worker held its slot until it died, and slot->last says how: vacate the slot, and let it try
 * again later, park it, call it done, or stop the master. */
void demise_settle(struct worker *worker, struct slot *slot, int status);

#endif
