/* The symbols of an analysis, from the trees and the DDL; and the uses that only the trees show: names of
 * maps, which are looked up by name wherever they stand. */
#include "compiler/lsp/analysis.h"

#include <stdlib.h>

struct index {
    struct lsp_analysis *analysis;
    struct arena *arena;
};

static void add(struct index *index, struct lsp_symbol symbol, struct ast_name name) {
    if (name.span.source == NULL || name.span.end <= name.span.start) return;
    symbol.name = name.text;
    symbol.at = name.span;
    if (symbol.whole.source == NULL) symbol.whole = name.span;
    VEC_PUSH(index->arena, &index->analysis->symbols, symbol);
}

static void add_use(struct index *index, struct span at, struct span declared) {
    if (at.source == NULL || declared.source == NULL || at.end <= at.start) return;
    VEC_PUSH(index->arena, &index->analysis->uses, (struct lsp_use){at, declared, UINT32_MAX});
}

/* ---------------------------------------------------------------- maps, by name */

static const struct checked_map *find_map(const struct index *index, struct str name) {
    const struct checker *checker = &index->analysis->compile->checker;
    for (uint32_t i = 0; i < checker->maps.count; i++)
        if (str_eq(checker->maps.items[i]->name, name)) return checker->maps.items[i];
    return NULL;
}

static void use_map(struct index *index, struct ast_name name) {
    const struct checked_map *map = find_map(index, name.text);
    if (map) add_use(index, name.span, map->span);
}

/* A path of one word that no source has taken. */
static void use_map_path(struct index *index, const struct ast_path *path) {
    if (path->parts.count != 1 || map_names_source(&index->analysis->compile->checker, path)) return;
    use_map(index, path->parts.items[0]);
}

/* ---------------------------------------------------------------- clauses and bodies */

static void index_clauses(struct index *index, const struct ast_clause *clauses, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_clause *clause = &clauses[i];
        if (clause->alias.text.len) {
            struct lsp_symbol row = {.kind = SYMBOL_ROW, .whole = clause->span};
            row.type = clause->path.parts.count ? span_text(clause->path.span) : (struct str){0};
            row.value = clause->kind == CLAUSE_EACH ? clause->expr : NULL;
            add(index, row, clause->alias);
        }
        use_map_path(index, &clause->path);
        if (clause->kind != CLAUSE_GROUP_BY && clause->kind != CLAUSE_PARTITION_BY) continue;
        enum lsp_symbol_kind kind = clause->kind == CLAUSE_GROUP_BY ? SYMBOL_GROUP : SYMBOL_PART;
        for (uint32_t n = 0; n < clause->names.count; n++) {
            struct lsp_symbol group = {.kind = kind, .whole = clause->span};
            group.value = n < clause->exprs.count ? clause->exprs.items[n] : clause->expr;
            add(index, group, clause->names.items[n]);
        }
    }
}

static void index_items(struct index *index, const struct ast_item *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_item *item = &items[i];
        struct lsp_symbol symbol = {.whole = item->span, .doc = item->doc, .value = item->expr};
        if (item->kind == ITEM_SPREAD || item->kind == ITEM_IGNORED) continue;
        symbol.kind = item->kind == ITEM_LET        ? SYMBOL_LET
                      : item->kind == ITEM_VALIDATE ? SYMBOL_VALIDATE
                                                    : SYMBOL_LINE;
        add(index, symbol, item->name);
    }
}

/* `...t except (a, b)`: columns of the row that `t` is. */
static const struct checked_table *find_table(const struct index *index, const struct ast_map *map,
                                              struct str alias) {
    const struct checker *checker = &index->analysis->compile->checker;
    for (uint32_t i = 0; i < map->clauses.count; i++) {
        const struct ast_clause *clause = &map->clauses.items[i];
        const struct ast_path *path = &clause->path;
        if (!str_eq(clause->alias.text, alias) || path->parts.count == 0) continue;
        for (uint32_t s = 0; s < checker->sources.count; s++) {
            const struct checked_source *source = checker->sources.items[s];
            if (!str_eq(source->name, path->parts.items[0].text)) continue;
            for (uint32_t t = 0; t < source->tables.count; t++)
                if (path->parts.count == 1 ||
                    str_eq(source->tables.items[t]->name, path->parts.items[path->parts.count - 1].text))
                    return source->tables.items[t];
        }
    }
    return NULL;
}

