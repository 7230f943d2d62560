/* The plan's declarations: enums in range, indexes within their lists, constants that are values of their
 * types, and a graph of maps without loops. What programs must yield for whom is in plan_verify_usage.c. */
#include "runtime/plan/verify.h"
#include "runtime/value/convert.h"

#define IN_RANGE(v, value, count, what)                                                                      \
    VERIFY((v), (value) < (count), "%s %u of %u", (what), (unsigned)(value), (unsigned)(count))
#define IS_FLAG(v, value, what) VERIFY((v), (value) <= 1, "%s is neither 0 nor 1", (what))

static bool check_indexes(struct verifier *v, const uint32_t *items, uint32_t count, uint32_t limit,
                          const char *what) {
    for (uint32_t i = 0; i < count; i++)
        IN_RANGE(v, items[i], limit, what);
    return true;
}

/* "" or a decimal number that is not negative. */
static bool check_tolerance(struct verifier *v, uint8_t kind, struct str text) {
    IN_RANGE(v, kind, TOLERANCE_COUNT, "tolerance kind");
    if (kind == TOLERANCE_UNSET) return true;
    struct value value;
    VERIFY(v,
           value_parse(&v->scratch, TYPE_DECIMAL, text, NULL, &value) == FAULT_NONE &&
               value.as_decimal.hi >= 0,
           "the tolerance is not a number");
    return true;
}

static bool check_rule(struct verifier *v, const struct plan_tolerance_rule *rule) {
    IN_RANGE(v, rule->kind, RULE_KIND_COUNT, "rule");
    VERIFY(v, rule->tolerance_kind != TOLERANCE_UNSET, "a rule without a number");
    return check_tolerance(v, rule->tolerance_kind, rule->tolerance);
}

static bool check_action(struct verifier *v, const struct plan_action *action) {
    IN_RANGE(v, action->kind, DO_COUNT, "action");
    return true;
}

/* ---------------------------------------------------------------- values */

static bool check_param(struct verifier *v, const struct plan_param *param) {
    if (!verify_type(v, &param->type, "the parameter")) return false;
    VERIFY(v, param->type.kind != TYPE_ROW, "a parameter is a row");
    VERIFY(v, param->default_program <= v->plan->programs_count, "program %u of %u", param->default_program,
           v->plan->programs_count);
    return true;
}

static bool check_const(struct verifier *v, const struct plan_const *constant) {
    if (!verify_type(v, &constant->type, "the constant")) return false;
    IS_FLAG(v, constant->is_null, "is_null");
    struct value value;
    enum fault fault = plan_const_value(&v->scratch, v->plan, constant, &value);
    VERIFY(v, fault == FAULT_NONE, "the text %s", fault_title(fault));
    return true;
}

/* Which constants are arrays with null elements; beside check_const because that has no index. */
static void note_null_elements(struct verifier *v) {
    bool *nulls = ARENA_ARRAY(&v->scratch, bool, v->plan->consts_count);
    for (uint32_t i = 0; i < v->plan->consts_count; i++) {
        const struct plan_const *constant = &v->plan->consts[i];
        struct value value;
        if (constant->type.kind != TYPE_ARRAY || constant->is_null) continue;
        if (plan_const_value(&v->scratch, v->plan, constant, &value) != FAULT_NONE ||
            value.as_array.nulls == NULL)
            continue;
        for (size_t k = 0; k < value.as_array.count; k++)
            nulls[i] |= value.as_array.nulls[k] != 0;
    }
    v->const_has_nulls = nulls;
}

static bool check_pattern(struct verifier *v, const struct plan_pattern *pattern) {
    IN_RANGE(v, pattern->kind, PATTERN_KIND_COUNT, "pattern kind");
    IN_RANGE(v, pattern->type, TYPE_KIND_COUNT, "pattern type");
    return true;
}

static bool check_extern_type(struct verifier *v, const struct plan_type *type) {
    if (!verify_type(v, type, "a part of the signature")) return false;
    VERIFY(v, type->kind != TYPE_ROW && type->kind != TYPE_ARRAY && type->kind != TYPE_ENUM,
           "an extern function takes or yields a row, an array or an enum");
    return true;
}

