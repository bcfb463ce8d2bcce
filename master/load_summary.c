/* SPDX-License-Identifier: MIT */
/*
 * load_summary.c - all rates are over the time that the workers say they measured, not over the
 * master's clock, so that neither start-up nor the last requests' end blur them.
 */
#include "master/load_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jsondoc.h"
#include "common/units.h"

/* A quantile is told to people when at least so many answers lie beyond it. */
#define ANSWERS_BEYOND 10

static const struct {
    const char *name;
    const char *key;
    double quantile;
} quantiles[] = {
    {"p50", "p50", 0.5},
    {"p90", "p90", 0.9},
    {"p99", "p99", 0.99},
    {"p99.9", "p999", 0.999},
};

static const struct {
    const char *name;
    enum metric metric;
} errors[] = {
    {"connect", METRIC_load_errors_connect},
    {"broken", METRIC_load_errors_io},
    {"timeout", METRIC_load_errors_timeout},
    {"status", METRIC_load_errors_status},
};

#define NQUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))
#define NERRORS    (sizeof(errors) / sizeof(errors[0]))

static const struct histogram *latency_of(const struct metrics *metrics)
{
    return &metrics->histogram[HISTOGRAM_load_latency];
}

static double measured_seconds(const struct load_options *options, const struct metrics *metrics)
{
    return (double)metric_get(metrics, METRIC_load_measured_us) / 1e6 / (double)options->workers;
}

static double per_second(uint64_t n, double seconds)
{
    return seconds > 0 ? (double)n / seconds : 0;
}

uint64_t load_summary_errors(const struct metrics *metrics)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < NERRORS; i++)
        sum += metric_get(metrics, errors[i].metric);
    return sum;
}

/* Three digits that count, with a unit. */
static const char *duration_text(double ns, char text[16])
{
    if (ns < 1e6)
        snprintf(text, 16, "%.*fus", ns < 1e5 ? 1 : 0, ns / 1e3);
    else if (ns < 1e9)
        snprintf(text, 16, "%.*fms", ns < 1e7 ? 2 : ns < 1e8 ? 1 : 0, ns / 1e6);
    else
        snprintf(text, 16, "%.2fs", ns / 1e9);
    return text;
}

static const char *bytes_text(double bytes, char text[16])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;

    while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, 16, "%.*f %s", unit && bytes < 100 ? 1 : 0, bytes, units[unit]);
    return text;
}

static void print_latency(FILE *stream, const struct histogram *latency)
{
    uint64_t n = histogram_total(latency);
    char text[16];

    if (n == 0) {
        fputs("latency   nothing was answered in the measured time\n", stream);
        return;
    }
    fprintf(stream, "latency   mean %s", duration_text(histogram_mean_ns(latency), text));
    for (size_t i = 0; i < NQUANTILES; i++) {
        bool known = (double)n * (1 - quantiles[i].quantile) >= ANSWERS_BEYOND;
        double ns = (double)histogram_quantile_ns(latency, quantiles[i].quantile);

        fprintf(stream, "  %s %s", quantiles[i].name, known ? duration_text(ns, text) : "-");
    }
    fprintf(stream, "  max %s\n", duration_text((double)histogram_quantile_ns(latency, 1), text));
}

void load_summary_print(FILE *stream, const struct load_options *options,
                        const struct metrics *metrics, bool interrupted)
{
    double seconds = measured_seconds(options, metrics);
    uint64_t requests = metric_get(metrics, METRIC_load_requests);
    uint64_t unmeasured = metric_get(metrics, METRIC_load_unmeasured);
    uint64_t bytes = metric_get(metrics, METRIC_load_bytes_in);
    uint64_t user = metric_get(metrics, METRIC_cpu_user_us);
    uint64_t system = metric_get(metrics, METRIC_cpu_system_us);
    uint64_t answers = requests + unmeasured;
    char warmup[UNITS_TEXT_MAX];
    char total[16];
    char rate[16];

    fprintf(stream, "%s, %lld connections, %s, %lld worker%s, %.2f s measured after %s%s\n\n",
            options->url_text, (long long)options->connections,
            options->no_keepalive ? "one request each, connect included" : "keep-alive",
            (long long)options->workers, options->workers == 1 ? "" : "s", seconds,
            units_print_duration(options->warmup, warmup), interrupted ? " (ended early)" : "");
    fprintf(stream, "requests  %" PRIu64 " (and %" PRIu64 " unmeasured)  %.0f/s\n", requests,
            unmeasured, per_second(requests, seconds));
    print_latency(stream, latency_of(metrics));
    fprintf(stream, "bytes     %s  %s/s\n", bytes_text((double)bytes, total),
            bytes_text(per_second(bytes, seconds), rate));
    fprintf(stream, "connects  %" PRIu64 "\n", metric_get(metrics, METRIC_load_connects));
    fputs("errors   ", stream);
    for (size_t i = 0; i < NERRORS; i++)
        fprintf(stream, " %" PRIu64 " %s%s", metric_get(metrics, errors[i].metric), errors[i].name,
                i + 1 < NERRORS ? "," : "\n");
    fprintf(stream, "own CPU   %.2f s user, %.2f s system, %.1f us per request\n",
            (double)user / 1e6, (double)system / 1e6,
            answers ? (double)(user + system) / (double)answers : 0.0);
}

