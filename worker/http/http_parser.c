/* SPDX-License-Identifier: MIT */
/*
 * llhttp finds the parts of a head and does the arithmetic of its framing. How strict it is depends
 * on how the system's copy was compiled, so when it has found the end of a head, check_form goes
 * from part to part once more: what lies between them must be exactly what the grammar has there.
 * That costs a few comparisons per line, not a second pass over the bytes, and leaves no room for
 * two readings of one head.
 */
#include "worker/http/http_parser.h"

#include <errno.h>
#include <llhttp.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/http_chars.h"

/* Empty lines before a request line that are forgiven (RFC 9112, section 2.2). */
#define EMPTY_LINES_MAX 4

/* A token that is so long is no known method, whatever follows (RFC 9112, section 3). */
#define METHOD_MAX 32

_Static_assert(sizeof(llhttp_t) <= HTTP_PARSER_STATE_SIZE, "room for llhttp's state");

/* What llhttp is given for white space that it would refuse: no part of a message. */
static const char gap_space[] = " ";

static llhttp_t *state_of(struct http_parser *parser)
{
    return (llhttp_t *)parser->state;
}

static uint32_t offset_of(const struct http_parser *parser, const char *at)
{
    return (uint32_t)(at - parser->base);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int on_url(llhttp_t *state, const char *at, size_t len)
{
    struct http_parser *parser = state->data;

    if (!parser->target_len)
        parser->target = offset_of(parser, at);
    parser->target_len += (uint32_t)len;
    return 0;
}

/* A name that goes on where the last one stopped is the rest of it: between two fields lies at
 * least a colon. */
static int on_header_field(llhttp_t *state, const char *at, size_t len)
{
    struct http_parser *parser = state->data;
    uint32_t start = offset_of(parser, at);
    struct http_field *field;

    if (parser->nfields) {
        field = &parser->fields[parser->nfields - 1];
        if (field->name + field->name_len == start) {
            field->name_len += (uint32_t)len;
            return 0;
        }
    }
    if (parser->nfields == HTTP_FIELDS_MAX) {
        parser->overfull = true;
        return HPE_USER;
    }
    field = &parser->fields[parser->nfields++];
    field->name = start;
    field->name_len = (uint32_t)len;
    field->value = 0;
    field->value_len = 0;
    return 0;
}

static int on_header_value(llhttp_t *state, const char *at, size_t len)
{
    struct http_parser *parser = state->data;
    struct http_field *field = &parser->fields[parser->nfields - 1];
    uint32_t start = offset_of(parser, at);

    if (!len || at == gap_space)
        return 0;
    if (!field->value_len)
        field->value = start;
    else if (field->value + field->value_len != start)
        parser->folded = true;
    field->value_len += (uint32_t)len;
    return 0;
}

static int on_headers_complete(llhttp_t *state)
{
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

/* From the request line on. */
static void begin(struct http_parser *parser)
{
    llhttp_t *state = state_of(parser);

    llhttp_init(state, HTTP_REQUEST, &settings);
    state->data = parser;
    state->lenient_flags = LENIENT_VERSION; /* http_head.c judges versions */
    parser->fed = parser->skipped;
    parser->bad_method = false;
    parser->folded = false;
    parser->overfull = false;
    parser->target = 0;
    parser->target_len = 0;
    parser->nfields = 0;
}

void http_parser_init(struct http_parser *parser, uint32_t max)
{
    parser->max = max;
    parser->skipped = 0;
    parser->gap = 0;
    begin(parser);
}

/* Skip empty lines before the request line. Returns 1 when the request line begins, 0 when more is
 * needed, -400. */
static int skip_empty_lines(struct http_parser *parser, const char *message, size_t len)
{
    while (parser->skipped < len && message[parser->skipped] == '\r') {
        if (parser->skipped + 1 == len)
            return 0;
        if (message[parser->skipped + 1] != '\n' || parser->skipped == 2 * EMPTY_LINES_MAX)
            return -400;
        parser->skipped += 2;
        parser->fed = parser->skipped;
    }
    return parser->skipped < len;
}

/* A method that llhttp does not know: 501 when it is a token and a space follows, 400 when not, 0
 * when that is open. */
static int judge_method(const struct http_parser *parser, const char *message, size_t len)
{
    size_t i = parser->skipped, end = i + METHOD_MAX;

    while (i < len && i < end && http_char_is(message[i], HTTP_CHAR_TOKEN))
        i++;
    if (i == end)
        return -501;
    if (i == len)
        return 0;
    return message[i] == ' ' && i > parser->skipped ? -501 : -400;
}

/* llhttp knows methods that are not HTTP's, and stumbles over them where it sees that this is. */
static bool is_method_of_others(const struct http_parser *parser, llhttp_errno_t error, size_t len)
{
    uint32_t end = parser->target + parser->target_len;

    return error == HPE_INVALID_CONSTANT && parser->target_len && end + 6 <= len &&
           memcmp(parser->base + end, " HTTP/", 6) == 0;
}

/* The first line of HTTP/2's preface (RFC 9113, section 3.4), which llhttp would wait for the rest
 * of. */
static bool is_preface(const struct http_parser *parser, size_t len)
{
    static const char line[] = "PRI * HTTP/2.0\r\n";

    return len - parser->skipped >= sizeof(line) - 1 &&
           memcmp(parser->base + parser->skipped, line, sizeof(line) - 1) == 0;
}

/* llhttp takes "PRI" for the preface's first word; else it is a method as unknown as others. */
static bool is_method_of_preface(const struct http_parser *parser, size_t len)
{
    return len - parser->skipped >= 4 && memcmp(parser->base + parser->skipped, "PRI ", 4) == 0;
}

/* Is it a number that llhttp stopped behind, and one that 64 bits do not hold? */
static bool is_overflow(const struct http_parser *parser, size_t len)
{
    size_t end = (size_t)(llhttp_get_error_pos((const llhttp_t *)parser->state) - parser->base);
    size_t at = end;
    uint64_t number = 0;

    if (end > len)
        return false;
    while (at > parser->skipped && is_digit(parser->base[at - 1]))
        at--;
    for (; at < end; at++)
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (unsigned)(parser->base[at] - '0'), &number))
            return true;
    return false;
}

