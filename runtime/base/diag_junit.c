/* JUnit XML, as CI servers read it. There is no standard; the form is that of Apache Ant's junitreport, with
 * the attributes file and line that GitLab and Jenkins show. */
#include "runtime/base/diag_formats.h"
#include "runtime/base/utf8.h"

/* Text of an attribute or element. What XML 1.0 cannot hold (section 2.2) becomes U+FFFD. */
static void append_xml(struct buf *out, struct str text) {
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        int32_t c = utf8_next(text, &at);
        if (c == '&')
            buf_append_cstr(out, "&amp;");
        else if (c == '<')
            buf_append_cstr(out, "&lt;");
        else if (c == '>')
            buf_append_cstr(out, "&gt;");
        else if (c == '"')
            buf_append_cstr(out, "&quot;");
        else if (c == '\n' || c == '\t' || c == '\r')
            buf_printf(out, "&#%d;", (int)c);
        else if (c < 0x20 || c == 0xFFFE || c == 0xFFFF)
            buf_append_cstr(out, "\xef\xbf\xbd");
        else
            buf_append(out, text.ptr + from, at - from);
    }
}

static void append_attribute(struct buf *out, const char *name, struct str value) {
    buf_printf(out, " %s=\"", name);
    append_xml(out, value);
    buf_append_char(out, '"');
}

struct totals {
    uint32_t tests, failures, errors;
};

static void count_suite(const struct junit_suite *suite, struct totals *totals) {
    totals->tests += suite->cases.count;
    for (uint32_t i = 0; i < suite->cases.count; i++) {
        const struct junit_case *one = &suite->cases.items[i];
        if (one->failures.count == 0) continue;
        if (one->is_error)
            totals->errors++;
        else
            totals->failures++;
    }
}

static void append_totals(struct buf *out, const struct totals *totals) {
    buf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", totals->tests, totals->failures,
               totals->errors);
}

static void append_failure(struct buf *out, const struct junit_case *one, struct str text) {
    const char *element = one->is_error ? "error" : "failure";
    const char *line_end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    struct str first = line_end ? str_from(text.ptr, (size_t)(line_end - text.ptr)) : text;
    buf_printf(out, "      <%s", element);
    append_attribute(out, "message", first);
    append_attribute(out, "type", one->kind.len ? one->kind : STR("failure"));
    buf_append_char(out, '>');
    append_xml(out, text);
    buf_printf(out, "</%s>\n", element);
}

static void append_case(struct buf *out, struct str suite, const struct junit_case *one) {
    buf_append_cstr(out, "    <testcase");
    append_attribute(out, "classname", suite);
    append_attribute(out, "name", one->name);
    if (one->file.len) append_attribute(out, "file", one->file);
    if (one->line) buf_printf(out, " line=\"%u\"", one->line);
    if (one->failures.count == 0 && one->note.len == 0) {
        buf_append_cstr(out, "/>\n");
        return;
    }
    buf_append_cstr(out, ">\n");
    for (uint32_t i = 0; i < one->failures.count; i++)
        append_failure(out, one, one->failures.items[i]);
    if (one->note.len) {
        buf_append_cstr(out, "      <system-out>");
        append_xml(out, one->note);
        buf_append_cstr(out, "</system-out>\n");
    }
    buf_append_cstr(out, "    </testcase>\n");
}

void junit_render(struct str name, const struct junit_suite *suites, uint32_t count, struct buf *out) {
    struct totals all = {0};
    for (uint32_t i = 0; i < count; i++)
        count_suite(&suites[i], &all);
    buf_append_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    append_attribute(out, "name", name);
    append_totals(out, &all);
    buf_append_cstr(out, ">\n");
    for (uint32_t i = 0; i < count; i++) {
        struct totals own = {0};
        count_suite(&suites[i], &own);
        buf_append_cstr(out, "  <testsuite");
        append_attribute(out, "name", suites[i].name);
        append_totals(out, &own);
        buf_append_cstr(out, " skipped=\"0\">\n");
        for (uint32_t j = 0; j < suites[i].cases.count; j++)
            append_case(out, suites[i].name, &suites[i].cases.items[j]);
        buf_append_cstr(out, "  </testsuite>\n");
    }
    buf_append_cstr(out, "</testsuites>\n");
}

static struct str diag_as_text(struct arena *arena, const struct diag *diag) {
    struct buf text = {0};
    buf_append_str(&text, diag->message);
    if (diag->place.len) buf_printf(&text, " (%.*s)", STR_ARG(diag->place));
    for (uint32_t i = 0; i < diag->help.count; i++)
        buf_printf(&text, "\nhelp: %.*s", STR_ARG(diag->help.items[i]));
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

void junit_add_diags(struct arena *arena, const struct diag_list *list, bool strict,
                     struct junit_suite *suite) {
    for (uint32_t i = 0; i < list->items.count; i++) {
        const struct diag *diag = list->items.items[i];
        const struct source_text *source = diag->primary.span.source;
        struct junit_case one = {.kind = str_cstr(diag_code_id(diag->code))};
        struct str text = diag_as_text(arena, diag);
        one.name = arena_printf(arena, "%s: %s", diag_code_id(diag->code), diag_code_title(diag->code));
        if (source) {
            struct line_column at = source_text_locate(source, diag->primary.span.start);
            one.file = source->name;
            one.line = at.line;
            one.name =
                arena_printf(arena, "%.*s (line %u, column %u)", STR_ARG(one.name), at.line, at.column);
        }
        bool fails = diag->severity == DIAG_ERROR || (strict && diag->severity == DIAG_WARNING);
        if (fails)
            VEC_PUSH(arena, &one.failures, text);
        else
            one.note = text;
        VEC_PUSH(arena, &suite->cases, one);
    }
    struct junit_case none = {.name = STR("no findings")};
    if (suite->cases.count == 0) VEC_PUSH(arena, &suite->cases, none);
}
