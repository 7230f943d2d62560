/* Modules: `use std.text` and the author's own files. A module brings functions, extern functions and code
 * tables; everything else belongs into a spec. */
#include "compiler/check/decl.h"

struct module_load {
    struct compile *compile;
    struct name_index loaded; /* by the path that is read: index in files, open ones included */
    VEC(struct str) open;     /* names of the modules being read right now, outermost first */
};

/* The name as the spec says it: std.text, lib.dates. */
static struct str module_name(struct arena *arena, const struct ast_path *path) {
    struct str name = {0};
    for (uint32_t i = 0; i < path->parts.count; i++)
        name = arena_printf(arena, "%.*s%s%.*s", STR_ARG(name), i ? "." : "",
                            STR_ARG(path->parts.items[i].text));
    return name;
}

/* What the reader of files is asked for: std/text.mig, lib/dates.mig. */
static struct str module_location(struct arena *arena, const struct ast_path *path) {
    struct str location = {0};
    for (uint32_t i = 0; i < path->parts.count; i++)
        location = arena_printf(arena, "%.*s%s%.*s", STR_ARG(location), i ? "/" : "",
                                STR_ARG(path->parts.items[i].text));
    return arena_printf(arena, "%.*s.mig", STR_ARG(location));
}

static const char *module_refused_noun(enum ast_decl_kind kind) {
    switch (kind) {
    case DECL_USE:
    case DECL_CODES:
    case DECL_FN:
    case DECL_EXTERN_FN: return NULL;
    case DECL_MIGRATION: return "a migration line";
    case DECL_PARAM: return "a parameter";
    case DECL_ENVIRONMENT: return "an environment";
    case DECL_SOURCE: return "a source";
    case DECL_TARGET: return "a target";
    case DECL_PII: return "a pii declaration";
    case DECL_MAP: return "a map";
    case DECL_CHECK: return "a check";
    case DECL_TEST: return "a test";
    case DECL_AUDIT: return "an audit";
    case DECL_PHASE: return "a phase";
    case DECL_STRATEGY: return "a strategy";
    case DECL_CHANGE: return "a schema change";
    }
    return "this";
}

static void module_take_decls(struct compile *compile, const struct ast_file *file, bool is_spec) {
    struct checker *checker = &compile->checker;
    VEC_PUSH(checker->arena, &compile->files, file);
    for (uint32_t i = 0; i < file->decls.count; i++) {
        const struct ast_decl *decl = file->decls.items[i];
        const char *noun = is_spec ? NULL : module_refused_noun(decl->kind);
        if (noun == NULL) {
            VEC_PUSH(checker->arena, &compile->decls, decl);
            continue;
        }
        struct span first = decl->span;
        if (first.end > first.start + 1) first.end = first.start + 1;
        while (first.end < decl->span.end && first.source->text.ptr[first.end] != '\n')
            first.end++;
        struct diag *diag = diag_report(checker->diags, E_MODULE, first, "%s cannot stand in a module", noun);
        diag_help(checker->diags, diag, "a module holds functions and code tables: move this into the spec");
    }
}

static void module_report_cycle(struct module_load *load, const struct ast_path *path, struct str name) {
    struct checker *checker = &load->compile->checker;
    struct str way = {0};
    bool inside = false;
    for (uint32_t i = 0; i < load->open.count; i++) {
        inside = inside || str_eq(load->open.items[i], name);
        if (inside)
            way = arena_printf(checker->arena, "%.*s%.*s -> ", STR_ARG(way), STR_ARG(load->open.items[i]));
    }
    struct diag *diag =
        diag_report(checker->diags, E_MODULE_CYCLE, path->span,
                    "modules use each other in a circle: %.*s%.*s", STR_ARG(way), STR_ARG(name));
    diag_help(checker->diags, diag, "move what both need into a third module that uses neither");
}

static void module_load_uses(struct module_load *load, const struct ast_file *file);

static void module_load_one(struct module_load *load, const struct ast_path *path) {
    struct compile *compile = load->compile;
    struct checker *checker = &compile->checker;
    if (path->parts.count == 0) return;
    struct str name = module_name(checker->arena, path);
    uint32_t existing;
    if (!name_index_add(&load->loaded, name, load->loaded.count, &existing)) {
        for (uint32_t i = 0; i < load->open.count; i++)
            if (str_eq(load->open.items[i], name)) {
                module_report_cycle(load, path, name);
                return;
            }
        return;
    }
    if (!decl_check_limit(checker, path->span, load->loaded.count, DECL_MAX_MODULES, "modules")) return;
    if (!decl_check_limit(checker, path->span, load->open.count + 1, DECL_MAX_MODULE_DEPTH,
                          "modules that use each other in a row"))
        return;
    const struct source_text *text = checker->files->read(
        checker->files->context, module_location(checker->arena, path), path->span, checker->diags);
    if (text == NULL) return;
    const struct ast_file *module = parse_file(checker->arena, text, checker->diags);
    plan_builder_file(checker->builder, text);
    VEC_PUSH(checker->arena, &load->open, name);
    module_load_uses(load, module);
    load->open.count--;
    module_take_decls(compile, module, false);
}

static void module_load_uses(struct module_load *load, const struct ast_file *file) {
    for (uint32_t i = 0; i < file->decls.count; i++)
        if (file->decls.items[i]->kind == DECL_USE) module_load_one(load, &file->decls.items[i]->use.path);
}

void modules_load(struct compile *compile, const struct ast_file *spec) {
    struct module_load load = {.compile = compile, .loaded = {.arena = compile->checker.arena}};
    module_take_decls(compile, spec, true);
    module_load_uses(&load, spec);
}
