/* SPDX-License-Identifier: MIT */
/*
 * signals.h - signals as something to wait for, in one place of the program instead of a handler.
 *
 * A signal that is waited for is blocked in the opening thread, whose children inherit that; a
 * thread that has it unblocked would take it: open before other threads start (the threads of
 * cop_to_thread block everything). A signal has one owner in the process. A Coppice worker owns
 * SIGTERM and SIGQUIT (it drains), ignores SIGINT, SIGHUP, SIGPIPE and SIGXFSZ (the master
 * decides), and uses SIGUSR1 under `tasks: 1`; the rest is the app's.
 */
#ifndef COPPICE_SIGNALS_H
#define COPPICE_SIGNALS_H

#include <signal.h>
#include <stddef.h>
#include <sys/select.h> /* sigset_t, in strict C too */

#include "worker/task/io.h"

struct cop_signals {
    struct io io;
    sigset_t set;
    sigset_t blocked_before; /* of the set, those that the thread had blocked */
};

/* Begin to collect the n signals. Returns 0, -EINVAL for none, no signal, SIGKILL or SIGSTOP,
 * -EBUSY when one of them has an owner, -EMFILE, -ENFILE, -ENOMEM, and then the mask is as before.
 */
COP_PUBLIC COP_MUST int cop_signals_open(struct cop_signals *signals, const int *numbers, size_t n);

/* Wait for the next one. Of one that came several times meanwhile, the kernel tells once. Returns
 * its number, -ECANCELED, -EBUSY while another task waits, -EBADF when it is closed. */
COP_PUBLIC COP_MUST int cop_signals_wait(struct cop_signals *signals);

/* End it, on the thread that opened it: what was collected and not waited for is dropped, and the
 * thread's mask is as before. Harmless twice. */
COP_PUBLIC void cop_signals_close(struct cop_signals *signals);

/* Own the signals of the set until the process ends, without an object. For the worker. Returns 0
 * or -EBUSY. */
int signals_claim(const sigset_t *set);

#endif
