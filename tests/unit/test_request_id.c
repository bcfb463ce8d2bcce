/* SPDX-License-Identifier: MIT */
#include "worker/http/request_id.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"
#include "worker/http/http_answer.h"

static void *make(void *arg)
{
    ck_assert_uint_eq(request_id_make(arg), 24);
    return NULL;
}

START_TEST(request_id_is_another_for_each_request_and_thread)
{
    char ids[4][REQUEST_ID_MAX + 1];
    pthread_t thread;

    make(ids[0]);
    make(ids[1]);
    for (int i = 2; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, make, ids[i]), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    ck_assert_int_eq(strncmp(ids[0], ids[1], 16), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(strspn(ids[i], "0123456789abcdef"), 24);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(ids[i], ids[j]);
    }
}
END_TEST

static struct cop_slice slice(const char *text)
{
    return (struct cop_slice){text, strlen(text)};
}

START_TEST(request_id_of_a_client_is_short_and_harmless)
{
    char text[REQUEST_ID_MAX + 2] = "";

    ck_assert(!request_id_is_valid((struct cop_slice){NULL, 0}));
    ck_assert(request_id_is_valid(slice("aZ09-_.:+/=@~")));
    for (int c = 1; c < 256; c++) {
        text[0] = (char)c;
        ck_assert_int_eq(request_id_is_valid(slice(text)),
                         (c < 128 && strchr("-_.:+/=@~", c)) || (c >= '0' && c <= '9') ||
                             (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    }
    memset(text, 'x', REQUEST_ID_MAX);
    ck_assert(request_id_is_valid(slice(text)));
    text[REQUEST_ID_MAX] = 'x';
    ck_assert(!request_id_is_valid((struct cop_slice){text, REQUEST_ID_MAX + 1}));
}
END_TEST

START_TEST(request_id_of_a_handler_is_not_sent_twice)
{
    static struct fake_request fake;
    struct cop_request *request = fake_request_init(&fake, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    struct cop_response *response = &fake.session.response;
    const char *id = cop_request_id(request);
    uint32_t len;

    http_answer_init(response);
    ck_assert_ptr_eq(cop_request_id(request), id);
    ck_assert_int_eq(cop_response_header(response, "x-request-ID", "mine"), 0);
    len = response->fields_len;
    ck_assert_int_eq(request_id_send(&fake.session), 0);
    ck_assert_uint_eq(response->fields_len, len);
    http_answer_init(response);
    ck_assert_int_eq(request_id_send(&fake.session), 0);
    ck_assert_uint_eq(response->fields_len, strlen("X-Request-ID: \r\n") + 24);
    fake_request_fini(&fake);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, request_id_is_another_for_each_request_and_thread);
    tcase_add_test(tc, request_id_of_a_client_is_short_and_harmless);
    tcase_add_test(tc, request_id_of_a_handler_is_not_sent_twice);
}

int main(void)
{
    return run_suite("request_id", add);
}
