/* SPDX-License-Identifier: MIT */
/* Two consumers add up what a producer hands them through a queue of three places. */
#include <errno.h>
#include <stdio.h>

#include <coppice.h>

struct work {
    struct cop_queue queue;
    int taken;
    int sum;
};

static int consume(void *arg)
{
    struct work *work = arg;
    int item, rc;

    while ((rc = cop_queue_get(&work->queue, &item)) == 0) {
        work->taken++;
        work->sum += item;
    }
    return rc == -EPIPE ? 0 : rc;
}

static int produce_and_consume(void *arg)
{
    struct work work = {.sum = 0};
    struct cop_group group;
    int room[3];
    int rc = cop_queue_init(&work.queue, room, 3, sizeof(room[0]));

    cop_group_enter(&group);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = cop_group_spawn(&group, consume, &work) ? 0 : -ENOMEM;
    for (int item = 1; item <= 100 && rc == 0; item++)
        rc = cop_queue_put(&work.queue, &item);
    cop_queue_shutdown(&work.queue);
    rc = cop_group_exit(&group, rc);
    printf("%d items, sum %d\n", work.taken, work.sum);
    return rc;
}

COP_MAIN(produce_and_consume)
