/* SPDX-License-Identifier: MIT */
/*
 * The signal finds any thread. It describes its own loop, and has each other loop's thread do the
 * same by a probe, one after the other; a thread that does not answer within a while is in the
 * kernel for good, and is said so. Whatever goes wrong in here, the master's SIGKILL follows.
 */
#include "worker/task/postmortem.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/task/inspect.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#define ANSWER_TRIES 50
#define LOOPS_MAX    1024

static _Atomic(const struct cop_loop *) described;

static void print_running(struct printer *printer, const struct cop_loop *loop,
                          const struct backtrace *running)
{
    print_text(printer, "loop of thread ");
    print_number(printer, (uint64_t)loop->census.tid);
    if (loop->current && loop->current != &loop->thread) {
        print_text(printer, ": task ");
        inspect_print_name(printer, loop->current);
        print_text(printer, " runs\n");
    } else if (loop->current) {
        print_text(printer, ": runs\n");
    } else {
        print_text(printer, ": between two tasks\n");
    }
    inspect_print_frames(printer, running);
}

/* In a handler, on the loop's thread. */
static void describe(struct cop_loop *loop, const void *context)
{
    const struct cop_task *task = loop->current ? loop->current : &loop->thread;
    struct backtrace running;
    struct printer printer;

    printer_init(&printer, log_fd());
    backtrace_of_signal(&running, task, context);
    print_running(&printer, loop, &running);
    inspect_print(&printer, loop, &running);
    (void)printer_flush(&printer);
    atomic_store(&described, loop);
}

static void say(const char *text)
{
    struct printer printer;

    printer_init(&printer, log_fd());
    print_text(&printer, text);
    (void)printer_flush(&printer);
}

static void wait_until_described(const struct cop_loop *loop)
{
    struct timespec pause = {.tv_nsec = 10 * NS_PER_MS};

    for (int i = 0; i < ANSWER_TRIES; i++) {
        if (atomic_load(&described) == loop)
            return;
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    say("a loop's thread does not answer\n");
}

static void describe_others(void)
{
    int left = LOOPS_MAX;

    for (struct cop_loop *loop = census_next(NULL); loop && left-- > 0; loop = census_next(loop)) {
        if (loop != loop_here && census_ask(loop, PROBE_DUMP) == 0)
            wait_until_described(loop);
    }
}

static void aborted(int signal_number, siginfo_t *info, void *context)
{
    static atomic_flag once = ATOMIC_FLAG_INIT;
    bool is_own = info->si_pid == getpid();

    if (!atomic_flag_test_and_set(&once)) {
        say(is_own ? "coppice: this process aborts; its tasks:\n"
                   : "coppice: this process is aborted from outside; its tasks:\n");
        if (loop_here)
            describe(loop_here, context);
        if (!is_own)
            describe_others();
    }
    if (!is_own)
        _exit(EXIT_ABORTED);
    /* abort(3) raises it again. */
    (void)signal(SIGABRT, SIG_DFL);
}

void postmortem_install(void)
{
    struct sigaction action = {.sa_sigaction = aborted, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    symbols_load();
    census_answer(PROBE_DUMP, describe);
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGABRT, &action, NULL) == 0);
}
