/* SPDX-License-Identifier: MIT */
/*
 * The limit is counted in the watchdog's own rounds: when one of them comes much too late, the
 * whole process (or the machine) stood still, and nobody is to blame for that.
 *
 * The race of sleeping: a loop looks at watchdog_sleeps before it starts a batch, the watchdog
 * looks at the turns after it has set it. A loop that misses it all the same is seen when the sleep
 * ends by itself, a second later at most.
 *
 * The kernel counts references to a descriptor at each call that uses it, but not where the table
 * of descriptors has a single user. So the watchdog leaves the process's table for one of its own,
 * in which nothing is open but the log.
 */
#include "worker/task/watchdog.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/beat.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

/* Rounds in each limit; the longest and the shortest. */
#define ROUNDS_PER_LIMIT 4
#define ROUND_MAX_NS     (250 * NS_PER_MS)
#define ROUND_MIN_NS     NS_PER_MS

/* Quiet for so long, then asleep, for so long at most. */
#define QUIET_NS  NS_PER_S
#define ASLEEP_NS NS_PER_S

/* The handler answers at once, unless the thread is in the kernel and cannot be interrupted. */
#define ANSWER_TRIES    50
#define ANSWER_TRIES_NS NS_PER_MS

struct watchdog {
    pthread_t thread;
    const char *app;
    int64_t slow_ns;
    int64_t round_ns;
    int64_t last_ns;  /* the last round */
    int64_t quiet_ns; /* since when no loop moved */
    _Atomic uint32_t stops;
};

_Atomic uint32_t watchdog_sleeps;

static atomic_flag is_taken = ATOMIC_FLAG_INIT; /* there is one in this process */

/* ---- on the loop's thread, in a signal handler ---- */

static void show_in_slot(struct cop_loop *loop, const struct watch *watch)
{
    /* An odd sequence: this thread was interrupted while it wrote there. */
    if (loop->beat && atomic_load_explicit(&loop->beat->sequence, memory_order_relaxed) % 2 == 0)
        beat_task_start(loop->beat, watch->task,
                        atomic_load_explicit(&watch->asked_since_ns, memory_order_relaxed),
                        watch->label, watch->label_len);
}

static void take_running(struct cop_loop *loop, const void *context)
{
    struct watch *watch = &loop->watch;
    const struct cop_task *task = loop->current;
    uint32_t asked = atomic_load_explicit(&watch->asked, memory_order_acquire);

    if (!task || asked == atomic_load_explicit(&watch->answered, memory_order_relaxed) ||
        atomic_load_explicit(&watch->asked_turn, memory_order_relaxed) !=
            atomic_load_explicit(&loop->turn, memory_order_relaxed))
        return;
    watch->task = task->id;
    watch->label_len = task->label_len < WATCHDOG_LABEL_MAX ? task->label_len : WATCHDOG_LABEL_MAX;
    if (!task->label)
        watch->label_len = 0;
    memcpy(watch->label, task->label ? task->label : "", watch->label_len);
    backtrace_of_signal(&watch->running, task, context);
    show_in_slot(loop, watch);
    metric_add(loop->metrics, METRIC_slow_tasks, 1);
    atomic_store_explicit(&watch->answered, asked, memory_order_release);
}

/* ---- the watchdog's thread ---- */

