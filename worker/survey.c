/* SPDX-License-Identifier: MIT */
/*
 * A question is on the heap until each of its parts has come back, though its answer may have been
 * sent long before: a part that went to a loop cannot be called back.
 */
#include "worker/survey.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/answer.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/survey_tasks.h"
#include "worker/task/inspect.h"
#include "worker/task/printer.h"
#include "worker/task/profiler.h"
#include "worker/task/sched.h"

/* The master gives up after a second. */
#define DEADLINE_NS (700 * NS_PER_MS)

/* Rows of all loops together. */
#define ROWS_MAX 2000

struct part {
    struct question *question;
    struct serving *serving;
    struct loop_message go;
    struct loop_message back;
    bool is_out; /* on its way, or with the loop */
    bool is_told;
    int result;
    int paper; /* text; -1: none */
    struct jsondoc *rows;
};

struct question {
    struct list node;
    struct survey *survey;
    struct order order;
    struct loop_ticker *ticker; /* the deadline, or the end of sampling */
    bool is_sampling;
    bool is_sent;
    size_t nparts;
    struct part parts[];
};

struct survey {
    struct cop_loop *loop;
    struct serving *servings;
    size_t nservings;
    int order_fd;
    struct list questions;
};

/* ---- a part, on the loop's thread ---- */

static enum cop_profile profile_kind(const struct question *question)
{
    return question->order.flags & ORDER_FLAG_WAIT ? COP_PROFILE_WAIT : COP_PROFILE_CPU;
}

static int write_tasks(struct part *part)
{
    struct printer printer;

    part->paper = answer_open_paper();
    if (part->paper < 0)
        return part->paper;
    printer_init(&printer, part->paper);
    print_text(&printer, "loop ");
    print_number(&printer, (uint64_t)(part - part->question->parts));
    print_text(&printer, ": ");
    print_number(&printer, part->serving->loop->ntasks);
    print_text(&printer, " tasks\n");
    inspect_print(&printer, part->serving->loop, NULL);
    return printer_flush(&printer);
}

static int write_profile(struct part *part)
{
    struct printer printer;

    part->paper = answer_open_paper();
    if (part->paper < 0)
        return part->paper;
    printer_init(&printer, part->paper);
    return profile_stop(part->serving->loop, &printer);
}

static void tell(struct part *part)
{
    const struct question *question = part->question;
    const struct order *order = &question->order;
    struct cop_loop *loop = part->serving->loop;

    if (order->type == ORDER_TASKS)
        part->rows = survey_tasks(loop, order->argument, order->flags & ORDER_FLAG_STACK,
                                  ROWS_MAX / question->nparts + 1);
    else if (order->type == ORDER_DUMP)
        part->result = write_tasks(part);
    else if (question->is_sampling)
        part->result = profile_start(loop, profile_kind(question));
    else if (part->result >= 0)
        part->result = write_profile(part);
}

/* The loop of a part, or NULL when its thread has ended. Only under the census's lock is that
 * certain. */
static struct cop_loop *find_loop(const struct part *part)
{
    for (struct cop_loop *loop = census_next(NULL); loop; loop = census_next(loop))
        if (loop == part->serving->loop)
            return loop;
    return NULL;
}

/* ---- the answer ---- */

static void free_question(struct question *question)
{
    list_remove(&question->node);
    loop_ticker_free(question->ticker);
    for (size_t i = 0; i < question->nparts; i++) {
        jsondoc_free(question->parts[i].rows);
        if (question->parts[i].paper >= 0)
            close(question->parts[i].paper);
    }
    free(question);
}

/* {"loops": [{"answers": true, "tasks": [rows]}]}, one for each loop, in order. */
static int compose_tasks(struct question *question, struct printer *printer)
{
    struct jsondoc *answer = jsondoc_object(), *loops = jsondoc_array();
    char *text;

    for (size_t i = 0; i < question->nparts; i++) {
        struct part *part = &question->parts[i];
        struct jsondoc *loop = jsondoc_object();

        jsondoc_set(loop, "answers", jsondoc_bool(part->is_told));
        jsondoc_set(loop, "tasks", part->is_told ? part->rows : jsondoc_array());
        if (part->is_told)
            part->rows = NULL;
        jsondoc_push(loops, loop);
    }
    jsondoc_set(answer, "loops", loops);
    text = jsondoc_print(answer, false);
    jsondoc_free(answer);
    if (!text)
        return -ENOMEM;
    print_text(printer, text);
    free(text);
    return 0;
}

/* What the loops wrote, one after the other. Returns how many bytes, or the first error. */
static int copy_papers(struct question *question, struct printer *printer)
{
    int total = 0, rc = 0;

    for (size_t i = 0; i < question->nparts; i++) {
        struct part *part = &question->parts[i];
        size_t len = 0;
        char *text;

        if (part->is_told && part->result < 0)
            rc = part->result;
        if (!part->is_told || part->paper < 0)
            continue;
        text = answer_read(part->paper, &len);
        if (text)
            print_bytes(printer, text, len);
        free(text);
        total += (int)len;
    }
    return total > 0 || rc == 0 ? total : rc;
}

