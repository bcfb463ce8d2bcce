/* SPDX-License-Identifier: MIT */
#include "worker/stream/open_connection.h"

#include "tests/unit/dns_server.h"

/* Says which family the connection came by. */
static void say(struct cop_stream *stream, void *arg)
{
    char byte;

    if (cop_write(stream, arg, 1) == 0)
        ck_assert_int_le(cop_read(stream, &byte, 1), 0);
}

struct world {
    struct dns_server dns;
    struct cop_resolver resolver;
    struct cop_server four;
    struct cop_server six;
    uint16_t port;
    bool has_six;
};

static struct world world;

static void start_world(bool with_six)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_address six = address_of("[::1]:0");

    dns_server_start(&world.dns);
    world.resolver =
        (struct cop_resolver){.servers = world.dns.servers, .timeout = 300 * COP_MS, .tries = 1};
    ck_assert_int_eq(cop_start_server(&world.four, &local, say, (void *)(uintptr_t) "4"), 0);
    world.port = port_of(&world.four.acceptor.address);
    ((struct sockaddr_in6 *)&six.sockaddr)->sin6_port = htons(world.port);
    world.has_six =
        with_six && cop_start_server(&world.six, &six, say, (void *)(uintptr_t) "6") == 0;
}

static void stop_world(void)
{
    (void)cop_server_stop(&world.four, 0);
    if (world.has_six)
        (void)cop_server_stop(&world.six, 0);
    dns_server_stop(&world.dns);
}

/* Connect, and say by which family: '4', '6', or -errno. */
static int family_of(const char *host)
{
    struct cop_stream stream;
    char byte;
    int rc = cop_open_connection_with(&stream, &world.resolver, host, world.port);

    if (rc < 0)
        return rc;
    rc = cop_read_exactly(&stream, &byte, 1);
    cop_stream_close(&stream);
    return rc < 0 ? rc : byte;
}

TEST_IN_LOOP(ipv6_is_first_where_both_answer)
{
    start_world(true);
    if (world.has_six)
        ck_assert_int_eq(family_of("both.test"), '6');
    ck_assert_int_eq(family_of("four.test"), '4');
    ck_assert_int_eq(family_of("127.0.0.1"), '4');
    stop_world();
}

TEST_IN_LOOP(refused_family_gives_way_to_the_other)
{
    start_world(false);
    ck_assert_int_eq(family_of("both.test"), '4');
    ck_assert_int_eq(family_of("localhost"), '4');
    stop_world();
}

TEST_IN_LOOP(family_whose_name_servers_are_silent_is_not_waited_for)
{
    start_world(false);
    world.resolver.timeout = 1000 * COP_S;
    ck_assert_int_eq(family_of("slow6.test"), '4');
    stop_world();
}

enum { FILLERS = 8 };

/* A socket on [::1]:port that is full: who connects to it hears nothing. Returns false where there
 * is no IPv6. */
static bool make_six_silent(int *listener, int *fillers)
{
    struct cop_address six = address_of("[::1]:0");
    const struct sockaddr *sockaddr = (const struct sockaddr *)&six.sockaddr;

    ((struct sockaddr_in6 *)&six.sockaddr)->sin6_port = htons(world.port);
    *listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*listener < 0 || bind(*listener, sockaddr, six.len) < 0 || listen(*listener, 0) < 0)
        return false;
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], sockaddr, six.len);
    }
    return true;
}

TEST_IN_LOOP(family_that_leads_nowhere_gives_way_to_the_other)
{
    int fillers[FILLERS], listener, before;

    start_world(false);
    if (make_six_silent(&listener, fillers)) {
        before = count_fds();
        ck_assert_int_eq(family_of("both.test"), '4');
        /* The server's end of the connection may be open yet. */
        ck_assert_int_le(count_fds(), before + 1);
        for (int i = 0; i < FILLERS; i++)
            close(fillers[i]);
    }
    if (listener >= 0)
        close(listener);
    ck_assert_int_eq(family_of("dead6.test"), '4');
    stop_world();
}

TEST_IN_LOOP(errors_of_resolving_and_of_connecting_come_through)
{
    int before;

    start_world(false);
    before = count_fds();
    ck_assert_int_eq(family_of("none.test"), -ENOENT);
    ck_assert_int_eq(family_of(""), -EINVAL);
    ck_assert_int_eq(family_of("silent.test"), -ETIMEDOUT);
    ck_assert_int_eq(family_of("six.test"), -ECONNREFUSED);
    ck_assert_int_eq(count_fds(), before);
    stop_world();
}

TEST_IN_LOOP(cancelled_race_leaves_nothing_open)
{
    struct cop_stream stream;
    struct cop_scope scope;
    int before;

    start_world(false);
    world.resolver.timeout = 1000 * COP_S;
    before = count_fds();
    cop_scope_enter(&scope, cop_now() + 20 * COP_MS);
    ck_assert_int_eq(cop_open_connection_with(&stream, &world.resolver, "silent.test", 80),
                     -ECANCELED);
    ck_assert_int_eq(cop_open_connection(&stream, "127.0.0.1", world.port), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), -ETIMEDOUT);
    ck_assert_int_eq(count_fds(), before);
    stop_world();
}

static void add(TCase *tc)
{
    add_test_in_both(tc, ipv6_is_first_where_both_answer);
    add_test_in_both(tc, refused_family_gives_way_to_the_other);
    add_test_in_both(tc, family_whose_name_servers_are_silent_is_not_waited_for);
    add_test_in_both(tc, family_that_leads_nowhere_gives_way_to_the_other);
    add_test_in_both(tc, errors_of_resolving_and_of_connecting_come_through);
    add_test_in_both(tc, cancelled_race_leaves_nothing_open);
}

int main(void)
{
    return run_suite("open_connection", add);
}