static void index_excepts(struct index *index, const struct ast_map *map) {
    for (uint32_t i = 0; i < map->items.count; i++) {
        const struct ast_item *item = &map->items.items[i];
        const struct checked_table *table =
            item->kind == ITEM_SPREAD ? find_table(index, map, item->name.text) : NULL;
        for (uint32_t n = 0; table && n < item->names.count; n++)
            for (uint32_t c = 0; c < table->columns.count; c++)
                if (str_eq(table->columns.items[c].name, item->names.items[n].text))
                    add_use(index, item->names.items[n].span, table->columns.items[c].span);
    }
}

static void index_test(struct index *index, const struct ast_test *test) {
    for (uint32_t i = 0; i < test->steps.count; i++) {
        const struct ast_test_step *step = &test->steps.items[i];
        bool expects = step->kind == STEP_EXPECT_ROW || step->kind == STEP_EXPECT_COUNT ||
                       step->kind == STEP_EXPECT_REJECT;
        if (expects && step->path.parts.count == 1) use_map(index, step->path.parts.items[0]);
        if (expects && step->by.parts.count == 1) use_map(index, step->by.parts.items[0]);
        const struct checked_map *map = step->kind == STEP_EXPECT_ROW && step->path.parts.count == 1
                                            ? find_map(index, step->path.parts.items[0].text)
                                            : NULL;
        /* Columns of a map into a table are told by the checker; those of a file are its lines. */
        if (map == NULL || map->target != NULL) continue;
        for (uint32_t f = 0; f < step->fields.count; f++)
            for (uint32_t n = 0; n < map->ast->items.count; n++) {
                const struct ast_item *item = &map->ast->items.items[n];
                if (item->kind == ITEM_ASSIGN && str_eq(item->name.text, step->fields.items[f].name.text))
                    add_use(index, step->fields.items[f].name.span, item->name.span);
            }
    }
}

/* ---------------------------------------------------------------- declarations */

static void index_source(struct index *index, const struct ast_decl *decl) {
    const struct ast_source *source = &decl->source;
    add(index,
        (struct lsp_symbol){
            .kind = SYMBOL_SOURCE, .whole = decl->span, .doc = decl->doc, .type = source->format.text},
        source->name);
    for (uint32_t t = 0; t < source->tables.count; t++) {
        const struct ast_source_table *table = &source->tables.items[t];
        add(index, (struct lsp_symbol){.kind = SYMBOL_SHEET, .whole = table->span, .doc = table->doc},
            table->name);
        for (uint32_t c = 0; c < table->columns.count; c++) {
            const struct ast_source_column *column = &table->columns.items[c];
            struct str note = {0};
            if (column->from.span.source)
                note = arena_printf(index->arena, "read from `%.*s`", STR_ARG(column->from.text));
            if (column->format.span.source)
                note = arena_printf(index->arena, "%.*s%sin the format `%.*s`", STR_ARG(note),
                                    note.len ? " " : "", STR_ARG(column->format.text));
            add(index,
                (struct lsp_symbol){.kind = SYMBOL_SOURCE_COLUMN,
                                    .whole = column->span,
                                    .type = column->type.span.source ? span_text(column->type.span) : STR(""),
                                    .doc = column->doc,
                                    .note = note,
                                    .pii = column->pii,
                                    .column = column},
                column->name);
        }
    }
    for (uint32_t i = 0; i < index->analysis->compile->checker.sources.count; i++) {
        const struct checked_source *other = index->analysis->compile->checker.sources.items[i];
        if (str_eq(other->name, source->query_of.text) && source->query_of.text.len)
            add_use(index, source->query_of.span, other->span);
    }
}

static void index_fn(struct index *index, const struct ast_decl *decl) {
    const struct ast_fn *fn = &decl->fn;
    add(index, (struct lsp_symbol){.kind = SYMBOL_FN, .whole = decl->span, .doc = decl->doc}, fn->name);
    for (uint32_t i = 0; i < fn->params.names.count && i < fn->params.types.count; i++)
        add(index,
            (struct lsp_symbol){.kind = SYMBOL_ARGUMENT, .type = span_text(fn->params.types.items[i].span)},
            fn->params.names.items[i]);
}

static void index_target_name(struct index *index, struct ast_name name) {
    const struct compile *compile = index->analysis->compile;
    if (compile->target_decl && str_eq(name.text, compile->target_decl->target.name.text))
        add_use(index, name.span, compile->target_decl->target.name.span);
}

