/* Checks: SQL against a value, the source against SQL, and samples. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"

static void check_read_fail(struct checker *checker, const struct ast_check *ast, struct plan_check *plan,
                            struct span at) {
    plan->on_fail = decl_action(checker, DO_FAIL, (struct str){0}, at);
    for (uint32_t i = 0; i < ast->handlers.list.count; i++) {
        const struct ast_handler *handler = &ast->handlers.list.items[i];
        if (handler->action.kind == ACTION_NONE) continue;
        bool fails = handler->action.kind == ACTION_FAIL,
             warns = handler->action.kind == ACTION_WARN && handler->action.use == NULL;
        if (handler->event != EVENT_FAIL || (!fails && !warns)) {
            struct diag *diag =
                diag_report(checker->diags, E_CLAUSE_ACTION, handler->span, "a check cannot do this");
            diag_help(checker->diags, diag,
                      "it takes `on fail fail 'message'`, which is what it does by itself, or `on fail warn "
                      "'message'`");
            continue;
        }
        struct str message;
        decl_read_message(checker, handler->action.message, "a check", &message);
        plan->on_fail = decl_action(checker, fails ? DO_FAIL : DO_WARN, message, handler->span);
    }
}

static uint8_t check_compare_of(enum ast_operator op) {
    switch (op) {
    case AST_NOT_EQUAL: return COMPARE_NE;
    case AST_LESS: return COMPARE_LT;
    case AST_LESS_EQUAL: return COMPARE_LE;
    case AST_GREATER: return COMPARE_GT;
    case AST_GREATER_EQUAL: return COMPARE_GE;
    default: return COMPARE_EQ;
    }
}

/* A check's source side is typed now and emitted when all maps are. */
struct check_work {
    struct plan_check plan;
    struct texpr *expected;
    struct row_query *query;
    VEC(struct texpr *) selected;
    struct plan_map plan_map;
};

static void check_needs_target(struct compile *compile, const struct ast_check *ast) {
    struct checker *checker = &compile->checker;
    if (compile->target_decl != NULL || ast->sql.span.source == NULL) return;
    struct diag *diag =
        diag_report(checker->diags, E_NO_TARGET, ast->sql.span, "there is no target to run this SQL in");
    diag_help(checker->diags, diag,
              "declare one: `target name : postgres env 'DATABASE_URL' schema 'schema.sql'`");
}

/* ---------------------------------------------------------------- sql … == value */

static void check_scalar(struct compile *compile, const struct ast_decl *decl, struct check_work *work) {
    struct checker *checker = &compile->checker;
    const struct ast_check *ast = &decl->check;
    work->plan.kind = CHECK_SCALAR;
    decl_read_sql(checker, ast->sql, true, &work->plan.sql, &work->plan.params, &work->plan.params_count);
    if (!ast->has_compare || ast->expected == NULL) {
        if (decl->broken) return;
        struct diag *diag =
            diag_report(checker->diags, E_CHECK_SHAPE, ast->name.span,
                        "check `%.*s` does not say what its SQL must give", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "compare it behind the SQL: `… \"\"\" == 0`");
        return;
    }
    work->plan.compare = check_compare_of(ast->compare);
    struct scope scope = {.checker = checker, .clause = "a check"};
    struct expected any = {.what = "the expected value", .allow_null = false};
    work->expected = check_expr(&scope, ast->expected, &any);
    enum type_kind kind = work->expected->type.kind;
    if (kind == TYPE_ARRAY || kind == TYPE_ROW || kind == TYPE_SECRET) {
        struct diag *diag = diag_report(checker->diags, E_CHECK_SHAPE, ast->expected->span,
                                        "SQL's result cannot be compared with %.*s",
                                        STR_ARG(type_to_text(checker, work->expected->type)));
        diag_help(checker->diags, diag, "compare it with a single value, such as a number");
    }
}

/* ---------------------------------------------------------------- source against sql */

