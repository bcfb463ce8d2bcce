/* SPDX-License-Identifier: MIT */
/* One handler for each thing that the API offers, to read and to test against. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/coppice.h"

#define BODY_MAX (64u << 20)

struct demo {
    char *greeting;
    int64_t interval; /* of the background task */
    uint64_t ticks;   /* of it */
    uint64_t served;
};

static const struct config_key options[] = {
    COP_OPTION(struct demo, greeting, CONFIG_STRING, "Hello", 1, 100, "what GET / says"),
    COP_OPTION(struct demo, interval, CONFIG_DURATION, "100ms", COP_MS, 60 * COP_S,
               "of GET /ticks"),
    COP_OPTIONS_END,
};

static int greet(struct cop_request *request, struct cop_response *response)
{
    const struct demo *demo = request->state;

    return cop_response_print(response, "%s, World!\n", demo->greeting);
}

/* GET /users/7 */
static int get_user(struct cop_request *request, struct cop_response *response)
{
    struct cop_json *user = cop_json_object();
    char *id = cop_request_string(request, cop_request_param(request, "id"));

    cop_json_set(user, "id", cop_json_string(id));
    cop_json_set(user, "groups", cop_json_array());
    return cop_response_json(response, user);
}

/* POST /users, with {"name": "..."} */
static int add_user(struct cop_request *request, struct cop_response *response)
{
    const struct cop_json *user;
    struct cop_json *answer;
    const char *name;
    int rc = cop_request_json(request, 64 << 10, &user);

    if (rc < 0)
        return rc;
    name = cop_json_text(cop_json_get(user, "name"));
    if (!name)
        return -422;
    answer = cop_json_object();
    cop_json_set(answer, "name", cop_json_string(name));
    response->status = 201;
    return cop_response_json(response, answer);
}

/* GET /search?q=... */
static int search(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice q;
    int rc = cop_request_query(request, "q", &q);

    if (rc <= 0)
        return rc < 0 ? rc : -400;
    return cop_response_print(response, "q=%.*s\n", (int)q.len, q.data);
}

/* POST /form, with name=... */
static int form(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice pairs, name;
    int rc = cop_request_form(request, 4096, &pairs);

    if (rc == 0)
        rc = cop_query_find(request, pairs, "name", &name);
    if (rc <= 0)
        return rc < 0 ? rc : -422;
    return cop_response_print(response, "name=%.*s\n", (int)name.len, name.data);
}

/* POST /upload: a line for each part. */
static int upload(struct cop_request *request, struct cop_response *response)
{
    struct cop_multipart parts;
    struct cop_part part;
    char buffer[1024], line[1200];
    int rc = cop_multipart_init(&parts, request);

    cop_response_begin(response, "text/plain", -1);
    while (rc >= 0 && (rc = cop_multipart_next(&parts, &part)) == 1) {
        size_t size = 0;
        ssize_t n;
        int len = snprintf(line, sizeof(line), "%.*s %.*s ", (int)part.name.len, part.name.data,
                           (int)part.filename.len, part.filename.data ? part.filename.data : "");

        while ((n = cop_multipart_read(&parts, buffer, sizeof(buffer))) > 0)
            size += (size_t)n;
        if (n < 0)
            return (int)n;
        len += snprintf(line + len, sizeof(line) - (size_t)len, "%zu\n", size);
        rc = cop_response_write(response, line, (size_t)len);
    }
    return rc;
}

/* Whatever came, back again. */
static int echo(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice body;
    int rc = cop_request_body(request, BODY_MAX, &body);

    if (rc == 0)
        cop_response_body(response, "application/octet-stream", body.data, body.len);
    return rc;
}

/* The same, piece by piece. */
static int echo_pieces(struct cop_request *request, struct cop_response *response)
{
    char buffer[2048];
    ssize_t n;
    int rc = 0;

    cop_response_begin(response, "application/octet-stream", -1);
    while (rc == 0 && (n = cop_request_read(request, buffer, sizeof(buffer))) != 0)
        rc = n < 0 ? (int)n : cop_response_write(response, buffer, (size_t)n);
    return rc;
}

static ssize_t give_bytes(void *arg, void *buffer, size_t size)
{
    size_t *left = arg;
    size_t n = size < *left ? size : *left;

    memset(buffer, 'x', n);
    *left -= n;
    return (ssize_t)n;
}

