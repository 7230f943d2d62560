/* Maps: where each column of a target table comes from. */
#include "compiler/document/collect.h"

struct map_work {
    struct collector *collector;
    const struct plan_map *plan;
    const struct ast_decl *decl;
    const struct ast_map *ast;
    const struct plan_target_table *table; /* NULL: a csv file */
    struct name_scope scope;               /* with the whole body */
    struct implied implied;
    struct uses uses;
    struct document_rules cell_rules; /* what cells of the source must be, for all columns together */
    struct document_map *map;
};

/* ------------------------------------------------------------------ columns of the target */

static bool is_key_column(const struct plan_target_table *table, uint32_t column) {
    for (uint32_t k = 0; k < table->keys_count; k++)
        for (uint32_t c = 0; table->keys[k].primary && c < table->keys[k].columns_count; c++)
            if (table->keys[k].columns[c] == column) return true;
    return false;
}

static struct str references_of(struct map_work *work, uint32_t column) {
    for (uint32_t k = 0; k < work->table->fks_count; k++) {
        const struct plan_target_fk *fk = &work->table->fks[k];
        for (uint32_t c = 0; c < fk->columns_count; c++)
            if (fk->columns[c] == column && c < fk->ref_columns_count)
                return arena_printf(work->collector->arena, "%.*s.%.*s (%.*s)", STR_ARG(fk->ref_schema),
                                    STR_ARG(fk->ref_table), STR_ARG(fk->ref_columns[c].text));
    }
    return (struct str){0};
}

static const struct ast_item *find_item(const struct ast_map *map, enum ast_item_kind kind, struct str name,
                                        uint32_t *at) {
    for (uint32_t i = map->items.count; i-- > 0;) {
        const struct ast_item *item = &map->items.items[i];
        *at = i;
        if (item->kind != kind) continue;
        if (kind == ITEM_SPREAD || (kind != ITEM_IGNORED && str_eq(item->name.text, name))) return item;
        for (uint32_t n = 0; kind == ITEM_IGNORED && n < item->names.count; n++)
            if (str_eq(item->names.items[n].text, name)) return item;
    }
    return NULL;
}

static struct str column_place(struct map_work *work, struct str name) {
    return arena_printf(work->collector->arena, "%.*s.%.*s", STR_ARG(work->map->table), STR_ARG(name));
}

static void read_column(struct map_work *work, const struct name_scope *scope, const struct ast_expr *expr,
                        struct document_column *column) {
    struct collector *collector = work->collector;
    struct uses uses = {0};
    struct str place = column_place(work, column->name);
    collect_reads(collector, scope, expr, place, &uses);
    for (uint32_t i = 0; i < uses.list.count; i++) {
        const struct use *use = &uses.list.items[i];
        VEC_PUSH(collector->arena, &column->sources,
                 index_column_anchor(&collector->index, use->source, use->table, use->column));
        if (use->column->pii) collect_note_personal(collector, use, place, column->anchor, column->pii);
    }
    for (uint32_t i = 0; i < uses.maps.count; i++)
        uses_add_name(collector->arena, &work->uses, true, uses.maps.items[i]);
    for (uint32_t i = 0; i < uses.codes.count; i++)
        uses_add_name(collector->arena, &work->uses, false, uses.codes.items[i]);
}

static void fill_assigned(struct map_work *work, const struct ast_item *item, uint32_t at,
                          struct document_column *column) {
    struct words words = {
        .arena = work->collector->arena, .scope = work->scope, .outcomes = &column->outcomes};
    words.scope.items_count = at;
    column->origin = ORIGIN_ASSIGNED;
    words_value(&words, item->expr, &column->words);
    column->code = collect_code(work->collector, item->expr);
    column->doc = index_doc(&work->collector->index, item->doc);
    implied_tell(&work->collector->index, &work->implied, item->span, &column->outcomes);
    read_column(work, &words.scope, item->expr, column);
}

