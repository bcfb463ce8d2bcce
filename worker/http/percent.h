/* SPDX-License-Identifier: MIT */
/*
 * percent.h - %41 to A (RFC 3986, section 2.1).
 */
#ifndef COPPICE_PERCENT_H
#define COPPICE_PERCENT_H

#include "worker/http/request.h"

/* Decode a slice of the request; where there is something to decode, into the request's memory.
 * Returns 0, -400 or -ENOMEM; the slice is untouched then. */
int percent_decode_slice(struct cop_request *request, struct cop_slice *slice, bool plus_is_space);

#endif
