/* The keys of JSON elements as paths: which there are, how often, and what they hold. */
#ifndef MIG_PROFILE_JSON_KEYS_H
#define MIG_PROFILE_JSON_KEYS_H

#include "runtime/base/vec.h"

enum json_holds {
    HOLDS_TEXT = 1,
    HOLDS_NUMBER = 2,
    HOLDS_BOOL = 4,
    HOLDS_NULL = 8,
    HOLDS_OBJECT = 16,
    HOLDS_TEXTS = 32,   /* an array of texts, one at least */
    HOLDS_OBJECTS = 64, /* an array of objects */
    HOLDS_ARRAY = 128   /* any other, or an empty one */
};

struct json_key {
    struct str path;  /* as a spec writes it: author.email, [0], 'odd key'.x */
    struct str words; /* for a name: the keys with blanks between them */
    uint32_t parent;  /* index + 1; 0: of the element itself */
    uint32_t children;
    unsigned holds;     /* bits of enum json_holds */
    uint64_t count;     /* elements that have it */
    bool is_dictionary; /* an object whose keys are data */
    bool in_dictionary; /* below one */
};

struct json_keys {
    VEC(struct json_key) list; /* in the order of their first appearance */
    uint32_t *slots;
    uint32_t slot_count;
    uint64_t elements;
    bool full; /* there were more than fit */
};

void json_keys_init(struct json_keys *keys, struct arena *arena);
/* element: proved JSON. */
void json_keys_add(struct json_keys *keys, struct arena *arena, struct str element);
/* Marks objects with so many keys, each in so few elements, that the keys are data. */
void json_keys_finish(struct json_keys *keys);
/* Columns are made of leaves: not objects, and nothing within a dictionary; dictionaries are leaves. */
bool json_key_is_leaf(const struct json_keys *keys, uint32_t index);

/* The path of a key within a path. False: the key cannot be written in a path. */
bool json_path_join(struct arena *arena, struct str parent, struct str key, struct str *out);

#endif
