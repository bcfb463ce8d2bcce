/* SPDX-License-Identifier: MIT */
/*
 * test_handlers.c - the errors that a handler meets: each request is served over a socket, and the
 * handler says what the call gave that its header promises.
 */
#include "tests/unit/both_loops.h"

#include "worker/http/http_server.h"

struct exchange {
    struct http_service *http;
    struct cop_service service;
    struct cop_connection connection;
};

static int serve(void *arg)
{
    struct exchange *exchange = arg;

    while (http_serve(&exchange->connection, exchange->http) == COP_PARK)
        ;
    cop_stream_close(&exchange->connection.stream);
    return 0;
}

/* Have the handler answer the request; returns the status, or 0 when there was no answer. The text
 * of the answer is in *answer. */
static int exchange_with(cop_handler handler, const char *request, char *answer, size_t size)
{
    static const struct config_pool pool = {.header_timeout = 5 * COP_S,
                                            .body_timeout = 5 * COP_S,
                                            .access_log = (char *)"off",
                                            .header_max = 16384,
                                            .body_max = 1u << 20};
    struct exchange exchange = {.service = {.first_byte_timeout = 5 * COP_S,
                                            .keepalive_timeout = 5 * COP_S,
                                            .write_timeout = 5 * COP_S}};
    struct cop_stream client;
    struct cop_task *task;
    size_t len = 0;
    ssize_t n;

    exchange.http = http_service_new(&pool, handler, NULL);
    ck_assert_ptr_nonnull(exchange.http);
    open_pair(&client, &exchange.connection.stream);
    exchange.connection.service = &exchange.service;
    ck_assert_int_eq(cop_write(&client, request, strlen(request)), 0);
    ck_assert_int_eq(cop_shutdown_write(&client), 0);
    task = cop_create_task(serve, &exchange);
    ck_assert_ptr_nonnull(task);
    while ((n = cop_read(&client, answer + len, size - 1 - len)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    cop_stream_close(&client);
    ck_assert_int_eq(cop_await(task), 0);
    connection_forget_peer(&exchange.connection);
    http_service_free(exchange.http);
    return len > 0 ? atoi(answer + strlen("HTTP/1.1 ")) : 0;
}

static int status_of(cop_handler handler, const char *request)
{
    char answer[8192];

    return exchange_with(handler, request, answer, sizeof(answer));
}

#define POST(type, len, body) \
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: " type "\r\nContent-Length: " len "\r\n\r\n" body
#define FORTY_ONE  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define GET(query) "GET /" query " HTTP/1.1\r\nHost: x\r\n\r\n"

/* ---- the request ---- */

static int missing(struct cop_request *request, struct cop_response *response)
{
    cop_response_text(response, "never seen");
    return 404;
}

static int missing_below(struct cop_request *request, struct cop_response *response)
{
    return -404;
}

TEST_IN_LOOP(status_that_a_handler_returns_is_the_answer_with_either_sign)
{
    char answer[1024];

    ck_assert_int_eq(exchange_with(missing, GET(""), answer, sizeof(answer)), 404);
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nNot Found"));
    ck_assert_int_eq(status_of(missing_below, GET("")), 404);
}

static int reset_with_text(struct cop_request *request, struct cop_response *response)
{
    response->status = 205;
    cop_response_text(response, "not sent");
    return 0;
}

static int reset_in_pieces(struct cop_request *request, struct cop_response *response)
{
    cop_response_begin(response, "text/plain", -1);
    response->status = 205;
    return cop_response_write(response, "not sent", 8);
}

TEST_IN_LOOP(reset_content_is_answered_without_any)
{
    static const cop_handler handlers[] = {reset_with_text, reset_in_pieces};
    char answer[1024];

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(exchange_with(handlers[i], GET(""), answer, sizeof(answer)), 205);
        ck_assert_ptr_nonnull(strstr(answer, "\r\nContent-Length: 0\r\n"));
        ck_assert_ptr_null(strstr(answer, "Transfer-Encoding"));
        ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    }
}

static int take_five(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice body;
    int rc = cop_request_body(request, 5, &body);

    if (rc == 0)
        cop_response_body(response, "text/plain", body.data, body.len);
    else
        ck_assert_int_eq(rc, -413);
    return rc;
}

TEST_IN_LOOP(body_that_is_longer_than_asked_for_is_413)
{
    ck_assert_int_eq(status_of(take_five, POST("a/b", "5", "hello")), 200);
    ck_assert_int_eq(status_of(take_five, POST("a/b", "6", "hello!")), 413);
}

static int take_json(struct cop_request *request, struct cop_response *response)
{
    const struct cop_json *list;
    int rc = cop_request_json(request, 40, &list);

    if (rc < 0)
        return rc;
    ck_assert_uint_eq(cop_json_len(list), 5);
    ck_assert(cop_json_bool_value(cop_json_at(list, 0), false));
    ck_assert_str_eq(cop_json_text(cop_json_at(list, 1)), "text");
    ck_assert(cop_json_real_value(cop_json_at(list, 2), 0) > 1.4);
    ck_assert_int_eq(cop_json_integer_value(cop_json_get(cop_json_at(list, 3), "n"), 0), 7);
    ck_assert_ptr_null(cop_json_text(cop_json_at(list, 4)));
    ck_assert_ptr_null(cop_json_at(list, 5));
    ck_assert_int_eq(cop_json_integer_value(cop_json_get(list, "n"), 9), 9);
    return 0;
}

TEST_IN_LOOP(json_is_read_or_refused_with_415_400_or_413)
{
    ck_assert_int_eq(status_of(take_json, POST("application/json", "32",
                                               "[true,\"text\",1.5, {\"n\":7}, null]")),
                     200);
    ck_assert_int_eq(status_of(take_json, POST("text/plain", "2", "{}")), 415);
    ck_assert_int_eq(status_of(take_json, POST("application/json", "2", "{:")), 400);
    ck_assert_int_eq(status_of(take_json, POST("application/json", "41", FORTY_ONE)), 413);
}

static int tell_peer(struct cop_request *request, struct cop_response *response)
{
    const struct cop_peer *peer = cop_request_peer(request);

    return peer ? cop_response_print(response, "from %s", peer->text) : 500;
}

TEST_IN_LOOP(handler_learns_who_asks)
{
    char answer[1024];

    ck_assert_int_eq(exchange_with(tell_peer, GET(""), answer, sizeof(answer)), 200);
    ck_assert_ptr_nonnull(strstr(answer, "from unix:"));
}

static int give_json(struct cop_request *request, struct cop_response *response)
{
    struct cop_json *list = cop_json_array();

    cop_json_free(cop_json_string("dropped"));
    cop_json_push(list, cop_json_bool(true));
    cop_json_push(list, cop_json_real(0.5));
    cop_json_push(list, cop_json_null());
    return cop_response_json(response, list);
}

TEST_IN_LOOP(json_is_given_as_it_was_built)
{
    char answer[1024];

    ck_assert_int_eq(exchange_with(give_json, GET(""), answer, sizeof(answer)), 200);
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n[true,0.5,null]"));
}

static int find_a(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice pairs, value;
    int rc = cop_request_form(request, 100, &pairs);

    if (rc == 0)
        rc = cop_query_find(request, pairs, "a", &value);
    if (rc == 1)
        return 0;
    return rc == 0 ? 404 : rc;
}

TEST_IN_LOOP(form_is_read_or_refused_with_415_or_400)
{
    ck_assert_int_eq(status_of(find_a, POST("application/x-www-form-urlencoded", "7", "b=1&a=2")),
                     200);
    ck_assert_int_eq(status_of(find_a, POST("application/x-www-form-urlencoded", "3", "b=1")), 404);
    ck_assert_int_eq(status_of(find_a, POST("application/x-www-form-urlencoded", "5", "a=%zz")),
                     400);
    ck_assert_int_eq(status_of(find_a, POST("text/plain", "3", "a=1")), 415);
}

static int take_parts(struct cop_request *request, struct cop_response *response)
{
    struct cop_multipart form;
    struct cop_part part;
    int rc = cop_multipart_init(&form, request);

    while (rc >= 0 && (rc = cop_multipart_next(&form, &part)) == 1)
        ;
    return rc;
}

TEST_IN_LOOP(coded_body_is_415_for_all_that_would_read_it)
{
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b"};
    static const cop_handler handlers[] = {take_json, find_a, take_parts};
    char request[512];

    for (int i = 0; i < 6; i++) {
        const char *coding = i < 3 ? "identity\r\nContent-Encoding: gzip" : "Identity";

        snprintf(request, sizeof(request),
                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Encoding: %s\r\n"
                 "Content-Length: 5\r\n\r\n[a=1]",
                 types[i % 3], coding);
        if (i < 3)
            ck_assert_int_eq(status_of(handlers[i], request), 415);
        else
            ck_assert_int_ne(status_of(handlers[i % 3], request), 415);
    }
}

TEST_IN_LOOP(multipart_is_refused_with_415_without_its_type_and_400_without_a_boundary)
{
    ck_assert_int_eq(
        status_of(take_parts, POST("multipart/form-data; boundary=b", "7", "--b--\r\n")), 200);
    ck_assert_int_eq(status_of(take_parts, POST("text/plain", "7", "--b--\r\n")), 415);
    ck_assert_int_eq(status_of(take_parts, POST("multipart/form-data", "7", "--b--\r\n")), 400);
    ck_assert_int_eq(status_of(take_parts, POST("multipart/form-data; boundary=b", "5", "--b\r\n")),
                     400);
}

/* ---- the response ---- */

static int write_too_much(struct cop_request *request, struct cop_response *response)
{
    cop_response_begin(response, "text/plain", 3);
    ck_assert_int_eq(cop_response_write(response, "abc", 3), 0);
    ck_assert_int_eq(cop_response_write(response, "d", 1), -EMSGSIZE);
    return 0;
}

TEST_IN_LOOP(piece_past_the_length_announced_is_not_sent)
{
    char answer[1024];

    ck_assert_int_eq(exchange_with(write_too_much, GET(""), answer, sizeof(answer)), 200);
    ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\nabc");
}

static int send_bad_event(struct cop_request *request, struct cop_response *response)
{
    ck_assert_int_eq(cop_response_event(response, "two\nlines", NULL, "x"), -EINVAL);
    ck_assert_int_eq(cop_response_event(response, NULL, "two\rlines", "x"), -EINVAL);
    return cop_response_event(response, "one", "1", "x");
}

TEST_IN_LOOP(event_whose_name_would_break_the_format_is_refused)
{
    ck_assert_int_eq(status_of(send_bad_event, GET("")), 200);
}

static int fill_fields(struct cop_request *request, struct cop_response *response)
{
    struct cop_cookie cookie = {.name = "name", .value = "value"};
    int rc;

    ck_assert_int_eq(cop_response_header(response, "Content-Length", "5"), -EINVAL);
    ck_assert_int_eq(cop_response_header(response, "X", "a\r\nb"), -EINVAL);
    while ((rc = cop_response_header(response, "X-Filler", "0123456789")) == 0)
        ;
    ck_assert_int_eq(rc, -ENOSPC);
    ck_assert_int_eq(cop_response_cookie(response, &cookie), -ENOSPC);
    cookie.value = "a;b";
    ck_assert_int_eq(cop_response_cookie(response, &cookie), -EINVAL);
    return 0;
}

TEST_IN_LOOP(fields_that_do_not_fit_or_may_not_stand_there_are_refused)
{
    ck_assert_int_eq(status_of(fill_fields, GET("")), 200);
}

static ssize_t fail_midway(void *arg, void *buffer, size_t size)
{
    int *calls = arg;

    if ((*calls)++ > 0)
        return -EIO;
    memcpy(buffer, "begun", 5);
    return 5;
}

static int stream_and_fail(struct cop_request *request, struct cop_response *response)
{
    static int calls;

    calls = 0;
    cop_response_stream(response, "text/plain", fail_midway, &calls);
    return 0;
}

TEST_IN_LOOP(body_whose_source_fails_is_cut_off_and_has_no_end)
{
    char answer[1024];

    (void)exchange_with(stream_and_fail, GET(""), answer, sizeof(answer));
    ck_assert_ptr_null(strstr(answer, "\r\n0\r\n"));
}

static void add(TCase *tc)
{
    add_test(tc, status_that_a_handler_returns_is_the_answer_with_either_sign);
    add_test(tc, reset_content_is_answered_without_any);
    add_test(tc, body_that_is_longer_than_asked_for_is_413);
    add_test(tc, json_is_read_or_refused_with_415_400_or_413);
    add_test(tc, handler_learns_who_asks);
    add_test(tc, coded_body_is_415_for_all_that_would_read_it);
    add_test(tc, json_is_given_as_it_was_built);
    add_test(tc, form_is_read_or_refused_with_415_or_400);
    add_test(tc, multipart_is_refused_with_415_without_its_type_and_400_without_a_boundary);
    add_test(tc, piece_past_the_length_announced_is_not_sent);
    add_test(tc, event_whose_name_would_break_the_format_is_refused);
    add_test(tc, fields_that_do_not_fit_or_may_not_stand_there_are_refused);
    add_test(tc, body_whose_source_fails_is_cut_off_and_has_no_end);
}

int main(void)
{
    return run_suite("handlers", add);
}
