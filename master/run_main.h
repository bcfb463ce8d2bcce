/* SPDX-License-Identifier: MIT */
/*
 * run_main.h - `coppice run`: serve what a configuration says, or an app.
 */
#ifndef COPPICE_RUN_MAIN_H
#define COPPICE_RUN_MAIN_H

#include "common/heritage.h"
#include "master/run_options.h"

#define RUN_MAIN_CONFIG "/etc/coppice/coppice.yaml"

/* argv[0] is "run"; apps ends with a row without a name. Returns the exit code of master_run, or 2
 * when the configuration or the command line is wrong, which stderr has then. */
int run_main(int argc, char **argv, const struct run_app *apps, worker_main_fn run_worker);

#endif
