/* SPDX-License-Identifier: MIT */
/*
 * subprocess.h - another program, its input and output as streams, and its end as something to wait
 * for.
 *
 *     rc = cop_subprocess_start(&child, &(struct cop_subprocess_options){
 *         .argv = (const char *[]){"sort", NULL}, .pipes = COP_PIPE_IN | COP_PIPE_OUT});
 *     ... write to child.in, close it, read from child.out ...
 *     code = cop_subprocess_wait(&child);
 *     cop_subprocess_close(&child);
 *
 * From start to close there is a child to take care of; close kills it if it still runs, so that a
 * cancelled task leaves nothing behind. Nobody else may reap it: where the process ignores SIGCHLD
 * (SIG_IGN, which is inherited), the kernel does, and its code is lost. The child gets descriptors
 * 0, 1 and 2 and no other, no blocked signal, and every signal's default action.
 */
#ifndef COPPICE_SUBPROCESS_H
#define COPPICE_SUBPROCESS_H

#include "worker/stream/stream.h"

enum cop_subprocess_pipes { COP_PIPE_IN = 1, COP_PIPE_OUT = 2, COP_PIPE_ERR = 4 };

struct cop_subprocess_options {
    const char *path;        /* NULL: argv[0], looked up in PATH when it has no slash */
    const char *const *argv; /* ends with NULL */
    const char *const *envp; /* likewise; NULL: ours */
    const char *directory;   /* NULL: ours */
    unsigned pipes;  /* COP_PIPE_...; the others are /dev/null for input, and ours for output */
    bool err_to_out; /* errors go where the output goes */
};

struct cop_subprocess {
    int pid;
    struct io pidfd;
    struct cop_stream in; /* to write to; closing it is the child's end of input */
    struct cop_stream out;
    struct cop_stream err;
    bool reaped;
    int code; /* once it is reaped */
};

/* Start the program; blocks until it runs (posix_spawn(3)), but does not wait for more. Streams
 * without a pipe are closed ones. Returns 0; -EINVAL without argv[0], for unknown pipes, or
 * err_to_out with COP_PIPE_ERR; -ENOENT, -EACCES, ... when it cannot be run; -EMFILE, -ENOMEM,
 * -EAGAIN; -ECHILD when it has ended at once and somebody else has reaped it. */
COP_PUBLIC COP_MUST int cop_subprocess_start(struct cop_subprocess *child,
                                             const struct cop_subprocess_options *options);

/* Wait for its end. Returns its exit code, or 128 + the signal that ended it, as often as it is
 * asked; -ECANCELED (the child goes on: wait again, or close), -EBUSY while another task waits,
 * -ECHILD when somebody else has reaped it. */
COP_PUBLIC int cop_subprocess_wait(struct cop_subprocess *child);

/* Send it a signal. Returns 0, -ESRCH when it was waited for, -EINVAL for no signal, or -EPERM for
 * a child that has become another user's. */
COP_PUBLIC int cop_subprocess_signal(struct cop_subprocess *child, int number);

/* Kill it if it runs (SIGKILL), reap it, and close the streams. Waits for the kernel to end it,
 * cancelled or not, and for one that has become another user's, whom we may not kill, until it ends
 * by itself; whoever waits for it gets -EBADF. Harmless twice. */
COP_PUBLIC void cop_subprocess_close(struct cop_subprocess *child);

#endif
