/* SPDX-License-Identifier: MIT */
#include "worker/model/model.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "tests/unit/suite.h"
#include "worker/stream/stream.h"
#include "worker/sync/event.h"
#include "worker/task/sched.h"
#include "worker/task/task.h"

#define NCLIENTS    3
#define PATIENCE_NS (10 * NS_PER_S)

static struct cop_event last_came;
static uint64_t ids[NCLIENTS];
static unsigned nserved;
static bool has_left;

/* All but the last connection wait until the last one is served. */
static enum cop_verdict serve(struct cop_connection *connection, void *arg)
{
    char byte;
    ssize_t n = cop_read(&connection->stream, &byte, 1);

    if (n <= 0)
        return n == -EAGAIN ? COP_PARK : COP_CLOSE;
    ids[nserved++] = cop_task_id(cop_current_task());
    if (nserved == NCLIENTS)
        cop_event_set(&last_came);
    else if (cop_event_wait(&last_came) < 0)
        return COP_CLOSE;
    return cop_write(&connection->stream, &byte, 1) < 0 ? COP_CLOSE : COP_PARK;
}

static void left(void *arg)
{
    has_left = true;
}

static int listen_here(struct sockaddr_in *address)
{
    socklen_t len = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(fd, (struct sockaddr *)address, len), 0);
    ck_assert_int_eq(listen(fd, NCLIENTS), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static void connect_all(struct model_tasks *model, const struct sockaddr_in *address,
                        int clients[NCLIENTS])
{
    cop_time deadline = cop_now() + PATIENCE_NS;

    for (int i = 0; i < NCLIENTS; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        ck_assert_int_eq(connect(clients[i], (const struct sockaddr *)address, sizeof(*address)),
                         0);
    }
    while (metric_get(metrics_here, METRIC_connections_idle) < NCLIENTS && cop_now() < deadline) {
        ck_assert_int_eq(cop_sleep(NS_PER_MS), 0);
        model_tasks_tick(model);
    }
    ck_assert_uint_eq(metric_get(metrics_here, METRIC_connections_idle), NCLIENTS);
}

/* No tick comes to help: the connections' own events have to do. */
static void wait_until(const bool *done)
{
    cop_time deadline = cop_now() + PATIENCE_NS;

    while (!*done && cop_now() < deadline)
        ck_assert_int_eq(cop_sleep(NS_PER_MS), 0);
    ck_assert(*done);
}

static int serve_those_of_one_poll(void *arg)
{
    struct cop_service service = {.serve = serve,
                                  .first_byte_timeout = COP_NEVER,
                                  .keepalive_timeout = COP_NEVER,
                                  .write_timeout = COP_NEVER};
    struct sockaddr_in address;
    struct heritage_socket socket = {.fd = listen_here(&address)};
    struct model_options options = {
        .sockets = &socket, .nsockets = 1, .tasks = 2 * NCLIENTS, .service = &service};
    struct model_tasks *model = model_tasks_start(loop_here, &options);
    int clients[NCLIENTS];

    ck_assert_ptr_nonnull(model);
    connect_all(model, &address, clients);
    for (int i = 0; i < NCLIENTS; i++)
        ck_assert_int_eq(send(clients[i], "x", 1, 0), 1);
    wait_until(&last_came.set);
    for (int i = 1; i < NCLIENTS; i++)
        ck_assert_uint_ne(ids[i], ids[i - 1]);
    for (int i = 0; i < NCLIENTS; i++)
        close(clients[i]);
    model_tasks_drain(model, 0, left, NULL);
    wait_until(&has_left);
    model_tasks_free(model);
    close(socket.fd);
    return 0;
}

START_TEST(connections_of_one_poll_are_served_while_the_first_of_them_waits_each_in_its_own_task)
{
    ck_assert_int_eq(cop_run(serve_those_of_one_poll, NULL), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(
        tc, connections_of_one_poll_are_served_while_the_first_of_them_waits_each_in_its_own_task);
}

int main(void)
{
    return run_suite("model_tasks", add);
}
