/* SPDX-License-Identifier: MIT */
#include "worker/http/response_content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "worker/http/byteranges.h"
#include "worker/http/conditional.h"
#include "worker/http/http_answer.h"
#include "worker/http/http_date.h"
#include "worker/http/range.h"

/* Is it one entity tag and nothing else? */
static bool is_tag(const char *text)
{
    struct cop_slice list = {text, strlen(text)}, tag;

    return conditional_next_tag(&list, &tag) == 1 && tag.len == strlen(text);
}

static int add_modified(struct cop_response *response, time_t modified)
{
    char text[HTTP_DATE_LEN + 1];

    *http_date_print(text, modified) = 0;
    return cop_response_header(response, "Last-Modified", text);
}

/* What goes with the content, whole or in part. */
static int add_fields(struct cop_response *response, const struct cop_version *version,
                      const char *encoding)
{
    int rc = cop_response_header(response, "Accept-Ranges", "bytes");

    if (rc == 0 && version->etag)
        rc = cop_response_header(response, "ETag", version->etag);
    if (rc == 0 && version->modified)
        rc = add_modified(response, version->modified);
    if (rc == 0 && encoding)
        rc = cop_response_header(response, "Content-Encoding", encoding);
    return rc;
}

static void set_body(struct cop_response *response, const struct cop_content *content,
                     const struct range *range)
{
    if (content->memory)
        cop_response_body(response, content->content_type,
                          (const char *)content->memory + range->first, range->len);
    else
        cop_response_file(response, content->content_type, content->file, (off_t)range->first,
                          range->len);
}

/* The client knows all else; a tag says more than a date (RFC 9110, section 15.4.5). */
static int answer_not_modified(struct cop_response *response, const struct cop_version *version)
{
    response->status = 304;
    if (version->etag)
        return cop_response_header(response, "ETag", version->etag);
    return version->modified ? add_modified(response, version->modified) : 0;
}

static int answer_unsatisfiable(struct cop_response *response, uint64_t length)
{
    char text[BYTERANGES_TEXT_MAX];

    http_answer_error(response, 416);
    snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)length);
    return cop_response_header(response, "Content-Range", text);
}

/* Returns as range_read; 0: all of it. Several parts of what is encoded would leave open what the
 * encoding belongs to. */
static int wanted_ranges(const struct cop_request *request, const struct cop_content *content,
                         const struct cop_version *version, struct range *ranges)
{
    struct cop_slice value = conditional_single(request, "Range");
    int n;

    if (!value.data || request->method != COP_METHOD_GET ||
        !conditional_range(request, version, time(NULL)))
        return 0;
    n = range_read(value, content->length, ranges);
    return n > 1 && content->encoding ? 0 : n;
}

static int answer_content(struct cop_request *request, struct cop_response *response,
                          const struct cop_content *content, const struct cop_version *version)
{
    struct range ranges[RANGE_MAX], whole = {0, content->length};
    int n = response->status == 200 ? wanted_ranges(request, content, version, ranges) : 0;
    char text[BYTERANGES_TEXT_MAX];
    int rc;

    if (n < 0)
        return answer_unsatisfiable(response, content->length);
    rc = add_fields(response, version, content->encoding);
    if (rc < 0)
        return rc;
    if (n == 0) {
        set_body(response, content, &whole);
        return 0;
    }
    response->status = 206;
    if (n > 1)
        return byteranges_answer(request, response, content, ranges, n);
    byteranges_print(text, ranges, content->length);
    set_body(response, content, ranges);
    return cop_response_header(response, "Content-Range", text);
}

int cop_response_content(struct cop_request *request, struct cop_response *response,
                         const struct cop_content *content)
{
    struct cop_version version = {.etag = content->etag, .modified = content->modified};
    time_t now = time(NULL);
    int status;

    if (version.etag && !is_tag(version.etag))
        return -EINVAL;
    /* A Last-Modified after Date is no date (RFC 9110, section 8.8.2.1). */
    if (version.modified > now)
        version.modified = now;
    status = response->status == 200 ? cop_request_condition(request, &version) : 0;
    if (status == 304)
        return answer_not_modified(response, &version);
    if (status == 0)
        return answer_content(request, response, content, &version);
    http_answer_error(response, status);
    return 0;
}
