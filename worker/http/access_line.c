/* SPDX-License-Identifier: MIT */
/*
 * Every value has ACCESS_VALUE_LEAST bytes put by, and what is left of the line after those and
 * the literals is given to the long ones in turn.
 */
#include "worker/http/access_line.h"

#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "worker/http/access_value.h"

/* Of one value, in print. */
#define VALUE_MAX 1024

_Static_assert(ACCESS_LITERALS_MAX + ACCESS_VALUES_MAX * ACCESS_VALUE_LEAST < ACCESS_LINE_MAX,
               "the least of a line must fit");

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

static void put_response_field(struct access_value *value, const struct access_facts *facts,
                               const struct access_piece *piece)
{
    const struct cop_response *response = facts->response;

    if (!response)
        access_value_none(value);
    else if (strcasecmp(piece->text, "Content-Type") == 0)
        access_value_slice(value, response->content_type);
    else if (strcasecmp(piece->text, "Content-Length") != 0)
        access_value_slice(value, added_field(response, piece->text, piece->len));
    else if (response->has_length)
        access_value_number(value, response->length);
    else
        access_value_none(value);
}

#define SLICE_OF(facts, field) \
    ((facts)->request ? (facts)->request->field : (struct cop_slice){NULL, 0})

/* Returns false for a directive that is not the request's. */
static bool put_request_value(struct access_value *value, const struct access_facts *facts,
                              const struct access_piece *piece)
{
    switch (piece->directive) {
    case ACCESS_METHOD:
        access_value_slice(value, SLICE_OF(facts, method_name));
        return true;
    case ACCESS_TARGET:
        access_value_slice(value, SLICE_OF(facts, target));
        return true;
    case ACCESS_PATH:
        access_value_slice(value, SLICE_OF(facts, path));
        return true;
    case ACCESS_QUERY:
        access_value_slice(value, SLICE_OF(facts, query));
        return true;
    case ACCESS_PROTOCOL:
        access_value_text(value, protocol_of(facts->request));
        return true;
    case ACCESS_REQUEST:
        access_value_slice(value, request_line(facts));
        return true;
    case ACCESS_ROUTE:
        access_value_text(value, facts->request ? facts->request->route : NULL);
        return true;
    case ACCESS_HOST:
        access_value_slice(value, request_field(facts, "Host"));
        return true;
    case ACCESS_REFERER:
        access_value_slice(value, request_field(facts, "Referer"));
        return true;
    case ACCESS_USER_AGENT:
        access_value_slice(value, request_field(facts, "User-Agent"));
        return true;
    case ACCESS_REQUEST_HEADER:
        access_value_slice(value, request_field(facts, piece->text));
        return true;
    default:
        return false;
    }
}

/* The same for what became of it. */
static bool put_answer_value(struct access_value *value, const struct access_facts *facts,
                             const struct access_piece *piece)
{
    switch (piece->directive) {
    case ACCESS_TIME:
        access_value_time(value, &facts->at);
        return true;
    case ACCESS_TIME_CLF:
        access_value_time_clf(value, &facts->at);
        return true;
    case ACCESS_TIME_UNIX:
        access_value_time_unix(value, &facts->at);
        return true;
    case ACCESS_STATUS:
        access_value_number(value, (uint64_t)facts->status);
        return true;
    case ACCESS_OUTCOME:
        access_value_text(value, facts->outcome);
        return true;
    case ACCESS_BYTES:
        access_value_number(value, facts->bytes);
        return true;
    case ACCESS_BYTES_SENT:
        access_value_number(value, facts->bytes_sent);
        return true;
    case ACCESS_DURATION:
        access_value_seconds(value, facts->duration);
        return true;
    case ACCESS_DURATION_US:
        access_value_number(value, facts->duration > 0 ? (uint64_t)facts->duration / 1000 : 0);
        return true;
    case ACCESS_RESPONSE_HEADER:
        put_response_field(value, facts, piece);
        return true;
    default:
        return false;
    }
}

/* Who asked, and who answered. */
static void put_party(struct access_value *value, const struct access_facts *facts,
                      enum access_directive directive)
{
    switch (directive) {
    case ACCESS_PEER:
        access_value_text(value, facts->peer);
        break;
    case ACCESS_PORT:
        if (facts->port)
            access_value_number(value, facts->port);
        else
            access_value_none(value);
        break;
    case ACCESS_CONNECTION:
        access_value_number(value, facts->connection);
        break;
    case ACCESS_REQUEST_ID:
        access_value_text(value, facts->request_id);
        break;
    case ACCESS_POOL:
        access_value_text(value, facts->pool);
        break;
    case ACCESS_APP:
        access_value_text(value, facts->app);
        break;
    case ACCESS_WORKER:
        access_value_number(value, facts->worker);
        break;
    case ACCESS_PID:
        access_value_number(value, (uint64_t)facts->pid);
        break;
    default:
        CHECK_MSG(false, "a directive that nobody prints");
    }
}

static void put_value(struct access_value *value, const struct access_facts *facts,
                      const struct access_piece *piece)
{
    if (!put_request_value(value, facts, piece) && !put_answer_value(value, facts, piece))
        put_party(value, facts, piece->directive);
}

size_t access_line_print(const struct access_format *format, const struct access_facts *facts,
                         char *text)
{
    size_t left = ACCESS_LINE_MAX - 1 - format->literals_len - format->nvalues * ACCESS_VALUE_LEAST;
    struct access_value value = {.at = text, .is_json = format->is_json};

    for (size_t i = 0; i < format->npieces; i++) {
        const struct access_piece *piece = &format->pieces[i];
        const char *begin = value.at;
        size_t len;

        if (piece->directive == ACCESS_LITERAL) {
            access_value_put(&value, piece->text, piece->len);
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
