/* The outline of a JSON file: what its document is made of at the top, found while the file goes by. */
#ifndef MIG_PROFILE_JSON_OUTLINE_H
#define MIG_PROFILE_JSON_OUTLINE_H

#include "runtime/reader/input.h"

/* One member of the top object, or of an object in it. */
struct outline_member {
    struct str key;       /* of the top object */
    struct str inner_key; /* of the object that it is; empty: the member itself */
    char kind;            /* first byte of its value: { [ " t f n or a digit */
    char element;         /* of an array's first element; 0: none */
};

struct json_outline {
    char top;                           /* first byte of the first document; 0: there is none */
    char element;                       /* of the first element, where the top is an array */
    uint32_t documents;                 /* 2: two or more */
    VEC(struct outline_member) members; /* of the first document */
};

/* False with diagnostics. What is not JSON is left to whoever reads it. */
bool json_outline_read(struct json_outline *outline, struct arena *arena, const struct source_file *file,
                       const struct reader_limits *limits, struct diag_list *diags);

#endif
