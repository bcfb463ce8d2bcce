/* SPDX-License-Identifier: MIT */
/*
 * access_line.h - one line of the access log, which no client can forge.
 *
 * Text: a double quote, a backslash and every byte that is not printable ASCII become \xHH, and so
 * does a space in a value that is not quoted. JSON: always valid (RFC 8259); control
 * characters and those that hide or turn text become \uHHHH, bytes that are no UTF-8, and NUL,
 * U+FFFD. A value that is too long ends in "...": the line is never cut itself.
 */
#ifndef COPPICE_ACCESS_LINE_H
#define COPPICE_ACCESS_LINE_H

#include <limits.h>
#include <time.h>

#include "common/access_format.h"
#include "worker/http/response.h"

/* With the line end. */
#define ACCESS_LINE_MAX PIPE_BUF

/* What is known of a request at its end. */
struct access_facts {
    const struct cop_request *request;   /* NULL: its head was never complete or made no sense; */
    struct cop_slice first_line;         /* then, what there is of its first line */
    const struct cop_response *response; /* NULL: no answer was printed */
    int status;
    const char *outcome;
    uint64_t bytes;      /* of the body that the kernel took */
    uint64_t bytes_sent; /* with the head and the framing */
    cop_time duration;
    struct timespec at; /* by CLOCK_REALTIME */
    const char *peer;   /* NULL: not known */
    unsigned port;
    const char *request_id; /* NULL: the format does not ask */
    uint64_t connection;
    const char *pool;
    const char *app;
    unsigned worker;
    int pid;
};

/* Print the line into text[ACCESS_LINE_MAX]. Returns its length, the line end included. */
size_t access_line_print(const struct access_format *format, const struct access_facts *facts,
                         char *text);

#endif
