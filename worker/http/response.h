/* SPDX-License-Identifier: MIT */
/*
 * response.h - what a handler answers.
 *
 * A handler starts with an empty 200 and changes what it wants otherwise. Date, Content-Length and
 * Connection are the server's, and so is leaving out the body for HEAD, 204, 205 and 304. What a
 * handler returns other than 0 becomes the answer instead: any status from 400 to 599, with or
 * without a minus, or a negative errno that has one (-ENOENT: 404, -EACCES: 403, ...; 500 for the
 * rest, with a line in the log). Such an answer has none of the handler's own fields: for a 401
 * with WWW-Authenticate, or an error with a body of one's own, set status, add the fields and
 * return 0.
 */
#ifndef COPPICE_RESPONSE_H
#define COPPICE_RESPONSE_H

#include "worker/http/request.h"

/* Room for the header fields that a handler adds, in bytes as sent. */
#define COP_RESPONSE_FIELDS_MAX 2048

struct cop_response;

/* Answer the request. Runs in a task and may wait. Returns 0 when *response is the answer, or else
 * a status or -errno, as above; any other number is a 500 with a line in the log. */
typedef int (*cop_handler)(struct cop_request *request, struct cop_response *response);

/* Fill buffer[0 .. size) with the next piece of a body. May wait. Returns its length, 0 at the end,
 * or -errno, which breaks the connection off. */
typedef ssize_t (*cop_body_fn)(void *arg, void *buffer, size_t size);

/* Not for handlers: where the body comes from. */
enum http_source {
    HTTP_FROM_MEMORY,
    HTTP_FROM_FILE,
    HTTP_FROM_FUNCTION,
    HTTP_FROM_CALL,
    HTTP_FROM_WRITER,
};

struct cop_response {
    int status;                    /* 200 to 599 */
    struct cop_slice content_type; /* data NULL: none is sent */

    /* Not for handlers. */
    enum http_source source;
    bool has_length;     /* else it ends when it ends */
    uint64_t length;     /* as announced */
    const char *memory;  /* HTTP_FROM_MEMORY */
    int file;            /* HTTP_FROM_FILE */
    off_t offset;        /* in it */
    cop_body_fn body_fn; /* HTTP_FROM_FUNCTION */
    /* HTTP_FROM_CALL */
    int (*body_call)(struct cop_response *response, void *arg);
    void *body_arg; /* of either */
    struct http_session *session;
    uint32_t fields_len;
    char fields[COP_RESPONSE_FIELDS_MAX]; /* whole lines */
};

/* Answer with these bytes, which are not copied: they must stay as they are until the handler has
 * returned and the answer is sent (a literal, the app's state, the request's memory), and so must
 * the text of the type. */
COP_PUBLIC void cop_response_body(struct cop_response *response, const char *content_type,
                                  const void *data, size_t len);

/* The same with a string, as text/plain in UTF-8. */
COP_PUBLIC void cop_response_text(struct cop_response *response, const char *text);

/* Text made as by printf, in the request's memory. Returns 0, or -ENOMEM. */
COP_PUBLIC COP_MUST int cop_response_print(struct cop_response *response, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Answer with len bytes of a regular file from offset on. The descriptor stays the caller's and
 * must stay open until the answer is sent (cop_request_defer tells). */
COP_PUBLIC void cop_response_file(struct cop_response *response, const char *content_type, int file,
                                  off_t offset, uint64_t len);

/* Answer with what fn(arg, ...) gives, which is called once the handler has returned. */
COP_PUBLIC void cop_response_stream(struct cop_response *response, const char *content_type,
                                    cop_body_fn fn, void *arg);

/* Add a header field; both strings are copied. Returns 0, -EINVAL where they could not be sent as
 * they are (or the field is the server's own), -ENOSPC. */
COP_PUBLIC COP_MUST int cop_response_header(struct cop_response *response, const char *name,
                                            const char *value);

/* As cop_request_defer. */
COP_PUBLIC COP_MUST int cop_response_defer(struct cop_response *response, void (*fn)(void *arg),
                                           void *arg);

/* ---- piece by piece, from inside the handler ---- */

/* Begin a body that the handler writes: length bytes, or, below 0, as many as come. The head is
 * sent with the first piece; what the handler returns below 0 after that breaks the connection off.
 */
COP_PUBLIC void cop_response_begin(struct cop_response *response, const char *content_type,
                                   int64_t length);

/* Send a piece. Waits while the client is slow. Returns 0, -EMSGSIZE past the length announced, or
 * -errno of the connection. */
COP_PUBLIC COP_MUST int cop_response_write(struct cop_response *response, const void *data,
                                           size_t len);

/* Send a piece of a file. */
COP_PUBLIC COP_MUST int cop_response_write_file(struct cop_response *response, int file,
                                                off_t offset, size_t len);

/* Send a server-sent event; the first one makes the answer a text/event-stream. event and id may be
 * NULL; data may have several lines. Returns as cop_response_write, -EINVAL for an
 * event or id of more than a line, -ENOMEM, or -ENOSPC without room for the head's fields. */
COP_PUBLIC COP_MUST int cop_response_event(struct cop_response *response, const char *event,
                                           const char *id, const char *data);

#endif
