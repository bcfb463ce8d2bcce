/* SPDX-License-Identifier: MIT */
/*
 * yaml_tree.h - one YAML document as a tree with marks: the one place that knows libyaml.
 *
 * Taken are UTF-8 maps, lists and scalars, as text. Refused, with the place, are: what is no YAML,
 * a second document, a key twice in a map, a key that is no scalar, aliases and tags (a
 * configuration needs neither, and aliases can blow up), a NUL, and more than the limits below. All
 * work is bounded by the size of the text.
 */
#ifndef COPPICE_YAML_TREE_H
#define COPPICE_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config_mark.h"

#define YAML_TREE_BYTES_MAX (1u << 20)
#define YAML_TREE_DEPTH_MAX 16
#define YAML_TREE_NODES_MAX 10000

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct config_mark mark;
    char *text;    /* of a scalar */
    bool is_plain; /* a scalar without quotes: an empty one is null */
    struct yaml_node *child;
    struct yaml_node *next;
    char *key; /* in a map */
    struct config_mark key_mark;
    struct yaml_node *made_before; /* every node of the tree, the last one first */
};

struct yaml_tree {
    struct yaml_node *root; /* NULL: the document is empty */
    struct yaml_node *made;
};

/* Parse text[0 .. len). `file` names it in marks and must outlive the tree. Returns 0 and gives
 * *tree to the caller, or -EINVAL, -ENOMEM with the message in *error. */
int yaml_tree_parse(const char *file, const char *text, size_t len, struct yaml_tree **tree,
                    const struct config_error *error);

void yaml_tree_free(struct yaml_tree *tree);

/* A scalar that stands for nothing: no text at all, "~" or "null", without quotes. */
bool yaml_tree_is_null(const struct yaml_node *node);

/* "a map", "a list", "a value", "nothing": for messages. */
const char *yaml_tree_kind(const struct yaml_node *node);

#endif
