/* SPDX-License-Identifier: MIT */
/* Twenty fetches side by side, of which a semaphore lets four run at once. */
#include <stdio.h>

#include "worker/coppice.h"

static struct cop_semaphore slots;
static int running, most;

static int fetch(void *arg)
{
    int rc = cop_semaphore_acquire(&slots);

    if (rc < 0)
        return rc;
    if (++running > most)
        most = running;
    rc = cop_sleep(COP_MS);
    running--;
    cop_semaphore_release(&slots);
    return rc;
}

static int fetch_all(void *arg)
{
    struct cop_call calls[20];
    int rc;

    cop_semaphore_init(&slots, 4);
    for (int i = 0; i < 20; i++)
        calls[i] = (struct cop_call){.fn = fetch};
    rc = cop_gather(calls, 20, 0);
    printf("20 fetched, %d at once\n", most);
    return rc;
}

int main(void)
{
    return cop_run(fetch_all, NULL) < 0;
}
