/* SPDX-License-Identifier: MIT */
/*
 * queue.c - a ring, a stack or a heap in the caller's room, and two lists of waiters.
 *
 * While somebody waits to get, the queue is empty: put copies straight to him. While somebody waits
 * to put, it is full: get moves his item into the place that it has made. So a task that was woken
 * has been served already, and cancelling it then comes too late.
 */
#include "worker/sync/queue.h"

#include <errno.h>
#include <string.h>

#include "worker/task/sched.h"

static int init(struct cop_queue *queue, void *room, size_t capacity, size_t item_size,
                enum cop_queue_order order)
{
    if (!room || capacity == 0 || item_size == 0 || capacity > SIZE_MAX / 2 / item_size)
        return -EINVAL;
    *queue = (struct cop_queue){
        .room = room, .capacity = capacity, .item_size = item_size, .order = order};
    return 0;
}

int cop_queue_init(struct cop_queue *queue, void *room, size_t capacity, size_t item_size)
{
    return init(queue, room, capacity, item_size, COP_QUEUE_FIFO);
}

int cop_queue_init_lifo(struct cop_queue *queue, void *room, size_t capacity, size_t item_size)
{
    return init(queue, room, capacity, item_size, COP_QUEUE_LIFO);
}

int cop_queue_init_priority(struct cop_queue *queue, void *room, size_t capacity, size_t item_size,
                            cop_compare_fn compare)
{
    int rc = compare ? init(queue, room, capacity, item_size, COP_QUEUE_PRIORITY) : -EINVAL;

    if (rc == 0)
        queue->compare = compare;
    return rc;
}

static char *slot(const struct cop_queue *queue, size_t i)
{
    return queue->room + i * queue->item_size;
}

/* Most items are a pointer. */
static inline void copy(const struct cop_queue *queue, void *to, const void *from)
{
    if (queue->item_size == sizeof(void *))
        memcpy(to, from, sizeof(void *));
    else
        memcpy(to, from, queue->item_size);
}

/* A binary heap in [0, len): move the gap at its end up to where the item belongs. */
static size_t sift_up(struct cop_queue *queue, const void *item)
{
    size_t i = queue->len;

    while (i > 0 && queue->compare(item, slot(queue, (i - 1) / 2)) < 0) {
        copy(queue, slot(queue, i), slot(queue, (i - 1) / 2));
        i = (i - 1) / 2;
    }
    return i;
}

/* Move the gap at the root down to where the item behind the heap's new end belongs. */
static size_t sift_down(struct cop_queue *queue)
{
    const char *item = slot(queue, queue->len);
    size_t i = 0;

    for (size_t child = 1; child < queue->len; child = 2 * i + 1) {
        if (child + 1 < queue->len &&
            queue->compare(slot(queue, child + 1), slot(queue, child)) < 0)
            child++;
        if (queue->compare(item, slot(queue, child)) <= 0)
            break;
        copy(queue, slot(queue, i), slot(queue, child));
        i = child;
    }
    return i;
}

/* There is room. */
static void store(struct cop_queue *queue, const void *item)
{
    size_t i = queue->len;

    if (queue->order == COP_QUEUE_FIFO) {
        i += queue->head;
        if (i >= queue->capacity)
            i -= queue->capacity;
    } else if (queue->order == COP_QUEUE_PRIORITY) {
        i = sift_up(queue, item);
    }
    copy(queue, slot(queue, i), item);
    queue->len++;
}

/* There is an item. */
static void fetch(struct cop_queue *queue, void *item)
{
    size_t i = queue->order == COP_QUEUE_FIFO   ? queue->head
               : queue->order == COP_QUEUE_LIFO ? queue->len - 1
                                                : 0;

    copy(queue, item, slot(queue, i));
    queue->len--;
    if (queue->order == COP_QUEUE_FIFO) {
        if (++queue->head == queue->capacity)
            queue->head = 0;
    } else if (queue->order == COP_QUEUE_PRIORITY && queue->len > 0) {
        copy(queue, slot(queue, sift_down(queue)), slot(queue, queue->len));
    }
}

int cop_queue_try_put(struct cop_queue *queue, const void *item)
{
    struct cop_waiter *getter = queue->getters.first;

    if (queue->shut)
        return -EPIPE;
    if (getter) {
        copy(queue, getter->item, item);
        waiter_wake(getter, 0);
    } else if (queue->len == queue->capacity) {
        return -EAGAIN;
    } else {
        store(queue, item);
    }
    queue->unfinished++;
    return 0;
}

int cop_queue_try_get(struct cop_queue *queue, void *item)
{
    struct cop_waiter *putter = queue->putters.first;

    if (queue->len == 0)
        return queue->shut ? -EPIPE : -EAGAIN;
    fetch(queue, item);
    if (putter) {
        store(queue, putter->item);
        queue->unfinished++;
        waiter_wake(putter, 0);
    }
    return 0;
}

int cop_queue_put(struct cop_queue *queue, const void *item)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    rc = cop_queue_try_put(queue, item);
    if (rc != -EAGAIN)
        return sched_keep_fair(self, rc);
    return waiter_wait(&queue->putters, (void *)(uintptr_t)item, "queue put");
}

int cop_queue_get(struct cop_queue *queue, void *item)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    rc = cop_queue_try_get(queue, item);
    if (rc != -EAGAIN)
        return sched_keep_fair(self, rc);
    return waiter_wait(&queue->getters, item, "queue get");
}

size_t cop_queue_len(const struct cop_queue *queue)
{
    return queue->len;
}

void cop_queue_shutdown(struct cop_queue *queue)
{
    queue->shut = true;
    waiters_wake_all(&queue->putters, -EPIPE);
    waiters_wake_all(&queue->getters, -EPIPE);
}

int cop_queue_task_done(struct cop_queue *queue)
{
    if (queue->unfinished == 0)
        return -EINVAL;
    if (--queue->unfinished == 0)
        waiters_wake_all(&queue->joiners, 0);
    return 0;
}

int cop_queue_join(struct cop_queue *queue)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (queue->unfinished == 0)
        return sched_keep_fair(self, 0);
    return waiter_wait(&queue->joiners, NULL, "queue join");
}
