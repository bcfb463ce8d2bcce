/* SPDX-License-Identifier: MIT */
#include "common/answer.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/order.h"
#include "tests/unit/suite.h"

static int fds[2];

static void setup(void)
{
    ck_assert_int_eq(order_open(fds), 0);
}

static void teardown(void)
{
    close(fds[0]);
    close(fds[1]);
}

static int paper_with(const char *text)
{
    int paper = answer_open_paper();

    ck_assert_int_ge(paper, 0);
    ck_assert_int_eq(write(paper, text, strlen(text)), (ssize_t)strlen(text));
    return paper;
}

START_TEST(text_travels_with_its_answer)
{
    struct answer answer = {.number = 7, .result = -5}, got;
    int paper = paper_with("what every task does"), came;
    size_t len;
    char *text;

    ck_assert_int_eq(answer_receive(fds[0], &got, &came), 0);
    ck_assert_int_eq(answer_send(fds[1], &answer, paper), 0);
    close(paper);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), 1);
    ck_assert_uint_eq(got.number, 7);
    ck_assert_int_eq(got.result, -5);
    text = answer_read(came, &len);
    ck_assert_str_eq(text, "what every task does");
    ck_assert_uint_eq(len, strlen(text));
    free(text);
    close(came);
}
END_TEST

START_TEST(answer_without_text_has_none)
{
    struct answer answer = {.number = 1}, got;
    int came = 5;

    ck_assert_int_eq(answer_send(fds[1], &answer, -1), 0);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), 1);
    ck_assert_int_eq(came, -1);
}
END_TEST

START_TEST(message_of_another_length_is_no_answer)
{
    struct answer got;
    int came;

    ck_assert_int_eq(send(fds[1], "1234567", 7, 0), 7);
    ck_assert_int_eq(send(fds[1], "123456789", 9, 0), 9);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), -EBADMSG);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), -EBADMSG);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), 0);
}
END_TEST

START_TEST(full_channel_and_absent_peer_are_told)
{
    struct answer answer = {.number = 1}, got;
    int rc, came;

    do
        rc = answer_send(fds[1], &answer, -1);
    while (rc == 0);
    ck_assert_int_eq(rc, -EAGAIN);
    close(fds[0]);
    ck_assert_int_eq(answer_send(fds[1], &answer, -1), -EPIPE);
    ck_assert_int_eq(order_open(fds), 0);
    close(fds[1]);
    ck_assert_int_eq(answer_receive(fds[0], &got, &came), -EPIPE);
}
END_TEST

START_TEST(endless_text_is_not_read)
{
    int paper = answer_open_paper();
    size_t len;

    ck_assert_int_eq(ftruncate(paper, (off_t)ANSWER_TEXT_MAX + 1), 0);
    ck_assert_ptr_null(answer_read(paper, &len));
    close(paper);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, text_travels_with_its_answer);
    tcase_add_test(tc, answer_without_text_has_none);
    tcase_add_test(tc, message_of_another_length_is_no_answer);
    tcase_add_test(tc, full_channel_and_absent_peer_are_told);
    tcase_add_test(tc, endless_text_is_not_read);
}

int main(void)
{
    return run_suite("answer", add);
}
