/* SPDX-License-Identifier: MIT */
#include "worker/app/app.h"

#include <stdio.h>
#include <string.h>

/* Add an app here; it is one file with one descriptor. */
extern const struct cop_app app_hello;
extern const struct cop_app app_echo;
extern const struct cop_app app_files;
extern const struct cop_app app_wait;
extern const struct cop_app app_burn;
extern const struct cop_app app_demo;
extern const struct cop_app app_load;

static const struct cop_app *const apps[] = {
    &app_hello, &app_echo, &app_files, &app_wait, &app_burn, &app_demo, &app_load,
};

const struct cop_app *app_at(size_t i)
{
    return i < sizeof(apps) / sizeof(apps[0]) ? apps[i] : NULL;
}

/* "/users/{id}" -> "/users/id" */
static void print_pattern(const char *pattern, char *text)
{
    size_t len = 0;

    for (; *pattern && strcmp(pattern, "...}") != 0 && len < APP_EXAMPLE_MAX - 1; pattern++)
        if (!strchr("{}", *pattern))
            text[len++] = *pattern;
    text[len] = '\0';
}

char *app_print_example(const struct cop_app *app, char *text)
{
    const struct cop_route *route = app->routes;

    text[0] = '\0';
    if (app->example)
        snprintf(text, APP_EXAMPLE_MAX, "%s", app->example);
    else if (app->handler)
        strcpy(text, "/");
    else if (route && route->pattern)
        print_pattern(route->pattern, text);
    return text;
}

const struct cop_app *app_find(const char *name)
{
    const struct cop_app *app;

    for (size_t i = 0; (app = app_at(i)); i++)
        if (strcmp(app->name, name) == 0)
            return app;
    return NULL;
}
