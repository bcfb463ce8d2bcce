/* SPDX-License-Identifier: MIT */
#include "worker/task/debug.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/dies.h"
#include "tests/unit/emulated.h"
#include "tests/unit/said.h"
#include "tests/unit/suite.h"
#include "worker/sync/event.h"
#include "worker/sync/gather.h"
#include "worker/sync/group.h"
#include "worker/sync/lock.h"
#include "worker/sync/offload.h"
#include "worker/sync/select.h"
#include "worker/sync/threadsafe.h"
#include "worker/task/inspect.h"
#include "worker/task/sched.h"

static void burn(int64_t ns)
{
    int64_t end = clock_now() + ns;

    while (clock_now() < end)
        ;
}

static int burner(void *arg)
{
    burn(30 * NS_PER_MS);
    (void)cop_yield();
    return 0;
}

static __attribute__((noinline)) struct cop_task *known_spawner(void)
{
    struct cop_task *task = cop_create_task(burner, NULL);

    __asm__ volatile("" : "+r"(task));
    return task;
}

static int run_debugged(void *arg)
{
    struct cop_task_info infos[2];
    struct cop_task *task;

    ck_assert_int_eq(cop_set_debug(true), 0);
    task = known_spawner();
    ck_assert_ptr_nonnull(task);
    (void)cop_yield();
    ck_assert_uint_eq(cop_all_tasks(infos, 2), 2);
    ck_assert_int_gt(infos[1].cpu, 0);
    ck_assert_str_eq(infos[1].spawned, "known_spawner");
    ck_assert_int_eq(cop_set_debug(false), 0);
    return cop_await(task);
}

START_TEST(cpu_time_and_spawner_are_known_in_debug_mode)
{
    ck_assert_int_eq(cop_run(run_debugged, NULL), 0);
}
END_TEST

static int stay(void *arg)
{
    cop_task_started();
    return cop_sleep(COP_NEVER);
}

static __attribute__((noinline)) int known_starter(struct cop_group *group)
{
    int rc = cop_group_start(group, stay, NULL);

    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static __attribute__((noinline)) struct cop_task *known_group_spawner(struct cop_group *group)
{
    struct cop_task *task = cop_group_spawn(group, stay, NULL);

    __asm__ volatile("" : "+r"(task));
    return task;
}

static int run_group(void *arg)
{
    struct cop_task_info infos[3];
    struct cop_group group;

    ck_assert_int_eq(cop_set_debug(true), 0);
    cop_group_enter(&group);
    ck_assert_int_eq(known_starter(&group), 0);
    ck_assert_ptr_nonnull(known_group_spawner(&group));
    ck_assert_uint_eq(cop_all_tasks(infos, 3), 3);
    ck_assert_str_eq(infos[1].spawned, "known_starter");
    ck_assert_str_eq(infos[2].spawned, "known_group_spawner");
    for (int i = 1; i < 3; i++)
        ck_assert_ptr_nonnull(strstr(infos[i].site, "test_debug.c:"));
    cop_group_cancel(&group);
    return cop_group_exit(&group, 0);
}

START_TEST(children_of_a_group_know_where_they_were_started)
{
    ck_assert_int_eq(cop_run(run_group, NULL), 0);
}
END_TEST

static int sleeper(void *arg)
{
    (void)cop_sleep(20 * NS_PER_MS);
    return 0;
}

static int run_sleeper(void *arg)
{
    struct cop_task_info infos[3];
    struct cop_task *idle, *busy;

    ck_assert_int_eq(cop_set_debug(true), 0);
    idle = cop_create_task(sleeper, NULL);
    busy = cop_create_task(burner, NULL);
    (void)cop_yield();
    ck_assert_uint_eq(cop_all_tasks(infos, 3), 3);
    ck_assert_int_lt(infos[1].cpu, infos[2].cpu);
    ck_assert_int_eq(cop_await(idle), 0);
    return cop_await(busy);
}

START_TEST(cpu_time_goes_to_who_used_it)
{
    ck_assert_int_eq(cop_run(run_sleeper, NULL), 0);
}
END_TEST

/* ---- deadlocks ---- */

static struct cop_task *one;

#ifndef SANITIZE_THREAD /* it has a thread of its own, which might wake somebody */

static struct cop_task *two;

static int awaits_the_other(void *arg)
{
    struct cop_task *self = cop_current_task();
    int rc;

    sched_waits_on(self, WAITS_ON_TASK, arg ? two : one);
    rc = sched_park_uninterruptible(self, "await");
    __asm__ volatile("" : "+r"(rc)); /* no tail call */
    return rc;
}

static int deadlock(void *arg)
{
    one = cop_create_task(awaits_the_other, &two);
    two = cop_create_task(awaits_the_other, NULL);
    ck_assert(one && two);
    return cop_await(one);
}

static void run_deadlock(void)
{
    setenv("COPPICE_DEBUG", "1", 1);
    _exit(cop_run(deadlock, NULL) == -EDEADLK ? 7 : 8);
}

START_TEST(deadlock_is_reported_and_ends_the_run)
{
    char said[16384];
    int status;

    if (EMULATOR_LACKS(NO_SINGLE_THREAD))
        return;
    status = run_in_child(run_deadlock, said, sizeof(said));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
    assert_says(said, "deadlock: every task waits");
    assert_says(
        said, "task 1: await\n  task 2: await\n    task 3: await\n      task 2: await (a circle)");
    assert_says(said, "awaits_the_other\n");
}
END_TEST

static void *end_without_a_word(void *arg)
{
    struct timespec pause = {.tv_nsec = 20 * NS_PER_MS};

    nanosleep(&pause, NULL);
    return NULL;
}

static int wait_beside_a_thread(void *arg)
{
    static struct cop_event event;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, end_without_a_word, NULL), 0);
    ck_assert_int_eq(pthread_detach(thread), 0);
    return cop_event_wait(&event);
}

