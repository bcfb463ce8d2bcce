/* SPDX-License-Identifier: MIT */
/*
 * Every value has ACCESS_VALUE_LEAST bytes put by, and what is left of the line after those and
 * the literals is given to the long ones in turn.
 */
#include "worker/http/access_line.h"

#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "worker/http/access_escape.h"

/* Of one value, in print. */
#define VALUE_MAX 1024

#define MARK     "..."
#define MARK_LEN 3

_Static_assert(ACCESS_LITERALS_MAX + ACCESS_VALUES_MAX * ACCESS_VALUE_LEAST < ACCESS_LINE_MAX,
               "the least of a line must fit");

struct value {
    char *at;
    const char *limit; /* of the value, with its closing quote */
    bool is_json;
    bool is_quoted;
};

/* ---- values ---- */

static void put(struct value *value, const char *text, size_t len)
{
    memcpy(value->at, text, len);
    value->at += len;
}

static void put_none(struct value *value)
{
    if (value->is_json)
        put(value, "null", 4);
    else
        put(value, "-", 1);
}

/* How many of the first bytes stand for themselves in text and in JSON. */
static size_t plain_len(struct cop_slice slice, bool is_quoted)
{
    size_t n = 0;

    while (n < slice.len && access_escape_is_plain(slice.data[n], is_quoted))
        n++;
    return n;
}

/* The next bytes, escaped where they must be. Returns how many, 0 when there is no room. */
static size_t put_next(struct value *value, struct cop_slice rest, const char *limit)
{
    size_t room = (size_t)(limit - value->at), used, n;
    size_t plain = plain_len(rest, value->is_quoted || value->is_json);
    char escaped[ACCESS_ESCAPE_MAX];

    if (plain) {
        plain = plain < room ? plain : room;
        put(value, rest.data, plain);
        return plain;
    }
    if (value->is_json)
        used = access_escape_json(rest.data, rest.len, escaped, &n);
    else
        used = access_escape_text(rest.data, escaped, &n);
    if (n > room)
        return 0;
    put(value, escaped, n);
    return used;
}

/* Some octets that a client has chosen. */
static void put_slice(struct value *value, struct cop_slice slice)
{
    const char *limit = value->limit - MARK_LEN - value->is_json;

    if (!slice.data || (!slice.len && !value->is_json)) {
        put_none(value);
        return;
    }
    if (value->is_json)
        put(value, "\"", 1);
    while (slice.len > 0) {
        size_t n = put_next(value, slice, limit);

        if (n == 0) {
            put(value, MARK, MARK_LEN);
            break;
        }
        slice.data += n;
        slice.len -= n;
    }
    if (value->is_json)
        put(value, "\"", 1);
}

static void put_text(struct value *value, const char *text)
{
    put_slice(value, (struct cop_slice){text, text ? strlen(text) : 0});
}

static void put_number(struct value *value, uint64_t number)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[sizeof(digits) - ++n] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put(value, digits + sizeof(digits) - n, n);
}

/* A number of `digits` digits behind a point. */
static void put_fraction(struct value *value, uint64_t number, unsigned digits)
{
    put(value, ".", 1);
    value->at += digits;
    for (unsigned i = 1; i <= digits; i++) {
        value->at[-(int)i] = (char)('0' + number % 10);
        number /= 10;
    }
}

static void put_seconds(struct value *value, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

    put_number(value, us / 1000000);
    put_fraction(value, us % 1000000, 6);
}

