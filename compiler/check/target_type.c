/* Types: what is written in a spec, and what a column of the DDL is to an expression. */
#include "compiler/check/decl.h"

#include "compiler/check/recorder.h"
#include "compiler/check/expr.h"

struct plan_type checker_type_of_column(struct checker *checker, const struct schema_type *type,
                                        bool nullable) {
    struct plan_type plan = {.kind = (uint8_t)type->kind, .nullable = nullable};
    if (type->kind == TYPE_ARRAY) {
        plan.element = (uint8_t)type->element;
        plan.element_nullable = 1; /* Postgres has no arrays without nulls */
    }
    if (type->enumeration != NULL) plan.ref = checker_enum_index(checker, type->enumeration);
    if (type->domain != NULL && type->domain->not_null) plan.nullable = 0;
    return plan;
}

static bool target_enum_equal(const struct schema_enum *a, const struct schema_enum *b) {
    if (!str_eq(a->schema, b->schema) || !str_eq(a->name, b->name) || a->labels.count != b->labels.count)
        return false;
    for (uint32_t i = 0; i < a->labels.count; i++)
        if (!str_eq(a->labels.items[i], b->labels.items[i])) return false;
    return true;
}

uint32_t checker_enum_index(struct checker *checker, const struct schema_enum *enumeration) {
    struct compile *compile = compile_of(checker);
    for (uint32_t i = 0; i < compile->enums.count; i++)
        if (target_enum_equal(compile->enums.items[i], enumeration)) return i;
    struct plan_enum plan = {.schema = enumeration->schema, .name = enumeration->name};
    plan.labels = ARENA_ARRAY(checker->arena, struct plan_text, enumeration->labels.count);
    plan.labels_count = enumeration->labels.count;
    for (uint32_t i = 0; i < enumeration->labels.count; i++)
        plan.labels[i].text = enumeration->labels.items[i];
    VEC_PUSH(checker->arena, &compile->enums, enumeration);
    VEC_PUSH(checker->arena, &checker->builder->enums, plan);
    return compile->enums.count - 1;
}

/* The DDL that a type's first word names: the target's, or a Postgres source's. */
static const struct schema *type_schema(struct checker *checker, struct str name) {
    if (str_eq(name, checker->target_name)) return checker->target_schema;
    for (uint32_t i = 0; i < checker->sources.count; i++)
        if (str_eq(checker->sources.items[i]->name, name)) return checker->sources.items[i]->schema;
    return NULL;
}

static bool type_resolve_enum(struct checker *checker, const struct ast_type *type, struct plan_type *plan) {
    struct compile *compile = compile_of(checker);
    const struct ast_path *path = &type->path;
    const struct schema *schema = type_schema(checker, path->parts.items[0].text);
    struct ast_name name = path->parts.items[path->parts.count - 1];
    if (schema == NULL) {
        bool target = compile->target_decl != NULL && str_eq(path->parts.items[0].text, checker->target_name);
        if (target) return false; /* its DDL was reported */
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TYPE, path->parts.items[0].span,
                                        "there is no target `%.*s` to take the type `%.*s` from",
                                        STR_ARG(path->parts.items[0].text), STR_ARG(name.text));
        if (compile->target_decl != NULL)
            decl_suggest(checker, diag, path->parts.items[0], &checker->target_name, 1);
        return false;
    }
    struct str schema_name = path->parts.count == 3 ? path->parts.items[1].text : (struct str){0};
    const struct schema_enum *found =
        path->parts.count <= 3 ? schema_find_enum(schema, schema_name, name.text) : NULL;
    if (found == NULL) {
        struct str *names = ARENA_ARRAY(checker->arena, struct str, schema->enums.count);
        for (uint32_t i = 0; i < schema->enums.count; i++)
            names[i] = schema->enums.items[i]->name;
        struct diag *diag =
            diag_report(checker->diags, E_UNKNOWN_TYPE, name.span, "`%.*s` has no enum type `%.*s`",
                        STR_ARG(path->parts.items[0].text), STR_ARG(name.text));
        decl_suggest(checker, diag, name, names, schema->enums.count);
        return false;
    }
    if (compile->target_decl != NULL && str_eq(path->parts.items[0].text, checker->target_name))
        record_use(checker, path->parts.items[0].span, compile->target_decl->target.name.span);
    record_use(checker, name.span, found->span);
    *plan = (struct plan_type){.kind = TYPE_ENUM, .ref = checker_enum_index(checker, found)};
    return true;
}

/* What people write from other languages. */
static struct str type_common_misnomer(struct str name) {
    static const struct {
        const char *wrong, *right;
    } NAMES[] = {
        {"string", "text"},  {"varchar", "text"},       {"char", "text"},      {"integer", "int"},
        {"bigint", "int"},   {"smallint", "int"},       {"number", "decimal"}, {"numeric", "decimal"},
        {"boolean", "bool"}, {"datetime", "timestamp"}, {"double", "float"},   {"real", "float"},
        {"jsonb", "json"},   {"bytea", "bytes"},        {"money", "decimal"},  {"guid", "uuid"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (str_is(name, NAMES[i].wrong)) return str_cstr(NAMES[i].right);
    return (struct str){0};
}

static bool type_resolve_scalar(struct checker *checker, const struct ast_type *type,
                                struct plan_type *plan) {
    struct ast_name name = type->path.parts.items[0];
    enum type_kind kind;
    if (type_kind_find(name.text, &kind)) {
        *plan = (struct plan_type){.kind = (uint8_t)kind};
        return true;
    }
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_TYPE, name.span, "there is no type `%.*s`", STR_ARG(name.text));
    struct str right = type_common_misnomer(name.text);
    if (right.len) {
        diag_help(checker->diags, diag, "mig calls it `%.*s`", STR_ARG(right));
        diag_fix(checker->diags, diag, name.span, right);
        return false;
    }
    struct str names[TYPE_KIND_COUNT];
    uint32_t count = 0;
    for (enum type_kind k = TYPE_BOOL; k < TYPE_KIND_COUNT; k++)
        if (k != TYPE_ENUM && k != TYPE_ARRAY && k != TYPE_ROW) names[count++] = str_cstr(type_kind_name(k));
    decl_suggest(checker, diag, name, names, count);
    if (checker->target_name.len && checker->target_schema != NULL &&
        schema_find_enum(checker->target_schema, (struct str){0}, name.text) != NULL) {
        diag_help(checker->diags, diag, "the target's enum is written `%.*s.%.*s`",
                  STR_ARG(checker->target_name), STR_ARG(name.text));
    }
    return false;
}

struct plan_type checker_resolve_type(struct checker *checker, const struct ast_type *type) {
    struct plan_type plan = {0};
    if (type->path.parts.count == 0) return plan;
    bool found = type->path.parts.count == 1 ? type_resolve_scalar(checker, type, &plan)
                                             : type_resolve_enum(checker, type, &plan);
    if (!found) return (struct plan_type){0};
    if (type->is_array) {
        if (plan.kind == TYPE_SECRET) {
            struct diag *diag =
                diag_report(checker->diags, E_UNKNOWN_TYPE, type->span, "there are no arrays of secrets");
            diag_help(checker->diags, diag, "declare a parameter for each");
            return (struct plan_type){0};
        }
        plan = (struct plan_type){.kind = TYPE_ARRAY,
                                  .element = plan.kind,
                                  .element_nullable = type->element_nullable,
                                  .ref = plan.ref};
    }
    plan.nullable = type->nullable;
    return plan;
}
