/* SPDX-License-Identifier: MIT */
#include "master/sockets.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/emulated.h"
#include "tests/unit/suite.h"

static struct config *config;
static struct config_pool *pool, *other_pool;
static struct sockets sockets;
static struct list all;
static char error[256];
static char path[64];

static void setup(void)
{
    char dir[] = "/tmp/coppice-test-XXXXXX";

    list_init(&all);
    config = config_new();
    ck_assert_ptr_nonnull(config);
    ck_assert_ptr_nonnull(config_add_pool(config, "web", "hello"));
    ck_assert_ptr_nonnull(config_add_pool(config, "other", "hello"));
    pool = &config->pools[0];
    other_pool = &config->pools[1];
    pool->tasks = 100;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/app.sock", dir);
}

static void teardown(void)
{
    sockets_fini(&sockets);
    config_free(config);
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
}

static void add_to(struct config_pool *to, const char *text)
{
    struct cop_address address;
    const char *why;

    ck_assert_int_eq(cop_address_parse(text, &address, &why), 0);
    ck_assert_int_eq(config_add_listen(to, &address, text), 0);
}

static void add(const char *text)
{
    add_to(pool, text);
}

static void add_unix(void)
{
    char text[80];

    snprintf(text, sizeof(text), "unix:%s", path);
    add(text);
}

static int open_sockets(unsigned slots)
{
    return sockets_open(&sockets, &all, 1, pool, slots, error, sizeof(error));
}

static bool blocks(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

static int connect_to(const struct cop_address *address)
{
    int fd = socket(address->sockaddr.ss_family, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) == 0)
        return fd;
    close(fd);
    return -1;
}

START_TEST(port_0_becomes_a_real_port_that_accepts)
{
    struct heritage_socket list[SOCKETS_PER_WORKER];
    int fd;

    add("127.0.0.1:0");
    add("[::1]:0");
    ck_assert_int_eq(open_sockets(3), 0);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 2, 3, list), 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_ne(((const struct sockaddr_in *)&list[i].address->sockaddr)->sin_port, 0);
        fd = connect_to(list[i].address);
        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert(!blocks(list[i].fd));
        ck_assert_int_ne(fcntl(list[i].fd, F_GETFD) & FD_CLOEXEC, 0);
    }
}
END_TEST

START_TEST(listener_blocks_only_for_blocking_workers_with_one_address)
{
    pool->tasks = 1;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    ck_assert(blocks(sockets_at(&sockets, 0)->fd));
    sockets_fini(&sockets);
    add("[::1]:0");
    ck_assert_int_eq(open_sockets(1), 0);
    ck_assert(!blocks(sockets_at(&sockets, 0)->fd));
    ck_assert(!blocks(sockets_at(&sockets, 1)->fd));
}
END_TEST

START_TEST(reuse_port_gives_every_slot_its_own_socket_on_one_port_and_grows)
{
    struct heritage_socket first[SOCKETS_PER_WORKER], second[SOCKETS_PER_WORKER],
        third[SOCKETS_PER_WORKER];

    pool->reuse_port = true;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(2), 0);
    ck_assert_int_eq(sockets_grow(&sockets, 3, error, sizeof(error)), 0);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 0, 3, first), 1);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 1, 3, second), 1);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 2, 3, third), 1);
    ck_assert_int_ne(first->fd, second->fd);
    ck_assert_int_ne(second->fd, third->fd);
    ck_assert(address_equal(first->address, second->address));
    ck_assert(address_equal(first->address, third->address));
}
END_TEST

START_TEST(growth_that_fails_leaves_no_socket_without_a_worker)
{
    struct rlimit limit;
    int before, after;

    pool->reuse_port = true;
    add("127.0.0.1:0");
    add("[::1]:0");
    ck_assert_int_eq(open_sockets(2), 0);
    before = dup(0);
    close(before);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)before + 5;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(sockets_grow(&sockets, 6, error, sizeof(error)), -EMFILE);
    after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
    ck_assert_uint_eq(sockets.nsets, 2);
    ck_assert_int_eq(sockets_grow(&sockets, 4, error, sizeof(error)), 0);
}
END_TEST

START_TEST(address_in_use_is_named_and_nothing_stays_open)
{
    struct sockets other;
    struct list none = {&none, &none};
    char text[COP_ADDRESS_TEXT_MAX];
    int before, after;

    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    cop_address_print(&sockets_at(&sockets, 0)->address, text);
    add_to(other_pool, "127.0.0.1:0");
    add_to(other_pool, text);
    before = dup(0);
    close(before);
    ck_assert_int_eq(sockets_open(&other, &none, 1, other_pool, 1, error, sizeof(error)),
                     -EADDRINUSE);
    ck_assert_msg(strncmp(error, text, strlen(text)) == 0, "%s", error);
    ck_assert_ptr_nonnull(strstr(error, "address already in use"));
    after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
}
END_TEST

