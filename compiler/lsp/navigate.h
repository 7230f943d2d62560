/* All places of a name, over all specs that can see it: for references and rename. */
#ifndef MIG_LSP_NAVIGATE_H
#define MIG_LSP_NAVIGATE_H

#include "compiler/lsp/server.h"

/* A name in a file. */
struct name_place {
    struct str path;
    uint32_t start, end;
    bool is_declaration;
};

struct name_places {
    VEC(struct name_place) list; /* by path and start, each once */
};

/* Analyses of specs on disk beside those of open documents; the caller frees them. */
struct more_analyses {
    VEC(struct lsp_analysis *) list;
};

/* The group of symbols (lsp_symbol.group) that the place names; UINT32_MAX: none. */
uint32_t navigate_group(const struct lsp_place *place);
/* Whether specs that are not open may use it: it is a function or code table of a module. */
bool navigate_is_shared(const struct lsp_place *place, uint32_t group);
/* Specs in the workspace (and beside the document) that are not open and hold the word. */
void navigate_read_workspace(struct lsp_server *server, const struct lsp_place *place, struct str word,
                             struct more_analyses *more);
void navigate_free(struct more_analyses *more);
/* Places of the group, in the arena of the message. */
void navigate_places(struct lsp_server *server, const struct lsp_place *place, uint32_t group,
                     const struct more_analyses *more, struct name_places *places);

#endif