/* ...t: the column of that row with the same name. */
static void fill_copied(struct map_work *work, const struct ast_item *item, struct document_column *column) {
    struct arena *arena = work->collector->arena;
    struct ast_expr row = {.kind = X_NAME, .name = item->name, .span = item->span};
    struct ast_expr member = {
        .kind = X_MEMBER, .left = &row, .name = {column->name, item->span}, .span = item->span, .depth = 1};
    struct words words = {.arena = arena, .scope = work->scope};
    words.scope.items_count = 0;
    column->origin = ORIGIN_COPIED;
    words_value(&words, &member, &column->words);
    read_column(work, &words.scope, &member, column);
}

static bool is_written(const struct map_work *work, uint32_t column) {
    for (uint32_t i = 0; i < work->plan->columns_count; i++)
        if (work->plan->columns[i] == column) return true;
    return false;
}

static void fill_table_column(struct map_work *work, uint32_t index, struct document_column *column) {
    const struct plan_target_column *target = &work->table->columns[index];
    uint32_t at;
    const struct ast_item *item = find_item(work->ast, ITEM_ASSIGN, target->name, &at);
    column->type = target->pg_type;
    column->not_null = target->not_null;
    column->pii = target->pii;
    column->primary = is_key_column(work->table, index);
    column->references = references_of(work, index);
    if (item) {
        fill_assigned(work, item, at, column);
    } else if (is_written(work, index) && (item = find_item(work->ast, ITEM_SPREAD, target->name, &at))) {
        fill_copied(work, item, column);
    } else if ((item = find_item(work->ast, ITEM_IGNORED, target->name, &at))) {
        column->origin = ORIGIN_IGNORED;
        column->because = item->because.text;
    } else if (target->generated || target->identity || target->has_default) {
        column->origin = ORIGIN_DATABASE;
        phrase_print(work->collector->arena, &column->words, "%s",
                     target->generated  ? "computed by the database"
                     : target->identity ? "numbered by the database"
                                        : "the database's default");
    } else {
        column->origin = ORIGIN_EMPTY;
    }
}

static void fill_file_column(struct map_work *work, struct document_column *column) {
    uint32_t at;
    const struct ast_item *item = find_item(work->ast, ITEM_ASSIGN, column->name, &at);
    if (item)
        fill_assigned(work, item, at, column);
    else if ((item = find_item(work->ast, ITEM_SPREAD, column->name, &at)))
        fill_copied(work, item, column);
}

static bool is_personal_in_file(struct map_work *work, struct str column) {
    for (uint32_t f = 0; f < work->collector->index.files.count; f++) {
        const struct ast_file *file = work->collector->index.files.items[f];
        for (uint32_t i = 0; i < file->decls.count; i++) {
            const struct ast_decl *decl = file->decls.items[i];
            if (decl->kind != DECL_PII || decl->pii.table.parts.count != 1 ||
                !str_eq(decl->pii.table.parts.items[0].text, work->plan->name))
                continue;
            for (uint32_t c = 0; c < decl->pii.columns.count; c++)
                if (str_eq(decl->pii.columns.items[c].text, column)) return true;
        }
    }
    return false;
}

static void collect_columns(struct map_work *work) {
    uint32_t count = work->table ? work->table->columns_count : work->plan->csv_columns_count;
    for (uint32_t i = 0; i < count; i++) {
        struct document_column column = {.name = work->table ? work->table->columns[i].name
                                                             : work->plan->csv_columns[i].text};
        struct str place = arena_printf(work->collector->arena, "%.*s.%.*s", STR_ARG(work->plan->name),
                                        STR_ARG(column.name));
        column.anchor = phrase_anchor(work->collector->arena, "into", place);
        if (work->table) {
            fill_table_column(work, i, &column);
        } else {
            column.pii = is_personal_in_file(work, column.name);
            fill_file_column(work, &column);
        }
        VEC_PUSH(work->collector->arena, &work->map->columns, column);
    }
}

/* ------------------------------------------------------------------ what cells must be */

