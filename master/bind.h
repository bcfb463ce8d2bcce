/* SPDX-License-Identifier: MIT */
/*
 * bind.h - one listening socket: bind, listen, and close with what belongs to it.
 */
#ifndef COPPICE_BIND_H
#define COPPICE_BIND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/list.h"

struct listener {
    struct cop_address address; /* as bound: a port 0 has become a real one */
    int fd;                     /* -1: closed */
    dev_t device; /* of a UNIX socket's file, which goes with the listener; 0: no file */
    ino_t inode;
    /* What follows is of claim.c, which shares listeners between generations. */
    struct list node;         /* in the master's list of all */
    struct cop_address asked; /* as configured */
    char *owner;              /* the name of the pool that serves it */
    uint64_t claim;           /* who took it last */
    unsigned refs;            /* sockets that know it */
    unsigned users;           /* those of them that want it open */
};

/* Bind a TCP socket with the pool's settings, and listen. Returns 0 with the first four members of
 * *listener set (CLOEXEC, O_NONBLOCK), or -errno with a reason in error[0 .. size). */
int bind_tcp(struct listener *listener, const struct cop_address *address,
             const struct config_pool *pool, char *error, size_t size);

/* Bind a UNIX stream socket, in the place of one that nobody serves any more, with the given mode,
 * and listen. Returns as bind_tcp. */
int bind_unix(struct listener *listener, const struct cop_address *address, unsigned mode,
              int backlog, char *error, size_t size);

/* Give what is open already the pool's backlog, and its TCP_NODELAY. Returns 0 or -errno. */
int bind_adjust(const struct listener *listener, const struct config_pool *pool);

/* Close it, and remove its file if that is still ours. Idempotent. */
void bind_close(struct listener *listener);

#endif
