/* What the tests of runtime/postgres share: the server's URL, plans made by hand, a stand-in for the VM's
 * registers. */
#ifndef MIG_TESTS_POSTGRES_SUPPORT_H
#define MIG_TESTS_POSTGRES_SUPPORT_H

#include "runtime/postgres/pg_catalog.h"
#include "runtime/postgres/pg_loader.h"
#include "runtime/postgres/pg_reader.h"
#include "runtime/postgres/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct pg_connection *c;
};

/* MIG_TEST_PG_URL; ends the program with 77 (skipped) when it is not set. */
struct str test_url(void);
int fixture_setup(void **state); /* a fresh database's worth: drops schema public and mig, connects */
int fixture_teardown(void **state);
/* Runs SQL that must succeed. */
void run_sql(struct fixture *f, const char *sql);
/* First cell of a query as text in the fixture's arena; "NULL" for null. */
const char *ask(struct fixture *f, const char *sql);
#define assert_answer(f, sql, expected) assert_string_equal(ask((f), (sql)), (expected))
/* All diagnostics rendered; and forgets them. */
const char *take_diags(struct fixture *f);
bool has_code(const struct fixture *f, enum diag_code code);

/* -- plans */

struct column_spec {
    const char *name;
    enum type_kind kind;
    const char *pg_type;
    enum plan_wire wire;
    bool not_null;
    enum type_kind element; /* ARRAY */
};

/* A plan with one enum (portal.mood: sad, ok, happy), one target table public.NAME with these columns and one
 * map that writes all of them, the first being the primary key, registers in the same order. */
struct plan *make_plan(struct fixture *f, const char *table, const struct column_spec *columns,
                       uint32_t count);

/* -- rows */

/* Registers by hand, in the place of a run VM. */
struct vm;
struct vm *fake_vm_new(struct fixture *f, const struct plan *plan, uint32_t rows);
/* Sets register reg of a row; kind TYPE_NULL: null. The value's payload is copied, what it points to is not.
 */
void fake_vm_set(struct vm *vm, uint32_t reg, uint32_t row, struct value value);
void fake_vm_set_scalar(struct vm *vm, uint32_t reg, struct value value);
static inline struct value int_value(int64_t n) {
    return (struct value){.kind = TYPE_INT, .as_int = n};
}
static inline struct value text_value(const char *text) {
    return (struct value){.kind = TYPE_TEXT, .as_text = str_cstr(text)};
}
static inline struct value null_value(void) {
    return (struct value){.kind = TYPE_NULL};
}
/* Encodes all rows, ordinals from first on. */
struct encoded_rows encode_all(struct fixture *f, const struct plan *plan, struct vm *vm, uint32_t rows,
                               uint64_t first, bool returning);

/* -- runs */

struct journal_run start_run(struct fixture *f, const struct plan *plan);
struct journal_batch batch_of(uint64_t ordinal, uint64_t rows);

#endif
