/* SPDX-License-Identifier: MIT */
#include "worker/http/http_answer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/digits.h"
#include "worker/http/http_date.h"

/* How most answers begin, and the line behind it, without a 0 at the end:
 * "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n". */
#define OK_LINE       "HTTP/1.1 200 OK\r\n"
#define OK_LINE_LEN   (sizeof(OK_LINE) - 1)
#define DATE_LINE_LEN (6 + HTTP_DATE_LEN + 2)

static const char *const reasons[600] = {
    [200] = "OK",
    [201] = "Created",
    [202] = "Accepted",
    [203] = "Non-Authoritative Information",
    [204] = "No Content",
    [205] = "Reset Content",
    [206] = "Partial Content",
    [300] = "Multiple Choices",
    [301] = "Moved Permanently",
    [302] = "Found",
    [303] = "See Other",
    [304] = "Not Modified",
    [307] = "Temporary Redirect",
    [308] = "Permanent Redirect",
    [400] = "Bad Request",
    [401] = "Unauthorized",
    [402] = "Payment Required",
    [403] = "Forbidden",
    [404] = "Not Found",
    [405] = "Method Not Allowed",
    [406] = "Not Acceptable",
    [407] = "Proxy Authentication Required",
    [408] = "Request Timeout",
    [409] = "Conflict",
    [410] = "Gone",
    [411] = "Length Required",
    [412] = "Precondition Failed",
    [413] = "Content Too Large",
    [414] = "URI Too Long",
    [415] = "Unsupported Media Type",
    [416] = "Range Not Satisfiable",
    [417] = "Expectation Failed",
    [421] = "Misdirected Request",
    [422] = "Unprocessable Content",
    [426] = "Upgrade Required",
    [428] = "Precondition Required",
    [429] = "Too Many Requests",
    [431] = "Request Header Fields Too Large",
    [500] = "Internal Server Error",
    [501] = "Not Implemented",
    [502] = "Bad Gateway",
    [503] = "Service Unavailable",
    [504] = "Gateway Timeout",
    [505] = "HTTP Version Not Supported",
};

static const struct {
    int error;
    int status;
} statuses[] = {
    {ENOENT, 404},    {EACCES, 403},    {EINVAL, 400},  {EMSGSIZE, 413}, {ENOMEM, 503},
    {EAGAIN, 503},    {EBUSY, 503},     {EMFILE, 503},  {ENFILE, 503},   {EROFS, 403},
    {ECANCELED, 503}, {ETIMEDOUT, 503}, {ENOTSUP, 501},
};

int http_answer_status(int rc)
{
    if (rc <= -400 && rc > -600)
        return -rc;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].error == -rc)
            return statuses[i].status;
    return 500;
}

static const char *reason_of(int status)
{
    return reasons[status] ? reasons[status] : "Unknown";
}

void http_answer_error(struct cop_response *response, int status)
{
    const char *reason = reason_of(status);

    http_answer_init(response);
    response->status = status;
    cop_response_body(response, "text/plain", reason, strlen(reason));
}

/* OK_LINE and the date, which is written anew when the second is another one. The coarse clock is a
 * read of memory. */
static const char *ok_and_date(void)
{
    static _Thread_local struct {
        time_t second;
        char text[OK_LINE_LEN + DATE_LINE_LEN];
    } cache;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != cache.second) {
        char *date = mempcpy(mempcpy(cache.text, OK_LINE, OK_LINE_LEN), "Date: ", 6);

        memcpy(http_date_print(date, now.tv_sec), "\r\n", 2);
        cache.second = now.tv_sec;
    }
    return cache.text;
}

/* The status and the date. */
static char *print_start(char *at, int status)
{
    const char *start = ok_and_date();
    const char *reason;

    if (status == 200)
        return mempcpy(at, start, OK_LINE_LEN + DATE_LINE_LEN);
    reason = reason_of(status);
    at = mempcpy(at, "HTTP/1.1 ", 9);
    at = decimal_print(at, (uint64_t)status);
    *at++ = ' ';
    at = mempcpy(at, reason, strlen(reason));
    at = mempcpy(at, "\r\n", 2);
    return mempcpy(at, start + OK_LINE_LEN, DATE_LINE_LEN);
}

static char *print_framing(char *at, const struct cop_response *response,
                           enum http_connection connection)
{
    if (response->status == 204 || response->status == 304)
        return at;
    if (response->status == 205)
        return mempcpy(at, "Content-Length: 0\r\n", 19);
    if (!response->has_length)
        return connection == HTTP_CONNECTION_ENDS_BODY
                   ? at
                   : mempcpy(at, "Transfer-Encoding: chunked\r\n", 28);
    at = mempcpy(at, "Content-Length: ", 16);
    at = decimal_print(at, response->length);
    return mempcpy(at, "\r\n", 2);
}

char *http_answer_print(char *at, const struct cop_response *response,
                        enum http_connection connection)
{
    at = print_start(at, response->status);
    if (response->content_type.data) {
        at = mempcpy(at, "Content-Type: ", 14);
        at = mempcpy(at, response->content_type.data, response->content_type.len);
        at = mempcpy(at, "\r\n", 2);
    }
    at = print_framing(at, response, connection);
    if (response->fields_len)
        at = mempcpy(at, response->fields, response->fields_len);
    if (connection == HTTP_CONNECTION_CLOSE || connection == HTTP_CONNECTION_ENDS_BODY)
        at = mempcpy(at, "Connection: close\r\n", 19);
    else if (connection == HTTP_CONNECTION_KEEP_ALIVE)
        at = mempcpy(at, "Connection: keep-alive\r\n", 24);
    return mempcpy(at, "\r\n", 2);
}
