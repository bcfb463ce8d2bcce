/* SPDX-License-Identifier: MIT */
/* Results as they come: three run a number of laps, and the shortest way arrives first. */
#include <errno.h>
#include <stdio.h>

#include <coppice.h>

static int laps[] = {30, 10, 20};

static int run_laps(void *arg)
{
    int n = *(int *)arg, rc = 0;

    for (int i = 0; i < n && rc == 0; i++)
        rc = cop_yield();
    return rc < 0 ? rc : n;
}

static int race(void *arg)
{
    struct cop_as_completed completed;
    struct cop_task *runners[3], *task;
    int rc;

    for (int i = 0; i < 3; i++)
        if (!(runners[i] = cop_create_task(run_laps, &laps[i])))
            return -ENOMEM;
    rc = cop_as_completed_init(&completed, runners, 3);
    while (rc >= 0 && (rc = cop_as_completed_next(&completed, &task)) > 0) {
        rc = cop_await(task);
        printf("%d laps\n", rc);
    }
    cop_as_completed_fini(&completed);
    return rc;
}

COP_MAIN(race)
