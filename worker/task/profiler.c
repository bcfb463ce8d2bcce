/* SPDX-License-Identifier: MIT */
/*
 * A table of stacks, each once, with a count: filled in a signal handler (CPU) or from a ticker of
 * the loop (waiting), so it has a fixed size and is open-addressed. When it is full, new stacks are
 * counted as lost. The CPU timer runs on the thread's CPU clock: an idle loop is not disturbed at
 * all.
 *
 * `enters` and `runs` are how a handler that still runs is waited for: it announces itself before
 * it looks whether the profile runs, the stopper stops it before it looks for a handler.
 */
#include "worker/task/profiler.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/clock.h"
#include "worker/task/backtrace.h"
#include "worker/task/loop.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define STACKS_MAX     4096
#define LINES_MAX      (2 * STACKS_MAX) /* places to look for a line */
#define NAMES_MAX      4096             /* places for an address's name */
#define PROBES_MAX     16
#define CPU_HZ         99
#define WAIT_INTERVAL  (NS_PER_S / 10)
#define TASKS_PER_WAIT 20000

struct sampled {
    uint64_t hash; /* 0: free */
    uint64_t count;
    const char *why; /* what parked tasks wait for */
    struct backtrace backtrace;
};

struct profile {
    enum cop_profile kind;
    atomic_bool runs;
    atomic_bool enters;
    timer_t timer;
    struct loop_ticker *ticker;
    uint64_t samples;
    uint64_t lost;
    struct sampled stacks[STACKS_MAX];
    uint16_t lines[LINES_MAX]; /* of the report: a stack's index and 1; 0: free */
    struct {
        uintptr_t address;
        const char *name; /* NULL: none is known */
    } names[NAMES_MAX];   /* what was found last */
};

/* ---- samples ---- */

static uint64_t hash_of(const struct backtrace *backtrace, const char *why)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uintptr_t)why;

    for (size_t i = 0; i < backtrace->n; i++)
        hash = (hash ^ backtrace->frames[i]) * 0x100000001b3u;
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

static void record(struct profile *profile, const struct backtrace *backtrace, const char *why)
{
    uint64_t hash = hash_of(backtrace, why);

    profile->samples++;
    for (size_t i = 0; i < PROBES_MAX; i++) {
        struct sampled *sampled = &profile->stacks[(hash + i) % STACKS_MAX];

        if (sampled->hash != 0 && sampled->hash != hash)
            continue;
        if (sampled->hash == 0) {
            sampled->hash = hash;
            sampled->why = why;
            sampled->backtrace = *backtrace;
        }
        sampled->count++;
        return;
    }
    profile->lost++;
}

/* In a signal handler on the loop's thread. */
static void sample_cpu(struct cop_loop *loop, const void *context)
{
    struct profile *profile = atomic_load(&loop->profile);
    const struct cop_task *task = loop->current ? loop->current : &loop->thread;
    struct backtrace backtrace;

    if (!profile)
        return;
    atomic_store(&profile->enters, true);
    if (atomic_load(&profile->runs)) {
        backtrace_of_signal(&backtrace, task, context);
        record(profile, &backtrace, NULL);
    }
    atomic_store(&profile->enters, false);
}

static void sample_waits(void *arg, int64_t late_ns)
{
    struct cop_loop *loop = arg;
    struct profile *profile = atomic_load(&loop->profile);
    struct backtrace backtrace;
    size_t left = TASKS_PER_WAIT;

    list_for_each (&loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);

        if (left-- == 0)
            return;
        if (task->state != TASK_PARKED)
            continue;
        backtrace_of_task(&backtrace, task);
        record(profile, &backtrace, task->why);
    }
}

/* ---- start and stop ---- */

static int start_timer(struct profile *profile, const struct cop_loop *loop)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = census_signal(),
                             .sigev_value.sival_int = PROBE_SAMPLE};
    struct itimerspec times = {.it_interval.tv_nsec = NS_PER_S / CPU_HZ,
                               .it_value.tv_nsec = NS_PER_S / CPU_HZ};
    clockid_t clock;
    int rc = -pthread_getcpuclockid(loop->census.thread, &clock);

    event.sigev_notify_thread_id = loop->census.tid;
    if (rc == 0 && timer_create(clock, &event, &profile->timer) < 0)
        rc = -errno;
    if (rc == 0 && timer_settime(profile->timer, 0, &times, NULL) < 0) {
        rc = -errno;
        timer_delete(profile->timer);
    }
    return rc;
}

/* The loop's profile, cleared; kept until the loop ends, since a late signal may look at it. */
static struct profile *take_profile(struct cop_loop *loop)
{
    struct profile *profile = atomic_load(&loop->profile);

