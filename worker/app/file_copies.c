/* SPDX-License-Identifier: MIT */
#include "worker/app/file_copies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/metrics.h"
#include "worker/sync/offload.h"
#include "worker/task/sched.h"

const struct file_coding_info file_coding_infos[FILE_CODINGS] = {
    [FILE_BR] = {"br", "br"},
    [FILE_ZSTD] = {"zstd", "zst"},
    [FILE_GZIP] = {"gzip", "gz"},
    [FILE_IDENTITY] = {"identity", ""},
};

/* What is done at once where that goes without waiting, else in a thread. */
struct job {
    const struct file_source *source;
    struct file *file;
    bool wait;
};

void file_copies_free(struct file *file)
{
    for (int i = 0; i < FILE_CODINGS; i++) {
        if (file->copies[i])
            file_open_end(&file->copies[i]->body);
        free(file->copies[i]);
        file->copies[i] = NULL;
    }
}

uint64_t file_copies_bytes(const struct file *file)
{
    uint64_t bytes = sizeof(*file) + file->len + 1;

    for (int i = 0; i < FILE_CODINGS; i++)
        if (file->copies[i])
            bytes += sizeof(*file->copies[i]) +
                     (file->copies[i]->body.data ? file->copies[i]->body.size : 0);
    return bytes;
}

unsigned file_copies_descriptors(const struct file *file)
{
    unsigned n = 0;

    for (int i = 0; i < FILE_CODINGS; i++)
        n += file->copies[i] && file->copies[i]->body.fd >= 0;
    return n;
}

/* ---- reading it ---- */

/* The name of a copy, to be freed; NULL: no memory. */
static char *name_of(const struct file *file, enum file_coding coding)
{
    char *name;

    if (coding == FILE_IDENTITY)
        return strdup(file->name);
    return asprintf(&name, "%s.%s", file->name, file_coding_infos[coding].ending) < 0 ? NULL : name;
}

/* A copy that is older than its file was made of another one. */
static bool is_older(const struct file_body *copy, const struct file_body *file)
{
    return copy->stat.st_mtim.tv_sec != file->stat.st_mtim.tv_sec
               ? copy->stat.st_mtim.tv_sec < file->stat.st_mtim.tv_sec
               : copy->stat.st_mtim.tv_nsec < file->stat.st_mtim.tv_nsec;
}

bool file_copies_is_shortage(int rc)
{
    return rc == -EAGAIN || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

/* Is there a copy, or is the reason that there is none good enough to go without? Returns 1, 0 or
 * -errno. */
static int open_copy(const struct job *job, enum file_coding coding, uint64_t memory_max,
                     struct file_body *body)
{
    const struct file_copy *original = job->file->copies[FILE_IDENTITY];
    char *name = name_of(job->file, coding);
    int rc = name ? file_open(job->source->dir, name, memory_max, job->wait, body) : -ENOMEM;

    free(name);
    if (file_copies_is_shortage(rc))
        return rc;
    if (coding == FILE_IDENTITY)
        return rc < 0 ? rc : 1;
    if (rc == 0 && is_older(body, &original->body)) {
        file_open_end(body);
        return 0;
    }
    return rc == 0;
}

static void print_etag(struct file_copy *copy, enum file_coding coding)
{
    const struct stat *found = &copy->body.stat;

    snprintf(copy->etag, sizeof(copy->etag), "\"%llx-%llx-%lx%s%s\"",
             (unsigned long long)copy->body.size, (unsigned long long)found->st_mtim.tv_sec,
             (unsigned long)found->st_mtim.tv_nsec, coding == FILE_IDENTITY ? "" : "-",
             file_coding_infos[coding].ending);
}

static int load_copy(const struct job *job, enum file_coding coding)
{
    struct file_copy *copy = malloc(sizeof(*copy));
    int rc = copy ? open_copy(job, coding, job->source->file_max, &copy->body) : -ENOMEM;

    if (rc <= 0) {
        free(copy);
        return rc;
    }
    print_etag(copy, coding);
    job->file->copies[coding] = copy;
    job->file->codings |= 1u << coding;
    return 0;
}

static int load(void *arg)
{
    const struct job *job = arg;
    struct file *file = job->file;
    int rc = load_copy(job, FILE_IDENTITY);

    for (int i = 0; rc == 0 && i < FILE_IDENTITY; i++)
        if (job->source->codings & (1u << i))
            rc = load_copy(job, (enum file_coding)i);
    if (rc < 0) {
        file_copies_free(file);
        file->codings = 0;
        return rc;
    }
    file->has_copies = file->codings != 1u << FILE_IDENTITY;
    file_types_print(job->source->types, file->name, file->type);
    return 0;
}

/* ---- looking whether it has changed ---- */

static int check_copy(const struct job *job, enum file_coding coding)
{
    const struct file_copy *copy = job->file->copies[coding];
    struct file_body found;
    char *name;
    int rc;

    if (!copy) {
        rc = open_copy(job, coding, 0, &found);
        if (rc == 1)
            file_open_end(&found);
        return rc == 1 ? -ESTALE : rc;
    }
    name = name_of(job->file, coding);
    rc = name ? file_open_check(job->source->dir, name, job->wait, &copy->body) : -ENOMEM;
    free(name);
    /* The file can be had without this copy, whyever it cannot. */
    return rc < 0 && !file_copies_is_shortage(rc) && coding != FILE_IDENTITY ? -ESTALE : rc;
}

static int check(void *arg)
{
    const struct job *job = arg;
    int rc = check_copy(job, FILE_IDENTITY);

    for (int i = 0; rc == 0 && i < FILE_IDENTITY; i++)
        if (job->source->codings & (1u << i))
            rc = check_copy(job, (enum file_coding)i);
    return rc;
}

static int run(cop_fn fn, struct job *job)
{
    int rc;

    job->wait = loop_here->blocking;
    rc = fn(job);
    if (rc != -EAGAIN || job->wait)
        return rc;
    job->wait = true;
    METRIC_ADD(disk_reads, 1);
    return cop_to_thread(fn, job);
}

int file_copies_load(const struct file_source *source, struct file *file)
{
    return run(load, &(struct job){.source = source, .file = file});
}

int file_copies_check(const struct file_source *source, struct file *file)
{
    return run(check, &(struct job){.source = source, .file = file});
}
