/* SPDX-License-Identifier: MIT */
/*
 * config_env.h - ${NAME} and ${NAME:-default} in values.
 *
 * A default stands in for a variable that is unset or empty. "$${" is a literal "${"; any other "$"
 * is itself.
 */
#ifndef COPPICE_CONFIG_ENV_H
#define COPPICE_CONFIG_ENV_H

#include <stddef.h>
#include <stdio.h>

#define CONFIG_ENV_TEXT_MAX 8192

/* Expand text to *expanded, which is the caller's to free. Returns 0, -ENOMEM, or -EINVAL with what
 * is wrong and expected in why[0 .. size). */
int config_env_expand(const char *text, char **expanded, char *why, size_t size);

#endif
