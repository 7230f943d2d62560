/* See kept_records.h. */
#include "runtime/cli/kept_records.h"

#include "runtime/engine/target_postgres.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "map:ordinal:nth" */
static bool read_ordinal(struct str json, uint64_t *ordinal) {
    cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "id");
    const char *colon = cJSON_IsString(id) ? strchr(id->valuestring, ':') : NULL;
    if (colon) *ordinal = strtoull(colon + 1, NULL, 10);
    cJSON_Delete(root);
    return colon != NULL;
}

static void add_record(struct cli *cli, struct kept_records *records, struct str json) {
    struct kept_record record = {.json = arena_copy_str(&cli->arena, json)};
    if (read_ordinal(json, &record.ordinal)) VEC_PUSH(&cli->arena, &records->items, record);
}

static bool read_sealed(struct cli *cli, const char *path, const struct seal_subject *subject,
                        const struct seal_key *key, struct kept_records *records) {
    struct seal_reader *reader = seal_reader_open(path, key, subject, timestamptz_now(), &cli->diags);
    struct str json;
    enum seal_status status = SEAL_FAILED;
    while (reader && (status = seal_reader_next(reader, &json, &cli->diags)) == SEAL_RECORD)
        add_record(cli, records, json);
    if (reader) records->complete = seal_reader_end(reader).complete;
    seal_reader_close(reader);
    return status == SEAL_END;
}

static bool read_clear(struct cli *cli, const char *path, struct kept_records *records) {
    FILE *file = fopen(path, "rbe");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    if (file == NULL) {
        struct diag *diag = diag_report(&cli->diags, X_SEAL_MISSING, (struct span){0},
                                        "the quarantine cannot be opened: %s", strerror(errno));
        diag_place(&cli->diags, diag, "%s", path);
        return false;
    }
    while ((n = getline(&line, &cap, file)) > 0)
        if (line[n - 1] == '\n') add_record(cli, records, str_from(line, (size_t)n - 1));
    free(line);
    fclose(file);
    records->complete = true;
    return true;
}

static int compare(const void *a, const void *b) {
    const struct kept_record *x = *(const struct kept_record *const *)a,
                             *y = *(const struct kept_record *const *)b;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The last written of each ordinal: the others were from an earlier try. */
static void sort_out(struct cli *cli, struct kept_records *records) {
    uint32_t count = records->items.count, kept = 0;
    const struct kept_record **order = ARENA_ARRAY(&cli->arena, const struct kept_record *, count + 1);
    struct kept_record *sorted = ARENA_ARRAY(&cli->arena, struct kept_record, count + 1);
    for (uint32_t i = 0; i < count; i++)
        order[i] = &records->items.items[i];
    qsort(order, count, sizeof *order, compare);
    for (uint32_t i = 0; i < count; i++)
        if (i + 1 == count || order[i + 1]->ordinal != order[i]->ordinal) sorted[kept++] = *order[i];
    records->items.items = sorted;
    records->items.count = kept;
}

bool kept_records_read(struct cli *cli, struct str folder, const struct seal_subject *subject,
                       const struct seal_key *key, struct kept_records *records) {
    struct str base = arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(subject->map));
    struct str sealed = arena_printf(&cli->arena, "%.*s.sealed", STR_ARG(base));
    struct str clear = arena_printf(&cli->arena, "%.*s.ndjson", STR_ARG(base));
    *records = (struct kept_records){.sealed = access(sealed.ptr, F_OK) == 0};
    records->found = records->sealed || access(clear.ptr, F_OK) == 0;
    if (!records->found) return true;
    if (records->sealed && key == NULL) {
        struct diag *diag = diag_report(&cli->diags, X_SEAL_KEY, (struct span){0},
                                        "the records are sealed, and no key was given");
        diag_place(&cli->diags, diag, "%.*s", STR_ARG(sealed));
        diag_help(&cli->diags, diag, "Set %s, or name the variable that holds the key with --key-env.",
                  SEAL_KEY_VARIABLE);
        return false;
    }
    bool good = records->sealed ? read_sealed(cli, sealed.ptr, subject, key, records)
                                : read_clear(cli, clear.ptr, records);
    if (good) sort_out(cli, records);
    return good;
}

const struct kept_record *kept_records_find(const struct kept_records *records, uint64_t ordinal) {
    uint32_t low = 0, high = records->items.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (records->items.items[middle].ordinal < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    const struct kept_record *found = &records->items.items[low];
    return low < records->items.count && found->ordinal == ordinal ? found : NULL;
}
