/* Texts that nobody writes on purpose: deep, huge, torn, binary. Nothing crashes, hangs or fills memory, and
 * each limit has its own error. */
#include "tests/syntax/test_syntax.h"
#include "compiler/syntax/report.h"

#include <stdio.h>

static void assert_only_code(struct str text, const char *code, uint32_t line) {
    struct parsed parsed;
    parsed_init(&parsed, text);
    assert_true(parsed.diags.items.count > 0);
    assert_true(parsed.file->has_errors);
    for (uint32_t i = 0; i < parsed.diags.items.count; i++)
        assert_string_equal(diag_code_id(parsed.diags.items.items[i]->code), code);
    struct line_column at =
        source_text_locate(parsed.source, parsed.diags.items.items[0]->primary.span.start);
    assert_int_equal(at.line, line);
    parsed_release(&parsed);
}

/* use a / fn f() int = PREFIX… 1 …SUFFIX / use b, with `count` of each part. */
static void nested(struct buf *text, const char *prefix, const char *suffix, uint32_t count) {
    buf_append_cstr(text, "use a\nfn f() int = ");
    for (uint32_t i = 0; i < count; i++)
        buf_append_cstr(text, prefix);
    buf_append_cstr(text, "1");
    for (uint32_t i = 0; i < count; i++)
        buf_append_cstr(text, suffix);
    buf_append_cstr(text, "\nuse b\n");
}

