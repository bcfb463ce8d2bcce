/* SPDX-License-Identifier: MIT */
#include "common/yaml_tree.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[512];
static const struct config_error error = {message, sizeof(message)};

static struct yaml_tree *parse(const char *text)
{
    struct yaml_tree *tree = NULL;

    ck_assert_msg(yaml_tree_parse("f", text, strlen(text), &tree, &error) == 0, "%s", message);
    return tree;
}

static void ck_assert_refused_bytes(const char *text, size_t len, const char *expected)
{
    struct yaml_tree *tree = NULL;

    message[0] = '\0';
    ck_assert_msg(yaml_tree_parse("f", text, len, &tree, &error) == -EINVAL, "%.100s", text);
    ck_assert_ptr_null(tree);
    ck_assert_msg(strncmp(message, expected, strlen(expected)) == 0, "%s: %s", expected, message);
}

static void ck_assert_refused(const char *text, const char *expected)
{
    ck_assert_refused_bytes(text, strlen(text), expected);
}

START_TEST(yaml_tree_has_maps_lists_and_scalars_with_their_places)
{
    struct yaml_tree *tree = parse("a: 1\nb:\n  - x\n  - {c: 'y'}\n");
    const struct yaml_node *a = tree->root->child;
    const struct yaml_node *b = a->next;
    const struct yaml_node *map = b->child->next;

    ck_assert_int_eq(tree->root->kind, YAML_MAP);
    ck_assert_str_eq(a->key, "a");
    ck_assert_str_eq(a->text, "1");
    ck_assert(a->is_plain);
    ck_assert_uint_eq(a->mark.line, 1);
    ck_assert_uint_eq(a->mark.column, 4);
    ck_assert_uint_eq(a->key_mark.column, 1);
    ck_assert_int_eq(b->kind, YAML_LIST);
    ck_assert_ptr_null(b->next);
    ck_assert_str_eq(b->child->text, "x");
    ck_assert_int_eq(map->kind, YAML_MAP);
    ck_assert_str_eq(map->child->key, "c");
    ck_assert_str_eq(map->child->text, "y");
    ck_assert(!map->child->is_plain);
    ck_assert_uint_eq(map->child->mark.line, 4);
    ck_assert_uint_eq(map->child->mark.column, 9);
    ck_assert_str_eq(map->child->mark.file, "f");
    yaml_tree_free(tree);
}
END_TEST

START_TEST(yaml_tree_of_an_empty_text_has_no_root)
{
    static const char *const empty[] = {"", "\n\n", "# nothing\n", "\xef\xbb\xbf"};

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        struct yaml_tree *tree = parse(empty[i]);

        ck_assert_ptr_null(tree->root);
        yaml_tree_free(tree);
    }
}
END_TEST

START_TEST(yaml_tree_is_null_only_without_quotes)
{
    struct yaml_tree *tree = parse("[~, null, '', 'null', x, ]");
    const struct yaml_node *node = tree->root->child;

    ck_assert(yaml_tree_is_null(node));
    ck_assert(yaml_tree_is_null(node->next));
    ck_assert(!yaml_tree_is_null(node->next->next));
    ck_assert(!yaml_tree_is_null(node->next->next->next));
    ck_assert_str_eq(yaml_tree_kind(node), "nothing");
    ck_assert_str_eq(yaml_tree_kind(tree->root), "a list");
    ck_assert_str_eq(yaml_tree_kind(node->next->next), "a value");
    yaml_tree_free(tree);
}
END_TEST

START_TEST(yaml_tree_refuses_a_key_twice_and_names_both_places)
{
    ck_assert_refused("a: 1\nb: 2\n\"a\": 3\n",
                      "f:3:1: key \"a\" is here twice, expected it once (first at f:1:1)");
    ck_assert_refused("{a: {}, a: []}", "f:1:9: ");
}
END_TEST

