/* SPDX-License-Identifier: MIT */
/*
 * resolver.h - names to addresses, without blocking the loop: the hosts file, then DNS (c-ares).
 *
 * Numeric addresses, "localhost" and names that end in ".localhost" need neither. Each look-up
 * reads the system's configuration anew, so that a changed one counts at once; there is no cache.
 */
#ifndef COPPICE_RESOLVER_H
#define COPPICE_RESOLVER_H

#include <stdint.h>

#include "common/address.h"
#include "worker/task/task.h"

/* Zeroed: as the system is configured. */
struct cop_resolver {
    const char *servers; /* "10.0.0.1,[::1]:5353"; NULL: those of /etc/resolv.conf */
    cop_time timeout;    /* for each try at each server, in whole milliseconds; 0: the library's */
    int tries;           /* 0: the library's */
};

/* Find addresses for host, with the port put in: at most n of them, in the order in which to try
 * them (RFC 6724). family is AF_INET, AF_INET6 or AF_UNSPEC for both. Waits within the caller's
 * deadline. resolver may be NULL. Returns their number, at least one; -EINVAL for what is no name,
 * a bad family, or a bad list of servers; -ENOENT when there is no such name or it has no such
 * address; -ETIMEDOUT when no server answered in time; -ECONNREFUSED when none could be reached, or
 * all said that they failed; -EIO for an answer that makes no sense; -ENOMEM, -EMFILE, -ECANCELED.
 */
COP_PUBLIC COP_MUST int cop_resolve(const struct cop_resolver *resolver, const char *host,
                                    uint16_t port, int family, struct cop_address *addresses,
                                    size_t n);

/* cop_resolve as the system is configured, both families. */
COP_PUBLIC COP_MUST int cop_getaddrinfo(const char *host, uint16_t port,
                                        struct cop_address *addresses, size_t n);

#endif
