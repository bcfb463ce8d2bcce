/* SPDX-License-Identifier: MIT */
/*
 * app_options.h - a pool's `options:` into fields of the app's state, by the app's table.
 */
#ifndef COPPICE_APP_OPTIONS_H
#define COPPICE_APP_OPTIONS_H

#include "common/config.h"
#include "common/config_keys.h"

/* Is the table one that can be read into a state of that size? Returns 0, or -EINVAL with what is
 * wrong and what was expected in error[0 .. size). */
int app_options_check(const struct config_key *table, size_t state_size, char *error, size_t size);

/* Every option that is given, and the default of every other one; a table of NULL has none. Returns
 * 0, -ENOMEM, or -EINVAL with `file:line:column: what is wrong, what was expected` in error[0 ..
 * size). Free in any case.
 */
int app_options_read(const struct config_key *table, const struct config_pool *pool, void *state,
                     char *error, size_t size);

/* Free the strings. */
void app_options_free(const struct config_key *table, void *state);

#endif
