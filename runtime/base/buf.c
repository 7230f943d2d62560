/* The growing byte buffer. */
#include "runtime/base/buf.h"

#include "runtime/base/arena.h"
#include "runtime/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *buf) {
    free(buf->ptr);
    *buf = (struct buf){0};
}

char *buf_reserve(struct buf *buf, size_t more) {
    if (buf->cap - buf->len <= more) {
        size_t cap = buf->cap ? buf->cap : 64;
        while (cap - buf->len <= more) {
            if (cap > SIZE_MAX / 2) memory_exhausted(more);
            cap *= 2;
        }
        buf->ptr = memory_realloc(buf->ptr, cap);
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

void buf_append(struct buf *buf, const void *bytes, size_t len) {
    char *to = buf_reserve(buf, len);
    if (len) memcpy(to, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void buf_append_str(struct buf *buf, struct str s) {
    buf_append(buf, s.ptr, s.len);
}

void buf_append_cstr(struct buf *buf, const char *cstr) {
    buf_append(buf, cstr, strlen(cstr));
}

void buf_append_char(struct buf *buf, char c) {
    buf_append(buf, &c, 1);
}

void buf_repeat_char(struct buf *buf, char c, size_t count) {
    memset(buf_reserve(buf, count), c, count);
    buf->len += count;
    buf->ptr[buf->len] = '\0';
}

void buf_vprintf(struct buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) return;
    vsnprintf(buf_reserve(buf, (size_t)n), (size_t)n + 1, format, args);
    buf->len += (size_t)n;
}

void buf_printf(struct buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

void buf_append_json(struct buf *buf, struct str s) {
    buf_append_char(buf, '"');
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\') {
            buf_append_char(buf, '\\');
            buf_append_char(buf, (char)c);
            i++;
        } else if (c == '\n') {
            buf_append(buf, "\\n", 2);
            i++;
        } else if (c == '\t') {
            buf_append(buf, "\\t", 2);
            i++;
        } else if (c == '\r') {
            buf_append(buf, "\\r", 2);
            i++;
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(buf, "\\u%04x", c);
            i++;
        } else {
            size_t n = utf8_char_len(s, i);
            if (n == 0) {
                buf_append_cstr(buf, "\xef\xbf\xbd");
                i++;
            } else {
                buf_append(buf, s.ptr + i, n);
                i += n;
            }
        }
    }
    buf_append_char(buf, '"');
}
