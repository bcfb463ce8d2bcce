/* SPDX-License-Identifier: MIT */
#include "worker/task/inspect.h"

#include <check.h>
#include <errno.h>
#include <sys/socket.h>

#include "tests/unit/said.h"
#include "tests/unit/suite.h"
#include "worker/sync/group.h"
#include "worker/task/debug.h"
#include "worker/task/io.h"
#include "worker/task/sched.h"

/* They must be found by name on the stacks, so nothing may be inlined or be a tail call. */
#define FRAME        __attribute__((noinline))
#define NOT_TAIL(rc) __asm__ volatile("" : "+r"(rc))

static FRAME int inner_sleeper(void)
{
    int rc = cop_sleep(COP_S * 1000);

    NOT_TAIL(rc);
    return rc;
}

static FRAME int outer_sleeper(void *arg)
{
    int rc;

    cop_task_set_label(cop_current_task(), "asleep", 6);
    rc = inner_sleeper();
    NOT_TAIL(rc);
    return rc;
}

static FRAME int descriptor_reader(void *arg)
{
    int rc = io_wait_readable(arg, COP_NEVER);

    NOT_TAIL(rc);
    return rc;
}

static int in_group(int (*body)(struct cop_group *group))
{
    struct cop_group group;
    int rc;

    cop_group_enter(&group);
    rc = body(&group);
    cop_group_cancel(&group);
    ck_assert_int_le(cop_group_exit(&group, 0), 0); /* -EBADF of a reader whose io is gone */
    return rc;
}

static struct cop_task *start(struct cop_group *group, cop_fn fn, void *arg)
{
    struct cop_task *task = cop_group_spawn(group, fn, arg);

    ck_assert_ptr_nonnull(task);
    return task;
}

