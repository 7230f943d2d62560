/* The keys of JSON elements as paths. */
#include "runtime/profile/json_keys.h"

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"
#include "runtime/reader/json_scan.h"

#include <ctype.h>
#include <stdlib.h>

enum { SLOTS = 8192, MOST_KEYS = 3000, DEEPEST = 6, MOST_ELEMENTS = 64, DICTIONARY_KEYS = 60 };

void json_keys_init(struct json_keys *keys, struct arena *arena) {
    *keys = (struct json_keys){.slot_count = SLOTS};
    keys->slots = ARENA_ARRAY(arena, uint32_t, SLOTS);
}

static bool is_plain_key(struct str key) {
    if (key.len == 0 || !(isalpha((unsigned char)key.ptr[0]) || key.ptr[0] == '_')) return false;
    for (size_t i = 0; i < key.len; i++)
        if (!isalnum((unsigned char)key.ptr[i]) && key.ptr[i] != '_') return false;
    return true;
}

bool json_path_join(struct arena *arena, struct str parent, struct str key, struct str *out) {
    const char *dot = parent.len ? "." : "";
    if (key.len == 0 || key.len > 120 || memchr(key.ptr, '\'', key.len) || utf8_find_invalid(key) < key.len)
        return false;
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.ptr[i] < ' ') return false;
    if (is_plain_key(key))
        *out = arena_printf(arena, "%.*s%s%.*s", STR_ARG(parent), dot, STR_ARG(key));
    else
        *out = arena_printf(arena, "%.*s%s'%.*s'", STR_ARG(parent), dot, STR_ARG(key));
    return true;
}

/* Index of the key with this path; made where it is new. UINT32_MAX: there is no room. */
static uint32_t key_at(struct json_keys *keys, struct arena *arena, struct str path, struct str words,
                       uint32_t parent) {
    uint32_t at = (uint32_t)hash_bytes64(7, path.ptr, path.len) & (keys->slot_count - 1);
    for (; keys->slots[at]; at = (at + 1) & (keys->slot_count - 1))
        if (str_eq(keys->list.items[keys->slots[at] - 1].path, path)) return keys->slots[at] - 1;
    if (keys->list.count == MOST_KEYS) {
        keys->full = true;
        return UINT32_MAX;
    }
    struct json_key key = {
        .path = arena_copy_str(arena, path), .words = arena_copy_str(arena, words), .parent = parent};
    VEC_PUSH(arena, &keys->list, key);
    if (parent) keys->list.items[parent - 1].children++;
    keys->slots[at] = keys->list.count;
    return keys->list.count - 1;
}

static unsigned holds_of(struct str value) {
    struct json_walk walk;
    struct str key, item;
    bool any = false, texts = true, objects = true;
    switch (value.ptr[0]) {
    case '"': return HOLDS_TEXT;
    case '{': return HOLDS_OBJECT;
    case 't':
    case 'f': return HOLDS_BOOL;
    case 'n': return HOLDS_NULL;
    case '[': break;
    default: return HOLDS_NUMBER;
    }
    json_walk_start(&walk, value);
    while (json_walk_next(&walk, &key, &item)) {
        any = true;
        texts = texts && item.ptr[0] == '"';
        objects = objects && item.ptr[0] == '{';
    }
    return any && texts ? HOLDS_TEXTS : any && objects ? HOLDS_OBJECTS : HOLDS_ARRAY;
}

/* Arrays as rows often begin with one that names their elements. */
static struct str name_in_first(const struct json_keys *keys, struct str item, struct arena *scratch,
                                uint32_t n) {
    struct str name;
    const char *flaw;
    bool named = keys->elements == 1 && item.ptr[0] == '"' && json_string_text(scratch, item, &name, &flaw) &&
                 name.len > 0 && name.len <= 40 && isalpha((unsigned char)name.ptr[0]);
    for (size_t i = 0; named && i < name.len; i++)
        named = isalnum((unsigned char)name.ptr[i]) || strchr("_- ", name.ptr[i]);
    return named ? name : arena_printf(scratch, "%u", n + 1);
}

static void add_members(struct json_keys *keys, struct arena *arena, struct str value, uint32_t parent,
                        uint32_t depth, struct arena *scratch) {
    struct json_walk walk;
    struct str raw, item, name, path;
    const char *flaw;
    struct str above = parent ? keys->list.items[parent - 1].path : STR("");
    struct str words = parent ? keys->list.items[parent - 1].words : STR("");
    if (!json_walk_start(&walk, value)) return;
    for (uint32_t n = 0; json_walk_next(&walk, &raw, &item); n++) {
        if (walk.object) {
            if (!json_string_text(scratch, raw, &name, &flaw) || !json_path_join(scratch, above, name, &path))
                continue;
        } else {
            if (n == MOST_ELEMENTS) return;
            name = name_in_first(keys, item, scratch, n);
            path = arena_printf(scratch, "[%u]", n);
        }
        struct str called =
            arena_printf(scratch, "%.*s%s%.*s", STR_ARG(words), words.len ? " " : "", STR_ARG(name));
        uint32_t at = key_at(keys, arena, path, called, parent);
        if (at == UINT32_MAX) continue;
        keys->list.items[at].count++;
        keys->list.items[at].holds |= holds_of(item);
        if (item.ptr[0] == '{' && depth < DEEPEST) add_members(keys, arena, item, at + 1, depth + 1, scratch);
    }
}

void json_keys_add(struct json_keys *keys, struct arena *arena, struct str element) {
    struct arena scratch = {0};
    keys->elements++;
    add_members(keys, arena, element, 0, 1, &scratch);
    arena_release(&scratch);
}

/* A record of many keys has most of them in every element; where there is but one element, it is a record if
 * it holds values of several kinds. */
void json_keys_finish(struct json_keys *keys) {
    struct below {
        uint64_t seen;
        unsigned holds;
    } *below = memory_zalloc(sizeof *below * (keys->list.count + 1));
    for (uint32_t i = 0; i < keys->list.count; i++) {
        below[keys->list.items[i].parent].seen += keys->list.items[i].count;
        below[keys->list.items[i].parent].holds |= keys->list.items[i].holds & ~(unsigned)HOLDS_NULL;
    }
    for (uint32_t i = 0; i < keys->list.count; i++) {
        struct json_key *key = &keys->list.items[i];
        const struct json_key *parent = key->parent ? &keys->list.items[key->parent - 1] : NULL;
        unsigned holds = below[i + 1].holds;
        bool alike = (holds & (holds - 1)) == 0, in_few = below[i + 1].seen * 2 < key->count * key->children;
        key->is_dictionary = key->children > DICTIONARY_KEYS && (key->count < 2 ? alike : in_few);
        key->in_dictionary = parent && (parent->in_dictionary || parent->is_dictionary);
    }
    free(below);
}

bool json_key_is_leaf(const struct json_keys *keys, uint32_t index) {
    const struct json_key *key = &keys->list.items[index];
    if (key->in_dictionary || key->holds == 0 || key->holds == HOLDS_NULL) return false;
    bool spread = (key->holds & HOLDS_OBJECT) && key->children > 0 && !key->is_dictionary;
    return !spread;
}
