/* See eta.h. */
#include "runtime/engine/eta.h"

#include "runtime/engine/target_postgres.h"
#include "runtime/value/convert.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    WARM_UP_SECONDS = 30, /* predictions count after so long, or once WARM_UP_PART of the run is done */
    LOG_FROM = 5,
    LOG_EVERY = 60,
    LOOKS = 3, /* a run is stopped when so many predictions in a row are beyond the window */
    MOST_LOOKS = 256,
    MOST_REPORT_BYTES = 1 << 26
};
static const double WARM_UP_PART = 0.1;
static const double MARGIN = 0.1; /* of the window */
static const double FAR = 0.5;    /* beyond by so much of the window: one prediction is enough */
static const double LEAST_PART = 0.005;

struct map_eta {
    bool runs, done;
    double seconds; /* took in this run */
    double known;   /* took in an earlier run; 0: unknown */
    uint64_t known_rows;
    uint64_t bytes; /* of its source; 0: unknown */
};

struct eta {
    struct map_eta *maps;
    uint32_t current;
    double map_started;
    /* The current map's reading so far, thinned out where there would be too many. */
    struct {
        double at, part;
    } looks[MOST_LOOKS];
    uint32_t look_count;
    double part;
    double known_rest; /* checks and the like of an earlier run */
    double logged;
    double left;     /* seconds of the run, as last predicted; negative: not known yet */
    uint32_t beyond; /* predictions in a row that the window does not hold */
};

/* ---------------------------------------------------------------- what earlier runs say */

static void learn_map(struct engine *engine, const struct run_map_report *told) {
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        struct map_eta *map = &engine->eta->maps[i];
        if (!told->complete || !str_eq(engine->plan->maps[i].name, told->name)) continue;
        if (told->seconds <= map->known) continue;
        map->known = told->seconds;
        map->known_rows = told->read;
    }
}

static bool read_file(struct arena *arena, struct str path, struct str *bytes) {
    FILE *file = fopen(arena_copy_cstr(arena, path), "re");
    if (file == NULL) return false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    bool good = size > 0 && size <= MOST_REPORT_BYTES && fseek(file, 0, SEEK_SET) == 0;
    if (good) {
        char *text = arena_alloc(arena, (size_t)size);
        *bytes = str_from(text, fread(text, 1, (size_t)size, file));
    }
    fclose(file);
    return good;
}

/* A report that is missing, damaged or of another plan says nothing. */
static void learn_from(struct engine *engine, const char *which) {
    struct diag_list unseen = {.arena = engine->arena};
    struct run_report report;
    struct str path =
        arena_printf(engine->arena, "%.*s/%s/report.json", STR_ARG(engine->options->work_dir), which);
    struct str json = STR("");
    if (!read_file(engine->arena, path, &json)) return;
    if (!run_report_read(json, engine->arena, &report, &unseen) || report.dry_run) return;
    if (memcmp(report.plan_hash, engine->report->plan_hash, sizeof report.plan_hash) != 0) return;
    double maps = 0;
    bool whole = report.status == RUN_OK;
    for (uint32_t i = 0; i < report.maps.count; i++) {
        learn_map(engine, report.maps.items[i]);
        maps += report.maps.items[i]->seconds;
    }
    double rest = report.seconds - maps;
    if (whole && rest > engine->eta->known_rest) engine->eta->known_rest = rest;
}

/* ---------------------------------------------------------------- start and end */

void eta_note_source(struct engine *engine, uint32_t source, uint32_t table, uint64_t bytes) {
    const struct plan *plan = engine->plan;
    if (engine->source_bytes == NULL)
        engine->source_bytes = ARENA_ARRAY(engine->arena, uint64_t *, plan->sources_count + 1);
    if (engine->source_bytes[source] == NULL)
        engine->source_bytes[source] =
            ARENA_ARRAY(engine->arena, uint64_t, plan->sources[source].tables_count + 1);
    engine->source_bytes[source][table] = bytes;
}

static uint64_t map_bytes(const struct engine *engine, const struct plan_map *map) {
    if (map->from_kind == FROM_MAP || engine->source_bytes == NULL) return 0;
    const uint64_t *tables = engine->source_bytes[map->source];
    return tables ? tables[map->source_table] : 0;
}

void eta_open(struct engine *engine) {
    if (engine->replay || engine->in_memory) return;
    struct eta *eta = engine->eta = ARENA_NEW(engine->arena, struct eta);
    eta->maps = ARENA_ARRAY(engine->arena, struct map_eta, engine->plan->maps_count + 1);
    eta->left = -1;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        eta->maps[i].runs = engine_runs_map(engine, i);
        eta->maps[i].bytes = map_bytes(engine, &engine->plan->maps[i]);
    }
    /* A run that goes on passes over what is settled: it is no measure, and has none. */
    if (engine->options->again || engine->options->only_count) return;
    learn_from(engine, "rehearsal");
    learn_from(engine, "latest");
}

