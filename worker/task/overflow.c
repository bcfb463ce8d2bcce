/* SPDX-License-Identifier: MIT */
#include "worker/task/overflow.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digits.h"
#include "common/log.h"
#include "worker/task/sched.h"

/* Room for the registers that the kernel saves there, AVX-512 and more, and for the handler. */
#define SIGNAL_STACK_BYTES (64u * 1024)

static struct sigaction before; /* us */

/* A line on the handler's stack: no stdio, which is not for signal handlers. */
struct line {
    char text[256];
    size_t len;
};

static void add(struct line *line, const char *text, size_t len)
{
    size_t room = sizeof(line->text) - line->len;

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_number(struct line *line, uint64_t number)
{
    char digits[DECIMAL_MAX];

    add(line, digits, (size_t)(decimal_print(digits, number) - digits));
}

static void tell(const struct cop_task *task)
{
    struct line line = {.len = 0};

    add_text(&line, "coppice: stack overflow in task ");
    add_number(&line, task->id);
    if (task->label) {
        add_text(&line, " (");
        add(&line, task->label, task->label_len < 128 ? task->label_len : 128);
        add_text(&line, ")");
    }
    add_text(&line, ": its stack has ");
    add_number(&line, task->pool->size / 1024);
    add_text(&line, " KiB, see stack_size\n");
    /* The process ends here, whether somebody reads it or not. */
    if (write(log_fd(), line.text, line.len) < 0)
        return;
}

static void fault(int signal_number, siginfo_t *info, void *context)
{
    const struct cop_loop *loop = loop_here;
    const struct cop_task *task = loop ? loop->current : NULL;

    if (task && task->stack && stack_is_guard(task->stack, info->si_addr))
        tell(task);
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
