/* Profiles as text for terminals. */
#include "runtime/profile/report.h"

#include "runtime/profile/personal.h"

static const char *const BLOCKS[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

static void put_title(struct buf *out, const struct report_options *options, struct str text) {
    buf_printf(out, "%s%.*s%s", options->colour ? "\x1b[1m" : "", STR_ARG(text),
               options->colour ? "\x1b[0m" : "");
}

static void put_line(struct buf *out, const char *label, struct str text) {
    buf_printf(out, "    %-10s %.*s\n", label, STR_ARG(text));
}

static void put_counts(struct buf *out, struct arena *arena, const struct column_profile *column) {
    buf_printf(out, "    %-10s %.*s", "values", STR_ARG(report_count(arena, column->values)));
    if (column->nulls) buf_printf(out, ", %.*s null", STR_ARG(report_count(arena, column->nulls)));
    if (column->empty) buf_printf(out, ", %.*s empty", STR_ARG(report_count(arena, column->empty)));
    if (column->blank) buf_printf(out, ", %.*s blank", STR_ARG(report_count(arena, column->blank)));
    buf_printf(out, "; %.*s\n", STR_ARG(report_distinct(arena, column)));
}

static void put_types(struct buf *out, struct arena *arena, const struct column_profile *column,
                      const struct report_options *options) {
    const struct guess *type = column_type(column);
    buf_printf(out, "    %-10s %.*s", "type", STR_ARG(report_type(arena, type)));
    if (type->kind != GUESS_TEXT && type->share < 1)
        buf_printf(out, ", which %.*s of the values fit", STR_ARG(report_share(arena, type->share)));
    for (uint32_t i = 0; i < column->answer_count; i++) {
        const struct guess *other = &column->answers[i];
        if (other == type || other->kind == GUESS_TEXT) continue;
        buf_printf(out, "; %.*s %.*s", STR_ARG(report_type(arena, other)),
                   STR_ARG(report_share(arena, other->share)));
    }
    buf_append_char(out, '\n');
    const struct guess *closest = &column->answers[0];
    if (closest->candidate == NULL || closest->candidate->misfits == 0) return;
    buf_printf(out, "    %-10s no %s:", "", guess_kind_name(closest->kind));
    for (uint32_t i = 0; i < GUESS_MISFITS && i < closest->candidate->misfits; i++) {
        const struct guess_text *text = &closest->candidate->misfit[i];
        struct str shown = report_value(arena, column, options, str_from(text->bytes, text->len), text->cut);
        buf_printf(out, "%s `%.*s` (row %.*s)", i ? "," : "", STR_ARG(shown),
                   STR_ARG(report_count(arena, closest->candidate->misfit_row[i])));
    }
    buf_append_char(out, '\n');
}

static void put_range(struct buf *out, struct arena *arena, const struct column_profile *column,
                      const struct report_options *options) {
    const struct guess *type = column_type(column);
    const struct guess_text *lo = &column->text_min, *hi = &column->text_max;
    if (type->candidate && type->candidate->hi > type->candidate->lo) {
        lo = &type->candidate->lo_text;
        hi = &type->candidate->hi_text;
    }
    struct str from = report_value(arena, column, options, str_from(lo->bytes, lo->len), lo->cut);
    struct str to = report_value(arena, column, options, str_from(hi->bytes, hi->len), hi->cut);
    if (!column->nested)
        put_line(out, "range", arena_printf(arena, "`%.*s` to `%.*s`", STR_ARG(from), STR_ARG(to)));
    put_line(out, "length",
             column->length_min == column->length_max
                 ? arena_printf(arena, "%u", column->length_min)
                 : arena_printf(arena, "%u to %u, %.1f on average", column->length_min, column->length_max,
                                (double)column->length_sum / (double)column->values));
}

static void put_top(struct buf *out, struct arena *arena, const char *label,
                    const struct column_profile *column, const struct counted *counted, uint32_t limit,
                    const struct report_options *options) {
    const struct counted_value **top;
    uint32_t n = counted_top(counted, arena, limit, &top);
    if (n == 0) return;
    buf_printf(out, "    %-10s", label);
    for (uint32_t i = 0; i < n; i++) {
        struct str text = str_from(top[i]->text, top[i]->len);
        if (options) text = report_value(arena, column, options, text, top[i]->cut);
        buf_printf(out, "%s `%.*s` %s%.*s", i ? "," : "", STR_ARG(text), counted->missed ? "at least " : "",
                   STR_ARG(report_count(arena, top[i]->count)));
    }
    if (counted->count > n)
        buf_printf(out, " and %s%u more", counted->missed ? "at least " : "", counted->count - n);
    buf_append_char(out, '\n');
}

static void put_bars(struct buf *out, const struct column_profile *column,
                     const struct report_options *options) {
    uint64_t most = 0;
    if (column->bar_count < 2) return;
    for (uint32_t i = 0; i < column->bar_count; i++)
        if (column->bars[i] > most) most = column->bars[i];
    if (most == 0) return;
    bool masked = str_is(column->bars_of, "value") && report_masks(column, options);
    buf_printf(out, "    %-10s %.*s ", str_is(column->bars_of, "value") ? "histogram" : "lengths",
               STR_ARG(masked ? STR("***") : column->bars_from));
    for (uint32_t i = 0; i < column->bar_count; i++)
        buf_append_cstr(out, BLOCKS[column->bars[i] == 0 ? 0 : 1 + column->bars[i] * 7 / most]);
    buf_printf(out, " %.*s%s\n", STR_ARG(masked ? STR("***") : column->bars_to),
               column->bars_sampled ? " (of a sample)" : "");
}

static void put_column(struct buf *out, const struct column_profile *column,
                       const struct report_options *options) {
    struct arena arena = {0};
    buf_append_cstr(out, "\n  ");
    put_title(out, options, column->from.len ? column->from : column->name);
    if (column->from.len && !str_eq(column->from, column->name))
        buf_printf(out, "  (%.*s)", STR_ARG(column->name));
    buf_append_char(out, '\n');
    put_counts(out, &arena, column);
    if (column->values) {
        bool nested = column->nested;
        put_types(out, &arena, column, options);
        put_range(out, &arena, column, options);
        if (!nested) put_top(out, &arena, "patterns", column, &column->patterns, REPORT_PATTERNS, NULL);
        if (!nested && (column->distinct.count < column->values || column->values <= REPORT_TOP))
            put_top(out, &arena, "top", column, &column->top, REPORT_TOP, options);
        put_bars(out, column, options);
    }
    struct report_remarks remarks = report_remarks(&arena, column);
    for (uint32_t i = 0; i < remarks.count; i++)
        put_line(out, i ? "" : "remarks", remarks.list[i]);
    arena_release(&arena);
}

static void put_rows(struct buf *out, struct arena *arena, uint64_t count, const char *before,
                     const char *behind) {
    if (count == 0) return;
    buf_printf(out, "  %.*s %srow%s%s\n", STR_ARG(report_count(arena, count)), before, count == 1 ? "" : "s",
               behind);
}

static void put_faults(struct buf *out, struct arena *arena, const struct table_profile *profile) {
    put_rows(out, arena, profile->ragged, "", " with too few or too many fields");
    put_rows(out, arena, profile->malformed, "malformed ", "");
    put_rows(out, arena, profile->bad_encoding, "", " with bytes that are not of the encoding");
    for (uint32_t i = 0; i < profile->fault_example_count; i++)
        buf_printf(out, "    %.*s\n", STR_ARG(profile->fault_examples[i]));
    for (uint32_t i = 0; i < profile->unnamed.count; i++)
        buf_printf(out, "%s`%.*s`%s", i ? ", " : "  not in the spec: ", STR_ARG(profile->unnamed.items[i]),
                   i + 1 == profile->unnamed.count ? "\n" : "");
}

void profile_write_text(const struct table_profile *profile, const struct report_options *options,
                        struct buf *out) {
    struct arena arena = {0};
    put_title(out, options, profile->name);
    buf_printf(out, "  %.*s  (%.*s)\n", STR_ARG(profile->source->location),
               STR_ARG(report_source(&arena, profile)));
    buf_printf(out, "  %.*s row%s", STR_ARG(report_count(&arena, profile->rows)),
               profile->rows == 1 ? "" : "s");
    if (profile->child_rows)
        buf_printf(out, ", %.*s of them below others", STR_ARG(report_count(&arena, profile->child_rows)));
    buf_printf(out, ", %u column%s", profile->column_count, profile->column_count == 1 ? "" : "s");
    if (profile->file_count > 1) buf_printf(out, ", %u files", profile->file_count);
    buf_append_char(out, '\n');
    put_faults(out, &arena, profile);
    for (uint32_t i = 0; i < profile->column_count; i++)
        put_column(out, &profile->columns[i], options);
    arena_release(&arena);
}
