/* Open documents: their texts as the editor has them, and analyses that follow them. */
#include "compiler/lsp/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *copy_text(struct str text) {
    char *copy = memory_alloc(text.len + 1);
    memcpy(copy, text.ptr ? text.ptr : "", text.len);
    copy[text.len] = '\0';
    return copy;
}

void lsp_document_free(struct lsp_document *document) {
    lsp_analysis_free(document->analysis);
    buf_release(&document->text);
    arena_release(&document->lines_arena);
    free((char *)document->path.ptr);
    free(document->uri);
    free(document);
}

struct lsp_document *lsp_find_document(struct lsp_server *server, struct str path) {
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (path.len && str_eq(server->documents[i]->path, path)) return server->documents[i];
    return NULL;
}

static struct lsp_document *find_uri(struct lsp_server *server, struct str uri) {
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (str_is(uri, server->documents[i]->uri)) return server->documents[i];
    return NULL;
}

struct lsp_document *lsp_document_of(struct lsp_server *server, const cJSON *params,
                                     struct lsp_error *error) {
    struct str uri = lsp_get_text(lsp_get(params, "textDocument"), "uri");
    struct lsp_document *document = find_uri(server, uri);
    if (document == NULL)
        lsp_fail(server, error, RPC_INVALID_PARAMS, "the document `%.*s` is not open", STR_ARG(uri));
    return document;
}

/* ---------------------------------------------------------------- reading */

