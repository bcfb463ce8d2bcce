/* SPDX-License-Identifier: MIT */
/*
 * local.c - one small table, shared by counting: a child holds its parent's, and who sets a value
 * in a table that others hold too takes a copy first. Where nothing is ever set there is no table.
 * Tables are short, so that looking a key up is a walk.
 */
#include "worker/task/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "worker/task/sched.h"

struct local {
    const struct cop_key *key;
    void *value;
};

struct locals {
    size_t holders;
    size_t n;
    size_t capacity;
    struct local entries[];
};

/* The table doubles from here. */
#define CAPACITY_MIN 4

struct locals *locals_share(struct locals *locals)
{
    locals->holders++;
    return locals;
}

void locals_drop(struct locals *locals)
{
    if (locals && --locals->holders == 0)
        free(locals);
}

static struct local *find(struct locals *locals, const struct cop_key *key)
{
    for (size_t i = 0; locals && i < locals->n; i++) {
        if (locals->entries[i].key == key)
            return &locals->entries[i];
    }
    return NULL;
}

/* A table that the task holds alone, with room for one more. NULL: no memory, nothing changed. */
static struct locals *own(struct cop_task *self)
{
    struct locals *old = self->extras.locals;
    size_t n = old ? old->n : 0;
    size_t capacity = old ? old->capacity : CAPACITY_MIN;
    struct locals *copy;

    if (old && old->holders == 1 && n < capacity)
        return old;
    if (n == capacity)
        capacity *= 2;
    copy = malloc(sizeof(*copy) + capacity * sizeof(copy->entries[0]));
    if (!copy)
        return NULL;
    copy->holders = 1;
    copy->n = n;
    copy->capacity = capacity;
    if (old)
        memcpy(copy->entries, old->entries, n * sizeof(old->entries[0]));
    locals_drop(old);
    self->extras.locals = copy;
    return copy;
}

int cop_local_set(const struct cop_key *key, void *value)
{
    struct cop_task *self = sched_current();
    struct locals *locals;
    struct local *local;

    if (!key)
        return -EINVAL;
    if (!value && !find(self->extras.locals, key))
        return 0;
    locals = own(self);
    if (!locals)
        return -ENOMEM;
    local = find(locals, key);
    if (!value)
        *local = locals->entries[--locals->n];
    else if (local)
        local->value = value;
    else
        locals->entries[locals->n++] = (struct local){.key = key, .value = value};
    return 0;
}

void *cop_local_get(const struct cop_key *key)
{
    struct local *local = find(sched_current()->extras.locals, key);

    return local ? local->value : NULL;
}
