/* SPDX-License-Identifier: MIT */
/*
 * request.h - what a handler sees of one HTTP request.
 *
 * Every slice points into the connection's input and is valid until the handler returns.
 */
#ifndef COPPICE_REQUEST_H
#define COPPICE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct http_field;

struct cop_request {
    enum cop_method method;
    uint8_t version_minor;        /* of HTTP/1: 0 or 1 */
    struct cop_slice method_name; /* as sent */
    struct cop_slice target;      /* as sent */
    struct cop_slice path;  /* of the target, as sent: not decoded; begins with '/', or is "*" */
    struct cop_slice query; /* what follows '?', as sent; NULL without one */
    void *state;            /* the app's, as given to http_service_new */

    /* Not for handlers: the field lines. */
    const char *head;
    const struct http_field *fields;
    size_t nfields;
};

/* The value of the first field of that name, in any case of letters; data is NULL when there is
 * none. */
COP_PUBLIC struct cop_slice cop_request_header(const struct cop_request *request, const char *name);

/* The i-th field, in the order of arrival. Returns false past the last. */
COP_PUBLIC bool cop_request_field(const struct cop_request *request, size_t i,
                                  struct cop_slice *name, struct cop_slice *value);

/* Is the slice this text, octet for octet? */
COP_PUBLIC bool cop_slice_equal(struct cop_slice slice, const char *text);

#endif
