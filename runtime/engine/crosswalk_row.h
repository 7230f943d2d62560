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

/* A cell's value; null where ptr is NULL, and where the text is no value of that type any more. */
struct value crosswalk_value(const struct plan *plan, const struct plan_type *type, struct str text,
                             struct arena *arena, struct zone_cache *zones);

#endif
