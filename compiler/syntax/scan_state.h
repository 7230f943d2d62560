/* What the flex scanner (grammar/mig.l) and its driver (scan.c) share. */
#ifndef MIG_SYNTAX_SCAN_STATE_H
#define MIG_SYNTAX_SCAN_STATE_H

#include "compiler/syntax/token.h"

struct scan_state {
    struct token_list *list;
    struct syntax_reporter *reporter;
    uint32_t start, end; /* of the piece just matched, bytes in the source */
    uint32_t open;       /* where the text being read began */
    uint32_t hole;       /* where its open brace stands */
    uint32_t hole_depth; /* braces inside the brace */
    uint32_t trivia_first;
    uint32_t newlines;
    bool full; /* too many tokens: reported, nothing more is added */
};

void scan_add_trivia(struct scan_state *scan, enum trivia_kind kind);
void scan_add_token(struct scan_state *scan, enum token_kind kind);
/* A token that began at scan->open and ends at scan->end. */
void scan_add_text(struct scan_state *scan, enum token_kind kind, bool bad);
/* A text that reached the end of its line or of the file. */
void scan_report_open_text(struct scan_state *scan, const char *quote);
/* A `{` inside a text that is not closed on its line. */
void scan_report_open_hole(struct scan_state *scan);
void scan_add_number(struct scan_state *scan, enum token_kind kind);
void scan_report_number(struct scan_state *scan);
/* A lone character or a short run of them that mig has no use for. */
void scan_report_character(struct scan_state *scan);
/* A comment in another language's style, to the end of its line. */
void scan_report_comment(struct scan_state *scan);
/* A run that starts a word and holds bytes above 0x7F. Returns how many of its bytes were used;
 * *opens_quote when the first character is a typographic quote. */
uint32_t scan_foreign_run(struct scan_state *scan, bool *opens_quote);
/* A text between typographic quotes. */
void scan_add_smart_text(struct scan_state *scan, bool closed);

#endif
