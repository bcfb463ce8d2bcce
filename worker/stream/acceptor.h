/* SPDX-License-Identifier: MIT */
/*
 * acceptor.h - a listening socket of one's own, and its connections one by one. For programs under
 * cop_run and for side doors; a pool's connections come through its model.
 */
#ifndef COPPICE_ACCEPTOR_H
#define COPPICE_ACCEPTOR_H

#include "worker/stream/stream.h"

struct cop_acceptor {
    struct io io;
    struct cop_address address; /* where it listens, the port that the kernel chose included */
};

/* Listen. A stale UNIX socket file must be removed before, and this one's after, by the caller.
 * backlog <= 0: the system's own maximum. Returns 0, -EADDRINUSE, -EACCES,
 * -EMFILE, or another error of socket(2), bind(2) or listen(2); then nothing is open. */
COP_PUBLIC COP_MUST int cop_listen(struct cop_acceptor *acceptor, const struct cop_address *address,
                                   int backlog);

/* Close it; whoever waits gets -EBADF. Connections that nobody accepted are reset. Harmless twice.
 */
COP_PUBLIC void cop_acceptor_close(struct cop_acceptor *acceptor);

/* Wait for a connection; the stream is the caller's to close. A connection that is there is
 * returned, cancelled meanwhile or not: none is lost. Returns 0, -ECANCELED, -EBUSY while another
 * task waits, -EBADF, or -EMFILE, -ENFILE, -ENOBUFS and -ENOMEM, which pass. */
COP_PUBLIC COP_MUST int cop_accept(struct cop_acceptor *acceptor, struct cop_stream *stream);

#endif
