/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - c-ares, wrapped; nobody else knows it.
 *
 * A look-up has a channel of its own, and an epoll descriptor that gathers the channel's sockets:
 * the task waits for that one as for any other, in every kind of loop, and when it is cancelled
 * closing the two is all that there is to undo.
 */
#include "worker/stream/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/io.h"
#include "worker/task/sched.h"

#define EVENTS_MAX   8
#define NAME_MAX_LEN 253 /* RFC 1035, in print */

struct lookup {
    ares_channel channel;
    struct io io; /* the epoll descriptor */
    uint16_t port;
    struct cop_address *addresses;
    size_t capacity;
    int result; /* once it is done */
    bool done;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void init_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static int error_of(int status)
{
    switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
        return -ENOENT;
    case ARES_EBADNAME:
    case ARES_EBADSTR:
    case ARES_EBADFAMILY:
    case ARES_EBADQUERY:
        return -EINVAL;
    case ARES_ETIMEOUT:
        return -ETIMEDOUT;
    case ARES_ECONNREFUSED:
        return -ECONNREFUSED;
    case ARES_ENOMEM:
        return -ENOMEM;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return -ECANCELED;
    default:
        return -EIO;
    }
}

static void set_port(struct cop_address *address, uint16_t port)
{
    if (address->sockaddr.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->sockaddr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&address->sockaddr)->sin_port = htons(port);
}

static void put(struct cop_address *address, const void *sockaddr, socklen_t len, uint16_t port)
{
    *address = (struct cop_address){.len = len};
    memcpy(&address->sockaddr, sockaddr, len);
    set_port(address, port);
}

/* ---- without a query ---- */

static size_t put_v4(struct cop_address *address, struct in_addr ip, uint16_t port)
{
    struct sockaddr_in sockaddr = {.sin_family = AF_INET, .sin_addr = ip};

    put(address, &sockaddr, sizeof(sockaddr), port);
    return 1;
}

static size_t put_v6(struct cop_address *address, struct in6_addr ip, unsigned scope, uint16_t port)
{
    struct sockaddr_in6 sockaddr = {
        .sin6_family = AF_INET6, .sin6_addr = ip, .sin6_scope_id = scope};

    put(address, &sockaddr, sizeof(sockaddr), port);
    return 1;
}

/* "fe80::1%eth0". Returns 1, 0 when it is no numeric address, -EINVAL for an unknown interface. */
static int parse_v6(const char *host, struct in6_addr *ip, unsigned *scope)
{
    char text[INET6_ADDRSTRLEN];
    size_t len = strcspn(host, "%");

    *scope = 0;
    if (len >= sizeof(text))
        return 0;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, ip) != 1)
        return 0;
    if (host[len] == '%' && (*scope = if_nametoindex(host + len + 1)) == 0)
        return -EINVAL;
    return 1;
}

/* Returns the number, -ENOENT when it is numeric of the other family, 0 when it is not numeric. */
static int numeric(const char *host, uint16_t port, int family, struct cop_address *addresses)
{
    struct in6_addr v6;
    struct in_addr v4;
    unsigned scope;
    int rc;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return family == AF_INET6 ? -ENOENT : (int)put_v4(addresses, v4, port);
    rc = parse_v6(host, &v6, &scope);
    if (rc <= 0)
        return rc;
    return family == AF_INET ? -ENOENT : (int)put_v6(addresses, v6, scope, port);
}

static bool is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t len = strlen(host);
    size_t name_len = sizeof(name) - 1;

    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len < name_len || strncasecmp(host + len - name_len, name, name_len) != 0)
        return false;
    return len == name_len || host[len - name_len - 1] == '.';
}

