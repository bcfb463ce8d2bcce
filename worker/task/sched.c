/* SPDX-License-Identifier: MIT */
#include "worker/task/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/context.h"
#include "worker/task/debug.h"
#include "worker/task/loop.h"

/* The kernel is asked after so many resumes at the latest, however short they are. */
#define RESUMES_BETWEEN_POLLS 1024

_Thread_local struct cop_loop *loop_here;

/* CLOCK_MONOTONIC_COARSE moves with the kernel's tick and costs a fraction of the precise one. */
static int64_t coarse_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* All that is ready is the next snapshot. */
static void begin_batch(struct cop_loop *loop)
{
    loop->resumes += loop->nqueued;
    loop->nbatch += loop->nqueued;
    loop->nqueued = 0;
}

/* Has the kernel been kept waiting? The clock is looked at whenever the resumes since the last poll
 * have doubled: those to come will take about as long as those that were. It is seldom asked, and
 * inlined it would have every switch guard the stack for the clock's answer. */
static __attribute__((noinline)) bool is_time_to_poll(struct cop_loop *loop)
{
    loop->look_at = 2 * loop->resumes;
    return loop->resumes >= RESUMES_BETWEEN_POLLS || coarse_now() != loop->coarse;
}

/* The snapshot has run. May the next one begin at once? */
static inline bool may_go_on(struct cop_loop *loop)
{
    return loop->nqueued > 0 && loop->thread.state != TASK_READY &&
           (__builtin_expect(loop->resumes < loop->look_at, 1) || !is_time_to_poll(loop));
}

/* Who runs next: the first of the snapshot, or the thread's own stack. */
static inline struct cop_task *take_next(struct cop_loop *loop)
{
    struct cop_task *task;

    if (loop->nbatch == 0) {
        if (!may_go_on(loop))
            return &loop->thread;
        begin_batch(loop);
    }
    loop->nbatch--;
    task = loop->head;
    loop->head = task->next;
    if (!task->next)
        loop->tail = &loop->head;
    return task;
}

static inline void append(struct cop_loop *loop, struct cop_task *task)
{
    task->next = NULL;
    *loop->tail = task;
    loop->tail = &task->next;
    loop->nqueued++;
}

/* Take apart the task that left for ever, now that its stack is no longer in use. */
static inline void bury(struct cop_loop *loop)
{
    struct cop_task *gone = loop->leaving;

    if (__builtin_expect(gone != NULL, 0)) {
        loop->leaving = NULL;
        sched_reap(gone);
    }
}

/* Go on as `to`; returns when somebody switches back to `from`. */
static inline void switch_to(struct cop_loop *loop, struct cop_task *from, struct cop_task *to)
{
    uint64_t turn = atomic_load_explicit(&loop->turn, memory_order_relaxed);

    atomic_store_explicit(&loop->turn, (turn | 1) + 1 + (to != &loop->thread),
                          memory_order_relaxed);
    if (__builtin_expect(loop->debug, 0))
        debug_switch(loop, from);
    loop->current = to;
    loop->credit = SCHED_STREAK_MAX;
    sanitize_leave(from->state == TASK_DONE ? NULL : &from->sanitize, &to->sanitize);
    context_switch(&from->sp, to->sp);
    sanitize_arrive(&from->sanitize, &loop->thread.sanitize);
    bury(loop);
}

/* The running task cannot go on: the next ready one does, or the thread's own stack. */
static inline void switch_away(struct cop_loop *loop, struct cop_task *self)
{
    struct cop_task *next = take_next(loop);

    if (next != self)
        switch_to(loop, self, next);
}

/* The first and last function on every task's stack. */
static void enter_task(void)
{
    struct cop_loop *loop = loop_here;
    struct cop_task *self = loop->current;

    sanitize_arrive(&self->sanitize, &loop->thread.sanitize);
    bury(loop);
    self->state = TASK_RUNNING;
    self->result = self->fn(self->arg);
    CHECK_MSG(self->scope == &self->root,
              "a task ended inside a scope or group that it did not exit");
    extras_finish(&self->extras);
    self->state = TASK_DONE;
    if (self->extras.watcher)
        self->extras.watcher->ended(self->extras.watcher, self);
    if (self->detached && self->result < 0)
        exception_report(self, COP_NEVER_RETRIEVED);
    timer_stop(&loop->timers, &self->timer);
    if (self->ended)
        self->ended(self);
    if (self->ended || self->detached)
        loop->leaving = self;
    if (self->waiter)
        sched_wake(self->waiter, 0);
    switch_away(loop, self);
    CHECK_MSG(false, "a task that has ended was resumed");
}

