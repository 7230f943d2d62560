/* See quarantine_export.h. */
#include "runtime/cli/quarantine_export.h"

#include "runtime/cli/kept_records.h"
#include "runtime/engine/target_postgres.h"
#include "runtime/postgres/pg_journal_ledger.h"
#include "runtime/value/uuid.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct exporter {
    struct cli *cli;
    struct run_ref *ref;
    const struct export_options *options;
    struct seal_key key;
    bool has_key;
    const struct plan_map *map;
    const struct plan_source_table *table;
    struct kept_records records;
    bool *wanted; /* by column of the table: some record has it */
    struct buf out;
    uint32_t files, personal;
    uint64_t rows, following;
    struct buf json; /* the answer's files */
};

struct str quarantine_folder(struct cli *cli, const struct run_ref *ref) {
    struct str run = uuid_format(&cli->arena, ref->info->run_id);
    return arena_printf(&cli->arena, "%.*s/%.*s/quarantine", STR_ARG(ref->options.work_dir), STR_ARG(run));
}

/* ---------------------------------------------------------------- one row */

static void append_csv(struct buf *out, struct str text) {
    bool quote = text.len == 0;
    for (size_t i = 0; i < text.len; i++)
        quote |= strchr(",\"\r\n", text.ptr[i]) != NULL;
    quote = quote || text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ';
    if (quote) buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') buf_append_char(out, '"');
        buf_append_char(out, text.ptr[i]);
    }
    if (quote) buf_append_char(out, '"');
}

/* text.ptr NULL: null. */
static void append_cell(struct exporter *x, bool first, struct str name, struct str text) {
    struct buf *out = &x->out;
    if (!x->options->ndjson) {
        if (!first) buf_append_char(out, ',');
        if (text.ptr) append_csv(out, text);
        return;
    }
    buf_append_char(out, first ? '{' : ',');
    buf_append_json(out, name);
    buf_append_char(out, ':');
    if (text.ptr)
        buf_append_json(out, text);
    else
        buf_append_cstr(out, "null");
}

static void append_end(struct exporter *x) {
    buf_append_cstr(&x->out, x->options->ndjson ? "}\n" : "\r\n");
}

static struct str member_text(const cJSON *node, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, name);
    return cJSON_IsString(item) ? str_cstr(item->valuestring) : (struct str){0};
}

