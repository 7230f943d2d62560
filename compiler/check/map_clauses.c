/* Clauses of a map that are not about making rows: key, partition, into, commit, tolerance, keep crosswalk;
 * and which clauses may stand together. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"

static const struct clause_rule {
    enum ast_clause_kind kind;
    const char *name;
    bool repeats;
} CLAUSES[] = {
    {CLAUSE_FROM, "from", false},
    {CLAUSE_EACH, "each", true},
    {CLAUSE_JOIN, "join", true},
    {CLAUSE_LEFT_JOIN, "left join", true},
    {CLAUSE_LOOKUP, "lookup", true},
    {CLAUSE_LEFT_LOOKUP, "left lookup", true},
    {CLAUSE_WHERE, "where", false},
    {CLAUSE_GROUP_BY, "group by", false},
    {CLAUSE_ORDER_BY, "order by", false},
    {CLAUSE_UNIQUE_BY, "unique by", false},
    {CLAUSE_KEY, "key", false},
    {CLAUSE_PARTITION_BY, "partition by", false},
    {CLAUSE_INTO, "into", false},
    {CLAUSE_ON_CONFLICT, "on conflict", false},
    {CLAUSE_ROLLBACK, "rollback", false},
    {CLAUSE_COMMIT, "commit", false},
    {CLAUSE_REBUILD, "rebuild", false},
    {CLAUSE_TOLERANCE, "tolerance", false},
    {CLAUSE_AFTER, "after", true},
    {CLAUSE_KEEP_CROSSWALK, "keep crosswalk", false},
    {CLAUSE_EXCEPT_REJECTED, "except rejected by", true},
    {CLAUSE_SELECT, "select", false},
};

static const struct clause_rule *clause_rule(enum ast_clause_kind kind) {
    for (size_t i = 0; i < sizeof CLAUSES / sizeof *CLAUSES; i++)
        if (CLAUSES[i].kind == kind) return &CLAUSES[i];
    return &CLAUSES[0];
}

const struct ast_clause *map_clause(const struct ast_map *map, enum ast_clause_kind kind) {
    for (uint32_t i = 0; i < map->clauses.count; i++)
        if (map->clauses.items[i].kind == kind) return &map->clauses.items[i];
    return NULL;
}

void map_check_clause_count(struct compile *compile, const struct ast_clause *clauses, uint32_t count) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < count; i++) {
        const struct clause_rule *rule = clause_rule(clauses[i].kind);
        for (uint32_t j = 0; j < i && !rule->repeats; j++) {
            if (clauses[j].kind != clauses[i].kind) continue;
            struct diag *diag =
                diag_report(checker->diags, E_CLAUSE_TWICE, clauses[i].span, "`%s` stands twice", rule->name);
            diag_label(checker->diags, diag, clauses[j].span, "the first one is here");
            if (clauses[i].kind == CLAUSE_WHERE)
                diag_help(checker->diags, diag, "join the two conditions by `and`");
            else if (clauses[i].kind == CLAUSE_FROM)
                diag_help(checker->diags, diag,
                          "add further rows by `join` or `lookup`, or write a second map");
            else if (clauses[i].kind == CLAUSE_KEY || clauses[i].kind == CLAUSE_UNIQUE_BY ||
                     clauses[i].kind == CLAUSE_GROUP_BY)
                diag_help(checker->diags, diag, "write its parts in one clause: `%s a, b`", rule->name);
            else
                diag_help(checker->diags, diag, "keep one of them");
            break;
        }
    }
}

/* ---------------------------------------------------------------- on duplicate */

