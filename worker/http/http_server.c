/* SPDX-License-Identifier: MIT */
/*
 * One call of http_serve is a session: it lives on the task's stack, from the first byte that is
 * there to read until nothing is left over.
 *
 *     read -> answer_received: parse, judge, [body], handle, print; again while a whole request is
 * there
 *          -> flush: one write for all of it -> nothing left over? park
 *                                            -> a part of a request? read on, with a deadline
 *
 * The input holds the head of one request unchanged until its answer is printed, because the
 * request's slices point into it; a body is dropped through the room behind it. Heads that do not
 * fit (header_max may be large) move to the heap. The clock is read after a read and after a write,
 * not for each request.
 */
#include "worker/http/http_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "worker/http/http_answer.h"
#include "worker/http/http_body.h"
#include "worker/http/http_head.h"
#include "worker/task/sched.h"
#include "worker/task/scope.h"

/* Both together leave a handler room on the smallest stack. */
#define INPUT_SIZE  (9 * 1024)
#define OUTPUT_SIZE (8 * 1024)

/* Room behind the longest head, for body bytes. */
#define BODY_ROOM 1024

/* How long, and for how many bytes, a peer that was refused may go on sending. */
#define LINGER_NS    (3 * COP_S)
#define LINGER_BYTES (16u << 20)

struct session {
    struct cop_connection *connection;
    const struct cop_service *service;
    const struct http_service *http;
    struct cop_task *task;
    char *input; /* on_stack, or the heap's */
    uint32_t input_size;
    uint32_t start;    /* of the message that is being read */
    uint32_t end;      /* of what has been read */
    cop_time began;    /* when the first byte of the unfinished message came */
    cop_time read_at;  /* the last read */
    bool parsing;      /* the parser has begun with the message at `start` */
    bool closing;      /* no further request is answered */
    bool linger;       /* the peer may still be sending */
    bool broken;       /* no further answer can be sent */
    uint32_t nanswers; /* printed, not yet sent; by the class of their status: */
    uint32_t nclass[6];
    cop_time oldest; /* when the first byte of the first of them came */
    uint32_t output_len;
    struct http_head head;
    struct cop_response response;
    struct http_parser parser;
    /* In that order, what a waiting session has touched lies together, near its callees' frames. */
    char on_stack[INPUT_SIZE];
    char output[OUTPUT_SIZE];
};

static struct cop_stream *stream_of(struct session *session)
{
    return &session->connection->stream;
}

static void break_off(struct session *session, int rc)
{
    session->closing = true;
    session->broken = true;
    session->output_len = 0;
    if (rc == -ETIMEDOUT)
        METRIC_ADD(request_timeouts, 1);
    else if (rc != -ECANCELED)
        METRIC_ADD(request_errors, 1);
}

static void count_answers(struct session *session)
{
    METRIC_ADD(requests, session->nanswers);
    METRIC_ADD(responses_2xx, session->nclass[2]);
    METRIC_ADD(responses_3xx, session->nclass[3]);
    METRIC_ADD(responses_4xx, session->nclass[4]);
    METRIC_ADD(responses_5xx, session->nclass[5]);
    memset(session->nclass, 0, sizeof(session->nclass));
}

/* Only the first of the answers can belong to a request that began before the last read. */
static void record_durations(struct session *session)
{
    struct histogram *histogram = &metrics_here->histogram[HISTOGRAM_request_duration];
    cop_time now = clock_now();

    histogram_record(histogram, now - session->oldest);
    if (session->nanswers > 1)
        histogram_record_n(histogram, now - session->read_at, session->nanswers - 1);
}

/* Send what is printed, and after it `body`, which may be empty. */
static void send_answers(struct session *session, struct cop_slice body)
{
    struct iovec pieces[2] = {
        {.iov_base = session->output, .iov_len = session->output_len},
        {.iov_base = (void *)(uintptr_t)body.data, .iov_len = body.len},
    };
    int rc;

    if (!session->output_len)
        return;
    if (session->nanswers)
        count_answers(session);
    rc = cop_writev(stream_of(session), pieces, body.len ? 2 : 1);
    session->output_len = 0;
    if (session->nanswers)
        record_durations(session);
    session->nanswers = 0;
    if (rc < 0)
        break_off(session, rc);
}

static void flush(struct session *session)
{
    send_answers(session, (struct cop_slice){NULL, 0});
}

/* Print session->response behind the other answers; what does not fit goes out at once. */
static void answer(struct session *session, bool has_body)
{
    const struct cop_response *response = &session->response;
    size_t head_max = HTTP_ANSWER_HEAD_MAX + response->content_type.len + response->fields_len;
    struct cop_slice body = has_body ? response->body : (struct cop_slice){NULL, 0};
    enum http_connection connection = HTTP_CONNECTION_DEFAULT;
    char *end;

    if (session->closing)
        connection = HTTP_CONNECTION_CLOSE;
    else if (!session->head.request.version_minor)
        connection = HTTP_CONNECTION_KEEP_ALIVE;
    if (head_max + body.len > OUTPUT_SIZE - session->output_len)
        flush(session);
    if (!session->nanswers++)
        session->oldest = session->began;
    session->nclass[response->status / 100]++;
    end = http_answer_print(session->output + session->output_len, response, connection);
    session->output_len = (uint32_t)(end - session->output);
    if (body.len > OUTPUT_SIZE - session->output_len) {
        send_answers(session, body);
    } else if (body.len) {
        memcpy(end, body.data, body.len);
        session->output_len += (uint32_t)body.len;
    }
}

