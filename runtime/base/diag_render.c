/* Drawing diagnostics: for people (the source line with the span underlined) and as JSON. */
#include "runtime/base/diag.h"
#include "runtime/base/rule.h"
#include "runtime/base/utf8.h"

enum { WIDEST_LINE = 160, WIDEST_UNDERLINE = 120 };

static const char *const SEVERITY_NAMES[] = {"note", "warning", "error"};

struct painter {
    struct buf *out;
    bool colour;
};

static void paint(struct painter *p, const char *escape) {
    if (p->colour) buf_append_cstr(p->out, escape);
}

static const char *severity_escape(enum diag_severity severity) {
    return severity == DIAG_ERROR ? "\x1b[1;31m" : severity == DIAG_WARNING ? "\x1b[1;33m" : "\x1b[1;36m";
}

/* Tabs count as one blank, control characters as one dot, so that the underline fits below. */
static void append_visible(struct buf *out, struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        buf_append_char(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '.' : (char)c);
    }
}

/* The part of a long line around the span; returns how many bytes were cut in front. */
static struct str cut_line(struct str line, size_t from, size_t *cut) {
    *cut = 0;
    if (line.len <= WIDEST_LINE) return line;
    if (from > WIDEST_LINE / 2) *cut = from - WIDEST_LINE / 2;
    while (*cut < line.len && ((unsigned char)line.ptr[*cut] & 0xc0) == 0x80)
        ++*cut;
    size_t len = line.len - *cut < WIDEST_LINE ? line.len - *cut : WIDEST_LINE;
    while (len > 0 && *cut + len < line.len && ((unsigned char)line.ptr[*cut + len] & 0xc0) == 0x80)
        len--;
    return str_from(line.ptr + *cut, len);
}

static void draw_gutter(struct painter *p, uint32_t line, int width) {
    paint(p, "\x1b[34m");
    if (line)
        buf_printf(p->out, "%*u | ", width, line);
    else
        buf_printf(p->out, "%*s | ", width, "");
    paint(p, "\x1b[0m");
}

/* The source line that holds the start of a span. */
static uint32_t line_of(struct span span) {
    return source_text_locate(span.source, span.start).line;
}

struct drawn_line { /* the line that underlines stand below */
    const struct source_text *source;
    uint32_t line;
    struct str text;  /* all of it */
    struct str shown; /* the part that is printed */
    size_t cut;       /* bytes left out in front */
};

static void draw_line(struct painter *p, struct drawn_line *drawn, struct span span, int width) {
    *drawn = (struct drawn_line){.source = span.source, .line = line_of(span)};
    drawn->text = source_text_line(span.source, drawn->line);
    drawn->shown = cut_line(drawn->text, span.start - span.source->line_start[drawn->line - 1], &drawn->cut);
    draw_gutter(p, drawn->line, width);
    append_visible(p->out, drawn->shown);
    buf_append_char(p->out, '\n');
}

static void draw_underline(struct painter *p, const struct drawn_line *drawn, const struct diag_label *label,
                           bool primary, const char *escape, int width) {
    size_t offset = label->span.start - drawn->source->line_start[drawn->line - 1];
    if (offset > drawn->text.len) offset = drawn->text.len;
    size_t end = offset + (label->span.end > label->span.start ? label->span.end - label->span.start : 1);
    if (end > drawn->text.len) end = drawn->text.len;
    size_t from = offset < drawn->cut ? 0 : offset - drawn->cut;
    if (from > drawn->shown.len) from = drawn->shown.len;
    size_t marks = utf8_display_width(str_from(drawn->text.ptr + offset, end - offset));
    if (marks == 0) marks = 1;
    if (marks > WIDEST_UNDERLINE) marks = WIDEST_UNDERLINE;
    draw_gutter(p, 0, width);
    buf_repeat_char(p->out, ' ', utf8_display_width(str_from(drawn->shown.ptr, from)));
    paint(p, primary ? escape : "\x1b[36m");
    buf_repeat_char(p->out, primary ? '^' : '-', marks);
    if (label->text.len) buf_printf(p->out, " %.*s", STR_ARG(label->text));
    paint(p, "\x1b[0m");
    buf_append_char(p->out, '\n');
}

static int gutter_width(const struct diag *diag) {
    uint32_t widest = source_text_locate(diag->primary.span.source, diag->primary.span.start).line;
    for (uint32_t i = 0; i < diag->secondary.count; i++) {
        struct span span = diag->secondary.items[i].span;
        uint32_t line = span.source ? source_text_locate(span.source, span.start).line : 0;
        if (line > widest) widest = line;
    }
    int width = 1;
    for (; widest >= 10; widest /= 10)
        width++;
    return width;
}

static void draw_arrow(struct painter *p, struct span span, int width) {
    struct line_column at = source_text_locate(span.source, span.start);
    paint(p, "\x1b[34m");
    buf_printf(p->out, "%*s", width, "");
    buf_append_cstr(p->out, "--> ");
    paint(p, "\x1b[0m");
    buf_printf(p->out, "%.*s:%u:%u\n", STR_ARG(span.source->name), at.line, at.column);
}

/* Labels on one line share it: the line once, an underline for each. */
static void draw_spans(struct painter *p, const struct diag *diag, enum diag_severity severity) {
    const char *escape = severity_escape(severity);
    int width = gutter_width(diag);
    struct drawn_line drawn;
    draw_arrow(p, diag->primary.span, width);
    draw_line(p, &drawn, diag->primary.span, width);
    draw_underline(p, &drawn, &diag->primary, true, escape, width);
    for (int same = 1; same >= 0; same--)
        for (uint32_t i = 0; i < diag->secondary.count; i++) {
            const struct diag_label *label = &diag->secondary.items[i];
            if (label->span.source == NULL) continue;
            bool on_primary = label->span.source == diag->primary.span.source &&
                              line_of(label->span) == line_of(diag->primary.span);
            if (on_primary != (bool)same) continue;
            if (label->span.source != drawn.source) draw_arrow(p, label->span, width);
            if (label->span.source != drawn.source || line_of(label->span) != drawn.line)
                draw_line(p, &drawn, label->span, width);
            draw_underline(p, &drawn, label, false, escape, width);
        }
}