static bool check_extern(struct verifier *v, const struct plan_extern *function) {
    VERIFY_EACH(v, function, params, check_extern_type);
    VERIFY(v, function->params_count <= 32, "%u parameters, the limit is 32", function->params_count);
    VERIFY(v, function->result.kind != TYPE_SECRET, "an extern function yields a secret");
    return check_extern_type(v, &function->result);
}

/* ---------------------------------------------------------------- sources */

static bool check_cell(struct verifier *v, const struct plan_cell *cell) {
    IN_RANGE(v, cell->kind, CELL_KIND_COUNT, "cell kind");
    IS_FLAG(v, cell->is_null, "is_null");
    return true;
}

static bool check_row(struct verifier *v, const struct plan_row *row) {
    VERIFY_EACH(v, row, cells, check_cell);
    return true;
}

static bool check_source_column(struct verifier *v, const struct plan_source_column *column) {
    IS_FLAG(v, column->pii, "pii");
    IS_FLAG(v, column->ignored, "ignored");
    return verify_type(v, &column->type, "the column");
}

static bool check_source_table(struct verifier *v, const struct plan_source_table *table) {
    IS_FLAG(v, table->no_header, "no_header");
    VERIFY_EACH(v, table, columns, check_source_column);
    VERIFY_EACH(v, table, rows, check_row);
    for (uint32_t i = 0; i < table->rows_count; i++)
        VERIFY(v, table->rows[i].cells_count == table->columns_count, "rows[%u] has %u cells for %u columns",
               i, table->rows[i].cells_count, table->columns_count);
    for (uint32_t i = 0; i < table->rows_count; i++)
        VERIFY(v, table->rows[i].parent <= i, "rows[%u] has a parent that does not stand before it", i);
    return true;
}

static bool check_source(struct verifier *v, const struct plan_source *source) {
    IN_RANGE(v, source->format, SOURCE_FORMAT_COUNT, "source format");
    IS_FLAG(v, source->location_is_env, "location_is_env");
    IS_FLAG(v, source->header, "header");
    IS_FLAG(v, source->has_nulls, "has_nulls");
    IS_FLAG(v, source->trim, "trim");
    VERIFY(v, source->query_of <= v->plan->sources_count, "query of source %u of %u", source->query_of,
           v->plan->sources_count);
    if (source->query_of > 0)
        VERIFY(v, v->plan->sources[source->query_of - 1].format == SOURCE_POSTGRES,
               "query of what is not a database");
    VERIFY(v,
           source->delimiter.len <= 4 && source->quote.len <= 4 && source->escape.len <= 4 &&
               source->comment.len <= 4,
           "a delimiter of several characters");
    if (!check_action(v, &source->on_ragged) || !check_action(v, &source->on_bad_encoding)) return false;
    VERIFY_EACH(v, source, tables, check_source_table);
    return true;
}

/* ---------------------------------------------------------------- target */

/* The type that each binary form carries; TYPE_NONE: any. */
static const uint8_t WIRE_TYPES[WIRE_COUNT] = {
    [WIRE_BOOL] = TYPE_BOOL,
    [WIRE_INT2] = TYPE_INT,
    [WIRE_INT4] = TYPE_INT,
    [WIRE_INT8] = TYPE_INT,
    [WIRE_NUMERIC] = TYPE_DECIMAL,
    [WIRE_FLOAT4] = TYPE_FLOAT,
    [WIRE_FLOAT8] = TYPE_FLOAT,
    [WIRE_TEXT] = TYPE_TEXT,
    [WIRE_BYTEA] = TYPE_BYTES,
    [WIRE_DATE] = TYPE_DATE,
    [WIRE_TIME] = TYPE_TIME,
    [WIRE_TIMESTAMP] = TYPE_TIMESTAMP,
    [WIRE_TIMESTAMPTZ] = TYPE_TIMESTAMPTZ,
    [WIRE_INTERVAL] = TYPE_INTERVAL,
    [WIRE_UUID] = TYPE_UUID,
    [WIRE_JSON] = TYPE_JSON,
    [WIRE_JSONB] = TYPE_JSON,
    [WIRE_ENUM] = TYPE_ENUM,
    [WIRE_ARRAY] = TYPE_ARRAY,
    [WIRE_TEXT_FORM] = TYPE_NONE,
};

