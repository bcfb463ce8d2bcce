/* SPDX-License-Identifier: MIT */
/*
 * test_faults.c - what the runtime does when memory, descriptors, threads or processes run out: the
 * documented error, nothing left behind, and everything usable again.
 */
#include "tests/unit/faults.h"

#include <ares.h>

#include "tests/unit/dns_server.h"

static const int no_memory[] = {-ENOMEM, 0};
static const int no_descriptor[] = {-ENOMEM, -EMFILE, 0};
static const int no_thread[] = {-ENOMEM, -EAGAIN, 0};
static const int no_process[] = {-ENOMEM, -EMFILE, -EAGAIN, 0};

static int yield_once(void *arg)
{
    return cop_yield();
}

/* ---- tasks ---- */

/* More than a fresh loop's tables have room for. */
enum { MANY = 70 };

static int use_tasks(void)
{
    struct cop_task *plain = cop_create_task(yield_once, NULL);
    struct cop_task *large = cop_create_task_with(
        yield_once, NULL, &(struct cop_task_options){.name = "large", .stack_size = 1u << 20});
    int rc = plain && large ? 0 : -ENOMEM;

    if (plain && cop_await(plain) < 0)
        rc = -EIO;
    if (large && cop_await(large) < 0)
        rc = -EIO;
    return rc;
}

static int use_debug(void)
{
    int rc = cop_set_debug(true);

    if (rc == 0)
        rc = use_tasks();
    (void)cop_set_debug(false);
    return rc;
}

static int start_late(void *arg)
{
    int rc = cop_yield();

    cop_task_started();
    return rc;
}

static int use_group(void)
{
    struct cop_group group;
    int rc = 0;

    cop_group_enter(&group);
    for (int i = 0; i < MANY && rc == 0; i++)
        rc = cop_group_spawn(&group, yield_once, NULL) ? 0 : -ENOMEM;
    if (rc == 0)
        rc = cop_group_start(&group, start_late, NULL);
    return cop_group_exit(&group, rc);
}

static int use_gather(void)
{
    struct cop_call calls[MANY];

    for (size_t i = 0; i < MANY; i++)
        calls[i] = (struct cop_call){.fn = yield_once};
    return cop_gather(calls, MANY, 0);
}

static int set_locals(void *arg)
{
    static const struct cop_key keys[6];
    int rc = 0;

    for (size_t i = 0; i < 6 && rc == 0; i++) {
        rc = cop_local_set(&keys[i], arg);
        ck_assert_ptr_eq(cop_local_get(&keys[i]), rc == 0 ? arg : NULL);
    }
    return rc;
}

static int use_locals(void)
{
    static int value;
    struct cop_task *task = cop_create_task(set_locals, &value);

    return task ? cop_await(task) : -ENOMEM;
}

static int put_three(void *arg)
{
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = cop_queue_put(arg, &i);
    cop_queue_shutdown(arg);
    return rc;
}

static int use_queue(void)
{
    struct cop_queue queue;
    int room[1], item;
    struct cop_task *task;
    int rc = cop_queue_init(&queue, room, 1, sizeof(int));

    task = rc == 0 ? cop_create_task(put_three, &queue) : NULL;
    if (!task)
        return -ENOMEM;
    while ((rc = cop_queue_get(&queue, &item)) == 0)
        ;
    ck_assert_int_eq(cop_cancel_and_wait(task), 0);
    return rc == -EPIPE ? 0 : rc;
}

/* A wait that a deadline ends: in a blocking loop the first that needs more than the kernel. */
static int use_select(void)
{
    struct cop_event event = {0};
    struct cop_waitable waits[] = {cop_on_event(&event)};
    struct cop_scope scope;
    int rc;

    cop_scope_enter(&scope, cop_now() + COP_MS);
    rc = cop_scope_exit(&scope, cop_select(waits, 1));
    return rc == -ETIMEDOUT ? 0 : rc;
}

static int use_event(void)
{
    struct cop_event event = {0};
    struct cop_scope scope;
    int rc;

    cop_scope_enter(&scope, cop_now() + COP_MS);
    rc = cop_scope_exit(&scope, cop_event_wait(&event));
    ck_assert_ptr_null(event.waiters.first);
    return rc == -ETIMEDOUT ? 0 : rc;
}

static int use_profile(void)
{
    int rc = cop_profile_start(COP_PROFILE_WAIT);

    if (rc == 0)
        rc = cop_profile_stop(STDERR_FILENO) < 0 ? -EIO : 0;
    if (rc == 0)
        rc = cop_profile_start(COP_PROFILE_CPU);
    if (rc == 0)
        rc = cop_profile_stop(STDERR_FILENO) < 0 ? -EIO : 0;
    return rc;
}

