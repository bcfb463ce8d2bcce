/* SPDX-License-Identifier: MIT */
/*
 * watch.h - tell when files change, by inotify(7), on the master's loop.
 *
 * A file is watched through its folder, so that an editor or a linker may put another in its place.
 * In a folder, with those below it, every file counts that is neither hidden nor an editor's copy
 * nor what a compiler makes. A folder that is removed is watched no more, also when it is made
 * anew, unless it is in one that is watched.
 */
#ifndef COPPICE_WATCH_H
#define COPPICE_WATCH_H

#include <ev.h>
#include <stddef.h>

struct watch;

/* Called for each change, maybe often for one file; path is valid until it returns. */
typedef void (*watch_fn)(void *arg, const char *path);

/* Watch nothing yet. Returns 0 with *watch the caller's, -ENOMEM, or -errno of inotify_init1. */
int watch_open(struct ev_loop *loop, watch_fn changed, void *arg, struct watch **watch);

/* Watch a file, there already or not, or a folder. Returns the number of folders that this took, or
 * -errno: -ENOENT, -ENOSPC (fs.inotify.max_user_watches, or too many folders), ... */
int watch_add(struct watch *watch, const char *path);

/* Tell now of what has changed up to now. */
void watch_read(struct watch *watch);

/* NULL is fine. */
void watch_close(struct watch *watch);

#endif
