/* SPDX-License-Identifier: MIT */
#include "worker/http/http_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "worker/http/http_answer.h"
#include "worker/stream/sendfile.h"
#include "worker/task/sched.h"
#include "worker/task/scope.h"

/* What the kernel takes at once, as a rule; longer answers have a deadline as a whole. */
#define SMALL_ANSWER (64u << 10)

static enum http_outcome outcome_of(int rc)
{
    switch (rc) {
    case -ETIMEDOUT:
        return HTTP_TIMED_OUT;
    case -ECANCELED:
        return HTTP_CANCELLED;
    case -ENODATA:
    case -EPIPE:
    case -ECONNRESET:
        return HTTP_ABORTED;
    default:
        return HTTP_FAILED;
    }
}

void http_session_break(struct http_session *session, int rc)
{
    session->closing = true;
    session->broken = true;
    session->output_len = 0;
    session->outcome = outcome_of(rc);
    if (rc == -ETIMEDOUT)
        METRIC_ADD(request_timeouts, 1);
    else if (rc != -ECANCELED)
        METRIC_ADD(request_errors, 1);
}

void http_session_limit_reads(struct http_session *session, cop_time timeout)
{
    cop_stream_set_timeouts(http_session_stream(session), timeout, session->service->write_timeout);
}

int http_session_receive(struct http_session *session, uint32_t at, uint32_t limit)
{
    ssize_t n = cop_read(http_session_stream(session), session->input + at, limit - at);

    if (n <= 0)
        return n < 0 ? (int)n : -ENODATA;
    session->end = at + (uint32_t)n;
    session->read_at = loop_here->now;
    return 0;
}

int http_session_make_room(struct http_session *session)
{
    uint32_t len = session->end - session->start;
    uint32_t size = session->http->header_max + 2 * HTTP_BODY_ROOM;
    char *input;

    memmove(session->input, session->input + session->start, len);
    session->start = 0;
    session->end = len;
    if (len < session->input_size - HTTP_BODY_ROOM)
        return 0;
    input = malloc(size);
    if (!input)
        return -ENOMEM;
    memcpy(input, session->input, len);
    session->input = input;
    session->input_size = size;
    return 0;
}

cop_time http_session_deadline(const struct http_session *session, cop_time began,
                               cop_time patience, uint64_t bytes)
{
    uint64_t rate = session->http->min_rate;

    if (patience == COP_NEVER || !rate)
        return COP_NEVER;
    return clock_add(clock_add(began, patience), (cop_time)(bytes / rate) * COP_S);
}

static void count_answers(struct http_session *session)
{
    METRIC_ADD(requests, session->nanswers - session->counted);
    METRIC_ADD(responses_2xx, session->nclass[2]);
    METRIC_ADD(responses_3xx, session->nclass[3]);
    METRIC_ADD(responses_4xx, session->nclass[4]);
    METRIC_ADD(responses_5xx, session->nclass[5]);
    memset(session->nclass, 0, sizeof(session->nclass));
    session->counted = session->unfinished;
}

/* Of the answers that are all sent. Only the first of them can belong to a request that began
 * before the last read. */
static void record_durations(struct http_session *session)
{
    struct histogram *histogram = &metrics_here->histogram[HISTOGRAM_request_duration];
    uint32_t n = session->nanswers - session->unfinished;
    cop_time now;

    session->nanswers = session->unfinished;
    if (!n)
        return;
    now = clock_now();
    histogram_record(histogram, now - session->oldest);
    if (n > 1)
        histogram_record_n(histogram, now - session->read_at, n - 1);
    session->oldest = session->began;
}

/* The wait for a slow client ends each time with write_timeout; all of them for one answer, however
 * many pieces it has, end with what a client of the least rate needs. A long piece has that as its
 * deadline; after a short one the time is added up. */
static inline cop_time begin_write(const struct http_session *session, struct cop_scope *scope,
                                   size_t len)
{
    if (len > SMALL_ANSWER)
        cop_scope_enter(scope, http_session_deadline(session, clock_now() - session->send_waited,
                                                     session->service->write_timeout,
                                                     session->sent + len));
    return session->sending ? clock_now() : 0;
}

