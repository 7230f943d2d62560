/* One spelling for each JSON value, so that what was sent to a jsonb column and what comes back hash alike:
 * keys sorted, last of repeated keys, no blanks, numbers as digits and power of ten. */
#include "runtime/postgres/pg_encode.h"
#include "runtime/value/json.h"

#include <stdlib.h>

struct member {
    struct str key, value;
    uint32_t order;
};

static int compare_members(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    int c = str_compare(x->key, y->key);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* What jsonb shows behind the point, where that is more than the digits need: 1.50 is 15e-1s2. */
static void append_scale(int64_t scale, int64_t least, struct buf *out) {
    if (scale > (least > 0 ? least : 0)) buf_printf(out, "s%lld", (long long)scale);
}

/* 1.5, 15e-1 and 0.15E1 all become 15e-1; zero is 0. */
static void append_number(struct str text, bool keep_scale, struct buf *out) {
    size_t start = out->len, i = 0;
    int64_t exponent = 0, written = 0, scale = 0;
    bool negative = i < text.len && text.ptr[i] == '-', fraction = false;
    if (negative) {
        buf_append_char(out, '-');
        i++;
    }
    size_t digits_at = out->len;
    for (; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            fraction = true;
            continue;
        }
        exponent -= fraction;
        scale += fraction;
        if (c == '0' && out->len == digits_at) continue; /* leading zero */
        buf_append_char(out, c);
        written = (int64_t)out->len - (int64_t)digits_at;
    }
    while (written > 0 && out->ptr[out->len - 1] == '0') {
        out->len--;
        written--;
        exponent++;
    }
    if (i < text.len) {
        bool minus = i + 1 < text.len && text.ptr[i + 1] == '-';
        int64_t n = 0;
        for (i++; i < text.len; i++)
            if (text.ptr[i] >= '0' && text.ptr[i] <= '9' && n < INT64_C(1000000000))
                n = n * 10 + (text.ptr[i] - '0');
        exponent += minus ? -n : n;
        scale -= minus ? -n : n;
    }
    if (written == 0) {
        out->len = start;
        buf_append_char(out, '0');
        exponent = 0;
    } else
        buf_printf(out, "e%lld", (long long)exponent);
    if (keep_scale) append_scale(scale, -exponent, out);
}

static void append_value(struct arena *arena, struct str value, uint32_t depth, bool keep_scale,
                         struct buf *out);

static void append_string(struct arena *arena, struct str raw, struct buf *out) {
    struct str text;
    if (json_to_text(arena, raw, &text) == FAULT_NONE)
        buf_append_json(out, text);
    else
        buf_append_str(out, raw);
}

static void append_object(struct arena *arena, struct str value, uint32_t depth, bool keep_scale,
                          struct buf *out) {
    VEC(struct member) members = {0};
    struct json_iter iter;
    struct json_member m;
    if (!json_iter_start(value, &iter)) return;
    while (json_iter_next(&iter, &m)) {
        struct str key;
        if (json_to_text(arena, m.key, &key) != FAULT_NONE) key = m.key;
        VEC_PUSH(arena, &members, (struct member){key, m.value, members.count});
    }
    if (members.count) qsort(members.items, members.count, sizeof *members.items, compare_members);
    buf_append_char(out, '{');
    bool first = true;
    for (uint32_t i = 0; i < members.count; i++) {
        if (i + 1 < members.count && str_eq(members.items[i].key, members.items[i + 1].key)) continue;
        if (!first) buf_append_char(out, ',');
        first = false;
        buf_append_json(out, members.items[i].key);
        buf_append_char(out, ':');
        append_value(arena, members.items[i].value, depth + 1, keep_scale, out);
    }
    buf_append_char(out, '}');
}

static void append_array(struct arena *arena, struct str value, uint32_t depth, bool keep_scale,
                         struct buf *out) {
    struct json_iter iter;
    struct json_member m;
    if (!json_iter_start(value, &iter)) return;
    buf_append_char(out, '[');
    for (bool first = true; json_iter_next(&iter, &m); first = false) {
        if (!first) buf_append_char(out, ',');
        append_value(arena, m.value, depth + 1, keep_scale, out);
    }
    buf_append_char(out, ']');
}

static void append_value(struct arena *arena, struct str value, uint32_t depth, bool keep_scale,
                         struct buf *out) {
    value = json_trim(value);
    if (depth > JSON_DEPTH_MAX) {
        buf_append_str(out, value);
        return;
    }
    switch (json_kind_of(value)) {
    case JSON_NUMBER: append_number(value, keep_scale, out); break;
    case JSON_STRING: append_string(arena, value, out); break;
    case JSON_OBJECT: append_object(arena, value, depth, keep_scale, out); break;
    case JSON_ARRAY: append_array(arena, value, depth, keep_scale, out); break;
    default: buf_append_str(out, value); break;
    }
}

void pg_canonical_json(struct str json, bool keep_scale, struct buf *out) {
    struct arena arena = {0};
    append_value(&arena, json, 0, keep_scale, out);
    arena_release(&arena);
}
