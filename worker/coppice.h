/* SPDX-License-Identifier: MIT */
/*
 * coppice.h - all that an app may call. Include this and nothing else.
 */
#ifndef COPPICE_COPPICE_H
#define COPPICE_COPPICE_H

#include "worker/app/app.h"
#include "worker/http/http_server.h"
#include "worker/http/request.h"
#include "worker/http/response.h"
#include "worker/stream/connection.h"
#include "worker/stream/stream.h"
#include "worker/sync/as_completed.h"
#include "worker/sync/barrier.h"
#include "worker/sync/condition.h"
#include "worker/sync/event.h"
#include "worker/sync/future.h"
#include "worker/sync/gather.h"
#include "worker/sync/group.h"
#include "worker/sync/lock.h"
#include "worker/sync/queue.h"
#include "worker/sync/select.h"
#include "worker/sync/semaphore.h"
#include "worker/sync/wait.h"
#include "worker/task/debug.h"
#include "worker/task/deferred.h"
#include "worker/task/exception.h"
#include "worker/task/inspect.h"
#include "worker/task/local.h"
#include "worker/task/profiler.h"
#include "worker/task/scope.h"
#include "worker/task/task.h"

#endif
