/* SPDX-License-Identifier: MIT */
#include "master/bind.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[32], path[64], error[256];
static struct cop_address address;
static struct listener listener;

static void setup(void)
{
    char text[80];
    const char *why;

    strcpy(folder, "/tmp/test_bind.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(text, sizeof(text), "unix:%s", path);
    ck_assert_int_eq(cop_address_parse(text, &address, &why), 0);
    listener.fd = -1;
}

static void teardown(void)
{
    bind_close(&listener);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static int bind_it(struct listener *to)
{
    return bind_unix(to, &address, 0600, 16, error, sizeof(error));
}

static bool is_served(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int rc = connect(fd, (const struct sockaddr *)&address.sockaddr, address.len);

    close(fd);
    return rc == 0;
}

START_TEST(unix_socket_is_served_with_its_mode_and_goes_with_its_file)
{
    struct stat st;

    ck_assert_int_eq(bind_it(&listener), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert(is_served());
    bind_close(&listener);
    ck_assert_int_lt(stat(path, &st), 0);
    bind_close(&listener);
}
END_TEST

START_TEST(stale_unix_socket_is_replaced)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address.sockaddr, address.len), 0);
    close(fd);
    ck_assert_int_eq(bind_it(&listener), 0);
    ck_assert(is_served());
}
END_TEST

START_TEST(unix_socket_that_is_served_is_left_alone)
{
    struct listener other = {.fd = -1};

    ck_assert_int_eq(bind_it(&listener), 0);
    ck_assert_int_eq(bind_it(&other), -EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(error, "another process serves"));
    ck_assert(is_served());
}
END_TEST

START_TEST(file_that_is_no_socket_is_left_alone)
{
    close(open(path, O_WRONLY | O_CREAT, 0600));
    ck_assert_int_eq(bind_it(&listener), -EEXIST);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(failure_leaves_no_descriptor)
{
    int before = dup(0), after;

    close(before);
    strcat(((struct sockaddr_un *)&address.sockaddr)->sun_path, "/none");
    address.len += (socklen_t)strlen("/none");
    ck_assert_int_eq(bind_it(&listener), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, unix_socket_is_served_with_its_mode_and_goes_with_its_file);
    tcase_add_test(tc, stale_unix_socket_is_replaced);
    tcase_add_test(tc, unix_socket_that_is_served_is_left_alone);
    tcase_add_test(tc, file_that_is_no_socket_is_left_alone);
    tcase_add_test(tc, failure_leaves_no_descriptor);
}

int main(void)
{
    return run_suite("bind", add);
}
