/* SPDX-License-Identifier: MIT */
/*
 * sockets.h - a pool's listening sockets: bound once by the master and held by it until it stops.
 *
 * Usually one per address, which all workers of the pool share. With reuse_port one per address and
 * slot: a slot's next worker gets the same sockets, and because the kernel hands connections to
 * every socket that is open, a slot that once had some must keep a worker: such a pool grows, but
 * does not shrink.
 */
#ifndef COPPICE_SOCKETS_H
#define COPPICE_SOCKETS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/heritage.h"

struct listener {
    struct cop_address address; /* as bound: a port 0 has become a real one */
    int fd;                     /* -1: closed */
    dev_t device; /* of a UNIX socket's file, which goes with the listener; 0: no file */
    ino_t inode;
};

struct sockets {
    const struct config_pool *pool;
    struct listener *listeners; /* nsets times pool->nlisten */
    size_t nsets;               /* 1, or with reuse_port one per slot */
};

/* Bind and listen for `slots` workers. Returns 0 or -errno with "ADDRESS: reason" in error[0 ..
 * size) and nothing left open. */
int sockets_open(struct sockets *sockets, const struct config_pool *pool, unsigned slots,
                 char *error, size_t size);

/* With reuse_port: bind for more slots, on the same addresses. Returns as sockets_open, on failure
 * with what was there kept. */
int sockets_grow(struct sockets *sockets, unsigned slots, char *error, size_t size);

/* Close all, and remove the files of UNIX sockets that are still ours. Idempotent. */
void sockets_close(struct sockets *sockets);

/* Close all, and free what sockets_open allocated. */
void sockets_fini(struct sockets *sockets);

/* The sockets that a slot's worker serves: fills list[pool->nlisten] and returns how many. */
size_t sockets_of_slot(const struct sockets *sockets, unsigned slot, struct heritage_socket *list);

/* The listener of an address, first set; never NULL for index < pool->nlisten. */
const struct listener *sockets_at(const struct sockets *sockets, size_t index);

/* Connections that wait to be accepted, over all TCP listeners, and how many may (TCP_INFO).
 * Returns 0, or -ENOENT when there is no TCP listener open. */
int sockets_queue(const struct sockets *sockets, uint64_t *depth, uint64_t *limit);

/* Bind a UNIX stream socket, in the place of one that nobody serves any more, with the given mode,
 * and listen. Returns 0 with *listener open (CLOEXEC, O_NONBLOCK), or -errno with a reason in
 * error[0 .. size). */
int sockets_open_unix(struct listener *listener, const struct cop_address *address, unsigned mode,
                      int backlog, char *error, size_t size);

/* Close one listener, and remove its file if it is still ours. Idempotent. */
void sockets_close_one(struct listener *listener);

#endif
