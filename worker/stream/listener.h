/* SPDX-License-Identifier: MIT */
/*
 * listener.h - accepts connections from a listening socket that the master holds, a bounded number
 * at each wake.
 *
 * Several workers wait on one socket; who finds nothing there goes back to sleep. A full descriptor
 * table pauses the listener until listener_resume.
 */
#ifndef COPPICE_LISTENER_H
#define COPPICE_LISTENER_H

#include <stdbool.h>

#include "worker/task/io.h"

struct listener {
    struct io io;
    /* Takes a new descriptor, non-blocking and CLOEXEC. Returns false when it can take no more for
     * now. */
    bool (*accepted)(struct listener *listener, int fd);
    void *arg;
    unsigned burst; /* how many to accept at the next wake */
    bool paused;
};

/* Accept on the non-blocking socket fd, which stays open whatever happens here. */
void listener_start(struct listener *listener, int fd,
                    bool (*accepted)(struct listener *listener, int fd), void *arg);
void listener_stop(struct listener *listener);

/* Go on, where `accepted` said no or there was no descriptor. Harmless twice. */
void listener_resume(struct listener *listener);

/* Accept what waits already, as one that will be stopped and has no successor. */
void listener_sweep(struct listener *listener);

/* For a blocking loop, likewise: the next connection of those that wait on fd, which does not block
 * any more. Returns its descriptor, -EAGAIN when none waits, or another -errno. */
int listener_accept_waiting(int fd);

/* How many connections wait on fd; a guess where the kernel does not tell. */
unsigned listener_count_waiting(int fd);

/* For a blocking loop: wait in the kernel for the next connection. Returns its descriptor, blocking
 * and CLOEXEC, -ECANCELED when the loop was interrupted, or another -errno, of which -EMFILE,
 * -ENFILE, -ENOBUFS and -ENOMEM pass. */
int listener_accept_blocking(const int *fds, size_t nfds);

/* Does an error of accept(2) belong to the one connection, which is gone, so that the next may be
 * accepted at once? */
bool listener_error_is_of_the_connection(int error);

#endif
