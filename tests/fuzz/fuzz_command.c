/* SPDX-License-Identifier: MIT */
/*
 * fuzz_command.c - any bytes as a line of the control socket: a parsed call, or a refusal with a
 * reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "master/commands.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_call(const struct command_call *call, int rc)
{
    CHECK(rc == 0 ? call->command != NULL : call->error[0] != 0);
    for (size_t i = 0; rc == 0 && call->command->params[i].kind != PARAM_END; i++)
        CHECK(call->command->params[i].kind != PARAM_REQUIRED || call->args[i] != NULL);
}

static void parse_words(char *line)
{
    struct command_call call = {0};
    char *words[WORDS_MAX], *rest = NULL;
    size_t n = 0;

    for (char *word = strtok_r(line, " ", &rest); word != NULL && n < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    check_call(&call, command_parse_words(&call, words, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command_call call = {0};
    char error[128];
    struct jsondoc *request = jsondoc_parse((const char *)data, size, error, sizeof(error));
    char *line = malloc(size + 1);

    CHECK(line != NULL);
    memcpy(line, data, size);
    line[size] = 0;
    if (request != NULL)
        check_call(&call, command_parse_json(&call, request));
    parse_words(line);
    jsondoc_free(request);
    free(line);
    return 0;
}