static int64_t cpu_of(const struct cop_loop *loop)
{
    struct timespec ts;
    clockid_t clock;

    if (pthread_getcpuclockid(loop->census.thread, &clock) != 0 || clock_gettime(clock, &ts) < 0)
        return 0;
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void pause_for(int64_t ns)
{
    struct timespec ts = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* Sleep for so long at most, and only while the word has that value. */
static void sleep_on(_Atomic uint32_t *word, uint32_t value, int64_t ns)
{
    struct timespec ts = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &ts, NULL, 0);
}

static void wake_from(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Have the handler fill in the watch. Returns false when it does not run. */
static bool ask(struct cop_loop *loop)
{
    struct watch *watch = &loop->watch;
    uint32_t number = atomic_load_explicit(&watch->asked, memory_order_relaxed) + 1;

    atomic_store_explicit(&watch->asked_turn, watch->turn, memory_order_relaxed);
    atomic_store_explicit(&watch->asked_since_ns, watch->since_ns, memory_order_relaxed);
    atomic_store_explicit(&watch->asked, number, memory_order_release);
    if (census_ask(loop, PROBE_RUNNING) < 0)
        return false;
    for (int i = 0; i < ANSWER_TRIES; i++) {
        if (atomic_load_explicit(&watch->answered, memory_order_acquire) == number)
            return true;
        pause_for(ANSWER_TRIES_NS);
    }
    return false;
}

static void print_stack(struct printer *printer, const struct backtrace *backtrace)
{
    for (size_t i = 0; i < backtrace->n; i++) {
        print_text(printer, i > 0 ? " < " : ": ");
        symbols_print(printer, backtrace->frames[i]);
    }
}

static void tell(const struct watchdog *watchdog, struct cop_loop *loop, int64_t now)
{
    struct watch *watch = &loop->watch;
    int64_t held = now - watch->since_ns, cpu = cpu_of(loop) - watch->cpu_ns;
    struct printer line;

    printer_init(&line, PRINTER_CUTS);
    if (!ask(loop)) {
        log_warn(
            "app %s: a task holds its loop for %lld ms (CPU %lld ms) and cannot be interrupted",
            watchdog->app, (long long)(held / NS_PER_MS), (long long)(cpu / NS_PER_MS));
        return;
    }
    print_text(&line, "app ");
    print_text(&line, watchdog->app);
    print_text(&line, ": task ");
    print_number(&line, watch->task);
    if (watch->label_len > 0) {
        print_text(&line, " \"");
        print_label(&line, watch->label, watch->label_len);
        print_text(&line, "\"");
    }
    print_text(&line, " holds its loop for ");
    print_duration(&line, held);
    print_text(&line, " (CPU ");
    print_duration(&line, cpu);
    print_text(&line, ")");
    print_stack(&line, &watch->running);
    log_warn("%.*s", (int)line.len, line.buffer);
}

/* Returns whether the loop has moved, or a task runs there. */
static bool look_at(const struct watchdog *watchdog, struct cop_loop *loop, int64_t now)
{
    struct watch *watch = &loop->watch;
    uint64_t turn = atomic_load_explicit(&loop->turn, memory_order_relaxed);
    bool runs = turn % 2 == 1;

    if (turn != watch->turn) {
        watch->turn = turn;
        watch->since_ns = now;
        watch->cpu_ns = runs ? cpu_of(loop) : 0;
        watch->is_told = false;
        return true;
    }
    if (runs && !watch->is_told && now - watch->since_ns >= watchdog->slow_ns) {
        watch->is_told = true;
        tell(watchdog, loop, now);
    }
    return runs;
}

/* The process stood still: what seems to have lasted long did not. */
static void forgive(int64_t gap)
{
    for (struct cop_loop *loop = census_next(NULL); loop; loop = census_next(loop))
        loop->watch.since_ns += gap;
}

static bool go_round(struct watchdog *watchdog)
{
    int64_t now = clock_now();
    int64_t gap = now - watchdog->last_ns - watchdog->round_ns;
    bool is_busy = false;

    census_lock();
    if (gap > watchdog->round_ns)
        forgive(gap);
    for (struct cop_loop *loop = census_next(NULL); loop; loop = census_next(loop))
        is_busy |= look_at(watchdog, loop, now);
    census_unlock();
    watchdog->last_ns = clock_now();
    if (is_busy)
        watchdog->quiet_ns = watchdog->last_ns;
    return is_busy;
}

static void sleep_until_stirred(struct watchdog *watchdog)
{
    atomic_store(&watchdog_sleeps, 1);
    if (!go_round(watchdog) && !atomic_load(&watchdog->stops))
        sleep_on(&watchdog_sleeps, 1, ASLEEP_NS);
    atomic_store(&watchdog_sleeps, 0);
    /* Not late: it slept. */
    watchdog->last_ns = clock_now() - watchdog->round_ns;
}

void watchdog_wake(void)
{
    if (atomic_exchange(&watchdog_sleeps, 0) != 0)
        wake_from(&watchdog_sleeps);
}

/* Where the kernel is too old for that, the table stays shared. */
static void leave_descriptors(void)
{
    unsigned log = (unsigned)log_fd();

    if (close_range(log + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0 && log > 0)
        (void)close_range(0, log - 1, 0);
}

static void *watch_loops(void *arg)
{
    struct watchdog *watchdog = arg;

    (void)pthread_setname_np(pthread_self(), "watchdog");
    leave_descriptors();
    watchdog->last_ns = watchdog->quiet_ns = clock_now();
    while (!atomic_load(&watchdog->stops)) {
        (void)go_round(watchdog);
        if (watchdog->last_ns - watchdog->quiet_ns >= QUIET_NS)
            sleep_until_stirred(watchdog);
        else
            sleep_on(&watchdog->stops, 0, watchdog->round_ns);
    }
    return NULL;
}

int watchdog_start(struct watchdog **watchdog, int64_t slow_ns, const char *app)
{
    struct watchdog *new = calloc(1, sizeof(*new));
    sigset_t all, before;
    int rc;

    if (!new)
        return -ENOMEM;
    if (atomic_flag_test_and_set(&is_taken)) {
        free(new);
        return -EBUSY;
    }
    new->app = app;
    new->slow_ns = slow_ns;
    new->round_ns = slow_ns / ROUNDS_PER_LIMIT;
    if (new->round_ns > ROUND_MAX_NS)
        new->round_ns = ROUND_MAX_NS;
    if (new->round_ns < ROUND_MIN_NS)
        new->round_ns = ROUND_MIN_NS;
    symbols_load();
    census_answer(PROBE_RUNNING, take_running);
    /* The process's signals are for its other threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&new->thread, NULL, watch_loops, new);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        atomic_flag_clear(&is_taken);
        free(new);
        return -rc;
    }
    *watchdog = new;
    return 0;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (!watchdog)
        return;
    atomic_store(&watchdog->stops, 1);
    wake_from(&watchdog->stops);
    watchdog_wake();
    CHECK(pthread_join(watchdog->thread, NULL) == 0);
    atomic_flag_clear(&is_taken);
    free(watchdog);
}
