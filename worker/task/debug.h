/* SPDX-License-Identifier: MIT */
/*
 * debug.h - debug mode: exact CPU times of tasks, the places where they were spawned, a report
 * instead of a silence when all of them wait for each other, and of tasks that hold the loop of a
 * program (slow_task.h). A program of cop_main that is started in it tells its tasks and their
 * stacks when it aborts or faults.
 *
 * A loop begins in debug mode when its options say so or the environment has COPPICE_DEBUG=1. Each
 * switch then asks the kernel for the thread's CPU time, a few hundred nanoseconds; without debug
 * mode it costs one branch.
 */
#ifndef COPPICE_DEBUG_H
#define COPPICE_DEBUG_H

#include "worker/task/backtrace.h"
#include "worker/task/task.h"

struct cop_loop;

/* What debug mode knows of a task. */
struct task_trace {
    int64_t cpu_ns;
    struct backtrace spawned; /* where; empty when it was not from a task */
};

/* Debug mode on or off for the calling loop from now on: tasks that are spawned with it on have a
 * CPU time and a place. Returns 0, or -EINVAL outside of a loop. */
COP_PUBLIC int cop_set_debug(bool on);

/* Does the environment ask for it? */
bool debug_is_wished(void);

/* For loop.c and sched.c. */
void debug_start(struct cop_loop *loop, bool on);
void debug_switch(struct cop_loop *loop, const struct cop_task *from);
void debug_spawned(struct cop_task *task);
void debug_reap(struct cop_task *task);

/* CPU time of a task so far, in nanoseconds; -1: it is not known. */
int64_t debug_cpu_ns(const struct cop_task *task);

/* So many of the process's threads can wake nobody until the next call: those of cop_to_thread
 * without a job. From any thread, one at a time. */
void debug_idle_threads(size_t n);

/* Can nothing wake any task of this loop: none is ready, no deadline runs, none waits for a
 * descriptor or for something that this cannot judge, and the process has no other thread that
 * might help? */
bool debug_is_deadlocked(const struct cop_loop *loop);

#endif
