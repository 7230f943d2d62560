/* LIKE, redacting and masking. */
#include "runtime/base/utf8.h"
#include "runtime/value/text.h"

enum fault text_like_check(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] == '\\' && ++i == pattern.len) return FAULT_BAD_ARGUMENT;
    return FAULT_NONE;
}

static size_t char_len(struct str s, size_t at) {
    size_t len = utf8_char_len(s, at);
    return len ? len : 1;
}

/* On a mismatch only the last % is tried one character further on: an earlier one need not be, because
 * whatever it could take the last one can. */
enum fault text_like(struct str s, struct str pattern, bool *out) {
    size_t at = 0, p = 0, retry_at = 0, retry_p = 0;
    bool can_retry = false;
    *out = false;
    if (text_like_check(pattern) != FAULT_NONE) return FAULT_BAD_ARGUMENT;
    while (at < s.len || p < pattern.len) {
        char c = p < pattern.len ? pattern.ptr[p] : '\0';
        if (p < pattern.len && c == '%') {
            can_retry = true;
            retry_at = at;
            retry_p = ++p;
            if (p == pattern.len) break;
            continue;
        }
        if (p < pattern.len && c == '_' && at < s.len) {
            at += char_len(s, at);
            p++;
            continue;
        }
        if (p < pattern.len && c != '_') {
            bool escaped = c == '\\';
            if (at < s.len && s.ptr[at] == pattern.ptr[p + escaped]) {
                at++;
                p += 1 + escaped;
                continue;
            }
        }
        if (!can_retry || retry_at >= s.len) return FAULT_NONE;
        retry_at += char_len(s, retry_at);
        at = retry_at;
        p = retry_p;
    }
    *out = true;
    return FAULT_NONE;
}

struct str text_redact(struct str s) {
    (void)s;
    return STR("[redacted]");
}

/* Characters `from` to before `to` of s become '*'. */
static struct str mask_range(struct arena *arena, struct str s, size_t from, size_t to, size_t count) {
    size_t start = utf8_offset(s, from), end = to >= count ? s.len : utf8_offset(s, to), stars = to - from;
    size_t len = start + stars + (s.len - end);
    char *out = arena_alloc(arena, len);
    if (start) memcpy(out, s.ptr, start);
    memset(out + start, '*', stars);
    if (end < s.len) memcpy(out + start + stars, s.ptr + end, s.len - end);
    return str_from(out, len);
}

enum fault text_mask_keep_first(struct arena *arena, struct str s, int64_t keep, struct str *out) {
    if (keep < 0) return FAULT_BAD_ARGUMENT;
    size_t count = utf8_count(s);
    *out = mask_range(arena, s, (uint64_t)keep >= count ? 0 : (size_t)keep, count, count);
    return FAULT_NONE;
}

enum fault text_mask_keep_last(struct arena *arena, struct str s, int64_t keep, struct str *out) {
    if (keep < 0) return FAULT_BAD_ARGUMENT;
    size_t count = utf8_count(s);
    *out = mask_range(arena, s, 0, (uint64_t)keep >= count ? count : count - (size_t)keep, count);
    return FAULT_NONE;
}
