/* SPDX-License-Identifier: MIT */
#include "worker/app/file_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/metrics.h"
#include "worker/task/sched.h"

struct file_cache {
    struct file_cache_options options;
    struct file_cache_size size;
    struct list recent; /* the last used first */
    uint32_t mask;
    struct file *chains[];
};

static uint32_t hash_of(const char *name, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3;
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}

int file_cache_new(const struct file_cache_options *options, struct file_cache **cache)
{
    uint32_t nchains = 1;
    struct file_cache *made;

    while (nchains < options->entries)
        nchains *= 2;
    made = calloc(1, sizeof(*made) + nchains * sizeof(struct file *));
    if (!made)
        return -ENOMEM;
    made->options = *options;
    made->mask = nchains - 1;
    list_init(&made->recent);
    *cache = made;
    return 0;
}

/* ---- one file ---- */

static struct file *file_new(const char *name, size_t len, uint32_t hash)
{
    struct file *file = calloc(1, sizeof(*file) + len + 1);

    if (!file)
        return NULL;
    memcpy(file->name, name, len);
    file->len = (uint32_t)len;
    file->hash = hash;
    file->refs = 1;
    list_init(&file->recent);
    return file;
}

void file_cache_release(struct file *file)
{
    CHECK(file->refs > 0);
    if (--file->refs > 0)
        return;
    file_copies_free(file);
    free(file);
}

/* ---- the cache ---- */

static struct file *find(const struct file_cache *cache, const char *name, size_t len,
                         uint32_t hash)
{
    struct file *file = cache->chains[hash & cache->mask];

    while (file && (file->hash != hash || file->len != len || memcmp(file->name, name, len) != 0))
        file = file->chain;
    return file;
}

static bool is_kept(const struct file *file)
{
    return !list_is_empty(&file->recent);
}

static void drop(struct file_cache *cache, struct file *file)
{
    struct file **at = &cache->chains[file->hash & cache->mask];

    if (!is_kept(file))
        return;
    while (*at != file)
        at = &(*at)->chain;
    *at = file->chain;
    list_remove(&file->recent);
    cache->size.entries--;
    cache->size.open_files -= file_copies_descriptors(file);
    cache->size.bytes -= file_copies_bytes(file);
    file_cache_release(file);
}

void file_cache_free(struct file_cache *cache)
{
    if (!cache)
        return;
    while (!list_is_empty(&cache->recent))
        drop(cache, list_entry(cache->recent.next, struct file, recent));
    free(cache);
}

static bool is_over(const struct file_cache *cache)
{
    return cache->size.entries > cache->options.entries ||
           cache->size.open_files > cache->options.open_files ||
           cache->size.bytes > cache->options.bytes;
}

/* What alone is too much would push out all others before it goes itself. */
static bool fits(const struct file_cache *cache, const struct file *file)
{
    return cache->options.entries > 0 &&
           file_copies_descriptors(file) <= cache->options.open_files &&
           file_copies_bytes(file) <= cache->options.bytes;
}

static void keep(struct file_cache *cache, struct file *file)
{
    struct file *other = find(cache, file->name, file->len, file->hash);
    struct file **chain = &cache->chains[file->hash & cache->mask];

    if (other)
        drop(cache, other);
    if (!fits(cache, file))
        return;
    file->refs++;
    file->chain = *chain;
    *chain = file;
    list_push_front(&cache->recent, &file->recent);
    cache->size.entries++;
    cache->size.open_files += file_copies_descriptors(file);
    cache->size.bytes += file_copies_bytes(file);
    while (is_over(cache))
        drop(cache, list_entry(cache->recent.prev, struct file, recent));
}

static void drop_descriptors(struct file_cache *cache)
{
    list_for_each_safe (&cache->recent, node) {
        struct file *file = list_entry(node, struct file, recent);

        if (file_copies_descriptors(file))
            drop(cache, file);
    }
}

static int read_anew(struct file_cache *cache, const char *name, size_t len, uint32_t hash,
                     struct file **found)
{
    struct file *file = file_new(name, len, hash);
    cop_time now = loop_here->now;
    int rc = file ? file_copies_load(&cache->options.source, file) : -ENOMEM;

    if (rc == -EMFILE || rc == -ENFILE) {
        drop_descriptors(cache);
        rc = file_copies_load(&cache->options.source, file);
    }
    if (rc < 0) {
        if (file)
            file_cache_release(file);
        return rc;
    }
    file->checked = now;
    keep(cache, file);
    METRIC_ADD(file_cache_misses, 1);
    *found = file;
    return 0;
}

/* It is held by the caller meanwhile. Where that could not be done, the next one tries. */
static int look_again(struct file_cache *cache, struct file *file)
{
    cop_time before = file->checked;
    int rc;

    file->checked = loop_here->now;
    rc = file_copies_check(&cache->options.source, file);
    if (file_copies_is_shortage(rc) || rc == -ECANCELED)
        file->checked = before;
    else if (rc < 0)
        drop(cache, file);
    return rc;
}

static int hit(struct file_cache *cache, struct file *file, struct file **found)
{
    if (cache->recent.next != &file->recent) {
        list_remove(&file->recent);
        list_push_front(&cache->recent, &file->recent);
    }
    file->refs++;
    *found = file;
    METRIC_ADD(file_cache_hits, 1);
    return 0;
}

int file_cache_get(struct file_cache *cache, const char *name, size_t len, struct file **found)
{
    uint32_t hash = hash_of(name, len);
    struct file *file = find(cache, name, len, hash);
    int rc;

    if (!file)
        return read_anew(cache, name, len, hash, found);
    (void)hit(cache, file, found);
    if (loop_here->now - file->checked < cache->options.valid)
        return 0;
    rc = look_again(cache, file);
    if (rc == 0)
        return 0;
    file_cache_release(file);
    return rc == -ESTALE || rc == -EMFILE || rc == -ENFILE
               ? read_anew(cache, name, len, hash, found)
               : rc;
}

struct file_cache_size file_cache_size(const struct file_cache *cache)
{
    return cache->size;
}
