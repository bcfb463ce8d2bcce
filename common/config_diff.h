/* SPDX-License-Identifier: MIT */
/*
 * config_diff.h - what is different between two configurations.
 *
 * Derived from the table of keys, so a new key is compared from the day it is there.
 */
#ifndef COPPICE_CONFIG_DIFF_H
#define COPPICE_CONFIG_DIFF_H

#include "common/config.h"

enum config_diff_kind {
    CONFIG_POOL_ADDED,
    CONFIG_POOL_REMOVED,
    CONFIG_KEY_CHANGED, /* of a section, or of a pool that both have */
};

/* Valid during the call only. */
struct config_difference {
    enum config_diff_kind kind;
    const char *name; /* the pool's, or "log.level", "pools.web.workers" */
    /* Both as YAML; NULL: not for everybody's eyes (options of an app may hold a password). */
    const char *before;
    const char *after;
};

typedef void (*config_diff_fn)(const struct config_difference *difference, void *arg);

/* Call fn for each difference, in the order of the table. Returns 0, or -ENOMEM with the rest left
 * out. */
int config_diff(const struct config *before, const struct config *after, config_diff_fn fn,
                void *arg);

#endif
