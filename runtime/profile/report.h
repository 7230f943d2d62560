/* What the reports of profiles share: the same words in text, JSON and HTML. */
#ifndef MIG_PROFILE_REPORT_H
#define MIG_PROFILE_REPORT_H

#include "runtime/profile/profile.h"

enum { REPORT_TOP = 8, REPORT_PATTERNS = 6 };

/* Values of the column are not to be shown. */
bool report_masks(const struct column_profile *column, const struct report_options *options);
/* A value as it may be shown: whole or masked, line breaks and the like made visible. In the arena. */
struct str report_value(struct arena *arena, const struct column_profile *column,
                        const struct report_options *options, struct str text, bool cut);
/* "date 'DD/MM/YYYY'" and the like. In the arena. */
struct str report_type(struct arena *arena, const struct guess *guess);
/* 1,234,567. In the arena. */
struct str report_count(struct arena *arena, uint64_t n);
/* "97.3%", never 100% for less than all, nor 0% for some. In the arena. */
struct str report_share(struct arena *arena, double share);
/* "31 distinct, every row its own", "about 1,200 distinct (estimated)". In the arena. */
struct str report_distinct(struct arena *arena, const struct column_profile *column);
/* What the table is: "csv, delimiter `;`, windows-1252". In the arena. */
struct str report_source(struct arena *arena, const struct table_profile *profile);
/* The spellings that may mean null, with counts; empty: none. In the arena. */
struct str report_null_words(struct arena *arena, const struct column_profile *column);
/* Sentences that need attention: an ambiguous date, leading zeros, white space. */
struct report_remarks {
    struct str list[12];
    uint32_t count;
};
struct report_remarks report_remarks(struct arena *arena, const struct column_profile *column);

#endif
