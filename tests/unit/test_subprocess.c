/* SPDX-License-Identifier: MIT */
#include "worker/stream/subprocess.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/both_loops.h"
#include "tests/unit/emulated.h"

static void start(struct cop_subprocess *child, const char *script, unsigned pipes)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct cop_subprocess_options options = {.argv = argv, .pipes = pipes};

    ck_assert_int_eq(cop_subprocess_start(child, &options), 0);
}

static void assert_no_child_is_left(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

TEST_IN_LOOP(bytes_go_in_and_come_out_and_the_exit_code_is_told)
{
    struct cop_subprocess child;
    char buffer[64];
    int before = count_fds();

    start(&child, "tr a-z A-Z; echo oops >&2; exit 7", COP_PIPE_IN | COP_PIPE_OUT | COP_PIPE_ERR);
    ck_assert_int_eq(cop_write(&child.in, "hello", 5), 0);
    cop_stream_close(&child.in);
    ck_assert_int_eq(cop_read_exactly(&child.out, buffer, 5), 0);
    ck_assert_mem_eq(buffer, "HELLO", 5);
    ck_assert_int_eq(cop_read_exactly(&child.err, buffer, 5), 0);
    ck_assert_mem_eq(buffer, "oops\n", 5);
    ck_assert_int_eq(cop_read(&child.err, buffer, 1), 0);
    ck_assert_int_eq(cop_subprocess_wait(&child), 7);
    ck_assert_int_eq(cop_subprocess_wait(&child), 7);
    ck_assert_int_eq(cop_subprocess_signal(&child, SIGTERM), -ESRCH);
    cop_subprocess_close(&child);
    cop_subprocess_close(&child);
    ck_assert_int_eq(count_fds(), before);
    assert_no_child_is_left();
}

TEST_IN_LOOP(child_gets_three_descriptors_and_no_blocked_signal)
{
    struct cop_subprocess child;
    char buffer[64];
    sigset_t set;
    int leak = open("/dev/null", O_RDONLY);

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    signal(SIGINT, SIG_IGN);
    start(&child,
          "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && printf $n; done;"
          "grep -E 'SigBlk|SigIgn' /proc/$$/status | tr -d '\\n\\t'",
          COP_PIPE_OUT);
    ck_assert_int_eq(cop_read_exactly(&child.out, buffer, 3), 0);
    ck_assert_mem_eq(buffer, "012", 3);
    ck_assert_int_eq(cop_read_exactly(&child.out, buffer, 46), 0);
    ck_assert_mem_eq(buffer, "SigBlk:0000000000000000SigIgn:", 30);
    /* The C library ignores two of its own, 32 and 33. */
    ck_assert_mem_eq(buffer + 39, "0000000", 7);
    ck_assert_int_eq(cop_subprocess_wait(&child), 0);
    cop_subprocess_close(&child);
    close(leak);
}

TEST_IN_LOOP(directory_environment_and_joined_output_are_as_asked)
{
    const char *argv[] = {"sh", "-c", "pwd; echo $NAME >&2", NULL};
    const char *envp[] = {"NAME=value", NULL};
    struct cop_subprocess_options options = {.path = "/bin/sh",
                                             .argv = argv,
                                             .envp = envp,
                                             .directory = "/proc",
                                             .pipes = COP_PIPE_OUT,
                                             .err_to_out = true};
    struct cop_subprocess child;
    char buffer[12];

    ck_assert_int_eq(cop_subprocess_start(&child, &options), 0);
    ck_assert_int_eq(cop_read_exactly(&child.out, buffer, 12), 0);
    ck_assert_mem_eq(buffer, "/proc\nvalue\n", 12);
    ck_assert_int_eq(cop_read(&child.in, buffer, 1), -EBADF);
    cop_subprocess_close(&child);
    assert_no_child_is_left();
}

TEST_IN_LOOP(program_that_is_not_there_is_an_error_and_leaves_nothing)
{
    const char *argv[] = {"/no/such/program", NULL};
    const char *none[] = {NULL};
    struct cop_subprocess_options options = {.argv = argv, .pipes = COP_PIPE_IN | COP_PIPE_OUT};
    struct cop_subprocess child;
    int before = count_fds();

    if (EMULATOR_LACKS(NO_VFORK))
        return;
    ck_assert_int_eq(cop_subprocess_start(&child, &options), -ENOENT);
    argv[0] = "/etc/passwd";
    ck_assert_int_eq(cop_subprocess_start(&child, &options), -EACCES);
    options.pipes = 8;
    ck_assert_int_eq(cop_subprocess_start(&child, &options), -EINVAL);
    options.pipes = COP_PIPE_ERR;
    options.err_to_out = true;
    ck_assert_int_eq(cop_subprocess_start(&child, &options), -EINVAL);
    options = (struct cop_subprocess_options){.argv = none};
    ck_assert_int_eq(cop_subprocess_start(&child, &options), -EINVAL);
    ck_assert_int_eq(count_fds(), before);
    assert_no_child_is_left();
}

TEST_IN_LOOP(signal_that_ended_it_is_told)
{
    struct cop_subprocess child;

    start(&child, "exec sleep 1000", 0);
    ck_assert_int_eq(cop_subprocess_signal(&child, 1000), -EINVAL);
    ck_assert_int_eq(cop_subprocess_signal(&child, SIGTERM), 0);
    ck_assert_int_eq(cop_subprocess_wait(&child), 128 + SIGTERM);
    cop_subprocess_close(&child);
}

TEST_IN_LOOP(wait_that_was_cancelled_leaves_it_and_close_kills_it)
{
    struct cop_subprocess child;
    struct cop_scope scope;
    int pid;

    start(&child, "exec sleep 1000", COP_PIPE_IN | COP_PIPE_OUT);
    pid = child.pid;
    cop_scope_enter(&scope, cop_now() + 5 * COP_MS);
    ck_assert_int_eq(cop_subprocess_wait(&child), -ECANCELED);
    ck_assert_int_eq(kill(pid, 0), 0);
    cop_subprocess_close(&child);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), -ETIMEDOUT);
    ck_assert_int_eq(kill(pid, 0), -1);
    assert_no_child_is_left();
}

