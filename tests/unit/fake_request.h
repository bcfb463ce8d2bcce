/* SPDX-License-Identifier: MIT */
/*
 * fake_request.h - a request without a connection: with memory, and with the text that a test gives
 * it.
 */
#ifndef COPPICE_FAKE_REQUEST_H
#define COPPICE_FAKE_REQUEST_H

#include <string.h>

#include "common/check.h"
#include "worker/http/http_session.h"

#define FAKE_MEMORY 65536

struct fake_request {
    struct http_session session;
    char text[4096];
};

/* "GET /path?query HTTP/1.1" and fields, each line with its CR LF, and an empty one. */
static inline struct cop_request *fake_request_init(struct fake_request *fake, const char *text)
{
    struct http_session *session = &fake->session;
    int len;

    memset(fake, 0, sizeof(*fake));
    CHECK(strlen(text) < sizeof(fake->text));
    strcpy(fake->text, text);
    http_parser_init(&session->parser, sizeof(fake->text));
    len = http_parser_feed(&session->parser, fake->text, strlen(text));
    CHECK(len > 0 && http_head_read(&session->head, &session->parser, fake->text) == 0);
    arena_init(&session->arena, session->first_block, HTTP_ARENA_SIZE, FAKE_MEMORY);
    session->head.request.session = session;
    session->response.session = session;
    return &session->head.request;
}

static inline void fake_request_fini(struct fake_request *fake)
{
    arena_fini(&fake->session.arena);
}

#endif
