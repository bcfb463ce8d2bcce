/* SPDX-License-Identifier: MIT */
#include "worker/stream/sigpipe.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "common/check.h"

static bool is_ignored;

void sigpipe_ignore(void)
{
    is_ignored = true;
    signal(SIGPIPE, SIG_IGN);
}

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void sigpipe_hold(struct sigpipe *hold)
{
    sigset_t pending, set;

    if (is_ignored)
        return;
    only_sigpipe(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, &hold->before) == 0);
    /* Only where it was blocked before can it be waiting. */
    hold->pending = sigismember(&hold->before, SIGPIPE) == 1 && sigpending(&pending) == 0 &&
                    sigismember(&pending, SIGPIPE) == 1;
}

void sigpipe_release(struct sigpipe *hold)
{
    int error = errno;
    struct timespec at_once = {0};
    sigset_t set;

    if (is_ignored)
        return;
    only_sigpipe(&set);
    if (error == EPIPE && !hold->pending)
        (void)sigtimedwait(&set, NULL, &at_once);
    CHECK(pthread_sigmask(SIG_SETMASK, &hold->before, NULL) == 0);
    errno = error;
}
