/* IANA time zones: one table of transitions per zone, made when the zone is opened from the system's tz
 * database (or, where there is none, from ICU's older copy of it). The table is immutable after that and
 * shared between threads; nothing else is kept. Times far in the future repeat the Gregorian calendar's
 * 400-year cycle. */
#ifndef MIG_VALUE_ZONE_H
#define MIG_VALUE_ZONE_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct zone;

/* A zone by its IANA name, case-sensitive ("Australia/Sydney", "UTC"). ICU's own three-letter names (AET,
 * IST) and custom ids (GMT+10) are FAULT_NO_ZONE. Takes some milliseconds. */
enum fault zone_open(struct arena *arena, struct str name, const struct zone **out);
/* Version of the time zone data, "2025b"; into the arena. */
struct str zone_data_version(struct arena *arena);

/* Seconds east of UTC at a UTC instant (a timestamptz). */
int32_t zone_offset_at(const struct zone *zone, int64_t utc_micros);

/* timestamptz to the local timestamp. FAULT_OUT_OF_RANGE at the ends of time only. */
enum fault zone_to_local(const struct zone *zone, int64_t utc_micros, int64_t *local_micros);
/* The local date (date_at). */
enum fault zone_to_local_date(const struct zone *zone, int64_t utc_micros, int64_t *days);

/* Local timestamp to timestamptz (at_zone). FAULT_NO_LOCAL_TIME for a time that the clocks jumped over,
 * FAULT_TWO_LOCAL_TIMES for one that they showed twice. */
enum fault zone_to_utc(const struct zone *zone, int64_t local_micros, int64_t *utc_micros);

enum zone_choice {
    ZONE_EARLIER, /* of two instants the first (daylight time, mostly) */
    ZONE_LATER    /* of two instants the second (standard time, mostly); this is what Postgres takes */
};
/* The same without faults for such times (assume_zone): of two instants the chosen one. A time that the
 * clocks jumped over is read with the offset from before the jump, under both choices, as Postgres does
 * (02:30 becomes 03:30). */
enum fault zone_assume(const struct zone *zone, int64_t local_micros, enum zone_choice choice,
                       int64_t *utc_micros);

/* Zones by name, opened at first use; for texts that carry the name of a zone. Belongs to one thread at a
 * time. An all-zero struct with arena set is valid and empty. */
struct zone_cache_entry;
struct zone_cache {
    struct arena *arena; /* owns the zones */
    struct zone_cache_entry *entries;
};
enum fault zone_cache_find(struct zone_cache *cache, struct str name, const struct zone **out);

#endif