static void index_decl(struct index *index, const struct ast_decl *decl) {
    struct lsp_symbol symbol = {.whole = decl->span, .doc = decl->doc};
#define ADD(symbol_kind, name) (symbol.kind = (symbol_kind), add(index, symbol, (name)))
    switch (decl->kind) {
    case DECL_MIGRATION: ADD(SYMBOL_MIGRATION, decl->name); break;
    case DECL_PARAM:
        symbol.type = decl->param.type.span.source ? span_text(decl->param.type.span) : STR("");
        ADD(SYMBOL_PARAM, decl->name);
        break;
    case DECL_ENVIRONMENT:
        ADD(SYMBOL_ENVIRONMENT, decl->name);
        for (uint32_t i = 0; i < decl->environment.settings.count; i++)
            if (decl->environment.settings.items[i].is_env)
                index_target_name(index, decl->environment.settings.items[i].name);
        break;
    case DECL_SOURCE: index_source(index, decl); break;
    case DECL_TARGET: ADD(SYMBOL_TARGET, decl->target.name); break;
    case DECL_PII: use_map_path(index, &decl->pii.table); break;
    case DECL_CODES: ADD(SYMBOL_CODES, decl->codes.name); break;
    case DECL_FN:
    case DECL_EXTERN_FN: index_fn(index, decl); break;
    case DECL_MAP:
        ADD(SYMBOL_MAP, decl->map.name);
        index_clauses(index, decl->map.clauses.items, decl->map.clauses.count);
        index_items(index, decl->map.items.items, decl->map.items.count);
        index_excepts(index, &decl->map);
        break;
    case DECL_CHECK:
        ADD(SYMBOL_CHECK, decl->check.name);
        index_clauses(index, decl->check.source.items, decl->check.source.count);
        use_map(index, decl->check.map);
        break;
    case DECL_TEST:
        ADD(SYMBOL_TEST, decl->test.title);
        index_test(index, &decl->test);
        break;
    case DECL_PHASE:
        ADD(SYMBOL_PHASE, decl->name);
        for (uint32_t i = 0; i < decl->phase.maps.count; i++)
            use_map(index, decl->phase.maps.items[i]);
        break;
    case DECL_USE:
    case DECL_AUDIT:
    case DECL_STRATEGY:
    case DECL_CHANGE: break;
    }
#undef ADD
}

/* ---------------------------------------------------------------- DDL */

static bool is_personal(const struct checker *checker, const struct schema_table *table, uint32_t column) {
    for (uint32_t i = 0; i < checker->pii.tables.count; i++)
        if (checker->pii.tables.items[i] == table && checker->pii.columns.items[i] == column) return true;
    return false;
}

static void index_schema(struct index *index, const struct schema *schema) {
    const struct checker *checker = &index->analysis->compile->checker;
    if (schema == NULL) return;
    for (uint32_t i = 0; i < schema->enums.count; i++) {
        const struct schema_enum *e = schema->enums.items[i];
        add(index, (struct lsp_symbol){.kind = SYMBOL_ENUM, .labels = e},
            (struct ast_name){e->name, e->span});
    }
    for (uint32_t t = 0; t < schema->tables.count; t++) {
        const struct schema_table *table = schema->tables.items[t];
        add(index, (struct lsp_symbol){.kind = SYMBOL_TABLE}, (struct ast_name){table->name, table->span});
        for (uint32_t c = 0; c < table->columns.count; c++) {
            const struct schema_column *column = &table->columns.items[c];
            struct lsp_symbol symbol = {.kind = SYMBOL_TARGET_COLUMN,
                                        .labels = column->type.enumeration,
                                        .pii = is_personal(checker, table, c)};
            symbol.type = arena_printf(index->arena, "%.*s%s%s", STR_ARG(column->type.name),
                                       column->not_null ? " not null" : "",
                                       column->generated     ? " generated"
                                       : column->identity    ? " identity"
                                       : column->has_default ? " default"
                                                             : "");
            symbol.note = arena_printf(index->arena, "of table `%.*s.%.*s`", STR_ARG(table->schema),
                                       STR_ARG(table->name));
            add(index, symbol, (struct ast_name){column->name, column->span});
        }
    }
}

/* ---------------------------------------------------------------- order, and what belongs together */

