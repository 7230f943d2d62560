/* Diagnostics as GitHub workflow commands, which become annotations of the changed files. Escaping is that of
 * the toolkit (@actions/core, command.ts): %, CR and LF everywhere, `:` and `,` in properties too. */
#include "runtime/base/diag_formats.h"

static void append_data(struct buf *out, struct str text, bool property) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buf_printf(out, "%%%02X", c);
        else if (c < 0x20 || c == 0x7f)
            buf_append_char(out, ' ');
        else
            buf_append_char(out, (char)c);
    }
}

static void append_place(struct buf *out, struct span span) {
    struct line_column from = source_text_locate(span.source, span.start);
    struct line_column to = source_text_locate(span.source, span.end);
    buf_append_cstr(out, "file=");
    append_data(out, span.source->name, true);
    buf_printf(out, ",line=%u,endLine=%u", from.line, to.line);
    /* Columns count for annotations of one line only. */
    if (from.line == to.line) buf_printf(out, ",col=%u,endColumn=%u", from.column, to.column);
    buf_append_char(out, ',');
}

static void append_diag(struct buf *out, const struct diag *diag) {
    static const char *const COMMANDS[] = {"notice", "warning", "error"};
    buf_printf(out, "::%s ", COMMANDS[diag->severity]);
    if (diag->primary.span.source) append_place(out, diag->primary.span);
    buf_printf(out, "title=%s%%3A ", diag_code_id(diag->code));
    append_data(out, str_cstr(diag_code_title(diag->code)), true);
    buf_append_cstr(out, "::");
    append_data(out, diag->message, false);
    if (diag->place.len) {
        buf_append_cstr(out, " (");
        append_data(out, diag->place, false);
        buf_append_char(out, ')');
    }
    for (uint32_t i = 0; i < diag->help.count; i++) {
        buf_append_cstr(out, "%0Ahelp: ");
        append_data(out, diag->help.items[i], false);
    }
    buf_append_char(out, '\n');
}

void diag_list_render_github(const struct diag_list *list, struct buf *out) {
    for (uint32_t i = 0; i < list->items.count; i++)
        append_diag(out, list->items.items[i]);
}
