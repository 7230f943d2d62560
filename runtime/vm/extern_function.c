/* Extern functions: C functions of the author's own, found by dlsym and called through libffi. Types that
 * cross the border: bool, int (int64_t), float (double), text (const char *, NUL-terminated UTF-8). A text
 * result belongs to the function and is copied at once; NULL is null, or a fault where the declared type has
 * no null. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/text.h"

#include <dlfcn.h>
#include <ffi.h>
#include <math.h>

enum { EXTERN_PARAMS_MAX = 32 };

struct extern_function {
    const struct plan_extern *decl;
    void *library;
    void (*address)(void);
    ffi_cif cif;
    ffi_type **types;
};

size_t extern_function_size(void) {
    return sizeof(struct extern_function);
}

struct extern_function *extern_function_at(struct extern_function *functions, uint32_t index) {
    return &functions[index];
}

static ffi_type *foreign_type(uint8_t kind) {
    switch (kind) {
    case TYPE_BOOL: return &ffi_type_uint8;
    case TYPE_INT: return &ffi_type_sint64;
    case TYPE_FLOAT: return &ffi_type_double;
    case TYPE_TEXT: return &ffi_type_pointer;
    default: return NULL;
    }
}

static bool fail_extern(const struct plan_extern *decl, struct diag_list *diags, const char *why) {
    diag_report(diags, X_EXTERN_LIBRARY, (struct span){0}, "the extern function `%.*s` cannot be loaded: %s",
                STR_ARG(decl->name), why);
    return false;
}

static bool prepare_call(struct extern_function *function, const struct plan_extern *decl,
                         struct arena *arena, struct diag_list *diags) {
    if (decl->params_count > EXTERN_PARAMS_MAX)
        return fail_extern(decl, diags, "it has more than 32 parameters");
    function->types = ARENA_ARRAY(arena, ffi_type *, decl->params_count);
    bool good = true;
    for (uint32_t p = 0; p < decl->params_count; p++) {
        function->types[p] = foreign_type(decl->params[p].kind);
        good &= function->types[p] != NULL;
    }
    ffi_type *result = foreign_type(decl->result.kind);
    if (!good || result == NULL)
        return fail_extern(decl, diags, "only bool, int, float and text can be passed to C");
    return ffi_prep_cif(&function->cif, FFI_DEFAULT_ABI, decl->params_count, result, function->types) ==
               FFI_OK ||
           fail_extern(decl, diags, "libffi cannot make this call");
}

bool extern_function_open(struct extern_function *function, const struct plan *plan,
                          const struct plan_extern *decl, bool allowed, struct arena *arena,
                          struct diag_list *diags) {
    (void)plan;
    *function = (struct extern_function){.decl = decl};
    if (!allowed) {
        struct diag *diag = diag_report(diags, X_EXTERN_FORBIDDEN, (struct span){0},
                                        "the plan calls the extern function `%.*s` of `%.*s`",
                                        STR_ARG(decl->name), STR_ARG(decl->library));
        diag_help(diags, diag, "run it with --allow-extern if you trust that library");
        return false;
    }
    if (!prepare_call(function, decl, arena, diags)) return false;
    function->library = dlopen(arena_copy_cstr(arena, decl->library), RTLD_NOW | RTLD_LOCAL);
    if (function->library == NULL) return fail_extern(decl, diags, dlerror());
    void *address = dlsym(function->library, arena_copy_cstr(arena, decl->symbol));
    if (address == NULL) return fail_extern(decl, diags, dlerror());
    /* POSIX gives functions as object pointers; ISO C has no cast for that. */
    memcpy(&function->address, &address, sizeof address);
    return true;
}

void extern_function_close(struct extern_function *function) {
    if (function->library) dlclose(function->library);
    function->library = NULL;
}

static enum fault take_text(const struct extern_function *function, struct arena *arena, const char *text,
                            struct str *out, bool *null) {
    *null = text == NULL;
    if (text == NULL) return function->decl->result.nullable ? FAULT_NONE : FAULT_EXTERN_FAILED;
    struct str s = str_from(text, strnlen(text, TEXT_BYTES_MAX + 1));
    if (s.len > TEXT_BYTES_MAX) return FAULT_TOO_LARGE;
    enum fault fault = text_check(s, NULL);
    if (fault == FAULT_NONE) *out = arena_copy_str(arena, s);
    return fault;
}

/* args[n] points at the storage of the n-th argument; out at the result's. *null: the result is null. */
static enum fault extern_function_call(const struct extern_function *function, struct arena *arena,
                                       const void *const *args, void *out, bool *null) {
    const struct plan_extern *decl = function->decl;
    const char *texts[EXTERN_PARAMS_MAX];
    void *pointers[EXTERN_PARAMS_MAX + 1];
    union {
        ffi_arg small;
        int64_t as_int;
        double as_float;
        const char *as_text;
    } result;
    for (uint32_t p = 0; p < decl->params_count; p++) {
        /* ffi_call reads through the pointers only. */
        memcpy(&pointers[p], &args[p], sizeof pointers[p]);
        if (decl->params[p].kind != TYPE_TEXT) continue;
        texts[p] = arena_copy_cstr(arena, *(const struct str *)args[p]);
        pointers[p] = &texts[p];
    }
    ffi_cif cif = function->cif;
    ffi_call(&cif, function->address, &result, pointers);
    *null = false;
    switch (decl->result.kind) {
    case TYPE_BOOL: *(uint8_t *)out = (uint8_t)result.small != 0; break;
    case TYPE_INT: *(int64_t *)out = result.as_int; break;
    case TYPE_FLOAT:
        *(double *)out = result.as_float;
        return isfinite(result.as_float) ? FAULT_NONE : FAULT_EXTERN_FAILED;
    default: return take_text(function, arena, result.as_text, out, null);
    }
    return FAULT_NONE;
}

KERNEL(EXTERN) {
    const struct vm *vm = call->vm;
    const struct extern_function *function = &vm->set->externs[call->instr->imm2];
    const void *args[EXTERN_PARAMS_MAX];
    char *out = call->out;
    const size_t size = type_kind_size((enum type_kind)call_type(call, call->instr->dst)->kind);
    const uint32_t count = call->code->operand_count;
    USE_ROWS;
    EACH_ROW(i) {
        bool null = false;
        for (uint32_t n = 0; n < count && n < EXTERN_PARAMS_MAX; n++) {
            const uint32_t r = call->code->operands[n];
            const struct vm_register *reg = &vm->regs[r];
            args[n] = (const char *)reg->data +
                      type_kind_size((enum type_kind)call_type(call, r)->kind) * register_row(reg, i);
        }
        enum fault fault = count != function->decl->params_count
                               ? FAULT_BAD_ARGUMENT
                               : extern_function_call(function, call->arena, args, out + i * size, &null);
        if (fault != FAULT_NONE)
            call_fail_value(call, i, fault, (struct value){.kind = TYPE_NULL});
        else if (null)
            call_null(call, i);
    }
}
