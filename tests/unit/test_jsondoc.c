/* SPDX-License-Identifier: MIT */
#include "common/jsondoc.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ck_assert_prints(struct jsondoc *value, const char *expected)
{
    char *text = jsondoc_print(value, false);

    ck_assert_str_eq(text, expected);
    free(text);
    jsondoc_free(value);
}

static struct jsondoc *parse(const char *text)
{
    char error[200];

    return jsondoc_parse(text, strlen(text), error, sizeof(error));
}

START_TEST(jsondoc_print_keeps_the_order_of_members)
{
    struct jsondoc *object = jsondoc_object();
    struct jsondoc *array = jsondoc_array();

    jsondoc_push(array, jsondoc_integer(INT64_MIN));
    jsondoc_push(array, jsondoc_real(0.1));
    jsondoc_push(array, jsondoc_bool(true));
    jsondoc_set(object, "z", array);
    jsondoc_set(object, "a", jsondoc_null());
    jsondoc_set(object, "m", jsondoc_string("text"));
    ck_assert_prints(object, "{\"z\":[-9223372036854775808,0.1,true],\"a\":null,\"m\":\"text\"}");
}
END_TEST

START_TEST(jsondoc_print_indents_when_asked)
{
    struct jsondoc *object = jsondoc_object();
    char *text;

    jsondoc_set(object, "a", jsondoc_integer(1));
    text = jsondoc_print(object, true);
    ck_assert_str_eq(text, "{\n  \"a\": 1\n}");
    free(text);
    jsondoc_free(object);
}
END_TEST

