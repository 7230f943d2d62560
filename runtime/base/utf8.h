/* UTF-8 (RFC 3629): validity, decoding, counting. Surrogates, overlong forms and code points above
 * U+10FFFF are invalid. */
#ifndef MIG_BASE_UTF8_H
#define MIG_BASE_UTF8_H

#include "runtime/base/str.h"

/* Bytes of the valid character that starts at s.ptr[at]; 0 when what stands there is not valid UTF-8. */
size_t utf8_char_len(struct str s, size_t at);
/* Decodes the character at *at and moves *at behind it. Invalid input: returns -1, moves by one byte. */
int32_t utf8_next(struct str s, size_t *at);
/* Writes cp (a valid scalar value) into out[4], returns the number of bytes. */
size_t utf8_encode(int32_t cp, char out[4]);
/* Offset of the first byte that is not valid UTF-8, or s.len when all is. */
size_t utf8_find_invalid(struct str s);
/* Code points in valid UTF-8. */
size_t utf8_count(struct str s);
/* Byte offset of the code point with index `index` (0-based), s.len if there are fewer. */
size_t utf8_offset(struct str s, size_t index);
/* True when every byte is below 0x80. */
bool utf8_is_ascii(struct str s);
/* Columns a terminal uses for s, roughly: combining marks 0, wide East Asian and emoji 2, others 1. */
size_t utf8_display_width(struct str s);

#endif
