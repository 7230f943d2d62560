/* Rows of mig.crosswalk: what the server stored of a map's rows, for those who come back to the run, and with
 * `keep crosswalk` for later runs, by key. Sealed where there is a quarantine key and something in them is
 * personal. */
#ifndef MIG_ENGINE_CROSSWALK_ROW_H
#define MIG_ENGINE_CROSSWALK_ROW_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_journal.h"

/* Seals key (where it has one) and columns. */
void crosswalk_row_seal(struct seal_box *box, struct uuid run_id, struct str map,
                        struct journal_crosswalk *row, struct arena *arena);
/* Key (empty: none was kept) and columns as they were before. box NULL: no key. False: it is sealed, and not
 * with this key, or was changed. What was never sealed stays as it is. */
bool crosswalk_row_open(struct seal_box *box, struct uuid run_id, struct str map,
                        struct journal_crosswalk *row, struct arena *arena);
/* Says that it could not be opened. Returns false. */
bool crosswalk_report_sealed(struct str map, bool has_key, struct diag_list *diags);

/* The bytes behind "\x…". */
struct str crosswalk_key_bytes(struct arena *arena, struct str text);
/* The values of a crosswalk's columns from a row's JSON; values[256]. at: where each column stands in the
 * JSON; NULL: in order. A row's part is not in it: null. */
void crosswalk_read_columns(const struct engine *engine, const struct plan_keyed_table *table,
                            const uint32_t *at, struct str json, struct arena *arena, struct value *values);
/* A cell's value; null where ptr is NULL, and where the text is no value of that type any more. */
struct value crosswalk_value(const struct plan *plan, const struct plan_type *type, struct str text,
                             struct arena *arena, struct zone_cache *zones);

#endif
