/* SPDX-License-Identifier: MIT */
/*
 * config_value.h - one value of the configuration: text to field and field to text, by its row in
 * the table.
 *
 * `base` is the struct config, or the struct config_pool for the section "pool". The types
 * CONFIG_LISTEN and CONFIG_OPTIONS are no single values and not handled here.
 */
#ifndef COPPICE_CONFIG_VALUE_H
#define COPPICE_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/config_keys.h"

/* Is it one value, which the functions below handle? */
bool config_value_is_single(const struct config_key *key);

/* Parse text into the field; a string is copied, and the one before it freed. Returns 0, -EINVAL
 * (not of the type), -ERANGE (of the type, but out of range) or -ENOMEM; the field is untouched
 * then. */
int config_value_set(const struct config_key *key, void *base, const char *text);

/* Every field of the section gets its default. Returns 0 or -ENOMEM. */
int config_value_set_defaults(const char *section, void *base);

/* Free every string of the section. */
void config_value_free(const char *section, void *base);

/* The value as a YAML scalar that config_load reads to the same value. */
void config_value_print(const struct config_key *key, const void *base, FILE *stream);

/* Any UTF-8 text as a YAML scalar in double quotes; `is_value` keeps "${" from being expanded when
 * it is read. */
void config_value_print_text(const char *text, bool is_value, FILE *stream);

#endif
