/* SPDX-License-Identifier: MIT */
/*
 * app_http.h - start and stop of an app that is one HTTP handler.
 */
#ifndef COPPICE_APP_HTTP_H
#define COPPICE_APP_HTTP_H

#include "worker/app/app.h"
#include "worker/http/http_server.h"

/* The body of such an app's start(); stop() is app_http_stop. */
int app_http_start(const struct config_pool *pool, struct cop_service *service, cop_handler handler,
                   char *error, size_t size);
void app_http_stop(struct cop_service *service);

#endif
