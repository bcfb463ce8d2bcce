/* SPDX-License-Identifier: MIT */
#include "master/run_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/log.h"
#include "master/announce.h"
#include "master/master.h"
#include "master/run_config.h"
#include "master/run_help.h"

#define ERROR_MAX 1024

/* The configuration that the command line names or means, or the one of this machine. */
static int load(const struct run_options *options, struct config **config, char *error, size_t size)
{
    const char *path = options->file ? options->file : getenv("COPPICE_CONFIG");

    if (options->app)
        return run_config_build(options, config, error, size);
    return config_load(path ? path : RUN_MAIN_CONFIG, config, error, size);
}

static int serve(const struct config *config, worker_main_fn run_worker)
{
    static const struct master_hooks hooks = {.ready = announce};
    int rc = log_open(config->log.output, config->log.format, config->log.level);

    if (rc < 0)
        die("log.output %s: %s", config->log.output, strerror(-rc));
    log_set_who("master");
    return master_run(config, run_worker, &hooks);
}

/* A file's errors begin with its name; those of the command line with the command's. */
static int refuse(const struct run_options *options, const char *error)
{
    fprintf(stderr, "%s%s\n", options->file ? "" : "coppice run: ", error);
    return EXIT_CANNOT_START;
}

static int run(const struct run_options *options, worker_main_fn run_worker)
{
    struct config *config = NULL;
    char error[ERROR_MAX];
    int code;

    if (load(options, &config, error, sizeof(error)) < 0)
        return refuse(options, error);
    if (options->dump)
        code = config_print(config, stdout) < 0 ? EXIT_FAILURE : 0;
    else
        code = serve(config, run_worker);
    config_free(config);
    return code;
}

int run_main(int argc, char **argv, const struct run_app *apps, worker_main_fn run_worker)
{
    struct run_options options;
    char error[ERROR_MAX];
    int code = 0;

    if (run_options_parse(argc - 1, argv + 1, apps, &options, error, sizeof(error)) < 0)
        code = refuse(&(struct run_options){0}, error);
    else if (options.help)
        run_help_print(apps, stdout);
    else
        code = run(&options, run_worker);
    run_options_fini(&options);
    return code;
}
