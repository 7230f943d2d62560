/* Types of expressions: equality, the common type of two, names for messages, and how to write a conversion.
 */
#include "compiler/check/expr.h"

struct plan_type type_of(enum type_kind kind, bool nullable) {
    return (struct plan_type){.kind = (uint8_t)kind, .nullable = nullable};
}

struct plan_type type_nullable(struct plan_type type, bool nullable) {
    type.nullable = nullable;
    return type;
}

bool type_same(struct plan_type a, struct plan_type b) {
    if (a.kind != b.kind) return false;
    if (a.kind == TYPE_ENUM || a.kind == TYPE_ROW) return a.ref == b.ref;
    if (a.kind != TYPE_ARRAY) return true;
    return a.element == b.element && a.element_nullable <= b.element_nullable &&
           (a.element != TYPE_ENUM || a.ref == b.ref);
}

bool type_widens(struct plan_type from, struct plan_type to) {
    return from.kind == TYPE_NULL || type_same(from, to) ||
           (from.kind == TYPE_INT && to.kind == TYPE_DECIMAL);
}

bool type_unify(struct plan_type a, struct plan_type b, struct plan_type *both) {
    bool nullable = a.nullable || b.nullable || a.kind == TYPE_NULL || b.kind == TYPE_NULL;
    if (type_widens(a, b)) {
        *both = b;
    } else if (type_widens(b, a)) {
        *both = a;
    } else {
        return false;
    }
    both->nullable = nullable;
    return true;
}

struct plan_type type_element(struct plan_type array) {
    return (struct plan_type){.kind = array.element, .nullable = array.element_nullable, .ref = array.ref};
}

static struct str type_enum_text(struct checker *checker, uint32_t ref) {
    if (ref >= checker->builder->enums.count) return STR("enum");
    const struct plan_enum *e = &checker->builder->enums.items[ref];
    if (str_is(e->schema, "public") || e->schema.len == 0) return e->name;
    return arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(e->schema), STR_ARG(e->name));
}

struct str type_to_text(struct checker *checker, struct plan_type type) {
    const char *mark = type.nullable ? "?" : "";
    switch ((enum type_kind)type.kind) {
    case TYPE_NONE: return STR("unknown");
    case TYPE_NULL: return STR("null");
    case TYPE_ENUM: {
        struct str name = type_enum_text(checker, type.ref);
        return arena_printf(checker->arena, "%.*s%s", STR_ARG(name), mark);
    }
    case TYPE_ARRAY: {
        struct str element = type_to_text(checker, type_element(type));
        return arena_printf(checker->arena, "%.*s[]%s", STR_ARG(element), mark);
    }
    case TYPE_ROW: {
        if (type.ref >= checker->builder->tables.count) return STR("a row");
        struct str table = checker->builder->tables.items[type.ref].name;
        return arena_printf(checker->arena, "a row of %.*s", STR_ARG(table));
    }
    default: return arena_printf(checker->arena, "%s%s", type_kind_name((enum type_kind)type.kind), mark);
    }
}

static bool type_kind_is_int64(enum type_kind kind) {
    return kind == TYPE_INT || kind == TYPE_DATE || kind == TYPE_TIME || kind == TYPE_TIMESTAMP ||
           kind == TYPE_TIMESTAMPTZ || kind == TYPE_ENUM;
}

bool type_letter_takes(char letter, enum type_kind kind) {
    if (letter == '*' || letter == '=') return kind != TYPE_SECRET && kind != TYPE_ROW;
    if (letter == 'N') return type_kind_is_int64(kind);
    return letter == type_kind_letter(kind);
}

const char *type_letter_text(char letter) {
    if (letter == '*' || letter == '=') return "any";
    if (letter == 'N') return "int or date";
    for (enum type_kind kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter(kind) == letter) return type_kind_name(kind);
    return "?";
}

/* Conversions whose spelling a signature does not tell: an example of the pattern or zone belongs to it. */
static const char *type_known_conversion(enum type_kind from, enum type_kind to) {
    static const struct {
        uint8_t from, to;
        const char *text; /* @ is the subject */
    } known[] = {
        {TYPE_TEXT, TYPE_DATE, "date(@, 'DD/MM/YYYY')"},
        {TYPE_TEXT, TYPE_TIMESTAMP, "timestamp(@, 'DD/MM/YYYY HH24:MI')"},
        {TYPE_TEXT, TYPE_TIMESTAMPTZ, "at_zone(timestamp(@, 'DD/MM/YYYY HH24:MI'), 'Australia/Sydney')"},
        {TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ, "at_zone(@, 'Australia/Sydney')"},
        {TYPE_TIMESTAMPTZ, TYPE_DATE, "date_at(@, 'Australia/Sydney')"},
        {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMP, "timestamp_at(@, 'Australia/Sydney')"},
        {TYPE_TIMESTAMP, TYPE_DATE, "date_of(@)"},
        {TYPE_TIMESTAMP, TYPE_TIME, "time_of(@)"},
        {TYPE_BYTES, TYPE_TEXT, "base64(@)"},
        {TYPE_INT, TYPE_BOOL, "@ != 0"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].from == from && known[i].to == to) return known[i].text;
    return NULL;
}

static struct str type_fill_subject(struct arena *arena, const char *text, struct str subject) {
    const char *at = strchr(text, '@');
    return arena_printf(arena, "`%.*s%.*s%s`", (int)(at - text), text, STR_ARG(subject), at + 1);
}

struct str type_conversion_text(struct arena *arena, struct plan_type from, struct plan_type to,
                                struct str subject) {
    if (subject.len == 0 || subject.len > 60 || memchr(subject.ptr, '\n', subject.len) != NULL)
        subject = STR("x");
    const char *known = type_known_conversion((enum type_kind)from.kind, (enum type_kind)to.kind);
    if (known != NULL) return type_fill_subject(arena, known, subject);
    if (to.kind == TYPE_TEXT && from.kind != TYPE_ARRAY && from.kind != TYPE_ROW && from.kind != TYPE_SECRET)
        return arena_printf(arena, "`text(%.*s)`", STR_ARG(subject));
    const char *name = type_kind_name((enum type_kind)to.kind);
    for (enum opcode op = 0; op < OP_COUNT; op++) {
        const struct opcode_info *info = &OPCODES[op];
        if (strcmp(info->function, name) != 0 || strlen(info->operands) != 1) continue;
        if (info->imm != IMM_NONE && info->imm != IMM_TEMPLATE) continue;
        if (info->operands[0] == type_kind_letter((enum type_kind)from.kind))
            return arena_printf(arena, "`%s(%.*s)`", name, STR_ARG(subject));
    }
    return (struct str){0};
}
