/* The disassembler's first half: the plan's declarations as indented `field: value` lines, made from
 * plan.def. Fields that are zero or empty are left out. */
#include "runtime/plan/disassemble.h"
#include "runtime/base/utf8.h"

static void print_indent(struct disassembler *d, uint32_t depth) {
    buf_repeat_char(d->out, ' ', 2 * (size_t)depth);
}

void disassemble_text(struct disassembler *d, struct str text, size_t limit) {
    buf_append_char(d->out, '\'');
    size_t at = 0;
    while (at < text.len && at < limit) {
        size_t len = utf8_char_len(text, at);
        unsigned char byte = (unsigned char)text.ptr[at];
        if (len == 0 || (len == 1 && (byte < 0x20 || byte == 0x7f))) {
            if (byte == '\n')
                buf_append_cstr(d->out, "\\n");
            else
                buf_printf(d->out, "\\x%02x", byte);
            at++;
            continue;
        }
        if (byte == '\'') buf_append_char(d->out, '\'');
        buf_append(d->out, text.ptr + at, len);
        at += len;
    }
    buf_append_cstr(d->out, at < text.len ? "…'" : "'");
}

void disassemble_type(const struct disassembler *d, struct plan_type type) {
    const struct plan *plan = d->plan;
    uint8_t scalar = type.kind == TYPE_ARRAY ? type.element : type.kind;
    if (scalar == TYPE_ENUM && type.ref < plan->enums_count)
        buf_printf(d->out, "%.*s.%.*s", STR_ARG(plan->enums[type.ref].schema),
                   STR_ARG(plan->enums[type.ref].name));
    else if (scalar == TYPE_ROW && type.ref < plan->tables_count)
        buf_printf(d->out, "row of %.*s", STR_ARG(plan->tables[type.ref].name));
    else
        buf_append_cstr(d->out, scalar < TYPE_KIND_COUNT ? type_kind_name(scalar) : "?");
    if (type.kind == TYPE_ARRAY) buf_append_cstr(d->out, type.element_nullable ? "?[]" : "[]");
    if (type.nullable) buf_append_char(d->out, '?');
}

bool disassemble_locate(const struct disassembler *d, const struct plan_span *span, uint32_t *line) {
    if (span->start == 0 && span->end == 0 && span->file == 0) return false;
    if (span->file >= d->plan->files_count || span->start > d->files[span->file]->text.len) return false;
    *line = source_text_locate(d->files[span->file], span->start).line;
    return true;
}

/* Lists that would bury the rest: the code has its own half, texts of files are the spec itself. */
static bool is_left_out(const char *field) {
    static const char *const fields[] = {"programs", "schema_text", "spans"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(field, fields[i]) == 0) return true;
    return false;
}

static void print_number(struct disassembler *d, uint32_t depth, const char *structure, const char *field,
                         int64_t n) {
    const char *name = n >= 0 && n <= UINT8_MAX ? plan_field_value_name(structure, field, (uint32_t)n) : NULL;
    if (n == 0 && name == NULL) return;
    print_indent(d, depth);
    if (name != NULL)
        buf_printf(d->out, "%s: %s\n", field, name);
    else
        buf_printf(d->out, "%s: %lld\n", field, (long long)n);
}

static void print_str(struct disassembler *d, uint32_t depth, const char *field, struct str text) {
    if (text.len == 0 || is_left_out(field)) return;
    print_indent(d, depth);
    buf_printf(d->out, "%s: ", field);
    size_t name = strlen(field);
    if (name > 7 && strcmp(field + name - 7, "_sha256") == 0)
        for (size_t i = 0; i < text.len; i++)
            buf_printf(d->out, "%02x", (unsigned char)text.ptr[i]);
    else
        disassemble_text(d, text, 120);
    buf_append_char(d->out, '\n');
}

/* One line instead of fields, for structs that have a short form. */
static bool print_short(struct disassembler *d, const void *item, const char *type) {
    uint32_t line;
    if (strcmp(type, "plan_type") == 0) {
        disassemble_type(d, *(const struct plan_type *)item);
    } else if (strcmp(type, "plan_text") == 0) {
        disassemble_text(d, ((const struct plan_text *)item)->text, 120);
    } else if (strcmp(type, "plan_span") == 0) {
        const struct plan_span *span = item;
        if (disassemble_locate(d, span, &line))
            buf_printf(d->out, "%.*s line %u%s", STR_ARG(d->plan->files[span->file].name), line,
                       span->pii ? ", personal" : "");
        else
            buf_append_char(d->out, '-');
    } else if (strcmp(type, "plan_file") == 0) {
        disassemble_text(d, ((const struct plan_file *)item)->name, 120);
    } else {
        return false;
    }
    buf_append_char(d->out, '\n');
    return true;
}

/* Whether all fields are zero or empty. Not memcmp: structs have padding. */
#define PLAN_STRUCT(type)                                                                                    \
    __attribute__((unused)) static bool is_empty_##type(const struct type *s) {                              \
        return true
#define PLAN_END(type)                                                                                       \
    ;                                                                                                        \
    }
#define PLAN_U8(name, doc)         &&s->name == 0
#define PLAN_U32(name, doc)        &&s->name == 0
#define PLAN_I64(name, doc)        &&s->name == 0
#define PLAN_STR(name, doc)        &&s->name.len == 0
#define PLAN_U32S(name, doc)       &&s->name##_count == 0
#define PLAN_LIST(name, type, doc) &&s->name##_count == 0
#define PLAN_SUB(name, type, doc)  &&is_empty_##type(&s->name)
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

#define PLAN_STRUCT(type)                                                                                    \
    static void print_##type(struct disassembler *d, uint32_t depth, const struct type *s) {                 \
        static const char structure[] = #type;                                                               \
        (void)structure;
#define PLAN_END(type)      }
#define PLAN_U8(name, doc)  print_number(d, depth, structure, #name, s->name);
#define PLAN_U32(name, doc) print_number(d, depth, structure, #name, s->name);
#define PLAN_I64(name, doc) print_number(d, depth, structure, #name, s->name);
#define PLAN_STR(name, doc) print_str(d, depth, #name, s->name);
#define PLAN_U32S(name, doc)                                                                                 \
    if (s->name##_count > 0) {                                                                               \
        print_indent(d, depth);                                                                              \
        buf_append_cstr(d->out, #name ":");                                                                  \
        for (uint32_t i = 0; i < s->name##_count; i++)                                                       \
            buf_printf(d->out, " %u", s->name[i]);                                                           \
        buf_append_char(d->out, '\n');                                                                       \
    }
#define PLAN_LIST(name, type, doc)                                                                           \
    for (uint32_t i = 0; i < s->name##_count && !is_left_out(#name); i++) {                                  \
        print_indent(d, depth);                                                                              \
        buf_printf(d->out, "%s[%u]: ", #name, i);                                                            \
        if (print_short(d, &s->name[i], #type)) continue;                                                    \
        buf_append_char(d->out, '\n');                                                                       \
        print_##type(d, depth + 1, &s->name[i]);                                                             \
    }
#define PLAN_SUB(name, type, doc)                                                                            \
    if (!is_empty_##type(&s->name)) {                                                                        \
        print_indent(d, depth);                                                                              \
        buf_append_cstr(d->out, #name ": ");                                                                 \
        if (!print_short(d, &s->name, #type)) {                                                              \
            buf_append_char(d->out, '\n');                                                                   \
            print_##type(d, depth + 1, &s->name);                                                            \
        }                                                                                                    \
    }
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

void disassemble_declarations(struct disassembler *d) {
    print_plan(d, 0, d->plan);
}
