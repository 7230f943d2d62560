/* Paths into JSON: author.email, tags[0], 'a.b'.c, threads[*], $ (the whole value). `$.` in front is
 * optional. */
#ifndef MIG_READER_JSON_PATH_H
#define MIG_READER_JSON_PATH_H

#include "runtime/base/vec.h"

enum path_step_kind { PATH_KEY, PATH_INDEX, PATH_EACH };
struct path_step {
    enum path_step_kind kind;
    struct str key;
    int64_t index; /* 0-based; negative: from the end */
};
enum { PATH_STEPS_MAX = 256 };

struct path_steps {
    struct str text;
    VEC(struct path_step) list;
};

/* False: *error says what is wrong. The keys point into text. */
bool path_parse(struct arena *arena, struct str text, struct path_steps *steps, struct str *error);

/* Calls `found` with each value of proved JSON that the steps lead to, in the order of the text. Where a key
 * repeats the last one counts. `found` returning false stops it, and path_select returns false. When the path
 * does not end on [*] and leads to an array, `spread` makes it each element of that array. */
typedef bool path_found_fn(void *context, struct str value);
bool path_select(const struct path_steps *steps, bool spread, struct str value, path_found_fn *found,
                 void *context);

#endif
