/* Facts about the types: names, sizes, signature letters. */
#include "runtime/value/value.h"

struct type_fact {
    const char *name;
    size_t size;
    char letter;
};

static const struct type_fact facts[TYPE_KIND_COUNT] = {
    [TYPE_NONE] = {"none", 0, '\0'},
    [TYPE_NULL] = {"null", 0, '\0'},
#define TYPE(symbol, name, storage, letter) [TYPE_##symbol] = {name, sizeof(storage), letter},
#include "runtime/value/types.def"
#undef TYPE
};

const char *type_kind_name(enum type_kind kind) {
    return facts[kind].name;
}

size_t type_kind_size(enum type_kind kind) {
    return facts[kind].size;
}

char type_kind_letter(enum type_kind kind) {
    return facts[kind].letter;
}

bool type_kind_find(struct str name, enum type_kind *kind) {
    for (int k = TYPE_NULL + 1; k < TYPE_KIND_COUNT; k++) {
        if (k == TYPE_ENUM || k == TYPE_ARRAY || k == TYPE_ROW) continue;
        if (!str_is(name, facts[k].name)) continue;
        *kind = (enum type_kind)k;
        return true;
    }
    return false;
}
