/* What the runtime does where a spec says nothing: rows that are rejected because a cell is empty, a value
 * cannot be read, a code is unknown. Read off the plan's instructions, so it is exactly what happens. Private
 * to the document library. */
#ifndef MIG_DOCUMENT_IMPLIED_H
#define MIG_DOCUMENT_IMPLIED_H

#include "compiler/document/index.h"

enum cause_kind {
    CAUSE_EMPTY,      /* a value is required */
    CAUSE_UNREADABLE, /* a cell is not of its column's type */
    CAUSE_FAILS,      /* a function cannot do it */
    CAUSE_LENGTH,     /* more than `number` characters */
    CAUSE_SIZE,       /* does not fit its column */
    CAUSE_LABEL,      /* no label of its column's enum */
    CAUSE_MISSING,    /* no row or code; table */
    CAUSE_LEFT_OUT,   /* the row was skipped: so is this one; table */
    CAUSE_SEVERAL     /* several rows match; table */
};

struct cause {
    enum cause_kind kind;
    uint8_t state;                           /* enum row_state of the rows it concerns */
    struct plan_span span;                   /* of the expression */
    const struct plan_source_column *column; /* EMPTY, UNREADABLE: of a cell; NULL: something else */
    const struct plan_keyed_table *table;
    uint32_t number;
    bool reads; /* FAILS: because a text is no such value */
};

/* A place of the spec at which what is still amiss decides about the row. */
struct implied_report {
    struct plan_span span;
    VEC(struct cause) causes;
};
struct implied {
    VEC(struct implied_report) reports;
};

/* Adds the reports of a map's programs. */
void implied_collect(const struct document_index *index, const struct plan_map *map, struct implied *implied);
/* Forgets that rows are rejected because this column of their source is empty, or cannot be read; true if
 * there was anything to forget: it is told once for the whole map. */
bool implied_take_column(struct implied *implied, const struct plan_source_column *column, bool empty);
/* Tells those whose place is in the span (of the spec itself, file 0) as outcomes, each report once. */
void implied_tell(const struct document_index *index, struct implied *implied, struct span span,
                  struct document_outcomes *outcomes);

#endif
