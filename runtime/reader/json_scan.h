/* JSON (RFC 8259) in two passes. The first goes over bytes as they arrive, proves that they are JSON and
 * finds where values end; it keeps nothing but a stack of bits. The second (json_skip_value and others) walks
 * slices that the first has proved, and stays within them whatever they hold. */
#ifndef MIG_READER_JSON_SCAN_H
#define MIG_READER_JSON_SCAN_H

#include "runtime/base/arena.h"

enum { JSON_SCAN_DEPTH = 1024 };
enum json_scan_status { JSON_SCAN_MORE, JSON_SCAN_DONE, JSON_SCAN_ERROR };

struct json_scanner {
    uint8_t state;
    uint8_t literal_at;
    const char *literal;
    uint32_t depth, max_depth;
    const char *error;                      /* after JSON_SCAN_ERROR: "expected `:` behind the key" */
    uint64_t objects[JSON_SCAN_DEPTH / 64]; /* bit d: the container at depth d is an object */
};

/* For one value, blanks before it allowed. max_depth at most JSON_SCAN_DEPTH. */
void json_scan_start(struct json_scanner *scanner, uint32_t max_depth);
/* Takes bytes; *used tells how many. DONE: the value ends there. ERROR: the byte at *used is wrong. */
enum json_scan_status json_scan(struct json_scanner *scanner, const char *bytes, size_t len, size_t *used);
/* There are no more bytes: DONE for a complete number, else ERROR. */
enum json_scan_status json_scan_end(struct json_scanner *scanner);

/* One whole value, blanks around it allowed. On failure *at and *error tell where and what. */
bool json_scan_text(struct json_scanner *scanner, struct str text, uint32_t max_depth, size_t *at,
                    const char **error);

/* ---- on proved JSON; p may stand on blanks before what is looked for; end bounds everything */

const char *json_skip_blanks(const char *p, const char *end);
/* Behind the value that begins at p. */
const char *json_skip_value(const char *p, const char *end);

struct json_walk {
    const char *p, *end;
    bool object, first;
};
/* Enters the array or object that text is. False when it is neither. */
bool json_walk_start(struct json_walk *walk, struct str text);
/* The next member: raw key with its quotes (empty in arrays) and value without blanks around it. */
bool json_walk_next(struct json_walk *walk, struct str *key, struct str *value);

/* True when the raw key (with quotes) means this text. */
bool json_key_equals(struct str raw_key, struct str key);
/* The text of a raw string (with quotes), in the arena where it holds escapes. False when it holds what no
 * database text can: \u0000 or half a surrogate pair; *flaw says what. */
bool json_string_text(struct arena *arena, struct str raw, struct str *text, const char **flaw);
/* What makes a fragment of JSON unfit for a database (see above), or NULL. */
const char *json_fragment_flaw(struct str fragment);

#endif
