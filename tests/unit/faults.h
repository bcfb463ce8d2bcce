/* SPDX-License-Identifier: MIT */
/*
 * faults.h - make the Nth call that asks for memory, a descriptor, a thread or a process fail.
 *
 * For programs that are linked with --wrap for each name below (WRAPPED in the Makefile): the calls
 * of all our objects count, those inside libraries do not. sweep() runs an operation with N = 1, 2,
 * ... until it gets by with fewer calls: first with that one call failing, then with all from there
 * on. Each run has a loop of its own, after whose end nothing may be left.
 */
#ifndef COPPICE_FAULTS_H
#define COPPICE_FAULTS_H

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/small_blocks.h"
#include "tests/unit/both_loops.h"

static struct {
    atomic_long nth; /* 0: nothing fails */
    atomic_long calls;
    atomic_bool for_ever;
    atomic_bool hit;
    atomic_long live; /* blocks of memory that our objects hold */
} faults;

static inline void faults_arm(long nth, bool for_ever)
{
    atomic_store(&faults.calls, 0);
    atomic_store(&faults.hit, false);
    atomic_store(&faults.for_ever, for_ever);
    atomic_store(&faults.nth, nth);
}

/* Did a call fail since? */
static inline bool faults_disarm(void)
{
    atomic_store(&faults.nth, 0);
    return atomic_load(&faults.hit);
}

static bool is_to_fail(int error)
{
    long nth = atomic_load(&faults.nth);
    long call = nth ? atomic_fetch_add(&faults.calls, 1) + 1 : 0;

    if (!nth || call < nth || (call > nth && !atomic_load(&faults.for_ever)))
        return false;
    atomic_store(&faults.hit, true);
    errno = error;
    return true;
}

/* The linker's names for the call that one's own stands in front of. */
#define WRAP(result, name, parameters, arguments, error, failed)     \
    result __real_##name parameters;                                 \
    result __wrap_##name parameters;                                 \
    result __wrap_##name parameters                                  \
    {                                                                \
        return is_to_fail(error) ? failed : __real_##name arguments; \
    }

#define WRAP_MEMORY(name, parameters, arguments)                           \
    void *__real_##name parameters;                                        \
    void *__wrap_##name parameters;                                        \
    void *__wrap_##name parameters                                         \
    {                                                                      \
        void *block = is_to_fail(ENOMEM) ? NULL : __real_##name arguments; \
                                                                           \
        atomic_fetch_add(&faults.live, block != NULL);                     \
        return block;                                                      \
    }

WRAP_MEMORY(malloc, (size_t size), (size))
WRAP_MEMORY(calloc, (size_t n, size_t size), (n, size))

WRAP_MEMORY(strdup, (const char *text), (text))
WRAP_MEMORY(strndup, (const char *text, size_t len), (text, len))

/* Makes what its caller frees. */
FILE *__real_open_memstream(char **text, size_t *len);
FILE *__wrap_open_memstream(char **text, size_t *len);
FILE *__wrap_open_memstream(char **text, size_t *len)
{
    FILE *stream = is_to_fail(ENOMEM) ? NULL : __real_open_memstream(text, len);

    atomic_fetch_add(&faults.live, stream != NULL);
    return stream;
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list list;
    int n;

    if (is_to_fail(ENOMEM))
        return -1;
    va_start(list, format);
    n = vasprintf(text, format, list);
    va_end(list);
    atomic_fetch_add(&faults.live, n >= 0);
    return n;
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    void *grown = is_to_fail(ENOMEM) ? NULL : __real_realloc(block, size);

    atomic_fetch_add(&faults.live, grown && !block);
    return grown;
}

void *__real_reallocarray(void *block, size_t n, size_t size);
void *__wrap_reallocarray(void *block, size_t n, size_t size);
void *__wrap_reallocarray(void *block, size_t n, size_t size)
{
    void *grown = is_to_fail(ENOMEM) ? NULL : __real_reallocarray(block, n, size);

    atomic_fetch_add(&faults.live, grown && !block);
    return grown;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    atomic_fetch_sub(&faults.live, block != NULL);
    __real_free(block);
}

WRAP(void *, mmap, (void *at, size_t size, int access, int flags, int fd, off_t offset),
     (at, size, access, flags, fd, offset), ENOMEM, MAP_FAILED)
WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), EAGAIN, -1)
WRAP(int, socket, (int family, int type, int protocol), (family, type, protocol), EMFILE, -1)
WRAP(int, accept4, (int fd, struct sockaddr *peer, socklen_t *len, int flags),
     (fd, peer, len, flags), EMFILE, -1)
