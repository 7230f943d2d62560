/* Statistics of one column. */
#include "runtime/profile/column.h"

#include "runtime/base/utf8.h"
#include "runtime/profile/personal.h"
#include "runtime/value/text.h"
#include "runtime/vm/batch.h"

#include <stdlib.h>
#include <unicode/uchar.h>

enum { TOP_VALUES = 1024, TOP_PATTERNS = 256, LONGEST_PATTERN = 48, CODE_VALUES = 60 };

const char *const NULL_SPELLING[NULL_SPELLINGS] = {"NULL", "null", "N/A",    "n/a", "#N/A", "-",
                                                   "--",   "\\N",  "(null)", "nil", "NaN",  "NA"};

void column_init(struct column_profile *column, struct arena *arena, uint32_t exact) {
    *column =
        (struct column_profile){.arena = arena, .length_min = UINT32_MAX, .random = 0x9e3779b97f4a7c15u};
    sketch_init(&column->distinct, exact);
    sketch_init(&column->folded, exact);
    counted_init(&column->top, TOP_VALUES);
    counted_init(&column->patterns, TOP_PATTERNS);
    column->sample = memory_alloc(sizeof *column->sample * SAMPLE_VALUES);
}

void column_release(struct column_profile *column) {
    sketch_release(&column->distinct);
    sketch_release(&column->folded);
    counted_release(&column->top);
    counted_release(&column->patterns);
    arena_release(&column->scratch);
    free(column->sample);
}

/* ---------------------------------------------------------------- shapes of texts */

static void put_run(struct buf *out, char sign, uint32_t run) {
    if (run == 0) return;
    if (sign == 'a' && run > 1) {
        buf_append_cstr(out, "a+");
    } else if (run > 12) {
        buf_append_char(out, sign);
        buf_append_char(out, '+');
    } else {
        buf_repeat_char(out, sign, run);
    }
}

struct str column_pattern(struct arena *arena, struct str text) {
    struct buf out = {0};
    char sign = 0;
    uint32_t run = 0;
    for (size_t at = 0; at < text.len && out.len < LONGEST_PATTERN;) {
        size_t from = at;
        int32_t c = utf8_next(text, &at);
        char kind = c < 0 ? 0 : u_isdigit(c) ? '9' : u_isupper(c) ? 'A' : u_isalpha(c) ? 'a' : 0;
        if (kind && kind == sign) {
            run++;
            continue;
        }
        put_run(&out, sign, run);
        sign = kind;
        run = kind != 0;
        if (kind == 0 && c >= 0 && c < ' ')
            buf_printf(&out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '?');
        else if (kind == 0)
            buf_append(&out, text.ptr + from, at - from);
    }
    if (out.len < LONGEST_PATTERN)
        put_run(&out, sign, run);
    else
        buf_append_cstr(&out, "…");
    struct str pattern = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return pattern;
}

struct str column_fold(struct arena *arena, struct str text) {
    return text_squeeze(arena, text_fold(arena, text_trim(text)));
}

/* ---------------------------------------------------------------- values */

static int null_spelling(struct str text) {
    if (text.len > 6) return -1;
    for (int i = 0; i < NULL_SPELLINGS; i++)
        if (str_is(text, NULL_SPELLING[i])) return i;
    return -1;
}

static void keep_example(struct guess_text *to, struct str text) {
    size_t len = text.len < GUESS_EXAMPLE ? text.len : GUESS_EXAMPLE;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    memcpy(to->bytes, len ? text.ptr : "", len);
    to->len = (uint8_t)len;
    to->cut = len < text.len;
}

/* Each value has the same chance to be in the sample (Vitter's algorithm R); the sequence is always the same.
 */
static void add_to_sample(struct column_profile *column, struct str text, uint32_t length) {
    uint64_t at = column->sample_count;
    if (column->sample_count == SAMPLE_VALUES) {
        column->random ^= column->random << 13;
        column->random ^= column->random >> 7;
        column->random ^= column->random << 17;
        at = column->random % column->values;
        if (at >= SAMPLE_VALUES) return;
    } else {
        column->sample_count++;
    }
    keep_example(&column->sample[at].text, text);
    column->sample[at].length = length;
}

static void note_order(struct column_profile *column, struct str text) {
    const struct guess_text *lo = &column->text_min, *hi = &column->text_max;
    if (column->values == 1 || str_compare(text, str_from(lo->bytes, lo->len)) < 0)
        keep_example(&column->text_min, text);
    if (column->values == 1 || str_compare(text, str_from(hi->bytes, hi->len)) > 0)
        keep_example(&column->text_max, text);
}

static void add_value(struct column_profile *column, const struct guess_patterns *patterns,
                      enum cell_kind kind, struct str text, uint64_t row) {
    struct arena *scratch = &column->scratch;
    struct str bare = text_trim(text);
    uint32_t length = (uint32_t)utf8_count(text);
    uint64_t hash = sketch_hash(text);
    column->values++;
    column->padded += bare.len != text.len;
    column->length_sum += length;
    if (length < column->length_min) column->length_min = length;
    if (length > column->length_max) column->length_max = length;
    column->nested |= kind == CELL_JSON;
    sketch_add(&column->distinct, hash);
    counted_add_hashed(&column->top, hash, text);
    note_order(column, text);
    add_to_sample(column, bare, length);
    /* Long texts are neither keys nor of a shape. */
    if (text.len <= 200) sketch_add(&column->folded, sketch_hash(column_fold(scratch, text)));
    if (kind != CELL_JSON) counted_add(&column->patterns, column_pattern(scratch, text));
    guesser_add(&column->guesser, patterns, kind, bare, row);
    arena_reset(scratch);
}

