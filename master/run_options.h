/* SPDX-License-Identifier: MIT */
/*
 * run_options.h - the command line of `coppice run`; what it means is in run_config.h.
 *
 * What is served is a configuration file, or an app: one that is built in, or the path of a module.
 * Beside an app every key of the configuration is an option, by the same table, and is checked by
 * the same code.
 */
#ifndef COPPICE_RUN_OPTIONS_H
#define COPPICE_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "common/config_keys.h"

/* A built-in app, as the worker's side knows it. */
struct run_app {
    const char *name;
    const char *help;
    const struct config_key *options; /* ends with a row without a name; NULL: none */
};

/* One option as it was given. */
struct run_setting {
    const struct config_key *key;
    char *name;  /* "--listen" */
    char *value; /* for --option: what follows the "=" */
    char *inner; /* for --option: what stands before the "=" */
};

struct run_options {
    bool help;
    bool dump;
    bool watch;
    char **watched; /* paths of --watch=PATH */
    size_t nwatched;
    const char *build; /* the argument of --build */
    char *file;        /* a configuration; NULL: there is an app, or nothing is named */
    char *app;         /* a built-in one's name, or a path with a "/" */
    struct run_setting *settings;
    size_t nsettings;
};

/* Read what stands after "coppice run"; apps ends with a row without a name. Whatever it returns,
 * fini frees. Returns 0, or -EINVAL with one line in error[0 .. size). With `help` set nothing else
 * was checked. */
int run_options_parse(int argc, char **argv, const struct run_app *apps,
                      struct run_options *options, char *error, size_t size);

void run_options_fini(struct run_options *options);

/* ---- the table of options ---- */

#define RUN_OPTIONS_NAME_MAX 64

/* "--keepalive-timeout", "--log-level", into text[RUN_OPTIONS_NAME_MAX]; NULL: the key is none
 * (app: it stands alone). */
const char *run_options_name(const struct config_key *key, char *text);

/* As the key's fallback, unless an app on the command line has another one. */
const char *run_options_default(const struct config_key *key);

bool run_options_may_repeat(const struct config_key *key);

#endif
