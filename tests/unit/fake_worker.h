/* SPDX-License-Identifier: MIT */
/*
 * fake_worker.h - a worker that does as the pool's option `mode` says, and a master of such workers
 * in a process of its own, for the tests of the master.
 *
 * A good one counts 10 requests before its first report and 5 more that it reports only when it
 * drains.
 */
#ifndef COPPICE_FAKE_WORKER_H
#define COPPICE_FAKE_WORKER_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/jsondoc.h"
#include "common/log.h"
#include "common/order.h"
#include "common/report.h"
#include "master/master.h"

#define FAKE_REPORTED   10
#define FAKE_UNREPORTED 5

/* ---- the worker ---- */

static inline int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 3; /* ".", ".." and the directory itself */
}

static inline void fake_count(struct metrics *metrics, uint64_t n)
{
    metric_add(metrics, METRIC_requests, n);
    histogram_record_n(&metrics->histogram[HISTOGRAM_request_duration], NS_PER_MS, n);
}

static inline void fake_send_all(struct report_writer *writers, const struct heritage *heritage)
{
    for (unsigned i = 0; i < heritage->pool->threads; i++)
        (void)report_send_metrics(&writers[i], heritage->metrics[i]);
}

/* Beat and obey until told to leave. */
static inline int fake_serve(const struct heritage *heritage, struct report_writer *writers,
                             bool beats)
{
    struct pollfd pollfd = {.fd = heritage->order_fd, .events = POLLIN};

    for (;;) {
        struct order order;
        int rc;

        for (unsigned i = 0; beats && i < heritage->pool->threads; i++)
            beat_tick(&heritage->beats[i], clock_now(), 0, 1, 2, 1);
        (void)poll(&pollfd, 1, 20);
        rc = order_receive(heritage->order_fd, &order);
        if (rc == -EPIPE)
            return 1;
        if (rc == 1 && (order.type == ORDER_DRAIN || order.type == ORDER_STOP))
            break;
    }
    fake_send_all(writers, heritage);
    for (unsigned i = 0; i < heritage->pool->threads; i++)
        (void)report_send_bye(&writers[i]);
    return 0;
}

static inline int fake_worker(const struct heritage *heritage)
{
    const char *mode = heritage->pool->noptions > 0 ? heritage->pool->options[0].value : "good";
    struct report_writer writers[8] = {{0}};

    for (unsigned i = 0; i < heritage->pool->threads; i++)
        writers[i] = (struct report_writer){
            .fd = heritage->report_fd, .loop = (uint16_t)i, .generation = heritage->generation};
    (void)report_send_hello(&writers[0]);
    if (strcmp(mode, "crash") == 0)
        return 1;
    if (strcmp(mode, "fatal") == 0) {
        (void)report_send_fatal(&writers[0], "no such app");
        return EXIT_CANNOT_START;
    }
    if (strcmp(mode, "unready") == 0)
        return fake_serve(heritage, writers, true);
    if (strcmp(mode, "descriptors") == 0)
        metric_set(heritage->metrics[0], METRIC_rss_bytes, (uint64_t)count_descriptors());
    for (unsigned i = 0; i < heritage->pool->threads; i++)
        fake_count(heritage->metrics[i], FAKE_REPORTED);
    fake_send_all(writers, heritage);
    for (unsigned i = 0; i < heritage->pool->threads; i++)
        fake_count(heritage->metrics[i], FAKE_UNREPORTED);
    if (strcmp(mode, "oneshot") == 0) {
        fake_send_all(writers, heritage);
        (void)report_send_bye(&writers[0]);
        return 0;
    }
    (void)report_send_ready(&writers[0], "/");
    if (strcmp(mode, "garbage") == 0 && heritage->slot == 0)
        ck_assert_int_gt(write(heritage->report_fd, "this is no report, is it?  no, it is not", 40),
                         0);
    if (strcmp(mode, "deaf") == 0) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        for (;;)
            pause();
    }
    return fake_serve(heritage, writers, strcmp(mode, "hang") != 0);
}

/* ---- the master ---- */

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

struct fixture {
    struct config *config;
    struct config_pool *pool;
    struct master_hooks hooks;
    char dir[64];
    char socket[96];
    pid_t pid;
};

static struct fixture fixture;

