/* Keyed tables and key sets: encoding, duplicates, statuses, growth, spilling to disk. */
#include "runtime/base/hash.h"
#include "runtime/vm/key_set.h"
#include "runtime/vm/keyed_table.h"
#include "runtime/value/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct plan plan;
    struct plan_keyed_table table;
    struct plan_type keys[2], columns[3];
};

static void fixture_init(struct fixture *f, enum plan_keyed_kind kind) {
    *f = (struct fixture){0};
    diag_list_init(&f->diags, &f->arena);
    f->keys[0] = (struct plan_type){.kind = TYPE_TEXT};
    f->columns[0] = (struct plan_type){.kind = TYPE_TEXT, .nullable = 1};
    f->columns[1] = (struct plan_type){.kind = TYPE_DECIMAL, .nullable = 1};
    f->columns[2] = (struct plan_type){.kind = TYPE_ARRAY, .element = TYPE_TEXT, .nullable = 1};
    f->table = (struct plan_keyed_table){.name = STR("t"),
                                         .kind = (uint8_t)kind,
                                         .keys = f->keys,
                                         .keys_count = 1,
                                         .columns = f->columns,
                                         .columns_count = 3};
    f->plan.tables = &f->table;
    f->plan.tables_count = 1;
}

static struct value text(const char *s) {
    return (struct value){.kind = TYPE_TEXT, .as_text = str_cstr(s)};
}

static void add(struct fixture *f, struct keyed_table *table, const char *key, enum keyed_status status,
                const char *column) {
    struct value columns[3] = {text(column), {.kind = TYPE_INT, .as_int = 7}, {.kind = TYPE_NULL}};
    assert_true(keyed_table_add(table, str_cstr(key), status, column ? columns : NULL, &f->diags));
}

static const char *fetch_text(const struct keyed_table *table, int64_t row) {
    static char shown[64];
    struct str s;
    if (!keyed_table_fetch(table, row, 0, &s)) return "null";
    snprintf(shown, sizeof shown, "%.*s", STR_ARG(s));
    return shown;
}

