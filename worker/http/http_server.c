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
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "worker/http/http_answer.h"
#include "worker/http/http_session.h"
#include "worker/http/request_body.h"
#include "worker/http/response_writer.h"
#include "worker/task/sched.h"

/* How long, and for how many bytes, a peer that was refused may go on sending. */
#define LINGER_NS    (3 * COP_S)
#define LINGER_BYTES (16u << 20)

/* The body of a refused request is read, and the connection kept, up to that. */
#define SHORT_BODY (64u << 10)

/* Of a path in the log. */
#define PATH_SHOWN 200

#define ERROR_TEXT_MAX 128

/* Is the message that is being read a HEAD request, as far as one can see? */
static bool is_head(const struct http_session *session)
{
    uint32_t at = session->start + session->parser.skipped;

    return session->end - at >= 5 && memcmp(session->input + at, "HEAD ", 5) == 0;
}

/* Answer with an error and close: what follows on this connection cannot be trusted, or is not
 * wanted. */
static void refuse(struct http_session *session, int status)
{
    session->closing = true;
    session->linger = true;
    session->outcome = status == 408 ? HTTP_TIMED_OUT : HTTP_REJECTED;
    http_answer_error(&session->response, status);
    if (is_head(session))
        session->head.request.method = COP_METHOD_HEAD;
    else
        session->head.request.method = COP_METHOD_GET;
    response_writer_send(session);
}

/* What went wrong is a status to answer with, or an error of the stream. */
static void give_up(struct http_session *session, int rc)
{
    if (rc == -ETIMEDOUT) {
        METRIC_ADD(request_timeouts, 1);
        rc = -408;
    }
    if (rc <= -400)
        refuse(session, -rc);
    else
        http_session_break(session, rc);
}

