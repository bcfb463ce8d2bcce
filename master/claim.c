/* SPDX-License-Identifier: MIT */
/*
 * Who may take a listener over: any pool that has its address; but a port 0 belongs to the pool of
 * that name, because another one means a port of its own.
 */
#include "master/claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define UNIX_LISTEN_MODE 0660

void claim_drop(struct listener *listener)
{
    if (--listener->refs > 0)
        return;
    list_remove(&listener->node);
    bind_close(listener);
    free(listener->owner);
    free(listener);
}

static struct listener *create(const struct config_pool *pool, const struct cop_address *asked)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (listener == NULL)
        return NULL;
    list_init(&listener->node);
    listener->fd = -1;
    listener->asked = *asked;
    listener->refs = 1;
    listener->owner = strdup(pool->name);
    if (listener->owner == NULL) {
        free(listener);
        return NULL;
    }
    return listener;
}

int claim_open(const struct claim *claim, const struct cop_address *asked,
               const struct cop_address *address, struct listener **opened, char *error,
               size_t size)
{
    const struct config_pool *pool = claim->pool;
    struct listener *listener = create(pool, asked);
    char text[COP_ADDRESS_TEXT_MAX], why[160] = "no memory";
    int rc = -ENOMEM;

    if (listener == NULL)
        goto failed;
    if (address->sockaddr.ss_family == AF_UNIX)
        rc = bind_unix(listener, address, UNIX_LISTEN_MODE, (int)pool->backlog, why, sizeof(why));
    else
        rc = bind_tcp(listener, address, pool, why, sizeof(why));
    if (rc < 0)
        goto failed;
    listener->users = 1;
    listener->claim = claim->number;
    list_push_back(claim->open, &listener->node);
    *opened = listener;
    return 0;

failed:
    snprintf(error, size, "%s: %s", cop_address_print(address, text), why);
    if (listener != NULL)
        claim_drop(listener);
    return rc;
}

bool claim_fits(const struct claim *claim, const struct cop_address *asked,
                const struct listener *listener)
{
    /* A port 0 has become another one, a port of its own is what was asked for. */
    bool is_chosen = !address_equal(&listener->asked, &listener->address);

    if (listener->claim == claim->number || listener->users == 0)
        return false;
    if (is_chosen && strcmp(listener->owner, claim->pool->name) != 0)
        return address_equal(asked, &listener->address);
    return address_equal(asked, &listener->asked) || address_equal(asked, &listener->address);
}

struct listener *claim_find(const struct claim *claim, const struct cop_address *asked)
{
    list_for_each (claim->open, node) {
        struct listener *listener = list_entry(node, struct listener, node);

        if (claim_fits(claim, asked, listener))
            return listener;
    }
    return NULL;
}

void claim_take(const struct claim *claim, struct listener *listener)
{
    static const int on = 1;

    listener->claim = claim->number;
    listener->refs++;
    listener->users++;
    /* So that others may bind beside it; where they may not, binding them says so. */
    if (claim->pool->reuse_port)
        (void)setsockopt(listener->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

void claim_end(struct listener *listener)
{
    if (--listener->users == 0)
        bind_close(listener);
}
