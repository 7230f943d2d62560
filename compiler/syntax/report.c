/* The capped reporter. */
#include "compiler/syntax/report.h"

#include <stdarg.h>

struct diag *syntax_report(struct syntax_reporter *reporter, enum diag_code code, struct span span,
                           const char *message, ...) {
    if (reporter->count++ >= SYNTAX_MAX_ERRORS) return NULL;
    struct buf text = {0};
    va_list args;
    va_start(args, message);
    buf_vprintf(&text, message, args);
    va_end(args);
    struct diag *diag = diag_report(reporter->diags, code, span, "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    return diag;
}
