/* SPDX-License-Identifier: MIT */
/*
 * http_server.h - HTTP/1.1 for the models: connections in, requests to a handler, answers out.
 *
 * http_serve is a service's serve(): it answers every complete request that has arrived, in order,
 * with one write where they fit (so an answer may wait for the handlers of requests that came with
 * its own), and parks the connection. Only an unfinished request keeps its task and its buffers,
 * and for no longer than the timeouts say. Whatever cannot be understood without doubt is answered
 * and the connection closed, with patience enough for the answer to arrive. With an access log each
 * answer is a write of its own.
 */
#ifndef COPPICE_HTTP_SERVER_H
#define COPPICE_HTTP_SERVER_H

#include "worker/http/http_service.h"
#include "worker/stream/connection.h"

/* For cop_service.serve; arg is the struct http_service. */
enum cop_verdict http_serve(struct cop_connection *connection, void *arg);

#endif
