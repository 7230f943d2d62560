/* Declarations that are neither sources, targets, codes nor maps: the migration line, parameters, functions;
 * who is called what; and what is never used. */
#include "compiler/check/decl.h"

void decl_check_migration(struct compile *compile) {
    struct checker *checker = &compile->checker;
    struct plan *plan = &checker->builder->plan;
    const struct ast_decl *first = NULL;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_MIGRATION) continue;
        if (first != NULL) {
            struct diag *diag =
                diag_report(checker->diags, E_DECLARED_TWICE, decl->span, "a spec has one migration line");
            diag_label(checker->diags, diag, first->span, "the first one is here");
            diag_help(checker->diags, diag, "remove one of the two");
            continue;
        }
        first = decl;
        checker->migration = plan->migration = decl->name.text;
        plan->version = 1;
        if (decl->migration.version)
            decl_read_int(checker, decl->migration.version, E_BAD_DECLARATION, "a migration's version", 1,
                          INT32_MAX, &plan->version);
    }
    if (first == NULL && !compile->files.items[0]->has_errors) {
        struct diag *diag = diag_report(checker->diags, E_NO_MIGRATION, (struct span){compile->spec, 0, 0},
                                        "the spec has no migration line");
        diag_help(checker->diags, diag,
                  "start it with `migration a_name version 1`: the name is what ids of this migration are "
                  "made from");
    }
}

void decl_collect_names(struct compile *compile) {
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        switch (decl->kind) {
        case DECL_SOURCE: decl_claim_name(compile, NAMED_SOURCE, decl->source.name); break;
        case DECL_TARGET: decl_claim_name(compile, NAMED_TARGET, decl->target.name); break;
        case DECL_CODES: decl_claim_name(compile, NAMED_CODES, decl->codes.name); break;
        case DECL_MAP: decl_claim_name(compile, NAMED_MAP, decl->map.name); break;
        case DECL_FN:
        case DECL_EXTERN_FN: decl_claim_name(compile, NAMED_FN, decl->fn.name); break;
        case DECL_PARAM: decl_claim_name(compile, NAMED_PARAM, decl->name); break;
        default: break;
        }
    }
}

/* ---------------------------------------------------------------- parameters */

static void decl_check_param(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct checked_param *param = ARENA_NEW(checker->arena, struct checked_param);
    *param = (struct checked_param){
        .name = decl->name.text, .span = decl->name.span, .index = checker->builder->params.count};
    param->type = checker_resolve_type(checker, &decl->param.type);
    if (str_is(param->name, "run") || str_is(param->name, "event") || str_is(param->name, "quarantine")) {
        struct diag *diag = diag_report(checker->diags, E_BAD_DECLARATION, decl->name.span,
                                        "`$%.*s` is mig's own name", STR_ARG(param->name));
        diag_help(checker->diags, diag, "call the parameter something else");
    }
    struct plan_param plan = {.name = param->name, .type = param->type};
    plan.span = plan_builder_span(checker->builder, decl->span);
    plan.span.pii = param->type.kind == TYPE_SECRET;
    VEC_PUSH(checker->arena, &checker->builder->params, plan);
    VEC_PUSH(checker->arena, &checker->params, param);
}

void decl_check_params(struct compile *compile) {
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_PARAM) decl_check_param(compile, compile->decls.items[i]);
}

/* A default may call functions and look into codes, which stand anywhere in the spec: those are known by
 * then. */
static void decl_check_default(struct compile *compile, const struct checked_param *param,
                               const struct ast_expr *value) {
    struct checker *checker = &compile->checker;
    if (param->type.kind == TYPE_SECRET) {
        struct diag *diag = diag_report(checker->diags, E_BAD_DECLARATION, value->span,
                                        "a secret cannot have its value in the spec");
        diag_help(checker->diags, diag, "give it in the environment as MIG_PARAM_… or by --param-file");
        return;
    }
    struct scope scope = {.checker = checker, .clause = "a parameter's default"};
    char *what = arena_copy_cstr(checker->arena,
                                 arena_printf(checker->arena, "parameter `%.*s`", STR_ARG(param->name)));
    struct expected expected = {.type = param->type, .what = what, .allow_null = param->type.nullable};
    struct param_default found = {param->index, check_expr(&scope, value, &expected)};
    VEC_PUSH(checker->arena, &compile->defaults, found);
}

void decl_check_defaults(struct compile *compile) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_PARAM) continue;
        const struct checked_param *param = compile->checker.params.items[n++];
        if (decl->param.value != NULL) decl_check_default(compile, param, decl->param.value);
    }
}

