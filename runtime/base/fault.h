/* Faults: why one row's value could not be computed. */
#ifndef MIG_BASE_FAULT_H
#define MIG_BASE_FAULT_H

#include "runtime/base/diag.h"

enum fault {
    FAULT_NONE = 0,
#define FAULT(symbol, id, title) FAULT_##symbol,
#include "runtime/base/faults.def"
#undef FAULT
    FAULT_COUNT
};

const char *fault_id(enum fault fault);    /* "R0106" */
const char *fault_title(enum fault fault); /* "is not a date" */

#endif
