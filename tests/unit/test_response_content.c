/* SPDX-License-Identifier: MIT */
#include "worker/http/response_content.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"
#include "worker/http/http_answer.h"
#include "worker/http/http_date.h"

static struct fake_request fake;

static const char text[] = "0123456789";

/* Answer the request line and fields with these ten bytes, or as `content` says otherwise. */
static struct cop_response *answer(const char *method, const char *fields,
                                   const struct cop_content *content)
{
    struct cop_content ten = {.content_type = "text/plain", .memory = text, .length = 10};
    char head[1024];
    struct cop_request *request;
    struct cop_response *response;

    snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n", method, fields);
    request = fake_request_init(&fake, head);
    response = &fake.session.response;
    http_answer_init(response);
    ck_assert_int_eq(cop_response_header(response, "X-Before", "1"), 0);
    ck_assert_int_eq(cop_response_content(request, response, content ? content : &ten), 0);
    response->fields[response->fields_len] = 0;
    return response;
}

START_TEST(whole_content_comes_with_its_version)
{
    struct cop_content content = {.content_type = "text/plain",
                                  .memory = text,
                                  .length = 10,
                                  .encoding = "gzip",
                                  .etag = "W/\"1\"",
                                  .modified = 784111777};
    const struct cop_response *response = answer("GET", "", &content);

    ck_assert_int_eq(response->status, 200);
    ck_assert_str_eq(response->fields, "X-Before: 1\r\n"
                                       "Accept-Ranges: bytes\r\n"
                                       "ETag: W/\"1\"\r\n"
                                       "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                       "Content-Encoding: gzip\r\n");
    ck_assert_uint_eq(response->length, 10);
    ck_assert_ptr_eq(response->memory, text);
}
END_TEST

START_TEST(content_of_no_known_version_has_no_such_fields)
{
    const struct cop_response *response = answer("GET", "If-None-Match: \"1\"\r\n", NULL);

    ck_assert_int_eq(response->status, 200);
    ck_assert_str_eq(response->fields, "X-Before: 1\r\nAccept-Ranges: bytes\r\n");
}
END_TEST

START_TEST(one_range_is_a_part_of_the_memory_or_the_file)
{
    struct cop_content content = {.content_type = "text/plain", .file = 7, .length = 10};
    const struct cop_response *response = answer("GET", "Range: bytes=2-4\r\n", NULL);

    ck_assert_int_eq(response->status, 206);
    ck_assert_ptr_nonnull(strstr(response->fields, "Content-Range: bytes 2-4/10\r\n"));
    ck_assert_ptr_eq(response->memory, text + 2);
    ck_assert_uint_eq(response->length, 3);
    response = answer("GET", "Range: bytes=-4\r\n", &content);
    ck_assert_int_eq(response->status, 206);
    ck_assert_int_eq(response->file, 7);
    ck_assert_int_eq(response->offset, 6);
    ck_assert_uint_eq(response->length, 4);
}
END_TEST

START_TEST(several_ranges_are_parts_of_one_body)
{
    const struct cop_response *response = answer("GET", "Range: bytes=0-0,-1\r\n", NULL);

    ck_assert_int_eq(response->status, 206);
    ck_assert_ptr_null(strstr(response->fields, "Content-Range"));
    ck_assert_int_eq(strncmp(response->content_type.data, "multipart/byteranges; boundary=", 31),
                     0);
    ck_assert_int_eq(response->source, HTTP_FROM_CALL);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(several_ranges_of_encoded_content_are_all_of_it)
{
    struct cop_content content = {
        .content_type = "text/plain", .memory = text, .length = 10, .encoding = "gzip"};

    ck_assert_int_eq(answer("GET", "Range: bytes=0-0,-1\r\n", &content)->status, 200);
    ck_assert_int_eq(answer("GET", "Range: bytes=0-0\r\n", &content)->status, 206);
}
END_TEST

START_TEST(range_that_cannot_be_satisfied_is_told_the_length)
{
    const struct cop_response *response = answer("GET", "Range: bytes=10-\r\n", NULL);

    ck_assert_int_eq(response->status, 416);
    ck_assert_str_eq(response->fields, "Content-Range: bytes */10\r\n");
}
END_TEST

START_TEST(range_is_for_get_alone)
{
    ck_assert_int_eq(answer("HEAD", "Range: bytes=0-0\r\n", NULL)->status, 200);
    ck_assert_int_eq(answer("HEAD", "Range: bytes=10-\r\n", NULL)->status, 200);
    ck_assert_int_eq(answer("POST", "Range: bytes=0-0\r\n", NULL)->status, 200);
    ck_assert_int_eq(answer("GET", "Range: bytes=0-0\r\nRange: bytes=0-0\r\n", NULL)->status, 200);
}
END_TEST

START_TEST(not_modified_has_the_tag_or_else_the_date)
{
    struct cop_content content = {.content_type = "text/plain",
                                  .memory = text,
                                  .length = 10,
                                  .etag = "\"1\"",
                                  .modified = 784111777};
    const struct cop_response *response =
        answer("GET", "If-None-Match: \"1\"\r\nRange: bytes=0-0\r\n", &content);

    ck_assert_int_eq(response->status, 304);
    ck_assert_str_eq(response->fields, "X-Before: 1\r\nETag: \"1\"\r\n");
    content.etag = NULL;
    response = answer("GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", &content);
    ck_assert_int_eq(response->status, 304);
    ck_assert_str_eq(response->fields,
                     "X-Before: 1\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    ck_assert_ptr_null(response->content_type.data);
}
END_TEST

START_TEST(precondition_that_fails_goes_before_the_range)
{
    struct cop_content content = {
        .content_type = "text/plain", .memory = text, .length = 10, .etag = "\"1\""};
    const struct cop_response *response =
        answer("GET", "If-Match: \"2\"\r\nRange: bytes=10-\r\n", &content);

    ck_assert_int_eq(response->status, 412);
    ck_assert_uint_eq(response->fields_len, 0);
}
END_TEST

START_TEST(future_is_told_as_now)
{
    time_t before = time(NULL), told;
    struct cop_content content = {
        .content_type = "text/plain", .memory = text, .length = 10, .modified = before + 100000};
    const char *at = strstr(answer("GET", "", &content)->fields, "Last-Modified: ");

    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(http_date_read((struct cop_slice){at + 15, HTTP_DATE_LEN}, before, &told), 0);
    ck_assert(told >= before && told <= time(NULL));
}
END_TEST

START_TEST(status_of_the_handler_stays)
{
    struct cop_content content = {
        .content_type = "text/plain", .memory = text, .length = 10, .etag = "\"1\""};
    struct cop_request *request = fake_request_init(
        &fake, "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\nRange: bytes=0-0\r\n\r\n");
    struct cop_response *response = &fake.session.response;

    http_answer_init(response);
    response->status = 404;
    ck_assert_int_eq(cop_response_content(request, response, &content), 0);
    ck_assert_int_eq(response->status, 404);
    ck_assert_uint_eq(response->length, 10);
}
END_TEST

START_TEST(etag_that_is_none_is_refused)
{
    static const char *const tags[] = {"", "1", "\"1", "\"1\" ", "\"1\", \"2\"", "w/\"1\"", "*"};
    struct cop_request *request = fake_request_init(&fake, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        struct cop_content content = {
            .content_type = "text/plain", .memory = text, .length = 10, .etag = tags[i]};

        http_answer_init(&fake.session.response);
        ck_assert_int_eq(cop_response_content(request, &fake.session.response, &content), -EINVAL);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, whole_content_comes_with_its_version);
    tcase_add_test(tc, content_of_no_known_version_has_no_such_fields);
    tcase_add_test(tc, one_range_is_a_part_of_the_memory_or_the_file);
    tcase_add_test(tc, several_ranges_are_parts_of_one_body);
    tcase_add_test(tc, several_ranges_of_encoded_content_are_all_of_it);
    tcase_add_test(tc, range_that_cannot_be_satisfied_is_told_the_length);
    tcase_add_test(tc, range_is_for_get_alone);
    tcase_add_test(tc, not_modified_has_the_tag_or_else_the_date);
    tcase_add_test(tc, precondition_that_fails_goes_before_the_range);
    tcase_add_test(tc, future_is_told_as_now);
    tcase_add_test(tc, status_of_the_handler_stays);
    tcase_add_test(tc, etag_that_is_none_is_refused);
}

int main(void)
{
    return run_suite("response_content", add);
}