void decl_emit_params(struct compile *compile) {
    struct plan_builder *builder = compile->checker.builder;
    for (uint32_t i = 0; i < compile->defaults.count; i++) {
        struct emitter *emitter = emitter_new(builder);
        emit_output_value(emitter, OUT_VALUE, 0, compile->defaults.items[i].value);
        builder->params.items[compile->defaults.items[i].param].default_program = emitter_finish(emitter) + 1;
    }
}

/* ---------------------------------------------------------------- functions */

static void decl_declare_extern(struct compile *compile, struct checked_fn *fn, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct plan_extern plan = {
        .name = fn->name, .library = decl->fn.library.text, .symbol = decl->fn.symbol.text};
    plan.result = fn->result;
    plan.params = fn->params.items;
    plan.params_count = fn->params.count;
    plan.span = plan_builder_span(checker->builder, decl->span);
    if (plan.symbol.len == 0) plan.symbol = fn->name;
    if (plan.library.len == 0 && !decl->broken)
        diag_help(checker->diags,
                  diag_report(checker->diags, E_BAD_DECLARATION, decl->fn.name.span,
                              "extern function `%.*s` has no library", STR_ARG(fn->name)),
                  "write from which library it comes: `from 'libname.so' symbol '%.*s'`", STR_ARG(fn->name));
    fn->extern_index = (int32_t)checker->builder->externs.count;
    VEC_PUSH(checker->arena, &checker->builder->externs, plan);
}

static void decl_declare_fn(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct checked_fn *fn = ARENA_NEW(checker->arena, struct checked_fn);
    *fn = (struct checked_fn){.name = decl->fn.name.text,
                              .ast = &decl->fn,
                              .decl = decl,
                              .extern_index = -1,
                              .span = decl->fn.name.span};
    for (uint32_t i = 0; i < decl->fn.params.types.count; i++) {
        VEC_PUSH(checker->arena, &fn->params, checker_resolve_type(checker, &decl->fn.params.types.items[i]));
        for (uint32_t j = 0; j < i && i < decl->fn.params.names.count; j++) {
            struct ast_name name = decl->fn.params.names.items[i];
            if (str_eq(name.text, decl->fn.params.names.items[j].text))
                diag_label(checker->diags,
                           diag_report(checker->diags, E_DECLARED_TWICE, name.span,
                                       "two arguments are called `%.*s`", STR_ARG(name.text)),
                           decl->fn.params.names.items[j].span, "the first one is here");
        }
    }
    fn->result = checker_resolve_type(checker, &decl->fn.result);
    if (decl->kind == DECL_EXTERN_FN) decl_declare_extern(compile, fn, decl);
    VEC_PUSH(checker->arena, &checker->fns, fn);
}

void decl_check_fns(struct compile *compile) {
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind == DECL_FN || decl->kind == DECL_EXTERN_FN) decl_declare_fn(compile, decl);
    }
}

void decl_check_fn_bodies(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < checker->fns.count; i++)
        if (checker->fns.items[i]->extern_index < 0) check_fn(checker, checker->fns.items[i]);
}

/* ---------------------------------------------------------------- what is never used */

static void decl_report_unused(struct compile *compile, const char *noun, struct str name, struct span span,
                               const char *help) {
    struct checker *checker = &compile->checker;
    if (span.source != compile->spec) return; /* a module is written for many specs */
    struct diag *diag =
        diag_report(checker->diags, W_UNUSED, span, "%s `%.*s` is never used", noun, STR_ARG(name));
    diag_help(checker->diags, diag, "%s", help);
}

void decl_warn_unused(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < checker->sources.count; i++) {
        const struct checked_source *source = checker->sources.items[i];
        if (!source->used)
            decl_report_unused(compile, "source", source->name, source->span,
                               "read it in a map or a check, or remove it");
    }
    for (uint32_t i = 0; i < checker->params.count; i++) {
        const struct checked_param *param = checker->params.items[i];
        if (!param->used)
            decl_report_unused(compile, "parameter", param->name, param->span,
                               "use it or remove it: nobody should have to give a value for nothing");
    }
    for (uint32_t i = 0; i < checker->codes.count; i++) {
        const struct checked_codes *codes = checker->codes.items[i];
        if (!codes->used)
            decl_report_unused(compile, "code table", codes->name, codes->span,
                               "use it in a map or remove it");
    }
    for (uint32_t i = 0; i < checker->fns.count; i++) {
        const struct checked_fn *fn = checker->fns.items[i];
        if (!fn->used) decl_report_unused(compile, "function", fn->name, fn->span, "call it or remove it");
    }
}
