/* A language server for specs: LSP 3.17 over JSON-RPC 2.0 with Content-Length framing
 * (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/).
 * One thread; answers come in the order of the requests, cancelled ones excepted. */
#ifndef MIG_LSP_LSP_H
#define MIG_LSP_LSP_H

#include "runtime/base/diag.h"
#include "runtime/plan/plan.h"

struct lsp_options {
    int in, out; /* file descriptors of the stream pair */
    const char *version;
    /* Files that are part of the program (std/text.mig). False: none of that name. */
    bool (*embedded)(struct str name, struct str *bytes);
    /* Runs the test with this title; `message` gets what a person is to be told. False: it failed. The plan
     * is one as the compiler made it. NULL: tests cannot be run. */
    bool (*run_test)(void *context, const struct plan *plan, struct str title, struct buf *message);
    /* The URI of the page that explains a code, for the editor to open. False: none. NULL: never. */
    bool (*code_page)(void *context, enum diag_code code, struct arena *arena, struct str *uri);
    /* The URI of a read-only copy of a file that is part of the program (std/text.mig). False: there is none.
     * NULL: never. */
    bool (*embedded_copy)(void *context, struct str name, struct arena *arena, struct str *uri);
    void *context;
};

/* Serves until `exit` or the end of the input. Returns the exit code that the protocol asks for: 0 after
 * `shutdown`, else 1. */
int lsp_serve(const struct lsp_options *options);

#endif
