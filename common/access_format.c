/* SPDX-License-Identifier: MIT */
#include "common/access_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "common/suggest.h"

#define NAME_MAX_LEN 63

static const struct {
    const char *name;
    const char *text;
} presets[] = {
    {"common", "{peer} - - [{time_clf}] \"{request}\" {status} {bytes}"},
    {"combined", "{peer} - - [{time_clf}] \"{request}\" {status} {bytes} \"{referer}\" "
                 "\"{user_agent}\""},
    {"json", "json {time} {pool} {worker} {pid} {peer} {method} {target} {protocol} {status} "
             "{outcome} {bytes} {duration} {request_id} {host} {referer} {user_agent}"},
};

static const char *const names[] = {
#define DIRECTIVE(id, name) [ACCESS_##id] = name,
    ACCESS_DIRECTIVES
#undef DIRECTIVE
};

#define NNAMES   (sizeof(names) / sizeof(names[0]))
#define NPRESETS (sizeof(presets) / sizeof(presets[0]))

struct compiler {
    struct access_format *format;
    char *error;
    size_t size;
};

#define FAIL(compiler, ...) (snprintf((compiler)->error, (compiler)->size, __VA_ARGS__), -EINVAL)

static int add(struct access_format *format, enum access_directive directive, const char *text,
               size_t len)
{
    struct access_piece *pieces =
        reallocarray(format->pieces, format->npieces + 1, sizeof(*pieces));
    char *copy = text ? strndup(text, len) : NULL;

    if (pieces)
        format->pieces = pieces;
    if (!pieces || (text && !copy)) {
        free(copy);
        return -ENOMEM;
    }
    format->wants |= UINT64_C(1) << directive;
    pieces[format->npieces++] = (struct access_piece){
        .directive = directive, .is_quoted = format->in_quotes, .text = copy, .len = len};
    return 0;
}

/* Members of one name would make the object ambiguous. */
static bool is_there(const struct access_format *format, enum access_directive directive,
                     const char *name)
{
    for (size_t i = 0; i < format->npieces; i++)
        if (format->pieces[i].directive == directive &&
            (!name || strcasecmp(format->pieces[i].text, name) == 0))
            return true;
    return false;
}

static int add_literal(struct compiler *compiler, const char *text, size_t len)
{
    struct access_format *format = compiler->format;

    if (!len)
        return 0;
    format->literals_len += len;
    for (size_t i = 0; i < len; i++)
        format->in_quotes ^= text[i] == '"';
    if (format->literals_len > ACCESS_LITERALS_MAX)
        return FAIL(compiler, "too much text, expected at most %d bytes beside the directives",
                    ACCESS_LITERALS_MAX);
    return add(format, ACCESS_LITERAL, text, len);
}

/* Of "header:NAME" the part with the colon; 0 for all others. */
static size_t prefix_len(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? (size_t)(colon - name) + 1 : 0;
}

static bool is_token(const char *text, size_t len)
{
    static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return len > 0 && strspn(text, letters) == len;
}

static int refuse_name(struct compiler *compiler, const char *name)
{
    struct suggest suggest;
    char hint[NAME_MAX_LEN + 24];

    suggest_init(&suggest, name);
    for (size_t i = 1; i < NNAMES; i++)
        suggest_offer(&suggest, names[i]);
    return FAIL(compiler,
                "unknown directive \"{%s}\", expected one like {peer}, {status}, {header:NAME} or "
                "{response:NAME}%s",
                name, suggest_print(&suggest, hint, sizeof(hint)));
}

