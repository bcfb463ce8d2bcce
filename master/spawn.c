/* SPDX-License-Identifier: MIT */
/*
 * The child shares the loop's epoll set and the signal pipe with the master until it closes them,
 * so between fork and the worker it touches neither: signals stay blocked over the fork, are put
 * back to their defaults, and then every descriptor goes that the heritage does not name.
 */
#include "master/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/order.h"
#include "master/generation.h"
#include "master/master.h"

/* Room for the largest report of a loop, several times: about 100 KB when every bucket is used. */
#define PIPE_SIZE (256 * 1024)

/* More than a worker takes that drains because its master has died. */
#define ORPHAN_LIMIT_S 7

/* ---- in the child ---- */

static int compare_fds(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Close all but 0, 1, 2 and fds[0 .. n). */
static int close_others(int *fds, size_t n)
{
    unsigned next = STDERR_FILENO + 1;

    qsort(fds, n, sizeof(*fds), compare_fds);
    for (size_t i = 0; i < n; i++) {
        unsigned fd = (unsigned)fds[i];

        if (fds[i] < 0 || fd < next)
            continue;
        if (fd > next && close_range(next, fd - 1, 0) < 0)
            return -errno;
        next = fd + 1;
    }
    return close_range(next, ~0u, 0) < 0 ? -errno : 0;
}

static void reset_signals(void)
{
    sigset_t none;

    /* SIGKILL, SIGSTOP and the C library's own refuse, and that is fine. */
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a log that may grow no more is an error of its write */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The worker drains; where a task holds its loop it cannot, and would keep the port for ever. */
static void master_died(int number)
{
    (void)kill(getpid(), SIGTERM);
    (void)alarm(ORPHAN_LIMIT_S);
}

/* The kernel's signal for the end of the master, whichever way. Returns 0 or -errno. */
static int outlive_briefly(void)
{
    /* It may find a task whose stack has no room for it. */
    struct sigaction action = {.sa_handler = master_died, .sa_flags = SA_RESTART | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    if (sigaction(HERITAGE_ORPHAN_SIGNAL, &action, NULL) < 0)
        return -errno;
    return prctl(PR_SET_PDEATHSIG, HERITAGE_ORPHAN_SIGNAL) < 0 ? -errno : 0;
}

static _Noreturn void run_child(const struct heritage *heritage, worker_main_fn run_worker,
                                int *fds, size_t nfds)
{
    char who[32];
    int code;

    if (close_others(fds, nfds) < 0)
        _exit(1);
    snprintf(who, sizeof(who), "%.24s/%u", heritage->pool->name, heritage->slot);
    log_set_who(who);
    reset_signals();
    if (outlive_briefly() < 0)
        _exit(1);
    /* The master may have died before prctl. */
    if (getppid() != heritage->master)
        _exit(1);
    code = run_worker(heritage);
    fflush(NULL);
    _exit(code);
}

/* ---- in the master ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    /* Only a wish: over the user's limit the default size serves too. */
    (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
    return 0;
}

void spawn_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    close_fd(&worker->report_fd);
    close_fd(&worker->order_fd);
    collector_fini(&worker->collected);
    beat_free(worker->beats, worker->pool->config->threads);
    free(worker);
}

static struct worker *new_worker(struct pool *pool, unsigned slot)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        return NULL;
    list_init(&worker->node);
    worker->pool = pool;
    worker->slot = slot;
    worker->generation = pool->generation->number;
    worker->state = WORKER_STARTING;
    worker->report_fd = -1;
    worker->order_fd = -1;
    worker->beats = beat_new(pool->config->threads);
    if (worker->beats == NULL ||
        collector_init(&worker->collected, pool->config->threads, worker->generation) < 0) {
        spawn_free(worker);
        return NULL;
    }
    return worker;
}

/* What the child needs, in memory that lives over the fork. */
struct luggage {
    struct heritage heritage;
    struct heritage_socket *sockets;
    struct metrics **metrics;
    int *fds;
    size_t nfds;
};

static void unpack(struct luggage *luggage)
{
    free(luggage->sockets);
    free(luggage->metrics);
    free(luggage->fds);
}

static int pack(struct luggage *luggage, const struct worker *worker, int report_fd, int order_fd)
{
    struct pool *pool = worker->pool;
    const struct config_pool *config = pool->config;
    size_t nsockets;

    luggage->sockets = calloc(SOCKETS_PER_WORKER, sizeof(*luggage->sockets));
    luggage->metrics = calloc(config->threads, sizeof(struct metrics *));
    luggage->fds = calloc(SOCKETS_PER_WORKER + 3, sizeof(int));
    if (luggage->sockets == NULL || luggage->metrics == NULL || luggage->fds == NULL)
        return -ENOMEM;
    nsockets = sockets_of_slot(&pool->sockets, worker->slot, pool->wanted, luggage->sockets);
    for (size_t i = 0; i < nsockets; i++)
        luggage->fds[luggage->nfds++] = luggage->sockets[i].fd;
    luggage->fds[luggage->nfds++] = report_fd;
    luggage->fds[luggage->nfds++] = order_fd;
    luggage->fds[luggage->nfds++] = log_fd();
    collector_shared(&worker->collected, luggage->metrics);
    luggage->heritage = (struct heritage){
        .config = pool->generation->config,
        .pool = config,
        .slot = worker->slot,
        .generation = worker->generation,
        .master = getpid(),
        .report_fd = report_fd,
        .order_fd = order_fd,
        .beats = worker->beats,
        .metrics = luggage->metrics,
        .sockets = luggage->sockets,
        .nsockets = nsockets,
    };
    return 0;
}

static pid_t fork_child(struct luggage *luggage, worker_main_fn run_worker)
{
    sigset_t all, before;
    pid_t pid;

    fflush(NULL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        run_child(&luggage->heritage, run_worker, luggage->fds, luggage->nfds);
    if (pid < 0)
        pid = -errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

int spawn_worker(struct pool *pool, unsigned slot, struct worker **worker)
{
    struct luggage luggage = {.nfds = 0};
    struct worker *new = new_worker(pool, slot);
    int report[2] = {-1, -1}, order[2] = {-1, -1};
    int rc = new == NULL ? -ENOMEM : 0;

    if (rc == 0)
        rc = open_pipe(report);
    if (rc == 0)
        rc = order_open(order);
    if (rc == 0)
        rc = pack(&luggage, new, report[1], order[1]);
    if (rc == 0)
        rc = fork_child(&luggage, pool->master->run_worker);
    close_fd(&report[1]);
    close_fd(&order[1]);
    unpack(&luggage);
    if (rc < 0) {
        close_fd(&report[0]);
        close_fd(&order[0]);
        spawn_free(new);
        return rc;
    }
    new->pid = rc;
    new->started_ns = clock_now();
    new->report_fd = report[0];
    new->order_fd = order[0];
    collector_attach(&new->collected, report[0]);
    *worker = new;
    return 0;
}
