/* SPDX-License-Identifier: MIT */
/*
 * sanitize.h - tell ASan, TSan and valgrind which stack runs. Nothing remains of it in a plain
 * build, but for valgrind's markers, which are a few no-op instructions when a stack is made.
 */
#ifndef COPPICE_SANITIZE_H
#define COPPICE_SANITIZE_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZE_ADDRESS 1
#endif
#if __has_feature(thread_sanitizer)
#define SANITIZE_THREAD 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZE_ADDRESS 1
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZE_THREAD 1
#endif

#if defined(SANITIZE_ADDRESS) || defined(SANITIZE_THREAD)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#ifdef SANITIZE_ADDRESS
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef SANITIZE_THREAD
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>
#endif

/* What the tools know of one stack. */
struct sanitize_stack {
#ifdef SANITIZE_ADDRESS
    void *fake;
    const void *bottom;
    size_t size;
#endif
#ifdef SANITIZE_THREAD
    void *fiber;
#endif
    char unused[0];
};

/* Whatever these bytes are, they may be looked at: a stack is searched that others write to. */
static inline void sanitize_defined(const void *bytes, size_t len)
{
#ifdef VALGRIND_MAKE_MEM_DEFINED
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, len);
#endif
}

static inline unsigned sanitize_stack_learn(void *bottom, void *top)
{
#ifdef VALGRIND_STACK_REGISTER
    return (unsigned)VALGRIND_STACK_REGISTER(bottom, top);
#else
    return 0;
#endif
}

static inline void sanitize_stack_forget(unsigned id)
{
#ifdef VALGRIND_STACK_DEREGISTER
    VALGRIND_STACK_DEREGISTER(id);
#endif
}

/* A task begins to exist on [bottom, bottom + size). */
static inline void sanitize_task_start(struct sanitize_stack *stack, const void *bottom,
                                       size_t size)
{
#ifdef SANITIZE_ADDRESS
    stack->fake = NULL;
    stack->bottom = bottom;
    stack->size = size;
#endif
#ifdef SANITIZE_THREAD
    stack->fiber = __tsan_create_fiber(0);
#endif
}

/* The thread's own stack; its bounds are learnt at the first switch away from it. */
static inline void sanitize_thread_start(struct sanitize_stack *stack)
{
#ifdef SANITIZE_ADDRESS
    *stack = (struct sanitize_stack){0};
#endif
#ifdef SANITIZE_THREAD
    stack->fiber = __tsan_get_current_fiber();
#endif
}

/* Called from another stack, once the task will not run again. */
static inline void sanitize_task_stop(struct sanitize_stack *stack)
{
#ifdef SANITIZE_THREAD
    __tsan_destroy_fiber(stack->fiber);
#endif
}

/* Just before a switch; `from` is NULL when that stack will not be seen again. */
static inline void sanitize_leave(struct sanitize_stack *from, struct sanitize_stack *to)
{
#ifdef SANITIZE_ADDRESS
    __sanitizer_start_switch_fiber(from ? &from->fake : NULL, to->bottom, to->size);
#endif
#ifdef SANITIZE_THREAD
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* Just after it, on the stack arrived at; `came_from` learns its bounds, where it is the thread's
 * own. */
static inline void sanitize_arrive(struct sanitize_stack *here, struct sanitize_stack *came_from)
{
#ifdef SANITIZE_ADDRESS
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(here->fake, &bottom, &size);
    if (came_from && !came_from->bottom) {
        came_from->bottom = bottom;
        came_from->size = size;
    }
#endif
}

#endif
