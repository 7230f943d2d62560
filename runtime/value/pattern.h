/* Postgres' template patterns for dates and numbers, compiled once, read strictly, and used for printing too.
 *
 * Date and time fields: YYYY (exactly four digits), MM DD HH24 HH (= HH12) HH12 MI SS (one or two), MS
 * (three) US (six), AM PM A.M. P.M. (either half, any case), MON MONTH DY DAY (English, any case; the
 * pattern's case decides only what is printed), DDD (day of year), TZH TZM OF (offset from UTC), IYYY IW ID
 * (ISO week date), Q and D (printing only), Y,YYY is not taken, two-digit years (YY) are refused because
 * their century is a guess. FM before a field prints it without padding; it makes no difference in reading.
 * Text in "double quotes" and every other character stands for itself. Reading: the whole text matches; a
 * field fills at most once; weekday names must agree with the date.
 *
 * Number fields: 9 (a digit that may be missing), 0 (a digit that is always there), . D (point), , G (group
 * separator), S SG (sign, before or behind), MI (minus or blank), PL (plus or blank), PR (<1> for negatives),
 * L $ (the sign `$`), FM (printing without padding); V, EEEE, RN and TH are refused. D is `.` and G is `,`.
 * Reading takes at most as many digits on each side as there are 9s and 0s, at least as many as from the
 * first 0 before the point and to the last 0 behind it, at least one in all, and group separators exactly
 * where the pattern has them or none at all. S, MI and PL may be missing in the text; without any of S, MI,
 * PL, PR a leading `-` is taken. No blanks are taken but those of the pattern.
 */
#ifndef MIG_VALUE_PATTERN_H
#define MIG_VALUE_PATTERN_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct pattern; /* immutable after compiling: shared between threads */

enum pattern_kind { PATTERN_DATETIME, PATTERN_NUMBER };

/* Compiles text (kept by reference) into the arena. False: *error says what is wrong, in the style of
 * diagnostics, and *error_at is the byte in text. */
bool pattern_compile(struct arena *arena, struct str text, enum pattern_kind kind, const struct pattern **out,
                     struct str *error, size_t *error_at);

/* Whether the pattern has what a value of this type needs: DATE a full date and no time, TIME hours and
 * minutes and no date, TIMESTAMP both, TIMESTAMPTZ both, with or without an offset (without one the caller
 * must name a zone: see pattern_has_offset), INT and DECIMAL a number. Missing smaller fields (seconds) are
 * 0. False: *error says what is missing. */
bool pattern_check_reading(struct arena *arena, const struct pattern *pattern, enum type_kind kind,
                           struct str *error);
/* Whether values of this type can be printed by the pattern. */
bool pattern_check_printing(struct arena *arena, const struct pattern *pattern, enum type_kind kind,
                            struct str *error);
bool pattern_has_offset(const struct pattern *pattern);

/* Read a whole text; the pattern must have passed pattern_check_reading for the type. FAULT_NOT_DATE etc. */
enum fault pattern_parse_date(const struct pattern *pattern, struct str text, int64_t *out);
enum fault pattern_parse_time(const struct pattern *pattern, struct str text, int64_t *out);
enum fault pattern_parse_timestamp(const struct pattern *pattern, struct str text, int64_t *out);
enum fault pattern_parse_timestamptz(const struct pattern *pattern, struct str text, int64_t *out);
enum fault pattern_parse_decimal(const struct pattern *pattern, struct str text, struct decimal *out);
enum fault pattern_parse_int(const struct pattern *pattern, struct str text, int64_t *out);

/* Print, as Postgres' to_char. FAULT_OUT_OF_RANGE for what the pattern has no room for (Postgres prints ###
 * then, a silent loss), FAULT_LOSSY for digits behind the point that the pattern would drop. timestamptz is
 * printed in UTC: convert with zone.h first for another zone. */
enum fault pattern_format_date(struct arena *arena, const struct pattern *pattern, int64_t days,
                               struct str *out);
enum fault pattern_format_time(struct arena *arena, const struct pattern *pattern, int64_t micros,
                               struct str *out);
enum fault pattern_format_timestamp(struct arena *arena, const struct pattern *pattern, int64_t micros,
                                    struct str *out);
enum fault pattern_format_timestamptz(struct arena *arena, const struct pattern *pattern, int64_t micros,
                                      struct str *out);
enum fault pattern_format_decimal(struct arena *arena, const struct pattern *pattern, struct decimal d,
                                  struct str *out);

#endif
