/* SPDX-License-Identifier: MIT */
/*
 * http_parser.h - bytes in, the head of one request out: where its method, target and fields lie.
 *
 * The only file that knows llhttp. Feed it the bytes of a message from the first one on, as often
 * as more have arrived; how they were split makes no difference, and they may have moved in memory
 * meanwhile, because every place is an offset from the message's first byte. What comes out has
 * exactly the form of RFC 9112, sections 3 and 5 (CRLF line ends, single spaces, token names, no
 * folding); what it means is http_head.h.
 */
#ifndef COPPICE_HTTP_PARSER_H
#define COPPICE_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More field lines than that are answered with 431. */
#define HTTP_FIELDS_MAX 128

/* Room for llhttp's own state, which this header does not show. */
#define HTTP_PARSER_STATE_SIZE 96

struct http_field {
    uint32_t name;
    uint32_t name_len;
    uint32_t value; /* without the white space around it */
    uint32_t value_len;
};

struct http_parser {
    uint64_t state[HTTP_PARSER_STATE_SIZE / 8];
    const char *base; /* of the message, during a call */
    uint32_t max;     /* of a head's bytes */
    uint32_t fed;     /* bytes that llhttp has seen, those skipped included */
    uint32_t skipped; /* of empty lines before the request */
    uint32_t gap;     /* where tabs follow a Content-Length's digits; 0: nowhere */
    bool bad_method;  /* llhttp knows no such method; is it a token? */
    bool folded;      /* a field line went on in the next one */
    bool overfull;    /* more than HTTP_FIELDS_MAX */
    uint32_t target;
    uint32_t target_len;
    uint32_t nfields;
    /* Valid once the head is complete. */
    uint8_t method; /* llhttp's number */
    uint8_t major, minor;
    bool has_length, has_coding; /* Content-Length, Transfer-Encoding */
    uint64_t content_length;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* Be ready for a new message, whose head has at most max bytes. */
void http_parser_init(struct http_parser *parser, uint32_t max);

/* Parse what has arrived of the message: len bytes, those of earlier calls included. Returns the
 * length of the head when it is complete, 0 when more is needed, or -status: 400, 413, 414, 431,
 * 501, 505. After an error only init may follow. */
int http_parser_feed(struct http_parser *parser, const char *message, size_t len);

/* Has nothing but empty lines arrived, of these len bytes? */
static inline bool http_parser_is_idle(const struct http_parser *parser, size_t len)
{
    return parser->skipped == len;
}

/* What is known of an answer so far. */
struct http_response {
    unsigned status;
    bool complete;   /* all of it was fed; what is below holds from then on */
    bool keep_alive; /* the connection may carry another question */
    uint64_t body;   /* bytes of body, without the framing */
};

/* The client's side: answers, whole, whose bodies are counted and dropped. */
struct http_response_parser {
    struct http_response response;
    uint64_t state[HTTP_PARSER_STATE_SIZE / 8];
};

/* Before the first byte of every answer. */
void http_response_parser_init(struct http_response_parser *parser);

/* Parse on, at most to the end of the answer (`complete`). Interim answers (1xx) are skipped.
 * Returns how many bytes were used, all of them unless the answer is complete; -EBADMSG when it is
 * no HTTP. */
ssize_t http_response_parser_feed(struct http_response_parser *parser, const char *data,
                                  size_t len);

/* The stream has ended. Returns 0 when that completes the answer (a body without a length), else
 * -ENODATA. */
int http_response_parser_finish(struct http_response_parser *parser);

#endif