static void check_except_rejected(struct compile *compile, const struct ast_check *ast,
                                  struct check_work *work) {
    struct checker *checker = &compile->checker;
    work->plan.except_rejected = ARENA_ARRAY(checker->arena, uint32_t, ast->source.count);
    for (uint32_t i = 0; i < ast->source.count; i++) {
        const struct ast_clause *clause = &ast->source.items[i];
        if (clause->kind != CLAUSE_EXCEPT_REJECTED || clause->path.parts.count == 0) continue;
        struct map_work *map =
            clause->path.parts.count == 1 ? map_find(compile, clause->path.parts.items[0].text) : NULL;
        if (map != NULL) {
            work->plan.except_rejected[work->plan.except_rejected_count++] = map->map->index;
            map->map->used = true;
            bool same = map->query.from_kind == work->query->from_kind &&
                        map->query.source == work->query->source &&
                        map->query.source_table == work->query->source_table;
            if (same || map->map->erroneous) continue;
            struct diag *diag =
                diag_report(checker->diags, E_CHECK_SHAPE, clause->path.span,
                            "map `%.*s` reads other rows than this check", STR_ARG(map->map->name));
            diag_help(checker->diags, diag, "name a map whose `from` is the same");
            continue;
        }
        struct str *names = ARENA_ARRAY(checker->arena, struct str, compile->maps.count);
        for (uint32_t j = 0; j < compile->maps.count; j++)
            names[j] = compile->maps.items[j]->map->name;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, clause->path.span,
                                        "there is no map `%.*s`", STR_ARG(span_text(clause->path.span)));
        decl_suggest(checker, diag, clause->path.parts.items[0], names, compile->maps.count);
    }
}

static void check_source_clauses(struct checker *checker, const struct ast_check *ast) {
    for (uint32_t i = 0; i < ast->source.count; i++) {
        switch (ast->source.items[i].kind) {
        case CLAUSE_KEY:
        case CLAUSE_PARTITION_BY:
        case CLAUSE_INTO:
        case CLAUSE_ON_CONFLICT:
        case CLAUSE_ROLLBACK:
        case CLAUSE_COMMIT:
        case CLAUSE_REBUILD:
        case CLAUSE_TOLERANCE:
        case CLAUSE_AFTER:
        case CLAUSE_KEEP_CROSSWALK: {
            struct diag *diag = diag_report(checker->diags, E_CHECK_SHAPE, ast->source.items[i].span,
                                            "a check's source cannot have this clause");
            diag_help(checker->diags, diag,
                      "it takes from, each, join, lookup, where, group by, order by, unique by, except "
                      "rejected by, and select");
            break;
        }
        default: break;
        }
    }
}

