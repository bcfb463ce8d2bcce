/* SPDX-License-Identifier: MIT */
/*
 * exception.h - errors that nobody receives: of detached tasks, and of tasks whose reference was
 * never consumed.
 */
#ifndef COPPICE_EXCEPTION_H
#define COPPICE_EXCEPTION_H

#include "worker/task/task.h"

enum cop_exception_kind {
    COP_NEVER_RETRIEVED, /* a detached task ended with an error other than -ECANCELED */
    COP_NEVER_AWAITED,   /* the loop ends, and nobody awaited or detached the task */
};

/* Valid during the call that it is passed to. */
struct cop_exception {
    enum cop_exception_kind kind;
    int result;        /* of the task */
    uint64_t task;     /* its number */
    const char *name;  /* "" where it has none */
    const char *label; /* of label_len bytes, what it was doing (cop_task_set_label) */
    size_t label_len;
    const char *site; /* "file:line" where it was started, or "" */
};

typedef void (*cop_exception_fn)(const struct cop_exception *exception);

/* Have the running loop's exceptions told to fn, which must not wait; NULL: to the process's
 * handler again. */
COP_PUBLIC void cop_set_exception_handler(cop_exception_fn fn);

/* The exception as a sentence, without a newline; as snprintf. */
COP_PUBLIC int cop_exception_print(const struct cop_exception *exception, char *text, size_t size);

/* The process's handler, for loops without one of their own; at first a line on stderr. Set before
 * there are threads. */
void exception_set_default(cop_exception_fn fn);

/* Tell the handler of the task's loop, but for a detached task that was cancelled. */
void exception_report(const struct cop_task *task, enum cop_exception_kind kind);

#endif
