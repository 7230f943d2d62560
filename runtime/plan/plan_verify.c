/* The verifier's frame: the order of its parts, its one diagnostic, and what holds for every leaf of the plan
 * wherever it stands (texts, spans, types), walked by functions made from plan.def. */
#include "runtime/plan/verify.h"
#include "runtime/base/utf8.h"

#include <stdio.h>

bool verify_fail(struct verifier *v, const char *format, ...) {
    if (v->failed) return false;
    v->failed = true;
    struct buf place = {0}, message = {0};
    uint32_t depth = v->depth < VERIFY_PLACE_DEPTH ? v->depth : VERIFY_PLACE_DEPTH;
    for (uint32_t i = 0; i < depth; i++)
        buf_printf(&place, "%s%s[%u]", i ? "." : "", v->place[i].list, v->place[i].index);
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    struct str where = buf_str(&place), what = buf_str(&message);
    struct span nowhere = {0};
    diag_report(v->diags, X_PLAN_INVALID, nowhere, "the plan is not safe to run: %.*s%s%.*s", STR_ARG(where),
                where.len ? ": " : "", STR_ARG(what));
    buf_release(&place);
    buf_release(&message);
    return false;
}

struct str verify_type_text(struct verifier *v, struct plan_type type) {
    const char *name = type.kind < TYPE_KIND_COUNT ? type_kind_name(type.kind) : "?";
    if (type.kind == TYPE_ENUM || type.kind == TYPE_ROW)
        return arena_printf(&v->scratch, "%s %u", name, type.ref);
    if (type.kind != TYPE_ARRAY) return str_cstr(name);
    const char *element = type.element < TYPE_KIND_COUNT ? type_kind_name(type.element) : "?";
    if (type.element == TYPE_ENUM) return arena_printf(&v->scratch, "%s %u[]", element, type.ref);
    return arena_printf(&v->scratch, "%s[]", element);
}

/* ---------------------------------------------------------------- leaves */

static bool check_any(struct verifier *v, const void *leaf) {
    (void)v;
    (void)leaf;
    return true;
}

/* TYPE_NONE may stand where a type is optional; those who need one say so (verify_type). */
static bool check_type(struct verifier *v, const struct plan_type *type) {
    const struct plan *plan = v->plan;
    VERIFY(v, type->kind < TYPE_KIND_COUNT && type->kind != TYPE_NULL, "type kind %u", type->kind);
    VERIFY(v, type->nullable <= 1 && type->element_nullable <= 1, "a flag of a type is neither 0 nor 1");
    bool is_array = type->kind == TYPE_ARRAY;
    if (is_array)
        VERIFY(v,
               type->element > TYPE_NULL && type->element < TYPE_KIND_COUNT && type->element != TYPE_ARRAY &&
                   type->element != TYPE_ROW && type->element != TYPE_SECRET,
               "array of element kind %u", type->element);
    else
        VERIFY(v, type->element == 0 && type->element_nullable == 0, "an element of what is not an array");
    if (type->kind == TYPE_ENUM || (is_array && type->element == TYPE_ENUM))
        VERIFY(v, type->ref < plan->enums_count, "enum %u of %u", type->ref, plan->enums_count);
    else if (type->kind == TYPE_ROW)
        VERIFY(v, type->ref < plan->tables_count, "table %u of %u", type->ref, plan->tables_count);
    else
        VERIFY(v, type->ref == 0, "a type that refers to nothing has a reference");
    return true;
}

bool verify_type(struct verifier *v, const struct plan_type *type, const char *what) {
    VERIFY(v, type->kind != TYPE_NONE, "%s has no type", what);
    return true;
}

/* All zero: no place. */
static bool check_span(struct verifier *v, const struct plan_span *span) {
    VERIFY(v, span->pii <= 1, "a span's pii is neither 0 nor 1");
    if (span->start == 0 && span->end == 0 && span->file == 0) return true;
    VERIFY(v, span->file < v->plan->files_count, "a span is in file %u of %u", span->file,
           v->plan->files_count);
    VERIFY(v, span->start <= span->end && span->end <= v->plan->files[span->file].text.len,
           "a span (%u to %u) is not within its file", span->start, span->end);
    return true;
}

#define CHECK_LEAF(v, leaf)                                                                                  \
    _Generic((leaf), const struct plan_type *: check_type, const struct plan_span *: check_span,             \
             default: check_any)((v), (leaf))

/* The two hashes are the only fields that hold bytes. */
static bool check_str(struct verifier *v, const char *field, struct str text) {
    if (strcmp(field, "spec_sha256") == 0 || strcmp(field, "schema_sha256") == 0) {
        VERIFY(v, text.len == 0 || text.len == 32, "%s has %zu bytes instead of 32", field, text.len);
        return true;
    }
    VERIFY(v, utf8_find_invalid(text) == text.len, "%s is not valid UTF-8", field);
    VERIFY(v, text.len == 0 || memchr(text.ptr, 0, text.len) == NULL, "%s holds a NUL byte", field);
    return true;
}

#define PLAN_STRUCT(type)                                                                                    \
    static bool walk_##type(struct verifier *v, const struct type *s) {                                      \
        if (!CHECK_LEAF(v, s)) return false;
#define PLAN_END(type)                                                                                       \
    return true;                                                                                             \
    }
#define PLAN_U8(name, doc)
#define PLAN_U32(name, doc)
#define PLAN_I64(name, doc)
#define PLAN_STR(name, doc)                                                                                  \
    if (!check_str(v, #name, s->name)) return false;
#define PLAN_U32S(name, doc)
#define PLAN_LIST(name, type, doc) VERIFY_EACH(v, s, name, walk_##type)
#define PLAN_SUB(name, type, doc)                                                                            \
    if (!walk_##type(v, &s->name)) return false;
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

/* Every text is UTF-8, every span within its file, every type's parts in range. */
static bool verify_leaves(struct verifier *v) {
    return walk_plan(v, v->plan);
}

/* ---------------------------------------------------------------- the whole */

bool plan_verify(const struct plan *plan, struct diag_list *diags) {
    struct verifier v = {.plan = plan, .diags = diags};
    bool ok = verify_leaves(&v) && verify_declarations(&v);
    for (uint32_t i = 0; ok && i < plan->programs_count; i++) {
        v.depth = 0;
        verify_enter(&v, "programs", i);
        ok = verify_program(&v, &plan->programs[i]);
    }
    v.depth = 0;
    ok = ok && verify_usage(&v);
    arena_release(&v.scratch);
    return ok;
}
