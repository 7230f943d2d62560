/* Kernels for dates, times, intervals and zones. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/datetime.h"
#include "runtime/value/interval.h"

typedef struct interval interval_t;

/* ---------------------------------------------------------------- arithmetic */

TRY2(ADD_DATE_INT, int64_t, int64_t, int64_t, date_add_days(x, y, &r))
/* INT64_MIN has no opposite, but is out of a date's range in either direction. */
TRY2(SUB_DATE_INT, int64_t, int64_t, int64_t, y == INT64_MIN ? FAULT_OUT_OF_RANGE : date_add_days(x, -y, &r))
TRY2(SUB_DATE_DATE, int64_t, int64_t, int64_t, date_subtract_date(x, y, &r))
TRY2(ADD_DATE_INTERVAL, int64_t, int64_t, interval_t, date_add_interval(x, y, &r))
TRY2(SUB_DATE_INTERVAL, int64_t, int64_t, interval_t, date_subtract_interval(x, y, &r))
TRY2(ADD_TIMESTAMP_INTERVAL, int64_t, int64_t, interval_t, timestamp_add_interval(x, y, &r))
TRY2(SUB_TIMESTAMP_INTERVAL, int64_t, int64_t, interval_t, timestamp_subtract_interval(x, y, &r))
TRY2(SUB_TIMESTAMP_TIMESTAMP, interval_t, int64_t, int64_t, timestamp_subtract_timestamp(x, y, &r))
TRY2(ADD_TIMESTAMPTZ_INTERVAL, int64_t, int64_t, interval_t, timestamptz_add_interval(x, y, &r))
TRY2(SUB_TIMESTAMPTZ_INTERVAL, int64_t, int64_t, interval_t, timestamptz_subtract_interval(x, y, &r))
TRY2(SUB_TIMESTAMPTZ_TIMESTAMPTZ, interval_t, int64_t, int64_t, timestamp_subtract_timestamp(x, y, &r))
TRY2(ADD_INTERVAL, interval_t, interval_t, interval_t, interval_add(x, y, &r))
TRY2(SUB_INTERVAL, interval_t, interval_t, interval_t, interval_subtract(x, y, &r))
TRY2(MUL_INTERVAL_INT, interval_t, interval_t, int64_t, interval_multiply(x, y, &r))
TRY1(NEG_INTERVAL, interval_t, interval_t, interval_negate(x, &r))
TRY2(ADD_TIME_INTERVAL, int64_t, int64_t, interval_t, time_add_interval(x, y, &r))
MAP2(SUB_TIME_TIME, interval_t, int64_t, int64_t, ((interval_t){.micros = x - y}))
TRY2(AGE, interval_t, int64_t, int64_t, timestamp_age(x, y, &r))

static enum fault date_age(int64_t a, int64_t b, interval_t *out) {
    int64_t from, to;
    enum fault fault = timestamp_from_date(a, 0, &to);
    if (fault == FAULT_NONE) fault = timestamp_from_date(b, 0, &from);
    return fault == FAULT_NONE ? timestamp_age(to, from, out) : fault;
}
TRY2(AGE_DATE, interval_t, int64_t, int64_t, date_age(x, y, &r))

/* ---------------------------------------------------------------- zones */

#define ZONE (call->vm->set->patterns[call->instr->imm].zone)
TRY1(AT_ZONE, int64_t, int64_t, zone_to_utc(ZONE, x, &r))
TRY1(ASSUME_ZONE, int64_t, int64_t, zone_assume(ZONE, x, ZONE_LATER, &r))
TRY1(DATE_AT, int64_t, int64_t, zone_to_local_date(ZONE, x, &r))
TRY1(TIMESTAMP_AT, int64_t, int64_t, zone_to_local(ZONE, x, &r))

/* ---------------------------------------------------------------- parts */

MAP1(DATE_OF, int64_t, int64_t, date_of_timestamp(x))
MAP1(TIME_OF, int64_t, int64_t, time_of_timestamp(x))
TRY1(DATE_TO_TIMESTAMP, int64_t, int64_t, timestamp_from_date(x, 0, &r))
TRY2(DATE_AND_TIME, int64_t, int64_t, int64_t, timestamp_from_date(x, y, &r))
TRY3(MAKE_DATE, int64_t, int64_t, int64_t, int64_t, date_from_parts(x, y, z, &r))
TRY3(MAKE_TIME, int64_t, int64_t, int64_t, int64_t, time_from_parts(x, y, z, 0, &r))
TRY1(TIMESTAMPTZ_OF_EPOCH, int64_t, int64_t, timestamptz_from_epoch(x, &r))
MAP1(EPOCH_OF_TIMESTAMPTZ, int64_t, int64_t, timestamptz_to_epoch(x))
TRY1(MONTH_END, int64_t, int64_t, date_month_end(x, &r))

#define PART(symbol, part)                                                                                   \
    TRY1(symbol##_OF_DATE, int64_t, int64_t, date_extract(x, part, &r))                                      \
    TRY1(symbol##_OF_TIMESTAMP, int64_t, int64_t, timestamp_extract(x, part, &r))
PART(YEAR, PART_YEAR)
PART(QUARTER, PART_QUARTER)
PART(MONTH, PART_MONTH)
PART(WEEK, PART_WEEK)
PART(DAY, PART_DAY)
PART(WEEKDAY, PART_WEEKDAY)
PART(DAY_OF_YEAR, PART_DAY_OF_YEAR)

#define TIME_PART(symbol, part)                                                                              \
    TRY1(symbol##_OF_TIME, int64_t, int64_t, time_extract(x, part, &r))                                      \
    TRY1(symbol##_OF_TIMESTAMP, int64_t, int64_t, timestamp_extract(x, part, &r))
TIME_PART(HOUR, PART_HOUR)
TIME_PART(MINUTE, PART_MINUTE)
TIME_PART(SECOND, PART_SECOND)

#define TRUNCATE(symbol, truncate)                                                                           \
    KERNEL(symbol) {                                                                                         \
        const int64_t *a = call->arg[0].data;                                                                \
        const struct str *b = call->arg[1].data;                                                             \
        const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;                                       \
        int64_t *out = call->out;                                                                            \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            enum datetime_part unit;                                                                         \
            int64_t r;                                                                                       \
            enum fault fault =                                                                               \
                datetime_part_find(b[i * sb], &unit) ? truncate(a[i * sa], unit, &r) : FAULT_BAD_ARGUMENT;   \
            if (fault == FAULT_NONE)                                                                         \
                out[i] = r;                                                                                  \
            else                                                                                             \
                call_fail_operand(call, i, fault, fault == FAULT_BAD_ARGUMENT);                              \
        }                                                                                                    \
    }
TRUNCATE(TRUNCATE_DATE, date_truncate)
TRUNCATE(TRUNCATE_TIMESTAMP, timestamp_truncate)
