/* Reads a report back from its JSON, for `mig report`. The file may have been edited: nothing is trusted. */
#include "runtime/engine/run.h"

#include <cjson/cJSON.h>
#include <stdio.h>

static struct str get_text(struct arena *arena, const cJSON *node, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, name);
    return cJSON_IsString(item) ? arena_copy_str(arena, str_cstr(item->valuestring)) : STR("");
}

static uint64_t get_number(const cJSON *node, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, name);
    return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 9e15
               ? (uint64_t)item->valuedouble
               : 0;
}

static double get_seconds(const cJSON *node) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, "seconds");
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool get_flag(const cJSON *node, const char *name) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node, name));
}

static enum fault find_fault(struct str id) {
    for (int i = 1; i < FAULT_COUNT; i++)
        if (str_is(id, fault_id((enum fault)i))) return (enum fault)i;
    return FAULT_NONE;
}

static void read_reason(struct arena *arena, const cJSON *node, struct run_map_report *map) {
    struct str outcome = get_text(arena, node, "outcome");
    struct run_reason r = {.kind = OUTCOME_OK};
    if (str_is(outcome, "rejected")) r.kind = OUTCOME_REJECTED;
    if (str_is(outcome, "skipped")) r.kind = OUTCOME_SKIPPED;
    if (str_is(outcome, "failed")) r.kind = OUTCOME_FAILED;
    uint64_t skip = get_number(node, "skip_reason");
    r.skip_reason = skip < SKIP_REASON_COUNT ? (uint8_t)skip : 0;
    r.fault = find_fault(get_text(arena, node, "code"));
    r.count = get_number(node, "count");
    r.file = get_text(arena, node, "file");
    r.line = (uint32_t)get_number(node, "line");
    r.text = get_text(arena, node, "text");
    r.example = get_text(arena, node, "example");
    VEC_PUSH(arena, &map->reasons, r);
}

static void read_map(struct arena *arena, const cJSON *node, struct run_report *report) {
    struct run_map_report *m = ARENA_NEW(arena, struct run_map_report);
    const cJSON *reason;
    m->name = get_text(arena, node, "name");
    m->read = get_number(node, "read");
    m->written = get_number(node, "written");
    m->updated = get_number(node, "updated");
    m->unchanged = get_number(node, "unchanged");
    m->skipped = get_number(node, "skipped");
    m->rejected = get_number(node, "rejected");
    m->warnings = get_number(node, "warnings");
    m->seconds = get_seconds(node);
    m->complete = get_flag(node, "complete");
    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(node, "reasons"))
        read_reason(arena, reason, m);
    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(node, "rules")) {
        struct run_rule_report rule = {.subject = get_text(arena, reason, "subject"),
                                       .limit = get_text(arena, reason, "limit"),
                                       .count = get_number(reason, "count"),
                                       .beyond = get_flag(reason, "beyond")};
        VEC_PUSH(arena, &m->rules, rule);
    }
    VEC_PUSH(arena, &report->maps, m);
}

static void read_check(struct arena *arena, const cJSON *node, struct run_report *report) {
    struct run_check_report *c = ARENA_NEW(arena, struct run_check_report);
    c->name = get_text(arena, node, "name");
    c->title = get_text(arena, node, "title");
    c->detail = get_text(arena, node, "detail");
    c->ran = get_flag(node, "ran");
    c->passed = get_flag(node, "passed");
    c->warned = get_flag(node, "warned");
    VEC_PUSH(arena, &report->checks, c);
}

static void read_head(struct arena *arena, const cJSON *root, struct run_report *report) {
    struct str run = get_text(arena, root, "run");
    memcpy(report->run_id, run.ptr, run.len < 36 ? run.len : 36);
    report->migration = get_text(arena, root, "migration");
    report->version = (int64_t)get_number(root, "version");
    report->environment = get_text(arena, root, "environment");
    report->started_at = get_text(arena, root, "started_at");
    report->dry_run = get_flag(root, "dry_run");
    report->rehearsal = get_flag(root, "rehearsal");
    report->rolled_back = get_flag(root, "rolled_back");
    report->seconds = get_seconds(root);
    report->quarantine_dir = get_text(arena, root, "quarantine");
    for (int s = 0; s <= RUN_REFUSED; s++)
        if ((uint64_t)run_exit_code((enum run_status)s) == get_number(root, "status"))
            report->status = (enum run_status)s;
    struct str hash = get_text(arena, root, "plan_hash");
    for (size_t i = 0; i + 1 < hash.len && i / 2 < sizeof report->plan_hash; i += 2) {
        unsigned byte = 0;
        if (sscanf(hash.ptr + i, "%2x", &byte) == 1) report->plan_hash[i / 2] = (uint8_t)byte;
    }
}

bool run_report_read(struct str json, struct arena *arena, struct run_report *report,
                     struct diag_list *diags) {
    cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *item;
    *report = (struct run_report){.arena = arena};
    if (!cJSON_IsObject(root) || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(root, "maps"))) {
        diag_report(diags, X_NOT_A_REPORT, (struct span){0}, "this is not a report that mig wrote");
        cJSON_Delete(root);
        return false;
    }
    read_head(arena, root, report);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "maps")) read_map(arena, item, report);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "checks"))
        read_check(arena, item, report);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "files")) {
        struct run_file_report file = {get_text(arena, item, "source"), get_text(arena, item, "file"),
                                       get_number(item, "rows")};
        VEC_PUSH(arena, &report->files, file);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "notes")) {
        if (!cJSON_IsString(item)) continue;
        VEC_PUSH(arena, &report->notes, arena_copy_str(arena, str_cstr(item->valuestring)));
    }
    cJSON_Delete(root);
    return true;
}
