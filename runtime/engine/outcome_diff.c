/* See outcome_diff.h. Three passes, in bounded memory but for one number a line: the first file's lines are
 * counted by their hashes, the second's taken from these counts (what is not there is new), and the first
 * read again for what is left (gone). */
#include "runtime/engine/outcome_diff.h"

#include "runtime/base/buf.h"
#include "runtime/base/hash.h"
#include "runtime/engine/outcome_lines.h"

#include <stdlib.h>

/* Open addressing over hashes that need none of their own: 128 bits do not meet. */
struct slot {
    struct hash128 hash;
    uint32_t count;   /* 0: free, or used up */
    uint32_t payload; /* index + 1 of a text; 0: none */
    bool used;
};

struct counts {
    struct slot *slots;
    size_t cap, used;
};

static struct slot *find_slot(struct counts *c, struct hash128 hash) {
    size_t mask = c->cap - 1, at = (size_t)hash.lo & mask;
    while (c->slots[at].used && (c->slots[at].hash.lo != hash.lo || c->slots[at].hash.hi != hash.hi))
        at = (at + 1) & mask;
    return &c->slots[at];
}

static struct slot *take_slot(struct counts *c, struct hash128 hash) {
    if (2 * (c->used + 1) > c->cap) {
        struct counts wider = {.cap = c->cap ? 2 * c->cap : 1024, .used = c->used};
        wider.slots = memory_zalloc(sizeof *wider.slots * wider.cap);
        for (size_t i = 0; i < c->cap; i++)
            if (c->slots[i].used) *find_slot(&wider, c->slots[i].hash) = c->slots[i];
        free(c->slots);
        *c = wider;
    }
    struct slot *slot = find_slot(c, hash);
    if (!slot->used) {
        *slot = (struct slot){.hash = hash, .used = true};
        c->used++;
    }
    return slot;
}

struct diff_run {
    struct outcome_diff *diff;
    struct counts lines; /* the first file's, by all that is compared */
    struct counts rows;  /* rows that are new or gone, by place: what they became in the second file */
    VEC(struct str) became;
    struct buf scratch;
};

static struct hash128 hash_row(struct diff_run *run, const struct outcome_line *l) {
    buf_clear(&run->scratch);
    buf_printf(&run->scratch, "%llu %llu %zu ", (unsigned long long)l->line, (unsigned long long)l->row,
               l->map.len);
    buf_append_str(&run->scratch, l->map);
    buf_append_str(&run->scratch, l->file);
    return hash_bytes128(1, run->scratch.ptr, run->scratch.len);
}

static struct hash128 hash_line(struct diff_run *run, const struct outcome_line *l) {
    hash_row(run, l);
    buf_printf(&run->scratch, " %.*s %.*s ", STR_ARG(l->outcome), STR_ARG(l->code));
    buf_append_str(&run->scratch, l->message);
    return hash_bytes128(2, run->scratch.ptr, run->scratch.len);
}

static struct outcome_group *find_group(struct outcome_diff *diff, const struct outcome_line *l) {
    for (uint32_t i = 0; i < diff->groups.count; i++) {
        struct outcome_group *g = diff->groups.items[i];
        bool same_reason = !str_is(l->outcome, "skipped") || str_eq(g->at, l->at) || l->at.len == 0;
        if (str_eq(g->map, l->map) && str_eq(g->outcome, l->outcome) && str_eq(g->code, l->code) &&
            same_reason)
            return g;
    }
    struct outcome_group *g = ARENA_NEW(diff->arena, struct outcome_group);
    g->map = arena_copy_str(diff->arena, l->map);
    g->outcome = arena_copy_str(diff->arena, l->outcome);
    g->code = arena_copy_str(diff->arena, l->code);
    g->at = arena_copy_str(diff->arena, l->at);
    VEC_PUSH(diff->arena, &diff->groups, g);
    return g;
}

static struct outcome_sample sample_of(struct outcome_diff *diff, const struct outcome_line *l) {
    return (struct outcome_sample){.file = arena_copy_str(diff->arena, l->file),
                                   .message = arena_copy_str(diff->arena, l->message),
                                   .line = l->line,
                                   .row = l->row};
}

/* ---------------------------------------------------------------- passes */

static bool each_line(struct str path, struct diff_run *run,
                      void (*visit)(struct diff_run *run, const struct outcome_line *line),
                      struct diag_list *diags) {
    struct outcome_lines *lines = outcome_lines_open(path, diags);
    struct outcome_line line;
    int state = lines ? 1 : -1;
    while (state > 0 && (state = outcome_lines_next(lines, &line, diags)) > 0)
        visit(run, &line);
    outcome_lines_close(lines);
    return state == 0;
}

static void count_line(struct diff_run *run, const struct outcome_line *l) {
    take_slot(&run->lines, hash_line(run, l))->count++;
}

static void match_line(struct diff_run *run, const struct outcome_line *l) {
    struct outcome_diff *diff = run->diff;
    struct outcome_group *group = find_group(diff, l);
    struct slot *slot = take_slot(&run->lines, hash_line(run, l));
    if (slot->count) {
        slot->count--;
        group->same++;
        diff->same++;
        return;
    }
    group->fresh++;
    diff->fresh++;
    if (group->fresh_sample_count < OUTCOME_SAMPLES)
        group->fresh_samples[group->fresh_sample_count++] = sample_of(diff, l);
    struct slot *row = take_slot(&run->rows, hash_row(run, l));
    struct str became = arena_printf(diff->arena, "%.*s %.*s", STR_ARG(l->outcome), STR_ARG(l->code));
    VEC_PUSH(diff->arena, &run->became, became);
    row->payload = run->became.count;
}

static void take_gone(struct diff_run *run, const struct outcome_line *l) {
    struct outcome_diff *diff = run->diff;
    struct slot *slot = take_slot(&run->lines, hash_line(run, l));
    if (slot->count == 0) return;
    slot->count--;
    struct outcome_group *group = find_group(diff, l);
    group->gone++;
    diff->gone++;
    if (group->gone_sample_count == OUTCOME_SAMPLES) return;
    struct outcome_sample *sample = &group->gone_samples[group->gone_sample_count++];
    *sample = sample_of(diff, l);
    struct slot *row = take_slot(&run->rows, hash_row(run, l));
    if (row->payload) sample->became = run->became.items[row->payload - 1];
}

bool outcome_diff_make(struct str first, struct str second, struct arena *arena, struct outcome_diff *diff,
                       struct diag_list *diags) {
    *diff = (struct outcome_diff){.arena = arena};
    struct diff_run run = {.diff = diff};
    bool good = each_line(first, &run, count_line, diags) && each_line(second, &run, match_line, diags) &&
                each_line(first, &run, take_gone, diags);
    free(run.lines.slots);
    free(run.rows.slots);
    buf_release(&run.scratch);
    return good;
}