static inline int end_write(struct http_session *session, struct cop_scope *scope, size_t len,
                            cop_time began, int rc)
{
    cop_time patience = session->service->write_timeout;

    if (len > SMALL_ANSWER)
        rc = cop_scope_exit(scope, rc);
    if (!session->sending)
        return rc;
    session->sent += len;
    session->send_waited += clock_now() - began;
    if (rc == 0 && session->send_waited > patience &&
        session->send_waited > http_session_deadline(session, 0, patience, session->sent))
        rc = -ETIMEDOUT;
    return rc;
}

int http_session_send(struct http_session *session, const struct iovec *pieces, int n)
{
    struct iovec all[4] = {{.iov_base = session->output, .iov_len = session->output_len}};
    size_t len = session->output_len;
    struct cop_scope scope;
    cop_time began;
    int rc;

    if (session->broken)
        return -EPIPE;
    for (int i = 0; i < n; i++) {
        all[i + 1] = pieces[i];
        len += pieces[i].iov_len;
    }
    if (session->nanswers > session->counted)
        count_answers(session);
    began = begin_write(session, &scope, len);
    rc = cop_writev(http_session_stream(session), all, n + 1);
    rc = end_write(session, &scope, len, began, rc);
    session->output_len = 0;
    if (session->nanswers)
        record_durations(session);
    if (rc < 0)
        http_session_break(session, rc);
    return rc;
}

int http_session_send_file(struct http_session *session, int file, off_t offset, uint64_t len)
{
    struct cop_scope scope;
    cop_time began;
    int rc = http_session_flush(session);

    if (rc < 0 || !len)
        return session->broken ? -EPIPE : rc;
    began = begin_write(session, &scope, len);
    rc = cop_sendfile(http_session_stream(session), file, offset, len);
    /* The file has become shorter, which is not the client's doing. */
    rc = end_write(session, &scope, len, began, rc == -ENODATA ? -EIO : rc);
    if (rc < 0)
        http_session_break(session, rc);
    return rc;
}

void http_session_print_head(struct http_session *session)
{
    const struct cop_response *response = &session->response;
    const struct access_log *access_log = session->http->access_log;
    enum http_connection connection = HTTP_CONNECTION_DEFAULT;
    size_t max;
    char *end;

    if (!response->has_length && !session->head.request.version_minor) {
        session->closing = true;
        connection = HTTP_CONNECTION_ENDS_BODY;
    } else if (session->closing) {
        connection = HTTP_CONNECTION_CLOSE;
    } else if (!session->head.request.version_minor) {
        connection = HTTP_CONNECTION_KEEP_ALIVE;
    }
    if (session->http->request_id != CONFIG_REQUEST_ID_OFF)
        (void)request_id_send(session);
    max = HTTP_ANSWER_HEAD_MAX + response->content_type.len + response->fields_len;
    if (max > HTTP_OUTPUT_SIZE - session->output_len)
        (void)http_session_flush(session);
    if (!session->nanswers++)
        session->oldest = session->began;
    session->nclass[response->status / 100]++;
    end = http_answer_print(session->output + session->output_len, response, connection);
    if (access_log) {
        session->framing = 0;
        session->sent_before = http_session_stream(session)->sent + session->output_len;
        session->head_len = (uint32_t)(end - session->output) - session->output_len;
    }
    session->output_len = (uint32_t)(end - session->output);
}

void http_session_finish_answer(struct http_session *session)
{
    session->unfinished = false;
    if (!session->counted)
        return;
    (void)http_session_flush(session);
    if (session->nanswers)
        record_durations(session);
    session->counted = false;
}

void http_session_clean(struct http_session *session)
{
    while (session->deferred) {
        struct http_deferred *first = session->deferred;

        session->deferred = first->next;
        first->fn(first->arg);
    }
    arena_fini(&session->arena);
    arena_init(&session->arena, session->first_block, HTTP_ARENA_SIZE, session->http->arena_max);
}
