/* SPDX-License-Identifier: MIT */
#include "worker/task/backtrace.h"

#include <stdbool.h>
#include <ucontext.h>

#include "worker/task/sched.h"
#include "worker/task/symbols.h"

/* Frames of other functions, and of tasks that ASan or TSan take for somewhere else. */
#define UNCHECKED __attribute__((no_sanitize("address"), no_sanitize("thread")))

/* A library's frames between the interrupted instruction and its caller among ours. */
#define FOREIGN_BYTES 4096

/* Where the registers are: of the frame, and of what may be looked at above it. */
struct place {
    uintptr_t pc;
    uintptr_t fp;
    uintptr_t sp;
    uintptr_t link; /* the return address in a register; 0: there is none */
    uintptr_t high; /* end of the stack */
};

#if defined(__x86_64__)

static void read_signal(struct place *place, const ucontext_t *context)
{
    place->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    place->fp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    place->sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    place->link = 0;
}

/* Does a call end at this address? */
UNCHECKED static bool follows_call(uintptr_t address)
{
    const unsigned char *end = (const unsigned char *)address;

    return end[-5] == 0xe8 || end[-2] == 0xff || end[-3] == 0xff || end[-6] == 0xff;
}

#define SIGNED_BITS 64

#elif defined(__aarch64__)

static void read_signal(struct place *place, const ucontext_t *context)
{
    place->pc = context->uc_mcontext.pc;
    place->fp = context->uc_mcontext.regs[29];
    place->sp = context->uc_mcontext.sp;
    place->link = context->uc_mcontext.regs[30];
}

UNCHECKED static bool follows_call(uintptr_t address)
{
    const uint32_t *end = (const uint32_t *)address;

    return address % 4 == 0 &&
           ((end[-1] & 0xfc000000u) == 0x94000000u || (end[-1] & 0xfffffc1fu) == 0xd63f0000u);
}

/* Above them a return address may be signed. */
#define SIGNED_BITS 48

#else

static void read_signal(struct place *place, const ucontext_t *context)
{
    place->pc = place->fp = place->sp = place->link = 0;
}

static bool follows_call(uintptr_t address)
{
    return false;
}

#define SIGNED_BITS 64

#endif

/* Where a task that has been switched away from goes on. fp is 0 where it has not begun. */
#ifdef CONTEXT_UCONTEXT

/* context_ucontext.c; context_make puts a new one at the top of its stack. */
UNCHECKED static void read_switched(struct place *place, const void *sp)
{
    read_signal(place, sp);
    if (place->high - (uintptr_t)sp < sizeof(ucontext_t) + 64)
        place->fp = 0;
}

#elif defined(__x86_64__)

/* context_x86_64.h: the resume address and rbp; or what context_make has put there. */
UNCHECKED static void read_switched(struct place *place, const void *sp)
{
    const uintptr_t *words = sp;

    place->pc = words[0];
    place->fp = place->high - (uintptr_t)sp <= 24 ? 0 : words[1];
}

#else

/* context_aarch64.S: x19 to x28, then x29 and x30. */
UNCHECKED static void read_switched(struct place *place, const void *sp)
{
    const uintptr_t *words = sp;

    place->fp = words[10];
    place->pc = words[11];
}

#endif

static void add(struct backtrace *backtrace, uintptr_t address)
{
#if SIGNED_BITS < 64
    address &= ((uintptr_t)1 << SIGNED_BITS) - 1;
#endif
    if (backtrace->n < BACKTRACE_MAX)
        backtrace->frames[backtrace->n++] = address;
}

UNCHECKED static uintptr_t peek(uintptr_t at)
{
    uintptr_t word = *(const uintptr_t *)at;

    sanitize_defined(&word, sizeof(word));
    return word;
}

/* Does one of ours call something that returns here? */
static bool is_return(uintptr_t address)
{
    return symbols_is_own(address) && symbols_is_own(address - 8) && follows_call(address);
}

static bool is_frame(uintptr_t fp, uintptr_t low, uintptr_t high)
{
    return fp >= low && fp <= high - 16 && fp % 8 == 0;
}

/* The next address from *at on that one of ours may have put there with a call; *at moves to it.
 * Returns false when there is none below high. */
UNCHECKED static bool find_return(uintptr_t *at, uintptr_t high)
{
    for (; *at + 8 <= high; *at += 8)
        if (is_return(peek(*at)))
            return true;
    return false;
}

/* Is there a frame at fp, and one above it that called it, or the end? */
UNCHECKED static bool goes_on(uintptr_t fp, uintptr_t high)
{
    uintptr_t above = peek(fp);

    return is_return(peek(fp + 8)) &&
           (above == 0 ||
            (is_frame(above, fp + 16, high) && (peek(above) == 0 || is_return(peek(above + 8)))));
}

