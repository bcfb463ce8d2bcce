/* SPDX-License-Identifier: MIT */
/*
 * query.h - names and values of a query or a form (application/x-www-form-urlencoded).
 *
 * Both are percent-decoded, with '+' as a space; what had to be decoded lies in the request's
 * memory.
 */
#ifndef COPPICE_QUERY_H
#define COPPICE_QUERY_H

#include "worker/http/request.h"

/* Take the first pair from the front of *pairs. Returns 1, 0 when there is none, -400 for what
 * cannot be decoded, -ENOMEM. */
COP_PUBLIC COP_MUST int cop_query_next(struct cop_request *request, struct cop_slice *pairs,
                                       struct cop_slice *name, struct cop_slice *value);

/* The first value of that name among the pairs. Returns 1, 0 when there is none, -400, -ENOMEM. */
COP_PUBLIC COP_MUST int cop_query_find(struct cop_request *request, struct cop_slice pairs,
                                       const char *name, struct cop_slice *value);

/* The same among those of the request's query. */
COP_PUBLIC COP_MUST int cop_request_query(struct cop_request *request, const char *name,
                                          struct cop_slice *value);

/* Read the body, of max bytes at most, as a form: its pairs, for the functions above. Returns 0,
 * -415 when it is none or coded, or as cop_request_body. */
COP_PUBLIC COP_MUST int cop_request_form(struct cop_request *request, size_t max,
                                         struct cop_slice *pairs);

/* Is the request's body compressed, or coded otherwise (Content-Encoding; RFC 9110, section 8.4)?
 * Nothing here decodes it: who reads a form, JSON or parts answers such a request with 415. */
COP_PUBLIC bool cop_request_is_coded(const struct cop_request *request);

/* Is the request's body of this media type ("application/json"), whatever its parameters? */
COP_PUBLIC bool cop_request_is(const struct cop_request *request, const char *media_type);

#endif