static void draw_fix(struct painter *p, const struct diag *diag) {
    struct str old = span_text(diag->fix_span);
    if (diag->fix_text.len == 0)
        buf_printf(p->out, "  fix: remove `%.*s`\n", STR_ARG(old));
    else if (old.len == 0)
        buf_printf(p->out, "  fix: insert `%.*s`\n", STR_ARG(diag->fix_text));
    else
        buf_printf(p->out, "  fix: replace `%.*s` by `%.*s`\n", STR_ARG(old), STR_ARG(diag->fix_text));
}

static void draw_diag(struct painter *p, const struct diag *diag) {
    enum diag_severity severity = diag->severity;
    paint(p, severity_escape(severity));
    buf_printf(p->out, "%s[%s", SEVERITY_NAMES[severity], diag_code_id(diag->code));
    /* The name is what a suppression says; a compiler's warning goes by its id. */
    const struct rule *rule = rule_of_code(diag->code);
    if (rule && diag_code_id(diag->code)[0] == 'L') buf_printf(p->out, " %s", rule->name);
    buf_append_char(p->out, ']');
    paint(p, "\x1b[0;1m");
    buf_printf(p->out, ": %.*s", STR_ARG(diag->message));
    paint(p, "\x1b[0m");
    buf_append_char(p->out, '\n');
    if (diag->place.len) buf_printf(p->out, "  --> %.*s\n", STR_ARG(diag->place));
    if (diag->primary.span.source) draw_spans(p, diag, severity);
    for (uint32_t i = 0; i < diag->help.count; i++)
        buf_printf(p->out, "  help: %.*s\n", STR_ARG(diag->help.items[i]));
    if (diag->has_fix) draw_fix(p, diag);
}

void diag_list_render_text(const struct diag_list *list, bool colour, uint32_t limit, struct buf *out) {
    struct painter p = {out, colour};
    uint32_t errors = 0, left_out = 0;
    for (uint32_t i = 0; i < list->items.count; i++) {
        const struct diag *diag = list->items.items[i];
        bool is_error = diag->severity == DIAG_ERROR;
        if (limit && is_error && errors >= limit) {
            left_out++;
            continue;
        }
        errors += is_error;
        if (i) buf_append_char(out, '\n');
        draw_diag(&p, diag);
    }
    if (left_out) buf_printf(out, "\n… and %u more error%s\n", left_out, left_out == 1 ? "" : "s");
}

static void json_span(struct buf *out, struct span span) {
    struct line_column from = source_text_locate(span.source, span.start);
    struct line_column to = source_text_locate(span.source, span.end);
    buf_append_cstr(out, "{\"file\":");
    buf_append_json(out, span.source->name);
    buf_printf(
        out,
        ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u,\"start_byte\":%u,\"end_byte\":%u}",
        from.line, from.column, to.line, to.column, span.start, span.end);
}

static void json_labels(struct buf *out, const struct diag *diag) {
    bool first = true;
    buf_append_cstr(out, ",\"labels\":[");
    for (uint32_t i = 0; i < diag->secondary.count; i++) {
        if (diag->secondary.items[i].span.source == NULL) continue;
        if (!first) buf_append_char(out, ',');
        first = false;
        buf_append_cstr(out, "{\"span\":");
        json_span(out, diag->secondary.items[i].span);
        buf_append_cstr(out, ",\"text\":");
        buf_append_json(out, diag->secondary.items[i].text);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

static void json_diag(struct buf *out, const struct diag *diag) {
    buf_printf(out, "{\"code\":\"%s\",\"severity\":\"%s\",\"message\":", diag_code_id(diag->code),
               SEVERITY_NAMES[diag->severity]);
    buf_append_json(out, diag->message);
    const struct rule *rule = rule_of_code(diag->code);
    if (rule)
        buf_printf(out, ",\"rule\":\"%s\",\"category\":\"%s\"", rule->name,
                   rule_category_name(rule->category));
    if (diag->primary.span.source) {
        buf_append_cstr(out, ",\"span\":");
        json_span(out, diag->primary.span);
    }
    if (diag->place.len) {
        buf_append_cstr(out, ",\"place\":");
        buf_append_json(out, diag->place);
    }
    json_labels(out, diag);
    buf_append_cstr(out, ",\"help\":[");
    for (uint32_t i = 0; i < diag->help.count; i++) {
        if (i) buf_append_char(out, ',');
        buf_append_json(out, diag->help.items[i]);
    }
    buf_append_char(out, ']');
    if (diag->has_fix) {
        buf_append_cstr(out, ",\"fix\":{\"span\":");
        json_span(out, diag->fix_span);
        buf_append_cstr(out, ",\"text\":");
        buf_append_json(out, diag->fix_text);
        buf_append_char(out, '}');
    }
    buf_append_char(out, '}');
}

void diag_list_render_json(const struct diag_list *list, struct buf *out) {
    buf_append_cstr(out, "{\"diagnostics\":[");
    for (uint32_t i = 0; i < list->items.count; i++) {
        if (i) buf_append_char(out, ',');
        json_diag(out, list->items.items[i]);
    }
    buf_printf(out, "],\"errors\":%u,\"warnings\":%u}\n", list->error_count, list->warning_count);
}
