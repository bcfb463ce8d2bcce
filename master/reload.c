/* SPDX-License-Identifier: MIT */
/*
 * Every step is taken from a timer of its own, which is due at once: never inside of a command, a
 * signal or the burial of a worker, so that nobody has the ground moved under his feet.
 *
 * The workers of the new generation accept as soon as they are ready, from the sockets that both
 * have; so where the generation fails, those of its workers that are ready already are drained, and
 * not killed.
 */
#include "master/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/beat.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/control.h"
#include "master/generation.h"
#include "master/notify.h"
#include "master/reload_changes.h"
#include "master/supervisor.h"

/* That may drain at a time. A reload that would make it more waits for the oldest to go: then a
 * storm of reloads costs neither memory nor a request. */
#define OLD_GENERATIONS_MAX 2

/* The verdict waits until the workers before accept no more, so that whoever has it meets the new
 * ones alone; not for one that hangs, or blocks in a long request. */
#define SETTLE_NS         NS_PER_S
#define SETTLE_INTERVAL_S 0.002

struct reload {
    struct master *master;
    ev_timer turn;
    bool is_wanted;
    char next_why[64];
    uint64_t nbegun;              /* a ticket is the number of the run that answers it */
    uint64_t ndecided;            /* the verdict is on that run */
    struct generation *candidate; /* NULL: none starts */
    char why[64];                 /* of the one under way */
    int64_t started_ns;
    enum log_level level_before; /* of the log, and until when: should the candidate fail */
    int64_t level_until_ns;
    int64_t settle_until_ns; /* 0: nothing is to be waited for */
    struct jsondoc *changes; /* what the verdict will tell then */
    struct reload_verdict verdict;
};

static void arm_in(struct reload *reload, ev_tstamp seconds)
{
    if (ev_is_active(&reload->turn))
        return;
    ev_timer_set(&reload->turn, seconds, 0.);
    ev_timer_start(reload->master->loop, &reload->turn);
}

static void arm(struct reload *reload)
{
    arm_in(reload, 0.);
}

/* ---- the verdict ---- */

/* failure: why, for one that failed. changes is taken. */
static void decide(struct reload *reload, const char *failure, struct jsondoc *changes)
{
    struct master *master = reload->master;
    struct reload_verdict *verdict = &reload->verdict;
    uint32_t generation = master->current->number;
    int64_t took_ns = clock_now() - reload->started_ns;

    jsondoc_free(verdict->changes);
    verdict->changes = changes;
    verdict->is_ok = failure == NULL;
    verdict->generation = generation;
    verdict->time = time(NULL);
    verdict->took_ns = took_ns;
    memcpy(verdict->why, reload->why, sizeof(verdict->why));
    snprintf(verdict->text, sizeof(verdict->text), "%s", failure != NULL ? failure : "");
    reload->ndecided = reload->nbegun;
    if (failure == NULL) {
        log_info("reload (%s): generation %u serves, after %lld ms", verdict->why, generation,
                 (long long)(took_ns / NS_PER_MS));
        if (!master_is_leaving(master))
            notify_ready("generation %u serves", generation);
    } else {
        master_failed(master, "reload (%s) failed: %s; generation %u serves on", verdict->why,
                      failure, generation);
        if (!master_is_leaving(master))
            notify_ready("reload failed: %s; generation %u serves on", failure, generation);
    }
    control_resume(master->control);
    if (reload->is_wanted)
        arm(reload);
}

/* ---- what goes with a configuration beside its pools ---- */

static int apply(const struct config *config, enum log_level level, char *error, size_t size)
{
    int rc = log_open(config->log.output, config->log.format, level);

    if (rc < 0)
        snprintf(error, size, "log.output %s: %s", config->log.output, strerror(-rc));
    else
        master_raise_open_files(config);
    return rc;
}

/* What `loglevel` said meanwhile holds; what it said before does so again. */
static enum log_level restore_level(const struct reload *reload, const struct config *config)
{
    struct master *master = reload->master;

