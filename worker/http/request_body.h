/* SPDX-License-Identifier: MIT */
/*
 * request_body.h - a request's body, from the connection to cop_request_read, and what becomes of
 * the part that nobody reads.
 */
#ifndef COPPICE_REQUEST_BODY_H
#define COPPICE_REQUEST_BODY_H

#include "worker/http/http_session.h"

/* The body of session->head's request, if it has one, begins at input + at. Returns 0, or -413. */
int request_body_begin(struct http_session *session, uint32_t at);

/* Read and drop what is left. Returns 0, or the error that cop_request_read gives. */
int request_body_drop(struct http_session *session);

/* Is there nothing more of it to come? */
bool request_body_is_done(const struct http_session *session);

#endif
