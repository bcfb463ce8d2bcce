/* SPDX-License-Identifier: MIT */
/*
 * process_stats.h - what the kernel has counted for this process: getrusage(2) and /proc/self.
 */
#ifndef COPPICE_PROCESS_STATS_H
#define COPPICE_PROCESS_STATS_H

struct metrics;

/* Set the process's metrics (metrics_table.h, "The process"). What the kernel does not tell stays
 * as it was. */
void process_stats_take(struct metrics *metrics);

#endif
