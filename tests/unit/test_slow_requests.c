/* SPDX-License-Identifier: MIT */
/*
 * test_slow_requests.c - blocking threads that are asked what they do, and do not answer at once.
 */
#include "worker/http/slow_requests.h"

#include <signal.h>
#include <time.h>

#include "common/beat.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/both_loops.h"
#include "tests/unit/said.h"
#include "worker/http/http_session.h"

#define LIMIT COP_MS

/* The thread with a slow request, and what the two tell each other. */
struct fixture {
    struct beat *beat;
    pthread_t threads[2];
    struct cop_loop *loop; /* the main one */
    struct slow_requests *slow;
    struct loop_ticker *ticker;
    int log;
    bool leaves;         /* without an answer */
    atomic_uint ticks;   /* of the main loop */
    atomic_bool is_gone; /* the thread's loop */
    atomic_bool is_over;
};

static bool is_pending(int signal)
{
    sigset_t pending;

    ck_assert_int_eq(sigpending(&pending), 0);
    return sigismember(&pending, signal);
}

/* Or less: a question interrupts it. */
static void nap(void)
{
    struct timespec pause = {.tv_nsec = 100000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Until who asks has given up and does other things. */
static void be_asked_in_vain(struct fixture *fixture)
{
    unsigned ticks;

    while (!is_pending(census_signal()))
        nap();
    ticks = atomic_load(&fixture->ticks);
    while (atomic_load(&fixture->ticks) - ticks < 2)
        nap();
}

static void mask_probes(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, census_signal());
    ck_assert_int_eq(pthread_sigmask(how, &set, NULL), 0);
}

static struct cop_loop *begin_request(struct beat *beat, struct http_session *session,
                                      const char *path)
{
    struct cop_loop *loop =
        loop_new(&(struct loop_options){.stack_size = 64 * 1024, .blocking = true, .beat = beat});

    ck_assert_ptr_nonnull(loop);
    session->began = clock_now() - COP_S;
    session->stage = HTTP_HANDLED;
    cop_task_set_label(&loop->thread, path, strlen(path));
    beat_task_start(beat, 0, session->began, path, strlen(path));
    loop->thread.serves = session;
    return loop;
}

static void *serve(void *arg)
{
    struct fixture *fixture = arg;
    struct cop_connection connection = {.id = 1};
    struct http_session session = {.connection = &connection};
    struct cop_loop *loop;

    mask_probes(SIG_BLOCK);
    loop = begin_request(fixture->beat, &session, "/first");
    be_asked_in_vain(fixture);
    if (!fixture->leaves)
        mask_probes(SIG_UNBLOCK);
    while (!fixture->leaves && !atomic_load(&fixture->is_over))
        nap();
    loop_free(loop);
    atomic_store(&fixture->is_gone, true);
    return NULL;
}

static void *serve_second(void *arg)
{
    struct fixture *fixture = arg;
    struct cop_connection connection = {.id = 2};
    struct http_session session = {.connection = &connection};
    struct cop_loop *loop;

    while (!atomic_load(&fixture->is_gone) && !atomic_load(&fixture->is_over))
        nap();
    loop = begin_request(fixture->beat + 1, &session, "/second");
    while (!atomic_load(&fixture->is_over))
        nap();
    loop_free(loop);
    return NULL;
}

static bool has_said(const struct fixture *fixture, const char *word)
{
    const char *said = said_read(dup(fixture->log));

    return strstr(said, word) != NULL;
}

static void tick(void *arg, int64_t late_ns)
{
    struct fixture *fixture = arg;

    atomic_fetch_add(&fixture->ticks, 1);
    if (has_said(fixture, fixture->leaves ? "/second" : "/first"))
        loop_stop(fixture->loop);
}

static void fixture_init(struct fixture *fixture, bool leaves)
{
    static struct config_pool pool = {.slow_request = LIMIT, .app = (char *)"test"};

    *fixture = (struct fixture){.beat = beat_new(2), .log = said_open(), .leaves = leaves};
    ck_assert_ptr_nonnull(fixture->beat);
    ck_assert_int_ge(dup2(fixture->log, STDERR_FILENO), 0);
    fixture->loop = loop_new(&(struct loop_options){.stack_size = 64 * 1024});
    ck_assert_ptr_nonnull(fixture->loop);
    fixture->slow = slow_requests_start_blocking(fixture->loop, &pool);
    fixture->ticker = loop_ticker_new(fixture->loop, COP_MS, tick, fixture);
    ck_assert(fixture->slow && fixture->ticker);
    ck_assert_int_eq(pthread_create(&fixture->threads[0], NULL, serve, fixture), 0);
    ck_assert_int_eq(pthread_create(&fixture->threads[1], NULL, serve_second, fixture), 0);
}

/* Returns what was said. */
static const char *run(struct fixture *fixture)
{
    ck_assert_int_eq(loop_run(fixture->loop), 0);
    atomic_store(&fixture->is_over, true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(fixture->threads[i], NULL), 0);
    loop_ticker_free(fixture->ticker);
    slow_requests_stop(fixture->slow);
    loop_free(fixture->loop);
    beat_free(fixture->beat, 2);
    return said_read(fixture->log);
}

START_TEST(answer_that_comes_late_is_told_in_the_next_round)
{
    struct fixture fixture;

    fixture_init(&fixture, false);
    ck_assert_uint_eq(said_count(run(&fixture), "slow request - \"/first\""), 1);
}
END_TEST

START_TEST(thread_that_ends_without_an_answer_keeps_nobody_from_being_asked)
{
    struct fixture fixture;
    const char *said;

    fixture_init(&fixture, true);
    said = run(&fixture);
    ck_assert_uint_eq(said_count(said, "/first"), 0);
    ck_assert_uint_eq(said_count(said, "slow request - \"/second\""), 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, answer_that_comes_late_is_told_in_the_next_round);
    tcase_add_test(tc, thread_that_ends_without_an_answer_keeps_nobody_from_being_asked);
}

int main(void)
{
    return run_suite("slow_requests", add);
}
