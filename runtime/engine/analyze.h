/* Statistics of the loaded tables, so that the first queries after a cutover are planned for the rows that
 * are there. */
#ifndef MIG_ENGINE_ANALYZE_H
#define MIG_ENGINE_ANALYZE_H

#include "runtime/engine/target_postgres.h"

/* ANALYZE of each table that this run wrote rows to. Never a reason to fail: what cannot be analyzed is a
 * line of the log and a note of the report. */
void analyze_tables(struct target_postgres *pg);

#endif
