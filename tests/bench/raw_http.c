/* SPDX-License-Identifier: MIT */
/*
 * raw_http.c - constant bytes for each end of a request: what HTTP would cost if it cost nothing.
 *
 * Nothing is parsed; the ends of request heads (an empty line) are counted, across recv calls too,
 * and all answers to what one recv brought go out with one send.
 */
#include <string.h>

#include "tests/bench/raw_loop.h"

#define ANSWER \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"
#define ANSWER_LEN (sizeof(ANSWER) - 1)
#define BATCH      64

static char answers[BATCH * ANSWER_LEN];

/* How much of the empty line the last recv ended with, by descriptor. */
static uint8_t matched[RAW_MAX_FDS];

/* Returns how many heads end in buffer[0 .. len). */
static unsigned count_ends(int fd, const char *buffer, size_t len)
{
    static const char end[] = "\r\n\r\n";
    unsigned state = matched[fd];
    unsigned count = 0;

    for (size_t i = 0; i < len; i++) {
        if (buffer[i] == end[state])
            state++;
        else
            state = buffer[i] == end[0];
        if (state == 4) {
            count++;
            state = 0;
        }
    }
    matched[fd] = (uint8_t)state;
    return count;
}

static int answer(int fd, const char *buffer, size_t len)
{
    unsigned left = count_ends(fd, buffer, len);

    while (left > 0) {
        unsigned now = left < BATCH ? left : BATCH;
        int rc = raw_send(fd, answers, now * ANSWER_LEN);

        if (rc < 0)
            return rc;
        left -= now;
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < BATCH; i++)
        memcpy(answers + i * ANSWER_LEN, ANSWER, ANSWER_LEN);
    return raw_run(argc, argv, answer);
}
