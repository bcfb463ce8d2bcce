/* SPDX-License-Identifier: MIT */
/*
 * claim.h - the open listeners of a master, in one list, and how they pass from one generation
 * to the next: the same address is the same descriptor, never closed and bound again.
 *
 * A listener has users, who want it open, and references of those who know it: it is closed when
 * the last user has gone, and freed with the last reference.
 */
#ifndef COPPICE_CLAIM_H
#define COPPICE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/list.h"
#include "master/bind.h"

/* Who wants listeners: a pool of a generation. */
struct claim {
    const struct config_pool *pool;
    struct list *open; /* every open listener of the master */
    uint64_t number;   /* all pools of one generation have it in common, and no other */
};

/* Bind `address` and listen, as the pool's; `asked` is what stands in the configuration, and may be
 * a port 0. Returns 0 with *opened used and referred to once, or -errno with "ADDRESS: reason" in
 * error[0 .. size). */
int claim_open(const struct claim *claim, const struct cop_address *asked,
               const struct cop_address *address, struct listener **opened, char *error,
               size_t size);

/* Is it open, not claimed by this number yet, and what the pool means by `asked`? */
bool claim_fits(const struct claim *claim, const struct cop_address *asked,
                const struct listener *listener);

/* The first that is; NULL: none. */
struct listener *claim_find(const struct claim *claim, const struct cop_address *asked);

/* One user and one reference more, with this claim. */
void claim_take(const struct claim *claim, struct listener *listener);

/* One user less. */
void claim_end(struct listener *listener);

/* One reference less. A user closes first. */
void claim_drop(struct listener *listener);

#endif
