/* SPDX-License-Identifier: MIT */
/*
 * hang.h - a loop that beats no more hangs: first a line in the log, then the end of its worker.
 */
#ifndef COPPICE_HANG_H
#define COPPICE_HANG_H

#include "master/master.h"

/* Look at the beats of all workers. The caller skips a round after a gap in its own time (suspend,
 * a stalled host). */
void hang_check(struct master *master, int64_t now_ns);

#endif
