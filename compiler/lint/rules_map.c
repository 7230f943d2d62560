/* Rules about maps: rows that multiply, vanish, collide or cannot be taken back. */
#include "compiler/lint/rules.h"

static const struct ast_decl *find_source_decl(const struct lint *lint, struct str name) {
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind == DECL_SOURCE && str_eq(decl->source.name.text, name)) return decl;
    }
    return NULL;
}

/* ---------------------------------------------------------------- where */

static bool same_path(const struct ast_path *a, const struct ast_path *b) {
    if (a->parts.count != b->parts.count) return false;
    for (uint32_t i = 0; i < a->parts.count; i++)
        if (!str_eq(a->parts.items[i].text, b->parts.items[i].text)) return false;
    return true;
}

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool holds_word(struct str text, struct str word) {
    for (size_t at = 0; word.len && at + word.len <= text.len; at++)
        if (memcmp(text.ptr + at, word.ptr, word.len) == 0 && (at == 0 || !is_word_char(text.ptr[at - 1])) &&
            (at + word.len == text.len || !is_word_char(text.ptr[at + word.len])))
            return true;
    return false;
}

/* A check that reads what the map reads, or counts in the table that it writes. */
static bool is_counted(const struct lint *lint, const struct map_work *work, const struct ast_clause *from) {
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind != DECL_CHECK) continue;
        for (uint32_t c = 0; c < decl->check.source.count; c++) {
            const struct ast_clause *clause = &decl->check.source.items[c];
            if (clause->kind == CLAUSE_FROM && same_path(&clause->path, &from->path)) return true;
        }
        if (work->map->target && holds_word(decl->check.sql.text, work->map->target->name)) return true;
    }
    return false;
}

static void check_where(struct lint *lint, const struct map_work *work) {
    const struct ast_clause *where = map_clause(work->ast, CLAUSE_WHERE),
                            *from = map_clause(work->ast, CLAUSE_FROM);
    if (where == NULL || from == NULL || is_counted(lint, work, from)) return;
    struct diag *diag =
        lint_report(lint, L_UNCOUNTED_WHERE, where->span,
                    "no check tells whether map `%.*s` leaves out the right rows", STR_ARG(work->map->name));
    LINT_HELP(lint, diag,
              "add a check that counts them in the source and in the target: `check … source from … "
              "target sql …`");
}

/* ---------------------------------------------------------------- null in keys */

static const struct ast_handler *find_null_handler(const struct ast_expr *expr) {
    expr = walk_expr_ungroup(expr);
    if (expr == NULL || expr->kind != X_HANDLED) return NULL;
    for (uint32_t i = 0; i < expr->handlers.list.count; i++) {
        const struct ast_handler *handler = &expr->handlers.list.items[i];
        if (handler->action.use && handler->action.use->kind == X_NULL) return handler;
    }
    return NULL;
}

static bool in_unique_key(const struct schema_table *table, int column) {
    for (uint32_t k = 0; k < table->keys.count; k++)
        for (uint32_t i = 0; i < table->keys.items[k].columns.count; i++)
            if ((int)table->keys.items[k].columns.items[i] == column) return true;
    return false;
}

static void check_null_in_keys(struct lint *lint, const struct map_work *work) {
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        const struct ast_handler *handler = item->kind == ITEM_ASSIGN ? find_null_handler(item->expr) : NULL;
        const struct schema_table *table = work->map->target;
        int column = handler && table ? schema_find_column(table, item->name.text) : -1;
        if (column < 0 || !in_unique_key(table, column)) continue;
        struct diag *diag =
            lint_report(lint, L_NULL_IN_KEY, handler->span,
                        "`%.*s` is in a unique key, where nulls never collide", STR_ARG(item->name.text));
        LINT_HELP(lint, diag,
                  "reject the row, or it will be there once more after each run: `on error reject '…'`");
    }
    static const enum ast_clause_kind KEYS[] = {CLAUSE_KEY, CLAUSE_UNIQUE_BY};
    for (size_t k = 0; k < sizeof KEYS / sizeof *KEYS; k++) {
        const struct ast_clause *clause = map_clause(work->ast, KEYS[k]);
        for (uint32_t i = 0; clause && i < clause->exprs.count; i++) {
            const struct ast_handler *handler = find_null_handler(clause->exprs.items[i]);
            struct diag *diag = handler ? lint_report(lint, L_NULL_IN_KEY, handler->span,
                                                      "rows with a bad key all get the same one: null")
                                        : NULL;
            LINT_HELP(lint, diag, "reject the row: `on error reject '…'`");
        }
    }
}

/* ---------------------------------------------------------------- first and last */