/* Always a part of its caller: debug_spawned counts the frames from here to the spawner. */
static inline __attribute__((always_inline)) struct cop_task *
spawn(struct cop_loop *loop, struct stack_pool *pool, cop_fn fn, void *arg)
{
    struct stack *stack;
    struct cop_task *task;

    CHECK_MSG(fn, "a task runs a function, not NULL");
    if (loop->ntasks + 2 >= loop->timers.capacity && loop_prepare(loop) < 0)
        return NULL;
    stack = stack_take(pool);
    if (!stack)
        return NULL;
    task = (struct cop_task *)(((uintptr_t)stack - sizeof(*task)) & ~(uintptr_t)63);
    task->loop = loop;
    task->stack = stack;
    task->pool = pool;
    task->fn = fn;
    task->arg = arg;
    task->state = TASK_READY;
    task->cancelled = false;
    task->interrupted = false;
    task->uninterruptible = false;
    task->detached = false;
    task->scope = &task->root;
    task->root = (struct cop_scope){.task = task, .deadline = COP_NEVER};
    task->deadline = COP_NEVER;
    task->timer.position = 0;
    task->waiter = NULL;
    task->ended = NULL;
    task->why = NULL;
    task->label = NULL;
    task->label_len = 0;
    task->serves = NULL;
    task->waits_on = WAITS_ON_UNKNOWN;
    task->id = ++loop->next_id;
    task->born = loop->now;
    task->trace = NULL;
    if (__builtin_expect(loop->debug, 0))
        debug_spawned(task);
    extras_init(&task->extras, loop->current ? &loop->current->extras : NULL);
    list_init(&task->siblings);
    list_push_back(&loop->tasks, &task->all);
    sanitize_task_start(&task->sanitize, stack->bottom, (size_t)((char *)stack - stack->bottom));
    task->sp = context_make(stack->bottom, task, enter_task);
    loop->ntasks++;
    metric_add(loop->metrics, METRIC_tasks_spawned, 1);
    return task;
}

struct cop_task *sched_spawn(struct cop_loop *loop, cop_fn fn, void *arg)
{
    return spawn(loop, &loop->stacks, fn, arg);
}

struct cop_task *sched_spawn_sized(struct cop_loop *loop, cop_fn fn, void *arg, size_t stack_size)
{
    unsigned class = stack_class(stack_size);

    if (class == stack_class(loop->stacks.size))
        return sched_spawn(loop, fn, arg);
    if (!loop->sized[class]) {
        loop->sized[class] = malloc(sizeof(*loop->sized[class]));
        if (!loop->sized[class])
            return NULL;
        stack_pool_init(loop->sized[class], stack_size);
    }
    return spawn(loop, loop->sized[class], fn, arg);
}

bool sched_renew(struct cop_task *self)
{
    struct cop_loop *loop = self->loop;

    CHECK_MSG(self->scope == &self->root,
              "a task ended inside a scope or group that it did not exit");
    extras_finish(&self->extras);
    if (self->cancelled || self->root.deadline != COP_NEVER || self->extras.watcher || loop->debug)
        return false;
    self->label = NULL;
    self->label_len = 0;
    self->serves = NULL;
    self->id = ++loop->next_id;
    self->born = loop->now;
    loop->credit = SCHED_STREAK_MAX;
    extras_init(&self->extras, NULL);
    list_remove(&self->all);
    list_push_back(&loop->tasks, &self->all);
    atomic_store_explicit(&loop->turn, atomic_load_explicit(&loop->turn, memory_order_relaxed) + 2,
                          memory_order_relaxed);
    metric_add(loop->metrics, METRIC_tasks_spawned, 1);
    return true;
}

void sched_reap(struct cop_task *task)
{
    struct cop_loop *loop = task->loop;

    CHECK(task->state == TASK_DONE);
    list_remove(&task->all);
    loop->ntasks--;
    sanitize_task_stop(&task->sanitize);
    if (__builtin_expect(task->trace != NULL, 0))
        debug_reap(task);
    stack_give(task->pool, task->stack);
}

