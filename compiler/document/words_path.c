/* Names, members and indexes in words: columns of rows, `let`s, codes, rows of maps, parts of JSON. */
#include "compiler/document/words.h"

enum { MOST_STEPS = 256 };

/* a.b['c'].d as a base and its steps, outermost last. */
struct steps {
    const struct ast_expr *base;
    const struct ast_expr *list[MOST_STEPS]; /* X_MEMBER or X_INDEX */
    uint32_t count;
};

static bool is_step(const struct document_index *index, const struct ast_expr *expr) {
    return expr->left && (expr->kind == X_MEMBER || (expr->kind == X_INDEX && !index_of_keyed(index, expr)));
}

static void split_steps(const struct document_index *index, const struct ast_expr *expr,
                        struct steps *steps) {
    steps->count = 0;
    const struct ast_expr *at = expr;
    while (is_step(index, at) && steps->count < MOST_STEPS) {
        steps->count++;
        at = expr_bare(at->left);
    }
    steps->base = at;
    at = expr;
    for (uint32_t i = steps->count; i-- > 0; at = expr_bare(at->left))
        steps->list[i] = at;
}

/* ------------------------------------------------------------------ rows */

struct str words_column_title(const struct plan_source *source, const struct plan_source_column *column) {
    if (column->from.len == 0 || str_is(column->from, "$")) return column->name;
    (void)source;
    return column->from;
}

static const char *column_noun(const struct plan_source *source) {
    switch ((enum plan_source_format)source->format) {
    case SOURCE_JSON:
    case SOURCE_NDJSON: return "field";
    case SOURCE_DYNAMODB: return "attribute";
    default: return "column";
    }
}

void words_rows(struct words *words, const struct rows_of *rows, struct phrase *out) {
    struct arena *arena = words->arena;
    if (rows->kind == ROWS_MAP) {
        phrase_print(arena, out, "row of map ");
        phrase_link(arena, out, RUN_TERM, rows->name, rows->anchor);
    } else if (rows->kind == ROWS_TARGET) {
        phrase_print(arena, out, "row of the target's table ");
        phrase_add(arena, out, RUN_NAME, rows->name);
    } else if (rows->kind == ROWS_SOURCE && rows->source->format == SOURCE_XLSX) {
        phrase_print(arena, out, "row of sheet ");
        phrase_link(arena, out, RUN_NAME, rows->table->title, rows->anchor);
    } else {
        phrase_print(arena, out, "row of source ");
        phrase_link(arena, out, RUN_TERM, rows->name, rows->anchor);
    }
}

/* The columns that a row has by itself: `source`, `parent`, `root`, `depth`. Returns how many steps they are;
 * 0: none. words: what they say; whose: "of the parent row", or NULL. */
static uint32_t own_columns(const struct steps *steps, uint32_t first, const struct plan_source_table *table,
                            const char **words, const char **whose) {
    static const struct {
        const char *name, *words;
    } PLACES[] = {{"file", "the name of the file"},
                  {"line", "the number of the line"},
                  {"row", "the number of the row"}};
    *words = *whose = NULL;
    if (first >= steps->count || steps->list[first]->kind != X_MEMBER) return 0;
    struct str name = steps->list[first]->name.text;
    if (table && index_find_column(table, name)) return 0;
    if (str_is(name, "source") && first + 1 < steps->count) {
        for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
            if (str_is(steps->list[first + 1]->name.text, PLACES[i].name)) *words = PLACES[i].words;
        return *words ? 2 : 0;
    }
    if (str_is(name, "depth")) *words = "the row's depth (0 at the top)";
    if (str_is(name, "parent")) *words = *whose = "the parent row";
    if (str_is(name, "root")) *words = *whose = "the topmost row";
    return *words ? 1 : 0;
}

const struct plan_source_column *words_source_column(const struct name_scope *scope,
                                                     const struct ast_expr *expr,
                                                     const struct plan_source **source,
                                                     const struct plan_source_table **table) {
    struct steps steps;
    const char *words, *whose;
    split_steps(scope->index, expr_bare(expr), &steps);
    if (steps.count == 0 || steps.base->kind != X_NAME) return NULL;
    struct named named = scope_find_name(scope, steps.base->name.text);
    if (named.kind != NAMED_ROW) return NULL;
    struct rows_of rows = index_find_rows(scope->index, &named.clause->path);
    if (rows.kind != ROWS_SOURCE) return NULL;
    uint32_t at = own_columns(&steps, 0, rows.table, &words, &whose);
    if (at >= steps.count || (at && whose == NULL) || steps.list[at]->kind != X_MEMBER) return NULL;
    *source = rows.source;
    *table = rows.table;
    return index_find_column(rows.table, steps.list[at]->name.text);
}

