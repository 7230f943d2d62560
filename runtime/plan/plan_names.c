/* Names of the enums' values that stand in a plan's fields, for the disassembler and docs/plan-format.md. */
#include "runtime/plan/plan.h"

static const char *const PATTERN_KINDS[] = {"template", "regex", "like", "zone", "json_path"};
static const char *const SLOT_KINDS[] = {"cell",       "file",       "line",      "row",      "depth",
                                         "has_parent", "join",       "each",      "group",    "aggregate",
                                         "map_column", "event_kind", "event_map", "event_at", "event_json"};
static const char *const VIAS[] = {"self", "parent", "root"};
static const char *const ROLES[] = {"column", "key",       "value",     "unique", "order",
                                    "group",  "aggregate", "partition", "parent"};
static const char *const ACTIONS[] = {"reject", "skip", "warn", "fail", "first", "last", "pad"};
static const char *const FORMATS[] = {"csv",      "json",   "ndjson",   "xlsx",
                                      "dynamodb", "inline", "postgres", "query"};
static const char *const WIRES[] = {"bool", "int2",  "int4",  "int8", "numeric",   "float4",      "float8",
                                    "text", "bytea", "date",  "time", "timestamp", "timestamptz", "interval",
                                    "uuid", "json",  "jsonb", "enum", "array",     "text_form"};
static const char *const KEYED_KINDS[] = {"source", "target", "map", "codes"};
static const char *const AGGREGATES[] = {"count", "sum",        "min",       "max",      "avg",    "first",
                                         "last",  "string_agg", "array_agg", "bool_and", "bool_or"};
static const char *const STAGES[] = {"each", "join", "left_join"};
static const char *const FROMS[] = {"source", "map"};
static const char *const UNIQUES[] = {"none", "first", "last", "on_duplicate"};
static const char *const CONFLICTS[] = {"none", "skip", "reject", "update"};
static const char *const ROLLBACKS[] = {"delete", "restore", "sql", "none"};
static const char *const COMMITS[] = {"default", "run", "map", "rows"};
static const char *const RULES[] = {"code", "message", "validate"};
static const char *const TOLERANCES[] = {"unset", "rows", "percent"};
static const char *const CHECKS[] = {"scalar", "source", "sample"};
static const char *const COMPARISONS[] = {"==", "!=", "<", "<=", ">", ">="};
static const char *const EXPECTATIONS[] = {"row",    "map_count",      "rejected", "skipped",
                                           "warned", "reject_message", "assert"};
static const char *const CELLS[] = {"text", "number", "bool", "datetime", "json", "bad"};

#define NAMES_MATCH(names, count) _Static_assert(sizeof(names) / sizeof(names)[0] == (count), #count)
NAMES_MATCH(PATTERN_KINDS, PATTERN_KIND_COUNT);
NAMES_MATCH(SLOT_KINDS, SLOT_KIND_COUNT);
NAMES_MATCH(VIAS, VIA_COUNT);
NAMES_MATCH(ROLES, OUT_ROLE_COUNT);
NAMES_MATCH(ACTIONS, DO_COUNT);
NAMES_MATCH(FORMATS, SOURCE_FORMAT_COUNT);
NAMES_MATCH(WIRES, WIRE_COUNT);
NAMES_MATCH(KEYED_KINDS, KEYED_KIND_COUNT);
NAMES_MATCH(AGGREGATES, AGG_KIND_COUNT);
NAMES_MATCH(STAGES, STAGE_KIND_COUNT);
NAMES_MATCH(FROMS, FROM_KIND_COUNT);
NAMES_MATCH(UNIQUES, UNIQUE_COUNT);
NAMES_MATCH(CONFLICTS, CONFLICT_COUNT);
NAMES_MATCH(ROLLBACKS, ROLLBACK_COUNT);
NAMES_MATCH(COMMITS, COMMIT_COUNT);
NAMES_MATCH(RULES, RULE_KIND_COUNT);
NAMES_MATCH(TOLERANCES, TOLERANCE_COUNT);
NAMES_MATCH(CHECKS, CHECK_KIND_COUNT);
NAMES_MATCH(COMPARISONS, COMPARE_COUNT);
NAMES_MATCH(EXPECTATIONS, EXPECT_KIND_COUNT);
NAMES_MATCH(CELLS, CELL_KIND_COUNT);

static const struct field_names {
    const char *structure, *field; /* structure "": any */
    const char *const *names;
    uint32_t count;
} FIELDS[] = {
#define FIELD(structure, field, names)                                                                       \
    { structure, field, names, sizeof(names) / sizeof(names)[0] }
    FIELD("plan_pattern", "kind", PATTERN_KINDS),
    FIELD("plan_slot", "kind", SLOT_KINDS),
    FIELD("plan_slot", "via", VIAS),
    FIELD("plan_output", "role", ROLES),
    FIELD("plan_action", "kind", ACTIONS),
    FIELD("plan_source", "format", FORMATS),
    FIELD("plan_target_column", "wire", WIRES),
    FIELD("plan_keyed_table", "kind", KEYED_KINDS),
    FIELD("plan_aggregate", "kind", AGGREGATES),
    FIELD("plan_stage", "kind", STAGES),
    FIELD("plan_map", "from_kind", FROMS),
    FIELD("plan_map", "unique", UNIQUES),
    FIELD("plan_map", "conflict", CONFLICTS),
    FIELD("plan_map", "rollback", ROLLBACKS),
    FIELD("plan_map", "commit", COMMITS),
    FIELD("plan_tolerance_rule", "kind", RULES),
    FIELD("", "tolerance_kind", TOLERANCES),
    FIELD("plan_check", "kind", CHECKS),
    FIELD("plan_check", "compare", COMPARISONS),
    FIELD("plan_test_expect", "kind", EXPECTATIONS),
    FIELD("plan_cell", "kind", CELLS),
#undef FIELD
};

const char *plan_field_value_name(const char *structure, const char *field, uint32_t value) {
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        const struct field_names *f = &FIELDS[i];
        if (strcmp(f->field, field) != 0 || (f->structure[0] && strcmp(f->structure, structure) != 0))
            continue;
        return value < f->count ? f->names[value] : NULL;
    }
    bool is_type = (strcmp(structure, "plan_type") == 0 &&
                    (strcmp(field, "kind") == 0 || strcmp(field, "element") == 0)) ||
                   (strcmp(structure, "plan_pattern") == 0 && strcmp(field, "type") == 0);
    return is_type && value < TYPE_KIND_COUNT ? type_kind_name((enum type_kind)value) : NULL;
}
