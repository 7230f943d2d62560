/* What the formatter's steps share: marks.c reads the tree and marks tokens, layout.c cuts the tokens into
 * rows and indents them, align.c aligns rows with each other. Private to the format library. */
#ifndef MIG_FORMAT_LAYOUT_H
#define MIG_FORMAT_LAYOUT_H

#include "compiler/syntax/parse.h"
#include "compiler/syntax/token.h"

enum format_flag {
    FORMAT_TIGHT = 1,         /* no blank before the token: a call's or index' bracket, parts of a type */
    FORMAT_BINARY = 2,        /* an operator between two operands */
    FORMAT_ITEM = 4,          /* a declaration, clause, item, column … starts here */
    FORMAT_INNER_BRACE = 8,   /* the brace of a `match` */
    FORMAT_HANDLER = 16,      /* the first `on EVENT` of an item */
    FORMAT_CHECK_SOURCE = 32, /* a clause of a check's `source` */
    FORMAT_CHECK = 64         /* the start of a check */
};

/* Lines that are aligned with each other wherever they follow each other. */
enum format_class {
    CLASS_NONE,
    CLASS_PARAM,
    CLASS_SETTING,
    CLASS_COLUMN,
    CLASS_INLINE_ROW, /* only where the author aligned them */
    CLASS_CODE,
    CLASS_ASSIGN,
    CLASS_LET,
    CLASS_CHANGE
};

/* What is known about a token and where it goes. */
struct format_token {
    uint8_t flags; /* enum format_flag */
    uint8_t cell_class, cell;
    uint32_t gap;           /* blanks before it, where it does not start a row */
    uint32_t width;         /* code points; of a text of several lines: of its last line */
    uint32_t source_column; /* code points before it on its line of the source */
    uint32_t source_gap;    /* blanks before it there; 0 at the start of a line */
};

enum { FORMAT_MAX_CELLS = 32 };

/* A line of the result: tokens [first, end) with the comment behind them, or a comment alone. */
struct format_row {
    bool is_comment, blank_before;
    uint32_t first, end;     /* tokens; for a comment both: the token it belongs to */
    uint32_t comment;        /* index + 1 in tokens.trivia; 0: none */
    uint32_t comment_column; /* of the source */
    uint32_t comment_gap, comment_source_gap;
    uint32_t indent;
    uint32_t frame;  /* which bracket it starts in, numbered through the text; 0: none */
    uint32_t run;    /* rows between two blank lines */
    uint32_t fixed;  /* tokens before this one stand where they will */
    uint32_t column; /* where the token before `fixed` ends */
    bool is_torn;    /* holds a text of several lines */
};

struct format {
    struct arena *arena; /* for everything below */
    const struct source_text *source;
    const struct ast_file *file;
    struct token_list tokens;
    struct format_token *marks; /* one for each token */
    VEC(struct format_row) rows;
};

/* marks.c: flags and cells, from the tree. */
void format_mark_tokens(struct format *format);
/* layout.c: measures tokens, sets gaps, makes rows with their indentation. */
void format_lay_out(struct format *format);
/* align.c: widens gaps where rows are aligned. */
void format_align(struct format *format);

#endif
