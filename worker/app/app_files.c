/* SPDX-License-Identifier: MIT */
/*
 * Static files: a path becomes a name below the root (file_path.c), which the cache knows or has
 * opened (file_cache.c, file_open.c), and one of its copies is the answer. On a hit there is no
 * system call before the one that sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "worker/app/file_cache.h"
#include "worker/app/file_listing.h"
#include "worker/app/file_path.h"
#include "worker/coppice.h"

/* Tables of types are looked for there; a system need not have one. */
#define MIME_TYPES "/etc/mime.types"

struct files {
    char *root;
    char *index;
    char *echo;
    bool dot_files;
    bool listing;
    char *precompressed;
    char *cache_control;
    char *charset;
    char *mime_types;
    char *types;
    unsigned cache_entries;
    uint64_t cache_bytes;
    uint64_t cache_file_max;
    int64_t cache_valid;
    int dir;
    struct file_types *table;
    struct file_cache *cache;
};

static bool is_none(const char *text)
{
    return strcmp(text, "none") == 0;
}

/* ---- answers that are no file ---- */

/* What stands for itself: unreserved characters, and others that have their meaning there. */
static bool is_plain(char c, const char *others)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr(others, c);
}

/* The rest in percent signs. Returns the end. */
static char *print_escaped(char *at, struct cop_slice text, const char *others)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] && is_plain(text.data[i], others))
            *at++ = text.data[i];
        else
            at += sprintf(at, "%%%02X", (unsigned char)text.data[i]);
    return at;
}

/* Tell where the directory is, as a path of this host alone, with the query as it came. */
static int redirect(struct cop_request *request, struct cop_response *response, const char *name)
{
    struct cop_slice query = request->query;
    char *location = cop_request_alloc(request, 3 * (strlen(name) + query.len) + 4);
    char *at = location;

    if (!location)
        return -ENOMEM;
    *at++ = '/';
    at = print_escaped(at, (struct cop_slice){name, strlen(name)}, "-._~/");
    *at++ = '/';
    if (query.data) {
        *at++ = '?';
        at = print_escaped(at, query, "-._~/?:@!$&'()*+,;=%[]");
    }
    *at = 0;
    response->status = 301;
    return cop_response_header(response, "Location", location) < 0 ? -414 : 0;
}

/* Descriptors, memory or threads have run out; that may be over soon. */
static int answer_busy(struct cop_response *response)
{
    response->status = 503;
    cop_response_text(response, "Service Unavailable");
    return cop_response_header(response, "Retry-After", "1");
}

/* What is no name of a file that may be had is not found, whyever. */
static int answer_failure(struct cop_response *response, int rc)
{
    switch (-rc) {
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EXDEV:
    case ENXIO:
    case ENODEV:
    case EINVAL:
        return -404;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return answer_busy(response);
    default:
        return rc;
    }
}

struct listing {
    const struct files *files;
    const char *name;
    char *html;
    size_t len;
};

static int make_listing(void *arg)
{
    struct listing *listing = arg;
    const struct files *files = listing->files;

    return file_listing_make(files->dir, listing->name, files->dot_files, &listing->html,
                             &listing->len);
}

static int list_folder(struct cop_request *request, struct cop_response *response, const char *name)
{
    struct listing listing = {.files = request->state, .name = name};
    int rc = cop_to_thread(make_listing, &listing);

    if (rc == 0)
        rc = cop_request_defer(request, free, listing.html);
    if (rc < 0)
        return answer_failure(response, rc);
    cop_response_body(response, "text/html; charset=utf-8", listing.html, listing.len);
    return cop_response_header(response, "Cache-Control", "no-cache");
}

/* ---- files ---- */

/* Which copy does the client want most? Returns an enum file_coding, or -406. */
static int choose(const struct cop_request *request, const struct file *file)
{
    int best = -406, most = 0;

    if (!file->has_copies)
        return FILE_IDENTITY;
    for (int i = 0; i < FILE_CODINGS; i++) {
        int weight = file->copies[i] ? cop_request_coding(request, file_coding_infos[i].name) : 0;

        if (weight > most) {
            most = weight;
            best = i;
        }
    }
    return best;
}

