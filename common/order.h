/* SPDX-License-Identifier: MIT */
/*
 * order.h - what the master asks of a worker, over a SEQPACKET socketpair: one order, one message.
 *
 * Both ends are non-blocking. An order that wants an answer carries a number, and the answers carry
 * it back.
 */
#ifndef COPPICE_ORDER_H
#define COPPICE_ORDER_H

#include <stdint.h>

enum order_type {
    ORDER_DRAIN = 1, /* stop accepting, answer what is in flight, leave; argument: spread in ns;
                        flags: nobody accepts after it, so take what waits already */
    ORDER_STOP,      /* close everything and leave now */
    ORDER_LOG_LEVEL, /* argument: enum log_level */
    ORDER_LOG_REOPEN,
    /* Those below are answered: answer.h. */
    ORDER_TASKS,   /* what every task does; argument: older than so many ns; flags: with stacks */
    ORDER_DUMP,    /* write all tasks with their stacks to the log */
    ORDER_PROFILE, /* sample for argument ns; flags: where tasks wait, not where they burn CPU */
    ORDER_END
};

#define ORDER_FLAG_STACK 1u
#define ORDER_FLAG_WAIT  1u
#define ORDER_FLAG_LAST  1u

struct order {
    uint32_t type;
    uint32_t number; /* that the answer has to carry; 0: none is wanted */
    int64_t argument;
    uint64_t flags;
};

/* Make the pair, CLOEXEC and O_NONBLOCK: fds[0] is the master's end. Returns 0 or -errno. */
int order_open(int fds[2]);

/* Returns 0, -EAGAIN when the channel is full (then use a signal), -EPIPE when the peer is gone. */
int order_send(int fd, const struct order *order);

/* Returns 1 with *order filled, 0 when there is none now, -EPIPE at the end, -EBADMSG for no order.
 */
int order_receive(int fd, struct order *order);

#endif
