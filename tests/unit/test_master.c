/* SPDX-License-Identifier: MIT */
#include "tests/unit/fake_worker.h"
#include "tests/unit/suite.h"

#include <sys/mman.h>
#include <sys/prctl.h>

static bool is_alive(pid_t pid)
{
    char path[48], state = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state != 0 && state != 'Z' && state != 'X';
}

static void wait_gone(pid_t pid)
{
    int64_t deadline = clock_now() + 10 * NS_PER_S;

    while (is_alive(pid)) {
        ck_assert_msg(clock_now() < deadline, "process %d lives on", (int)pid);
        poll(NULL, 0, 5);
    }
}

START_TEST(master_starts_its_workers_and_stops_gracefully_on_term)
{
    pid_t first, second;

    fixture_start();
    wait_ready(2);
    first = worker_pid(0);
    second = worker_pid(1);
    kill(fixture.pid, SIGTERM);
    ck_assert_int_eq(fixture_wait(), 0);
    ck_assert(!is_alive(first) && !is_alive(second));
    ck_assert_int_lt(access(fixture.socket, F_OK), 0);
}
END_TEST

START_TEST(ctrl_c_drains_and_exits_0)
{
    fixture_start();
    wait_ready(2);
    kill(fixture.pid, SIGINT);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

START_TEST(totals_are_exact_after_a_kill_that_no_report_announced)
{
    pid_t pid;

    fixture_start();
    wait_ready(2);
    ck_assert_int_eq(total("requests"), 2 * FAKE_REPORTED);
    pid = worker_pid(1);
    kill_worker(pid, SIGKILL);
    wait_replaced(1, pid);
    wait_ready(2);
    /* The dead one's unreported 5 are there, too. */
    ck_assert_int_eq(total("requests"), 3 * FAKE_REPORTED + FAKE_UNREPORTED);
}
END_TEST

START_TEST(totals_never_go_back_while_workers_die)
{
    int64_t last = 0;

    fixture.pool->threads = 2;
    fixture_start();
    wait_ready(2);
    for (int i = 0; i < 4; i++) {
        pid_t pid = worker_pid(i % 2), now;
        int64_t deadline = clock_now() + 10 * NS_PER_S;

        kill_worker(pid, i < 2 ? SIGKILL : SIGSEGV);
        do {
            int64_t requests = total("requests");

            ck_assert_int_ge(requests, last);
            last = requests;
            now = worker_pid(i % 2);
            ck_assert_int_lt(clock_now(), deadline);
        } while (now == pid || now < 0);
        wait_ready(2);
    }
    wait_ready(2);
    ck_assert_int_eq(total("requests"), 2 * (6 * FAKE_REPORTED + 4 * FAKE_UNREPORTED));
}
END_TEST

START_TEST(crash_loop_opens_the_breaker)
{
    fixture_mode("crash");
    fixture.pool->workers = 4;
    fixture_start();
    ck_assert_int_eq(fixture_wait(), MASTER_EXIT_CRASHING);
}
END_TEST

START_TEST(crash_loop_backs_off)
{
    int64_t deadline = clock_now() + 20 * NS_PER_S, crashes = 0;
    double delay = 0;

    fixture_mode("crash");
    fixture.pool->workers = 1;
    fixture_start();
    while (crashes < 4) {
        struct jsondoc *reply = control_ask("{\"command\":\"status\"}");
        const char *failure = jsondoc_text(jsondoc_get(jsondoc_get(reply, "data"), "last_failure"));
        const char *next = failure == NULL ? NULL : strstr(failure, "next try in ");

        crashes = row_number(reply_rows(reply, "pools"), 0, "crashes");
        if (next != NULL)
            ck_assert_int_eq(sscanf(next, "next try in %lf s", &delay), 1);
        jsondoc_free(reply);
        ck_assert_int_lt(clock_now(), deadline);
    }
    /* After the fourth death 0.4 s +-20 %, in tenths; after a fifth, more. */
    ck_assert_double_ge(delay, 0.29);
}
END_TEST

START_TEST(worker_that_cannot_start_ends_the_master_with_2)
{
    fixture_mode("fatal");
    fixture_start();
    ck_assert_int_eq(fixture_wait(), EXIT_CANNOT_START);
}
END_TEST

START_TEST(worker_that_is_not_ready_in_time_is_killed_and_tried_again)
{
    pid_t pid;

    fixture_mode("unready");
    fixture.config->supervision.start_timeout = 300 * NS_PER_MS;
    fixture_start();
    pid = worker_pid(0);
    wait_replaced(0, pid);
}
END_TEST

START_TEST(deaf_worker_is_killed_after_drain_and_kill_timeout)
{
    fixture_mode("deaf");
    fixture.config->supervision.drain_timeout = 100 * NS_PER_MS;
    fixture.config->supervision.kill_timeout = 100 * NS_PER_MS;
    fixture_start();
    wait_ready(2);
    kill(fixture.pid, SIGTERM);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

START_TEST(second_term_does_not_wait_for_the_drain)
{
    fixture_mode("deaf");
    fixture.config->supervision.drain_timeout = 1000 * NS_PER_S;
    fixture.config->supervision.kill_timeout = 100 * NS_PER_MS;
    fixture_start();
    wait_ready(2);
    kill(fixture.pid, SIGTERM);
    kill(fixture.pid, SIGINT);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

START_TEST(worker_that_sends_rubbish_is_replaced_and_no_other)
{
    int64_t deadline = clock_now() + 20 * NS_PER_S, restarts = 0;
    struct jsondoc *reply;

    fixture_mode("garbage");
    fixture_start();
    while (restarts < 2) {
        reply = control_ask("{\"command\":\"workers\"}");
        restarts = row_number(reply_rows(reply, "workers"), 0, "restarts");
        ck_assert_int_eq(row_number(reply_rows(reply, "workers"), 1, "restarts"), 0);
        jsondoc_free(reply);
        ck_assert_int_lt(clock_now(), deadline);
    }
}
END_TEST

START_TEST(worker_without_beats_is_aborted_and_replaced)
{
    struct jsondoc *reply;
    pid_t pid;

    fixture_mode("hang");
    fixture.config->supervision.hang_warn = 200 * NS_PER_MS;
    fixture.config->supervision.hang_timeout = 700 * NS_PER_MS;
    fixture_start();
    pid = worker_pid(0);
    wait_replaced(0, pid);
    reply = control_ask("{\"command\":\"status\"}");
    ck_assert_int_gt(row_number(reply_rows(reply, "pools"), 0, "hangs"), 0);
    jsondoc_free(reply);
}
END_TEST

START_TEST(blocking_worker_without_beats_is_left_alone)
{
    pid_t pid;

    fixture_mode("hang");
    fixture.pool->tasks = 1;
    fixture.config->supervision.hang_timeout = 100 * NS_PER_MS;
    fixture_start();
    wait_ready(2);
    pid = worker_pid(0);
    /* Two ticks, which would have found it. */
    poll(NULL, 0, 1200);
    ck_assert_int_eq(worker_pid(0), pid);
}
END_TEST

START_TEST(workers_leave_when_the_master_is_killed)
{
    pid_t first, second;

    fixture_start();
    wait_ready(2);
    first = worker_pid(0);
    second = worker_pid(1);
    kill(fixture.pid, SIGKILL);
    ck_assert_int_eq(fixture_wait(), -1);
    wait_gone(first);
    wait_gone(second);
}
END_TEST

START_TEST(worker_inherits_only_what_the_heritage_names)
{
    const char *why;
    struct cop_address address;
    int extra = open("/dev/null", O_RDONLY);

    ck_assert_int_ge(extra, 0);
    ck_assert_int_eq(cop_address_parse("127.0.0.1:0", &address, &why), 0);
    ck_assert_int_eq(config_add_listen(fixture.pool, &address, "127.0.0.1:0"), 0);
    fixture_mode("descriptors");
    fixture.pool->workers = 1;
    fixture_start();
    wait_ready(1);
    /* 0, 1, 2, the listener, the report pipe and the order channel. */
    ck_assert_int_eq(total("rss_bytes"), 6);
}
END_TEST

static struct metrics *final;

static void keep_totals(struct master *master, void *arg)
{
    master_totals(master, final);
}

START_TEST(oneshot_master_returns_when_all_workers_are_done_with_exact_totals)
{
    fixture_mode("oneshot");
    final = metrics_new();
    fixture.hooks = (struct master_hooks){.finish = keep_totals, .oneshot = true};
    fixture.pool->workers = 3;
    fixture_start();
    ck_assert_int_eq(fixture_wait(), 0);
    ck_assert_uint_eq(metric_get(final, METRIC_requests), 3 * (FAKE_REPORTED + FAKE_UNREPORTED));
    ck_assert_uint_eq(histogram_total(&final->histogram[HISTOGRAM_request_duration]),
                      3 * (FAKE_REPORTED + FAKE_UNREPORTED));
    metrics_free(final);
}
END_TEST

START_TEST(oneshot_master_fails_when_a_worker_does)
{
    fixture_mode("crash");
    fixture.hooks.oneshot = true;
    fixture_start();
    ck_assert_int_eq(fixture_wait(), MASTER_EXIT_FAILED);
}
END_TEST

START_TEST(oneshot_master_keeps_to_its_number_of_workers)
{
    struct jsondoc *reply;

    fixture.hooks.oneshot = true;
    fixture_start();
    wait_ready(2);
    reply = control_ask("{\"command\":\"scale\",\"pool\":\"web\",\"workers\":3}");
    ck_assert_ptr_nonnull(strstr(jsondoc_text(jsondoc_get(reply, "error")), "to 2 workers"));
    jsondoc_free(reply);
    kill(fixture.pid, SIGTERM);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

START_TEST(address_in_use_ends_the_master_with_2)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct cop_address address = {.len = sizeof(in)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address.sockaddr, &address.len), 0);
    ck_assert_int_eq(config_add_listen(fixture.pool, &address, "taken"), 0);
    fixture_start();
    ck_assert_int_eq(fixture_wait(), EXIT_CANNOT_START);
    close(fd);
}
END_TEST

START_TEST(ttin_and_ttou_change_the_number_of_workers)
{
    pid_t second, third;

    fixture_start();
    wait_ready(2);
    second = worker_pid(1);
    kill(fixture.pid, SIGTTIN);
    wait_ready(3);
    third = worker_pid(2);
    ck_assert_int_gt(third, 0);
    kill(fixture.pid, SIGTTOU);
    wait_ready(2);
    wait_gone(third);
    ck_assert_int_eq(worker_pid(1), second);
}
END_TEST

START_TEST(hup_and_usr1_do_not_end_the_master)
{
    fixture_start();
    wait_ready(2);
    kill(fixture.pid, SIGHUP);
    kill(fixture.pid, SIGUSR1);
    wait_ready(2);
    kill(fixture.pid, SIGQUIT);
    ck_assert_int_eq(fixture_wait(), 0);
}
END_TEST

static void add(TCase *tc)
{
    /* Orphans of a killed master come to us, so that none is left over. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_add_test(tc, master_starts_its_workers_and_stops_gracefully_on_term);
    tcase_add_test(tc, ctrl_c_drains_and_exits_0);
    tcase_add_test(tc, totals_are_exact_after_a_kill_that_no_report_announced);
    tcase_add_test(tc, totals_never_go_back_while_workers_die);
    tcase_add_test(tc, crash_loop_opens_the_breaker);
    tcase_add_test(tc, crash_loop_backs_off);
    tcase_add_test(tc, worker_that_cannot_start_ends_the_master_with_2);
    tcase_add_test(tc, worker_that_is_not_ready_in_time_is_killed_and_tried_again);
    tcase_add_test(tc, deaf_worker_is_killed_after_drain_and_kill_timeout);
    tcase_add_test(tc, second_term_does_not_wait_for_the_drain);
    tcase_add_test(tc, worker_that_sends_rubbish_is_replaced_and_no_other);
    tcase_add_test(tc, worker_without_beats_is_aborted_and_replaced);
    tcase_add_test(tc, blocking_worker_without_beats_is_left_alone);
    tcase_add_test(tc, workers_leave_when_the_master_is_killed);
    tcase_add_test(tc, worker_inherits_only_what_the_heritage_names);
    tcase_add_test(tc, oneshot_master_returns_when_all_workers_are_done_with_exact_totals);
    tcase_add_test(tc, oneshot_master_fails_when_a_worker_does);
    tcase_add_test(tc, oneshot_master_keeps_to_its_number_of_workers);
    tcase_add_test(tc, address_in_use_ends_the_master_with_2);
    tcase_add_test(tc, ttin_and_ttou_change_the_number_of_workers);
    tcase_add_test(tc, hup_and_usr1_do_not_end_the_master);
}

int main(void)
{
    return run_suite("master", add);
}
