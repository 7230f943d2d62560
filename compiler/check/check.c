/* From the text of a spec to a plan: the passes, in order. Each collects every mistake that it can find;
 * nothing is emitted while there is one. */
#include "compiler/check/check.h"

#include "compiler/check/decl.h"
#include "compiler/check/recorder.h"
#include "runtime/value/digest.h"

/* What is declared, and what its parts mean. */
static void compile_check(struct compile *compile) {
    decl_collect_names(compile);
    decl_check_migration(compile);
    target_read(compile);
    source_check_all(compile);
    decl_check_params(compile);
    codes_check_all(compile);
    decl_check_fns(compile);
    decl_check_defaults(compile);
    map_declare_all(compile);
    decl_check_fn_bodies(compile);
    map_check_all(compile);
    decl_check_environments(compile);
    tolerance_check_all(compile);
    decl_check_phases(compile);
    checks_check_all(compile);
    spec_tests_check_all(compile);
    audit_check_all(compile);
}

/* Coverage is of what tests can come to: maps, and what tests call. */
static void compile_emit(struct compile *compile) {
    bool *measured = &compile->checker.builder->measured, asked = *measured;
    *measured = false;
    decl_emit_params(compile);
    *measured = asked;
    map_emit_all(compile);
    *measured = false;
    checks_emit_all(compile);
    *measured = asked;
    spec_tests_emit_all(compile);
    *measured = false;
    audit_emit(compile);
}

/* The files' texts, each behind its length, so that no two lists of files give the same bytes. */
static struct str compile_hash_files(struct compile *compile) {
    struct buf bytes = {0};
    const struct plan_builder *builder = compile->checker.builder;
    for (uint32_t i = 0; i < builder->sources_of_files.count; i++) {
        struct str text = builder->sources_of_files.items[i]->text;
        buf_printf(&bytes, "%zu:", text.len);
        buf_append_str(&bytes, text);
    }
    char *hash = arena_alloc(compile->checker.arena, 32);
    digest_sha256(buf_str(&bytes), (uint8_t *)hash);
    buf_release(&bytes);
    return str_from(hash, 32);
}

static struct plan *compile_finish(struct compile *compile) {
    struct plan_builder *builder = compile->checker.builder;
    struct plan *plan = &builder->plan;
    plan->compiler = STR(MIG_VERSION);
    plan->schema_text = compile->target_ddl;
    plan->spec_sha256 = compile_hash_files(compile);
    char *hash = arena_alloc(compile->checker.arena, 32);
    digest_sha256(compile->target_ddl, (uint8_t *)hash);
    plan->schema_sha256 = str_from(hash, 32);
    plan->target.tables = builder->target_tables.items;
    plan->target.tables_count = builder->target_tables.count;
    return plan_builder_finish(builder);
}

static struct compile *compile_start(struct arena *arena, const struct source_text *spec,
                                     const struct compile_files *files, struct check_recorder *recorder,
                                     struct diag_list *diags) {
    struct compile *compile = ARENA_NEW(arena, struct compile);
    struct checker *checker = &compile->checker;
    compile->spec = spec;
    compile->names.arena = arena;
    checker->arena = arena;
    checker->diags = diags;
    checker->files = files;
    checker->recorder = recorder;
    if (recorder != NULL) recorder->compile = compile;
    checker->builder = plan_builder_new(arena, diags);
    plan_builder_file(checker->builder, spec);
    modules_load(compile, parse_file(arena, spec, diags));
    compile_check(compile);
    if (diags->error_count > 0) return NULL;
    decl_warn_unused(compile);
    return compile;
}

struct compile *compile_check_spec(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct diag_list *diags) {
    return compile_start(arena, spec, files, NULL, diags);
}

struct plan *compile_spec_recorded(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct check_recorder *recorder,
                                   struct diag_list *diags) {
    struct compile *compile = compile_start(arena, spec, files, recorder, diags);
    if (compile == NULL) return NULL;
    compile_emit(compile);
    return diags->error_count > 0 ? NULL : compile_finish(compile);
}

struct plan *compile_spec_measured(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct diag_list *diags) {
    struct compile *compile = compile_start(arena, spec, files, NULL, diags);
    if (compile == NULL) return NULL;
    compile->checker.builder->measured = true;
    compile_emit(compile);
    return diags->error_count > 0 ? NULL : compile_finish(compile);
}

struct plan *compile_spec(struct arena *arena, const struct source_text *spec,
                          const struct compile_files *files, struct diag_list *diags) {
    return compile_spec_recorded(arena, spec, files, NULL, diags);
}
