/* Time zones: the system's tz database first (zone_tzif.c), ICU's rules where it has none. */
#include "runtime/value/zone_internal.h"

#include "runtime/value/datetime.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

struct zone {
    const struct transition *transitions; /* the first one is since INT64_MIN */
    uint32_t count;
};

struct zone_cache_entry {
    struct str name;
    const struct zone *zone;
    struct zone_cache_entry *next;
};

enum { CYCLE_DAYS = 146097, NAME_MAX_LENGTH = 64 };
#define TABLE_END    ((int64_t)(ZONE_TABLE_YEAR - 2000) / 100 * 36525 * MICROS_PER_DAY - 4 * MICROS_PER_DAY)
#define CYCLE_MICROS (CYCLE_DAYS * MICROS_PER_DAY)

/* ICU's old Java ids, which mean another zone than their users think, and are unknown to Postgres. */
static const char *const icu_only[] = {"ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT",
                                       "CST", "CTT", "EAT", "ECT", "IET", "IST", "JST", "MIT", "NET",
                                       "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST"};

static bool has_iana_letters(struct str name, UChar id[static NAME_MAX_LENGTH + 1]) {
    if (name.len == 0 || name.len > NAME_MAX_LENGTH) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                  c == '_' || c == '-' || c == '+';
        if (!ok) return false;
        id[i] = (UChar)c;
    }
    id[name.len] = 0;
    return true;
}

static bool is_icu_zone(struct str name, const UChar *id) {
    for (size_t i = 0; i < sizeof icu_only / sizeof *icu_only; i++)
        if (str_is(name, icu_only[i])) return false;
    if (str_starts_with(name, STR("SystemV/")) || str_is(name, "Etc/Unknown")) return false;
    UChar canonical[128];
    UBool is_system = false;
    UErrorCode status = U_ZERO_ERROR;
    ucal_getCanonicalTimeZoneID(id, (int32_t)name.len, canonical, 128, &is_system, &status);
    return U_SUCCESS(status) && is_system;
}

static int64_t micros_from_udate(UDate date) {
    return (int64_t)date * 1000 - INT64_C(10957) * MICROS_PER_DAY;
}

static UDate udate_from_micros(int64_t micros) {
    return (UDate)((micros + INT64_C(10957) * MICROS_PER_DAY) / 1000);
}

/* Seconds east of UTC at an instant. */
static int32_t ask_offset(UCalendar *calendar, UDate at, UErrorCode *status) {
    ucal_setMillis(calendar, at, status);
    int32_t millis =
        ucal_get(calendar, UCAL_ZONE_OFFSET, status) + ucal_get(calendar, UCAL_DST_OFFSET, status);
    return millis / 1000;
}

static bool ask_icu(struct arena *arena, UCalendar *calendar, struct transition_list *out) {
    UErrorCode status = U_ZERO_ERROR;
    UDate at = udate_from_micros(TIMESTAMP_MIN), end = udate_from_micros(TABLE_END);
    VEC_PUSH(arena, &out->items, (struct transition){INT64_MIN, ask_offset(calendar, at, &status)});
    for (;;) {
        ucal_setMillis(calendar, at, &status);
        UDate next;
        if (!ucal_getTimeZoneTransitionDate(calendar, UCAL_TZ_TRANSITION_NEXT, &next, &status)) break;
        if (U_FAILURE(status) || next >= end || next <= at) break;
        at = next;
        int32_t offset = ask_offset(calendar, at, &status);
        if (offset == out->items.items[out->items.count - 1].offset) continue; /* only the name changed */
        VEC_PUSH(arena, &out->items, (struct transition){micros_from_udate(at), offset});
    }
    return U_SUCCESS(status);
}

static bool read_icu(struct arena *arena, struct str name, const UChar *id, struct transition_list *out) {
    if (!is_icu_zone(name, id)) return false;
    UErrorCode status = U_ZERO_ERROR;
    UCalendar *calendar = ucal_open(id, (int32_t)name.len, "", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status)) return false;
    bool ok = ask_icu(arena, calendar, out);
    ucal_close(calendar);
    return ok;
}

enum fault zone_open(struct arena *arena, struct str name, const struct zone **out) {
    UChar id[NAME_MAX_LENGTH + 1];
    struct transition_list list = {0};
    if (!has_iana_letters(name, id)) return FAULT_NO_ZONE;
    if (!zone_read_tzif(arena, name, &list)) {
        list = (struct transition_list){0};
        if (!read_icu(arena, name, id, &list)) return FAULT_NO_ZONE;
    }
    struct zone *zone = ARENA_NEW(arena, struct zone);
    *zone = (struct zone){list.items.items, list.items.count};
    *out = zone;
    return FAULT_NONE;
}