static int localhost(uint16_t port, int family, struct cop_address *addresses, size_t n)
{
    size_t len = 0;

    if (family != AF_INET)
        len += put_v6(&addresses[len], in6addr_loopback, 0, port);
    if (family != AF_INET6 && len < n)
        len += put_v4(&addresses[len], (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
    return (int)len;
}

/* ---- with one ---- */

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct lookup *lookup = arg;
    size_t len = 0;

    lookup->done = true;
    lookup->result = error_of(status);
    if (status != ARES_SUCCESS)
        return;
    for (struct ares_addrinfo_node *node = info->nodes; node && len < lookup->capacity;
         node = node->ai_next) {
        if (node->ai_addrlen <= sizeof(struct sockaddr_storage))
            put(&lookup->addresses[len++], node->ai_addr, node->ai_addrlen, lookup->port);
    }
    ares_freeaddrinfo(info);
    lookup->result = len > 0 ? (int)len : -ENOENT;
}

/* The channel's sockets come and go; the epoll descriptor follows. */
static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct lookup *lookup = arg;
    struct epoll_event event = {.data.fd = fd};

    event.events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
    /* One that cannot be watched is heard of when its time is up. */
    if (!event.events)
        (void)epoll_ctl(lookup->io.fd, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(lookup->io.fd, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
        (void)epoll_ctl(lookup->io.fd, EPOLL_CTL_ADD, fd, &event);
}

static void process(struct lookup *lookup)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(lookup->io.fd, events, EVENTS_MAX, 0);

    for (int i = 0; i < n; i++) {
        bool failed = events[i].events & (EPOLLERR | EPOLLHUP);
        int fd = events[i].data.fd;

        ares_process_fd(lookup->channel,
                        failed || events[i].events & EPOLLIN ? fd : ARES_SOCKET_BAD,
                        events[i].events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
    }
    /* Whose time is up. */
    ares_process_fd(lookup->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static int wait_for_answer(struct lookup *lookup)
{
    while (!lookup->done) {
        struct timeval buffer;
        struct timeval *left = ares_timeout(lookup->channel, NULL, &buffer);
        cop_time until = COP_NEVER;
        int rc;

        if (left)
            until = clock_add(clock_now(), left->tv_sec * NS_PER_S + left->tv_usec * NS_PER_US);
        rc = io_wait_readable(&lookup->io, until);
        if (rc < 0 && rc != -ETIMEDOUT)
            return rc;
        process(lookup);
    }
    return lookup->result;
}

static int open_channel(struct lookup *lookup, const struct cop_resolver *resolver)
{
    struct ares_options options = {.sock_state_cb = socket_changed,
                                   .sock_state_cb_data = lookup,
                                   .timeout = (int)(resolver->timeout / NS_PER_MS),
                                   .tries = resolver->tries};
    int mask = ARES_OPT_SOCK_STATE_CB | (resolver->timeout > 0 ? ARES_OPT_TIMEOUTMS : 0) |
               (resolver->tries > 0 ? ARES_OPT_TRIES : 0);
    int status;

    pthread_once(&library_once, init_library);
    if (library_status != ARES_SUCCESS)
        return error_of(library_status);
    status = ares_init_options(&lookup->channel, &options, mask);
    if (status != ARES_SUCCESS)
        return error_of(status);
    if (resolver->servers) {
        status = ares_set_servers_ports_csv(lookup->channel, resolver->servers);
        if (status != ARES_SUCCESS) {
            ares_destroy(lookup->channel);
            return error_of(status);
        }
    }
    return 0;
}

static int look_up(struct lookup *lookup, const struct cop_resolver *resolver, const char *host,
                   int family)
{
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    int fd = epoll_create1(EPOLL_CLOEXEC);
    int rc;

    if (fd < 0)
        return -errno;
    io_init(&lookup->io, fd, NULL);
    rc = open_channel(lookup, resolver);
    if (rc == 0) {
        ares_getaddrinfo(lookup->channel, host, NULL, &hints, answered, lookup);
        rc = wait_for_answer(lookup);
        ares_destroy(lookup->channel);
    }
    io_fini(&lookup->io);
    close(fd);
    return rc;
}

int cop_resolve(const struct cop_resolver *resolver, const char *host, uint16_t port, int family,
                struct cop_address *addresses, size_t n)
{
    static const struct cop_resolver of_the_system;
    struct lookup lookup = {.port = port, .addresses = addresses, .capacity = n};
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (n == 0 || !host || host[0] == '\0' || strlen(host) > NAME_MAX_LEN ||
        (family != AF_UNSPEC && family != AF_INET && family != AF_INET6))
        return -EINVAL;
    rc = numeric(host, port, family, addresses);
    if (rc == 0 && is_localhost(host))
        rc = localhost(port, family, addresses, n);
    if (rc != 0)
        return sched_keep_fair(self, rc);
    return look_up(&lookup, resolver ? resolver : &of_the_system, host, family);
}

int cop_getaddrinfo(const char *host, uint16_t port, struct cop_address *addresses, size_t n)
{
    return cop_resolve(NULL, host, port, AF_UNSPEC, addresses, n);
}