static bool holds_order_by(struct str sql) {
    for (size_t i = 0; i + 8 <= sql.len; i++)
        if (strncasecmp(sql.ptr + i, "order by", 8) == 0) return true;
    return false;
}

/* Why the rows come in no order of their own; NULL: they have one (a file's lines). */
static const char *why_unordered(const struct lint *lint, const struct map_work *work) {
    if (work->query.from_kind != FROM_SOURCE) return NULL;
    const struct checked_source *source = NULL;
    for (uint32_t i = 0; i < lint->compile->checker.sources.count; i++)
        if (lint->compile->checker.sources.items[i]->index == work->query.source)
            source = lint->compile->checker.sources.items[i];
    const struct ast_decl *decl = source ? find_source_decl(lint, source->name) : NULL;
    if (decl == NULL) return NULL;
    struct str format = decl->source.format.text;
    if (str_is(format, "postgres")) return "a table's rows";
    if (str_is(format, "query") && !holds_order_by(decl->source.sql.text)) return "a query's rows";
    if (str_is(format, "dynamodb")) return "an export's items";
    return NULL;
}

static void check_order(struct lint *lint, const struct map_work *work) {
    const struct ast_clause *unique = map_clause(work->ast, CLAUSE_UNIQUE_BY);
    if (unique == NULL || unique->order.count || map_clause(work->ast, CLAUSE_ORDER_BY)) return;
    bool keeps = unique->keep == ACTION_FIRST || unique->keep == ACTION_LAST;
    for (uint32_t i = 0; i < unique->handlers.list.count; i++) {
        enum ast_action_kind kind = unique->handlers.list.items[i].action.kind;
        keeps = keeps || kind == ACTION_FIRST || kind == ACTION_LAST;
    }
    const char *rows = keeps ? why_unordered(lint, work) : NULL;
    if (rows == NULL) return;
    struct diag *diag =
        lint_report(lint, L_UNORDERED_DUPLICATES, unique->span,
                    "%s come in any order: which one is kept can differ from run to run", rows);
    LINT_HELP(lint, diag, "say which one: `keep first by x.updated desc`, or add `order by`");
}

/* ---------------------------------------------------------------- rollback, conflicts, commits */

static void check_rollback(struct lint *lint, const struct map_work *work) {
    const struct ast_clause *rollback = map_clause(work->ast, CLAUSE_ROLLBACK);
    if (rollback == NULL || !str_is(rollback->word.text, "none")) return;
    struct diag *diag =
        lint_report(lint, L_NO_ROLLBACK, rollback->span, "what map `%.*s` writes stays, whatever happens",
                    STR_ARG(work->map->name));
    LINT_HELP(lint, diag, "`rollback delete` takes back new rows, `rollback restore` updated ones too");
}

static bool names_column(const struct ast_handler *handler, struct str name) {
    for (uint32_t i = 0; i < handler->columns.count; i++)
        if (str_eq(handler->columns.items[i].text, name)) return true;
    return false;
}

static void check_update(struct lint *lint, const struct map_work *work) {
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_ON_CONFLICT);
    const struct schema_table *table = work->map->target;
    if (clause == NULL || table == NULL || clause->handlers.list.count == 0) return;
    const struct ast_handler *handler = &clause->handlers.list.items[0];
    if (handler->action.kind != ACTION_UPDATE || handler->action.columns.count > 0) return;
    for (uint32_t i = 0; i < table->columns.count; i++) {
        const struct schema_column *column = &table->columns.items[i];
        if (!column->has_default || work->assigned[i] == NULL || names_column(handler, column->name))
            continue;
        struct diag *diag = lint_report(lint, L_UPDATE_ALL_COLUMNS, handler->action.span,
                                        "`update` overwrites `%.*s` too, which the target has a default for",
                                        STR_ARG(column->name));
        LINT_LABEL(lint, diag, column->span, "what the target has set since then is lost");
        LINT_HELP(lint, diag, "name the columns that may change: `update (a, b)`");
        return;
    }
}

static void check_commit(struct lint *lint, const struct map_work *work) {
    enum { FEW = 100 };
    const struct ast_clause *commit = map_clause(work->ast, CLAUSE_COMMIT);
    if (commit == NULL || work->plan.commit != COMMIT_ROWS || work->plan.commit_rows >= FEW) return;
    struct diag *diag =
        lint_report(lint, L_TINY_COMMITS, commit->span,
                    "each %u rows wait for a commit and an entry in the journal", work->plan.commit_rows);
    LINT_HELP(lint, diag, "leave the clause out, or commit by thousands of rows");
}

/* ---------------------------------------------------------------- joins and lookups */

