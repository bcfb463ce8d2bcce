/* SPDX-License-Identifier: MIT */
#include "master/inquiry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/answer.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/control.h"
#include "master/master.h"

/* Answers that are read before it is the turn of other events. */
#define ANSWERS_PER_WAKE 16

static bool is_asked(const struct worker *worker, const struct worker *only)
{
    if (only)
        return worker == only;
    return worker->state == WORKER_READY || worker->state == WORKER_DRAINING;
}

static void ask(struct inquiry *inquiry, const struct worker *worker, const struct order *order)
{
    const struct config_pool *config = worker->pool->config;
    struct inquiry_reply *reply = &inquiry->replies[inquiry->n++];
    int rc = order_send(worker->order_fd, order);

    *reply = (struct inquiry_reply){
        .slot = worker->slot,
        .threads = config->threads,
        .is_blocking = config->tasks == 1,
        .pid = worker->pid,
        .is_pending = rc == 0,
        .result = rc,
    };
    snprintf(reply->pool, sizeof(reply->pool), "%s", config->name);
}

static size_t count_workers(const struct master *master)
{
    size_t n = 0;

    list_for_each (&master->workers, node)
        n++;
    return n;
}

struct inquiry *inquiry_new(struct master *master, struct order *order, struct worker *only,
                            int64_t patience_ns)
{
    struct inquiry *inquiry =
        calloc(1, sizeof(*inquiry) + count_workers(master) * sizeof(inquiry->replies[0]));

    if (!inquiry)
        return NULL;
    if (++master->inquiry_number == 0)
        master->inquiry_number = 1;
    order->number = master->inquiry_number;
    inquiry->order = *order;
    inquiry->master = master;
    inquiry->deadline_ns = clock_add(clock_now(), patience_ns);
    list_push_back(&master->inquiries, &inquiry->node);
    list_for_each (&master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        if (is_asked(worker, only))
            ask(inquiry, worker, order);
    }
    return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    list_remove(&inquiry->node);
    for (size_t i = 0; i < inquiry->n; i++)
        free(inquiry->replies[i].text);
    free(inquiry);
}

static bool is_pending(const struct inquiry *inquiry)
{
    for (size_t i = 0; i < inquiry->n; i++)
        if (inquiry->replies[i].is_pending)
            return true;
    return false;
}

bool inquiry_is_open(const struct inquiry *inquiry)
{
    return is_pending(inquiry) && clock_now() < inquiry->deadline_ns;
}

struct worker *inquiry_worker(const struct inquiry *inquiry, const struct inquiry_reply *reply)
{
    list_for_each (&inquiry->master->workers, node) {
        struct worker *worker = list_entry(node, struct worker, node);

        if (worker->pid == reply->pid)
            return worker;
    }
    return NULL;
}

/* ---- answers ---- */

static struct inquiry *find(const struct master *master, uint32_t number)
{
    list_for_each (&master->inquiries, node) {
        struct inquiry *inquiry = list_entry(node, struct inquiry, node);

        if (inquiry->order.number == number)
            return inquiry;
    }
    return NULL;
}

/* An answer to a question that nobody asks any more is dropped. */
static void take(const struct worker *worker, const struct answer *answer, int paper)
{
    struct inquiry *inquiry = find(worker->pool->master, answer->number);

    for (size_t i = 0; inquiry && i < inquiry->n; i++) {
        struct inquiry_reply *reply = &inquiry->replies[i];

        if (reply->pid != worker->pid || !reply->is_pending)
            continue;
        reply->is_pending = false;
        reply->result = answer->result;
        if (paper >= 0)
            reply->text = answer_read(paper, &reply->len);
    }
    if (inquiry && !is_pending(inquiry))
        control_resume(worker->pool->master->control);
}

static void answer_arrived(struct ev_loop *loop, ev_io *io, int events)
{
    const struct worker *worker = io->data;
    char name[POOL_NAME_MAX];

    for (int i = 0; i < ANSWERS_PER_WAKE; i++) {
        struct answer answer;
        int paper = -1, rc = answer_receive(io->fd, &answer, &paper);

        if (rc == 0)
            return;
        if (rc < 0) {
            /* Its end is told by the report pipe and the signal of its death. */
            if (rc != -EPIPE)
                log_warn("%s (pid %d) sent what is no answer",
                         pool_print_worker(worker, name, sizeof(name)), worker->pid);
            ev_io_stop(loop, io);
            return;
        }
        take(worker, &answer, paper);
        if (paper >= 0)
            close(paper);
    }
}

void inquiry_attach(struct worker *worker)
{
    ev_io_init(&worker->answer_io, answer_arrived, worker->order_fd, EV_READ);
    worker->answer_io.data = worker;
    ev_io_start(worker->pool->master->loop, &worker->answer_io);
}

void inquiry_detach(struct worker *worker)
{
    const struct master *master = worker->pool->master;

    ev_io_stop(master->loop, &worker->answer_io);
    /* It answers no more; the next tick resumes who waited. */
    list_for_each (&master->inquiries, node) {
        struct inquiry *inquiry = list_entry(node, struct inquiry, node);

        for (size_t i = 0; i < inquiry->n; i++) {
            struct inquiry_reply *reply = &inquiry->replies[i];

            if (reply->pid != worker->pid || !reply->is_pending)
                continue;
            reply->is_pending = false;
            reply->result = -ESRCH;
        }
    }
}

bool inquiry_is_vain(const struct worker *worker, char *text, size_t size)
{
    const struct config_pool *config = worker->pool->config;
    int64_t now = clock_now(), since;
    struct beat_view view;
    char name[POOL_NAME_MAX];

    if (config->threads != 1 || config->tasks == 1 || worker->ready_ns == 0)
        return false;
    (void)beat_read(&worker->beats[0], &view);
    since = view.beat_ns > worker->ready_ns ? view.beat_ns : worker->ready_ns;
    if (now - since < INQUIRY_PATIENCE_NS)
        return false;
    pool_print_worker(worker, name, sizeof(name));
    if (view.task_since_ns != 0)
        snprintf(text, size,
                 "worker %s (pid %d) does not answer: \"%s\" has held its loop for %.1f s%s", name,
                 (int)worker->pid, view.label,
                 (double)(now - view.task_since_ns) / (double)NS_PER_S,
                 config->slow_task > 0 ? " (its stack is in the log, by slow_task)" : "");
    else
        snprintf(text, size, "worker %s (pid %d) does not answer: no beat for %.1f s", name,
                 (int)worker->pid, (double)(now - since) / (double)NS_PER_S);
    return true;
}
