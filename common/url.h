/* SPDX-License-Identifier: MIT */
/*
 * url.h - what the load generator may be pointed at: http://host:port/path?query or
 * tcp://host:port.
 *
 * A host is an address or "localhost"; no resolver is asked. A fragment is not sent and so is left
 * out.
 */
#ifndef COPPICE_URL_H
#define COPPICE_URL_H

#include "common/address.h"

#define URL_PATH_MAX 2048

enum url_scheme { URL_HTTP, URL_TCP };

struct url {
    enum url_scheme scheme;
    struct cop_address address;
    char authority[COP_ADDRESS_TEXT_MAX]; /* as written, for the Host field */
    char path[URL_PATH_MAX];              /* with the query; "/" where the URL has none */
};

/* Parse text into *url. Returns 0, or -EINVAL with a sentence in *why (static text) that says what
 * was expected; *url is untouched then. */
int url_parse(const char *text, struct url *url, const char **why);

#endif
