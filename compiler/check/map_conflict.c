/* on conflict and rollback: whether they can work with what the map writes. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"

/* ---------------------------------------------------------------- on conflict */

static struct str conflict_list_keys(struct checker *checker, const struct schema_table *table) {
    struct str *names = ARENA_ARRAY(checker->arena, struct str, table->keys.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->keys.count; i++) {
        const struct schema_key *key = &table->keys.items[i];
        if (key->partial || key->deferrable) continue;
        struct str text = {0};
        for (uint32_t j = 0; j < key->columns.count; j++)
            text = arena_printf(checker->arena, "%.*s%s%.*s", STR_ARG(text), j ? ", " : "",
                                STR_ARG(table->columns.items[key->columns.items[j]].name));
        names[count++] = arena_printf(checker->arena, "on conflict (%.*s)", STR_ARG(text));
    }
    return count ? decl_list_names(checker, names, count) : (struct str){0};
}

static bool conflict_same_columns(const struct schema_key *key, const uint32_t *columns, uint32_t count) {
    if (key->columns.count != count) return false;
    for (uint32_t i = 0; i < count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < count; j++)
            found = found || key->columns.items[i] == columns[j];
        if (!found) return false;
    }
    return true;
}

/* False: rows cannot be found by these columns, and it was said so. */
static bool conflict_check_unique(struct map_work *work, const struct ast_handler *handler) {
    struct checker *checker = &work->compile->checker;
    const struct schema_table *table = work->map->target;
    const uint32_t *columns = work->plan.conflict_columns;
    uint32_t count = work->plan.conflict_columns_count;
    struct span at = handler->columns.items[0].span;
    for (uint32_t i = 0; i < table->keys.count; i++) {
        const struct schema_key *key = &table->keys.items[i];
        if (!key->deferrable || !conflict_same_columns(key, columns, count)) continue;
        struct diag *diag =
            diag_report(checker->diags, E_CONFLICT, at,
                        "the key over these columns is deferrable: Postgres cannot find conflicts by it");
        diag_label(checker->diags, diag, key->span, "declared here");
        struct str usable = conflict_list_keys(checker, table);
        if (usable.len)
            diag_help(checker->diags, diag, "use another key: %.*s", STR_ARG(usable));
        else
            diag_help(checker->diags, diag, "declare it NOT DEFERRABLE in the target");
        return false;
    }
    if (schema_is_unique(table, columns, count)) return true;
    struct diag *diag = diag_report(
        checker->diags, E_CONFLICT, span_join(at, handler->columns.items[count - 1].span),
        "no unique key of `%.*s` has exactly these columns", STR_ARG(target_table_name(checker, table)));
    struct str usable = conflict_list_keys(checker, table);
    if (usable.len)
        diag_help(checker->diags, diag, "the table's keys allow %.*s", STR_ARG(usable));
    else
        diag_help(checker->diags, diag,
                  "the table has no unique key: add one to the target, or remove the clause");
    return false;
}

static bool conflict_read_columns(struct map_work *work, const struct ast_name *names, uint32_t count,
                                  uint32_t **columns, uint32_t *columns_count) {
    struct checker *checker = &work->compile->checker;
    *columns = ARENA_ARRAY(checker->arena, uint32_t, count);
    bool fine = true;
    for (uint32_t i = 0; i < count; i++) {
        int column = target_find_column(work->compile, work->map->target, names[i]);
        fine = fine && column >= 0;
        if (column >= 0) (*columns)[(*columns_count)++] = (uint32_t)column;
    }
    return fine && count > 0;
}

static bool conflict_has(const uint32_t *columns, uint32_t count, uint32_t column) {
    for (uint32_t i = 0; i < count; i++)
        if (columns[i] == column) return true;
    return false;
}

static bool conflict_in_primary_key(const struct schema_table *table, uint32_t column) {
    const struct schema_key *key = table->keys.count ? &table->keys.items[0] : NULL;
    return key && key->primary && conflict_has(key->columns.items, key->columns.count, column);
}

