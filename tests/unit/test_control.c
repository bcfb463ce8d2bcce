/* SPDX-License-Identifier: MIT */
#include "tests/unit/fake_worker.h"

#include "master/commands.h"
#include "tests/unit/suite.h"

static bool is_ok(const struct jsondoc *reply)
{
    return jsondoc_bool_value(jsondoc_get(reply, "ok"), false);
}

/* Ask; the answer must be a refusal that has `part` in its reason. */
static void assert_refused(const char *request, const char *part)
{
    struct jsondoc *reply = control_ask(request);
    const char *error = jsondoc_text(jsondoc_get(reply, "error"));

    ck_assert_msg(!is_ok(reply) && error != NULL, "%s was not refused", request);
    ck_assert_msg(strstr(error, part) != NULL, "%s: %s", request, error);
    jsondoc_free(reply);
}

/* All lines of a text answer, ended by an empty one; the caller's. */
static char *read_text(int fd)
{
    char *text = calloc(1, 65536), *line;

    while ((line = control_line(fd)) != NULL && line[0] != 0) {
        ck_assert_uint_lt(strlen(text) + strlen(line), 65000);
        strcat(text, line);
        strcat(text, "\n");
        free(line);
    }
    ck_assert_ptr_nonnull(line);
    free(line);
    return text;
}

static char *ask_text(const char *line)
{
    int fd = control_connect();
    char *text;

    control_send(fd, line, strlen(line));
    control_send(fd, "\n", 1);
    text = read_text(fd);
    close(fd);
    return text;
}

static void assert_text(const char *line, const char *part)
{
    char *text = ask_text(line);

    ck_assert_msg(strstr(text, part) != NULL, "%s: no \"%s\" in:\n%s", line, part, text);
    free(text);
}

START_TEST(json_request_is_answered_with_its_id)
{
    struct jsondoc *reply;

    fixture_start();
    wait_ready(2);
    reply = control_ask("{\"id\":17,\"command\":\"status\"}");
    ck_assert(is_ok(reply));
    ck_assert_int_eq(jsondoc_integer_value(jsondoc_get(reply, "id"), 0), 17);
    ck_assert_str_eq(jsondoc_text(jsondoc_get(jsondoc_get(reply, "data"), "state")), "ok");
    jsondoc_free(reply);
}
END_TEST

START_TEST(text_commands_are_tables_that_end_with_an_empty_line)
{
    fixture_start();
    wait_ready(2);
    assert_text("status", "POOL  APP");
    assert_text("  status\t\r", "2/2");
    assert_text("workers", "ready");
    assert_text("stats --pool web", "requests");
    assert_text("help", "scale POOL N|+N|-N [--wait]");
    assert_text("schema status", "\"properties\"");
    assert_text("nonsense", "error: unknown command \"nonsense\"");
}
END_TEST

START_TEST(wrong_requests_are_refused_with_a_reason)
{
    fixture_start();
    wait_ready(2);
    assert_refused("{\"command\":", "not JSON");
    assert_refused("{}", "unknown command");
    assert_refused("{\"command\":7}", "unknown command");
    assert_refused("{\"command\":\"statsu\"}", "unknown command \"statsu\"");
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\"}", "missing argument \"workers\"");
    assert_refused("{\"command\":\"scale\",\"args\":[\"web\",\"2\",\"3\"]}", "unexpected argument");
    assert_refused("{\"command\":\"scale\",\"args\":[1]}", "expected strings");
    assert_refused("{\"command\":\"scale\",\"pool\":\"nope\",\"workers\":2}", "no pool \"nope\"");
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":\"x\"}",
                   "expected a number");
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":0}", "expected 1 to");
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":\"-9\"}", "only 2 workers");
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":[2]}", "expected a string");
    assert_refused("{\"command\":\"stats\",\"worker\":9}", "no worker in slot 9");
    assert_refused("{\"command\":\"status\",\"args\":[\"--wait\"]}", "unknown option");
    assert_refused("{\"command\":\"stats\",\"args\":[\"--pool\"]}", "no value after");
    ck_assert_int_ge(worker_pid(0), 0);
}
END_TEST

START_TEST(scale_with_wait_answers_when_the_workers_serve)
{
    struct jsondoc *reply;

    fixture_start();
    wait_ready(2);
    reply =
        control_ask("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":\"+3\",\"wait\":true}");
    ck_assert(is_ok(reply));
    ck_assert_int_eq(
        jsondoc_integer_value(jsondoc_get(jsondoc_get(reply, "data"), "workers_ready"), 0), 5);
    jsondoc_free(reply);
    assert_text("scale web 1 --wait", "wanted 1  ready 1");
    /* Those that were scaled away drained, and what they counted is kept. */
    while (total("requests") != 4 * (FAKE_REPORTED + FAKE_UNREPORTED) + FAKE_REPORTED)
        poll(NULL, 0, 10);
}
END_TEST