START_TEST(nodelay_is_inherited_by_accepted_connections)
{
    const struct listener *listener;
    int on = 0, client, server;
    socklen_t len = sizeof(on);

    pool->tcp_nodelay = true;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    listener = sockets_at(&sockets, 0);
    client = connect_to(&listener->address);
    server = accept(listener->fd, NULL, NULL);
    ck_assert_int_ge(server, 0);
    ck_assert_int_eq(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    ck_assert_int_ne(on, 0);
    close(client);
    close(server);
}
END_TEST

START_TEST(queue_counts_connections_that_wait)
{
    uint64_t depth = 9, limit = 0;
    int first, second;

    pool->backlog = 7;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    if (EMULATOR_LACKS(NO_TCP_INFO))
        return;
    ck_assert_int_eq(sockets_queue(&sockets, &depth, &limit), 0);
    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_eq(limit, 7);
    first = connect_to(&sockets_at(&sockets, 0)->address);
    second = connect_to(&sockets_at(&sockets, 0)->address);
    ck_assert_int_eq(sockets_queue(&sockets, &depth, &limit), 0);
    ck_assert_uint_eq(depth, 2);
    close(first);
    close(second);
    sockets_close(&sockets);
    ck_assert_int_eq(sockets_queue(&sockets, &depth, &limit), -ENOENT);
}
END_TEST

START_TEST(unix_socket_has_its_mode_and_its_file_goes_with_it)
{
    struct stat st;

    add_unix();
    ck_assert_int_eq(open_sockets(1), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0660);
    sockets_close(&sockets);
    ck_assert_int_lt(stat(path, &st), 0);
}
END_TEST

START_TEST(closing_leaves_the_file_of_a_successor)
{
    struct sockets successor;
    struct list none = {&none, &none};

    add_unix();
    ck_assert_int_eq(open_sockets(1), 0);
    unlink(path);
    ck_assert_int_eq(sockets_open(&successor, &none, 1, pool, 1, error, sizeof(error)), 0);
    sockets_close(&sockets);
    ck_assert_int_eq(access(path, F_OK), 0);
    sockets_fini(&successor);
    ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

/* ---- from one generation to the next ---- */

static struct sockets next;

static int open_next(const struct config_pool *of, unsigned slots)
{
    return sockets_open(&next, &all, 2, of, slots, error, sizeof(error));
}

START_TEST(next_generation_takes_the_same_descriptor)
{
    int fd;

    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    fd = sockets_at(&sockets, 0)->fd;
    ck_assert(sockets_are_last(&sockets));
    ck_assert_int_eq(open_next(pool, 1), 0);
    ck_assert(!sockets_are_last(&sockets));
    ck_assert_int_eq(sockets_at(&next, 0)->fd, fd);
    sockets_fini(&sockets);
    ck_assert_int_eq(sockets_at(&next, 0)->fd, fd);
    fd = connect_to(&sockets_at(&next, 0)->address);
    ck_assert_int_ge(fd, 0);
    close(fd);
    sockets_fini(&next);
    ck_assert(list_is_empty(&all));
}
END_TEST

START_TEST(generation_that_failed_leaves_everything_as_it_was)
{
    char text[COP_ADDRESS_TEXT_MAX];
    struct sockets foreign;
    struct list none = {&none, &none};
    int fd;

    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    fd = sockets_at(&sockets, 0)->fd;
    add_to(other_pool, "127.0.0.1:0");
    ck_assert_int_eq(sockets_open(&foreign, &none, 1, other_pool, 1, error, sizeof(error)), 0);
    add(cop_address_print(&sockets_at(&foreign, 0)->address, text));
    ck_assert_int_eq(open_next(pool, 1), -EADDRINUSE);
    pool->nlisten = 1;
    ck_assert_int_eq(sockets_at(&sockets, 0)->fd, fd);
    ck_assert(sockets_are_last(&sockets));
    sockets_fini(&sockets);
    pool->nlisten = 2;
    sockets_fini(&foreign);
}
END_TEST

START_TEST(growth_after_a_generation_that_failed_binds_sockets_of_its_own)
{
    struct heritage_socket first[SOCKETS_PER_WORKER], third[SOCKETS_PER_WORKER];

    pool->reuse_port = true;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(2), 0);
    ck_assert_int_eq(open_next(pool, 2), 0);
    ck_assert_int_eq(sockets_grow(&sockets, 3, error, sizeof(error)), 0);
    sockets_fini(&next);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 0, 3, first), 1);
    ck_assert_uint_eq(sockets_of_slot(&sockets, 2, 3, third), 1);
    ck_assert_int_ne(first->fd, third->fd);
    ck_assert(address_equal(first->address, third->address));
}
END_TEST

