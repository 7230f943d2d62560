/* Cases, accents, slugs and normal forms: ASCII by hand, the rest by ICU. */
#include "runtime/base/utf8.h"
#include "runtime/value/text.h"
#include "runtime/value/text_builder.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

/* ---- through UTF-16 ---- */

/* ICU counts in 32 bits and a case mapping can triple the length, so that longer texts go in pieces. */
enum { PIECE_BYTES = 1 << 26 };

typedef int32_t (*utf16_map)(UChar *to, int32_t capacity, const UChar *from, int32_t len, UErrorCode *status);

static int32_t map_lower(UChar *to, int32_t capacity, const UChar *from, int32_t len, UErrorCode *status) {
    return u_strToLower(to, capacity, from, len, "", status);
}

static int32_t map_upper(UChar *to, int32_t capacity, const UChar *from, int32_t len, UErrorCode *status) {
    return u_strToUpper(to, capacity, from, len, "", status);
}

static int32_t map_fold(UChar *to, int32_t capacity, const UChar *from, int32_t len, UErrorCode *status) {
    return u_strFoldCase(to, capacity, from, len, U_FOLD_CASE_DEFAULT, status);
}

/* The text as UTF-16 in the arena; false when it is not valid UTF-8. */
static bool to_utf16(struct arena *arena, struct str s, UChar **out, int32_t *len) {
    UErrorCode status = U_ZERO_ERROR;
    UChar *wide = arena_alloc(arena, sizeof(UChar) * (s.len + 1));
    u_strFromUTF8(wide, (int32_t)s.len + 1, len, s.ptr, (int32_t)s.len, &status);
    *out = wide;
    return U_SUCCESS(status);
}

static struct str from_utf16(struct arena *arena, const UChar *wide, int32_t len) {
    UErrorCode status = U_ZERO_ERROR;
    int32_t bytes = 0;
    char *out = arena_alloc(arena, (size_t)len * 3 + 1);
    u_strToUTF8(out, len * 3 + 1, &bytes, wide, len, &status);
    return str_from(out, (size_t)bytes);
}

/* One piece mapped; invalid UTF-8 comes back as it was. */
static struct str map_piece(struct arena *arena, struct str s, utf16_map map) {
    UChar *wide;
    int32_t len;
    if (!to_utf16(arena, s, &wide, &len)) return s;
    UErrorCode status = U_ZERO_ERROR;
    int32_t capacity = len * 3 + 1; /* full case mappings triple at most */
    UChar *mapped = arena_alloc(arena, sizeof(UChar) * (size_t)capacity);
    int32_t mapped_len = map(mapped, capacity, wide, len, &status);
    return U_SUCCESS(status) ? from_utf16(arena, mapped, mapped_len) : s;
}

static struct str map_text(struct arena *arena, struct str s, utf16_map map) {
    if (s.len <= PIECE_BYTES) return map_piece(arena, s, map);
    struct text_builder b = {.arena = arena};
    while (s.len > 0) {
        size_t len = s.len < PIECE_BYTES ? s.len : PIECE_BYTES;
        while (len < s.len && len > 0 && ((unsigned char)s.ptr[len] & 0xc0) == 0x80)
            len--;
        text_builder_add_str(&b, map_piece(arena, str_from(s.ptr, len), map));
        s = str_from(s.ptr + len, s.len - len);
    }
    return str_from(b.ptr, b.len);
}

/* ---- cases ---- */

/* Eight bytes of a text at a time. */
static const uint64_t ONES = 0x0101010101010101u, HIGH = 0x8080808080808080u;

/* The high bit of each byte that is in [first, first + 25]; first is an ASCII letter. */
static inline uint64_t letters_of(uint64_t w, unsigned char first) {
    uint64_t low = w & ~HIGH;
    return ((low + (0x80u - first) * ONES) ^ (low + (0x80u - 26 - first) * ONES)) & ~w & HIGH;
}

