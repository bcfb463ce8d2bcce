/* SPDX-License-Identifier: MIT */
/*
 * file_listing.h - a page of what is in a folder: folders first, then by name, with sizes and
 * times. Only what could be asked for is listed: regular files and folders below the root.
 */
#ifndef COPPICE_FILE_LISTING_H
#define COPPICE_FILE_LISTING_H

#include <stdbool.h>
#include <stddef.h>

/* More entries are not shown; the page says so. */
#define FILE_LISTING_MAX 10000

/* Make the page of the folder `name` ("" is the root `dir`, else it ends in '/'). May block: for a
 * thread. Returns 0 and gives html[0 .. *len) to the caller, to be freed; -ENOENT, -ENOTDIR,
 * -EACCES, -ENOMEM, ... */
int file_listing_make(int dir, const char *name, bool dot_files, char **html, size_t *len);

#endif