bool map_read_on_duplicate(struct checker *checker, const struct ast_clause *clause,
                           struct plan_action *action) {
    for (uint32_t i = 0; i < clause->handlers.list.count; i++) {
        const struct ast_handler *handler = &clause->handlers.list.items[i];
        if (handler->action.kind == ACTION_NONE) continue;
        const char *name = clause_rule(clause->kind)->name;
        if (handler->event != EVENT_DUPLICATE) {
            struct diag *diag =
                diag_report(checker->diags, E_CLAUSE_ACTION, handler->event_span, "`%s` takes no `%.*s`",
                            name, STR_ARG(span_text(handler->event_span)));
            diag_help(
                checker->diags, diag,
                "it takes `on duplicate`; other handlers stand behind the expression that they are for");
            continue;
        }
        enum plan_action_kind kind;
        switch (handler->action.kind) {
        case ACTION_SKIP: kind = DO_SKIP; break;
        case ACTION_REJECT: kind = DO_REJECT; break;
        case ACTION_FAIL: kind = DO_FAIL; break;
        case ACTION_FIRST: kind = DO_FIRST; break;
        case ACTION_LAST: kind = DO_LAST; break;
        default: {
            struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, handler->action.span,
                                            "a duplicate cannot be treated so");
            diag_help(checker->diags, diag, "write `on duplicate` with first, last, skip, reject or fail");
            continue;
        }
        }
        if (kind == DO_LAST && clause->kind == CLAUSE_KEY) {
            struct diag *diag =
                diag_report(checker->diags, E_CLAUSE_ACTION, handler->action.span,
                            "`key` cannot keep the last row: earlier ones may be written already");
            diag_help(checker->diags, diag, "add `unique by` with the same expressions and `keep last`");
            continue;
        }
        struct str message;
        checker_note_message(checker, &handler->action);
        if (!decl_read_message(checker, handler->action.message, "`on duplicate`", &message)) continue;
        *action = decl_action(checker, kind, message, handler->span);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- key and partition */

static void map_check_key(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    struct scope *scope = work->query.grouped ? &work->query.body : &work->query.rows;
    for (uint32_t i = 0; i < clause->exprs.count; i++) {
        const struct ast_expr *expr = clause->exprs.items[i];
        struct texpr *key = rows_name_row(&work->query, expr) ? node_error(scope, expr->span)
                                                              : rows_check_key(scope, expr, "key");
        VEC_PUSH(checker->arena, &work->keys, key);
        struct plan_type type = key->type;
        type.nullable = 0;
        VEC_PUSH(checker->arena, &work->map->keys, type);
        if (key->type.kind == TYPE_NONE) work->map->erroneous = true;
    }
    work->plan.keyed = 1;
    struct plan_action action;
    bool written = map_read_on_duplicate(checker, clause, &action);
    struct row_query *query = &work->query;
    bool both = written && query->has_on_duplicate && query->unique == UNIQUE_ON_DUPLICATE;
    if (both &&
        (action.kind != query->on_duplicate.kind || !str_eq(action.message, query->on_duplicate.message))) {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_TWICE, clause->span,
                                        "`key` and `unique by` treat duplicates differently");
        diag_label(checker->diags, diag, map_clause(work->ast, CLAUSE_UNIQUE_BY)->span,
                   "`unique by` is here");
        diag_help(checker->diags, diag, "write the same `on duplicate` at both, or only at one of them");
    }
    if (written) {
        query->on_duplicate = action;
        query->has_on_duplicate = true;
    }
    work->plan.on_duplicate = written ? action
                              : query->has_on_duplicate
                                  ? query->on_duplicate
                                  : decl_action(checker, DO_REJECT, (struct str){0}, clause->span);
}

static void map_check_partition(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    if (clause->names.count == 0 || clause->names.items[0].text.len == 0) {
        struct diag *diag =
            diag_report(checker->diags, E_CLAUSE_VALUE, clause->span, "the partition has no name");
        diag_help(checker->diags, diag,
                  "name it: `partition by … as tenant`; `--only tenant=…` then selects a part");
        return;
    }
    work->plan.partition = clause->names.items[0].text;
    struct texpr *part = rows_check_key(&work->query.rows, clause->expr, "partition by");
    if (part->type.kind == TYPE_NONE) return;
    if (part->type.kind != TYPE_TEXT) {
        struct plan_type text = {.kind = TYPE_TEXT, .nullable = part->type.nullable};
        part = node_call(&work->query.rows, OP_TO_TEXT, text, clause->expr->span, part, NULL, NULL);
    }
    work->partition = part;
}

void map_check_row_clauses(struct map_work *work) {
    const struct ast_clause *key = map_clause(work->ast, CLAUSE_KEY),
                            *partition = map_clause(work->ast, CLAUSE_PARTITION_BY);
    struct checker *checker = &work->compile->checker;
    work->plan.on_duplicate = work->query.has_on_duplicate
                                  ? work->query.on_duplicate
                                  : decl_action(checker, DO_REJECT, (struct str){0}, work->map->span);
    if (key) map_check_key(work, key);
    if (partition && partition->expr) map_check_partition(work, partition);
}

/* ---------------------------------------------------------------- into */

