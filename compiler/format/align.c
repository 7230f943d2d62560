/* Alignment: first the lines of a kind, cell by cell, then what the author aligned by hand, from left to
 * right, then the comments behind code. Each step fixes a column for good, so that a second pass finds the
 * same. */
#include "compiler/format/layout.h"

#include <stdlib.h>

/* Moves row->fixed up to `token` and returns where the token before it ends. */
static uint32_t format_row_advance(const struct format *format, struct format_row *row, uint32_t token) {
    for (; row->fixed < token; row->fixed++)
        row->column += format->marks[row->fixed].gap + format->marks[row->fixed].width;
    return row->column;
}

/* A token that may be aligned with tokens of other rows. */
struct point {
    uint32_t row, token;
    uint32_t group[4]; /* points of equal groups are aligned together */
};

struct points {
    VEC(struct point) v;
    const struct format *format;
};

static int compare_points(const void *left, const void *right, void *context) {
    const struct point *a = left, *b = right;
    const struct token_list *tokens = context;
    for (int g = 0; g < 4; g++)
        if (a->group[g] != b->group[g]) return a->group[g] < b->group[g] ? -1 : 1;
    int order = tokens ? str_compare(token_text(tokens, a->token), token_text(tokens, b->token)) : 0;
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static bool same_group(const struct point *a, const struct point *b, const struct token_list *tokens) {
    return memcmp(a->group, b->group, sizeof a->group) == 0 &&
           (tokens == NULL || str_eq(token_text(tokens, a->token), token_text(tokens, b->token)));
}

/* Moves all points to the leftmost column that leaves at least `gap` blanks, and what it needs, before each.
 */
static void align_points(struct format *format, const struct point *points, uint32_t count, uint32_t gap) {
    uint32_t column = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = format_row_advance(format, &format->rows.items[points[i].row], points[i].token);
        uint32_t own_gap = format->marks[points[i].token].gap;
        end += own_gap > gap ? own_gap : gap;
        if (end > column) column = end;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct format_row *row = &format->rows.items[points[i].row];
        format->marks[points[i].token].gap = column - row->column;
        format_row_advance(format, row, points[i].token + 1);
    }
}

/* The smallest distance that the author left before one of the points. */
static uint32_t smallest_source_gap(const struct format *format, const struct point *points, uint32_t count) {
    uint32_t smallest = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (format->marks[points[i].token].source_gap < smallest)
            smallest = format->marks[points[i].token].source_gap;
    return smallest;
}

/* ------------------------------------------------------------------ lines of a kind */

static uint32_t default_gap(enum format_class class, uint32_t cell) {
    return class == CLASS_COLUMN && cell > 1 ? 2 : 1;
}

static bool in_one_column(const struct format *format, const struct point *points, uint32_t count) {
    for (uint32_t i = 1; i < count; i++)
        if (format->marks[points[i].token].source_column != format->marks[points[0].token].source_column)
            return false;
    return smallest_source_gap(format, points, count) > 0;
}

static void align_cells(struct format *format, const struct point *points, uint32_t count) {
    const struct format_token *mark = &format->marks[points[0].token];
    uint32_t gap = default_gap((enum format_class)mark->cell_class, mark->cell);
    bool aligned = count > 1 && in_one_column(format, points, count);
    if (aligned && smallest_source_gap(format, points, count) > gap)
        gap = smallest_source_gap(format, points, count);
    if (mark->cell_class != CLASS_INLINE_ROW || aligned) align_points(format, points, count, gap);
}

/* The cells of the item that the row begins with. *first_free: the token behind the last one. */
static void add_cells(struct format *format, struct points *points, uint32_t r, uint32_t *top_class,
                      uint32_t *top_run) {
    const struct format_row *row = &format->rows.items[r];
    uint32_t class = CLASS_NONE;
    for (uint32_t i = row->first + 1; i < row->end; i++) {
        const struct format_token *mark = &format->marks[i];
        if (mark->flags & FORMAT_ITEM) break;
        if (mark->cell == 0) continue;
        class = mark->cell_class;
        if (row->frame == 0 && class != *top_class) *top_class = class, ++*top_run;
        uint32_t run = row->frame ? row->run : *top_run;
        VEC_PUSH(format->arena, &points->v,
                 (struct point){r, i, {mark->cell, row->frame, run, mark->cell_class}});
    }
    if (row->frame == 0 && class == CLASS_NONE) *top_class = CLASS_NONE, ++*top_run;
}

