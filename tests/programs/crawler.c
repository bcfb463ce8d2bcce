/* SPDX-License-Identifier: MIT */
/* Three crawlers follow the links of a local web server, page after page, each page once. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice.h>

enum { PAGES = 20 };

static struct cop_server server;
static struct cop_queue pages; /* numbers of pages that were seen and not fetched */
static int room[PAGES];
static bool seen[PAGES];
static int fetched, links;

/* Page n links to 2n+1, 2n+2 and home. */
static void serve_page(struct cop_stream *stream, void *arg)
{
    char buffer[256], answer[256], *head;
    struct cop_reader reader;
    int n, len;

    cop_reader_init(&reader, stream, buffer, sizeof(buffer));
    if (cop_reader_read_until(&reader, "\r\n\r\n", 4, &head) < 0 || strncmp(head, "GET /", 5) != 0)
        return;
    n = atoi(head + 5);
    len = snprintf(answer, sizeof(answer),
                   "HTTP/1.0 200 OK\r\n\r\n<a href=/%d>\n<a href=/%d>\n<a href=/0>\n", 2 * n + 1,
                   2 * n + 2);
    if (cop_write(stream, answer, (size_t)len) < 0)
        fputs("a crawler went away\n", stderr);
}

static int follow(int page)
{
    links++;
    if (page >= PAGES || seen[page])
        return 0;
    seen[page] = true;
    return cop_queue_try_put(&pages, &page);
}

static int fetch_page(int page)
{
    char buffer[256], request[64], *line;
    struct cop_stream stream;
    struct cop_reader reader;
    ssize_t n;
    int len = snprintf(request, sizeof(request), "GET /%d HTTP/1.0\r\n\r\n", page);
    int to, rc = cop_connect(&stream, &server.acceptor.address);

    if (rc < 0)
        return rc;
    rc = cop_write(&stream, request, (size_t)len);
    cop_reader_init(&reader, &stream, buffer, sizeof(buffer));
    while (rc == 0 && (n = cop_reader_read_until(&reader, "\n", 1, &line)) != -ENODATA)
        rc = n < 0 ? (int)n : sscanf(line, "<a href=/%d>", &to) == 1 ? follow(to) : 0;
    cop_stream_close(&stream);
    fetched += rc == 0;
    return rc;
}

static int crawl(void *arg)
{
    int page, rc;

    while ((rc = cop_queue_get(&pages, &page)) == 0) {
        if ((rc = fetch_page(page)) < 0)
            return rc;
        cop_queue_task_done(&pages);
    }
    return rc == -EPIPE ? 0 : rc;
}

static int crawl_all(void *arg)
{
    struct cop_group group;
    int rc = cop_queue_init(&pages, room, PAGES, sizeof(room[0]));

    if (rc < 0 || (rc = cop_start_server_at(&server, "127.0.0.1:0", serve_page, NULL)) < 0)
        return rc;
    cop_group_enter(&group);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = cop_group_spawn(&group, crawl, NULL) ? 0 : -ENOMEM;
    seen[0] = true;
    if (rc == 0 && (rc = cop_queue_put(&pages, &(int){0})) == 0)
        rc = cop_queue_join(&pages);
    cop_queue_shutdown(&pages);
    rc = cop_group_exit(&group, rc);
    printf("%d pages, %d links\n", fetched, links);
    return cop_server_stop(&server, COP_S) < 0 ? -EIO : rc;
}

COP_MAIN(crawl_all)
