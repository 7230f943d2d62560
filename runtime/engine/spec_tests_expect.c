/* What a test of a spec expects, compared with what came out; where they differ, the values that explain it.
 */
#include "runtime/engine/spec_tests_internal.h"

#include "runtime/value/convert.h"
#include "runtime/value/text.h"

/* ---------------------------------------------------------------- expectations */

static const struct run_map_report *map_report(const struct test_run *run, uint32_t map) {
    for (uint32_t i = 0; i < run->report.maps.count; i++)
        if (str_eq(run->report.maps.items[i]->name, run->plan->maps[map].name))
            return run->report.maps.items[i];
    return NULL;
}

static struct value expected_value(struct test_run *run, const struct plan_test_expect *expect,
                                   uint32_t index) {
    struct value value = {.kind = TYPE_NULL};
    const struct plan_program *program = &run->plan->programs[expect->program - 1];
    program_evaluate(run->engine.programs, expect->program - 1, index, run->arena, &value, &run->diags);
    uint32_t reg = program_output(program, OUT_VALUE, index);
    if (value.kind == TYPE_ENUM || value.kind == TYPE_ARRAY)
        return (struct value){.kind = TYPE_TEXT,
                              .as_text = engine_value_text(&run->engine, &program->regs[reg], &value)};
    return value;
}

static const struct value *written_value(const struct test_run *run, const struct memory_row *row,
                                         uint32_t column) {
    static const struct value NONE = {.kind = TYPE_NULL};
    const struct plan_map *map = &run->plan->maps[row->map];
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (map->columns[i] == column) return &row->values[i];
    return &NONE;
}

static bool same_value(const struct value *a, const struct value *b) {
    if (a->kind == TYPE_NULL || b->kind == TYPE_NULL) return a->kind == b->kind;
    return a->kind == b->kind && value_compare(a, b) == 0;
}

/* How many of the expected columns a row has; the best row is shown when none has all. */
static uint32_t matching_columns(struct test_run *run, const struct plan_test_expect *expect,
                                 const struct value *expected, const struct memory_row *row) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < expect->columns_count; i++)
        same += same_value(&expected[i], written_value(run, row, expect->columns[i]));
    return same;
}

/* As a spec would have it: texts in quotes. */
static struct str shown_value(struct test_run *run, const struct value *value) {
    struct str text = value_format(run->arena, value);
    if (value->kind != TYPE_TEXT) return text;
    struct buf quoted = {0};
    buf_append_char(&quoted, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'') buf_append_char(&quoted, '\'');
        buf_append_char(&quoted, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
    }
    buf_append_char(&quoted, '\'');
    struct str copy = arena_copy_str(run->arena, buf_str(&quoted));
    buf_release(&quoted);
    return copy;
}

static void put_padded(struct buf *out, struct str text, size_t width) {
    buf_append_str(out, text);
    for (size_t n = (size_t)text_length(text); n < width; n++)
        buf_append_char(out, ' ');
}

/* All columns of the closest row: what was expected, what came, and which differ. */
static void show_difference(struct test_run *run, const struct plan_test_expect *expect,
                            const struct value *expected, const struct memory_row *row) {
    const struct plan_map *map = &run->plan->maps[expect->map - 1];
    const struct plan_target_table *table = &run->plan->target.tables[map->target_table - 1];
    struct str *wanted = ARENA_ARRAY(run->arena, struct str, expect->columns_count + 1);
    size_t names = strlen("column"), values = strlen("expected");
    for (uint32_t i = 0; i < expect->columns_count; i++) {
        wanted[i] = shown_value(run, &expected[i]);
        size_t name = (size_t)text_length(table->columns[expect->columns[i]].name),
               value = (size_t)text_length(wanted[i]);
        if (name > names) names = name;
        if (value > values) values = value;
    }
    struct buf line = {0};
    buf_append_cstr(&line, "    ");
    put_padded(&line, STR("column"), names + 2);
    put_padded(&line, STR("expected"), values + 2);
    spec_test_fail(run, "%.*sgot", STR_ARG(buf_str(&line)));
    for (uint32_t i = 0; i < expect->columns_count; i++) {
        const struct value *came = written_value(run, row, expect->columns[i]);
        buf_clear(&line);
        buf_append_cstr(&line, same_value(&expected[i], came) ? "    " : "  * ");
        put_padded(&line, table->columns[expect->columns[i]].name, names + 2);
        put_padded(&line, wanted[i], values + 2);
        spec_test_fail(run, "%.*s%.*s", STR_ARG(buf_str(&line)), STR_ARG(shown_value(run, came)));
    }
    buf_release(&line);
}