/* Is the message that is being read a HEAD request, as far as one can see? */
static bool is_head(const struct session *session)
{
    uint32_t at = session->start + session->parser.skipped;

    return session->end - at >= 5 && memcmp(session->input + at, "HEAD ", 5) == 0;
}

/* Answer with an error and close: what follows on this connection cannot be trusted, or is not
 * wanted. */
static void refuse(struct session *session, int status)
{
    session->closing = true;
    session->linger = true;
    http_answer_error(&session->response, status);
    answer(session, !is_head(session));
}

/* What went wrong is a status to answer with, or an error of the stream. */
static void give_up(struct session *session, int rc)
{
    if (rc == -ETIMEDOUT) {
        METRIC_ADD(request_timeouts, 1);
        rc = -408;
    }
    if (rc <= -400)
        refuse(session, -rc);
    else
        break_off(session, rc);
}

/* Read into the input from `at` on, up to `limit`. Returns 0, or -errno; -ENODATA at the end. */
static int receive(struct session *session, uint32_t at, uint32_t limit)
{
    ssize_t n = cop_read(stream_of(session), session->input + at, limit - at);

    if (n <= 0)
        return n < 0 ? (int)n : -ENODATA;
    session->end = at + (uint32_t)n;
    session->read_at = loop_here->now;
    return 0;
}

static void limit_reads(struct session *session, cop_time timeout)
{
    cop_stream_set_timeouts(stream_of(session), timeout, session->service->write_timeout);
}

/* Have the unfinished head at the front of the input, with room behind it. Returns 0 or -ENOMEM. */
static int make_room(struct session *session)
{
    uint32_t len = session->end - session->start;
    uint32_t size = session->http->header_max + 2 * BODY_ROOM;
    char *input;

    memmove(session->input, session->input + session->start, len);
    session->start = 0;
    session->end = len;
    if (len < session->input_size - BODY_ROOM)
        return 0;
    input = malloc(size);
    if (!input)
        return -ENOMEM;
    memcpy(input, session->input, len);
    session->input = input;
    session->input_size = size;
    return 0;
}

static int receive_head(struct session *session)
{
    cop_time left = clock_add(session->began, session->http->header_timeout) - clock_now();
    int rc = make_room(session);

    if (rc < 0)
        return rc;
    if (left <= 0)
        return -ETIMEDOUT;
    limit_reads(session, left);
    return receive(session, session->end, session->input_size - BODY_ROOM);
}

/* More of the body, over what is there of it. The answers to earlier requests must not wait for
 * that. */
