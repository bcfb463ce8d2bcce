/* SPDX-License-Identifier: MIT */
/*
 * sockets.h - a pool's listening sockets: bound by the master and held by it as long as a
 * generation wants them.
 *
 * Usually one per address, which all workers of the pool share. With reuse_port one per address and
 * slot: a slot's next worker gets the same sockets, and because the kernel hands connections to
 * every socket that is open, a slot that once had some must keep a worker: such a pool grows, but
 * does not shrink. What a reload leaves without a slot of its own is dealt out to the others.
 *
 * What another generation has open is taken over (claim.h).
 */
#ifndef COPPICE_SOCKETS_H
#define COPPICE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/heritage.h"
#include "common/list.h"
#include "master/claim.h"

/* A worker serves at most so many. */
#define SOCKETS_PER_WORKER 64

struct sockets {
    struct claim claim;
    struct listener **listeners; /* nsets times pool->nlisten; NULL: shares that of the first set */
    size_t nsets;                /* 1, or with reuse_port at least one per slot */
    bool is_open;
};

/* Take from `open` what is there, bind and listen for the rest, for `slots` workers. claim is a
 * number that all pools of one generation have in common, and no other. Returns 0 or -errno with
 * "ADDRESS: reason" in error[0 .. size) and nothing left open that was not. */
int sockets_open(struct sockets *sockets, struct list *open, uint64_t claim,
                 const struct config_pool *pool, unsigned slots, char *error, size_t size);

/* With reuse_port: bind for more slots, on the same addresses. Returns as sockets_open, on failure
 * with what was there kept. */
int sockets_grow(struct sockets *sockets, unsigned slots, char *error, size_t size);

/* Give what was taken from another generation this pool's settings. */
void sockets_adjust(const struct sockets *sockets);

/* Does nobody else want one of them? */
bool sockets_are_last(const struct sockets *sockets);

/* Want them no more: what nobody else wants is closed, and the files of UNIX sockets that are still
 * ours are removed. Idempotent. */
void sockets_close(struct sockets *sockets);

/* The same, and free what sockets_open allocated. */
void sockets_fini(struct sockets *sockets);

/* The sockets that the worker of a slot out of `slots` serves: fills list[SOCKETS_PER_WORKER] and
 * returns how many. */
size_t sockets_of_slot(const struct sockets *sockets, unsigned slot, unsigned slots,
                       struct heritage_socket *list);

/* The listener of an address, first set; never NULL for index < pool->nlisten. */
const struct listener *sockets_at(const struct sockets *sockets, size_t index);

/* Connections that wait to be accepted, over all TCP listeners, and how many may (TCP_INFO).
 * Returns 0, or -ENOENT when there is no TCP listener open. */
int sockets_queue(const struct sockets *sockets, uint64_t *depth, uint64_t *limit);

#endif
