/* SPDX-License-Identifier: MIT */
/*
 * check_main.h - `coppice check FILE [--dump]`: is it a configuration, and which?
 */
#ifndef COPPICE_CHECK_MAIN_H
#define COPPICE_CHECK_MAIN_H

#include <stddef.h>

#include "common/config.h"

/* What the worker's side says of a pool's app and options. Returns 0, or -errno with a line in
 * error[0 .. size). */
typedef int (*check_app_fn)(const struct config_pool *pool, const char *config_path, char *error,
                            size_t size);

/* argv[0] is "check". Prints on stdout, what is wrong on stderr. Returns the exit code: 0, or 2
 * when the configuration or the command line is wrong. With --dump the apps are not looked at. */
int check_main(int argc, char **argv, check_app_fn check_app);

#endif
