/* The outline of a spec, and the tests that can be run from it. */
#include "compiler/lsp/server.h"

/* SymbolKind of the protocol. */
enum {
    OUTLINE_FILE = 1,
    OUTLINE_MODULE = 2,
    OUTLINE_NAMESPACE = 3,
    OUTLINE_CLASS = 5,
    OUTLINE_PROPERTY = 7,
    OUTLINE_FIELD = 8,
    OUTLINE_ENUM = 10,
    OUTLINE_FUNCTION = 12,
    OUTLINE_VARIABLE = 13,
    OUTLINE_CONSTANT = 14,
    OUTLINE_OBJECT = 19,
    OUTLINE_KEY = 20,
    OUTLINE_STRUCT = 23,
    OUTLINE_EVENT = 24
};

struct outline {
    const struct lsp_text *text;
};

static struct span within(struct span inner, struct span outer) {
    if (inner.source != outer.source || inner.start < outer.start || inner.end > outer.end)
        return (struct span){outer.source, outer.start, outer.start};
    return inner;
}

static cJSON *node(const struct outline *outline, struct str name, const char *detail, int kind,
                   struct span whole, struct span at) {
    cJSON *json = cJSON_CreateObject();
    at = within(at, whole);
    lsp_add_text(json, "name", name.len ? name : STR("(no name)"));
    if (detail && *detail) cJSON_AddStringToObject(json, "detail", detail);
    cJSON_AddNumberToObject(json, "kind", kind);
    cJSON_AddItemToObject(json, "range", lsp_text_range(outline->text, whole.start, whole.end));
    cJSON_AddItemToObject(json, "selectionRange", lsp_text_range(outline->text, at.start, at.end));
    return json;
}

static cJSON *children_of(cJSON *parent) {
    cJSON *children = cJSON_GetObjectItemCaseSensitive(parent, "children");
    return children ? children : cJSON_AddArrayToObject(parent, "children");
}

static void add_columns(const struct outline *outline, const struct ast_source_table *table, cJSON *parent) {
    for (uint32_t i = 0; i < table->columns.count; i++) {
        const struct ast_source_column *column = &table->columns.items[i];
        cJSON *json = node(outline, column->name.text, NULL, OUTLINE_FIELD, column->span, column->name.span);
        if (column->type.span.source) lsp_add_text(json, "detail", span_text(column->type.span));
        cJSON_AddItemToArray(children_of(parent), json);
    }
}

static void add_tables(const struct outline *outline, const struct ast_source *source, cJSON *parent) {
    for (uint32_t i = 0; i < source->tables.count; i++) {
        const struct ast_source_table *table = &source->tables.items[i];
        cJSON *into = parent;
        if (table->name.text.len) {
            into = node(outline, table->name.text, "sheet", OUTLINE_STRUCT, table->span, table->name.span);
            cJSON_AddItemToArray(children_of(parent), into);
        }
        add_columns(outline, table, into);
    }
}

static void add_items(const struct outline *outline, const struct ast_item *items, uint32_t count,
                      cJSON *parent) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_item *item = &items[i];
        if (item->kind == ITEM_IGNORED || item->kind == ITEM_SPREAD) continue;
        const char *detail = item->kind == ITEM_LET ? "let" : item->kind == ITEM_VALIDATE ? "validate" : NULL;
        int kind = item->kind == ITEM_LET        ? OUTLINE_VARIABLE
                   : item->kind == ITEM_VALIDATE ? OUTLINE_EVENT
                                                 : OUTLINE_PROPERTY;
        cJSON_AddItemToArray(children_of(parent),
                             node(outline, item->name.text, detail, kind, item->span, item->name.span));
    }
}

