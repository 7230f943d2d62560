/* Runs the compiler over a text and keeps what it says. */
#include "compiler/lsp/analysis.h"

#include "compiler/lint/lint.h"

#include <stdlib.h>

struct analysis_files {
    struct lsp_analysis *analysis;
    const struct lsp_reader *reader;
    struct str folder;
};

static void add_file(struct lsp_analysis *analysis, const struct source_text *source, struct str path) {
    struct lsp_file *file = ARENA_NEW(&analysis->arena, struct lsp_file);
    *file = (struct lsp_file){.source = source, .path = path};
    VEC_PUSH(&analysis->arena, &analysis->files, file);
}

static const struct source_text *read_file(void *context, struct str path, struct span asked_at,
                                           struct diag_list *diags) {
    struct analysis_files *files = context;
    struct lsp_analysis *analysis = files->analysis;
    struct arena *arena = &analysis->arena;
    struct str bytes;
    const char *why = NULL;
    if (files->reader->embedded && files->reader->embedded(path, &bytes)) {
        for (uint32_t i = 0; i < analysis->files.count; i++)
            if (analysis->files.items[i]->path.len == 0 &&
                str_eq(analysis->files.items[i]->source->name, path))
                return analysis->files.items[i]->source;
        const struct source_text *source = source_text_new(arena, path, bytes);
        add_file(analysis, source, (struct str){0});
        return source;
    }
    struct str full = lsp_path_join(arena, files->folder, path);
    /* One file, one text: a name in it is then the same whoever asks. */
    const struct lsp_file *known = lsp_analysis_file_at(analysis, full);
    if (known) return known->source;
    const struct source_text *source = files->reader->read(files->reader->context, arena, full, &why);
    if (source) {
        add_file(analysis, source, full);
        return source;
    }
    struct diag *diag =
        diag_report(diags, X_FILE_MISSING, asked_at, "cannot read %.*s: %s", STR_ARG(full), why);
    diag_help(diags, diag, "Paths in a spec start at the spec's own folder.");
    return NULL;
}

static void record_one_use(void *context, struct span at, struct span declared) {
    struct lsp_analysis *analysis = context;
    VEC_PUSH(&analysis->arena, &analysis->uses, (struct lsp_use){at, declared, UINT32_MAX});
}

static void record_one_expr(void *context, struct span at, const struct texpr *typed) {
    struct lsp_analysis *analysis = context;
    VEC_PUSH(&analysis->arena, &analysis->exprs, (struct lsp_expr){at, typed});
}

/* A file with nothing but what a module may hold is one: it needs no migration line. */
static bool find_is_module(const struct lsp_analysis *analysis) {
    const struct ast_file *file = analysis->compile->files.items[0];
    for (uint32_t i = 0; i < file->decls.count; i++) {
        enum ast_decl_kind kind = file->decls.items[i]->kind;
        if (kind != DECL_USE && kind != DECL_CODES && kind != DECL_FN && kind != DECL_EXTERN_FN) return false;
    }
    return file->decls.count > 0;
}

static void forget_missing_migration(struct diag_list *diags) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < diags->items.count; i++) {
        if (diags->items.items[i]->code == E_NO_MIGRATION)
            diags->error_count--;
        else
            diags->items.items[kept++] = diags->items.items[i];
    }
    diags->items.count = kept;
}

struct lsp_analysis *lsp_analysis_new(const struct lsp_reader *reader, struct str path, struct str text) {
    struct lsp_analysis *analysis = memory_zalloc(sizeof *analysis);
    struct arena *arena = &analysis->arena;
    diag_list_init(&analysis->diags, arena);
    struct str own_path = arena_copy_str(arena, path);
    struct analysis_files context = {analysis, reader, lsp_path_folder(own_path)};
    struct compile_files files = {read_file, &context};
    analysis->spec = source_text_new(arena, own_path, text);
    add_file(analysis, analysis->spec, own_path);
    analysis->recorder =
        (struct check_recorder){.context = analysis, .use = record_one_use, .expr = record_one_expr};
    analysis->plan =
        compile_spec_recorded(arena, analysis->spec, &files, &analysis->recorder, &analysis->diags);
    analysis->compile = analysis->recorder.compile;
    analysis->is_module = find_is_module(analysis);
    if (analysis->is_module) forget_missing_migration(&analysis->diags);
    diag_list_sort(&analysis->diags);
    for (uint32_t i = 0; i < analysis->files.count; i++) {
        struct lsp_file *file = analysis->files.items[i];
        lsp_text_init(&file->text, arena, file->source->text);
    }
    lsp_index_build(analysis);
    return analysis;
}

