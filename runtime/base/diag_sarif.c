/* Diagnostics as SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS standard of 27 March 2020).
 */
#include "runtime/base/diag_formats.h"
#include "runtime/base/rule.h"

#include <ctype.h>

static const char *const LEVELS[] = {"note", "warning", "error"};

/* A path as a URI (RFC 3986): an absolute one with its scheme, bytes beyond the unreserved ones in percent.
 */
static void append_uri(struct buf *out, struct str path) {
    struct buf uri = {0};
    if (path.len && path.ptr[0] == '/') buf_append_cstr(&uri, "file://");
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        if ((c < 0x80 && isalnum(c)) || (c && strchr("-._~/", c)))
            buf_append_char(&uri, (char)c);
        else
            buf_printf(&uri, "%%%02X", c);
    }
    buf_append_json(out, buf_str(&uri));
    buf_release(&uri);
}

static void append_region(struct buf *out, struct span span) {
    struct line_column from = source_text_locate(span.source, span.start);
    struct line_column to = source_text_locate(span.source, span.end);
    buf_printf(out, "{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,\"endColumn\":%u}", from.line,
               from.column, to.line, to.column);
}

static void append_artifact(struct buf *out, struct span span) {
    buf_append_cstr(out, "\"artifactLocation\":{\"uri\":");
    append_uri(out, span.source->name);
    buf_append_char(out, '}');
}

static void append_physical(struct buf *out, struct span span) {
    buf_append_cstr(out, "\"physicalLocation\":{");
    append_artifact(out, span);
    buf_append_cstr(out, ",\"region\":");
    append_region(out, span);
    buf_append_char(out, '}');
}

static void append_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, "\"%s\":{\"text\":", name);
    buf_append_json(out, text);
    buf_append_char(out, '}');
}

/* ---------------------------------------------------------------- rules */

static void append_rule(struct buf *out, enum diag_code code, const struct sarif_options *options) {
    const struct rule *rule = rule_of_code(code);
    struct str title = str_cstr(diag_code_title(code)), page;
    struct buf help = {0};
    buf_printf(&help, "%s. `mig explain %s` tells more.", diag_code_title(code), diag_code_id(code));
    buf_printf(out, "{\"id\":\"%s\",", diag_code_id(code));
    if (rule) buf_printf(out, "\"name\":\"%s\",", rule->name);
    append_text(out, "shortDescription", title);
    buf_append_char(out, ',');
    append_text(out, "fullDescription", title);
    buf_append_cstr(out, ",\"help\":{\"text\":");
    buf_append_json(out, buf_str(&help));
    if (options->page && options->page(code, &page)) {
        buf_append_cstr(out, ",\"markdown\":");
        buf_append_json(out, page);
    }
    buf_printf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}", LEVELS[diag_code_severity(code)]);
    if (rule) buf_printf(out, ",\"properties\":{\"tags\":[\"%s\"]}", rule_category_name(rule->category));
    buf_append_char(out, '}');
    buf_release(&help);
}

/* The codes that occur get an index each, in order of first use. */
struct rule_indexes {
    uint32_t of_code[DIAG_CODE_COUNT]; /* + 1; 0: does not occur */
    uint32_t count;
};

static void append_rules(struct buf *out, const struct diag_list *list, const struct sarif_options *options,
                         struct rule_indexes *indexes) {
    buf_append_cstr(out, "\"rules\":[");
    for (uint32_t i = 0; i < list->items.count; i++) {
        enum diag_code code = list->items.items[i]->code;
        if (indexes->of_code[code]) continue;
        if (indexes->count) buf_append_char(out, ',');
        append_rule(out, code, options);
        indexes->of_code[code] = ++indexes->count;
    }
    buf_append_char(out, ']');
}

/* ---------------------------------------------------------------- results */

static void append_message(struct buf *out, const struct diag *diag) {
    struct buf text = {0};
    buf_append_str(&text, diag->message);
    if (diag->place.len) buf_printf(&text, " (%.*s)", STR_ARG(diag->place));
    if (diag->primary.text.len) buf_printf(&text, ": %.*s", STR_ARG(diag->primary.text));
    for (uint32_t i = 0; i < diag->help.count; i++)
        buf_printf(&text, "\nhelp: %.*s", STR_ARG(diag->help.items[i]));
    append_text(out, "message", buf_str(&text));
    buf_release(&text);
}

static void append_related(struct buf *out, const struct diag *diag) {
    bool first = true;
    for (uint32_t i = 0; i < diag->secondary.count; i++) {
        const struct diag_label *label = &diag->secondary.items[i];
        if (label->span.source == NULL) continue;
        buf_append_cstr(out, first ? ",\"relatedLocations\":[{" : ",{");
        buf_printf(out, "\"id\":%u,", i + 1);
        append_physical(out, label->span);
        if (label->text.len) {
            buf_append_char(out, ',');
            append_text(out, "message", label->text);
        }
        buf_append_char(out, '}');
        first = false;
    }
    if (!first) buf_append_char(out, ']');
}

static void append_fix(struct buf *out, const struct diag *diag) {
    if (!diag->has_fix || diag->fix_span.source == NULL) return;
    const char *what = diag->fix_text.len == 0 ? "remove it" : "replace it";
    buf_append_cstr(out, ",\"fixes\":[{");
    append_text(out, "description", str_cstr(what));
    buf_append_cstr(out, ",\"artifactChanges\":[{");
    append_artifact(out, diag->fix_span);
    buf_append_cstr(out, ",\"replacements\":[{\"deletedRegion\":");
    append_region(out, diag->fix_span);
    buf_append_char(out, ',');
    append_text(out, "insertedContent", diag->fix_text);
    buf_append_cstr(out, "}]}]}]");
}

static void append_result(struct buf *out, const struct diag *diag, const struct rule_indexes *indexes) {
    buf_printf(out, "{\"ruleId\":\"%s\",\"ruleIndex\":%u,\"level\":\"%s\",", diag_code_id(diag->code),
               indexes->of_code[diag->code] - 1, LEVELS[diag->severity]);
    append_message(out, diag);
    if (diag->primary.span.source) {
        buf_append_cstr(out, ",\"locations\":[{");
        append_physical(out, diag->primary.span);
        buf_append_cstr(out, "}]");
    }
    append_related(out, diag);
    append_fix(out, diag);
    buf_append_char(out, '}');
}

void diag_list_render_sarif(const struct diag_list *list, const struct sarif_options *options,
                            struct buf *out) {
    struct rule_indexes indexes = {0};
    buf_append_cstr(out, "{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/"
                         "sarif-schema-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":"
                         "{\"name\":\"mig\",\"version\":");
    buf_append_json(out, options->version);
    buf_append_char(out, ',');
    append_rules(out, list, options, &indexes);
    buf_append_cstr(out, "}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
    for (uint32_t i = 0; i < list->items.count; i++) {
        if (i) buf_append_char(out, ',');
        append_result(out, list->items.items[i], &indexes);
    }
    buf_append_cstr(out, "]}]}\n");
}