static const struct source_text *read_disk(struct arena *arena, struct str path, const char **why) {
    struct buf bytes = {0};
    const struct source_text *source = NULL;
    char *name = copy_text(path);
    struct stat status;
    /* O_NONBLOCK: opening a pipe must not wait for its other end. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(name);
    *why = fd < 0 ? strerror(errno) : "it is no plain file";
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        ssize_t n = 1;
        while (n > 0 && bytes.len <= PARSE_MAX_BYTES) {
            n = read(fd, buf_reserve(&bytes, 65536), 65536);
            if (n < 0 && errno == EINTR)
                n = 1;
            else if (n > 0)
                bytes.len += (size_t)n;
        }
        *why = n < 0 ? strerror(errno) : "it is too large";
        if (n == 0) source = source_text_new(arena, path, buf_str(&bytes));
    }
    if (fd >= 0) close(fd);
    buf_release(&bytes);
    return source;
}

static const struct source_text *read_text(void *context, struct arena *arena, struct str path,
                                           const char **why) {
    const struct lsp_document *open = lsp_find_document(context, path);
    if (open) return source_text_new(arena, path, buf_str(&open->text));
    return read_disk(arena, path, why);
}

struct lsp_reader lsp_server_reader(struct lsp_server *server) {
    return (struct lsp_reader){.read = read_text, .context = server, .embedded = server->options->embedded};
}

struct lsp_analysis *lsp_document_analysis(struct lsp_server *server, struct lsp_document *document) {
    if (!document->is_spec || (document->analysis && !document->changed)) return document->analysis;
    struct lsp_reader reader = lsp_server_reader(server);
    lsp_analysis_free(document->analysis);
    document->analysis = lsp_analysis_new(&reader, document->path, buf_str(&document->text));
    lsp_analysis_lint(document->analysis, &reader);
    document->changed = false;
    document->unpublished = true;
    return document->analysis;
}

bool lsp_place_of(struct lsp_server *server, const cJSON *params, struct lsp_place *place,
                  struct lsp_error *error) {
    *place = (struct lsp_place){.document = lsp_document_of(server, params, error)};
    if (place->document == NULL || !place->document->is_spec) return false;
    if (!lsp_text_read_position(&place->document->lines, lsp_get(params, "position"), &place->offset)) {
        lsp_fail(server, error, RPC_INVALID_PARAMS, "the request has no position");
        return false;
    }
    place->analysis = lsp_document_analysis(server, place->document);
    place->source = place->analysis->spec;
    return true;
}

/* ---------------------------------------------------------------- changes */

/* Whatever reads this file, and the document itself, is to be analysed again. */
static void mark_changed(struct lsp_server *server, struct str path) {
    for (uint32_t i = 0; i < server->documents_count; i++) {
        struct lsp_document *other = server->documents[i];
        bool missing = false;
        for (uint32_t d = 0; other->analysis && d < other->analysis->diags.items.count; d++)
            missing |= other->analysis->diags.items.items[d]->code == X_FILE_MISSING;
        if (str_eq(other->path, path) || missing ||
            (other->analysis && lsp_analysis_file_at(other->analysis, path)))
            other->changed = true;
    }
}

static void index_lines(struct lsp_document *document) {
    arena_reset(&document->lines_arena);
    lsp_text_init(&document->lines, &document->lines_arena, buf_str(&document->text));
}

cJSON *lsp_did_open(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    const cJSON *item = lsp_get(params, "textDocument");
    struct str uri = lsp_get_text(item, "uri"), path = {0};
    const cJSON *text = lsp_get(item, "text");
    if (uri.len == 0 || !cJSON_IsString(text)) {
        lsp_fail(server, error, RPC_INVALID_PARAMS, "didOpen without a document");
        return NULL;
    }
    struct lsp_document *document = find_uri(server, uri);
    if (document == NULL && server->documents_count == LSP_MAX_DOCUMENTS) {
        lsp_fail(server, error, RPC_REQUEST_FAILED, "more than %d open documents", LSP_MAX_DOCUMENTS);
        return NULL;
    }
    if (document == NULL) {
        document = memory_zalloc(sizeof *document);
        document->uri = copy_text(uri);
        /* A document without a file gets a path that no file has, so that it can be told from others. */
        if (!lsp_uri_to_path(&server->arena, uri, &path))
            path = lsp_path_join(&server->arena, STR("/dev/null"), uri);
        document->path = str_from(copy_text(path), path.len);
        if (server->documents_count == server->documents_cap) {
            server->documents_cap = server->documents_cap ? server->documents_cap * 2 : 8;
            server->documents =
                memory_realloc(server->documents, server->documents_cap * sizeof *server->documents);
        }
        server->documents[server->documents_count++] = document;
    }
    const cJSON *version = lsp_get(item, "version");
    document->version = cJSON_IsNumber(version) ? version->valuedouble : 0;
    document->is_spec = str_is(lsp_get_text(item, "languageId"), "mig") || str_ends_with(uri, STR(".mig"));
    buf_clear(&document->text);
    buf_append_cstr(&document->text, text->valuestring);
    index_lines(document);
    mark_changed(server, document->path);
    document->changed = document->unpublished = true;
    return NULL;
}

/* Bytes [start, end) become text. */
static void replace_text(struct buf *buf, uint32_t start, uint32_t end, struct str text) {
    size_t tail = buf->len - end;
    buf_reserve(buf, text.len);
    memmove(buf->ptr + start + text.len, buf->ptr + end, tail);
    memcpy(buf->ptr + start, text.ptr, text.len);
    buf->len = start + text.len + tail;
    buf->ptr[buf->len] = '\0';
}

static bool apply_change(struct lsp_document *document, const cJSON *change) {
    const cJSON *text = lsp_get(change, "text"), *range = lsp_get(change, "range");
    uint32_t start = 0, end = (uint32_t)document->text.len;
    if (!cJSON_IsString(text)) return false;
    if (range && (!lsp_text_read_position(&document->lines, lsp_get(range, "start"), &start) ||
                  !lsp_text_read_position(&document->lines, lsp_get(range, "end"), &end) || start > end))
        return false;
    replace_text(&document->text, start, end, str_cstr(text->valuestring));
    index_lines(document);
    return true;
}

cJSON *lsp_did_change(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    const cJSON *changes = lsp_get(params, "contentChanges"), *change;
    const cJSON *version = lsp_get(lsp_get(params, "textDocument"), "version");
    if (document == NULL) return NULL;
    cJSON_ArrayForEach(change, changes) {
        if (apply_change(document, change)) continue;
        lsp_fail(server, error, RPC_INVALID_PARAMS,
                 "a change of `%s` has no text or no range in the document", document->uri);
        break;
    }
    if (cJSON_IsNumber(version)) document->version = version->valuedouble;
    mark_changed(server, document->path);
    document->changed = document->unpublished = true;
    return NULL;
}

cJSON *lsp_did_close(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL) return NULL;
    struct str path = arena_copy_str(&server->arena, document->path);
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (server->documents[i] == document) {
            server->documents[i] = server->documents[--server->documents_count];
            break;
        }
    lsp_document_free(document);
    mark_changed(server, path); /* the disk's text counts again */
    return NULL;
}

cJSON *lsp_did_save(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL) return NULL;
    mark_changed(server, document->path); /* files that are not open may have changed meanwhile */
    document->changed = true;
    return NULL;
}
