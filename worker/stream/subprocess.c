/* SPDX-License-Identifier: MIT */
#include "worker/stream/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/task/sched.h"

#define ALL_PIPES (COP_PIPE_IN | COP_PIPE_OUT | COP_PIPE_ERR)

extern char **environ;

/* Both ends of the three pipes, -1 where there is none. */
struct ends {
    int ours[3];
    int theirs[3];
};

static void close_all(int *fds)
{
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

/* Out of the way of 0, 1 and 2, which the child's ends become. */
static int move_up(int *fd)
{
    int higher = *fd > STDERR_FILENO ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (higher < 0)
        return -errno;
    if (higher != *fd)
        close(*fd);
    *fd = higher;
    return 0;
}

static int open_pipe(struct ends *ends, int which)
{
    bool to_child = which == STDIN_FILENO;
    int fds[2];
    int rc;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    ends->ours[which] = fds[to_child];
    ends->theirs[which] = fds[!to_child];
    rc = move_up(&ends->theirs[which]);
    if (rc == 0)
        rc = move_up(&ends->ours[which]);
    if (rc == 0 && fcntl(ends->ours[which], F_SETFL, O_NONBLOCK) < 0)
        rc = -errno;
    return rc;
}

static int open_pipes(struct ends *ends, unsigned pipes)
{
    int rc = 0;

    *ends = (struct ends){{-1, -1, -1}, {-1, -1, -1}};
    for (int which = 0; which < 3 && rc == 0; which++) {
        if (pipes & (1U << which))
            rc = open_pipe(ends, which);
    }
    return rc;
}

/* What the child does with its descriptors and its directory. Returns 0 or an error number. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct ends *ends,
                       const struct cop_subprocess_options *options)
{
    int error = 0;

    for (int which = 0; which < 3 && !error; which++) {
        if (ends->theirs[which] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, ends->theirs[which], which);
    }
    if (!error && ends->theirs[STDIN_FILENO] < 0)
        error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error && options->err_to_out)
        error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (!error && options->directory)
        error = posix_spawn_file_actions_addchdir_np(actions, options->directory);
    return error;
}

/* No signal blocked, every one at its default. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return error;
}

static int spawn(const struct ends *ends, const struct cop_subprocess_options *options)
{
    /* The strings are not written to; the standard's types cannot say so. */
    char *const *argv = (char *const *)(uintptr_t)options->argv;
    char *const *envp = options->envp ? (char *const *)(uintptr_t)options->envp : environ;
    const char *path = options->path ? options->path : options->argv[0];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    int error;

    error = posix_spawn_file_actions_init(&actions);
    if (error)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = add_actions(&actions, ends, options);
        if (!error)
            error = set_signals(&attributes);
        if (!error)
            error = posix_spawnp(&pid, path, &actions, &attributes, argv, envp);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error ? -error : pid;
}

/* Without a descriptor for it the child cannot be kept. Returns the descriptor or -errno. */
static int open_pidfd(int pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    int error = errno;

    if (fd >= 0)
        return fd;
    /* It has ended and was reaped already: its number may be somebody else's. */
    if (error == ESRCH)
        return -ECHILD;
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return -error;
}

int cop_subprocess_start(struct cop_subprocess *child, const struct cop_subprocess_options *options)
{
    struct ends ends;
    int pid = -1;
    int rc;

    if (!options->argv || !options->argv[0] || (options->pipes & ~(unsigned)ALL_PIPES) ||
        (options->err_to_out && (options->pipes & COP_PIPE_ERR)))
        return -EINVAL;
    rc = open_pipes(&ends, options->pipes);
    if (rc == 0)
        rc = pid = spawn(&ends, options);
    if (rc >= 0)
        rc = open_pidfd(pid);
    close_all(ends.theirs);
    if (rc < 0) {
        close_all(ends.ours);
        return rc;
    }
    *child = (struct cop_subprocess){.pid = pid};
    io_init(&child->pidfd, rc, NULL);
    cop_stream_init_pipe(&child->in, ends.ours[STDIN_FILENO]);
    cop_stream_init_pipe(&child->out, ends.ours[STDOUT_FILENO]);
    cop_stream_init_pipe(&child->err, ends.ours[STDERR_FILENO]);
    return 0;
}

/* Returns 0 when it is reaped, -EAGAIN while it runs, -ECHILD. */
static int reap(struct cop_subprocess *child)
{
    siginfo_t info = {0};

    if (child->reaped)
        return 0;
    if (waitid(P_PIDFD, (id_t)child->pidfd.fd, &info, WEXITED | WNOHANG) < 0)
        return -errno;
    if (info.si_pid == 0)
        return -EAGAIN;
    child->reaped = true;
    child->code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return 0;
}

int cop_subprocess_wait(struct cop_subprocess *child)
{
    int rc = reap(child);

    while (rc == -EAGAIN || rc == -EINTR) {
        rc = io_wait_readable(&child->pidfd, COP_NEVER);
        if (rc == 0)
            rc = reap(child);
    }
    return sched_keep_fair(sched_current(), rc < 0 ? rc : child->code);
}

int cop_subprocess_signal(struct cop_subprocess *child, int number)
{
    if (child->reaped)
        return -ESRCH;
    return syscall(SYS_pidfd_send_signal, child->pidfd.fd, number, NULL, 0) < 0 ? -errno : 0;
}

static int wait_once(void *arg)
{
    return cop_subprocess_wait(arg);
}

void cop_subprocess_close(struct cop_subprocess *child)
{
    if (child->pidfd.fd < 0)
        return;
    cop_stream_close(&child->in);
    cop_stream_close(&child->out);
    cop_stream_close(&child->err);
    /* Whoever waits is told; from here on we do. */
    io_fini(&child->pidfd);
    io_init(&child->pidfd, child->pidfd.fd, NULL);
    /* One that has become another user's stays until it ends by itself. */
    if (reap(child) == -EAGAIN)
        (void)cop_subprocess_signal(child, SIGKILL);
    while (reap(child) == -EAGAIN)
        (void)cop_shield(wait_once, child, COP_NEVER);
    io_fini(&child->pidfd);
    close(child->pidfd.fd);
    child->pidfd.fd = -1;
}
