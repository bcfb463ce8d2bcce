/* SPDX-License-Identifier: MIT */
/*
 * From a tree of YAML to the configuration, by the table of keys.
 *
 * A file is read, parsed, walked and freed before its successor; an include is walked where it
 * stands, with the files above it on a chain that tells a circle. What was set remembers its place,
 * so that a second setting, from whatever file, can name the first. Any failure drops the whole
 * struct config.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/config.h"
#include "common/config_file.h"
#include "common/config_loader.h"
#include "common/config_pools.h"

#define FILES_MAX 256
#define WHY_MAX   256

#define SECTIONS_TEXT_MAX 128

/* ---- the other sections ---- */

static int load_section_key(struct config_loader *loader, const struct config_place *place,
                            const struct yaml_node *node)
{
    const struct config_key *key = config_keys_find(place->text, node->key);
    char first[CONFIG_MARK_TEXT_MAX];
    struct config_mark *set;

    if (!key)
        return config_loader_refuse_key(loader, node, place->text, place->text);
    set = &loader->set[key - config_keys];
    if (set->file)
        return CONFIG_FAIL(loader, &node->key_mark,
                           "%s.%s is set twice, expected it once (first at %s)", place->text,
                           key->name, config_mark_print(set, first));
    *set = node->key_mark;
    return config_loader_value(loader, place, key, loader->config, node);
}