/* The nearest .mig-lint, from the spec's folder upwards. What is wrong in it is for `mig lint` to say. */
static void read_settings(struct lsp_analysis *analysis, const struct lsp_reader *reader,
                          struct lint_settings *settings) {
    struct arena *arena = &analysis->arena;
    struct diag_list unheard;
    diag_list_init(&unheard, arena);
    lint_settings_init(settings);
    struct str folder = lsp_path_folder(analysis->files.items[0]->path);
    for (;;) {
        const char *why;
        const struct source_text *text =
            reader->read(reader->context, arena, lsp_path_join(arena, folder, STR(".mig-lint")), &why);
        if (text) {
            lint_settings_read(settings, text, &unheard);
            return;
        }
        struct str above = lsp_path_folder(folder);
        if (above.len >= folder.len) return;
        folder = above;
    }
}

void lsp_analysis_lint(struct lsp_analysis *analysis, const struct lsp_reader *reader) {
    if (analysis->plan == NULL || analysis->is_module) return;
    struct arena *arena = &analysis->arena;
    struct lint_settings *settings = ARENA_NEW(arena, struct lint_settings);
    struct diag_list found;
    diag_list_init(&found, arena);
    read_settings(analysis, reader, settings);
    lint_checked(arena, analysis->compile, &analysis->diags, settings, &found);
    diag_list_sort(&found);
    analysis->diags = found;
}

void lsp_analysis_free(struct lsp_analysis *analysis) {
    if (analysis == NULL) return;
    struct arena arena = analysis->arena;
    free(analysis);
    arena_release(&arena);
}

/* ---------------------------------------------------------------- questions */

const struct lsp_file *lsp_analysis_file(const struct lsp_analysis *analysis,
                                         const struct source_text *source) {
    for (uint32_t i = 0; i < analysis->files.count; i++)
        if (analysis->files.items[i]->source == source) return analysis->files.items[i];
    return NULL;
}

const struct lsp_file *lsp_analysis_file_at(const struct lsp_analysis *analysis, struct str path) {
    for (uint32_t i = 0; i < analysis->files.count; i++)
        if (path.len && str_eq(analysis->files.items[i]->path, path)) return analysis->files.items[i];
    return NULL;
}

static bool holds(struct span span, const struct source_text *source, uint32_t offset) {
    return span.source == source && span.start <= offset && offset <= span.end;
}

/* At the border of two names the one that starts there is meant. */
const struct lsp_use *lsp_analysis_use(const struct lsp_analysis *analysis, const struct source_text *source,
                                       uint32_t offset) {
    const struct lsp_use *found = NULL;
    for (uint32_t i = 0; i < analysis->uses.count; i++)
        if (holds(analysis->uses.items[i].at, source, offset)) found = &analysis->uses.items[i];
    return found;
}

const struct lsp_symbol *lsp_analysis_symbol(const struct lsp_analysis *analysis,
                                             const struct source_text *source, uint32_t offset) {
    const struct lsp_symbol *found = NULL;
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        if (holds(analysis->symbols.items[i].at, source, offset)) found = &analysis->symbols.items[i];
    return found;
}

static int compare_place(struct span a, struct span b) {
    if (a.source != b.source) return a.source < b.source ? -1 : 1;
    if (a.start != b.start) return a.start < b.start ? -1 : 1;
    return 0;
}

const struct lsp_symbol *lsp_analysis_declared(const struct lsp_analysis *analysis, struct span at) {
    uint32_t low = 0, high = analysis->symbols.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_place(analysis->symbols.items[middle].at, at);
        if (order == 0) return &analysis->symbols.items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct lsp_expr *lsp_analysis_expr(const struct lsp_analysis *analysis,
                                         const struct source_text *source, uint32_t offset) {
    const struct lsp_expr *found = NULL;
    for (uint32_t i = 0; i < analysis->exprs.count; i++) {
        const struct lsp_expr *expr = &analysis->exprs.items[i];
        if (!holds(expr->at, source, offset)) continue;
        if (found == NULL || expr->at.end - expr->at.start < found->at.end - found->at.start) found = expr;
    }
    return found;
}

const struct lsp_expr *lsp_analysis_expr_at(const struct lsp_analysis *analysis, struct span at) {
    for (uint32_t i = 0; i < analysis->exprs.count; i++) {
        const struct lsp_expr *expr = &analysis->exprs.items[i];
        if (expr->at.source == at.source && expr->at.start == at.start && expr->at.end == at.end) return expr;
    }
    return NULL;
}

const struct ast_decl *lsp_analysis_decl(const struct lsp_analysis *analysis, uint32_t offset) {
    const struct ast_file *file = analysis->compile->files.items[0];
    for (uint32_t i = 0; i < file->decls.count; i++)
        if (holds(file->decls.items[i]->span, analysis->spec, offset)) return file->decls.items[i];
    return NULL;
}
