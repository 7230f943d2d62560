/* Sketches: exact up to their limits, close beyond, and honest about it. */
#include "runtime/profile/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static uint64_t hash_of(const char *prefix, uint32_t n) {
    char text[32];
    int len = snprintf(text, sizeof text, "%s%u", prefix, n);
    return sketch_hash(str_from(text, (size_t)len));
}

static void test_exact(void **state) {
    (void)state;
    struct sketch sketch;
    sketch_init(&sketch, 1000);
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < 1000; i++)
            assert_int_equal(sketch_add(&sketch, hash_of("v", i)), round == 0);
    assert_true(sketch_is_exact(&sketch));
    assert_int_equal(sketch_count(&sketch), 1000);
    sketch_release(&sketch);
}

static void test_estimate(void **state) {
    (void)state;
    struct sketch sketch;
    sketch_init(&sketch, 4096);
    for (uint32_t i = 0; i < 300000; i++)
        sketch_add(&sketch, hash_of("v", i % 200000));
    assert_false(sketch_is_exact(&sketch));
    assert_in_range(sketch_count(&sketch), 190000, 210000); /* five standard errors are 16,000 */
    assert_true(sketch.cap <= 32768);
    sketch_release(&sketch);
}

static void test_contained(void **state) {
    (void)state;
    struct sketch parent, child, stranger, empty;
    sketch_init(&parent, 2048);
    sketch_init(&child, 2048);
    sketch_init(&stranger, 2048);
    sketch_init(&empty, 2048);
    for (uint32_t i = 0; i < 50000; i++)
        sketch_add(&parent, hash_of("k", i));
    for (uint32_t i = 0; i < 1000; i++) {
        sketch_add(&child, hash_of("k", i * 7));
        sketch_add(&stranger, hash_of(i % 4 ? "s" : "k", i));
    }
    assert_true(sketch_contained(&child, &parent) == 1);
    double some = sketch_contained(&stranger, &parent);
    assert_true(some > 0.05 && some < 0.5); /* a quarter, by the hashes that both keep */
    assert_true(sketch_contained(&parent, &child) < 0.2);
    assert_true(sketch_contained(&empty, &parent) == 0);
    sketch_release(&parent);
    sketch_release(&child);
    sketch_release(&stranger);
    sketch_release(&empty);
}

static void test_counted(void **state) {
    (void)state;
    struct arena arena = {0};
    struct counted counted;
    const struct counted_value **top;
    counted_init(&counted, 100);
    for (uint32_t i = 0; i < 60; i++)
        for (uint32_t n = 0; n <= i; n++) {
            char text[16];
            int len = snprintf(text, sizeof text, "v%02u", i);
            counted_add(&counted, str_from(text, (size_t)len));
        }
    assert_int_equal(counted.missed, 0);
    assert_int_equal(counted_top(&counted, &arena, 2, &top), 2);
    assert_string_equal(top[0]->text, "v59");
    assert_int_equal(top[0]->count, 60);
    /* A flood of rare values: the frequent ones stay, their counts are lower bounds within `missed`. */
    for (uint32_t i = 0; i < 20000; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "r%u", i);
        counted_add(&counted, str_from(text, (size_t)len));
        if (i % 4 == 0) counted_add(&counted, STR("often"));
    }
    assert_true(counted.count <= 100);
    assert_true(counted.missed > 0);
    counted_top(&counted, &arena, 1, &top);
    assert_string_equal(top[0]->text, "often");
    assert_true(top[0]->count <= 5000 && top[0]->count + counted.missed >= 5000);
    counted_release(&counted);
    arena_release(&arena);
}

static void test_long_texts_are_cut_between_characters(void **state) {
    (void)state;
    struct arena arena = {0};
    struct counted counted;
    const struct counted_value **top;
    char text[400];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "ü", 2);
    counted_init(&counted, 10);
    counted_add(&counted, str_from(text, 399 - 1));
    counted_add(&counted, str_from(text, 300));
    assert_int_equal(counted_top(&counted, &arena, 5, &top), 2); /* they differ behind the cut */
    assert_true(top[0]->cut && top[0]->len == COUNTED_TEXT);
    counted_release(&counted);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_estimate),
        cmocka_unit_test(test_contained),
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
