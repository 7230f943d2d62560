/* What a JSON file holds: documents, lines or DynamoDB items; where its rows are, and their keys. */
#include "runtime/profile/discover_internal.h"

#include "runtime/profile/json_keys.h"
#include "runtime/profile/json_outline.h"
#include "runtime/profile/words.h"

#include <strings.h>

enum { LOOKED_AT = 20000, HELD_BYTES = 64 << 20 };

/* Reads whole elements and collects their keys. False: it cannot be read so. */
static bool collect_keys(struct finding *finding, const struct plan_source *source, struct json_keys *keys,
                         struct arena *arena, struct diag_list *diags) {
    struct plan_source_column whole = {.name = STR("whole"), .from = STR("$"), .type = {.kind = TYPE_JSON}};
    struct plan_source_table table = {.name = STR(""), .columns = &whole, .columns_count = 1};
    struct plan_source copy = *source;
    const struct plan plan = {.sources = &copy, .sources_count = 1};
    const struct reader_column projection = {0, VIA_SELF};
    struct row_batch batch;
    enum reader_status status = READER_ROWS;
    uint64_t bytes = 0;
    copy.tables = &table;
    copy.tables_count = 1;
    struct reader *reader = reader_open(&plan, 0, 0, &projection, 1, &finding->options, diags);
    if (reader == NULL) return false;
    row_batch_init(&batch, 1);
    while (keys->elements < LOOKED_AT && bytes < HELD_BYTES &&
           (status = reader_next(reader, &batch, diags)) == READER_ROWS) {
        for (uint32_t i = 0; i < batch.count; i++) {
            if (batch.columns[0].state[i] != ROW_VALUE) continue;
            bytes += batch.columns[0].text[i].len;
            json_keys_add(keys, arena, batch.columns[0].text[i]);
        }
        row_batch_reset(&batch);
    }
    row_batch_release(&batch);
    reader_close(reader);
    return status != READER_FAILED;
}

/* ---------------------------------------------------------------- columns */

static struct plan_type column_type_of(unsigned holds) {
    holds &= ~(unsigned)HOLDS_NULL;
    if ((holds & ~(unsigned)(HOLDS_TEXTS | HOLDS_ARRAY)) == 0 && (holds & HOLDS_TEXTS))
        return discover_array_type(TYPE_TEXT);
    if ((holds & ~(unsigned)(HOLDS_TEXTS | HOLDS_ARRAY | HOLDS_OBJECTS)) == 0 && holds)
        return discover_array_type(TYPE_JSON);
    if (holds & (HOLDS_OBJECT | HOLDS_TEXTS | HOLDS_OBJECTS | HOLDS_ARRAY))
        return (struct plan_type){.kind = TYPE_JSON, .nullable = 1};
    return (struct plan_type){.kind = TYPE_TEXT, .nullable = 1};
}

/* Keys that hold the same elements again, such as `replies` in a comment: their columns are the rows' own. */
static bool is_children(const struct json_keys *keys, uint32_t index, struct json_keys *inner) {
    uint32_t shared = 0, all = 0;
    if (!(keys->list.items[index].holds & HOLDS_OBJECTS) || inner->elements == 0) return false;
    for (uint32_t i = 0; i < inner->list.count; i++) {
        if (inner->list.items[i].parent) continue;
        all++;
        for (uint32_t k = 0; k < keys->list.count; k++)
            shared += keys->list.items[k].parent == 0 &&
                      str_eq(keys->list.items[k].path, inner->list.items[i].path);
    }
    /* The child has the key of its own children, too. */
    bool again = false;
    for (uint32_t i = 0; i < inner->list.count; i++)
        again = again || str_eq(inner->list.items[i].path, keys->list.items[index].path);
    return again && shared * 10 >= all * 7;
}

static struct str find_children(struct finding *finding, const struct plan_source *source,
                                const struct json_keys *keys, struct arena *arena) {
    for (uint32_t i = 0; i < keys->list.count; i++) {
        const struct json_key *key = &keys->list.items[i];
        struct json_keys inner;
        struct diag_list unheard;
        struct plan_source within = *source;
        if (key->parent || !(key->holds & HOLDS_OBJECTS)) continue;
        diag_list_init(&unheard, arena);
        json_keys_init(&inner, arena);
        within.rows = arena_printf(arena, "%.*s%s%.*s[*]", STR_ARG(source->rows),
                                   source->rows.len ? "." : "[*].", STR_ARG(key->path));
        if (source->format != SOURCE_JSON) continue;
        if (collect_keys(finding, &within, &inner, arena, &unheard) && is_children(keys, i, &inner))
            return arena_copy_str(finding->discovery->arena, key->path);
    }
    return STR("");
}

/* What all paths begin with, up to a dot: PutRequest.Item. says nothing about a column. */
static size_t common_prefix(const struct json_keys *keys) {
    struct str first = {0};
    size_t common = 0;
    for (uint32_t i = 0; i < keys->list.count; i++) {
        if (!json_key_is_leaf(keys, i)) continue;
        struct str words = keys->list.items[i].words;
        if (first.len == 0) {
            first = words;
            common = words.len;
            continue;
        }
        size_t n = 0;
        while (n < common && n < words.len && words.ptr[n] == first.ptr[n])
            n++;
        common = n;
    }
    while (common > 0 && (common == first.len || first.ptr[common - 1] != ' '))
        common--;
    return common;
}

