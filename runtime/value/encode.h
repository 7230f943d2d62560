/* Bytes as text and back: base64 (RFC 4648), base64url, hexadecimal, percent encoding (RFC 3986). */
#ifndef MIG_VALUE_ENCODE_H
#define MIG_VALUE_ENCODE_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct str base64_encode(struct arena *arena, struct str bytes);    /* padded, no line breaks */
struct str base64url_encode(struct arena *arena, struct str bytes); /* unpadded */
struct str hex_encode(struct arena *arena, struct str bytes);       /* lower case */
/* Strict: no blanks, no characters of the other alphabet, no stray bits; base64 needs its padding, base64url
 * takes none or the right one. FAULT_NOT_BYTES. */
enum fault base64_decode(struct arena *arena, struct str text, struct str *out);
enum fault base64url_decode(struct arena *arena, struct str text, struct str *out);
enum fault hex_decode(struct arena *arena, struct str text, struct str *out);

/* Everything but the unreserved characters A-Z a-z 0-9 - . _ ~ as %XX of its UTF-8 bytes. */
struct str url_encode(struct arena *arena, struct str text);
/* %XX decoded; plus_is_blank for form data. FAULT_BAD_ARGUMENT for a broken escape, FAULT_BAD_UTF8 and
 * FAULT_NUL_BYTE for a result that is no text. */
enum fault url_decode(struct arena *arena, struct str text, bool plus_is_blank, struct str *out);

#endif
