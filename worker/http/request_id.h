/* SPDX-License-Identifier: MIT */
/*
 * request_id.h - a name for each request, to find it again in the logs.
 *
 * Ours are 24 hexadecimal digits: 64 random bits of the thread, drawn at its first request, and the
 * number of the request on it. The client's is taken only where the pool trusts it, and only
 * when it is short and of harmless letters.
 */
#ifndef COPPICE_REQUEST_ID_H
#define COPPICE_REQUEST_ID_H

#include "worker/http/request.h"

#define REQUEST_ID_MAX 64

/* As a line of a head. */
#define REQUEST_ID_FIELD_MAX (REQUEST_ID_MAX + 16)

struct http_session;

/* Make one into text. Returns its length. */
size_t request_id_make(char text[REQUEST_ID_MAX + 1]);

/* May it stand in logs and heads as it is? */
bool request_id_is_valid(struct cop_slice id);

/* At the start of a request: the client's, where the pool takes it, else one of ours; the task is
 * called so meanwhile. */
void request_id_take(struct http_session *session);

/* That of the request, made if it is not there yet. */
const char *request_id_of(struct http_session *session);

/* Add X-Request-ID to the answer, unless the handler has done so. Returns 0, or -ENOSPC: the answer
 * goes without it. */
int request_id_send(struct http_session *session);

#endif
