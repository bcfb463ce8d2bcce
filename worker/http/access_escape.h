/* SPDX-License-Identifier: MIT */
/*
 * access_escape.h - the bytes of a value in the access log, such that none of them can end it, its
 * line, or drive a terminal. See access_line.h for what is escaped how.
 */
#ifndef COPPICE_ACCESS_ESCAPE_H
#define COPPICE_ACCESS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Of one escaped character. */
#define ACCESS_ESCAPE_MAX 8

/* Does it stand for itself? A space does where it cannot be taken for the end of a word. */
bool access_escape_is_plain(char character, bool is_quoted);

/* Escape what `in` begins with, in text and in JSON, into out[ACCESS_ESCAPE_MAX]. Returns how many
 * bytes of `in` that was; *n are in `out`. */
size_t access_escape_text(const char *in, char *out, size_t *n);
size_t access_escape_json(const char *in, size_t in_len, char *out, size_t *n);

#endif