static void add_cell_rule(struct map_work *work, bool empty, const char *label, const char *when) {
    struct arena *arena = work->collector->arena;
    const struct plan_source *source = &work->collector->plan->sources[work->plan->source];
    const struct plan_source_table *table = &source->tables[work->plan->source_table];
    struct document_rule rule = {.label = str_cstr(label)};
    struct document_outcome outcome = {.kind = OUTCOME_REJECT, .implied = true};
    for (uint32_t c = 0; c < table->columns_count; c++) {
        const struct plan_source_column *column = &table->columns[c];
        if (!implied_take_column(&work->implied, column, empty)) continue;
        if (rule.words.runs.count) phrase_print(arena, &rule.words, ", ");
        phrase_link(arena, &rule.words, RUN_NAME, words_column_title(source, column),
                    index_column_anchor(&work->collector->index, source, table, column));
        if (empty) continue;
        const char *noun = words_type_noun((enum type_kind)column->type.kind);
        phrase_print(arena, &rule.words, " (%s",
                     noun ? noun : type_kind_name((enum type_kind)column->type.kind));
        if (column->format.len) phrase_print(arena, &rule.words, " ");
        if (column->format.len) phrase_add(arena, &rule.words, RUN_PLAIN, column->format);
        phrase_print(arena, &rule.words, ")");
    }
    if (phrase_is_empty(&rule.words)) return;
    phrase_print(arena, &outcome.when, "%s", when);
    VEC_PUSH(arena, &rule.outcomes.list, outcome);
    VEC_PUSH(arena, &work->cell_rules.list, rule);
}

static void collect_cells(struct map_work *work) {
    if (work->plan->from_kind != FROM_SOURCE) return;
    add_cell_rule(work, true, "Must be filled in", "when one that the row needs is empty");
    add_cell_rule(work, false, "Must be readable", "when one that the row needs is of another kind");
}

/* ------------------------------------------------------------------ lets and validations */

static void collect_let(struct map_work *work, const struct ast_item *item, uint32_t at) {
    struct document_rule rule = {.label = item->name.text,
                                 .anchor = scope_term_anchor(&work->scope, item->name.text),
                                 .doc = index_doc(&work->collector->index, item->doc),
                                 .code = collect_code(work->collector, item->expr)};
    struct words words = {.arena = work->collector->arena, .scope = work->scope, .outcomes = &rule.outcomes};
    words.scope.items_count = at;
    words_value(&words, item->expr, &rule.words);
    implied_tell(&work->collector->index, &work->implied, item->span, &rule.outcomes);
    collect_reads(work->collector, &words.scope, item->expr, (struct str){0}, &work->uses);
    VEC_PUSH(work->collector->arena, &work->map->terms.list, rule);
}

static void collect_validation(struct map_work *work, const struct ast_item *item, uint32_t at) {
    struct document_rule rule = {.label = item->name.text,
                                 .doc = index_doc(&work->collector->index, item->doc),
                                 .code = collect_code(work->collector, item->expr)};
    struct words words = {.arena = work->collector->arena, .scope = work->scope, .outcomes = &rule.outcomes};
    words.scope.items_count = at;
    words_value(&words, item->expr, &rule.words);
    words_handlers(&words, &item->handlers, item->expr);
    if (item->handlers.list.count == 0) {
        struct document_outcome outcome = {.kind = OUTCOME_REJECT, .implied = true};
        phrase_print(work->collector->arena, &outcome.when, "when it does not hold");
        VEC_PUSH(work->collector->arena, &rule.outcomes.list, outcome);
    }
    implied_tell(&work->collector->index, &work->implied, item->span, &rule.outcomes);
    collect_reads(work->collector, &words.scope, item->expr, (struct str){0}, NULL);
    VEC_PUSH(work->collector->arena, &work->map->validations.list, rule);
}

static void collect_copies(struct map_work *work, const struct ast_item *item) {
    struct arena *arena = work->collector->arena;
    struct document_rule rule = {.label = STR("Copied"), .code = span_text(item->span)};
    phrase_print(arena, &rule.words, "columns of the same name and type, unless another line fills them");
    implied_tell(&work->collector->index, &work->implied, item->span, &rule.outcomes);
    VEC_PUSH(arena, &work->map->rules.list, rule);
}