    if (master->log_level_until_ns != 0 || log_get_level() != (enum log_level)config->log.level)
        return log_get_level();
    master->log_level_until_ns = reload->level_until_ns;
    return reload->level_before;
}

static void apply_again(const struct reload *reload, const struct config *instead_of)
{
    enum log_level level = restore_level(reload, instead_of);
    char error[POOL_TEXT_MAX];

    if (apply(reload->master->current->config, level, error, sizeof(error)) < 0)
        log_warn("%s: logging goes on here", error);
}

/* ---- one step after the other ---- */

/* Let a generation go. What it alone listens on is served to the last connection that waits. */
static void dismiss(struct generation *generation)
{
    for (size_t i = 0; i < generation->npools; i++)
        generation->pools[i]->is_last = sockets_are_last(&generation->pools[i]->sockets);
    generation_close(generation);
    generation->state = GENERATION_LEAVING;
}

/* Is there room for one more that leaves? If not, the oldest is hurried. */
static bool may_begin(struct master *master)
{
    struct generation *oldest = NULL;
    unsigned n = 0;

    list_for_each (&master->generations, node) {
        struct generation *generation = list_entry(node, struct generation, node);

        if (generation->state != GENERATION_LEAVING)
            continue;
        if (oldest == NULL)
            oldest = generation;
        n++;
    }
    if (n < OLD_GENERATIONS_MAX)
        return true;
    if (oldest->hurry_ns == 0) {
        log_info("reload (%s): first, generation %u has to leave", master->reload->next_why,
                 oldest->number);
        oldest->hurry_ns = clock_add(clock_now(), oldest->config->supervision.kill_timeout);
        supervisor_maintain(master);
    }
    return false;
}

static int load(const struct master *master, struct config **config, char *error, size_t size)
{
    const char *path = master->current->config->path;

    if (master_is_leaving(master)) {
        snprintf(error, size, "the server is stopping");
        return -ESHUTDOWN;
    }
    if (master->hooks->load != NULL)
        return master->hooks->load(config, error, size, master->hooks->arg);
    if (path != NULL)
        return config_load(path, config, error, size);
    snprintf(error, size, "there is no configuration file to read again");
    return -ENOENT;
}

/* The generation that the file asks for, with its sockets open; NULL with the reason. */
static struct generation *prepare(struct reload *reload, char *error, size_t size)
{
    struct master *master = reload->master;
    struct generation *generation;
    struct config *config = NULL;

    if (load(master, &config, error, size) < 0)
        return NULL;
    generation = generation_new(master, config);
    if (generation == NULL) {
        snprintf(error, size, "no memory");
        return NULL;
    }
    if (generation_open(generation, error, size) < 0) {
        generation_free(generation);
        return NULL;
    }
    reload->level_before = log_get_level();
    if (apply(config, (enum log_level)config->log.level, error, size) < 0) {
        generation_free(generation);
        return NULL;
    }
    reload->level_until_ns = master->log_level_until_ns;
    master->log_level_until_ns = 0;
    return generation;
}

static void begin(struct reload *reload)
{
    struct master *master = reload->master;
    char failure[POOL_TEXT_MAX] = "";

    reload->is_wanted = false;
    reload->nbegun++;
    reload->started_ns = clock_now();
    memcpy(reload->why, reload->next_why, sizeof(reload->why));
    if (!master_is_leaving(master))
        notify_reloading();
    log_info("reload (%s) begins", reload->why);
    reload->candidate = prepare(reload, failure, sizeof(failure));
    if (reload->candidate == NULL) {
        decide(reload, failure, NULL);
        return;
    }
    list_push_back(&master->generations, &reload->candidate->node);
    supervisor_maintain(master);
}

static void reject(struct reload *reload)
{
    struct generation *candidate = reload->candidate;
    char failure[POOL_TEXT_MAX];

    reload->candidate = NULL;
    memcpy(failure, candidate->failure, sizeof(failure));
    apply_again(reload, candidate->config);
    dismiss(candidate);
    supervisor_maintain(reload->master);
    decide(reload, failure, NULL);
}

