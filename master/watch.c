/* SPDX-License-Identifier: MIT */
#include "master/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_MAX 1024
#define DEPTH_MAX   16
#define READS_MAX   1024

/* A file is whole when whoever wrote it has closed it, or moved it here. */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)

struct folder {
    int wd;
    char *path; /* ends in "/", or is "" */
    char *only; /* the one file that is meant; NULL: all of them */
    unsigned depth;
};

struct watch {
    struct ev_loop *loop;
    ev_io io;
    struct folder *folders;
    size_t nfolders;
    watch_fn fn;
    void *arg;
};

/* ---- what counts ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Of a whole folder. */
static bool is_noise(const char *name)
{
    static const char *const ends[] = {"~", ".swp", ".swx", ".tmp", ".o", ".d", ".a", ".so"};

    if (name[0] == '.' || name[0] == '#' || name[strspn(name, "0123456789")] == '\0')
        return true;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}

static bool counts(const struct folder *folder, const char *name)
{
    return folder->only ? strcmp(folder->only, name) == 0 : !is_noise(name);
}

static void has_changed(const struct watch *watch, const char *folder, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s%s", folder, name);
    watch->fn(watch->arg, path);
}

/* ---- folders ---- */

static int add_below(struct watch *watch, const char *path, unsigned depth);

static void forget(struct watch *watch, int wd, bool has_files)
{
    for (size_t i = watch->nfolders; i-- > 0;) {
        struct folder *folder = &watch->folders[i];

        if (folder->wd != wd || (folder->only && !has_files))
            continue;
        free(folder->path);
        free(folder->only);
        *folder = watch->folders[--watch->nfolders];
    }
}

static int keep(struct watch *watch, int wd, const char *path, const char *only, unsigned depth)
{
    struct folder *folders, *folder;

    folders = reallocarray(watch->folders, watch->nfolders + 1, sizeof(*folders));
    if (!folders)
        return -ENOMEM;
    watch->folders = folders;
    folder = &folders[watch->nfolders];
    *folder = (struct folder){wd, strdup(path), only ? strdup(only) : NULL, depth};
    if (!folder->path || (only && !folder->only)) {
        free(folder->path);
        free(folder->only);
        return -ENOMEM;
    }
    watch->nfolders++;
    return 0;
}

/* path ends in "/", or is "". */
static int add_folder(struct watch *watch, const char *path, const char *only, unsigned depth)
{
    int rc, wd;

    if (watch->nfolders == FOLDERS_MAX)
        return -ENOSPC;
    wd = inotify_add_watch(watch->io.fd, path[0] ? path : ".", EVENTS);
    if (wd < 0)
        return -errno;
    /* It has the same number under the name that it had before. */
    if (!only)
        forget(watch, wd, false);
    rc = keep(watch, wd, path, only, depth);
    if (rc < 0)
        return rc;
    return only ? 1 : add_below(watch, path, depth);
}

static bool is_folder(const struct dirent *entry, const char *path)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add_entries(struct watch *watch, DIR *directory, const char *path, unsigned depth)
{
    const struct dirent *entry;
    char below[PATH_MAX];
    int n = 1;

    while ((entry = readdir(directory))) {
        int len = snprintf(below, sizeof(below), "%s%s/", path, entry->d_name);
        int rc;

        if (len < 0 || (size_t)len >= sizeof(below) || is_noise(entry->d_name) ||
            !is_folder(entry, below))
            continue;
        rc = add_folder(watch, below, NULL, depth + 1);
        if (rc < 0 && rc != -ENOENT && rc != -EACCES) /* it may be gone already, or not be ours */
            return rc;
        n += rc > 0 ? rc : 0;
    }
    return n;
}

/* The folders in one that is watched. Returns how many folders that makes, with itself. */
static int add_below(struct watch *watch, const char *path, unsigned depth)
{
    DIR *directory;
    int rc;

    if (depth == DEPTH_MAX)
        return 1;
    directory = opendir(path[0] ? path : ".");
    if (!directory)
        return errno == EACCES ? 1 : -errno;
    rc = add_entries(watch, directory, path, depth);
    closedir(directory);
    return rc;
}

/* ---- events ---- */

/* A folder was made: what it has already came with it. */
static void folder_came(struct watch *watch, const struct folder *folder, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s%s/", folder->path, name);

    if (n > 0 && (size_t)n < sizeof(path))
        (void)add_folder(watch, path, NULL, folder->depth + 1);
}

static void event_came(struct watch *watch, const struct inotify_event *event)
{
    size_t n = watch->nfolders;

    if (event->mask & IN_IGNORED) /* it is gone */
        forget(watch, event->wd, true);
    if (event->mask & IN_Q_OVERFLOW)
        has_changed(watch, "", "more than was told");
    if (event->len == 0)
        return;
    for (size_t i = 0; i < n && i < watch->nfolders; i++) {
        const struct folder *folder = &watch->folders[i];

        if (folder->wd != event->wd || !counts(folder, event->name))
            continue;
        if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
            has_changed(watch, folder->path, event->name);
        if (!(event->mask & IN_ISDIR) || folder->only)
            continue;
        has_changed(watch, folder->path, event->name);
        folder_came(watch, folder, event->name);
    }
}

/* Returns whether there may be more. */
static bool read_events(struct watch *watch)
{
    _Alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    ssize_t n = read(watch->io.fd, buffer, sizeof(buffer));

    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const void *)(buffer + at);

        event_came(watch, event);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return n > 0;
}

static void events_came(struct ev_loop *loop, ev_io *io, int events)
{
    (void)read_events(io->data);
}

/* ---- the whole ---- */

int watch_open(struct ev_loop *loop, watch_fn changed, void *arg, struct watch **watch)
{
    struct watch *new = calloc(1, sizeof(*new));
    int fd;

    if (!new)
        return -ENOMEM;
    fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        int rc = -errno;

        free(new);
        return rc;
    }
    new->loop = loop;
    new->fn = changed;
    new->arg = arg;
    ev_io_init(&new->io, events_came, fd, EV_READ);
    new->io.data = new;
    ev_io_start(loop, &new->io);
    *watch = new;
    return 0;
}

int watch_add(struct watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    struct stat st;
    bool is_whole = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    int n;

    if (is_whole)
        n = snprintf(folder, sizeof(folder), "%s%s", path, slash && !slash[1] ? "" : "/");
    else
        n = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 0, path);
    if (n < 0 || (size_t)n >= sizeof(folder))
        return -ENAMETOOLONG;
    return add_folder(watch, folder, is_whole ? NULL : slash ? slash + 1 : path, 0);
}

void watch_read(struct watch *watch)
{
    for (unsigned i = 0; i < READS_MAX && read_events(watch); i++)
        ;
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    ev_io_stop(watch->loop, &watch->io);
    close(watch->io.fd);
    for (size_t i = 0; i < watch->nfolders; i++) {
        free(watch->folders[i].path);
        free(watch->folders[i].only);
    }
    free(watch->folders);
    free(watch);
}