static int send_file(struct cop_request *request, struct cop_response *response,
                     const struct file *file)
{
    const struct files *files = request->state;
    int coding = choose(request, file), rc = 0;
    const struct file_copy *copy;

    if (file->has_copies)
        rc = cop_response_header(response, "Vary", "Accept-Encoding");
    if (rc < 0 || coding < 0)
        return rc < 0 ? rc : coding;
    if (!is_none(files->cache_control))
        rc = cop_response_header(response, "Cache-Control", files->cache_control);
    if (rc < 0)
        return rc;
    copy = file->copies[coding];
    return cop_response_content(
        request, response,
        &(struct cop_content){.content_type = file->type,
                              .encoding =
                                  coding == FILE_IDENTITY ? NULL : file_coding_infos[coding].name,
                              .etag = copy->etag,
                              .modified = copy->body.stat.st_mtim.tv_sec,
                              .memory = copy->body.data,
                              .file = copy->body.fd,
                              .length = copy->body.size});
}

static void release_file(void *arg)
{
    file_cache_release(arg);
}

/* The name has room for the index behind it. */
static int serve_name(struct cop_request *request, struct cop_response *response, char *name,
                      size_t len)
{
    const struct files *files = request->state;
    bool is_folder = len == 0 || name[len - 1] == '/';
    size_t full = is_folder ? len + strlen(files->index) : len;
    struct file *file;
    int rc;

    if (is_folder)
        strcpy(name + len, files->index);
    rc = file_cache_get(files->cache, name, full, &file);
    name[len] = 0;
    if (rc == -EISDIR && !is_folder)
        return redirect(request, response, name);
    if (rc == -ENOENT && is_folder && files->listing)
        return list_folder(request, response, name);
    if (rc < 0)
        return answer_failure(response, rc);
    if (cop_request_defer(request, release_file, file) < 0)
        return answer_busy(response);
    return send_file(request, response, file);
}

/* Whatever came, back again. */
static int echo(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice body;
    int rc = cop_request_body(request, SIZE_MAX, &body); /* the pool's body_max is the bound */

    if (rc == 0)
        cop_response_body(response, "application/octet-stream", body.data, body.len);
    return rc;
}

static int files_get(struct cop_request *request, struct cop_response *response)
{
    const struct files *files = request->state;
    size_t size = request->path.len + strlen(files->index) + 2; /* a folder's page fits behind it */
    char *name;
    int len;

    if (cop_slice_equal(request->path, files->echo))
        return echo(request, response);
    if (request->method != COP_METHOD_GET && request->method != COP_METHOD_HEAD) {
        response->status = request->method == COP_METHOD_OPTIONS ? 204 : 405;
        return cop_response_header(response, "Allow", "GET, HEAD, OPTIONS");
    }
    name = cop_request_alloc(request, size);
    if (!name)
        return -ENOMEM;
    len = file_path_read(request->path.data, request->path.len, files->dot_files, name, size);
    return len < 0 ? len : serve_name(request, response, name, (size_t)len);
}

/* ---- start and stop ---- */

/* "false", "true", or endings with commas between. Returns a bit for each coding, or -EINVAL. */
static int read_codings(const char *text)
{
    unsigned all = (1u << FILE_IDENTITY) - 1, codings = 0;

    if (strcmp(text, "false") == 0 || strcmp(text, "true") == 0)
        return text[0] == 't' ? (int)all : 0;
    for (; *text; text += strspn(text, ", ")) {
        size_t len = strcspn(text, ", ");
        int i = 0;

        while (i < FILE_IDENTITY && (strlen(file_coding_infos[i].ending) != len ||
                                     memcmp(file_coding_infos[i].ending, text, len) != 0))
            i++;
        if (i == FILE_IDENTITY)
            return -EINVAL;
        codings |= 1u << i;
        text += len;
    }
    return (int)codings;
}

static int refuse(struct cop_context *context, const char *option, const char *value,
                  const char *why)
{
    snprintf(context->error, context->error_size, "%s \"%s\": %s", option, value, why);
    return -EINVAL;
}

static int start_types(struct cop_context *context, struct files *files)
{
    const char *more = is_none(files->types) ? "" : files->types;
    const char *charset = is_none(files->charset) ? "" : files->charset;
    int rc = file_types_new(files->mime_types, more, charset, &files->table);

    if (rc == -ENOENT && strcmp(files->mime_types, MIME_TYPES) == 0)
        rc = file_types_new(NULL, more, charset, &files->table);
    if (rc == -EINVAL)
        return refuse(context, "types", more, "expected \"type/subtype ending ...\", with commas");
    return rc < 0 ? refuse(context, "mime_types", files->mime_types, strerrordesc_np(-rc)) : 0;
}

