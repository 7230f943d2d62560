/* The target's DDL in the sandbox, and the rows that a spec's folder brings for it. */
#include "runtime/cli/cli.h"

#include "runtime/postgres/pg_connection.h"

/* True when the first of the plan's tables is there already. */
static bool has_tables(struct pg_connection *connection, const struct plan *plan, struct diag_list *diags) {
    if (plan->target.tables_count == 0) return true;
    const struct plan_target_table *table = &plan->target.tables[0];
    struct buf name = {0};
    pg_append_qualified(&name, table->schema, table->name);
    struct str param = buf_str(&name);
    struct pg_result *result = pg_query(connection, "select to_regclass($1) is not null", &param, 1, diags);
    bool there = result && pg_result_bool(result, 0, 0);
    pg_result_free(result);
    buf_release(&name);
    return there;
}

bool cli_apply_schema(struct cli *cli, struct str url, const struct plan *plan) {
    enum pg_error error;
    struct pg_connection *connection = pg_connect(url, NULL, &error, &cli->diags);
    if (connection == NULL) return false;
    bool good = true;
    if (!has_tables(connection, plan, &cli->diags) && plan->schema_text.len)
        good = pg_begin(connection, &cli->diags) &&
               pg_exec(connection, arena_copy_cstr(&cli->arena, plan->schema_text), &cli->diags) &&
               pg_commit(connection, &cli->diags);
    pg_close(connection);
    return good;
}
