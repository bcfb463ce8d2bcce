/* SPDX-License-Identifier: MIT */
/*
 * app.h - an app is one descriptor: what to serve, and how it starts and stops.
 *
 *     static int hello(struct cop_request *request, struct cop_response *response)
 *     {
 *         cop_response_text(response, "Hello, World!");
 *         return 0;
 *     }
 *
 *     const struct cop_app app_hello = {.name = "hello", .help = "greets", .handler = hello};
 *
 * A module (`app: ./my.so`) names its descriptor `cop_app` and sets .abi = COP_ABI.
 *
 * Every loop of every worker has an instance of its own: its state, which only tasks of that loop
 * see. The table of built-in apps is in app.c; one app, one file.
 */
#ifndef COPPICE_APP_H
#define COPPICE_APP_H

#include "common/config.h"
#include "common/config_keys.h"
#include "worker/http/middleware.h"
#include "worker/http/router.h"
#include "worker/stream/connection.h"

/* An instance, for start and stop. */
struct cop_context {
    const struct config_pool *pool;
    void *state; /* what handlers find in request->state */
    char *error; /* start may say here why it fails, in one sentence */
    size_t error_size;
};

/* The layout of all that an app and the program share; another number does not load. */
#define COP_ABI 2u

struct cop_app {
    uint32_t abi; /* first for ever: COP_ABI, checked where a module is loaded */
    const char *name;
    const char *help;    /* one line */
    const char *example; /* a path to try it by, "/20"; NULL: "/", or the first route */

    /* HTTP: the routes' handlers, and the one for all that no route takes (NULL: 404). */
    const struct cop_route *routes; /* ends with COP_ROUTES_END */
    cop_handler handler;
    const cop_middleware *middleware; /* ends with NULL; the first is the outermost */

    /* A protocol of its own instead: see connection.h; arg is the state. */
    enum cop_verdict (*serve)(struct cop_connection *connection, void *arg);

    /* No connections at all: the loop's whole work, in a task. The worker ends when it returns,
     * with exit code 0 for a result >= 0. */
    int (*run)(struct cop_context *context);

    size_t state_size;                /* zeroed memory for each instance */
    const struct config_key *options; /* fields of the state; ends with COP_OPTIONS_END. NULL:
                                         there are none */

    /* Prepare an instance; must not wait. Returns >= 0, or -errno, and the worker does not start.
     */
    int (*start)(struct cop_context *context);
    /* Undo start; no connection is left, and no task of cop_background. */
    void (*stop)(struct cop_context *context);
};

/* The descriptor of a module, which defines it; the program itself has none. */
COP_PUBLIC extern const struct cop_app cop_app;

/* A row of an app's options: `field` of `type`, with its default as written ("30s"; NULL: it must
 * be given), its range and a line of help. kind says what the field is: CONFIG_BOOL a bool,
 * CONFIG_INTEGER an unsigned, CONFIG_DURATION an int64_t of nanoseconds, CONFIG_SIZE a uint64_t of
 * bytes; CONFIG_STRING and CONFIG_PATH (absolute) a char * that is freed after stop, and whose
 * range is that of its length. */
#define COP_OPTION(type, field, kind, fallback, min, max, help)                   \
    {                                                                             \
        "options", #field, kind, fallback, min, max, NULL, offsetof(type, field), \
            sizeof(((type *)NULL)->field), help                                   \
    }
#define COP_OPTIONS_END \
    {                   \
        .name = NULL    \
    }

/* From start: run fn(arg) in a task beside the connections, until it returns or the worker leaves,
 * which cancels it. An error that it ends with is logged. Returns 0, -ENOMEM, or -ENOTSUP on a
 * blocking loop (tasks: 1), which has no time for it. */
COP_PUBLIC COP_MUST int cop_background(struct cop_context *context, cop_fn fn, void *arg);

/* NULL when there is no such app. */
const struct cop_app *app_find(const char *name);

/* The i-th built-in app, NULL past the last. */
const struct cop_app *app_at(size_t i);

#define APP_EXAMPLE_MAX 128

/* The path of a request to try the app by into text[APP_EXAMPLE_MAX], "" where it speaks no HTTP;
 * returns text. */
char *app_print_example(const struct cop_app *app, char *text);

#endif