static inline uint64_t load_word(const char *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* Fewer than eight bytes, the others 0. */
static inline uint64_t load_short(const char *p, size_t len) {
    uint64_t w = 0;
    for (size_t i = 0; i < len; i++)
        w |= (uint64_t)(unsigned char)p[i] << i * 8;
    return w;
}

struct letters {
    bool ascii; /* nothing else in the text */
    bool some;  /* letters of the case that was looked for */
};

static inline struct letters find_letters(struct str s, unsigned char first) {
    uint64_t all = 0, found = 0;
    size_t i = 0;
    for (; s.len - i >= 8; i += 8) {
        uint64_t w = load_word(s.ptr + i);
        all |= w;
        found |= letters_of(w, first);
    }
    uint64_t w = load_short(s.ptr + i, s.len - i);
    return (struct letters){((all | w) & HIGH) == 0, (found | letters_of(w, first)) != 0};
}

/* ASCII letters from [first, first + 25] into the other case. */
static char *swap_ascii_case(struct arena *arena, struct str s, unsigned char first) {
    char *out = arena_alloc(arena, (s.len + 7) / 8 * 8); /* so that the end may be written as a whole word */
    size_t i = 0;
    for (; i < s.len; i += 8) {
        uint64_t w = s.len - i >= 8 ? load_word(s.ptr + i) : load_short(s.ptr + i, s.len - i);
        w ^= letters_of(w, first) >> 2; /* 0x80 to 0x20 */
        memcpy(out + i, &w, sizeof w);
    }
    return out;
}

/* Character by character where one character becomes one whatever stands around it; false when the text has
 * others. Greek and what lies behind it are left to ICU. */
static bool map_latin(struct arena *arena, struct str s, bool upper, struct str *out) {
    enum { GREEK = 0x370 };
    char *start = arena_alloc(arena, s.len * 3 / 2 + 4), *w = start; /* two bytes become three at most */
    for (size_t at = 0; at < s.len;) {
        int32_t c = utf8_next(s, &at);
        bool special = c == 0x130 || c == 0xdf || c == 0x149 || c == 0x1f0 || c == 0x345;
        if (c < 0 || c >= GREEK || special) return false;
        w += utf8_encode(upper ? u_toupper(c) : u_tolower(c), w);
    }
    *out = str_from(start, (size_t)(w - start));
    return true;
}

struct str text_lower(struct arena *arena, struct str s) {
    struct str out;
    struct letters letters = find_letters(s, 'A');
    if (letters.ascii) return letters.some ? str_from(swap_ascii_case(arena, s, 'A'), s.len) : s;
    return map_latin(arena, s, false, &out) ? out : map_text(arena, s, map_lower);
}

struct str text_upper(struct arena *arena, struct str s) {
    struct str out;
    struct letters letters = find_letters(s, 'a');
    if (letters.ascii) return letters.some ? str_from(swap_ascii_case(arena, s, 'a'), s.len) : s;
    return map_latin(arena, s, true, &out) ? out : map_text(arena, s, map_upper);
}

struct str text_fold(struct arena *arena, struct str s) {
    struct letters letters = find_letters(s, 'A');
    if (letters.ascii) return letters.some ? str_from(swap_ascii_case(arena, s, 'A'), s.len) : s;
    return map_text(arena, s, map_fold);
}

static bool is_word_char(int32_t c) {
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK);
}

struct str text_title(struct arena *arena, struct str s) {
    enum { RIGHT_QUOTE = 0x2019 }; /* the typographic apostrophe */
    char *start = arena_alloc(arena, s.len * 3 / 2 + 4), *w = start;
    bool in_word = false, after_apostrophe = false;
    for (size_t at = 0; at < s.len;) {
        size_t from = at;
        int32_t c = (unsigned char)s.ptr[at] < 0x80 ? s.ptr[at++] : utf8_next(s, &at);
        bool word = c >= 0 && is_word_char(c);
        if (word && in_word && c < 0x80) {
            *w++ = (char)c;
            continue;
        }
        if (word && !in_word && !after_apostrophe) {
            w += utf8_encode(c < 0x80 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : u_totitle(c), w);
        } else {
            memcpy(w, s.ptr + from, at - from);
            w += at - from;
        }
        after_apostrophe = in_word && (c == '\'' || c == RIGHT_QUOTE);
        in_word = word;
    }
    return str_from(start, (size_t)(w - start));
}

/* ---- accents and slugs ---- */

enum { DECOMPOSITION_MAX = 32 };

/* The characters that c is made of in the normal form; c itself when it is one piece. */
static int32_t decompose(const UNormalizer2 *form, int32_t c, UChar32 out[static DECOMPOSITION_MAX]) {
    UChar units[DECOMPOSITION_MAX];
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = unorm2_getDecomposition(form, c, units, DECOMPOSITION_MAX, &status), count = 0;
    if (len < 0 || U_FAILURE(status)) {
        out[0] = c;
        return 1;
    }
    for (int32_t i = 0; i < len;) {
        UChar32 piece;
        U16_NEXT(units, i, len, piece);
        out[count++] = piece;
    }
    return count;
}

struct slug_writer {
    char *p; /* NULL: only counts */
    size_t len;
    bool gap; /* something else stood here: a hyphen comes before the next character */
};

static void put_slug(struct slug_writer *w, int32_t c) {
    if (c >= 'A' && c <= 'Z') c += 32;
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
        w->gap = true;
        return;
    }
    if (w->gap && w->len > 0) {
        if (w->p) w->p[w->len] = '-';
        w->len++;
    }
    w->gap = false;
    if (w->p) w->p[w->len] = (char)c;
    w->len++;
}