void sched_ready(struct cop_task *task)
{
    struct cop_loop *loop = task->loop;
    struct cop_task **end = loop->event_end;

    task->state = TASK_READY;
    if (task == &loop->thread)
        return;
    if (!end) {
        append(loop, task);
        return;
    }
    /* Behind what this event made ready before, in front of what later events did. */
    task->next = *end;
    *end = task;
    loop->event_end = &task->next;
    if (!task->next)
        loop->tail = &task->next;
    loop->nqueued++;
}

void sched_poll_begin(struct cop_loop *loop)
{
    loop->poll_tail = loop->tail;
    loop->event_end = loop->tail;
}

void sched_poll_end(struct cop_loop *loop)
{
    loop->poll_tail = NULL;
    loop->event_end = NULL;
    loop->resumes = 0;
    loop->look_at = 0;
    loop->coarse = coarse_now();
}

static void arm_timer(struct cop_task *self, cop_time until)
{
    if (!timer_is_running(&self->timer) || self->timer.due_ns > until)
        timer_start(&self->loop->timers, &self->timer, until);
}

static int park(struct cop_task *self, const char *why)
{
    struct cop_loop *loop = self->loop;

    self->state = TASK_PARKED;
    self->why = why;
    if (self == &loop->thread)
        loop_drive(loop);
    else
        switch_away(loop, self);
    self->state = TASK_RUNNING;
    self->interrupted = false;
    self->waits_on = WAITS_ON_UNKNOWN;
    return self->wake_result;
}

int sched_park(struct cop_task *self, const char *why, cop_time until)
{
    /* The thread of a blocking loop, which had no reason to look around before. */
    if (__builtin_expect(!self->loop->poller, 0) && loop_prepare(self->loop) < 0)
        return -ENOMEM;
    self->wait_until = self->deadline < until ? self->deadline : until;
    if (self->wait_until != COP_NEVER)
        arm_timer(self, self->wait_until);
    return park(self, why);
}

int sched_park_uninterruptible(struct cop_task *self, const char *why)
{
    int result;

    self->wait_until = COP_NEVER;
    self->uninterruptible = true;
    result = park(self, why);
    self->uninterruptible = false;
    return result;
}

void sched_wake(struct cop_task *task, int result)
{
    if (task->state == TASK_PARKED) {
        task->wake_result = result;
        sched_ready(task);
    } else if (task->state == TASK_READY && task->interrupted) {
        task->wake_result = result;
        task->interrupted = false;
    }
}

void sched_fail(struct cop_task *task, int result)
{
    if (task->state == TASK_PARKED)
        sched_ready(task);
    task->wake_result = result;
    task->interrupted = false;
}

void sched_interrupt(struct cop_task *task, int result)
{
    if (task->state != TASK_PARKED || task->uninterruptible)
        return;
    task->wake_result = result;
    task->interrupted = true;
    sched_ready(task);
}

void sched_yield_to_others(struct cop_task *self)
{
    struct cop_loop *loop = self->loop;

    self->state = TASK_READY;
    if (self == &loop->thread) {
        loop_drive(loop);
    } else {
        append(loop, self);
        switch_away(loop, self);
    }
    self->state = TASK_RUNNING;
}

int sched_end_streak(struct cop_task *self, int result)
{
    self->loop->credit = SCHED_STREAK_MAX;
    if (sched_is_alone(self))
        self->loop->now = clock_now(); /* for its deadlines: nobody polls */
    else
        sched_yield_to_others(self);
    return result;
}

void sched_run_ready(struct cop_loop *loop)
{
    struct cop_task *before = loop->current;

    begin_batch(loop);
    if (loop->nbatch > 0) {
        watchdog_stir();
        switch_to(loop, &loop->thread, take_next(loop));
    }
    loop->current = before;
}

void sched_expire(struct cop_loop *loop)
{
    struct timer *timer;

    while ((timer = timer_take_due(&loop->timers, loop->now))) {
        struct cop_task *task = list_entry(timer, struct cop_task, timer);

        if (task->state != TASK_PARKED || task->wait_until == COP_NEVER)
            continue;
        if (task->wait_until > loop->now)
            timer_start(&loop->timers, timer, task->wait_until);
        else if (task->wait_until < task->deadline)
            sched_interrupt(task, -ETIMEDOUT);
        else
            scope_expire(task, loop->now);
    }
}