static bool check_target_column(struct verifier *v, const struct plan_target_column *column) {
    if (!verify_type(v, &column->type, "the column")) return false;
    uint8_t kind = column->type.kind;
    VERIFY(v, kind != TYPE_ROW && kind != TYPE_SECRET, "a column holds a row or a secret");
    IN_RANGE(v, column->wire, WIRE_COUNT, "wire form");
    VERIFY(v, WIRE_TYPES[column->wire] == TYPE_NONE || WIRE_TYPES[column->wire] == kind,
           "wire form %u does not carry %s", column->wire, type_kind_name(kind));
    IS_FLAG(v, column->not_null, "not_null");
    IS_FLAG(v, column->has_default, "has_default");
    IS_FLAG(v, column->generated, "generated");
    IS_FLAG(v, column->pii, "pii");
    IN_RANGE(v, column->identity, 3, "identity");
    return true;
}

static bool check_target_table(struct verifier *v, const struct plan_target_table *table) {
    VERIFY_EACH(v, table, columns, check_target_column);
    for (uint32_t i = 0; i < table->keys_count; i++) {
        const struct plan_target_key *key = &table->keys[i];
        if (!check_indexes(v, key->columns, key->columns_count, table->columns_count, "key column"))
            return false;
        IS_FLAG(v, key->deferrable, "deferrable");
        IS_FLAG(v, key->primary, "primary");
    }
    for (uint32_t i = 0; i < table->fks_count; i++) {
        const struct plan_target_fk *fk = &table->fks[i];
        if (!check_indexes(v, fk->columns, fk->columns_count, table->columns_count, "foreign key column"))
            return false;
        VERIFY(v, fk->ref_columns_count == fk->columns_count, "foreign key %u has %u columns for %u", i,
               fk->columns_count, fk->ref_columns_count);
        IS_FLAG(v, fk->deferrable, "deferrable");
    }
    IN_RANGE(v, table->rls, 3, "rls");
    return true;
}

/* ---------------------------------------------------------------- keyed tables */

static bool check_code(struct verifier *v, const struct plan_keyed_table *table,
                       const struct plan_code *code) {
    const struct plan *plan = v->plan;
    VERIFY(v, code->keys_count == table->keys_count, "%u key parts for %u", code->keys_count,
           table->keys_count);
    if (!check_indexes(v, code->keys, code->keys_count, plan->consts_count, "constant")) return false;
    for (uint32_t i = 0; i < code->keys_count; i++) {
        const struct plan_const *key = &plan->consts[code->keys[i]];
        VERIFY(v, !key->is_null && plan_type_same(key->type, table->keys[i]), "key part %u has another type",
               i);
    }
    IN_RANGE(v, code->value, plan->consts_count, "constant");
    VERIFY(v, plan_type_same(plan->consts[code->value].type, table->columns[0]),
           "the value has another type");
    return true;
}

static bool check_table_types(struct verifier *v, const struct plan_keyed_table *table) {
    VERIFY(v, table->keys_count > 0, "a table without a key");
    VERIFY(v, table->keys_count <= 32, "a key of %u parts", table->keys_count);
    VERIFY(v, table->columns_count <= PLAN_MAX_LIST, "%u columns", table->columns_count);
    for (uint32_t i = 0; i < table->keys_count; i++) {
        uint8_t kind = table->keys[i].kind;
        VERIFY(v, kind != TYPE_NONE && kind != TYPE_ROW && kind != TYPE_ARRAY && kind != TYPE_SECRET,
               "key part %u has a type that is no key", i);
    }
    for (uint32_t i = 0; i < table->columns_count; i++) {
        uint8_t kind = table->columns[i].kind;
        VERIFY(v, kind != TYPE_NONE && kind != TYPE_ROW && kind != TYPE_SECRET,
               "columns[%u] has no type to keep", i);
    }
    VERIFY(v, table->names_count == table->columns_count, "%u names for %u columns", table->names_count,
           table->columns_count);
    return true;
}

