/* Profiles as JSON. */
#include "runtime/profile/report.h"

static void put_text(struct buf *out, const char *key, struct str text) {
    buf_printf(out, ",\"%s\":", key);
    buf_append_json(out, text);
}

static void put_number(struct buf *out, const char *key, uint64_t n) {
    buf_printf(out, ",\"%s\":%llu", key, (unsigned long long)n);
}

static void put_types(struct buf *out, struct arena *arena, const struct column_profile *column,
                      const struct report_options *options) {
    buf_append_cstr(out, ",\"types\":[");
    for (uint32_t i = 0; i < column->answer_count; i++) {
        const struct guess *guess = &column->answers[i];
        buf_printf(out, "%s{\"type\":\"%s\"", i ? "," : "", guess_kind_name(guess->kind));
        if (guess->pattern.len) put_text(out, "pattern", guess->pattern);
        if (guess->other_pattern.len) put_text(out, "or_pattern", guess->other_pattern);
        buf_printf(out, ",\"fits\":%llu,\"share\":%.4f,\"misfits\":[", (unsigned long long)guess->fits,
                   guess->share);
        for (uint32_t n = 0; guess->candidate && n < GUESS_MISFITS && n < guess->candidate->misfits; n++) {
            const struct guess_text *text = &guess->candidate->misfit[n];
            buf_printf(out, "%s{\"row\":%llu", n ? "," : "",
                       (unsigned long long)guess->candidate->misfit_row[n]);
            put_text(out, "value",
                     report_value(arena, column, options, str_from(text->bytes, text->len), text->cut));
            buf_append_char(out, '}');
        }
        buf_append_cstr(out, "]}");
    }
    buf_append_char(out, ']');
}

static void put_top(struct buf *out, struct arena *arena, const char *key,
                    const struct column_profile *column, const struct counted *counted, uint32_t limit,
                    const struct report_options *options) {
    const struct counted_value **top;
    uint32_t n = counted_top(counted, arena, limit, &top);
    buf_printf(out, ",\"%s\":[", key);
    for (uint32_t i = 0; i < n; i++) {
        struct str text = str_from(top[i]->text, top[i]->len);
        buf_printf(out, "%s{\"count\":%llu", i ? "," : "", (unsigned long long)top[i]->count);
        put_text(out, "value", options ? report_value(arena, column, options, text, top[i]->cut) : text);
        buf_append_char(out, '}');
    }
    buf_printf(out, "],\"%s_exact\":%s", key, counted->missed ? "false" : "true");
}

static void put_histogram(struct buf *out, const struct column_profile *column,
                          const struct report_options *options) {
    bool masked = str_is(column->bars_of, "value") && report_masks(column, options);
    if (column->bar_count == 0) return;
    buf_append_cstr(out, ",\"histogram\":{\"of\":");
    buf_append_json(out, column->bars_of);
    if (!masked) put_text(out, "from", column->bars_from);
    if (!masked) put_text(out, "to", column->bars_to);
    buf_printf(out, ",\"sampled\":%s,\"bars\":[", column->bars_sampled ? "true" : "false");
    for (uint32_t i = 0; i < column->bar_count; i++)
        buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)column->bars[i]);
    buf_append_cstr(out, "]}");
}

static void put_column(struct buf *out, const struct column_profile *column,
                       const struct report_options *options) {
    struct arena arena = {0};
    buf_append_cstr(out, "{\"name\":");
    buf_append_json(out, column->name);
    if (column->from.len) put_text(out, "from", column->from);
    put_number(out, "rows", column->rows);
    put_number(out, "values", column->values);
    put_number(out, "nulls", column->nulls);
    put_number(out, "empty", column->empty);
    put_number(out, "blank", column->blank);
    put_number(out, "unreadable", column->unreadable);
    put_number(out, "padded", column->padded);
    put_number(out, "distinct", sketch_count(&column->distinct));
    buf_printf(out, ",\"distinct_exact\":%s", sketch_is_exact(&column->distinct) ? "true" : "false");
    put_number(out, "distinct_folded", sketch_count(&column->folded));
    buf_printf(out, ",\"unique\":%s,\"code\":%s", column_is_unique(column) ? "true" : "false",
               column->is_code ? "true" : "false");
    if (column->personal) put_text(out, "personal", str_cstr(personal_kind_name(column->personal)));
    buf_printf(out, ",\"masked\":%s", report_masks(column, options) ? "true" : "false");
    buf_append_cstr(out, ",\"null_words\":{");
    for (uint32_t i = 0, n = 0; i < NULL_SPELLINGS; i++) {
        if (column->null_word_counts[i] == 0) continue;
        if (n++) buf_append_char(out, ',');
        buf_append_json(out, str_cstr(NULL_SPELLING[i]));
        buf_printf(out, ":%llu", (unsigned long long)column->null_word_counts[i]);
    }
    buf_append_char(out, '}');
    if (column->values) {
        const struct guess_text *lo = &column->text_min, *hi = &column->text_max;
        put_number(out, "length_min", column->length_min);
        put_number(out, "length_max", column->length_max);
        put_text(out, "min", report_value(&arena, column, options, str_from(lo->bytes, lo->len), lo->cut));
        put_text(out, "max", report_value(&arena, column, options, str_from(hi->bytes, hi->len), hi->cut));
        put_text(out, "type", report_type(&arena, column_type(column)));
        put_types(out, &arena, column, options);
        put_top(out, &arena, "patterns", column, &column->patterns, 20, NULL);
        put_top(out, &arena, "top", column, &column->top, 20, options);
        put_histogram(out, column, options);
    }
    buf_append_char(out, '}');
    arena_release(&arena);
}

void profile_write_json(const struct table_profile *profile, const struct report_options *options,
                        struct buf *out) {
    struct arena arena = {0};
    buf_append_cstr(out, "{\"name\":");
    buf_append_json(out, profile->name);
    put_text(out, "location", profile->source->location);
    put_text(out, "source", report_source(&arena, profile));
    put_number(out, "files", profile->file_count);
    put_number(out, "bytes", profile->bytes);
    put_number(out, "rows", profile->rows);
    put_number(out, "child_rows", profile->child_rows);
    put_number(out, "ragged", profile->ragged);
    put_number(out, "malformed", profile->malformed);
    put_number(out, "bad_encoding", profile->bad_encoding);
    put_number(out, "exact_up_to", profile->exact);
    buf_append_cstr(out, ",\"columns\":[");
    for (uint32_t i = 0; i < profile->column_count; i++) {
        if (i) buf_append_char(out, ',');
        put_column(out, &profile->columns[i], options);
    }
    buf_append_cstr(out, "]}");
    arena_release(&arena);
}
