/* SPDX-License-Identifier: MIT */
/*
 * backtrace.h - the return addresses on a task's stack, by its frame pointers.
 *
 * Everything of ours is built with -fno-omit-frame-pointer. Each step stays inside the task's stack
 * and goes up, so that a broken chain ends the walk and nothing worse. No memory, no locks: signal
 * handlers may call all of it.
 */
#ifndef COPPICE_BACKTRACE_H
#define COPPICE_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#define BACKTRACE_MAX 32

struct cop_task;

/* The innermost frame comes first. Each address lies inside the instruction of its frame, never
 * after it, so that it belongs to the right function. */
struct backtrace {
    size_t n;
    uintptr_t frames[BACKTRACE_MAX];
};

/* Where a task that does not run waits; its function when it has not begun. */
void backtrace_of_task(struct backtrace *backtrace, const struct cop_task *task);

/* The caller's own frames, without `skip` and the caller itself; empty outside of a task. */
void backtrace_here(struct backtrace *backtrace, size_t skip);

/* What a signal interrupted: context is the handler's ucontext_t, task the one that ran then, or
 * the loop's `thread`. Where a library without frame pointers was interrupted, the return address
 * to who called it is looked for on the stack. */
void backtrace_of_signal(struct backtrace *backtrace, const struct cop_task *task,
                         const void *context);

#endif