static inline void fixture_setup(void)
{
    struct config *config = config_new();

    memset(&fixture, 0, sizeof(fixture));
    snprintf(fixture.dir, sizeof(fixture.dir), "/tmp/coppice-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture.dir));
    snprintf(fixture.socket, sizeof(fixture.socket), "%s/control.sock", fixture.dir);
    ck_assert_ptr_nonnull(config);
    free(config->control.socket);
    config->control.socket = strdup(fixture.socket);
    config->supervision.report_interval = 100 * NS_PER_MS;
    fixture.config = config;
    fixture.pool = config_add_pool(config, "web", "fake");
    ck_assert_ptr_nonnull(fixture.pool);
    fixture.pool->workers = 2;
    fixture.pool->threads = 1;
    fixture.pool->tasks = 100;
}

static inline void fixture_teardown(void)
{
    if (fixture.pid > 0) {
        kill(fixture.pid, SIGKILL);
        waitpid(fixture.pid, NULL, 0);
    }
    unlink(fixture.socket);
    rmdir(fixture.dir);
    config_free(fixture.config);
}

static inline void fixture_mode(const char *mode)
{
    ck_assert_int_eq(config_add_option(fixture.pool, "mode", mode), 0);
}

static inline void fixture_start(void)
{
    fflush(NULL);
    fixture.pid = fork();
    ck_assert_int_ge(fixture.pid, 0);
    if (fixture.pid == 0) {
        int code;

        log_set_level(getenv("FAKE_VERBOSE") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR + 1);
        code = master_run(fixture.config, fake_worker, &fixture.hooks);
        /* There under the address sanitizer. */
        if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
            code = 99;
        _exit(code);
    }
}

/* Wait for the master to leave; returns its exit code, or -1 when it was killed. */
static inline int fixture_wait(void)
{
    int status;

    ck_assert_int_eq(waitpid(fixture.pid, &status, 0), fixture.pid);
    fixture.pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- its control socket ---- */

/* Connect, and wait for the master to be there. */
static inline int control_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t deadline = clock_now() + 10 * NS_PER_S;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture.socket);
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return fd;
        close(fd);
        ck_assert_msg(clock_now() < deadline, "no control socket");
        poll(NULL, 0, 5);
    }
}

static inline void control_send(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        ck_assert_int_gt(n, 0);
        text += n;
        len -= (size_t)n;
    }
}

/* One line without its end, in memory of the caller's; NULL at the end of the connection. */
static inline char *control_line(int fd)
{
    size_t size = 4 * 1024 * 1024, len = 0;
    char *line = malloc(size);

    ck_assert_ptr_nonnull(line);
    while (len < size - 1 && recv(fd, line + len, 1, 0) == 1) {
        if (line[len] == '\n') {
            line[len] = 0;
            return line;
        }
        len++;
    }
    free(line);
    return NULL;
}

/* Ask in JSON; the reply is the caller's. */
static inline struct jsondoc *control_ask_on(int fd, const char *request)
{
    char error[256], *line;
    struct jsondoc *reply;

    control_send(fd, request, strlen(request));
    control_send(fd, "\n", 1);
    line = control_line(fd);
    ck_assert_msg(line != NULL, "no answer to %s", request);
    reply = jsondoc_parse(line, strlen(line), error, sizeof(error));
    ck_assert_msg(reply != NULL, "%s: %s", error, line);
    free(line);
    return reply;
}

static inline struct jsondoc *control_ask(const char *request)
{
    int fd = control_connect();
    struct jsondoc *reply = control_ask_on(fd, request);

    close(fd);
    return reply;
}

static inline const struct jsondoc *reply_rows(const struct jsondoc *reply, const char *name)
{
    return jsondoc_get(jsondoc_get(reply, "data"), name);
}

static inline int64_t row_number(const struct jsondoc *rows, size_t i, const char *name)
{
    return jsondoc_integer_value(jsondoc_get(jsondoc_at(rows, i), name), -1);
}

/* Ask until the first pool has n ready workers. */
static inline void wait_ready(int64_t n)
{
    int64_t deadline = clock_now() + 20 * NS_PER_S, ready;

    do {
        struct jsondoc *reply = control_ask("{\"command\":\"status\"}");

        ready = row_number(reply_rows(reply, "pools"), 0, "workers_ready");
        jsondoc_free(reply);
        ck_assert_msg(clock_now() < deadline, "%lld of %lld workers are ready", (long long)ready,
                      (long long)n);
        if (ready != n)
            poll(NULL, 0, 10);
    } while (ready != n);
}

/* The pid of the worker in a slot, -1 for none. */
static inline pid_t worker_pid(int64_t slot)
{
    struct jsondoc *reply = control_ask("{\"command\":\"workers\"}");
    const struct jsondoc *rows = reply_rows(reply, "workers");
    int64_t pid = -1;

    for (size_t i = 0; i < jsondoc_len(rows); i++)
        if (row_number(rows, i, "slot") == slot)
            pid = row_number(rows, i, "pid");
    jsondoc_free(reply);
    return (pid_t)pid;
}

/* kill(2) takes -1 for everybody, so look first. */
static inline void kill_worker(pid_t pid, int number)
{
    ck_assert_int_gt(pid, 1);
    ck_assert_int_eq(kill(pid, number), 0);
}

/* Wait for another worker in the slot than pid. */
static inline pid_t wait_replaced(int64_t slot, pid_t pid)
{
    int64_t deadline = clock_now() + 20 * NS_PER_S;

    for (;;) {
        pid_t now = worker_pid(slot);

        if (now > 0 && now != pid)
            return now;
        ck_assert_msg(clock_now() < deadline, "worker %d is not replaced", (int)pid);
        poll(NULL, 0, 10);
    }
}

static inline int64_t total(const char *metric)
{
    struct jsondoc *reply = control_ask("{\"command\":\"stats\"}");
    const struct jsondoc *pool = jsondoc_at(reply_rows(reply, "pools"), 0);
    int64_t value = jsondoc_integer_value(jsondoc_get(jsondoc_get(pool, "metrics"), metric), -1);

    jsondoc_free(reply);
    return value;
}

#endif
