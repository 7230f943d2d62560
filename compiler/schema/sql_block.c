/* SQL blocks of a spec: named parameters become $1 …, then Postgres' parser judges. The names are found with
 * Postgres' lexical rules in mind: not in literals, quoted names, dollar quotes or comments. */
#include "compiler/schema/pg_tree.h"

#include "compiler/syntax/text_literal.h"
#include "runtime/base/buf.h"

#include <ctype.h>

static bool is_name_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Behind the quoted part that starts at `at`, or the end of the text. */
static size_t skip_quoted(struct str sql, size_t at) {
    char quote = sql.ptr[at++];
    while (at < sql.len && sql.ptr[at] != quote)
        at++;
    return at < sql.len ? at + 1 : at;
}

static size_t skip_line(struct str sql, size_t at) {
    while (at < sql.len && sql.ptr[at] != '\n')
        at++;
    return at;
}

static size_t skip_block_comment(struct str sql, size_t at) {
    int depth = 0;
    for (; at + 1 < sql.len; at++) {
        if (sql.ptr[at] == '/' && sql.ptr[at + 1] == '*') {
            depth++;
            at++;
        } else if (sql.ptr[at] == '*' && sql.ptr[at + 1] == '/') {
            at++;
            if (--depth == 0) return at + 1;
        }
    }
    return sql.len;
}

/* Behind $tag$ … $tag$, or `at` when none starts there. */
static size_t skip_dollar_quoted(struct str sql, size_t at) {
    size_t end = at + 1;
    while (end < sql.len && is_name_char(sql.ptr[end]))
        end++;
    if (end >= sql.len || sql.ptr[end] != '$') return at;
    size_t tag = end + 1 - at;
    for (size_t i = end + 1; i + tag <= sql.len; i++)
        if (memcmp(sql.ptr + i, sql.ptr + at, tag) == 0) return i + tag;
    return at;
}

/* A parameter that became $n. */
struct replacement {
    uint32_t from, sql_from; /* behind it in the text, and in the SQL */
};

struct block_reader {
    struct arena *arena;
    struct str text; /* the literal's value */
    struct span at;  /* the literal */
    struct sql_block *block;
    VEC(struct replacement) replaced;
};

/* Where a byte of the text stands in the source. */
static uint32_t source_offset(const struct block_reader *reader, size_t offset) {
    struct str token = span_text(reader->at);
    bool whole = reader->at.source == NULL || str_eq(token, reader->text);
    return reader->at.start + (uint32_t)(whole ? offset : text_literal_find(token, reader->text, offset));
}

static uint32_t place_of_sql(const void *context, uint32_t byte) {
    const struct block_reader *reader = context;
    struct replacement last = {0, 0};
    for (uint32_t i = 0; i < reader->replaced.count; i++)
        if (reader->replaced.items[i].sql_from <= byte) last = reader->replaced.items[i];
    return source_offset(reader, last.from + (byte - last.sql_from));
}

static uint32_t param_number(struct arena *arena, struct sql_block *block, struct str name,
                             struct span span) {
    for (uint32_t i = 0; i < block->params.count; i++)
        if (str_eq(block->params.items[i], name)) {
            VEC_PUSH(arena, &block->uses, i);
            return i + 1;
        }
    VEC_PUSH(arena, &block->uses, block->params.count);
    VEC_PUSH(arena, &block->params, arena_copy_str(arena, name));
    VEC_PUSH(arena, &block->param_spans, span);
    return block->params.count;
}

/* $name from `at` to `end`. */
static void copy_param(struct block_reader *reader, size_t at, size_t end, struct buf *out) {
    struct str name = str_from(reader->text.ptr + at + 1, end - at - 1);
    uint32_t start = source_offset(reader, at);
    struct span span = {reader->at.source, start, start + (uint32_t)(end - at)};
    /* An error at the parameter is shown where it starts: both ends are noted. */
    struct replacement before = {(uint32_t)at, (uint32_t)out->len};
    VEC_PUSH(reader->arena, &reader->replaced, before);
    buf_printf(out, "$%u", param_number(reader->arena, reader->block, name, span));
    struct replacement behind = {(uint32_t)end, (uint32_t)out->len};
    VEC_PUSH(reader->arena, &reader->replaced, behind);
}

