/* SPDX-License-Identifier: MIT */
/*
 * open_connection.c - a race between tasks of one group, all of whose state is on the caller's
 * stack. Two tasks resolve, one for each family; each attempt is a task; the caller starts attempts
 * and is woken by whatever ends.
 */
#include "worker/stream/open_connection.h"

#include <errno.h>

#include "common/clock.h"
#include "worker/sync/group.h"
#include "worker/task/sched.h"

#define ATTEMPT_DELAY_NS    (250 * NS_PER_MS)
#define RESOLUTION_DELAY_NS (50 * NS_PER_MS) /* for IPv6 addresses, once there are IPv4 ones */

#define ADDRESSES_MAX 8 /* of a family */

enum family { V6, V4, FAMILIES };

struct resolution {
    struct race *race;
    int family;
    struct cop_address addresses[ADDRESSES_MAX];
    int naddresses; /* or -errno */
    int next;       /* to try */
    bool done;
};

struct attempt {
    struct race *race;
    const struct cop_address *address;
    struct cop_stream stream;
};

struct race {
    const struct cop_resolver *resolver;
    const char *host;
    uint16_t port;
    struct cop_task *waiting; /* who runs the race, while it waits */
    struct cop_group group;
    struct resolution resolutions[FAMILIES];
    struct attempt attempts[FAMILIES * ADDRESSES_MAX];
    int nattempts;
    int nrunning;
    enum family last; /* of the last attempt */
    cop_time v4_since;
    cop_time next_attempt; /* not before */
    int error;             /* of the last attempt that failed */
    struct attempt *winner;
};

/* Something ended: the one who waits has another look. */
static void tell(struct race *race)
{
    struct cop_task *waiting = race->waiting;

    race->waiting = NULL;
    if (waiting)
        sched_wake(waiting, 0);
}

static int resolve(void *arg)
{
    struct resolution *resolution = arg;
    struct race *race = resolution->race;

    resolution->naddresses = cop_resolve(race->resolver, race->host, race->port, resolution->family,
                                         resolution->addresses, ADDRESSES_MAX);
    resolution->done = true;
    if (resolution->family == AF_INET)
        race->v4_since = clock_now();
    tell(race);
    return 0;
}

static int attempt(void *arg)
{
    struct attempt *attempt = arg;
    struct race *race = attempt->race;
    int rc = cop_connect(&attempt->stream, attempt->address);

    race->nrunning--;
    if (rc < 0) {
        race->error = rc;
        race->next_attempt = 0;
    } else if (race->winner) {
        cop_stream_close(&attempt->stream);
    } else {
        race->winner = attempt;
    }
    tell(race);
    return 0;
}

static bool has_next(const struct resolution *resolution)
{
    return resolution->done && resolution->next < resolution->naddresses;
}

/* The family to try next; FAMILIES: none for now. *until is when waiting for better ends. */
static enum family choose(struct race *race, cop_time now, cop_time *until)
{
    enum family other = race->last == V6 ? V4 : V6;

    *until = COP_NEVER;
    if (!has_next(&race->resolutions[V6]) && !has_next(&race->resolutions[V4]))
        return FAMILIES;
    if (race->nrunning > 0 && now < race->next_attempt) {
        *until = race->next_attempt;
        return FAMILIES;
    }
    if (race->nattempts == 0 && !race->resolutions[V6].done &&
        now < race->v4_since + RESOLUTION_DELAY_NS) {
        *until = race->v4_since + RESOLUTION_DELAY_NS;
        return FAMILIES;
    }
    return has_next(&race->resolutions[other]) ? other : race->last;
}

static int start_attempt(struct race *race, enum family family)
{
    struct resolution *resolution = &race->resolutions[family];
    struct attempt *next = &race->attempts[race->nattempts];

    next->race = race;
    next->address = &resolution->addresses[resolution->next];
    if (!cop_group_spawn(&race->group, attempt, next))
        return -ENOMEM;
    resolution->next++;
    race->nattempts++;
    race->nrunning++;
    race->last = family;
    race->next_attempt = clock_now() + ATTEMPT_DELAY_NS;
    return 0;
}

static bool is_over(const struct race *race)
{
    const struct resolution *v6 = &race->resolutions[V6];
    const struct resolution *v4 = &race->resolutions[V4];

    return race->winner ||
           (v6->done && v4->done && race->nrunning == 0 && !has_next(v6) && !has_next(v4));
}

static int run(struct race *race)
{
    struct cop_task *self = sched_current();
    int rc = 0;

    for (enum family family = V6; family < FAMILIES; family++) {
        struct resolution *resolution = &race->resolutions[family];

        resolution->race = race;
        resolution->family = family == V6 ? AF_INET6 : AF_INET;
        if (!cop_group_spawn(&race->group, resolve, resolution))
            return -ENOMEM;
    }
    while (rc == 0 && !is_over(race)) {
        cop_time until;
        enum family family = choose(race, clock_now(), &until);

        if (family != FAMILIES) {
            rc = start_attempt(race, family);
            continue;
        }
        rc = sched_check(self);
        if (rc < 0)
            break;
        race->waiting = self;
        sched_waits_on(self, WAITS_ON_TASKS, race);
        rc = sched_park(self, "connect", until);
        race->waiting = NULL;
        rc = rc == -ETIMEDOUT ? 0 : rc;
    }
    return rc;
}

/* No attempt, or none that succeeded. The first family's answer, where the second had no better. */
static int failure(const struct race *race)
{
    int v6 = race->resolutions[V6].naddresses;
    int v4 = race->resolutions[V4].naddresses;

    if (race->error < 0)
        return race->error;
    return v4 < 0 && v4 != -ENOENT ? v4 : v6;
}

int cop_open_connection_with(struct cop_stream *stream, const struct cop_resolver *resolver,
                             const char *host, uint16_t port)
{
    struct race race = {.resolver = resolver, .host = host, .port = port, .last = V4};
    int rc;

    cop_group_enter(&race.group);
    rc = run(&race);
    cop_group_cancel(&race.group);
    rc = cop_group_exit(&race.group, rc);
    /* Also when the caller was cancelled in the same moment: the connection is there. */
    if (race.winner) {
        int fd = race.winner->stream.io.fd;

        io_fini(&race.winner->stream.io);
        cop_stream_init(stream, fd);
        return 0;
    }
    return rc < 0 ? rc : failure(&race);
}

int cop_open_connection(struct cop_stream *stream, const char *host, uint16_t port)
{
    return cop_open_connection_with(stream, NULL, host, port);
}