static void commit(struct reload *reload)
{
    struct master *master = reload->master;
    struct generation *before = master->current, *after = reload->candidate;
    struct jsondoc *changes = reload_changes(before, after);

    reload->candidate = NULL;
    after->state = GENERATION_SERVING;
    master->current = after;
    for (size_t i = 0; i < after->npools; i++)
        sockets_adjust(&after->pools[i]->sockets);
    if (master->control != NULL)
        control_set_mode(master->control, after->config->control.mode);
    dismiss(before);
    supervisor_maintain(master);
    reload->changes = changes;
    reload->settle_until_ns = clock_add(clock_now(), SETTLE_NS);
    arm_in(reload, SETTLE_INTERVAL_S);
}

static bool accepts(const struct worker *worker)
{
    for (unsigned i = 0; i < worker->pool->config->threads; i++) {
        struct beat_view view;

        (void)beat_read(&worker->beats[i], &view);
        if (view.state < BEAT_DRAINING)
            return true;
    }
    return false;
}

static bool has_settled(const struct master *master)
{
    list_for_each (&master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        if (worker->state == WORKER_DRAINING && accepts(worker))
            return false;
    }
    return true;
}

static void settle(struct reload *reload)
{
    struct jsondoc *changes = reload->changes;

    if (clock_now() < reload->settle_until_ns && !master_is_leaving(reload->master) &&
        !has_settled(reload->master)) {
        arm_in(reload, SETTLE_INTERVAL_S);
        return;
    }
    reload->settle_until_ns = 0;
    reload->changes = NULL;
    decide(reload, NULL, changes);
}

static void turn_came(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct reload *reload = timer->data;

    if (reload->settle_until_ns != 0)
        settle(reload);
    else if (reload->candidate != NULL && reload->candidate->has_failed)
        reject(reload);
    else if (reload->candidate != NULL && generation_is_complete(reload->candidate))
        commit(reload);
    else if (reload->candidate == NULL && reload->is_wanted &&
             (master_is_leaving(reload->master) || may_begin(reload->master)))
        begin(reload);
}

/* ---- what others ask ---- */

int reload_open(struct master *master)
{
    struct reload *reload = calloc(1, sizeof(*reload));

    if (reload == NULL)
        return -ENOMEM;
    reload->master = master;
    ev_init(&reload->turn, turn_came);
    reload->turn.data = reload;
    master->reload = reload;
    return 0;
}

void reload_close(struct master *master)
{
    if (master->reload == NULL)
        return;
    ev_timer_stop(master->loop, &master->reload->turn);
    jsondoc_free(master->reload->verdict.changes);
    jsondoc_free(master->reload->changes);
    free(master->reload);
    master->reload = NULL;
}

uint64_t reload_request(struct master *master, const char *why)
{
    struct reload *reload = master->reload;

    if (reload->is_wanted)
        log_info("reload (%s): one is about to begin already", why);
    else
        snprintf(reload->next_why, sizeof(reload->next_why), "%s", why);
    reload->is_wanted = true;
    if (reload->candidate == NULL)
        arm(reload);
    return reload->nbegun + 1;
}

const struct reload_verdict *reload_verdict(const struct master *master, uint64_t ticket)
{
    return master->reload->ndecided >= ticket ? &master->reload->verdict : NULL;
}

const struct reload_verdict *reload_last(const struct master *master)
{
    return reload_verdict(master, 1);
}

bool reload_is_busy(const struct master *master)
{
    const struct reload *reload = master->reload;

    return reload->is_wanted || reload->candidate != NULL || reload->settle_until_ns != 0;
}

/* A turn with nothing to do costs nothing. */
void reload_check(struct master *master)
{
    const struct reload *reload = master->reload;
    const struct generation *candidate = reload->candidate;

    if (candidate != NULL ? candidate->has_failed || generation_is_complete(candidate)
                          : reload->is_wanted)
        arm(master->reload);
}

void reload_cancel(struct master *master)
{
    struct reload *reload = master->reload;

    if (reload->candidate != NULL)
        generation_fail(reload->candidate, "the server stops");
    if (reload_is_busy(master))
        arm(reload);
}