static struct str faults_text(struct cli *cli, const cJSON *record) {
    struct buf text = {0};
    const cJSON *fault;
    cJSON_ArrayForEach(fault, cJSON_GetObjectItemCaseSensitive(record, "faults")) {
        if (text.len) buf_append_cstr(&text, "; ");
        buf_printf(&text, "%.*s %.*s", STR_ARG(member_text(fault, "code")),
                   STR_ARG(member_text(fault, "message")));
    }
    struct str copy = arena_copy_str(&cli->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

/* Nothing is wrong with the row but what it refers to: it goes along when that is repaired. */
static bool only_follows(const struct kept_record *record) {
    cJSON *root = cJSON_ParseWithLength(record->json.ptr, record->json.len);
    const cJSON *faults = cJSON_GetObjectItemCaseSensitive(root, "faults");
    bool follows = cJSON_GetArraySize(faults) > 0;
    const cJSON *fault;
    cJSON_ArrayForEach(fault, faults) follows =
        follows && str_is(member_text(fault, "code"), fault_id(FAULT_PARENT_REJECTED));
    cJSON_Delete(root);
    return follows;
}

static void append_row(struct exporter *x, const struct ledger_entry *entry,
                       const struct kept_record *record) {
    cJSON *root = cJSON_ParseWithLength(record->json.ptr, record->json.len);
    const cJSON *columns = cJSON_GetObjectItemCaseSensitive(root, "columns");
    struct str raw = member_text(root, "raw");
    append_cell(x, true, STR(REPAIR_ID),
                arena_printf(&x->cli->arena, "%.*s:%llu:%u", STR_ARG(entry->map),
                             (unsigned long long)entry->row_ordinal, entry->nth));
    for (uint32_t c = 0; c < x->table->columns_count; c++)
        if (x->wanted[c])
            append_cell(x, false, x->table->columns[c].name,
                        member_text(columns, arena_copy_cstr(&x->cli->arena, x->table->columns[c].name)));
    append_cell(x, false, STR(REPAIR_FAULTS), faults_text(x->cli, root));
    append_cell(x, false, STR(REPAIR_RAW), raw.ptr ? raw : member_text(root, "raw_base64"));
    append_end(x);
    cJSON_Delete(root);
}

/* ---------------------------------------------------------------- one map */

static void find_columns(struct exporter *x) {
    x->wanted = ARENA_ARRAY(&x->cli->arena, bool, x->table->columns_count + 1);
    for (uint32_t i = 0; i < x->records.items.count; i++) {
        struct str json = x->records.items.items[i].json;
        cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
        const cJSON *columns = cJSON_GetObjectItemCaseSensitive(root, "columns");
        for (uint32_t c = 0; columns && c < x->table->columns_count; c++)
            x->wanted[c] |=
                cJSON_HasObjectItem(columns, arena_copy_cstr(&x->cli->arena, x->table->columns[c].name));
        cJSON_Delete(root);
        if (columns) break; /* a map reads the same cells of each record */
    }
}

static void append_header(struct exporter *x) {
    if (x->options->ndjson) return;
    append_cell(x, true, STR(""), STR(REPAIR_ID));
    for (uint32_t c = 0; c < x->table->columns_count; c++)
        if (x->wanted[c]) append_cell(x, false, STR(""), x->table->columns[c].name);
    append_cell(x, false, STR(""), STR(REPAIR_FAULTS));
    append_cell(x, false, STR(""), STR(REPAIR_RAW));
    append_end(x);
}

static bool write_file(struct exporter *x, struct str *path) {
    struct cli *cli = x->cli;
    *path = arena_printf(&cli->arena, "%.*s/%.*s.%s", STR_ARG(x->options->folder), STR_ARG(x->map->name),
                         x->options->ndjson ? "ndjson" : "csv");
    int fd = open(path->ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < x->out.len;) {
        ssize_t n = write(fd, x->out.ptr + done, x->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        done += n > 0 ? (size_t)n : 0;
    }
    int error = errno;
    if (fd >= 0 && close(fd) != 0) good = false;
    if (good) return true;
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not write the repair file: %s", strerror(error));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(*path));
    if (error == EEXIST)
        diag_help(&cli->diags, diag,
                  "A file that may hold somebody's repairs is not overwritten: name another "
                  "folder with -o, or move it away.");
    return false;
}

static bool has_personal_columns(const struct plan_source_table *table) {
    for (uint32_t c = 0; c < table->columns_count; c++)
        if (table->columns[c].pii) return true;
    return false;
}

/* Why the rows of a map cannot be repaired one by one; NULL: they can. */
static const char *not_repairable(const struct plan_map *map) {
    if (map->from_kind != FROM_SOURCE) return "its rows are made from another map's: repair those";
    if (map->grouped) return "it groups rows, and a repaired row would change a group that is loaded";
    return NULL;
}

static bool report_absent(struct exporter *x, const struct ledger_entry *entry) {
    struct cli *cli = x->cli;
    struct str place = arena_printf(&cli->arena, "%.*s/%.*s.%s", STR_ARG(quarantine_folder(cli, x->ref)),
                                    STR_ARG(x->map->name), x->records.sealed ? "sealed" : "ndjson");
    if (x->records.found && (x->records.sealed || !has_personal_columns(x->table))) {
        struct diag *diag =
            diag_report(&cli->diags, X_SEAL_CUT, (struct span){0},
                        "the quarantine of map `%.*s` holds less than the journal says: source row "
                        "%llu is not in it",
                        STR_ARG(x->map->name), (unsigned long long)entry->row_ordinal + 1);
        diag_place(&cli->diags, diag, "%.*s", STR_ARG(place));
        diag_help(&cli->diags, diag,
                  "Its end was cut off, or it is of another run: a killed run loses no row that the journal "
                  "knows. Take the file from a backup.");
        return false;
    }
    struct diag *diag =
        diag_report(&cli->diags, X_SEAL_MISSING, (struct span){0},
                    "the rejected records of map `%.*s` were not kept", STR_ARG(x->map->name));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(place));
    diag_help(&cli->diags, diag,
              x->records.found
                  ? "They hold personal data, and the run had no %s to seal them with. Write the "
                    "repairs into a file of your own: a column " REPAIR_ID
                    " with the ids that `mig quarantine show` gives, and the columns to change."
                  : "There is no such file%s: say where the run's reports are with --work-dir.",
              x->records.found ? SEAL_KEY_VARIABLE : "");
    return false;
}

static bool export_rows(struct exporter *x, const struct ledger_entry *entries, uint32_t count) {
    uint64_t rows = 0;
    struct str path;
    buf_clear(&x->out);
    find_columns(x);
    append_header(x);
    for (uint32_t i = 0; i < count; i++) {
        /* `each` and `join` make several rows of a source row: it is repaired once. */
        if (i && entries[i].row_ordinal == entries[i - 1].row_ordinal) continue;
        const struct kept_record *record = kept_records_find(&x->records, entries[i].row_ordinal);
        if (record == NULL || strstr(record->json.ptr, "\"columns\":{") == NULL)
            return report_absent(x, &entries[i]);
        if (only_follows(record)) {
            x->following++;
            continue;
        }
        append_row(x, &entries[i], record);
        rows++;
    }
    if (rows == 0) return true;
    if (!write_file(x, &path)) return false;
    if (!x->cli->json)
        printf("%.*s: %llu rows of map %.*s\n", STR_ARG(path), (unsigned long long)rows,
               STR_ARG(x->map->name));
    buf_append_cstr(&x->json, x->files ? ",{\"map\":" : "{\"map\":");
    buf_append_json(&x->json, x->map->name);
    buf_append_cstr(&x->json, ",\"file\":");
    buf_append_json(&x->json, path);
    buf_printf(&x->json, ",\"rows\":%llu}", (unsigned long long)rows);
    x->files++;
    x->rows += rows;
    x->personal += has_personal_columns(x->table);
    return true;
}

static bool export_map(struct exporter *x, const struct plan_map *map) {
    struct cli *cli = x->cli;
    struct ledger_entry *entries;
    uint32_t count;
    struct seal_subject subject = {.run_id = x->ref->info->run_id, .map = map->name};
    if (!ledger_read(x->ref->connection, x->ref->info->run_id, map->name, true, &cli->arena, &entries, &count,
                     &cli->diags))
        return false;
    if (count == 0) return true;
    const char *reason = not_repairable(map);
    if (reason) {
        fprintf(stderr, "map %.*s: %u rejected rows are left out: %s.\n", STR_ARG(map->name), count, reason);
        return true;
    }
    x->map = map;
    x->table = &x->ref->plan->sources[map->source].tables[map->source_table];
    return kept_records_read(cli, quarantine_folder(cli, x->ref), &subject, x->has_key ? &x->key : NULL,
                             &x->records) &&
           export_rows(x, entries, count);
}

/* ---------------------------------------------------------------- all */

static bool make_folder(struct cli *cli, struct str folder) {
    if (mkdir(arena_copy_cstr(&cli->arena, folder), 0700) == 0 || errno == EEXIST) return true;
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not make the folder: %s", strerror(errno));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(folder));
    return false;
}

/* Who took personal data out, and when, is part of the audit trail. */
static bool note_export(struct exporter *x) {
    struct cli *cli = x->cli;
    const struct passwd *user = getpwuid(getuid());
    const struct journal_run run = {x->ref->info->run_id, 0};
    struct buf detail = {0};
    buf_printf(&detail, "{\"rows\":%llu,\"who\":", (unsigned long long)x->rows);
    buf_append_json(&detail, str_cstr(user ? user->pw_name : "unknown"));
    buf_append_cstr(&detail, ",\"folder\":");
    buf_append_json(&detail, x->options->folder);
    buf_append_char(&detail, '}');
    bool good = journal_event(x->ref->connection, &run, STR("quarantine_exported"), x->options->map,
                              buf_str(&detail), timestamptz_now(), &cli->diags);
    buf_release(&detail);
    return good;
}

static void tell_end(struct exporter *x) {
    if (x->cli->json) {
        printf("{\"run\":\"%.*s\",\"personal\":%s,\"following\":%llu,\"files\":[%.*s]}\n",
               STR_ARG(uuid_format(&x->cli->arena, x->ref->info->run_id)), x->personal ? "true" : "false",
               (unsigned long long)x->following, STR_ARG(buf_str(&x->json)));
    } else if (x->files == 0) {
        printf("nothing to repair\n");
        return;
    } else {
        if (x->following)
            printf("%llu more rows are wrong only because what they refer to was rejected: they go along "
                   "with it.\n",
                   (unsigned long long)x->following);
        printf("Repair the rows, leave " REPAIR_ID " as it is; then: mig retry --from %.*s\n",
               STR_ARG(x->options->folder));
    }
    if (x->personal)
        fprintf(stderr,
                "These files hold personal data in clear. Keep them where only those who may see it can "
                "read them, and remove them when the rows are in.\n");
}

int quarantine_export(struct cli *cli, struct run_ref *ref, const struct export_options *options) {
    struct exporter x = {.cli = cli, .ref = ref, .options = options};
    const char *variable = arena_copy_cstr(&cli->arena, options->key_variable);
    enum seal_key_result key = seal_key_from_env(variable, &x.key, &cli->diags);
    bool good = key != SEAL_KEY_BAD && make_folder(cli, options->folder), known = options->map.len == 0;
    x.has_key = key == SEAL_KEY_READ;
    for (uint32_t m = 0; good && m < ref->plan->maps_count; m++) {
        if (options->map.len && !str_eq(ref->plan->maps[m].name, options->map)) continue;
        known = true;
        good = export_map(&x, &ref->plan->maps[m]);
    }
    if (good && !known) {
        diag_report(&cli->diags, X_REPAIR_FILE, (struct span){0}, "the run's plan has no map `%.*s`",
                    STR_ARG(options->map));
        good = false;
    }
    if (x.files && !note_export(&x)) good = false;
    if (good) tell_end(&x);
    seal_key_forget(&x.key);
    if (x.out.ptr) explicit_bzero(x.out.ptr, x.out.cap);
    buf_release(&x.out);
    buf_release(&x.json);
    return good ? EXIT_WELL : key == SEAL_KEY_BAD ? EXIT_USAGE : EXIT_REFUSED;
}