START_TEST(fixed_address_moves_to_another_pool_and_a_chosen_port_does_not)
{
    char text[COP_ADDRESS_TEXT_MAX];

    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    add_to(other_pool, "127.0.0.1:0");
    ck_assert_int_eq(open_next(other_pool, 1), 0);
    ck_assert_int_ne(sockets_at(&next, 0)->fd, sockets_at(&sockets, 0)->fd);
    sockets_fini(&next);
    add_to(other_pool, cop_address_print(&sockets_at(&sockets, 0)->address, text));
    ck_assert_int_eq(sockets_open(&next, &all, 3, other_pool, 1, error, sizeof(error)), 0);
    ck_assert_int_eq(sockets_at(&next, 1)->fd, sockets_at(&sockets, 0)->fd);
    sockets_fini(&next);
}
END_TEST

START_TEST(address_that_is_gone_is_closed_with_its_file)
{
    add_unix();
    ck_assert_int_eq(open_sockets(1), 0);
    add_to(other_pool, "127.0.0.1:0");
    ck_assert_int_eq(open_next(other_pool, 1), 0);
    ck_assert(sockets_are_last(&sockets));
    sockets_close(&sockets);
    ck_assert_int_lt(access(path, F_OK), 0);
    sockets_fini(&next);
}
END_TEST

START_TEST(sockets_of_slots_that_are_gone_are_dealt_out)
{
    struct heritage_socket list[SOCKETS_PER_WORKER];

    pool->reuse_port = true;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(5), 0);
    ck_assert_int_eq(open_next(pool, 2), 0);
    ck_assert_uint_eq(sockets_of_slot(&next, 0, 2, list), 3);
    ck_assert_uint_eq(sockets_of_slot(&next, 1, 2, list), 2);
    ck_assert(!sockets_are_last(&sockets));
    sockets_fini(&next);
}
END_TEST

START_TEST(reuse_port_can_be_switched_on_but_not_off)
{
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    pool->reuse_port = true;
    ck_assert_msg(open_next(pool, 3) == 0, "%s", error);
    sockets_fini(&sockets);
    pool->reuse_port = false;
    ck_assert_int_eq(sockets_open(&sockets, &all, 3, pool, 3, error, sizeof(error)), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "restart"));
    pool->reuse_port = true;
    sockets_fini(&next);
}
END_TEST

START_TEST(listener_that_was_taken_over_never_begins_to_block)
{
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    pool->tasks = 1;
    ck_assert_int_eq(open_next(pool, 1), 0);
    ck_assert(!blocks(sockets_at(&next, 0)->fd));
    sockets_fini(&next);
    sockets_fini(&sockets);
    ck_assert_int_eq(open_sockets(1), 0);
    ck_assert(blocks(sockets_at(&sockets, 0)->fd));
    pool->tasks = 100;
    ck_assert_int_eq(open_next(pool, 1), 0);
    ck_assert(!blocks(sockets_at(&next, 0)->fd));
    sockets_fini(&next);
}
END_TEST

START_TEST(adjusting_sets_the_backlog_anew)
{
    uint64_t depth, limit = 0;

    pool->backlog = 7;
    add("127.0.0.1:0");
    ck_assert_int_eq(open_sockets(1), 0);
    if (EMULATOR_LACKS(NO_TCP_INFO))
        return;
    pool->backlog = 9;
    ck_assert_int_eq(open_next(pool, 1), 0);
    sockets_adjust(&next);
    ck_assert_int_eq(sockets_queue(&sockets, &depth, &limit), 0);
    ck_assert_uint_eq(limit, 9);
    sockets_fini(&next);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, port_0_becomes_a_real_port_that_accepts);
    tcase_add_test(tc, listener_blocks_only_for_blocking_workers_with_one_address);
    tcase_add_test(tc, reuse_port_gives_every_slot_its_own_socket_on_one_port_and_grows);
    tcase_add_test(tc, growth_that_fails_leaves_no_socket_without_a_worker);
    tcase_add_test(tc, address_in_use_is_named_and_nothing_stays_open);
    tcase_add_test(tc, nodelay_is_inherited_by_accepted_connections);
    tcase_add_test(tc, queue_counts_connections_that_wait);
    tcase_add_test(tc, unix_socket_has_its_mode_and_its_file_goes_with_it);
    tcase_add_test(tc, closing_leaves_the_file_of_a_successor);
    tcase_add_test(tc, next_generation_takes_the_same_descriptor);
    tcase_add_test(tc, generation_that_failed_leaves_everything_as_it_was);
    tcase_add_test(tc, growth_after_a_generation_that_failed_binds_sockets_of_its_own);
    tcase_add_test(tc, fixed_address_moves_to_another_pool_and_a_chosen_port_does_not);
    tcase_add_test(tc, address_that_is_gone_is_closed_with_its_file);
    tcase_add_test(tc, sockets_of_slots_that_are_gone_are_dealt_out);
    tcase_add_test(tc, reuse_port_can_be_switched_on_but_not_off);
    tcase_add_test(tc, listener_that_was_taken_over_never_begins_to_block);
    tcase_add_test(tc, adjusting_sets_the_backlog_anew);
}

int main(void)
{
    return run_suite("sockets", add_tests);
}