START_TEST(yaml_tree_refuses_aliases_tags_and_further_documents)
{
    ck_assert_refused("a: &x 1\nb: *x\n", "f:2:4: an alias");
    ck_assert_refused("a: &x [*x]\n", "f:1:8: an alias");
    ck_assert_refused("*x : 1\n", "f:1:1: an alias");
    ck_assert_refused("a: !!str 1\n", "f:1:4: a tag");
    ck_assert_refused("a: !x [1]\n", "f:1:4: a tag");
    ck_assert_refused("a: 1\n---\nb: 1\n", "f:2:1: a second document");
}
END_TEST

START_TEST(yaml_tree_refuses_a_collection_as_a_key)
{
    ck_assert_refused("[a]: 1\n", "f:1:1: a map or list as a key");
    ck_assert_refused("? {a: b}\n: 1\n", "f:1:3: a map or list as a key");
}
END_TEST

START_TEST(yaml_tree_refuses_what_is_no_yaml_at_its_place)
{
    ck_assert_refused("a: [b\n", "f:2:1: not YAML: ");
    ck_assert_refused("a: 'b\n", "f:2:1: not YAML: ");
    ck_assert_refused("a\n  b: c\n d", "f:");
    ck_assert_refused("\ta: b", "f:1:1: not YAML: ");
}
END_TEST

START_TEST(yaml_tree_refuses_rubbish_at_its_byte)
{
    ck_assert_refused("a: b\nc: \xff\n", "f:2:4: not UTF-8 text: ");
    ck_assert_refused("\xff\xfe"
                      "a",
                      "f:1:1: not UTF-8 text: ");
    ck_assert_refused("a: \x01\n", "f:1:4: not UTF-8 text: ");
    ck_assert_refused_bytes("a: b\0c", 6, "f:1:5: not UTF-8 text: ");
    ck_assert_refused("a: \"b\\0c\"\n", "f:1:4: a NUL byte");
}
END_TEST

static char *repeat(const char *piece, size_t n, const char *end)
{
    char *text = malloc(strlen(piece) * n + strlen(end) + 1);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * strlen(piece), piece, strlen(piece));
    strcpy(text + strlen(piece) * n, end);
    return text;
}

START_TEST(yaml_tree_takes_the_limits_and_refuses_what_is_beyond)
{
    char *deepest = repeat("[", YAML_TREE_DEPTH_MAX, "");
    char *too_deep = repeat("[", 100000, "");
    char *most = repeat("- 1\n", YAML_TREE_NODES_MAX - 1, "");
    char *too_many = repeat("- 1\n", YAML_TREE_NODES_MAX, "");
    char *too_large = repeat("# filler\n", YAML_TREE_BYTES_MAX / 9 + 1, "");

    ck_assert_refused(deepest, "f:2:1: not YAML: ");
    ck_assert_refused(too_deep, "f:1:17: nested too deeply");
    yaml_tree_free(parse(most));
    ck_assert_refused(too_many, "f:10000:3: too many values");
    ck_assert_refused(too_large, "f:1:1: the file is too large");
    free(deepest);
    free(too_deep);
    free(most);
    free(too_many);
    free(too_large);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, yaml_tree_has_maps_lists_and_scalars_with_their_places);
    tcase_add_test(tc, yaml_tree_of_an_empty_text_has_no_root);
    tcase_add_test(tc, yaml_tree_is_null_only_without_quotes);
    tcase_add_test(tc, yaml_tree_refuses_a_key_twice_and_names_both_places);
    tcase_add_test(tc, yaml_tree_refuses_aliases_tags_and_further_documents);
    tcase_add_test(tc, yaml_tree_refuses_a_collection_as_a_key);
    tcase_add_test(tc, yaml_tree_refuses_what_is_no_yaml_at_its_place);
    tcase_add_test(tc, yaml_tree_refuses_rubbish_at_its_byte);
    tcase_add_test(tc, yaml_tree_takes_the_limits_and_refuses_what_is_beyond);
}

int main(void)
{
    return run_suite("yaml_tree", add);
}
