/* SPDX-License-Identifier: MIT */
/*
 * rebuild.h - `coppice run --watch --build COMMAND`: when a watched file changes, run the command,
 * and reload when it succeeds.
 *
 * What serves, serves on while the command runs, when it fails, and when what it built cannot
 * start. Changes during a build are the reason for another one.
 */
#ifndef COPPICE_REBUILD_H
#define COPPICE_REBUILD_H

#include <stddef.h>

#include "master/master.h"

struct rebuild;

struct rebuild_options {
    char **paths; /* files and folders */
    size_t npaths;
    const char *command; /* for sh -c; NULL: nothing is built */
};

/* Have a path watched, once. Returns 0 or -ENOMEM. */
int rebuild_add_path(struct rebuild_options *options, const char *path);

/* What is to be watched where nobody said what: the modules of the pools, or the folders where they
 * are when something is built, and the files of the configuration. Returns 0, -ENOMEM
 * or -ENAMETOOLONG; rebuild_free_paths frees in any case. */
int rebuild_find_paths(const struct config *config, struct rebuild_options *options);

void rebuild_free_paths(struct rebuild_options *options);

/* Run the command, and wait for its end. Returns 0, or -EINVAL with the reason in error[0 .. size).
 */
int rebuild_first(const struct rebuild_options *options, char *error, size_t size);

/* Begin to watch; a path that cannot be watched is logged. Options must live as long. Returns 0
 * with *rebuild the caller's, or -errno. */
int rebuild_open(struct master *master, const struct rebuild_options *options,
                 struct rebuild **rebuild);

/* A build that runs is told to end. NULL is fine. */
void rebuild_close(struct rebuild *rebuild);

#endif
