/* SPDX-License-Identifier: MIT */
/*
 * log_file.h - a file that lines are appended to, by several processes.
 */
#ifndef COPPICE_LOG_FILE_H
#define COPPICE_LOG_FILE_H

/* Open it, or make it, with mode 0640. Returns the descriptor, which is not inherited, or -errno:
 * -ENXIO for a FIFO that nobody reads, which would be a wait. */
int log_file_open(const char *path);

/* Open the path anew, where another file may stand by now, under the same descriptor number: who
 * writes meanwhile writes to either file. Returns 0, or -errno with the old file kept. */
int log_file_reopen(int fd, const char *path);

#endif
