/* SPDX-License-Identifier: MIT */
/*
 * field_params.h - parameters of a field's value: `form-data; name="a"` (RFC 9110, section 5.6.6).
 */
#ifndef COPPICE_FIELD_PARAMS_H
#define COPPICE_FIELD_PARAMS_H

#include "worker/http/request.h"

/* Without the white space around it. */
struct cop_slice field_params_trim(struct cop_slice slice);

/* The value of the first parameter of that name, in any case of letters, without its quotes (what
 * is escaped inside stays so); data is NULL when there is none. */
struct cop_slice field_params_find(struct cop_slice value, const char *name);

#endif