static int judge_error(struct http_parser *parser, llhttp_errno_t error, size_t len)
{
    if (is_preface(parser, len))
        return -505;
    if (parser->overfull)
        return -431;
    if (error == HPE_INVALID_CONTENT_LENGTH && is_overflow(parser, len))
        return -413;
    if (is_method_of_others(parser, error, len) || is_method_of_preface(parser, len))
        return -501;
    if (error == HPE_INVALID_METHOD) {
        parser->bad_method = true;
        return judge_method(parser, parser->base, len);
    }
    return -400;
}

/* "METHOD SP target SP HTTP/x.y CRLF". Returns the offset of the next line, or 0. */
static uint32_t check_request_line(struct http_parser *parser, uint32_t head_len)
{
    const char *base = parser->base;
    uint32_t end = parser->target + parser->target_len;

    if (parser->target <= parser->skipped + 1 || base[parser->target - 1] != ' ' ||
        !http_chars_are(base + parser->skipped, parser->target - 1 - parser->skipped,
                        HTTP_CHAR_TOKEN))
        return 0;
    if (end + 11 > head_len || memcmp(base + end, " HTTP/", 6) != 0 || base[end + 7] != '.' ||
        base[end + 9] != '\r' || base[end + 10] != '\n')
        return 0;
    return end + 11;
}

/* "name: OWS value OWS CRLF" that begins at `line`. Returns the offset of the next line, or 0. */
static uint32_t check_field_line(const char *base, struct http_field *field, uint32_t line)
{
    uint32_t at = field->name + field->name_len;
    uint32_t end = field->value + field->value_len;

    if (field->name != line || !field->name_len || base[at] != ':' ||
        !http_chars_are(base + field->name, field->name_len, HTTP_CHAR_TOKEN))
        return 0;
    if (!field->value_len)
        end = field->value = at + 1;
    for (at++; at < field->value; at++)
        if (base[at] != ' ' && base[at] != '\t')
            return 0;
    while (base[end] == ' ' || base[end] == '\t')
        end++;
    if (base[end] != '\r' || base[end + 1] != '\n')
        return 0;
    while (field->value_len && (base[field->value + field->value_len - 1] == ' ' ||
                                base[field->value + field->value_len - 1] == '\t'))
        field->value_len--;
    return end + 2;
}

/* Is the head, in every octet, what the grammar says? llhttp saw its end, so no loop here runs past
 * it. */
static bool check_form(struct http_parser *parser, uint32_t head_len)
{
    uint32_t line = check_request_line(parser, head_len);

    if (!line || parser->folded)
        return false;
    for (uint32_t i = 0; i < parser->nfields; i++) {
        line = check_field_line(parser->base, &parser->fields[i], line);
        if (!line)
            return false;
    }
    return line + 2 == head_len && parser->base[line] == '\r' && parser->base[line + 1] == '\n';
}

static int complete(struct http_parser *parser, uint32_t head_len)
{
    const llhttp_t *state = state_of(parser);

    parser->method = state->method;
    if (!check_form(parser, head_len))
        return -400;
    parser->major = (uint8_t)(parser->base[parser->target + parser->target_len + 6] - '0');
    parser->minor = (uint8_t)(parser->base[parser->target + parser->target_len + 8] - '0');
    parser->has_length = state->flags & F_CONTENT_LENGTH;
    parser->has_coding = state->flags & F_TRANSFER_ENCODING;
    parser->content_length = state->content_length;
    return (int)head_len;
}

/* The head has reached its limit without an end: is it the target that is too long, or the fields?
 */
static int judge_length(const struct http_parser *parser)
{
    bool in_request_line = parser->target + parser->target_len + 11 > parser->max;

    return in_request_line ? -414 : -431;
}

