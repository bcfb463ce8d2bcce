/* SPDX-License-Identifier: MIT */
/*
 * escape.h - text that others chose, in a log: such that it neither ends its value nor its line,
 * nor drives a terminal, nor makes other text look different.
 *
 * Each function writes what the first character of in[0 .. len) becomes, len > 0, into
 * out[ESCAPE_MAX] and sets *n to the bytes there. Returns how many of `in` that was.
 */
#ifndef COPPICE_ESCAPE_H
#define COPPICE_ESCAPE_H

#include <stddef.h>

#define ESCAPE_MAX 8

/* For people: controls are \n, \r, \t and \xHH, and so is what is no UTF-8, hides or turns text. */
size_t escape_text(const char *in, size_t len, char *out, size_t *n);

/* Within the quotes of JSON (RFC 8259 section 7); U+FFFD for what is no UTF-8, and for a NUL. */
size_t escape_json(const char *in, size_t len, char *out, size_t *n);

/* One octet, as \xHH. */
size_t escape_octet(const char *in, char *out, size_t *n);

#endif
