/* See crosswalk_row.h. */
#include "runtime/engine/crosswalk_row.h"

#include "runtime/value/convert.h"
#include "runtime/value/encode.h"

#include <cjson/cJSON.h>

/* A value belongs to one row of one run, and to one of its two columns. */
static struct str subject_of(struct uuid run_id, struct str map, uint64_t seq, char what,
                             struct arena *arena) {
    struct str id = hex_encode(arena, str_from((const char *)run_id.bytes, sizeof run_id.bytes));
    return arena_printf(arena, "%.*s %.*s %llu %c", STR_ARG(id), STR_ARG(map), (unsigned long long)seq, what);
}

void crosswalk_row_seal(struct seal_box *box, struct uuid run_id, struct str map,
                        struct journal_crosswalk *row, struct arena *arena) {
    if (row->key.len)
        row->key = seal_box_close(box, subject_of(run_id, map, row->seq, 'k', arena), row->key, arena);
    struct str columns =
        seal_box_close(box, subject_of(run_id, map, row->seq, 'c', arena), row->columns_json, arena);
    row->columns_json = arena_printf(arena, "\"%.*s\"", STR_ARG(base64_encode(arena, columns)));
}

bool crosswalk_row_open(struct seal_box *box, struct uuid run_id, struct str map,
                        struct journal_crosswalk *row, struct arena *arena) {
    struct str text = row->columns_json, sealed;
    if (text.len < 2 || text.ptr[0] != '"') return true;
    if (box == NULL || base64_decode(arena, str_from(text.ptr + 1, text.len - 2), &sealed) != FAULT_NONE)
        return false;
    return seal_box_open(box, subject_of(run_id, map, row->seq, 'c', arena), sealed, arena,
                         &row->columns_json) &&
           (row->key.len == 0 ||
            seal_box_open(box, subject_of(run_id, map, row->seq, 'k', arena), row->key, arena, &row->key));
}

bool crosswalk_report_sealed(struct str map, bool has_key, struct diag_list *diags) {
    struct diag *diag =
        diag_report(diags, has_key ? X_SEAL_OTHER_KEY : X_SEAL_KEY, no_span(),
                    has_key ? "the crosswalk of map `%.*s` was sealed with another key, or changed"
                            : "the crosswalk of map `%.*s` is sealed, and there is no key",
                    STR_ARG(map));
    diag_help(diags, diag, "Set %s to the key that the run had which wrote it.", SEAL_KEY_VARIABLE);
    return false;
}

struct value crosswalk_value(const struct plan *plan, const struct plan_type *type, struct str text,
                             struct arena *arena, struct zone_cache *zones) {
    struct value value = {.kind = TYPE_NULL};
    if (text.ptr == NULL) return value;
    if (type->kind == TYPE_ENUM) {
        for (uint32_t i = 0; i < plan->enums[type->ref].labels_count; i++)
            if (str_eq(plan->enums[type->ref].labels[i].text, text))
                return (struct value){.kind = TYPE_ENUM, .as_int = i};
        return value;
    }
    if (value_parse(arena, (enum type_kind)type->kind, text, zones, &value) != FAULT_NONE)
        value.kind = TYPE_NULL;
    return value;
}

struct str crosswalk_key_bytes(struct arena *arena, struct str text) {
    struct str bytes = STR("");
    if (text.len >= 2) hex_decode(arena, str_from(text.ptr + 2, text.len - 2), &bytes);
    return bytes;
}

void crosswalk_read_columns(const struct engine *engine, const struct plan_keyed_table *table,
                            const uint32_t *at, struct str json, struct arena *arena, struct value *values) {
    cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
    for (uint32_t c = 0; c < table->columns_count && c < 256; c++) {
        const cJSON *item =
            c < plan_stored_columns(table) ? cJSON_GetArrayItem(root, (int)(at ? at[c] : c)) : NULL;
        struct str text =
            cJSON_IsString(item) ? arena_copy_str(arena, str_cstr(item->valuestring)) : (struct str){0};
        values[c] = crosswalk_value(engine->plan, &table->columns[c], text, arena, engine->zones);
    }
    cJSON_Delete(root);
}
