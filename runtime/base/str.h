/* A text as pointer and length. Never NUL-terminated unless a function says so; never owned: the bytes
 * belong to an arena, a source buffer or a literal. */
#ifndef MIG_BASE_STR_H
#define MIG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr; /* may be NULL only when len is 0 */
    size_t len;      /* bytes */
};

/* A literal as a struct str: STR("abc"). */
#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
/* For printf: "%.*s" with STR_ARG(s). */
#define STR_ARG(s) (int)(s).len, (s).len ? (s).ptr : ""

static inline struct str str_from(const char *ptr, size_t len) {
    return (struct str){ptr, len};
}
static inline struct str str_cstr(const char *cstr) {
    return (struct str){cstr, cstr ? strlen(cstr) : 0};
}
static inline bool str_eq(struct str a, struct str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool str_is(struct str a, const char *cstr) {
    return str_eq(a, str_cstr(cstr));
}
/* Bytewise order, which for UTF-8 is code point order. <0, 0, >0. */
static inline int str_compare(struct str a, struct str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}
static inline bool str_starts_with(struct str s, struct str prefix) {
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}
static inline bool str_ends_with(struct str s, struct str suffix) {
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

#endif
