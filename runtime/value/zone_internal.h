/* Shared by zone.c and zone_tzif.c. */
#ifndef MIG_VALUE_ZONE_INTERNAL_H
#define MIG_VALUE_ZONE_INTERNAL_H

#include "runtime/base/vec.h"
#include "runtime/value/zone.h"

/* offset holds from `since` (UTC micros) up to the next transition. */
struct transition {
    int64_t since;
    int32_t offset; /* seconds east of UTC */
};

struct transition_list {
    VEC(struct transition) items; /* the first one is since INT64_MIN; neighbours differ */
};

/* The table ends here; rules repeat with the calendar, every 400 years, from ZONE_TABLE_YEAR - 400 on. */
enum { ZONE_TABLE_YEAR = 2500 };

/* Reads a zone of the system's tz database (RFC 8536), which is newer than ICU's on most machines, and what
 * Postgres uses there. name: letters, digits, / _ - + only. False: there is no such file, or it is malformed.
 */
bool zone_read_tzif(struct arena *arena, struct str name, struct transition_list *out);
/* "2025b", or empty where the system has no tz database. */
struct str zone_tzif_version(struct arena *arena);

#endif