/* ------------------------------------------------------------------ JSON */

/* The steps that are left: a path into JSON, as code. */
static bool add_json_path(struct words *words, const struct steps *steps, uint32_t first,
                          struct phrase *out) {
    struct buf path = {0};
    for (uint32_t i = first; i < steps->count; i++) {
        const struct ast_expr *step = steps->list[i];
        if (step->kind == X_MEMBER) {
            if (path.len) buf_append_char(&path, '.');
            buf_append_str(&path, step->name.text);
            continue;
        }
        buf_append_char(&path, '[');
        for (uint32_t k = 0; k < step->items.count; k++)
            buf_append_str(&path, span_text(step->items.items[k]->span));
        buf_append_char(&path, ']');
    }
    if (path.len) phrase_add(words->arena, out, RUN_NAME, arena_copy_str(words->arena, buf_str(&path)));
    bool any = path.len > 0;
    buf_release(&path);
    return any;
}

/* ------------------------------------------------------------------ columns of rows */

const char *words_type_noun(enum type_kind kind) {
    switch (kind) {
    case TYPE_DATE: return "date";
    case TYPE_TIME: return "time";
    case TYPE_TIMESTAMP: return "date and time";
    case TYPE_TIMESTAMPTZ: return "date, time and zone";
    case TYPE_INT: return "whole number";
    case TYPE_DECIMAL:
    case TYPE_FLOAT: return "number";
    case TYPE_BOOL: return "yes or no";
    default: return NULL;
    }
}

static const char *type_noun(const struct plan_source *source, const struct plan_source_column *column) {
    bool is_typed = source->format == SOURCE_POSTGRES || source->format == SOURCE_QUERY;
    return is_typed ? NULL : words_type_noun((enum type_kind)column->type.kind);
}

static void add_source_column(struct words *words, const struct rows_of *rows,
                              const struct plan_source_column *column, bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    const char *type = type_noun(rows->source, column);
    if (whole && type) phrase_print(arena, out, "the %s in ", type);
    if (whole) phrase_print(arena, out, "%s ", column_noun(rows->source));
    phrase_link(arena, out, RUN_NAME, words_column_title(rows->source, column),
                index_column_anchor(words->scope.index, rows->source, rows->table, column));
    if (whole && str_is(column->from, "$")) phrase_print(arena, out, " (the whole record)");
    if (whole && column->format.len) {
        phrase_print(arena, out, " read as ");
        phrase_add(arena, out, RUN_PLAIN, column->format);
    }
}

/* Which row, where a map has several: " of owner". */
static void add_whose(struct words *words, const struct named *named, const char *whose, struct phrase *out) {
    if (whose) phrase_print(words->arena, out, " of %s", whose);
    if (named_is_first_row(named) || named->clause == words->clause) return;
    phrase_print(words->arena, out, " of ");
    phrase_link(words->arena, out, RUN_TERM, named->clause->alias.text,
                scope_term_anchor(&words->scope, named->clause->alias.text));
}

static void add_row_column(struct words *words, const struct named *named, const struct steps *steps,
                           bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    struct rows_of rows = index_find_rows(words->scope.index, &named->clause->path);
    const struct plan_source_table *table = rows.kind == ROWS_SOURCE ? rows.table : NULL;
    const char *own, *whose;
    uint32_t at = own_columns(steps, 0, table, &own, &whose);
    if (at == steps->count || (at && whose == NULL)) {
        phrase_print(arena, out, "%s", own);
        add_whose(words, named, NULL, out);
        return;
    }
    struct str name = steps->list[at]->name.text;
    const struct plan_source_column *column = table ? index_find_column(table, name) : NULL;
    if (at + 1 < steps->count && add_json_path(words, steps, at + 1, out)) {
        phrase_print(arena, out, " in ");
        whole = false;
    }
    if (column) {
        add_source_column(words, &rows, column, whole, out);
    } else {
        if (whole) phrase_print(arena, out, "column ");
        phrase_add(arena, out, RUN_NAME, name);
    }
    add_whose(words, named, whose, out);
}

