/* Formatting a text: parse, lay out, print, and check that the result says the same. */
#include "compiler/format/format.h"
#include "compiler/format/layout.h"

/* ------------------------------------------------------------------ printing */

static struct str comment_text(const struct format *format, uint32_t trivia) {
    const struct trivia *comment = &format->tokens.trivia.items[trivia];
    struct str text = str_from(format->source->text.ptr + comment->start, comment->len);
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static void print_row(const struct format *format, const struct format_row *row, struct buf *out) {
    buf_repeat_char(out, ' ', row->indent);
    for (uint32_t i = row->first; i < row->end; i++) {
        if (i > row->first) buf_repeat_char(out, ' ', format->marks[i].gap);
        buf_append_str(out, token_text(&format->tokens, i));
    }
    if (row->comment == 0) return;
    if (!row->is_comment) buf_repeat_char(out, ' ', row->comment_gap);
    buf_append_str(out, comment_text(format, row->comment - 1));
}

static void print_rows(const struct format *format, struct buf *out) {
    struct str text = format->source->text;
    const char *first_break = memchr(text.ptr, '\n', text.len);
    const char *line_end = first_break && first_break > text.ptr && first_break[-1] == '\r' ? "\r\n" : "\n";
    if (str_starts_with(text, STR("\xEF\xBB\xBF"))) buf_append_cstr(out, "\xEF\xBB\xBF");
    for (uint32_t r = 0; r < format->rows.count; r++) {
        if (format->rows.items[r].blank_before) buf_append_cstr(out, line_end);
        print_row(format, &format->rows.items[r], out);
        buf_append_cstr(out, line_end);
    }
}

/* ------------------------------------------------------------------ formatting once */

/* Fills `format` from the source and appends its layout to out. False with diagnostics. */
static bool format_once(struct format *format, struct arena *arena, const struct source_text *source,
                        struct diag_list *diags, struct buf *out) {
    struct syntax_reporter reporter = {.diags = diags};
    *format = (struct format){.arena = arena, .source = source};
    format->file = parse_file(arena, source, diags);
    if (format->file->has_errors) return false;
    if (!token_scan(&format->tokens, arena, source, 0, (uint32_t)source->text.len, &reporter)) return false;
    format->marks = ARENA_ARRAY(arena, struct format_token, format->tokens.tokens.count);
    format_mark_tokens(format);
    format_lay_out(format);
    format_align(format);
    print_rows(format, out);
    return true;
}

/* ------------------------------------------------------------------ the result against the source */

static bool same_tokens(const struct format *a, const struct format *b) {
    if (a->tokens.tokens.count != b->tokens.tokens.count) return false;
    for (uint32_t i = 0; i < a->tokens.tokens.count; i++)
        if (a->tokens.tokens.items[i].kind != b->tokens.tokens.items[i].kind ||
            !str_eq(token_text(&a->tokens, i), token_text(&b->tokens, i)))
            return false;
    return true;
}

static bool next_comment(const struct format *format, uint32_t *at) {
    while (*at < format->tokens.trivia.count && format->tokens.trivia.items[*at].kind != TRIVIA_COMMENT)
        ++*at;
    return *at < format->tokens.trivia.count;
}

static bool same_comments(const struct format *a, const struct format *b) {
    for (uint32_t i = 0, j = 0;; i++, j++) {
        bool more = next_comment(a, &i);
        if (more != next_comment(b, &j)) return false;
        if (!more) return true;
        if (!str_eq(comment_text(a, i), comment_text(b, j))) return false;
    }
}

static bool same_tree(const struct format *a, const struct format *b) {
    struct buf first = {0}, second = {0};
    ast_dump(a->file, &first);
    ast_dump(b->file, &second);
    bool same = str_eq(buf_str(&first), buf_str(&second));
    buf_release(&first);
    buf_release(&second);
    return same;
}

/* What is wrong with the result, or NULL. */
static const char *find_fault(const struct format *before, struct arena *arena, struct str result) {
    struct diag_list diags;
    struct format after;
    struct buf again = {0};
    const char *fault = NULL;
    diag_list_init(&diags, arena);
    if (!format_once(&after, arena, source_text_new(arena, before->source->name, result), &diags, &again))
        fault = "it has syntax errors";
    else if (!same_tokens(before, &after))
        fault = "its words are not those of the text";
    else if (!same_comments(before, &after))
        fault = "its comments are not those of the text";
    else if (!same_tree(before, &after))
        fault = "it means something else";
    else if (!str_eq(result, buf_str(&again)))
        fault = "formatting it once more changes it again";
    buf_release(&again);
    return fault;
}

bool format_source(struct arena *arena, const struct source_text *source, struct diag_list *diags,
                   struct str *text) {
    struct arena scratch = {0};
    struct format format;
    struct buf out = {0};
    bool good = format_once(&format, &scratch, source, diags, &out);
    if (good) {
        *text = arena_copy_str(arena, buf_str(&out));
        const char *fault = find_fault(&format, &scratch, *text);
        if (fault != NULL) {
            struct diag *diag = diag_report(diags, X_FORMAT_BROKEN, (struct span){source, 0, 0},
                                            "the formatter's result is not the same spec: %s", fault);
            diag_help(diags, diag, "The text stays as it is. Please report this with the spec.");
            good = false;
        }
    }
    buf_release(&out);
    arena_release(&scratch);
    return good;
}
