/* SPDX-License-Identifier: MIT */
/*
 * run_help.h - `coppice run --help`, from the tables of apps and keys.
 */
#ifndef COPPICE_RUN_HELP_H
#define COPPICE_RUN_HELP_H

#include <stdio.h>

#include "master/run_options.h"

/* apps ends with a row without a name. */
void run_help_print(const struct run_app *apps, FILE *stream);

#endif
