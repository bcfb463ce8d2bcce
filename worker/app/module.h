/* SPDX-License-Identifier: MIT */
/*
 * module.h - apps from outside: a shared object whose symbol `cop_app` is the descriptor.
 *
 * Loaded in the worker, after the fork, and never unloaded: the process goes with it.
 */
#ifndef COPPICE_MODULE_H
#define COPPICE_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/app/app.h"

/* Is this name of an app a path? It contains a '/'. */
bool module_is_path(const char *name);

/* Load path, relative to the folder of the file `config_path` (NULL: to the current one). Waits for
 * the disk. Returns 0 and *app, or -ENOENT, -ENOEXEC, -EPROTO (another ABI), -ENAMETOOLONG with a
 * sentence in error[0 .. size). */
int module_load(const char *path, const char *config_path, const struct cop_app **app, char *error,
                size_t size);

#endif