void eta_begin_map(struct engine *engine, uint32_t map) {
    struct eta *eta = engine->eta;
    if (eta == NULL) return;
    eta->current = map;
    eta->map_started = monotonic_seconds();
    eta->look_count = 0;
    eta->part = 0;
}

void eta_end_map(struct engine *engine, const struct run_map_report *report) {
    struct eta *eta = engine->eta;
    if (eta == NULL) return;
    eta->maps[eta->current].done = true;
    eta->maps[eta->current].seconds = report->seconds;
    eta->look_count = 0;
    eta->beyond = 0;
}

void eta_note_progress(struct engine *engine, uint64_t bytes, uint64_t total, uint64_t rows, uint32_t pass,
                       uint32_t passes) {
    struct eta *eta = engine->eta;
    if (eta == NULL) return;
    const struct map_eta *map = &eta->maps[eta->current];
    double part = -1, now = monotonic_seconds();
    if (total)
        part = (double)bytes / (double)total;
    else if (map->known_rows)
        part = (double)rows / (double)map->known_rows;
    if (part < 0) return;
    if (part > 1) part = 1;
    part = (part + pass) / passes;
    if (eta->look_count == MOST_LOOKS) {
        for (uint32_t i = 0; i < MOST_LOOKS / 2; i++)
            eta->looks[i] = eta->looks[2 * i];
        eta->look_count = MOST_LOOKS / 2;
    }
    eta->looks[eta->look_count].at = now;
    eta->looks[eta->look_count++].part = part;
    eta->part = part;
}

/* ---------------------------------------------------------------- prediction */

/* Seconds that the current map still takes; negative: not known. The pace is that of the second half of the
 * time: at first rows are read ahead, until what takes them in holds them up. */
static double current_left(const struct eta *eta, double now) {
    const struct map_eta *map = &eta->maps[eta->current];
    uint32_t half = 0;
    if (eta->look_count == 0) {
        double rest = map->known - (now - eta->map_started);
        return map->known <= 0 ? -1 : rest > 0 ? rest : 0;
    }
    double middle = (eta->looks[0].at + now) / 2;
    while (half + 1 < eta->look_count && eta->looks[half + 1].at <= middle)
        half++;
    double read = eta->part - eta->looks[half].part, took = now - eta->looks[half].at;
    return read >= LEAST_PART && took > 0 ? took * (1 - eta->part) / read : -1;
}

/* Seconds of the maps to come, at the pace of this run so far. */
static double later_left(const struct engine *engine, double current, double now) {
    const struct eta *eta = engine->eta;
    double took = 0, known = 0, read_seconds = 0, read_bytes = 0, left = 0;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        const struct map_eta *map = &eta->maps[i];
        bool is_current = i == eta->current && !map->done;
        if (!map->done && !is_current) continue;
        double seconds = is_current ? now - eta->map_started + current : map->seconds;
        if (map->known > 0) {
            took += seconds;
            known += map->known;
        }
        if (map->bytes) {
            read_seconds += seconds;
            read_bytes += (double)map->bytes;
        }
    }
    double pace = known > 0 && took > 0 ? took / known : 1;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        const struct map_eta *map = &eta->maps[i];
        if (!map->runs || map->done || i == eta->current) continue;
        if (map->known > 0)
            left += map->known * pace;
        else if (map->bytes && read_bytes > 0)
            left += (double)map->bytes * read_seconds / read_bytes;
    }
    return left + eta->known_rest;
}

static struct str clock_text(struct engine *engine, double seconds_from_now) {
    struct value at = {.kind = TYPE_TIMESTAMPTZ,
                       .as_int = timestamptz_now() + (int64_t)(seconds_from_now * 1e6)};
    struct str text = value_format(engine->arena, &at); /* 2025-01-31 22:15:00.123456+00 */
    return text.len >= 19 ? str_from(text.ptr + 11, 8) : text;
}

static struct str span_of_time(struct engine *engine, double seconds) {
    if (seconds < 0) seconds = 0;
    return seconds >= 5400 ? arena_printf(engine->arena, "%.1f h", seconds / 3600)
           : seconds >= 90 ? arena_printf(engine->arena, "%.0f min", seconds / 60)
                           : arena_printf(engine->arena, "%.0f s", seconds);
}

