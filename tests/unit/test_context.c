/* SPDX-License-Identifier: MIT */
/*
 * Needs neither Check nor the rest of the tree, so that it can be built for another processor, and
 * run there by an emulator (make cross).
 */
#include "worker/task/context.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker/task/sanitize.h"

#define STACK_SIZE 65536
#define ROUNDS     1000

static void *caller;
static void *contexts[2];
static char stacks[2][STACK_SIZE] __attribute__((aligned(64)));
static int failures;

static void expect(int holds, const char *what)
{
    if (holds)
        return;
    failures++;
    printf("failed: %s\n", what);
}

static void make(int i, void (*entry)(void))
{
    contexts[i] = context_make(stacks[i], stacks[i] + STACK_SIZE, entry);
}

static void enter(int i)
{
    context_switch(&caller, contexts[i]);
}

static void leave(int i)
{
    context_switch(&contexts[i], caller);
}

/* ---- entry_runs_on_its_own_aligned_stack ---- */

static uintptr_t frame;

static void note_frame(void)
{
    /* What needs alignment is addressed as if it had it. */
    volatile char aligned[64] __attribute__((aligned(16)));

    aligned[0] = 1;
    frame = (uintptr_t)aligned;
    leave(0);
}

static void entry_runs_on_its_own_aligned_stack(void)
{
    make(0, note_frame);
    enter(0);
    expect(frame > (uintptr_t)stacks[0] && frame < (uintptr_t)stacks[0] + STACK_SIZE,
           "the frame lies on the stack");
    expect(frame % 16 == 0, "the stack is aligned");
}

/* ---- two_contexts_take_turns_and_keep_their_registers ---- */

static long sums[2];

/* More values than registers, whole numbers and others, all alive across the switch. */
static void count(int which, long n)
{
    volatile long start = which + 1;
    long a = start, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13, g = a * 17, h = a * 19;
    double p = (double)a, q = p * 0.5, r = p * 0.25, s = p * 0.125, t = p * 2, u = p * 4, v = p * 8,
           w = p * 16;

    for (long i = 0; i < n; i++) {
        context_switch(&contexts[which], contexts[!which]);
        a += 1, b += 2, c += 3, d += 4, e += 5, f += 6, g += 7, h += 8;
        p += 1, q += 2, r += 3, s += 4, t += 5, u += 6, v += 7, w += 8;
    }
    expect(a == start + n && b == start * 3 + 2 * n && c == start * 5 + 3 * n &&
               d == start * 7 + 4 * n && e == start * 11 + 5 * n && f == start * 13 + 6 * n &&
               g == start * 17 + 7 * n && h == start * 19 + 8 * n,
           "whole numbers survive switches");
    expect(
        p == (double)(start + n) && q == (double)start * 0.5 + 2 * (double)n &&
            r == (double)start * 0.25 + 3 * (double)n &&
            s == (double)start * 0.125 + 4 * (double)n &&
            t == (double)(start * 2) + 5 * (double)n && u == (double)(start * 4) + 6 * (double)n &&
            v == (double)(start * 8) + 7 * (double)n && w == (double)(start * 16) + 8 * (double)n,
        "fractions survive switches");
    sums[which] = a;
}

static void count_as_0(void)
{
    count(0, ROUNDS);
    leave(0);
}

static void count_as_1(void)
{
    count(1, ROUNDS - 1);
    context_switch(&contexts[1], contexts[0]);
}

static void two_contexts_take_turns_and_keep_their_registers(void)
{
    make(0, count_as_0);
    make(1, count_as_1);
    enter(0);
    expect(sums[0] == 1 + ROUNDS, "the first counted to its end");
    expect(sums[1] == 2 + ROUNDS - 1, "the second counted to its end");
}

/* ---- caller_keeps_its_own_registers ---- */

static void come_and_go(void)
{
    for (;;)
        leave(0);
}

static void caller_keeps_its_own_registers(void)
{
    volatile long start = 5;
    long a = start, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6;

    make(0, come_and_go);
    for (int i = 0; i < ROUNDS; i++) {
        enter(0);
        a++, b++, c++, d++, e++, f++, g++;
    }
    expect(a == 1005 && b == 1006 && c == 1007 && d == 1008 && e == 1009 && f == 1010 && g == 1011,
           "the caller's values survive");
}

/* ---- frames_of_a_parked_context_stay_as_they_are ---- */

static int descend(int depth)
{
    volatile char mark[128];

    mark[0] = (char)depth;
    if (depth == 0)
        leave(0);
    else
        (void)descend(depth - 1);
    expect(mark[0] == (char)depth, "deep frames stay");
    return depth;
}

static int came_back;

static void go_deep(void)
{
    came_back = descend(100) == 100;
    leave(0);
}

static void frames_of_a_parked_context_stay_as_they_are(void)
{
    make(0, go_deep);
    enter(0);
    make(1, come_and_go);
    expect(!came_back, "the deep one is parked");
    enter(0);
    expect(came_back, "the deep one came back");
}

/* ---- entry_points_carry_landing_pads: whoever calls by a pointer lands on one ---- */

#if defined(__aarch64__) && defined(__ARM_FEATURE_BTI_DEFAULT) && defined(PROT_BTI)

extern const char __executable_start[], etext[];

static void entry_points_carry_landing_pads(void)
{
    void *(*volatile make_context)(void *, void *, void (*)(void)) = context_make;
    void (*volatile switch_context)(void **, void *) = context_switch;
    uintptr_t page = (uintptr_t)getpagesize();
    uintptr_t from = (uintptr_t)__executable_start & ~(page - 1);

    /* Does nothing where the processor knows no landing pads. */
    expect(mprotect((void *)from, (uintptr_t)etext - from, PROT_READ | PROT_EXEC | PROT_BTI) == 0,
           "the program's text is guarded");
    contexts[0] = make_context(stacks[0], stacks[0] + STACK_SIZE, come_and_go);
    switch_context(&caller, contexts[0]);
    switch_context(&caller, contexts[0]);
    expect(mprotect((void *)from, (uintptr_t)etext - from, PROT_READ | PROT_EXEC) == 0,
           "the program's text is not guarded any more");
}

#define LANDING_PADS entry_points_carry_landing_pads,
#else
#define LANDING_PADS
#endif

int main(void)
{
    static void (*const tests[])(void) = {
        entry_runs_on_its_own_aligned_stack, two_contexts_take_turns_and_keep_their_registers,
        caller_keeps_its_own_registers, frames_of_a_parked_context_stay_as_they_are,
        LANDING_PADS /* the last */
    };
    int n = sizeof(tests) / sizeof(tests[0]);

    for (int i = 0; i < 2; i++)
        (void)sanitize_stack_learn(stacks[i], stacks[i] + STACK_SIZE);
    for (int i = 0; i < n; i++)
        tests[i]();
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", failures ? 0 : 100, n, failures);
    return failures > 0;
}
