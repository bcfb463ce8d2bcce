/* SPDX-License-Identifier: MIT */
/*
 * percent.h - %41 to A (RFC 3986, section 2.1).
 */
#ifndef COPPICE_PERCENT_H
#define COPPICE_PERCENT_H

#include "worker/http/request.h"

/* Decode text[0 .. len) into out, which has len bytes and may be text itself; plus_is_space as in
 * forms. Returns the length, or -400: a '%' without two digits, or an encoded NUL. */
ssize_t percent_decode(const char *text, size_t len, bool plus_is_space, char *out);

/* Decode a slice of the request; where there is something to decode, into the request's memory.
 * Returns 0, -400 or -ENOMEM; the slice is untouched then. */
int percent_decode_slice(struct cop_request *request, struct cop_slice *slice, bool plus_is_space);

#endif