static struct jsondoc *number(uint64_t value)
{
    return jsondoc_integer((int64_t)value);
}

static struct jsondoc *metric_json(const struct metrics *metrics, enum metric id)
{
    return number(metric_get(metrics, id));
}

static struct jsondoc *errors_json(const struct metrics *metrics)
{
    struct jsondoc *object = jsondoc_object();

    for (size_t i = 0; i < NERRORS; i++)
        jsondoc_set(object, errors[i].name, metric_json(metrics, errors[i].metric));
    return object;
}

static struct jsondoc *latency_json(const struct histogram *latency)
{
    struct jsondoc *object = jsondoc_object();

    jsondoc_set(object, "count", number(histogram_total(latency)));
    jsondoc_set(object, "mean", jsondoc_integer((int64_t)histogram_mean_ns(latency)));
    for (size_t i = 0; i < NQUANTILES; i++)
        jsondoc_set(object, quantiles[i].key,
                    jsondoc_integer(histogram_quantile_ns(latency, quantiles[i].quantile)));
    jsondoc_set(object, "max", jsondoc_integer(histogram_quantile_ns(latency, 1)));
    return object;
}

int load_summary_print_json(FILE *stream, const struct load_options *options,
                            const struct metrics *metrics, bool interrupted)
{
    double seconds = measured_seconds(options, metrics);
    struct jsondoc *object = jsondoc_object();
    char *text;

    jsondoc_set(object, "url", jsondoc_string(options->url_text));
    jsondoc_set(object, "connections", jsondoc_integer(options->connections));
    jsondoc_set(object, "workers", jsondoc_integer(options->workers));
    jsondoc_set(object, "keepalive", jsondoc_bool(!options->no_keepalive));
    jsondoc_set(object, "interrupted", jsondoc_bool(interrupted));
    jsondoc_set(object, "warmup_ns", jsondoc_integer(options->warmup));
    jsondoc_set(object, "measured_ns", jsondoc_integer((int64_t)(seconds * 1e9)));
    jsondoc_set(object, "requests", metric_json(metrics, METRIC_load_requests));
    jsondoc_set(object, "requests_unmeasured", metric_json(metrics, METRIC_load_unmeasured));
    jsondoc_set(object, "requests_per_second",
                jsondoc_real(per_second(metric_get(metrics, METRIC_load_requests), seconds)));
    jsondoc_set(object, "latency_ns", latency_json(latency_of(metrics)));
    jsondoc_set(object, "bytes", metric_json(metrics, METRIC_load_bytes_in));
    jsondoc_set(object, "connects", metric_json(metrics, METRIC_load_connects));
    jsondoc_set(object, "errors", errors_json(metrics));
    jsondoc_set(object, "cpu_user_us", metric_json(metrics, METRIC_cpu_user_us));
    jsondoc_set(object, "cpu_system_us", metric_json(metrics, METRIC_cpu_system_us));

    text = jsondoc_print(object, false);
    jsondoc_free(object);
    if (!text)
        return -ENOMEM;
    fprintf(stream, "%s\n", text);
    free(text);
    return 0;
}

void load_summary_print_progress(FILE *stream, const struct load_options *options,
                                 const struct metrics *metrics, const struct metrics *before,
                                 double seconds)
{
    double measured = measured_seconds(options, metrics);
    uint64_t now =
        metric_get(metrics, METRIC_load_requests) + metric_get(metrics, METRIC_load_unmeasured);
    uint64_t then =
        metric_get(before, METRIC_load_requests) + metric_get(before, METRIC_load_unmeasured);
    const struct histogram *latency = latency_of(metrics);
    bool known = histogram_total(latency) > 0;
    char p50[16];
    char p99[16];

    if (measured > 0)
        fprintf(stream, "%5.1f s of %g", measured, (double)options->duration / NS_PER_S);
    else
        fprintf(stream, "%-12s", "warm-up");
    fprintf(stream, "  %8.0f/s  p50 %s  p99 %s  %" PRIu64 " connections  %" PRIu64 " errors",
            per_second(now - then, seconds),
            known ? duration_text((double)histogram_quantile_ns(latency, 0.5), p50) : "-",
            known ? duration_text((double)histogram_quantile_ns(latency, 0.99), p99) : "-",
            metric_get(metrics, METRIC_load_connections), load_summary_errors(metrics));
}
