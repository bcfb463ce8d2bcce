/* SPDX-License-Identifier: MIT */
/*
 * config_file.h - the files of a configuration: read one whole, and find those that an include
 * names.
 */
#ifndef COPPICE_CONFIG_FILE_H
#define COPPICE_CONFIG_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct config_file {
    char *text;
    size_t len;
    dev_t device; /* with the inode: which file it is, by whatever name */
    ino_t inode;
};

/* Read a regular file of at most YAML_TREE_BYTES_MAX; never waits for a FIFO or a terminal. Returns
 * 0 with file->text for the caller to free, or -errno with what is wrong and expected in why[0 ..
 * size). */
int config_file_read(const char *path, struct config_file *file, char *why, size_t size);

/* A path that the file `from` names, which may be relative to the folder of that file (NULL: to the
 * current one), into file[0 .. size). Returns 0 or -ENAMETOOLONG. */
int config_file_beside(const char *from, const char *path, char *file, size_t size);

struct config_file_list {
    char **paths;
    size_t count;
};

/* The files that `pattern` names, sorted; relative to the folder of the file `from`. Wildcards (* ?
 * [ ]) may stand in the last part, and then any number of files may match; without one it names one
 * file, there or not. Returns 0 with the list for the caller to free, or -errno with a sentence in
 * why[0 .. size). */
int config_file_find(const char *from, const char *pattern, struct config_file_list *list,
                     char *why, size_t size);

void config_file_list_free(struct config_file_list *list);

#endif