START_TEST(pool_with_reuse_port_refuses_to_shrink)
{
    fixture.pool->reuse_port = true;
    fixture_start();
    wait_ready(2);
    assert_refused("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":1}", "reuse_port");
    assert_text("scale web 3 --wait", "wanted 3  ready 3");
}
END_TEST

START_TEST(stop_drains_and_the_connection_ends_with_the_server)
{
    struct jsondoc *reply;
    int fd;

    fixture_start();
    wait_ready(2);
    fd = control_connect();
    reply = control_ask_on(fd, "{\"command\":\"stop\"}");
    ck_assert(is_ok(reply));
    jsondoc_free(reply);
    ck_assert_ptr_null(control_line(fd));
    close(fd);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

START_TEST(line_that_is_too_long_ends_only_its_client)
{
    char *text = malloc(128 * 1024);
    int fd;

    fixture_start();
    wait_ready(2);
    memset(text, 'x', 128 * 1024);
    fd = control_connect();
    ck_assert_int_gt(send(fd, text, 65536, MSG_NOSIGNAL), 0);
    free(text);
    text = read_text(fd);
    ck_assert_ptr_nonnull(strstr(text, "error: a line has at most"));
    ck_assert_ptr_null(control_line(fd));
    free(text);
    close(fd);
    wait_ready(2);
}
END_TEST

START_TEST(client_that_never_reads_holds_up_nobody)
{
    int fd, n = 0;

    fixture_start();
    wait_ready(2);
    fd = control_connect();
    while (n < 100000 && send(fd, "schema\n", 7, MSG_NOSIGNAL | MSG_DONTWAIT) == 7)
        n++;
    for (int i = 0; i < 20; i++)
        wait_ready(2);
    close(fd);
    wait_ready(2);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    struct jsondoc *reply;
    char request[64], error[128], *line;
    int fd;

    fixture_start();
    wait_ready(2);
    fd = control_connect();
    for (int i = 0; i < 50; i++) {
        snprintf(request, sizeof(request), "{\"id\":%d,\"command\":\"help\"}\n\n", i);
        control_send(fd, request, strlen(request));
    }
    for (int i = 0; i < 50; i++) {
        line = control_line(fd);
        ck_assert_ptr_nonnull(line);
        reply = jsondoc_parse(line, strlen(line), error, sizeof(error));
        ck_assert_int_eq(jsondoc_integer_value(jsondoc_get(reply, "id"), -1), i);
        jsondoc_free(reply);
        free(line);
    }
    close(fd);
}
END_TEST

START_TEST(request_without_line_end_is_answered_at_the_end_of_input)
{
    char *text;
    int fd;

    fixture_start();
    wait_ready(2);
    fd = control_connect();
    control_send(fd, "status", 6);
    shutdown(fd, SHUT_WR);
    text = read_text(fd);
    ck_assert_ptr_nonnull(strstr(text, "coppice"));
    ck_assert_ptr_null(control_line(fd));
    free(text);
    close(fd);
}
END_TEST

/* Until the master has seen that the others are gone. */
static void wait_for_a_place(void)
{
    bool is_turned_away = true;

    while (is_turned_away) {
        int fd = control_connect();
        char *text;

        /* It may be turned away before it has asked. */
        (void)send(fd, "help\n", 5, MSG_NOSIGNAL);
        text = read_text(fd);
        is_turned_away = strstr(text, "too many clients") != NULL;
        free(text);
        close(fd);
    }
}

START_TEST(client_beyond_the_limit_is_turned_away)
{
    int fds[40], turned_away = 0;
    char *text;

    fixture_start();
    wait_ready(2);
    for (int i = 0; i < 40; i++)
        fds[i] = control_connect();
    for (int i = 39; i >= 32; i--) {
        text = read_text(fds[i]);
        turned_away += strstr(text, "too many clients") != NULL;
        free(text);
    }
    ck_assert_int_eq(turned_away, 8);
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    wait_for_a_place();
}
END_TEST

/* A subset of JSON Schema, as fields_schema makes it. */
static bool has_type(const struct jsondoc *value, const char *type)
{
    char *text = jsondoc_print(value, false);
    char first = text[0];
    bool fits;

    free(text);
    if (strcmp(type, "object") == 0)
        fits = first == '{';
    else if (strcmp(type, "array") == 0)
        fits = first == '[';
    else if (strcmp(type, "string") == 0)
        fits = first == '"';
    else if (strcmp(type, "boolean") == 0)
        fits = first == 't' || first == 'f';
    else if (strcmp(type, "null") == 0)
        fits = first == 'n';
    else if (strcmp(type, "integer") == 0)
        fits = jsondoc_is_integer(value);
    else
        fits = first == '-' || (first >= '0' && first <= '9');
    return fits;
}

static void assert_valid(const struct jsondoc *schema, const struct jsondoc *value,
                         const char *name)
{
    const struct jsondoc *type = jsondoc_get(schema, "type");
    const struct jsondoc *required = jsondoc_get(schema, "required");
    bool fits = type == NULL;

    ck_assert_msg(value != NULL, "%s is missing", name);
    if (jsondoc_text(type) != NULL)
        fits = has_type(value, jsondoc_text(type));
    for (size_t i = 0; jsondoc_text(type) == NULL && i < jsondoc_len(type); i++)
        fits |= has_type(value, jsondoc_text(jsondoc_at(type, i)));
    ck_assert_msg(fits, "%s has a type that its schema does not know", name);
    for (size_t i = 0; i < jsondoc_len(required); i++) {
        const char *member = jsondoc_text(jsondoc_at(required, i));

        assert_valid(jsondoc_get(jsondoc_get(schema, "properties"), member),
                     jsondoc_get(value, member), member);
    }
    for (size_t i = 0; jsondoc_get(schema, "items") != NULL && i < jsondoc_len(value); i++)
        assert_valid(jsondoc_get(schema, "items"), jsondoc_at(value, i), name);
}

static const char *arguments_of(const char *command)
{
    if (strcmp(command, "scale") == 0)
        return "\"web\",\"2\"";
    return strcmp(command, "loglevel") == 0 ? "\"info\"" : "";
}

/* The fake workers answer no questions, and no file has their configuration: these commands are
 * held to their schema by tests/system. */
static bool needs_server(const char *command)
{
    return strcmp(command, "dump") == 0 || strcmp(command, "profile") == 0 ||
           strcmp(command, "reload") == 0;
}

START_TEST(every_command_keeps_to_its_schema)
{
    struct jsondoc *schemas, *reply;
    const struct command *command;

    fixture_start();
    wait_ready(2);
    schemas = control_ask("{\"command\":\"schema\"}");
    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
            const struct jsondoc *schema =
                jsondoc_get(reply_rows(schemas, "schemas"), command->name);
            bool is_stop = strcmp(command->name, "stop") == 0;
            char request[128];

            ck_assert_ptr_nonnull(schema);
            if (is_stop != last || needs_server(command->name))
                continue;
            snprintf(request, sizeof(request), "{\"command\":\"%s\",\"args\":[%s]}", command->name,
                     arguments_of(command->name));
            reply = control_ask(request);
            ck_assert_msg(is_ok(reply), "%s", command->name);
            assert_valid(schema, jsondoc_get(reply, "data"), command->name);
            jsondoc_free(reply);
        }
    }
    jsondoc_free(schemas);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