/* The columns of a target table that stand behind a keyed table's own. */
static bool check_behind(struct verifier *v, const struct plan_keyed_table *table, uint32_t target_table) {
    const struct plan_target_table *target = &v->plan->target.tables[target_table];
    VERIFY(v, table->target_columns_count == table->columns_count, "%u target columns for %u",
           table->target_columns_count, table->columns_count);
    uint32_t stored = plan_stored_columns(table);
    if (stored < table->columns_count)
        VERIFY(v, table->columns[stored].kind == TYPE_TEXT, "the column of the part is no text");
    for (uint32_t i = 0; i < stored; i++) {
        IN_RANGE(v, table->target_columns[i], target->columns_count, "target column");
        VERIFY(v, plan_type_same(target->columns[table->target_columns[i]].type, table->columns[i]),
               "columns[%u] has another type than its target column", i);
    }
    return true;
}

static bool check_keyed_table(struct verifier *v, const struct plan_keyed_table *table) {
    const struct plan *plan = v->plan;
    IN_RANGE(v, table->kind, KEYED_KIND_COUNT, "table kind");
    IS_FLAG(v, table->many, "many");
    if (!check_table_types(v, table)) return false;
    bool built = table->kind == KEYED_SOURCE || table->kind == KEYED_TARGET;
    VERIFY(v, built ? table->program >= 1 && table->program <= plan->programs_count : table->program == 0,
           "program %u of %u", table->program, plan->programs_count);
    VERIFY(v, table->kind == KEYED_CODES || table->codes_count == 0, "codes in what is not a code table");
    switch ((enum plan_keyed_kind)table->kind) {
    case KEYED_SOURCE:
        IN_RANGE(v, table->source, plan->sources_count, "source");
        IN_RANGE(v, table->table, plan->sources[table->source].tables_count, "source table");
        return true;
    case KEYED_TARGET:
        IN_RANGE(v, table->source, plan->target.tables_count, "target table");
        return check_indexes(v, table->target_columns, table->target_columns_count,
                             plan->target.tables[table->source].columns_count, "target column");
    case KEYED_MAP: {
        IN_RANGE(v, table->source, plan->maps_count, "map");
        const struct plan_map *map = &plan->maps[table->source];
        VERIFY(v, map->crosswalk == (uint32_t)(table - plan->tables) + 1, "the map has another crosswalk");
        VERIFY(v, map->target_table >= 1 && map->target_table <= plan->target.tables_count,
               "the map has no target table");
        return check_behind(v, table, map->target_table - 1);
    }
    default:
        VERIFY(v, table->columns_count == 1, "a code table of %u columns", table->columns_count);
        for (uint32_t i = 0; i < table->codes_count; i++) {
            verify_enter(v, "codes", i);
            if (!check_code(v, table, &table->codes[i])) return false;
            verify_leave(v);
        }
        return true;
    }
}

/* ---------------------------------------------------------------- maps */

static bool check_map_source(struct verifier *v, const struct plan_map *map, uint32_t index, bool is_check) {
    const struct plan *plan = v->plan;
    IN_RANGE(v, map->from_kind, FROM_KIND_COUNT, "from");
    if (map->from_kind == FROM_SOURCE) {
        IN_RANGE(v, map->source, plan->sources_count, "source");
        IN_RANGE(v, map->source_table, plan->sources[map->source].tables_count, "source table");
        return true;
    }
    IN_RANGE(v, map->source, plan->maps_count, "map");
    VERIFY(v, is_check || map->source < index, "it reads map %u, which does not run before", map->source);
    VERIFY(v,
           plan->maps[map->source].crosswalk >= 1 && plan->maps[map->source].crosswalk <= plan->tables_count,
           "it reads a map that keeps no rows");
    return true;
}

