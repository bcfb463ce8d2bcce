/* SPDX-License-Identifier: MIT */
/*
 * field_params.h - what a field's value is made of: parameters as in `form-data; name="a"`, members
 * of a list (RFC 9110, sections 5.6.6 and 5.6.1).
 */
#ifndef COPPICE_FIELD_PARAMS_H
#define COPPICE_FIELD_PARAMS_H

#include "worker/http/request.h"

/* Without the white space around it. */
struct cop_slice field_params_trim(struct cop_slice slice);

/* Cut the first member off a list whose members hold no comma in quotes, without the white space
 * around it. Empty ones are members, too. */
struct cop_slice field_params_take(struct cop_slice *list);

/* The value of the first parameter of that name, in any case of letters, without its quotes (what
 * is escaped inside stays so); data is NULL when there is none. */
struct cop_slice field_params_find(struct cop_slice value, const char *name);

#endif
