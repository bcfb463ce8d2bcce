/* SPDX-License-Identifier: MIT */
/* Work that takes too long is cancelled, and has a second to clean up, in which it may wait. */
#include <errno.h>
#include <stdio.h>

#include <coppice.h>

static int clean_up(void *arg)
{
    int rc = cop_sleep(COP_MS);

    if (rc == 0)
        puts("cleaned up");
    return rc;
}

static int work(void *arg)
{
    int rc, cleaned;

    puts("working");
    rc = cop_sleep(3600 * COP_S);
    cleaned = cop_shield(clean_up, NULL, COP_S);
    return rc < 0 ? rc : cleaned;
}

static int try_it(void *arg)
{
    int rc = cop_wait_for(work, NULL, 10 * COP_MS);

    puts(rc == -ETIMEDOUT ? "timed out" : "finished");
    return rc == -ETIMEDOUT ? 0 : rc;
}

COP_MAIN(try_it)
