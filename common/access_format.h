/* SPDX-License-Identifier: MIT */
/*
 * access_format.h - what a line of the access log looks like: text with {directives}, or JSON.
 *
 *     combined                                    a preset: common, combined, json
 *     {time} {peer} "{request}" {status}          text; {{ and }} are braces
 *     json {time} {status} {header:X-Tenant}      an object of these members
 *
 * A format is compiled once and never changes: literals and directives in turn, so that a line is
 * one pass over them. In text a value is one word, unless it stands in double quotes of the
 * operator's, and "-" where there is none; in JSON it is a string, a number or null. access_line.h
 * prints them.
 */
#ifndef COPPICE_ACCESS_FORMAT_H
#define COPPICE_ACCESS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DIRECTIVE(id, name). Add one here, in access_line.c, and in the table of README.md. */
#define ACCESS_DIRECTIVES                    \
    DIRECTIVE(TIME, "time")                  \
    DIRECTIVE(TIME_CLF, "time_clf")          \
    DIRECTIVE(TIME_UNIX, "time_unix")        \
    DIRECTIVE(PEER, "peer")                  \
    DIRECTIVE(PORT, "port")                  \
    DIRECTIVE(METHOD, "method")              \
    DIRECTIVE(TARGET, "target")              \
    DIRECTIVE(PATH, "path")                  \
    DIRECTIVE(QUERY, "query")                \
    DIRECTIVE(PROTOCOL, "protocol")          \
    DIRECTIVE(REQUEST, "request")            \
    DIRECTIVE(ROUTE, "route")                \
    DIRECTIVE(STATUS, "status")              \
    DIRECTIVE(OUTCOME, "outcome")            \
    DIRECTIVE(BYTES, "bytes")                \
    DIRECTIVE(BYTES_SENT, "bytes_sent")      \
    DIRECTIVE(DURATION, "duration")          \
    DIRECTIVE(DURATION_US, "duration_us")    \
    DIRECTIVE(REQUEST_ID, "request_id")      \
    DIRECTIVE(HOST, "host")                  \
    DIRECTIVE(REFERER, "referer")            \
    DIRECTIVE(USER_AGENT, "user_agent")      \
    DIRECTIVE(CONNECTION, "connection")      \
    DIRECTIVE(POOL, "pool")                  \
    DIRECTIVE(APP, "app")                    \
    DIRECTIVE(WORKER, "worker")              \
    DIRECTIVE(PID, "pid")                    \
    DIRECTIVE(REQUEST_HEADER, "header:NAME") \
    DIRECTIVE(RESPONSE_HEADER, "response:NAME")

enum access_directive {
    ACCESS_LITERAL,
#define DIRECTIVE(id, name) ACCESS_##id,
    ACCESS_DIRECTIVES
#undef DIRECTIVE
};

/* A line has at most PIPE_BUF bytes, and room for the least of each value is put by. */
#define ACCESS_LITERALS_MAX 1024
#define ACCESS_VALUES_MAX   32
#define ACCESS_VALUE_LEAST  64

struct access_piece {
    enum access_directive directive;
    bool is_quoted; /* a value between double quotes of the operator's, in text */
    char *text;     /* of a literal; the name of a header field; NULL otherwise */
    size_t len;
};

struct access_format {
    bool is_json;
    bool in_quotes; /* behind the last piece */
    uint64_t wants; /* a bit for each enum access_directive that is among the pieces */
    size_t npieces;
    size_t nvalues;      /* pieces that are no literals */
    size_t literals_len; /* of all that are */
    struct access_piece *pieces;
};

static inline bool access_format_wants(const struct access_format *format,
                                       enum access_directive directive)
{
    return format->wants >> directive & 1;
}

/* Compile text. Returns 0 and gives *format to the caller; -EINVAL with what is wrong and what was
 * expected in error[0 .. size); -ENOMEM. */
int access_format_compile(const char *text, struct access_format **format, char *error,
                          size_t size);
void access_format_free(struct access_format *format);

#endif
