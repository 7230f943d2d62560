/* Specs with something broken at random: the compiler must say what is wrong, or make a plan that passes
 * verification; never crash, never stay silent. MIG_MUTATIONS sets how many for each spec. */
#include "tests/compiler/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct word {
    size_t start, end;
};

static uint32_t next_random(uint64_t *state, uint32_t below) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/* Words and single signs; blanks and line breaks are left where they are. */
static uint32_t split_words(struct arena *arena, struct str text, struct word **words) {
    VEC(struct word) found = {0};
    for (size_t i = 0; i < text.len;) {
        size_t start = i++;
        if (is_word_char(text.ptr[start]))
            while (i < text.len && is_word_char(text.ptr[i]))
                i++;
        bool blank = text.ptr[start] == ' ' || text.ptr[start] == '\n';
        if (!blank) VEC_PUSH(arena, &found, (struct word){start, i});
    }
    *words = found.items;
    return found.count;
}

static struct str replace_range(struct arena *arena, struct str text, size_t start, size_t end,
                                struct str by) {
    return arena_printf(arena, "%.*s%.*s%.*s", (int)start, text.ptr, STR_ARG(by), (int)(text.len - end),
                        text.ptr + end);
}

static struct str mutate(struct arena *arena, struct str text, uint64_t *random) {
    struct word *words;
    uint32_t count = split_words(arena, text, &words);
    struct word a = words[next_random(random, count)], b = words[next_random(random, count)];
    struct str other = str_from(text.ptr + b.start, b.end - b.start);
    switch (next_random(random, 5)) {
    case 0: return replace_range(arena, text, a.start, a.end, STR(""));
    case 1: return replace_range(arena, text, a.start, a.end, other);
    case 2: return replace_range(arena, text, a.start, a.start, arena_printf(arena, "%.*s ", STR_ARG(other)));
    case 3: { /* a line is lost */
        size_t start = a.start, end = a.end;
        while (start > 0 && text.ptr[start - 1] != '\n')
            start--;
        while (end < text.len && text.ptr[end] != '\n')
            end++;
        return replace_range(arena, text, start, end, STR(""));
    }
    default: return replace_range(arena, text, a.start, a.end, STR("null"));
    }
}

static bool check_mutated(const char *folder, struct str text) {
    struct compiled compiled;
    golden_compile_text(&compiled, folder, text);
    bool fine = (compiled.plan == NULL) == (compiled.diags.error_count > 0);
    golden_render(&compiled);
    if (compiled.plan != NULL) {
        struct buf bytes = {0};
        plan_write(compiled.plan, &bytes);
        fine = plan_read(&compiled.arena, buf_str(&bytes), STR("plan"), &compiled.diags) != NULL && fine;
        buf_release(&bytes);
    }
    if (!fine) fprintf(stderr, "%.*s\n%.*s\n", STR_ARG(text), STR_ARG(golden_render(&compiled)));
    golden_release(&compiled);
    return fine;
}

static void mutate_spec(const char *folder, const char *name, uint32_t rounds, uint64_t seed) {
    struct arena arena = {0};
    struct str text;
    assert_true(files_read(&arena, arena_printf(&arena, "%s/%s", folder, name).ptr, &text));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t random = seed + i * 7919u;
        struct str broken = mutate(&arena, text, &random);
        if (next_random(&random, 3) == 0) broken = mutate(&arena, broken, &random);
        if (!check_mutated(folder, broken)) wrong++;
    }
    arena_release(&arena);
    assert_int_equal(wrong, 0);
}

static void test_mutated(void **state) {
    (void)state;
    const char *wanted = getenv("MIG_MUTATIONS"), *seed_text = getenv("MIG_SEED");
    uint32_t rounds = wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 25;
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
    mutate_spec(MIG_SOURCE_DIR "/tests/compiler/good", "maps.mig", rounds, seed);
    mutate_spec(MIG_SOURCE_DIR "/tests/compiler/good", "sources.mig", rounds, seed);
    mutate_spec(MIG_SOURCE_DIR "/tests/compiler/good", "checks.mig", rounds, seed);
    mutate_spec(MIG_SOURCE_DIR "/specs/portal", "portal.mig", rounds, seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
