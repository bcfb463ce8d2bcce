/* SPDX-License-Identifier: MIT */
/*
 * libyaml's events, one after the other, make nodes; a stack of open collections says where the
 * next node belongs. A key makes the node of its value, which stays open until the value comes.
 */
#include "common/yaml_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct frame {
    struct yaml_node *node;
    struct yaml_node **tail;   /* where the next child is linked */
    struct yaml_node *pending; /* of a map: the key came, its value not yet */
};

struct builder {
    yaml_parser_t parser;
    const char *file;
    const char *text;
    const struct config_error *error;
    struct yaml_tree *tree;
    size_t nnodes;
    size_t ndocuments;
    size_t depth;
    struct frame stack[YAML_TREE_DEPTH_MAX];
};

static struct config_mark mark_of(const struct builder *builder, const yaml_mark_t *mark)
{
    return (struct config_mark){builder->file, (unsigned)mark->line + 1,
                                (unsigned)mark->column + 1};
}

static struct yaml_node *node_new(struct builder *builder, const struct config_mark *mark)
{
    struct yaml_node *node;

    if (builder->nnodes >= YAML_TREE_NODES_MAX) {
        config_mark_fail(builder->error, mark, "too many values, expected at most %d",
                         YAML_TREE_NODES_MAX);
        return NULL;
    }
    node = calloc(1, sizeof(*node));
    if (!node) {
        config_mark_fail(builder->error, mark, "out of memory");
        return NULL;
    }
    builder->nnodes++;
    node->mark = *mark;
    node->made_before = builder->tree->made;
    builder->tree->made = node;
    return node;
}

/* The node that the value at the mark fills: the root, the pending one of a map, or a new one of a
 * list. */
static struct yaml_node *node_for_value(struct builder *builder, const struct config_mark *mark)
{
    struct frame *top = builder->depth > 0 ? &builder->stack[builder->depth - 1] : NULL;
    struct yaml_node *node;

    if (top && top->node->kind == YAML_MAP) {
        node = top->pending;
        top->pending = NULL;
        node->mark = *mark;
        return node;
    }
    node = node_new(builder, mark);
    if (!node)
        return NULL;
    if (top) {
        *top->tail = node;
        top->tail = &node->next;
    } else {
        builder->tree->root = node;
    }
    return node;
}

static bool expects_key(const struct builder *builder)
{
    const struct frame *top = builder->depth > 0 ? &builder->stack[builder->depth - 1] : NULL;

    return top && top->node->kind == YAML_MAP && !top->pending;
}

static char *scalar_text(struct builder *builder, const yaml_event_t *event,
                         const struct config_mark *mark)
{
    const char *value = (const char *)event->data.scalar.value;
    char *text;

    if (strlen(value) != event->data.scalar.length) {
        config_mark_fail(builder->error, mark, "a NUL byte inside a value, expected text");
        return NULL;
    }
    text = strdup(value);
    if (!text)
        config_mark_fail(builder->error, mark, "out of memory");
    return text;
}

static int add_key(struct builder *builder, const yaml_event_t *event)
{
    struct frame *top = &builder->stack[builder->depth - 1];
    struct config_mark mark = mark_of(builder, &event->start_mark);
    struct yaml_node *node = node_new(builder, &mark);

    if (!node)
        return -EINVAL;
    node->key_mark = mark;
    node->key = scalar_text(builder, event, &mark);
    if (!node->key)
        return -EINVAL;
    for (const struct yaml_node *other = top->node->child; other; other = other->next)
        if (strcmp(other->key, node->key) == 0)
            return config_mark_fail(
                builder->error, &mark,
                "key \"%.60s\" is here twice, expected it once (first at %s:%u:%u)", node->key,
                other->key_mark.file, other->key_mark.line, other->key_mark.column);
    *top->tail = node;
    top->tail = &node->next;
    top->pending = node;
    return 0;
}

static int add_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct config_mark mark = mark_of(builder, &event->start_mark);
    struct yaml_node *node = node_for_value(builder, &mark);

    if (!node)
        return -EINVAL;
    node->kind = YAML_SCALAR;
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = scalar_text(builder, event, &mark);
    return node->text ? 0 : -EINVAL;
}

