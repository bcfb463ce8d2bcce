/* SPDX-License-Identifier: MIT */
#include "worker/http/access_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "worker/http/access_line.h"
#include "worker/http/access_output.h"
#include "worker/http/http_session.h"
#include "worker/task/sched.h"

/* What is lost is told so often. */
#define TELL_NS (10 * NS_PER_S)

struct access_log {
    struct access_format *format;
    const struct config_pool *pool;
    struct loop_call flush; /* before the next poll */
    size_t nlines;
    size_t nlost; /* since it was told */
    int64_t told_ns;
    int pid;
    size_t len;
    char lines[2 * ACCESS_LINE_MAX]; /* at most half of it between two calls */
};

static unsigned worker_number;

void access_log_set_worker(unsigned worker)
{
    worker_number = worker;
}

/* ---- out ---- */

static void lose(struct access_log *access_log, size_t lost, int rc)
{
    int64_t now = clock_now();

    METRIC_ADD(access_log_dropped, lost);
    access_log->nlost += lost;
    if (access_log->told_ns && now - access_log->told_ns < TELL_NS)
        return;
    log_warn("access log %s: %zu lines lost: %s", access_log->pool->access_log, access_log->nlost,
             strerrordesc_np(-rc));
    access_log->told_ns = now;
    access_log->nlost = 0;
}

static void flush(struct access_log *access_log, size_t len, size_t nlines)
{
    size_t lost = 0;
    int rc;

    if (!len)
        return;
    rc = access_output_write(access_log->lines, len, &lost);
    METRIC_ADD(access_log_lines, nlines - lost);
    if (rc < 0)
        lose(access_log, lost, rc);
    memmove(access_log->lines, access_log->lines + len, access_log->len - len);
    access_log->len -= len;
    access_log->nlines -= nlines;
}

static void flush_all(struct loop_call *call)
{
    struct access_log *access_log = list_entry(call, struct access_log, flush);

    flush(access_log, access_log->len, access_log->nlines);
}

/* ---- in ---- */

static const char *const outcomes[] = {
    [HTTP_OK] = "ok",           [HTTP_REJECTED] = "rejected",   [HTTP_TIMED_OUT] = "timeout",
    [HTTP_ABORTED] = "aborted", [HTTP_CANCELLED] = "cancelled", [HTTP_FAILED] = "failed",
};

/* What there is of a head that was never understood, up to the end of its first line. */
static struct cop_slice first_line(const struct http_session *session)
{
    const char *begin = session->input + session->start;
    size_t len = session->end - session->start, i = 0;

    while (i < len && begin[i] != '\r' && begin[i] != '\n')
        i++;
    return (struct cop_slice){begin, i};
}

static void tell_answer(struct access_facts *facts, struct http_session *session)
{
    uint64_t sent = http_session_stream(session)->sent;
    uint64_t around = session->head_len + session->framing;

    facts->status = 499;
    if (!session->head_len)
        return;
    facts->response = &session->response;
    facts->bytes_sent = sent > session->sent_before ? sent - session->sent_before : 0;
    facts->bytes = facts->bytes_sent > around ? facts->bytes_sent - around : 0;
    if (facts->bytes_sent || !session->broken)
        facts->status = session->response.status;
}

void access_log_note(struct access_log *access_log, struct http_session *session,
                     const struct cop_request *request)
{
    const struct cop_peer *peer = session->connection->peer;
    struct access_facts facts = {.request = request,
                                 .outcome = outcomes[session->outcome],
                                 .duration = clock_now() - session->began,
                                 .peer = peer ? peer->text : NULL,
                                 .port = peer ? peer->port : 0,
                                 .connection = session->connection->id,
                                 .pool = access_log->pool->name,
                                 .app = access_log->pool->app,
                                 .worker = worker_number,
                                 .pid = access_log->pid};
    size_t len;

    clock_gettime(CLOCK_REALTIME, &facts.at);
    if (access_format_wants(access_log->format, ACCESS_REQUEST_ID))
        facts.request_id = request_id_of(session);
    if (!request)
        facts.first_line = first_line(session);
    tell_answer(&facts, session);
    len = access_line_print(access_log->format, &facts, access_log->lines + access_log->len);
    access_log->len += len;
    access_log->nlines++;
    if (access_log->len > ACCESS_LINE_MAX)
        flush(access_log, access_log->len - len, access_log->nlines - 1);
    if (loop_here->blocking)
        flush_all(&access_log->flush);
    else
        loop_before_poll(loop_here, &access_log->flush);
}

bool access_log_wants_peer(const struct access_log *access_log)
{
    return access_format_wants(access_log->format, ACCESS_PEER) ||
           access_format_wants(access_log->format, ACCESS_PORT);
}

/* ---- its life ---- */

struct access_log *access_log_new(const struct config_pool *pool)
{
    struct access_log *access_log = calloc(1, sizeof(*access_log));
    char error[256];
    int rc;

    if (!access_log)
        return NULL;
    rc = access_format_compile(pool->access_format, &access_log->format, error, sizeof(error));
    CHECK_MSG(rc == 0 || rc == -ENOMEM, "the configuration was loaded with that format");
    if (rc < 0) {
        free(access_log);
        return NULL;
    }
    access_log->pool = pool;
    access_log->pid = getpid();
    access_log->flush.fn = flush_all;
    list_init(&access_log->flush.node);
    return access_log;
}

void access_log_free(struct access_log *access_log)
{
    if (!access_log)
        return;
    list_remove(&access_log->flush.node);
    flush_all(&access_log->flush);
    access_format_free(access_log->format);
    free(access_log);
}