static void collect_items(struct map_work *work) {
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind == ITEM_LET) collect_let(work, item, i);
        if (item->kind == ITEM_VALIDATE) collect_validation(work, item, i);
        if (item->kind == ITEM_SPREAD) collect_copies(work, item);
        if (item->kind == ITEM_ASSIGN || item->kind == ITEM_LET)
            for (uint32_t h = 0; item->expr && h < item->expr->handlers.list.count; h++) {
                struct name_scope above = work->scope;
                above.items_count = i;
                collect_read_handlers(work->collector, &above, &item->expr->handlers);
            }
    }
}

/* ------------------------------------------------------------------ conflicts, rollback */

static void collect_conflict(struct map_work *work) {
    struct arena *arena = work->collector->arena;
    struct document_rule rule = {.label = STR("Rows that are in the target already")};
    const struct ast_clause *clause = NULL;
    for (uint32_t i = 0; i < work->ast->clauses.count; i++)
        if (work->ast->clauses.items[i].kind == CLAUSE_ON_CONFLICT) clause = &work->ast->clauses.items[i];
    if (work->table == NULL) return;
    if (clause == NULL || clause->handlers.list.count == 0) {
        struct document_outcome outcome = {.kind = OUTCOME_REJECT, .implied = true};
        phrase_print(arena, &rule.words, "stay as they are");
        phrase_print(arena, &outcome.when, "when the target refuses the new row");
        VEC_PUSH(arena, &rule.outcomes.list, outcome);
        VEC_PUSH(arena, &work->map->rules.list, rule);
        return;
    }
    const struct ast_handler *handler = &clause->handlers.list.items[0];
    phrase_print(arena, &rule.words, "are found by ");
    for (uint32_t i = 0; i < handler->columns.count; i++) {
        if (i) phrase_print(arena, &rule.words, i + 1 < handler->columns.count ? ", " : " and ");
        phrase_add(arena, &rule.words, RUN_NAME, handler->columns.items[i].text);
    }
    struct words words = {.arena = arena, .scope = work->scope, .outcomes = &rule.outcomes};
    struct phrase subject = {0};
    phrase_print(arena, &subject, "a row");
    words_handler(&words, handler, NULL, &subject);
    rule.doc = index_comment_above(&work->collector->index, clause->span);
    VEC_PUSH(arena, &work->map->rules.list, rule);
}

static void collect_rollback(struct map_work *work) {
    struct arena *arena = work->collector->arena;
    struct phrase *out = &work->map->rollback;
    if (work->table == NULL) {
        phrase_print(arena, out, "the file is written anew by each run");
        return;
    }
    switch ((enum plan_rollback)work->plan->rollback) {
    case ROLLBACK_DELETE: phrase_print(arena, out, "the rows that were written are deleted"); return;
    case ROLLBACK_RESTORE:
        phrase_print(arena, out,
                     "rows that were written are deleted, rows that were changed get their old values back");
        return;
    case ROLLBACK_SQL:
        phrase_print(arena, out, "by a statement of its own: ");
        phrase_add(arena, out, RUN_CODE, work->plan->rollback_text);
        return;
    case ROLLBACK_NONE:
        phrase_print(arena, out, "none: ");
        phrase_add(arena, out, RUN_MESSAGE, work->plan->rollback_text);
        return;
    case ROLLBACK_COUNT: return;
    }
}

/* ------------------------------------------------------------------ what the diagram shows */

static void add_text_once(struct arena *arena, struct document_texts *list, struct str text) {
    for (uint32_t i = 0; i < list->list.count; i++)
        if (str_eq(list->list.items[i], text)) return;
    VEC_PUSH(arena, &list->list, text);
}