static void deep_nesting(void **state) {
    (void)state;
    static const struct {
        const char *prefix, *suffix;
    } shapes[] = {{"(", ")"},
                  {"(", ""},
                  {"[", "]"},
                  {"f(", ")"},
                  {"a[", "]"},
                  {"not ", ""},
                  {"- ", ""},
                  {"1 + ", ""},
                  {"if a then ", " else b"},
                  {"if a then b else ", ""},
                  {"match a { _ => ", " }"},
                  {"", ".a"},
                  {"", "[1]"},
                  {"", " ?? 1"},
                  {"\"{", "}\""},
                  {"case when a then ", " end"},
                  {"a in (", ")"},
                  {"", " or a"},
                  {"x on error use (", ")"}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (uint32_t count = 250; count <= 60000; count *= 240) {
            struct buf text = {0};
            struct parsed parsed;
            nested(&text, shapes[s].prefix, shapes[s].suffix, count);
            parsed_init(&parsed, buf_str(&text));
            assert_true(parsed.file->has_errors);
            parsed_release(&parsed);
            buf_release(&text);
        }
}

static void depth_has_its_own_error(void **state) {
    (void)state;
    struct buf text = {0};
    nested(&text, "(", ")", PARSE_MAX_DEPTH + 1);
    assert_only_code(buf_str(&text), "E0107", 2);
    buf_clear(&text);
    nested(&text, "", " + 1", PARSE_MAX_DEPTH + 1);
    assert_only_code(buf_str(&text), "E0107", 2);
    buf_clear(&text);
    nested(&text, "not ", "", 100000);
    assert_only_code(buf_str(&text), "E0107", 2);
    buf_clear(&text);
    nested(&text, "(", ")", PARSE_MAX_DEPTH - 2);
    assert_errors(text.ptr, "");
    buf_release(&text);
}

/* A declaration that is too deep does not hide the others. */
static void depth_spares_the_rest(void **state) {
    (void)state;
    struct buf text = {0};
    struct parsed parsed;
    nested(&text, "(", ")", 5000);
    buf_append_cstr(&text, "use c d\n");
    parsed_init(&parsed, buf_str(&text));
    assert_int_equal(parsed.diags.items.count, 2);
    assert_int_equal(parsed.file->decls.count,
                     3); /* a, what is left of f, b; of a broken `use` nothing is left */
    parsed_release(&parsed);
    buf_release(&text);
}

static void bytes_that_are_no_text(void **state) {
    (void)state;
    assert_only_code(str_from("use a\nuse \0b\n", 13), "E0102", 2);
    assert_only_code(STR("use a\n-- \xFF\n"), "E0102", 2);
    assert_only_code(STR("use a\n\n'\xC3("), "E0102", 3);
    assert_only_code(STR("use a -- \xED\xA0\x80\n"), "E0102", 1);
    assert_only_code(STR("\xFF\xFEu\0s\0e\0"), "E0102", 1);
    assert_only_code(STR("use a -- \xE2\x80\xAE\n"), "E0104", 1);
    assert_only_code(STR("use a\n\x01\n"), "E0104", 2);
}

static void too_large(void **state) {
    (void)state;
    struct buf text = {0};
    buf_repeat_char(&text, ' ', PARSE_MAX_BYTES + 1);
    assert_only_code(buf_str(&text), "E0111", 1);
    buf_clear(&text);
    for (uint32_t i = 0; i < PARSE_MAX_BYTES / 2; i++)
        buf_append(&text, "+ ", 2);
    struct parsed parsed;
    parsed_init(&parsed, buf_str(&text));
    assert_true(parsed.file->has_errors);
    parsed_release(&parsed);
    buf_release(&text);
}

/* Many small expressions in one text: time and memory stay in proportion. */
static void many_holes(void **state) {
    (void)state;
    struct buf text = {0};
    buf_append_cstr(&text, "use a\nfn f() text = \"");
    for (uint32_t i = 0; i < 210000; i++)
        buf_append_cstr(&text, "{a}");
    buf_append_cstr(&text, "\"\n");
    assert_only_code(buf_str(&text), "E0111", 2);
    buf_release(&text);
}

static void noise_has_a_cap(void **state) {
    (void)state;
    struct buf text = {0};
    struct parsed parsed;
    for (uint32_t i = 0; i < 50000; i++)
        buf_append_cstr(&text, "nonsense @ here\n");
    parsed_init(&parsed, buf_str(&text));
    assert_int_equal(parsed.diags.items.count, SYNTAX_MAX_ERRORS);
    parsed_release(&parsed);
    buf_release(&text);
}

/* ------------------------------------------------------------------ torn and mixed texts */

static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* One change: bytes dropped, doubled, swapped for others of the text, or for a piece of syntax. */
static void mutate(struct buf *text, const struct buf *original, uint64_t *random) {
    static const char *const pieces[] = {
        "{",        "}",      "(",           ")",     "[",         "]",
        "\n",       ";",      ",",           "=",     "=>",        "'",
        "\"",       "\"\"\"", "`",           "--",    "\nmap ",    " on missing ",
        " match ",  " if ",   " case when ", " end ", " between ", "\\",
        "$",        "::",     "...",         "5%",    "14 days",   "\xE2\x80\x9C",
        "\xC2\xA0", "{x}",    "_ =>"};
    uint32_t at = next_random(random) % (uint32_t)(original->len - 64), len = 1 + next_random(random) % 40;
    buf_clear(text);
    buf_append(text, original->ptr, at);
    switch (next_random(random) % 4) {
    case 0: break; /* dropped */
    case 1:
        buf_append(text, original->ptr + at, len);
        len = 0;
        break;
    case 2: buf_append(text, original->ptr + next_random(random) % (original->len - 64), len); break;
    default:
        buf_append_cstr(text, pieces[next_random(random) % (sizeof pieces / sizeof *pieces)]);
        len = 0;
        break;
    }
    buf_append(text, original->ptr + at + len, original->len - at - len);
}

static void mutated_portal(void **state) {
    (void)state;
    struct buf original = {0}, text = {0}, out = {0};
    uint64_t random = 20250919;
    read_file(MIG_PORTAL_SPEC, &original);
    for (int i = 0; i < 3000; i++) {
        struct parsed parsed;
        mutate(&text, &original, &random);
        if (i % 3 == 0) { /* two changes */
            struct buf once = text;
            text = (struct buf){0};
            mutate(&text, &once, &random);
            buf_release(&once);
        }
        parsed_init(&parsed, buf_str(&text));
        assert_int_equal(parsed.file->has_errors, parsed.diags.items.count > 0);
        for (uint32_t d = 0; d < parsed.diags.items.count; d++)
            assert_true(parsed.diags.items.items[d]->primary.span.end <= text.len);
        if (i % 10 == 0) {
            buf_clear(&out);
            ast_dump(parsed.file, &out);
            diag_list_render_text(&parsed.diags, false, 20, &out);
        }
        parsed_release(&parsed);
    }
    buf_release(&original);
    buf_release(&text);
    buf_release(&out);
}

/* Every beginning of the spec is a text that the parser survives. */
static void truncated_portal(void **state) {
    (void)state;
    struct buf original = {0};
    read_file(MIG_PORTAL_SPEC, &original);
    for (size_t len = 0; len < original.len; len += 37) {
        struct parsed parsed;
        parsed_init(&parsed, str_from(original.ptr, len));
        parsed_release(&parsed);
    }
    buf_release(&original);
}

int run_hostile_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(depth_has_its_own_error),
        cmocka_unit_test(depth_spares_the_rest),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(too_large),
        cmocka_unit_test(noise_has_a_cap),
        cmocka_unit_test(many_holes),
        cmocka_unit_test(mutated_portal),
        cmocka_unit_test(truncated_portal),
    };
    return cmocka_run_group_tests_name("syntax: hostile texts", tests, NULL, NULL);
}
