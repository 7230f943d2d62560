/* Parsing paths, and following them through JSON text. */
#include "runtime/reader/json_path.h"

#include "runtime/reader/json_scan.h"

enum { INDEX_MAX = 1000000000 };

/* A key in quotes at text.ptr[*at]. */
static bool take_quoted(struct str text, size_t *at, struct str *key) {
    char quote = text.ptr[*at];
    const char *from = text.ptr + *at + 1, *close = memchr(from, quote, text.len - *at - 1);
    if (close == NULL) return false;
    *key = str_from(from, (size_t)(close - from));
    *at += key->len + 2;
    return true;
}

static bool take_index(struct str text, size_t *at, struct path_step *step) {
    bool minus = *at < text.len && text.ptr[*at] == '-';
    size_t start = *at += minus;
    step->kind = PATH_INDEX;
    for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9' && step->index < INDEX_MAX; ++*at)
        step->index = step->index * 10 + (text.ptr[*at] - '0');
    if (minus) step->index = -step->index;
    return *at > start;
}

static bool is_quote(char c) {
    return c == '\'' || c == '"';
}

/* What stands in brackets. */
static bool take_bracket(struct str text, size_t *at, struct path_step *step, struct str *error) {
    bool good;
    if (*at < text.len && text.ptr[*at] == '*') {
        step->kind = PATH_EACH;
        ++*at;
        good = true;
    } else if (*at < text.len && is_quote(text.ptr[*at])) {
        good = take_quoted(text, at, &step->key);
    } else {
        good = take_index(text, at, step);
    }
    *error = STR("brackets hold a number, `*` or a key in quotes");
    if (!good || *at >= text.len || text.ptr[*at] != ']') return false;
    ++*at;
    return true;
}

static bool take_key(struct str text, size_t *at, struct path_step *step, struct str *error) {
    *error = STR("a key is missing");
    if (*at >= text.len) return false;
    if (is_quote(text.ptr[*at])) {
        *error = STR("a quote is not closed");
        return take_quoted(text, at, &step->key);
    }
    size_t start = *at;
    while (*at < text.len && text.ptr[*at] != '.' && text.ptr[*at] != '[')
        ++*at;
    step->key = str_from(text.ptr + start, *at - start);
    return step->key.len > 0;
}

bool path_parse(struct arena *arena, struct str text, struct path_steps *steps, struct str *error) {
    size_t at = 0;
    bool root = text.len && text.ptr[0] == '$' && (text.len == 1 || text.ptr[1] == '.' || text.ptr[1] == '[');
    *steps = (struct path_steps){.text = text};
    if (root) at = 1;
    for (bool first = !root; at < text.len || first; first = false) {
        struct path_step step = {.kind = PATH_KEY};
        if (at < text.len && text.ptr[at] == '[') {
            at++;
            if (!take_bracket(text, &at, &step, error)) return false;
        } else {
            if (!first && text.ptr[at] != '.') {
                *error = STR("expected `.` or `[`");
                return false;
            }
            at += !first;
            if (!take_key(text, &at, &step, error)) return false;
        }
        VEC_PUSH(arena, &steps->list, step);
        *error = STR("the path is too long");
        if (steps->list.count > PATH_STEPS_MAX) return false;
    }
    return true;
}

static bool find_member(const struct path_step *step, struct str value, struct str *found) {
    struct json_walk walk;
    struct str key, item;
    bool any = false;
    if (!json_walk_start(&walk, value) || !walk.object) return false;
    while (json_walk_next(&walk, &key, &item))
        if (json_key_equals(key, step->key)) {
            *found = item;
            any = true;
        }
    return any;
}

static bool find_element(const struct path_step *step, struct str value, struct str *found) {
    struct json_walk walk;
    struct str key, item;
    int64_t index = step->index;
    if (!json_walk_start(&walk, value) || walk.object) return false;
    if (index < 0) {
        while (json_walk_next(&walk, &key, &item))
            index++;
        json_walk_start(&walk, value);
    }
    while (index >= 0 && json_walk_next(&walk, &key, found))
        if (index-- == 0) return true;
    return false;
}

static bool select_from(const struct path_steps *steps, uint32_t at, bool spread, struct str value,
                        path_found_fn *found, void *context) {
    struct json_walk walk;
    struct str key, item;
    for (; at < steps->list.count; at++) {
        const struct path_step *step = &steps->list.items[at];
        if (step->kind == PATH_EACH) break;
        if (!(step->kind == PATH_KEY ? find_member(step, value, &item) : find_element(step, value, &item)))
            return true;
        value = item;
    }
    bool each = at < steps->list.count;
    bool is_array = value.len && json_walk_start(&walk, value) && !walk.object;
    if (!each && !(spread && is_array)) return found(context, value);
    if (!is_array) return true;
    /* [*] at the end has had its spread. */
    while (json_walk_next(&walk, &key, &item))
        if (!(each && at + 1 < steps->list.count ? select_from(steps, at + 1, spread, item, found, context)
                                                 : found(context, item)))
            return false;
    return true;
}

bool path_select(const struct path_steps *steps, bool spread, struct str value, path_found_fn *found,
                 void *context) {
    return select_from(steps, 0, spread, value, found, context);
}