static void collect_edges(struct map_work *work) {
    struct arena *arena = work->collector->arena;
    struct document_texts reads = {0}, looks = {0};
    for (uint32_t i = 0; i < work->ast->clauses.count; i++) {
        const struct ast_clause *clause = &work->ast->clauses.items[i];
        bool rows_come = clause->kind == CLAUSE_FROM || clause->kind == CLAUSE_JOIN ||
                         clause->kind == CLAUSE_LEFT_JOIN || clause->kind == CLAUSE_LOOKUP ||
                         clause->kind == CLAUSE_LEFT_LOOKUP;
        if (!rows_come) continue;
        struct rows_of rows = index_find_rows(&work->collector->index, &clause->path);
        if (rows.kind == ROWS_SOURCE) add_text_once(arena, &reads, rows.anchor);
        if (rows.kind == ROWS_TARGET) add_text_once(arena, &looks, rows.name);
        if (rows.kind == ROWS_MAP) uses_add_name(arena, &work->uses, true, rows.name);
    }
    for (uint32_t i = 0; i < reads.list.count; i++)
        VEC_PUSH(arena, &work->map->reads, reads.list.items[i]);
    for (uint32_t i = 0; i < looks.list.count; i++)
        VEC_PUSH(arena, &work->map->looks, looks.list.items[i]);
    for (uint32_t i = 0; i < work->uses.maps.count; i++) {
        int32_t found = index_find_map(&work->collector->index, work->uses.maps.items[i]);
        if (found >= 0) VEC_PUSH(arena, &work->map->finds, (uint32_t)found);
    }
    for (uint32_t i = 0; i < work->plan->depends_count; i++)
        VEC_PUSH(arena, &work->map->after, work->plan->depends[i]);
}

/* ------------------------------------------------------------------ a map */

static struct str phase_of(const struct plan *plan, uint32_t map) {
    for (uint32_t p = 0; p < plan->phases_count; p++)
        for (uint32_t m = 0; m < plan->phases[p].maps_count; m++)
            if (plan->phases[p].maps[m] == map) return plan->phases[p].name;
    return (struct str){0};
}

static void collect_map(struct collector *collector, uint32_t number) {
    struct map_work work = {.collector = collector, .plan = &collector->plan->maps[number]};
    struct index_entry *entry = index_find(&collector->index, SPACE_KEYED, work.plan->name);
    if (entry == NULL || entry->decl->kind != DECL_MAP) return;
    struct document_map map = {.name = work.plan->name,
                               .anchor = phrase_anchor(collector->arena, "map", work.plan->name),
                               .doc = index_doc(&collector->index, entry->decl->doc),
                               .is_file = work.plan->target_table == 0,
                               .order = number + 1,
                               .level = work.plan->level,
                               .phase = phase_of(collector->plan, number)};
    work.decl = entry->decl;
    work.ast = &entry->decl->map;
    work.map = &map;
    if (work.plan->target_table) work.table = &collector->plan->target.tables[work.plan->target_table - 1];
    map.table = work.table ? index_table_name(&collector->index, work.table) : work.plan->csv_file;
    work.scope = (struct name_scope){.index = &collector->index,
                                     .clauses = work.ast->clauses.items,
                                     .clauses_count = work.ast->clauses.count,
                                     .items = work.ast->items.items,
                                     .items_count = work.ast->items.count,
                                     .owner = work.plan->name};
    struct name_scope rows = work.scope;
    rows.items_count = 0;
    implied_collect(&collector->index, work.plan, &work.implied);
    collect_cells(&work);
    collect_clauses(collector, &rows, &work.implied, &map.rules, &map.terms);
    for (uint32_t i = 0; i < work.cell_rules.list.count; i++)
        VEC_PUSH(collector->arena, &map.rules.list, work.cell_rules.list.items[i]);
    collect_conflict(&work);
    collect_items(&work);
    collect_columns(&work);
    collect_rollback(&work);
    collect_edges(&work);
    VEC_PUSH(collector->arena, &collector->document->maps, map);
}

void collect_maps(struct collector *collector) {
    for (uint32_t i = 0; i < collector->plan->maps_count; i++)
        collect_map(collector, i);
}