/* ---- threads ---- */

static int add_one(void *arg)
{
    return ++*(int *)arg;
}

static int use_thread(void)
{
    int n = 0;
    int rc = cop_to_thread(add_one, &n);

    ck_assert_int_eq(n, rc < 0 ? 0 : 1);
    return rc < 0 ? rc : 0;
}

struct foreign {
    struct cop_loop *loop;
    int rc;
    bool called;
    atomic_bool done;
};

static void be_called(void *arg)
{
    ((struct foreign *)arg)->called = true;
}

static int return_zero(void *arg)
{
    return 0;
}

static void *call_in(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    foreign->rc = cop_call_soon_threadsafe(foreign->loop, be_called, foreign);
    if (foreign->rc == 0)
        foreign->rc = cop_run_threadsafe(&call, foreign->loop, return_zero, NULL);
    if (foreign->rc == 0)
        foreign->rc = cop_remote_call_wait(&call, COP_NEVER);
    atomic_store(&foreign->done, true);
    return NULL;
}

/* The thread's own start is not what is tested. */
static int use_loop_from_thread(void)
{
    struct foreign foreign = {.loop = cop_this_loop()};
    pthread_t thread;

    ck_assert_int_eq(__real_pthread_create(&thread, NULL, call_in, &foreign), 0);
    while (!atomic_load(&foreign.done))
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(foreign.called || foreign.rc < 0);
    return foreign.rc;
}

/* ---- the world outside ---- */

static int use_signals(void)
{
    struct cop_signals signals;
    int number = SIGUSR1;
    int rc = cop_signals_open(&signals, &number, 1);

    if (rc < 0)
        return rc;
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    rc = cop_signals_wait(&signals);
    cop_signals_close(&signals);
    return rc == SIGUSR1 ? 0 : rc;
}

static int use_subprocess(void)
{
    const char *argv[] = {"cat", NULL};
    struct cop_subprocess child;
    struct cop_subprocess_options options = {.argv = argv,
                                             .pipes = COP_PIPE_IN | COP_PIPE_OUT | COP_PIPE_ERR};
    char byte;
    int rc = cop_subprocess_start(&child, &options);

    if (rc == 0) {
        ck_assert_int_eq(cop_write(&child.in, "x", 1), 0);
        ck_assert_int_eq(cop_read_exactly(&child.out, &byte, 1), 0);
        cop_stream_close(&child.in);
        rc = cop_subprocess_wait(&child);
        cop_subprocess_close(&child);
    }
    if (rc == 0) {
        options = (struct cop_subprocess_options){.argv = (const char *[]){"true", NULL}};
        rc = cop_subprocess_start(&child, &options);
        if (rc == 0)
            cop_subprocess_close(&child);
    }
    return rc;
}

static int use_datagrams(void)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_datagram datagram;
    char byte;
    int rc = cop_datagram_open(&datagram, &local);

    if (rc < 0)
        return rc;
    ck_assert_int_eq(cop_datagram_address(&datagram, &local), 0);
    rc = cop_send_to(&datagram, "x", 1, &local);
    if (rc == 0)
        rc = cop_recv_from(&datagram, &byte, 1, NULL) == 1 ? 0 : -EIO;
    cop_datagram_close(&datagram);
    return rc;
}

static int use_acceptor(void)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_acceptor acceptor;
    struct cop_stream client, stream;
    int rc = cop_listen(&acceptor, &local, 0);

    if (rc < 0)
        return rc;
    rc = cop_connect(&client, &acceptor.address);
    if (rc == 0) {
        rc = cop_accept(&acceptor, &stream);
        if (rc == 0)
            cop_stream_close(&stream);
        cop_stream_close(&client);
    }
    cop_acceptor_close(&acceptor);
    return rc;
}

static void echo_byte(struct cop_stream *stream, void *arg)
{
    char byte;

    if (cop_read_exactly(stream, &byte, 1) == 0 && cop_write(stream, &byte, 1) < 0)
        cop_stream_abort(stream);
}

static int ask(void *arg)
{
    const struct cop_server *server = arg;
    struct cop_stream stream;
    char byte;
    int rc = cop_open_connection(&stream, "127.0.0.1", port_of(&server->acceptor.address));

    if (rc < 0)
        return rc;
    rc = cop_write(&stream, "x", 1);
    if (rc == 0)
        rc = cop_read_exactly(&stream, &byte, 1);
    cop_stream_close(&stream);
    return rc;
}

/* The server pauses when it can accept nothing; for ever would be too long for the client. */
static int use_server(void)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_server server;
    cop_time before;
    int rc = cop_start_server(&server, &local, echo_byte, NULL);

    if (rc < 0)
        return rc;
    rc = cop_wait_for(ask, &server, 150 * COP_MS);
    before = cop_now();
    ck_assert_int_le(cop_server_stop(&server, 5 * COP_S), 0);
    ck_assert_uint_eq(server.nconnections, 0);
    ck_assert_int_lt(cop_now() - before, 4 * COP_S);
    return rc;
}

