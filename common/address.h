/* SPDX-License-Identifier: MIT */
/*
 * address.h - where to listen or connect, as people write it: "127.0.0.1:8080", "[::1]:8080",
 * "*:8080" (every IPv4 address), "localhost:8080" (127.0.0.1, without a resolver),
 * "unix:/run/app.sock", "unix:@name" (abstract).
 *
 * Port 0 lets the kernel choose. A socket on an IPv6 address serves IPv6 alone (IPV6_V6ONLY).
 */
#ifndef COPPICE_ADDRESS_H
#define COPPICE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/public.h"

/* Room for any address in print, the ending 0 included. */
#define COP_ADDRESS_TEXT_MAX 128

struct cop_address {
    struct sockaddr_storage sockaddr;
    socklen_t len;
};

/* Parse text into *address. Returns 0, or -EINVAL with a sentence in *why (static text) that says
 * what was expected; *address is untouched then. */
COP_PUBLIC COP_MUST int cop_address_parse(const char *text, struct cop_address *address,
                                          const char **why);

/* Print as cop_address_parse reads it, into text[COP_ADDRESS_TEXT_MAX]; returns text. */
COP_PUBLIC char *cop_address_print(const struct cop_address *address, char *text);

bool address_equal(const struct cop_address *a, const struct cop_address *b);

/* Would a socket on one keep the other from binding? Equal, or a wildcard of the same family over
 * the same port; never when the kernel chooses the port. */
bool address_conflicts(const struct cop_address *a, const struct cop_address *b);

#endif
