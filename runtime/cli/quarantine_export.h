/* Rejected rows as files that people repair: one for each map, for `mig retry`. */
#ifndef MIG_CLI_QUARANTINE_EXPORT_H
#define MIG_CLI_QUARANTINE_EXPORT_H

#include "runtime/cli/run_ref.h"

/* Columns of a repair file besides the record's own. */
#define REPAIR_ID     "_mig_id"
#define REPAIR_FAULTS "_mig_faults"
#define REPAIR_RAW    "_mig_raw"

struct export_options {
    struct str folder; /* made where it is not there; its files must not be */
    struct str map;    /* empty: all */
    struct str key_variable;
    bool ndjson;
};

/* Writes the files and says so on standard output. Returns the exit code; diagnostics in cli->diags. */
int quarantine_export(struct cli *cli, struct run_ref *ref, const struct export_options *options);

/* Where a run keeps its rejected rows. */
struct str quarantine_folder(struct cli *cli, const struct run_ref *ref);

#endif
