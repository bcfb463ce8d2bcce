/* SPDX-License-Identifier: MIT */
/*
 * file_open.h - a regular file below a root, open or in memory.
 *
 * The kernel resolves the name below the root's descriptor (RESOLVE_BENEATH), so that no symbolic
 * link leads out of it, and opens it non-blocking, so that a FIFO holds nobody up.
 */
#ifndef COPPICE_FILE_OPEN_H
#define COPPICE_FILE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_body {
    char *data; /* all of it, or NULL: it is open */
    int fd;     /* or -1 */
    uint64_t size;
    bool fresh; /* changed so shortly before that its times do not tell the next change */
    struct stat stat;
};

/* Open the name below `dir`; its bytes come into memory when there are memory_max at most, and then
 * it is closed again. With `wait` it may block, for a disk or a network; else it does not.
 *
 * Returns 0 and the caller has *body; -EAGAIN when it would block; -EISDIR for a folder, -ENOENT
 * for what is neither that nor a regular file; -ENOENT, -ELOOP, -EXDEV, -EACCES, -EMFILE, ... */
int file_open(int dir, const char *name, uint64_t memory_max, bool wait, struct file_body *body);

/* Is it still the file that `body` was made of, and for certain unchanged? Returns 0, -ESTALE, or
 * as file_open. */
int file_open_check(int dir, const char *name, bool wait, const struct file_body *body);

/* Close it, free it. */
void file_open_end(struct file_body *body);

/* Open a folder below `dir`, for reading its names. May block. Returns a descriptor, or -errno. */
int file_open_folder(int dir, const char *name);

/* Find what a name below `dir` leads to. May block. Returns 0 or -errno. */
int file_open_stat(int dir, const char *name, struct stat *found);

#endif
