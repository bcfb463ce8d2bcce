/* SPDX-License-Identifier: MIT */
/*
 * sendfile.h - a part of a file to a socket, without a copy in user space. What is not in the page
 * cache is read by a thread first, so that a disk does not hold up the loop.
 */
#ifndef COPPICE_SENDFILE_H
#define COPPICE_SENDFILE_H

#include "worker/stream/stream.h"

/* Send size bytes of `file` from `offset` on; the file's own position does not move. Waits while
 * the kernel's buffer is full, and for the disk. Returns 0, -EINVAL for a file that cannot be
 * mapped or an offset below 0, -ENODATA when the file ends before, -EAGAIN when too much waits for
 * the disk, or as cop_write. */
COP_PUBLIC COP_MUST int cop_sendfile(struct cop_stream *stream, int file, off_t offset,
                                     size_t size);

#endif
