/* SPDX-License-Identifier: MIT */
/*
 * local.h - values that belong to a task and are inherited by the tasks that it starts.
 *
 *     static const struct cop_key request_id = {"request id"};
 *     rc = cop_local_set(&request_id, id);      seen by this task and by those it starts from now
 * on
 *
 * A child sees what its parent had set at the time of the spawn; what either sets later, the other
 * does not see. The values are the caller's: nothing frees them.
 */
#ifndef COPPICE_LOCAL_H
#define COPPICE_LOCAL_H

#include "worker/task/task.h"

struct locals;

/* A key is its address. */
struct cop_key {
    const char *name; /* for people */
};

/* Set the running task's value; NULL takes it away. Does not wait. Returns 0, -EINVAL without a
 * key, or -ENOMEM with nothing changed. */
COP_PUBLIC COP_MUST int cop_local_set(const struct cop_key *key, void *value);

/* The running task's value, or NULL. */
COP_PUBLIC void *cop_local_get(const struct cop_key *key);

/* For extras: a child's share of its parent's values, and the end of it, which takes NULL. */
struct locals *locals_share(struct locals *locals);
void locals_drop(struct locals *locals);

#endif
