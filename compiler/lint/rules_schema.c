/* Rules about the tables that the spec writes, as the target's DDL declares them. */
#include "compiler/lint/rules.h"

/* The tables that maps write, each once, and the map that does. */
struct written {
    VEC(const struct schema_table *) tables;
    VEC(const struct map_work *) maps; /* beside tables: the first one */
};

static int find_written(const struct written *written, const struct schema_table *table) {
    for (uint32_t i = 0; i < written->tables.count; i++)
        if (written->tables.items[i] == table) return (int)i;
    return -1;
}

static void collect_written(struct lint *lint, struct written *written) {
    for (uint32_t i = 0; i < lint->compile->maps.count; i++) {
        const struct map_work *work = lint->compile->maps.items[i];
        if (work->map->target == NULL || find_written(written, work->map->target) >= 0) continue;
        VEC_PUSH(lint->arena, &written->tables, work->map->target);
        VEC_PUSH(lint->arena, &written->maps, work);
    }
}

/* ---------------------------------------------------------------- tables */

static void check_primary_key(struct lint *lint, const struct schema_table *table) {
    if (table->keys.count > 0 && table->keys.items[0].primary) return;
    struct diag *diag = lint_report(lint, L_NO_PRIMARY_KEY, table->span, "table `%.*s` has no primary key",
                                    STR_ARG(table->name));
    LINT_HELP(lint, diag,
              "without one a loaded row can be neither updated nor told from its double: add one");
}

static void check_security(struct lint *lint, const struct schema_table *table) {
    struct diag *diag;
    if (table->rls_enabled && table->policies.count == 0) {
        diag =
            lint_report(lint, L_RLS_WITHOUT_POLICY, table->span,
                        "table `%.*s` has row level security and no policy: nobody but its owner sees a row",
                        STR_ARG(table->name));
        LINT_HELP(lint, diag, "add `create policy … on %.*s …`", STR_ARG(table->name));
    }
    if (!table->rls_enabled && table->policies.count > 0) {
        diag = lint_report(lint, L_POLICY_WITHOUT_RLS, table->policies.items[0],
                           "the policy does nothing: row level security is off for table `%.*s`",
                           STR_ARG(table->name));
        LINT_HELP(lint, diag, "add `alter table %.*s enable row level security`", STR_ARG(table->name));
    }
    if (table->rls_forced) {
        diag =
            lint_report(lint, L_FORCED_RLS, table->span,
                        "row level security is forced on table `%.*s`: the loading role is subject to it too",
                        STR_ARG(table->name));
        LINT_HELP(lint, diag, "load with a role that has BYPASSRLS, or force it after the load");
    }
}

static void check_triggers(struct lint *lint, const struct schema_table *table) {
    for (uint32_t i = 0; i < table->triggers.count; i++) {
        struct diag *diag =
            lint_report(lint, L_TRIGGER_ON_TARGET, table->triggers.items[i],
                        "the trigger fires for each row that is loaded into `%.*s`", STR_ARG(table->name));
        LINT_HELP(lint, diag,
                  "see to it that it neither changes loaded values nor sends anything, or create it after "
                  "the load");
    }
}

/* ---------------------------------------------------------------- names */

enum { LONGEST_IDENTIFIER = 63 }; /* NAMEDATALEN - 1 */

/* The parser has cut the name already: the text has all of it. */
static size_t written_length(struct span span) {
    const char *text = span.source->text.ptr;
    uint32_t at = span.start, len = (uint32_t)span.source->text.len;
    bool quoted = at < len && text[at] == '"';
    if (!quoted) return span.end - span.start;
    for (at++; at < len && text[at] != '"'; at++)
        continue;
    return at - span.start - 1;
}

static void check_name(struct lint *lint, struct str name, struct span span, const char *noun) {
    size_t written = name.len == LONGEST_IDENTIFIER && span.source ? written_length(span) : 0;
    if (written <= LONGEST_IDENTIFIER) return;
    struct diag *diag =
        lint_report(lint, L_LONG_IDENTIFIER, span, "Postgres cuts this %s's name of %zu bytes to %d", noun,
                    written, LONGEST_IDENTIFIER);
    LINT_HELP(lint, diag, "give it a shorter name: two names that differ behind that are one");
}

/* ---------------------------------------------------------------- columns */