void column_add(struct column_profile *column, const struct guess_patterns *patterns, uint8_t state,
                enum cell_kind kind, struct str text, uint64_t row) {
    column->rows++;
    if (state == ROW_NULL) {
        column->nulls++;
        return;
    }
    if (state != ROW_VALUE || utf8_find_invalid(text) < text.len) {
        column->unreadable++;
        return;
    }
    if (text.len == 0) {
        column->empty++;
        return;
    }
    struct str bare = text_trim(text);
    int spelling = kind == CELL_TEXT ? null_spelling(bare) : -1;
    if (bare.len == 0) {
        column->blank++;
    } else if (spelling >= 0) {
        column->null_words++;
        column->null_word_counts[spelling]++;
    } else {
        add_value(column, patterns, kind, text, row);
    }
}

/* ---------------------------------------------------------------- afterwards */

const struct guess *column_type(const struct column_profile *column) {
    static const double MOST = 0.9;
    for (uint32_t i = 0; i < column->answer_count; i++)
        if (column->answers[i].share >= MOST) return &column->answers[i];
    return &column->answers[column->answer_count - 1];
}

bool column_is_unique(const struct column_profile *column) {
    if (column->values == 0 || column->values != column->rows) return false;
    if (sketch_is_exact(&column->folded)) return column->folded.count == column->values;
    return (double)sketch_count(&column->folded) > 0.97 * (double)column->values;
}

/* Few values that come again and again, short ones: a status, a type, a country. */
static bool looks_like_code(const struct column_profile *column) {
    const struct guess *type = column_type(column);
    uint64_t distinct = sketch_count(&column->folded);
    if (type->kind != GUESS_TEXT && type->kind != GUESS_BOOL && type->kind != GUESS_INT) return false;
    return column->values >= 4 && distinct <= CODE_VALUES && distinct * 2 <= column->values &&
           column->length_max <= 40 && !column->nested;
}

static bool has_axis(enum guess_kind kind) {
    return kind == GUESS_INT || kind == GUESS_DECIMAL || kind == GUESS_DECIMAL_GROUPS ||
           kind == GUESS_DECIMAL_COMMA || kind == GUESS_DATE || kind == GUESS_TIMESTAMP ||
           kind == GUESS_TIMESTAMPTZ || kind == GUESS_TIME;
}

static void fill_bars(struct column_profile *column, const struct guess_patterns *patterns,
                      const struct guess *type, double lo, double hi) {
    column->bar_count = hi > lo ? HISTOGRAM_BARS : 1;
    bool whole = type == NULL || type->kind == GUESS_INT || type->kind == GUESS_DATE;
    if (whole && hi - lo + 1 < column->bar_count) column->bar_count = (uint32_t)(hi - lo + 1);
    for (uint32_t i = 0; i < column->sample_count; i++) {
        const struct column_sample *s = &column->sample[i];
        double axis = s->length;
        if (type &&
            !guess_axis(patterns, type->kind, type->pattern, str_from(s->text.bytes, s->text.len), &axis))
            continue;
        if (axis < lo || axis > hi) continue;
        double width = (whole ? hi - lo + 1 : hi - lo) / column->bar_count;
        uint32_t bar = width > 0 ? (uint32_t)((axis - lo) / width) : 0;
        column->bars[bar < column->bar_count ? bar : column->bar_count - 1]++;
    }
}

static void make_histogram(struct column_profile *column, const struct guess_patterns *patterns) {
    const struct guess *type = column_type(column);
    column->bars_sampled = column->values > SAMPLE_VALUES;
    if (column->values == 0 || type->kind == GUESS_JSON) return;
    if (has_axis(type->kind)) {
        const struct guess_candidate *c = type->candidate;
        column->bars_of = STR("value");
        column->bars_from = str_from(c->lo_text.bytes, c->lo_text.len);
        column->bars_to = str_from(c->hi_text.bytes, c->hi_text.len);
        fill_bars(column, patterns, type, c->lo, c->hi);
    } else {
        column->bars_of = STR("length");
        column->bars_from = arena_printf(column->arena, "%u", column->length_min);
        column->bars_to = arena_printf(column->arena, "%u", column->length_max);
        fill_bars(column, patterns, NULL, column->length_min, column->length_max);
    }
}

void column_finish(struct column_profile *column, const struct guess_patterns *patterns, struct str table) {
    column->answer_count = guesser_answers(&column->guesser, column->answers);
    if (column->values == 0) column->length_min = 0;
    column->is_code = looks_like_code(column);
    column->personal = column->declared ? column->declared : personal_suspect(column, table);
    make_histogram(column, patterns);
}