static void log_prediction(struct engine *engine, double now) {
    struct eta *eta = engine->eta;
    bool late = engine->deadline > 0 && now + eta->left > engine->deadline;
    if (now - engine->started < LOG_FROM || (eta->logged > 0 && now - eta->logged < LOG_EVERY)) return;
    eta->logged = now;
    struct str until = engine->deadline > 0
                           ? arena_printf(engine->arena, ", the window of %.*s at %.*s UTC",
                                          STR_ARG(engine->options->environment),
                                          STR_ARG(clock_text(engine, engine->deadline - now)))
                           : STR("");
    engine_log(engine, late ? 'W' : 'I', "about %.*s left: the run would end about %.*s UTC%.*s",
               STR_ARG(span_of_time(engine, eta->left)), STR_ARG(clock_text(engine, eta->left)),
               STR_ARG(until));
}

/* ---------------------------------------------------------------- the window */

static void help_done(struct engine *engine, struct diag *diag) {
    const struct eta *eta = engine->eta;
    struct str done = {0}, later = {0};
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        const struct map_eta *map = &eta->maps[i];
        struct str *list = map->done ? &done : map->runs && i != eta->current ? &later : NULL;
        if (list == NULL) continue;
        *list = arena_printf(engine->arena, "%.*s%s%.*s", STR_ARG(*list), list->len ? ", " : "",
                             STR_ARG(engine->plan->maps[i].name));
    }
    diag_help(engine->diags, diag, "Done: %.*s. Of %.*s %.0f %% is read. To come: %.*s.",
              STR_ARG(done.len ? done : STR("no map yet")), STR_ARG(engine->plan->maps[eta->current].name),
              eta->part * 100, STR_ARG(later.len ? later : STR("no other map")));
}

static void help_next(struct engine *engine, struct diag *diag) {
    const struct plan_environment *environment = engine->environment;
    if (engine->one_transaction)
        diag_help(engine->diags, diag,
                  "Nothing was committed. Give the environment a longer `window`, or load "
                  "parts of the data before it: `--phase`, `--only`.");
    else if (environment && environment->window_rollback) {
        engine->report->undo_asked = true;
        diag_help(engine->diags, diag,
                  "The environment says `else rollback`: what is committed is taken out now.");
    } else
        diag_help(engine->diags, diag,
                  "Batches that were committed stand; in another window `mig resume` goes on. "
                  "`mig rollback` takes them out.");
}

static bool report_over(struct engine *engine) {
    struct diag *diag =
        diag_report(engine->diags, X_WINDOW, no_span(), "the window of environment `%.*s` is over",
                    STR_ARG(engine->options->environment));
    help_done(engine, diag);
    help_next(engine, diag);
    return true;
}

static bool report_too_short(struct engine *engine, double now) {
    struct eta *eta = engine->eta;
    struct diag *diag = diag_report(engine->diags, X_WINDOW_TOO_SHORT, no_span(),
                                    "the run would end about %.*s UTC, %.*s after the window of environment "
                                    "`%.*s` (until %.*s UTC): it is "
                                    "stopped now",
                                    STR_ARG(clock_text(engine, eta->left)),
                                    STR_ARG(span_of_time(engine, now + eta->left - engine->deadline)),
                                    STR_ARG(engine->options->environment),
                                    STR_ARG(clock_text(engine, engine->deadline - now)));
    help_done(engine, diag);
    help_next(engine, diag);
    return true;
}

bool eta_is_too_late(struct engine *engine) {
    struct eta *eta = engine->eta;
    double now = monotonic_seconds();
    if (eta == NULL) return false;
    if (engine->deadline > 0 && now > engine->deadline) return report_over(engine);
    double left = current_left(eta, now);
    if (left < 0) return false;
    eta->left = left + later_left(engine, left, now);
    double passed = now - engine->started, window = engine->deadline - engine->started;
    if (passed < WARM_UP_SECONDS && passed < WARM_UP_PART * (passed + eta->left)) return false;
    log_prediction(engine, now);
    if (engine->deadline <= 0) return false;
    double over = now + eta->left - engine->deadline;
    eta->beyond = over > MARGIN * window ? eta->beyond + 1 : 0;
    return (eta->beyond >= LOOKS || over > FAR * window) && report_too_short(engine, now);
}

void eta_note_rehearsal(struct engine *engine) {
    double took = monotonic_seconds() - engine->started;
    if (!engine->options->rehearse || engine->environment == NULL || engine->environment->window_seconds == 0)
        return;
    double window = (double)engine->environment->window_seconds;
    engine_note(engine, "The rehearsal took %.*s, the window of `%.*s` is %.*s: a run that takes as long %s.",
                STR_ARG(span_of_time(engine, took)), STR_ARG(engine->environment->name),
                STR_ARG(span_of_time(engine, window)),
                took <= window ? "fits into it" : "DOES NOT FIT into it");
}
