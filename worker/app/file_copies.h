/* SPDX-License-Identifier: MIT */
/*
 * file_copies.h - one file below a root with its copies in other codings, each in memory or open.
 *
 * What may wait for a disk is done at once where that goes without waiting, else by a thread.
 */
#ifndef COPPICE_FILE_COPIES_H
#define COPPICE_FILE_COPIES_H

#include "common/list.h"
#include "worker/app/file_open.h"
#include "worker/app/file_types.h"
#include "worker/task/task.h"

/* The file as it is, and its copies in other codings, which lie beside it with an ending more.
 * The most wanted first where a client does not care. */
enum file_coding { FILE_BR, FILE_ZSTD, FILE_GZIP, FILE_IDENTITY, FILE_CODINGS };

extern const struct file_coding_info {
    const char *name;   /* in HTTP */
    const char *ending; /* without the point */
} file_coding_infos[FILE_CODINGS];

#define FILE_ETAG_MAX 64

struct file_copy {
    struct file_body body;
    char etag[FILE_ETAG_MAX];
};

struct file {
    /* The cache's. */
    struct list recent;
    struct file *chain;
    uint32_t hash;
    uint32_t len; /* of the name */
    unsigned refs;
    cop_time checked;

    /* For whoever holds it. */
    bool has_copies;  /* besides the file itself */
    unsigned codings; /* a bit for each that is there */
    struct file_copy *copies[FILE_CODINGS];
    char type[FILE_TYPE_MAX];
    char name[];
};

/* Where files come from, and how. */
struct file_source {
    int dir;           /* the root; stays the caller's */
    uint64_t file_max; /* larger ones are kept open, not in memory */
    unsigned codings;  /* a bit for each copy to look for */
    const struct file_types *types;
};

/* Open or read the file of that name, which has no copies yet. May wait. Returns 0 and fills in
 * what is for its holders; or as file_open or cop_to_thread, and then there is nothing. */
int file_copies_load(const struct file_source *source, struct file *file);

/* Is all of it as it was loaded? May wait. Returns 0; -ESTALE when it is to be loaded anew; or as
 * file_open or cop_to_thread. */
int file_copies_check(const struct file_source *source, struct file *file);

/* Says such an error nothing of the file, but that it could not be looked at just now? */
bool file_copies_is_shortage(int rc);

/* Close and free the copies. */
void file_copies_free(struct file *file);

/* What it takes: memory, all of it included, and descriptors. */
uint64_t file_copies_bytes(const struct file *file);
unsigned file_copies_descriptors(const struct file *file);

#endif