static void explain_rejects(struct test_run *run, const struct plan_test_expect *expect) {
    for (uint32_t m = 0; m < run->report.maps.count; m++) {
        const struct run_map_report *r = run->report.maps.items[m];
        if (expect->map && !str_eq(run->plan->maps[expect->map - 1].name, r->name)) continue;
        for (uint32_t i = 0; i < r->reasons.count; i++)
            if (r->reasons.items[i].kind == OUTCOME_REJECTED)
                spec_test_fail(run, "  %.*s rejected: %.*s", STR_ARG(r->name),
                               STR_ARG(r->reasons.items[i].example));
    }
}

static void expect_row(struct test_run *run, const struct plan_test_expect *expect) {
    struct value *expected = ARENA_ARRAY(run->arena, struct value, expect->columns_count + 1);
    const struct memory_row *best = NULL;
    uint32_t most = 0, rows = 0;
    for (uint32_t i = 0; i < expect->columns_count; i++)
        expected[i] = expected_value(run, expect, i);
    for (uint32_t r = 0; r < run->memory.rows.count; r++) {
        const struct memory_row *row = &run->memory.rows.items[r];
        if (row->map != expect->map - 1) continue;
        rows++;
        uint32_t same = matching_columns(run, expect, expected, row);
        if (same == expect->columns_count) return;
        if (best == NULL || same > most) {
            best = row;
            most = same;
        }
    }
    struct str name = run->plan->maps[expect->map - 1].name;
    if (best == NULL) {
        spec_test_fail(run, "%.*s: no row was written", STR_ARG(name));
        explain_rejects(run, expect);
        return;
    }
    spec_test_fail(run, "%.*s: no such row; %s differs in %u of %u columns", STR_ARG(name),
                   rows == 1 ? "the one that was written" : "the closest one", expect->columns_count - most,
                   expect->columns_count);
    show_difference(run, expect, expected, best);
}

static uint64_t count_outcome(const struct test_run *run, const struct plan_test_expect *expect) {
    uint64_t count = 0;
    for (uint32_t m = 0; m < run->plan->maps_count; m++) {
        const struct run_map_report *r = map_report(run, m);
        if (r == NULL || (expect->map && expect->map - 1 != m)) continue;
        count += expect->kind == EXPECT_MAP_COUNT  ? r->written
                 : expect->kind == EXPECT_REJECTED ? r->rejected
                 : expect->kind == EXPECT_SKIPPED  ? r->skipped
                                                   : r->warnings;
    }
    return count;
}

static void expect_count(struct test_run *run, const struct plan_test_expect *expect) {
    static const char *const WORDS[] = {[EXPECT_MAP_COUNT] = "written",
                                        [EXPECT_REJECTED] = "rejected",
                                        [EXPECT_SKIPPED] = "skipped",
                                        [EXPECT_WARNED] = "warned about"};
    uint64_t count = count_outcome(run, expect);
    if (count == (uint64_t)expect->count) return;
    struct str name = expect->map ? run->plan->maps[expect->map - 1].name : STR("all maps");
    spec_test_fail(run, "%.*s: expected %lld rows %s, got %llu", STR_ARG(name), (long long)expect->count,
                   WORDS[expect->kind], (unsigned long long)count);
    explain_rejects(run, expect);
}

static void expect_message(struct test_run *run, const struct plan_test_expect *expect) {
    for (uint32_t m = 0; m < run->report.maps.count; m++) {
        const struct run_map_report *r = run->report.maps.items[m];
        if (expect->map && !str_eq(run->plan->maps[expect->map - 1].name, r->name)) continue;
        for (uint32_t i = 0; i < r->reasons.count; i++)
            if (r->reasons.items[i].kind == OUTCOME_REJECTED &&
                (expect->message.len == 0 || str_eq(r->reasons.items[i].example, expect->message)))
                return;
    }
    spec_test_fail(run, "no row was rejected with \"%.*s\"", STR_ARG(expect->message));
    explain_rejects(run, expect);
}

/* ---------------------------------------------------------------- conditions */

