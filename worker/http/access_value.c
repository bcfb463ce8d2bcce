/* SPDX-License-Identifier: MIT */
#include "worker/http/access_value.h"

#include <string.h>

#include "common/digits.h"
#include "common/escape.h"

#define MARK     "..."
#define MARK_LEN 3

void access_value_put(struct access_value *value, const char *text, size_t len)
{
    memcpy(value->at, text, len);
    value->at += len;
}

void access_value_none(struct access_value *value)
{
    if (value->is_json)
        access_value_put(value, "null", 4);
    else
        access_value_put(value, "-", 1);
}

/* In text and in JSON. A space does where it cannot be taken for the end of a word. */
static bool stands_for_itself(char character, bool is_quoted)
{
    unsigned char byte = (unsigned char)character;

    return byte > ' ' - is_quoted && byte < 127 && byte != '"' && byte != '\\';
}

static size_t plain_len(struct cop_slice slice, bool is_quoted)
{
    size_t n = 0;

    while (n < slice.len && stands_for_itself(slice.data[n], is_quoted))
        n++;
    return n;
}

/* The next bytes, escaped where they must be. Returns how many, 0 when there is no room. */
static size_t put_next(struct access_value *value, struct cop_slice rest, const char *limit)
{
    size_t room = (size_t)(limit - value->at), used, n;
    size_t plain = plain_len(rest, value->is_quoted || value->is_json);
    char escaped[ESCAPE_MAX];

    if (plain) {
        plain = plain < room ? plain : room;
        access_value_put(value, rest.data, plain);
        return plain;
    }
    if (value->is_json)
        used = escape_json(rest.data, rest.len, escaped, &n);
    else
        used = escape_octet(rest.data, escaped, &n);
    if (n > room)
        return 0;
    access_value_put(value, escaped, n);
    return used;
}

/* Some octets that a client has chosen. */
void access_value_slice(struct access_value *value, struct cop_slice slice)
{
    const char *limit = value->limit - MARK_LEN - value->is_json;

    if (!slice.data || (!slice.len && !value->is_json)) {
        access_value_none(value);
        return;
    }
    if (value->is_json)
        access_value_put(value, "\"", 1);
    while (slice.len > 0) {
        size_t n = put_next(value, slice, limit);

        if (n == 0) {
            access_value_put(value, MARK, MARK_LEN);
            break;
        }
        slice.data += n;
        slice.len -= n;
    }
    if (value->is_json)
        access_value_put(value, "\"", 1);
}

void access_value_text(struct access_value *value, const char *text)
{
    access_value_slice(value, (struct cop_slice){text, text ? strlen(text) : 0});
}

void access_value_number(struct access_value *value, uint64_t number)
{
    value->at = decimal_print(value->at, number);
}

/* A number of `digits` digits behind a point. */
static void put_fraction(struct access_value *value, uint64_t number, unsigned digits)
{
    access_value_put(value, ".", 1);
    value->at = decimal_print_padded(value->at, number, digits);
}

void access_value_seconds(struct access_value *value, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

    access_value_number(value, us / 1000000);
    put_fraction(value, us % 1000000, 6);
}

void access_value_time_unix(struct access_value *value, const struct timespec *at)
{
    access_value_number(value, (uint64_t)at->tv_sec);
    put_fraction(value, (uint64_t)at->tv_nsec / 1000000, 3);
}

/* Text of our own, which may have a space. */
static void put_trusted(struct access_value *value, const char *text)
{
    if (value->is_json)
        access_value_put(value, "\"", 1);
    access_value_put(value, text, strlen(text));
    if (value->is_json)
        access_value_put(value, "\"", 1);
}

/* Broken down once a second. */
static const struct tm *utc(const struct timespec *at)
{
    static _Thread_local struct {
        time_t second;
        struct tm tm;
    } cache = {.second = -1};

    if (cache.second != at->tv_sec) {
        gmtime_r(&at->tv_sec, &cache.tm);
        cache.second = at->tv_sec;
    }
    return &cache.tm;
}

static char *print_digits(char *at, int number, unsigned digits, char behind)
{
    at = decimal_print_padded(at, (uint64_t)number, digits);
    *at = behind;
    return at + 1;
}

static char *print_clock(char *at, const struct tm *tm, char behind)
{
    at = print_digits(at, tm->tm_hour, 2, ':');
    at = print_digits(at, tm->tm_min, 2, ':');
    return print_digits(at, tm->tm_sec, 2, behind);
}

/* "1994-11-06T08:49:37.042Z" */
void access_value_time(struct access_value *value, const struct timespec *at)
{
    const struct tm *tm = utc(at);
    int milliseconds = (int)(at->tv_nsec / 1000000);
    char text[32], *end = print_digits(text, tm->tm_year + 1900, 4, '-');

    end = print_digits(end, tm->tm_mon + 1, 2, '-');
    end = print_digits(end, tm->tm_mday, 2, 'T');
    end = print_clock(end, tm, '.');
    end = print_digits(end, milliseconds, 3, 'Z');
    *end = 0;
    put_trusted(value, text);
}

/* "06/Nov/1994:08:49:37 +0000" */
void access_value_time_clf(struct access_value *value, const struct timespec *at)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct tm *tm = utc(at);
    char text[32], *end = print_digits(text, tm->tm_mday, 2, '/');

    end = mempcpy(end, months + 3 * tm->tm_mon, 3);
    *end++ = '/';
    end = print_digits(end, tm->tm_year + 1900, 4, ':');
    end = print_clock(end, tm, ' ');
    memcpy(end, "+0000", 6);
    put_trusted(value, text);
}
