/* Diagnostics and test results in the formats that other programs read. */
#ifndef MIG_BASE_DIAG_FORMATS_H
#define MIG_BASE_DIAG_FORMATS_H

#include "runtime/base/diag.h"

struct sarif_options {
    struct str version; /* of mig */
    /* The Markdown page of a code; false: it has none. NULL: there are no pages. */
    bool (*page)(enum diag_code code, struct str *page);
};

/* SARIF 2.1.0 (OASIS, sarif-v2.1.0-os): one run, the rules that were broken with their help, a result for
 * each diagnostic with its regions and fix. Columns count code points. */
void diag_list_render_sarif(const struct diag_list *list, const struct sarif_options *options,
                            struct buf *out);

/* GitHub workflow commands: a line ::error|warning|notice file=…,line=…::message for each diagnostic. */
void diag_list_render_github(const struct diag_list *list, struct buf *out);

/* JUnit XML, in the form that CI servers read: suites of cases; a case passes where it has no failures. */
struct junit_case {
    struct str name;
    struct str file;          /* empty: no place */
    uint32_t line;            /* 0: none */
    VEC(struct str) failures; /* each a text: its first line is the message */
    struct str kind;          /* of the failures: a code; empty: "failure" */
    bool is_error;            /* the failures say that the case could not be run */
    struct str note;          /* shown with a case that passes; may be empty */
};
struct junit_suite {
    struct str name; /* a spec */
    VEC(struct junit_case) cases;
};
/* name: of all, "mig test". */
void junit_render(struct str name, const struct junit_suite *suites, uint32_t count, struct buf *out);
/* A suite of the diagnostics of one file (file empty: of no file): errors fail, and warnings too where
 * strict; one passing case where there are none. */
void junit_add_diags(struct arena *arena, const struct diag_list *list, bool strict,
                     struct junit_suite *suite);

#endif
