/* SPDX-License-Identifier: MIT */
#include "common/access_format.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static char error[256];

static struct access_format *compile(const char *text)
{
    struct access_format *format = NULL;

    ck_assert_msg(access_format_compile(text, &format, error, sizeof(error)) == 0, "%s", error);
    return format;
}

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"{statsu}",
     "unknown directive \"{statsu}\", expected one like {peer}, {status}, {header:NAME} "
     "or {response:NAME} (did you mean \"status\"?)"},
    {"{}", "unknown directive \"{}\", expected one like {peer}, {status}, {header:NAME} or "
           "{response:NAME}"},
    {"{header:}", "unknown directive \"{header:}\", expected one like {peer}, {status}, "
                  "{header:NAME} or {response:NAME}"},
    {"{header:a b}", "unknown directive \"{header:a b}\", expected one like {peer}, {status}, "
                     "{header:NAME} or {response:NAME} (did you mean \"header:NAME\"?)"},
    {"json {status} {header:A} {header:a}",
     "\"{header:a}\" is there twice, expected each member once"},
    {"{status", "\"{status\" has no \"}\", expected {directive}, or {{ for a brace"},
    {"status}", "\"}\" without \"{\", expected }} for a brace"},
    {"combind", "\"combind\" has no {directive}, expected common, combined, json, or a text with "
                "directives like {status}"},
    {"{status}\n", "a control character, expected one line of text"},
    {"json {status}, {peer}", "\", {peer}\" behind \"json\", expected only {directives}"},
    {"json {nothing}", "unknown directive \"{nothing}\", expected one like {peer}, {status}, "
                       "{header:NAME} or {response:NAME}"},
};

START_TEST(access_format_that_is_wrong_is_refused_with_what_was_expected)
{
    struct access_format *format = NULL;

    ck_assert_int_eq(access_format_compile(refused[_i].text, &format, error, sizeof(error)),
                     -EINVAL);
    ck_assert_str_eq(error, refused[_i].message);
    ck_assert_ptr_null(format);
}
END_TEST

static const char *const all[] = {
#define DIRECTIVE(id, name) name,
    ACCESS_DIRECTIVES
#undef DIRECTIVE
};

START_TEST(access_format_knows_every_directive)
{
    char text[64];
    struct access_format *format;

    snprintf(text, sizeof(text), "{%s}", all[_i]);
    format = compile(text);
    ck_assert_uint_eq(format->npieces, 1);
    ck_assert_uint_eq(format->pieces[0].directive, _i + 1);
    ck_assert(access_format_wants(format, (enum access_directive)(_i + 1)));
    access_format_free(format);
}
END_TEST

START_TEST(access_format_is_literals_and_directives_in_turn)
{
    struct access_format *format = compile("a {{{status}}} \"{header:X-A}\" {peer}");
    char literals[64] = "";

    for (size_t i = 0; i < format->npieces; i++)
        if (format->pieces[i].directive == ACCESS_LITERAL)
            strcat(literals, format->pieces[i].text);
    ck_assert_str_eq(literals, "a {} \"\" ");
    ck_assert_uint_eq(format->literals_len, strlen(literals));
    ck_assert_uint_eq(format->nvalues, 3);
    for (size_t i = 0; i < format->npieces; i++) {
        const struct access_piece *piece = &format->pieces[i];

        ck_assert(piece->directive == ACCESS_LITERAL ||
                  piece->is_quoted == (piece->directive == ACCESS_REQUEST_HEADER));
    }
    access_format_free(format);
}
END_TEST

START_TEST(access_format_with_room_for_no_line_is_refused)
{
    struct access_format *format;
    char text[4096] = "{status}";

    memset(text + 8, 'x', ACCESS_LITERALS_MAX);
    format = compile(text);
    access_format_free(format);
    text[8 + ACCESS_LITERALS_MAX] = 'x';
    ck_assert_int_eq(access_format_compile(text, &format, error, sizeof(error)), -EINVAL);
    ck_assert_str_eq(error, "too much text, expected at most 1024 bytes beside the directives");
    text[0] = 0;
    for (int i = 0; i < ACCESS_VALUES_MAX; i++)
        strcat(text, "{status}");
    format = compile(text);
    access_format_free(format);
    strcat(text, "{status}");
    ck_assert_int_eq(access_format_compile(text, &format, error, sizeof(error)), -EINVAL);
    ck_assert_str_eq(error, "too many directives, expected at most 32");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, access_format_that_is_wrong_is_refused_with_what_was_expected, 0,
                        sizeof(refused) / sizeof(refused[0]));
    tcase_add_loop_test(tc, access_format_knows_every_directive, 0, sizeof(all) / sizeof(all[0]));
    tcase_add_test(tc, access_format_is_literals_and_directives_in_turn);
    tcase_add_test(tc, access_format_with_room_for_no_line_is_refused);
}

int main(void)
{
    return run_suite("access_format", add);
}
