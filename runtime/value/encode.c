/* base64, base64url, hexadecimal, percent encoding. */
#include "runtime/value/encode.h"
#include "runtime/value/text.h"

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode_base64(struct arena *arena, struct str bytes, const char *alphabet, bool padded) {
    char *start = arena_alloc(arena, bytes.len / 3 * 4 + 4), *w = start;
    const uint8_t *p = (const uint8_t *)bytes.ptr;
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, p += 3) {
        uint32_t n = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *w++ = alphabet[n >> shift & 63];
    }
    if (left > 0) {
        uint32_t n = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0);
        *w++ = alphabet[n >> 18];
        *w++ = alphabet[n >> 12 & 63];
        if (left > 1) *w++ = alphabet[n >> 6 & 63];
        for (size_t i = left; padded && i < 3; i++)
            *w++ = '=';
    }
    return str_from(start, (size_t)(w - start));
}

struct str base64_encode(struct arena *arena, struct str bytes) {
    return encode_base64(arena, bytes, base64_alphabet, true);
}

struct str base64url_encode(struct arena *arena, struct str bytes) {
    return encode_base64(arena, bytes, base64url_alphabet, false);
}

static int32_t base64_digit(char c, bool url) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (url ? '-' : '+')) return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

static enum fault decode_base64(struct arena *arena, struct str text, bool url, struct str *out) {
    size_t len = text.len, padding = 0;
    while (padding < 2 && padding < len && text.ptr[len - 1 - padding] == '=')
        padding++;
    if ((!url || padding) && len % 4 != 0) return FAULT_NOT_BYTES;
    len -= padding;
    if (len % 4 == 1 || (padding && (len + padding) % 4 != 0)) return FAULT_NOT_BYTES;
    char *start = arena_alloc(arena, len / 4 * 3 + 3), *w = start;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < len; i++) {
        int32_t digit = base64_digit(text.ptr[i], url);
        if (digit < 0) return FAULT_NOT_BYTES;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        *w++ = (char)(bits >> count & 0xff);
    }
    if (bits & ((1u << count) - 1)) return FAULT_NOT_BYTES;
    *out = str_from(start, (size_t)(w - start));
    return FAULT_NONE;
}

enum fault base64_decode(struct arena *arena, struct str text, struct str *out) {
    return decode_base64(arena, text, false, out);
}

enum fault base64url_decode(struct arena *arena, struct str text, struct str *out) {
    return decode_base64(arena, text, true, out);
}

struct str hex_encode(struct arena *arena, struct str bytes) {
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, bytes.len * 2);
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[(uint8_t)bytes.ptr[i] >> 4];
        out[2 * i + 1] = digits[(uint8_t)bytes.ptr[i] & 15];
    }
    return str_from(out, bytes.len * 2);
}

static int32_t hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum fault hex_decode(struct arena *arena, struct str text, struct str *out) {
    if (text.len % 2 != 0) return FAULT_NOT_BYTES;
    char *start = arena_alloc(arena, text.len / 2);
    for (size_t i = 0; i < text.len; i += 2) {
        int32_t high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0) return FAULT_NOT_BYTES;
        start[i / 2] = (char)(high << 4 | low);
    }
    *out = str_from(start, text.len / 2);
    return FAULT_NONE;
}

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct str url_encode(struct arena *arena, struct str text) {
    static const char digits[] = "0123456789ABCDEF";
    char *start = arena_alloc(arena, text.len * 3), *w = start;
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            *w++ = text.ptr[i];
            continue;
        }
        *w++ = '%';
        *w++ = digits[(uint8_t)text.ptr[i] >> 4];
        *w++ = digits[(uint8_t)text.ptr[i] & 15];
    }
    return str_from(start, (size_t)(w - start));
}

enum fault url_decode(struct arena *arena, struct str text, bool plus_is_blank, struct str *out) {
    char *start = arena_alloc(arena, text.len), *w = start;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '+' && plus_is_blank) c = ' ';
        if (c == '%') {
            int32_t high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int32_t low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) return FAULT_BAD_ARGUMENT;
            c = (char)(high << 4 | low);
            i += 2;
        }
        *w++ = c;
    }
    *out = str_from(start, (size_t)(w - start));
    return text_check(*out, NULL);
}
