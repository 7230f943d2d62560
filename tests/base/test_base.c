/* Arenas, buffers, UTF-8, hashes, line tables, close names and how diagnostics are drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/diag.h"
#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

static void arenas(void **state) {
    (void)state;
    struct arena arena = {0};
    char *small = arena_alloc(&arena, 3);
    char *large = arena_alloc(&arena, 3 << 20);
    assert_int_equal((uintptr_t)small % 16, 0);
    assert_int_equal((uintptr_t)large % 16, 0);
    memset(large, 1, 3 << 20);
    assert_true(arena.total >= 3 << 20);
    arena_reset(&arena);
    size_t kept = arena.total;
    for (int i = 0; i < 1000; i++)
        memset(arena_alloc(&arena, 1000), 2, 1000);
    assert_int_equal(arena.total, kept);
    assert_true(str_is(arena_printf(&arena, "%d-%s", 7, "x"), "7-x"));
    arena_release(&arena);
    assert_int_equal(arena.total, 0);
}

static void utf8(void **state) {
    (void)state;
    const struct {
        const char *text;
        size_t bad;
    } cases[] = {{"plain ascii, quite long", 23},
                 {"h\xc3\xa9ros", 6},
                 {"\xf0\x9f\x8e\xac", 4},
                 {"a\xc3", 1},
                 {"\xc0\x80", 0},
                 {"x\xed\xa0\x80", 1},
                 {"\xf4\x90\x80\x80", 0},
                 {"12345678\xff", 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_find_invalid(str_cstr(cases[i].text)), cases[i].bad);
    assert_int_equal(utf8_count(STR("h\xc3\xa9ros")), 5);
    assert_int_equal(utf8_offset(STR("h\xc3\xa9ros"), 2), 3);
    assert_int_equal(utf8_display_width(STR("\xe6\x97\xa5x")), 3);
    for (int32_t cp = 0; cp < 0x110000; cp += 97) {
        char bytes[4];
        size_t at = 0;
        if (cp >= 0xd800 && cp < 0xe000) continue;
        struct str s = str_from(bytes, utf8_encode(cp, bytes));
        assert_int_equal(utf8_next(s, &at), cp);
        assert_int_equal(at, s.len);
    }
}

static void hashes(void **state) {
    (void)state;
    char bytes[80] = {0};
    for (size_t a = 0; a < 80; a++)
        for (size_t b = 0; b < a; b++)
            assert_true(hash_bytes64(1, bytes, a) != hash_bytes64(1, bytes, b));
    uint64_t before = hash_bytes64(7, bytes, 40);
    for (size_t i = 0; i < 40; i++) {
        bytes[i] ^= 1;
        assert_true(hash_bytes64(7, bytes, 40) != before);
        bytes[i] ^= 1;
    }
    assert_true(hash_bytes64(8, bytes, 40) != before);
    struct hash128 h = hash_bytes128(7, bytes, 40);
    assert_true(h.lo == before && h.hi != h.lo);
}

static void names(void **state) {
    (void)state;
    struct str words[] = {STR("status"), STR("starts_on"), STR("state"), STR("id")};
    assert_true(str_is(diag_closest_name(STR("statsu"), words, 4), "status"));
    assert_true(str_is(diag_closest_name(STR("STARTS_ONN"), words, 4), "starts_on"));
    assert_int_equal(diag_closest_name(STR("wholly_other"), words, 4).len, 0);
    assert_int_equal(diag_edit_distance(STR("ab"), STR("ba")), 1);
}

static void drawing(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list list;
    diag_list_init(&list, &arena);
    const struct source_text *s = source_text_new(&arena, STR("a.mig"), STR("map x\n  h\xc3\xa9 = nam\n"));
    diag_report(&list, E_SYNTAX, (struct span){s, 0, 3}, "second by order, first by place");
    struct diag *diag = diag_report(&list, E_BAD_NUMBER, (struct span){s, 14, 17}, "no `%s` here", "nam");
    diag_label(&list, diag, (struct span){s, 14, 17}, "not declared");
    diag_label(&list, diag, (struct span){s, 4, 5}, "in this map");
    diag_help(&list, diag, "Did you mean `name`?");
    diag_fix(&list, diag, (struct span){s, 14, 17}, STR("name"));
    diag_report(&list, E_BAD_NUMBER, (struct span){s, 14, 17}, "the same place again");
    diag_list_sort(&list);
    assert_int_equal(list.error_count, 2);
    struct buf out = {0};
    diag_list_render_text(&list, false, 0, &out);
    assert_string_equal(out.ptr, "error[E0101]: second by order, first by place\n"
                                 " --> a.mig:1:1\n"
                                 "1 | map x\n"
                                 "  | ^^^\n"
                                 "\n"
                                 "error[E0105]: no `nam` here\n"
                                 " --> a.mig:2:8\n"
                                 "2 |   h\xc3\xa9 = nam\n"
                                 "  |        ^^^ not declared\n"
                                 "1 | map x\n"
                                 "  |     - in this map\n"
                                 "  help: Did you mean `name`?\n"
                                 "  fix: replace `nam` by `name`\n");
    buf_clear(&out);
    diag_list_render_text(&list, false, 1, &out);
    assert_non_null(strstr(out.ptr, "… and 1 more error\n"));
    buf_clear(&out);
    diag_list_render_json(&list, &out);
    assert_non_null(strstr(out.ptr, "\"line\":2,\"column\":8,\"end_line\":2,\"end_column\":11"));
    assert_non_null(strstr(out.ptr, "\"errors\":2,\"warnings\":0}"));
    buf_release(&out);
    arena_release(&arena);
}

static void json_text(void **state) {
    (void)state;
    struct buf out = {0};
    buf_append_json(&out, STR("a\"\\\n\x01\xff\xc3\xa9"));
    assert_string_equal(out.ptr, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\"");
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas), cmocka_unit_test(utf8),    cmocka_unit_test(hashes),
        cmocka_unit_test(names),  cmocka_unit_test(drawing), cmocka_unit_test(json_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
