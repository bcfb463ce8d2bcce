/* SPDX-License-Identifier: MIT */
/*
 * The signal finds any thread. It describes its own loop, and has each other loop's thread do the
 * same by a probe, one after the other; a thread that does not answer within a while is in the
 * kernel for good, and is said so. Whatever goes wrong in here, the master's SIGKILL follows.
 */
#include "worker/task/postmortem.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/task/inspect.h"
#include "worker/task/overflow.h"
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

/* ---- faults ---- */

/* Nothing but the running stack: what lies in memory may be what the fault comes from. */
static void describe_fault(int signal_number, const siginfo_t *info, const void *context)
{
    const struct cop_loop *loop = loop_here;
    struct backtrace running;
    struct printer printer;

    /* That has been told, and there is no stack to look at. */
    if (overflow_is_fault(info))
        return;
    printer_init(&printer, log_fd());
    print_text(&printer, "coppice: this process dies of SIG");
    print_text(&printer, sigabbrev_np(signal_number));
    if (info->si_code > 0) {
        print_text(&printer, " at address ");
        print_hex(&printer, (uint64_t)(uintptr_t)info->si_addr);
    }
    print_text(&printer, loop ? ":\n" : ", in a thread without a loop\n");
    /* The line is out, whatever happens next. */
    (void)printer_flush(&printer);
    if (!loop)
        return;
    backtrace_of_signal(&running, loop->current ? loop->current : &loop->thread, context);
    print_running(&printer, loop, &running);
    (void)printer_flush(&printer);
}

static void faulted(int signal_number, siginfo_t *info, void *context)
{
    /* The instruction is tried again, and the process dies of it, with its core, as ever; or it
     * does at a fault in here. */
    (void)signal(signal_number, SIG_DFL);
    describe_fault(signal_number, info, context);
    if (info->si_code <= 0)
        (void)raise(signal_number);
}

static void install_for_faults(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        CHECK(sigaction(faults[i], &action, NULL) == 0);
}

void postmortem_install(void)
{
    struct sigaction action = {.sa_sigaction = aborted, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    symbols_load();
    census_answer(PROBE_DUMP, describe);
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGABRT, &action, NULL) == 0);
    /* Sanitizers report faults themselves. */
    if (!SANITIZED)
        install_for_faults();
}
