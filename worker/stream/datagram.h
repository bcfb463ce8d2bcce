/* SPDX-License-Identifier: MIT */
/*
 * datagram.h - messages that stay whole, and may be lost: UDP, UNIX datagrams. Deadlines are those
 * of the caller's scopes. One task may receive and one may send at a time, else -EBUSY.
 */
#ifndef COPPICE_DATAGRAM_H
#define COPPICE_DATAGRAM_H

#include "common/address.h"
#include "worker/task/io.h"

struct cop_datagram {
    struct io io;
};

/* Open a socket, of the family of `local`, where others can send to; port 0 is one of the kernel's
 * choice. A UNIX path is the caller's to remove. Returns 0, -EADDRINUSE, -EACCES,
 * -EMFILE, or another error of socket(2) or bind(2); then nothing is open. */
COP_PUBLIC COP_MUST int cop_datagram_open(struct cop_datagram *datagram,
                                          const struct cop_address *local);

/* Close it; waiters get -EBADF. Harmless twice. */
COP_PUBLIC void cop_datagram_close(struct cop_datagram *datagram);

/* The address that it is bound to. Returns 0 or -errno. */
COP_PUBLIC COP_MUST int cop_datagram_address(const struct cop_datagram *datagram,
                                             struct cop_address *address);

/* From now on hear and address only `peer`, whose refusals are heard too. Returns 0 or -errno. */
COP_PUBLIC COP_MUST int cop_datagram_connect(struct cop_datagram *datagram,
                                             const struct cop_address *peer);

/* Wait for a message. Returns its length (0 is a message too) and its sender in *from, which may be
 * NULL; -EMSGSIZE when it was longer than size and is gone, -ECANCELED, -EBUSY, -EBADF,
 * -ECONNREFUSED when the peer it is connected to refused an earlier one. */
COP_PUBLIC COP_MUST ssize_t cop_recv_from(struct cop_datagram *datagram, void *buffer, size_t size,
                                          struct cop_address *from);

/* Send one message, to the connected peer where `to` is NULL; waits while the kernel's buffer is
 * full. Returns 0, -EMSGSIZE when it is too long to be one, -EDESTADDRREQ, -ECANCELED, -EBUSY,
 * -EBADF, -ECONNREFUSED, ... */
COP_PUBLIC COP_MUST int cop_send_to(struct cop_datagram *datagram, const void *buffer, size_t size,
                                    const struct cop_address *to);

#endif
