/* Unified diffs: Myers' greedy algorithm over lines (An O(ND) Difference Algorithm, 1986), with a bound on
 * the number of differences, past which all that lies between the first and the last one is one change. */
#include "compiler/format/format.h"

enum { CONTEXT = 3, MOST_DIFFERENCES = 1500 };

struct lines {
    VEC(struct str) v; /* with their line ends */
};

/* One line of the result: ' ', '-' or '+'. */
struct edit {
    char sign;
    uint32_t old_line, new_line; /* where it stands, or the next one would */
};

struct diff {
    struct arena arena;
    struct lines old_lines, new_lines;
    VEC(struct edit) edits;
};

static void split_lines(struct arena *arena, struct str text, struct lines *lines) {
    for (size_t at = 0; at < text.len;) {
        const char *line_end = memchr(text.ptr + at, '\n', text.len - at);
        size_t end = line_end ? (size_t)(line_end - text.ptr) + 1 : text.len;
        VEC_PUSH(arena, &lines->v, str_from(text.ptr + at, end - at));
        at = end;
    }
}

static bool same_line(const struct diff *diff, uint32_t old_line, uint32_t new_line) {
    return str_eq(diff->old_lines.v.items[old_line], diff->new_lines.v.items[new_line]);
}

static void add_edit(struct diff *diff, char sign, uint32_t old_line, uint32_t new_line) {
    VEC_PUSH(&diff->arena, &diff->edits, (struct edit){sign, old_line, new_line});
}

static void replace_all(struct diff *diff, uint32_t from, uint32_t old_end, uint32_t new_end) {
    for (uint32_t i = from; i < old_end; i++)
        add_edit(diff, '-', i, from);
    for (uint32_t i = from; i < new_end; i++)
        add_edit(diff, '+', old_end, i);
}

/* How diagonal k is best reached with d differences, from what d - 1 differences reach (whose diagonal k is
 * reach[k + d]): by a line of the new text, else by one of the old text left out. */
static bool is_insertion(const int64_t *reach, int64_t d, int64_t k) {
    return k == -d || (k != d && reach[d + k - 1] < reach[d + k + 1]);
}

/* Walks back from the end and writes the edits, last one first. */
static void trace_back(struct diff *diff, int64_t **reaches, int64_t d, int64_t x, int64_t y, uint32_t from) {
    for (; d >= 0; d--) {
        int64_t before_x = 0, before_y = 0, start_x = 0;
        bool insertion = false;
        if (d > 0) {
            int64_t k = x - y;
            insertion = is_insertion(reaches[d - 1], d, k);
            int64_t before_k = insertion ? k + 1 : k - 1;
            before_x = reaches[d - 1][d + before_k];
            before_y = before_x - before_k;
            start_x = insertion ? before_x : before_x + 1;
        }
        while (x > start_x) {
            x--, y--;
            add_edit(diff, ' ', from + (uint32_t)x, from + (uint32_t)y);
        }
        x = before_x, y = before_y;
        if (d > 0) add_edit(diff, insertion ? '+' : '-', from + (uint32_t)x, from + (uint32_t)y);
    }
}

static void reverse_edits(struct diff *diff, uint32_t first) {
    for (uint32_t a = first, b = diff->edits.count; a + 1 < b; a++) {
        struct edit swapped = diff->edits.items[a];
        diff->edits.items[a] = diff->edits.items[--b];
        diff->edits.items[b] = swapped;
    }
}

/* The furthest old line on diagonal k with d differences. */
static int64_t reach_further(const struct diff *diff, int64_t **reaches, int64_t d, int64_t k, uint32_t from,
                             int64_t n, int64_t m) {
    int64_t x = 0;
    if (d > 0)
        x = is_insertion(reaches[d - 1], d, k) ? reaches[d - 1][d + k + 1] : reaches[d - 1][d + k - 1] + 1;
    while (x < n && x - k < m && same_line(diff, from + (uint32_t)x, from + (uint32_t)(x - k)))
        x++;
    return x;
}