static int load_section(struct config_loader *loader, const struct yaml_node *node)
{
    struct config_place place;

    if (node->kind != YAML_MAP && !yaml_tree_is_null(node))
        return CONFIG_FAIL(loader, &node->mark, "%s is %s, expected a map of keys", node->key,
                           yaml_tree_kind(node));
    snprintf(place.text, sizeof(place.text), "%s", node->key);
    for (const struct yaml_node *child = node->child; child; child = child->next) {
        int rc = load_section_key(loader, &place, child);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_section(const char *name)
{
    for (size_t i = 0; i < config_keys_count; i++)
        if (strcmp(config_keys[i].section, name) == 0 && strcmp(name, CONFIG_KEYS_POOL) != 0)
            return true;
    return false;
}

/* ---- files ---- */

static int load_file_text(struct config_loader *loader, const char *name,
                          const struct config_file *file);

static int load_included(struct config_loader *loader, const char *path,
                         const struct yaml_node *node)
{
    struct config_file file;
    char why[WHY_MAX];
    int rc;

    if (loader->depth == CONFIG_LOADER_DEPTH_MAX)
        return CONFIG_FAIL(loader, &node->mark,
                           "included too deeply, expected at most %d files in a row",
                           CONFIG_LOADER_DEPTH_MAX);
    if (config_file_read(path, &file, why, sizeof(why)) < 0)
        return CONFIG_FAIL(loader, &node->mark, "include \"%.100s\": %s", path, why);
    for (size_t i = 0; i < loader->depth; i++)
        if (loader->chain[i].device == file.device && loader->chain[i].inode == file.inode) {
            free(file.text);
            return CONFIG_FAIL(loader, &node->mark,
                               "\"%.100s\" includes itself, expected no circle", path);
        }
    rc = load_file_text(loader, path, &file);
    free(file.text);
    return rc;
}

static int load_pattern(struct config_loader *loader, const struct yaml_node *node,
                        const char *pattern)
{
    struct config_file_list list;
    char why[WHY_MAX];
    int rc = 0;

    if (config_file_find(node->mark.file, pattern, &list, why, sizeof(why)) < 0)
        return CONFIG_FAIL(loader, &node->mark, "include \"%.100s\": %s", pattern, why);
    for (size_t i = 0; i < list.count && rc == 0; i++)
        rc = load_included(loader, list.paths[i], node);
    config_file_list_free(&list);
    return rc;
}

static int load_include(struct config_loader *loader, const struct yaml_node *node)
{
    char *pattern;
    int rc;

    if (!config_loader_is_value(node))
        return CONFIG_FAIL(loader, &node->mark,
                           "include is %s, expected a path like conf.d/*.yaml, or a list",
                           yaml_tree_kind(node));
    rc = config_loader_expand(loader, node, &pattern);
    if (rc < 0)
        return rc;
    rc = load_pattern(loader, node, pattern);
    free(pattern);
    return rc;
}

static int load_includes(struct config_loader *loader, const struct yaml_node *node)
{
    if (node->kind != YAML_LIST)
        return load_include(loader, node);
    for (const struct yaml_node *item = node->child; item; item = item->next) {
        int rc = load_include(loader, item);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int refuse_section(const struct config_loader *loader, const struct yaml_node *node)
{
    char where[SECTIONS_TEXT_MAX] = "the file: include";
    const char *last = "";
    struct suggest suggest;

    suggest_init(&suggest, node->key);
    suggest_offer(&suggest, "pools");
    suggest_offer(&suggest, "include");
    for (size_t i = 0; i < config_keys_count; i++) {
        const char *section = config_keys[i].section;
        size_t len = strlen(where);

        if (!is_section(section) || strcmp(section, last) == 0)
            continue;
        last = section;
        suggest_offer(&suggest, section);
        snprintf(where + len, sizeof(where) - len, ", %s", section);
    }
    strncat(where, " or pools", sizeof(where) - strlen(where) - 1);
    return config_loader_refuse_word(loader, node, &suggest, where);
}

static int load_root(struct config_loader *loader, const struct yaml_node *root)
{
    int rc = 0;

    if (!root || yaml_tree_is_null(root))
        return 0;
    if (root->kind != YAML_MAP)
        return CONFIG_FAIL(loader, &root->mark, "the file is %s, expected a map with \"pools:\"",
                           yaml_tree_kind(root));
    for (const struct yaml_node *node = root->child; node && rc == 0; node = node->next) {
        if (strcmp(node->key, "pools") == 0)
            rc = config_pools_load(loader, node);
        else if (strcmp(node->key, "include") == 0)
            rc = load_includes(loader, node);
        else if (is_section(node->key))
            rc = load_section(loader, node);
        else
            rc = refuse_section(loader, node);
    }
    return rc;
}

/* Remember the name for as long as the configuration lives. NULL: no memory. */
static const char *keep_name(struct config *config, const char *name)
{
    char **files = reallocarray(config->files, config->nfiles + 1, sizeof(*files));

    if (!files)
        return NULL;
    config->files = files;
    files[config->nfiles] = strdup(name);
    return files[config->nfiles] ? files[config->nfiles++] : NULL;
}

static int load_file_text(struct config_loader *loader, const char *name,
                          const struct config_file *file)
{
    struct config_mark start = {name, 1, 1};
    struct yaml_tree *tree;
    const char *kept;
    int rc;

    if (loader->config->nfiles == FILES_MAX)
        return CONFIG_FAIL(loader, &start, "too many files, expected at most %d", FILES_MAX);
    kept = keep_name(loader->config, name);
    if (!kept)
        return config_loader_no_memory(loader, &start);
    rc = yaml_tree_parse(kept, file->text, file->len, &tree, &loader->error);
    if (rc < 0)
        return rc;
    CHECK(loader->depth < CONFIG_LOADER_DEPTH_MAX);
    loader->chain[loader->depth++] = *file;
    rc = load_root(loader, tree->root);
    loader->depth--;
    yaml_tree_free(tree);
    return rc;
}

/* ---- the whole ---- */

static const struct config_mark *where_set(const struct config_loader *loader, const char *section,
                                           const char *name)
{
    const struct config_key *key = config_keys_find(section, name);

    CHECK(key);
    return &loader->set[key - config_keys];
}

static int check_whole(const struct config_loader *loader, const struct config_mark *start)
{
    const struct config_supervision *times = &loader->config->supervision;
    const struct config_mark *set = where_set(loader, "supervision", "hang_timeout");

    if (loader->config->npools == 0)
        return CONFIG_FAIL(loader, loader->pools.file ? &loader->pools : start,
                           "no pools, expected \"pools:\" with at least one");
    if (!set->file)
        set = where_set(loader, "supervision", "beat_interval");
    if (times->hang_timeout > 0 && times->hang_timeout < 2 * times->beat_interval)
        return CONFIG_FAIL(
            loader, set,
            "supervision.hang_timeout is too short, expected 0 or at least twice the "
            "beat_interval");
    return 0;
}

/* What is loaded: a file's text, or a tree. */
struct source {
    const struct config_file *file;
    const struct yaml_node *root; /* when there is no file */
};

static int load_all(struct config_loader *loader, const char *name, const struct source *source)
{
    struct config_mark start = {name, source->file ? 1 : 0, source->file ? 1 : 0};
    int rc;

    loader->config = config_new();
    loader->set = calloc(config_keys_count, sizeof(*loader->set));
    if (!loader->config || !loader->set)
        return config_loader_no_memory(loader, &start);
    loader->config->path = strdup(name);
    if (!loader->config->path)
        return config_loader_no_memory(loader, &start);
    rc =
        source->file ? load_file_text(loader, name, source->file) : load_root(loader, source->root);
    return rc < 0 ? rc : check_whole(loader, &start);
}

static int load(const char *name, const struct source *source, struct config **config,
                const struct config_error *error)
{
    struct config_loader loader = {.error = *error};
    int rc = load_all(&loader, name, source);

    free(loader.set);
    if (rc < 0) {
        config_free(loader.config);
        return rc;
    }
    *config = loader.config;
    return 0;
}

int config_load_text(const char *name, const char *text, size_t len, struct config **config,
                     char *error, size_t size)
{
    struct config_file file = {.text = (char *)(uintptr_t)text, .len = len};
    struct source source = {.file = &file};
    struct config_error where = {error, size};

    return load(name, &source, config, &where);
}

int config_load_tree(const char *name, const struct yaml_node *root, struct config **config,
                     char *error, size_t size)
{
    struct source source = {.root = root};
    struct config_error where = {error, size};

    return load(name, &source, config, &where);
}

int config_load(const char *path, struct config **config, char *error, size_t size)
{
    struct config_error where = {error, size};
    struct config_mark start = {path, 1, 1};
    struct config_file file;
    struct source source = {.file = &file};
    char why[WHY_MAX];
    int rc;

    if (config_file_read(path, &file, why, sizeof(why)) < 0)
        return config_mark_fail(&where, &start, "%s", why);
    rc = load(path, &source, config, &where);
    free(file.text);
    return rc;
}