/* Random bytes, in lines and without; whatever comes, the master goes on. */
START_TEST(rubbish_of_any_kind_is_survived)
{
    char bytes[512];

    srandom((unsigned)_i);
    fixture_start();
    wait_ready(2);
    for (int round = 0; round < 20; round++) {
        int fd = control_connect();

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = random() % 20 == 0  ? '\n'
                       : random() % 3 == 0 ? "{}[]\":,"[random() % 7]
                                           : (char)random();
        (void)!write(fd, bytes, sizeof(bytes));
        close(fd);
    }
    wait_ready(2);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_add_test(tc, json_request_is_answered_with_its_id);
    tcase_add_test(tc, text_commands_are_tables_that_end_with_an_empty_line);
    tcase_add_test(tc, wrong_requests_are_refused_with_a_reason);
    tcase_add_test(tc, scale_with_wait_answers_when_the_workers_serve);
    tcase_add_test(tc, pool_with_reuse_port_refuses_to_shrink);
    tcase_add_test(tc, stop_drains_and_the_connection_ends_with_the_server);
    tcase_add_test(tc, line_that_is_too_long_ends_only_its_client);
    tcase_add_test(tc, client_that_never_reads_holds_up_nobody);
    tcase_add_test(tc, pipelined_requests_are_answered_in_order);
    tcase_add_test(tc, request_without_line_end_is_answered_at_the_end_of_input);
    tcase_add_test(tc, client_beyond_the_limit_is_turned_away);
    tcase_add_test(tc, every_command_keeps_to_its_schema);
    tcase_add_loop_test(tc, rubbish_of_any_kind_is_survived, 0, 5);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return run_suite("control", add);
}
