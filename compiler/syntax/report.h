/* Reporting faults of a text: diag_report with a cap, so that a file of noise cannot fill memory. */
#ifndef MIG_SYNTAX_REPORT_H
#define MIG_SYNTAX_REPORT_H

#include "runtime/base/diag.h"

/* Past this many errors in one text nothing more is added; people are shown the first 20. */
enum { SYNTAX_MAX_ERRORS = 200 };

struct syntax_reporter {
    struct diag_list *diags;
    uint32_t count; /* of errors seen, those past the cap included */
};

/* As diag_report; NULL past the cap. */
struct diag *syntax_report(struct syntax_reporter *reporter, enum diag_code code, struct span span,
                           const char *message, ...) __attribute__((format(printf, 4, 5)));

/* diag_help, diag_label, diag_fix that take a NULL diag. */
#define SYNTAX_HELP(reporter, diag, ...)                                                                     \
    do {                                                                                                     \
        if (diag) diag_help((reporter)->diags, (diag), __VA_ARGS__);                                         \
    } while (0)
#define SYNTAX_LABEL(reporter, diag, span, ...)                                                              \
    do {                                                                                                     \
        if (diag) diag_label((reporter)->diags, (diag), (span), __VA_ARGS__);                                \
    } while (0)
#define SYNTAX_FIX(reporter, diag, span, text)                                                               \
    do {                                                                                                     \
        if (diag) diag_fix((reporter)->diags, (diag), (span), (text));                                       \
    } while (0)

#endif