/* Levels rise along dependencies and dependencies go backwards in the list: so there is no loop. */
static bool check_map_order(struct verifier *v, const struct plan_map *map, uint32_t index) {
    for (uint32_t i = 0; i < map->depends_count; i++) {
        VERIFY(v, map->depends[i] < index, "it depends on map %u, which does not run before",
               map->depends[i]);
        VERIFY(v, v->plan->maps[map->depends[i]].level < map->level,
               "it depends on map %u of the same or a later level", map->depends[i]);
    }
    VERIFY(v, index == 0 || v->plan->maps[index - 1].level <= map->level, "levels are not in order");
    return true;
}

static bool check_map_enums(struct verifier *v, const struct plan_map *map) {
    IS_FLAG(v, map->grouped, "grouped");
    IS_FLAG(v, map->ordered, "ordered");
    IS_FLAG(v, map->keyed, "keyed");
    IS_FLAG(v, map->self_reference, "self_reference");
    IN_RANGE(v, map->unique, UNIQUE_COUNT, "unique");
    IN_RANGE(v, map->conflict, CONFLICT_COUNT, "conflict");
    IN_RANGE(v, map->rollback, ROLLBACK_COUNT, "rollback");
    IN_RANGE(v, map->commit, COMMIT_COUNT, "commit");
    if (!check_action(v, &map->on_duplicate) || !check_action(v, &map->on_conflict)) return false;
    VERIFY(v, map->aggregates_count <= PLAN_MAX_LIST, "%u aggregates", map->aggregates_count);
    for (uint32_t i = 0; i < map->aggregates_count; i++) {
        const struct plan_aggregate *aggregate = &map->aggregates[i];
        IN_RANGE(v, aggregate->kind, AGG_KIND_COUNT, "aggregate");
        IS_FLAG(v, aggregate->has_argument, "has_argument");
        VERIFY(v, aggregate->kind == AGG_COUNT || aggregate->has_argument, "an aggregate without argument");
        if (!verify_type(v, &aggregate->type, "the aggregate")) return false;
    }
    IS_FLAG(v, map->tolerance_own, "tolerance_own");
    VERIFY_EACH(v, map, tolerance_rules, check_rule);
    return check_tolerance(v, map->tolerance_kind, map->tolerance);
}

static bool check_map_target(struct verifier *v, const struct plan_map *map) {
    const struct plan *plan = v->plan;
    VERIFY(v, map->target_table <= plan->target.tables_count, "target table %u of %u", map->target_table,
           plan->target.tables_count);
    if (map->target_table == 0) {
        VERIFY(v,
               map->columns_count == 0 && map->conflict == CONFLICT_NONE &&
                   map->conflict_columns_count == 0 && map->update_columns_count == 0 &&
                   map->crosswalk == 0 && map->ignored_count == 0,
               "target columns without a target table");
        return true;
    }
    VERIFY(v, map->csv_columns_count == 0, "csv columns beside a target table");
    uint32_t columns = plan->target.tables[map->target_table - 1].columns_count;
    return check_indexes(v, map->columns, map->columns_count, columns, "target column") &&
           check_indexes(v, map->conflict_columns, map->conflict_columns_count, columns, "conflict column") &&
           check_indexes(v, map->update_columns, map->update_columns_count, columns, "update column") &&
           check_indexes(v, map->ignored, map->ignored_count, columns, "ignored column");
}

static bool check_stage(struct verifier *v, const struct plan_stage *stage) {
    IN_RANGE(v, stage->kind, STAGE_KIND_COUNT, "stage kind");
    IN_RANGE(v, stage->program, v->plan->programs_count, "program");
    if (stage->kind != STAGE_EACH) IN_RANGE(v, stage->table, v->plan->tables_count, "table");
    return true;
}

