/* Paths into JSON: a.b[0].c */
#include "runtime/value/json.h"

struct path_reader {
    struct arena *arena;
    struct str text;
    size_t at;
    struct str error;
    VEC(struct json_step) steps;
    bool each;
};

static bool fail(struct path_reader *r, struct str error) {
    r->error = error;
    return false;
}

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$' || c == '@' || (unsigned char)c >= 0x80;
}

static bool at_char(const struct path_reader *r, char c) {
    return r->at < r->text.len && r->text.ptr[r->at] == c;
}

/* A key in single or double quotes; the quote is doubled inside. */
static bool read_quoted(struct path_reader *r, struct str *key) {
    char quote = r->text.ptr[r->at++];
    char *out = arena_alloc(r->arena, r->text.len), *w = out;
    for (; r->at < r->text.len; r->at++) {
        if (r->text.ptr[r->at] == quote) {
            r->at++;
            if (!at_char(r, quote)) {
                *key = str_from(out, (size_t)(w - out));
                return true;
            }
        }
        *w++ = r->text.ptr[r->at];
    }
    return fail(r, STR("the quote in the path is not closed"));
}

static bool read_name(struct path_reader *r) {
    struct json_step step = {0};
    if (at_char(r, '\'') || at_char(r, '"')) {
        if (!read_quoted(r, &step.key)) return false;
    } else {
        size_t start = r->at;
        while (r->at < r->text.len && is_name_char(r->text.ptr[r->at]))
            r->at++;
        if (r->at == start)
            return fail(r, r->at < r->text.len ? arena_printf(r->arena,
                                                              "`%c` in the path; a key with other characters "
                                                              "stands in quotes",
                                                              r->text.ptr[r->at])
                                               : STR("the path ends where a key is expected"));
        step.key = str_from(r->text.ptr + start, r->at - start);
    }
    VEC_PUSH(r->arena, &r->steps, step);
    return true;
}

static bool read_index(struct path_reader *r, struct json_step *step) {
    bool negative = at_char(r, '-');
    if (negative) r->at++;
    size_t start = r->at;
    step->is_index = true;
    for (; r->at < r->text.len && r->text.ptr[r->at] >= '0' && r->text.ptr[r->at] <= '9'; r->at++) {
        if (step->index > INT32_MAX) return fail(r, STR("the index in the path is too large"));
        step->index = step->index * 10 + (r->text.ptr[r->at] - '0');
    }
    if (negative) step->index = -step->index;
    return r->at > start || fail(r, STR("expected an index, a key in quotes or `*` behind `[`"));
}

static bool read_bracket(struct path_reader *r) {
    struct json_step step = {0};
    r->at++;
    if (at_char(r, '*')) {
        r->at++;
        r->each = true;
    } else if (at_char(r, '\'') || at_char(r, '"')) {
        if (!read_quoted(r, &step.key)) return false;
    } else if (!read_index(r, &step)) {
        return false;
    }
    if (!at_char(r, ']')) return fail(r, STR("expected `]` in the path"));
    r->at++;
    if (r->each) return r->at == r->text.len || fail(r, STR("`[*]` ends a path"));
    VEC_PUSH(r->arena, &r->steps, step);
    return true;
}

static bool read_path(struct path_reader *r) {
    char second = r->text.len > 1 ? r->text.ptr[1] : '\0';
    if (r->text.len == 0) return fail(r, STR("the path is empty; `$` is the whole value"));
    if (r->text.ptr[0] == '$' && (r->text.len == 1 || second == '.' || second == '['))
        r->at = 1;
    else if (r->text.ptr[0] != '[' && !read_name(r))
        return false;
    while (r->at < r->text.len) {
        if (at_char(r, '[')) {
            if (!read_bracket(r)) return false;
            continue;
        }
        if (!at_char(r, '.')) return fail(r, STR("expected `.` or `[` in the path"));
        r->at++;
        if (!read_name(r)) return false;
    }
    return true;
}

bool json_path_compile(struct arena *arena, struct str text, struct json_path *out, struct str *error) {
    struct path_reader r = {.arena = arena, .text = text};
    if (!read_path(&r)) {
        *error = r.error;
        return false;
    }
    *out = (struct json_path){r.steps.items, r.steps.count, r.each};
    return true;
}

bool json_path_find(const struct json_path *path, struct str value, struct str *found) {
    value = json_trim(value);
    for (uint32_t i = 0; i < path->count; i++) {
        const struct json_step *step = &path->steps[i];
        bool ok =
            step->is_index ? json_get_index(value, step->index, &value) : json_get(value, step->key, &value);
        if (!ok) return false;
    }
    *found = value;
    return value.len > 0;
}
