/* SPDX-License-Identifier: MIT */
/*
 * range.h - which bytes a Range field asks for (RFC 9110, section 14.1.2).
 */
#ifndef COPPICE_RANGE_H
#define COPPICE_RANGE_H

#include "worker/http/request.h"

/* More pieces than that are not worth an answer of their own. */
#define RANGE_MAX 16

struct range {
    uint64_t first;
    uint64_t len; /* at least 1 */
};

/* Read a Range field's value for content of `length` bytes. What overlaps or touches is joined, and
 * stands where the first of it was asked for; the rest stays in the order asked for.
 *
 * Returns how many ranges there are; -ERANGE when the field is valid and none of its ranges can be
 * satisfied; 0 when it is to be ignored: another unit, not valid, more than RANGE_MAX pieces, or
 * the end of empty content. */
int range_read(struct cop_slice value, uint64_t length, struct range ranges[RANGE_MAX]);

#endif