static bool check_map_parts(struct verifier *v, const struct plan_map *map, uint32_t index, bool is_check) {
    const struct plan *plan = v->plan;
    if (!check_map_source(v, map, index, is_check) || !check_map_enums(v, map)) return false;
    VERIFY_EACH(v, map, stages, check_stage);
    IN_RANGE(v, map->program, plan->programs_count, "program");
    VERIFY(v, map->group_program <= plan->programs_count && (map->group_program > 0) == (map->grouped == 1),
           "group program %u of %u", map->group_program, plan->programs_count);
    if (!check_map_target(v, map)) return false;
    VERIFY(v, map->crosswalk <= plan->tables_count, "table %u of %u", map->crosswalk, plan->tables_count);
    if (map->crosswalk > 0) {
        const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
        VERIFY(v, table->kind == KEYED_MAP && table->source == index && map->keyed,
               "the crosswalk is another map's");
    }
    return true;
}

static bool check_maps(struct verifier *v) {
    const struct plan *plan = v->plan;
    for (uint32_t i = 0; i < plan->maps_count; i++) {
        verify_enter(v, "maps", i);
        if (!check_map_parts(v, &plan->maps[i], i, false) || !check_map_order(v, &plan->maps[i], i))
            return false;
        verify_leave(v);
    }
    for (uint32_t i = 0; i < plan->check_maps_count; i++) {
        verify_enter(v, "check_maps", i);
        const struct plan_map *map = &plan->check_maps[i];
        if (!check_map_parts(v, map, i, true)) return false;
        VERIFY(v, map->target_table == 0 && map->crosswalk == 0, "the source side of a check has a target");
        if (!check_indexes(v, map->depends, map->depends_count, plan->maps_count, "map")) return false;
        verify_leave(v);
    }
    return true;
}

/* ---------------------------------------------------------------- checks, tests, the rest */

static bool check_check(struct verifier *v, const struct plan_check *check) {
    const struct plan *plan = v->plan;
    IN_RANGE(v, check->kind, CHECK_KIND_COUNT, "check kind");
    IN_RANGE(v, check->compare, COMPARE_COUNT, "comparison");
    IS_FLAG(v, check->before, "before");
    if (!check_indexes(v, check->params, check->params_count, plan->params_count, "parameter")) return false;
    if (!check_indexes(v, check->tables, check->tables_count, plan->target.tables_count, "table"))
        return false;
    if (!check_indexes(v, check->except_rejected, check->except_rejected_count, plan->maps_count, "map"))
        return false;
    switch ((enum plan_check_kind)check->kind) {
    case CHECK_SCALAR:
        VERIFY(v, check->expected >= 1 && check->expected <= plan->programs_count, "program %u of %u",
               check->expected, plan->programs_count);
        break;
    case CHECK_SAMPLE: IN_RANGE(v, check->map, plan->maps_count, "map"); break;
    default:
        VERIFY(v, check->map >= 1 && check->map <= plan->check_maps_count, "check map %u of %u", check->map,
               plan->check_maps_count);
        break;
    }
    return check_action(v, &check->on_fail) && check_tolerance(v, check->tolerance_kind, check->tolerance);
}

static bool check_given(struct verifier *v, const struct plan_test_given *given) {
    const struct plan *plan = v->plan;
    IS_FLAG(v, given->is_target, "is_target");
    uint32_t columns;
    if (given->is_target) {
        IN_RANGE(v, given->table, plan->target.tables_count, "target table");
        columns = plan->target.tables[given->table].columns_count;
    } else {
        IN_RANGE(v, given->source, plan->sources_count, "source");
        IN_RANGE(v, given->table, plan->sources[given->source].tables_count, "source table");
        columns = plan->sources[given->source].tables[given->table].columns_count;
    }
    VERIFY(v, given->row.cells_count == columns, "%u cells for %u columns", given->row.cells_count, columns);
    return check_row(v, &given->row);
}

/* A parent counts among the given rows of its own table. */
static bool check_given_parents(struct verifier *v, const struct plan_test *test) {
    for (uint32_t i = 0; i < test->givens_count; i++) {
        const struct plan_test_given *given = &test->givens[i];
        uint32_t before = 0;
        if (given->row.parent == 0) continue;
        for (uint32_t j = 0; j < i; j++)
            before += !test->givens[j].is_target && test->givens[j].source == given->source &&
                      test->givens[j].table == given->table;
        VERIFY(v, !given->is_target && given->row.parent <= before,
               "givens[%u] has a parent that does not stand before it", i);
    }
    return true;
}