/* The same of any code, for a library that keeps frame pointers. */
UNCHECKED static bool is_linked(uintptr_t fp, uintptr_t high)
{
    uintptr_t above = peek(fp), caller = peek(fp + 8);

    return (above == 0 || is_frame(above, fp + 16, high)) && symbols_is_code(caller - 8) &&
           symbols_is_code(caller) && follows_call(caller);
}

/* A library uses the register of the frame pointer for something else, and has saved it below its
 * caller's address. Returns it, or 0. */
UNCHECKED static uintptr_t find_saved_fp(uintptr_t low, uintptr_t caller, uintptr_t high)
{
    for (uintptr_t at = low; at < caller; at += 8) {
        uintptr_t fp = peek(at);

        if (is_frame(fp, caller + 8, high) && goes_on(fp, high))
            return fp;
    }
    return 0;
}

/* A library keeps no frame pointers: the address of its caller, which the chain has not, lies
 * somewhere below the next frame, among what calls before have left there; where fp is a frame, the
 * first is taken, else the first that has a frame pointer with it, or the first. Returns the frame
 * to go on from, or 0. */
UNCHECKED static uintptr_t leave_library(struct backtrace *backtrace, uintptr_t fp, uintptr_t low,
                                         uintptr_t high)
{
    bool has_frame = is_frame(fp, low, high) && is_linked(fp, high);
    uintptr_t end = has_frame ? fp : high, at = low & ~(uintptr_t)7, first = 0;

    if (end - low > FOREIGN_BYTES)
        end = low + FOREIGN_BYTES;
    for (; find_return(&at, end); at += 8) {
        uintptr_t saved = has_frame ? fp : find_saved_fp(low & ~(uintptr_t)7, at, high);

        first = first ? first : at;
        if (saved) {
            add(backtrace, peek(at) - 1);
            return saved;
        }
    }
    if (first)
        add(backtrace, peek(first) - 1);
    return has_frame ? fp : 0;
}

/* Follow the chain from place->fp. The frame of enter_task is the last, and of no interest. */
UNCHECKED static void walk(struct backtrace *backtrace, const struct place *place, uintptr_t low)
{
    uintptr_t fp = place->fp;

    while (backtrace->n > 0 && backtrace->n < BACKTRACE_MAX) {
        bool is_foreign = !symbols_is_own(backtrace->frames[backtrace->n - 1]);
        uintptr_t above;

        if (is_foreign)
            fp = leave_library(backtrace, fp, low, place->high);
        if (!is_frame(fp, low, place->high))
            return;
        above = peek(fp);
        if (above == 0) {
            backtrace->n -= backtrace->n > 1;
            return;
        }
        add(backtrace, peek(fp + 8) - 1);
        low = fp + 16;
        fp = above;
    }
}

UNCHECKED void backtrace_of_task(struct backtrace *backtrace, const struct cop_task *task)
{
    struct place place = {.high = (uintptr_t)task};

    backtrace->n = 0;
    if (!task->stack || task->state == TASK_DONE || task->state == TASK_RUNNING)
        return;
    read_switched(&place, task->sp);
    if (place.fp == 0) {
        add(backtrace, (uintptr_t)task->fn);
        return;
    }
    add(backtrace, place.pc - 1);
    walk(backtrace, &place, (uintptr_t)task->stack->bottom);
}

__attribute__((noinline)) UNCHECKED void backtrace_here(struct backtrace *backtrace, size_t skip)
{
    const struct cop_task *task = loop_here ? loop_here->current : NULL;
    struct place place = {.fp = (uintptr_t)__builtin_frame_address(0)};
    size_t kept = 0;

    backtrace->n = 0;
    if (!task || !task->stack)
        return;
    place.high = (uintptr_t)task;
    add(backtrace, (uintptr_t)backtrace_here);
    walk(backtrace, &place, (uintptr_t)task->stack->bottom);
    for (size_t i = skip + 1; i < backtrace->n; i++)
        backtrace->frames[kept++] = backtrace->frames[i];
    backtrace->n = kept;
}

/* A function that calls no other may do without a frame: the return address is the last word on the
 * stack, or where the processor has a register for it, that. */
UNCHECKED static void add_leaf_caller(struct backtrace *backtrace, const struct place *place)
{
    uintptr_t word = place->link ? place->link : peek(place->sp);
    bool is_own = symbols_is_own(place->pc);

    if (place->link ? !is_own && symbols_is_own(word) : is_own && is_return(word))
        add(backtrace, word - 1);
}

void backtrace_of_signal(struct backtrace *backtrace, const struct cop_task *task,
                         const void *context)
{
    struct place place;

    read_signal(&place, context);
    backtrace->n = 0;
    add(backtrace, place.pc);
    place.high = task->stack ? (uintptr_t)task : task->loop->census.stack_high;
    if (place.sp >= place.high) /* a signal's stack, or one that nobody knows */
        return;
    add_leaf_caller(backtrace, &place);
    walk(backtrace, &place, place.sp);
}
