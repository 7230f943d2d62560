/* What the compiler knows about one spec (or one module by itself) at one moment: its diagnostics, what is
 * declared, and which names stand for what. Made anew after each change; nothing in it outlives it. */
#ifndef MIG_LSP_ANALYSIS_H
#define MIG_LSP_ANALYSIS_H

#include "compiler/check/map.h"
#include "compiler/check/recorder.h"
#include "compiler/lsp/text.h"

enum lsp_symbol_kind {
    SYMBOL_MIGRATION,
    SYMBOL_SOURCE,
    SYMBOL_SHEET,
    SYMBOL_SOURCE_COLUMN,
    SYMBOL_TARGET,
    SYMBOL_TABLE,
    SYMBOL_TARGET_COLUMN,
    SYMBOL_ENUM,
    SYMBOL_PARAM,
    SYMBOL_CODES,
    SYMBOL_FN,
    SYMBOL_ARGUMENT,
    SYMBOL_MAP,
    SYMBOL_ROW,   /* from ROW in …, lookup ROW in …, each ROW in … */
    SYMBOL_GROUP, /* group by e as GROUP */
    SYMBOL_PART,  /* partition by e as PART */
    SYMBOL_LET,
    SYMBOL_LINE, /* a column that a map's body assigns */
    SYMBOL_VALIDATE,
    SYMBOL_CHECK,
    SYMBOL_ENVIRONMENT,
    SYMBOL_PHASE,
    SYMBOL_TEST
};

struct lsp_symbol {
    enum lsp_symbol_kind kind;
    struct str name;
    struct span at;    /* its name */
    struct span whole; /* its declaration */
    struct str type;   /* as written or as Postgres says it; may be empty */
    struct str doc;    /* the comment above it */
    struct str note;   /* further facts, one a line: where a column is read from … */
    bool pii;
    uint32_t group; /* the same for symbols that are one thing to people: see lsp_analysis_same */
    const struct ast_expr *value;           /* LET, LINE: what it is */
    const struct ast_source_column *column; /* SOURCE_COLUMN of a spec */
    const struct schema_enum *labels;       /* ENUM, TARGET_COLUMN of an enum type */
};

/* A name in a text, and the symbol that it stands for. A symbol's own name is no use of it. */
struct lsp_use {
    struct span at;
    struct span declared;
    uint32_t symbol; /* in symbols; UINT32_MAX: declared where no symbol is (unusual) */
};

struct lsp_expr {
    struct span at;
    const struct texpr *typed;
};

/* A file that the analysis has read. */
struct lsp_file {
    const struct source_text *source;
    struct str path; /* absolute; empty: part of the program */
    struct lsp_text text;
};

struct lsp_analysis {
    struct arena arena;
    struct diag_list diags;
    const struct source_text *spec;
    struct compile *compile;
    struct plan *plan; /* NULL when there are errors */
    bool is_module;
    VEC(struct lsp_file *) files;   /* the spec first */
    VEC(struct lsp_symbol) symbols; /* by place: file, start */
    VEC(struct lsp_use) uses;       /* likewise */
    VEC(struct lsp_expr) exprs;
    struct check_recorder recorder;
};

/* Reads a file by its absolute path: an open document's text, or the disk's. NULL: not there; *why says why.
 */
typedef const struct source_text *lsp_read_file(void *context, struct arena *arena, struct str path,
                                                const char **why);

struct lsp_reader {
    lsp_read_file *read;
    void *context;
    bool (*embedded)(struct str name, struct str *bytes);
};

/* Compiles. Never NULL; free with lsp_analysis_free. text is copied. */
struct lsp_analysis *lsp_analysis_new(const struct lsp_reader *reader, struct str path, struct str text);
/* Puts the linter's findings in the place of the compiler's warnings, where there are no errors. */
void lsp_analysis_lint(struct lsp_analysis *analysis, const struct lsp_reader *reader);
void lsp_analysis_free(struct lsp_analysis *analysis);

/* NULL: not one of the analysis' files. */
const struct lsp_file *lsp_analysis_file(const struct lsp_analysis *analysis,
                                         const struct source_text *source);
const struct lsp_file *lsp_analysis_file_at(const struct lsp_analysis *analysis, struct str path);
/* The use or the symbol whose name holds the offset (its end included). NULL: none. */
const struct lsp_use *lsp_analysis_use(const struct lsp_analysis *analysis, const struct source_text *source,
                                       uint32_t offset);
const struct lsp_symbol *lsp_analysis_symbol(const struct lsp_analysis *analysis,
                                             const struct source_text *source, uint32_t offset);
/* The symbol declared exactly there. */
const struct lsp_symbol *lsp_analysis_declared(const struct lsp_analysis *analysis, struct span at);
/* The smallest expression around the offset. NULL: none. */
const struct lsp_expr *lsp_analysis_expr(const struct lsp_analysis *analysis,
                                         const struct source_text *source, uint32_t offset);
/* The expression with exactly this span. */
const struct lsp_expr *lsp_analysis_expr_at(const struct lsp_analysis *analysis, struct span at);
/* The declaration around an offset of the spec. NULL: none. */
const struct ast_decl *lsp_analysis_decl(const struct lsp_analysis *analysis, uint32_t offset);

/* index.c: fills symbols and sorts; called once. */
void lsp_index_build(struct lsp_analysis *analysis);

#endif