/* Copies one lexical piece that starts at `at`; returns where the next one starts. */
static size_t copy_piece(struct block_reader *reader, size_t at, struct buf *out) {
    struct str sql = reader->text;
    char c = sql.ptr[at], next = at + 1 < sql.len ? sql.ptr[at + 1] : '\0';
    size_t end = at + 1;
    if (c == '\'' || c == '"')
        end = skip_quoted(sql, at);
    else if (c == '-' && next == '-')
        end = skip_line(sql, at);
    else if (c == '/' && next == '*')
        end = skip_block_comment(sql, at);
    else if (c == '$' && (isalpha((unsigned char)next) || next == '_' || next == '$')) {
        end = skip_dollar_quoted(sql, at);
        if (end == at) {
            end = at + 1;
            while (end < sql.len && is_name_char(sql.ptr[end]))
                end++;
            copy_param(reader, at, end, out);
            return end;
        }
    } else if (is_name_char(c)) {
        while (end < sql.len && (is_name_char(sql.ptr[end]) || sql.ptr[end] == '$'))
            end++;
    }
    buf_append(out, sql.ptr + at, end - at);
    return end;
}

bool sql_block_parse(struct arena *arena, struct str text, struct span at, struct sql_block *block,
                     struct diag_list *diags) {
    *block = (struct sql_block){0};
    if (memchr(text.ptr ? text.ptr : "", '\0', text.len)) {
        diag_report(diags, E_SQL_SYNTAX, at, "the SQL holds a NUL byte");
        return false;
    }
    struct block_reader reader = {.arena = arena, .text = text, .at = at, .block = block};
    struct buf sql = {0};
    for (size_t i = 0; i < text.len;)
        i = copy_piece(&reader, i, &sql);
    block->sql = arena_copy_str(arena, buf_str(&sql));
    buf_release(&sql);
    cJSON *tree = pg_tree_parse(block->sql.ptr, at, place_of_sql, &reader, diags, "this SQL does not parse");
    if (tree == NULL) return false;
    const cJSON *statements = pg_tree_get(tree, "stmts");
    const cJSON *first = pg_tree_get(cJSON_GetArrayItem(statements, 0), "stmt");
    block->is_single_select = cJSON_GetArraySize(statements) == 1 && pg_tree_get(first, "SelectStmt");
    cJSON_Delete(tree);
    return true;
}

/* ---------------------------------------------------------------- tables */

struct tables_walk {
    struct arena *arena;
    struct sql_tables *tables;
    VEC(struct str) queries; /* of WITH */
};

/* Every node of the tree: RangeVar is a table wherever it stands. Postgres' parser limits the depth. */
static void find_tables(struct tables_walk *walk, const cJSON *node) {
    for (const cJSON *child = node ? node->child : NULL; child; child = child->next) {
        if (child->string && strcmp(child->string, "CommonTableExpr") == 0)
            VEC_PUSH(walk->arena, &walk->queries,
                     arena_copy_str(walk->arena, str_cstr(pg_tree_text(child, "ctename"))));
        if (child->string && strcmp(child->string, "RangeVar") == 0) {
            struct sql_table table = {
                arena_copy_str(walk->arena, str_cstr(pg_tree_text(child, "schemaname"))),
                arena_copy_str(walk->arena, str_cstr(pg_tree_text(child, "relname")))};
            VEC_PUSH(walk->arena, &walk->tables->items, table);
        }
        find_tables(walk, child);
    }
}

void sql_tables_find(struct arena *arena, struct str sql, struct sql_tables *tables) {
    struct diag_list quiet;
    struct span nowhere = {0};
    struct tables_walk walk = {.arena = arena, .tables = tables};
    diag_list_init(&quiet, arena);
    *tables = (struct sql_tables){0};
    if (sql.len == 0) return;
    cJSON *tree = pg_tree_parse(arena_copy_cstr(arena, sql), nowhere, NULL, NULL, &quiet, "");
    find_tables(&walk, tree);
    cJSON_Delete(tree);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tables->items.count; i++) {
        struct sql_table table = tables->items.items[i];
        bool own = false;
        for (uint32_t q = 0; table.schema.len == 0 && q < walk.queries.count; q++)
            own = own || str_eq(walk.queries.items[q], table.name);
        if (!own) tables->items.items[kept++] = table;
    }
    tables->items.count = kept;
}
