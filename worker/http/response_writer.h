/* SPDX-License-Identifier: MIT */
/*
 * response_writer.h - an answer's body, from wherever the handler said it comes, to the connection.
 */
#ifndef COPPICE_RESPONSE_WRITER_H
#define COPPICE_RESPONSE_WRITER_H

#include "worker/http/http_session.h"

/* Print or send session->response, which no handler has begun to write. */
void response_writer_send(struct http_session *session);

/* Is what the handler has written so far less than the length that it announced? */
bool response_writer_lacks(const struct http_session *session);

/* The handler that wrote it has returned rc: end the body, or break off what cannot be ended. */
void response_writer_end(struct http_session *session, int rc);

/* Answer with the `length` bytes that fn(response, arg) writes piece by piece, once the handler has
 * returned. fn returns 0, or what makes the writing fail: the connection is broken off. */
void response_writer_call(struct cop_response *response, const char *content_type, uint64_t length,
                          int (*fn)(struct cop_response *response, void *arg), void *arg);

#endif