/* GET /bytes/100000 */
static int bytes(struct cop_request *request, struct cop_response *response)
{
    char *text = cop_request_string(request, cop_request_param(request, "n"));
    size_t *left = cop_request_alloc(request, sizeof(*left));

    if (!text || !left)
        return -ENOMEM;
    *left = strtoul(text, NULL, 10);
    cop_response_stream(response, "application/octet-stream", give_bytes, left);
    return 0;
}

/* GET /events: three of them. */
static int events(struct cop_request *request, struct cop_response *response)
{
    int rc = 0;

    for (int i = 1; i <= 3 && rc == 0; i++) {
        char id[12];

        snprintf(id, sizeof(id), "%d", i);
        rc = cop_response_event(response, "tick", id, "one line\nanother");
        if (rc == 0)
            rc = cop_sleep(COP_MS);
    }
    return rc;
}

/* GET /visits counts those of this client. */
static int visits(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice before = cop_request_cookie(request, "visits");
    char *text = cop_request_string(request, before);
    struct cop_cookie cookie = {
        .name = "visits", .path = "/", .same_site = "Lax", .http_only = true};
    char value[24];
    int rc;

    if (!text)
        return -ENOMEM;
    snprintf(value, sizeof(value), "%lu", strtoul(text, NULL, 10) + 1);
    cookie.value = value;
    rc = cop_response_cookie(response, &cookie);
    return rc < 0 ? rc : cop_response_print(response, "%s\n", value);
}

/* GET /ticks: what the background task has counted, and the middleware. */
static int ticks(struct cop_request *request, struct cop_response *response)
{
    const struct demo *demo = request->state;

    return cop_response_print(response, "%llu %llu\n", (unsigned long long)demo->ticks,
                              (unsigned long long)demo->served);
}

/* GET /fail/404, or /fail/5: the status, or the errno. */
static int fail(struct cop_request *request, struct cop_response *response)
{
    char *text = cop_request_string(request, cop_request_param(request, "code"));

    return text ? -(int)strtol(text, NULL, 10) : -ENOMEM;
}

/* GET /poem: content with a version, whole, in part, or not at all. */
static int poem(struct cop_request *request, struct cop_response *response)
{
    static const char text[] = "Whan that Aprill with his shoures soote\n"
                               "The droghte of March hath perced to the roote,\n";
    struct cop_content content = {.content_type = "text/plain",
                                  .etag = "\"1387\"",
                                  .memory = text,
                                  .length = sizeof(text) - 1};

    return cop_response_content(request, response, &content);
}

static const struct cop_route routes[] = {
    COP_GET("/", greet),
    COP_GET("/users/{id}", get_user),
    COP_POST("/users", add_user),
    COP_GET("/search", search),
    COP_POST("/form", form),
    COP_POST("/upload", upload),
    COP_ANY("/echo", echo),
    COP_POST("/echo/pieces", echo_pieces),
    COP_GET("/bytes/{n}", bytes),
    COP_GET("/events", events),
    COP_GET("/visits", visits),
    COP_GET("/ticks", ticks),
    COP_GET("/fail/{code}", fail),
    COP_GET("/poem", poem),
    COP_ROUTES_END,
};

/* Before and after every handler. */
static int account(struct cop_request *request, struct cop_response *response,
                   const struct cop_next *next)
{
    struct demo *demo = request->state;
    int rc = cop_response_header(response, "X-Served-By", "demo");

    if (rc == 0)
        rc = cop_next(next, request, response);
    demo->served++;
    return rc;
}

static const cop_middleware middleware[] = {account, NULL};

static int tick(void *arg)
{
    struct demo *demo = arg;
    int rc;

    while ((rc = cop_sleep(demo->interval)) == 0)
        demo->ticks++;
    return rc;
}

static int start(struct cop_context *context)
{
    return context->pool->tasks > 1 ? cop_background(context, tick, context->state) : 0;
}

extern const struct cop_app app_demo;

const struct cop_app app_demo = {
    .name = "demo",
    .help = "a handler for each thing that the app API offers",
    .routes = routes,
    .middleware = middleware,
    .state_size = sizeof(struct demo),
    .options = options,
    .start = start,
};