/* What is updated: the columns named, or all that the map assigns but the key's. */
static void conflict_read_update(struct map_work *work, const struct ast_handler *handler) {
    struct checker *checker = &work->compile->checker;
    struct plan_map *plan = &work->plan;
    const struct schema_table *table = work->map->target;
    if (handler->action.columns.count > 0) {
        if (!conflict_read_columns(work, handler->action.columns.items, handler->action.columns.count,
                                   &plan->update_columns, &plan->update_columns_count))
            return;
        for (uint32_t i = 0; i < plan->update_columns_count; i++) {
            if (work->assigned[plan->update_columns[i]] != NULL || work->broken) continue;
            struct diag *diag = diag_report(checker->diags, E_CONFLICT, handler->action.columns.items[i].span,
                                            "column `%.*s` is to be updated, but the map gives it no value",
                                            STR_ARG(handler->action.columns.items[i].text));
            diag_help(checker->diags, diag, "assign it in the body, or leave it out of `update (…)`");
        }
        return;
    }
    plan->update_columns = ARENA_ARRAY(checker->arena, uint32_t, table->columns.count);
    /* Without a list the primary key stays as it is stored: rows elsewhere hang on it. */
    for (uint32_t i = 0; i < table->columns.count; i++)
        if (work->assigned[i] != NULL && !conflict_in_primary_key(table, i) &&
            !conflict_has(plan->conflict_columns, plan->conflict_columns_count, i))
            plan->update_columns[plan->update_columns_count++] = i;
    if (plan->update_columns_count > 0 || work->broken) return;
    struct diag *diag =
        diag_report(checker->diags, E_CONFLICT, handler->action.span,
                    "there is nothing to update: the map assigns only the columns of the key");
    diag_help(checker->diags, diag, "write `on conflict (…) skip`");
}

static void conflict_check_assigned(struct map_work *work, const struct ast_handler *handler) {
    struct checker *checker = &work->compile->checker;
    for (uint32_t i = 0; i < work->plan.conflict_columns_count; i++) {
        if (work->broken || work->assigned[work->plan.conflict_columns[i]] != NULL) continue;
        struct diag *diag = diag_report(checker->diags, E_CONFLICT, handler->columns.items[i].span,
                                        "the map gives `%.*s` no value, so no row can be found by it",
                                        STR_ARG(handler->columns.items[i].text));
        diag_help(checker->diags, diag, "assign it in the body, or name columns of another key");
    }
}

void map_check_conflict(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_ON_CONFLICT);
    if (clause == NULL || work->map->target == NULL || clause->handlers.list.count == 0) return;
    const struct ast_handler *handler = &clause->handlers.list.items[0];
    struct plan_map *plan = &work->plan;
    if (handler->columns.count == 0) {
        if (work->broken) return;
        struct diag *diag = diag_report(checker->diags, E_CONFLICT, clause->span,
                                        "`on conflict` does not say by which columns a row is found");
        diag_help(checker->diags, diag, "the table's keys allow %.*s",
                  STR_ARG(conflict_list_keys(checker, work->map->target)));
        return;
    }
    bool known = conflict_read_columns(work, handler->columns.items, handler->columns.count,
                                       &plan->conflict_columns, &plan->conflict_columns_count);
    if (known) {
        known = conflict_check_unique(work, handler);
        conflict_check_assigned(work, handler);
    }
    struct str message = {0};
    switch (handler->action.kind) {
    case ACTION_SKIP: plan->conflict = CONFLICT_SKIP; break;
    case ACTION_REJECT:
        plan->conflict = CONFLICT_REJECT;
        checker_note_message(checker, &handler->action);
        decl_read_message(checker, handler->action.message, "`on conflict`", &message);
        break;
    case ACTION_UPDATE:
        plan->conflict = CONFLICT_UPDATE;
        if (known || handler->action.columns.count > 0) conflict_read_update(work, handler);
        break;
    case ACTION_NONE: return;
    default: {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, handler->action.span,
                                        "a conflict cannot be treated so");
        diag_help(checker->diags, diag, "write `update`, `update (column, …)`, `skip` or `reject 'message'`");
        return;
    }
    }
    plan->on_conflict = decl_action(checker, DO_REJECT, message, clause->span);
}

