/* Specs with comments, blank lines, line breaks and blanks put in at random, wherever the language allows
 * them: formatting must lose no comment, change no word, keep the meaning, and change nothing the second
 * time. MIG_ROUNDS sets how many texts are tried in all, MIG_SEED where the random numbers start. */
#include "compiler/syntax/parse.h"
#include "compiler/syntax/token.h"
#include "compiler/format/format.h"
#include "tests/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct random {
    uint64_t state;
};

static uint32_t next_random(struct random *random, uint32_t below) {
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random->state >> 33) % below;
}

/* A text with its tokens and its tree as text. */
struct spec {
    struct token_list tokens;
    struct str tree;
    bool has_errors;
};

static struct spec read_spec(struct arena *arena, struct str text) {
    struct spec spec = {0};
    struct diag_list diags;
    diag_list_init(&diags, arena);
    const struct source_text *source = source_text_new(arena, STR("random.mig"), text);
    struct ast_file *file = parse_file(arena, source, &diags);
    struct buf dump = {0};
    ast_dump(file, &dump);
    spec.tree = arena_copy_str(arena, buf_str(&dump));
    buf_release(&dump);
    struct syntax_reporter reporter = {.diags = &diags};
    token_scan(&spec.tokens, arena, source, 0, (uint32_t)text.len, &reporter);
    spec.has_errors = file->has_errors;
    return spec;
}