static int receive_body(struct session *session, uint32_t at, bool say_continue)
{
    flush(session);
    if (say_continue && !session->broken) {
        memcpy(session->output, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        session->output_len = 25;
        flush(session);
    }
    if (session->broken)
        return -ECANCELED;
    limit_reads(session, session->http->body_timeout);
    return receive(session, at, session->input_size);
}

/* Read the request's body, which begins at `at`, and drop it. Returns where the next message
 * begins, -status or -errno. */
static int drop_body(struct session *session, uint32_t at)
{
    const struct http_head *head = &session->head;
    uint32_t begin = at;
    bool say_continue = head->expect_continue && session->end == at;
    struct http_body body;

    if (head->content_length > session->http->body_max)
        return -413;
    http_body_init(&body, head->chunked, head->content_length, session->http->body_max,
                   session->http->header_max);
    while (!http_body_is_done(&body)) {
        struct cop_slice content;
        ssize_t n;

        if (at == session->end) {
            int rc = receive_body(session, begin, say_continue);

            if (rc < 0)
                return rc;
            say_continue = false;
            at = begin;
        }
        n = http_body_take(&body, session->input + at, session->end - at, &content);
        if (n < 0)
            return (int)n;
        at += (uint32_t)n;
    }
    return (int)at;
}

/* What concerns the server and not a resource of the app. Returns 1 when the response is complete,
 * 0 for the handler, -errno. */
static int handle_method(const struct cop_request *request, struct cop_response *response)
{
    bool refused = request->method == COP_METHOD_TRACE || request->method == COP_METHOD_CONNECT;
    int rc;

    if (!refused && request->path.data[0] == '/')
        return 0;
    if (refused)
        http_answer_error(response, 405);
    else
        response->status = 204;
    rc = cop_response_header(response, "Allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
    return rc < 0 ? rc : 1;
}

static int call_handler(struct session *session)
{
    const struct http_service *http = session->http;
    struct cop_scope scope;

    if (http->request_timeout == COP_NEVER)
        return http->handler(&session->head.request, &session->response);
    cop_scope_enter(&scope, clock_add(clock_now(), http->request_timeout));
    return cop_scope_exit(&scope, http->handler(&session->head.request, &session->response));
}

static void handle(struct session *session)
{
    struct cop_request *request = &session->head.request;
    struct cop_response *response = &session->response;
    int rc;

    cop_task_set_label(session->task, request->method_name.data,
                       request->method_name.len + 1 + request->target.len);
    request->state = session->http->state;
    http_answer_init(response);
    rc = handle_method(request, response);
    if (rc == 0)
        rc = call_handler(session);
    if (rc >= 0 && (response->status < 200 || response->status > 599))
        rc = -500;
    if (rc < 0)
        http_answer_error(response, http_answer_status(rc));
    if (response->status >= 500)
        METRIC_ADD(request_errors, 1);
    /* The drain may have begun while the handler waited. */
    if (atomic_load_explicit(&session->service->draining, memory_order_relaxed))
        session->closing = session->linger = true;
    answer(session, request->method != COP_METHOD_HEAD);
}

/* A request whose head is complete. */
static void serve_request(struct session *session, uint32_t head_len)
{
    struct http_head *head = &session->head;
    int next = (int)(session->start + head_len);
    int rc = http_head_read(head, &session->parser, session->input + session->start);

    if (rc == 0 && (head->chunked || head->content_length))
        rc = next = drop_body(session, (uint32_t)next);
    if (rc < 0) {
        give_up(session, rc);
        return;
    }
    if (!head->keep_alive || head->request.method == COP_METHOD_CONNECT)
        session->closing = true;
    handle(session);
    session->start = (uint32_t)next;
    session->began = session->read_at;
    session->parsing = false;
}

/* Answer every whole request that is there. What is left over is a part of one. */
static void answer_received(struct session *session)
{
    while (session->start < session->end && !session->closing) {
        uint32_t len = session->end - session->start;
        int rc;

        if (!session->parsing)
            http_parser_init(&session->parser, session->http->header_max);
        session->parsing = true;
        rc = http_parser_feed(&session->parser, session->input + session->start, len);
        if (rc == 0) {
            if (http_parser_is_idle(&session->parser, len))
                session->start = session->end;
            return;
        }
        if (rc < 0)
            give_up(session, rc);
        else
            serve_request(session, (uint32_t)rc);
    }
}

/* Closing with unread input would have the kernel send a reset, and the peer lose the answer: say
 * that no more comes, and take what is still under way, within bounds. */
static void linger(struct session *session)
{
    cop_time deadline = clock_now() + LINGER_NS;
    uint32_t dropped = 0;

    if (cop_shutdown_write(stream_of(session)) < 0)
        return;
    while (dropped < LINGER_BYTES) {
        cop_time left = deadline - clock_now();

        if (left <= 0)
            return;
        limit_reads(session, left);
        if (receive(session, 0, session->input_size) < 0)
            return;
        dropped += session->end;
    }
}

static enum cop_verdict finish(struct session *session)
{
    bool more_may_come =
        session->linger || session->start < session->end || !stream_of(session)->drained;

    if (!session->broken && more_may_come)
        linger(session);
    return COP_CLOSE;
}

static enum cop_verdict run(struct session *session)
{
    int rc = receive(session, 0, session->input_size - BODY_ROOM);

    if (rc < 0)
        return rc == -EAGAIN ? COP_PARK : COP_CLOSE;
    session->began = session->read_at;
    for (;;) {
        answer_received(session);
        /* What is left of a handler's time is not the next request's. */
        if (session->nanswers && session->start < session->end)
            session->began = clock_now();
        flush(session);
        if (session->closing)
            return finish(session);
        if (session->start == session->end)
            return COP_PARK;
        rc = receive_head(session);
        if (rc < 0)
            give_up(session, rc);
    }
}

enum cop_verdict http_serve(struct cop_connection *connection, void *arg)
{
    struct session session;
    enum cop_verdict verdict;

    session.connection = connection;
    session.service = connection->service;
    session.http = arg;
    session.task = cop_current_task();
    session.input = session.on_stack;
    session.input_size = INPUT_SIZE;
    session.start = session.end = 0;
    session.closing = session.linger = session.broken = false;
    session.nanswers = 0;
    memset(session.nclass, 0, sizeof(session.nclass));
    session.output_len = 0;
    session.parsing = false;
    verdict = run(&session);
    cop_task_set_label(session.task, NULL, 0);
    if (session.input != session.on_stack)
        free(session.input);
    return verdict;
}

static cop_time timeout_of(int64_t timeout)
{
    return timeout > 0 ? timeout : COP_NEVER;
}

struct http_service *http_service_new(const struct config_pool *pool, cop_handler handler,
                                      void *state)
{
    struct http_service *service = malloc(sizeof(*service));

    if (!service)
        return NULL;
    *service = (struct http_service){
        .handler = handler,
        .state = state,
        .header_timeout = timeout_of(pool->header_timeout),
        .body_timeout = timeout_of(pool->body_timeout),
        .request_timeout = timeout_of(pool->request_timeout),
        .header_max = (uint32_t)pool->header_max,
        .body_max = pool->body_max,
    };
    return service;
}

void http_service_free(struct http_service *service)
{
    free(service);
}
