/* SPDX-License-Identifier: MIT */
/*
 * context_ucontext.c - the switch where there is no assembly for it: makecontext(3), slow but
 * everywhere.
 *
 * The "stack pointer" that callers keep is the address of a ucontext_t: for a new context it lies
 * at the top of its stack, for a running one in the frame of context_switch.
 */
#include "worker/task/context.h"

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "common/check.h"

/* The chain of frame pointers ends here, and not in the frames of who made the context. */
static void end_frames(ucontext_t *context)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RBP] = 0;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[29] = 0;
#endif
}

void *context_make(void *bottom, void *top, void (*entry)(void))
{
    ucontext_t *context = (ucontext_t *)(((uintptr_t)top - sizeof(*context)) & ~(uintptr_t)63);

    CHECK(getcontext(context) == 0);
    context->uc_stack.ss_sp = bottom;
    context->uc_stack.ss_size = (size_t)((char *)context - (char *)bottom);
    context->uc_link = NULL;
    makecontext(context, entry, 0);
    end_frames(context);
    return context;
}

void context_switch(void **save, void *to)
{
    ucontext_t here;

    *save = &here;
    CHECK(swapcontext(&here, to) == 0);
}
