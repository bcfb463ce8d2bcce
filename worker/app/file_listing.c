/* SPDX-License-Identifier: MIT */
#include "worker/app/file_listing.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/utf8.h"
#include "worker/app/file_open.h"

struct entry {
    char *name;
    bool is_folder;
    uint64_t size;
    time_t modified;
};

struct listing {
    int root;
    const char *folder;
    bool dot_files;
    DIR *dir;
    struct entry *entries;
    size_t n, room;
    bool has_more;
};

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    "body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 "
    "1rem }\n"
    "h1 { font-size: 1.3rem; overflow-wrap: anywhere }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th { text-align: left; font-weight: 600 }\n"
    "th:first-child { width: 100% }\n"
    "th, td { padding: .15rem .5rem; border-bottom: 1px solid #8884 }\n"
    "td:first-child { overflow-wrap: anywhere }\n"
    "td + td, th + th { text-align: right; white-space: nowrap; font-variant-numeric: "
    "tabular-nums }\n"
    "a { text-decoration: none } a:hover { text-decoration: underline }\n"
    "</style>\n";

/* ---- what there is ---- */

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = y->is_folder - x->is_folder;

    if (!order)
        order = strcasecmp(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

/* By its way from the root, which may be one of links. Returns 1, or 0 for what is not served. */
static int look_at(const struct listing *listing, const char *name, struct stat *found)
{
    char *path;
    int rc;

    if (fstatat(dirfd(listing->dir), name, found, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (S_ISLNK(found->st_mode)) {
        if (asprintf(&path, "%s%s", listing->folder, name) < 0)
            return -ENOMEM;
        rc = file_open_stat(listing->root, path, found);
        free(path);
        if (rc < 0)
            return rc == -ENOMEM ? rc : 0;
    }
    return S_ISREG(found->st_mode) || S_ISDIR(found->st_mode);
}

static int add(struct listing *listing, const char *name, const struct stat *found)
{
    struct entry *entry;

    if (listing->n == listing->room) {
        size_t room = listing->room ? 2 * listing->room : 64;
        struct entry *grown = realloc(listing->entries, room * sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        listing->entries = grown;
        listing->room = room;
    }
    entry = &listing->entries[listing->n];
    *entry = (struct entry){.name = strdup(name),
                            .is_folder = S_ISDIR(found->st_mode),
                            .size = (uint64_t)found->st_size,
                            .modified = found->st_mtim.tv_sec};
    if (!entry->name)
        return -ENOMEM;
    listing->n++;
    return 0;
}

static int read_entries(struct listing *listing)
{
    const struct dirent *dirent;
    struct stat found;
    int rc = 0;

    while (rc == 0 && (dirent = readdir(listing->dir))) {
        const char *name = dirent->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (name[0] == '.' && !listing->dot_files))
            continue;
        listing->has_more = listing->n == FILE_LISTING_MAX;
        if (listing->has_more)
            break;
        rc = look_at(listing, name, &found);
        if (rc > 0)
            rc = add(listing, name, &found);
    }
    if (listing->n)
        qsort(listing->entries, listing->n, sizeof(*listing->entries), compare);
    return rc;
}

/* ---- the page ---- */

/* Text for people: what is not UTF-8, and controls, become U+FFFD. */
static void print_text(FILE *html, const char *text)
{
    size_t left = strlen(text), n;

    for (; left > 0; text += n, left -= n) {
        n = utf8_len(text, left);
        if (n == 0 || (n == 1 && iscntrl((unsigned char)*text))) {
            n = n ? n : 1;
            fputs(UTF8_REPLACEMENT, html);
        } else if (n == 1 && strchr("<>&\"'", *text)) {
            fprintf(html, "&#%d;", *text);
        } else {
            fwrite(text, 1, n, html);
        }
    }
}

/* A reference: all but the unreserved characters in percent signs (RFC 3986, section 2). */
static void print_reference(FILE *html, const char *name)
{
    for (; *name; name++)
        if (isalnum((unsigned char)*name) || strchr("-._~", *name))
            fputc(*name, html);
        else
            fprintf(html, "%%%02X", (unsigned char)*name);
}

static void print_size(FILE *html, uint64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)size;
    size_t unit = 0;

    while (value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    fprintf(html, unit && value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void print_time(FILE *html, time_t moment)
{
    char text[32] = "";
    struct tm tm;

    if (gmtime_r(&moment, &tm))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
    fputs(text, html);
}

static void print_entry(FILE *html, const struct entry *entry)
{
    const char *slash = entry->is_folder ? "/" : "";

    fputs("<tr><td><a href=\"", html);
    print_reference(html, entry->name);
    fprintf(html, "%s\">", slash);
    print_text(html, entry->name);
    fprintf(html, "%s</a></td><td>", slash);
    if (!entry->is_folder)
        print_size(html, entry->size);
    fputs("</td><td>", html);
    print_time(html, entry->modified);
    fputs("</td></tr>\n", html);
}

static void print_page(FILE *html, const struct listing *listing)
{
    fprintf(html, "%s<title>/", head);
    print_text(html, listing->folder);
    fputs("</title>\n</head>\n<body>\n<h1>/", html);
    print_text(html, listing->folder);
    fputs("</h1>\n<table>\n<thead><tr><th>Name</th><th>Size</th><th>Modified (UTC)</th></tr>"
          "</thead>\n<tbody>\n",
          html);
    if (*listing->folder)
        fputs("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n", html);
    for (size_t i = 0; i < listing->n; i++)
        print_entry(html, &listing->entries[i]);
    fputs("</tbody>\n</table>\n", html);
    if (listing->has_more)
        fprintf(html, "<p>There are more; these are %d of them.</p>\n", FILE_LISTING_MAX);
    fputs("</body>\n</html>\n", html);
}

static int print(const struct listing *listing, char **html, size_t *len)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, len);
    bool failed;

    if (!stream)
        return -ENOMEM;
    print_page(stream, listing);
    failed = ferror(stream);
    if (fclose(stream) != 0 || failed) {
        free(text);
        return -ENOMEM;
    }
    *html = text;
    return 0;
}

int file_listing_make(int dir, const char *name, bool dot_files, char **html, size_t *len)
{
    struct listing listing = {.root = dir, .folder = name, .dot_files = dot_files};
    int fd = file_open_folder(dir, name), rc;

    if (fd < 0)
        return fd;
    listing.dir = fdopendir(fd);
    if (!listing.dir) {
        rc = -errno;
        (void)close(fd);
        return rc;
    }
    rc = read_entries(&listing);
    if (rc == 0)
        rc = print(&listing, html, len);
    for (size_t i = 0; i < listing.n; i++)
        free(listing.entries[i].name);
    free(listing.entries);
    closedir(listing.dir);
    return rc;
}
