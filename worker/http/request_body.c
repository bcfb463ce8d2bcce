/* SPDX-License-Identifier: MIT */
/*
 * A body passes through the room behind the head, over and over, or straight into the buffer of the
 * handler while there is nothing else of it in the input and its content goes on. An error stays:
 * what follows it on the connection is never taken for a request.
 */
#include "worker/http/request_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"

int request_body_begin(struct http_session *session, uint32_t at)
{
    const struct http_head *head = &session->head;

    session->has_body = head->chunked || head->content_length;
    session->body_from = session->body_at = at;
    if (!session->has_body)
        return 0;
    if (head->content_length > session->http->body_max)
        return -413;
    session->body_error = 0;
    session->body_began = 0;
    session->body_received = 0;
    session->say_continue = head->expect_continue && session->end == at;
    http_body_init(&session->body, head->chunked, head->content_length, session->http->body_max,
                   session->http->header_max);
    return 0;
}

bool request_body_is_done(const struct http_session *session)
{
    return !session->has_body || http_body_is_done(&session->body);
}

/* For a body of unknown length. */
#define FIRST_ROOM 4096

/* Before a wait: the answers to earlier requests must not wait too, nor a client for 100. Then no
 * wait may last longer than a body of the least rate lets it. */
static int prepare_wait(struct http_session *session)
{
    cop_time now, deadline, patience = session->http->body_timeout;

    if (session->say_continue && !session->sending) {
        if (HTTP_OUTPUT_SIZE - session->output_len < 25)
            (void)http_session_flush(session);
        memcpy(session->output + session->output_len, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        session->output_len += 25;
    }
    session->say_continue = false;
    if (http_session_flush(session) < 0)
        return -ECANCELED;
    now = clock_now();
    if (!session->body_began)
        session->body_began = now;
    deadline =
        http_session_deadline(session, session->body_began, patience, session->body_received);
    if (deadline <= now)
        return -ETIMEDOUT;
    http_session_limit_reads(session, deadline - now < patience ? deadline - now : patience);
    return 0;
}

/* Read more of it over what was taken; no further than a head may reach, which may follow it, as
 * long as that is room enough. */
static int receive(struct http_session *session)
{
    uint32_t limit = session->input_size - HTTP_BODY_ROOM;
    int rc = prepare_wait(session);

    if (limit < session->body_from + HTTP_BODY_ROOM)
        limit = session->body_from + HTTP_BODY_ROOM;
    if (rc == 0)
        rc = http_session_receive(session, session->body_from, limit);
    if (rc < 0)
        return rc;
    session->body_at = session->body_from;
    session->body_received += session->end - session->body_at;
    return 0;
}

static ssize_t receive_straight(struct http_session *session, void *buffer, size_t size)
{
    size_t straight = http_body_straight(&session->body);
    ssize_t n = prepare_wait(session);

    if (n == 0)
        n = cop_read(http_session_stream(session), buffer, size < straight ? size : straight);
    if (n <= 0)
        return n < 0 ? n : -ENODATA;
    http_body_skip(&session->body, (size_t)n);
    session->body_received += (uint64_t)n;
    return n;
}

/* The next content, at most size bytes: copied to the buffer, or dropped where that is NULL. */
static ssize_t take(struct http_session *session, void *buffer, size_t size)
{
    struct cop_slice content = {NULL, 0};

    while (!content.len && !http_body_is_done(&session->body)) {
        uint32_t left = session->end - session->body_at;
        ssize_t n;

        if (!left) {
            if (buffer && http_body_straight(&session->body) >= HTTP_BODY_ROOM)
                return receive_straight(session, buffer, size);
            n = receive(session);
            if (n < 0)
                return n;
            continue;
        }
        n = http_body_take(&session->body, session->input + session->body_at, left, size, &content);
        if (n < 0)
            return n;
        session->body_at += (uint32_t)n;
    }
    if (buffer && content.len)
        memcpy(buffer, content.data, content.len);
    return (ssize_t)content.len;
}

/* What the client did wrong becomes a status; what the connection suffered stays an errno. */
static ssize_t read_body(struct http_session *session, void *buffer, size_t size)
{
    ssize_t n = session->body_error;

    if (n == 0)
        n = take(session, buffer, size);
    if (n == -ETIMEDOUT) {
        METRIC_ADD(request_timeouts, 1);
        n = -408;
    }
    if (n < 0) {
        session->body_error = (int)n;
        session->closing = session->linger = true;
    }
    return n;
}

int request_body_drop(struct http_session *session)
{
    ssize_t n = 1;

    while (n > 0 && !request_body_is_done(session))
        n = read_body(session, NULL, SIZE_MAX);
    if (n < 0)
        return (int)n;
    return session->has_body ? session->body_error : 0;
}

ssize_t cop_request_read(struct cop_request *request, void *buffer, size_t size)
{
    struct http_session *session = request->session;

    if (!session->has_body || !size)
        return 0;
    return read_body(session, buffer, size);
}

static int read_announced(struct cop_request *request, char *text, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = cop_request_read(request, text + len, size - len);

        if (n <= 0)
            return n < 0 ? (int)n : -400;
        len += (size_t)n;
    }
    return 0;
}

/* The buffer may be moved, by realloc: 0 where there is no memory. */
static size_t grow(char **text, size_t size, size_t max)
{
    size_t larger = !size ? FIRST_ROOM : 2 * size;
    char *grown;

    larger = larger < max ? larger : max;
    grown = realloc(*text, larger + 1);
    if (!grown)
        return 0;
    *text = grown;
    return larger;
}

/* Of unknown length: the room doubles while it lasts. Not in the arena, which would have to hold
 * every size on the way, too. */
static ssize_t read_chunked(struct cop_request *request, size_t max, char **text)
{
    size_t size = 0, len = 0;

    for (;;) {
        char probe;
        ssize_t n = cop_request_read(request, len < size ? *text + len : &probe,
                                     len < size ? size - len : 1);

        if (n <= 0)
            return n < 0 ? n : (ssize_t)len;
        if (len == max)
            return -413;
        if (len < size) {
            len += (size_t)n;
            continue;
        }
        size = grow(text, size, max);
        if (!size)
            return -ENOMEM;
        (*text)[len++] = probe;
    }
}

static int take_chunked(struct cop_request *request, size_t max, struct cop_slice *body)
{
    char *text = NULL;
    ssize_t n = read_chunked(request, max, &text);

    if (n <= 0) {
        free(text);
        if (n == 0)
            *body = (struct cop_slice){"", 0};
        return (int)n;
    }
    if (cop_request_defer(request, free, text) < 0)
        return -ENOMEM;
    text[n] = 0;
    *body = (struct cop_slice){text, (size_t)n};
    return 0;
}

int cop_request_body(struct cop_request *request, size_t max, struct cop_slice *body)
{
    struct http_session *session = request->session;
    uint64_t len = session->has_body ? session->head.content_length : 0;
    char *text;
    int rc;

    if (session->has_body && session->head.chunked)
        return take_chunked(request, max, body);
    if (len > max)
        return -413;
    text = cop_request_alloc(request, len + 1);
    if (!text)
        return -ENOMEM;
    rc = read_announced(request, text, len);
    if (rc < 0)
        return rc;
    text[len] = 0;
    *body = (struct cop_slice){text, len};
    return 0;
}
