/* SPDX-License-Identifier: MIT */
/* Twenty fetches side by side, of which a semaphore lets four run at once. */
#include <stdio.h>

#include <coppice.h>

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
    int rc;

    cop_semaphore_init(&slots, 4);
    rc = cop_for_each(fetch, NULL, 20, 0);
    printf("20 fetched, %d at once\n", most);
    return rc;
}

COP_MAIN(fetch_all)
