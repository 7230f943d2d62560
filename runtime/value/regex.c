/* Regular expressions over PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/value/regex.h"
#include "runtime/base/utf8.h"
#include "runtime/value/text_builder.h"

#include <pcre2.h>
#include <stdlib.h>

/* A row's match may take about a tenth of a second at the worst, and so much memory. */
enum {
    MATCH_LIMIT = 1000000,
    DEPTH_LIMIT = 10000,
    HEAP_LIMIT_KIB = 8192,
    JIT_STACK_START = 32 << 10,
    JIT_STACK_MAX = 1 << 20,
    PATTERN_MAX = 65536,
    PAIRS_START = 16
};

struct regex {
    pcre2_code *code;
    uint32_t groups;
};

struct regex_scratch {
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    uint32_t pairs;
};

static struct str error_message(struct arena *arena, int code) {
    PCRE2_UCHAR text[256];
    pcre2_get_error_message(code, text, sizeof text);
    return arena_copy_str(arena, str_cstr((const char *)text));
}

bool regex_compile(struct arena *arena, struct str pattern, struct regex **out, struct str *error,
                   size_t *error_at) {
    *out = NULL;
    *error_at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) memory_exhausted(sizeof(void *));
    pcre2_set_max_pattern_length(context, PATTERN_MAX);
    int code = 0;
    PCRE2_SIZE at = 0;
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len, options,
                                         &code, &at, context);
    pcre2_compile_context_free(context);
    if (compiled == NULL) {
        *error = error_message(arena, code);
        *error_at = at < pattern.len ? at : pattern.len;
        return false;
    }
    pcre2_jit_compile(compiled,
                      PCRE2_JIT_COMPLETE); /* without it matching is interpreted: slower, the same */
    struct regex *regex = memory_zalloc(sizeof *regex);
    regex->code = compiled;
    pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    *out = regex;
    return true;
}

void regex_free(struct regex *regex) {
    if (regex == NULL) return;
    pcre2_code_free(regex->code);
    free(regex);
}

uint32_t regex_group_count(const struct regex *regex) {
    return regex->groups;
}

int32_t regex_group_find(const struct regex *regex, struct str name) {
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++) /* each: number, big-endian, then the name */
        if (str_is(name, (const char *)table + i * size + 2))
            return table[i * size] << 8 | table[i * size + 1];
    return -1;
}

static void make_match_data(struct regex_scratch *scratch, uint32_t pairs) {
    pcre2_match_data_free(scratch->data);
    scratch->data = pcre2_match_data_create(pairs, NULL);
    if (scratch->data == NULL) memory_exhausted(pairs * 2 * sizeof(size_t));
    scratch->pairs = pairs;
}

struct regex_scratch *regex_scratch_new(void) {
    struct regex_scratch *scratch = memory_zalloc(sizeof *scratch);
    scratch->context = pcre2_match_context_create(NULL);
    if (scratch->context == NULL) memory_exhausted(sizeof(void *));
    pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
    pcre2_set_depth_limit(scratch->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(scratch->context, HEAP_LIMIT_KIB);
    scratch->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (scratch->stack) pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    make_match_data(scratch, PAIRS_START);
    return scratch;
}

void regex_scratch_free(struct regex_scratch *scratch) {
    if (scratch == NULL) return;
    pcre2_match_data_free(scratch->data);
    pcre2_jit_stack_free(scratch->stack);
    pcre2_match_context_free(scratch->context);
    free(scratch);
}

/* Searches from `from` on. *pairs: NULL when there is no match. */
static enum fault search(const struct regex *regex, struct regex_scratch *scratch, struct str text,
                         size_t from, const size_t **pairs) {
    if (regex->groups + 1 > scratch->pairs) make_match_data(scratch, regex->groups + 1);
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len ? text.ptr : "");
    int rc = pcre2_match(regex->code, subject, text.len, from, PCRE2_NO_UTF_CHECK, scratch->data,
                         scratch->context);
    *pairs = NULL;
    if (rc == PCRE2_ERROR_NOMATCH) return FAULT_NONE;
    if (rc < 0) return FAULT_REGEX_LIMIT;
    *pairs = pcre2_get_ovector_pointer(scratch->data);
    return FAULT_NONE;
}

enum fault regex_match(const struct regex *regex, struct regex_scratch *scratch, struct str text, bool *out) {
    const size_t *pairs;
    enum fault fault = search(regex, scratch, text, 0, &pairs);
    *out = pairs != NULL;
    return fault;
}

/* A group's text; false when it took no part. \K can move a match's start behind its end: that is empty. */
static bool take_group(const size_t *pairs, uint32_t group, struct str text, struct str *out) {
    size_t start = pairs[2 * group], end = pairs[2 * group + 1];
    *out = (struct str){0};
    if (start == PCRE2_UNSET || start > text.len || end > text.len) return false;
    *out = str_from(text.ptr + start, end > start ? end - start : 0);
    return true;
}

