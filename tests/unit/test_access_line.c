/* SPDX-License-Identifier: MIT */
#include "worker/http/access_line.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/jsondoc.h"
#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"
#include "worker/http/http_answer.h"

static struct fake_request fake;
static char line[ACCESS_LINE_MAX + 1];

static struct access_facts facts_of(const char *request)
{
    struct access_facts facts = {.request = fake_request_init(&fake, request),
                                 .status = 200,
                                 .outcome = "ok",
                                 .bytes = 5,
                                 .bytes_sent = 105,
                                 .duration = 1234567890,
                                 .at = {.tv_sec = 784111777, .tv_nsec = 42999999},
                                 .peer = "127.0.0.1",
                                 .port = 4711,
                                 .request_id = "abc",
                                 .connection = 7,
                                 .pool = "web",
                                 .app = "hello",
                                 .worker = 3,
                                 .pid = 99};

    http_answer_init(&fake.session.response);
    facts.response = &fake.session.response;
    return facts;
}

/* The line without its end. */
static const char *print(const char *format_text, const struct access_facts *facts)
{
    struct access_format *format;
    char error[256];
    size_t len;

    ck_assert_msg(access_format_compile(format_text, &format, error, sizeof(error)) == 0, "%s",
                  error);
    len = access_line_print(format, facts, line);
    ck_assert_uint_le(len, ACCESS_LINE_MAX);
    ck_assert_int_eq(line[len - 1], '\n');
    line[len - 1] = 0;
    access_format_free(format);
    return line;
}

static const char plain[] = "GET /a?b=c HTTP/1.1\r\nHost: x.org\r\nX-A: one two\r\nEmpty:\r\n\r\n";

static const struct {
    const char *format;
    const char *text;
} prints[] = {
    {"{time} {time_clf} {time_unix}",
     "1994-11-06T08:49:37.042Z 06/Nov/1994:08:49:37 +0000 784111777.042"},
    {"{peer} {port} {request_id} {connection} {pool} {app} {worker} {pid}",
     "127.0.0.1 4711 abc 7 web hello 3 99"},
    {"{method} {target} {path} {query} {protocol}", "GET /a?b=c /a b=c HTTP/1.1"},
    {"\"{request}\" {request}", "\"GET /a?b=c HTTP/1.1\" GET\\x20/a?b=c\\x20HTTP/1.1"},
    {"{status} {outcome} {bytes} {bytes_sent} {duration} {duration_us}",
     "200 ok 5 105 1.234567 1234567"},
    {"{host} {referer} {user_agent} {route} {header:empty}", "x.org - - - -"},
    {"{header:x-a} \"{header:X-A}\" {header:X-B}", "one\\x20two \"one two\" -"},
    {"{response:Content-Length} {response:Content-Type} {response:X-C}", "0 - -"},
    {"json {status} {header:X-A} {header:X-B} {header:Empty} {duration} {time_unix}",
     "{\"status\":200,\"header:X-A\":\"one two\",\"header:X-B\":null,\"header:Empty\":\"\","
     "\"duration\":1.234567,\"time_unix\":784111777.042}"},
    {"common", "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 5"},
};

