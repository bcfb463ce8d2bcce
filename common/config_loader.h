/* SPDX-License-Identifier: MIT */
/*
 * config_loader.h - what the parts of config_load share: the state of one load, values, and
 * refusals.
 */
#ifndef COPPICE_CONFIG_LOADER_H
#define COPPICE_CONFIG_LOADER_H

#include <stdbool.h>

#include "common/config.h"
#include "common/config_file.h"
#include "common/config_keys.h"
#include "common/suggest.h"
#include "common/yaml_tree.h"

#define CONFIG_LOADER_DEPTH_MAX 8

struct config_loader {
    struct config *config;
    struct config_error error;
    struct config_mark *set;  /* of each key that is not a pool's: where it was set */
    struct config_mark pools; /* the first `pools:` */
    struct config_file
        chain[CONFIG_LOADER_DEPTH_MAX]; /* being read, from the outermost; without text */
    size_t depth;
};

/* Where a value stands, as people call it: "log", "pools.web". */
struct config_place {
    char text[64];
};

/* Everything below that can fail returns 0, or -EINVAL with the message in loader->error. */

#define CONFIG_FAIL(loader, mark, ...) config_mark_fail(&(loader)->error, mark, __VA_ARGS__)

int config_loader_no_memory(const struct config_loader *loader, const struct config_mark *mark);

/* A scalar that is not null? */
bool config_loader_is_value(const struct yaml_node *node);

/* The text of a scalar with its variables expanded, for the caller to free. */
int config_loader_expand(const struct config_loader *loader, const struct yaml_node *node,
                         char **text);

/* Set the field of a key, of a single value, in `base`. */
int config_loader_value(const struct config_loader *loader, const struct config_place *place,
                        const struct config_key *key, void *base, const struct yaml_node *node);

/* The node is not of the kind that the key takes. */
int config_loader_refuse_kind(const struct config_loader *loader, const struct config_place *place,
                              const struct config_key *key, const struct yaml_node *node);

/* No key of the section is called so. `where` names the section for people. */
int config_loader_refuse_key(const struct config_loader *loader, const struct yaml_node *node,
                             const char *section, const char *where);

/* The same, with candidates that were offered before. */
int config_loader_refuse_word(const struct config_loader *loader, const struct yaml_node *node,
                              const struct suggest *suggest, const char *where);

#endif
