/* SPDX-License-Identifier: MIT */
/*
 * overflow.h - a task that runs into the guard below its stack dies with a line that says so.
 *
 * The line names the app, the task with its label, and the size of its stack. Then the signal takes
 * the course that it would have taken without us: a core at the place of the fault, as a rule.
 * Nothing of it in builds with a sanitizer, which reports such faults itself.
 */
#ifndef COPPICE_OVERFLOW_H
#define COPPICE_OVERFLOW_H

#include <signal.h>
#include <stdbool.h>

/* What one thread has for it: a stack for the signal's handler, as there is no room on the other.
 */
struct overflow {
    void *stack;
};

/* On the thread that will run tasks. Without memory for it, faults are as silent as ever. */
void overflow_start(struct overflow *overflow);
void overflow_stop(struct overflow *overflow);

/* What the lines of this process call the app, which must last; NULL, as at first: the program's
 * name. Before there are tasks. */
void overflow_set_app(const char *app);

/* In a handler of SIGSEGV: has the running task met its guard? */
bool overflow_is_fault(const siginfo_t *info);

#endif