/* HTTP/0.9: the line ends behind the target, and no head would follow to wait for. */
static bool has_no_version(const struct http_parser *parser, size_t len)
{
    uint32_t end = parser->target + parser->target_len;

    return parser->target_len && end < len && parser->base[end] != ' ';
}

/* llhttp takes spaces behind a Content-Length, and no tabs; both are white space there (RFC 9112,
 * section 5). Was it such a tab that it stopped at? Then it starts again, and meets a gap there. */
static bool begin_with_gap(struct http_parser *parser, size_t len)
{
    size_t at = (size_t)(llhttp_get_error_pos(state_of(parser)) - parser->base);

    if (parser->gap || at >= len || parser->base[at] != '\t')
        return false;
    while (at > parser->skipped && is_space(parser->base[at - 1]))
        at--;
    if (at == parser->skipped || !is_digit(parser->base[at - 1]))
        return false;
    parser->gap = (uint32_t)at;
    begin(parser);
    return true;
}

/* All white space in the gap is one space to llhttp. */
static llhttp_errno_t execute_around_gap(struct http_parser *parser, size_t len)
{
    llhttp_t *state = state_of(parser);
    const char *base = parser->base;
    llhttp_errno_t error = HPE_OK;
    size_t end = parser->gap;

    while (end < len && is_space(base[end]))
        end++;
    if (parser->fed < parser->gap) {
        error = llhttp_execute(state, base + parser->fed, parser->gap - parser->fed);
        if (error == HPE_OK)
            error = llhttp_execute(state, gap_space, 1);
    } else if (parser->fed > end) {
        end = parser->fed;
    }
    return error == HPE_OK ? llhttp_execute(state, base + end, len - end) : error;
}

static llhttp_errno_t execute(struct http_parser *parser, size_t len)
{
    llhttp_errno_t error = HPE_OK;

    if (!parser->gap) {
        error = llhttp_execute(state_of(parser), parser->base + parser->fed, len - parser->fed);
        if (error != HPE_INVALID_CONTENT_LENGTH || !begin_with_gap(parser, len))
            return error;
    }
    return execute_around_gap(parser, len);
}

int http_parser_feed(struct http_parser *parser, const char *message, size_t len)
{
    llhttp_errno_t error;

    if (len > parser->max)
        len = parser->max;
    if (parser->bad_method)
        return judge_method(parser, message, len);
    if (parser->fed == parser->skipped) {
        int rc = skip_empty_lines(parser, message, len);

        if (rc <= 0)
            return rc;
    }
    parser->base = message;
    error = execute(parser, len);
    if (error == HPE_PAUSED)
        return complete(parser, (uint32_t)(llhttp_get_error_pos(state_of(parser)) - message));
    if (error != HPE_OK)
        return judge_error(parser, error, len);
    parser->fed = (uint32_t)len;
    if (has_no_version(parser, len))
        return -400;
    if (is_preface(parser, len))
        return -505;
    return len == parser->max ? judge_length(parser) : 0;
}

/* ---- answers ---- */

static struct http_response *response_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

/* llhttp would wait for the body that a 304 only tells the length of. */
static int response_head(llhttp_t *llhttp)
{
    return llhttp->status_code == 304 ? 1 : 0;
}

static int response_body(llhttp_t *llhttp, const char *data, size_t len)
{
    response_of(llhttp)->body += len;
    return HPE_OK;
}

static int response_complete(llhttp_t *llhttp)
{
    struct http_response *response = response_of(llhttp);

    if (llhttp->status_code < 200 && llhttp->status_code != 101)
        return HPE_OK;
    response->status = llhttp->status_code;
    response->keep_alive = llhttp_should_keep_alive(llhttp);
    response->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t response_settings = {
    .on_headers_complete = response_head,
    .on_body = response_body,
    .on_message_complete = response_complete,
};

void http_response_parser_init(struct http_response_parser *parser)
{
    llhttp_t *llhttp = (llhttp_t *)parser->state;

    parser->response = (struct http_response){0};
    llhttp_init(llhttp, HTTP_RESPONSE, &response_settings);
    llhttp->data = &parser->response;
}

ssize_t http_response_parser_feed(struct http_response_parser *parser, const char *data, size_t len)
{
    llhttp_t *llhttp = (llhttp_t *)parser->state;

    CHECK(!parser->response.complete);
    switch (llhttp_execute(llhttp, data, len)) {
    case HPE_OK:
        return (ssize_t)len;
    case HPE_PAUSED:
        return llhttp_get_error_pos(llhttp) - data;
    default:
        return -EBADMSG;
    }
}

int http_response_parser_finish(struct http_response_parser *parser)
{
    llhttp_t *llhttp = (llhttp_t *)parser->state;
    llhttp_errno_t rc = llhttp_finish(llhttp);

    return (rc == HPE_OK || rc == HPE_PAUSED) && parser->response.complete ? 0 : -ENODATA;
}