static void align_lines_of_a_kind(struct format *format) {
    struct points points = {.format = format};
    uint32_t top_class = CLASS_NONE, top_run = 0;
    for (uint32_t r = 0; r < format->rows.count; r++) {
        const struct format_row *row = &format->rows.items[r];
        if (row->blank_before) top_class = CLASS_NONE;
        if (!row->is_comment && format->marks[row->first].flags & FORMAT_ITEM)
            add_cells(format, &points, r, &top_class, &top_run);
    }
    if (points.v.count == 0) return;
    qsort_r(points.v.items, points.v.count, sizeof *points.v.items, compare_points, NULL);
    for (uint32_t i = 0, next; i < points.v.count; i = next) {
        for (next = i + 1; next < points.v.count; next++)
            if (!same_group(&points.v.items[i], &points.v.items[next], NULL)) break;
        align_cells(format, &points.v.items[i], next - i);
    }
}

/* ------------------------------------------------------------------ what the author aligned */

static void align_by_hand(struct format *format, const struct point *points, uint32_t count) {
    uint32_t gap = smallest_source_gap(format, points, count);
    bool wide = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct format_token *mark = &format->marks[points[i].token];
        if (mark->source_gap > 1) wide = true;
    }
    if (count > 1 && wide) align_points(format, points, count, gap);
}

static void align_what_is_aligned(struct format *format) {
    struct points points = {.format = format};
    for (uint32_t r = 0; r < format->rows.count; r++) {
        const struct format_row *row = &format->rows.items[r];
        for (uint32_t i = row->fixed; !row->is_comment && i < row->end; i++) {
            const struct format_token *mark = &format->marks[i];
            if (format->tokens.tokens.items[i - 1].kind == TOKEN_BLOCK_TEXT && row->is_torn) break;
            if (mark->gap == 0 || mark->source_gap == 0) continue;
            VEC_PUSH(format->arena, &points.v,
                     (struct point){r, i, {mark->source_column, row->run, row->frame, row->indent}});
        }
    }
    if (points.v.count == 0) return;
    qsort_r(points.v.items, points.v.count, sizeof *points.v.items, compare_points, &format->tokens);
    for (uint32_t i = 0, next; i < points.v.count; i = next) {
        for (next = i + 1; next < points.v.count; next++)
            if (!same_group(&points.v.items[i], &points.v.items[next], &format->tokens)) break;
        align_by_hand(format, &points.v.items[i], next - i);
    }
}

/* ------------------------------------------------------------------ comments behind code */

static bool has_loose_comment(const struct format_row *row) {
    return !row->is_comment && row->comment && !row->is_torn;
}

static void align_comments_of(struct format *format, uint32_t first, uint32_t end) {
    struct format_row *rows = format->rows.items;
    uint32_t gap = UINT32_MAX, column = 0;
    for (uint32_t r = first; r < end; r++) {
        if (rows[r].comment_column != rows[first].comment_column) gap = 0;
        if (rows[r].comment_source_gap < gap) gap = rows[r].comment_source_gap;
    }
    if (gap < 2 || end - first < 2) gap = 2;
    for (uint32_t r = first; r < end; r++) {
        uint32_t code_end = format_row_advance(format, &rows[r], rows[r].end);
        if (code_end + gap > column) column = code_end + gap;
    }
    for (uint32_t r = first; r < end; r++)
        rows[r].comment_gap = column - rows[r].column;
}

static void align_comments(struct format *format) {
    const struct format_row *rows = format->rows.items;
    for (uint32_t r = 0, next; r < format->rows.count; r = next) {
        next = r + 1;
        if (!has_loose_comment(&rows[r])) continue;
        while (next < format->rows.count && has_loose_comment(&rows[next]) && rows[next].run == rows[r].run &&
               rows[next].indent == rows[r].indent)
            next++;
        align_comments_of(format, r, next);
    }
}

void format_align(struct format *format) {
    align_lines_of_a_kind(format);
    align_what_is_aligned(format);
    align_comments(format);
}
