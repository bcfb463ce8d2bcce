/* SPDX-License-Identifier: MIT */
/*
 * multipart.h - a multipart/form-data body (RFC 7578), part by part, as it comes.
 *
 *     struct cop_multipart form;
 *     struct cop_part part;
 *     int rc = cop_multipart_init(&form, request);
 *
 *     while (rc >= 0 && (rc = cop_multipart_next(&form, &part)) == 1)
 *         while ((n = cop_multipart_read(&form, buffer, sizeof(buffer))) > 0)
 *             ...
 */
#ifndef COPPICE_MULTIPART_H
#define COPPICE_MULTIPART_H

#include "worker/http/request.h"

#define COP_MULTIPART_BUFFER   4096
#define COP_MULTIPART_HEAD_MAX 1024

/* Text as sent, valid until the next part; data is NULL where there is none. */
struct cop_part {
    struct cop_slice name;
    struct cop_slice filename; /* the client's word: never a path to trust */
    struct cop_slice content_type;
};

struct cop_multipart {
    ssize_t (*read)(void *arg, void *buffer, size_t size);
    void *arg;
    char delimiter[76]; /* CR LF "--" boundary */
    size_t delimiter_len;
    size_t start, end; /* of what is in the buffer */
    int state;         /* enum state in multipart.c */
    char head[COP_MULTIPART_HEAD_MAX];
    char buffer[COP_MULTIPART_BUFFER];
};

/* Read the body of the request. Returns 0, or -415 when it is no such form or coded, or -400. */
COP_PUBLIC COP_MUST int cop_multipart_init(struct cop_multipart *form, struct cop_request *request);

/* The same for any source of bytes: read(arg, ...) as cop_request_read. boundary: 1 to 70 octets.
 */
void multipart_init(struct cop_multipart *form, struct cop_slice boundary,
                    ssize_t (*read)(void *arg, void *buffer, size_t size), void *arg);

/* Go to the next part; what is left of the one before is dropped. Returns 1, 0 when it was the
 * last, -400, -431 for a part with a long head, or what read gives. */
COP_PUBLIC COP_MUST int cop_multipart_next(struct cop_multipart *form, struct cop_part *part);

/* Up to size bytes of the part; 0 at its end; below 0 as cop_multipart_next. */
COP_PUBLIC COP_MUST ssize_t cop_multipart_read(struct cop_multipart *form, void *buffer,
                                               size_t size);

#endif