struct str zone_data_version(struct arena *arena) {
    UErrorCode status = U_ZERO_ERROR;
    struct str system = zone_tzif_version(arena);
    return system.len ? system : arena_copy_str(arena, str_cstr(ucal_getTZDataVersion(&status)));
}

/* An instant at or behind the table's end, moved back by whole cycles; *moved is by how much. */
static int64_t into_table(int64_t micros, int64_t *moved) {
    *moved = 0;
    if (micros < TABLE_END - MICROS_PER_DAY * 2) return micros;
    int64_t cycles = (micros - (TABLE_END - MICROS_PER_DAY * 2)) / CYCLE_MICROS + 1;
    *moved = cycles * CYCLE_MICROS;
    return micros - *moved;
}

/* Index of the transition that an instant lies behind. */
static uint32_t find_transition(const struct zone *zone, int64_t utc) {
    uint32_t low = 0, high = zone->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->transitions[middle].since <= utc)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc_micros) {
    int64_t moved;
    return zone->transitions[find_transition(zone, into_table(utc_micros, &moved))].offset;
}

enum fault zone_to_local(const struct zone *zone, int64_t utc_micros, int64_t *local_micros) {
    int64_t local = utc_micros + zone_offset_at(zone, utc_micros) * MICROS_PER_SECOND;
    if (local < TIMESTAMP_MIN || local > TIMESTAMP_MAX) return FAULT_OUT_OF_RANGE;
    *local_micros = local;
    return FAULT_NONE;
}

enum fault zone_to_local_date(const struct zone *zone, int64_t utc_micros, int64_t *days) {
    int64_t local;
    enum fault fault = zone_to_local(zone, utc_micros, &local);
    if (fault == FAULT_NONE) *days = date_of_timestamp(local);
    return fault;
}

/* What a local time means: the instants it stands for (0, 1 or 2), and the offset before a jump. */
struct meaning {
    int64_t first, second;
    int count;
    int32_t offset_before;
};

static struct meaning find_meaning(const struct zone *zone, int64_t local) {
    struct meaning m = {0};
    /* No offset exceeds a day, so that only transitions about a day apart can matter. */
    uint32_t from = find_transition(zone, local - MICROS_PER_DAY);
    for (uint32_t i = from; i < zone->count; i++) {
        const struct transition *t = &zone->transitions[i];
        if (t->since != INT64_MIN && t->since > local + MICROS_PER_DAY) break;
        int64_t utc = local - t->offset * MICROS_PER_SECOND;
        bool last = i + 1 == zone->count;
        if (utc >= t->since && (last || utc < t[1].since)) {
            if (m.count == 0) m.first = utc;
            m.second = utc;
            m.count++;
        }
        if (utc >= t->since || i == from) m.offset_before = t->offset;
    }
    return m;
}

static enum fault check_range(int64_t utc, int64_t *out) {
    if (utc < TIMESTAMP_MIN || utc > TIMESTAMP_MAX) return FAULT_OUT_OF_RANGE;
    *out = utc;
    return FAULT_NONE;
}

enum fault zone_to_utc(const struct zone *zone, int64_t local_micros, int64_t *utc_micros) {
    int64_t moved;
    struct meaning m = find_meaning(zone, into_table(local_micros, &moved));
    if (m.count == 0) return FAULT_NO_LOCAL_TIME;
    if (m.count > 1) return FAULT_TWO_LOCAL_TIMES;
    return check_range(m.first + moved, utc_micros);
}

enum fault zone_assume(const struct zone *zone, int64_t local_micros, enum zone_choice choice,
                       int64_t *utc_micros) {
    int64_t moved, local = into_table(local_micros, &moved);
    struct meaning m = find_meaning(zone, local);
    int64_t utc = m.count == 0             ? local - m.offset_before * MICROS_PER_SECOND
                  : choice == ZONE_EARLIER ? m.first
                                           : m.second;
    return check_range(utc + moved, utc_micros);
}

enum fault zone_cache_find(struct zone_cache *cache, struct str name, const struct zone **out) {
    for (const struct zone_cache_entry *e = cache->entries; e; e = e->next)
        if (str_eq(e->name, name)) {
            *out = e->zone;
            return FAULT_NONE;
        }
    enum fault fault = zone_open(cache->arena, name, out);
    if (fault != FAULT_NONE) return fault;
    struct zone_cache_entry *entry = ARENA_NEW(cache->arena, struct zone_cache_entry);
    *entry = (struct zone_cache_entry){arena_copy_str(cache->arena, name), *out, cache->entries};
    cache->entries = entry;
    return FAULT_NONE;
}
