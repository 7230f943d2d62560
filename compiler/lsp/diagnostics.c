/* Diagnostics of all open specs, by the file in which they stand; and their fixes as code actions. */
#include "compiler/lsp/server.h"

#include "runtime/base/hash.h"

#include <stdlib.h>

static cJSON *related_json(struct lsp_server *server, const struct lsp_analysis *analysis,
                           const struct diag *diag) {
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < diag->secondary.count; i++) {
        cJSON *location = lsp_location(server, analysis, diag->secondary.items[i].span);
        if (location == NULL) continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToObject(item, "location", location);
        lsp_add_text(item, "message", diag->secondary.items[i].text);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static struct str message_text(struct arena *arena, const struct diag *diag) {
    struct buf text = {0};
    buf_append_str(&text, diag->message);
    if (diag->primary.text.len) buf_printf(&text, ": %.*s", STR_ARG(diag->primary.text));
    for (uint32_t i = 0; i < diag->help.count; i++)
        buf_printf(&text, "\n%.*s", STR_ARG(diag->help.items[i]));
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static cJSON *diag_json(struct lsp_server *server, const struct lsp_analysis *analysis,
                        const struct lsp_text *text, const struct diag *diag) {
    static const int SEVERITIES[] = {[DIAG_NOTE] = 3, [DIAG_WARNING] = 2, [DIAG_ERROR] = 1};
    cJSON *json = cJSON_CreateObject();
    struct span span = diag->primary.span;
    const char *id = diag_code_id(diag->code);
    cJSON_AddItemToObject(json, "range", lsp_text_range(text, span.start, span.end));
    cJSON_AddNumberToObject(json, "severity", SEVERITIES[diag->severity]);
    cJSON_AddStringToObject(json, "code", id);
    struct str page;
    const struct lsp_options *options = server->options;
    if (options->code_page && options->code_page(options->context, diag->code, &server->arena, &page))
        lsp_add_text(cJSON_AddObjectToObject(json, "codeDescription"), "href", page);
    cJSON_AddStringToObject(json, "source", "mig");
    lsp_add_text(json, "message", message_text(&server->arena, diag));
    if (diag->code == W_UNUSED) {
        static const int UNNECESSARY[] = {1};
        cJSON_AddItemToObject(json, "tags", cJSON_CreateIntArray(UNNECESSARY, 1));
    }
    if (server->related_information && diag->secondary.count)
        cJSON_AddItemToObject(json, "relatedInformation", related_json(server, analysis, diag));
    return json;
}

/* ---------------------------------------------------------------- publishing */

/* What stands in one file, by all analyses that read it. */
struct file_diags {
    struct str uri;
    cJSON *list;
};

struct publication {
    struct lsp_server *server;
    VEC(struct file_diags) files;
};

static struct file_diags *publication_file(struct publication *publication, struct str uri) {
    for (uint32_t i = 0; i < publication->files.count; i++)
        if (str_eq(publication->files.items[i].uri, uri)) return &publication->files.items[i];
    struct file_diags file = {arena_copy_str(&publication->server->arena, uri), cJSON_CreateArray()};
    VEC_PUSH(&publication->server->arena, &publication->files, file);
    return &publication->files.items[publication->files.count - 1];
}

static void add_once(cJSON *list, cJSON *json) {
    const cJSON *other;
    cJSON_ArrayForEach(other, list) if (cJSON_Compare(other, json, 1)) {
        cJSON_Delete(json);
        return;
    }
    cJSON_AddItemToArray(list, json);
}

static void collect(struct publication *publication, const struct lsp_document *document) {
    enum { MOST = 500 }; /* an editor shows no more, and comparing them has a price */
    struct lsp_server *server = publication->server;
    const struct lsp_analysis *analysis = document->analysis;
    publication_file(publication, str_cstr(document->uri));
    for (uint32_t i = 0; i < analysis->diags.items.count && i < MOST; i++) {
        const struct diag *diag = analysis->diags.items.items[i];
        const struct lsp_file *file = lsp_analysis_file(analysis, diag->primary.span.source);
        struct diag moved = *diag;
        if (file == NULL || file->path.len == 0) {
            /* It has no place, or one that no editor can open: the spec's first line. */
            file = analysis->files.items[0];
            moved.primary.span = (struct span){analysis->spec, 0, 0};
        }
        const struct lsp_document *open = lsp_find_document(server, file->path);
        struct str uri = file == analysis->files.items[0] ? str_cstr(document->uri)
                         : open                           ? str_cstr(open->uri)
                                                          : lsp_path_to_uri(&server->arena, file->path);
        add_once(publication_file(publication, uri)->list, diag_json(server, analysis, &file->text, &moved));
    }
}

static struct lsp_published *published_of(struct lsp_server *server, struct str uri) {
    for (uint32_t i = 0; i < server->published_count; i++)
        if (str_is(uri, server->published[i].uri)) return &server->published[i];
    if (server->published_count == server->published_cap) {
        server->published_cap = server->published_cap ? server->published_cap * 2 : 8;
        server->published =
            memory_realloc(server->published, server->published_cap * sizeof *server->published);
    }
    char *copy = memory_alloc(uri.len + 1);
    memcpy(copy, uri.ptr, uri.len);
    copy[uri.len] = '\0';
    server->published[server->published_count] = (struct lsp_published){copy, 0};
    return &server->published[server->published_count++];
}

static void send_file(struct lsp_server *server, struct str uri, cJSON *list) {
    struct lsp_document *document = NULL;
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (str_is(uri, server->documents[i]->uri)) document = server->documents[i];
    char *text = cJSON_PrintUnformatted(list);
    uint64_t hash = text ? hash_bytes64(1, text, strlen(text)) | 1 : 0;
    free(text);
    struct lsp_published *published = published_of(server, uri);
    bool due = document && document->is_spec && document->unpublished;
    if (!due && published->hash == hash) {
        cJSON_Delete(list);
        return;
    }
    published->hash = hash;
    if (document) document->unpublished = false;
    cJSON *params = cJSON_CreateObject();
    lsp_add_text(params, "uri", uri);
    if (document) cJSON_AddNumberToObject(params, "version", document->version);
    cJSON_AddItemToObject(params, "diagnostics", list);
    rpc_send_notification(&server->rpc, "textDocument/publishDiagnostics", params);
}

void lsp_publish(struct lsp_server *server) {
    if (!server->initialized || server->shut_down) return;
    struct publication publication = {.server = server};
    bool due = false;
    for (uint32_t i = 0; i < server->documents_count; i++) {
        struct lsp_document *document = server->documents[i];
        if (!document->is_spec) continue;
        lsp_document_analysis(server, document);
        due |= document->unpublished;
    }
    /* Files whose faults were shown and that nobody reads any more. */
    for (uint32_t i = 0; i < server->published_count; i++)
        publication_file(&publication, str_cstr(server->published[i].uri));
    due |= server->documents_count == 0 && server->published_count > 0;
    if (!due) {
        for (uint32_t i = 0; i < publication.files.count; i++)
            cJSON_Delete(publication.files.items[i].list);
        return;
    }
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (server->documents[i]->is_spec) collect(&publication, server->documents[i]);
    for (uint32_t i = 0; i < publication.files.count; i++)
        send_file(server, publication.files.items[i].uri, publication.files.items[i].list);
}

/* ---------------------------------------------------------------- fixes */

static cJSON *fix_edit(struct lsp_server *server, const struct lsp_analysis *analysis,
                       const struct diag *diag) {
    cJSON *location = lsp_location(server, analysis, diag->fix_span);
    if (location == NULL) return NULL;
    cJSON *edit = cJSON_CreateObject(), *changes = cJSON_AddObjectToObject(edit, "changes");
    cJSON *edits = cJSON_AddArrayToObject(changes, lsp_get_text(location, "uri").ptr);
    cJSON *text_edit = cJSON_CreateObject();
    cJSON_AddItemToObject(text_edit, "range", cJSON_Duplicate(lsp_get(location, "range"), 1));
    lsp_add_text(text_edit, "newText", diag->fix_text);
    cJSON_AddItemToArray(edits, text_edit);
    cJSON_Delete(location);
    return edit;
}

static struct str fix_title(struct arena *arena, const struct diag *diag) {
    struct str old = span_text(diag->fix_span);
    bool short_texts = old.len < 60 && diag->fix_text.len < 60 && memchr(old.ptr, '\n', old.len) == NULL &&
                       memchr(diag->fix_text.ptr, '\n', diag->fix_text.len) == NULL;
    if (!short_texts) return arena_printf(arena, "apply the fix for %s", diag_code_id(diag->code));
    if (old.len == 0) return arena_printf(arena, "insert `%.*s`", STR_ARG(diag->fix_text));
    if (diag->fix_text.len == 0) return arena_printf(arena, "remove `%.*s`", STR_ARG(old));
    return arena_printf(arena, "replace `%.*s` by `%.*s`", STR_ARG(old), STR_ARG(diag->fix_text));
}

cJSON *lsp_code_action(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    const cJSON *range = lsp_get(params, "range");
    uint32_t start, end;
    if (document == NULL || !document->is_spec) return NULL;
    if (!lsp_text_read_position(&document->lines, lsp_get(range, "start"), &start) ||
        !lsp_text_read_position(&document->lines, lsp_get(range, "end"), &end)) {
        lsp_fail(server, error, RPC_INVALID_PARAMS, "the request has no range");
        return NULL;
    }
    const struct lsp_analysis *analysis = lsp_document_analysis(server, document);
    cJSON *actions = cJSON_CreateArray();
    for (uint32_t i = 0; i < analysis->diags.items.count; i++) {
        const struct diag *diag = analysis->diags.items.items[i];
        struct span at = diag->primary.span;
        if (!diag->has_fix || at.source != analysis->spec || at.start > end || at.end < start) continue;
        cJSON *edit = fix_edit(server, analysis, diag);
        if (edit == NULL) continue;
        cJSON *action = cJSON_CreateObject(), *fixed = cJSON_CreateArray();
        lsp_add_text(action, "title", fix_title(&server->arena, diag));
        cJSON_AddStringToObject(action, "kind", "quickfix");
        cJSON_AddItemToArray(fixed, diag_json(server, analysis, &analysis->files.items[0]->text, diag));
        cJSON_AddItemToObject(action, "diagnostics", fixed);
        cJSON_AddBoolToObject(action, "isPreferred", 1);
        cJSON_AddItemToObject(action, "edit", edit);
        cJSON_AddItemToArray(actions, action);
    }
    return actions;
}
