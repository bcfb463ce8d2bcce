/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/multipart.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct source {
    const char *text;
    size_t len;
    size_t portion;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t n = source->portion < size ? source->portion : size;

    if (n > source->len)
        n = source->len;
    memcpy(buffer, source->text, n);
    source->text += n;
    source->len -= n;
    return (ssize_t)n;
}

#define PART(disposition, content) \
    "--XX\r\nContent-Disposition: form-data; " disposition "\r\n\r\n" content "\r\n"

static const struct {
    const char *body;
    const char *parts; /* "[name|filename|type|content]...", and the result that ended it */
} cases[] = {
    {PART("name=a", "1") PART("name=\"b\"", "") "--XX--", "[a|||1][b|||]0"},
    {"preamble\r\n" PART("name=a", "1") "--XX--\r\nepilogue", "[a|||1]0"},
    {"--XX--\r\n", "0"},
    {PART("NAME=\"a;b\"; filename=\"x.txt\"\r\nContent-Type: text/x ", "\r\n--X\r\n--") "--XX--",
     "[a;b|x.txt|text/x|\r\n--X\r\n--]0"},
    {"--XX \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XX--", "[a|||1]0"},
    {"", "-400"},
    {"--XX", "-400"},
    {PART("name=a", "1"), "[a|||-400"},
    {PART("name=a", "1") "--XX", "[a|||1]-400"},
    {PART("filename=a", "1") "--XX--", "-400"},
    {"--XXY\r\n\r\n\r\n--XX--", "-400"},
    {"--XX\r\nContent-Disposition: form-data; name=a\r\n", "-400"},
};

static const size_t portions[] = {1, 2, 3, 7, 4096};

START_TEST(parts_come_out_in_any_portions)
{
    for (size_t i = 0; i < sizeof(portions) / sizeof(portions[0]); i++) {
        struct source source = {cases[_i].body, strlen(cases[_i].body), portions[i]};
        struct cop_multipart form;
        struct cop_part part;
        char text[512] = "", piece[5];
        int rc;

        multipart_init(&form, (struct cop_slice){"XX", 2}, read_source, &source);
        while ((rc = cop_multipart_next(&form, &part)) == 1) {
            ssize_t n;

            sprintf(text + strlen(text), "[%.*s|%.*s|%.*s|", (int)part.name.len, part.name.data,
                    (int)part.filename.len, part.filename.data ? part.filename.data : "",
                    (int)part.content_type.len,
                    part.content_type.data ? part.content_type.data : "");
            while ((n = cop_multipart_read(&form, piece, sizeof(piece))) > 0)
                strncat(text, piece, (size_t)n);
            rc = (int)n;
            if (n < 0)
                break;
            strcat(text, "]");
        }
        sprintf(text + strlen(text), "%d", rc);
        ck_assert_str_eq(text, cases[_i].parts);
    }
}
END_TEST

START_TEST(part_that_is_not_read_is_skipped)
{
    static const char body[] = PART("name=a", "1234567890") PART("name=b", "2") "--XX--";
    struct source source = {body, sizeof(body) - 1, 3};
    struct cop_multipart form;
    struct cop_part part;

    multipart_init(&form, (struct cop_slice){"XX", 2}, read_source, &source);
    ck_assert_int_eq(cop_multipart_next(&form, &part), 1);
    ck_assert_int_eq(cop_multipart_next(&form, &part), 1);
    ck_assert(cop_slice_equal(part.name, "b"));
    ck_assert_int_eq(cop_multipart_next(&form, &part), 0);
    ck_assert_int_eq(cop_multipart_next(&form, &part), 0);
}
END_TEST

START_TEST(head_without_an_end_is_refused)
{
    static char body[8192] = "--XX\r\nX: ";
    struct source source = {body, sizeof(body), 100};
    struct cop_multipart form;
    struct cop_part part;

    memset(body + 9, 'x', sizeof(body) - 9);
    multipart_init(&form, (struct cop_slice){"XX", 2}, read_source, &source);
    ck_assert_int_eq(cop_multipart_next(&form, &part), -431);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, parts_come_out_in_any_portions, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, part_that_is_not_read_is_skipped);
    tcase_add_test(tc, head_without_an_end_is_refused);
}

int main(void)
{
    return run_suite("multipart", add);
}
