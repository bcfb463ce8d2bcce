/* SPDX-License-Identifier: MIT */
#include "common/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

int answer_open_paper(void)
{
    int fd = memfd_create("answer", MFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int answer_send(int fd, const struct answer *answer, int paper)
{
    union control control = {.space = {0}};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)answer, .iov_len = sizeof(*answer)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t n;

    if (paper >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &paper, sizeof(paper));
    }
    do
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return 0;
    return errno == ENOBUFS ? -EAGAIN : errno == ECONNRESET ? -EPIPE : -errno;
}

/* The descriptor that came along, or -1. There is room for one, so there cannot be more. */
static int take_paper(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int paper = -1;

    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&paper, CMSG_DATA(header), sizeof(paper));
    return paper;
}

int answer_receive(int fd, struct answer *answer, int *paper)
{
    union control control;
    struct answer got;
    struct iovec piece = {.iov_base = &got, .iov_len = sizeof(got)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t n;
    int came;

    do
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
    if (n == 0)
        return -EPIPE;
    came = take_paper(&message);
    if (n != (ssize_t)sizeof(got) || (message.msg_flags & MSG_TRUNC)) {
        if (came >= 0)
            close(came);
        return -EBADMSG;
    }
    *answer = got;
    *paper = came;
    return 1;
}

char *answer_read(int paper, size_t *len)
{
    struct stat st;
    size_t done = 0;
    char *text;

    if (fstat(paper, &st) < 0 || st.st_size < 0 || st.st_size > (off_t)ANSWER_TEXT_MAX)
        return NULL;
    text = malloc((size_t)st.st_size + 1);
    while (text && done < (size_t)st.st_size) {
        ssize_t n = pread(paper, text + done, (size_t)st.st_size - done, (off_t)done);

        if (n <= 0) /* shorter than it was */
            break;
        done += (size_t)n;
    }
    if (!text)
        return NULL;
    text[done] = 0;
    *len = done;
    return text;
}