static bool check_expect(struct verifier *v, const struct plan_test_expect *expect) {
    const struct plan *plan = v->plan;
    IN_RANGE(v, expect->kind, EXPECT_KIND_COUNT, "expectation");
    VERIFY(v, expect->map <= plan->maps_count, "map %u of %u", expect->map, plan->maps_count);
    bool runs = expect->kind == EXPECT_ROW || expect->kind == EXPECT_ASSERT;
    VERIFY(v, runs ? expect->program >= 1 && expect->program <= plan->programs_count : expect->program == 0,
           "program %u of %u", expect->program, plan->programs_count);
    VERIFY(v, expect->kind == EXPECT_ASSERT || expect->parts_count == 0, "parts of what is no condition");
    for (uint32_t i = 0; i < expect->parts_count; i++)
        IN_RANGE(v, expect->parts[i].program, plan->programs_count, "program");
    if (expect->kind != EXPECT_ROW) {
        VERIFY(v, expect->columns_count == 0, "columns of what is not a row");
        return true;
    }
    VERIFY(v, expect->map >= 1, "a row of no map");
    uint32_t table = plan->maps[expect->map - 1].target_table;
    VERIFY(v, table >= 1 && table <= plan->target.tables_count, "a row of a map without a target table");
    return check_indexes(v, expect->columns, expect->columns_count,
                         plan->target.tables[table - 1].columns_count, "column");
}

static bool check_test(struct verifier *v, const struct plan_test *test) {
    for (uint32_t i = 0; i < test->params_count; i++) {
        IN_RANGE(v, test->params[i].param, v->plan->params_count, "parameter");
        IN_RANGE(v, test->params[i].program, v->plan->programs_count, "program");
    }
    VERIFY_EACH(v, test, givens, check_given);
    if (!check_given_parents(v, test)) return false;
    VERIFY_EACH(v, test, expects, check_expect);
    return true;
}

static bool check_environment(struct verifier *v, const struct plan_environment *environment) {
    VERIFY(v, environment->window_seconds >= 0 && environment->retention_seconds >= 0,
           "a negative length of time");
    IS_FLAG(v, environment->window_rollback, "window_rollback");
    VERIFY_EACH(v, environment, tolerance_rules, check_rule);
    return check_tolerance(v, environment->tolerance_kind, environment->tolerance);
}

static bool check_phase(struct verifier *v, const struct plan_phase *phase) {
    return check_indexes(v, phase->maps, phase->maps_count, v->plan->maps_count, "map");
}

static bool check_audit(struct verifier *v, const struct plan_audit *audit) {
    const struct plan *plan = v->plan;
    VERIFY(v, audit->target_table <= plan->target.tables_count, "audit: target table %u of %u",
           audit->target_table, plan->target.tables_count);
    if (audit->target_table == 0) return true;
    IN_RANGE(v, audit->program, plan->programs_count, "audit: program");
    return check_indexes(v, audit->columns, audit->columns_count,
                         plan->target.tables[audit->target_table - 1].columns_count, "audit: column");
}

bool verify_declarations(struct verifier *v) {
    const struct plan *plan = v->plan;
    VERIFY_EACH(v, plan, params, check_param);
    VERIFY_EACH(v, plan, consts, check_const);
    note_null_elements(v);
    VERIFY_EACH(v, plan, patterns, check_pattern);
    VERIFY_EACH(v, plan, externs, check_extern);
    VERIFY_EACH(v, plan, sources, check_source);
    IS_FLAG(v, plan->target.location_is_env, "location_is_env");
    VERIFY_EACH(v, &plan->target, tables, check_target_table);
    VERIFY_EACH(v, plan, tables, check_keyed_table);
    if (!check_maps(v)) return false;
    VERIFY_EACH(v, plan, checks, check_check);
    VERIFY_EACH(v, plan, tests, check_test);
    VERIFY_EACH(v, plan, environments, check_environment);
    VERIFY_EACH(v, plan, phases, check_phase);
    return check_audit(v, &plan->audit);
}
