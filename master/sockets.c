/* SPDX-License-Identifier: MIT */
/*
 * Whether a listener blocks is a property of the open file, which all workers share, so it is
 * decided here: a pool of blocking workers (tasks: 1) with one address waits in accept(2) itself;
 * with several addresses it has to poll first, and then another worker may be faster, so accept
 * must not wait.
 *
 * TCP_NODELAY is set on the listener, because the kernel hands it on to what is accepted.
 */
#include "master/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define UNIX_LISTEN_MODE 0660

static const char *path_of(const struct cop_address *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->sockaddr;

    return un->sun_family == AF_UNIX && un->sun_path[0] != 0 ? un->sun_path : NULL;
}

/* ---- UNIX sockets ---- */

/* Is somebody listening? Returns 1, 0 (nobody: the file is stale), or -errno when that cannot be
 * told. */
static int is_served(const struct cop_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = 1;

    if (fd < 0)
        return -errno;
    /* EAGAIN: its queue is full, so it lives. */
    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0 &&
        errno != EAGAIN)
        rc = errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
    close(fd);
    return rc;
}

static int remove_stale(const struct cop_address *address, char *error, size_t size)
{
    const char *path = path_of(address);
    struct stat st;
    int rc;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(error, size, "the file exists and is no socket");
        return -EEXIST;
    }
    rc = is_served(address);
    if (rc > 0) {
        snprintf(error, size, "address already in use: another process serves this socket");
        return -EADDRINUSE;
    }
    if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
        rc = -errno;
    if (rc < 0)
        snprintf(error, size, "cannot replace the socket that is there: %s", strerror(-rc));
    return rc;
}

void sockets_close_one(struct listener *listener)
{
    const char *path = path_of(&listener->address);
    struct stat st;

    if (listener->fd < 0)
        return;
    if (path != NULL && listener->inode != 0 && lstat(path, &st) == 0 &&
        st.st_dev == listener->device && st.st_ino == listener->inode)
        unlink(path);
    close(listener->fd);
    listener->fd = -1;
}

/* Remember which file is ours. */
static void note_file(struct listener *listener)
{
    const char *path = path_of(&listener->address);
    struct stat st;

    if (path != NULL && lstat(path, &st) == 0) {
        listener->device = st.st_dev;
        listener->inode = st.st_ino;
    }
}

int sockets_open_unix(struct listener *listener, const struct cop_address *address, unsigned mode,
                      int backlog, char *error, size_t size)
{
    const char *path = path_of(address);
    int fd, rc;

    if (path != NULL && (rc = remove_stale(address, error, size)) < 0)
        return rc;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0)
        goto failed;
    /* Nobody can connect before listen, so nobody sees another mode. */
    if (path != NULL && chmod(path, mode) < 0)
        goto failed;
    if (listen(fd, backlog) < 0)
        goto failed;
    *listener = (struct listener){.address = *address, .fd = fd};
    note_file(listener);
    return 0;

failed:
    rc = -errno;
    snprintf(error, size, "%s", strerror(-rc));
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- TCP ---- */

static void explain(int error_number, const struct cop_address *address, char *error, size_t size)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->sockaddr;
    unsigned port = ntohs(in->sin_port); /* at the same place in sockaddr_in6 */

    if (error_number == EADDRINUSE)
        snprintf(error, size, "address already in use (see who: ss -ltnp 'sport = :%u')", port);
    else if (error_number == EACCES)
        snprintf(error, size, "permission denied (a port below 1024 needs CAP_NET_BIND_SERVICE)");
    else if (error_number == EADDRNOTAVAIL)
        snprintf(error, size, "no interface of this machine has the address");
    else
        snprintf(error, size, "%s", strerror(error_number));
}

static int set(int fd, int level, int option)
{
    static const int on = 1;

    return setsockopt(fd, level, option, &on, sizeof(on));
}

