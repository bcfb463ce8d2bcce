/* SPDX-License-Identifier: MIT */
/*
 * open_connection.h - connect to a host by name, by whichever of its addresses answers first (happy
 * eyeballs, RFC 8305).
 *
 * Both families are asked for at once; the attempts begin 250 ms apart, IPv6 first and then in
 * turn, sooner when one fails. The first that connects wins, the others are cancelled and closed.
 */
#ifndef COPPICE_OPEN_CONNECTION_H
#define COPPICE_OPEN_CONNECTION_H

#include "worker/stream/resolver.h"
#include "worker/stream/stream.h"

/* Connect within the caller's deadline; the stream is the caller's to close. resolver may be NULL.
 * Waits. Returns 0, or what the last attempt failed with, an error of cop_resolve when there was no
 * address, -ENOMEM when memory for tasks ran out, -ECANCELED; then nothing is left open. */
COP_PUBLIC COP_MUST int cop_open_connection_with(struct cop_stream *stream,
                                                 const struct cop_resolver *resolver,
                                                 const char *host, uint16_t port);

/* The same, as the system resolves names. */
COP_PUBLIC COP_MUST int cop_open_connection(struct cop_stream *stream, const char *host,
                                            uint16_t port);

#endif
