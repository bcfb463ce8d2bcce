/* SPDX-License-Identifier: MIT */
/*
 * test_faults_http.c - the HTTP server under its model, when memory or descriptors run out: a
 * request is answered, refused with a status of 500 or more, or its connection is closed; the next
 * one is served.
 */
#include "tests/unit/faults.h"

#include "worker/app/app_instance.h"
#include "worker/http/access_output.h"
#include "worker/http/http_server.h"
#include "worker/model/model.h"

#define PATIENCE (100 * COP_MS)

/* ---- the app ---- */

static void note_end(void *arg)
{
    ++*(int *)arg;
}

static int tell(struct cop_request *request, struct cop_response *response)
{
    static int ended;
    struct cop_slice name = cop_request_param(request, "name");
    struct cop_slice value;
    int rc = cop_request_query(request, "q", &value);

    if (rc >= 0)
        rc = cop_request_defer(request, note_end, &ended);
    if (rc >= 0)
        rc = cop_request_alloc(request, 100000) ? 0 : -ENOMEM;
    if (rc >= 0)
        rc = cop_response_header(response, "X-Of", "test");
    return rc < 0 ? rc : cop_response_print(response, "%.*s\n", (int)name.len, name.data);
}

static int echo(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice body;
    int rc = cop_request_body(request, 1u << 20, &body);

    if (rc == 0)
        cop_response_body(response, "text/plain", body.data, body.len);
    return rc;
}

static int answer_json(struct cop_request *request, struct cop_response *response)
{
    const struct cop_json *question;
    struct cop_json *answer;
    int rc = cop_request_json(request, 4096, &question);

    if (rc < 0)
        return rc;
    answer = cop_json_object();
    cop_json_set(answer, "n", cop_json_integer(cop_json_integer_value(question, 0)));
    cop_json_set(answer, "text", cop_json_string("\xff"));
    return cop_response_json(response, answer);
}

static int stream(struct cop_request *request, struct cop_response *response)
{
    int rc = cop_response_event(response, "tick", NULL, "1");

    return rc < 0 ? rc : cop_response_event(response, NULL, "2", "one\ntwo");
}

static const struct cop_route routes[] = {COP_GET("/tell/{name}", tell), COP_POST("/echo", echo),
                                          COP_POST("/json", answer_json),
                                          COP_GET("/stream", stream), COP_ROUTES_END};

static char long_request[9000];

static const char *const requests[] = {
    "GET /tell/a%20b?q=a%20b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    "5\r\nhello\r\n0\r\n\r\n",
    "POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4\r\n"
    "Connection: close\r\n\r\n1234",
    "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    long_request,
};

#define NREQUESTS ((int)(sizeof(requests) / sizeof(requests[0])))

static const char *request_text;

/* ---- the server ---- */

struct world {
    struct cop_service service;
    struct heritage_socket socket;
    struct cop_address address;
    struct router *router;
    struct http_service *http;
    struct model_tasks *model;
    char answer[4096];
    size_t len;
};

static int start_http(struct world *world)
{
    static const struct config_pool pool = {.header_timeout = COP_S,
                                            .body_timeout = COP_S,
                                            .access_log = (char *)"/dev/null",
                                            .access_format = (char *)"combined",
                                            .request_id = CONFIG_REQUEST_ID_GENERATE,
                                            .header_max = 16384,
                                            .body_max = 1u << 20};
    char why[100];
    int rc = router_new(routes, &world->router, why, sizeof(why));

    if (rc < 0)
        return rc;
    world->http = http_service_new(&pool, NULL, NULL);
    if (!world->http) {
        router_free(world->router);
        return -ENOMEM;
    }
    world->http->router = world->router;
    world->service = (struct cop_service){.serve = http_serve,
                                          .arg = world->http,
                                          .first_byte_timeout = COP_S,
                                          .keepalive_timeout = COP_S,
                                          .write_timeout = COP_S};
    return 0;
}

static int start_model(struct world *world)
{
    struct model_options options = {
        .sockets = &world->socket, .nsockets = 1, .tasks = 4, .service = &world->service};
    int rc = start_http(world);

    if (rc < 0)
        return rc;
    world->model = model_tasks_start(loop_here, &options);
    if (world->model)
        return 0;
    http_service_free(world->http);
    router_free(world->router);
    return -ENOMEM;
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void stop_model(struct world *world)
{
    bool left = false;
    int rc = 0;

    model_tasks_drain(world->model, 0, set_flag, &left);
    while (!left && rc == 0) {
        rc = cop_sleep(COP_MS);
        model_tasks_tick(world->model);
    }
    ck_assert(left);
    model_tasks_free(world->model);
    http_service_free(world->http);
    router_free(world->router);
}

/* ---- the client, which asks for nothing that can fail ---- */

static int connect_here(const struct cop_address *address)
{
    int fd = __real_socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address->sockaddr, address->len), 0);
    ck_assert_int_eq(send(fd, request_text, strlen(request_text), 0), strlen(request_text));
    return fd;
}

