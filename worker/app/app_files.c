/* SPDX-License-Identifier: MIT */
/*
 * Static files. A name is resolved by the kernel below the root's descriptor (RESOLVE_BENEATH), so
 * neither an encoding nor a symbolic link leads out of it; only regular files are served, opened
 * non-blocking so that a FIFO holds nobody up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/app/file_path.h"
#include "worker/coppice.h"

struct files {
    char *root;
    char *index;
    char *echo;
    bool dot_files;
    int dir;
};

static const struct {
    const char *ending, *type;
} types[] = {
    {"html", "text/html"},        {"txt", "text/plain"},        {"css", "text/css"},
    {"js", "text/javascript"},    {"json", "application/json"}, {"png", "image/png"},
    {"jpg", "image/jpeg"},        {"svg", "image/svg+xml"},     {"gif", "image/gif"},
    {"pdf", "application/pdf"},   {"ico", "image/x-icon"},      {"woff2", "font/woff2"},
    {"wasm", "application/wasm"}, {"webp", "image/webp"},       {"xml", "text/xml"},
};

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static void close_file(void *arg)
{
    (void)close((int)(intptr_t)arg);
}

/* Returns a descriptor for the length of the request, or -status. */
static int open_below(struct cop_request *request, const char *name, struct stat *found)
{
    const struct files *files = request->state;
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, files->dir, *name ? name : ".", &how, sizeof(how));

    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -503 : -404;
    if (cop_request_defer(request, close_file, (void *)(intptr_t)fd) < 0)
        return -503;
    return fstat(fd, found) < 0 ? -404 : fd;
}

/* Tell where the directory is, as a path of this host alone. */
static int redirect(struct cop_request *request, struct cop_response *response, const char *name)
{
    char *location = cop_request_alloc(request, 3 * strlen(name) + 3);
    char *at = location;

    if (!location)
        return -ENOMEM;
    *at++ = '/';
    for (; *name; name++) {
        if (strchr("-._~", *name) || *name == '/' || (*name >= '0' && *name <= '9') ||
            ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z'))
            *at++ = *name;
        else
            at += sprintf(at, "%%%02X", (unsigned char)*name);
    }
    memcpy(at, "/", 2);
    response->status = 301;
    return cop_response_header(response, "Location", location) < 0 ? -404 : 0;
}

static int send_file(struct cop_request *request, struct cop_response *response, const char *name,
                     int fd, const struct stat *found)
{
    struct cop_content content = {.content_type = type_of(name),
                                  .file = fd,
                                  .length = (uint64_t)found->st_size,
                                  .modified = found->st_mtim.tv_sec};
    char etag[64];

    snprintf(etag, sizeof(etag), "\"%llx-%llx-%lx\"", (unsigned long long)found->st_size,
             (unsigned long long)found->st_mtim.tv_sec, (unsigned long)found->st_mtim.tv_nsec);
    content.etag = etag;
    return cop_response_content(request, response, &content);
}

static int serve_name(struct cop_request *request, struct cop_response *response, char *name,
                      int len)
{
    const struct files *files = request->state;
    struct stat found;
    int fd = open_below(request, name, &found);

    if (fd >= 0 && S_ISDIR(found.st_mode)) {
        if (len && name[len - 1] != '/')
            return redirect(request, response, name);
        strcpy(name + len, files->index);
        fd = open_below(request, name, &found);
    }
    if (fd < 0)
        return fd;
    return S_ISREG(found.st_mode) ? send_file(request, response, name, fd, &found) : -404;
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
    return len < 0 ? len : serve_name(request, response, name, len);
}

static int files_start(struct cop_context *context)
{
    struct files *files = context->state;

    files->dir = open(files->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->dir >= 0)
        return 0;
    snprintf(context->error, context->error_size, "root %s: %s", files->root, strerror(errno));
    return -EINVAL;
}

static void files_stop(struct cop_context *context)
{
    struct files *files = context->state;

    (void)close(files->dir);
}

static const struct config_key options[] = {
    COP_OPTION(struct files, root, CONFIG_PATH, NULL, 1, 4000, "the folder that is served"),
    COP_OPTION(struct files, index, CONFIG_STRING, "index.html", 1, 200, "a folder's own page"),
    COP_OPTION(struct files, dot_files, CONFIG_BOOL, "false", 0, 0, "serve .names, too"),
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
