/* SPDX-License-Identifier: MIT */
#include "worker/sync/signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/check.h"
#include "worker/task/sched.h"

/* As many as the kernel has, real-time ones included. */
#define NUMBERS 64

/* Which signals have an owner, a bit for each. */
static _Atomic uint64_t claimed;

static uint64_t bits_of(const sigset_t *set)
{
    uint64_t bits = 0;

    for (int number = 1; number <= NUMBERS; number++)
        bits |= sigismember(set, number) == 1 ? UINT64_C(1) << (number - 1) : 0;
    return bits;
}

int signals_claim(const sigset_t *set)
{
    uint64_t wanted = bits_of(set);
    uint64_t now = atomic_load(&claimed);

    do {
        if (now & wanted)
            return -EBUSY;
    } while (!atomic_compare_exchange_weak(&claimed, &now, now | wanted));
    return 0;
}

static void release(const sigset_t *set)
{
    atomic_fetch_and(&claimed, ~bits_of(set));
}

static int make_set(sigset_t *set, const int *numbers, size_t n)
{
    sigemptyset(set);
    if (!numbers)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] == SIGKILL || numbers[i] == SIGSTOP || sigaddset(set, numbers[i]) < 0)
            return -EINVAL;
    }
    return n > 0 ? 0 : -EINVAL;
}

/* The mask, and a descriptor. Returns the descriptor or -errno, with the mask as it was. */
static int collect(struct cop_signals *signals, const sigset_t *set)
{
    sigset_t before;
    int fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    CHECK(pthread_sigmask(SIG_BLOCK, set, &before) == 0);
    sigandset(&signals->blocked_before, &before, set);
    return fd;
}

int cop_signals_open(struct cop_signals *signals, const int *numbers, size_t n)
{
    sigset_t set;
    int rc = make_set(&set, numbers, n);
    int fd;

    if (rc == 0)
        rc = signals_claim(&set);
    if (rc < 0)
        return rc;
    fd = collect(signals, &set);
    if (fd < 0) {
        release(&set);
        return fd;
    }
    signals->set = set;
    io_init(&signals->io, fd, NULL);
    return 0;
}

/* Returns the number, or -errno: -EAGAIN for none. */
static int take_one(int fd)
{
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof(info));

    return n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : -errno;
}

int cop_signals_wait(struct cop_signals *signals)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc == 0 && signals->io.reader)
        rc = -EBUSY;
    while (rc == 0) {
        rc = take_one(signals->io.fd);
        if (rc == -EAGAIN)
            rc = io_wait_readable(&signals->io, COP_NEVER);
        else if (rc == -EINTR)
            rc = 0;
    }
    return sched_keep_fair(self, rc);
}

void cop_signals_close(struct cop_signals *signals)
{
    sigset_t unblock;

    if (signals->io.fd < 0)
        return;
    io_fini(&signals->io);
    /* Unblocked, they would do what they do by default. */
    while (take_one(signals->io.fd) >= 0)
        ;
    close(signals->io.fd);
    signals->io.fd = -1;
    unblock = signals->set;
    for (int number = 1; number <= NUMBERS; number++) {
        if (sigismember(&signals->blocked_before, number) == 1)
            sigdelset(&unblock, number);
    }
    CHECK(pthread_sigmask(SIG_UNBLOCK, &unblock, NULL) == 0);
    release(&signals->set);
}
