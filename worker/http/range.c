/* SPDX-License-Identifier: MIT */
#include "worker/http/range.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "worker/http/field_params.h"

/* Digits, as many as there are; what is too large becomes the largest. Returns false without any.
 */
static bool take_number(struct cop_slice *rest, uint64_t *value)
{
    size_t i = 0;

    *value = 0;
    for (; i < rest->len && rest->data[i] >= '0' && rest->data[i] <= '9'; i++)
        if (__builtin_mul_overflow(*value, 10u, value) ||
            __builtin_add_overflow(*value, (unsigned)(rest->data[i] - '0'), value))
            *value = UINT64_MAX;
    rest->data += i;
    rest->len -= i;
    return i > 0;
}

/* "1-2", "1-" or "-1". Returns 1 with what there is of it in *range, 0 when that is nothing,
 * -EINVAL. */
static int read_one(struct cop_slice text, uint64_t length, struct range *range)
{
    uint64_t first, last;
    bool has_first = take_number(&text, &first), has_last;

    if (!text.len || text.data[0] != '-')
        return -EINVAL;
    text.data++;
    text.len--;
    has_last = take_number(&text, &last);
    if (text.len || (!has_first && !has_last) || (has_first && has_last && last < first))
        return -EINVAL;
    if (!has_first) {
        range->len = last < length ? last : length;
        range->first = length - range->len;
        return last > 0;
    }
    if (first >= length)
        return 0;
    range->first = first;
    range->len = (has_last && last < length ? last + 1 : length) - first;
    return 1;
}

/* Do they overlap, or touch? */
static bool are_one(const struct range *a, const struct range *b)
{
    return a->first <= b->first + b->len && b->first <= a->first + a->len;
}

static void join(struct range *a, const struct range *b)
{
    uint64_t end_a = a->first + a->len, end_b = b->first + b->len;

    if (b->first < a->first)
        a->first = b->first;
    a->len = (end_a > end_b ? end_a : end_b) - a->first;
}

/* The n ranges stand apart. Add one. Returns how many there are then: at most n + 1. */
static int add(struct range *ranges, int n, const struct range *range)
{
    int at = 0, kept;

    while (at < n && !are_one(&ranges[at], range))
        at++;
    if (at == n) {
        ranges[n] = *range;
        return n + 1;
    }
    join(&ranges[at], range);
    /* It may have closed the gap to others, which then lie behind it in the list. */
    kept = at + 1;
    for (int i = at + 1; i < n; i++) {
        if (are_one(&ranges[at], &ranges[i]))
            join(&ranges[at], &ranges[i]);
        else
            ranges[kept++] = ranges[i];
    }
    return kept;
}

static bool take_unit(struct cop_slice *value)
{
    if (value->len < 6 || strncasecmp(value->data, "bytes=", 6) != 0)
        return false;
    value->data += 6;
    value->len -= 6;
    return true;
}

int range_read(struct cop_slice value, uint64_t length, struct range ranges[RANGE_MAX])
{
    struct range apart[RANGE_MAX + 1], range = {0};
    bool is_any = false;
    int n = 0;

    if (!take_unit(&value))
        return 0;
    while (value.len && n <= RANGE_MAX) {
        struct cop_slice member = field_params_take(&value);
        int rc;

        if (!member.len)
            continue;
        rc = read_one(member, length, &range);
        if (rc < 0 || (rc > 0 && !range.len))
            return 0;
        is_any = true;
        if (rc > 0)
            n = add(apart, n, &range);
    }
    if (n > RANGE_MAX)
        return 0;
    memcpy(ranges, apart, (size_t)n * sizeof(*ranges));
    return n == 0 && is_any ? -ERANGE : n;
}