static int open_tcp(struct listener *listener, const struct cop_address *address,
                    const struct config_pool *pool, char *error, size_t size)
{
    struct cop_address bound = {.len = sizeof(bound.sockaddr)};
    int family = address->sockaddr.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc;

    if (fd < 0 || set(fd, SOL_SOCKET, SO_REUSEADDR) < 0)
        goto failed;
    if (pool->reuse_port && set(fd, SOL_SOCKET, SO_REUSEPORT) < 0)
        goto failed;
    if (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0)
        goto failed;
    if (pool->tcp_nodelay && set(fd, IPPROTO_TCP, TCP_NODELAY) < 0)
        goto failed;
    if (bind(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0)
        goto failed;
    if (listen(fd, (int)pool->backlog) < 0)
        goto failed;
    if (getsockname(fd, (struct sockaddr *)&bound.sockaddr, &bound.len) < 0)
        goto failed;
    *listener = (struct listener){.address = bound, .fd = fd};
    return 0;

failed:
    rc = -errno;
    explain(-rc, address, error, size);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- one listener ---- */

static int make_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_listener(struct listener *listener, const struct config_pool *pool,
                         const struct cop_address *address, char *error, size_t size)
{
    char text[COP_ADDRESS_TEXT_MAX], why[160] = "";
    int rc;

    *listener = (struct listener){.address = *address, .fd = -1};
    if (address->sockaddr.ss_family == AF_UNIX)
        rc = sockets_open_unix(listener, address, UNIX_LISTEN_MODE, (int)pool->backlog, why,
                               sizeof(why));
    else
        rc = open_tcp(listener, address, pool, why, sizeof(why));
    if (rc < 0) {
        snprintf(error, size, "%s: %s", cop_address_print(address, text), why);
        return rc;
    }
    if (pool->tasks > 1 || pool->nlisten != 1)
        return 0;
    rc = make_blocking(listener->fd);
    if (rc < 0) {
        snprintf(error, size, "%s: %s", cop_address_print(address, text), strerror(-rc));
        sockets_close_one(listener);
    }
    return rc;
}

/* ---- all of a pool ---- */

static void warn_of_backlog(const struct config_pool *pool)
{
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    unsigned limit;

    if (file == NULL)
        return;
    if (fscanf(file, "%u", &limit) == 1 && pool->backlog > limit)
        log_warn("%s: backlog %u is more than the kernel allows: it is cut to %u "
                 "(sysctl net.core.somaxconn)",
                 pool->name, pool->backlog, limit);
    fclose(file);
}

/* A further set binds where the first one got to, so that a port 0 is the same port for all. */
static int open_set(struct sockets *sockets, size_t set, char *error, size_t size)
{
    const struct config_pool *pool = sockets->pool;
    struct listener *listeners = sockets->listeners + set * pool->nlisten;

    for (size_t i = 0; i < pool->nlisten; i++) {
        const struct cop_address *address =
            set == 0 ? &pool->listen[i] : &sockets->listeners[i].address;
        int rc;

        /* A UNIX address has one socket; every slot shares it. */
        if (set > 0 && address->sockaddr.ss_family == AF_UNIX) {
            listeners[i] = (struct listener){.address = *address, .fd = -1};
            continue;
        }
        rc = open_listener(&listeners[i], pool, address, error, size);
        if (rc < 0) {
            while (i > 0)
                sockets_close_one(&listeners[--i]);
            return rc;
        }
    }
    return 0;
}

int sockets_grow(struct sockets *sockets, unsigned slots, char *error, size_t size)
{
    const struct config_pool *pool = sockets->pool;
    size_t nsets = pool->reuse_port ? slots : 1;
    struct listener *listeners;

    if (nsets <= sockets->nsets || pool->nlisten == 0)
        return 0;
    listeners = reallocarray(sockets->listeners, nsets * pool->nlisten, sizeof(*listeners));
    if (listeners == NULL) {
        snprintf(error, size, "%s: no memory for its listeners", pool->name);
        return -ENOMEM;
    }
    sockets->listeners = listeners;
    for (; sockets->nsets < nsets; sockets->nsets++) {
        int rc = open_set(sockets, sockets->nsets, error, size);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int sockets_open(struct sockets *sockets, const struct config_pool *pool, unsigned slots,
                 char *error, size_t size)
{
    int rc;

    *sockets = (struct sockets){.pool = pool};
    rc = sockets_grow(sockets, slots, error, size);
    if (rc < 0)
        sockets_fini(sockets);
    else if (pool->nlisten > 0)
        warn_of_backlog(pool);
    return rc;
}

void sockets_close(struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->nsets * sockets->pool->nlisten; i++)
        sockets_close_one(&sockets->listeners[i]);
}

void sockets_fini(struct sockets *sockets)
{
    sockets_close(sockets);
    free(sockets->listeners);
    sockets->listeners = NULL;
    sockets->nsets = 0;
}

size_t sockets_of_slot(const struct sockets *sockets, unsigned slot, struct heritage_socket *list)
{
    size_t nlisten = sockets->pool->nlisten;
    const struct listener *listeners = sockets->listeners;

    if (sockets->nsets == 0)
        return 0;
    if (slot < sockets->nsets)
        listeners += slot * nlisten;
    for (size_t i = 0; i < nlisten; i++) {
        const struct listener *listener =
            listeners[i].fd >= 0 ? &listeners[i] : &sockets->listeners[i];

        list[i] = (struct heritage_socket){.fd = listener->fd, .address = &listener->address};
    }
    return nlisten;
}

const struct listener *sockets_at(const struct sockets *sockets, size_t index)
{
    return &sockets->listeners[index];
}

int sockets_queue(const struct sockets *sockets, uint64_t *depth, uint64_t *limit)
{
    uint64_t waiting = 0, room = 0;
    bool found = false;

    for (size_t i = 0; i < sockets->nsets * sockets->pool->nlisten; i++) {
        const struct listener *listener = &sockets->listeners[i];
        struct tcp_info info;
        socklen_t len = sizeof(info);

        if (listener->fd < 0 || listener->address.sockaddr.ss_family == AF_UNIX ||
            getsockopt(listener->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
            len < offsetof(struct tcp_info, tcpi_lost))
            continue;
        /* For a listener the kernel reports its queue in these two (tcp_get_info). */
        waiting += info.tcpi_unacked;
        room += info.tcpi_sacked;
        found = true;
    }
    if (!found)
        return -ENOENT;
    *depth = waiting;
    *limit = room;
    return 0;
}