/* Threads that a task holds, or that block, take no messages; they take signals. */
static void dump_the_silent(struct question *question)
{
    census_lock();
    for (size_t i = 0; i < question->nparts; i++) {
        const struct cop_loop *loop = find_loop(&question->parts[i]);

        if (loop && !question->parts[i].is_told)
            (void)census_ask(loop, PROBE_DUMP);
    }
    census_unlock();
}

static int compose(struct question *question, int paper)
{
    struct printer printer;
    int rc, flushed;

    if (question->order.type == ORDER_DUMP)
        log_info("dump of tasks:");
    printer_init(&printer, question->order.type == ORDER_DUMP ? log_fd() : paper);
    rc = question->order.type == ORDER_TASKS ? compose_tasks(question, &printer)
                                             : copy_papers(question, &printer);
    flushed = printer_flush(&printer);
    if (question->order.type == ORDER_DUMP)
        dump_the_silent(question);
    return rc < 0 ? rc : flushed < 0 ? flushed : rc;
}

static void send_answer(struct question *question)
{
    struct answer answer = {.number = question->order.number};
    int paper = answer_open_paper(), rc;

    question->is_sent = true;
    answer.result = paper < 0 ? paper : compose(question, paper);
    rc = answer_send(question->survey->order_fd, &answer, paper);
    if (rc < 0)
        log_warn("an answer to the master got lost: error %d", -rc);
    if (paper >= 0)
        close(paper);
}

/* ---- asking the loops ---- */

static bool is_out(const struct question *question)
{
    for (size_t i = 0; i < question->nparts; i++)
        if (question->parts[i].is_out)
            return true;
    return false;
}

static void go_on(struct question *question)
{
    bool waits = is_out(question);

    if (!question->is_sent && !question->is_sampling && !waits)
        send_answer(question);
    if (question->is_sent && !waits)
        free_question(question);
}

static void came_back(struct loop_message *message)
{
    struct part *part = list_entry(message, struct part, back);

    part->is_out = false;
    part->is_told = true;
    go_on(part->question);
}

static void tell_and_return(struct loop_message *message)
{
    struct part *part = list_entry(message, struct part, go);

    tell(part);
    part->back.fn = came_back;
    loop_post(part->question->survey->loop, &part->back);
}

static void post(struct part *part)
{
    struct cop_loop *loop;

    census_lock();
    loop = find_loop(part);
    part->is_out = loop && !loop->blocking;
    part->go.fn = tell_and_return;
    if (part->is_out)
        loop_post(loop, &part->go);
    census_unlock();
}

/* A CPU profile of another thread's loop needs no help from it. */
static bool profile_from_here(struct part *part)
{
    if (part->question->order.type != ORDER_PROFILE ||
        profile_kind(part->question) != COP_PROFILE_CPU)
        return false;
    census_lock();
    part->is_told = find_loop(part) != NULL;
    if (part->is_told)
        tell(part);
    census_unlock();
    return true;
}

static void ask_loops(struct question *question)
{
    for (size_t i = 0; i < question->nparts; i++) {
        struct part *part = &question->parts[i];

        if (part->is_out || !part->serving->is_started || part->serving->is_left)
            continue;
        part->is_told = false;
        if (part->serving->on_main) {
            tell(part);
            part->is_told = true;
        } else if (!profile_from_here(part)) {
            post(part);
        }
    }
}

static void time_is_up(void *arg, int64_t late_ns);

static void set_deadline(struct question *question, int64_t ns)
{
    loop_ticker_free(question->ticker);
    question->ticker = loop_ticker_new(question->survey->loop, ns, time_is_up, question);
}

static void time_is_up(void *arg, int64_t late_ns)
{
    struct question *question = arg;

    if (question->is_sampling) {
        question->is_sampling = false;
        set_deadline(question, DEADLINE_NS);
        ask_loops(question);
    } else if (!question->is_sent) {
        send_answer(question);
    }
    go_on(question);
}

void survey_answer(struct survey *survey, const struct order *order)
{
    size_t n = survey->nservings;
    struct question *question = calloc(1, sizeof(*question) + n * sizeof(question->parts[0]));

    /* No answer is an answer: the master has a deadline. */
    if (!question)
        return;
    *question = (struct question){.survey = survey,
                                  .order = *order,
                                  .is_sampling = order->type == ORDER_PROFILE,
                                  .nparts = n};
    list_push_back(&survey->questions, &question->node);
    for (size_t i = 0; i < n; i++)
        question->parts[i] =
            (struct part){.question = question, .serving = &survey->servings[i], .paper = -1};
    set_deadline(question, question->is_sampling ? order->argument : DEADLINE_NS);
    ask_loops(question);
    go_on(question);
}

struct survey *survey_start(struct cop_loop *loop, struct serving *servings, size_t nservings,
                            int order_fd)
{
    struct survey *survey = calloc(1, sizeof(*survey));

    if (!survey)
        return NULL;
    survey->loop = loop;
    survey->servings = servings;
    survey->nservings = nservings;
    survey->order_fd = order_fd;
    list_init(&survey->questions);
    return survey;
}

void survey_stop(struct survey *survey)
{
    if (!survey)
        return;
    list_for_each_safe (&survey->questions, node)
        free_question(list_entry(node, struct question, node));
    free(survey);
}
