/* SPDX-License-Identifier: MIT */
/*
 * TCP_NODELAY is set on the listener, because the kernel hands it on to what is accepted.
 */
#include "master/bind.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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

void bind_close(struct listener *listener)
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

int bind_unix(struct listener *listener, const struct cop_address *address, unsigned mode,
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
    listener->address = *address;
    listener->fd = fd;
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

int bind_tcp(struct listener *listener, const struct cop_address *address,
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
    listener->address = bound;
    listener->fd = fd;
    return 0;

failed:
    rc = -errno;
    explain(-rc, address, error, size);
    if (fd >= 0)
        close(fd);
    return rc;
}

int bind_adjust(const struct listener *listener, const struct config_pool *pool)
{
    int nodelay = pool->tcp_nodelay;

    if (listen(listener->fd, (int)pool->backlog) < 0)
        return -errno;
    if (listener->address.sockaddr.ss_family != AF_UNIX &&
        setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof(nodelay)) < 0)
        return -errno;
    return 0;
}
