/* SPDX-License-Identifier: MIT */
/*
 * sigpipe.h - write where the peer may be gone, without the signal. send(2) has a flag for it;
 * pipes and sendfile(2) have none, and a library leaves the process's dispositions alone.
 */
#ifndef COPPICE_SIGPIPE_H
#define COPPICE_SIGPIPE_H

#include <signal.h>

struct sigpipe {
    sigset_t before;
    int pending; /* it was there before, and is somebody else's */
};

/* Have the process ignore it for good, before any thread starts; the calls below do nothing then.
 */
void sigpipe_ignore(void);

/* Hold the signal back on this thread, until sigpipe_release, which drops the one that came
 * meanwhile. Do not wait in between. errno stays what it was. */
void sigpipe_hold(struct sigpipe *hold);
void sigpipe_release(struct sigpipe *hold);

#endif