enum fault regex_extract(const struct regex *regex, struct regex_scratch *scratch, struct str text,
                         uint32_t group, bool *found, struct str *out) {
    const size_t *pairs;
    *found = false;
    if (group > regex->groups) return FAULT_BAD_ARGUMENT;
    enum fault fault = search(regex, scratch, text, 0, &pairs);
    if (pairs) *found = take_group(pairs, group, text, out);
    return fault;
}

/* The end of the match and where to search on: behind an empty match one character further. */
static size_t next_search(struct str text, size_t start, size_t end) {
    if (end > start) return end;
    size_t len = end < text.len ? utf8_char_len(text, end) : 0;
    return end + (len ? len : 1);
}

/* ---- replacing ---- */

/* $1, ${name} or $$ at replacement.ptr[*at], which is the dollar. */
static bool read_reference(const struct regex *regex, struct str replacement, size_t *at, int32_t *group) {
    size_t i = *at + 1;
    *group = -1;
    if (i == replacement.len) return false;
    char c = replacement.ptr[i];
    if (c == '$') {
        *at = i + 1;
        return true;
    }
    if (c >= '0' && c <= '9') {
        *group = c - '0';
        *at = i + 1;
        return (uint32_t)*group <= regex->groups;
    }
    const char *close = c == '{' ? memchr(replacement.ptr + i, '}', replacement.len - i) : NULL;
    if (close == NULL) return false;
    struct str name = str_from(replacement.ptr + i + 1, (size_t)(close - replacement.ptr) - i - 1);
    bool digit = name.len == 1 && name.ptr[0] >= '0' && name.ptr[0] <= '9';
    *group = digit ? name.ptr[0] - '0' : regex_group_find(regex, name);
    *at = (size_t)(close - replacement.ptr) + 1;
    return *group >= 0 && (uint32_t)*group <= regex->groups;
}

static bool check_replacement(const struct regex *regex, struct str replacement) {
    int32_t group;
    for (size_t at = 0; at < replacement.len;) {
        if (replacement.ptr[at] != '$')
            at++;
        else if (!read_reference(regex, replacement, &at, &group))
            return false;
    }
    return true;
}

static void add_replacement(struct text_builder *b, const struct regex *regex, struct str replacement,
                            const size_t *pairs, struct str text) {
    for (size_t at = 0; at < replacement.len;) {
        if (replacement.ptr[at] != '$') {
            const char *dollar = memchr(replacement.ptr + at, '$', replacement.len - at);
            size_t end = dollar ? (size_t)(dollar - replacement.ptr) : replacement.len;
            text_builder_add(b, replacement.ptr + at, end - at);
            at = end;
            continue;
        }
        int32_t group;
        struct str part = STR("$");
        if (!read_reference(regex, replacement, &at, &group)) return; /* checked before */
        if (group >= 0) take_group(pairs, (uint32_t)group, text, &part);
        text_builder_add_str(b, part);
    }
}

enum fault regex_replace(const struct regex *regex, struct regex_scratch *scratch, struct arena *arena,
                         struct str text, struct str replacement, bool first_only, struct str *out) {
    struct text_builder b = {.arena = arena};
    size_t copied = 0, from = 0;
    bool any = false;
    if (!check_replacement(regex, replacement)) return FAULT_BAD_ARGUMENT;
    while (from <= text.len && !b.too_large) {
        const size_t *pairs;
        enum fault fault = search(regex, scratch, text, from, &pairs);
        if (fault != FAULT_NONE) return fault;
        if (pairs == NULL) break;
        size_t start = pairs[0], end = pairs[1] > start ? pairs[1] : start;
        if (start < copied) break; /* only \K in a lookbehind goes back: there is no more to find */
        text_builder_add(&b, text.ptr + copied, start - copied);
        add_replacement(&b, regex, replacement, pairs, text);
        any = true;
        copied = end;
        from = next_search(text, start, end);
        if (first_only) break;
    }
    *out = text;
    if (!any) return FAULT_NONE;
    text_builder_add(&b, text.ptr + copied, text.len - copied);
    return text_builder_finish(&b, out);
}

enum fault regex_split(const struct regex *regex, struct regex_scratch *scratch, struct arena *arena,
                       struct str text, struct array *out) {
    VEC(struct str) fields = {0};
    size_t copied = 0, from = 0;
    while (from <= text.len) {
        const size_t *pairs;
        enum fault fault = search(regex, scratch, text, from, &pairs);
        if (fault != FAULT_NONE) return fault;
        if (pairs == NULL) break;
        size_t start = pairs[0], end = pairs[1];
        from = next_search(text, start, end > start ? end : start);
        if (end <= start || start < copied) continue; /* an empty match parts nothing */
        VEC_PUSH(arena, &fields, str_from(text.ptr + copied, start - copied));
        copied = end;
    }
    VEC_PUSH(arena, &fields, str_from(text.ptr + copied, text.len - copied));
    *out = (struct array){fields.items, NULL, fields.count};
    return FAULT_NONE;
}
