/* SPDX-License-Identifier: MIT */
/*
 * coppice.h - all that an app or a program may call. Include this and nothing else.
 *
 * Names for them begin with cop_ or COP_; those without are there because a struct holds them, and
 * are given cop_internal_ by `make install`. A program that is linked with libcoppice.a has what is
 * in stream/, sync/ and task/; requests and apps are for a server's modules. C11 or C++.
 */
#ifndef COPPICE_COPPICE_H
#define COPPICE_COPPICE_H

#include <errno.h> /* whose numbers results are */

#ifdef __cplusplus
extern "C" {
#endif

#include "common/address.h"
#include "worker/app/app.h"
#include "worker/http/accept_encoding.h"
#include "worker/http/conditional.h"
#include "worker/http/cookie.h"
#include "worker/http/json.h"
#include "worker/http/middleware.h"
#include "worker/http/multipart.h"
#include "worker/http/query.h"
#include "worker/http/request.h"
#include "worker/http/response.h"
#include "worker/http/response_content.h"
#include "worker/http/router.h"
#include "worker/stream/acceptor.h"
#include "worker/stream/connection.h"
#include "worker/stream/datagram.h"
#include "worker/stream/open_connection.h"
#include "worker/stream/reader.h"
#include "worker/stream/resolver.h"
#include "worker/stream/sendfile.h"
#include "worker/stream/server.h"
#include "worker/stream/stream.h"
#include "worker/stream/subprocess.h"
#include "worker/stream/writer.h"
#include "worker/sync/as_completed.h"
#include "worker/sync/barrier.h"
#include "worker/sync/condition.h"
#include "worker/sync/event.h"
#include "worker/sync/future.h"
#include "worker/sync/gather.h"
#include "worker/sync/group.h"
#include "worker/sync/lock.h"
#include "worker/sync/offload.h"
#include "worker/sync/queue.h"
#include "worker/sync/select.h"
#include "worker/sync/semaphore.h"
#include "worker/sync/signals.h"
#include "worker/sync/threadsafe.h"
#include "worker/sync/wait.h"
#include "worker/task/debug.h"
#include "worker/task/deferred.h"
#include "worker/task/exception.h"
#include "worker/task/inspect.h"
#include "worker/task/local.h"
#include "worker/task/profiler.h"
#include "worker/task/scope.h"
#include "worker/task/slow_task.h"
#include "worker/task/task.h"

#ifdef __cplusplus
}
#endif

#endif
