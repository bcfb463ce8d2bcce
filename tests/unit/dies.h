/* SPDX-License-Identifier: MIT */
/*
 * dies.h - for tests of misuse: the process must die, and say why.
 */
#ifndef COPPICE_DIES_H
#define COPPICE_DIES_H

#include <check.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child process that runs fn() wrote to stderr, up to size - 1 bytes; its wait status. */
static inline int run_in_child(void (*fn)(void), char *said, size_t size)
{
    size_t len = 0;
    ssize_t n;
    int fds[2];
    int status;
    pid_t pid;

    ck_assert_int_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        fn();
        _exit(0);
    }
    close(fds[1]);
    while (len < size - 1 && (n = read(fds[0], said + len, size - 1 - len)) > 0)
        len += (size_t)n;
    said[len] = '\0';
    close(fds[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* fn() ends in a bug that CHECK finds, with these words. */
static inline void assert_is_bug(void (*fn)(void), const char *words)
{
    char said[8192];
    int status = run_in_child(fn, said, sizeof(said));

    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %x, said: %s", status,
                  said);
    ck_assert_msg(strstr(said, words), "\"%s\" is not in: %s", words, said);
}

#endif
