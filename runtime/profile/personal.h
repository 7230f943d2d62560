/* Suspicions that a column holds personal data, from its name and from its values. */
#ifndef MIG_PROFILE_PERSONAL_H
#define MIG_PROFILE_PERSONAL_H

#include "runtime/profile/column.h"

/* column is finished but for this. table: its name. */
enum personal_kind personal_suspect(const struct column_profile *column, struct str table);
/* The same from a name alone, for columns of a target. */
enum personal_kind personal_by_name(struct str name, struct str table);
/* What stands for a personal value: how long it is. In the arena. */
struct str personal_mask(struct arena *arena, struct str text);

#endif
