/* SPDX-License-Identifier: MIT */
#include "common/config_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

#define NAME_MAX_LEN 128

struct output {
    char text[CONFIG_ENV_TEXT_MAX];
    size_t len;
};

static int append(struct output *output, const char *text, size_t len, char *why, size_t size)
{
    if (len >= sizeof(output->text) - output->len) {
        snprintf(why, size, "the value is too long, expected less than %d bytes",
                 CONFIG_ENV_TEXT_MAX);
        return -EINVAL;
    }
    memcpy(output->text + output->len, text, len);
    output->len += len;
    return 0;
}

static int check_utf8(const char *name, const char *value, char *why, size_t size)
{
    size_t len = strlen(value);

    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_len(value + i, len - i);
        if (n == 0) {
            snprintf(why, size, "${%s} is no UTF-8, expected text", name);
            return -EINVAL;
        }
    }
    return 0;
}

static size_t name_len(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    size_t len = strspn(text, letters);

    return len == 0
               ? 0
               : len + strspn(text + len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "_0123456789");
}

/* `inside` is what follows "${". Returns the bytes up to and with the "}", or -EINVAL. */
static int expand_one(struct output *output, const char *inside, char *why, size_t size)
{
    const char *end = strchr(inside, '}');
    size_t len = name_len(inside);
    const char *fallback = NULL;
    const char *value;
    char name[NAME_MAX_LEN];
    int rc;

    if (end && strncmp(inside + len, ":-", 2) == 0)
        fallback = inside + len + 2;
    if (!end || len == 0 || len >= sizeof(name) || (!fallback && inside + len != end)) {
        snprintf(why, size,
                 "\"${%.40s\" is no variable, expected ${NAME} or ${NAME:-default} (or $${ for ${)",
                 inside);
        return -EINVAL;
    }
    memcpy(name, inside, len);
    name[len] = '\0';
    value = getenv(name);
    if (fallback && (!value || value[0] == '\0')) {
        rc = append(output, fallback, (size_t)(end - fallback), why, size);
        return rc < 0 ? rc : (int)(end - inside) + 1;
    }
    if (!value) {
        snprintf(why, size, "${%s} is not set, expected it in the environment or ${%s:-default}",
                 name, name);
        return -EINVAL;
    }
    rc = check_utf8(name, value, why, size);
    if (rc == 0)
        rc = append(output, value, strlen(value), why, size);
    return rc < 0 ? rc : (int)(end - inside) + 1;
}

static int expand_all(struct output *output, const char *text, char *why, size_t size)
{
    while (*text) {
        size_t plain = strcspn(text, "$");
        int n;

        if (plain > 0) {
            n = append(output, text, plain, why, size) < 0 ? -EINVAL : (int)plain;
        } else if (strncmp(text, "$${", 3) == 0) {
            n = append(output, "${", 2, why, size) < 0 ? -EINVAL : 3;
        } else if (strncmp(text, "${", 2) == 0) {
            n = expand_one(output, text + 2, why, size);
            n = n < 0 ? n : n + 2;
        } else {
            n = append(output, "$", 1, why, size) < 0 ? -EINVAL : 1;
        }
        if (n < 0)
            return n;
        text += n;
    }
    return 0;
}

int config_env_expand(const char *text, char **expanded, char *why, size_t size)
{
    struct output *output = calloc(1, sizeof(*output));
    int rc;

    if (!output)
        return -ENOMEM;
    rc = expand_all(output, text, why, size);
    if (rc == 0) {
        *expanded = strndup(output->text, output->len);
        rc = *expanded ? 0 : -ENOMEM;
    }
    free(output);
    return rc;
}
