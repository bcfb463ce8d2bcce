/* SPDX-License-Identifier: MIT */
/*
 * master.h - binds the sockets, forks the workers, keeps them as wanted, and answers on the control
 * socket.
 *
 * One thread, one loop (libev's default loop), which never waits for anything but its next event.
 * Everything hangs on one struct master, which is handed on; only the master's own files look
 * inside.
 */
#ifndef COPPICE_MASTER_H
#define COPPICE_MASTER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/config.h"
#include "common/heritage.h"
#include "common/list.h"
#include "common/metrics.h"

/* What master_run returns besides 0 and EXIT_CANNOT_START: a worker failed where none may. */
#define MASTER_EXIT_FAILED 1
/* Workers crash as fast as they are started: give up, so that the service manager decides
 * (EX_SOFTWARE). */
#define MASTER_EXIT_CRASHING 70

struct master;

/* What a program that brings its own pools (coppice run, coppice load) wants to be told. Any may be
 * NULL. */
struct master_hooks {
    void *arg;
    void (*ready)(struct master *master, void *arg); /* once: all workers are ready */
    void (*tick)(struct master *master, void *arg);  /* twice a second */
    void (*finish)(struct master *master,
                   void *arg); /* once: no worker is left, totals are final */
    /* Load the configuration once more, for a reload: as config_load. NULL: from the file that it
     * came from. */
    int (*load)(struct config **config, char *error, size_t size, void *arg);
    /* The pools' work is finite: a worker that leaves with 0 is done, one that fails ends the run,
     * and master_run returns when all are done. */
    bool oneshot;
};

/* Serve until told to stop by a signal, the control socket or master_stop. Messages go to the log,
 * before it runs stderr has them. Returns the process's exit code: 0 after a stop,
 * EXIT_CANNOT_START when a socket cannot be bound or a worker says that it cannot start, or one of
 * the codes above. config is taken, and freed in the end or when a reload has replaced it. hooks
 * may be NULL. */
int master_run(struct config *config, worker_main_fn run_worker, const struct master_hooks *hooks);

enum master_stop { MASTER_SERVES, MASTER_DRAINS, MASTER_STOPS };

/* Was it asked to stop, though it may serve on for drain_grace? */
bool master_is_leaving(const struct master *master);

/* Stop: MASTER_DRAINS goes on for drain_grace, then lets workers finish what they have, closing
 * idle connections over spread_ns; MASTER_STOPS does not. Later calls can only make it faster. why
 * ends in the log. */
void master_stop(struct master *master, enum master_stop how, int64_t spread_ns, const char *why);

/* All that was ever counted in all pools, exact: into is overwritten. */
void master_totals(struct master *master, struct metrics *into);

/* Remember as the last failure, for `status`, and log it. */
void master_failed(struct master *master, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Open the log anew, here and in every worker. */
void master_reopen_logs(struct master *master);

/* Apply limits.open_files to this process and those that it forks. */
void master_raise_open_files(const struct config *config);

/* A worker whose last record is older than this has no rate. */
int64_t master_stale_ns(const struct master *master);

#define MASTER_CRASHES 10
#define MASTER_SIGNALS 7

struct master {
    const struct master_hooks *hooks;
    worker_main_fn run_worker;
    struct ev_loop *loop;
    struct generation *current; /* the one that serves */
    struct list generations;    /* the oldest first; also those that start, or leave */
    uint32_t last_generation;   /* the highest number that was ever given */
    struct list workers;        /* of all generations, the oldest first */
    struct list listeners;      /* that are open: sockets.h */
    struct control *control;    /* NULL: none wanted */
    struct reload *reload;
    int64_t started_ns;
    bool has_started; /* all workers were ready, once */
    enum master_stop stop;
    int64_t drain_spread_ns;
    int exit_code;
    ev_signal signals[MASTER_SIGNALS];
    ev_timer tick;
    ev_timer wake;  /* the next deadline or restart */
    ev_timer grace; /* between the wish to stop and the drain */
    int64_t tick_ns;
    int64_t crashes_ns[MASTER_CRASHES]; /* a ring of the last ones */
    unsigned ncrashes;
    char failure[512]; /* the last one; "" for none */
    time_t failure_time;
    int64_t log_level_until_ns; /* then the configured level comes back; 0: there is no such time */
    struct list inquiries;      /* questions to workers that are not answered yet */
    uint32_t inquiry_number;    /* the last one */
    struct metrics *scratch;    /* for totals that are looked at and dropped */
};

#endif
