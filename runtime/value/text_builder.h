/* A text that grows in an arena up to TEXT_BYTES_MAX. Internal to runtime/value. */
#ifndef MIG_VALUE_TEXT_BUILDER_H
#define MIG_VALUE_TEXT_BUILDER_H

#include "runtime/value/text.h"

struct text_builder {
    struct arena *arena;
    char *ptr;
    size_t len, cap;
    bool too_large; /* something did not fit; what follows is dropped */
};

static inline void text_builder_add(struct text_builder *b, const void *bytes, size_t len) {
    if (len == 0) return;
    if (b->too_large || len > TEXT_BYTES_MAX - b->len) {
        b->too_large = true;
        return;
    }
    if (len > b->cap - b->len) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        while (cap < b->len + len)
            cap *= 2;
        char *grown = arena_alloc(b->arena, cap);
        if (b->len) memcpy(grown, b->ptr, b->len);
        b->ptr = grown;
        b->cap = cap;
    }
    memcpy(b->ptr + b->len, bytes, len);
    b->len += len;
}

static inline void text_builder_add_str(struct text_builder *b, struct str s) {
    text_builder_add(b, s.ptr, s.len);
}

static inline enum fault text_builder_finish(const struct text_builder *b, struct str *out) {
    if (b->too_large) return FAULT_TOO_LARGE;
    *out = str_from(b->ptr ? b->ptr : "", b->len);
    return FAULT_NONE;
}

#endif
