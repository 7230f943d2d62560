/* Cuts the tokens into rows, as the author did, indents them and says how far apart tokens stand. */
#include "compiler/format/layout.h"
#include "runtime/base/utf8.h"

enum { INDENT = 2, CHECK_SOURCE_INDENT = 9 /* below what follows `  source ` */ };

/* An open bracket. */
struct open_bracket {
    uint32_t number;      /* counted through the text */
    uint32_t base;        /* where its closing one stands at the start of a row */
    uint32_t item_indent; /* of the item that the latest row belongs to */
    enum token_kind kind;
};

struct layout {
    struct format *format;
    VEC(struct open_bracket) brackets; /* the lowest is the declaration */
    uint32_t bracket_count;            /* so far */
    uint32_t comments_from;            /* rows from here on are comments without indentation yet */
    uint32_t run;
    bool in_check;
};

static enum token_kind kind_of(const struct layout *layout, uint32_t i) {
    return (enum token_kind)layout->format->tokens.tokens.items[i].kind;
}
static bool has_flag(const struct layout *layout, uint32_t i, enum format_flag flag) {
    return layout->format->marks[i].flags & flag;
}
static bool is_word(const struct layout *layout, uint32_t i, const char *word) {
    return kind_of(layout, i) == TOKEN_WORD && str_is(token_text(&layout->format->tokens, i), word);
}
static struct open_bracket *innermost(struct layout *layout) {
    return &layout->brackets.items[layout->brackets.count - 1];
}
static bool is_opening(enum token_kind kind) {
    return kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET || kind == TOKEN_LEFT_BRACE;
}
static bool is_closing(enum token_kind kind) {
    return kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET || kind == TOKEN_RIGHT_BRACE;
}
static bool is_number(enum token_kind kind) {
    return kind == TOKEN_INT || kind == TOKEN_DECIMAL || kind == TOKEN_FLOAT;
}

/* ------------------------------------------------------------------ where tokens stood */

static void measure_token(struct format *format, uint32_t i, uint32_t *at, uint32_t *column) {
    const struct token *token = &format->tokens.tokens.items[i];
    struct format_token *mark = &format->marks[i];
    const char *text = format->source->text.ptr;
    for (uint32_t t = 0; t < token->trivia_count; t++) {
        const struct trivia *trivia = &format->tokens.trivia.items[token->trivia_first + t];
        uint32_t width = (uint32_t)utf8_count(str_from(text + trivia->start, trivia->len));
        bool is_mark = trivia->start == 0 && *text == '\xEF';
        *column = trivia->kind == TRIVIA_NEWLINE || is_mark ? 0 : *column + width;
        mark->source_gap = trivia->kind == TRIVIA_BLANK && !is_mark ? mark->source_gap + width : 0;
        *at = trivia->start + trivia->len;
    }
    if (token->newlines_before || i == 0) mark->source_gap = 0;
    mark->source_column = *column;
    struct str own = str_from(text + token->start, token->len);
    const char *last_break = own.len ? memrchr(own.ptr, '\n', own.len) : NULL;
    size_t skipped = last_break ? (size_t)(last_break + 1 - own.ptr) : 0;
    mark->width = (uint32_t)utf8_count(str_from(own.ptr + skipped, own.len - skipped));
    *column = (last_break ? 0 : *column) + mark->width;
    *at = token->start + token->len;
}

/* ------------------------------------------------------------------ blanks between tokens */

/* Blanks between tokens i - 1 and i of one row. */
static uint32_t gap_before(struct layout *layout, uint32_t i) {
    enum token_kind before = kind_of(layout, i - 1), kind = kind_of(layout, i);
    bool is_sign = before == TOKEN_MINUS && !has_flag(layout, i - 1, FORMAT_BINARY);
    /* Signs that would become something else side by side. */
    if ((before == TOKEN_MINUS && kind == TOKEN_MINUS) || (is_number(before) && kind == TOKEN_DOT)) return 1;
    if (has_flag(layout, i, FORMAT_TIGHT) || is_sign) return 0;
    if (before == TOKEN_LEFT_BRACE && kind == TOKEN_RIGHT_BRACE) return 0;
    if (kind == TOKEN_PERCENT && !has_flag(layout, i, FORMAT_BINARY)) return 0; /* 5% */
    if (kind == TOKEN_COLON) return layout->brackets.count == 1; /* source x : csv, name: value */
    switch (before) {
    case TOKEN_LEFT_PAREN:
    case TOKEN_LEFT_BRACKET:
    case TOKEN_DOT:
    case TOKEN_ELLIPSIS: return 0;
    default: break;
    }
    switch (kind) {
    case TOKEN_RIGHT_PAREN:
    case TOKEN_RIGHT_BRACKET:
    case TOKEN_COMMA:
    case TOKEN_SEMICOLON:
    case TOKEN_DOT: return 0;
    default: return has_flag(layout, i, FORMAT_HANDLER) ? 2 : 1;
    }
}

