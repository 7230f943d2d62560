/* See repair_file.h. */
#include "runtime/cli/repair_file.h"

#include "runtime/base/utf8.h"
#include "runtime/cli/quarantine_export.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MOST_BYTES = 1 << 30, MOST_COLUMNS = 10000 };

struct repair_reader {
    struct cli *cli;
    const struct plan *plan;
    struct str path;
    struct repairs *repairs;
    uint64_t line;
};

static struct diag *report(struct repair_reader *r, const char *format, struct str what) {
    struct diag *diag = diag_report(&r->cli->diags, X_REPAIR_FILE, (struct span){0}, format, STR_ARG(what));
    diag_place(&r->cli->diags, diag, "%.*s line %llu", STR_ARG(r->path), (unsigned long long)r->line);
    return diag;
}

bool repair_id_parse(const struct plan *plan, struct str id, uint32_t *map, uint64_t *ordinal) {
    size_t colon = 0;
    while (colon < id.len && id.ptr[colon] != ':')
        colon++;
    uint64_t number = 0;
    size_t at = colon + 1;
    for (; at < id.len && id.ptr[at] >= '0' && id.ptr[at] <= '9' && number < UINT64_MAX / 100; at++)
        number = number * 10 + (uint64_t)(id.ptr[at] - '0');
    if (at == colon + 1 || (at < id.len && id.ptr[at] != ':')) return false;
    for (size_t i = at + 1; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9') return false;
    *ordinal = number;
    for (*map = 0; *map < plan->maps_count; ++*map)
        if (str_eq(plan->maps[*map].name, str_from(id.ptr, colon))) return true;
    return false;
}

/* ---------------------------------------------------------------- one row */

static bool is_own_column(struct str name) {
    return str_is(name, REPAIR_ID) || str_is(name, REPAIR_FAULTS) || str_is(name, REPAIR_RAW);
}

static bool find_column(struct repair_reader *r, uint32_t map, struct str name, uint32_t *column) {
    const struct plan_map *m = &r->plan->maps[map];
    if (m->from_kind != FROM_SOURCE) {
        *column = 0; /* the engine says why such a map takes no repairs */
        return true;
    }
    const struct plan_source_table *table = &r->plan->sources[m->source].tables[m->source_table];
    struct str *names = ARENA_ARRAY(&r->cli->arena, struct str, table->columns_count + 1);
    for (*column = 0; *column < table->columns_count; ++*column) {
        names[*column] = table->columns[*column].name;
        if (str_eq(names[*column], name)) return true;
    }
    struct diag *diag = report(r, "the map's source has no column `%.*s`", name);
    struct str close = diag_closest_name(name, names, table->columns_count);
    if (close.len) diag_help(&r->cli->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
    return false;
}

static bool check_text(struct repair_reader *r, struct str name, struct str text) {
    if (utf8_find_invalid(text) != text.len || memchr(text.ptr ? text.ptr : "", '\0', text.len)) {
        diag_help(&r->cli->diags, report(r, "the text of `%.*s` is not valid UTF-8", name),
                  "Save the file as UTF-8 (in spreadsheets: \"CSV UTF-8\").");
        return false;
    }
    return true;
}

static bool add_row(struct repair_reader *r, struct str id, const struct str *names, const struct str *texts,
                    uint32_t count) {
    struct retry_row row = {0};
    struct cli *cli = r->cli;
    if (!repair_id_parse(r->plan, id, &row.map, &row.ordinal)) {
        diag_help(&cli->diags, report(r, "`%.*s` is no id of a rejected row", id),
                  "`" REPAIR_ID
                  "` names map, source row and number, as in `orders:17:0`: leave it as it was exported.");
        return false;
    }
    struct retry_cell *cells = ARENA_ARRAY(&cli->arena, struct retry_cell, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        row.accepted |= str_is(names[i], REPAIR_FAULTS) && texts[i].len == 0;
        if (is_own_column(names[i])) continue;
        if (!check_text(r, names[i], texts[i]) ||
            !find_column(r, row.map, names[i], &cells[row.cell_count].column))
            return false;
        cells[row.cell_count++].text = texts[i];
    }
    row.cells = cells;
    row.place = arena_printf(&cli->arena, "%.*s line %llu", STR_ARG(r->path), (unsigned long long)r->line);
    VEC_PUSH(&cli->arena, &r->repairs->items, row);
    return true;
}

/* ---------------------------------------------------------------- CSV */

/* One field at *at; quoted: it stood in quotes. False: a quote is not closed. */
static bool read_field(struct repair_reader *r, struct str data, char delimiter, size_t *at, struct str *text,
                       bool *quoted) {
    struct buf out = {0};
    size_t i = *at;
    *quoted = i < data.len && data.ptr[i] == '"';
    bool open = *quoted;
    for (i += *quoted; i < data.len; i++) {
        char c = data.ptr[i];
        if (open && c == '"' && i + 1 < data.len && data.ptr[i + 1] == '"')
            i++;
        else if (open && c == '"') {
            open = false;
            continue;
        } else if (!open && (c == delimiter || c == '\n' || c == '\r'))
            break;
        r->line += open && c == '\n';
        buf_append_char(&out, c);
    }
    *at = i;
    *text = arena_copy_str(&r->cli->arena, buf_str(&out));
    if (out.ptr) explicit_bzero(out.ptr, out.cap);
    buf_release(&out);
    return !open;
}

/* The fields of the record at *at, which moves behind it. Null: ptr NULL. False with a diagnostic. */
static bool read_record(struct repair_reader *r, struct str data, char delimiter, size_t *at,
                        struct str *fields, uint32_t *count) {
    *count = 0;
    for (;;) {
        bool quoted;
        if (*count == MOST_COLUMNS) {
            report(r, "the record has more columns than any source%.*s", STR(""));
            return false;
        }
        if (!read_field(r, data, delimiter, at, &fields[*count], &quoted)) {
            report(r, "a quoted text has no end%.*s", STR(""));
            return false;
        }
        if (fields[*count].len == 0 && !quoted) fields[*count] = (struct str){0};
        ++*count;
        if (*at < data.len && data.ptr[*at] == delimiter) {
            ++*at;
            continue;
        }
        *at += *at < data.len && data.ptr[*at] == '\r';
        *at += *at < data.len && data.ptr[*at] == '\n';
        return true;
    }
}

static bool read_csv(struct repair_reader *r, struct str data) {
    static const char BOM[] = "\xef\xbb\xbf";
    struct str *names = ARENA_ARRAY(&r->cli->arena, struct str, MOST_COLUMNS);
    struct str *fields = ARENA_ARRAY(&r->cli->arena, struct str, MOST_COLUMNS);
    uint32_t name_count, count, id = 0;
    size_t at = str_starts_with(data, str_cstr(BOM)) ? 3 : 0, end = at;
    while (end < data.len && data.ptr[end] != '\n')
        end++;
    struct str head = str_from(data.ptr + at, end - at);
    /* Spreadsheets write the delimiter of their country. */
    bool semicolons = memmem(head.ptr, head.len, REPAIR_ID ";", sizeof REPAIR_ID) != NULL ||
                      (memchr(head.ptr, ',', head.len) == NULL && memchr(head.ptr, ';', head.len) != NULL);
    char delimiter = semicolons ? ';' : ',';
    r->line = 1;
    if (!read_record(r, data, delimiter, &at, names, &name_count)) return false;
    while (id < name_count && !str_is(names[id], REPAIR_ID))
        id++;
    if (id == name_count) {
        report(r, "there is no column `" REPAIR_ID "`: what is repaired cannot be told%.*s", STR(""));
        return false;
    }
    while (at < data.len) {
        r->line++;
        uint64_t line = r->line;
        if (!read_record(r, data, delimiter, &at, fields, &count)) return false;
        if (count == 1 && fields[0].ptr == NULL) continue; /* a blank line */
        uint64_t after = r->line;
        r->line = line;
        if (count != name_count) {
            report(r, "the record has another number of fields than the header%.*s", STR(""));
            return false;
        }
        if (!add_row(r, fields[id], names, fields, count)) return false;
        r->line = after;
    }
    return true;
}

/* ---------------------------------------------------------------- NDJSON */

static struct str json_text(struct cli *cli, const cJSON *item) {
    if (cJSON_IsNull(item)) return (struct str){0};
    if (cJSON_IsString(item)) return arena_copy_str(&cli->arena, str_cstr(item->valuestring));
    char *printed = cJSON_PrintUnformatted(item);
    struct str text = arena_copy_str(&cli->arena, str_cstr(printed));
    cJSON_free(printed);
    return text;
}

static bool read_object(struct repair_reader *r, const cJSON *root) {
    uint32_t size = (uint32_t)cJSON_GetArraySize(root), count = 0;
    struct str *names = ARENA_ARRAY(&r->cli->arena, struct str, size + 1);
    struct str *texts = ARENA_ARRAY(&r->cli->arena, struct str, size + 1), id = STR("");
    const cJSON *item;
    cJSON_ArrayForEach(item, root) {
        names[count] = arena_copy_str(&r->cli->arena, str_cstr(item->string));
        texts[count] = json_text(r->cli, item);
        if (str_is(names[count], REPAIR_ID)) id = texts[count];
        count++;
    }
    return add_row(r, id, names, texts, count);
}

static bool read_ndjson(struct repair_reader *r, struct str data) {
    for (size_t at = 0; at < data.len;) {
        size_t end = at;
        while (end < data.len && data.ptr[end] != '\n')
            end++;
        r->line++;
        struct str line = str_from(data.ptr + at, end - at);
        at = end + 1;
        if (line.len == 0 || (line.len == 1 && line.ptr[0] == '\r')) continue;
        cJSON *root = cJSON_ParseWithLength(line.ptr, line.len);
        bool object = cJSON_IsObject(root), good = object && read_object(r, root);
        cJSON_Delete(root);
        if (!object) report(r, "the line is no JSON object%.*s", STR(""));
        if (!good) return false;
    }
    return true;
}

/* ---------------------------------------------------------------- files */

static bool read_one(struct cli *cli, const struct plan *plan, struct str path, struct repairs *repairs) {
    struct repair_reader reader = {.cli = cli, .plan = plan, .path = path, .repairs = repairs};
    struct str data;
    if (!cli_read_file(cli, path, MOST_BYTES, &data)) return false;
    return str_ends_with(path, STR(".ndjson")) ? read_ndjson(&reader, data) : read_csv(&reader, data);
}

static int compare_paths(const void *a, const void *b) {
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool read_folder(struct cli *cli, const struct plan *plan, struct str folder,
                        struct repairs *repairs) {
    VEC(struct str) paths = {0};
    DIR *dir = opendir(arena_copy_cstr(&cli->arena, folder));
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        struct str name = str_cstr(entry->d_name);
        if (!str_ends_with(name, STR(".csv")) && !str_ends_with(name, STR(".ndjson"))) continue;
        struct str path = arena_printf(&cli->arena, "%.*s/%s", STR_ARG(folder), entry->d_name);
        VEC_PUSH(&cli->arena, &paths, path);
    }
    if (dir) closedir(dir);
    if (paths.count == 0) {
        struct diag *diag = diag_report(&cli->diags, X_REPAIR_FILE, (struct span){0},
                                        "there is no repair file (*.csv, *.ndjson) in the folder");
        diag_place(&cli->diags, diag, "%.*s", STR_ARG(folder));
        diag_help(&cli->diags, diag, "`mig quarantine export -o %.*s` writes them.", STR_ARG(folder));
        return false;
    }
    qsort(paths.items, paths.count, sizeof *paths.items, compare_paths);
    for (uint32_t i = 0; i < paths.count; i++)
        if (!read_one(cli, plan, paths.items[i], repairs)) return false;
    return true;
}

static int compare_rows(const void *a, const void *b) {
    const struct retry_row *x = a, *y = b;
    if (x->map != y->map) return x->map < y->map ? -1 : 1;
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

bool repairs_read(struct cli *cli, const struct plan *plan, struct str path, struct repairs *repairs) {
    struct stat info;
    bool folder = stat(arena_copy_cstr(&cli->arena, path), &info) == 0 && S_ISDIR(info.st_mode);
    if (!(folder ? read_folder : read_one)(cli, plan, path, repairs)) return false;
    if (repairs->items.count == 0) return true;
    qsort(repairs->items.items, repairs->items.count, sizeof *repairs->items.items, compare_rows);
    for (uint32_t i = 1; i < repairs->items.count; i++) {
        const struct retry_row *row = &repairs->items.items[i];
        if (compare_rows(row, row - 1) != 0) continue;
        struct diag *diag = diag_report(
            &cli->diags, X_REPAIR_FILE, (struct span){0}, "source row %llu of map `%.*s` is repaired twice",
            (unsigned long long)row->ordinal + 1, STR_ARG(plan->maps[row->map].name));
        diag_place(&cli->diags, diag, "%.*s and %.*s", STR_ARG(row[-1].place), STR_ARG(row->place));
        return false;
    }
    return true;
}
