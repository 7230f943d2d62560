/* What files hold: which format it is, and what the discoverers of formats share. */
#include "runtime/profile/discover_internal.h"

#include "runtime/profile/words.h"
#include "runtime/reader/unpack.h"
#include "runtime/value/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

void discovery_init(struct discovery *discovery, struct arena *arena) {
    *discovery = (struct discovery){.arena = arena};
}

void discover_note(struct discovery *discovery, const char *format, ...) {
    struct buf out = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&out, format, args);
    va_end(args);
    VEC_PUSH(discovery->arena, &discovery->notes, arena_copy_str(discovery->arena, buf_str(&out)));
    buf_release(&out);
}

struct plan_type discover_array_type(enum type_kind element) {
    return (struct plan_type){.kind = TYPE_ARRAY, .element = (uint8_t)element, .nullable = 1};
}

/* ---------------------------------------------------------------- names */

/* The file's name without folders and endings: what the source is called. Of a pattern such as *.payload.json
 * it is what is left of it. */
static struct str stem_of(struct arena *arena, struct str location) {
    static const char *const ENDINGS[] = {"gz",  "zst", "json", "ndjson", "jsonl",
                                          "csv", "tsv", "txt",  "xlsx"};
    size_t from = location.len;
    while (from > 0 && location.ptr[from - 1] != '/')
        from--;
    struct str name = str_from(location.ptr + from, location.len - from);
    bool pattern = strcspn(arena_copy_cstr(arena, name), "*?[") < name.len;
    const char *dot = name.len > 1 ? memchr(name.ptr + 1, '.', name.len - 1) : NULL;
    if (!pattern) return dot ? str_from(name.ptr, (size_t)(dot - name.ptr)) : name;
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++)
        for (size_t n = strlen(ENDINGS[i]); name.len > n && name.ptr[name.len - n - 1] == '.' &&
                                            memcmp(name.ptr + name.len - n, ENDINGS[i], n) == 0;)
            name.len -= n + 1;
    return name;
}

struct plan_source discover_source(struct finding *finding, enum plan_source_format format,
                                   struct str suffix) {
    struct discovery *discovery = finding->discovery;
    struct str stem = stem_of(discovery->arena, finding->location), name = stem;
    if (suffix.len) name = arena_printf(discovery->arena, "%.*s %.*s", STR_ARG(stem), STR_ARG(suffix));
    name = words_identifier(discovery->arena, name, "files");
    struct str base = name;
    for (uint32_t n = 2, i = 0; i < discovery->sources.count; i++) {
        if (!str_eq(discovery->sources.items[i].name, name)) continue;
        name = arena_printf(discovery->arena, "%.*s_%u", STR_ARG(base), n++);
        i = UINT32_MAX; /* from the start */
    }
    struct plan_source source = {.name = name,
                                 .format = (uint8_t)format,
                                 .location = finding->location,
                                 .header = 1,
                                 .delimiter = STR(","),
                                 .quote = STR("\""),
                                 .escape = STR(""),
                                 .comment = STR(""),
                                 .encoding = STR(""),
                                 .rows = STR(""),
                                 .children = STR("")};
    return source;
}

void discover_distinct_names(struct arena *arena, struct plan_source_column *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct str base = columns[i].name;
        for (uint32_t n = 2, j = 0; j < i; j++) {
            if (!str_eq(columns[j].name, columns[i].name)) continue;
            columns[i].name = arena_printf(arena, "%.*s_%u", STR_ARG(base), n++);
            j = UINT32_MAX;
        }
    }
}

static bool is_repeated(const struct str *names, uint32_t count, uint32_t index) {
    for (uint32_t i = 0; i < count; i++)
        if (i != index && str_eq(text_trim(names[i]), text_trim(names[index]))) return true;
    return false;
}

