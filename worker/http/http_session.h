/* SPDX-License-Identifier: MIT */
/*
 * http_session.h - one call of http_serve: the connection's input and output, and what is known of
 * the request that is being answered. It lies on the task's stack.
 *
 *     input   [ ... | start: head of the request | body_from: body, over and over | ... end ]
 *     output  [ answers, printed but not sent ]
 *
 * The head stays in place until its answer is printed, because the request's slices point into it.
 * http_session.c moves bytes and counts; request_body.c reads bodies, response_writer.c sends them;
 * http_server.c decides.
 */
#ifndef COPPICE_HTTP_SESSION_H
#define COPPICE_HTTP_SESSION_H

#include "worker/http/arena.h"
#include "worker/http/http_body.h"
#include "worker/http/http_head.h"
#include "worker/http/http_server.h"
#include "worker/http/request_id.h"

/* All together leave a handler room on the smallest stack. */
#define HTTP_INPUT_SIZE  (7 * 1024)
#define HTTP_OUTPUT_SIZE (8 * 1024)
#define HTTP_ARENA_SIZE  512

/* Room behind the head that is being answered, for body bytes: a read into none looks like the end
 * of the connection. */
#define HTTP_BODY_ROOM 1024

struct http_deferred {
    struct http_deferred *next;
    void (*fn)(void *arg);
    void *arg;
};

struct http_session {
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
    uint8_t outcome;   /* enum http_outcome of the request */
    bool has_body;     /* of the request; the five that follow are set */
    bool say_continue; /* before the first wait for it */
    uint32_t body_from;
    uint32_t body_at;
    int body_error;      /* < 0: what has happened to it */
    cop_time body_began; /* the first wait; 0: none yet */
    uint64_t body_received;
    struct http_body body;
    bool sending;         /* the head of the answer is printed, its body is under way */
    bool chunked;         /* its body is */
    uint64_t to_send;     /* what is missing of an announced length */
    cop_time send_waited; /* of this request's answer: how long the client let us wait, */
    uint64_t sent;        /* and for how many bytes */
    bool unfinished;      /* the last byte of the answer printed last is still to come */
    bool counted;         /* and it is in the metrics, but for its duration */
    uint32_t nanswers;    /* printed, and the kernel has not taken their last bytes; */
    uint32_t nclass[6];   /* those not counted, by the class of their status */
    cop_time oldest;      /* when the first byte of the first of them came */
    uint32_t output_len;
    uint8_t stage;        /* enum http_stage */
    uint8_t id_len;       /* 0: not made yet */
    uint32_t head_len;    /* of the answer as printed, with an access log; 0: none was */
    uint64_t sent_before; /* on the connection, when its head was printed */
    uint64_t framing;     /* bytes of its body that are chunk sizes and their like */
    char id[REQUEST_ID_MAX + 1];
    struct arena arena;
    struct http_deferred *deferred;
    struct http_head head;
    struct cop_response response;
    struct http_parser parser;
    /* In that order, what a waiting session has touched lies together, near its callees' frames. */
    char on_stack[HTTP_INPUT_SIZE];
    _Alignas(max_align_t) char first_block[HTTP_ARENA_SIZE];
    char output[HTTP_OUTPUT_SIZE];
};

static inline struct cop_stream *http_session_stream(struct http_session *session)
{
    return &session->connection->stream;
}

/* What looks at the session from outside sees a request while it is handled. */
enum http_stage { HTTP_BETWEEN, HTTP_HANDLED, HTTP_HANDLED_SLOWLY };

/* How the answer to a request fared. */
enum http_outcome {
    HTTP_OK,
    HTTP_REJECTED,  /* never got to a handler */
    HTTP_TIMED_OUT, /* the client was too slow */
    HTTP_ABORTED,   /* the client went away */
    HTTP_CANCELLED, /* the server did not wait for its end */
    HTTP_FAILED,    /* the handler could not go on with a body that it had begun */
};

/* The connection is of no more use: rc is why. */
void http_session_break(struct http_session *session, int rc);

/* Each wait for bytes from now on lasts that long at most. */
void http_session_limit_reads(struct http_session *session, cop_time timeout);

/* Read into the input from `at` on, up to `limit`. Returns 0, or -errno; -ENODATA at the end. */
int http_session_receive(struct http_session *session, uint32_t at, uint32_t limit);

/* Have the unfinished head at the front of the input, with room behind it. Returns 0 or -ENOMEM. */
int http_session_make_room(struct http_session *session);

/* Send what is printed, and after it up to 3 pieces, in one write where that goes. After an error
 * the session is broken. Returns 0 or -errno. */
int http_session_send(struct http_session *session, const struct iovec *pieces, int n);

/* Send what is printed. */
static inline int http_session_flush(struct http_session *session)
{
    return session->output_len ? http_session_send(session, NULL, 0) : 0;
}

/* Send what is printed and after it a part of a file. Returns 0 or -errno. */
int http_session_send_file(struct http_session *session, int file, off_t offset, uint64_t len);

/* Print the head of session->response behind the other answers.
 * Sends first what is in its way. */
void http_session_print_head(struct http_session *session);

/* Bytes of a body or an answer may take so long in all, after `began`. COP_NEVER: for ever. */
cop_time http_session_deadline(const struct http_session *session, cop_time began,
                               cop_time patience, uint64_t bytes);

/* No more bytes of the answer printed last will come: its time is up once the kernel has them all,
 * which is seen to where some have gone before. */
void http_session_finish_answer(struct http_session *session);

/* Call what was deferred and free the request's memory. */
void http_session_clean(struct http_session *session);

#endif