static void check_column(struct lint *lint, const struct schema_table *table,
                         const struct schema_column *column) {
    struct diag *diag;
    struct str type = column->type.name;
    if (column->name.len == 0 || column->type.domain) return;
    if (str_starts_with(type, STR("character(")) || str_is(type, "character")) {
        diag = lint_report(lint, L_CHAR_COLUMN, column->span,
                           "`%.*s` of `%.*s` is %.*s: shorter texts get blanks", STR_ARG(column->name),
                           STR_ARG(table->name), STR_ARG(type));
        LINT_HELP(lint, diag, "use text, or varchar(n), with a CHECK of the length where it matters");
    }
    if (column->type.kind == TYPE_TIMESTAMP) {
        diag = lint_report(lint, L_NAIVE_TIMESTAMP, column->span,
                           "`%.*s` of `%.*s` holds local times, and does not say of which place",
                           STR_ARG(column->name), STR_ARG(table->name));
        LINT_HELP(lint, diag, "use timestamptz, and `at_zone(x, 'Australia/Sydney')` in the map");
    }
    if (column->type.kind == TYPE_FLOAT && lint_name_is_money(column->name)) {
        diag = lint_report(lint, L_FLOAT_MONEY_COLUMN, column->span,
                           "`%.*s` of `%.*s` sounds like money, and a float cannot hold cents exactly",
                           STR_ARG(column->name), STR_ARG(table->name));
        LINT_HELP(lint, diag, "use numeric(12,2) or the like");
    }
    if (str_is(type, "json")) {
        diag = lint_report(lint, L_JSON_COLUMN, column->span,
                           "values of type json cannot be compared: whether `%.*s` has changed is not known",
                           STR_ARG(column->name));
        LINT_HELP(lint, diag, "use jsonb");
    }
}

static void check_columns(struct lint *lint, const struct schema_table *table, const struct map_work *work) {
    for (uint32_t i = 0; i < table->columns.count; i++) {
        const struct schema_column *column = &table->columns.items[i];
        if (column->span.source) check_name(lint, column->name, column->span, "column");
        if (work->assigned[i]) check_column(lint, table, column);
    }
}

/* ---------------------------------------------------------------- foreign keys */

static bool starts_with_columns(const struct schema_key *key, const struct schema_fk *fk) {
    if (key->partial || key->columns.count < fk->columns.count) return false;
    for (uint32_t i = 0; i < fk->columns.count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < fk->columns.count; j++)
            found = found || key->columns.items[i] == fk->columns.items[j];
        if (!found) return false;
    }
    return true;
}

static bool is_indexed(const struct schema_table *table, const struct schema_fk *fk) {
    for (uint32_t i = 0; i < table->keys.count; i++)
        if (starts_with_columns(&table->keys.items[i], fk)) return true;
    for (uint32_t i = 0; i < table->indexes.count; i++)
        if (starts_with_columns(&table->indexes.items[i], fk)) return true;
    return false;
}

/* Rows of the referenced table can be deleted by a rollback: each deletion searches the table that refers. */
static bool is_rolled_back(const struct lint *lint, const struct written *written,
                           const struct schema_fk *fk) {
    const struct schema_table *to =
        schema_find_table(lint->compile->checker.target_schema, fk->ref_schema, fk->ref_table);
    int at = to ? find_written(written, to) : -1;
    if (at < 0) return false;
    const struct ast_clause *rollback = map_clause(written->maps.items[at]->ast, CLAUSE_ROLLBACK);
    return rollback == NULL || !str_is(rollback->word.text, "none");
}

static void check_foreign_keys(struct lint *lint, const struct written *written) {
    struct lint_group group = {0};
    for (uint32_t t = 0; t < written->tables.count; t++) {
        const struct schema_table *table = written->tables.items[t];
        for (uint32_t i = 0; i < table->fks.count; i++) {
            const struct schema_fk *fk = &table->fks.items[i];
            if (fk->columns.count == 0 || is_indexed(table, fk) || !is_rolled_back(lint, written, fk))
                continue;
            struct str column = table->columns.items[fk->columns.items[0]].name;
            lint_group_add(lint, &group, L_UNINDEXED_FOREIGN_KEY, fk->span,
                           arena_printf(lint->arena, "%.*s.%.*s", STR_ARG(table->name), STR_ARG(column)));
        }
    }
    if (group.spans.count == 0) return;
    struct str names = lint_group_names(lint, &group);
    struct diag *diag = lint_report(lint, L_UNINDEXED_FOREIGN_KEY, group.spans.items[0],
                                    "no index begins with %.*s", STR_ARG(names));
    LINT_HELP(lint, diag,
              "each parent that a rollback deletes searches the whole table for children: add indexes");
}

void rules_schema(struct lint *lint) {
    struct written written = {0};
    collect_written(lint, &written);
    for (uint32_t i = 0; i < written.tables.count; i++) {
        const struct schema_table *table = written.tables.items[i];
        check_primary_key(lint, table);
        check_security(lint, table);
        check_triggers(lint, table);
        check_name(lint, table->name, table->span, "table");
        check_columns(lint, table, written.maps.items[i]);
    }
    check_foreign_keys(lint, &written);
}
