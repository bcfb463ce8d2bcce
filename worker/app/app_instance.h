/* SPDX-License-Identifier: MIT */
/*
 * app_instance.h - an app on one loop, from its start to its stop.
 */
#ifndef COPPICE_APP_INSTANCE_H
#define COPPICE_APP_INSTANCE_H

#include "worker/app/app.h"

struct app_instance;

/* Make an instance and fill in service->serve and service->arg. `blocking`: its loop is. Returns 0,
 * or -errno with a sentence in error[0 .. size). *instance is the caller's to leave and stop in
 * either case, since what start began may still run; NULL without memory for it. */
int app_instance_start(const struct cop_app *app, const struct config_pool *pool, bool blocking,
                       struct cop_service *service, struct app_instance **instance, char *error,
                       size_t size);

/* For an app with run(): do it. */
int app_instance_run(struct app_instance *instance);

/* Cancel the tasks of cop_background; `left(arg)` is called once none is left, perhaps at once. */
void app_instance_leave(struct app_instance *instance, void (*left)(void *arg), void *arg);

/* Call the app's stop and free the instance; NULL is fine. No task of cop_background may be left.
 */
void app_instance_stop(struct app_instance *instance);

#endif