static int compare_spans(struct span a, struct span b) {
    if (a.source != b.source) return a.source < b.source ? -1 : 1;
    if (a.start != b.start) return a.start < b.start ? -1 : 1;
    return (a.end > b.end) - (a.end < b.end);
}

static int compare_symbols(const void *a, const void *b) {
    const struct lsp_symbol *left = a, *right = b;
    int order = compare_spans(left->at, right->at);
    return order ? order : (int)left->kind - (int)right->kind;
}

static int compare_uses(const void *a, const void *b) {
    const struct lsp_use *left = a, *right = b;
    int order = compare_spans(left->at, right->at);
    return order ? order : compare_spans(left->declared, right->declared);
}

/* Names told twice, and columns that DDL repeats (LIKE, INHERITS), once each. */
static void drop_repeated(struct lsp_analysis *analysis) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        if (kept == 0 || compare_spans(analysis->symbols.items[kept - 1].at, analysis->symbols.items[i].at))
            analysis->symbols.items[kept++] = analysis->symbols.items[i];
    analysis->symbols.count = kept;
    kept = 0;
    for (uint32_t i = 0; i < analysis->uses.count; i++)
        if (kept == 0 || compare_spans(analysis->uses.items[kept - 1].at, analysis->uses.items[i].at))
            analysis->uses.items[kept++] = analysis->uses.items[i];
    analysis->uses.count = kept;
}

static uint32_t find_root(struct lsp_analysis *analysis, uint32_t at) {
    while (analysis->symbols.items[at].group != at)
        at = analysis->symbols.items[at].group =
            analysis->symbols.items[analysis->symbols.items[at].group].group;
    return at;
}

/* A line's name is a use of its column; a group without a name of its own is the column that it is made of.
 * Such symbols are one thing when all uses of a name are asked for. */
static void join_groups(struct lsp_analysis *analysis) {
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        analysis->symbols.items[i].group = i;
    for (uint32_t i = 0; i < analysis->uses.count; i++) {
        struct lsp_use *use = &analysis->uses.items[i];
        const struct lsp_symbol *to = lsp_analysis_declared(analysis, use->declared);
        if (to == NULL) continue;
        use->symbol = (uint32_t)(to - analysis->symbols.items);
        const struct lsp_symbol *here = lsp_analysis_declared(analysis, use->at);
        if (here == NULL || here == to) continue;
        uint32_t a = find_root(analysis, use->symbol);
        uint32_t b = find_root(analysis, (uint32_t)(here - analysis->symbols.items));
        analysis->symbols.items[b].group = a;
    }
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        analysis->symbols.items[i].group = find_root(analysis, i);
}

/* A group's name that is taken from its expression (`group by p.agency`) is declared by a name that is a use
 * itself. */
static void add_implied_groups(struct index *index) {
    struct lsp_analysis *analysis = index->analysis;
    uint32_t count = analysis->uses.count;
    for (uint32_t i = 0; i < count; i++) {
        struct span declared = analysis->uses.items[i].declared;
        if (declared.source != analysis->spec || lsp_analysis_declared(analysis, declared)) continue;
        const struct lsp_use *at = lsp_analysis_use(analysis, declared.source, declared.start);
        if (at == NULL || at->at.start != declared.start) continue;
        add(index, (struct lsp_symbol){.kind = SYMBOL_GROUP},
            (struct ast_name){span_text(declared), declared});
        qsort(analysis->symbols.items, analysis->symbols.count, sizeof *analysis->symbols.items,
              compare_symbols);
    }
}

void lsp_index_build(struct lsp_analysis *analysis) {
    struct index index = {analysis, &analysis->arena};
    const struct compile *compile = analysis->compile;
    for (uint32_t f = 0; f < compile->files.count; f++)
        for (uint32_t i = 0; i < compile->files.items[f]->decls.count; i++)
            index_decl(&index, compile->files.items[f]->decls.items[i]);
    index_schema(&index, compile->checker.target_schema);
    for (uint32_t i = 0; i < compile->checker.sources.count; i++)
        index_schema(&index, compile->checker.sources.items[i]->schema);
    if (analysis->symbols.count)
        qsort(analysis->symbols.items, analysis->symbols.count, sizeof *analysis->symbols.items,
              compare_symbols);
    if (analysis->uses.count)
        qsort(analysis->uses.items, analysis->uses.count, sizeof *analysis->uses.items, compare_uses);
    drop_repeated(analysis);
    add_implied_groups(&index);
    join_groups(analysis);
}
