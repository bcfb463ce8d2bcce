/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - is it UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)?
 */
#ifndef COPPICE_UTF8_H
#define COPPICE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* U+FFFD, which stands where bytes were that are no UTF-8. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character at text, 1 to 4; 0 when text[0 .. len) does not begin with a whole one. */
size_t utf8_len(const char *text, size_t len);

/* Is all of text[0 .. len) whole characters? */
bool utf8_is_valid(const char *text, size_t len);

#endif