#define MAIN(name)                                       \
    static int name##_main(void *arg)                    \
    {                                                    \
        return in_group(name##_body);                    \
    }                                                    \
    START_TEST(name)                                     \
    {                                                    \
        ck_assert_int_eq(cop_run(name##_main, NULL), 0); \
    }                                                    \
    END_TEST

static int stack_of_parked_task_names_its_functions_body(struct cop_group *group)
{
    struct cop_task *task = start(group, outer_sleeper, NULL);
    int fd = said_open();
    const char *text, *inner, *outer;

    (void)cop_yield();
    ck_assert_int_eq(cop_print_stack(task, fd), 0);
    text = said_read(fd);
    assert_says(text, "cop_sleep\n");
    inner = strstr(text, "inner_sleeper\n");
    outer = strstr(text, "outer_sleeper\n");
    ck_assert_msg(inner && outer && inner < outer, "said: %s", text);
    ck_assert_msg(!strstr(text, "enter_task"), "said: %s", text);
    return 0;
}
MAIN(stack_of_parked_task_names_its_functions)

static int stack_of_task_that_has_not_begun_is_its_function_body(struct cop_group *group)
{
    struct cop_task *task = start(group, outer_sleeper, NULL);
    int fd = said_open();

    ck_assert_int_eq(cop_print_stack(task, fd), 0);
    ck_assert_str_eq(said_read(fd), "    outer_sleeper\n");
    return 0;
}
MAIN(stack_of_task_that_has_not_begun_is_its_function)

static FRAME int own_stack_is_its_callers_body(struct cop_group *group)
{
    int fd = said_open(), rc = cop_print_stack(cop_current_task(), fd);

    ck_assert_int_eq(rc, 0);
    assert_says(said_read(fd), "own_stack_is_its_callers_body\n");
    return 0;
}
MAIN(own_stack_is_its_callers)

static int equal_stacks_are_printed_once_body(struct cop_group *group)
{
    struct io io;
    int fds[2], fd = said_open();
    const char *text;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    io_init(&io, fds[0], NULL);
    for (int i = 0; i < 20; i++)
        (void)start(group, outer_sleeper, NULL);
    (void)start(group, descriptor_reader, &io);
    (void)cop_yield();
    ck_assert_int_eq(cop_print_tasks(fd), 0);
    text = said_read(fd);
    ck_assert_ptr_eq(text, strstr(text, "20 tasks parked in sleep: 2 \"asleep\""));
    ck_assert_uint_eq(said_count(text, "outer_sleeper\n"), 1);
    assert_says(text, "1 task parked in read: 22");
    ck_assert_uint_eq(said_count(text, "descriptor_reader\n"), 1);
    assert_says(text, "1 task running: 1");
    cop_group_cancel(group);
    (void)cop_yield();
    io_fini(&io);
    close(fds[0]);
    close(fds[1]);
    return 0;
}
MAIN(equal_stacks_are_printed_once)

static int all_tasks_tells_what_each_does_body(struct cop_group *group)
{
    struct cop_task_info infos[3];
    struct io io;
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    io_init(&io, fds[0], NULL);
    (void)start(group, outer_sleeper, NULL);
    (void)start(group, descriptor_reader, &io);
    (void)start(group, outer_sleeper, NULL);
    (void)cop_yield();
    ck_assert_uint_eq(cop_all_tasks(infos, 3), 4);
    ck_assert_int_eq(infos[0].state, COP_TASK_RUNNING);
    ck_assert_ptr_null(infos[0].waits_for);
    ck_assert_uint_eq(infos[1].id, 2);
    ck_assert_int_eq(infos[1].state, COP_TASK_PARKED);
    ck_assert_str_eq(infos[1].waits_for, "sleep");
    ck_assert_str_eq(infos[1].label, "asleep");
    ck_assert_int_eq(infos[1].fd, -1);
    ck_assert_int_ge(infos[1].age, 0);
    ck_assert_int_eq(infos[1].cpu, -1);
    ck_assert_uint_ge(infos[1].stack_used, 4096);
    ck_assert_uint_eq(infos[1].stack_used % 4096, 0);
    ck_assert_str_eq(infos[2].waits_for, "read");
    ck_assert_int_eq(infos[2].fd, fds[0]);
    cop_group_cancel(group);
    (void)cop_yield();
    io_fini(&io);
    close(fds[0]);
    close(fds[1]);
    return 0;
}
MAIN(all_tasks_tells_what_each_does)

static int long_label_is_cut_body(struct cop_group *group)
{
    static const char label[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    struct cop_task_info info;

    cop_task_set_label(cop_current_task(), label, sizeof(label) - 1);
    ck_assert_uint_eq(cop_all_tasks(&info, 1), 1);
    ck_assert_uint_eq(strlen(info.label), COP_LABEL_MAX - 1);
    ck_assert_int_eq(strncmp(info.label, label, COP_LABEL_MAX - 1), 0);
    return 0;
}
MAIN(long_label_is_cut)

static int await_it(void *arg)
{
    return cop_await(arg);
}

static int call_graph_shows_who_awaits_whom_body(struct cop_group *group)
{
    struct cop_task *awaited = cop_create_task(outer_sleeper, NULL);
    int fd = said_open();
    const char *text;

    (void)start(group, await_it, awaited);
    (void)cop_yield();
    ck_assert_int_eq(cop_print_call_graph(fd), 0);
    text = said_read(fd);
    assert_says(text, "task 3: await\n  task 2 \"asleep\": sleep\n");
    ck_assert_uint_eq(said_count(text, "task 2"), 1);
    return 0;
}
MAIN(call_graph_shows_who_awaits_whom)

static int print_graph(void *arg)
{
    return cop_print_call_graph(*(int *)arg);
}

static int group_main(void *arg)
{
    struct cop_group group;

    cop_group_enter(&group);
    (void)start(&group, print_graph, arg);
    return cop_group_exit(&group, 0);
}

START_TEST(call_graph_shows_the_members_below_their_group)
{
    int fd = said_open();
    const char *text;

    ck_assert_int_eq(cop_run(group_main, &fd), 0);
    text = said_read(fd);
    assert_says(text, "task 1: group");
    assert_says(text, "\n  task 2: running\n");
}
END_TEST

static int waits_in_circle(void *arg)
{
    struct cop_task *self = cop_current_task();

    sched_waits_on(self, WAITS_ON_TASK, *(struct cop_task **)arg);
    return sched_park(self, "await", COP_NEVER);
}

static int circle_of_waits_is_printed_and_ends_body(struct cop_group *group)
{
    static struct cop_task *one, *two;
    int fd = said_open();
    const char *text;

    one = start(group, waits_in_circle, &two);
    two = start(group, waits_in_circle, &one);
    (void)cop_yield();
    ck_assert_int_eq(cop_print_call_graph(fd), 0);
    text = said_read(fd);
    assert_says(text, "task 2: await\n  task 3: await\n    task 2: await (a circle)\n");
    return 0;
}
MAIN(circle_of_waits_is_printed_and_ends)

START_TEST(outside_of_a_loop_there_is_nothing_to_print)
{
    struct cop_task_info info;

    ck_assert_uint_eq(cop_all_tasks(&info, 1), 0);
    ck_assert_int_eq(cop_print_tasks(1), -EINVAL);
    ck_assert_int_eq(cop_print_call_graph(1), -EINVAL);
}
END_TEST

static int closed_descriptor_is_told_body(struct cop_group *group)
{
    ck_assert_int_eq(cop_print_tasks(1000000), -EBADF);
    return 0;
}
MAIN(closed_descriptor_is_told)

static void add(TCase *tc)
{
    tcase_add_test(tc, stack_of_parked_task_names_its_functions);
    tcase_add_test(tc, stack_of_task_that_has_not_begun_is_its_function);
    tcase_add_test(tc, own_stack_is_its_callers);
    tcase_add_test(tc, equal_stacks_are_printed_once);
    tcase_add_test(tc, all_tasks_tells_what_each_does);
    tcase_add_test(tc, long_label_is_cut);
    tcase_add_test(tc, call_graph_shows_who_awaits_whom);
    tcase_add_test(tc, call_graph_shows_the_members_below_their_group);
    tcase_add_test(tc, circle_of_waits_is_printed_and_ends);
    tcase_add_test(tc, outside_of_a_loop_there_is_nothing_to_print);
    tcase_add_test(tc, closed_descriptor_is_told);
}

int main(void)
{
    return run_suite("inspect", add);
}
