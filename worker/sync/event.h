/* SPDX-License-Identifier: MIT */
/*
 * event.h - a flag that tasks wait for. Zeroed: not set.
 */
#ifndef COPPICE_EVENT_H
#define COPPICE_EVENT_H

#include "worker/sync/waiter.h"

struct cop_event {
    bool set;
    struct cop_waiters waiters;
};

/* Wait until it is set. Returns 0 or -ECANCELED. */
COP_PUBLIC COP_MUST int cop_event_wait(struct cop_event *event);

/* Set it: all that wait now go on, in order, even when it is cleared before they run. */
COP_PUBLIC void cop_event_set(struct cop_event *event);

COP_PUBLIC void cop_event_clear(struct cop_event *event);
COP_PUBLIC bool cop_event_is_set(const struct cop_event *event);

#endif
