/* SPDX-License-Identifier: MIT */
#include "worker/task/overflow.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "common/log.h"
#include "worker/task/inspect.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"

/* Room for the registers that the kernel saves there, AVX-512 and more, and for the handler. */
#define SIGNAL_STACK_BYTES (64u * 1024)

static struct sigaction before; /* us */

static const char *served; /* the app; NULL: the program says it */

void overflow_set_app(const char *app)
{
    served = app;
}

static void tell(const struct cop_task *task)
{
    struct printer line;

    printer_init(&line, log_fd());
    print_text(&line, "coppice: app ");
    print_text(&line, served ? served : program_invocation_short_name);
    print_text(&line, ": stack overflow in task ");
    inspect_print_name(&line, task);
    print_text(&line, ": its stack has ");
    print_number(&line, task->pool->size / 1024);
    print_text(&line, " KiB, see stack_size\n");
    /* The process ends here, whether somebody reads it or not. */
    (void)printer_flush(&line);
}

bool overflow_is_fault(const siginfo_t *info)
{
    const struct cop_loop *loop = loop_here;
    const struct cop_task *task = loop ? loop->current : NULL;

    return task && task->stack && info->si_code > 0 && stack_is_guard(task->stack, info->si_addr);
}

static void fault(int signal_number, siginfo_t *info, void *context)
{
    if (overflow_is_fault(info))
        tell(loop_here->current);
    /* The instruction is tried again, and meets whoever was there before; so must a signal that
     * kill(2) sent, which has none. */
    (void)sigaction(SIGSEGV, &before, NULL);
    if (info->si_code <= 0)
        (void)raise(signal_number);
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGSEGV, &action, &before) == 0);
}

void overflow_start(struct overflow *overflow)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    stack_t stack = {.ss_size = SIGNAL_STACK_BYTES};

    overflow->stack = NULL;
    if (SANITIZED)
        return;
    stack.ss_sp = malloc(SIGNAL_STACK_BYTES);
    if (!stack.ss_sp)
        return;
    CHECK(sigaltstack(&stack, NULL) == 0);
    overflow->stack = stack.ss_sp;
    CHECK(pthread_once(&once, install) == 0);
}

void overflow_stop(struct overflow *overflow)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    if (!overflow->stack)
        return;
    CHECK(sigaltstack(&none, NULL) == 0);
    free(overflow->stack);
    overflow->stack = NULL;
}
