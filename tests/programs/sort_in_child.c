/* SPDX-License-Identifier: MIT */
/* Words go into sort(1) and come out line by line. */
#include <stdio.h>

#include <coppice.h>

static int sort(void *arg)
{
    static const char words[] = "willow\nash\nhazel\n";
    struct cop_subprocess child;
    struct cop_reader reader;
    char buffer[256], *line;
    ssize_t n;
    int rc = cop_subprocess_start(
        &child, &(struct cop_subprocess_options){.argv = (const char *[]){"sort", NULL},
                                                 .pipes = COP_PIPE_IN | COP_PIPE_OUT});

    if (rc < 0)
        return rc;
    rc = cop_write(&child.in, words, sizeof(words) - 1);
    cop_stream_close(&child.in);
    cop_reader_init(&reader, &child.out, buffer, sizeof(buffer));
    while (rc == 0 && (n = cop_reader_read_until(&reader, "\n", 1, &line)) > 0)
        printf("%.*s", (int)n, line);
    if (rc == 0)
        rc = cop_subprocess_wait(&child);
    printf("exit code %d\n", rc);
    cop_subprocess_close(&child);
    return rc;
}

COP_MAIN(sort)
