/* SPDX-License-Identifier: MIT */
/*
 * conditional.h - does the client have this version already, or want to change another one than
 * there is? (RFC 9110, sections 8.8 and 13.)
 */
#ifndef COPPICE_CONDITIONAL_H
#define COPPICE_CONDITIONAL_H

#include <time.h>

#include "worker/http/request.h"

/* What there is now of the thing that a request names. */
struct cop_version {
    const char *etag; /* as sent: in quotes, with W/ before them when it is weak; NULL: none */
    time_t modified;  /* since 1970; 0: not known */
    bool missing;     /* there is nothing yet */
};

/* Hold the request's If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since against
 * it, in the order of section 13.2.2; for a handler that would otherwise answer 2xx, before it does
 * anything. Returns 0 to go on, or what to answer instead: 304 (to GET and HEAD alone) or 412. */
COP_PUBLIC COP_MUST int cop_request_condition(const struct cop_request *request,
                                              const struct cop_version *version);

/* May the request's Range be honoured, as far as If-Range goes? (Section 13.1.5.) A date is as good
 * as a strong tag once the second that it names is over. */
bool conditional_range(const struct cop_request *request, const struct cop_version *version,
                       time_t now);

/* Take the first entity tag from the front of *list, with its quotes and its W/. Returns 1, 0 at
 * the end, -EINVAL for anything else. */
int conditional_next_tag(struct cop_slice *list, struct cop_slice *tag);

/* Are the two tags equal (section 8.8.3.2)? By the strong comparison no weak tag is. */
bool conditional_tags_match(struct cop_slice a, struct cop_slice b, bool strong);

/* The value of a field that may stand there once; data is NULL when it stands there otherwise. */
struct cop_slice conditional_single(const struct cop_request *request, const char *name);

#endif
