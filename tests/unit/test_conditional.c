/* SPDX-License-Identifier: MIT */
#include "worker/http/conditional.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"

#define SAME   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define FUTURE "Fri, 31 Dec 9999 23:59:59 GMT"
#define TIME   784111777

static const struct {
    const char *list, *tags;
    int end;
} lists[] = {
    {"", "", 0},
    {" ,\t, ", "", 0},
    {"\"a\"", "[\"a\"]", 0},
    {"\"a\",\"b\"", "[\"a\"][\"b\"]", 0},
    {" , \"a\" ,, W/\"b\"\t,", "[\"a\"][W/\"b\"]", 0},
    {"\"a,b\", \"\"", "[\"a,b\"][\"\"]", 0},
    {"\"\x80\\\"", "[\"\x80\\\"]", 0},
    {"\"a\" \"b\"", "", -EINVAL},
    {"\"a\", b", "[\"a\"]", -EINVAL},
    {"a", "", -EINVAL},
    {"w/\"a\"", "", -EINVAL},
    {"W/", "", -EINVAL},
    {"W/ \"a\"", "", -EINVAL},
    {"\"a", "", -EINVAL},
    {"\"a b\"", "", -EINVAL},
    {"*", "", -EINVAL},
};

START_TEST(list_of_tags_is_taken_apart)
{
    struct cop_slice rest = {lists[_i].list, strlen(lists[_i].list)}, tag;
    char text[256] = "";
    int rc;

    while ((rc = conditional_next_tag(&rest, &tag)) == 1)
        sprintf(text + strlen(text), "[%.*s]", (int)tag.len, tag.data);
    ck_assert_str_eq(text, lists[_i].tags);
    ck_assert_int_eq(rc, lists[_i].end);
}
END_TEST

/* The example of RFC 9110, section 8.8.3.2. */
START_TEST(weak_tags_match_by_the_weak_comparison_alone)
{
    struct cop_slice strong = {"\"1\"", 3}, weak = {"W/\"1\"", 5}, other = {"W/\"2\"", 5};

    ck_assert(!conditional_tags_match(weak, weak, true));
    ck_assert(conditional_tags_match(weak, weak, false));
    ck_assert(!conditional_tags_match(weak, other, true));
    ck_assert(!conditional_tags_match(weak, other, false));
    ck_assert(!conditional_tags_match(weak, strong, true));
    ck_assert(conditional_tags_match(weak, strong, false));
    ck_assert(conditional_tags_match(strong, strong, true));
    ck_assert(conditional_tags_match(strong, strong, false));
}
END_TEST

