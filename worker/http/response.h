/* SPDX-License-Identifier: MIT */
/*
 * response.h - what a handler answers.
 *
 * A handler starts with an empty 200 and changes what it wants otherwise. Date, Content-Length and
 * Connection are the server's. What a handler returns below 0 becomes the answer instead: -404 (any
 * status from 400 to 599), or a negative errno that has one (-ENOENT: 404, -EACCES: 403, ...; 500
 * for the rest).
 */
#ifndef COPPICE_RESPONSE_H
#define COPPICE_RESPONSE_H

#include "worker/http/request.h"

/* Room for the header fields that a handler adds, in bytes as sent. */
#define COP_RESPONSE_FIELDS_MAX 1024

struct cop_response {
    int status;                    /* 200 to 599 */
    struct cop_slice content_type; /* data NULL: none is sent */
    struct cop_slice body;
    uint32_t fields_len;
    char fields[COP_RESPONSE_FIELDS_MAX]; /* whole lines */
};

/* Answer with these bytes, which are not copied: they must stay as they are until the handler has
 * returned and the answer is sent (a literal, the app's state), and so must the text of the type.
 */
COP_PUBLIC void cop_response_body(struct cop_response *response, const char *content_type,
                                  const void *data, size_t len);

/* The same with a string, as text/plain in UTF-8. */
COP_PUBLIC void cop_response_text(struct cop_response *response, const char *text);

/* Add a header field; both strings are copied. Returns 0, -EINVAL where they could not be sent as
 * they are (or the field is the server's own), -ENOSPC. */
COP_PUBLIC int cop_response_header(struct cop_response *response, const char *name,
                                   const char *value);

#endif
