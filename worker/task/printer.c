/* SPDX-License-Identifier: MIT */
#include "worker/task/printer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/digits.h"

/* A pipe that nobody reads must not hold who prints for ever. */
#define PATIENCE_MS 1000

void printer_init(struct printer *printer, int fd)
{
    printer->fd = fd;
    printer->error = 0;
    printer->len = 0;
}

static int wait_for_room(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
    int n = poll(&pollfd, 1, PATIENCE_MS);

    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n == 0 ? -ETIMEDOUT : 0;
}

int printer_flush(struct printer *printer)
{
    size_t done = 0;
    int before = errno;

    while (done < printer->len && printer->error == 0) {
        ssize_t n = write(printer->fd, printer->buffer + done, printer->len - done);

        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN)
            printer->error = wait_for_room(printer->fd);
        else if (errno != EINTR)
            printer->error = -errno;
    }
    printer->len = 0;
    errno = before;
    return printer->error;
}

void print_bytes(struct printer *printer, const char *text, size_t len)
{
    while (len > 0) {
        size_t room = sizeof(printer->buffer) - printer->len;
        size_t part = len < room ? len : room;

        memcpy(printer->buffer + printer->len, text, part);
        printer->len += part;
        text += part;
        len -= part;
        if (printer->len < sizeof(printer->buffer))
            continue;
        if (printer->fd == PRINTER_CUTS)
            return;
        (void)printer_flush(printer);
    }
}

void print_text(struct printer *printer, const char *text)
{
    print_bytes(printer, text, strlen(text));
}

void print_number(struct printer *printer, uint64_t number)
{
    char digits[DECIMAL_MAX];

    print_bytes(printer, digits, (size_t)(decimal_print(digits, number) - digits));
}

void print_hex(struct printer *printer, uint64_t number)
{
    char digits[16];
    unsigned n = 1;

    while (n < sizeof(digits) && number >> 4 * n > 0)
        n++;
    print_text(printer, "0x");
    print_bytes(printer, digits, (size_t)(hex_print(digits, number, n) - digits));
}

void print_duration(struct printer *printer, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

    if (us >= 1000000) {
        print_number(printer, us / 1000000);
        print_text(printer, ".");
        print_number(printer, us / 100000 % 10);
        print_text(printer, " s");
    } else {
        print_number(printer, us >= 1000 ? us / 1000 : us);
        print_text(printer, us >= 1000 ? " ms" : " us");
    }
}

void print_label(struct printer *printer, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        print_bytes(printer, byte < ' ' || byte == 127 ? "?" : &text[i], 1);
    }
}
