/* A growing byte buffer on the heap. An all-zero struct buf is valid and empty. The bytes are always
 * followed by a NUL once anything was appended. */
#ifndef MIG_BASE_BUF_H
#define MIG_BASE_BUF_H

#include "runtime/base/str.h"

#include <stdarg.h>

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
};

void buf_release(struct buf *buf);
static inline void buf_clear(struct buf *buf) {
    buf->len = 0;
}
/* Makes room for `more` bytes behind len (and the NUL); returns where they go. Caller then adds to len. */
char *buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_str(struct buf *buf, struct str s);
void buf_append_cstr(struct buf *buf, const char *cstr);
void buf_append_char(struct buf *buf, char c);
void buf_repeat_char(struct buf *buf, char c, size_t count);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args);
/* s as a JSON string with its quotes (RFC 8259); invalid UTF-8 bytes become U+FFFD. */
void buf_append_json(struct buf *buf, struct str s);
static inline struct str buf_str(const struct buf *buf) {
    return str_from(buf->ptr ? buf->ptr : "", buf->len);
}

#endif
