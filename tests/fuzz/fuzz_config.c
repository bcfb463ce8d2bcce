/* SPDX-License-Identifier: MIT */
/*
 * fuzz_config.c - any bytes as a configuration: an answer, and what loads is printed and loads
 * again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct config *config, size_t *len)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, len);

    CHECK(stream);
    CHECK(config_print(config, stream) == 0);
    CHECK(fclose(stream) == 0);
    return text;
}

static void check_refusal(const char *error)
{
    unsigned line, column;

    CHECK(sscanf(error, "%*[^:]:%u:%u: ", &line, &column) == 2);
    CHECK(!strchr(error, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config, *again;
    char error[512] = "";
    char *first, *second;
    size_t first_len, second_len;

    if (config_load_text("/nowhere/fuzz", (const char *)data, size, &config, error, sizeof(error)) <
        0) {
        check_refusal(error);
        return 0;
    }
    first = print(config, &first_len);
    config_free(config);
    CHECK_MSG(config_load_text("dump", first, first_len, &again, error, sizeof(error)) == 0, error);
    second = print(again, &second_len);
    config_free(again);
    CHECK(first_len == second_len && memcmp(first, second, first_len) == 0);
    free(first);
    free(second);
    return 0;
}