/* ------------------------------------------------------------------ indentation */

/* Lines of a check beside those of its source: the tree has no places for them. */
static bool starts_check_part(const struct layout *layout, uint32_t i) {
    static const char *const words[] = {"source", "target", "sql", "tolerance", "sample"};
    if (is_word(layout, i, "on")) return is_word(layout, i + 1, "fail");
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (is_word(layout, i, words[w])) return true;
    return false;
}

static uint32_t indent_outside(struct layout *layout, uint32_t i) {
    struct open_bracket *lowest = innermost(layout);
    if (kind_of(layout, i) == TOKEN_LEFT_BRACE && !has_flag(layout, i, FORMAT_INNER_BRACE)) return 0;
    if (has_flag(layout, i, FORMAT_CHECK_SOURCE)) return lowest->item_indent = CHECK_SOURCE_INDENT;
    if (layout->in_check && starts_check_part(layout, i)) return lowest->item_indent = INDENT;
    if (!has_flag(layout, i, FORMAT_ITEM)) return lowest->item_indent + INDENT;
    bool is_declaration = token_starts_line(&layout->format->tokens, i);
    return lowest->item_indent = is_declaration ? 0 : INDENT;
}

/* Where a row that begins with token i starts. */
static uint32_t row_indent(struct layout *layout, uint32_t i) {
    struct open_bracket *inside = innermost(layout);
    if (inside->number == 0) return indent_outside(layout, i);
    if (is_closing(kind_of(layout, i))) return inside->base;
    if (inside->kind != TOKEN_LEFT_BRACE) return inside->base + INDENT;
    inside->item_indent = inside->base + INDENT;
    if (has_flag(layout, i, FORMAT_ITEM)) return inside->item_indent;
    return kind_of(layout, i) == TOKEN_LEFT_BRACE && !has_flag(layout, i, FORMAT_INNER_BRACE)
               ? inside->item_indent
               : inside->item_indent + INDENT;
}

static uint32_t comment_indent(struct layout *layout, uint32_t i, uint32_t indent) {
    if (kind_of(layout, i) == TOKEN_END) return 0;
    if (is_closing(kind_of(layout, i))) return innermost(layout)->base + INDENT;
    bool is_body = innermost(layout)->number == 0 && kind_of(layout, i) == TOKEN_LEFT_BRACE;
    return is_body ? INDENT : indent;
}

/* ------------------------------------------------------------------ rows */

static struct format_row *last_row(struct format *format) {
    return format->rows.count ? &format->rows.items[format->rows.count - 1] : NULL;
}

/* A blank line before a new row that begins with token i, or is a comment, where the author has `newlines`.
 */
static bool keeps_blank_line(struct layout *layout, uint32_t newlines, bool is_comment, uint32_t i) {
    const struct format_row *last = last_row(layout->format);
    if (last == NULL || newlines < 2) return false;
    if (!is_comment && is_closing(kind_of(layout, i))) return false;
    return last->is_comment || !is_opening(kind_of(layout, last->end - 1));
}

static struct format_row *add_row(struct layout *layout, struct format_row row) {
    if (row.blank_before) layout->run++;
    row.run = layout->run;
    row.frame = innermost(layout)->number;
    VEC_PUSH(layout->format->arena, &layout->format->rows, row);
    return last_row(layout->format);
}

/* The comments before token i: behind the row's code, or rows of their own. Returns the line ends since the
 * last of them, and UINT32_MAX when token i goes on with the row. */
