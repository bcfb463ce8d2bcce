/* SPDX-License-Identifier: MIT */
/*
 * file_types.h - the media type of a file, by the ending of its name.
 *
 * The table is that of /etc/mime.types: lines of a type and its endings, `#` begins a comment. A
 * small one is built in, for endings that the system's does not know and systems without one.
 */
#ifndef COPPICE_FILE_TYPES_H
#define COPPICE_FILE_TYPES_H

#include <stddef.h>

#define FILE_TYPE_MAX 128 /* with its charset and the ending 0 */

struct file_types;

/* Read the table at `path`, NULL for none; a line of `more` (where ',' ends a line, too) goes
 * before it. Text types get `charset`, if that is not empty. Returns 0 and gives the table to the
 * caller, -ENOMEM, -EINVAL when a line of `more` is none, -EILSEQ when
 * the table is no text, or -errno of reading it. */
int file_types_new(const char *path, const char *more, const char *charset,
                   struct file_types **types);
void file_types_free(struct file_types *types);

/* Print the type of a file of that name, application/octet-stream when nobody knows it. Returns
 * type. */
char *file_types_print(const struct file_types *types, const char *name, char type[FILE_TYPE_MAX]);

#endif
