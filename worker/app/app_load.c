/* SPDX-License-Identifier: MIT */
/*
 * The load generator: a closed loop of clients, each a task.
 *
 * A client asks, waits for the whole answer and asks again, on one connection (keep-alive) or on a
 * new one each time. An answer counts in load_requests and load_latency when it comes in the
 * measured time, else, so that nothing is hidden, in load_unmeasured; failures count whenever they
 * happen. The latency of a request is from just before it is sent to its answer's last byte; with a
 * connection per request it begins with the connect, for which a user waits as well.
 *
 * At the end of the time each client finishes the request that it is in. What was counted goes up
 * the report pipe like any worker's metrics, and the master adds it up (master/load.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "worker/app/app.h"
#include "worker/app/load_plan.h"
#include "worker/http/http_client.h"
#include "worker/sync/group.h"

/* A client that fails waits before it tries again, twice as long each time. */
#define BACK_OFF_FIRST (10 * COP_MS)
#define BACK_OFF_LAST  COP_S

/* Clients start at this rate, so that the listen queue of the other side is not the first thing
 * measured. */
#define RAMP_PER_MS 20

/* How often the measured time is told. */
#define CLOCK_STEP (100 * COP_MS)

/* One per loop. */
struct load {
    char *url;
    unsigned connections;
    unsigned requests; /* end after so many measured answers; 0: when the time is over */
    cop_time warmup;
    cop_time duration; /* measured, after the warm-up */
    cop_time timeout;  /* of a connect, and of a request */
    bool keepalive;    /* false: a connection per request */
    struct load_plan plan;
    cop_time measure_from;
    cop_time measure_to;
    int64_t measured; /* answers */
    bool over;        /* start no more requests */
    bool complained;  /* the first failed connect was logged */
};

/* One connection's turn. */
struct client {
    struct load *load;
    struct cop_stream stream;
    struct http_client http;
    cop_time connecting; /* since when */
    unsigned failures;   /* connections in a row that gave no answer */
};

static void count_answer(struct client *client, cop_time started, uint64_t bytes)
{
    struct load *load = client->load;
    cop_time ended = cop_now();

    if (!load->keepalive)
        started = client->connecting;
    if (ended < load->measure_from || ended >= load->measure_to) {
        METRIC_ADD(load_unmeasured, 1);
        load->over = load->over || ended >= load->measure_to;
        return;
    }
    METRIC_ADD(load_requests, 1);
    METRIC_ADD(load_bytes_in, bytes);
    histogram_record(&metrics_here->histogram[HISTOGRAM_load_latency], ended - started);
    if (++load->measured == load->requests) {
        load->measure_to = ended;
        load->over = true;
    }
}

static void count_failure(int error)
{
    if (error == -ETIMEDOUT)
        METRIC_ADD(load_errors_timeout, 1);
    else if (error != -ECANCELED)
        METRIC_ADD(load_errors_io, 1);
}

/* One request over HTTP. Returns 1 when the connection takes another, 0 when it does not, or
 * -errno. */
static int ask_http(struct client *client, cop_time started)
{
    const struct load_plan *plan = &client->load->plan;
    struct http_client_answer answer;
    int rc = http_client_ask(&client->http, plan->request, plan->request_len, started, &answer);

    if (rc < 0)
        return rc;
    if (answer.status >= 400)
        METRIC_ADD(load_errors_status, 1);
    count_answer(client, started, answer.bytes);
    return answer.keep_alive;
}

/* All of an echo's answer. With room for more than that, so that a read that takes it all is short,
 * and the next one knows that there is nothing to ask the kernel for. */
static int read_echo(struct client *client, cop_time started)
{
    const struct load_plan *plan = &client->load->plan;
    char answer[2 * LOAD_PLAN_PING_LEN];
    size_t len = 0;

    while (len < plan->request_len) {
        ssize_t n = cop_read(&client->stream, answer + len, sizeof(answer) - len);

        if (n <= 0)
            return n < 0 ? (int)n : -ENODATA;
        len += (size_t)n;
        if (len < plan->request_len && cop_now() - started > client->load->timeout)
            return -ETIMEDOUT;
    }
    return len == plan->request_len && memcmp(answer, plan->request, len) == 0 ? 0 : -EBADMSG;
}

/* One message to an echo. */
static int ask_echo(struct client *client, cop_time started)
{
    const struct load_plan *plan = &client->load->plan;
    int rc = cop_write(&client->stream, plan->request, plan->request_len);

    rc = rc < 0 ? rc : read_echo(client, started);
    if (rc < 0)
        return rc;
    count_answer(client, started, plan->request_len);
    return 1;
}

/* The other side has said that this was its last answer: let it close first, so that the address is
 * in TIME_WAIT on its side and ours is free for the next connect. */
static void wait_for_end(struct client *client)
{
    char rest[64];

    if (cop_read(&client->stream, rest, sizeof(rest)) > 0)
        count_failure(-EBADMSG);
}

/* Ask on an open connection until it, or the time, is over. Returns how many answers came, or
 * -errno when it broke before the first. */
static int converse(struct client *client)
{
    struct load *load = client->load;
    bool http = load->plan.url.scheme == URL_HTTP;
    int answers = 0;
    int rc;

    do {
        cop_time started = cop_now();

        rc = http ? ask_http(client, started) : ask_echo(client, started);
        if (rc < 0) {
            count_failure(rc);
            return rc == -ECANCELED || answers == 0 ? rc : answers;
        }
        if (answers < INT32_MAX)
            answers++;
    } while (rc == 1 && load->keepalive && !load->over);
    if (http && rc == 0)
        wait_for_end(client);
    return answers;
}