/* A text of the spec on one line: runs of blanks are one. at (or NULL): where a byte of it then stands. */
static struct str on_one_line(struct test_run *run, const struct plan_span *span, uint32_t *at) {
    struct buf out = {0};
    struct str text = run->plan->files[span->file].text;
    bool blank = false;
    for (uint32_t i = span->start; i < span->end && i < text.len; i++) {
        char c = text.ptr[i];
        bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!is_blank && blank && out.len) buf_append_char(&out, ' ');
        blank = is_blank;
        if (at) at[i - span->start] = (uint32_t)out.len;
        if (!is_blank) buf_append_char(&out, c);
    }
    struct str copy = arena_copy_str(run->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* The value of a part; what stands in its way, where it has none. */
static struct str part_value(struct test_run *run, const struct plan_test_part *part) {
    struct diag_list diags;
    struct value value;
    diag_list_init(&diags, run->arena);
    if (!program_evaluate(run->engine.programs, part->program, 0, run->arena, &value, &diags))
        return arena_printf(run->arena, "no value: %.*s",
                            STR_ARG(diags.items.count ? diags.items.items[0]->message : STR("it fails")));
    const struct plan_program *program = &run->plan->programs[part->program];
    uint32_t reg = program_output(program, OUT_VALUE, 0);
    if (value.kind == TYPE_ENUM || value.kind == TYPE_ARRAY)
        value = (struct value){.kind = TYPE_TEXT,
                               .as_text = engine_value_text(&run->engine, &program->regs[reg], &value)};
    return shown_value(run, &value);
}

/* Each part under its place in the condition, the values in one column behind. */
static void show_parts(struct test_run *run, const struct plan_test_expect *expect) {
    const struct plan_span *whole = &expect->span;
    if (expect->parts_count == 0 || whole->file >= run->plan->files_count || whole->end <= whole->start)
        return;
    uint32_t *at = ARENA_ARRAY(run->arena, uint32_t, whole->end - whole->start + 1);
    struct str text = on_one_line(run, whole, at);
    size_t width = (size_t)text_length(text);
    spec_test_fail(run, "    %.*s", STR_ARG(text));
    struct buf line = {0};
    for (uint32_t i = 0; i < expect->parts_count; i++) {
        const struct plan_test_part *part = &expect->parts[i];
        if (part->span.start < whole->start || part->span.start >= whole->end) continue;
        size_t before = (size_t)text_length(str_from(text.ptr, at[part->span.start - whole->start]));
        buf_clear(&line);
        put_padded(&line, STR("    "), 4 + before);
        put_padded(&line, on_one_line(run, &part->span, NULL), width > before ? width - before : 0);
        spec_test_fail(run, "%.*s  = %.*s", STR_ARG(buf_str(&line)), STR_ARG(part_value(run, part)));
    }
    buf_release(&line);
}

static void expect_assert(struct test_run *run, const struct plan_test_expect *expect) {
    struct value value = {.kind = TYPE_NULL};
    struct diag_list diags;
    diag_list_init(&diags, run->arena);
    struct str text = on_one_line(run, &expect->span, NULL);
    if (!program_evaluate(run->engine.programs, expect->program - 1, 0, run->arena, &value, &diags))
        spec_test_fail(run, "could not be computed: %.*s: %.*s", STR_ARG(text),
                       STR_ARG(diags.items.count ? diags.items.items[0]->message : STR("no value")));
    else if (value.kind == TYPE_BOOL && value.as_bool)
        return;
    else
        spec_test_fail(run, "%s: %.*s", value.kind == TYPE_NULL ? "is null" : "does not hold", STR_ARG(text));
    show_parts(run, expect);
}

/* ---------------------------------------------------------------- all */

void spec_test_expectations(struct test_run *run) {
    for (uint32_t i = 0; i < run->test->expects_count; i++) {
        const struct plan_test_expect *expect = &run->test->expects[i];
        uint32_t before = run->result->failures.count;
        switch ((enum plan_expect_kind)expect->kind) {
        case EXPECT_ROW: expect_row(run, expect); break;
        case EXPECT_ASSERT: expect_assert(run, expect); break;
        case EXPECT_REJECT_MESSAGE: expect_message(run, expect); break;
        default: expect_count(run, expect); break;
        }
        if (run->result->failures.count == before) continue;
        uint32_t line;
        struct str file = plan_span_file(run->plan, &expect->span, &line);
        run->result->failures.items[before] = arena_printf(run->arena, "%.*s:%u: %.*s", STR_ARG(file), line,
                                                           STR_ARG(run->result->failures.items[before]));
    }
}
