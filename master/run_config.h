/* SPDX-License-Identifier: MIT */
/*
 * run_config.h - from the command line of `coppice run` to the configuration that it means.
 */
#ifndef COPPICE_RUN_CONFIG_H
#define COPPICE_RUN_CONFIG_H

#include "common/config.h"
#include "master/run_options.h"

/* What stands for the file's name in the configuration of an app. */
#define RUN_CONFIG_NAME "command line"

/* The configuration of options->app: one pool, named after it. It is built as a map of keys and
 * loaded as a file's would be; marks point to the options, which must live longer. Returns as
 * config_load, with the option for a place. */
int run_config_build(const struct run_options *options, struct config **config, char *error,
                     size_t size);

#endif