/* ---- names: c-ares asks for its memory here too ---- */

static struct dns_server dns;

static int use_resolver(void)
{
    struct cop_resolver resolver = {.servers = dns.servers, .timeout = 100 * COP_MS, .tries = 1};
    struct cop_address addresses[4];
    int rc = cop_resolve(&resolver, "both.test", 80, AF_UNSPEC, addresses, 4);

    return rc > 0 ? 0 : rc;
}

/* ---- the tests ---- */

static const int no_client[] = {-ENOMEM, -EMFILE, -ETIMEDOUT, -ENODATA, -ECONNRESET, 0};
static const int no_answer[] = {-ENOMEM, -EMFILE, -ETIMEDOUT, 0};

static const struct {
    struct sweep sweep;
    bool never_fails_in[2]; /* a loop of tasks, a blocking one */
} sweeps[] = {
    {{use_tasks, no_memory, false}, {false, false}},
    {{use_debug, no_memory, false}, {false, false}},
    {{use_group, no_memory, false}, {false, false}},
    {{use_gather, no_memory, false}, {false, false}},
    {{use_locals, no_memory, false}, {false, false}},
    {{use_queue, no_memory, false}, {true, false}},
    {{use_select, no_memory, false}, {true, false}},
    {{use_event, no_memory, false}, {true, false}},
    {{use_profile, no_process, false}, {false, false}},
    {{use_thread, no_thread, false}, {false, false}},
    {{use_signals, no_descriptor, false}, {false, false}},
    {{use_subprocess, no_process, false}, {false, false}},
    {{use_datagrams, no_descriptor, false}, {false, false}},
    {{use_acceptor, no_descriptor, false}, {false, false}},
    {{use_server, no_client, false}, {false, false}},
};

#define NSWEEPS ((int)(sizeof(sweeps) / sizeof(sweeps[0])))

/* Of test _i the operation, and whether in a blocking loop. */
START_TEST(failure_is_told_and_leaves_nothing)
{
    struct sweep one = sweeps[_i / 2].sweep;
    bool blocking = _i % 2;

    one.may_recover = sweeps[_i / 2].never_fails_in[blocking];
    sweep(&one, blocking);
}
END_TEST

START_TEST(call_from_a_thread_without_memory_is_told)
{
    struct sweep one = {use_loop_from_thread, no_memory, false};

    sweep(&one, false);
}
END_TEST

static int start_dns_and_resolve(void *arg)
{
    struct sweep_run *run = arg;

    dns_server_start(&dns);
    run_once(run);
    dns_server_stop(&dns);
    return 0;
}

START_TEST(look_up_without_memory_is_told)
{
    struct sweep one = {use_resolver, no_answer, false};
    struct sweep_run run = {.sweep = &one, .hit = true};
    int nfailed = 0;

    ck_assert_int_eq(
        ares_library_init_mem(ARES_LIB_INIT_ALL, __wrap_malloc, __wrap_free, __wrap_realloc),
        ARES_SUCCESS);
    while (run.hit) {
        long live = atomic_load(&faults.live);

        ck_assert_int_lt(++run.nth, FAULTS_MAX);
        ck_assert_int_eq(cop_run(start_dns_and_resolve, &run), 0);
        ck_assert_msg(run.rc == 0 || is_among(one.errors, run.rc), "call %ld: %d", run.nth, run.rc);
        ck_assert_int_eq(atomic_load(&faults.live), live);
        nfailed += run.rc < 0;
    }
    ck_assert_int_gt(nfailed, 0);
}
END_TEST

/* cop_run itself. */
START_TEST(loop_that_cannot_be_made_is_told)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        bool hit = true;

        for (long nth = 1; hit; nth++) {
            long live = atomic_load(&faults.live);
            int fds = open_fds();
            int rc;

            faults_arm(nth, for_ever);
            rc = cop_run(return_zero, NULL);
            hit = faults_disarm();
            ck_assert(rc == 0 || (hit && rc == -ENOMEM));
            ck_assert_int_eq(atomic_load(&faults.live), live);
            ck_assert_int_eq(open_fds(), fds);
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, loop_that_cannot_be_made_is_told);
    tcase_add_loop_test(tc, failure_is_told_and_leaves_nothing, 0, 2 * NSWEEPS);
    tcase_add_test(tc, call_from_a_thread_without_memory_is_told);
    tcase_add_test(tc, look_up_without_memory_is_told);
}

int main(void)
{
    return run_suite("faults", add);
}