    if (profile) {
        (void)madvise(profile, sizeof(*profile), MADV_DONTNEED);
        return profile;
    }
    profile =
        mmap(NULL, sizeof(*profile), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (profile == MAP_FAILED)
        return NULL;
    atomic_store(&loop->profile, profile);
    return profile;
}

int profile_start(struct cop_loop *loop, enum cop_profile kind)
{
    struct profile *profile = atomic_load(&loop->profile);
    int rc = 0;

    if (profile && atomic_load(&profile->runs))
        return -EBUSY;
    profile = take_profile(loop);
    if (!profile)
        return -ENOMEM;
    profile->kind = kind;
    symbols_load();
    census_answer(PROBE_SAMPLE, sample_cpu);
    atomic_store(&profile->runs, true);
    if (kind == COP_PROFILE_CPU)
        rc = start_timer(profile, loop);
    else if (!(profile->ticker = loop_ticker_new(loop, WAIT_INTERVAL, sample_waits, loop)))
        rc = -ENOMEM;
    if (rc < 0)
        atomic_store(&profile->runs, false);
    return rc;
}

/* ---- the report ---- */

/* Few addresses are in many stacks, and to look for a name takes long. */
static const char *name_of(struct profile *profile, uintptr_t address)
{
    size_t i = address % NAMES_MAX;

    if (profile->names[i].address != address) {
        profile->names[i].address = address;
        profile->names[i].name = symbols_find(address).name;
    }
    return profile->names[i].name;
}

static uint64_t hash_of_line(struct profile *profile, const struct backtrace *backtrace)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < backtrace->n; i++) {
        const char *name = name_of(profile, backtrace->frames[i]);

        hash = (hash ^ (name ? 0 : backtrace->frames[i])) * 0x100000001b3u;
        for (; name && *name; name++)
            hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    }
    return hash;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_line(struct profile *profile, const struct sampled *a, const struct sampled *b)
{
    if (a->backtrace.n != b->backtrace.n || !is_same_text(a->why, b->why))
        return false;
    for (size_t i = 0; i < a->backtrace.n; i++) {
        uintptr_t one = a->backtrace.frames[i], other = b->backtrace.frames[i];
        const char *name = name_of(profile, one);

        if (one != other && (!name || !is_same_text(name, name_of(profile, other))))
            return false;
    }
    return true;
}

/* Stacks that differ in places within functions alone are one line: the first of them has the sum.
 */
static void merge(struct profile *profile, struct sampled *sampled)
{
    size_t i = hash_of_line(profile, &sampled->backtrace) % LINES_MAX;

    for (; profile->lines[i] != 0; i = (i + 1) % LINES_MAX) {
        struct sampled *line = &profile->stacks[profile->lines[i] - 1];

        if (is_same_line(profile, line, sampled)) {
            line->count += sampled->count;
            sampled->count = 0;
            return;
        }
    }
    profile->lines[i] = (uint16_t)(sampled - profile->stacks + 1);
}

static void print_sampled(struct profile *profile, struct printer *printer,
                          const struct sampled *sampled)
{
    for (size_t i = sampled->backtrace.n; i > 0; i--) {
        const char *name = name_of(profile, sampled->backtrace.frames[i - 1]);

        if (name)
            print_text(printer, name);
        else
            symbols_print(printer, sampled->backtrace.frames[i - 1]);
        if (i > 1 || sampled->why)
            print_text(printer, ";");
    }
    if (sampled->why) {
        print_text(printer, "[");
        print_text(printer, sampled->why);
        print_text(printer, "]");
    }
    print_text(printer, " ");
    print_number(printer, sampled->count);
    print_text(printer, "\n");
}

static void stop_sampling(struct profile *profile)
{
    if (profile->kind == COP_PROFILE_CPU)
        timer_delete(profile->timer);
    else
        loop_ticker_free(profile->ticker);
    atomic_store(&profile->runs, false);
    while (atomic_load(&profile->enters))
        sched_yield();
}

int profile_stop(struct cop_loop *loop, struct printer *printer)
{
    struct profile *profile = atomic_load(&loop->profile);
    int samples, rc;

    if (!profile || !atomic_load(&profile->runs))
        return -EINVAL;
    stop_sampling(profile);
    for (size_t i = 0; i < STACKS_MAX; i++) {
        if (profile->stacks[i].count > 0)
            merge(profile, &profile->stacks[i]);
    }
    for (size_t i = 0; i < STACKS_MAX; i++) {
        if (profile->stacks[i].count > 0)
            print_sampled(profile, printer, &profile->stacks[i]);
    }
    if (profile->lost > 0) {
        print_text(printer, "[lost] ");
        print_number(printer, profile->lost);
        print_text(printer, "\n");
    }
    samples = (int)profile->samples;
    rc = printer_flush(printer);
    return rc < 0 ? rc : samples;
}

void profile_fini(struct cop_loop *loop)
{
    struct profile *profile = atomic_load(&loop->profile);

    if (!profile)
        return;
    if (atomic_load(&profile->runs))
        stop_sampling(profile);
    /* A late signal finds none. */
    atomic_store(&loop->profile, NULL);
    (void)munmap(profile, sizeof(*profile));
}

int cop_profile_start(enum cop_profile kind)
{
    if (!loop_here || (kind != COP_PROFILE_CPU && kind != COP_PROFILE_WAIT))
        return -EINVAL;
    return profile_start(loop_here, kind);
}

int cop_profile_stop(int fd)
{
    struct printer printer;

    if (!loop_here)
        return -EINVAL;
    printer_init(&printer, fd);
    return profile_stop(loop_here, &printer);
}
