/* SPDX-License-Identifier: MIT */
/*
 * load.c - each worker is a pool of its own, because each has its own share of the
 * connections. The workers report like any others; what they counted is shown while they work, and
 * summed up at the end.
 */
#include "master/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/units.h"
#include "master/load_options.h"
#include "master/load_summary.h"
#include "master/master.h"

#define EXIT_USAGE 2

/* How often the workers tell what they counted, and how often that is shown. */
#define REPORT_INTERVAL   (250 * NS_PER_MS)
#define PROGRESS_INTERVAL NS_PER_S

/* Tasks of a load worker besides its connections'. */
#define OTHER_TASKS 8

enum progress { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_TERMINAL };

struct run {
    const struct load_options *options;
    struct metrics *now;
    struct metrics *before; /* at the last progress line */
    int64_t before_ns;
    enum progress progress;
    bool colour;
};

static enum progress choose_progress(const struct load_options *options)
{
    if (isatty(STDERR_FILENO))
        return PROGRESS_TERMINAL;
    return options->json ? PROGRESS_NONE : PROGRESS_LINES;
}

static void show_progress(struct run *run, double seconds)
{
    bool terminal = run->progress == PROGRESS_TERMINAL;
    bool red = terminal && run->colour && load_summary_errors(run->now) > 0;

    fputs(terminal ? "\r\033[K" : "", stderr);
    fputs(red ? "\033[31m" : "", stderr);
    load_summary_print_progress(stderr, run->options, run->now, run->before, seconds);
    fputs(red ? "\033[0m" : "", stderr);
    fputs(terminal ? "" : "\n", stderr);
    fflush(stderr);
}

static void on_tick(struct master *master, void *arg)
{
    struct run *run = arg;
    int64_t now_ns = clock_now();
    int64_t since = now_ns - run->before_ns;
    struct metrics *spare = run->before;

    /* A tick may come a little early. */
    if (run->progress == PROGRESS_NONE || since < PROGRESS_INTERVAL - NS_PER_S / 10)
        return;
    master_totals(master, run->now);
    show_progress(run, (double)since / NS_PER_S);
    run->before = run->now;
    run->now = spare;
    run->before_ns = now_ns;
}

static void on_finish(struct master *master, void *arg)
{
    struct run *run = arg;

    master_totals(master, run->now);
    if (run->progress == PROGRESS_TERMINAL)
        fputs("\r\033[K", stderr);
}

static int add_number(struct config_pool *pool, const char *name, int64_t value)
{
    char text[UNITS_TEXT_MAX];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    return config_add_option(pool, name, text);
}

static int add_duration(struct config_pool *pool, const char *name, int64_t ns)
{
    char text[UNITS_TEXT_MAX];

    return config_add_option(pool, name, units_print_duration(ns, text));
}

/* What worker number `index` gets of n. */
static int64_t share_of(int64_t n, const struct load_options *options, int64_t index)
{
    return n / options->workers + (index < n % options->workers);
}

static int add_worker(struct config *config, const struct load_options *options, int64_t index)
{
    int64_t connections = share_of(options->connections, options, index);
    int64_t requests = share_of(options->requests, options, index);
    struct config_pool *pool;
    char name[32];
    int rc;

    snprintf(name, sizeof(name), "load%lld", (long long)index);
    pool = config_add_pool(config, name, "load");
    if (!pool)
        return -ENOMEM;
    pool->workers = 1;
    pool->threads = 1;
    pool->tasks = (unsigned)connections + OTHER_TASKS;
    rc = config_add_option(pool, "url", options->url_text);
    rc = rc < 0 ? rc : add_number(pool, "connections", connections);
    /* 0 would be no limit for the one that has no share in it. */
    rc = rc < 0 ? rc : add_number(pool, "requests", options->requests && !requests ? 1 : requests);
    rc = rc < 0 ? rc : add_duration(pool, "warmup", options->warmup);
    rc = rc < 0 ? rc : add_duration(pool, "duration", options->duration);
    rc = rc < 0 ? rc : add_duration(pool, "timeout", options->timeout);
    return rc < 0 ? rc
                  : config_add_option(pool, "keepalive", options->no_keepalive ? "false" : "true");
}

/* NULL: no memory. */
static struct config *build_config(const struct load_options *options)
{
    struct config *config = config_new();
    char *none;

    if (!config)
        return NULL;
    none = strdup("none");
    if (!none)
        goto failed;
    free(config->control.socket);
    config->control.socket = none;
    config->log.level = LOG_LEVEL_WARN;
    config->supervision.report_interval = REPORT_INTERVAL;
    for (int64_t i = 0; i < options->workers; i++)
        if (add_worker(config, options, i) < 0)
            goto failed;
    return config;

failed:
    config_free(config);
    return NULL;
}

static bool ended_early(const struct load_options *options, const struct metrics *metrics)
{
    uint64_t whole = (uint64_t)(options->duration / NS_PER_US * options->workers);

    return options->requests == 0 && metric_get(metrics, METRIC_load_measured_us) < whole;
}

static int print_result(const struct run *run)
{
    bool early = ended_early(run->options, run->now);

    if (run->options->json)
        return load_summary_print_json(stdout, run->options, run->now, early);
    load_summary_print(stdout, run->options, run->now, early);
    return 0;
}

static bool anything_answered(const struct metrics *metrics)
{
    return metric_get(metrics, METRIC_load_requests) + metric_get(metrics, METRIC_load_unmeasured) >
           0;
}

/* config is taken. */
static int run_workers(const struct load_options *options, struct config *config,
                       worker_main_fn worker_main)
{
    struct run run = {
        .options = options,
        .now = metrics_new(),
        .before = metrics_new(),
        .before_ns = clock_now(),
        .progress = choose_progress(options),
        .colour = getenv("NO_COLOR") == NULL,
    };
    const struct master_hooks hooks = {
        .arg = &run, .tick = on_tick, .finish = on_finish, .oneshot = true};
    int code = EXIT_FAILURE;

    if (!run.now || !run.before) {
        fputs("coppice load: out of memory\n", stderr);
        config_free(config);
        goto out;
    }
    code = master_run(config, worker_main, &hooks);
    if (print_result(&run) < 0 || fflush(stdout) != 0 || !anything_answered(run.now))
        code = EXIT_FAILURE;

out:
    metrics_free(run.now);
    metrics_free(run.before);
    return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int load_main(int argc, char **argv, worker_main_fn worker_main)
{
    struct load_options options;
    struct config *config;
    char error[512];

    if (load_options_parse(argc, argv, &options, error, sizeof(error)) < 0) {
        fprintf(stderr, "coppice load: %s\n", error);
        return EXIT_USAGE;
    }
    if (options.help) {
        load_options_print_help(stdout);
        return EXIT_SUCCESS;
    }
    config = build_config(&options);
    if (!config) {
        fputs("coppice load: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    if (log_open(config->log.output, config->log.format, config->log.level) < 0)
        fputs("coppice load: what goes wrong cannot be logged\n", stderr);
    log_set_who("load");
    return run_workers(&options, config, worker_main);
}
