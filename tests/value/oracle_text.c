/* Text functions against Postgres' own, with ICU collations where case is concerned. */
#include "runtime/value/text.h"
#include "runtime/value/digest.h"
#include "runtime/value/encode.h"
#include "runtime/value/number.h"
#include "tests/value/oracle.h"

static const char *const pieces[] = {
    "a",  "B",  "z",   "Z", " ",  "  ", ",",       "-",      "%",      "_",      "0", "9",
    "\n", "ab", "abc", "é", "É",  "ß",  "ñ",       "ø",      "Σ",      "ς",      "σ", "İ",
    "ı",  "ﬁ",  "ǆ",   "Ж", "漢", "字", "e\u0301", "\u00a0", "\u2003", "\u3000", "😀", "K",
    "Å",  "ﬀ",  "½",   "Ω", "ά",  "ΐ",  "ᾳ",       "\u1e9e", "'",      "\""};

static struct str random_text(struct arena *arena, int most) {
    struct str s = STR("");
    bool ascii = oracle_below(3) == 0;
    for (int64_t i = oracle_between(0, most); i > 0; i--) {
        const char *piece = pieces[oracle_below(ascii ? 15 : sizeof pieces / sizeof *pieces)];
        s = arena_printf(arena, "%.*s%s", STR_ARG(s), piece);
    }
    return s;
}

static struct str lower_upper(struct arena *arena, const struct str *args) {
    struct str a = text_lower(arena, args[0]), b = text_upper(arena, args[0]);
    return arena_printf(arena, "%.*s|%.*s", STR_ARG(a), STR_ARG(b));
}

static struct str left_right(struct arena *arena, const struct str *args) {
    int64_t n;
    if (int_parse(args[1], &n) != FAULT_NONE) return ORACLE_ERROR;
    struct str a = text_left(args[0], n), b = text_right(args[0], n);
    return arena_printf(arena, "%.*s|%.*s|%lld", STR_ARG(a), STR_ARG(b), (long long)text_length(args[0]));
}

static struct str substr(struct arena *arena, const struct str *args) {
    int64_t start, count;
    struct str out;
    (void)arena;
    if (int_parse(args[1], &start) != FAULT_NONE || int_parse(args[2], &count) != FAULT_NONE)
        return ORACLE_ERROR;
    return text_substr(args[0], start, count, &out) == FAULT_NONE ? out : ORACLE_ERROR;
}

static struct str substr_from(struct arena *arena, const struct str *args) {
    int64_t start;
    (void)arena;
    return int_parse(args[1], &start) == FAULT_NONE ? text_substr_from(args[0], start) : ORACLE_ERROR;
}

static struct str replace(struct arena *arena, const struct str *args) {
    struct str out;
    return text_replace(arena, args[0], args[1], args[2], &out) == FAULT_NONE ? out : ORACLE_ERROR;
}

static struct str translate(struct arena *arena, const struct str *args) {
    struct str from, out;
    if (text_concat(arena, args[1], args[2], &from) != FAULT_NONE) return ORACLE_ERROR;
    return text_translate(arena, args[0], from, args[2], &out) == FAULT_NONE ? out : ORACLE_ERROR;
}

static struct str position(struct arena *arena, const struct str *args) {
    return arena_printf(arena, "%lld %s", (long long)text_position(args[0], args[1]),
                        str_starts_with(args[0], args[1]) ? "true" : "false");
}

static struct str split_part(struct arena *arena, const struct str *args) {
    int64_t n;
    struct str out;
    (void)arena;
    if (int_parse(args[2], &n) != FAULT_NONE || text_split_part(args[0], args[1], n, &out) != FAULT_NONE)
        return ORACLE_ERROR;
    return out;
}

static struct str pads(struct arena *arena, const struct str *args) {
    struct str a, b, c;
    int64_t n;
    if (int_parse(args[2], &n) != FAULT_NONE) return ORACLE_ERROR;
    if (n < text_length(args[0])) return ORACLE_STRICTER; /* Postgres cuts longer texts */
    if (text_pad_left(arena, args[0], n, args[1], &a) != FAULT_NONE ||
        text_pad_right(arena, args[0], n, args[1], &b) != FAULT_NONE ||
        text_repeat(arena, args[0], n % 4, &c) != FAULT_NONE)
        return ORACLE_ERROR;
    return arena_printf(arena, "%.*s|%.*s|%.*s", STR_ARG(a), STR_ARG(b), STR_ARG(c));
}

static struct str like(struct arena *arena, const struct str *args) {
    bool yes;
    (void)arena;
    if (text_like(args[0], args[1], &yes) != FAULT_NONE)
        return ORACLE_STRICTER; /* an error only where it gets that far */
    return yes ? STR("true") : STR("false");
}

