/* SPDX-License-Identifier: MIT */
/*
 * dns_server.h - a name server on the loopback, in tasks of the test's own loop.
 *
 * It knows "both.test" (127.0.0.1 and ::1), "four.test" (127.0.0.1 alone), "six.test" (::1 alone),
 * "slow6.test" (127.0.0.1; silent about IPv6), "dead6.test" (the IPv6 discard prefix, then
 * 127.0.0.1), "long.test" (127.0.0.3, over TCP only), "broken.test" (SERVFAIL), "garbled.test" (an
 * answer that is cut off) and "silent.test" (no answer); any other name does not exist.
 */
#ifndef COPPICE_DNS_SERVER_H
#define COPPICE_DNS_SERVER_H

#include <arpa/inet.h>
#include <strings.h>

#include "tests/unit/both_loops.h"

enum { DNS_HEADER = 12, DNS_A = 1, DNS_AAAA = 28, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };

struct dns_record {
    const char *name;
    int type;
    const char *address; /* NULL: the name exists, but not this; "": silence */
    bool tcp_only;
    int code;
};

static const struct dns_record dns_records[] = {
    {"both.test", DNS_A, "127.0.0.1", false, 0},
    {"both.test", DNS_AAAA, "::1", false, 0},
    {"four.test", DNS_A, "127.0.0.1", false, 0},
    {"four.test", DNS_AAAA, NULL, false, 0},
    {"six.test", DNS_A, NULL, false, 0},
    {"six.test", DNS_AAAA, "::1", false, 0},
    {"slow6.test", DNS_A, "127.0.0.1", false, 0},
    {"slow6.test", DNS_AAAA, "", false, 0},
    {"dead6.test", DNS_A, "127.0.0.1", false, 0},
    {"dead6.test", DNS_AAAA, "100::1", false, 0},
    {"long.test", DNS_A, "127.0.0.3", true, 0},
    {"long.test", DNS_AAAA, NULL, false, 0},
    {"broken.test", DNS_A, NULL, false, DNS_SERVFAIL},
    {"broken.test", DNS_AAAA, NULL, false, DNS_SERVFAIL},
    {"garbled.test", DNS_A, "?", false, 0},
    {"silent.test", DNS_A, "", false, 0},
    {"silent.test", DNS_AAAA, "", false, 0},
};

struct dns_server {
    struct cop_datagram udp;
    struct cop_server tcp;
    struct cop_task *task;
    int queries;
    char servers[COP_ADDRESS_TEXT_MAX]; /* for a cop_resolver */
};

/* The question's name into text. Returns where its type stands, or 0. */
static inline size_t dns_name(const unsigned char *query, size_t len, char *text, size_t size)
{
    size_t at = DNS_HEADER, used = 0;

    while (at < len && query[at] != 0) {
        size_t label = query[at++];

        if (at + label >= len || used + label + 2 > size)
            return 0;
        if (used > 0)
            text[used++] = '.';
        memcpy(text + used, query + at, label);
        used += label;
        at += label;
    }
    text[used] = '\0';
    return at + 5 <= len ? at + 1 : 0;
}

static inline const struct dns_record *dns_find(const char *name, int type)
{
    for (size_t i = 0; i < sizeof(dns_records) / sizeof(dns_records[0]); i++) {
        if (strcasecmp(dns_records[i].name, name) == 0 && dns_records[i].type == type)
            return &dns_records[i];
    }
    return NULL;
}

/* Make the answer in the query's place. Returns its length; 0: none. */
static inline size_t dns_answer(unsigned char *message, size_t len, bool tcp)
{
    static const unsigned char fixed[] = {0xc0, DNS_HEADER, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0};
    const struct dns_record *record;
    char name[256];
    size_t at = dns_name(message, len, name, sizeof(name));
    int type, family, size;

    if (at == 0)
        return 0;
    type = message[at] << 8 | message[at + 1];
    record = dns_find(name, type);
    at += 4; /* behind type and class */
    message[2] = 0x81;
    message[3] = (unsigned char)(0x80 | (record ? record->code : DNS_NXDOMAIN));
    memset(message + 6, 0, 6);
    if (!record || !record->address)
        return at;
    if (record->address[0] == '\0')
        return 0;
    if (record->tcp_only && !tcp) {
        message[2] |= 0x02;
        return at;
    }
    family = type == DNS_A ? AF_INET : AF_INET6;
    size = type == DNS_A ? 4 : 16;
    message[7] = 1;
    if (record->address[0] == '?')
        return at;
    memcpy(message + at, fixed, sizeof(fixed));
    message[at + 3] = (unsigned char)type;
    message[at + 11] = (unsigned char)size;
    ck_assert_int_eq(inet_pton(family, record->address, message + at + sizeof(fixed)), 1);
    return at + sizeof(fixed) + (size_t)size;
}

static inline int dns_serve_udp(void *arg)
{
    struct dns_server *server = arg;
    unsigned char message[1024];
    struct cop_address from;
    ssize_t n;

    while ((n = cop_recv_from(&server->udp, message, 512, &from)) >= 0) {
        size_t len = dns_answer(message, (size_t)n, false);

        server->queries++;
        if (len > 0)
            ck_assert_int_eq(cop_send_to(&server->udp, message, len, &from), 0);
    }
    return (int)n;
}

static inline void dns_serve_tcp(struct cop_stream *stream, void *arg)
{
    struct dns_server *server = arg;
    unsigned char message[1024];

    while (cop_read_exactly(stream, message, 2) == 0) {
        size_t len = (size_t)(message[0] << 8 | message[1]);

        if (len > 512 || cop_read_exactly(stream, message + 2, len) < 0)
            return;
        server->queries++;
        len = dns_answer(message + 2, len, true);
        message[0] = (unsigned char)(len >> 8);
        message[1] = (unsigned char)len;
        if (len > 0 && cop_write(stream, message, len + 2) < 0)
            return;
    }
}

static inline void dns_server_start(struct dns_server *server)
{
    struct cop_address local = address_of("127.0.0.1:0");

    *server = (struct dns_server){0};
    ck_assert_int_eq(cop_start_server(&server->tcp, &local, dns_serve_tcp, server), 0);
    ck_assert_int_eq(cop_datagram_open(&server->udp, &server->tcp.acceptor.address), 0);
    (void)cop_address_print(&server->tcp.acceptor.address, server->servers);
    server->task = cop_create_task(dns_serve_udp, server);
    ck_assert_ptr_nonnull(server->task);
}

static inline void dns_server_stop(struct dns_server *server)
{
    ck_assert_int_eq(cop_cancel_and_wait(server->task), -ECANCELED);
    cop_datagram_close(&server->udp);
    (void)cop_server_stop(&server->tcp, 0);
}

#endif
