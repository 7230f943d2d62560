/* Records of rejected rows as a run has kept them: MAP.sealed, for those who have the key, or MAP.ndjson,
 * where nothing in them is personal. */
#ifndef MIG_CLI_KEPT_RECORDS_H
#define MIG_CLI_KEPT_RECORDS_H

#include "runtime/cli/cli.h"
#include "runtime/seal/seal.h"

struct kept_record {
    uint64_t ordinal; /* of its source row among the map's rows */
    struct str json;
};

struct kept_records {
    bool found;                    /* there is a file */
    bool sealed;                   /* and it was the sealed one */
    bool complete;                 /* its writer closed it */
    VEC(struct kept_record) items; /* by ordinal, one each: the last that was written */
};

/* Reads one map's. key NULL: none was given. False with diagnostics (no key, another one, expired, changed).
 */
bool kept_records_read(struct cli *cli, struct str folder, const struct seal_subject *subject,
                       const struct seal_key *key, struct kept_records *records);
/* NULL: there is none. */
const struct kept_record *kept_records_find(const struct kept_records *records, uint64_t ordinal);

#endif