static int receive_head(struct http_session *session)
{
    cop_time left = clock_add(session->began, session->http->header_timeout) - clock_now();
    int rc = http_session_make_room(session);

    if (rc < 0)
        return rc;
    if (left <= 0)
        return -ETIMEDOUT;
    http_session_limit_reads(session, left);
    return http_session_receive(session, session->end, session->input_size - HTTP_BODY_ROOM);
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

/* The path has no route for this method, but for others. */
static int answer_allowed(const struct cop_request *request, struct cop_response *response,
                          unsigned allowed)
{
    char text[ROUTER_ALLOW_MAX];

    if (request->method == COP_METHOD_OPTIONS)
        response->status = 204;
    else
        http_answer_error(response, 405);
    router_print_allowed(allowed, text);
    return cop_response_header(response, "Allow", text);
}

static int route(struct cop_request *request, struct cop_response *response)
{
    const struct http_service *http = request->session->http;
    cop_handler handler = NULL;
    unsigned allowed = 0;
    int rc = http->router ? router_find(http->router, request, &handler, &allowed) : -404;

    if (rc == -404) {
        handler = http->handler;
        rc = handler ? 0 : -404;
    }
    if (rc == -405)
        return answer_allowed(request, response, allowed);
    return rc < 0 ? rc : handler(request, response);
}

static int call_chain(struct cop_request *request, struct cop_response *response)
{
    const struct http_service *http = request->session->http;
    struct cop_next next = {http->middleware, route};

    if (!http->router && !http->middleware)
        return http_answer_result(http->handler(request, response));
    return cop_next(&next, request, response);
}

static int call_handler(struct http_session *session)
{
    const struct http_service *http = session->http;
    struct cop_scope scope;

    if (http->request_timeout == COP_NEVER)
        return call_chain(&session->head.request, &session->response);
    cop_scope_enter(&scope, clock_add(clock_now(), http->request_timeout));
    return cop_scope_exit(&scope, call_chain(&session->head.request, &session->response));
}

/* What the handler left of the body. Returns 0 when the next request can follow, -status, -errno.
 * After a refusal only a short one is worth the wait. */
static int finish_body(struct http_session *session)
{
    bool refused = session->response.status >= 400;

    if (!session->has_body || session->body_error < 0)
        return session->has_body ? session->body_error : 0;
    if (request_body_is_done(session))
        return 0;
    if (refused && (session->say_continue || !session->head.content_length ||
                    session->head.content_length > SHORT_BODY)) {
        session->closing = session->linger = true;
        return 0;
    }
    return request_body_drop(session);
}

static bool is_draining(const struct http_session *session)
{
    return atomic_load_explicit(&session->service->draining, memory_order_relaxed);
}

static void tell(struct http_session *session, const char *what)
{
    const struct cop_request *request = &session->head.request;

    log_error("task %llu: request %s: %.*s %.*s: %s",
              (unsigned long long)cop_task_id(session->task), request_id_of(session),
              (int)request->method_name.len, request->method_name.data,
              (int)(request->path.len < PATH_SHOWN ? request->path.len : PATH_SHOWN),
              request->path.data, what);
}

/* An error that is nobody's answer is for the operator. */
static void tell_error(struct http_session *session, int rc)
{
    const char *name = strerrorname_np(-rc), *what = strerrordesc_np(-rc);
    char text[ERROR_TEXT_MAX];

    if (rc >= 0 || (rc <= -400 && rc > -600) || rc == -ECANCELED || http_answer_status(rc) < 500 ||
        session->broken || (session->has_body && session->body_error < 0))
        return;
    if (name && what)
        snprintf(text, sizeof(text), "its handler returned -%s: %s", name, what);
    else
        snprintf(text, sizeof(text),
                 "its handler returned neither 0, a status from 400 to 599 nor -errno");
    tell(session, text);
}

/* A handler has returned rc, or nobody was asked. */
static void answer(struct http_session *session, int rc)
{
    struct cop_response *response = &session->response;

    if (session->sending) {
        if (rc == 0 && !session->broken && response_writer_lacks(session))
            tell(session, "its handler wrote less than the length that it announced");
        response_writer_end(session, rc < 0 ? rc : 0);
        rc = session->broken ? 0 : request_body_drop(session);
        if (rc < 0)
            session->closing = true;
        return;
    }
    if (rc >= 0 && (response->status < 200 || response->status > 599)) {
        tell(session, "its handler set a status that is not from 200 to 599");
        rc = -500;
    }
    if (rc < 0)
        http_answer_error(response, http_answer_status(rc));
    rc = finish_body(session);
    if (rc < 0) {
        give_up(session, rc);
        return;
    }
    if (response->status >= 500)
        METRIC_ADD(request_errors, 1);
    /* The drain may have begun while the handler waited. */
    if (is_draining(session))
        session->closing = session->linger = true;
    response_writer_send(session);
}

/* The request has been dealt with, one way or another; `request` is NULL where its head was never
 * complete. With an access log each answer leaves by itself, so that its line can tell how. */
static void conclude(struct http_session *session, const struct cop_request *request)
{
    session->stage = HTTP_BETWEEN;
    if (!session->http->access_log)
        return;
    (void)http_session_flush(session);
    access_log_note(session->http->access_log, session, request);
    session->head_len = 0;
    session->outcome = HTTP_OK;
}

/* Nobody was asked about what came. */
static void reject(struct http_session *session, int rc, const struct cop_request *request)
{
    session->id_len = 0;
    give_up(session, rc);
    conclude(session, request);
}

static void handle(struct http_session *session)
{
    struct cop_request *request = &session->head.request;
    struct cop_response *response = &session->response;
    int rc;

    sched_set_label(session->task, request->method_name.data,
                    request->method_name.len + 1 + request->target.len);
    request->state = session->http->state;
    request->route = NULL;
    request->session = session;
    response->session = session;
    session->sending = session->chunked = false;
    session->send_waited = 0;
    session->sent = 0;
    session->id_len = 0;
    session->stage = HTTP_HANDLED;
    http_answer_init(response);
    if (session->http->wants_id)
        request_id_take(session);
    rc = handle_method(request, response);
    if (rc == 0)
        rc = call_handler(session);
    if (rc < 0)
        tell_error(session, rc);
    answer(session, rc);
    conclude(session, request);
    if (session->arena.blocks || session->deferred || session->arena.at != session->first_block)
        http_session_clean(session);
}

/* The head ends before the room for a body, or else is moved: nothing points into it yet. */
static int leave_room(struct http_session *session, uint32_t head_len)
{
    if (session->start + head_len <= session->input_size - HTTP_BODY_ROOM)
        return 0;
    return http_session_make_room(session);
}

/* A request whose head is complete. */
static void serve_request(struct http_session *session, uint32_t head_len)
{
    struct http_head *head = &session->head;
    const struct cop_request *request = NULL;
    int rc = leave_room(session, head_len);
    uint32_t next = session->start + head_len;

    if (rc == 0)
        rc = http_head_read(head, &session->parser, session->input + session->start);
    if (rc == 0) {
        request = &head->request;
        rc = request_body_begin(session, next);
    }
    if (rc < 0) {
        reject(session, rc, request);
        return;
    }
    if (!head->keep_alive || head->request.method == COP_METHOD_CONNECT)
        session->closing = true;
    handle(session);
    session->start = session->has_body ? session->body_at : next;
    session->began = session->read_at;
    session->parsing = false;
}

/* Answer every whole request that is there. What is left over is a part of one. Returns whether
 * there was any. */
static bool answer_received(struct http_session *session)
{
    bool any = false;

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
            break;
        }
        any = true;
        if (rc < 0)
            reject(session, rc, NULL);
        else
            serve_request(session, (uint32_t)rc);
    }
    return any;
}

