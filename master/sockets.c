/* SPDX-License-Identifier: MIT */
/*
 * Whether a listener blocks is a property of the open file, which all workers share, so it is
 * decided here: a pool of blocking workers (tasks: 1) with one address waits in accept(2) itself;
 * with several addresses it has to poll first, and then another worker may be faster, so accept
 * must not wait. One that was taken over may cease to block, but never begins to: workers of the
 * generation before would wait in it.
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

#include "common/log.h"

static struct listener **at(const struct sockets *sockets, size_t set, size_t index)
{
    return &sockets->listeners[set * sockets->claim.pool->nlisten + index];
}

/* ---- sets ---- */

/* How many sets there must be, so that each listener of the pool's addresses has a place. */
static size_t count_sets(const struct sockets *sockets)
{
    size_t most = 0;

    for (size_t i = 0; i < sockets->claim.pool->nlisten; i++) {
        size_t n = 0;

        list_for_each (sockets->claim.open, node)
            n += claim_fits(&sockets->claim, &sockets->claim.pool->listen[i],
                            list_entry(node, struct listener, node));
        most = n > most ? n : most;
    }
    return most;
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

/* A further set binds where the first one got to, so that a port 0 is the same port for all. Only
 * an opening looks for what others have: later, what it finds may be its own, which others took. */
static int open_one(const struct sockets *sockets, size_t set, size_t index, char *error,
                    size_t size)
{
    const struct cop_address *asked = &sockets->claim.pool->listen[index];
    struct listener *found;

    /* A UNIX address has one socket; every slot shares it. */
    if (set > 0 && asked->sockaddr.ss_family == AF_UNIX)
        return 0;
    found = sockets->is_open ? NULL : claim_find(&sockets->claim, asked);
    if (found == NULL)
        return claim_open(&sockets->claim, asked,
                          set == 0 ? asked : &(*at(sockets, 0, index))->address,
                          at(sockets, set, index), error, size);
    claim_take(&sockets->claim, found);
    *at(sockets, set, index) = found;
    return 0;
}

static void leave_set(const struct sockets *sockets, size_t set)
{
    for (size_t i = 0; i < sockets->claim.pool->nlisten; i++) {
        struct listener **listener = at(sockets, set, i);

        if (*listener == NULL)
            continue;
        claim_end(*listener);
        claim_drop(*listener);
        *listener = NULL;
    }
}

static int open_set(const struct sockets *sockets, size_t set, char *error, size_t size)
{
    for (size_t i = 0; i < sockets->claim.pool->nlisten; i++) {
        int rc = open_one(sockets, set, i, error, size);

        if (rc < 0) {
            leave_set(sockets, set);
            return rc;
        }
    }
    return 0;
}

static int grow(struct sockets *sockets, size_t nsets, char *error, size_t size)
{
    size_t nlisten = sockets->claim.pool->nlisten, before = sockets->nsets;
    struct listener **listeners;

    if (nsets <= sockets->nsets || nlisten == 0)
        return 0;
    listeners = reallocarray(sockets->listeners, nsets * nlisten, sizeof(*listeners));
    if (listeners == NULL) {
        snprintf(error, size, "no memory for the listeners");
        return -ENOMEM;
    }
    memset(listeners + before * nlisten, 0, (nsets - before) * nlisten * sizeof(*listeners));
    sockets->listeners = listeners;
    for (; sockets->nsets < nsets; sockets->nsets++) {
        int rc = open_set(sockets, sockets->nsets, error, size);

        /* The kernel would hand connections to those that no worker has. */
        while (rc < 0 && sockets->nsets > before)
            leave_set(sockets, --sockets->nsets);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sockets_grow(struct sockets *sockets, unsigned slots, char *error, size_t size)
{
    return grow(sockets, sockets->claim.pool->reuse_port ? slots : 1, error, size);
}

static int set_blocking(int fd, bool blocks)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    flags = blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

/* Only a pool of blocking workers with one socket each may wait in accept. */
static int set_all_blocking(const struct sockets *sockets, unsigned slots)
{
    const struct config_pool *pool = sockets->claim.pool;
    bool blocks = pool->tasks == 1 && pool->nlisten == 1 && sockets->nsets <= slots;

    for (size_t i = 0; i < sockets->nsets * pool->nlisten; i++) {
        const struct listener *listener = sockets->listeners[i];
        int rc = 0;

        if (listener != NULL && (!blocks || listener->users == 1))
            rc = set_blocking(listener->fd, blocks);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_sets(const struct sockets *sockets, size_t found, unsigned slots, char *error,
                      size_t size)
{
    const struct config_pool *pool = sockets->claim.pool;

    if (found > 1 && !pool->reuse_port) {
        snprintf(error, size,
                 "each of its workers has a socket of its own (reuse_port), and connections wait "
                 "in each: to do without needs a restart");
        return -EINVAL;
    }
    if (pool->nlisten * ((found + slots - 1) / slots) > SOCKETS_PER_WORKER) {
        snprintf(error, size,
                 "%u workers are too few to serve the %zu sockets of each address: that needs a "
                 "restart",
                 slots, found);
        return -EINVAL;
    }
    return 0;
}

int sockets_open(struct sockets *sockets, struct list *open, uint64_t claim,
                 const struct config_pool *pool, unsigned slots, char *error, size_t size)
{
    size_t found;
    int rc;

    *sockets = (struct sockets){.claim = {pool, open, claim}};
    found = count_sets(sockets);
    rc = check_sets(sockets, found, slots, error, size);
    if (rc == 0)
        rc = grow(sockets, found > 1 ? found : 1, error, size);
    if (rc == 0)
        rc = sockets_grow(sockets, slots, error, size);
    if (rc == 0 && (rc = set_all_blocking(sockets, slots)) < 0)
        snprintf(error, size, "%s", strerror(-rc));
    sockets->is_open = true;
    if (rc < 0)
        sockets_fini(sockets);
    else if (pool->nlisten > 0)
        warn_of_backlog(pool);
    return rc;
}

void sockets_adjust(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->nsets * sockets->claim.pool->nlisten; i++) {
        const struct listener *listener = sockets->listeners[i];
        char text[COP_ADDRESS_TEXT_MAX];
        int rc = listener == NULL ? 0 : bind_adjust(listener, sockets->claim.pool);

        if (rc < 0)
            log_warn("%s: %s: its settings stay as they were: %s", sockets->claim.pool->name,
                     cop_address_print(&listener->address, text), strerror(-rc));
    }
}

bool sockets_are_last(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->nsets * sockets->claim.pool->nlisten; i++)
        if (sockets->listeners[i] != NULL && sockets->listeners[i]->users == 1)
            return true;
    return false;
}

void sockets_close(struct sockets *sockets)
{
    if (!sockets->is_open)
        return;
    sockets->is_open = false;
    for (size_t i = 0; i < sockets->nsets * sockets->claim.pool->nlisten; i++) {
        struct listener *listener = sockets->listeners[i];

        if (listener != NULL)
            claim_end(listener);
    }
}

void sockets_fini(struct sockets *sockets)
{
    sockets_close(sockets);
    for (size_t i = 0; i < sockets->nsets * sockets->claim.pool->nlisten; i++)
        if (sockets->listeners[i] != NULL)
            claim_drop(sockets->listeners[i]);
    free(sockets->listeners);
    sockets->listeners = NULL;
    sockets->nsets = 0;
}

size_t sockets_of_slot(const struct sockets *sockets, unsigned slot, unsigned slots,
                       struct heritage_socket *list)
{
    size_t first = slot < sockets->nsets ? slot : 0;
    size_t n = 0;

    for (size_t set = first; set < sockets->nsets; set += slots) {
        for (size_t i = 0; i < sockets->claim.pool->nlisten && n < SOCKETS_PER_WORKER; i++) {
            const struct listener *listener = *at(sockets, set, i);

            if (listener == NULL && set == first)
                listener = *at(sockets, 0, i);
            if (listener != NULL)
                list[n++] =
                    (struct heritage_socket){.fd = listener->fd, .address = &listener->address};
        }
    }
    return n;
}

const struct listener *sockets_at(const struct sockets *sockets, size_t index)
{
    return sockets->listeners[index];
}

int sockets_queue(const struct sockets *sockets, uint64_t *depth, uint64_t *limit)
{
    uint64_t waiting = 0, room = 0;
    bool found = false;

    for (size_t i = 0; i < sockets->nsets * sockets->claim.pool->nlisten; i++) {
        const struct listener *listener = sockets->listeners[i];
        struct tcp_info info;
        socklen_t len = sizeof(info);

        if (listener == NULL || listener->fd < 0 ||
            listener->address.sockaddr.ss_family == AF_UNIX ||
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