START_TEST(jsondoc_string_of_invalid_utf8_gets_replacements)
{
    ck_assert_prints(jsondoc_string("a\xff\xc3\xa9\xc3"), "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\"");
    ck_assert_prints(jsondoc_string("\xff\xfe"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST

START_TEST(jsondoc_string_escapes_control_characters)
{
    ck_assert_prints(jsondoc_string("\"\\\n\x01"), "\"\\\"\\\\\\n\\u0001\"");
}
END_TEST

/* Whatever stands before it: text is looked at sixteen bytes at a time. */
START_TEST(jsondoc_string_escapes_in_every_place)
{
    static const struct {
        char c;
        const char *escape;
    } cases[] = {{'"', "\\\""},     {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"},
                 {'\n', "\\n"},     {'\r', "\\r"},  {'\t', "\\t"}, {1, "\\u0001"},
                 {0x1f, "\\u001f"}, {' ', " "},     {'/', "/"},    {0x7f, "\x7f"}};
    char text[41], expected[64];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int at = 0; at < 40; at++) {
            memset(text, '~', sizeof(text));
            text[40] = 0;
            text[at] = cases[i].c;
            snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"", at, text, cases[i].escape,
                     39 - at, text + at + 1);
            ck_assert_prints(jsondoc_string(text), expected);
        }
    }
}
END_TEST

START_TEST(jsondoc_string_keeps_utf8_in_every_place)
{
    char text[43], expected[64];

    for (int at = 0; at < 40; at++) {
        memset(text, '~', sizeof(text));
        text[42] = 0;
        memcpy(text + at, "\xc3\xa9", 2);
        snprintf(expected, sizeof(expected), "\"%s\"", text);
        ck_assert_prints(jsondoc_string(text), expected);
        text[at + 1] = '~';
        snprintf(expected, sizeof(expected), "\"%.*s\xef\xbf\xbd%s\"", at, text, text + at + 1);
        ck_assert_prints(jsondoc_string(text), expected);
    }
}
END_TEST

START_TEST(jsondoc_print_of_empty_ones_and_of_many)
{
    struct jsondoc *array = jsondoc_array();
    char *text;

    jsondoc_push(array, jsondoc_object());
    jsondoc_push(array, jsondoc_array());
    jsondoc_push(array, jsondoc_string(""));
    ck_assert_prints(array, "[{},[],\"\"]");
    array = jsondoc_array();
    for (int i = 0; i < 10000; i++)
        jsondoc_push(array, jsondoc_integer(7));
    text = jsondoc_print(array, false);
    ck_assert_uint_eq(strlen(text), 20001);
    free(text);
    jsondoc_free(array);
}
END_TEST

static char *print_nested(int levels)
{
    struct jsondoc *value = jsondoc_integer(1);
    char *text;

    for (int i = 0; i < levels; i++) {
        struct jsondoc *array = jsondoc_array();

        jsondoc_push(array, value);
        value = array;
    }
    text = jsondoc_print(value, false);
    jsondoc_free(value);
    return text;
}

START_TEST(jsondoc_print_of_what_is_too_deep_fails)
{
    char *text = print_nested(511);

    ck_assert_uint_eq(strlen(text), 2 * 511 + 1);
    free(text);
    ck_assert_ptr_null(print_nested(512));
}
END_TEST

START_TEST(jsondoc_string_of_null_and_real_of_nan_are_null)
{
    ck_assert_prints(jsondoc_string(NULL), "null");
    ck_assert_prints(jsondoc_real(NAN), "null");
    ck_assert_prints(jsondoc_real(INFINITY), "null");
}
END_TEST

START_TEST(jsondoc_print_fails_once_when_a_value_was_missing)
{
    struct jsondoc *object = jsondoc_object();

    jsondoc_set(object, "a", NULL);
    ck_assert_ptr_null(jsondoc_print(object, false));
    jsondoc_free(object);
    ck_assert_prints(jsondoc_integer(1), "1");
}
END_TEST

START_TEST(jsondoc_set_into_nothing_frees_the_value)
{
    jsondoc_set(NULL, "a", jsondoc_integer(1));
    jsondoc_push(NULL, jsondoc_integer(1));
    ck_assert_ptr_null(jsondoc_print(NULL, false));
}
END_TEST

START_TEST(jsondoc_parse_reads_what_was_printed)
{
    const char *text = "{\"id\":7,\"list\":[1,2.5,\"x\"],\"on\":true,\"nothing\":null}";
    struct jsondoc *value = parse(text);
    const struct jsondoc *list = jsondoc_get(value, "list");

    ck_assert_int_eq(jsondoc_integer_value(jsondoc_get(value, "id"), 0), 7);
    ck_assert_uint_eq(jsondoc_len(value), 4);
    ck_assert_uint_eq(jsondoc_len(list), 3);
    ck_assert(jsondoc_is_integer(jsondoc_at(list, 0)));
    ck_assert(!jsondoc_is_integer(jsondoc_at(list, 1)));
    ck_assert_double_eq(jsondoc_real_value(jsondoc_at(list, 0), 0), 1);
    ck_assert_double_eq(jsondoc_real_value(jsondoc_at(list, 1), 0), 2.5);
    ck_assert_str_eq(jsondoc_text(jsondoc_at(list, 2)), "x");
    ck_assert(jsondoc_bool_value(jsondoc_get(value, "on"), false));
    ck_assert_prints(value, text);
}
END_TEST

START_TEST(jsondoc_readers_of_a_missing_or_mistyped_value_give_the_fallback)
{
    struct jsondoc *value = parse("{\"text\":\"7\"}");
    const struct jsondoc *text = jsondoc_get(value, "text");

    ck_assert_ptr_null(jsondoc_get(value, "absent"));
    ck_assert_ptr_null(jsondoc_get(text, "deeper"));
    ck_assert_ptr_null(jsondoc_at(value, 0));
    ck_assert_ptr_null(jsondoc_at(NULL, 0));
    ck_assert_uint_eq(jsondoc_len(NULL), 0);
    ck_assert_int_eq(jsondoc_integer_value(text, -1), -1);
    ck_assert_int_eq(jsondoc_integer_value(NULL, -1), -1);
    ck_assert_double_eq(jsondoc_real_value(text, 0.5), 0.5);
    ck_assert(jsondoc_bool_value(text, true));
    ck_assert_ptr_null(jsondoc_text(value));
    jsondoc_free(value);
}
END_TEST

START_TEST(jsondoc_parse_refuses_what_is_no_json_with_a_sentence)
{
    static const char *const bad[] = {"",        "{",        "{\"a\":1,\"a\":2}", "[1] x",
                                      "nothing", "\"\xff\"", "\"a\\u0000b\""};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char error[200] = "";

        ck_assert_msg(!jsondoc_parse(bad[i], strlen(bad[i]), error, sizeof(error)), "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(error, "not JSON: "));
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, jsondoc_print_keeps_the_order_of_members);
    tcase_add_test(tc, jsondoc_print_indents_when_asked);
    tcase_add_test(tc, jsondoc_string_escapes_in_every_place);
    tcase_add_test(tc, jsondoc_string_keeps_utf8_in_every_place);
    tcase_add_test(tc, jsondoc_print_of_empty_ones_and_of_many);
    tcase_add_test(tc, jsondoc_print_of_what_is_too_deep_fails);
    tcase_add_test(tc, jsondoc_string_of_invalid_utf8_gets_replacements);
    tcase_add_test(tc, jsondoc_string_escapes_control_characters);
    tcase_add_test(tc, jsondoc_string_of_null_and_real_of_nan_are_null);
    tcase_add_test(tc, jsondoc_print_fails_once_when_a_value_was_missing);
    tcase_add_test(tc, jsondoc_set_into_nothing_frees_the_value);
    tcase_add_test(tc, jsondoc_parse_reads_what_was_printed);
    tcase_add_test(tc, jsondoc_readers_of_a_missing_or_mistyped_value_give_the_fallback);
    tcase_add_test(tc, jsondoc_parse_refuses_what_is_no_json_with_a_sentence);
}

int main(void)
{
    return run_suite("jsondoc", add);
}