void discover_columns(struct finding *finding, struct plan_source_table *table, const struct str *names,
                      uint32_t count, struct str place) {
    struct arena *arena = finding->discovery->arena;
    uint32_t kept = 0;
    table->columns = ARENA_ARRAY(arena, struct plan_source_column, count);
    for (uint32_t i = 0; i < count; i++) {
        struct str name = text_trim(names[i]);
        if (name.len == 0) {
            discover_note(finding->discovery, "%.*s: column %u has no name and is left out.", STR_ARG(place),
                          i + 1);
        } else if (is_repeated(names, count, i)) {
            discover_note(finding->discovery,
                          "%.*s: column %u is left out: another one is called `%.*s`, too, and a spec could "
                          "not tell them apart.",
                          STR_ARG(place), i + 1, STR_ARG(name));
        } else if (kept == DISCOVER_MOST_COLUMNS) {
            discover_note(finding->discovery,
                          "%.*s: column %u and those behind it are left out: %d are the most.",
                          STR_ARG(place), i + 1, DISCOVER_MOST_COLUMNS);
            break;
        } else {
            table->columns[kept++] = (struct plan_source_column){
                .name = words_identifier(arena, name, "column"),
                .from = arena_copy_str(arena, name),
                .type = {.kind = TYPE_TEXT, .nullable = 1},
            };
        }
    }
    table->columns_count = kept;
    discover_distinct_names(arena, table->columns, kept);
}

void discover_add(struct finding *finding, struct plan_source source) {
    VEC_PUSH(finding->discovery->arena, &finding->discovery->sources, source);
}

/* ---------------------------------------------------------------- formats */

static bool ends_with(struct str name, const char *ending) {
    size_t n = strlen(ending);
    return name.len > n && strncasecmp(name.ptr + name.len - n, ending, n) == 0;
}

/* The first byte that is no blank, 0 for an empty file; *zip: it is packed as a workbook is. False with a
 * diagnostic. */
static bool first_byte(struct finding *finding, char *first, bool *zip) {
    char head[512];
    size_t len = 0;
    struct unpack *unpack = unpack_open(&finding->files[0], &finding->options.limits, finding->diags);
    if (unpack == NULL) return false;
    ptrdiff_t n = 1;
    while (len < sizeof head && (n = unpack_read(unpack, head + len, sizeof head - len, finding->diags)) > 0)
        len += (size_t)n;
    unpack_close(unpack);
    if (n < 0) return false;
    *zip = len > 3 && memcmp(head, "PK\003\004", 4) == 0;
    size_t at = len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < len && strchr(" \t\r\n", head[at]) && head[at])
        at++;
    *first = at < len ? head[at] : 0;
    return true;
}

static discover_fn *choose_format(struct str name, char first, bool zip) {
    if (ends_with(name, ".gz")) name.len -= 3;
    if (ends_with(name, ".zst")) name.len -= 4;
    if (zip || ends_with(name, ".xlsx") || ends_with(name, ".xlsm") || ends_with(name, ".xls"))
        return discover_xlsx;
    if (ends_with(name, ".csv") || ends_with(name, ".tsv") || ends_with(name, ".tab")) return discover_csv;
    if (ends_with(name, ".json") || ends_with(name, ".ndjson") || ends_with(name, ".jsonl"))
        return discover_json;
    return first == '{' || first == '[' ? discover_json : discover_csv;
}

bool discover_location(struct discovery *discovery, struct str location, struct str base_dir,
                       struct diag_list *diags) {
    struct plan_source source = {.name = location, .location = location};
    struct reader reader = {.source = &source,
                            .options = {.base_dir = base_dir, .limits = READER_DEFAULT_LIMITS}};
    char first;
    bool zip;
    if (str_is(location, "-")) {
        struct diag *d = reader_error(diags, X_SOURCE_OPTION, STR(""),
                                      "standard input cannot be looked at: it is read more than once");
        diag_help(diags, d, "save it to a file first");
        return false;
    }
    if (!source_files_find(&reader, diags)) {
        arena_release(&reader.arena);
        return false;
    }
    struct finding finding = {.discovery = discovery,
                              .options = reader.options,
                              .location = arena_copy_str(discovery->arena, location),
                              .files = reader.files,
                              .file_count = reader.file_count,
                              .diags = diags};
    bool good =
        first_byte(&finding, &first, &zip) && choose_format(reader.files[0].name, first, zip)(&finding);
    arena_release(&reader.arena);
    return good;
}
