/* The container: a plan survives writing and reading, equal plans are equal bytes, and each kind of damage
 * has its own code. */
#include "runtime/plan/container.h"
#include "tests/emit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct buf bytes;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    diag_list_init(&f->diags, &f->arena);
    plan_write(tree_make_plan(&f->arena, &f->diags), &f->bytes);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    buf_release(&f->bytes);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct plan *read(struct fixture *f, struct str bytes) {
    return plan_read(&f->arena, bytes, STR("test.migc"), &f->diags);
}

static void assert_refused(struct fixture *f, struct str bytes, enum diag_code code) {
    f->diags.items.count = 0;
    assert_null(read(f, bytes));
    assert_int_equal(f->diags.items.count, 1);
    assert_string_equal(diag_code_id(f->diags.items.items[0]->code), diag_code_id(code));
}

static void test_round_trip(void **state) {
    struct fixture *f = *state;
    struct plan *plan = read(f, buf_str(&f->bytes));
    assert_non_null(plan);
    assert_int_equal(f->diags.items.count, 0);
    struct buf again = {0};
    plan_write(plan, &again);
    assert_int_equal(again.len, f->bytes.len);
    assert_memory_equal(again.ptr, f->bytes.ptr, again.len);
    struct buf text = {0}, text_again = {0};
    plan_disassemble(plan, &text);
    struct plan *twice = read(f, buf_str(&again));
    plan_disassemble(twice, &text_again);
    assert_true(str_eq(buf_str(&text), buf_str(&text_again)));
    buf_release(&again);
    buf_release(&text);
    buf_release(&text_again);
}

static void test_same_input_same_bytes(void **state) {
    struct fixture *f = *state;
    struct arena other = {0};
    struct diag_list diags;
    diag_list_init(&diags, &other);
    ARENA_ARRAY(&other, char, 12345); /* other addresses */
    struct plan *plan = tree_make_plan(&other, &diags);
    struct buf bytes = {0};
    plan_write(plan, &bytes);
    assert_true(str_eq(buf_str(&bytes), buf_str(&f->bytes)));
    uint8_t hash[32];
    plan_hash(plan, hash);
    assert_memory_equal(hash, f->bytes.ptr + PLAN_SHA256_AT, 32);
    buf_release(&bytes);
    arena_release(&other);
}

static void test_not_a_plan(void **state) {
    struct fixture *f = *state;
    assert_refused(f, STR(""), X_PLAN_MAGIC);
    assert_refused(f, STR("migration x version 1\n"), X_PLAN_MAGIC);
    f->bytes.ptr[4] = '\n'; /* CR LF made LF */
    assert_refused(f, buf_str(&f->bytes), X_PLAN_MAGIC);
    assert_int_equal(f->diags.items.items[0]->help.count, 1);
}

static void test_other_version(void **state) {
    struct fixture *f = *state;
    f->bytes.ptr[PLAN_VERSION_AT]++;
    assert_refused(f, buf_str(&f->bytes), X_PLAN_VERSION);
}

static void test_other_instructions(void **state) {
    struct fixture *f = *state;
    f->bytes.ptr[PLAN_TABLE_HASH_AT + 3] ^= 1;
    assert_refused(f, buf_str(&f->bytes), X_PLAN_INSTRUCTIONS);
}

static void test_truncated(void **state) {
    struct fixture *f = *state;
    for (size_t len = PLAN_MAGIC_BYTES; len < f->bytes.len; len += 7)
        assert_refused(f, str_from(f->bytes.ptr, len), X_PLAN_TRUNCATED);
    buf_append_char(&f->bytes, 'x');
    assert_refused(f, buf_str(&f->bytes), X_PLAN_TRUNCATED);
}

static void test_changed(void **state) {
    struct fixture *f = *state;
    for (size_t at = PLAN_HEADER_BYTES; at < f->bytes.len; at += 11) {
        f->bytes.ptr[at] ^= 0x20;
        assert_refused(f, buf_str(&f->bytes), X_PLAN_CHECKSUM);
        f->bytes.ptr[at] ^= 0x20;
    }
    f->bytes.ptr[PLAN_SHA256_AT] ^= 1;
    assert_refused(f, buf_str(&f->bytes), X_PLAN_CHECKSUM);
}

/* Content with a valid checksum that is no plan: lengths that lie, numbers in a longer form, bytes left over.
 */
static void test_malformed_content(void **state) {
    struct fixture *f = *state;
    static const char *const contents[] = {"\xff\xff\xff\xff\x7f", "\x80", "\x81\x01", "\x05xyz",
                                           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct str content = str_cstr(contents[i]);
        struct buf bytes = {0};
        buf_append(&bytes, f->bytes.ptr, PLAN_HEADER_BYTES);
        memset(bytes.ptr + PLAN_LENGTH_AT, 0, 8);
        bytes.ptr[PLAN_LENGTH_AT] = (char)content.len;
        plan_hash_bytes(content, (uint8_t *)bytes.ptr + PLAN_SHA256_AT);
        buf_append_str(&bytes, content);
        assert_refused(f, buf_str(&bytes), X_PLAN_CONTENT);
        buf_release(&bytes);
    }
}

/* A count of four billion structs in a plan of a few bytes is refused before anything is allocated for it. */
static void test_huge_count(void **state) {
    struct fixture *f = *state;
    struct buf bytes = {0};
    /* migration, version, compiler, two hashes, schema_text: empty; files: 2^32 - 1 */
    static const char content[] = "\0\0\0\0\0\0\xff\xff\xff\xff\x0f";
    buf_append(&bytes, f->bytes.ptr, PLAN_HEADER_BYTES);
    memset(bytes.ptr + PLAN_LENGTH_AT, 0, 8);
    bytes.ptr[PLAN_LENGTH_AT] = sizeof content - 1;
    plan_hash_bytes(str_from(content, sizeof content - 1), (uint8_t *)bytes.ptr + PLAN_SHA256_AT);
    buf_append(&bytes, content, sizeof content - 1);
    size_t before = f->arena.total;
    assert_refused(f, buf_str(&bytes), X_PLAN_CONTENT);
    assert_true(f->arena.total - before < 1024 * 1024);
    buf_release(&bytes);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),    TEST(test_same_input_same_bytes), TEST(test_not_a_plan),
        TEST(test_other_version), TEST(test_other_instructions),    TEST(test_truncated),
        TEST(test_changed),       TEST(test_malformed_content),     TEST(test_huge_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
