/* SPDX-License-Identifier: MIT */
/*
 * queue.h - hand values from one task to another: first in first out, last in first out, or the
 * smallest first. Bounded; the room is the caller's, and items are copied in and out.
 *
 * put waits while the queue is full, get while it is empty; both are served in the order in which
 * they came. After shutdown, put fails with -EPIPE, and get drains what is left before it does.
 */
#ifndef COPPICE_QUEUE_H
#define COPPICE_QUEUE_H

#include "worker/sync/waiter.h"

/* < 0 when a comes out before b. Which of two equal items comes first is not specified: who needs
 * them in order has a number in the item that grows with each put, and compares it last. */
typedef int (*cop_compare_fn)(const void *a, const void *b);

enum cop_queue_order { COP_QUEUE_FIFO, COP_QUEUE_LIFO, COP_QUEUE_PRIORITY };

struct cop_queue {
    char *room;
    size_t item_size;
    size_t capacity; /* items */
    size_t len;
    size_t head; /* FIFO: index of the oldest */
    enum cop_queue_order order;
    bool shut;
    cop_compare_fn compare;
    size_t unfinished; /* put, and not yet reported by task_done */
    struct cop_waiters getters;
    struct cop_waiters putters;
    struct cop_waiters joiners;
};

/* An empty queue; `room` has capacity * item_size bytes and is the queue's until nobody uses it any
 * more. Returns 0, or -EINVAL without room, capacity, size or comparison, with nothing changed. */
COP_PUBLIC int cop_queue_init(struct cop_queue *queue, void *room, size_t capacity,
                              size_t item_size);
COP_PUBLIC int cop_queue_init_lifo(struct cop_queue *queue, void *room, size_t capacity,
                                   size_t item_size);
COP_PUBLIC int cop_queue_init_priority(struct cop_queue *queue, void *room, size_t capacity,
                                       size_t item_size, cop_compare_fn compare);

/* Copy *item in; waits for room. Returns 0; -EPIPE after shutdown or -ECANCELED, with nothing
 * stored. */
COP_PUBLIC COP_MUST int cop_queue_put(struct cop_queue *queue, const void *item);

/* Copy the next item out; waits for one. Returns 0; -EPIPE when it is shut down and empty or
 * -ECANCELED, with *item untouched and nothing taken. */
COP_PUBLIC COP_MUST int cop_queue_get(struct cop_queue *queue, void *item);

/* The same without waiting: -EAGAIN where it would have to. */
COP_PUBLIC COP_MUST int cop_queue_try_put(struct cop_queue *queue, const void *item);
COP_PUBLIC COP_MUST int cop_queue_try_get(struct cop_queue *queue, void *item);

/* Items in it now. */
COP_PUBLIC size_t cop_queue_len(const struct cop_queue *queue);

/* No more puts: those that wait get -EPIPE, and so do gets that wait. */
COP_PUBLIC void cop_queue_shutdown(struct cop_queue *queue);

/* The work on an item that was got is done. Returns 0, or -EINVAL when there were no more items
 * than calls. */
COP_PUBLIC int cop_queue_task_done(struct cop_queue *queue);

/* Wait until task_done was called for every item that was put. Returns 0 or -ECANCELED. */
COP_PUBLIC COP_MUST int cop_queue_join(struct cop_queue *queue);

#endif
