/* SPDX-License-Identifier: MIT */
/*
 * access_log.h - a loop's side of the access log: exactly one line for each request, answered,
 * refused or given up.
 *
 * A line is made when the kernel has the answer's last byte. Lines gather while the loop has work,
 * and before it asks the kernel for events they are written together, in pieces of at most PIPE_BUF
 * bytes of whole lines; a blocking loop writes each at once. So no line is ever behind by more than
 * one turn of its loop; a worker that is killed outright takes those of that turn with it.
 *
 * A request whose head never became complete has a line when something of it came. Status 499: no
 * answer was given, and the outcome says why.
 */
#ifndef COPPICE_ACCESS_LOG_H
#define COPPICE_ACCESS_LOG_H

#include "common/config.h"
#include "worker/stream/connection.h"

struct access_log;
struct cop_request;
struct http_session;

/* That of this thread's loop, in the pool's format. NULL: no memory. */
struct access_log *access_log_new(const struct config_pool *pool);

/* Writes what is left; NULL is fine. */
void access_log_free(struct access_log *access_log);

/* Of this process, for every loop's lines: which of the pool's workers it is. */
void access_log_set_worker(unsigned worker);

/* Must the peer be known, of which cop_connection_peer has to be asked before it can have gone? */
bool access_log_wants_peer(const struct access_log *access_log);

/* The session's request is over: all that can be sent of its answer is. `request` is NULL where its
 * head was never complete. */
void access_log_note(struct access_log *access_log, struct http_session *session,
                     const struct cop_request *request);

#endif
