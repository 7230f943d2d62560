/* What is kept of a rejected row: a line without personal data, which anyone may read, and the whole record,
 * which is sealed. docs/quarantine-format.md has both. */
#include "runtime/engine/map_internal.h"

#include "runtime/base/utf8.h"
#include "runtime/value/encode.h"

static bool find_text(struct str in, struct str what, size_t from, size_t *at) {
    const char *found = from <= in.len ? memmem(in.ptr + from, in.len - from, what.ptr, what.len) : NULL;
    if (found) *at = (size_t)(found - in.ptr);
    return found != NULL;
}

static void replace_all(struct buf *text, struct str what) {
    struct buf out = {0};
    size_t from = 0, at;
    while (find_text(buf_str(text), what, from, &at)) {
        buf_append(&out, text->ptr + from, at - from);
        buf_append_cstr(&out, "***");
        from = at + what.len;
    }
    buf_append(&out, text->ptr + from, text->len - from);
    buf_release(text);
    *text = out;
}

static const struct plan_source_table *source_table(const struct map_run *run) {
    if (run->map->from_kind != FROM_SOURCE) return NULL;
    return &run->engine->plan->sources[run->map->source].tables[run->map->source_table];
}

static bool has_personal_columns(const struct plan_source_table *table) {
    for (uint32_t c = 0; table && c < table->columns_count; c++)
        if (table->columns[c].pii) return true;
    return false;
}

/* The raw record without its personal cells. What cannot be found in it as it stands (escaped, quoted) makes
 * the whole record personal: it is left out. */
static bool mask_raw(const struct plan_source_table *table, const struct reject_origin *origin,
                     struct buf *raw) {
    const struct row_cells *cells = origin->cells;
    buf_append_str(raw, origin->place->raw);
    if (!has_personal_columns(table)) return true;
    if (cells == NULL || !cells->whole) return false;
    for (uint32_t c = 0; c < cells->projection->columns.count; c++) {
        struct str value = cells->text[c];
        size_t at;
        if (!table->columns[cells->projection->columns.items[c].column].pii) continue;
        if (cells->state[c] == ROW_NULL || value.len == 0) continue;
        if (!find_text(buf_str(raw), value, 0, &at)) return false;
        replace_all(raw, value);
    }
    return true;
}

static void append_raw(struct buf *out, struct str raw) {
    if (utf8_find_invalid(raw) == raw.len) {
        buf_append_cstr(out, ",\"raw\":");
        buf_append_json(out, raw);
        return;
    }
    struct arena scratch = {0};
    buf_append_cstr(out, ",\"raw_base64\":");
    buf_append_json(out, base64_encode(&scratch, raw));
    arena_release(&scratch);
}

/* The record's own cells by the spec's names; those of its parent and root belong to other records. */
static void append_columns(struct buf *out, const struct plan_source_table *table,
                           const struct row_cells *cells) {
    bool first = true;
    buf_append_cstr(out, ",\"columns\":{");
    for (uint32_t c = 0; c < cells->projection->columns.count; c++) {
        const struct reader_column *column = &cells->projection->columns.items[c];
        if (column->via != VIA_SELF) continue;
        if (!first) buf_append_char(out, ',');
        first = false;
        buf_append_json(out, table->columns[column->column].name);
        buf_append_char(out, ':');
        if (cells->state[c] == ROW_VALUE)
            buf_append_json(out, cells->text[c]);
        else
            buf_append_cstr(out, "null");
    }
    buf_append_char(out, '}');
}

static void append_head(struct buf *out, struct map_run *run, const struct reject_origin *origin,
                        const struct buf *faults) {
    const struct row_place *place = origin->place;
    struct str map = run->map->name;
    buf_append_cstr(out, "{\"map\":");
    buf_append_json(out, map);
    buf_append_cstr(out, ",\"file\":");
    buf_append_json(out, map_place_file(run, place));
    buf_printf(out, ",\"line\":%llu,\"row\":%llu,\"faults\":", (unsigned long long)place->line,
               (unsigned long long)place->row);
    buf_append_str(out, buf_str(faults));
    buf_printf(out, ",\"id\":\"%.*s:%llu:%u\"", STR_ARG(map), (unsigned long long)origin->ordinal,
               origin->nth);
}

static void seal_record(struct map_run *run, const struct reject_origin *origin,
                        struct quarantine_record *record) {
    struct buf *out = &record->sealed;
    const struct plan_source_table *table = source_table(run);
    buf_clear(out);
    append_head(out, run, origin, &record->faults);
    buf_printf(out, ",\"ordinal\":%llu,\"nth\":%u,\"by_server\":%s", (unsigned long long)origin->ordinal,
               origin->nth, origin->by_server ? "true" : "false");
    if (table && origin->cells) append_columns(out, table, origin->cells);
    append_raw(out, origin->place->raw);
    buf_append_char(out, '}');
}

void quarantine_record_write(struct map_run *run, const struct reject_origin *origin, bool seal,
                             struct quarantine_record *record) {
    const struct plan_source_table *table = source_table(run);
    struct buf raw = {0}, *out = &record->line;
    buf_clear(out);
    append_head(out, run, origin, &record->faults);
    if (table && origin->cells && !has_personal_columns(table)) append_columns(out, table, origin->cells);
    if (mask_raw(table, origin, &raw)) {
        buf_append_cstr(out, ",\"raw\":");
        buf_append_json(out, buf_str(&raw));
    } else {
        buf_append_cstr(out, ",\"raw\":null,\"raw_withheld\":\"it holds personal data\"");
    }
    buf_append_cstr(out, "}\n");
    buf_release(&raw);
    if (seal) seal_record(run, origin, record);
}

void quarantine_record_release(struct quarantine_record *record) {
    struct buf *bufs[] = {&record->faults, &record->line, &record->sealed};
    for (int i = 0; i < 3; i++) {
        if (bufs[i]->ptr) explicit_bzero(bufs[i]->ptr, bufs[i]->cap);
        buf_release(bufs[i]);
    }
}
