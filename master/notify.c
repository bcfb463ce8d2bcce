/* SPDX-License-Identifier: MIT */
#include "master/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "common/clock.h"

#define STATUS_LEN_MAX 640

/* What it is told cannot help us, so failures are nobody's. A line end would begin a word of its
 * own. */
static void clean(char *text)
{
    for (; *text != 0; text++)
        if (*text == '\n')
            *text = ' ';
}

void notify_ready(const char *format, ...)
{
    char status[STATUS_LEN_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(status, sizeof(status), format, args);
    va_end(args);
    clean(status);
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
    /* In one datagram, or systemctl reload waits for ever: sd_notify(3), RELOADING. */
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading",
                     (long long)(clock_now() / NS_PER_US));
}

void notify_stopping(const char *why)
{
    char status[STATUS_LEN_MAX];

    snprintf(status, sizeof(status), "stopping: %s", why);
    clean(status);
    (void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}