static void map_check_into(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    const struct ast_clause *into = map_clause(work->ast, CLAUSE_INTO);
    if (into == NULL) {
        if (work->broken) return;
        struct diag *diag = diag_report(checker->diags, E_MAP_SHAPE, work->map->span,
                                        "map `%.*s` writes nowhere", STR_ARG(work->map->name));
        diag_help(checker->diags, diag, "add `into %.*s.some_table`, or `into csv 'file.csv'`",
                  STR_ARG(checker->target_name.len ? checker->target_name : STR("target")));
        work->map->erroneous = true;
        return;
    }
    if (str_is(into->word.text, "csv")) {
        work->plan.csv_file = into->text.text;
        if (into->text.text.len) return;
        diag_help(checker->diags,
                  diag_report(checker->diags, E_MAP_SHAPE, into->span, "the csv file has no name"),
                  "write `into csv 'file.csv'`");
        return;
    }
    work->map->target = target_find_table(work->compile, &into->path);
    if (work->map->target == NULL) {
        work->map->erroneous = true;
        return;
    }
    if (work->map->target->is_view) {
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, into->path.span,
                                        "`%.*s` is a view: rows cannot be copied into it",
                                        STR_ARG(target_table_name(checker, work->map->target)));
        diag_help(checker->diags, diag, "write into the table behind it");
    }
}

static void map_check_no_csv(struct map_work *work) {
    static const enum ast_clause_kind TABLE_ONLY[] = {CLAUSE_ON_CONFLICT, CLAUSE_ROLLBACK, CLAUSE_COMMIT,
                                                      CLAUSE_REBUILD, CLAUSE_KEEP_CROSSWALK};
    struct checker *checker = &work->compile->checker;
    if (work->plan.csv_file.len == 0) return;
    for (size_t i = 0; i < sizeof TABLE_ONLY / sizeof *TABLE_ONLY; i++) {
        const struct ast_clause *clause = map_clause(work->ast, TABLE_ONLY[i]);
        if (clause == NULL) continue;
        struct diag *diag =
            diag_report(checker->diags, E_CSV_MAP, clause->span, "a map into a csv file cannot have `%s`",
                        clause_rule(clause->kind)->name);
        diag_help(checker->diags, diag, "remove it: the file is written anew by each run");
    }
}

/* ---------------------------------------------------------------- commit, tolerance, keep crosswalk */

static void map_check_commit(struct map_work *work, const struct ast_clause *clause) {
    struct checker *checker = &work->compile->checker;
    int64_t rows = 0;
    if (str_is(clause->word.text, "run")) {
        work->plan.commit = COMMIT_RUN;
    } else if (str_is(clause->word.text, "map")) {
        work->plan.commit = COMMIT_MAP;
    } else if (clause->expr != NULL) {
        work->plan.commit = COMMIT_ROWS;
        if (decl_read_int(checker, clause->expr, E_CLAUSE_VALUE, "the number of rows of a commit", 1,
                          10000000, &rows))
            work->plan.commit_rows = (uint32_t)rows;
    } else {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_VALUE, clause->span,
                                        "a commit is per run, map or number of rows");
        diag_help(checker->diags, diag,
                  "write `commit per run`, `commit per map` or `commit per 10000 rows`");
    }
}

void map_check_target_clauses(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    map_check_into(work);
    map_check_no_csv(work);
    const struct ast_clause *commit = map_clause(work->ast, CLAUSE_COMMIT),
                            *tolerance = map_clause(work->ast, CLAUSE_TOLERANCE);
    const struct ast_clause *keep = map_clause(work->ast, CLAUSE_KEEP_CROSSWALK),
                            *key = map_clause(work->ast, CLAUSE_KEY);
    if (commit) map_check_commit(work, commit);
    work->plan.rebuild = map_clause(work->ast, CLAUSE_REBUILD) != NULL;
    if (tolerance && (tolerance->expr || tolerance->rules.count == 0))
        decl_read_tolerance(checker, tolerance->expr, tolerance->percent, E_CLAUSE_VALUE,
                            &work->plan.tolerance_kind, &work->plan.tolerance);
    int64_t seconds = 0;
    if (keep && keep->expr &&
        decl_read_seconds(checker, keep->expr, E_CLAUSE_VALUE, "`keep crosswalk`", &seconds)) {
        work->plan.crosswalk_days = (uint32_t)(seconds / 86400);
        if (seconds < 86400) {
            struct diag *diag = diag_report(checker->diags, E_CLAUSE_VALUE, keep->expr->span,
                                            "a crosswalk is kept for a day at least");
            diag_help(checker->diags, diag, "write for example `keep crosswalk 90 days`");
        }
    }
    if (keep && key == NULL && !work->broken) {
        struct diag *diag =
            diag_report(checker->diags, E_KEY_NEEDED, keep->span,
                        "map `%.*s` has no key, so it has no crosswalk to keep", STR_ARG(work->map->name));
        diag_help(checker->diags, diag, "add `key …` with what identifies a row in the source");
    }
}