static void run_wait_beside_a_thread(void)
{
    setenv("COPPICE_DEBUG", "1", 1);
    _exit(cop_run(wait_beside_a_thread, NULL) == -EDEADLK ? 7 : 8);
}

START_TEST(deadlock_is_reported_when_the_last_thread_that_might_help_has_ended)
{
    char said[16384];
    int status;

    if (EMULATOR_LACKS(NO_SINGLE_THREAD))
        return;
    status = run_in_child(run_wait_beside_a_thread, said, sizeof(said));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
    assert_says(said, "deadlock: every task waits");
}
END_TEST

static int sleep_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

static int select_in_vain(void *arg)
{
    static struct cop_event event;
    static struct cop_semaphore semaphore;
    struct cop_waitable waits[] = {cop_on_event(&event), cop_on_semaphore(&semaphore)};

    return cop_select(waits, 2);
}

static int start_what_does_not_begin(void *arg)
{
    struct cop_group group;
    int rc;

    cop_group_enter(&group);
    rc = cop_group_start(&group, sleep_for_ever, NULL);
    return cop_group_exit(&group, rc);
}

static int nothing(void *arg)
{
    return 0;
}

/* The thread stays idle for longer than the test may last. */
static int wait_beside_an_idle_thread(void *arg)
{
    int rc = cop_to_thread(nothing, NULL);

    return rc < 0 ? rc : cop_sleep(COP_NEVER);
}

static const cop_fn waits_in_vain[] = {sleep_for_ever, select_in_vain, start_what_does_not_begin,
                                       wait_beside_an_idle_thread};
static cop_fn wait_in_vain;

static void run_wait_in_vain(void)
{
    setenv("COPPICE_DEBUG", "1", 1);
    alarm(8); /* less than an idle thread stays */
    _exit(cop_run(wait_in_vain, NULL) == -EDEADLK ? 7 : 8);
}

START_TEST(wait_for_what_nothing_can_bring_is_a_deadlock)
{
    char said[16384];
    int status;

    if (EMULATOR_LACKS(NO_SINGLE_THREAD))
        return;
    wait_in_vain = waits_in_vain[_i];
    status = run_in_child(run_wait_in_vain, said, sizeof(said));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
    assert_says(said, "deadlock: every task waits");
}
END_TEST

static struct cop_lock locks[2];

static int takes_both(void *arg)
{
    struct cop_lock *first = arg, *second = &locks[arg == &locks[0]];
    int rc = cop_lock_acquire(first);

    (void)cop_yield();
    if (rc == 0)
        rc = cop_lock_acquire(second);
    cop_lock_release(first);
    return rc;
}

static int lock_crosswise(void *arg)
{
    struct cop_call calls[] = {{.fn = takes_both, .arg = &locks[0]},
                               {.fn = takes_both, .arg = &locks[1]}};

    return cop_gather(calls, 2, 0);
}

static void run_lock_crosswise(void)
{
    setenv("COPPICE_DEBUG", "1", 1);
    _exit(cop_run(lock_crosswise, NULL) == -EDEADLK ? 7 : 8);
}

START_TEST(locks_taken_crosswise_are_a_deadlock_with_its_owners)
{
    char said[16384];
    int status;

    if (EMULATOR_LACKS(NO_SINGLE_THREAD))
        return;
    status = run_in_child(run_lock_crosswise, said, sizeof(said));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
    assert_says(said, "task 1: gather");
    assert_says(said, "  task 2: lock");
    assert_says(said, "    task 3: lock");
    assert_says(said, "(a circle)");
    assert_says(said, "takes_both\n");
}
END_TEST

