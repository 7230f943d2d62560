/* Indexes and foreign keys that a load drops and puts back: finding them with their exact DDL, noting them in
 * mig.toggled before they are touched, dropping, and putting back, which can be done again at any point.
 *
 * Dropped are only plain indexes (not unique, not of a constraint, no replica identity, not of partitions)
 * and foreign keys of the table itself (not those of other tables on it), whose triggers are all on. */
#ifndef MIG_POSTGRES_PG_TOGGLE_H
#define MIG_POSTGRES_PG_TOGGLE_H

#include "runtime/base/vec.h"
#include "runtime/postgres/pg_journal.h"

struct toggle {
    struct uuid run_id;
    int64_t seq;
    struct str schema, table;
    struct str kind; /* "index" or "foreign key" */
    struct str name;
    struct str drop_ddl, ddl;
    struct str after_ddl; /* VALIDATE CONSTRAINT, a transaction of its own; may be empty */
    bool restored;
};

struct toggle_list {
    VEC(struct toggle) items;
};

/* What stands in the way of dropping and rebuilding, as a sentence; empty: nothing. False with a diagnostic.
 */
bool toggle_check_rights(struct pg_connection *connection, struct str schema, struct str table,
                         struct arena *arena, struct str *why_not, struct diag_list *diags);
/* Appends what can be dropped of a table. False with a diagnostic. */
bool toggle_find(struct pg_connection *connection, struct str schema, struct str table, struct arena *arena,
                 struct toggle_list *list, struct diag_list *diags);
/* Notes items [first, …) in the journal, committed; fills run_id and seq. */
bool toggle_journal(struct pg_connection *connection, const struct journal_run *run, struct toggle_list *list,
                    uint32_t first, struct diag_list *diags);
/* Drops items [first, …), all or none (transaction: of its own, unless one is open). */
bool toggle_drop(struct pg_connection *connection, const struct toggle_list *list, uint32_t first,
                 bool in_run, struct diag_list *diags);
/* What is noted as dropped and not put back, of all runs, in the order in which it is to be put back. A
 * journal without the table gives none. */
bool toggle_read_pending(struct pg_connection *connection, struct arena *arena, struct toggle_list *list,
                         struct diag_list *diags);

enum toggle_outcome {
    TOGGLE_RESTORED,
    TOGGLE_ORPHANS, /* the foreign key is there, but rows without parents keep it from being validated */
    TOGGLE_FAILED   /* diagnostics say why */
};
/* Puts one back, or finds it there already. in_run: in the open transaction, without the journal. */
enum toggle_outcome toggle_restore(struct pg_connection *connection, const struct toggle *toggle, bool in_run,
                                   struct diag_list *diags);
/* Rows without parents of a foreign key: how many (at most a million are counted), and the foreign key's
 * columns of the first few as text, "(a, b) = (1, 2)" each. */
bool toggle_find_orphans(struct pg_connection *connection, const struct toggle *toggle, struct arena *arena,
                         uint64_t *count, struct str *samples, struct diag_list *diags);

#endif
