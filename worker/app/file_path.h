/* SPDX-License-Identifier: MIT */
/*
 * file_path.h - from a request's path, as sent, to a name below a root.
 */
#ifndef COPPICE_FILE_PATH_H
#define COPPICE_FILE_PATH_H

#include <stddef.h>

/* Decode percent signs once, collapse slashes and remove dot segments, which cannot climb above the
 * root. The name is relative, without a slash in front; "" is the root, and a slash at the end
 * stays. Returns its length, or -status: 400 for a bad encoding or %00, 404 for %2f, a name longer
 * than size - 1 bytes, and, unless dot_files, a segment that begins with a dot. */
int file_path_read(const char *path, size_t len, int dot_files, char *name, size_t size);

#endif
