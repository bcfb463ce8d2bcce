/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "common/url.h"
#include "tests/unit/suite.h"

static unsigned port_of(const struct url *url)
{
    const struct sockaddr_in *v4 = (const void *)&url->address.sockaddr;

    return ntohs(v4->sin_port); /* at the same place in sockaddr_in6 */
}

START_TEST(good_urls_are_understood)
{
    static const struct {
        const char *text;
        int family;
        unsigned port;
        enum url_scheme scheme;
        const char *authority;
        const char *path;
    } good[] = {
        {"http://127.0.0.1:8080/", AF_INET, 8080, URL_HTTP, "127.0.0.1:8080", "/"},
        {"http://127.0.0.1", AF_INET, 80, URL_HTTP, "127.0.0.1", "/"},
        {"HTTP://localhost:1/a/b?c=d#e", AF_INET, 1, URL_HTTP, "localhost:1", "/a/b?c=d"},
        {"http://127.0.0.1:80?q", AF_INET, 80, URL_HTTP, "127.0.0.1:80", "/?q"},
        {"http://[::1]:8080/x", AF_INET6, 8080, URL_HTTP, "[::1]:8080", "/x"},
        {"http://[::1]/x", AF_INET6, 80, URL_HTTP, "[::1]", "/x"},
        {"tcp://127.0.0.1:7000", AF_INET, 7000, URL_TCP, "127.0.0.1:7000", ""},
        {"tcp://127.0.0.1:7000/", AF_INET, 7000, URL_TCP, "127.0.0.1:7000", ""},
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct url url;
        const char *why = "";

        ck_assert_msg(url_parse(good[i].text, &url, &why) == 0, "%s: %s", good[i].text, why);
        ck_assert_int_eq(url.address.sockaddr.ss_family, good[i].family);
        ck_assert_uint_eq(port_of(&url), good[i].port);
        ck_assert_int_eq(url.scheme, good[i].scheme);
        ck_assert_str_eq(url.authority, good[i].authority);
        ck_assert_str_eq(url.path, good[i].path);
    }
}
END_TEST

START_TEST(bad_urls_are_refused_with_a_sentence_and_nothing_changed)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1:8080",
        "http://",
        "http:///path",
        "http:/127.0.0.1",
        "ftp://127.0.0.1:21/",
        "http://user@127.0.0.1:80/",
        "http://example.org/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:80x/",
        "http://*:80/",
        "http://0.0.0.0:80/",
        "http://[::]:80/",
        "http://unix:/run/x",
        "http://127.0.0.1:80/a b",
        "http://127.0.0.1:80/\r\nX: y",
        "http://127.0.0.1:80/\xc3\xa4",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:7000/path",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct url url;
        struct url before;
        const char *why = NULL;

        memset(&url, 0x5a, sizeof(url));
        before = url;
        ck_assert_msg(url_parse(bad[i], &url, &why) == -EINVAL, "%s", bad[i]);
        ck_assert_ptr_nonnull(why);
        ck_assert_mem_eq(&url, &before, sizeof(url));
    }
}
END_TEST

START_TEST(https_is_refused_by_name)
{
    struct url url;
    const char *why = "";

    ck_assert_int_eq(url_parse("https://127.0.0.1/", &url, &why), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "https is not supported"));
}
END_TEST

START_TEST(path_beyond_its_room_is_refused)
{
    char text[URL_PATH_MAX + 64] = "http://127.0.0.1:80/";
    struct url url;
    const char *why;
    size_t prefix = strlen(text) - 1;

    memset(text + prefix + 1, 'a', URL_PATH_MAX - 2);
    ck_assert_int_eq(url_parse(text, &url, &why), 0);
    ck_assert_uint_eq(strlen(url.path), URL_PATH_MAX - 1);
    text[prefix + URL_PATH_MAX - 1] = 'a';
    ck_assert_int_eq(url_parse(text, &url, &why), -EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, good_urls_are_understood);
    tcase_add_test(tc, bad_urls_are_refused_with_a_sentence_and_nothing_changed);
    tcase_add_test(tc, https_is_refused_by_name);
    tcase_add_test(tc, path_beyond_its_room_is_refused);
}

int main(void)
{
    return run_suite("url", add);
}
