/* SPDX-License-Identifier: MIT */
#include "master/run_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/log.h"
#include "master/announce.h"
#include "master/master.h"
#include "master/rebuild.h"
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

/* ---- what the master asks ---- */

struct run {
    const struct run_options *options;
    struct rebuild_options watched;
    struct rebuild *rebuild; /* NULL: nothing is watched */
};

static void is_ready(struct master *master, void *arg)
{
    struct run *run = arg;
    int rc;

    announce(master, NULL);
    if (!run->options->watch)
        return;
    rc = rebuild_open(master, &run->watched, &run->rebuild);
    if (rc < 0)
        log_error("nothing is watched: %s", strerror(-rc));
}

static void has_finished(struct master *master, void *arg)
{
    struct run *run = arg;

    rebuild_close(run->rebuild);
    run->rebuild = NULL;
}

/* A reload does with the same command line what the start did. */
static int load_again(struct config **config, char *error, size_t size, void *arg)
{
    const struct run *run = arg;

    return load(run->options, config, error, size);
}

/* ---- the whole ---- */

/* config is taken. */
static int serve(struct run *run, struct config *config, worker_main_fn run_worker)
{
    const struct master_hooks hooks = {
        .arg = run, .ready = is_ready, .finish = has_finished, .load = load_again};
    char *log = strdup(config->log.output);
    int rc = log_open(config->log.output, config->log.format, config->log.level);

    if (rc < 0)
        die("log.output %s: %s", config->log.output, strerror(-rc));
    log_set_who("master");
    rc = master_run(config, run_worker, &hooks);
    /* Who started it looks at the terminal. */
    if (rc == EXIT_CANNOT_START && log && strcmp(log, "stderr") != 0)
        fprintf(stderr, "coppice run: cannot start, the log says why: %s\n", log);
    free(log);
    return rc;
}

/* A file's errors begin with its name; those of the command line with the command's. */
static int refuse(const struct run_options *options, const char *error)
{
    fprintf(stderr, "%s%s\n", options->file ? "" : "coppice run: ", error);
    return EXIT_CANNOT_START;
}

/* Returns 0, or -EINVAL with one line in error[0 .. size). */
static int find_watched(struct run *run, const struct config *config, char *error, size_t size)
{
    const struct run_options *options = run->options;
    int rc = 0;

    run->watched.command = options->build;
    if (!options->watch)
        return 0;
    for (size_t i = 0; i < options->nwatched && rc == 0; i++)
        rc = rebuild_add_path(&run->watched, options->watched[i]);
    if (rc == 0 && options->nwatched == 0)
        rc = rebuild_find_paths(config, &run->watched);
    if (rc < 0)
        snprintf(error, size, "--watch: %s", strerror(-rc));
    else if (run->watched.npaths == 0)
        snprintf(error, size,
                 "--watch: \"%s\" is built in, expected a module or --watch=PATH with what is to "
                 "be watched",
                 options->app);
    return rc < 0 || run->watched.npaths == 0 ? -EINVAL : 0;
}

static int run_with(const struct run_options *options, worker_main_fn run_worker)
{
    struct run run = {.options = options};
    struct config *config = NULL;
    char error[ERROR_MAX];
    int code;

    if (load(options, &config, error, sizeof(error)) < 0) {
        code = refuse(options, error);
        if (!options->file && !options->app)
            fputs("`coppice run APP` needs no configuration, as in: coppice run hello\n", stderr);
        return code;
    }
    if (find_watched(&run, config, error, sizeof(error)) < 0) {
        config_free(config);
        code = refuse(&(struct run_options){0}, error);
    } else if (options->dump) {
        code = config_print(config, stdout) < 0 ? EXIT_FAILURE : 0;
        config_free(config);
    } else if (options->build && rebuild_first(&run.watched, error, sizeof(error)) < 0) {
        config_free(config);
        code = refuse(&(struct run_options){0}, error);
    } else {
        code = serve(&run, config, run_worker);
    }
    rebuild_free_paths(&run.watched);
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
        code = run_with(&options, run_worker);
    run_options_fini(&options);
    return code;
}
