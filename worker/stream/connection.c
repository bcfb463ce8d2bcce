/* SPDX-License-Identifier: MIT */
#include "worker/stream/connection.h"

#include <arpa/inet.h>
#include <stdio.h>

static void print_peer(struct cop_peer *peer, const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET) {
        peer->port = ntohs(v4->sin_port);
        (void)inet_ntop(AF_INET, &v4->sin_addr, peer->text, sizeof(peer->text));
    } else if (address->ss_family == AF_INET6) {
        peer->port = ntohs(v6->sin6_port);
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, peer->text, sizeof(peer->text));
    } else {
        snprintf(peer->text, sizeof(peer->text), "unix:");
    }
}

const struct cop_peer *cop_connection_peer(struct cop_connection *connection)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);

    if (connection->peer ||
        getpeername(connection->stream.io.fd, (struct sockaddr *)&address, &len) < 0)
        return connection->peer;
    connection->peer = calloc(1, sizeof(*connection->peer));
    if (connection->peer)
        print_peer(connection->peer, &address);
    return connection->peer;
}
