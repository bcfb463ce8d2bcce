/* SPDX-License-Identifier: MIT */
#include "worker/stream/resolver.h"

#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/dns_server.h"

enum { MOST = 8 };

static struct dns_server dns;
static struct cop_address found[MOST];

static struct cop_resolver start_dns(void)
{
    dns_server_start(&dns);
    return (struct cop_resolver){.servers = dns.servers, .timeout = 2 * COP_S, .tries = 2};
}

static void assert_found(int i, const char *text)
{
    char print[COP_ADDRESS_TEXT_MAX];

    ck_assert_str_eq(cop_address_print(&found[i], print), text);
}

TEST_IN_LOOP(numeric_addresses_and_localhost_need_no_query)
{
    struct cop_resolver nobody = {.servers = "127.0.0.1:1"};

    ck_assert_int_eq(cop_resolve(&nobody, "127.0.0.9", 80, AF_UNSPEC, found, MOST), 1);
    assert_found(0, "127.0.0.9:80");
    ck_assert_int_eq(cop_resolve(&nobody, "::1", 80, AF_UNSPEC, found, MOST), 1);
    assert_found(0, "[::1]:80");
    ck_assert_int_eq(cop_resolve(&nobody, "fe80::1%lo", 80, AF_INET6, found, MOST), 1);
    ck_assert_int_eq(((struct sockaddr_in6 *)&found[0].sockaddr)->sin6_scope_id, 1);
    ck_assert_int_eq(cop_resolve(&nobody, "::1", 80, AF_INET, found, MOST), -ENOENT);
    ck_assert_int_eq(cop_resolve(&nobody, "127.0.0.1", 80, AF_INET6, found, MOST), -ENOENT);
    ck_assert_int_eq(cop_getaddrinfo("localhost", 80, found, MOST), 2);
    assert_found(0, "[::1]:80");
    assert_found(1, "127.0.0.1:80");
    ck_assert_int_eq(cop_resolve(&nobody, "x.LocalHost.", 80, AF_INET, found, MOST), 1);
    assert_found(0, "127.0.0.1:80");
    ck_assert_int_eq(cop_resolve(&nobody, "localhost", 80, AF_UNSPEC, found, 1), 1);
}

TEST_IN_LOOP(what_is_no_name_is_refused)
{
    struct cop_resolver bad = {.servers = "not an address"};
    char long_name[300];

    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ck_assert_int_eq(cop_getaddrinfo("", 80, found, MOST), -EINVAL);
    ck_assert_int_eq(cop_getaddrinfo(NULL, 80, found, MOST), -EINVAL);
    ck_assert_int_eq(cop_getaddrinfo(long_name, 80, found, MOST), -EINVAL);
    ck_assert_int_eq(cop_getaddrinfo("a.test", 80, found, 0), -EINVAL);
    ck_assert_int_eq(cop_getaddrinfo("::1%nosuchinterface", 80, found, MOST), -EINVAL);
    ck_assert_int_eq(cop_resolve(NULL, "a.test", 80, AF_UNIX, found, MOST), -EINVAL);
    ck_assert_int_eq(cop_resolve(&bad, "a.test", 80, AF_INET, found, MOST), -EINVAL);
}

TEST_IN_LOOP(name_has_the_addresses_of_the_families_that_were_asked_for)
{
    struct cop_resolver resolver = start_dns();
    int before = count_fds();

    ck_assert_int_eq(cop_resolve(&resolver, "both.test", 80, AF_UNSPEC, found, MOST), 2);
    ck_assert_int_eq(cop_resolve(&resolver, "both.test", 80, AF_INET, found, MOST), 1);
    assert_found(0, "127.0.0.1:80");
    ck_assert_int_eq(cop_resolve(&resolver, "both.test", 80, AF_INET6, found, MOST), 1);
    assert_found(0, "[::1]:80");
    ck_assert_int_eq(cop_resolve(&resolver, "four.test", 80, AF_UNSPEC, found, MOST), 1);
    assert_found(0, "127.0.0.1:80");
    ck_assert_int_eq(cop_resolve(&resolver, "four.test", 80, AF_INET6, found, MOST), -ENOENT);
    ck_assert_int_eq(cop_resolve(&resolver, "both.test", 80, AF_UNSPEC, found, 1), 1);
    ck_assert_int_eq(count_fds(), before);
    dns_server_stop(&dns);
}