static void check_source(struct compile *compile, const struct ast_decl *decl, struct check_work *work) {
    struct checker *checker = &compile->checker;
    const struct ast_check *ast = &decl->check;
    const struct ast_clause *select = NULL;
    work->plan.kind = CHECK_SOURCE;
    work->query = ARENA_NEW(checker->arena, struct row_query);
    *work->query = (struct row_query){.compile = compile,
                                      .clauses = ast->source.items,
                                      .clause_count = ast->source.count,
                                      .span = ast->name.span};
    work->plan_map =
        (struct plan_map){.name = ast->name.text,
                          .doc = decl->doc,
                          .rollback = ROLLBACK_NONE,
                          .span = plan_builder_span(checker->builder, decl->span),
                          .on_duplicate = decl_action(checker, DO_REJECT, (struct str){0}, ast->name.span),
                          .on_conflict = decl_action(checker, DO_REJECT, (struct str){0}, ast->name.span)};
    if (ast->sql.span.source != NULL) {
        decl_read_sql(checker, ast->sql, true, &work->plan.sql, &work->plan.params, &work->plan.params_count);
    } else if (!decl->broken) {
        struct diag *diag =
            diag_report(checker->diags, E_CHECK_SHAPE, ast->name.span,
                        "check `%.*s` has a source, but nothing to compare it with", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "add the other side: `target sql \"\"\"select …\"\"\"`");
    }
    map_check_clause_count(compile, ast->source.items, ast->source.count);
    check_source_clauses(checker, ast);
    if (!rows_check(work->query)) {
        bool has_from = false;
        for (uint32_t i = 0; i < ast->source.count; i++)
            has_from = has_from || ast->source.items[i].kind == CLAUSE_FROM;
        if (!has_from && !decl->broken)
            diag_help(checker->diags,
                      diag_report(checker->diags, E_CHECK_SHAPE, ast->name.span,
                                  "the source of check `%.*s` has no rows", STR_ARG(ast->name.text)),
                      "write `source from x in some_source select …`");
        return;
    }
    check_except_rejected(compile, ast, work);
    if (work->query->has_on_duplicate) work->plan_map.on_duplicate = work->query->on_duplicate;
    for (uint32_t i = 0; i < ast->source.count; i++)
        if (ast->source.items[i].kind == CLAUSE_SELECT) select = &ast->source.items[i];
    if (select == NULL) {
        if (decl->broken) return;
        struct diag *diag =
            diag_report(checker->diags, E_CHECK_SHAPE, ast->name.span,
                        "the source of check `%.*s` selects nothing", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "end it with what is compared: `select agency, count()`");
        return;
    }
    for (uint32_t i = 0; i < select->exprs.count; i++) {
        const struct ast_expr *expr = select->exprs.items[i];
        struct scope *body = &work->query->body;
        VEC_PUSH(checker->arena, &work->selected,
                 rows_name_row(work->query, expr) ? node_error(body, expr->span)
                                                  : rows_check_key(body, expr, "select"));
    }
}

/* ---------------------------------------------------------------- samples */

static void check_sample(struct compile *compile, const struct ast_decl *decl, struct check_work *work) {
    struct checker *checker = &compile->checker;
    const struct ast_check *ast = &decl->check;
    int64_t rows = 0;
    work->plan.kind = CHECK_SAMPLE;
    if (decl_read_int(checker, ast->count, E_CHECK_SHAPE, "the size of a sample", 1, 10000000, &rows))
        work->plan.sample = (uint32_t)rows;
    const struct map_work *map = map_find(compile, ast->map.text);
    if (ast->map.text.len == 0) return;
    if (map == NULL) {
        struct str *names = ARENA_ARRAY(checker->arena, struct str, compile->maps.count);
        for (uint32_t j = 0; j < compile->maps.count; j++)
            names[j] = compile->maps.items[j]->map->name;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, ast->map.span,
                                        "there is no map `%.*s`", STR_ARG(ast->map.text));
        decl_suggest(checker, diag, ast->map, names, compile->maps.count);
        return;
    }
    work->plan.map = map->map->index;
    if (work->plan.name.len == 0)
        work->plan.name = arena_printf(checker->arena, "sample_%.*s", STR_ARG(ast->map.text));
    if (map->plan.csv_file.len) {
        struct diag *diag =
            diag_report(checker->diags, E_CHECK_SHAPE, ast->map.span,
                        "map `%.*s` writes a csv file: there are no rows in the target to compare",
                        STR_ARG(ast->map.text));
        diag_help(checker->diags, diag, "sample a map that writes into a table");
    }
    if (ast->before) {
        struct diag *diag = diag_report(checker->diags, E_CHECK_SHAPE, ast->map.span,
                                        "a sample cannot be taken before anything is written");
        diag_help(checker->diags, diag, "remove `before`");
    }
}

/* ---------------------------------------------------------------- all */

static bool check_is_written(const struct compile *compile, const struct schema_table *table) {
    for (uint32_t i = 0; i < compile->maps.count; i++)
        if (compile->maps.items[i]->map->target == table) return true;
    return false;
}

