/* SPDX-License-Identifier: MIT */
/*
 * file_cache.h - files below a root that were asked for before: small ones in memory, others open.
 *
 * A file that was looked at less than `valid` ago is given without a system call. After that it is
 * looked at again, and read again if it has changed; others get what there is meanwhile. The least
 * recently used goes first when there are too many entries, bytes or descriptors; what is in use
 * stays until it is released. Failures are not kept.
 *
 * A cache belongs to one loop, and there are no locks. What may wait for a disk is done by a
 * thread.
 */
#ifndef COPPICE_FILE_CACHE_H
#define COPPICE_FILE_CACHE_H

#include "worker/app/file_copies.h"
#include "worker/task/task.h"

struct file_cache_options {
    struct file_source source;
    unsigned entries;    /* 0: nothing is kept */
    unsigned open_files; /* descriptors that may be kept */
    uint64_t bytes;      /* of contents in memory */
    cop_time valid;
};

struct file_cache;

/* Returns 0 and gives the cache to the caller, or -ENOMEM. */
int file_cache_new(const struct file_cache_options *options, struct file_cache **cache);

/* All files must have been released. NULL is fine. */
void file_cache_free(struct file_cache *cache);

/* Find the regular file of that name, which file_path_read has made. May wait. Returns 0 and lends
 * *file until file_cache_release, or as file_open; -EAGAIN when too much waits for the disk. */
int file_cache_get(struct file_cache *cache, const char *name, size_t len, struct file **file);
void file_cache_release(struct file *file);

/* For people and tests: what is kept. */
struct file_cache_size {
    unsigned entries, open_files;
    uint64_t bytes;
};
struct file_cache_size file_cache_size(const struct file_cache *cache);

#endif