static bool same_bytes(struct plan_type type, struct value a, struct value b) {
    struct buf x = {0}, y = {0};
    assert_true(keyed_table_encode(&type, &a, 1, &x));
    assert_true(keyed_table_encode(&type, &b, 1, &y));
    bool same = str_eq(buf_str(&x), buf_str(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

static void equal_keys_have_equal_bytes(void **state) {
    (void)state;
    struct plan_type decimal = {.kind = TYPE_DECIMAL}, real = {.kind = TYPE_FLOAT},
                     interval = {.kind = TYPE_INTERVAL};
    struct value a = {.kind = TYPE_DECIMAL, .as_decimal = {250, 0, 2}},
                 b = {.kind = TYPE_DECIMAL, .as_decimal = {25, 0, 1}};
    assert_true(same_bytes(decimal, a, b));
    struct value two = {.kind = TYPE_INT, .as_int = 2},
                 two_0 = {.kind = TYPE_DECIMAL, .as_decimal = {20, 0, 1}};
    assert_true(same_bytes(decimal, two, two_0));
    struct value zero = {.kind = TYPE_FLOAT, .as_float = 0.0}, minus = {.kind = TYPE_FLOAT, .as_float = -0.0};
    assert_true(same_bytes(real, zero, minus));
    struct value month = {.kind = TYPE_INTERVAL, .as_interval = {.months = 1}};
    struct value days = {.kind = TYPE_INTERVAL, .as_interval = {.days = 30}};
    assert_true(same_bytes(interval, month, days));

    struct plan_type texts[] = {{.kind = TYPE_TEXT}, {.kind = TYPE_TEXT}};
    struct value ab_c[] = {text("ab"), text("c")}, a_bc[] = {text("a"), text("bc")},
                 with_null[] = {text("a"), {.kind = TYPE_NULL}};
    struct buf x = {0}, y = {0};
    assert_true(keyed_table_encode(texts, ab_c, 2, &x));
    assert_true(keyed_table_encode(texts, a_bc, 2, &y));
    assert_false(str_eq(buf_str(&x), buf_str(&y)));
    assert_false(keyed_table_encode(texts, with_null, 2, &y));
    /* One text is its own bytes; storage gives the same as values. */
    assert_true(keyed_table_encode(texts, ab_c, 1, &x));
    assert_true(str_is(buf_str(&x), "ab"));
    const void *parts[] = {&a_bc[0].as_text, &a_bc[1].as_text};
    assert_true(keyed_table_encode(texts, a_bc, 2, &x));
    buf_clear(&y);
    keyed_key_append(texts, parts, 2, &y);
    assert_true(str_eq(buf_str(&x), buf_str(&y)));
    buf_release(&x);
    buf_release(&y);
}

static void array_keys(void **state) {
    (void)state;
    struct plan_type type = {.kind = TYPE_ARRAY, .element = TYPE_TEXT};
    struct str a[] = {STR("ab"), STR("")}, b[] = {STR("a"), STR("b")};
    uint8_t null_second[] = {0, 1};
    struct value x = {.kind = TYPE_ARRAY, .as_array = {a, NULL, 2}},
                 y = {.kind = TYPE_ARRAY, .as_array = {b, NULL, 2}};
    struct value z = {.kind = TYPE_ARRAY, .as_array = {a, null_second, 2}};
    assert_true(same_bytes(type, x, x));
    assert_false(same_bytes(type, x, y));
    assert_false(same_bytes(type, x, z));
}

static void rows_and_columns(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, KEYED_SOURCE);
    struct keyed_table *table = keyed_table_new(&f.plan, 0, 1 << 20, STR("/tmp"));
    int64_t row;
    assert_int_equal(keyed_table_find(table, STR("a"), &row), KEYED_MISSING);
    struct str parts[] = {STR("x"), STR("y")};
    uint8_t nulls[] = {0, 1};
    char key[] = "a", column[] = "one";
    struct value columns[3] = {
        text(column), {.kind = TYPE_NULL}, {.kind = TYPE_ARRAY, .as_array = {parts, nulls, 2}}};
    assert_true(keyed_table_add(table, str_cstr(key), KEYED_PRESENT, columns, &f.diags));
    key[0] = column[0] = '?'; /* values were copied */
    assert_int_equal(keyed_table_find(table, STR("a"), &row), KEYED_FOUND);
    assert_string_equal(fetch_text(table, row), "one");
    struct decimal d;
    assert_false(keyed_table_fetch(table, row, 1, &d));
    struct array array;
    assert_true(keyed_table_fetch(table, row, 2, &array));
    assert_int_equal(array.count, 2);
    assert_true(str_is(((const struct str *)array.items)[0], "x"));
    assert_int_equal(array.nulls[1], 1);
    assert_true(str_is(keyed_table_key(table, row), "a"));
    /* Rows that do not exist are null. */
    assert_false(keyed_table_fetch(table, -1, 0, &array));
    assert_false(keyed_table_fetch(table, 1, 0, &array));
    assert_int_equal(keyed_table_next(table, 99), -1);
    /* The empty key is a key. */
    add(&f, table, "", KEYED_PRESENT, "empty");
    assert_int_equal(keyed_table_find(table, STR(""), &row), KEYED_FOUND);
    assert_true(keyed_table_fetch(table, row, 1, &d));
    assert_int_equal(d.lo, 7);
    keyed_table_free(table);
    keyed_table_free(NULL);
    arena_release(&f.arena);
}

static void duplicates_hang_in_a_chain(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, KEYED_SOURCE);
    struct keyed_table *table = keyed_table_new(&f.plan, 0, 1 << 20, STR("/tmp"));
    add(&f, table, "k", KEYED_PRESENT, "1");
    add(&f, table, "other", KEYED_PRESENT, "x");
    add(&f, table, "k", KEYED_PRESENT, "2");
    add(&f, table, "k", KEYED_PRESENT, "3");
    int64_t row;
    assert_int_equal(keyed_table_find(table, STR("k"), &row), KEYED_SEVERAL);
    assert_string_equal(fetch_text(table, row), "1");
    row = keyed_table_next(table, row);
    assert_string_equal(fetch_text(table, row), "2");
    row = keyed_table_next(table, row);
    assert_string_equal(fetch_text(table, row), "3");
    assert_int_equal(keyed_table_next(table, row), -1);
    assert_int_equal(keyed_table_count(table), 4);
    keyed_table_free(table);
    arena_release(&f.arena);
}

/* present beats rejected beats skipped, in whatever order they come. */
static void statuses_of_a_crosswalk(void **state) {
    (void)state;
    static const struct {
        enum keyed_status statuses[3];
        enum keyed_result result;
    } cases[] = {
        {{KEYED_SKIPPED, KEYED_REJECTED, KEYED_PRESENT}, KEYED_FOUND},
        {{KEYED_PRESENT, KEYED_REJECTED, KEYED_SKIPPED}, KEYED_FOUND},
        {{KEYED_SKIPPED, KEYED_REJECTED, KEYED_SKIPPED}, KEYED_WAS_REJECTED},
        {{KEYED_REJECTED, KEYED_SKIPPED, KEYED_REJECTED}, KEYED_WAS_REJECTED},
        {{KEYED_SKIPPED, KEYED_SKIPPED, KEYED_SKIPPED}, KEYED_WAS_SKIPPED},
        {{KEYED_PRESENT, KEYED_PRESENT, KEYED_SKIPPED}, KEYED_SEVERAL},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct fixture f;
        fixture_init(&f, KEYED_MAP);
        struct keyed_table *table = keyed_table_new(&f.plan, 0, 1 << 20, STR("/tmp"));
        for (int i = 0; i < 3; i++)
            add(&f, table, "k", cases[c].statuses[i], cases[c].statuses[i] == KEYED_PRESENT ? "here" : NULL);
        int64_t row;
        assert_int_equal(keyed_table_find(table, STR("k"), &row), cases[c].result);
        if (cases[c].result == KEYED_FOUND) assert_string_equal(fetch_text(table, row), "here");
        keyed_table_free(table);
        arena_release(&f.arena);
    }
}

enum { MANY = 20000 };

static void large_table(size_t limit) {
    struct fixture f;
    fixture_init(&f, KEYED_SOURCE);
    struct keyed_table *table = keyed_table_new(&f.plan, 0, limit, STR("/tmp"));
    char key[24], column[24];
    int64_t row;
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        snprintf(column, sizeof column, "column %d", i * 3);
        add(&f, table, key, KEYED_PRESENT, column);
    }
    struct str early;
    assert_true(keyed_table_fetch(table, 0, 0, &early));
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        snprintf(column, sizeof column, "column %d", i * 3);
        assert_int_equal(keyed_table_find(table, str_cstr(key), &row), KEYED_FOUND);
        assert_string_equal(fetch_text(table, row), column);
    }
    assert_int_equal(keyed_table_find(table, STR("key 20000"), &row), KEYED_MISSING);
    /* Texts fetched before the table grew stay where they were. */
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "more %d", i);
        add(&f, table, key, KEYED_PRESENT, "x");
    }
    assert_true(str_is(early, "column 0"));
    assert_true(keyed_table_memory(table) > limit);
    keyed_table_free(table);
    arena_release(&f.arena);
}

