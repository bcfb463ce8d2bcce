/* SPDX-License-Identifier: MIT */
/*
 * jsontext.h - the text of a JSON document, put together piece by piece (RFC 8259). For the short
 * form, because that is sent with every answer: jansson's own looks at each character several
 * times, and takes four times as long.
 */
#ifndef COPPICE_JSONTEXT_H
#define COPPICE_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as all zeros. */
struct jsontext {
    char *bytes;
    size_t len;
    size_t size;
    bool failed; /* no memory, or who writes gave up: there is no text in the end */
};

void jsontext_put(struct jsontext *text, const char *bytes, size_t len);
void jsontext_put_char(struct jsontext *text, char c);

/* In quotes, with what must be escaped escaped. bytes[0 .. len) are UTF-8. */
void jsontext_put_string(struct jsontext *text, const char *bytes, size_t len);

/* What was put, with a 0 behind it, to be freed by the caller. NULL when it failed. */
char *jsontext_finish(struct jsontext *text);

#endif
