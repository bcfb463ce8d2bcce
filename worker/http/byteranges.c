/* SPDX-License-Identifier: MIT */
#include "worker/http/byteranges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/check.h"
#include "worker/http/http_session.h"
#include "worker/http/response_writer.h"

#define BOUNDARY_BYTES 16
#define TYPE_MAX       256 /* as response.c has it */
#define DELIMITER_MAX  (2 * BOUNDARY_BYTES + TYPE_MAX + BYTERANGES_TEXT_MAX + 64)

/* In the request's memory. */
struct byteranges {
    struct cop_content content;
    char boundary[2 * BOUNDARY_BYTES + 1];
    char type[2 * BOUNDARY_BYTES + 32];
    int n;
    struct range ranges[];
};

void byteranges_print(char text[BYTERANGES_TEXT_MAX], const struct range *range, uint64_t length)
{
    snprintf(text, BYTERANGES_TEXT_MAX, "bytes %llu-%llu/%llu", (unsigned long long)range->first,
             (unsigned long long)(range->first + range->len - 1), (unsigned long long)length);
}

/* What stands before a part. Returns its length. */
static size_t print_delimiter(char text[DELIMITER_MAX], const struct byteranges *parts,
                              const struct range *range)
{
    char place[BYTERANGES_TEXT_MAX];

    byteranges_print(place, range, parts->content.length);
    return (size_t)snprintf(text, DELIMITER_MAX,
                            "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
                            parts->boundary, parts->content.content_type, place);
}

static size_t print_end(char text[DELIMITER_MAX], const struct byteranges *parts)
{
    return (size_t)snprintf(text, DELIMITER_MAX, "\r\n--%s--\r\n", parts->boundary);
}

static uint64_t length_of(const struct byteranges *parts)
{
    char text[DELIMITER_MAX];
    uint64_t length = print_end(text, parts);

    for (int i = 0; i < parts->n; i++)
        length += print_delimiter(text, parts, &parts->ranges[i]) + parts->ranges[i].len;
    return length;
}

static int write_part(struct cop_response *response, const struct byteranges *parts,
                      const struct range *range)
{
    const struct cop_content *content = &parts->content;
    char text[DELIMITER_MAX];
    int rc = cop_response_write(response, text, print_delimiter(text, parts, range));

    if (rc < 0)
        return rc;
    if (content->memory)
        return cop_response_write(response, (const char *)content->memory + range->first,
                                  range->len);
    return cop_response_write_file(response, content->file, (off_t)range->first, range->len);
}

static int write_all(struct cop_response *response, void *arg)
{
    const struct byteranges *parts = arg;
    char text[DELIMITER_MAX];
    int rc = 0;

    for (int i = 0; i < parts->n && rc == 0; i++)
        rc = write_part(response, parts, &parts->ranges[i]);
    return rc < 0 ? rc : cop_response_write(response, text, print_end(text, parts));
}

/* A line that does not occur in the content, as far as chance goes. */
static void make_boundary(struct byteranges *parts)
{
    unsigned char random[BOUNDARY_BYTES];

    CHECK(getrandom(random, sizeof(random), 0) == sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(parts->boundary + 2 * i, 3, "%02x", random[i]);
    snprintf(parts->type, sizeof(parts->type), "multipart/byteranges; boundary=%s",
             parts->boundary);
}

int byteranges_answer(struct cop_request *request, struct cop_response *response,
                      const struct cop_content *content, const struct range *ranges, int n)
{
    struct byteranges *parts =
        cop_request_alloc(request, sizeof(*parts) + (size_t)n * sizeof(*ranges));

    if (!parts)
        return -ENOMEM;
    CHECK(strlen(content->content_type) < TYPE_MAX);
    parts->content = *content;
    parts->n = n;
    memcpy(parts->ranges, ranges, (size_t)n * sizeof(*ranges));
    make_boundary(parts);
    response_writer_call(response, parts->type, length_of(parts), write_all, parts);
    return 0;
}
