/* Text for people as a list of runs, each with what it is: plain words, a name, a value. Renderers escape and
 * dress the runs; nothing in a phrase is markup. */
#ifndef MIG_DOCUMENT_PHRASE_H
#define MIG_DOCUMENT_PHRASE_H

#include "runtime/base/buf.h"
#include "runtime/base/vec.h"

enum run_kind {
    RUN_TEXT,    /* words of our own */
    RUN_NAME,    /* a column, sheet, table, file: as it is called outside of the spec */
    RUN_TERM,    /* something that the document explains elsewhere: a map, a function, a `let` */
    RUN_VALUE,   /* a text value; shown in quotes */
    RUN_PLAIN,   /* a number, a date, a pattern: shown as it is */
    RUN_CODE,    /* text of the spec */
    RUN_MESSAGE, /* a part of a message: its fixed words */
    RUN_SLOT,    /* a part of a message: what is filled in for each row */
    RUN_BREAK    /* a new line */
};

struct phrase_run {
    enum run_kind kind;
    struct str text;
    struct str anchor; /* where it is explained in this document; empty: nowhere */
};

struct phrase {
    VEC(struct phrase_run) runs;
};

void phrase_add(struct arena *arena, struct phrase *phrase, enum run_kind kind, struct str text);
void phrase_link(struct arena *arena, struct phrase *phrase, enum run_kind kind, struct str text,
                 struct str anchor);
/* Words of our own, by printf. */
void phrase_print(struct arena *arena, struct phrase *phrase, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void phrase_append(struct arena *arena, struct phrase *phrase, const struct phrase *more);
static inline bool phrase_is_empty(const struct phrase *phrase) {
    return phrase->runs.count == 0;
}
/* Without its dress: names and values in quotes, slots as ‹slot›, breaks as "; ". */
void phrase_plain(const struct phrase *phrase, struct buf *out);
/* An identifier for HTML made of a kind and a name: letters, digits and - stay, each other byte is
 * .hexadecimal, so that no two names get the same. */
struct str phrase_anchor(struct arena *arena, const char *kind, struct str name);

#endif
