/* SPDX-License-Identifier: MIT */
/*
 * access_output.h - where the process's access log goes; a worker has one.
 *
 * Each write(2) has whole lines and at most PIPE_BUF bytes, behind what is there (O_APPEND), so
 * that lines of several processes never mix. Pipes and sockets are written without waiting; a file
 * takes bytes into the page cache, which waits only when the kernel holds writers back for a disk
 * that is too slow: send the log to a pipe where that must not hold requests up. What cannot
 * be written is lost and counted, not kept.
 */
#ifndef COPPICE_ACCESS_OUTPUT_H
#define COPPICE_ACCESS_OUTPUT_H

#include <stddef.h>

/* "off", "stdout", "stderr", or a path. Returns 0 or -errno of open(2). Before any thread starts.
 */
int access_output_open(const char *where);

/* Open a file anew, after it was moved away, under the same descriptor. Returns 0 or -errno, with
 * the old one kept. Threads may be writing. */
int access_output_reopen(void);

/* Write lines. Returns 0, or -errno with the number of lines that are lost in *lost. Any thread. */
int access_output_write(const char *lines, size_t len, size_t *lost);

#endif
