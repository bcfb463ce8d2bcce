/* SPDX-License-Identifier: MIT */
/*
 * both_loops.h - Check tests whose body runs in a task, or on the thread of a blocking loop.
 *
 *     TEST_IN_LOOP(read_at_the_end_returns_0) { ... }
 *
 * add_test adds it for a loop of tasks, add_test_in_both for that and a blocking one.
 */
#ifndef COPPICE_BOTH_LOOPS_H
#define COPPICE_BOTH_LOOPS_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/check.h"
#include "tests/unit/suite.h"
#include "worker/coppice.h"
#include "worker/task/sched.h"

struct body {
    void (*run)(void);
};

static int run_body(void *arg)
{
    ((struct body *)arg)->run();
    return 0;
}

/* A task that counts, in the int at arg, how often it is let run. */
static inline int count_turns(void *arg)
{
    int *turns = arg;

    while (cop_yield() == 0)
        ++*turns;
    return 0;
}

static inline void run_in_loop(void (*run)(void), int blocking)
{
    struct body body = {run};
    struct cop_loop *loop;

    if (!blocking) {
        ck_assert_int_eq(cop_run(run_body, &body), 0);
        return;
    }
    loop = loop_new(&(struct loop_options){.stack_size = 256 * 1024, .blocking = true});
    ck_assert_ptr_nonnull(loop);
    run();
    loop_free(loop);
}

#define TEST_IN_LOOP(name)            \
    static void name##_body(void);    \
    START_TEST(name)                  \
    {                                 \
        run_in_loop(name##_body, _i); \
    }                                 \
    END_TEST                          \
    static void name##_body(void)

#define add_test(tc, name)         tcase_add_loop_test(tc, name, 0, 1)
#define add_test_in_both(tc, name) tcase_add_loop_test(tc, name, 0, 2)

/* Two connected streams. */
static inline void open_pair(struct cop_stream *a, struct cop_stream *b)
{
    bool blocking = loop_here->blocking;
    int fds[2];

    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0, fds),
        0);
    cop_stream_init(a, fds[0]);
    cop_stream_init(b, fds[1]);
}

static inline struct cop_address address_of(const char *text)
{
    struct cop_address address;
    const char *why;

    ck_assert_int_eq(cop_address_parse(text, &address, &why), 0);
    return address;
}

static inline uint16_t port_of(const struct cop_address *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->sockaddr;

    return ntohs(in->sin_port); /* at the same place in sockaddr_in6 */
}

/* How many descriptors are open, those that a blocking loop may yet need included. */
static inline int count_fds(void)
{
    int n = 0;

    ck_assert_int_eq(loop_prepare(loop_here), 0);
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Let a task that was created come to its first wait. */
static inline void let_others_wait(void)
{
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_yield(), 0);
}

/* A task that cancels another as soon as a byte comes: in the same poll, and before, what comes
 * after it. */
struct canceller {
    struct cop_stream here, there;
    struct cop_task *victim;
    struct cop_task *task;
};

static inline int cancel_on_byte(void *arg)
{
    struct canceller *canceller = arg;
    char byte;

    ck_assert_int_eq(cop_read(&canceller->here, &byte, 1), 1);
    ck_assert(cop_task_cancel(canceller->victim));
    return 0;
}

static inline void canceller_start(struct canceller *canceller, struct cop_task *victim)
{
    open_pair(&canceller->here, &canceller->there);
    canceller->victim = victim;
    canceller->task = cop_create_task(cancel_on_byte, canceller);
    ck_assert_ptr_nonnull(canceller->task);
    let_others_wait();
    /* Have the kernel know all that is waited for: it tells in the order in which bytes come. */
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
}

static inline void canceller_fire(struct canceller *canceller)
{
    ck_assert_int_eq(cop_write(&canceller->there, "x", 1), 0);
}

static inline void canceller_join(struct canceller *canceller)
{
    ck_assert_int_eq(cop_await(canceller->task), 0);
    cop_stream_close(&canceller->here);
    cop_stream_close(&canceller->there);
}

#endif
