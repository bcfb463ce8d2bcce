/* SPDX-License-Identifier: MIT */
/*
 * postmortem.h - the last words of a process that is aborted: the running stack and every task's,
 * of every loop, written where the log goes.
 *
 * SIGABRT from outside is how a master ends a worker that hangs: it leaves with EXIT_ABORTED. After
 * an abort of its own (CHECK) the process dies of the signal as ever, when the stack that failed
 * has been written. A fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL) is told with its address and the
 * stack that runs, and then takes its course, too; not in builds with a sanitizer, which reports
 * faults itself.
 */
#ifndef COPPICE_POSTMORTEM_H
#define COPPICE_POSTMORTEM_H

/* 128 + SIGABRT, as a shell shows such a death. */
#define EXIT_ABORTED 134

/* From now on, for the whole process; once its modules are loaded, and before it has threads. */
void postmortem_install(void);

#endif
