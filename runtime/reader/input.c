/* Unpacked bytes as UTF-8: marks at the beginning, and ICU's converters for every other encoding. */
#include "runtime/reader/input.h"

#include "runtime/base/utf8.h"
#include "runtime/reader/unpack.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

/* No converter makes more than two UTF-16 units of a byte. */
enum { BYTES_BLOCK = 8 * 1024, UTF16_BLOCK = 2 * BYTES_BLOCK + 64, NAME_MAX_BYTES = 63, SENTINEL = 0xffff };

struct input {
    struct unpack *unpack;
    const struct source_file *file;
    char head[4]; /* bytes looked at for a mark and not given out: head[head_at..head_len) */
    uint32_t head_at, head_len;
    uint32_t mark;         /* bytes of a UTF-8 mark */
    UConverter *converter; /* NULL: UTF-8 */
    char *bytes;           /* not yet converted: bytes[0..bytes_len) goes into one call */
    UChar *utf16;
    char *text; /* converted and not given out: text[text_at..text_len) */
    size_t text_at, text_len;
    bool bytes_end, at_start;
    UChar high; /* first half of a surrogate pair at the end of a block */
};

static void report_bytes(const void *context, UConverterToUnicodeArgs *args, const char *bytes, int32_t len,
                         UConverterCallbackReason reason, UErrorCode *error) {
    (void)context, (void)bytes, (void)len;
    static const UChar sentinel = SENTINEL;
    if (reason > UCNV_IRREGULAR) return; /* reset, close, clone */
    *error = U_ZERO_ERROR;
    ucnv_cbToUWriteUChars(args, &sentinel, 1, 0, error);
}

static bool fail_encoding(const struct input *in, struct diag_list *diags, const char *message,
                          struct str name, const char *help) {
    struct diag *d = reader_error(diags, X_SOURCE_ENCODING, in->file->name, message, STR_ARG(name));
    diag_help(diags, d, "%s", help);
    return false;
}

static bool open_converter(struct input *in, struct str name, struct diag_list *diags) {
    char cname[NAME_MAX_BYTES + 1] = "";
    UErrorCode error = U_ZERO_ERROR;
    if (name.len <= NAME_MAX_BYTES && memchr(name.ptr, ',', name.len) == NULL)
        memcpy(cname, name.ptr, name.len);
    if (cname[0]) in->converter = ucnv_open(cname, &error);
    if (in->converter == NULL || U_FAILURE(error))
        return fail_encoding(in, diags, "`%.*s` is not an encoding that mig knows", name,
                             "use an IANA name such as UTF-8, UTF-16LE, ISO-8859-15 or windows-1252");
    ucnv_setToUCallBack(in->converter, report_bytes, NULL, NULL, NULL, &error);
    in->bytes = memory_alloc(BYTES_BLOCK);
    in->utf16 = memory_alloc(UTF16_BLOCK * sizeof *in->utf16);
    in->text = memory_alloc(UTF16_BLOCK * 3 + 8);
    in->at_start = true;
    return true;
}

static bool same_encoding(struct str name, const char *other) {
    char cname[NAME_MAX_BYTES + 1] = "";
    if (name.len > NAME_MAX_BYTES) return false;
    memcpy(cname, name.len ? name.ptr : "", name.len);
    return ucnv_compareNames(cname, other) == 0;
}

static bool peek_head(struct input *in, struct diag_list *diags) {
    while (in->head_len < sizeof in->head) {
        ptrdiff_t n = unpack_read(in->unpack, in->head + in->head_len, sizeof in->head - in->head_len, diags);
        if (n < 0) return false;
        if (n == 0) break;
        in->head_len += (uint32_t)n;
    }
    return true;
}

static bool head_is(const struct input *in, const char *bytes, uint32_t len) {
    return in->head_len >= len && memcmp(in->head, bytes, len) == 0;
}

static bool start_utf16_unmarked(struct input *in, struct diag_list *diags) {
    if (in->head_len >= 2 && in->head[1] == 0) return open_converter(in, STR("UTF-16LE"), diags);
    if (in->head_len >= 2 && in->head[0] == 0) return open_converter(in, STR("UTF-16BE"), diags);
    return fail_encoding(in, diags, "the file has no %.*s mark that tells its byte order", STR("UTF-16"),
                         "write encoding 'UTF-16LE' (usual on Windows) or 'UTF-16BE'");
}