static int add_value(struct compiler *compiler, const char *text, size_t len)
{
    struct access_format *format = compiler->format;
    char name[NAME_MAX_LEN + 1];

    if (len > NAME_MAX_LEN)
        return FAIL(compiler, "a directive of %zu bytes, expected at most %d", len, NAME_MAX_LEN);
    memcpy(name, text, len);
    name[len] = 0;
    if (++format->nvalues > ACCESS_VALUES_MAX)
        return FAIL(compiler, "too many directives, expected at most %d", ACCESS_VALUES_MAX);
    for (size_t i = 1; i < NNAMES; i++) {
        size_t prefix = prefix_len(names[i]);

        bool is_it =
            prefix ? strncmp(name, names[i], prefix) == 0 && is_token(name + prefix, len - prefix)
                   : strcmp(name, names[i]) == 0;
        const char *field = prefix ? name + prefix : NULL;

        if (!is_it)
            continue;
        if (format->is_json && is_there(format, (enum access_directive)i, field))
            return FAIL(compiler, "\"{%s}\" is there twice, expected each member once", name);
        return add(format, (enum access_directive)i, field, len - prefix);
    }
    return refuse_name(compiler, name);
}

/* A member of the object: its name is the directive as written, which has nothing to escape. */
static int add_member(struct compiler *compiler, const char *text, size_t len)
{
    char key[NAME_MAX_LEN + 8];
    int n;

    if (len > NAME_MAX_LEN)
        return add_value(compiler, text, len);
    n = snprintf(key, sizeof(key), "%s\"%.*s\":", compiler->format->nvalues ? "," : "{", (int)len,
                 text);
    if (add_literal(compiler, key, (size_t)n) < 0)
        return -EINVAL;
    return add_value(compiler, text, len);
}

/* {name} at *at, whose end goes to *at. */
static int compile_directive(struct compiler *compiler, const char **at)
{
    const char *begin = *at + 1, *end = strchr(begin, '}');

    if (!end)
        return FAIL(compiler, "\"%.20s\" has no \"}\", expected {directive}, or {{ for a brace",
                    *at);
    *at = end + 1;
    return compiler->format->is_json ? add_member(compiler, begin, (size_t)(end - begin))
                                     : add_value(compiler, begin, (size_t)(end - begin));
}

static int compile_json(struct compiler *compiler, const char *at)
{
    int rc = 0;

    compiler->format->is_json = true;
    while (rc == 0 && *(at += strspn(at, " "))) {
        if (*at != '{')
            return FAIL(compiler, "\"%.20s\" behind \"json\", expected only {directives}", at);
        rc = compile_directive(compiler, &at);
    }
    return rc < 0 ? rc : add_literal(compiler, "}", 1);
}

static int compile_text(struct compiler *compiler, const char *at)
{
    int rc = 0;

    while (rc == 0 && *at) {
        size_t len = strcspn(at, "{}");

        rc = add_literal(compiler, at, len);
        at += len;
        if (rc < 0 || !*at)
            break;
        if (at[1] == at[0]) {
            rc = add_literal(compiler, at, 1);
            at += 2;
        } else if (*at == '{') {
            rc = compile_directive(compiler, &at);
        } else {
            return FAIL(compiler, "\"}\" without \"{\", expected }} for a brace");
        }
    }
    return rc;
}

static int compile(struct compiler *compiler, const char *text)
{
    int rc;

    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            return FAIL(compiler, "a control character, expected one line of text");
    for (size_t i = 0; i < NPRESETS; i++)
        if (strcmp(text, presets[i].name) == 0)
            text = presets[i].text;
    rc = strncmp(text, "json ", 5) == 0 ? compile_json(compiler, text + 4)
                                        : compile_text(compiler, text);
    if (rc == 0 && !compiler->format->nvalues)
        return FAIL(compiler,
                    "\"%.40s\" has no {directive}, expected common, combined, json, or "
                    "a text with directives like {status}",
                    text);
    return rc;
}

int access_format_compile(const char *text, struct access_format **format, char *error, size_t size)
{
    struct compiler compiler = {calloc(1, sizeof(**format)), error, size};
    int rc;

    if (!compiler.format)
        return -ENOMEM;
    rc = compile(&compiler, text);
    if (rc < 0) {
        access_format_free(compiler.format);
        return rc;
    }
    *format = compiler.format;
    return 0;
}

void access_format_free(struct access_format *format)
{
    if (!format)
        return;
    for (size_t i = 0; i < format->npieces; i++)
        free(format->pieces[i].text);
    free(format->pieces);
    free(format);
}