static int open_collection(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind)
{
    struct config_mark mark = mark_of(builder, &event->start_mark);
    struct yaml_node *node;

    if (expects_key(builder))
        return config_mark_fail(builder->error, &mark, "a map or list as a key, expected a word");
    if (builder->depth == YAML_TREE_DEPTH_MAX)
        return config_mark_fail(builder->error, &mark,
                                "nested too deeply, expected at most %d levels",
                                YAML_TREE_DEPTH_MAX);
    node = node_for_value(builder, &mark);
    if (!node)
        return -EINVAL;
    node->kind = kind;
    builder->stack[builder->depth++] = (struct frame){.node = node, .tail = &node->child};
    return 0;
}

static bool has_tag(const yaml_event_t *event)
{
    const yaml_char_t *tag = NULL;

    if (event->type == YAML_SCALAR_EVENT)
        tag = event->data.scalar.tag;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        tag = event->data.sequence_start.tag;
    else if (event->type == YAML_MAPPING_START_EVENT)
        tag = event->data.mapping_start.tag;
    return tag != NULL;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
    struct config_mark mark = mark_of(builder, &event->start_mark);

    if (has_tag(event))
        return config_mark_fail(builder->error, &mark,
                                "a tag, expected a plain value without \"!\"");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->ndocuments > 1)
            return config_mark_fail(builder->error, &mark, "a second document, expected one");
        return 0;
    case YAML_ALIAS_EVENT:
        return config_mark_fail(builder->error, &mark,
                                "an alias, expected a value (quote it if it begins with \"*\")");
    case YAML_SCALAR_EVENT:
        return expects_key(builder) ? add_key(builder, event) : add_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(builder, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_collection(builder, event, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        return 0;
    default:
        return 0;
    }
}

/* Where a byte is, for the one kind of error that libyaml tells by its offset alone. */
static struct config_mark mark_of_offset(const struct builder *builder, size_t offset)
{
    struct config_mark mark = {builder->file, 1, 1};

    for (size_t i = 0; i < offset; i++) {
        mark.column++;
        if (builder->text[i] == '\n') {
            mark.line++;
            mark.column = 1;
        }
    }
    return mark;
}

static int tell_parser_error(const struct builder *builder, size_t len)
{
    const yaml_parser_t *parser = &builder->parser;
    struct config_mark mark = mark_of(builder, &parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "unknown problem";

    if (parser->error == YAML_MEMORY_ERROR) {
        mark = (struct config_mark){builder->file, 1, 1};
        return config_mark_fail(builder->error, &mark, "out of memory");
    }
    if (parser->error == YAML_READER_ERROR) {
        mark = mark_of_offset(builder, parser->problem_offset < len ? parser->problem_offset : len);
        return config_mark_fail(builder->error, &mark, "not UTF-8 text: %s, expected YAML",
                                problem);
    }
    return config_mark_fail(builder->error, &mark,
                            "not YAML: %s%s%s, expected \"key: value\" lines", problem,
                            parser->context ? " " : "", parser->context ? parser->context : "");
}

static int build(struct builder *builder, size_t len)
{
    bool is_over = false;

    /* Every event but the last few takes bytes of the text, so this ends. */
    while (!is_over) {
        yaml_event_t event;
        int rc;

        if (!yaml_parser_parse(&builder->parser, &event))
            return tell_parser_error(builder, len);
        rc = take_event(builder, &event);
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int yaml_tree_parse(const char *file, const char *text, size_t len, struct yaml_tree **tree,
                    const struct config_error *error)
{
    struct builder builder = {.file = file, .text = text, .error = error};
    struct config_mark start = {file, 1, 1};
    int rc;

    if (len > YAML_TREE_BYTES_MAX)
        return config_mark_fail(error, &start, "the file is too large, expected at most 1 MiB");
    builder.tree = calloc(1, sizeof(*builder.tree));
    if (!builder.tree)
        return config_mark_fail(error, &start, "out of memory");
    if (!yaml_parser_initialize(&builder.parser)) {
        yaml_tree_free(builder.tree);
        return config_mark_fail(error, &start, "out of memory");
    }
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, len);
    rc = build(&builder, len);
    yaml_parser_delete(&builder.parser);
    if (rc < 0) {
        yaml_tree_free(builder.tree);
        return rc;
    }
    *tree = builder.tree;
    return 0;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (!tree)
        return;
    for (struct yaml_node *node = tree->made, *before; node; node = before) {
        before = node->made_before;
        free(node->text);
        free(node->key);
        free(node);
    }
    free(tree);
}

bool yaml_tree_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->is_plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}

const char *yaml_tree_kind(const struct yaml_node *node)
{
    if (node->kind == YAML_LIST)
        return "a list";
    if (node->kind == YAML_MAP)
        return "a map";
    return yaml_tree_is_null(node) ? "nothing" : "a value";
}
