/* From typed expressions to a program: straight-line register code. A program is built call by call in the
 * order of the row's way; equal pure instructions are shared, constants folded with the VM itself, what does
 * not depend on the row is hoisted into the program's first part, registers are reused when it is finished.
 */
#ifndef MIG_EMIT_EMIT_H
#define MIG_EMIT_EMIT_H

#include "compiler/check/texpr.h"

struct emitter;

/* The plan under construction: lists that grow. plan_builder_finish copies them into `plan`. */
struct plan_builder {
    struct arena *arena;
    struct diag_list *diags;
    struct plan plan; /* everything but the growing lists is set directly here */
    bool measured;    /* programs note what rows came to (mig test --coverage) */
    VEC(struct plan_const) consts;
    VEC(struct plan_pattern) patterns;
    VEC(struct plan_program) programs;
    VEC(struct plan_keyed_table) tables;
    VEC(struct plan_enum) enums;
    VEC(struct plan_param) params;
    VEC(struct plan_extern) externs;
    VEC(struct plan_source) sources;
    VEC(struct plan_target_table) target_tables;
    VEC(struct plan_map) maps;
    VEC(struct plan_map) check_maps;
    VEC(struct plan_check) checks;
    VEC(struct plan_test) tests;
    VEC(struct plan_environment) environments;
    VEC(struct plan_phase) phases;
    VEC(struct plan_file) files;
    VEC(const struct source_text *) sources_of_files; /* beside files, to turn spans into plan_span */
};

struct plan_builder *plan_builder_new(struct arena *arena, struct diag_list *diags);
/* Index of an equal constant or pattern, added where there is none. */
uint32_t plan_builder_const(struct plan_builder *builder, struct plan_type type, const struct value *value);
uint32_t plan_builder_pattern(struct plan_builder *builder, enum plan_pattern_kind kind, enum type_kind type,
                              struct str text);
uint32_t plan_builder_file(struct plan_builder *builder, const struct source_text *source);
struct plan_span plan_builder_span(struct plan_builder *builder, struct span span);
/* Moves the lists into builder->plan and returns it. */
struct plan *plan_builder_finish(struct plan_builder *builder);

/* ---- one program */
struct emitter *emitter_new(struct plan_builder *builder);
/* Where the builder is measured: from here on nothing is computed while compiling, so that it is reached. */
void emit_without_folding(struct emitter *emitter);
/* Where the builder is measured: notes that rows come here. The whole program's rows. */
void emit_note(struct emitter *emitter, enum plan_note note, struct span span);
/* Evaluates expr for all rows in play; events left fresh are reported (REPORT). Returns the register. */
uint32_t emit_value(struct emitter *emitter, struct texpr *expr);
/* A let or column: evaluates and reports at this point; later TX_BOUND of the binding use the register. */
uint32_t emit_binding(struct emitter *emitter, struct tbinding *binding);
void emit_where(struct emitter *emitter, struct texpr *condition);
/* Condition false or null: action. message NULL: "NAME fails: TEXT OF CONDITION". */
void emit_validate(struct emitter *emitter, struct texpr *condition, const struct thandler *on_fail,
                   struct str name);
/* Marks the border between the part before unique by / group by and the rest. Once, at the latest in finish.
 */
void emit_pre_end(struct emitter *emitter);
void emit_output(struct emitter *emitter, enum plan_output_role role, uint32_t index, uint32_t reg,
                 bool descending);
/* Convenience: emit_value of expr, then emit_output. */
void emit_output_value(struct emitter *emitter, enum plan_output_role role, uint32_t index,
                       struct texpr *expr);
/* Finishes: register allocation, init part first. Adds the program to the builder; returns its index. */
uint32_t emitter_finish(struct emitter *emitter);

/* Evaluates an expression that does not vary and has no parameters with the VM: for constants that always
 * fail, defaults and known values. FAULT_NONE with *value, or the fault. False: it cannot be known now. */
bool emit_fold(struct plan_builder *builder, struct texpr *expr, struct value *value, enum fault *fault);

#endif