/* Until the server closes, while the model goes on as in a worker. */
static int receive(struct world *world, int fd)
{
    cop_time deadline = cop_now() + PATIENCE;

    world->len = 0;
    while (cop_now() < deadline) {
        ssize_t n = recv(fd, world->answer + world->len, sizeof(world->answer) - 1 - world->len,
                         MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            return 0;
        world->len += n > 0 ? (size_t)n : 0;
        if (n < 0 && cop_sleep(COP_MS / 2) < 0)
            return -ECANCELED;
        model_tasks_tick(world->model);
    }
    return -ETIMEDOUT;
}

static int ask(struct world *world)
{
    int fd = connect_here(&world->address);
    int rc = receive(world, fd);
    int status;

    close(fd);
    world->answer[world->len] = '\0';
    if (rc < 0)
        return rc;
    if (world->len == 0)
        return -ENODATA;
    status = atoi(world->answer + strlen("HTTP/1.1 "));
    ck_assert_msg(status == 200 || status >= 500, "the status is %d", status);
    return status == 200 ? 0 : -EPROTO;
}

static int use_server(void)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct world world;
    socklen_t len = sizeof(world.address.sockaddr);
    int fd = __real_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int rc;

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&local.sockaddr, local.len), 0);
    ck_assert_int_eq(listen(fd, 10), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&world.address.sockaddr, &len), 0);
    world.address.len = len;
    world.socket = (struct heritage_socket){.fd = fd};
    rc = start_model(&world);
    if (rc == 0) {
        rc = ask(&world);
        stop_model(&world);
    }
    close(fd);
    return rc;
}

START_TEST(request_is_answered_refused_or_cut_and_the_next_one_is_served)
{
    static const char long_begin[] = "GET /tell/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ";
    static const int errors[] = {-ENOMEM, -ENODATA, -EPROTO, -ETIMEDOUT, 0};
    struct sweep one = {use_server, errors, false};

    memset(long_request, 'a', sizeof(long_request) - 1);
    memcpy(long_request, long_begin, sizeof(long_begin) - 1);
    memcpy(long_request + sizeof(long_request) - 5, "\r\n\r\n", 4);
    request_text = requests[_i];
    ck_assert_int_eq(access_output_open("/dev/null"), 0);
    sweep(&one, false);
}
END_TEST

/* ---- an app's start ---- */

static int wait_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

static int begin(struct cop_context *context)
{
    int rc = cop_background(context, wait_for_ever, NULL);

    return rc < 0 ? rc : cop_background(context, wait_for_ever, NULL);
}

static const struct cop_app app = {
    .name = "test", .routes = routes, .state_size = 100, .start = begin};

static int start_and_stop_app(bool blocking)
{
    static const struct config_pool pool = {
        .access_log = (char *)"off", .header_max = 16384, .body_max = 1u << 20};
    struct cop_service service = {0};
    struct app_instance *instance;
    bool left = false;
    char why[200];
    int rc = app_instance_start(&app, &pool, blocking, &service, &instance, why, sizeof(why));

    if (!instance)
        return rc;
    app_instance_leave(instance, set_flag, &left);
    while (!left)
        ck_assert_int_eq(cop_yield(), 0);
    app_instance_stop(instance);
    return rc;
}

static int use_app(void)
{
    return start_and_stop_app(false);
}

START_TEST(app_that_cannot_start_says_so_and_leaves_nothing)
{
    static const int errors[] = {-ENOMEM, 0};
    struct sweep one = {use_app, errors, false};

    sweep(&one, false);
}
END_TEST

START_TEST(app_cannot_work_in_the_background_of_a_blocking_loop)
{
    struct cop_loop *loop =
        loop_new(&(struct loop_options){.stack_size = 256 * 1024, .blocking = true});

    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(start_and_stop_app(true), -ENOTSUP);
    loop_free(loop);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, request_is_answered_refused_or_cut_and_the_next_one_is_served, 0,
                        NREQUESTS);
    tcase_add_test(tc, app_that_cannot_start_says_so_and_leaves_nothing);
    tcase_add_test(tc, app_cannot_work_in_the_background_of_a_blocking_loop);
}

int main(void)
{
    return run_suite("faults_http", add);
}
