/* SPDX-License-Identifier: MIT */
/*
 * http_client.h - the other side of HTTP/1.1: one connected stream, one question at a time.
 *
 * The bytes of a request are built once and may be sent any number of times. The body of an answer
 * is counted and dropped. A question costs one send and, where the answer comes in one piece, one
 * recv; no memory is allocated. The struct holds the receive buffer and may lie on the task's
 * stack.
 */
#ifndef COPPICE_HTTP_CLIENT_H
#define COPPICE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/http/http_parser.h"
#include "worker/stream/stream.h"

#define HTTP_CLIENT_BUFFER 16384

struct http_client {
    struct cop_stream *stream; /* connected; stays the caller's */
    struct http_response_parser parser;
    cop_time timeout; /* for a question, from `started` to its answer's last byte; COP_NEVER */
    char buffer[HTTP_CLIENT_BUFFER];
};

struct http_client_answer {
    unsigned status;
    bool keep_alive; /* the connection takes another question */
    uint64_t bytes;  /* head and body, as received */
};

/* Write a GET for path at authority into buffer[0 .. size). Returns its length, or -ENAMETOOLONG.
 */
int http_client_build_get(char *buffer, size_t size, const char *authority, const char *path,
                          bool keep_alive);

void http_client_init(struct http_client *client, struct cop_stream *stream, cop_time timeout);

/* Send the request and take in its whole answer; the time-out runs from `started`, which is about
 * now. Waits. Returns 0, -ETIMEDOUT, -ECANCELED, -ENODATA (the stream ended before the answer did),
 * -EBADMSG (no HTTP, or more than one answer), or the stream's error; after an error the stream is
 * good only for closing. */
int http_client_ask(struct http_client *client, const char *request, size_t len, cop_time started,
                    struct http_client_answer *answer);

#endif