/* The shortest way from lines [from, from + n) to lines [from, from + m). False when it is too long. */
static bool find_shortest(struct diff *diff, uint32_t from, int64_t n, int64_t m) {
    int64_t most = n + m < MOST_DIFFERENCES ? n + m : MOST_DIFFERENCES;
    int64_t **reaches = ARENA_ARRAY(&diff->arena, int64_t *, most + 1);
    for (int64_t d = 0; d <= most; d++) {
        reaches[d] = ARENA_ARRAY(&diff->arena, int64_t, 2 * d + 3);
        for (int64_t k = -d; k <= d; k += 2) {
            int64_t x = reach_further(diff, reaches, d, k, from, n, m);
            reaches[d][d + 1 + k] = x;
            if (x < n || x - k < m) continue;
            uint32_t first = diff->edits.count;
            trace_back(diff, reaches, d, n, m, from);
            reverse_edits(diff, first);
            return true;
        }
    }
    return false;
}

static void find_edits(struct diff *diff) {
    uint32_t n = diff->old_lines.v.count, m = diff->new_lines.v.count, head = 0, tail = 0;
    while (head < n && head < m && same_line(diff, head, head))
        head++;
    while (tail < n - head && tail < m - head && same_line(diff, n - 1 - tail, m - 1 - tail))
        tail++;
    for (uint32_t i = 0; i < head; i++)
        add_edit(diff, ' ', i, i);
    if (!find_shortest(diff, head, n - head - tail, m - head - tail))
        replace_all(diff, head, n - tail, m - tail);
    for (uint32_t i = tail; i > 0; i--)
        add_edit(diff, ' ', n - i, m - i);
}

/* ------------------------------------------------------------------ printing */

static void print_line(const struct diff *diff, const struct edit *edit, struct buf *out) {
    struct str line =
        edit->sign == '+' ? diff->new_lines.v.items[edit->new_line] : diff->old_lines.v.items[edit->old_line];
    buf_append_char(out, edit->sign);
    buf_append_str(out, line);
    if (line.len == 0 || line.ptr[line.len - 1] != '\n')
        buf_append_cstr(out, "\n\\ No newline at end of file\n");
}

static void print_range(struct buf *out, char sign, uint32_t first, uint32_t count) {
    buf_printf(out, " %c%u", sign, count ? first + 1 : first);
    if (count != 1) buf_printf(out, ",%u", count);
}

static void print_hunk(const struct diff *diff, uint32_t first, uint32_t end, struct buf *out) {
    uint32_t removed = 0, added = 0;
    for (uint32_t i = first; i < end; i++) {
        if (diff->edits.items[i].sign != '+') removed++;
        if (diff->edits.items[i].sign != '-') added++;
    }
    buf_append_cstr(out, "@@");
    print_range(out, '-', diff->edits.items[first].old_line, removed);
    print_range(out, '+', diff->edits.items[first].new_line, added);
    buf_append_cstr(out, " @@\n");
    for (uint32_t i = first; i < end; i++)
        print_line(diff, &diff->edits.items[i], out);
}

static void print_hunks(const struct diff *diff, struct buf *out) {
    const struct edit *edits = diff->edits.items;
    uint32_t count = diff->edits.count;
    for (uint32_t i = 0; i < count;) {
        if (edits[i].sign == ' ') {
            i++;
            continue;
        }
        uint32_t first = i > CONTEXT ? i - CONTEXT : 0, end = i, same = 0;
        for (; i < count && same <= 2 * CONTEXT; i++) {
            same = edits[i].sign == ' ' ? same + 1 : 0;
            if (same == 0) end = i + 1;
        }
        i = end;
        end = count - end > CONTEXT ? end + CONTEXT : count;
        print_hunk(diff, first, end, out);
    }
}

void format_unified_diff(struct str old_name, struct str old_text, struct str new_name, struct str new_text,
                         struct buf *out) {
    if (str_eq(old_text, new_text)) return;
    struct diff diff = {0};
    split_lines(&diff.arena, old_text, &diff.old_lines);
    split_lines(&diff.arena, new_text, &diff.new_lines);
    find_edits(&diff);
    buf_printf(out, "--- %.*s\n+++ %.*s\n", STR_ARG(old_name), STR_ARG(new_name));
    print_hunks(&diff, out);
    arena_release(&diff.arena);
}
