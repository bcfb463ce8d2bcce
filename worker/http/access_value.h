/* SPDX-License-Identifier: MIT */
/*
 * access_value.h - one value of a line of the access log, in text or in JSON: see access_line.h for
 * what is escaped how.
 *
 * What a client has chosen ends in "..." at the value's limit. Numbers, times and the like take
 * ACCESS_VALUE_LEAST bytes at the most, which the line has put by.
 */
#ifndef COPPICE_ACCESS_VALUE_H
#define COPPICE_ACCESS_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "worker/http/request.h"

/* Where the next one is printed. */
struct access_value {
    char *at;
    const char *limit; /* of the value, with its closing quote */
    bool is_json;
    bool is_quoted;
};

/* These bytes as they are. */
void access_value_put(struct access_value *value, const char *text, size_t len);

/* "-", or null. */
void access_value_none(struct access_value *value);

/* Some octets that a client has chosen; data NULL: none. */
void access_value_slice(struct access_value *value, struct cop_slice slice);
void access_value_text(struct access_value *value, const char *text);

void access_value_number(struct access_value *value, uint64_t number);

/* Nanoseconds as seconds with six digits behind the point. */
void access_value_seconds(struct access_value *value, int64_t ns);

/* A moment, by CLOCK_REALTIME. */
void access_value_time(struct access_value *value, const struct timespec *at);
void access_value_time_clf(struct access_value *value, const struct timespec *at);
void access_value_time_unix(struct access_value *value, const struct timespec *at);

#endif
