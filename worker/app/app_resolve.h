/* SPDX-License-Identifier: MIT */
/*
 * app_resolve.h - from a pool's `app:` to the descriptor: a built-in one, or a module's.
 */
#ifndef COPPICE_APP_RESOLVE_H
#define COPPICE_APP_RESOLVE_H

#include <stddef.h>

#include "worker/app/app.h"

/* The pool's app; a module is loaded, for which config_path is as in module_load. Returns 0 and
 * *app, or -ENOENT or as module_load, with a sentence in error[0 .. size). */
int app_resolve(const struct config_pool *pool, const char *config_path, const struct cop_app **app,
                char *error, size_t size);

/* Would the pool's app be found, and does it take the pool's options? Starts nothing. Returns 0, or
 * -errno with `file:line:column: what is wrong, what was expected` in error[0 .. size). */
int app_resolve_check(const struct config_pool *pool, const char *config_path, char *error,
                      size_t size);

#endif
