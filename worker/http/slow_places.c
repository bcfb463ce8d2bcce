/* SPDX-License-Identifier: MIT */
#include "worker/http/slow_places.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "worker/http/http_session.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

/* ---- one place ---- */

void slow_places_describe(struct slow_place *place, const struct cop_task *task,
                          const struct http_session *session, int64_t now)
{
    const struct cop_peer *peer = session->connection->peer;

    place->count = 1;
    place->age_ns = now - session->began;
    place->task = task->id;
    place->why = task->state == TASK_PARKED ? task->why : NULL;
    place->route = session->head.request.route;
    memcpy(place->id, session->id, session->id_len);
    place->id[session->id_len] = 0;
    place->label_len = task->label ? task->label_len : 0;
    if (place->label_len > SLOW_LABEL_MAX)
        place->label_len = SLOW_LABEL_MAX;
    if (place->label_len)
        memcpy(place->label, task->label, place->label_len);
    place->peer = peer ? *peer : (struct cop_peer){.text = ""};
}

/* FNV-1a over words. */
static uint64_t hash_of(const struct backtrace *backtrace, const char *why)
{
    uint64_t hash = (0xcbf29ce484222325u ^ (uintptr_t)why) * 0x100000001b3u;

    for (size_t i = 0; i < backtrace->n; i++)
        hash = (hash ^ backtrace->frames[i]) * 0x100000001b3u;
    return hash;
}

bool slow_places_is_known(struct slow_places *places, const char *why)
{
    struct slow_place *next = slow_places_next(places);

    next->hash = hash_of(&next->backtrace, why);
    for (size_t i = 0; i < places->n; i++) {
        if (places->places[i].hash != next->hash)
            continue;
        places->places[i].count++;
        return true;
    }
    return false;
}

void slow_places_add(struct slow_places *places)
{
    if (places->n < SLOW_PLACES_MAX)
        places->n++;
    else
        places->nrest++;
}

/* ---- the lines ---- */

static void print_request(struct printer *line, const char *app, const struct slow_place *place)
{
    print_text(line, "slow request ");
    print_text(line, place->id[0] ? place->id : "-");
    print_text(line, " \"");
    print_label(line, place->label, place->label_len);
    print_text(line, "\" for ");
    print_duration(line, place->age_ns);
    print_text(line, ", peer ");
    print_text(line, place->peer.text[0] ? place->peer.text : "-");
    if (place->peer.port) {
        print_text(line, " port ");
        print_number(line, place->peer.port);
    }
    print_text(line, ", app ");
    print_text(line, app);
    if (place->route) {
        print_text(line, " ");
        print_text(line, place->route);
    }
    if (place->count > 1) {
        print_text(line, ", and ");
        print_number(line, place->count - 1);
        print_text(line, " more at the same place");
    }
}

static void print_place(const char *app, const struct slow_place *place)
{
    struct printer line;

    printer_init(&line, PRINTER_CUTS);
    print_request(&line, app, place);
    print_text(&line, ", task ");
    print_number(&line, place->task);
    if (place->why) {
        print_text(&line, " in ");
        print_text(&line, place->why);
    }
    for (size_t i = 0; i < place->backtrace.n; i++) {
        print_text(&line, i > 0 ? " < " : ": ");
        symbols_print(&line, place->backtrace.frames[i]);
    }
    log_warn("%.*s", (int)line.len, line.buffer);
}

void slow_places_print(struct slow_places *places, int64_t now)
{
    if (now / NS_PER_S != places->second) {
        places->second = now / NS_PER_S;
        places->nlines = 0;
        if (places->nrest)
            log_warn("%zu more slow requests, each at a place of its own", places->nrest);
        places->nrest = 0;
    }
    for (size_t i = 0; i < places->n; i++) {
        if (places->nlines++ < SLOW_LINES_MAX)
            print_place(places->app, &places->places[i]);
        else
            places->nrest += places->places[i].count;
    }
    places->n = 0;
}