static void tables_grow_in_memory_and_on_disk(void **state) {
    (void)state;
    large_table(1 << 20);
    large_table(0);
}

static void a_folder_that_is_not_there_is_an_error(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, KEYED_SOURCE);
    struct keyed_table *table = keyed_table_new(&f.plan, 0, 0, STR("/nonexistent/folder"));
    struct value columns[3] = {text("x"), {.kind = TYPE_NULL}, {.kind = TYPE_NULL}};
    assert_false(keyed_table_add(table, STR("k"), KEYED_PRESENT, columns, &f.diags));
    assert_int_equal(f.diags.items.items[0]->code, X_TEMP_FILE);
    int64_t row;
    assert_int_equal(keyed_table_find(table, STR("k"), &row), KEYED_MISSING);
    keyed_table_free(table);
    struct key_set *set = key_set_new(0, STR("/nonexistent/folder"), 1);
    assert_int_equal(key_set_add(set, STR("k"), 0, NULL, &f.diags), KEY_SET_FAILED);
    assert_false(key_set_find(set, STR("k"), NULL));
    key_set_free(set);
    arena_release(&f.arena);
}

static void sets_tell_new_from_seen(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    struct key_set *set = key_set_new(1 << 20, STR("/tmp"), 42);
    uint64_t earlier = 99;
    assert_int_equal(key_set_add(set, STR("a"), 0, &earlier, &diags), KEY_SET_NEW);
    assert_int_equal(earlier, 99);
    assert_int_equal(key_set_add(set, STR("a"), 5, &earlier, &diags), KEY_SET_SEEN);
    assert_int_equal(earlier, 0);
    assert_int_equal(key_set_put(set, STR("a"), 6, &earlier, &diags), KEY_SET_SEEN);
    assert_int_equal(earlier, 0);
    assert_int_equal(key_set_put(set, STR("a"), 7, &earlier, &diags), KEY_SET_SEEN);
    assert_int_equal(earlier, 6);
    assert_int_equal(key_set_put(set, STR(""), 8, NULL, &diags), KEY_SET_NEW);
    assert_true(key_set_find(set, STR("a"), &earlier));
    assert_int_equal(earlier, 7);
    assert_false(key_set_find(set, STR("b"), &earlier));
    assert_int_equal(key_set_count(set), 2);
    assert_int_equal(key_set_add(set, STR("z"), KEY_SET_ORDINAL_MAX, NULL, &diags), KEY_SET_NEW);
    assert_int_equal(key_set_add(set, STR("z"), 1, &earlier, &diags), KEY_SET_SEEN);
    assert_true(earlier == KEY_SET_ORDINAL_MAX);
    assert_int_equal(key_set_add(set, STR("y"), KEY_SET_ORDINAL_MAX + 1, NULL, &diags), KEY_SET_FAILED);
    assert_int_equal(diags.items.items[0]->code, X_TABLE_FULL);
    key_set_free(set);
    key_set_free(NULL);
    arena_release(&arena);
}

