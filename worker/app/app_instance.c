/* SPDX-License-Identifier: MIT */
#include "worker/app/app_instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/list.h"
#include "worker/app/app_options.h"
#include "worker/http/http_server.h"
#include "worker/task/loop.h"
#include "worker/task/sched.h"

struct app_instance {
    struct cop_context context; /* first: what the app sees */
    const struct cop_app *app;
    struct router *router;
    struct http_service *http;
    bool blocking;
    bool started;
    struct list background;
    void (*left)(void *arg);
    void *left_arg;
};

struct background {
    struct list node;
    struct app_instance *instance;
    struct cop_task *task;
    cop_fn fn;
    void *arg;
    bool cancelled; /* before it began */
};

static void tell_if_left(struct app_instance *instance)
{
    void (*left)(void *arg) = instance->left;

    if (!left || !list_is_empty(&instance->background))
        return;
    instance->left = NULL;
    left(instance->left_arg);
}

static int run_background(void *arg)
{
    struct background *background = arg;
    struct app_instance *instance = background->instance;
    char name[32];
    int rc = 0;

    snprintf(name, sizeof(name), "background of %.15s", instance->app->name);
    background->task = cop_current_task();
    cop_task_set_name(background->task, name);
    if (!background->cancelled)
        rc = background->fn(background->arg);
    list_remove(&background->node);
    free(background);
    tell_if_left(instance);
    return rc == -ECANCELED ? 0 : rc;
}

int cop_background(struct cop_context *context, cop_fn fn, void *arg)
{
    struct app_instance *instance = (struct app_instance *)context;
    struct background *background;

    if (instance->blocking) {
        snprintf(context->error, context->error_size,
                 "the app works in the background, which a pool with tasks: 1 cannot");
        return -ENOTSUP;
    }
    background = calloc(1, sizeof(*background));
    if (!background)
        return -ENOMEM;
    *background = (struct background){.instance = instance, .fn = fn, .arg = arg};
    list_push_back(&instance->background, &background->node);
    if (loop_spawn(sched_here(), run_background, background) == 0)
        return 0;
    list_remove(&background->node);
    free(background);
    return -ENOMEM;
}

static int start_http(struct app_instance *instance, struct cop_service *service)
{
    const struct cop_app *app = instance->app;
    struct cop_context *context = &instance->context;
    int rc;

    if (app->routes) {
        rc = router_new(app->routes, &instance->router, context->error, context->error_size);
        if (rc < 0)
            return rc;
    }
    instance->http = http_service_new(context->pool, app->handler, context->state);
    if (!instance->http)
        return -ENOMEM;
    instance->http->router = instance->router;
    instance->http->middleware = app->middleware;
    service->serve = http_serve;
    service->arg = instance->http;
    return 0;
}

static int start(struct app_instance *instance, struct cop_service *service)
{
    const struct cop_app *app = instance->app;
    struct cop_context *context = &instance->context;
    int rc;

    context->state = app->state_size ? calloc(1, app->state_size) : NULL;
    if (app->state_size && !context->state)
        return -ENOMEM;
    rc = app_options_read(app->options, context->pool, context->state, context->error,
                          context->error_size);
    if (rc < 0)
        return rc;
    service->serve = app->serve;
    service->arg = context->state;
    if (app->routes || app->handler)
        rc = start_http(instance, service);
    if (rc == 0 && app->start)
        rc = app->start(context);
    instance->started = rc >= 0;
    return rc < 0 ? rc : 0;
}

int app_instance_start(const struct cop_app *app, const struct config_pool *pool, bool blocking,
                       struct cop_service *service, struct app_instance **instance, char *error,
                       size_t size)
{
    struct app_instance *made = calloc(1, sizeof(*made));

    *instance = made;
    if (!made)
        return -ENOMEM;
    made->app = app;
    made->blocking = blocking;
    made->context = (struct cop_context){.pool = pool, .error = error, .error_size = size};
    list_init(&made->background);
    return start(made, service);
}

int app_instance_run(struct app_instance *instance)
{
    return instance->app->run(&instance->context);
}

void app_instance_leave(struct app_instance *instance, void (*left)(void *arg), void *arg)
{
    instance->left = left;
    instance->left_arg = arg;
    list_for_each (&instance->background, node) {
        struct background *background = list_entry(node, struct background, node);

        background->cancelled = true;
        if (background->task)
            (void)cop_task_cancel(background->task);
    }
    tell_if_left(instance);
}

void app_instance_stop(struct app_instance *instance)
{
    if (!instance)
        return;
    CHECK(list_is_empty(&instance->background));
    if (instance->started && instance->app->stop)
        instance->app->stop(&instance->context);
    http_service_free(instance->http);
    router_free(instance->router);
    if (instance->context.state && instance->app->options)
        app_options_free(instance->app->options, instance->context.state);
    free(instance->context.state);
    free(instance);
}