/* ---------------------------------------------------------------- rollback */

static bool rollback_table_has_key(const struct schema_table *table) {
    for (uint32_t i = 0; i < table->keys.count; i++)
        if (!table->keys.items[i].partial) return true;
    return false;
}

static void rollback_check_delete(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    if (work->plan.conflict != CONFLICT_UPDATE) return;
    struct diag *diag = diag_report(checker->diags, E_ROLLBACK, clause->span,
                                    "`rollback delete` would delete rows that were there before the run");
    diag_label(checker->diags, diag, map_clause(work->ast, CLAUSE_ON_CONFLICT)->span, "this updates them");
    diag_help(checker->diags, diag,
              "write `rollback restore`: it deletes what was inserted and puts updated rows back");
}

static void rollback_check_restore(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    if (work->plan.conflict != CONFLICT_UPDATE) {
        if (map_clause(work->ast, CLAUSE_ON_CONFLICT) && work->plan.conflict == CONFLICT_NONE)
            return; /* reported there */
        struct diag *diag = diag_report(checker->diags, E_ROLLBACK, clause->span,
                                        "there is nothing to restore: the map never updates a row");
        diag_help(checker->diags, diag, "write `rollback delete`, or add `on conflict (…) update`");
    } else if (!rollback_table_has_key(work->map->target)) {
        struct diag *diag = diag_report(checker->diags, E_ROLLBACK, clause->span,
                                        "`%.*s` has no key to tell which row to put back",
                                        STR_ARG(target_table_name(checker, work->map->target)));
        diag_help(checker->diags, diag,
                  "add a primary key to the table, or write the way back yourself: `rollback sql`");
    }
}

static void rollback_check_sql(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    if (clause->text.span.source == NULL) {
        if (work->broken) return;
        struct diag *diag =
            diag_report(checker->diags, E_ROLLBACK, clause->span, "`rollback sql` without its SQL");
        diag_help(checker->diags, diag, "write it behind: `rollback sql \"\"\"delete from …\"\"\"`");
        return;
    }
    decl_read_plain_sql(checker, clause->text, false, &work->plan.rollback_text,
                        "rollback SQL takes no parameters: a rollback may come long after the run",
                        "write the value itself, or select by what the rows hold");
}

void map_check_rollback(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_ROLLBACK);
    struct plan_map *plan = &work->plan;
    if (work->map->target == NULL) {
        plan->rollback = ROLLBACK_NONE;
        plan->rollback_text = STR("a file for hand-over");
        return;
    }
    plan->rollback = plan->conflict == CONFLICT_UPDATE ? ROLLBACK_RESTORE : ROLLBACK_DELETE;
    if (clause == NULL) return;
    if (str_is(clause->word.text, "delete")) {
        rollback_check_delete(work, clause);
    } else if (str_is(clause->word.text, "restore")) {
        plan->rollback = ROLLBACK_RESTORE;
        rollback_check_restore(work, clause);
    } else if (str_is(clause->word.text, "sql")) {
        plan->rollback = ROLLBACK_SQL;
        rollback_check_sql(work, clause);
    } else if (str_is(clause->word.text, "none")) {
        plan->rollback = ROLLBACK_NONE;
        plan->rollback_text = clause->text.text;
        if (clause->text.text.len == 0 && !work->broken) {
            struct diag *diag =
                diag_report(checker->diags, E_ROLLBACK, clause->span, "`rollback none` does not say why");
            diag_help(checker->diags, diag,
                      "write the reason, which the plan and the report show: `rollback none because '…'`");
        }
    } else if (clause->word.text.len) {
        struct str names[] = {STR("delete"), STR("restore"), STR("sql"), STR("none")};
        struct diag *diag = diag_report(checker->diags, E_ROLLBACK, clause->word.span,
                                        "there is no rollback `%.*s`", STR_ARG(clause->word.text));
        decl_suggest(checker, diag, clause->word, names, 4);
    }
}
