/* SPDX-License-Identifier: MIT */
#include "worker/stream/page_cache.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "worker/sync/offload.h"
#include "worker/task/sched.h"

/* How far apart bytes are tried: what is missing is, as a rule, a file's end, or all of it. */
#define STRIDE (1u << 20)

/* On a thread's stack. */
#define SCRATCH (32u << 10)

struct part {
    int file;
    off_t offset;
    size_t size;
};

/* File systems without RWF_NOWAIT: is it one that is made of memory? */
static bool is_memory(int file)
{
    struct statfs fs;

    return fstatfs(file, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* A part that was in memory so shortly ago is not tried again: where a file is popular, a system
 * call for each piece of it would be felt. When its descriptor has become another file's meanwhile,
 * a read may hold up the loop once. */
#define KNOWN_NS (50 * NS_PER_MS)

static _Thread_local struct {
    struct part part;
    cop_time until;
} known[16];

#define NKNOWN (sizeof(known) / sizeof(known[0]))

static size_t place_of(int file, off_t offset)
{
    return ((size_t)file + (size_t)(offset / STRIDE)) % NKNOWN;
}

static bool is_known(int file, off_t offset, size_t size)
{
    const struct part *part = &known[place_of(file, offset)].part;

    return part->file == file && part->offset == offset && part->size >= size &&
           loop_here->now < known[place_of(file, offset)].until;
}

/* Returns 1, 0 when it would wait, or -errno. */
static int try_byte(int file, off_t offset)
{
    char byte;
    struct iovec piece = {.iov_base = &byte, .iov_len = 1};

    if (preadv2(file, &piece, 1, offset, RWF_NOWAIT) >= 0)
        return 1;
    return errno == EAGAIN ? 0 : -errno;
}

static bool try_part(int file, off_t offset, size_t size)
{
    off_t last = offset + (off_t)(size ? size - 1 : 0);
    int rc = try_byte(file, last);

    if (rc == -EOPNOTSUPP)
        return is_memory(file);
    for (; rc > 0 && offset < last; offset += STRIDE)
        rc = try_byte(file, offset);
    return rc > 0;
}

bool page_cache_holds(int file, off_t offset, size_t size)
{
    size_t place = place_of(file, offset);

    if (is_known(file, offset, size))
        return true;
    if (!try_part(file, offset, size))
        return false;
    known[place].part = (struct part){.file = file, .offset = offset, .size = size};
    known[place].until = loop_here->now + KNOWN_NS;
    return true;
}

static int read_part(void *arg)
{
    struct part *part = arg;
    char scratch[SCRATCH];

    while (part->size > 0) {
        ssize_t n =
            pread(part->file, scratch, part->size < SCRATCH ? part->size : SCRATCH, part->offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        part->offset += n;
        part->size -= (size_t)n;
    }
    return 0;
}

int page_cache_fill(int file, off_t offset, size_t size)
{
    struct part part = {.file = file, .offset = offset, .size = size};

    METRIC_ADD(disk_reads, 1);
    return cop_to_thread(read_part, &part);
}
