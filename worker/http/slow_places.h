/* SPDX-License-Identifier: MIT */
/*
 * slow_places.h - the lines that slow requests are told in: those that wait at one place have one
 * together, and no more than so many are written in a second.
 *
 * One round: slow_places_describe and a stack into the next place, slow_places_add; at the end
 * slow_places_print.
 */
#ifndef COPPICE_SLOW_PLACES_H
#define COPPICE_SLOW_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/http/request_id.h"
#include "worker/stream/connection.h"
#include "worker/task/backtrace.h"

/* Different places in one round, and lines in one second. */
#define SLOW_PLACES_MAX 10
#define SLOW_LINES_MAX  10

#define SLOW_LABEL_MAX 200

struct cop_task;
struct http_session;

/* Slow requests that wait at one place; the facts are those of the first. */
struct slow_place {
    uint64_t hash;
    size_t count;
    int64_t age_ns;
    uint64_t task;
    const char *why; /* it waits; NULL: it does not */
    const char *route;
    char id[REQUEST_ID_MAX + 1];
    char label[SLOW_LABEL_MAX];
    size_t label_len;
    struct cop_peer peer;
    struct backtrace backtrace;
};

/* All 0 but for the app's name at the start. */
struct slow_places {
    const char *app;
    int64_t second;  /* in which */
    unsigned nlines; /* so many were written */
    size_t n;
    size_t nrest;                                  /* requests that had no line */
    struct slow_place places[SLOW_PLACES_MAX + 1]; /* one more to put a next one together in */
};

/* Where the next place is put together. */
static inline struct slow_place *slow_places_next(struct slow_places *places)
{
    return &places->places[places->n];
}

/* All of a place but its stack. Also in a signal handler. */
void slow_places_describe(struct slow_place *place, const struct cop_task *task,
                          const struct http_session *session, int64_t now);

/* The next place has its stack: is a request known that waits there? Then this is one more of
 * them, and there is nothing to add. */
bool slow_places_is_known(struct slow_places *places, const char *why);

/* Keep the next place, if there is room for so many. */
void slow_places_add(struct slow_places *places);

/* Write the round's lines to the log. */
void slow_places_print(struct slow_places *places, int64_t now);

#endif