static void add_table(struct finding *finding, struct plan_source *source, const struct json_keys *keys) {
    struct arena *arena = finding->discovery->arena;
    struct plan_source_table *table = ARENA_NEW(arena, struct plan_source_table);
    size_t skip = common_prefix(keys);
    table->columns = ARENA_ARRAY(arena, struct plan_source_column, keys->list.count + 1);
    for (uint32_t i = 0; i < keys->list.count && table->columns_count < DISCOVER_MOST_COLUMNS; i++) {
        const struct json_key *key = &keys->list.items[i];
        if (!json_key_is_leaf(keys, i) || str_eq(key->path, source->children)) continue;
        struct str words = str_from(key->words.ptr + skip, key->words.len - skip);
        table->columns[table->columns_count++] =
            (struct plan_source_column){.name = words_identifier(arena, words, "column"),
                                        .from = arena_copy_str(arena, key->path),
                                        .type = column_type_of(key->holds)};
    }
    if (table->columns_count == 0) /* elements that are no objects */
        table->columns[table->columns_count++] = (struct plan_source_column){
            .name = STR("element"), .from = STR("$"), .type = {.kind = TYPE_JSON, .nullable = 1}};
    discover_distinct_names(arena, table->columns, table->columns_count);
    if (keys->full)
        discover_note(finding->discovery, "%.*s: more keys than are looked at; some are left out.",
                      STR_ARG(finding->location));
    source->tables = table;
    source->tables_count = 1;
    discover_add(finding, *source);
}

/* ---------------------------------------------------------------- formats */

static bool add_rows(struct finding *finding, enum plan_source_format format, struct str rows,
                     struct str suffix) {
    struct arena scratch = {0};
    struct json_keys keys;
    struct plan_source source = discover_source(finding, format, suffix);
    json_keys_init(&keys, &scratch);
    source.rows = arena_copy_str(finding->discovery->arena, rows);
    bool good = collect_keys(finding, &source, &keys, &scratch, finding->diags);
    json_keys_finish(&keys);
    if (good && keys.elements > 0) {
        if (format == SOURCE_JSON) source.children = find_children(finding, &source, &keys, &scratch);
        add_table(finding, &source, &keys);
    } else if (good) {
        discover_note(finding->discovery, "%.*s%s%.*s: no rows, so it is left out.",
                      STR_ARG(finding->location), rows.len ? ", " : "", STR_ARG(rows));
    }
    arena_release(&scratch);
    return good;
}

/* Whether the DynamoDB reader takes the beginning of it: it is strict about the typed form. */
static bool is_dynamodb(struct finding *finding, const struct json_outline *outline) {
    struct arena scratch = {0};
    struct diag_list unheard;
    struct json_keys keys;
    struct plan_source source = discover_source(finding, SOURCE_DYNAMODB, STR(""));
    if (outline->top != '{' || outline->members.count == 0) return false;
    diag_list_init(&unheard, &scratch);
    json_keys_init(&keys, &scratch);
    bool good = collect_keys(finding, &source, &keys, &scratch, &unheard) && keys.elements > 0;
    arena_release(&scratch);
    return good;
}

/* An array for each table, as database dumps have it; or one document that is a row. */
static bool add_document(struct finding *finding, const struct json_outline *outline) {
    struct arena *arena = finding->discovery->arena;
    uint32_t objects = 0, added = 0;
    for (uint32_t i = 0; i < outline->members.count; i++)
        objects += outline->members.items[i].inner_key.len == 0 && outline->members.items[i].kind == '{';
    for (uint32_t i = 0; i < outline->members.count; i++) {
        const struct outline_member *member = &outline->members.items[i];
        struct str path = STR(""), inner;
        if (member->kind != '[' || member->element != '{') continue;
        if (member->inner_key.len && (objects != 1 || added)) continue;
        if (!json_path_join(arena, STR(""), member->key, &path)) continue;
        if (member->inner_key.len) {
            if (!json_path_join(arena, path, member->inner_key, &inner)) continue;
            path = inner;
        }
        struct str suffix = member->inner_key.len ? member->inner_key : member->key;
        if (!add_rows(finding, SOURCE_JSON, arena_printf(arena, "%.*s[*]", STR_ARG(path)), suffix))
            return false;
        added++;
    }
    return added || add_rows(finding, SOURCE_JSON, STR(""), STR(""));
}

static bool ends_with(struct str name, const char *ending) {
    size_t n = strlen(ending);
    return name.len > n && strncasecmp(name.ptr + name.len - n, ending, n) == 0;
}

bool discover_json(struct finding *finding) {
    struct arena scratch = {0};
    struct json_outline outline;
    struct str name = finding->files[0].name;
    if (ends_with(name, ".gz")) name.len -= 3;
    if (ends_with(name, ".zst")) name.len -= 4;
    bool lines = ends_with(name, ".ndjson") || ends_with(name, ".jsonl");
    bool good =
        json_outline_read(&outline, &scratch, &finding->files[0], &finding->options.limits, finding->diags);
    if (good && outline.documents == 0) {
        struct diag *d =
            reader_error(finding->diags, X_SOURCE_JSON, finding->files[0].name, "the file is empty");
        diag_help(finding->diags, d, "there is nothing to look at; leave the file out");
        good = false;
    } else if (good && is_dynamodb(finding, &outline)) {
        good = add_rows(finding, SOURCE_DYNAMODB, STR(""), STR(""));
    } else if (good && (lines || outline.documents > 1)) {
        good = add_rows(finding, SOURCE_NDJSON, STR(""), STR(""));
    } else if (good && outline.top == '[') {
        good = add_rows(finding, SOURCE_JSON, STR("[*]"), STR(""));
    } else if (good) {
        good = add_document(finding, &outline);
    }
    arena_release(&scratch);
    return good;
}
