/* SPDX-License-Identifier: MIT */
/*
 * request.h - what a handler sees of one HTTP request.
 *
 * Every slice points into the connection's input or the request's memory and is valid until the
 * handler returns. Text in a request is the client's: any octets but NUL, CR and LF.
 */
#ifndef COPPICE_REQUEST_H
#define COPPICE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/stream/connection.h"
#include "worker/task/task.h"

/* Some octets that lie elsewhere; not terminated by 0. */
struct cop_slice {
    const char *data;
    size_t len;
};

enum cop_method {
    COP_METHOD_GET,
    COP_METHOD_HEAD,
    COP_METHOD_POST,
    COP_METHOD_PUT,
    COP_METHOD_DELETE,
    COP_METHOD_PATCH,
    COP_METHOD_OPTIONS,
    COP_METHOD_TRACE,
    COP_METHOD_CONNECT,
};

/* A part of the path that a route's pattern names. */
struct cop_param {
    const char *name; /* the pattern's: ends where name_len says */
    size_t name_len;
    struct cop_slice value; /* percent-decoded */
};

#define COP_PARAMS_MAX 8

struct http_field;
struct http_session;

struct cop_request {
    enum cop_method method;
    uint8_t version_minor;        /* of HTTP/1: 0 or 1 */
    struct cop_slice method_name; /* as sent */
    struct cop_slice target;      /* as sent */
    struct cop_slice path;  /* of the target, as sent: not decoded; begins with '/', or is "*" */
    struct cop_slice query; /* what follows '?', as sent; NULL without one */
    void *state;            /* the app's, of this loop */
    const char *route;      /* the pattern that took it; NULL: none */

    /* Not for handlers: the field lines, the route's parameters, the connection. */
    const char *head;
    const struct http_field *fields;
    size_t nfields;
    size_t nparams;
    struct cop_param params[COP_PARAMS_MAX];
    struct http_session *session;
};

/* The value of the first field of that name, in any case of letters; data is NULL when there is
 * none. */
COP_PUBLIC struct cop_slice cop_request_header(const struct cop_request *request, const char *name);

/* The i-th field, in the order of arrival. Returns false past the last. */
COP_PUBLIC bool cop_request_field(const struct cop_request *request, size_t i,
                                  struct cop_slice *name, struct cop_slice *value);

/* What the route's {name} stands for in this path, percent-decoded; data is NULL when the pattern
 * has no such name. */
COP_PUBLIC struct cop_slice cop_request_param(const struct cop_request *request, const char *name);

/* Who sent it, as cop_connection_peer tells: behind a proxy, that one. */
COP_PUBLIC const struct cop_peer *cop_request_peer(const struct cop_request *request);

/* What names this request in the logs: the client's X-Request-ID where the pool takes it
 * (request_id: accept), else one of ours, made when it is first asked for, which no other request
 * has, here or in another worker. Letters, digits and a few signs, at most 64; valid until the
 * handler returns. */
COP_PUBLIC const char *cop_request_id(struct cop_request *request);

/* ---- the body ---- */

/* Up to size bytes of the body, at least one, and 0 at its end. Waits for them. Returns the number;
 * -status (400, 408, 413, 431) when the client is to blame, or -errno of the connection: return
 * either as the handler's result. */
COP_PUBLIC COP_MUST ssize_t cop_request_read(struct cop_request *request, void *buffer,
                                             size_t size);

/* The whole body, of max bytes at most, in the request's memory, with a 0 behind it. Returns 0;
 * -413 when it is longer, -ENOMEM, or as cop_request_read. */
COP_PUBLIC COP_MUST int cop_request_body(struct cop_request *request, size_t max,
                                         struct cop_slice *body);

/* ---- memory of the request ---- */

/* size bytes that last until the answer is sent. NULL: no memory, return -ENOMEM. */
COP_PUBLIC void *cop_request_alloc(struct cop_request *request, size_t size);

/* A copy of the slice, terminated by 0. NULL: no memory. */
COP_PUBLIC char *cop_request_string(struct cop_request *request, struct cop_slice slice);

/* Call fn(arg) when the answer is sent or given up, the last one first. Returns 0; -ENOMEM, and fn
 * has been called. */
COP_PUBLIC COP_MUST int cop_request_defer(struct cop_request *request, void (*fn)(void *arg),
                                          void *arg);

/* Is the slice this text, octet for octet? */
COP_PUBLIC bool cop_slice_equal(struct cop_slice slice, const char *text);

#endif
