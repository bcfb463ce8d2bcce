/* SPDX-License-Identifier: MIT */
/*
 * A body in memory is printed behind its head, so that the answers to many requests leave with one
 * write. All others are sent as they come: with Content-Length where the handler knows it, in
 * chunks where it does not, and to the end of the connection where the client knows no chunks.
 */
#include "worker/http/response_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "worker/http/http_answer.h"

#define PIECE_SIZE (8 * 1024)

static bool has_body(const struct http_session *session)
{
    int status = session->response.status;

    return session->head.request.method != COP_METHOD_HEAD && status != 204 && status != 205 &&
           status != 304;
}

static void send_memory(struct http_session *session)
{
    const struct cop_response *response = &session->response;
    size_t len = has_body(session) ? response->length : 0;
    size_t head_max = HTTP_ANSWER_HEAD_MAX + REQUEST_ID_FIELD_MAX + response->content_type.len +
                      response->fields_len;

    if (head_max + len > HTTP_OUTPUT_SIZE - session->output_len)
        (void)http_session_flush(session);
    http_session_print_head(session);
    if (len > HTTP_OUTPUT_SIZE - session->output_len) {
        struct iovec piece = {.iov_base = (void *)(uintptr_t)response->memory, .iov_len = len};

        (void)http_session_send(session, &piece, 1);
    } else if (len) {
        memcpy(session->output + session->output_len, response->memory, len);
        session->output_len += (uint32_t)len;
    }
}

/* The head, before the first piece. */
static void begin(struct http_session *session)
{
    struct cop_response *response = &session->response;

    if (session->sending)
        return;
    /* A client that waits for leave to send its body does not know whether it is still to come. */
    if (session->has_body && session->say_continue)
        session->closing = session->linger = true;
    http_session_print_head(session);
    session->unfinished = session->sending = true;
    session->chunked = !response->has_length && session->head.request.version_minor;
    session->to_send = response->has_length ? response->length : UINT64_MAX;
}

/* Count len bytes more. Returns 1 when they are to be sent, 0 when not (HEAD), -EMSGSIZE. */
static int count(struct http_session *session, uint64_t len)
{
    begin(session);
    if (session->broken)
        return -EPIPE;
    if (len > session->to_send)
        return -EMSGSIZE;
    if (session->response.has_length)
        session->to_send -= len;
    return len > 0 && has_body(session);
}

/* "1f40 CR LF" into line, at most 20 bytes. Another CR LF follows the chunk. */
static struct iovec chunk_line(struct http_session *session, char *line, uint64_t len)
{
    int n = sprintf(line, "%llx\r\n", (unsigned long long)len);

    session->framing += (uint64_t)n + 2;
    return (struct iovec){.iov_base = line, .iov_len = (size_t)n};
}

int cop_response_write(struct cop_response *response, const void *data, size_t len)
{
    struct http_session *session = response->session;
    struct iovec pieces[3];
    char line[20];
    int n = 0, rc;

    if (response->source != HTTP_FROM_WRITER)
        cop_response_begin(response, "application/octet-stream", -1);
    rc = count(session, len);
    if (rc <= 0)
        return rc;
    if (session->chunked)
        pieces[n++] = chunk_line(session, line, len);
    pieces[n++] = (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    if (session->chunked)
        pieces[n++] = (struct iovec){.iov_base = line + strlen(line) - 2, .iov_len = 2};
    return http_session_send(session, pieces, n);
}

static void print(struct http_session *session, const void *text, size_t len)
{
    if (len > HTTP_OUTPUT_SIZE - session->output_len)
        (void)http_session_flush(session);
    memcpy(session->output + session->output_len, text, len);
    session->output_len += (uint32_t)len;
}

int cop_response_write_file(struct cop_response *response, int file, off_t offset, size_t len)
{
    struct http_session *session = response->session;
    struct iovec line;
    char text[20];
    int rc;

    if (response->source != HTTP_FROM_WRITER)
        cop_response_begin(response, "application/octet-stream", -1);
    rc = count(session, len);
    if (rc <= 0)
        return rc;
    if (session->chunked) {
        line = chunk_line(session, text, len);
        print(session, line.iov_base, line.iov_len);
    }
    rc = http_session_send_file(session, file, offset, len);
    if (rc == 0 && session->chunked)
        print(session, "\r\n", 2);
    return rc;
}

static void send_file(struct http_session *session)
{
    const struct cop_response *response = &session->response;

    http_session_print_head(session);
    session->unfinished = true;
    if (has_body(session) && !session->broken)
        (void)http_session_send_file(session, response->file, response->offset, response->length);
    http_session_finish_answer(session);
}

static void send_function(struct http_session *session)
{
    struct cop_response *response = &session->response;
    char *piece = cop_request_alloc(&session->head.request, PIECE_SIZE);
    ssize_t n = piece ? 1 : -ENOMEM;

    response->source = HTTP_FROM_WRITER;
    begin(session);
    while (n > 0 && has_body(session)) {
        n = response->body_fn(response->body_arg, piece, PIECE_SIZE);
        if (n > 0 && cop_response_write(response, piece, (size_t)n) < 0)
            break;
    }
    response_writer_end(session, (int)n);
}

void response_writer_call(struct cop_response *response, const char *content_type, uint64_t length,
                          int (*fn)(struct cop_response *response, void *arg), void *arg)
{
    cop_response_begin(response, content_type, (int64_t)length);
    response->source = HTTP_FROM_CALL;
    response->body_call = fn;
    response->body_arg = arg;
}

static void send_call(struct http_session *session)
{
    struct cop_response *response = &session->response;

    response->source = HTTP_FROM_WRITER;
    begin(session);
    response_writer_end(session,
                        has_body(session) ? response->body_call(response, response->body_arg) : 0);
}

void response_writer_send(struct http_session *session)
{
    switch (session->response.source) {
    case HTTP_FROM_MEMORY:
        send_memory(session);
        break;
    case HTTP_FROM_FILE:
        send_file(session);
        break;
    case HTTP_FROM_FUNCTION:
        send_function(session);
        break;
    case HTTP_FROM_CALL:
        send_call(session);
        break;
    case HTTP_FROM_WRITER:
        begin(session);
        response_writer_end(session, 0);
        break;
    }
}

bool response_writer_lacks(const struct http_session *session)
{
    return session->response.has_length && session->to_send && has_body(session);
}

void response_writer_end(struct http_session *session, int rc)
{
    if (session->broken) {
        http_session_finish_answer(session);
        return;
    }
    if (rc == 0 && response_writer_lacks(session))
        rc = -EMSGSIZE;
    if (rc < 0) {
        (void)http_session_flush(session);
        http_session_break(session, rc);
    } else if (session->chunked && has_body(session)) {
        print(session, "0\r\n\r\n", 5);
        session->framing += 5;
    }
    http_session_finish_answer(session);
}