/* Text of our own, which may have a space. */
static void put_trusted(struct value *value, const char *text)
{
    if (value->is_json)
        put(value, "\"", 1);
    put(value, text, strlen(text));
    if (value->is_json)
        put(value, "\"", 1);
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

static char *print_two(char *at, int number, char behind)
{
    at[0] = (char)('0' + number / 10 % 10);
    at[1] = (char)('0' + number % 10);
    at[2] = behind;
    return at + 3;
}

static char *print_year(char *at, const struct tm *tm, char behind)
{
    int year = tm->tm_year + 1900;

    at[0] = (char)('0' + year / 1000 % 10);
    at[1] = (char)('0' + year / 100 % 10);
    return print_two(at + 2, year, behind);
}

static char *print_clock(char *at, const struct tm *tm, char behind)
{
    at = print_two(at, tm->tm_hour, ':');
    at = print_two(at, tm->tm_min, ':');
    return print_two(at, tm->tm_sec, behind);
}

/* "1994-11-06T08:49:37.042Z" */
static void put_time(struct value *value, const struct timespec *at)
{
    const struct tm *tm = utc(at);
    int milliseconds = (int)(at->tv_nsec / 1000000);
    char text[32], *end = print_year(text, tm, '-');

    end = print_two(end, tm->tm_mon + 1, '-');
    end = print_two(end, tm->tm_mday, 'T');
    end = print_clock(end, tm, '.');
    *end++ = (char)('0' + milliseconds / 100);
    end = print_two(end, milliseconds, 'Z');
    *end = 0;
    put_trusted(value, text);
}

/* "06/Nov/1994:08:49:37 +0000" */
static void put_time_clf(struct value *value, const struct timespec *at)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct tm *tm = utc(at);
    char text[32], *end = print_two(text, tm->tm_mday, '/');

    end = mempcpy(end, months + 3 * tm->tm_mon, 3);
    *end++ = '/';
    end = print_year(end, tm, ':');
    end = print_clock(end, tm, ' ');
    memcpy(end, "+0000", 6);
    put_trusted(value, text);
}

/* ---- the request and its answer ---- */

static const char *protocol_of(const struct cop_request *request)
{
    return !request ? NULL : request->version_minor ? "HTTP/1.1" : "HTTP/1.0";
}

/* The three parts of a request line lie behind each other in the head. */
static struct cop_slice request_line(const struct access_facts *facts)
{
    const struct cop_request *request = facts->request;
    const char *begin = request ? request->method_name.data : NULL;

    if (!begin)
        return facts->first_line;
    return (struct cop_slice){begin, (size_t)(request->target.data + request->target.len - begin) +
                                         strlen(" HTTP/1.1")};
}

static struct cop_slice request_field(const struct access_facts *facts, const char *name)
{
    return facts->request ? cop_request_header(facts->request, name) : (struct cop_slice){NULL, 0};
}

static struct cop_slice added_field(const struct cop_response *response, const char *name,
                                    size_t name_len)
{
    const char *at = response->fields, *end = at + response->fields_len;

    while (at < end) {
        const char *next = memchr(at, '\n', (size_t)(end - at));

        CHECK(next);
        if (strncasecmp(at, name, name_len) == 0 && at[name_len] == ':')
            return (struct cop_slice){at + name_len + 2, (size_t)(next - 1 - at) - name_len - 2};
        at = next + 1;
    }
    return (struct cop_slice){NULL, 0};
}

static void put_response_field(struct value *value, const struct access_facts *facts,
                               const struct access_piece *piece)
{
    const struct cop_response *response = facts->response;

    if (!response)
        put_none(value);
    else if (strcasecmp(piece->text, "Content-Type") == 0)
        put_slice(value, response->content_type);
    else if (strcasecmp(piece->text, "Content-Length") != 0)
        put_slice(value, added_field(response, piece->text, piece->len));
    else if (response->has_length)
        put_number(value, response->length);
    else
        put_none(value);
}

#define SLICE_OF(facts, field) \
    ((facts)->request ? (facts)->request->field : (struct cop_slice){NULL, 0})

/* Returns false for a directive that is not the request's. */
static bool put_request_value(struct value *value, const struct access_facts *facts,
                              const struct access_piece *piece)
{
    switch (piece->directive) {
    case ACCESS_METHOD:
        put_slice(value, SLICE_OF(facts, method_name));
        return true;
    case ACCESS_TARGET:
        put_slice(value, SLICE_OF(facts, target));
        return true;
    case ACCESS_PATH:
        put_slice(value, SLICE_OF(facts, path));
        return true;
    case ACCESS_QUERY:
        put_slice(value, SLICE_OF(facts, query));
        return true;
    case ACCESS_PROTOCOL:
        put_text(value, protocol_of(facts->request));
        return true;
    case ACCESS_REQUEST:
        put_slice(value, request_line(facts));
        return true;
    case ACCESS_ROUTE:
        put_text(value, facts->request ? facts->request->route : NULL);
        return true;
    case ACCESS_HOST:
        put_slice(value, request_field(facts, "Host"));
        return true;
    case ACCESS_REFERER:
        put_slice(value, request_field(facts, "Referer"));
        return true;
    case ACCESS_USER_AGENT:
        put_slice(value, request_field(facts, "User-Agent"));
        return true;
    case ACCESS_REQUEST_HEADER:
        put_slice(value, request_field(facts, piece->text));
        return true;
    default:
        return false;
    }
}

