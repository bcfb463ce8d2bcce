/* SPDX-License-Identifier: MIT */
/*
 * context.h - the switch between two stacks: one context is one stack pointer.
 *
 * The callee-saved registers of the platform's ABI lie on the stack below it; the floating-point
 * environment does not travel (do not hold a changed one across a wait). context_x86_64.S and
 * context_aarch64.S are the implementations, context_ucontext.c serves everybody else.
 */
#ifndef COPPICE_CONTEXT_H
#define COPPICE_CONTEXT_H

/* A new context that calls entry(), which must never return, on the stack that ends below `top`
 * (16-byte aligned). Returns its stack pointer. `bottom` is the lowest usable byte. */
void *context_make(void *bottom, void *top, void (*entry)(void));

/* Leave the running context in *save and go on in `to`. Returns when somebody switches back. */
#if defined(__x86_64__) && !defined(CONTEXT_UCONTEXT)
#include "worker/task/context_x86_64.h"
#else
void context_switch(void **save, void *to);
#endif

#endif