#endif

static int sleep_a_little(void *arg)
{
    return cop_await(cop_create_task(sleeper, NULL));
}

START_TEST(wait_for_a_timer_is_no_deadlock)
{
    setenv("COPPICE_DEBUG", "1", 1);
    ck_assert_int_eq(cop_run(sleep_a_little, NULL), 0);
    unsetenv("COPPICE_DEBUG");
}
END_TEST

static struct loop_message message;

static void wake_one(struct loop_message *from)
{
    sched_wake(one, 5);
}

static void *post_later(void *arg)
{
    struct timespec pause = {.tv_nsec = 20 * NS_PER_MS};

    nanosleep(&pause, NULL);
    message.fn = wake_one;
    loop_post(arg, &message);
    return NULL;
}

static int wait_for_thread(void *arg)
{
    pthread_t thread;
    int rc;

    one = cop_current_task();
    ck_assert_int_eq(pthread_create(&thread, NULL, post_later, loop_here), 0);
    sched_waits_on(one, WAITS_ON_TASKS, &thread);
    rc = sched_park(one, "event", COP_NEVER);
    pthread_join(thread, NULL);
    return rc;
}

START_TEST(wait_that_a_thread_may_end_is_no_deadlock)
{
    setenv("COPPICE_DEBUG", "1", 1);
    ck_assert_int_eq(cop_run(wait_for_thread, NULL), 5);
    unsetenv("COPPICE_DEBUG");
}
END_TEST

static struct cop_event from_thread;

static void set_event(void *arg)
{
    cop_event_set(&from_thread);
}

static sem_t abandoned;

/* Longer than it takes to look for a deadlock twice. */
static int set_it_later(void *arg)
{
    struct timespec pause = {.tv_nsec = 300 * NS_PER_MS};

    while (sem_wait(&abandoned) < 0)
        ;
    nanosleep(&pause, NULL);
    return cop_call_soon_threadsafe(arg, set_event, NULL);
}

static int abandon_job(void *arg)
{
    return cop_to_thread_with(set_it_later, cop_this_loop(), COP_ABANDON_ON_CANCEL);
}

static int wait_for_job(void *arg)
{
    ck_assert_int_eq(sem_init(&abandoned, 0, 0), 0);
    ck_assert_int_eq(cop_wait_for(abandon_job, NULL, 50 * COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(sem_post(&abandoned), 0);
    return cop_event_wait(&from_thread);
}

START_TEST(wait_that_a_job_of_the_pool_may_end_is_no_deadlock)
{
    setenv("COPPICE_DEBUG", "1", 1);
    ck_assert_int_eq(cop_run(wait_for_job, NULL), 0);
    unsetenv("COPPICE_DEBUG");
}
END_TEST

static __attribute__((noinline)) int await_nothing(void *arg)
{
    int rc = cop_await(arg);

    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static void run_with_a_bug(void)
{
    _exit(cop_main(await_nothing, NULL));
}

START_TEST(program_in_debug_mode_tells_its_tasks_when_it_aborts)
{
    char said[16384];
    int status;

    setenv("COPPICE_DEBUG", "1", 1);
    status = run_in_child(run_with_a_bug, said, sizeof(said));
    unsetenv("COPPICE_DEBUG");
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_says(said, "cop_await: NULL is no task: cop_create_task had no memory");
    assert_says(said, "    cop_await\n    await_nothing\n");
}
END_TEST

START_TEST(debug_mode_needs_a_loop)
{
    ck_assert_int_eq(cop_set_debug(true), -EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, cpu_time_and_spawner_are_known_in_debug_mode);
    tcase_add_test(tc, children_of_a_group_know_where_they_were_started);
    tcase_add_test(tc, cpu_time_goes_to_who_used_it);
#ifndef SANITIZE_THREAD
    tcase_add_test(tc, deadlock_is_reported_and_ends_the_run);
    tcase_add_test(tc, deadlock_is_reported_when_the_last_thread_that_might_help_has_ended);
    tcase_add_loop_test(tc, wait_for_what_nothing_can_bring_is_a_deadlock, 0, 4);
    tcase_add_test(tc, locks_taken_crosswise_are_a_deadlock_with_its_owners);
#endif
    tcase_add_test(tc, wait_for_a_timer_is_no_deadlock);
    tcase_add_test(tc, wait_that_a_job_of_the_pool_may_end_is_no_deadlock);
    tcase_add_test(tc, wait_that_a_thread_may_end_is_no_deadlock);
    tcase_add_test(tc, program_in_debug_mode_tells_its_tasks_when_it_aborts);
    tcase_add_test(tc, debug_mode_needs_a_loop);
}

int main(void)
{
    return run_suite("debug", add);
}