static void sets_grow_on_disk(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    struct key_set *set = key_set_new(32 * 1024, STR("/tmp"), 7);
    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < MANY; i++) {
            uint64_t earlier;
            struct str key = str_from((const char *)&i, sizeof i);
            enum key_set_result result = key_set_add(set, key, i, &earlier, &diags);
            assert_int_equal(result, round == 0 ? KEY_SET_NEW : KEY_SET_SEEN);
            if (round == 1) assert_int_equal(earlier, i);
        }
    }
    assert_int_equal(key_set_count(set), MANY);
    assert_true(key_set_memory(set) >= MANY * 16);
    key_set_free(set);
    arena_release(&arena);
}

/* Hashed in groups ahead of being added, across growth, into blocks large enough for pages of their own. */
static void hashes_made_ahead_are_the_same_keys(void **state) {
    (void)state;
    enum { KEYS = 300000, AHEAD = 64 };
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    struct key_set *set = key_set_new((size_t)64 << 20, STR("/tmp"), 9);
    for (uint64_t first = 0; first < KEYS; first += AHEAD) {
        struct hash128 hashes[AHEAD];
        for (uint64_t k = 0; k < AHEAD; k++) {
            uint64_t key = first + k;
            hashes[k] = key_set_hash(set, str_from((const char *)&key, sizeof key));
        }
        for (uint64_t k = 0; k < AHEAD; k++)
            assert_int_equal(key_set_add_hashed(set, hashes[k], first + k, NULL, &diags), KEY_SET_NEW);
    }
    for (uint64_t key = 0; key < KEYS; key += 777) {
        uint64_t earlier;
        struct str text = str_from((const char *)&key, sizeof key);
        assert_int_equal(key_set_add(set, text, 1, &earlier, &diags), KEY_SET_SEEN);
        assert_int_equal(earlier, key);
        assert_true(key_set_find(set, text, &earlier));
    }
    assert_true(key_set_memory(set) >= (size_t)KEYS * 16);
    key_set_free(set);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_keys_have_equal_bytes),
        cmocka_unit_test(array_keys),
        cmocka_unit_test(rows_and_columns),
        cmocka_unit_test(duplicates_hang_in_a_chain),
        cmocka_unit_test(statuses_of_a_crosswalk),
        cmocka_unit_test(tables_grow_in_memory_and_on_disk),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(sets_tell_new_from_seen),
        cmocka_unit_test(sets_grow_on_disk),
        cmocka_unit_test(hashes_made_ahead_are_the_same_keys),
    };
    return cmocka_run_group_tests_name("vm keyed", tests, NULL, NULL);
}