/* ------------------------------------------------------------------ parts of the run */

static bool add_run_part(struct words *words, const struct steps *steps, struct phrase *out) {
    static const struct {
        const char *of, *name, *words;
    } PARTS[] = {
        {"run", "id", "the id of the run"},
        {"run", "started_at", "the time at which the run started"},
        {"run", "environment", "the name of the environment"},
        {"event", "kind", "the kind of event"},
        {"event", "map", "the name of the map"},
        {"event", "at", "the time of the event"},
        {"event", "json", "everything about the event, as JSON"},
    };
    if (steps->base->kind != X_PARAM || steps->count != 1) return false;
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        if (!str_is(steps->base->name.text, PARTS[i].of) || !str_is(steps->list[0]->name.text, PARTS[i].name))
            continue;
        phrase_print(words->arena, out, "%s", PARTS[i].words);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ names */

static void add_name(struct words *words, const struct ast_expr *name, const struct named *named, bool whole,
                     struct phrase *out) {
    struct arena *arena = words->arena;
    struct str text = name->name.text;
    switch (named->kind) {
    case NAMED_LET:
    case NAMED_ELEMENT:
    case NAMED_ROW:
        if (named_is_first_row(named)) {
            phrase_print(arena, out, "the row");
            return;
        }
        phrase_link(arena, out, RUN_TERM, text, scope_term_anchor(&words->scope, text));
        return;
    case NAMED_COLUMN:
        if (whole) phrase_print(arena, out, "the value of ");
        phrase_add(arena, out, RUN_TERM, text);
        return;
    case NAMED_GROUP:
        if (whole && named->clause->kind == CLAUSE_GROUP_BY) phrase_print(arena, out, "the group's ");
        phrase_add(arena, out, RUN_TERM, text);
        return;
    case NAMED_ARGUMENT: phrase_add(arena, out, RUN_TERM, text); return;
    case NAMED_NOTHING: phrase_add(arena, out, RUN_CODE, span_text(name->span)); return;
    }
}

/* ------------------------------------------------------------------ codes and rows of maps */

static void add_keys(struct words *words, const struct ast_expr *index, struct phrase *out) {
    words_list(words, index->items.items, index->items.count, "and", out);
}

static void add_keyed(struct words *words, struct index_entry *entry, const struct ast_expr *index,
                      bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    entry->used = true;
    bool is_map = entry->decl->kind == DECL_MAP;
    phrase_print(arena, out, is_map ? "the row of map " : whole ? "looked up in codes " : "the ");
    phrase_link(arena, out, RUN_TERM, entry->name,
                phrase_anchor(arena, is_map ? "map" : "codes", entry->name));
    phrase_print(arena, out, is_map ? " whose key is " : whole ? " by " : " code of ");
    add_keys(words, index, out);
}

/* ------------------------------------------------------------------ the whole */

static void add_steps(struct words *words, const struct steps *steps, bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    const struct ast_expr *base = steps->base;
    struct named named = {0};
    if (base->kind == X_NAME) named = scope_find_name(&words->scope, base->name.text);
    if (named.kind == NAMED_ROW) {
        add_row_column(words, &named, steps, whole, out);
        return;
    }
    if (add_run_part(words, steps, out)) return;
    if (whole) phrase_print(arena, out, "the ");
    if (!add_json_path(words, steps, 0, out)) return;
    phrase_print(arena, out, " of ");
    if (base->kind == X_NAME)
        add_name(words, base, &named, false, out);
    else
        words_part(words, base, out);
}

void words_path(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    struct steps steps;
    struct index_entry *entry = index_of_keyed(words->scope.index, expr);
    if (entry) {
        add_keyed(words, entry, expr, whole, out);
        return;
    }
    split_steps(words->scope.index, expr, &steps);
    if (steps.count) {
        add_steps(words, &steps, whole, out);
        return;
    }
    struct named named = {0};
    if (expr->kind == X_NAME) named = scope_find_name(&words->scope, expr->name.text);
    add_name(words, expr, &named, whole, out);
}
