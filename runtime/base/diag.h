/* Diagnostics, for compiler and runtime alike: errors are values that are collected in a list and drawn at
 * the end by whoever talks to the user. No library code prints.
 *
 * Style: a message is lower case, without a final stop, names the kind of thing and quotes the user's words
 * in backticks; help is a sentence that says what to do. "could not" for what may succeed later, "cannot"
 * for what never will. A message never holds a secret or personal data. */
#ifndef MIG_BASE_DIAG_H
#define MIG_BASE_DIAG_H

#include "runtime/base/buf.h"
#include "runtime/base/source_text.h"
#include "runtime/base/vec.h"

enum diag_severity { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

/* Every code: DIAG_CODE(symbol, number text, severity, title). The one list is codes.def; `mig explain` and
 * docs/errors/ are checked against it. */
enum diag_code {
#define DIAG_CODE(symbol, id, severity, title) symbol,
#include "runtime/base/codes.def"
#undef DIAG_CODE
    DIAG_CODE_COUNT
};

const char *diag_code_id(enum diag_code code);    /* "E0301" */
const char *diag_code_title(enum diag_code code); /* one line */
enum diag_severity diag_code_severity(enum diag_code code);
/* Finds a code by its id, case-insensitively. False when there is none. */
bool diag_code_find(struct str id, enum diag_code *code);

struct diag_label {
    struct span span;
    struct str text; /* "declared here"; may be empty for the primary span */
};

struct diag {
    enum diag_code code;
    enum diag_severity severity; /* the code's own, unless diag_set_severity changed it */
    struct diag_label primary;   /* primary.span.source NULL: no place in a spec */
    struct str place;            /* another place: "users.csv line 7 column 3"; may be empty */
    struct str message;
    VEC(struct diag_label) secondary;
    VEC(struct str) help; /* sentences */
    bool has_fix;
    struct span fix_span; /* replace this ... */
    struct str fix_text;  /* ... by this; safe to apply without thought */
};

struct diag_list {
    struct arena *arena; /* owns all diags and their texts */
    VEC(struct diag *) items;
    uint32_t error_count, warning_count;
};

void diag_list_init(struct diag_list *list, struct arena *arena);
/* Adds a diagnostic; message is formatted into the arena. Returns it, so that labels, help and a fix can be
 * added. Never NULL. */
struct diag *diag_report(struct diag_list *list, enum diag_code code, struct span span, const char *message,
                         ...) __attribute__((format(printf, 4, 5)));
/* Adds a diagnostic of another list (its texts must live as long as this one's). */
void diag_add(struct diag_list *list, struct diag *diag);
/* Another severity than the code's, of a diagnostic in this list. */
void diag_set_severity(struct diag_list *list, struct diag *diag, enum diag_severity severity);
void diag_label(struct diag_list *list, struct diag *diag, struct span span, const char *text, ...)
    __attribute__((format(printf, 4, 5)));
void diag_help(struct diag_list *list, struct diag *diag, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
void diag_place(struct diag_list *list, struct diag *diag, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
void diag_fix(struct diag_list *list, struct diag *diag, struct span span, struct str replacement);

/* Copies all of `from` into another list (of another thread, another arena) and empties it. */
void diag_list_move(struct diag_list *from, struct diag_list *to);

/* Sorts by source and position, drops exact duplicates (same code and span). Stable. */
void diag_list_sort(struct diag_list *list);
/* Draws all for people: source line, underlined span, labels, help. At most `limit` errors (0: all), then
 * "n more". colour: ANSI escapes. */
void diag_list_render_text(const struct diag_list *list, bool colour, uint32_t limit, struct buf *out);
/* One JSON object: {"diagnostics":[…],"errors":n,"warnings":n}; see docs/cli.md for its fields. */
void diag_list_render_json(const struct diag_list *list, struct buf *out);

/* Edit distance for did-you-mean (optimal string alignment, case folded for ASCII). */
uint32_t diag_edit_distance(struct str a, struct str b);
/* The closest of `names` to `wanted` within a third of its length (at least 1); empty when none is close. */
struct str diag_closest_name(struct str wanted, const struct str *names, uint32_t count);

#endif