/* The same for what became of it. */
static bool put_answer_value(struct value *value, const struct access_facts *facts,
                             const struct access_piece *piece)
{
    switch (piece->directive) {
    case ACCESS_TIME:
        put_time(value, &facts->at);
        return true;
    case ACCESS_TIME_CLF:
        put_time_clf(value, &facts->at);
        return true;
    case ACCESS_TIME_UNIX:
        put_number(value, (uint64_t)facts->at.tv_sec);
        put_fraction(value, (uint64_t)facts->at.tv_nsec / 1000000, 3);
        return true;
    case ACCESS_STATUS:
        put_number(value, (uint64_t)facts->status);
        return true;
    case ACCESS_OUTCOME:
        put_text(value, facts->outcome);
        return true;
    case ACCESS_BYTES:
        put_number(value, facts->bytes);
        return true;
    case ACCESS_BYTES_SENT:
        put_number(value, facts->bytes_sent);
        return true;
    case ACCESS_DURATION:
        put_seconds(value, facts->duration);
        return true;
    case ACCESS_DURATION_US:
        put_number(value, facts->duration > 0 ? (uint64_t)facts->duration / 1000 : 0);
        return true;
    case ACCESS_RESPONSE_HEADER:
        put_response_field(value, facts, piece);
        return true;
    default:
        return false;
    }
}

/* Who asked, and who answered. */
static void put_party(struct value *value, const struct access_facts *facts,
                      enum access_directive directive)
{
    switch (directive) {
    case ACCESS_PEER:
        put_text(value, facts->peer);
        break;
    case ACCESS_PORT:
        if (facts->port)
            put_number(value, facts->port);
        else
            put_none(value);
        break;
    case ACCESS_CONNECTION:
        put_number(value, facts->connection);
        break;
    case ACCESS_REQUEST_ID:
        put_text(value, facts->request_id);
        break;
    case ACCESS_POOL:
        put_text(value, facts->pool);
        break;
    case ACCESS_APP:
        put_text(value, facts->app);
        break;
    case ACCESS_WORKER:
        put_number(value, facts->worker);
        break;
    case ACCESS_PID:
        put_number(value, (uint64_t)facts->pid);
        break;
    default:
        CHECK_MSG(false, "a directive that nobody prints");
    }
}

static void put_value(struct value *value, const struct access_facts *facts,
                      const struct access_piece *piece)
{
    if (!put_request_value(value, facts, piece) && !put_answer_value(value, facts, piece))
        put_party(value, facts, piece->directive);
}

size_t access_line_print(const struct access_format *format, const struct access_facts *facts,
                         char *text)
{
    size_t left = ACCESS_LINE_MAX - 1 - format->literals_len - format->nvalues * ACCESS_VALUE_LEAST;
    struct value value = {.at = text, .is_json = format->is_json};

    for (size_t i = 0; i < format->npieces; i++) {
        const struct access_piece *piece = &format->pieces[i];
        const char *begin = value.at;
        size_t len;

        if (piece->directive == ACCESS_LITERAL) {
            put(&value, piece->text, piece->len);
            continue;
        }
        value.is_quoted = piece->is_quoted;
        value.limit =
            begin + ACCESS_VALUE_LEAST +
            (left < VALUE_MAX - ACCESS_VALUE_LEAST ? left : VALUE_MAX - ACCESS_VALUE_LEAST);
        put_value(&value, facts, piece);
        len = (size_t)(value.at - begin);
        if (len > ACCESS_VALUE_LEAST)
            left -= len - ACCESS_VALUE_LEAST;
    }
    *value.at++ = '\n';
    return (size_t)(value.at - text);
}