START_TEST(access_line_prints_each_directive)
{
    struct access_facts facts = facts_of(plain);

    ck_assert_str_eq(print(prints[_i].format, &facts), prints[_i].text);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(access_line_without_a_request_has_nothing_but_its_first_line)
{
    struct access_facts facts = facts_of(plain);

    facts.request = NULL;
    facts.response = NULL;
    facts.peer = NULL;
    facts.port = 0;
    facts.first_line = (struct cop_slice){"GET \"", 5};
    ck_assert_str_eq(
        print("{peer} {port} \"{request}\" {method} {header:A} {response:B} {route}", &facts),
        "- - \"GET \\x22\" - - - -");
    ck_assert_str_eq(
        print("json {peer} {request} {method} {response:B}", &facts),
        "{\"peer\":null,\"request\":\"GET \\\"\",\"method\":null,\"response:B\":null}");
    fake_request_fini(&fake);
}
END_TEST

START_TEST(access_line_finds_the_fields_of_the_answer)
{
    struct access_facts facts = facts_of(plain);
    struct cop_response *response = &fake.session.response;

    cop_response_text(response, "hello");
    ck_assert_int_eq(cop_response_header(response, "X-Other", "1"), 0);
    ck_assert_int_eq(cop_response_header(response, "X-C", "a \"b\""), 0);
    ck_assert_str_eq(
        print("\"{response:x-c}\" {response:X-Other} {response:X} \"{response:content-type}\"",
              &facts),
        "\"a \\x22b\\x22\" 1 - \"text/plain; charset=utf-8\"");
    fake_request_fini(&fake);
}
END_TEST

static const struct {
    const char *in;
    const char *text;
    const char *json;
} escapes[] = {
    {"a\"b\\c", "a\\x22b\\x5cc", "a\\\"b\\\\c"},
    {"\x1b[2J\x7f\t", "\\x1b[2J\\x7f\\x09", "\\u001b[2J\\u007f\\t"},
    {"\r\n", "\\x0d\\x0a", "\\r\\n"},
    {"\xff\xc3(", "\\xff\\xc3(", "\xef\xbf\xbd\xef\xbf\xbd("},
    {"\xc3\xa9\xf0\x9f\x8c\xb3", "\\xc3\\xa9\\xf0\\x9f\\x8c\\xb3", "\xc3\xa9\xf0\x9f\x8c\xb3"},
    {"\xc2\x9b", "\\xc2\\x9b", "\\u009b"},
    {"\xe2\x80\xae\xe2\x80\xa8", "\\xe2\\x80\\xae\\xe2\\x80\\xa8", "\\u202e\\u2028"},
    {"%0a", "%0a", "%0a"},
};

START_TEST(access_line_escapes_what_could_forge_one)
{
    struct access_facts facts = facts_of(plain);
    char expected[128];

    facts.request = NULL;
    facts.first_line = (struct cop_slice){escapes[_i].in, strlen(escapes[_i].in)};
    ck_assert_str_eq(print("{request}", &facts), escapes[_i].text);
    snprintf(expected, sizeof(expected), "{\"request\":\"%s\"}", escapes[_i].json);
    ck_assert_str_eq(print("json {request}", &facts), expected);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(access_line_cuts_long_values_and_stays_whole)
{
    struct access_facts facts = facts_of(plain);
    static char format[ACCESS_VALUES_MAX * 10 + 16];
    static char text[8192];
    char error[200];
    struct jsondoc *object;

    memset(text, _i, sizeof(text));
    facts.request = NULL;
    facts.first_line = (struct cop_slice){text, sizeof(text)};
    print("json {status} {request} {pid}", &facts);
    object = jsondoc_parse(line, strlen(line), error, sizeof(error));
    ck_assert_msg(object, "%s: %s", error, line);
    ck_assert_ptr_nonnull(strstr(line, "...\",\"pid\":99}"));
    jsondoc_free(object);
    format[0] = 0;
    for (int i = 0; i < ACCESS_VALUES_MAX - 1; i++)
        strcat(format, "{request} ");
    strcat(format, "{pid}");
    print(format, &facts);
    ck_assert_ptr_nonnull(strstr(line, "... 99"));
    fake_request_fini(&fake);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, access_line_prints_each_directive, 0,
                        sizeof(prints) / sizeof(prints[0]));
    tcase_add_test(tc, access_line_without_a_request_has_nothing_but_its_first_line);
    tcase_add_test(tc, access_line_finds_the_fields_of_the_answer);
    tcase_add_loop_test(tc, access_line_escapes_what_could_forge_one, 0,
                        sizeof(escapes) / sizeof(escapes[0]));
    tcase_add_loop_test(tc, access_line_cuts_long_values_and_stays_whole, 0, 256);
}

int main(void)
{
    return run_suite("access_line", add);
}
