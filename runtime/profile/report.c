/* What the reports of profiles share. */
#include "runtime/profile/report.h"

#include "runtime/base/utf8.h"
#include "runtime/profile/personal.h"

#include <stdio.h>

enum { SHOWN_CHARACTERS = 60 };

bool report_masks(const struct column_profile *column, const struct report_options *options) {
    return column->personal != PERSONAL_NOT && !options->show_values;
}

struct str report_value(struct arena *arena, const struct column_profile *column,
                        const struct report_options *options, struct str text, bool cut) {
    if (report_masks(column, options)) return cut ? STR("*** (a long text)") : personal_mask(arena, text);
    struct buf out = {0};
    size_t shown = 0;
    for (size_t at = 0; at < text.len && shown < SHOWN_CHARACTERS; shown++) {
        size_t from = at;
        int32_t c = utf8_next(text, &at);
        if (c == '\n' || c == '\r' || c == '\t')
            buf_append_cstr(&out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
                 (c >= 0x202a && c <= 0x202e) ||
                 (c >= 0x2066 && c <= 0x2069)) /* signs that turn lines around */
            buf_append_cstr(&out, "\xef\xbf\xbd");
        else
            buf_append(&out, text.ptr + from, at - from);
        if (shown + 1 == SHOWN_CHARACTERS && at < text.len) cut = true;
    }
    if (cut) buf_append_cstr(&out, "…");
    struct str value = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return value;
}

struct str report_type(struct arena *arena, const struct guess *guess) {
    const char *name = guess_kind_name(guess->kind);
    if (guess->pattern.len == 0) return str_cstr(name);
    return arena_printf(arena, "%s '%.*s'", name, STR_ARG(guess->pattern));
}

struct str report_count(struct arena *arena, uint64_t n) {
    char digits[32], out[48];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    return arena_copy_str(arena, str_from(out, (size_t)at));
}

struct str report_share(struct arena *arena, double share) {
    double percent = share * 100;
    if (percent > 99.9 && share < 1) percent = 99.9;
    if (percent < 0.1 && share > 0) percent = 0.1;
    bool whole = percent == (double)(int)percent;
    return arena_printf(arena, whole ? "%.0f%%" : "%.1f%%", percent);
}

struct str report_distinct(struct arena *arena, const struct column_profile *column) {
    struct str count = report_count(arena, sketch_count(&column->distinct));
    if (!sketch_is_exact(&column->distinct))
        return arena_printf(arena, "about %.*s distinct (estimated)", STR_ARG(count));
    if (column->values > 1 && column->distinct.count == column->values)
        return arena_printf(arena, "%.*s distinct, each once", STR_ARG(count));
    return arena_printf(arena, "%.*s distinct", STR_ARG(count));
}

struct str report_source(struct arena *arena, const struct table_profile *profile) {
    static const char *const FORMATS[] = {"csv",      "json",   "ndjson",   "xlsx",
                                          "dynamodb", "inline", "postgres", "query"};
    const struct plan_source *source = profile->source;
    struct buf out = {0};
    buf_append_cstr(&out, FORMATS[source->format]);
    if (source->format == SOURCE_CSV && !str_is(source->delimiter, ","))
        buf_printf(&out, ", delimiter `%.*s`",
                   STR_ARG(str_is(source->delimiter, "\t") ? STR("\\t") : source->delimiter));
    if (source->format == SOURCE_CSV && !source->header) buf_append_cstr(&out, ", no header");
    if (source->encoding.len) buf_printf(&out, ", %.*s", STR_ARG(source->encoding));
    if (source->rows.len) buf_printf(&out, ", rows `%.*s`", STR_ARG(source->rows));
    if (source->children.len) buf_printf(&out, ", children `%.*s`", STR_ARG(source->children));
    if (profile->table->title.len && source->format == SOURCE_XLSX) {
        buf_printf(&out, ", sheet `%.*s`", STR_ARG(profile->table->title));
        if (profile->table->header_row > 1)
            buf_printf(&out, ", header in row %u", profile->table->header_row);
    }
    struct str text = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

struct str report_null_words(struct arena *arena, const struct column_profile *column) {
    struct buf out = {0};
    for (uint32_t i = 0; i < NULL_SPELLINGS; i++)
        if (column->null_word_counts[i])
            buf_printf(&out, "%s`%s` %.*s time%s", out.len ? ", " : "", NULL_SPELLING[i],
                       STR_ARG(report_count(arena, column->null_word_counts[i])),
                       column->null_word_counts[i] == 1 ? "" : "s");
    struct str text = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void remark(struct report_remarks *remarks, struct str text) {
    if (remarks->count < sizeof remarks->list / sizeof *remarks->list) remarks->list[remarks->count++] = text;
}

struct report_remarks report_remarks(struct arena *arena, const struct column_profile *column) {
    struct report_remarks remarks = {.count = 0};
    const struct guess *type = column_type(column);
    struct str nulls = report_null_words(arena, column);
    if (column->personal == PERSONAL_DECLARED)
        remark(&remarks, STR("personal data, as the spec says"));
    else if (column->personal)
        remark(&remarks,
               arena_printf(arena, "personal data suspected: %s", personal_kind_name(column->personal)));
    if (nulls.len) remark(&remarks, arena_printf(arena, "may mean null: %.*s", STR_ARG(nulls)));
    if (type->other_pattern.len)
        remark(&remarks, arena_printf(arena, "day and month cannot be told apart: '%.*s' fits as many values",
                                      STR_ARG(type->other_pattern)));
    if (column->guesser.leading_zeros && type->kind == GUESS_TEXT)
        remark(&remarks, arena_printf(arena, "%.*s with leading zeros, which a number would lose",
                                      STR_ARG(report_count(arena, column->guesser.leading_zeros))));
    if (column->padded)
        remark(&remarks, arena_printf(arena, "%.*s with white space around them",
                                      STR_ARG(report_count(arena, column->padded))));
    if (column->distinct.count != column->folded.count && sketch_is_exact(&column->distinct) &&
        sketch_is_exact(&column->folded) && column->folded.count && column->length_max <= 200)
        remark(&remarks, arena_printf(arena, "%u distinct when case and white space do not count",
                                      column->folded.count));
    if (column->unreadable)
        remark(&remarks,
               arena_printf(arena, "%.*s cannot be read", STR_ARG(report_count(arena, column->unreadable))));
    if (column->is_code && type->kind == GUESS_TEXT) remark(&remarks, STR("few values that repeat: a code"));
    return remarks;
}