static uint32_t add_comments(struct layout *layout, uint32_t i) {
    struct format *format = layout->format;
    const struct token *token = &format->tokens.tokens.items[i];
    uint32_t newlines = 0;
    bool breaks = i == 0 || token->newlines_before > 0;
    for (uint32_t t = 0; t < token->trivia_count; t++) {
        uint32_t index = token->trivia_first + t;
        const struct trivia *trivia = &format->tokens.trivia.items[index];
        if (trivia->kind == TRIVIA_NEWLINE) newlines++;
        if (trivia->kind != TRIVIA_COMMENT) continue;
        struct format_row *last = last_row(format);
        if (newlines == 0 && last && !last->is_comment && last->comment == 0) {
            last->comment = index + 1;
        } else {
            bool blank = keeps_blank_line(layout, newlines, true, i);
            add_row(
                layout,
                (struct format_row){
                    .is_comment = true, .blank_before = blank, .first = i, .end = i, .comment = index + 1});
        }
        newlines = 0;
    }
    return breaks ? newlines : UINT32_MAX;
}

static void indent_comments(struct layout *layout, uint32_t i, uint32_t indent) {
    struct format *format = layout->format;
    for (uint32_t r = layout->comments_from; r < format->rows.count; r++)
        if (format->rows.items[r].is_comment)
            format->rows.items[r].indent = comment_indent(layout, i, indent);
    layout->comments_from = format->rows.count;
}

static void start_row(struct layout *layout, uint32_t i, uint32_t newlines) {
    if (token_starts_line(&layout->format->tokens, i) && has_flag(layout, i, FORMAT_ITEM) &&
        layout->brackets.count == 1)
        layout->in_check = has_flag(layout, i, FORMAT_CHECK);
    uint32_t indent = row_indent(layout, i);
    indent_comments(layout, i, indent);
    add_row(layout, (struct format_row){.blank_before = keeps_blank_line(layout, newlines, false, i),
                                        .first = i,
                                        .end = i,
                                        .indent = indent,
                                        .fixed = i + 1,
                                        .column = indent + layout->format->marks[i].width});
    layout->comments_from = layout->format->rows.count;
}

static void track_brackets(struct layout *layout, uint32_t i) {
    enum token_kind kind = kind_of(layout, i);
    if (is_closing(kind) && layout->brackets.count > 1) layout->brackets.count--;
    if (!is_opening(kind)) return;
    bool holds_items = kind == TOKEN_LEFT_BRACE && !has_flag(layout, i, FORMAT_INNER_BRACE);
    const struct open_bracket *around = innermost(layout);
    uint32_t base = last_row(layout->format)->indent;
    if (holds_items) base = around->number ? around->item_indent : 0;
    struct open_bracket bracket = {++layout->bracket_count, base, base + INDENT, kind};
    VEC_PUSH(layout->format->arena, &layout->brackets, bracket);
}

static void lay_out_token(struct layout *layout, uint32_t i) {
    struct format *format = layout->format;
    uint32_t newlines = add_comments(layout, i);
    if (kind_of(layout, i) == TOKEN_END) {
        indent_comments(layout, i, 0);
        return;
    }
    if (newlines != UINT32_MAX)
        start_row(layout, i, newlines);
    else
        format->marks[i].gap = gap_before(layout, i);
    struct format_row *row = last_row(format);
    row->end = i + 1;
    const struct token *token = &format->tokens.tokens.items[i];
    if (token->kind == TOKEN_BLOCK_TEXT && memchr(format->source->text.ptr + token->start, '\n', token->len))
        row->is_torn = true;
    track_brackets(layout, i);
}

/* Where comments behind code stood. */
static void measure_comments(struct format *format) {
    for (uint32_t r = 0; r < format->rows.count; r++) {
        struct format_row *row = &format->rows.items[r];
        if (row->is_comment || row->comment == 0) continue;
        const struct trivia *comment = &format->tokens.trivia.items[row->comment - 1];
        const struct token *last = &format->tokens.tokens.items[row->end - 1];
        const struct format_token *mark = &format->marks[row->end - 1];
        uint32_t end = last->start + last->len;
        struct str between = str_from(format->source->text.ptr + end, comment->start - end);
        row->comment_source_gap = (uint32_t)utf8_count(between);
        row->comment_column = mark->source_column + mark->width + row->comment_source_gap;
        row->comment_gap = 2;
    }
}

void format_lay_out(struct format *format) {
    struct layout layout = {.format = format};
    struct open_bracket lowest = {0};
    VEC_PUSH(format->arena, &layout.brackets, lowest);
    uint32_t at = 0, column = 0;
    for (uint32_t i = 0; i < format->tokens.tokens.count; i++) {
        measure_token(format, i, &at, &column);
        lay_out_token(&layout, i);
    }
    measure_comments(format);
}