static enum cop_verdict finish(struct http_session *session)
{
    bool more_may_come =
        session->linger || session->start < session->end || !http_session_stream(session)->drained;

    /* Closing with unread input would have the kernel send a reset, and the peer lose the answer.
     */
    if (!session->broken && more_may_come) {
        http_session_limit_reads(session, COP_NEVER);
        (void)stream_end(http_session_stream(session), LINGER_BYTES, LINGER_NS);
    }
    return COP_CLOSE;
}

static enum cop_verdict run(struct http_session *session)
{
    int rc = http_session_receive(session, 0, session->input_size - HTTP_BODY_ROOM);

    if (rc < 0)
        return rc == -EAGAIN ? COP_PARK : COP_CLOSE;
    session->began = session->read_at;
    for (;;) {
        bool any = answer_received(session);

        /* What is left of a handler's time is not the next request's. */
        if (any && session->start < session->end)
            session->began = clock_now();
        (void)http_session_flush(session);
        if (session->closing)
            return finish(session);
        if (session->start == session->end)
            return COP_PARK;
        rc = receive_head(session);
        if (rc < 0)
            reject(session, rc, NULL);
    }
}

enum cop_verdict http_serve(struct cop_connection *connection, void *arg)
{
    struct http_session session;
    enum cop_verdict verdict;

    session.connection = connection;
    session.service = connection->service;
    session.http = arg;
    session.task = sched_current();
    session.input = session.on_stack;
    session.input_size = HTTP_INPUT_SIZE;
    session.start = session.end = 0;
    session.closing = session.linger = session.broken = false;
    session.nanswers = 0;
    memset(session.nclass, 0, sizeof(session.nclass));
    session.output_len = 0;
    session.sending = false;
    session.send_waited = 0;
    session.sent = 0;
    session.unfinished = session.counted = false;
    session.outcome = HTTP_OK;
    session.stage = HTTP_BETWEEN;
    session.id_len = 0;
    session.head_len = 0;
    session.deferred = NULL;
    session.has_body = false;
    arena_init(&session.arena, session.first_block, HTTP_ARENA_SIZE, session.http->arena_max);
    session.parsing = false;
    if (session.http->wants_peer && !connection->peer)
        (void)cop_connection_peer(connection);
    /* A signal may look at it from here on (slow_requests.c). */
    atomic_signal_fence(memory_order_release);
    session.task->serves = &session;
    verdict = run(&session);
    session.task->serves = NULL;
    if (session.http->wants_id)
        cop_task_set_name(session.task, NULL);
    sched_set_label(session.task, NULL, 0);
    if (session.input != session.on_stack)
        free(session.input);
    return verdict;
}
