/* Constants of a plan: their texts to values and back. */
#include "runtime/plan/plan.h"
#include "runtime/value/convert.h"
#include "runtime/value/json.h"

static bool find_label(const struct plan_enum *enumeration, struct str text, int64_t *out) {
    for (uint32_t i = 0; i < enumeration->labels_count; i++) {
        if (!str_eq(enumeration->labels[i].text, text)) continue;
        *out = i;
        return true;
    }
    return false;
}

static enum fault read_element(struct arena *arena, const struct plan *plan, struct plan_type array,
                               struct str json, void *item) {
    struct str text;
    if (json_kind_of(json) != JSON_STRING) return FAULT_WRONG_JSON_TYPE;
    enum fault fault = json_to_text(arena, json, &text);
    if (fault != FAULT_NONE) return fault;
    if (array.element != TYPE_ENUM) return value_parse_item(arena, array.element, text, NULL, item);
    return find_label(&plan->enums[array.ref], text, item) ? FAULT_NONE : FAULT_MISSING_CODE;
}

static enum fault read_array(struct arena *arena, const struct plan *plan, struct plan_type type,
                             struct str text, struct array *out) {
    struct json_iter iter;
    struct json_member member;
    if (!json_validate(text, NULL) || json_kind_of(json_trim(text)) != JSON_ARRAY) return FAULT_NOT_ARRAY;
    size_t count = (size_t)json_array_length(text), size = type_kind_size(type.element);
    char *items = arena_zalloc(arena, count * size);
    uint8_t *nulls = ARENA_ARRAY(arena, uint8_t, count);
    bool any_null = false;
    json_iter_start(text, &iter);
    for (size_t i = 0; i < count && json_iter_next(&iter, &member); i++) {
        if (json_kind_of(member.value) == JSON_NULL) {
            nulls[i] = 1;
            any_null = true;
            continue;
        }
        enum fault fault = read_element(arena, plan, type, member.value, items + i * size);
        if (fault != FAULT_NONE) return fault;
    }
    *out = (struct array){items, any_null ? nulls : NULL, count};
    return FAULT_NONE;
}

enum fault plan_const_value(struct arena *arena, const struct plan *plan, const struct plan_const *constant,
                            struct value *out) {
    struct plan_type type = constant->type;
    *out = (struct value){.kind = TYPE_NULL};
    if (constant->is_null) return FAULT_NONE;
    if (type.kind == TYPE_ROW || type.kind == TYPE_SECRET) return FAULT_BAD_ARGUMENT;
    bool labels = type.kind == TYPE_ENUM || (type.kind == TYPE_ARRAY && type.element == TYPE_ENUM);
    if (labels && type.ref >= plan->enums_count) return FAULT_BAD_ARGUMENT;
    if (type.kind != TYPE_ENUM && type.kind != TYPE_ARRAY)
        return value_parse(arena, (enum type_kind)type.kind, constant->text, NULL, out);
    out->kind = (enum type_kind)type.kind;
    if (type.kind == TYPE_ARRAY) return read_array(arena, plan, type, constant->text, &out->as_array);
    return find_label(&plan->enums[type.ref], constant->text, &out->as_int) ? FAULT_NONE : FAULT_MISSING_CODE;
}

struct str plan_const_text(struct arena *arena, const struct plan_enum *enums, struct plan_type type,
                           const struct value *value) {
    if (value->kind == TYPE_NULL) return STR("");
    if (type.kind == TYPE_ENUM) return enums[type.ref].labels[value->as_int].text;
    if (type.kind != TYPE_ARRAY) return value_format_item(arena, type.kind, value_item(value));
    struct buf text = {0};
    buf_append_char(&text, '[');
    size_t size = type_kind_size(type.element);
    for (size_t i = 0; i < value->as_array.count; i++) {
        const char *item = (const char *)value->as_array.items + i * size;
        if (i > 0) buf_append_char(&text, ',');
        if (value->as_array.nulls != NULL && value->as_array.nulls[i])
            buf_append_cstr(&text, "null");
        else if (type.element == TYPE_ENUM)
            buf_append_json(&text, enums[type.ref].labels[*(const int64_t *)(const void *)item].text);
        else
            buf_append_json(&text, value_format_item(arena, type.element, item));
    }
    buf_append_char(&text, ']');
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}
