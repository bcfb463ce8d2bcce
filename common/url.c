/* SPDX-License-Identifier: MIT */
#include "common/url.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int refuse(const char **why, const char *sentence)
{
    *why = sentence;
    return -EINVAL;
}

static bool take_prefix(const char **text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncasecmp(*text, prefix, len) != 0)
        return false;
    *text += len;
    return true;
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 127)
            return false;
    return true;
}

static bool has_port(const char *authority)
{
    const char *bracket = strrchr(authority, ']');

    return strchr(bracket ? bracket : authority, ':') != NULL;
}

/* A wildcard names no host to connect to, and neither does port 0. */
static bool is_destination(const struct cop_address *address)
{
    const struct sockaddr_in *v4 = (const void *)&address->sockaddr;
    const struct sockaddr_in6 *v6 = (const void *)&address->sockaddr;

    switch (address->sockaddr.ss_family) {
    case AF_INET:
        return v4->sin_port != 0 && v4->sin_addr.s_addr != htonl(INADDR_ANY);
    case AF_INET6:
        return v6->sin6_port != 0 && !IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    default:
        return false;
    }
}

static int parse_authority(struct url *url, const char *text, size_t len, const char **why)
{
    char with_port[COP_ADDRESS_TEXT_MAX + sizeof(":80")];
    const char *ignored;

    if (len == 0)
        return refuse(why, "expected a host after \"://\"");
    if (memchr(text, '@', len))
        return refuse(why, "user names and passwords in a URL are not supported");
    if (len >= sizeof(url->authority))
        return refuse(why, "the host is too long");
    memcpy(url->authority, text, len);
    url->authority[len] = '\0';

    if (!has_port(url->authority) && url->scheme == URL_TCP)
        return refuse(why, "expected a port, as in tcp://127.0.0.1:7000");
    snprintf(with_port, sizeof(with_port), "%s%s", url->authority,
             has_port(url->authority) ? "" : ":80");
    if (cop_address_parse(with_port, &url->address, &ignored) < 0 || !is_destination(&url->address))
        return refuse(why,
                      "expected an address or localhost as the host, and a port from 1 to 65535 "
                      "(names are not resolved)");
    return 0;
}

static int parse_path(struct url *url, const char *text, const char **why)
{
    size_t len = strcspn(text, "#");
    const char *slash = text[0] == '/' ? "" : "/";

    if (url->scheme == URL_TCP) {
        if (len > 1 || (len == 1 && text[0] != '/'))
            return refuse(why, "a tcp:// URL has no path");
        len = 0;
        slash = "";
    }
    if (strlen(slash) + len >= sizeof(url->path))
        return refuse(why, "the path is longer than 2,047 bytes");
    snprintf(url->path, sizeof(url->path), "%s%.*s", slash, (int)len, text);
    return 0;
}

int url_parse(const char *text, struct url *url, const char **why)
{
    struct url parsed = {0};
    size_t len;
    int rc;

    if (!is_printable(text))
        return refuse(why,
                      "a URL has no spaces, control characters or non-ASCII bytes (write %20)");
    if (take_prefix(&text, "https://"))
        return refuse(why, "https is not supported, only http:// and tcp://");
    if (take_prefix(&text, "http://"))
        parsed.scheme = URL_HTTP;
    else if (take_prefix(&text, "tcp://"))
        parsed.scheme = URL_TCP;
    else
        return refuse(why, "expected http://host:port/path or tcp://host:port");

    len = strcspn(text, "/?#");
    rc = parse_authority(&parsed, text, len, why);
    if (rc < 0)
        return rc;
    rc = parse_path(&parsed, text + len, why);
    if (rc < 0)
        return rc;
    *url = parsed;
    return 0;
}
