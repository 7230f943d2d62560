/* JSON (RFC 8259) over its raw text: nothing is built, a value is the slice of text it was written in, so
 * numbers stay exact. Texts come from outside: json_validate first; the other functions take valid JSON only
 * (on invalid JSON they fail or find nothing, and stay within the text). */
#ifndef MIG_VALUE_JSON_H
#define MIG_VALUE_JSON_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

enum { JSON_DEPTH_MAX = 512 };

enum json_kind {
    JSON_NONE,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_error {
    size_t at;           /* byte offset */
    const char *message; /* "expected `:` after the key" */
};

/* One JSON value in the whole text, blanks around it allowed. Refuses what Postgres' jsonb cannot store:
 * invalid UTF-8, lone surrogates, \u0000, nesting deeper than JSON_DEPTH_MAX. Repeated keys are taken. error
 * may be NULL. */
bool json_validate(struct str text, struct json_error *error);
/* The end (offset behind it) of the valid value that starts at text.ptr[at], blanks before it skipped; 0 and
 * *error when there is none. For readers that take values one after the other. */
size_t json_validate_prefix(struct str text, size_t at, struct json_error *error);

enum json_kind json_kind_of(struct str value); /* by its first character; NONE for an empty text */
/* The value without the blanks around it. */
struct str json_trim(struct str value);

/* Goes through an array or object. */
struct json_iter {
    struct str rest;
    bool object;
};
struct json_member {
    struct str key;   /* raw with its quotes; empty in an array */
    struct str value; /* raw, trimmed */
};
/* False when value is neither array nor object. */
bool json_iter_start(struct str value, struct json_iter *iter);
bool json_iter_next(struct json_iter *iter, struct json_member *member);

/* The member with this key (unescaped text), the last one where it repeats, as Postgres. False: none. */
bool json_get(struct str object, struct str key, struct str *value);
bool json_get_index(struct str array, int64_t index, struct str *value); /* 0-based, negative from the end */
int64_t json_array_length(struct str array);                             /* -1: not an array */

/* A path such as a.b[0].c, 'x.y'[2], $.a (the leading `$` is optional, `$` alone is the whole value). */
struct json_step {
    bool is_index;
    int64_t index;
    struct str key;
};
struct json_path {
    struct json_step *steps;
    uint32_t count;
    bool each; /* the path ended on [*] */
};
/* False: *error says what is wrong. */
bool json_path_compile(struct arena *arena, struct str text, struct json_path *out, struct str *error);
/* False when a step finds nothing (also when it meets another kind of value, or null). */
bool json_path_find(const struct json_path *path, struct str value, struct str *found);

/* Conversions of a raw value; FAULT_WRONG_JSON_TYPE when it is of another kind. JSON null is the caller's to
 * look at first (json_kind_of). */
enum fault json_to_text(struct arena *arena, struct str value,
                        struct str *out); /* a string's text, unescaped */
enum fault json_to_bool(struct str value, uint8_t *out);
enum fault json_to_int(struct str value, int64_t *out); /* 1.0 and 1e2 are whole: taken */
enum fault json_to_decimal(struct str value, struct decimal *out);
enum fault json_to_float(struct str value, double *out);
/* A string's text, or the raw text of a number, true or false; objects and arrays as they were written. */
enum fault json_to_any_text(struct arena *arena, struct str value, struct str *out);

/* The text as a JSON string with quotes. */
struct str json_quote(struct arena *arena, struct str text);
/* Without blanks between tokens. Valid JSON only. */
struct str json_minify(struct arena *arena, struct str value);

#endif