static int wait_for(void *arg)
{
    return cop_subprocess_wait(arg);
}

TEST_IN_LOOP(end_that_came_beats_the_cancelling)
{
    struct cop_subprocess child;
    struct canceller canceller;
    struct cop_task *task;
    siginfo_t info;

    start(&child, "read line; exit 3", COP_PIPE_IN);
    task = cop_create_task(wait_for, &child);
    let_others_wait();
    canceller_start(&canceller, task);
    canceller_fire(&canceller);
    ck_assert_int_eq(cop_write(&child.in, "\n", 1), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
    canceller_join(&canceller);
    ck_assert_int_eq(cop_await(task), 3);
    cop_subprocess_close(&child);
    assert_no_child_is_left();
}

TEST_IN_LOOP(second_waiter_is_busy_and_close_wakes_the_first)
{
    struct cop_subprocess child;
    struct cop_task *task;

    start(&child, "exec sleep 1000", 0);
    task = cop_create_task(wait_for, &child);
    let_others_wait();
    ck_assert_int_eq(cop_subprocess_wait(&child), -EBUSY);
    cop_subprocess_close(&child);
    ck_assert_int_eq(cop_await(task), -EBADF);
    assert_no_child_is_left();
}

TEST_IN_LOOP(child_that_somebody_else_reaped_is_not_waited_for)
{
    struct cop_subprocess child;

    start(&child, "exit 0", 0);
    ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
    ck_assert_int_eq(cop_subprocess_wait(&child), -ECHILD);
    cop_subprocess_close(&child);
}

/* The child keeps the user that we no longer are. */
TEST_IN_LOOP(child_that_may_not_be_killed_is_waited_for)
{
    struct cop_subprocess child;

    if (geteuid() != 0)
        return;
    start(&child, "read line; exit 0", COP_PIPE_IN);
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    ck_assert_int_eq(cop_subprocess_signal(&child, SIGKILL), -EPERM);
    cop_subprocess_close(&child);
    ck_assert_int_eq(child.code, 0);
    assert_no_child_is_left();
}

/* The kernel reaps it: before start has a descriptor for it, or before wait. */
TEST_IN_LOOP(child_of_a_process_that_ignores_sigchld_is_echild)
{
    const char *argv[] = {"true", NULL};
    struct cop_subprocess_options options = {.argv = argv};
    struct cop_subprocess child;
    int rc;

    ck_assert_ptr_ne(signal(SIGCHLD, SIG_IGN), SIG_ERR);
    for (int i = 0; i < 20; i++) {
        rc = cop_subprocess_start(&child, &options);
        if (rc == 0) {
            rc = cop_subprocess_wait(&child);
            cop_subprocess_close(&child);
        }
        ck_assert_int_eq(rc, -ECHILD);
    }
}

static void add(TCase *tc)
{
    /* Valgrind has no such call up to 3.19. */
    if (syscall(SYS_pidfd_open, getpid(), 0) < 0 && errno == ENOSYS)
        return;
    add_test_in_both(tc, bytes_go_in_and_come_out_and_the_exit_code_is_told);
    add_test_in_both(tc, child_gets_three_descriptors_and_no_blocked_signal);
    add_test_in_both(tc, directory_environment_and_joined_output_are_as_asked);
    add_test_in_both(tc, program_that_is_not_there_is_an_error_and_leaves_nothing);
    add_test_in_both(tc, signal_that_ended_it_is_told);
    add_test_in_both(tc, wait_that_was_cancelled_leaves_it_and_close_kills_it);
    add_test_in_both(tc, end_that_came_beats_the_cancelling);
    add_test_in_both(tc, second_waiter_is_busy_and_close_wakes_the_first);
    add_test_in_both(tc, child_that_somebody_else_reaped_is_not_waited_for);
    add_test_in_both(tc, child_that_may_not_be_killed_is_waited_for);
    add_test_in_both(tc, child_of_a_process_that_ignores_sigchld_is_echild);
}

int main(void)
{
    return run_suite("subprocess", add);
}
