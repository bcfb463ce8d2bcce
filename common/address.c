/* SPDX-License-Identifier: MIT */
#include "common/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static const char expected[] = "expected host:port like \"127.0.0.1:8080\", \"[::1]:8080\" or "
                               "\"*:8080\", or \"unix:/path\"";
static const char expected_port[] = "expected a port from 0 to 65535 after the last \":\"";
static const char expected_host[] =
    "expected an IPv4 address, an IPv6 address in [ ], \"*\" or \"localhost\" before the port";
static const char expected_path[] =
    "expected \"unix:/absolute/path\" or \"unix:@name\", of at most 107 bytes after \"unix:\"";

#define UNIX_PREFIX "unix:"

static int fail(const char **why, const char *sentence)
{
    *why = sentence;
    return -EINVAL;
}

static int parse_unix(const char *path, struct cop_address *address, const char **why)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len < 2 || len >= sizeof(sun.sun_path) || (path[0] != '/' && path[0] != '@'))
        return fail(why, expected_path);
    memcpy(sun.sun_path, path, len + 1);
    if (path[0] == '@')
        sun.sun_path[0] = '\0';
    memset(address, 0, sizeof(*address));
    memcpy(&address->sockaddr, &sun, sizeof(sun));
    /* An abstract name is as long as it is said to be; a path ends in 0. */
    address->len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '@' ? 0 : 1));
    return 0;
}

/* Returns the port, or -EINVAL. */
static int parse_port(const char *text)
{
    int port = 0;
    size_t len = strlen(text);

    if (len < 1 || len > 5)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -EINVAL;
        port = port * 10 + (text[i] - '0');
    }
    return port <= 65535 ? port : -EINVAL;
}

static int parse_ipv4(const char *host, int port, struct cop_address *address, const char **why)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "*") == 0)
        host = "0.0.0.0";
    if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
        return fail(why, expected_host);
    memset(address, 0, sizeof(*address));
    memcpy(&address->sockaddr, &sin, sizeof(sin));
    address->len = sizeof(sin);
    return 0;
}

static int parse_ipv6(const char *host, int port, struct cop_address *address, const char **why)
{
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET6, host, &sin6.sin6_addr) != 1)
        return fail(why, expected_host);
    memset(address, 0, sizeof(*address));
    memcpy(&address->sockaddr, &sin6, sizeof(sin6));
    address->len = sizeof(sin6);
    return 0;
}

int cop_address_parse(const char *text, struct cop_address *address, const char **why)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon;
    size_t len;
    int port;

    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return parse_unix(text + strlen(UNIX_PREFIX), address, why);
    colon = strrchr(text, ':');
    if (!colon)
        return fail(why, expected);
    port = parse_port(colon + 1);
    if (port < 0)
        return fail(why, expected_port);
    len = (size_t)(colon - text);
    if (len == 0 || len >= sizeof(host))
        return fail(why, expected_host);
    memcpy(host, text, len);
    host[len] = '\0';
    if (host[0] != '[')
        return parse_ipv4(host, port, address, why);
    if (host[len - 1] != ']')
        return fail(why, expected_host);
    host[len - 1] = '\0';
    return parse_ipv6(host + 1, port, address, why);
}

static void print_unix(const struct cop_address *address, char *text)
{
    const struct sockaddr_un *sun = (const struct sockaddr_un *)&address->sockaddr;
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t len = address->len > offset ? address->len - offset : 0;

    if (len > 0 && sun->sun_path[0] == '\0')
        snprintf(text, COP_ADDRESS_TEXT_MAX, UNIX_PREFIX "@%.*s", (int)(len - 1),
                 sun->sun_path + 1);
    else
        snprintf(text, COP_ADDRESS_TEXT_MAX, UNIX_PREFIX "%.*s", (int)len, sun->sun_path);
}

char *cop_address_print(const struct cop_address *address, char *text)
{
    const struct sockaddr_in *sin = (const struct sockaddr_in *)&address->sockaddr;
    const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&address->sockaddr;
    char host[INET6_ADDRSTRLEN] = "";

    switch (address->sockaddr.ss_family) {
    case AF_INET:
        inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
        snprintf(text, COP_ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(sin->sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
        snprintf(text, COP_ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(sin6->sin6_port));
        break;
    case AF_UNIX:
        print_unix(address, text);
        break;
    default:
        snprintf(text, COP_ADDRESS_TEXT_MAX, "unknown");
    }
    return text;
}

/* Port and bytes of the host of an internet address; NULL for any other. */
static const void *internet_host(const struct cop_address *address, in_port_t *port, size_t *len)
{
    const struct sockaddr_in *sin = (const struct sockaddr_in *)&address->sockaddr;
    const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&address->sockaddr;

    if (address->sockaddr.ss_family == AF_INET) {
        *port = sin->sin_port;
        *len = sizeof(sin->sin_addr);
        return &sin->sin_addr;
    }
    if (address->sockaddr.ss_family == AF_INET6) {
        *port = sin6->sin6_port;
        *len = sizeof(sin6->sin6_addr);
        return &sin6->sin6_addr;
    }
    return NULL;
}

bool address_equal(const struct cop_address *a, const struct cop_address *b)
{
    const void *host_a, *host_b;
    in_port_t port_a, port_b;
    size_t len_a, len_b;

    if (a->sockaddr.ss_family != b->sockaddr.ss_family)
        return false;
    host_a = internet_host(a, &port_a, &len_a);
    host_b = internet_host(b, &port_b, &len_b);
    if (host_a && host_b)
        return port_a == port_b && len_a == len_b && memcmp(host_a, host_b, len_a) == 0;
    return a->len == b->len && memcmp(&a->sockaddr, &b->sockaddr, a->len) == 0;
}

static bool is_zero(const void *bytes, size_t len)
{
    static const unsigned char zero[16];

    return memcmp(bytes, zero, len) == 0;
}

bool address_conflicts(const struct cop_address *a, const struct cop_address *b)
{
    const void *host_a, *host_b;
    in_port_t port_a, port_b;
    size_t len_a, len_b;

    if (a->sockaddr.ss_family != b->sockaddr.ss_family)
        return false;
    host_a = internet_host(a, &port_a, &len_a);
    host_b = internet_host(b, &port_b, &len_b);
    if (!host_a || !host_b)
        return address_equal(a, b);
    if (port_a != port_b || port_a == 0)
        return false;
    return is_zero(host_a, len_a) || is_zero(host_b, len_b) || memcmp(host_a, host_b, len_a) == 0;
}
