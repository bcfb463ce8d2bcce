/* SPDX-License-Identifier: MIT */
/*
 * config_print.h - one value of the configuration as text, of whatever type it is.
 */
#ifndef COPPICE_CONFIG_PRINT_H
#define COPPICE_CONFIG_PRINT_H

#include <stdio.h>

#include "common/config_keys.h"

/* The value as YAML on one line; base is the struct config, or the struct config_pool for the
 * section "pool". */
void config_print_value(const struct config_key *key, const void *base, FILE *stream);

#endif