/* A sixteenth of the process's descriptors, shared by its loops; the rest is for connections. */
static unsigned open_files_max(const struct cop_context *context)
{
    unsigned threads = context->pool->threads ? context->pool->threads : 1;
    struct rlimit limit;
    rlim_t share;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 16;
    share = limit.rlim_cur / 16 / threads;
    return share < 65536 ? (unsigned)share : 65536;
}

static int start_cache(struct cop_context *context, struct files *files)
{
    int codings = read_codings(files->precompressed);

    if (codings < 0)
        return refuse(context, "precompressed", files->precompressed,
                      "expected true, false, or some of br, zst and gz");
    return file_cache_new(&(struct file_cache_options){.source = {.dir = files->dir,
                                                                  .file_max = files->cache_file_max,
                                                                  .codings = (unsigned)codings,
                                                                  .types = files->table},
                                                       .entries = files->cache_entries,
                                                       .open_files = open_files_max(context),
                                                       .bytes = files->cache_bytes,
                                                       .valid = files->cache_valid},
                          &files->cache);
}

static void files_stop(struct cop_context *context)
{
    struct files *files = context->state;

    file_cache_free(files->cache);
    file_types_free(files->table);
    (void)close(files->dir);
}

/* An old kernel, or a container's filter, would fail each request. */
static int start_root(struct cop_context *context, const struct files *files)
{
    char why[128];
    struct stat found;
    int rc = file_open_stat(files->dir, "", &found);

    if (rc == 0)
        return 0;
    snprintf(why, sizeof(why), "openat2(2) fails: %s, expected Linux 5.6 or later, and its leave",
             strerror(-rc));
    return refuse(context, "root", files->root, why);
}

static int files_start(struct cop_context *context)
{
    struct files *files = context->state;
    int rc;

    files->dir = open(files->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->dir < 0)
        return refuse(context, "root", files->root, strerror(errno));
    rc = start_root(context, files);
    if (rc == 0)
        rc = start_types(context, files);
    if (rc == 0)
        rc = start_cache(context, files);
    if (rc < 0)
        files_stop(context);
    return rc;
}

static const struct config_key options[] = {
    COP_OPTION(struct files, root, CONFIG_PATH, NULL, 1, 4000, "the folder that is served"),
    COP_OPTION(struct files, index, CONFIG_STRING, "index.html", 1, 200, "a folder's own page"),
    COP_OPTION(struct files, listing, CONFIG_BOOL, "false", 0, 0,
               "list a folder that has no page of its own"),
    COP_OPTION(struct files, dot_files, CONFIG_BOOL, "false", 0, 0, "serve .names, too"),
    COP_OPTION(struct files, precompressed, CONFIG_STRING, "false", 1, 100,
               "send name.br, name.zst or name.gz, where it is there and no older, to clients that "
               "take it: true, false, or some of br, zst and gz"),
    COP_OPTION(struct files, cache_control, CONFIG_STRING, "none", 1, 500,
               "sent as Cache-Control with files; none: none"),
    COP_OPTION(struct files, charset, CONFIG_STRING, "utf-8", 1, 40, "of text; none: none"),
    COP_OPTION(struct files, mime_types, CONFIG_PATH, MIME_TYPES, 1, 4000,
               "the table of types; without it there is a small one"),
    COP_OPTION(struct files, types, CONFIG_STRING, "none", 1, 10000,
               "\"type/subtype ending ...\", with commas between, before the table's; none: none"),
    COP_OPTION(struct files, cache_entries, CONFIG_INTEGER, "1024", 0, 1 << 20,
               "files that each loop keeps open or in memory; 0: none"),
    COP_OPTION(struct files, cache_bytes, CONFIG_SIZE, "16MiB", 0, (int64_t)1 << 40,
               "memory for them on each loop"),
    COP_OPTION(struct files, cache_file_max, CONFIG_SIZE, "64KiB", 0, 16 << 20,
               "larger ones are kept open, not in memory"),
    COP_OPTION(struct files, cache_valid, CONFIG_DURATION, "1s", 0, 3600 * COP_S,
               "a change is seen after so long"),
    COP_OPTION(struct files, echo, CONFIG_STRING, "none", 1, 200,
               "a path that answers with the body it is sent, for tests of clients; none: none"),
    COP_OPTIONS_END,
};

extern const struct cop_app app_files;

const struct cop_app app_files = {
    .name = "files",
    .help = "serves the files below a folder over HTTP",
    .handler = files_get,
    .state_size = sizeof(struct files),
    .options = options,
    .start = files_start,
    .stop = files_stop,
};
