/* SPDX-License-Identifier: MIT */
/*
 * emulated.h - what qemu-user does not do as the kernel does; tests that are about that are left
 * out where make sets COPPICE_EMULATED (ARCH=... of another processor), and say so.
 */
#ifndef COPPICE_EMULATED_H
#define COPPICE_EMULATED_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum emulator_lack {
    NO_ADDRESS_SPACE_LIMIT,
    NO_GUARD_INSTALL,
    NO_SINGLE_THREAD,
    NO_VFORK,
    NO_TCP_INFO,
    NO_OPENAT2,
    NO_NOWAIT,
};

/* Is the test emulated, so that it cannot have this? Then it says why it leaves. */
static inline bool emulator_lacks(enum emulator_lack lack, const char *test)
{
    static const char *const reasons[] = {
        [NO_ADDRESS_SPACE_LIMIT] = "the emulator itself needs memory, and sets no RLIMIT_AS",
        [NO_GUARD_INSTALL] = "the emulator accepts MADV_GUARD_INSTALL and does nothing",
        [NO_SINGLE_THREAD] = "the emulator has a thread of its own in /proc/self/task",
        [NO_VFORK] = "the emulator forks for vfork, so posix_spawn never learns of exec's failure",
        [NO_TCP_INFO] = "the emulator gives four bytes of TCP_INFO",
        [NO_OPENAT2] = "the emulator does not know openat2(2)",
        [NO_NOWAIT] = "the emulator does not know RWF_NOWAIT",
    };

    if (!getenv("COPPICE_EMULATED"))
        return false;
    printf("skipped %s: %s\n", test, reasons[lack]);
    fflush(stdout);
    return true;
}

#define EMULATOR_LACKS(lack) emulator_lacks(lack, __func__)

#endif
