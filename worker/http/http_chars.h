/* SPDX-License-Identifier: MIT */
/*
 * http_chars.h - which octets may stand where (RFC 9110, section 5.6.2; RFC 3986, section 3.2.2).
 */
#ifndef COPPICE_HTTP_CHARS_H
#define COPPICE_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CHAR_TOKEN  0x01 /* names of methods and fields */
#define HTTP_CHAR_HOST   0x02 /* a registered name or IPv4 address: unreserved, sub-delims */
#define HTTP_CHAR_TARGET 0x04 /* a request's target; octets above 127 pass */
#define HTTP_CHAR_VALUE  0x08 /* a field's value, tab and space among them */
#define HTTP_CHAR_HEX    0x10

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, unsigned kind)
{
    return (http_chars[(unsigned char)c] & kind) != 0;
}

/* Do all len octets belong to the kind? */
static inline bool http_chars_are(const char *text, size_t len, unsigned kind)
{
    for (size_t i = 0; i < len; i++)
        if (!http_char_is(text[i], kind))
            return false;
    return true;
}

#endif
