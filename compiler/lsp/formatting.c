/* Formatting: the formatter's text as one edit of the lines that differ. */
#include "compiler/lsp/server.h"

#include "compiler/format/format.h"

/* One edit from the first line that differs to the last. */
static cJSON *edit_between(const struct lsp_text *lines, struct str old, struct str laid_out) {
    uint32_t start = 0, old_end = (uint32_t)old.len, new_end = (uint32_t)laid_out.len;
    for (uint32_t i = 0; i < old_end && i < new_end && old.ptr[i] == laid_out.ptr[i]; i++)
        if (old.ptr[i] == '\n') start = i + 1;
    uint32_t kept = 0; /* bytes of the common end that starts behind a line end */
    for (uint32_t i = 1; i <= old_end - start && i <= new_end - start; i++) {
        if (old.ptr[old_end - i] != laid_out.ptr[new_end - i]) break;
        if (old.ptr[old_end - i] == '\n') kept = i - 1;
    }
    old_end -= kept;
    new_end -= kept;
    cJSON *edit = cJSON_CreateObject();
    cJSON_AddItemToObject(edit, "range", lsp_text_range(lines, start, old_end));
    lsp_add_text(edit, "newText", str_from(laid_out.ptr + start, new_end - start));
    return edit;
}

cJSON *lsp_formatting(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL || !document->is_spec) return NULL;
    struct diag_list diags;
    struct str laid_out, old = buf_str(&document->text);
    diag_list_init(&diags, &server->arena);
    const struct source_text *source = source_text_new(&server->arena, document->path, old);
    if (!format_source(&server->arena, source, &diags, &laid_out)) {
        lsp_fail(server, error, RPC_REQUEST_FAILED, "the spec cannot be laid out: %.*s",
                 STR_ARG(diags.items.count ? diags.items.items[0]->message : STR("it has syntax errors")));
        return NULL;
    }
    cJSON *edits = cJSON_CreateArray();
    if (!str_eq(laid_out, old)) cJSON_AddItemToArray(edits, edit_between(&document->lines, old, laid_out));
    return edits;
}
