/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/http_answer.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <time.h>

static char printed[2048];

/* The head, with the date replaced by "Date: *". */
static const char *print(const struct cop_response *response, enum http_connection connection)
{
    char head[2048];
    char *date, *after;

    *http_answer_print(head, response, connection) = 0;
    date = strstr(head, "Date: ");
    ck_assert_ptr_nonnull(date);
    after = strstr(date, "\r\n");
    *date = 0;
    strcpy(printed, head);
    strcat(printed, "Date: *");
    strcat(printed, after);
    return printed;
}

START_TEST(text_is_answered_with_its_type_and_length)
{
    struct cop_response response;

    http_answer_init(&response);
    cop_response_body(&response, "text/plain", "Hello, World!", 13);
    ck_assert_str_eq(print(&response, HTTP_CONNECTION_DEFAULT),
                     "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\n"
                     "Content-Length: 13\r\n\r\n");
}
END_TEST

START_TEST(empty_answer_has_length_0_and_no_type)
{
    struct cop_response response;

    http_answer_init(&response);
    ck_assert_str_eq(print(&response, HTTP_CONNECTION_KEEP_ALIVE),
                     "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Length: 0\r\n"
                     "Connection: keep-alive\r\n\r\n");
    response.status = 204;
    ck_assert_str_eq(print(&response, HTTP_CONNECTION_DEFAULT),
                     "HTTP/1.1 204 No Content\r\nDate: *\r\n\r\n");
    response.status = 205;
    response.has_length = false;
    ck_assert_str_eq(print(&response, HTTP_CONNECTION_DEFAULT),
                     "HTTP/1.1 205 Reset Content\r\nDate: *\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(error_says_what_and_closes)
{
    struct cop_response response;

    http_answer_error(&response, 431);
    ck_assert_str_eq(print(&response, HTTP_CONNECTION_CLOSE),
                     "HTTP/1.1 431 Request Header Fields Too Large\r\nDate: *\r\n"
                     "Content-Type: text/plain\r\nContent-Length: 31\r\n"
                     "Connection: close\r\n\r\n");
    http_answer_error(&response, 499);
    ck_assert_ptr_nonnull(strstr(print(&response, HTTP_CONNECTION_CLOSE), "499 Unknown"));
}
END_TEST

START_TEST(date_is_an_imf_fixdate_of_now)
{
    struct cop_response response;
    char head[1024], again[64];
    struct tm tm = {0};
    time_t now = time(NULL), then;

    http_answer_init(&response);
    *http_answer_print(head, &response, HTTP_CONNECTION_DEFAULT) = 0;
    ck_assert_ptr_nonnull(strptime(strstr(head, "Date: "), "Date: %a, %d %b %Y %H:%M:%S GMT", &tm));
    then = timegm(&tm);
    ck_assert_int_ge(then, now - 1);
    ck_assert_int_le(then, now + 5);
    gmtime_r(&then, &tm);
    strftime(again, sizeof(again), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    ck_assert_ptr_nonnull(strstr(head, again));
}
END_TEST

START_TEST(header_that_would_split_the_answer_is_refused)
{
    struct cop_response response;

    http_answer_init(&response);
    ck_assert_int_eq(cop_response_header(&response, "X-A", "b\r\nX-B: c"), -EINVAL);
    ck_assert_int_eq(cop_response_header(&response, "X A", "b"), -EINVAL);
    ck_assert_int_eq(cop_response_header(&response, "", "b"), -EINVAL);
    ck_assert_int_eq(cop_response_header(&response, "content-length", "5"), -EINVAL);
    ck_assert_int_eq(cop_response_header(&response, "X-A", "b c"), 0);
    ck_assert_ptr_nonnull(
        strstr(print(&response, HTTP_CONNECTION_DEFAULT), "\r\nX-A: b c\r\n\r\n"));
}
END_TEST

START_TEST(full_header_room_is_enospc_and_keeps_what_is_there)
{
    struct cop_response response;
    char value[COP_RESPONSE_FIELDS_MAX];
    uint32_t len;

    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 12] = 0;
    http_answer_init(&response);
    ck_assert_int_eq(cop_response_header(&response, "X", value), 0);
    len = response.fields_len;
    ck_assert_int_eq(cop_response_header(&response, "Yy", "z"), 0);
    ck_assert_uint_gt(response.fields_len, len);
    len = response.fields_len;
    ck_assert_int_eq(cop_response_header(&response, "Z", "z"), -ENOSPC);
    ck_assert_uint_eq(response.fields_len, len);
}
END_TEST

START_TEST(errors_of_handlers_have_a_status)
{
    ck_assert_int_eq(http_answer_status(-404), 404);
    ck_assert_int_eq(http_answer_status(-599), 599);
    ck_assert_int_eq(http_answer_status(-ENOENT), 404);
    ck_assert_int_eq(http_answer_status(-EACCES), 403);
    ck_assert_int_eq(http_answer_status(-ETIMEDOUT), 503);
    ck_assert_int_eq(http_answer_status(-EIO), 500);
    /* What a handler that returns -1 means is not "forbidden". */
    ck_assert_int_eq(http_answer_status(-EPERM), 500);
    ck_assert_int_eq(http_answer_status(-600), 500);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, text_is_answered_with_its_type_and_length);
    tcase_add_test(tc, empty_answer_has_length_0_and_no_type);
    tcase_add_test(tc, error_says_what_and_closes);
    tcase_add_test(tc, date_is_an_imf_fixdate_of_now);
    tcase_add_test(tc, header_that_would_split_the_answer_is_refused);
    tcase_add_test(tc, full_header_room_is_enospc_and_keeps_what_is_there);
    tcase_add_test(tc, errors_of_handlers_have_a_status);
}

int main(void)
{
    return run_suite("http_answer", add);
}