static cJSON *decl_node(const struct outline *outline, const struct ast_decl *decl) {
    static const struct {
        const char *detail;
        int kind;
    } KINDS[] = {
        [DECL_MIGRATION] = {"migration", OUTLINE_MODULE},
        [DECL_USE] = {"use", OUTLINE_MODULE},
        [DECL_PARAM] = {"param", OUTLINE_CONSTANT},
        [DECL_ENVIRONMENT] = {"environment", OUTLINE_OBJECT},
        [DECL_SOURCE] = {"source", OUTLINE_FILE},
        [DECL_TARGET] = {"target", OUTLINE_NAMESPACE},
        [DECL_PII] = {"pii", OUTLINE_KEY},
        [DECL_CODES] = {"codes", OUTLINE_ENUM},
        [DECL_FN] = {"fn", OUTLINE_FUNCTION},
        [DECL_EXTERN_FN] = {"extern fn", OUTLINE_FUNCTION},
        [DECL_MAP] = {"map", OUTLINE_CLASS},
        [DECL_CHECK] = {"check", OUTLINE_EVENT},
        [DECL_TEST] = {"test", OUTLINE_EVENT},
        [DECL_AUDIT] = {"audit", OUTLINE_OBJECT},
        [DECL_PHASE] = {"phase", OUTLINE_OBJECT},
        [DECL_STRATEGY] = {"strategy", OUTLINE_OBJECT},
        [DECL_CHANGE] = {"change", OUTLINE_OBJECT},
    };
    struct ast_name name = decl->name;
    switch (decl->kind) {
    case DECL_SOURCE: name = decl->source.name; break;
    case DECL_TARGET: name = decl->target.name; break;
    case DECL_CODES: name = decl->codes.name; break;
    case DECL_FN:
    case DECL_EXTERN_FN: name = decl->fn.name; break;
    case DECL_MAP: name = decl->map.name; break;
    case DECL_CHECK: name = decl->check.name; break;
    case DECL_TEST: name = decl->test.title; break;
    case DECL_PII: name = (struct ast_name){span_text(decl->pii.table.span), decl->pii.table.span}; break;
    case DECL_AUDIT:
        name = (struct ast_name){span_text(decl->audit.table.span), decl->audit.table.span};
        break;
    case DECL_USE: name = (struct ast_name){span_text(decl->use.path.span), decl->use.path.span}; break;
    case DECL_STRATEGY: name = decl->strategy.kind; break;
    default: break;
    }
    cJSON *json =
        node(outline, name.text, KINDS[decl->kind].detail, KINDS[decl->kind].kind, decl->span, name.span);
    if (decl->kind == DECL_SOURCE) add_tables(outline, &decl->source, json);
    if (decl->kind == DECL_MAP) add_items(outline, decl->map.items.items, decl->map.items.count, json);
    if (decl->kind == DECL_AUDIT) add_items(outline, decl->audit.items.items, decl->audit.items.count, json);
    return json;
}

cJSON *lsp_document_symbol(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL || !document->is_spec) return NULL;
    const struct lsp_analysis *analysis = lsp_document_analysis(server, document);
    const struct ast_file *file = analysis->compile->files.items[0];
    struct outline outline = {&document->lines};
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < file->decls.count; i++)
        cJSON_AddItemToArray(list, decl_node(&outline, file->decls.items[i]));
    return list;
}

/* ---------------------------------------------------------------- tests */

cJSON *lsp_code_lens(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL || !document->is_spec || server->options->run_test == NULL) return NULL;
    const struct lsp_analysis *analysis = lsp_document_analysis(server, document);
    const struct ast_file *file = analysis->compile->files.items[0];
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < file->decls.count; i++) {
        const struct ast_decl *decl = file->decls.items[i];
        if (decl->kind != DECL_TEST || decl->test.title.text.len == 0) continue;
        struct span at = decl->test.title.span;
        cJSON *lens = cJSON_CreateObject();
        cJSON_AddItemToObject(lens, "range", lsp_text_range(&document->lines, at.start, at.end));
        cJSON *command = cJSON_AddObjectToObject(lens, "command");
        cJSON_AddStringToObject(command, "title", "run test");
        cJSON_AddStringToObject(command, "command", "mig.runTest");
        cJSON *arguments = cJSON_AddArrayToObject(command, "arguments");
        cJSON_AddItemToArray(arguments, cJSON_CreateString(document->uri));
        cJSON_AddItemToArray(arguments, lsp_json_text(decl->test.title.text));
        cJSON_AddItemToArray(list, lens);
    }
    return list;
}

cJSON *lsp_execute_command(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    const cJSON *arguments = lsp_get(params, "arguments");
    const cJSON *uri = cJSON_GetArrayItem(arguments, 0), *title = cJSON_GetArrayItem(arguments, 1);
    struct lsp_document *document = NULL;
    if (!str_is(lsp_get_text(params, "command"), "mig.runTest") || server->options->run_test == NULL) {
        lsp_fail(server, error, RPC_INVALID_PARAMS, "there is no such command");
        return NULL;
    }
    for (uint32_t i = 0; cJSON_IsString(uri) && i < server->documents_count; i++)
        if (strcmp(server->documents[i]->uri, uri->valuestring) == 0) document = server->documents[i];
    if (document == NULL || !document->is_spec || !cJSON_IsString(title)) {
        lsp_fail(server, error, RPC_INVALID_PARAMS,
                 "mig.runTest takes an open spec's URI and a test's title");
        return NULL;
    }
    struct lsp_analysis *analysis = lsp_document_analysis(server, document);
    struct buf message = {0};
    bool passed = false;
    if (analysis->plan == NULL)
        buf_append_cstr(&message, "the spec has errors: correct them first");
    else
        passed = server->options->run_test(server->options->context, analysis->plan,
                                           str_cstr(title->valuestring), &message);
    cJSON *show = cJSON_CreateObject(), *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(show, "type", passed ? 3 : 1);
    lsp_add_text(show, "message", buf_str(&message));
    rpc_send_notification(&server->rpc, "window/showMessage", show);
    cJSON_AddBoolToObject(result, "passed", passed);
    lsp_add_text(result, "message", buf_str(&message));
    buf_release(&message);
    return result;
}
