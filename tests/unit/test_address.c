/* SPDX-License-Identifier: MIT */
#include "common/address.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static struct cop_address address(const char *text)
{
    struct cop_address parsed;
    const char *why = "";

    ck_assert_msg(cop_address_parse(text, &parsed, &why) == 0, "%s: %s", text, why);
    return parsed;
}

static void ck_assert_round_trip(const char *text, const char *printed)
{
    struct cop_address parsed = address(text);
    struct cop_address again;
    char buffer[COP_ADDRESS_TEXT_MAX];

    ck_assert_str_eq(cop_address_print(&parsed, buffer), printed);
    again = address(buffer);
    ck_assert(address_equal(&parsed, &again));
}

static void ck_assert_refused(const char *text)
{
    struct cop_address parsed = {.len = 77};
    const char *why = NULL;

    ck_assert_msg(cop_address_parse(text, &parsed, &why) == -EINVAL, "%s", text);
    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strncmp(why, "expected ", 9) == 0, "%s", why);
    ck_assert_uint_eq(parsed.len, 77);
}

START_TEST(address_parse_and_print_agree)
{
    ck_assert_round_trip("127.0.0.1:8080", "127.0.0.1:8080");
    ck_assert_round_trip("*:80", "0.0.0.0:80");
    ck_assert_round_trip("localhost:0", "127.0.0.1:0");
    ck_assert_round_trip("[::]:65535", "[::]:65535");
    ck_assert_round_trip("[2001:db8:0:0:0:0:0:1]:1", "[2001:db8::1]:1");
    ck_assert_round_trip("unix:/run/app.sock", "unix:/run/app.sock");
    ck_assert_round_trip("unix:@name", "unix:@name");
}
END_TEST

START_TEST(address_of_the_longest_unix_path_is_printed_whole)
{
    char text[COP_ADDRESS_TEXT_MAX] = "unix:/";

    memset(text + strlen(text), 'x', 106);
    ck_assert_round_trip(text, text);
    text[5] = '@';
    ck_assert_round_trip(text, text);
}
END_TEST

START_TEST(address_len_of_an_abstract_name_has_no_ending_zero)
{
    struct cop_address parsed = address("unix:@ab");

    ck_assert_uint_eq(parsed.len, offsetof(struct sockaddr_un, sun_path) + 3);
    parsed = address("unix:/ab");
    ck_assert_uint_eq(parsed.len, offsetof(struct sockaddr_un, sun_path) + 4);
}
END_TEST

START_TEST(address_parse_refuses_with_a_sentence_and_leaves_the_output_alone)
{
    static const char *const bad[] = {
        "",
        ":80",
        "80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "1.2.3:80",
        "127.0.0.1:-1",
        "127.0.0.1: 1",
        "example.org:80",
        "::1:80",
        "[::1:80",
        "[]:80",
        "unix:",
        "unix:/",
        "unix:@",
        "unix:app.sock",
        "127.0.0.1:000080",
        "[127.0.0.1]:80",
        "0x7f.1:80",

    };

    char too_long[COP_ADDRESS_TEXT_MAX] = "unix:/";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_refused(bad[i]);
    memset(too_long + strlen(too_long), 'x', 107);
    ck_assert_refused(too_long);
}
END_TEST

START_TEST(address_print_of_an_unnamed_or_foreign_socket_is_a_word)
{
    struct cop_address unnamed = {.sockaddr.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
    struct cop_address foreign = {.sockaddr.ss_family = AF_UNSPEC};
    char buffer[COP_ADDRESS_TEXT_MAX];

    ck_assert_str_eq(cop_address_print(&unnamed, buffer), "unix:");
    ck_assert_str_eq(cop_address_print(&foreign, buffer), "unknown");
}
END_TEST

START_TEST(address_conflicts_when_one_would_keep_the_other_from_binding)
{
    static const struct {
        const char *a, *b;
        bool conflicts;
    } cases[] = {
        {"127.0.0.1:80", "127.0.0.1:80", true},  {"127.0.0.1:80", "127.0.0.1:81", false},
        {"127.0.0.1:80", "127.0.0.2:80", false}, {"0.0.0.0:80", "127.0.0.1:80", true},
        {"127.0.0.1:80", "*:80", true},          {"0.0.0.0:80", "127.0.0.1:81", false},
        {"[::]:80", "[::1]:80", true},           {"[::]:80", "0.0.0.0:80", false},
        {"[::1]:80", "[::1]:80", true},          {"127.0.0.1:0", "127.0.0.1:0", false},
        {"unix:/run/a", "unix:/run/a", true},    {"unix:/run/a", "unix:/run/b", false},
        {"unix:/run/a", "unix:@run/a", false},   {"unix:@a", "unix:@a", true},
        {"unix:@a", "127.0.0.1:80", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cop_address a = address(cases[i].a), b = address(cases[i].b);

        ck_assert_msg(address_conflicts(&a, &b) == cases[i].conflicts, "%s %s", cases[i].a,
                      cases[i].b);
        ck_assert(address_conflicts(&b, &a) == cases[i].conflicts);
    }
}
END_TEST

START_TEST(address_equal_looks_only_at_host_and_port)
{
    struct cop_address a = address("127.0.0.1:80"), b = a;
    struct sockaddr_in *sin = (struct sockaddr_in *)&b.sockaddr;

    memset(sin->sin_zero, 1, sizeof(sin->sin_zero));
    ck_assert(address_equal(&a, &b));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, address_parse_and_print_agree);
    tcase_add_test(tc, address_of_the_longest_unix_path_is_printed_whole);
    tcase_add_test(tc, address_len_of_an_abstract_name_has_no_ending_zero);
    tcase_add_test(tc, address_parse_refuses_with_a_sentence_and_leaves_the_output_alone);
    tcase_add_test(tc, address_print_of_an_unnamed_or_foreign_socket_is_a_word);
    tcase_add_test(tc, address_conflicts_when_one_would_keep_the_other_from_binding);
    tcase_add_test(tc, address_equal_looks_only_at_host_and_port);
}

int main(void)
{
    return run_suite("address", add);
}
