/* The server's state, and what its parts share. A handler gets the params of a request and returns the
 * result (NULL: null); where it cannot, it fills the error. */
#ifndef MIG_LSP_SERVER_H
#define MIG_LSP_SERVER_H

#include "compiler/lsp/analysis.h"
#include "compiler/lsp/lsp.h"
#include "compiler/lsp/rpc.h"

/* An open document. Specs and modules are analysed; other files (DDL, codes) are texts that others read. */
struct lsp_document {
    char *uri;
    struct str path; /* absolute, own memory; below /dev/null: a document without a file */
    struct buf text;
    struct arena lines_arena;
    struct lsp_text lines; /* of text */
    double version;
    bool is_spec;
    bool changed; /* analysis is of an older text, or of older texts of other files */
    bool unpublished;
    struct lsp_analysis *analysis;
};

struct lsp_published {
    char *uri;
    uint64_t hash;
};

struct lsp_server {
    const struct lsp_options *options;
    struct rpc rpc;
    struct arena arena; /* for one message */
    bool initialized, shut_down, ended;
    struct str root; /* the workspace's folder, own memory; may be empty */
    bool related_information;
    struct lsp_document **documents;
    uint32_t documents_count, documents_cap;
    struct lsp_published *published;
    uint32_t published_count, published_cap;
};

enum { LSP_MAX_DOCUMENTS = 1000 };

struct lsp_error {
    int code; /* 0: none */
    struct str message;
};

typedef cJSON *lsp_handler(struct lsp_server *server, const cJSON *params, struct lsp_error *error);

/* ---- documents.c */
lsp_handler lsp_did_open, lsp_did_change, lsp_did_close, lsp_did_save;
struct lsp_document *lsp_find_document(struct lsp_server *server, struct str path);
/* The document that params.textDocument.uri names; NULL with the error filled. */
struct lsp_document *lsp_document_of(struct lsp_server *server, const cJSON *params, struct lsp_error *error);
/* An up-to-date analysis of a spec. */
struct lsp_analysis *lsp_document_analysis(struct lsp_server *server, struct lsp_document *document);
/* Reads files for analyses: open documents first. */
struct lsp_reader lsp_server_reader(struct lsp_server *server);
void lsp_document_free(struct lsp_document *document);
/* A request about a place in a spec: document, analysis, offset. False with the error filled, or without one
 * where there is nothing to say (the document is no spec). */
struct lsp_place {
    struct lsp_document *document;
    struct lsp_analysis *analysis;
    const struct source_text *source; /* the text in the analysis */
    uint32_t offset;
};
bool lsp_place_of(struct lsp_server *server, const cJSON *params, struct lsp_place *place,
                  struct lsp_error *error);

/* ---- diagnostics.c */
void lsp_publish(struct lsp_server *server);
lsp_handler lsp_code_action;

/* ---- the requests, a file for each */
lsp_handler lsp_hover, lsp_completion, lsp_definition, lsp_references, lsp_document_highlight,
    lsp_prepare_rename, lsp_rename, lsp_document_symbol, lsp_semantic_tokens, lsp_signature_help,
    lsp_code_lens, lsp_execute_command, lsp_formatting;
/* semantic.c: the legend for initialize */
cJSON *lsp_semantic_legend(void);

/* ---- shared small things (server.c) */
const cJSON *lsp_get(const cJSON *object, const char *name);
/* "" when it is no text. */
struct str lsp_get_text(const cJSON *object, const char *name);
void lsp_fail(struct lsp_server *server, struct lsp_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
cJSON *lsp_json_text(struct str text);
void lsp_add_text(cJSON *object, const char *name, struct str text);
/* {"uri": …, "range": …}; NULL for what is part of the program. */
cJSON *lsp_location(struct lsp_server *server, const struct lsp_analysis *analysis, struct span span);
/* {"kind": "markdown", "value": …} */
cJSON *lsp_markdown(struct str text);

/* ---- describe.c: facts in people's words, for hover and completion */
struct str lsp_describe_symbol(struct lsp_analysis *analysis, const struct lsp_symbol *symbol, bool in_full);
/* "left(text, int) text" and its explanation, for each overload of a built-in function, as markdown; empty:
 * there is none. */
struct str lsp_describe_function(struct arena *arena, struct str name);
/* The signatures alone: "left(text, int) text"; returns how many. */
uint32_t lsp_function_signatures(struct str name, struct str *signatures, struct str *docs, uint32_t most);
/* fn name(a text, b int) text */
struct str lsp_fn_signature(struct lsp_analysis *analysis, const struct checked_fn *fn);

#endif
