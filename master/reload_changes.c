/* SPDX-License-Identifier: MIT */
#include "master/reload_changes.h"

#include <stdio.h>
#include <string.h>

#include "common/config_diff.h"

#define NOTE_LEN_MAX 512

struct lists {
    struct jsondoc *added;
    struct jsondoc *removed;
    struct jsondoc *changes;
    struct jsondoc *notes;
};

static void note(struct lists *lists, const char *text)
{
    jsondoc_push(lists->notes, jsondoc_string(text));
}

static void take(const struct config_difference *difference, void *arg)
{
    struct lists *lists = arg;
    struct jsondoc *row;

    if (difference->kind == CONFIG_POOL_ADDED) {
        jsondoc_push(lists->added, jsondoc_string(difference->name));
        return;
    }
    if (difference->kind == CONFIG_POOL_REMOVED) {
        jsondoc_push(lists->removed, jsondoc_string(difference->name));
        return;
    }
    row = jsondoc_object();
    jsondoc_set(row, "key", jsondoc_string(difference->name));
    jsondoc_set(row, "before", jsondoc_string(difference->before));
    jsondoc_set(row, "after", jsondoc_string(difference->after));
    jsondoc_push(lists->changes, row);
    if (strcmp(difference->name, "control.socket") == 0)
        note(lists, "control.socket stays where it is until the next restart");
}

/* `scale` lasts until the reload. */
static void note_scaled(struct lists *lists, const struct generation *before,
                        const struct generation *after)
{
    for (size_t i = 0; i < before->npools; i++) {
        const struct pool *old = before->pools[i];
        const struct pool *new = generation_pool(after, old->config->name);
        char text[NOTE_LEN_MAX];

        if (new == NULL || old->wanted == old->config->workers || old->wanted == new->wanted)
            continue;
        snprintf(text, sizeof(text),
                 "pool %s was scaled to %u workers, now it has the configured %u",
                 new->config->name, old->wanted, new->wanted);
        note(lists, text);
    }
}

struct jsondoc *reload_changes(const struct generation *before, const struct generation *after)
{
    struct lists lists = {jsondoc_array(), jsondoc_array(), jsondoc_array(), jsondoc_array()};
    struct jsondoc *data = jsondoc_object();

    if (config_diff(before->config, after->config, take, &lists) < 0)
        note(&lists, "no memory to tell all that changed");
    note_scaled(&lists, before, after);
    jsondoc_set(data, "pools_added", lists.added);
    jsondoc_set(data, "pools_removed", lists.removed);
    jsondoc_set(data, "notes", lists.notes);
    jsondoc_set(data, "changes", lists.changes);
    return data;
}