static int open_connection(struct client *client)
{
    const struct load_plan *plan = &client->load->plan;
    struct cop_scope scope;
    int rc;

    client->connecting = cop_now();
    cop_scope_enter(&scope, clock_add(client->connecting, client->load->timeout));
    rc = cop_scope_exit(&scope, cop_connect(&client->stream, &plan->url.address));
    if (rc == -ECANCELED)
        return rc;
    if (rc < 0) {
        METRIC_ADD(load_errors_connect, 1);
        if (!client->load->complained)
            log_warn("cannot connect to %s: %s", plan->url.authority, strerror(-rc));
        client->load->complained = true;
        return rc;
    }
    METRIC_ADD(load_connects, 1);
    METRIC_ADD(load_connections, 1);
    http_client_init(&client->http, &client->stream, client->load->timeout);
    return 0;
}

static int use_connection(struct client *client)
{
    int rc = open_connection(client);

    if (rc < 0)
        return rc;
    rc = converse(client);
    METRIC_SUB(load_connections, 1);
    cop_stream_close(&client->stream);
    return rc;
}

/* Wait before the next try, but not past the end. */
static int back_off(struct client *client)
{
    unsigned doublings = client->failures < 8 ? client->failures : 8;
    cop_time wait = BACK_OFF_FIRST << doublings;
    cop_time left = client->load->measure_to - cop_now();

    if (wait > BACK_OFF_LAST)
        wait = BACK_OFF_LAST;
    client->failures++;
    return cop_sleep(wait < left ? wait : left);
}

static int run_client(void *arg)
{
    struct client client = {.load = arg};
    int rc = 0;

    while (!client.load->over && rc != -ECANCELED) {
        rc = use_connection(&client);
        if (rc >= 0)
            client.failures = 0;
        else if (rc != -ECANCELED)
            rc = back_off(&client);
    }
    return rc < 0 ? rc : 0;
}

/* Start those that are due by the clock: a busy loop wakes up late, and then has more to start. */
static int start_clients(struct load *load, struct cop_group *group)
{
    cop_time begun = cop_now();
    int64_t started = 0;
    int rc = 0;

    while (rc == 0 && started < load->connections && !load->over) {
        int64_t due = (1 + (cop_now() - begun) / COP_MS) * RAMP_PER_MS;

        for (; started < due && started < load->connections; started++)
            if (!cop_group_spawn(group, run_client, load))
                return -ENOMEM;
        rc = cop_sleep(started < load->connections ? COP_MS : 0);
    }
    return rc;
}

static void tell_measured_time(const struct load *load)
{
    cop_time now = cop_now();
    cop_time until = now < load->measure_to ? now : load->measure_to;

    if (until > load->measure_from)
        metric_set(metrics_here, METRIC_load_measured_us,
                   (uint64_t)(until - load->measure_from) / NS_PER_US);
}

static int watch_the_clock(struct load *load)
{
    int rc = 0;

    while (rc == 0 && !load->over) {
        cop_time left = load->measure_to - cop_now();

        tell_measured_time(load);
        if (left <= 0)
            load->over = true;
        else
            rc = cop_sleep(left < CLOCK_STEP ? left : CLOCK_STEP);
    }
    return rc;
}

static int load_run(struct cop_context *context)
{
    struct load *load = context->state;
    struct cop_group group;
    int rc;

    load->measure_from = clock_add(cop_now(), load->warmup);
    load->measure_to = clock_add(load->measure_from, load->duration);
    cop_group_enter(&group);
    rc = start_clients(load, &group);
    if (rc == 0)
        rc = watch_the_clock(load);
    load->over = true;
    tell_measured_time(load);
    rc = cop_group_exit(&group, rc);
    return rc == -ECANCELED ? 0 : rc;
}

static int load_start(struct cop_context *context)
{
    struct load *load = context->state;

    return load_plan_make(&load->plan, load->url, load->keepalive, context->error,
                          context->error_size);
}

static const struct config_key options[] = {
    COP_OPTION(struct load, url, CONFIG_STRING, NULL, 1, 4000, "what is asked"),
    COP_OPTION(struct load, connections, CONFIG_INTEGER, "16", 1, UINT32_MAX, "clients at once"),
    COP_OPTION(struct load, requests, CONFIG_INTEGER, "0", 0, UINT32_MAX,
               "end after so many measured answers; 0: no limit"),
    COP_OPTION(struct load, warmup, CONFIG_DURATION, "0", 0, INT64_MAX, "time before it counts"),
    COP_OPTION(struct load, duration, CONFIG_DURATION, "10s", 1, INT64_MAX, "time that counts"),
    COP_OPTION(struct load, timeout, CONFIG_DURATION, "5s", 1, INT64_MAX,
               "of a connect, and of a request"),
    COP_OPTION(struct load, keepalive, CONFIG_BOOL, "true", 0, 0,
               "false: a connection per request"),
    COP_OPTIONS_END,
};

extern const struct cop_app app_load;

const struct cop_app app_load = {
    .name = "load",
    .help = "sends requests and measures the answers (coppice load)",
    .state_size = sizeof(struct load),
    .options = options,
    .start = load_start,
    .run = load_run,
};
