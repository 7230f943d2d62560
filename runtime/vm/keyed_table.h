/* A table in memory with a hash index over its key: lookups (rows of a source or of the target), crosswalks
 * (rows that a map wrote) and codes. Columnar, append-only; rows are found by key and read by row number.
 * Filled by one thread, then read by any number. Storage past a limit lives in an unlinked file of the
 * temporary folder, mapped into memory, so that a large table costs disk, not the process's life. */
#ifndef MIG_VM_KEYED_TABLE_H
#define MIG_VM_KEYED_TABLE_H

#include "runtime/plan/plan.h"

enum keyed_status { KEYED_PRESENT, KEYED_REJECTED, KEYED_SKIPPED };

struct keyed_table;

struct keyed_table *keyed_table_new(const struct plan *plan, uint32_t table, size_t memory_limit,
                                    struct str temp_dir);
void keyed_table_free(struct keyed_table *table);

/* The bytes that stand for a key: equal keys, equal bytes (2.50 and 2.5 are one decimal). A single text key
 * is its own bytes. out is cleared first. False when a part is null: such a key finds nothing. An int part of
 * a decimal key is taken as decimal. */
bool keyed_table_encode(const struct plan_type *types, const struct value *parts, uint32_t count,
                        struct buf *out);
/* The same from storage: parts[n] points at one element of types[n], none is null. Appends to out. What the
 * VM looks up is encoded by this, so it always equals what keyed_table_encode made. */
void keyed_key_append(const struct plan_type *types, const void *const *parts, uint32_t count,
                      struct buf *out);

/* Adds a row (values copied). A second row of a key is kept for joins (many) and counted as duplicate for
 * lookups. For crosswalks a PRESENT row replaces REJECTED or SKIPPED of that key; REJECTED replaces SKIPPED.
 * False with a diagnostic when the temporary file cannot grow. */
bool keyed_table_add(struct keyed_table *table, struct str key, enum keyed_status status,
                     const struct value *columns, struct diag_list *diags);

/* A crosswalk's row turns out to be rejected after all. Nothing happens for a key that is not there. */
void keyed_table_reject(struct keyed_table *table, struct str key);

enum keyed_result { KEYED_FOUND, KEYED_MISSING, KEYED_WAS_REJECTED, KEYED_WAS_SKIPPED, KEYED_SEVERAL };
/* row: the first row with the key (KEYED_FOUND and KEYED_SEVERAL). */
enum keyed_result keyed_table_find(const struct keyed_table *table, struct str key, int64_t *row);
/* The same in two steps, for a loop over many keys: hash all, prefetch, then find. */
uint64_t keyed_table_hash(const struct keyed_table *table, struct str key);
void keyed_table_prefetch(const struct keyed_table *table, uint64_t hash);
enum keyed_result keyed_table_find_hashed(const struct keyed_table *table, struct str key, uint64_t hash,
                                          int64_t *row);
/* Next row of the same key, -1 after the last (joins). */
int64_t keyed_table_next(const struct keyed_table *table, int64_t row);

uint64_t keyed_table_count(const struct keyed_table *table);
/* One column of one row. False: null. Texts point into the table. out has the storage of the column's type.
 */
bool keyed_table_fetch(const struct keyed_table *table, int64_t row, uint32_t column, void *out);
/* The status of a row, and the key it was added with (points into the table). */
enum keyed_status keyed_table_status(const struct keyed_table *table, int64_t row);
struct str keyed_table_key(const struct keyed_table *table, int64_t row);
size_t keyed_table_memory(const struct keyed_table *table);

#endif
