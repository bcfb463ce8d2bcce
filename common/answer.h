/* SPDX-License-Identifier: MIT */
/*
 * answer.h - what a worker answers to an order that has a number, over the same channel.
 *
 * An answer of any length is one message: the text lies in a memfd that travels with it. So nobody
 * waits for the other to read, and what nobody reads costs the worker nothing.
 */
#ifndef COPPICE_ANSWER_H
#define COPPICE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* The longest text that is read. */
#define ANSWER_TEXT_MAX (4u * 1024 * 1024)

struct answer {
    uint32_t number; /* the order's */
    int32_t result;  /* >= 0 or -errno */
};

/* A file to write an answer's text to. Returns a descriptor or -errno. */
int answer_open_paper(void);

/* Send; paper (-1: none) stays the caller's. Returns 0, -EAGAIN when the channel is full, -EPIPE
 * when the peer is gone, or -errno. */
int answer_send(int fd, const struct answer *answer, int paper);

/* Returns 1 with *answer and *paper (taken over by the caller; -1: none) filled, 0 when there is
 * none now, -EPIPE at the end, -EBADMSG for no answer. */
int answer_receive(int fd, struct answer *answer, int *paper);

/* The text on the paper, ending in 0, to be freed by the caller. NULL: it is too long, or there is
 * no memory. */
char *answer_read(int paper, size_t *len);

#endif
