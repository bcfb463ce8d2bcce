/* SPDX-License-Identifier: MIT */
/*
 * config_keys.h - the table of configuration keys, from which all else derives.
 *
 * A section is a map of the file: "control", "log", "supervision", "limits", and "pool" for each
 * entry of `pools:`. A key's value lies at `offset` in struct config, or in struct config_pool for
 * the section "pool".
 */
#ifndef COPPICE_CONFIG_KEYS_H
#define COPPICE_CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define CONFIG_KEYS_POOL "pool"

/* Beside each: how the value is stored. */
enum config_type {
    CONFIG_BOOL,     /* bool */
    CONFIG_INTEGER,  /* unsigned */
    CONFIG_WORKERS,  /* unsigned; "auto" becomes a number */
    CONFIG_MODE,     /* unsigned; octal */
    CONFIG_CHOICE,   /* unsigned; an index of `choices` */
    CONFIG_DURATION, /* int64_t; nanoseconds */
    CONFIG_SIZE,     /* uint64_t; bytes */
    CONFIG_STRING,   /* char *; of 1 to max bytes */
    CONFIG_PATH,     /* char *; one of `choices`, or an absolute path of at most max bytes */
    CONFIG_LISTEN,   /* listen, listen_text, nlisten */
    CONFIG_OPTIONS,  /* options, noptions */
};

struct config_key {
    const char *section;
    const char *name;
    enum config_type type;
    const char *fallback; /* the default as it is written; NULL: the key is required */
    int64_t min;
    int64_t max;
    const char *const *choices; /* ends in NULL */
    size_t offset;
    size_t size; /* of the field */
    const char *help;
};

/* The table, in the order of documentation; each section is in one piece. */
extern const struct config_key config_keys[];
extern const size_t config_keys_count;

/* NULL: the section has no such key. */
const struct config_key *config_keys_find(const char *section, const char *name);

/* "integer", "duration", ... */
const char *config_keys_type_name(const struct config_key *key);

#define CONFIG_KEYS_TEXT_MAX 192

/* What the key takes, as a noun that follows "expected", into text[CONFIG_KEYS_TEXT_MAX]; returns
 * text. */
char *config_keys_print_expected(const struct config_key *key, char *text);

#endif