static void check_fan_out(struct lint *lint, const struct map_work *work) {
    if (work->query.grouped || map_clause(work->ast, CLAUSE_KEY) || map_clause(work->ast, CLAUSE_UNIQUE_BY))
        return;
    for (uint32_t i = 0; i < work->query.stages.count; i++) {
        const struct row_stage *stage = &work->query.stages.items[i];
        if (!stage->multiplies) continue;
        struct diag *diag =
            lint_report(lint, L_FAN_OUT_WITHOUT_KEY, stage->span,
                        "each row can become several here, and map `%.*s` has no key to tell them apart",
                        STR_ARG(work->map->name));
        LINT_HELP(lint, diag,
                  "add `key` with what identifies a row, `%.*s` included; use `lookup` for one match at most",
                  STR_ARG(stage->alias));
        return;
    }
}

struct compared {
    struct str alias;
    const struct schema_table *table;
    VEC(uint32_t) columns;
    bool expressions; /* something else than plain columns is compared as well */
};

/* The columns of the row that is searched; false: it does not name that row. */
static bool add_side(struct lint *lint, struct compared *compared, const struct ast_expr *side) {
    side = walk_expr_ungroup(side);
    if (side == NULL) return false;
    if (side->kind == X_MEMBER && side->left && side->left->kind == X_NAME &&
        str_eq(side->left->name.text, compared->alias)) {
        int column = schema_find_column(compared->table, side->name.text);
        if (column >= 0) VEC_PUSH(lint->arena, &compared->columns, (uint32_t)column);
        return true;
    }
    bool inside = add_side(lint, compared, side->left) || add_side(lint, compared, side->right);
    uint32_t before = compared->columns.count;
    for (uint32_t i = 0; i < side->items.count; i++)
        inside = add_side(lint, compared, side->items.items[i]) || inside;
    compared->columns.count = before;
    compared->expressions |= inside;
    return inside;
}

static void add_condition(struct lint *lint, struct compared *compared, const struct ast_expr *expr) {
    expr = walk_expr_ungroup(expr);
    if (expr == NULL || expr->kind != X_BINARY) return;
    if (expr->op == AST_AND) {
        add_condition(lint, compared, expr->left);
        add_condition(lint, compared, expr->right);
    } else if (expr->op == AST_EQUAL) {
        add_side(lint, compared, expr->left);
        add_side(lint, compared, expr->right);
    }
}

/* A key all of whose columns are compared; an expression may be that of a unique index over it. */
static bool finds_one(const struct compared *compared) {
    for (uint32_t k = 0; k < compared->table->keys.count; k++) {
        const struct schema_key *key = &compared->table->keys.items[k];
        uint32_t found = 0;
        for (uint32_t i = 0; i < key->columns.count; i++)
            for (uint32_t j = 0; j < compared->columns.count; j++)
                if (key->columns.items[i] == compared->columns.items[j]) {
                    found++;
                    break;
                }
        if (!key->partial && found == key->columns.count) return true;
        if (key->partial && (compared->expressions || found == key->columns.count)) return true;
    }
    return false;
}

static void check_lookup(struct lint *lint, const struct ast_clause *clause) {
    if (clause->kind != CLAUSE_LOOKUP && clause->kind != CLAUSE_LEFT_LOOKUP) return;
    for (uint32_t i = 0; i < clause->handlers.list.count; i++)
        if (clause->handlers.list.items[i].event == EVENT_DUPLICATE) return;
    struct compared compared = {.alias = clause->alias.text, .table = lint_target_table(lint, &clause->path)};
    if (compared.table == NULL) return;
    add_condition(lint, &compared, clause->expr);
    if (finds_one(&compared)) return;
    struct diag *diag =
        lint_report(lint, L_AMBIGUOUS_LOOKUP, clause->expr->span,
                    "nothing in the target says that only one `%.*s` matches", STR_ARG(clause->alias.text));
    LINT_LABEL(lint, diag, compared.table->span, "no key of it is compared whole");
    LINT_HELP(lint, diag,
              "rows with two matches are rejected: say so by `on duplicate reject '…'`, or choose one");
}

void rules_maps(struct lint *lint) {
    for (uint32_t i = 0; i < lint->compile->maps.count; i++) {
        const struct map_work *work = lint->compile->maps.items[i];
        check_where(lint, work);
        check_null_in_keys(lint, work);
        check_order(lint, work);
        check_rollback(lint, work);
        check_update(lint, work);
        check_commit(lint, work);
        check_fan_out(lint, work);
        for (uint32_t c = 0; c < work->ast->clauses.count; c++)
            check_lookup(lint, &work->ast->clauses.items[c]);
    }
}
