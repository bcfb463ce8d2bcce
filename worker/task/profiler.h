/* SPDX-License-Identifier: MIT */
/*
 * profiler.h - what a loop's tasks do, by samples: where its thread burns processor time, 99 times
 * in each second of it, or where its tasks wait, ten times a second.
 *
 * The answer is in the collapsed format that flame graphs are made of: a line per stack, outermost
 * function first, joined by ";", and how often it was seen. No two lines have the same functions. A
 * profile takes about a megabyte while it is there.
 */
#ifndef COPPICE_PROFILER_H
#define COPPICE_PROFILER_H

#include "worker/task/task.h"

enum cop_profile { COP_PROFILE_CPU, COP_PROFILE_WAIT };

/* Profile the calling loop from now on. Returns 0, -EBUSY when that is done already, -ENOMEM,
 * -EINVAL outside of a loop, or -errno of timer_create(2). */
COP_PUBLIC int cop_profile_start(enum cop_profile kind);

/* End it and write what was seen. Returns the number of samples, -EINVAL when nothing was started,
 * or -errno of write(2). */
COP_PUBLIC int cop_profile_stop(int fd);

struct cop_loop;
struct printer;
struct profile;

/* The same for any loop. CPU: from any thread, under census_lock. WAIT: from the loop's thread. */
int profile_start(struct cop_loop *loop, enum cop_profile kind);
int profile_stop(struct cop_loop *loop, struct printer *printer);

/* At the loop's end, on its thread. */
void profile_fini(struct cop_loop *loop);

#endif