/* All comments, a line each, without blanks at their ends. */
static struct str comments_of(struct arena *arena, const struct spec *spec) {
    struct buf out = {0};
    for (uint32_t i = 0; i < spec->tokens.trivia.count; i++) {
        const struct trivia *trivia = &spec->tokens.trivia.items[i];
        if (trivia->kind != TRIVIA_COMMENT) continue;
        struct str text = str_from(spec->tokens.source->text.ptr + trivia->start, trivia->len);
        while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
            text.len--;
        buf_append_str(&out, text);
        buf_append_char(&out, '\n');
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static bool same_words(const struct spec *a, const struct spec *b) {
    if (a->tokens.tokens.count != b->tokens.tokens.count) return false;
    for (uint32_t i = 0; i < a->tokens.tokens.count; i++)
        if (!str_eq(token_text(&a->tokens, i), token_text(&b->tokens, i))) return false;
    return true;
}

/* ------------------------------------------------------------------ texts */

static const char *const INSERTIONS[] = {
    "\n",
    "\n\n\n",
    "\n   ",
    " -- behind it\n     ",
    "\n-- on a line of its own\n  ",
    "   ",
    "\t",
    "\n\n  --x \n  \n      ",
    "\n  -- one\n  -- two\n\n  -- three   \n   ",
};

/* The text with something put in before token i; where it stood on the same line as the one before, or not.
 */
static struct str put_in(struct arena *arena, const struct spec *spec, uint32_t i, const char *what) {
    struct str text = spec->tokens.source->text;
    uint32_t at = spec->tokens.tokens.items[i].start;
    return arena_printf(arena, "%.*s%s%.*s", (int)at, text.ptr, what, (int)(text.len - at), text.ptr + at);
}

/* The text without the blanks before token i. */
static struct str squeeze(struct arena *arena, const struct spec *spec, uint32_t i) {
    struct str text = spec->tokens.source->text;
    uint32_t at = spec->tokens.tokens.items[i].start, from = at;
    while (from > 0 && (text.ptr[from - 1] == ' ' || text.ptr[from - 1] == '\t'))
        from--;
    return arena_printf(arena, "%.*s%.*s", (int)from, text.ptr, (int)(text.len - at), text.ptr + at);
}

/* A comment behind the line that ends before token i. */
static struct str put_behind(struct arena *arena, const struct spec *spec, uint32_t i) {
    struct str text = spec->tokens.source->text;
    const struct token *before = &spec->tokens.tokens.items[i - 1];
    uint32_t at = before->start + before->len;
    return arena_printf(arena, "%.*s -- behind%.*s", (int)at, text.ptr, (int)(text.len - at), text.ptr + at);
}

/* The tree's lines without those of documentation, which comments may become. */
static struct str without_docs(struct arena *arena, struct str tree) {
    struct buf out = {0};
    for (size_t at = 0; at < tree.len;) {
        const char *line_end = memchr(tree.ptr + at, '\n', tree.len - at);
        size_t end = line_end ? (size_t)(line_end - tree.ptr) + 1 : tree.len, word = at;
        while (word < end && tree.ptr[word] == ' ')
            word++;
        if (!str_starts_with(str_from(tree.ptr + word, end - word), STR("doc \"")))
            buf_append(&out, tree.ptr + at, end - at);
        at = end;
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* Changes the text at a random place; texts that then say something else are given back as they were. */
static struct str change(struct arena *arena, struct str text, struct random *random) {
    struct spec spec = read_spec(arena, text);
    uint32_t i = next_random(random, spec.tokens.tokens.count), way = next_random(random, 12);
    struct str changed;
    if (way < sizeof INSERTIONS / sizeof *INSERTIONS)
        changed = put_in(arena, &spec, i, INSERTIONS[way]);
    else if (way == 9 || i == 0 || !spec.tokens.tokens.items[i].newlines_before)
        changed = squeeze(arena, &spec, i);
    else
        changed = put_behind(arena, &spec, i);
    struct spec after = read_spec(arena, changed);
    bool same = !after.has_errors && same_words(&spec, &after) &&
                str_eq(without_docs(arena, spec.tree), without_docs(arena, after.tree));
    return same ? changed : text;
}

/* ------------------------------------------------------------------ the property */

static const char *find_fault(struct arena *arena, struct str text, struct str *formatted) {
    struct diag_list diags;
    diag_list_init(&diags, arena);
    *formatted = STR("");
    if (!format_source(arena, source_text_new(arena, STR("random.mig"), text), &diags, formatted))
        return "is refused";
    struct spec before = read_spec(arena, text), after = read_spec(arena, *formatted);
    struct str again;
    if (after.has_errors) return "has errors afterwards";
    if (!same_words(&before, &after)) return "has other words afterwards";
    if (!str_eq(comments_of(arena, &before), comments_of(arena, &after)))
        return "has other comments afterwards";
    if (!str_eq(before.tree, after.tree)) return "means something else afterwards";
    if (!format_source(arena, source_text_new(arena, STR("random.mig"), *formatted), &diags, &again))
        return "is refused the second time";
    return str_eq(*formatted, again) ? NULL : "changes the second time";
}

static bool try_text(struct arena *arena, struct str text, const char *path) {
    struct str formatted;
    const char *fault = find_fault(arena, text, &formatted);
    if (fault == NULL) return true;
    fprintf(stderr, "---- a text made of %s %s:\n%.*s---- formatted:\n%.*s", path, fault, STR_ARG(text),
            STR_ARG(formatted));
    return false;
}

static uint32_t try_file(const char *path, uint32_t rounds, uint64_t seed) {
    struct arena file_arena = {0}, arena = {0};
    struct str text;
    uint32_t wrong = 0;
    assert_true(files_read(&file_arena, path, &text));
    if (!read_spec(&file_arena, text).has_errors) {
        wrong += !try_text(&arena, text, path);
        for (uint32_t round = 0; round < rounds && wrong < 3; round++) {
            struct random random = {seed + round * 7919u};
            arena_reset(&arena);
            struct str changed = text;
            for (uint32_t changes = 1 + next_random(&random, 8); changes > 0; changes--)
                changed = change(&arena, changed, &random);
            wrong += !try_text(&arena, changed, path);
        }
    }
    arena_release(&arena);
    arena_release(&file_arena);
    return wrong;
}

static void test_random(void **state) {
    (void)state;
    const char *wanted = getenv("MIG_ROUNDS"), *seed_text = getenv("MIG_SEED");
    uint32_t rounds = wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 300, wrong = 0;
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
    static const char *const folders[] = {"specs", "stdlib", "tests/compiler/good", "tests/syntax/golden",
                                          "tests/format/golden"};
    struct arena arena = {0};
    struct file_names names = {0};
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++)
        files_find(&arena, arena_printf(&arena, "%s/%s", MIG_SOURCE_DIR, folders[f]).ptr, ".mig", &names);
    assert_true(names.v.count > 0);
    for (uint32_t i = 0; i < names.v.count; i++)
        wrong += try_file(names.v.items[i].ptr, rounds / names.v.count + 1, seed + i * 104729u);
    arena_release(&arena);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
