/* The server's life: initialize, requests and notifications by name, shutdown. Diagnostics are made when
 * nothing is waiting to be read, so that fast typing costs one analysis and not one for each letter. */
#include "compiler/lsp/server.h"

#include <stdarg.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- shared small things */

const cJSON *lsp_get(const cJSON *object, const char *name) {
    return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

struct str lsp_get_text(const cJSON *object, const char *name) {
    const cJSON *item = lsp_get(object, name);
    return cJSON_IsString(item) ? str_cstr(item->valuestring) : STR("");
}

void lsp_fail(struct lsp_server *server, struct lsp_error *error, int code, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    *error = (struct lsp_error){code, arena_copy_str(&server->arena, buf_str(&text))};
    buf_release(&text);
}

cJSON *lsp_json_text(struct str text) {
    struct buf copy = {0};
    buf_append_str(&copy, text);
    buf_append_char(&copy, '\0');
    cJSON *json = cJSON_CreateString(copy.ptr);
    buf_release(&copy);
    return json;
}

void lsp_add_text(cJSON *object, const char *name, struct str text) {
    cJSON_AddItemToObject(object, name, lsp_json_text(text));
}

cJSON *lsp_location(struct lsp_server *server, const struct lsp_analysis *analysis, struct span span) {
    const struct lsp_file *file = lsp_analysis_file(analysis, span.source);
    if (file == NULL) return NULL;
    const struct lsp_options *options = server->options;
    struct str uri;
    if (file->path.len == 0) {
        /* Part of the program: shown as a copy, which nobody edits. */
        if (options->embedded_copy == NULL ||
            !options->embedded_copy(options->context, file->source->name, &server->arena, &uri))
            return NULL;
    } else {
        const struct lsp_document *open = lsp_find_document(server, file->path);
        uri = open ? str_cstr(open->uri) : lsp_path_to_uri(&server->arena, file->path);
    }
    cJSON *location = cJSON_CreateObject();
    lsp_add_text(location, "uri", uri);
    cJSON_AddItemToObject(location, "range", lsp_text_range(&file->text, span.start, span.end));
    return location;
}

cJSON *lsp_markdown(struct str text) {
    cJSON *markup = cJSON_CreateObject();
    cJSON_AddStringToObject(markup, "kind", "markdown");
    lsp_add_text(markup, "value", text);
    return markup;
}

/* ---------------------------------------------------------------- life */

static cJSON *capabilities(const struct lsp_server *server) {
    static const char *const TRIGGERS[] = {".", "$", "{", "'", "(", " "};
    static const char *const SIGNATURE_TRIGGERS[] = {"(", ",", "["};
    cJSON *caps = cJSON_CreateObject();
    cJSON_AddStringToObject(caps, "positionEncoding", "utf-16");
    cJSON *sync = cJSON_AddObjectToObject(caps, "textDocumentSync");
    cJSON_AddBoolToObject(sync, "openClose", 1);
    cJSON_AddNumberToObject(sync, "change", 2);
    cJSON_AddBoolToObject(sync, "save", 1);
    cJSON_AddBoolToObject(caps, "hoverProvider", 1);
    cJSON_AddBoolToObject(caps, "definitionProvider", 1);
    cJSON_AddBoolToObject(caps, "referencesProvider", 1);
    cJSON_AddBoolToObject(caps, "documentHighlightProvider", 1);
    cJSON_AddBoolToObject(caps, "documentSymbolProvider", 1);
    cJSON_AddBoolToObject(caps, "documentFormattingProvider", 1);
    cJSON *completion = cJSON_AddObjectToObject(caps, "completionProvider");
    cJSON_AddItemToObject(completion, "triggerCharacters", cJSON_CreateStringArray(TRIGGERS, 5));
    cJSON *signature = cJSON_AddObjectToObject(caps, "signatureHelpProvider");
    cJSON_AddItemToObject(signature, "triggerCharacters", cJSON_CreateStringArray(SIGNATURE_TRIGGERS, 3));
    cJSON *rename = cJSON_AddObjectToObject(caps, "renameProvider");
    cJSON_AddBoolToObject(rename, "prepareProvider", 1);
    static const char *const KINDS[] = {"quickfix"};
    cJSON *actions = cJSON_AddObjectToObject(caps, "codeActionProvider");
    cJSON_AddItemToObject(actions, "codeActionKinds", cJSON_CreateStringArray(KINDS, 1));
    cJSON *semantic = cJSON_AddObjectToObject(caps, "semanticTokensProvider");
    cJSON_AddItemToObject(semantic, "legend", lsp_semantic_legend());
    cJSON_AddBoolToObject(semantic, "full", 1);
    if (server->options->run_test) {
        static const char *const COMMANDS[] = {"mig.runTest"};
        cJSON_AddObjectToObject(caps, "codeLensProvider");
        cJSON *commands = cJSON_AddObjectToObject(caps, "executeCommandProvider");
        cJSON_AddItemToObject(commands, "commands", cJSON_CreateStringArray(COMMANDS, 1));
    }
    return caps;
}

static void read_root(struct lsp_server *server, const cJSON *params) {
    const cJSON *folder = cJSON_GetArrayItem(lsp_get(params, "workspaceFolders"), 0);
    struct str uri = lsp_get_text(folder, "uri"), path;
    if (uri.len == 0) uri = lsp_get_text(params, "rootUri");
    if (!lsp_uri_to_path(&server->arena, uri, &path)) return;
    char *copy = memory_alloc(path.len + 1);
    memcpy(copy, path.ptr, path.len + 1);
    server->root = str_from(copy, path.len);
}

static cJSON *handle_initialize(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    if (server->initialized) {
        lsp_fail(server, error, RPC_INVALID_REQUEST, "the server is initialized already");
        return NULL;
    }
    server->initialized = true;
    const cJSON *publish =
        lsp_get(lsp_get(lsp_get(params, "capabilities"), "textDocument"), "publishDiagnostics");
    server->related_information = cJSON_IsTrue(lsp_get(publish, "relatedInformation"));
    read_root(server, params);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "capabilities", capabilities(server));
    cJSON *info = cJSON_AddObjectToObject(result, "serverInfo");
    cJSON_AddStringToObject(info, "name", "mig");
    cJSON_AddStringToObject(info, "version", server->options->version);
    return result;
}