WRAP(int, pipe2, (int *fds, int flags), (fds, flags), EMFILE, -1)
WRAP(int, epoll_create1, (int flags), (flags), EMFILE, -1)
WRAP(int, eventfd, (unsigned count, int flags), (count, flags), EMFILE, -1)
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), EMFILE, -1)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *arg),
     (thread, attributes, fn, arg), EAGAIN, EAGAIN)
WRAP(int, posix_spawnp,
     (pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *argv, char *const *envp),
     (pid, file, actions, attributes, argv, envp), EAGAIN, EAGAIN)
WRAP(int, posix_spawn_file_actions_addopen,
     (posix_spawn_file_actions_t * actions, int fd, const char *path, int flags, mode_t mode),
     (actions, fd, path, flags, mode), ENOMEM, ENOMEM)
WRAP(int, posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t * actions, int fd, int as),
     (actions, fd, as), ENOMEM, ENOMEM)
WRAP(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer),
     (clock, event, timer), EAGAIN, -1)

struct ev_loop;
WRAP(struct ev_loop *, ev_loop_new, (unsigned flags), (flags), EMFILE, NULL)

/* Of the calls with many faces, those that make a descriptor. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    long a[5];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 5; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if ((number == SYS_pidfd_open || number == SYS_openat2) && is_to_fail(EMFILE))
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list list;
    long arg;

    va_start(list, command);
    arg = va_arg(list, long);
    va_end(list);
    if (command == F_DUPFD_CLOEXEC && is_to_fail(EMFILE))
        return -1;
    return __real_fcntl(fd, command, arg);
}

/* ---- the sweep ---- */

#define FAULTS_MAX 2000 /* an operation needs fewer calls than that */

/* An operation: 0 when all of it succeeded, or its error; it cleans up in any case. */
struct sweep {
    int (*run)(void);
    const int *errors; /* that it may fail with; ends with 0 */
    bool may_recover;  /* every failure is made up for */
};

struct sweep_run {
    const struct sweep *sweep;
    long nth;
    bool for_ever;
    bool hit;
    int rc;
};

static inline void run_once(struct sweep_run *run)
{
    faults_arm(run->nth, run->for_ever);
    run->rc = run->sweep->run();
    run->hit = faults_disarm();
    /* What failed is clean again. */
    if (run->hit)
        ck_assert_int_eq(run->sweep->run(), 0);
}

static int run_once_in_task(void *arg)
{
    run_once(arg);
    return 0;
}

static inline void run_in_new_loop(struct sweep_run *run, bool blocking)
{
    struct cop_loop *loop;

    if (!blocking) {
        ck_assert_int_eq(cop_run(run_once_in_task, run), 0);
        return;
    }
    loop = loop_new(&(struct loop_options){.stack_size = 256 * 1024, .blocking = true});
    ck_assert_ptr_nonnull(loop);
    run_once(run);
    loop_free(loop);
}

static inline bool is_among(const int *errors, int rc)
{
    while (*errors && *errors != rc)
        errors++;
    return *errors != 0;
}

static inline int open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Returns how many of the runs failed. */
static inline int sweep_with(const struct sweep *sweep, bool blocking, bool for_ever)
{
    struct sweep_run run = {.sweep = sweep, .for_ever = for_ever, .hit = true};
    int nfailed = 0;

    while (run.hit) {
        long live = atomic_load(&faults.live);
        int fds = open_fds();

        ck_assert_int_lt(++run.nth, FAULTS_MAX);
        run_in_new_loop(&run, blocking);
        small_blocks_give_back();
        ck_assert_msg(run.rc == 0 || (run.hit && is_among(sweep->errors, run.rc)),
                      "call %ld%s failed: %d (%s) is not among the errors", run.nth,
                      for_ever ? " and all after it" : "", run.rc, strerror(-run.rc));
        ck_assert_msg(atomic_load(&faults.live) == live, "call %ld failed: %ld blocks are left",
                      run.nth, atomic_load(&faults.live) - live);
        ck_assert_msg(open_fds() == fds, "call %ld failed: %d descriptors are left", run.nth,
                      open_fds() - fds);
        nfailed += run.rc < 0;
    }
    return nfailed;
}

static inline void sweep(const struct sweep *sweep, bool blocking)
{
    int nfailed = sweep_with(sweep, blocking, false) + sweep_with(sweep, blocking, true);

    /* Or the faults hit nothing. */
    ck_assert(sweep->may_recover || nfailed > 0);
}

#endif