static bool start_text(struct input *in, struct str encoding, struct diag_list *diags) {
    bool utf8 = encoding.len == 0 || same_encoding(encoding, "UTF-8");
    bool utf16 = encoding.len == 0 || same_encoding(encoding, "UTF-16") ||
                 same_encoding(encoding, "UTF-16LE") || same_encoding(encoding, "UTF-16BE");
    if (head_is(in, "\xef\xbb\xbf", 3)) {
        if (!utf8)
            return fail_encoding(in, diags, "the file begins with a UTF-8 mark, but the spec says it is %.*s",
                                 encoding, "leave the `encoding` option out: the file is UTF-8");
        in->head_at = in->mark = 3;
        return true;
    }
    bool little = head_is(in, "\xff\xfe", 2), big = head_is(in, "\xfe\xff", 2);
    if (little && head_is(in, "\xff\xfe\0\0", 4) && !utf16) return open_converter(in, encoding, diags);
    if (little || big) {
        if (!utf16)
            return fail_encoding(in, diags,
                                 "the file begins with a UTF-16 mark, but the spec says it is %.*s", encoding,
                                 "leave the `encoding` option out: the file tells by itself");
        in->head_at = 2;
        return open_converter(in, little ? STR("UTF-16LE") : STR("UTF-16BE"), diags);
    }
    if (same_encoding(encoding, "UTF-16") && in->head_len) return start_utf16_unmarked(in, diags);
    if (!utf8) return open_converter(in, encoding, diags);
    if (in->head_len >= 2 && (in->head[0] == 0) != (in->head[1] == 0))
        return fail_encoding(in, diags, "the file looks like UTF-16 without a mark, not like %.*s",
                             STR("UTF-8"),
                             in->head[0] ? "write encoding 'UTF-16LE'" : "write encoding 'UTF-16BE'");
    return true;
}

struct input *input_open(const struct source_file *file, struct str encoding,
                         const struct reader_limits *limits, struct diag_list *diags) {
    struct input *in = memory_zalloc(sizeof *in);
    in->file = file;
    in->unpack = unpack_open(file, limits, diags);
    if (in->unpack && peek_head(in, diags) && start_text(in, encoding, diags)) return in;
    input_close(in);
    return NULL;
}

static ptrdiff_t read_bytes(struct input *in, char *to, size_t cap, struct diag_list *diags) {
    if (in->head_at < in->head_len) {
        size_t n = in->head_len - in->head_at < cap ? in->head_len - in->head_at : cap;
        memcpy(to, in->head + in->head_at, n);
        in->head_at += (uint32_t)n;
        return (ptrdiff_t)n;
    }
    return unpack_read(in->unpack, to, cap, diags);
}

static void put_code_point(struct input *in, int32_t cp) {
    if (cp == SENTINEL || (cp >= 0xd800 && cp < 0xe000)) {
        in->text[in->text_len++] = (char)0xff;
        return;
    }
    in->text_len += utf8_encode(cp, in->text + in->text_len);
}

static void encode_utf8(struct input *in, const UChar *units, size_t count) {
    for (size_t i = 0; i < count; i++) {
        UChar u = units[i];
        if (in->at_start && u == 0xfeff) {
            in->at_start = false;
            continue;
        }
        in->at_start = false;
        if (u < 0x80 && in->high == 0) {
            in->text[in->text_len++] = (char)u;
        } else if (in->high && U16_IS_TRAIL(u)) {
            put_code_point(in, U16_GET_SUPPLEMENTARY(in->high, u));
            in->high = 0;
        } else {
            if (in->high) put_code_point(in, in->high);
            in->high = U16_IS_LEAD(u) ? u : 0;
            if (in->high == 0) put_code_point(in, u);
        }
    }
}

/* Converts the next block of bytes into text. */
static bool convert_block(struct input *in, struct diag_list *diags) {
    ptrdiff_t n = read_bytes(in, in->bytes, BYTES_BLOCK, diags);
    if (n < 0) return false;
    in->bytes_end = n == 0;
    in->text_at = in->text_len = 0;
    const char *from = in->bytes;
    UErrorCode error = U_ZERO_ERROR;
    UChar *to = in->utf16;
    ucnv_toUnicode(in->converter, &to, in->utf16 + UTF16_BLOCK, &from, in->bytes + n, NULL, in->bytes_end,
                   &error);
    encode_utf8(in, in->utf16, (size_t)(to - in->utf16));
    if (U_FAILURE(error) || (in->bytes_end && in->high)) {
        in->high = 0;
        put_code_point(in, SENTINEL);
    }
    return true;
}

ptrdiff_t input_read(struct input *in, char *to, size_t cap, struct diag_list *diags) {
    if (in->converter == NULL) return read_bytes(in, to, cap, diags);
    while (in->text_at == in->text_len) {
        if (in->bytes_end) return 0;
        if (!convert_block(in, diags)) return -1;
    }
    size_t n = in->text_len - in->text_at < cap ? in->text_len - in->text_at : cap;
    memcpy(to, in->text + in->text_at, n);
    in->text_at += n;
    return (ptrdiff_t)n;
}

uint64_t input_stored_bytes(const struct input *in) {
    return unpack_stored_bytes(in->unpack);
}
bool input_is_plain(const struct input *in) {
    return in->converter == NULL && unpack_is_plain(in->unpack);
}
uint32_t input_mark_bytes(const struct input *in) {
    return in->mark;
}

void input_close(struct input *in) {
    if (in == NULL) return;
    unpack_close(in->unpack);
    if (in->converter) ucnv_close(in->converter);
    free(in->bytes);
    free(in->utf16);
    free(in->text);
    free(in);
}