static struct str normal_forms(struct arena *arena, const struct str *args) {
    struct str out[4];
    for (int form = TEXT_NFC; form <= TEXT_NFKD; form++)
        if (text_normalize(arena, args[0], (enum text_form)form, &out[form]) != FAULT_NONE)
            return ORACLE_ERROR;
    return arena_printf(arena, "%.*s|%.*s|%.*s|%.*s", STR_ARG(out[0]), STR_ARG(out[1]), STR_ARG(out[2]),
                        STR_ARG(out[3]));
}

static struct str digests(struct arena *arena, const struct str *args) {
    struct str md5 = digest_md5_hex(arena, args[0]), sha = digest_sha256_hex(arena, args[0]);
    struct str hex = hex_encode(arena, args[0]), base64 = base64_encode(arena, args[0]);
    struct str back;
    if (base64_decode(arena, base64, &back) != FAULT_NONE || !str_eq(back, args[0]))
        return STR("does not decode");
    return arena_printf(arena, "%.*s %.*s %.*s %.*s", STR_ARG(md5), STR_ARG(sha), STR_ARG(hex),
                        STR_ARG(base64));
}

static struct str reversed(struct arena *arena, const struct str *args) {
    struct str a = text_reverse(arena, args[0]);
    return arena_printf(arena, "%.*s|%d", STR_ARG(a), str_compare(args[0], args[1]) < 0);
}

void oracle_text(struct oracle *oracle) {
    struct arena arena;
    struct oracle_rows one, numbers, parts, patterns;
    arena_init(&arena);
    oracle_rows_init(&one, &arena);
    oracle_rows_init(&numbers, &arena);
    oracle_rows_init(&parts, &arena);
    oracle_rows_init(&patterns, &arena);
    for (int i = 0; i < 10000; i++) {
        oracle_rows_add(&one, random_text(&arena, 8), random_text(&arena, 2), STR(""));
        oracle_rows_add(&numbers, random_text(&arena, 8), int_format(&arena, oracle_between(-8, 9)),
                        int_format(&arena, oracle_between(-1, 9)));
        oracle_rows_add(&parts, random_text(&arena, 10), random_text(&arena, 1), random_text(&arena, 2));
        struct str pattern = random_text(&arena, 5);
        if (oracle_below(2)) pattern = arena_printf(&arena, "%%%.*s%%", STR_ARG(pattern));
        if (oracle_below(8) == 0)
            pattern = arena_printf(&arena, "%.*s\\_%.*s", STR_ARG(pattern), STR_ARG(pattern));
        oracle_rows_add(&patterns, random_text(&arena, 8), pattern, STR(""));
    }
    oracle_compare(oracle, "lower, upper",
                   "lower(a collate \"und-x-icu\") || '|' || upper(a collate \"und-x-icu\")", &one,
                   lower_upper);
    oracle_compare(oracle, "normalize",
                   "normalize(a, nfc) || '|' || normalize(a, nfd) || '|' || normalize(a, nfkc) || '|' || "
                   "normalize(a, nfkd)",
                   &one, normal_forms);
    oracle_compare(oracle, "md5 sha256 hex base64",
                   "md5(a) || ' ' || encode(sha256(convert_to(a, 'UTF8')), 'hex') || ' ' || "
                   "encode(convert_to(a, 'UTF8'), 'hex') "
                   "|| ' ' || replace(encode(convert_to(a, 'UTF8'), 'base64'), chr(10), '')",
                   &one, digests);
    oracle_compare(oracle, "reverse, order", "reverse(a) || '|' || (a < b collate \"C\")::int", &one,
                   reversed);
    oracle_compare(oracle, "left, right, length",
                   "left(a, b::int) || '|' || right(a, b::int) || '|' || length(a)", &numbers, left_right);
    oracle_compare(oracle, "substr(x, n, m)", "substr(a, b::int, c::int)", &numbers, substr);
    oracle_compare(oracle, "substr(x, n)", "substr(a, b::int)", &numbers, substr_from);
    oracle_compare(oracle, "replace", "replace(a, b, c)", &parts, replace);
    oracle_compare(oracle, "translate", "translate(a, b || c, c)", &parts, translate);
    oracle_compare(oracle, "position, starts_with", "position(b in a) || ' ' || starts_with(a, b)", &parts,
                   position);
    oracle_compare(oracle, "like", "a like b", &patterns, like);
    for (uint32_t i = 0; i < parts.count; i++)
        parts.args[i * ORACLE_ARGS + 2] = int_format(&arena, oracle_between(-4, 12));
    oracle_compare(oracle, "split_part", "split_part(a, b, c::int)", &parts, split_part);
    oracle_compare(oracle, "lpad, rpad, repeat",
                   "lpad(a, c::int, b) || '|' || rpad(a, c::int, b) || '|' || repeat(a, c::int % 4)", &parts,
                   pads);
    arena_release(&arena);
}
