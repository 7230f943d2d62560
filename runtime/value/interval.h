/* Intervals of months, days and microseconds, read and printed as Postgres does (intervalstyle postgres). */
#ifndef MIG_VALUE_INTERVAL_H
#define MIG_VALUE_INTERVAL_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

enum { INTERVAL_TEXT_MAX = 96 };

/* '14 days', '1 year 2 mons -3 days', '2 hours 30 minutes', '04:05:06.789', '1 day 04:05', 'P1Y2M10DT2H30M',
 * each unit at most once; 'ago' at the end negates. Fractions are taken for weeks, days, hours, minutes and
 * seconds where they come out in whole days or microseconds. FAULT_NOT_INTERVAL, FAULT_LOSSY,
 * FAULT_OUT_OF_RANGE. */
enum fault interval_parse(struct str text, struct interval *out);
/* "1 year 2 mons 3 days 04:05:06.789"; zero is "00:00:00". Returns the bytes, adds no NUL. */
struct str interval_format(struct arena *arena, struct interval interval);

/* One text for all intervals that compare equal: "30 days 0 us" for a month too. For keys, not for people. */
size_t interval_write_key(struct interval interval, char out[static INTERVAL_TEXT_MAX]);

/* Part by part; FAULT_OUT_OF_RANGE when a part overflows. */
enum fault interval_add(struct interval a, struct interval b, struct interval *out);
enum fault interval_subtract(struct interval a, struct interval b, struct interval *out);
enum fault interval_negate(struct interval interval, struct interval *out);
enum fault interval_multiply(struct interval interval, int64_t factor, struct interval *out);
/* As Postgres compares: a month as 30 days, a day as 24 hours. '1 month' equals '30 days'. */
int interval_compare(struct interval a, struct interval b);
/* Equal for intervals that compare equal. */
uint64_t interval_hash(uint64_t seed, struct interval interval);

/* n of a unit: year, month, week, day, hour, minute, second, ms and their plurals. Used for `14 days`.
 * FAULT_BAD_ARGUMENT for no such unit, FAULT_OUT_OF_RANGE. */
enum fault interval_from_unit(int64_t n, struct str unit, struct interval *out);

#endif