/* Against a version with the tag "e" that was modified at TIME. */
static const struct {
    const char *method, *fields;
    int status;
} conditions[] = {
    {"GET", "", 0},
    {"GET", "If-None-Match: \"e\"\r\n", 304},
    {"HEAD", "If-None-Match: \"e\"\r\n", 304},
    {"PUT", "If-None-Match: \"e\"\r\n", 412},
    {"PUT", "If-None-Match: *\r\n", 412},
    {"GET", "if-none-match: W/\"e\"\r\n", 304},
    {"GET", "If-None-Match: *\r\n", 304},
    {"GET", "If-None-Match: \"x\", \"e\"\r\n", 304},
    {"GET", "If-None-Match: \"x\"\r\nIf-None-Match: \"e\"\r\n", 304},
    {"GET", "If-None-Match: \"x\"\r\nIf-None-Match: \"y\"\r\n", 0},
    {"GET", "If-None-Match: \"x,e\"\r\n", 0},
    {"GET", "If-None-Match: e\r\n", 0},
    {"GET", "If-None-Match: \"E\"\r\n", 0},
    {"GET", "If-None-Match:\r\n", 0},
    {"GET", "If-Modified-Since: " SAME "\r\n", 304},
    {"GET", "If-Modified-Since: " LATER "\r\n", 304},
    {"GET", "If-Modified-Since: " FUTURE "\r\n", 304},
    {"GET", "If-Modified-Since: " BEFORE "\r\n", 0},
    {"GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304},
    {"GET", "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304},
    {"GET", "If-Modified-Since: yesterday\r\n", 0},
    {"GET", "If-Modified-Since: " SAME "\r\nIf-Modified-Since: " SAME "\r\n", 0},
    {"GET", "If-Modified-Since: " SAME ", " SAME "\r\n", 0},
    {"POST", "If-Modified-Since: " SAME "\r\n", 0},
    {"GET", "If-None-Match: \"x\"\r\nIf-Modified-Since: " SAME "\r\n", 0},
    {"GET", "If-None-Match: \"e\"\r\nIf-Modified-Since: " BEFORE "\r\n", 304},
    {"GET", "If-Match: \"e\"\r\n", 0},
    {"GET", "If-Match: *\r\n", 0},
    {"GET", "If-Match: \"x\", \"e\"\r\n", 0},
    {"GET", "If-Match: \"x\"\r\nIf-Match: \"e\"\r\n", 0},
    {"GET", "If-Match: \"x\"\r\n", 412},
    {"GET", "If-Match: W/\"e\"\r\n", 412},
    {"GET", "If-Match:\r\n", 412},
    {"PUT", "If-Match: \"x\"\r\n", 412},
    {"PUT", "If-Match: \"e\"\r\n", 0},
    {"GET", "If-Unmodified-Since: " SAME "\r\n", 0},
    {"GET", "If-Unmodified-Since: " LATER "\r\n", 0},
    {"GET", "If-Unmodified-Since: " BEFORE "\r\n", 412},
    {"PUT", "If-Unmodified-Since: " BEFORE "\r\n", 412},
    {"GET", "If-Unmodified-Since: never\r\n", 0},
    {"GET", "If-Unmodified-Since: " BEFORE "\r\nIf-Unmodified-Since: " BEFORE "\r\n", 0},
    {"GET", "If-Match: \"e\"\r\nIf-Unmodified-Since: " BEFORE "\r\n", 0},
    {"GET", "If-Match: \"x\"\r\nIf-Unmodified-Since: " LATER "\r\n", 412},
    {"GET", "If-Match: \"x\"\r\nIf-None-Match: \"e\"\r\n", 412},
    {"GET", "If-Match: \"e\"\r\nIf-None-Match: \"e\"\r\n", 304},
    {"GET", "If-Unmodified-Since: " BEFORE "\r\nIf-None-Match: \"e\"\r\n", 412},
    {"GET", "If-Unmodified-Since: " SAME "\r\nIf-Modified-Since: " SAME "\r\n", 304},
};

static struct fake_request fake;

static const struct cop_request *request_with(const char *method, const char *fields)
{
    char text[2048];

    snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n", method, fields);
    return fake_request_init(&fake, text);
}

START_TEST(preconditions_decide)
{
    struct cop_version version = {.etag = "\"e\"", .modified = TIME};
    const struct cop_request *request = request_with(conditions[_i].method, conditions[_i].fields);

    ck_assert_msg(cop_request_condition(request, &version) == conditions[_i].status, "%s %s",
                  conditions[_i].method, conditions[_i].fields);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(version_without_a_tag_or_a_date_fails_no_condition_on_it)
{
    struct cop_version version = {.modified = TIME};

    ck_assert_int_eq(
        cop_request_condition(request_with("GET", "If-None-Match: \"e\"\r\n"), &version), 0);
    ck_assert_int_eq(cop_request_condition(request_with("GET", "If-None-Match: *\r\n"), &version),
                     304);
    ck_assert_int_eq(cop_request_condition(request_with("GET", "If-Match: \"e\"\r\n"), &version),
                     412);
    version = (struct cop_version){.etag = "\"e\""};
    ck_assert_int_eq(
        cop_request_condition(request_with("GET", "If-Unmodified-Since: " BEFORE "\r\n"), &version),
        0);
    ck_assert_int_eq(
        cop_request_condition(request_with("GET", "If-Modified-Since: " LATER "\r\n"), &version),
        0);
}
END_TEST

START_TEST(what_is_missing_can_be_made_and_not_changed)
{
    struct cop_version version = {.missing = true};

    ck_assert_int_eq(cop_request_condition(request_with("PUT", "If-None-Match: *\r\n"), &version),
                     0);
    ck_assert_int_eq(cop_request_condition(request_with("PUT", "If-Match: *\r\n"), &version), 412);
    ck_assert_int_eq(cop_request_condition(request_with("PUT", "If-Match: \"e\"\r\n"), &version),
                     412);
}
END_TEST

static const struct {
    const char *fields;
    bool applies;
} if_ranges[] = {
    {"", true},
    {"If-Range: \"e\"\r\n", true},
    {"If-Range: W/\"e\"\r\n", false},
    {"If-Range: \"x\"\r\n", false},
    {"If-Range: \"e\", \"x\"\r\n", false},
    {"If-Range: \"e\"\r\nIf-Range: \"e\"\r\n", false},
    {"If-Range: *\r\n", false},
    {"If-Range: e\r\n", false},
    {"If-Range:\r\n", false},
    {"If-Range: " SAME "\r\n", true},
    {"If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", true},
    {"If-Range: " LATER "\r\n", false},
    {"If-Range: " BEFORE "\r\n", false},
};

START_TEST(range_is_honoured_when_the_client_has_this_very_version)
{
    struct cop_version version = {.etag = "\"e\"", .modified = TIME};

    ck_assert_msg(conditional_range(request_with("GET", if_ranges[_i].fields), &version,
                                    TIME + 1) == if_ranges[_i].applies,
                  "%s", if_ranges[_i].fields);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(what_may_still_change_within_its_second_is_not_that_very_version)
{
    struct cop_version version = {.etag = "W/\"e\"", .modified = TIME};

    ck_assert(!conditional_range(request_with("GET", "If-Range: " SAME "\r\n"), &version, TIME));
    ck_assert(conditional_range(request_with("GET", "If-Range: " SAME "\r\n"), &version, TIME + 1));
    ck_assert(!conditional_range(request_with("GET", "If-Range: W/\"e\"\r\n"), &version, TIME + 1));
    version = (struct cop_version){.missing = false};
    ck_assert(!conditional_range(request_with("GET", "If-Range: \"e\"\r\n"), &version, TIME + 1));
}
END_TEST

#define COUNT(table) sizeof(table) / sizeof((table)[0])

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, list_of_tags_is_taken_apart, 0, COUNT(lists));
    tcase_add_test(tc, weak_tags_match_by_the_weak_comparison_alone);
    tcase_add_loop_test(tc, preconditions_decide, 0, COUNT(conditions));
    tcase_add_test(tc, version_without_a_tag_or_a_date_fails_no_condition_on_it);
    tcase_add_test(tc, what_is_missing_can_be_made_and_not_changed);
    tcase_add_loop_test(tc, range_is_honoured_when_the_client_has_this_very_version, 0,
                        COUNT(if_ranges));
    tcase_add_test(tc, what_may_still_change_within_its_second_is_not_that_very_version);
}

int main(void)
{
    return run_suite("conditional", add);
}
