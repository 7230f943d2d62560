/* See pg_trail.h. */
#include "runtime/postgres/pg_trail.h"

#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/value/datetime.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 1000 };

static const char *const FIELD_NAMES[TRAIL_FIELDS] = {
    [TRAIL_PREVIOUS] = "previous", [TRAIL_ID] = "id",   [TRAIL_RUN] = "run",       [TRAIL_AT] = "at_micros",
    [TRAIL_KIND] = "kind",         [TRAIL_MAP] = "map", [TRAIL_DETAIL] = "detail", [TRAIL_HASH] = "hash",
};

/* ---------------------------------------------------------------- checking */

static bool report_break(const struct trail_event *event, struct diag_list *diags, const char *why) {
    struct diag *diag = diag_report(diags, X_PG_TAMPERED, pg_no_span(),
                                    "event %.*s of the audit trail does not fit the chain: %s",
                                    STR_ARG(event->fields[TRAIL_ID]), why);
    diag_help(
        diags, diag,
        "The events before it fit. Compare with an export that was kept elsewhere (`mig audit export`), "
        "and find out who could write table mig.event.");
    return false;
}

bool trail_check_event(struct trail_check *check, const struct trail_event *event, struct diag_list *diags) {
    uint8_t hash[32];
    char text[65], number[24];
    journal_hash_event(event->fields, TRAIL_HASH, hash);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    snprintf(number, sizeof number, "%llu", (unsigned long long)check->count + 1);
    if (!str_is(event->fields[TRAIL_ID], number))
        return report_break(
            event, diags,
            arena_printf(diags->arena, "event %s should stand here, it is missing", number).ptr);
    if (!str_is(event->fields[TRAIL_HASH], text))
        return report_break(event, diags, "its content is not what its hash was made of, so it was changed");
    if (!str_is(event->fields[TRAIL_PREVIOUS], check->head))
        return report_break(event, diags, "it was not written after the event that stands before it");
    memcpy(check->head, text, sizeof check->head);
    check->count++;
    return true;
}

/* ---------------------------------------------------------------- the target's */

static bool visit_page(const struct pg_result *result,
                       bool (*visit)(void *context, const struct trail_event *event), void *context) {
    for (uint32_t i = 0; i < pg_result_rows(result); i++) {
        struct trail_event event;
        for (uint32_t f = 0; f < TRAIL_FIELDS; f++) {
            struct str text = pg_result_text(result, i, f);
            event.fields[f] = text.ptr ? text : STR("");
        }
        if (!visit(context, &event)) return false;
    }
    return true;
}

bool trail_read(struct pg_connection *connection,
                bool (*visit)(void *context, const struct trail_event *event), void *context,
                struct diag_list *diags) {
    static const char SQL[] =
        "SELECT pg_catalog.encode(previous, 'hex'), id, run_id,"
        " (extract(epoch FROM at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint,"
        " kind, map, detail::text, pg_catalog.encode(hash, 'hex')"
        " FROM mig.event WHERE id > $1::bigint ORDER BY id LIMIT 1000";
    char last[INT_TEXT_SIZE];
    struct str after = journal_int_text(INT64_MIN, last);
    for (;;) {
        struct pg_result *result = pg_query(connection, SQL, &after, 1, diags);
        if (result == NULL) return false;
        uint32_t rows = pg_result_rows(result);
        bool good = visit_page(result, visit, context);
        if (good && rows) after = journal_int_text(pg_result_int(result, rows - 1, TRAIL_ID), last);
        pg_result_free(result);
        if (!good || rows < PAGE) return good;
    }
}

bool trail_read_hash(struct pg_connection *connection, uint64_t id, struct arena *arena, struct str *hash,
                     struct diag_list *diags) {
    char number[INT_TEXT_SIZE];
    struct str param = journal_int_text((int64_t)id, number);
    struct pg_result *result =
        pg_query(connection, "SELECT pg_catalog.encode(hash, 'hex') FROM mig.event WHERE id = $1::bigint",
                 &param, 1, diags);
    if (result == NULL) return false;
    *hash = pg_result_rows(result) ? arena_copy_str(arena, pg_result_text(result, 0, 0)) : STR("");
    pg_result_free(result);
    return true;
}

struct chain_visit {
    struct trail_check check;
    struct diag_list *diags;
};

static bool check_visited(void *context, const struct trail_event *event) {
    struct chain_visit *visit = context;
    return trail_check_event(&visit->check, event, visit->diags);
}

bool journal_verify_events(struct pg_connection *connection, uint64_t *count, struct diag_list *diags) {
    struct chain_visit visit = {.diags = diags};
    bool good = trail_read(connection, check_visited, &visit, diags);
    *count = visit.check.count;
    return good;
}

/* ---------------------------------------------------------------- lines of JSON */

void trail_write_line(const struct trail_event *event, struct buf *out) {
    struct arena arena = {0};
    buf_append_cstr(out, "{\"id\":");
    buf_append_str(out, event->fields[TRAIL_ID]);
    buf_append_cstr(out, ",\"at\":");
    buf_append_json(
        out, timestamptz_format(&arena, strtoll(arena_copy_cstr(&arena, event->fields[TRAIL_AT]), NULL, 10)));
    for (uint32_t f = 0; f < TRAIL_FIELDS; f++) {
        if (f == TRAIL_ID) continue;
        buf_printf(out, ",\"%s\":", FIELD_NAMES[f]);
        buf_append_json(out, event->fields[f]);
    }
    buf_append_cstr(out, "}\n");
    arena_release(&arena);
}

bool trail_read_line(struct str line, uint64_t number, struct arena *arena, struct trail_event *event,
                     struct diag_list *diags) {
    cJSON *root = cJSON_ParseWithLength(line.ptr ? line.ptr : "", line.len);
    bool good = cJSON_IsObject(root);
    for (uint32_t f = 0; f < TRAIL_FIELDS && good; f++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, FIELD_NAMES[f]);
        good = f == TRAIL_ID ? cJSON_IsNumber(item) : cJSON_IsString(item);
        if (!good) break;
        event->fields[f] = f == TRAIL_ID ? arena_printf(arena, "%.0f", item->valuedouble)
                                         : arena_copy_str(arena, str_cstr(item->valuestring));
    }
    cJSON_Delete(root);
    if (good) return true;
    struct diag *diag = diag_report(diags, X_PG_TAMPERED, pg_no_span(),
                                    "line %llu is no event of an audit trail", (unsigned long long)number);
    diag_help(diags, diag, "It should be as `mig audit export` wrote it: the file was cut short or changed.");
    return false;
}
