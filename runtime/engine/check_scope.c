/* Which checks a run of one phase makes: not those that ask about rows which only a later phase writes. */
#include "runtime/engine/checks.h"

#include <strings.h>

/* The number of the map's phase among all, from 0; the number of phases: it has none. */
static uint32_t phase_of_map(const struct plan *plan, uint32_t map) {
    for (uint32_t p = 0; p < plan->phases_count; p++)
        for (uint32_t i = 0; i < plan->phases[p].maps_count; i++)
            if (plan->phases[p].maps[i] == map) return p;
    return plan->phases_count;
}

static uint32_t phase_by_name(const struct plan *plan, struct str name) {
    uint32_t p = 0;
    while (p < plan->phases_count && !str_eq(plan->phases[p].name, name))
        p++;
    return p;
}

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

/* The next name in the SQL from *at, as it is written; literals and comments are passed over. Empty: no more.
 */
static struct str next_name(struct str sql, size_t *at) {
    size_t i = *at;
    while (i < sql.len) {
        char c = sql.ptr[i], next = i + 1 < sql.len ? sql.ptr[i + 1] : '\0';
        size_t start = i++;
        if (c == '\'' || c == '"') {
            while (i < sql.len && sql.ptr[i] != c)
                i++;
            *at = ++i;
            if (c == '"' && i <= sql.len) return str_from(sql.ptr + start + 1, i - start - 2);
        } else if (c == '-' && next == '-') {
            while (i < sql.len && sql.ptr[i] != '\n')
                i++;
        } else if (c == '/' && next == '*') {
            while (i + 1 < sql.len && !(sql.ptr[i] == '*' && sql.ptr[i + 1] == '/'))
                i++;
            i += 2;
        } else if (is_word_char(c)) {
            while (i < sql.len && is_word_char(sql.ptr[i]))
                i++;
            *at = i;
            return str_from(sql.ptr + start, i - start);
        }
    }
    *at = sql.len;
    return STR("");
}

static bool same_name(struct str a, struct str b) {
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The first phase that writes the table; the number of phases: none does. */
static uint32_t first_writer(const struct plan *plan, uint32_t table) {
    uint32_t first = plan->phases_count;
    for (uint32_t m = 0; m < plan->maps_count; m++)
        if (plan->maps[m].target_table == table + 1 && phase_of_map(plan, m) < first)
            first = phase_of_map(plan, m);
    return first;
}

/* What the check looks at and a later phase loads; *phase: which. Empty: nothing. */
static struct str find_later(const struct engine *engine, const struct plan_check *check, uint32_t *phase) {
    const struct plan *plan = engine->plan;
    uint32_t last = phase_by_name(plan, engine->options->phase);
    struct str what = {0};
    size_t at = 0;
    for (struct str name = next_name(check->sql, &at); name.len; name = next_name(check->sql, &at))
        for (uint32_t t = 0; t < plan->target.tables_count; t++) {
            uint32_t writer = first_writer(plan, t);
            if (!same_name(plan->target.tables[t].name, name) || writer <= last ||
                writer == plan->phases_count)
                continue;
            *phase = last = writer;
            what = plan->target.tables[t].name;
        }
    return what;
}

struct str check_left_out(const struct engine *engine, const struct plan_check *check) {
    const struct plan *plan = engine->plan;
    uint32_t phase = 0;
    if (engine->options->phase.len == 0 || check->before) return (struct str){0};
    if (check->kind == CHECK_SAMPLE && !engine_runs_map(engine, check->map))
        return arena_printf(engine->arena, "not run: map %.*s belongs to another phase",
                            STR_ARG(plan->maps[check->map].name));
    for (uint32_t i = 0; i < check->except_rejected_count; i++)
        if (!engine_runs_map(engine, check->except_rejected[i]))
            return arena_printf(engine->arena,
                                "not run: which rows map %.*s rejected is known only when its phase runs",
                                STR_ARG(plan->maps[check->except_rejected[i]].name));
    struct str what = find_later(engine, check, &phase);
    if (what.len == 0) return what;
    return arena_printf(engine->arena, "not run: it asks about %.*s, which phase %.*s loads", STR_ARG(what),
                        STR_ARG(plan->phases[phase].name));
}
