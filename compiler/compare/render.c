/* The result as text and as JSON. */
#include "compiler/compare/compare.h"

enum { MOST_LINES = 12 };

/* The text's lines, each behind the sign; what stands in common before all but the first one goes. */
static void put_text(struct buf *out, char sign, struct str text) {
    size_t common = SIZE_MAX, lines = 0;
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != '\n') continue;
        size_t blanks = 0;
        while (at + 1 + blanks < text.len && text.ptr[at + 1 + blanks] == ' ')
            blanks++;
        if (at + 1 + blanks < text.len && text.ptr[at + 1 + blanks] != '\n' && blanks < common)
            common = blanks;
    }
    for (size_t at = 0; at <= text.len && text.len; lines++) {
        const char *line_end = memchr(text.ptr + at, '\n', text.len - at);
        size_t end = line_end ? (size_t)(line_end - text.ptr) : text.len, from = at;
        if (lines > 0) from = at + common < end ? at + common : end;
        size_t shown = end > from && text.ptr[end - 1] == '\r' ? end - 1 : end;
        if (lines < MOST_LINES) buf_printf(out, "    %c %.*s\n", sign, (int)(shown - from), text.ptr + from);
        at = end + 1;
    }
    if (lines > MOST_LINES) buf_printf(out, "    %c (%zu more lines)\n", sign, lines - MOST_LINES);
}

static const char *word_of(const struct compare_change *change) {
    return change->added ? "added" : change->removed ? "removed" : "changed";
}

static void put_counts(const struct compare_result *result, struct buf *out) {
    if (result->changes.count == 0) {
        buf_append_cstr(out, "no change\n");
        return;
    }
    buf_printf(out, "%u change%s:", result->changes.count, result->changes.count == 1 ? "" : "s");
    const char *before = " ";
    for (int c = COMPARE_CLASS_COUNT - 1; c >= 0; c--) {
        if (result->counts[c] == 0) continue;
        buf_printf(out, "%s%u %s", before, result->counts[c], compare_class_name((enum compare_class)c));
        before = ", ";
    }
    buf_append_char(out, '\n');
}

void compare_render_text(const struct compare_result *result, struct buf *out) {
    for (uint32_t i = 0; i < result->changes.count; i++) {
        const struct compare_change *change = &result->changes.items[i];
        buf_printf(out, "%-9s  %.*s: %s", compare_class_name(change->class), STR_ARG(change->place),
                   word_of(change));
        if (change->through.len) buf_printf(out, ", through %.*s", STR_ARG(change->through));
        buf_append_char(out, '\n');
        if (change->old_text.len && str_eq(change->old_text, change->new_text)) {
            put_text(out, ' ', change->new_text);
        } else {
            put_text(out, '-', change->old_text);
            put_text(out, '+', change->new_text);
        }
        buf_append_char(out, '\n');
    }
    put_counts(result, out);
}

void compare_render_json(const struct compare_result *result, struct buf *out) {
    buf_append_cstr(out, "{\"changes\":[");
    for (uint32_t i = 0; i < result->changes.count; i++) {
        const struct compare_change *change = &result->changes.items[i];
        buf_printf(out, "%s{\"class\":\"%s\",\"place\":", i ? "," : "", compare_class_name(change->class));
        buf_append_json(out, change->place);
        buf_printf(out, ",\"change\":\"%s\",\"old\":", word_of(change));
        buf_append_json(out, change->old_text);
        buf_append_cstr(out, ",\"new\":");
        buf_append_json(out, change->new_text);
        buf_append_cstr(out, ",\"through\":");
        buf_append_json(out, change->through);
        buf_append_char(out, '}');
    }
    buf_append_cstr(out, "],\"counts\":{");
    for (int c = COMPARE_CLASS_COUNT - 1; c >= 0; c--)
        buf_printf(out, "\"%s\":%u%s", compare_class_name((enum compare_class)c), result->counts[c],
                   c ? "," : "");
    buf_append_cstr(out, "}}\n");
}
