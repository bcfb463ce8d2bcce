/* SPDX-License-Identifier: MIT */
#include "worker/app/app_resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_mark.h"
#include "common/suggest.h"
#include "worker/app/app_options.h"
#include "worker/app/module.h"

#define WHY_MAX 512

/* "hello, echo, ..." into text. */
static void list_apps(char *text, size_t size)
{
    const struct cop_app *app;
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; (app = app_at(i)) && len < size; i++)
        if (!app->run)
            len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "", app->name);
}

int app_resolve(const struct config_pool *pool, const char *config_path, const struct cop_app **app,
                char *error, size_t size)
{
    char apps[128], hint[96], path[64];
    struct suggest suggest;
    const struct cop_app *other;

    if (module_is_path(pool->app))
        return module_load(pool->app, config_path, app, error, size);
    *app = app_find(pool->app);
    if (*app)
        return 0;
    list_apps(apps, sizeof(apps));
    suggest_init(&suggest, pool->app);
    for (size_t i = 0; (other = app_at(i)); i++)
        if (!other->run)
            suggest_offer(&suggest, other->name);
    /* A path has a slash. */
    if (snprintf(path, sizeof(path), "./%s", pool->app) < (int)sizeof(path) && strstr(path, ".so"))
        suggest.best = path;
    snprintf(error, size,
             "pool %s: there is no app \"%.64s\", expected one of %s, or the path of a .so%s",
             pool->name, pool->app, apps, suggest_print(&suggest, hint, sizeof(hint)));
    return -ENOENT;
}

static int check_options(const struct cop_app *app, const struct config_pool *pool, char *error,
                         size_t size)
{
    void *state = calloc(1, app->state_size + 1);
    int rc;

    if (!state) {
        snprintf(error, size, "out of memory");
        return -ENOMEM;
    }
    rc = app_options_read(app->options, pool, state, error, size);
    app_options_free(app->options, state);
    free(state);
    return rc;
}

int app_resolve_check(const struct config_pool *pool, const char *config_path, char *error,
                      size_t size)
{
    const struct config_error place = {error, size};
    const struct cop_app *app;
    char why[WHY_MAX];
    int rc = app_resolve(pool, config_path, &app, why, sizeof(why));

    if (rc < 0) {
        (void)config_mark_fail(&place, &pool->mark, "%s", why);
        return rc;
    }
    return check_options(app, pool, error, size);
}
