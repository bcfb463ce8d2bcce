/* SPDX-License-Identifier: MIT */
/*
 * http_body.h - where the body of a request ends: by Content-Length or by chunks (RFC 9112,
 * sections 6 and 7).
 *
 * Bytes may come in any portions. What is around the content (chunk lines, extensions, trailer
 * fields, and the overhead of tiny chunks) has a budget of its own, so that framing alone cannot
 * keep a connection busy for ever.
 */
#ifndef COPPICE_HTTP_BODY_H
#define COPPICE_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/http/request.h"

struct http_body {
    uint64_t left;   /* of the content, or of the chunk's data */
    uint64_t room;   /* for content, until it is too large */
    uint32_t budget; /* for framing */
    uint8_t state;   /* enum state in http_body.c */
    uint8_t digits;  /* of the chunk's size so far */
    bool trailers;   /* the last chunk is behind */
};

/* A body of content_length bytes, or in chunks of at most body_max bytes in all and framing_max
 * around them. */
void http_body_init(struct http_body *body, bool chunked, uint64_t content_length,
                    uint64_t body_max, uint32_t framing_max);

/* Has all of it been taken? */
bool http_body_is_done(const struct http_body *body);

/* Take from the front of data[0 .. len) up to the end of one run of content, of max bytes at most,
 * or of the framing. Returns how many bytes belong to the body, with the content among them in
 * *content (maybe none), or -status: 400, 413, 431. */
ssize_t http_body_take(struct http_body *body, const char *data, size_t len, size_t max,
                       struct cop_slice *content);

/* How many of the next bytes are content, for sure. http_body_skip takes n of them without a look.
 */
size_t http_body_straight(const struct http_body *body);
void http_body_skip(struct http_body *body, size_t n);

#endif