static void write_slug(struct slug_writer *w, struct str s, const UNormalizer2 *form) {
    for (size_t at = 0; at < s.len;) {
        UChar32 pieces[DECOMPOSITION_MAX];
        int32_t c = utf8_next(s, &at);
        if (c >= 0 && c < 0x80) {
            put_slug(w, c);
            continue;
        }
        int32_t count = c < 0 ? 0 : decompose(form, c, pieces);
        if (count == 0) w->gap = true;
        for (int32_t i = 0; i < count; i++)
            if (!(U_GET_GC_MASK(pieces[i]) & U_GC_M_MASK)) put_slug(w, u_tolower(pieces[i]));
    }
}

struct str text_slug(struct arena *arena, struct str s) {
    UErrorCode status = U_ZERO_ERROR;
    struct slug_writer w = {0};
    const UNormalizer2 *form = NULL;
    size_t size = s.len;
    if (!utf8_is_ascii(s)) {
        form = unorm2_getNFKDInstance(&status);
        if (U_FAILURE(status)) memory_exhausted(0); /* ICU's own data: it fails for want of memory alone */
        write_slug(&w, s, form);
        size = w.len;
    }
    w = (struct slug_writer){.p = arena_alloc(arena, size)};
    write_slug(&w, s, form);
    return str_from(w.p, w.len);
}

/* Accents, as opposed to the vowel signs of scripts that cannot be read without them. */
static bool is_accent(int32_t c) {
    UErrorCode status = U_ZERO_ERROR;
    return c >= 0x300 && u_charType(c) == U_NON_SPACING_MARK &&
           uscript_getScript(c, &status) == USCRIPT_INHERITED;
}

struct str text_unaccent(struct arena *arena, struct str s) {
    UErrorCode status = U_ZERO_ERROR;
    if (utf8_is_ascii(s)) return s;
    const UNormalizer2 *form = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status)) memory_exhausted(0);
    struct text_builder b = {.arena = arena};
    for (size_t at = 0; at < s.len;) {
        UChar32 pieces[DECOMPOSITION_MAX];
        size_t from = at;
        int32_t c = utf8_next(s, &at), count = c < 0 ? 0 : decompose(form, c, pieces), accents = 0;
        for (int32_t i = 0; i < count; i++)
            accents += is_accent(pieces[i]);
        if (accents == 0) {
            text_builder_add(&b, s.ptr + from, at - from);
            continue;
        }
        for (int32_t i = 0; i < count; i++) {
            char bytes[4];
            if (!is_accent(pieces[i])) text_builder_add(&b, bytes, utf8_encode(pieces[i], bytes));
        }
    }
    return str_from(b.ptr ? b.ptr : "", b.len);
}

/* ---- normal forms ---- */

static const UNormalizer2 *find_normalizer(enum text_form form, UErrorCode *status) {
    switch (form) {
    case TEXT_NFC: return unorm2_getNFCInstance(status);
    case TEXT_NFD: return unorm2_getNFDInstance(status);
    case TEXT_NFKC: return unorm2_getNFKCInstance(status);
    default: return unorm2_getNFKDInstance(status);
    }
}

enum fault text_normalize(struct arena *arena, struct str s, enum text_form form, struct str *out) {
    UErrorCode status = U_ZERO_ERROR;
    UChar *wide;
    int32_t len;
    *out = s;
    if (utf8_is_ascii(s)) return FAULT_NONE;
    if (s.len > TEXT_BYTES_MAX) return FAULT_TOO_LARGE;
    const UNormalizer2 *normalizer = find_normalizer(form, &status);
    if (U_FAILURE(status)) memory_exhausted(0);
    if (!to_utf16(arena, s, &wide, &len)) return FAULT_BAD_UTF8;
    if (unorm2_isNormalized(normalizer, wide, len, &status) && U_SUCCESS(status)) return FAULT_NONE;
    status = U_ZERO_ERROR;
    int32_t needed = unorm2_normalize(normalizer, wide, len, NULL, 0, &status);
    if (needed < 0 || (size_t)needed > TEXT_BYTES_MAX) return FAULT_TOO_LARGE;
    status = U_ZERO_ERROR;
    UChar *normal = arena_alloc(arena, sizeof(UChar) * ((size_t)needed + 1));
    unorm2_normalize(normalizer, wide, len, normal, needed + 1, &status);
    if (U_FAILURE(status)) return FAULT_TOO_LARGE;
    *out = from_utf16(arena, normal, needed);
    return FAULT_NONE;
}
