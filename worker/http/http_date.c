/* SPDX-License-Identifier: MIT */
/*
 * The calendar is computed here: gmtime_r and timegm take a lock of the C library and normalise a
 * 30th of February instead of refusing it.
 */
#include "worker/http/http_date.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/digits.h"

#define DAY           86400
#define DAYS_TO_1970  719162 /* from the first of January of year 1 */
#define DAYS_OF_400   146097 /* years */
#define YEARS_AHEAD   50
#define FIRST_MOMENT  (-(int64_t)DAYS_TO_1970 * DAY)
#define LAST_MOMENT   253402300799 /* of year 9999 */
#define MONTHS        12
#define DAYS_OF_WEEK  7
#define JANUARY_FIRST 1 /* of year 1: a Monday */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char *const days[DAYS_OF_WEEK] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};

/* month counts from 0. */
struct date {
    int64_t year;
    int month, day, hour, minute, second;
};

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_before_month(int64_t year, int month)
{
    static const int before[MONTHS + 1] = {0,   31,  59,  90,  120, 151, 181,
                                           212, 243, 273, 304, 334, 365};

    return before[month] + (month > 1 && is_leap(year));
}

/* From the first of January of year 1. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400;
}

static time_t moment_of(const struct date *date)
{
    int64_t day = days_before_year(date->year) + days_before_month(date->year, date->month) +
                  date->day - 1 - DAYS_TO_1970;

    return day * DAY + date->hour * 3600 + date->minute * 60 + date->second;
}

static char *print_two(char *at, int64_t value)
{
    return decimal_print_padded(at, (uint64_t)value, 2);
}

char *http_date_print(char *at, time_t moment)
{
    int64_t since = (moment < FIRST_MOMENT  ? FIRST_MOMENT
                     : moment > LAST_MOMENT ? LAST_MOMENT
                                            : moment) -
                    FIRST_MOMENT;
    int64_t day = since / DAY, year = day * 400 / DAYS_OF_400 + 1;
    int second = (int)(since % DAY), day_of_year, month = MONTHS - 1;

    /* The guess is the year, or the one beside it. */
    while (days_before_year(year) > day)
        year--;
    while (days_before_year(year + 1) <= day)
        year++;
    day_of_year = (int)(day - days_before_year(year));
    while (days_before_month(year, month) > day_of_year)
        month--;
    at = mempcpy(at, days[(day + JANUARY_FIRST) % DAYS_OF_WEEK], 3);
    at = mempcpy(at, ", ", 2);
    at = print_two(at, day_of_year - days_before_month(year, month) + 1);
    *at++ = ' ';
    at = mempcpy(at, months + (size_t)3 * (size_t)month, 3);
    *at++ = ' ';
    at = print_two(at, year / 100);
    at = print_two(at, year % 100);
    *at++ = ' ';
    at = print_two(at, second / 3600);
    *at++ = ':';
    at = print_two(at, second / 60 % 60);
    *at++ = ':';
    at = print_two(at, second % 60);
    return mempcpy(at, " GMT", 4);
}

static bool take_text(struct cop_slice *rest, const char *text, size_t len)
{
    if (rest->len < len || memcmp(rest->data, text, len) != 0)
        return false;
    rest->data += len;
    rest->len -= len;
    return true;
}

/* So many digits, no more than `max`. */
static bool take_number(struct cop_slice *rest, int digits, int max, int *value)
{
    int n = 0;

    if (rest->len < (size_t)digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        n = n * 10 + rest->data[i] - '0';
    }
    rest->data += digits;
    rest->len -= (size_t)digits;
    *value = n;
    return n <= max;
}

static bool take_month(struct cop_slice *rest, int *month)
{
    for (*month = 0; *month < MONTHS; (*month)++)
        if (take_text(rest, months + (size_t)3 * (size_t)*month, 3))
            return true;
    return false;
}

/* Its name is not held against the date. */
static bool take_day_of_week(struct cop_slice *rest, bool whole)
{
    for (int i = 0; i < DAYS_OF_WEEK; i++)
        if (take_text(rest, days[i], whole ? strlen(days[i]) : 3))
            return true;
    return false;
}

/* 60 is a leap second. */
static bool take_time(struct cop_slice *rest, struct date *date)
{
    return take_number(rest, 2, 23, &date->hour) && take_text(rest, ":", 1) &&
           take_number(rest, 2, 59, &date->minute) && take_text(rest, ":", 1) &&
           take_number(rest, 2, 60, &date->second);
}

static bool take_year(struct cop_slice *rest, int digits, struct date *date)
{
    int year;

    if (!take_number(rest, digits, 9999, &year))
        return false;
    date->year = year;
    return true;
}

static bool take(struct cop_slice *rest, char what, struct date *date)
{
    switch (what) {
    case 'a':
        return take_day_of_week(rest, false);
    case 'A':
        return take_day_of_week(rest, true);
    case 'd':
        return take_number(rest, 2, 31, &date->day);
    case 'e':
        return take_text(rest, " ", 1) ? take_number(rest, 1, 9, &date->day)
                                       : take_number(rest, 2, 31, &date->day);
    case 'b':
        return take_month(rest, &date->month);
    case 'y':
        return take_year(rest, 2, date);
    case 'Y':
        return take_year(rest, 4, date);
    default:
        return take_time(rest, date);
    }
}

/* What the letters behind '%' mean is as for strftime(3). */
static bool take_all(struct cop_slice text, const char *format, struct date *date)
{
    for (; *format; format++) {
        if (*format == '%' ? !take(&text, *++format, date) : !take_text(&text, format, 1))
            return false;
    }
    return text.len == 0;
}

/* The last one with these two digits that is not too far ahead. */
static void set_century(struct date *date, time_t now)
{
    static const int64_t year_of_seconds = DAYS_OF_400 * (int64_t)DAY / 400;
    int64_t year = (now - FIRST_MOMENT) / year_of_seconds + 1;

    date->year += year / 100 * 100 + 100 - YEARS_AHEAD;
    while (moment_of(date) > now)
        date->year -= 100;
    date->year += YEARS_AHEAD;
}

int http_date_read(struct cop_slice text, time_t now, time_t *moment)
{
    static const char *const formats[] = {"%a, %d %b %Y %T GMT", "%A, %d-%b-%y %T GMT",
                                          "%a %b %e %T %Y"};
    struct date date = {0};
    size_t i = 0;

    while (i < 3 && !take_all(text, formats[i], &date))
        i++;
    if (i == 3)
        return -EINVAL;
    if (i == 1)
        set_century(&date, now);
    if (date.year < 1 || date.day < 1 ||
        date.day >
            days_before_month(date.year, date.month + 1) - days_before_month(date.year, date.month))
        return -EINVAL;
    *moment = moment_of(&date);
    return 0;
}
