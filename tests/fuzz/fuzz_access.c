/* SPDX-License-Identifier: MIT */
/* "format NUL request": a format that compiles prints one whole line of harmless bytes for whatever
 * a client sent, and JSON that parses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/jsondoc.h"
#include "worker/http/access_line.h"
#include "worker/http/http_head.h"

static void check_line(const struct access_format *format, const char *line, size_t len)
{
    char error[128];
    struct jsondoc *object;

    CHECK(len > 0 && len <= ACCESS_LINE_MAX && line[len - 1] == '\n');
    for (size_t i = 0; i < len - 1; i++) {
        unsigned char byte = (unsigned char)line[i];

        CHECK(byte >= ' ' && byte != 127);
    }
    if (!format->is_json)
        return;
    object = jsondoc_parse(line, len, error, sizeof(error));
    CHECK_MSG(object, error);
    jsondoc_free(object);
}

static void print(const struct access_format *format, const char *message, size_t len)
{
    static struct http_parser parser;
    static struct http_head head;
    static char line[ACCESS_LINE_MAX];
    struct access_facts facts = {.first_line = {message, len},
                                 .outcome = "ok",
                                 .status = 200,
                                 .pool = "web",
                                 .app = "hello",
                                 .request_id = "id",
                                 .peer = "::1"};
    int rc;

    check_line(format, line, access_line_print(format, &facts, line));
    http_parser_init(&parser, 8192);
    rc = http_parser_feed(&parser, message, len);
    if (rc <= 0 || http_head_read(&head, &parser, message) < 0)
        return;
    facts.request = &head.request;
    check_line(format, line, access_line_print(format, &facts, line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *split = memchr(data, 0, size);
    struct access_format *format;
    size_t len = split ? (size_t)(split - data) : 0;
    char error[256], *text, *message;

    if (!split)
        return 0;
    text = strndup((const char *)data, len);
    message = malloc(size - len);
    CHECK(text && message);
    memcpy(message, split + 1, size - len - 1);
    if (access_format_compile(text, &format, error, sizeof(error)) == 0) {
        print(format, message, size - len - 1);
        access_format_free(format);
    }
    free(message);
    free(text);
    return 0;
}
