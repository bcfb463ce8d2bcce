/* SPDX-License-Identifier: MIT */
/*
 * jsontext.h - the text of a JSON document, put together piece by piece (RFC 8259).
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
    bool failed; /* no memory, or who writes gave up: nothing more is put */
};

void jsontext_put(struct jsontext *text, const char *bytes, size_t len);

/* In quotes, with what must be escaped escaped. bytes[0 .. len) are UTF-8. */
void jsontext_put_string(struct jsontext *text, const char *bytes, size_t len);

/* What was put, with a 0 behind it, to be freed by the caller. NULL when it failed. */
char *jsontext_finish(struct jsontext *text);

#endif
