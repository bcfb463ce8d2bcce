/* SPDX-License-Identifier: MIT */
/* A task works until a signal comes; then it is cancelled, and says how it ended. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <coppice.h>

static int work(void *arg)
{
    int rc;

    do {
        rc = cop_sleep(COP_MS);
    } while (rc == 0);
    return rc;
}

static int work_until_signal(void *arg)
{
    struct cop_signals signals;
    struct cop_task *worker;
    int number, rc = cop_signals_open(&signals, (int[]){SIGINT, SIGTERM}, 2);

    if (rc < 0)
        return rc;
    worker = cop_create_task(work, NULL);
    puts("ready");
    fflush(stdout);
    number = cop_signals_wait(&signals);
    if (worker && cop_cancel_and_wait(worker) == -ECANCELED)
        printf("cancelled by SIG%s\n", sigabbrev_np(number));
    cop_signals_close(&signals);
    return worker ? number : -ENOMEM;
}

COP_MAIN(work_until_signal)