TEST_IN_LOOP(name_that_is_not_there_and_servers_that_fail_are_told_apart)
{
    struct cop_resolver resolver = start_dns();
    struct cop_resolver nobody = {.servers = "127.0.0.1:1", .timeout = 500 * COP_MS, .tries = 1};

    ck_assert_int_eq(cop_resolve(&resolver, "none.test", 80, AF_INET, found, MOST), -ENOENT);
    ck_assert_int_eq(cop_resolve(&resolver, "broken.test", 80, AF_INET, found, MOST),
                     -ECONNREFUSED);
    ck_assert_int_eq(cop_resolve(&resolver, "garbled.test", 80, AF_INET, found, MOST), -EIO);
    ck_assert_int_eq(cop_resolve(&nobody, "four.test", 80, AF_INET, found, MOST), -ECONNREFUSED);
    dns_server_stop(&dns);
}

TEST_IN_LOOP(silent_server_times_out)
{
    struct cop_resolver resolver = start_dns();
    int before = count_fds();

    resolver.timeout = 20 * COP_MS;
    ck_assert_int_eq(cop_resolve(&resolver, "silent.test", 80, AF_INET, found, MOST), -ETIMEDOUT);
    ck_assert_int_ge(dns.queries, 2);
    ck_assert_int_eq(count_fds(), before);
    dns_server_stop(&dns);
}

TEST_IN_LOOP(answer_that_is_too_long_is_fetched_over_tcp)
{
    struct cop_resolver resolver = start_dns();

    ck_assert_int_eq(cop_resolve(&resolver, "long.test", 80, AF_INET, found, MOST), 1);
    assert_found(0, "127.0.0.3:80");
    dns_server_stop(&dns);
}

TEST_IN_LOOP(cancelled_look_up_leaves_nothing_behind)
{
    struct cop_resolver resolver = start_dns();
    struct cop_scope scope;
    int before = count_fds();

    cop_scope_enter(&scope, cop_now() + 20 * COP_MS);
    ck_assert_int_eq(cop_resolve(&resolver, "silent.test", 80, AF_UNSPEC, found, MOST), -ECANCELED);
    ck_assert_int_eq(cop_getaddrinfo("127.0.0.1", 80, found, MOST), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), -ETIMEDOUT);
    ck_assert_int_eq(count_fds(), before);
    dns_server_stop(&dns);
}

struct query {
    const struct cop_resolver *resolver;
    const char *name;
};

static int resolve(void *arg)
{
    struct query *query = arg;
    struct cop_address address;

    return cop_resolve(query->resolver, query->name, 80, AF_INET, &address, 1);
}

TEST_IN_LOOP(many_look_ups_at_once_do_not_mix)
{
    enum { LOOKUPS = 20 };
    struct cop_resolver resolver = start_dns();
    struct query known = {&resolver, "four.test"};
    struct query unknown = {&resolver, "none.test"};
    struct cop_task *tasks[LOOKUPS];

    for (int i = 0; i < LOOKUPS; i++)
        tasks[i] = cop_create_task(resolve, i % 2 ? &known : &unknown);
    for (int i = 0; i < LOOKUPS; i++)
        ck_assert_int_eq(cop_await(tasks[i]), i % 2 ? 1 : -ENOENT);
    dns_server_stop(&dns);
}

/* A hosts file of our own in place of the system's, for this process alone. Needs root. */
static bool replace_hosts(const char *content)
{
    char path[] = "/tmp/hosts-XXXXXX";
    int fd = mkstemp(path);
    bool done;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
    done = unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(path, "/etc/hosts", "none", MS_BIND, NULL) == 0;
    unlink(path);
    return done;
}

TEST_IN_LOOP(hosts_file_comes_before_the_servers)
{
    struct cop_resolver resolver = start_dns();

    if (replace_hosts("127.0.0.7 four.test\n")) {
        ck_assert_int_eq(cop_resolve(&resolver, "four.test", 80, AF_INET, found, MOST), 1);
        assert_found(0, "127.0.0.7:80");
        ck_assert_int_eq(dns.queries, 0);
    }
    dns_server_stop(&dns);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, numeric_addresses_and_localhost_need_no_query);
    add_test_in_both(tc, what_is_no_name_is_refused);
    add_test_in_both(tc, name_has_the_addresses_of_the_families_that_were_asked_for);
    add_test_in_both(tc, name_that_is_not_there_and_servers_that_fail_are_told_apart);
    add_test_in_both(tc, silent_server_times_out);
    add_test_in_both(tc, answer_that_is_too_long_is_fetched_over_tcp);
    add_test_in_both(tc, cancelled_look_up_leaves_nothing_behind);
    add_test_in_both(tc, many_look_ups_at_once_do_not_mix);
    add_test_in_both(tc, hosts_file_comes_before_the_servers);
}

int main(void)
{
    return run_suite("resolver", add);
}
