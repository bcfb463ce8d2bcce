/* SPDX-License-Identifier: MIT */
/*
 * http_head.h - what a well-formed head means: the request for the handler, and how its message and
 * its connection go on.
 */
#ifndef COPPICE_HTTP_HEAD_H
#define COPPICE_HTTP_HEAD_H

#include "worker/http/http_parser.h"
#include "worker/http/request.h"

struct http_head {
    struct cop_request request; /* all but `state` and `session` */
    uint64_t content_length;    /* 0 without one */
    bool chunked;
    bool wants_close;     /* Connection says so, and that counts more than what else it says */
    bool keep_alive;      /* the client would send more on this connection */
    bool expect_continue; /* the client waits for 100 before it sends the body */
};

/* Judge the head that the parser has completed, whose first byte is at `message`. Returns 0, or
 * -status: 400, 417, 501, 505. The slices of head->request point into the message. */
int http_head_read(struct http_head *head, const struct http_parser *parser, const char *message);

#endif
