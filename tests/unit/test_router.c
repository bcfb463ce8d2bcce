/* SPDX-License-Identifier: MIT */
#include "worker/http/router.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"

#define HANDLER(name)                                                           \
    static int name(struct cop_request *request, struct cop_response *response) \
    {                                                                           \
        return 0;                                                               \
    }

HANDLER(root)
HANDLER(list)
HANDLER(add)
HANDLER(me)
HANDLER(one)
HANDLER(remove_one)
HANDLER(posts)
HANDLER(rest)

static const struct cop_route routes[] = {
    COP_GET("/", root),
    COP_GET("/users", list),
    COP_POST("/users", add),
    COP_GET("/users/me", me),
    COP_GET("/users/{id}", one),
    COP_DELETE("/users/{id}", remove_one),
    COP_GET("/users/{id}/posts/{post}", posts),
    COP_GET("/files/{path...}", rest),
    COP_ROUTES_END,
};

static const struct {
    const char *request;
    int rc;
    cop_handler handler;
    const char *name;
    const char *value;
} finds[] = {
    {"GET /", 0, root, NULL, NULL},
    {"GET /users", 0, list, NULL, NULL},
    {"HEAD /users", 0, list, NULL, NULL},
    {"POST /users", 0, add, NULL, NULL},
    {"GET /users/me", 0, me, NULL, NULL},
    {"GET /users/mE", 0, one, "id", "mE"},
    {"GET /users/%6de", 0, me, NULL, NULL},
    {"DELETE /users/me", 0, remove_one, "id", "me"},
    {"GET /users/a%2Fb%20c", 0, one, "id", "a/b c"},
    {"GET /users/me/posts/3", 0, posts, "post", "3"},
    {"GET /users/me/posts/3", 0, posts, "id", "me"},
    {"GET /files/", 0, rest, "path", ""},
    {"GET /files/a/b%41", 0, rest, "path", "a/bA"},
    {"GET /files", -404, NULL, NULL, NULL},
    {"GET /users/", -404, NULL, NULL, NULL},
    {"GET //users", -404, NULL, NULL, NULL},
    {"GET /user", -404, NULL, NULL, NULL},
    {"GET /users/me/posts", -404, NULL, NULL, NULL},
    {"GET /users/me/posts/", -404, NULL, NULL, NULL},
    {"GET /users/%4", -400, NULL, NULL, NULL},
    {"GET /users/%g0", -400, NULL, NULL, NULL},
    {"PUT /users/me", -405, NULL, NULL, NULL},
    {"DELETE /", -405, NULL, NULL, NULL},
};

START_TEST(path_finds_its_handler_and_its_parameters)
{
    static struct fake_request fake;
    char text[256], error[128];
    struct cop_request *request;
    struct router *router;
    cop_handler handler = NULL;
    unsigned allowed;

    snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\n\r\n", finds[_i].request);
    request = fake_request_init(&fake, text);
    ck_assert_int_eq(router_new(routes, &router, error, sizeof(error)), 0);
    ck_assert_int_eq(router_find(router, request, &handler, &allowed), finds[_i].rc);
    ck_assert_ptr_eq(handler, finds[_i].handler);
    if (finds[_i].name) {
        struct cop_slice value = cop_request_param(request, finds[_i].name);

        ck_assert(cop_slice_equal(value, finds[_i].value));
    } else {
        ck_assert_uint_eq(request->nparams, 0);
    }
    router_free(router);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(other_methods_are_told_apart)
{
    static struct fake_request fake;
    struct cop_request *request =
        fake_request_init(&fake, "PUT /users/me HTTP/1.1\r\nHost: x\r\n\r\n");
    char text[ROUTER_ALLOW_MAX], error[128];
    struct router *router;
    cop_handler handler;
    unsigned allowed;

    ck_assert_int_eq(router_new(routes, &router, error, sizeof(error)), 0);
    ck_assert_int_eq(router_find(router, request, &handler, &allowed), -405);
    router_print_allowed(allowed, text);
    ck_assert_str_eq(text, "GET, HEAD, DELETE, OPTIONS");
    router_print_allowed(0xffff, text);
    ck_assert_str_eq(text, "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
    router_free(router);
    fake_request_fini(&fake);
}
END_TEST

static const struct {
    struct cop_route routes[3];
    const char *error;
} bad[] = {
    {{COP_GET("x", root), COP_ROUTES_END}, "the route \"x\" does not begin with a slash"},
    {{COP_GET("/a", root), COP_ANY("/a", list), COP_ROUTES_END},
     "the route \"/a\" is there twice for a method"},
    {{COP_GET("/{a...}/b", root), COP_ROUTES_END},
     "the route \"/{a...}/b\" goes on after {name...}, expected that at the end"},
    {{COP_GET("/a{b}", root), COP_ROUTES_END},
     "the route \"/a{b}\" has braces inside a segment, expected {name} between slashes"},
    {{COP_GET("/{a}", root), COP_GET("/{b}/c", list), COP_ROUTES_END},
     "the route \"/{b}/c\" gives a parameter another name than a route before it"},
    {{COP_GET("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", root), COP_ROUTES_END},
     "the route \"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}\" has too many parameters"},
};

START_TEST(bad_route_is_refused_with_its_reason)
{
    struct router *router;
    char error[128] = "";

    ck_assert_int_eq(router_new(bad[_i].routes, &router, error, sizeof(error)), -EINVAL);
    ck_assert_str_eq(error, bad[_i].error);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, path_finds_its_handler_and_its_parameters, 0,
                        sizeof(finds) / sizeof(finds[0]));
    tcase_add_test(tc, other_methods_are_told_apart);
    tcase_add_loop_test(tc, bad_route_is_refused_with_its_reason, 0, sizeof(bad) / sizeof(bad[0]));
}

int main(void)
{
    return run_suite("router", add_tests);
}
