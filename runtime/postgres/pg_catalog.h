/* The live catalog against the plan: is the target what was compiled against, and may this role load it? A
 * handful of queries, whatever the number of tables. */
#ifndef MIG_POSTGRES_PG_CATALOG_H
#define MIG_POSTGRES_PG_CATALOG_H

#include "runtime/plan/plan.h"
#include "runtime/postgres/pg_connection.h"

/* Compares the tables that the plan's maps, lookups and audit use: existence, columns, types, nullability,
 * defaults, generated and identity columns, enum labels, keys. One diagnostic for each difference: X0317
 * (errors) for what matters to this plan, X0318 (warnings) for the rest. False when there are errors. */
bool pg_catalog_compare(struct pg_connection *connection, const struct plan *plan, struct diag_list *diags);

/* May the role do what the plan needs? USAGE on schemas, SELECT / INSERT / UPDATE on tables, TEMP on the
 * database for conflict maps, and does row level security apply to it? False with one diagnostic for each
 * table, with the statement that helps. */
bool pg_catalog_check_privileges(struct pg_connection *connection, const struct plan *plan,
                                 struct diag_list *diags);

#endif
