/* SPDX-License-Identifier: MIT */
/*
 * A state per place in the grammar, and one octet at a time outside of the content:
 *
 *     SIZE [; EXTENSION] CR LF  DATA  CR LF  ...  0 CR LF  [FIELD CR LF]...  CR LF
 *
 * Every line ends with CR LF and with nothing less; a size is hexadecimal digits and nothing else.
 */
#include "worker/http/http_body.h"

#include "common/check.h"
#include "common/digits.h"
#include "worker/http/http_chars.h"

/* A chunk of that size pays for its own line; smaller ones are charged to the budget. */
#define CHUNK_SIZE_FREE 16

enum state {
    DONE,
    CONTENT, /* of a body with Content-Length */
    SIZE,
    EXTENSION,
    QUOTED, /* in an extension: "..." */
    ESCAPED,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE, /* the first octet of a trailer's line */
    NAME,
    VALUE,
    VALUE_LF,
    LAST_LF,
};

void http_body_init(struct http_body *body, bool chunked, uint64_t content_length,
                    uint64_t body_max, uint32_t framing_max)
{
    *body = (struct http_body){.room = body_max, .budget = framing_max};
    if (chunked) {
        body->state = SIZE;
    } else if (content_length) {
        body->state = CONTENT;
        body->left = content_length;
    }
}

bool http_body_is_done(const struct http_body *body)
{
    return body->state == DONE;
}

static int size_octet(struct http_body *body, char c)
{
    if (http_char_is(c, HTTP_CHAR_HEX)) {
        if (body->left >> 60 || ++body->digits > 32)
            return -413;
        body->left = body->left << 4 | (unsigned)hex_value(c);
        return 0;
    }
    if (!body->digits || (c != ';' && c != '\r'))
        return -400;
    body->state = c == ';' ? EXTENSION : SIZE_LF;
    return 0;
}

/* The chunk's line is over. */
static int begin_chunk(struct http_body *body)
{
    if (!body->left) {
        body->state = LINE;
        body->trailers = true;
        return 0;
    }
    if (body->left > body->room)
        return -413;
    body->room -= body->left;
    if (body->left < CHUNK_SIZE_FREE) {
        uint32_t charge = body->digits + 4u;

        if (body->budget < charge)
            return -413;
        body->budget -= charge;
    }
    body->state = DATA;
    return 0;
}

static int expect(struct http_body *body, char c, char wanted, enum state next)
{
    if (c != wanted)
        return -400;
    body->state = (uint8_t)next;
    return 0;
}

/* An octet that counts: one of an extension or of a trailer. */
static int spend(struct http_body *body)
{
    if (!body->budget)
        return body->trailers ? -431 : -413;
    body->budget--;
    return 0;
}

/* A quoted string ends before its line does (RFC 9112, section 7.1.1); what extensions mean is
 * nobody's business here. */
static int extension_octet(struct http_body *body, char c)
{
    bool quoted = body->state == QUOTED;

    if (body->state != ESCAPED && c == '\r')
        return quoted ? -400 : expect(body, c, '\r', SIZE_LF);
    if (!http_char_is(c, HTTP_CHAR_VALUE))
        return -400;
    if (quoted && c == '\\')
        body->state = ESCAPED;
    else if (body->state == ESCAPED || (!quoted && c == '"'))
        body->state = QUOTED;
    else if (c == '"')
        body->state = EXTENSION;
    return spend(body);
}

static int trailer_octet(struct http_body *body, char c)
{
    switch ((enum state)body->state) {
    case LINE:
        if (c == '\r')
            return expect(body, c, '\r', LAST_LF);
        body->state = NAME;
        return http_char_is(c, HTTP_CHAR_TOKEN) ? spend(body) : -400;
    case NAME:
        if (c == ':')
            body->state = VALUE;
        else if (!http_char_is(c, HTTP_CHAR_TOKEN))
            return -400;
        return spend(body);
    default:
        if (c == '\r')
            body->state = VALUE_LF;
        else if (!http_char_is(c, HTTP_CHAR_VALUE))
            return -400;
        return spend(body);
    }
}

static int framing_octet(struct http_body *body, char c)
{
    switch ((enum state)body->state) {
    case SIZE:
        return size_octet(body, c);
    case EXTENSION:
    case QUOTED:
    case ESCAPED:
        return extension_octet(body, c);
    case SIZE_LF:
        return c == '\n' ? begin_chunk(body) : -400;
    case DATA_CR:
        return expect(body, c, '\r', DATA_LF);
    case DATA_LF:
        body->digits = 0;
        return expect(body, c, '\n', SIZE);
    case VALUE_LF:
        return expect(body, c, '\n', LINE);
    case LAST_LF:
        return expect(body, c, '\n', DONE);
    default:
        return trailer_octet(body, c);
    }
}

size_t http_body_straight(const struct http_body *body)
{
    return body->state == CONTENT || body->state == DATA ? (size_t)body->left : 0;
}

void http_body_skip(struct http_body *body, size_t n)
{
    CHECK(n <= http_body_straight(body));
    body->left -= n;
    if (!body->left)
        body->state = body->state == CONTENT ? DONE : DATA_CR;
}

/* A run of content, of len bytes at most. */
static size_t take_content(struct http_body *body, const char *data, size_t len,
                           struct cop_slice *content)
{
    if (len > body->left)
        len = (size_t)body->left;
    http_body_skip(body, len);
    *content = (struct cop_slice){data, len};
    return len;
}

ssize_t http_body_take(struct http_body *body, const char *data, size_t len, size_t max,
                       struct cop_slice *content)
{
    size_t i = 0;

    *content = (struct cop_slice){data, 0};
    while (i < len && body->state != DONE) {
        int rc;

        if (body->state == CONTENT || body->state == DATA)
            return (ssize_t)(i +
                             take_content(body, data + i, len - i < max ? len - i : max, content));
        rc = framing_octet(body, data[i++]);
        if (rc < 0)
            return rc;
    }
    return (ssize_t)i;
}