static cJSON *handle_shutdown(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    (void)params;
    (void)error;
    server->shut_down = true;
    return NULL;
}

static cJSON *handle_exit(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    (void)params;
    (void)error;
    server->ended = true;
    return NULL;
}

static cJSON *handle_nothing(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    (void)server;
    (void)params;
    (void)error;
    return NULL;
}

static const struct lsp_method {
    const char *name;
    lsp_handler *handle;
    bool notification;
} METHODS[] = {
    {"initialize", handle_initialize, false},
    {"shutdown", handle_shutdown, false},
    {"initialized", handle_nothing, true},
    {"exit", handle_exit, true},
    {"textDocument/didOpen", lsp_did_open, true},
    {"textDocument/didChange", lsp_did_change, true},
    {"textDocument/didClose", lsp_did_close, true},
    {"textDocument/didSave", lsp_did_save, true},
    {"textDocument/hover", lsp_hover, false},
    {"textDocument/completion", lsp_completion, false},
    {"textDocument/definition", lsp_definition, false},
    {"textDocument/references", lsp_references, false},
    {"textDocument/documentHighlight", lsp_document_highlight, false},
    {"textDocument/prepareRename", lsp_prepare_rename, false},
    {"textDocument/rename", lsp_rename, false},
    {"textDocument/documentSymbol", lsp_document_symbol, false},
    {"textDocument/codeAction", lsp_code_action, false},
    {"textDocument/formatting", lsp_formatting, false},
    {"textDocument/semanticTokens/full", lsp_semantic_tokens, false},
    {"textDocument/signatureHelp", lsp_signature_help, false},
    {"textDocument/codeLens", lsp_code_lens, false},
    {"workspace/executeCommand", lsp_execute_command, false},
};

static const struct lsp_method *find_method(const char *name) {
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (strcmp(METHODS[i].name, name) == 0) return &METHODS[i];
    return NULL;
}

/* ---------------------------------------------------------------- one message */

static void log_error(struct lsp_server *server, struct str message) {
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "type", 1);
    lsp_add_text(params, "message", message);
    rpc_send_notification(&server->rpc, "window/logMessage", params);
}

static void answer_request(struct lsp_server *server, const cJSON *id, const struct lsp_method *method,
                           const cJSON *params) {
    struct lsp_error error = {0};
    bool initializes = method && method->handle == handle_initialize;
    if (!server->initialized && !initializes) {
        rpc_send_error(&server->rpc, id, RPC_NOT_INITIALIZED, "the server is not initialized");
    } else if (server->shut_down) {
        rpc_send_error(&server->rpc, id, RPC_INVALID_REQUEST, "the server was shut down");
    } else if (method == NULL || method->notification) {
        rpc_send_error(&server->rpc, id, RPC_METHOD_NOT_FOUND, "there is no such request");
    } else {
        cJSON *result = method->handle(server, params, &error);
        if (error.code == 0) {
            rpc_send_result(&server->rpc, id, result);
        } else {
            cJSON_Delete(result);
            rpc_send_error(&server->rpc, id, error.code, arena_copy_cstr(&server->arena, error.message));
        }
    }
}

static void take_notification(struct lsp_server *server, const struct lsp_method *method,
                              const cJSON *params) {
    struct lsp_error error = {0};
    if (method == NULL || !method->notification) return;
    if (method->handle != handle_exit && (!server->initialized || server->shut_down)) return;
    cJSON_Delete(method->handle(server, params, &error));
    if (error.code) log_error(server, error.message);
}

static void handle_message(struct lsp_server *server, const struct rpc_message *message) {
    const cJSON *id = lsp_get(message->json, "id"), *params = lsp_get(message->json, "params");
    const struct lsp_method *method = find_method(lsp_get(message->json, "method")->valuestring);
    if (id && message->cancelled)
        rpc_send_error(&server->rpc, id, RPC_CANCELLED, "cancelled");
    else if (id)
        answer_request(server, id, method, params);
    else
        take_notification(server, method, params);
    arena_reset(&server->arena);
}

static void release_server(struct lsp_server *server) {
    for (uint32_t i = 0; i < server->documents_count; i++)
        lsp_document_free(server->documents[i]);
    for (uint32_t i = 0; i < server->published_count; i++)
        free(server->published[i].uri);
    free(server->documents);
    free(server->published);
    free((char *)server->root.ptr);
    arena_release(&server->arena);
    rpc_release(&server->rpc);
    free(server);
}

int lsp_serve(const struct lsp_options *options) {
    struct lsp_server *server = memory_zalloc(sizeof *server);
    server->options = options;
    rpc_init(&server->rpc, options->in, options->out);
    struct rpc_message message;
    bool idle = false;
    while (!server->ended) {
        enum rpc_event event = rpc_next(&server->rpc, idle, &message);
        idle = event == RPC_IDLE;
        if (event == RPC_END) break;
        if (idle) {
            lsp_publish(server);
            arena_reset(&server->arena);
            continue;
        }
        handle_message(server, &message);
        cJSON_Delete(message.json);
    }
    int code = server->shut_down ? 0 : 1;
    release_server(server);
    return code;
}
