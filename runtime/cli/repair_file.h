/* Repair files: what `mig quarantine export` wrote and people have corrected. */
#ifndef MIG_CLI_REPAIR_FILE_H
#define MIG_CLI_REPAIR_FILE_H

#include "runtime/cli/cli.h"
#include "runtime/engine/retry.h"

struct repairs {
    VEC(struct retry_row) items;
};

/* Reads a file (*.ndjson, else CSV) or every *.csv and *.ndjson of a folder. False with diagnostics. */
bool repairs_read(struct cli *cli, const struct plan *plan, struct str path, struct repairs *repairs);

/* "map:row" or "map:row:nth". False: it is none of the plan's. */
bool repair_id_parse(const struct plan *plan, struct str id, uint32_t *map, uint64_t *ordinal);

#endif