/* The tables of maps that the SQL asks: a run of one phase leaves out what asks for those of a later one. */
static void check_emit_tables(struct compile *compile, struct plan_check *plan) {
    struct checker *checker = &compile->checker;
    struct sql_tables found;
    if (checker->target_schema == NULL) return;
    sql_tables_find(checker->arena, plan->sql, &found);
    plan->tables = ARENA_ARRAY(checker->arena, uint32_t, found.items.count + 1);
    for (uint32_t i = 0; i < found.items.count; i++) {
        const struct sql_table *name = &found.items.items[i];
        const struct schema_table *table =
            schema_find_table(checker->target_schema, name->schema, name->name);
        if (table != NULL && check_is_written(compile, table))
            plan->tables[plan->tables_count++] = target_use_table(compile, table);
    }
}

static void check_emit(struct compile *compile, struct check_work *work) {
    struct checker *checker = &compile->checker;
    check_emit_tables(compile, &work->plan);
    if (work->expected != NULL) {
        struct emitter *emitter = emitter_new(checker->builder);
        emit_output_value(emitter, OUT_VALUE, 0, work->expected);
        work->plan.expected = emitter_finish(emitter) + 1;
    }
    if (work->query != NULL) {
        struct plan_map map =
            query_emit(work->query, work->plan_map, work->selected.items, work->selected.count);
        VEC_PUSH(checker->arena, &checker->builder->check_maps, map);
        work->plan.map = checker->builder->check_maps.count;
    }
    VEC_PUSH(checker->arena, &checker->builder->checks, work->plan);
}

static void check_one(struct compile *compile, const struct ast_decl *decl, struct check_work *work) {
    struct checker *checker = &compile->checker;
    const struct ast_check *ast = &decl->check;
    work->plan = (struct plan_check){.name = ast->name.text,
                                     .title = ast->title.text,
                                     .before = ast->before,
                                     .span = plan_builder_span(checker->builder, decl->span)};
    check_read_fail(checker, ast, &work->plan, ast->name.span);
    if (ast->tolerance)
        decl_read_tolerance(checker, ast->tolerance, ast->percent, E_CHECK_SHAPE, &work->plan.tolerance_kind,
                            &work->plan.tolerance);
    if (ast->is_sample) {
        check_sample(compile, decl, work);
        return;
    }
    check_needs_target(compile, ast);
    if (ast->has_source) {
        check_source(compile, decl, work);
    } else if (ast->sql.span.source != NULL) {
        check_scalar(compile, decl, work);
    } else if (!decl->broken) {
        struct diag *diag = diag_report(checker->diags, E_CHECK_SHAPE, ast->name.span,
                                        "check `%.*s` checks nothing", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag,
                  "give it SQL and what it must give: sql \"\"\"select count(*) …\"\"\" == 0");
    }
}

void checks_check_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    struct name_index names = {.arena = checker->arena};
    VEC(struct span) spans = {0};
    VEC(struct check_work *) works = {0};
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_CHECK) continue;
        struct check_work *work = ARENA_NEW(checker->arena, struct check_work);
        struct ast_name name = decl->check.name;
        uint32_t first;
        if (name.text.len && !name_index_add(&names, name.text, spans.count, &first)) {
            struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, name.span,
                                            "the name `%.*s` is taken by another check", STR_ARG(name.text));
            diag_label(checker->diags, diag, spans.items[first], "declared here first");
            diag_help(checker->diags, diag, "give one of the two another name");
        } else if (name.text.len) {
            VEC_PUSH(checker->arena, &spans, name.span);
        }
        check_one(compile, decl, work);
        VEC_PUSH(checker->arena, &works, work);
    }
    compile->checks = (struct check_work **)works.items;
    compile->checks_count = works.count;
}

void checks_emit_all(struct compile *compile) {
    for (uint32_t i = 0; i < compile->checks_count; i++)
        check_emit(compile, compile->checks[i]);
}
