/* The values of text literals: quotes, escapes, indents, and the expressions in braces. */
#include "compiler/syntax/text_literal.h"
#include "compiler/syntax/build.h"
#include "runtime/base/utf8.h"

struct str text_literal_raw(struct arena *arena, struct str token) {
    size_t end = token.len > 1 && token.ptr[token.len - 1] == '\'' ? token.len - 1 : token.len;
    struct str inner = {token.ptr + 1, end - 1};
    if (memchr(inner.ptr, '\'', inner.len) == NULL) return inner;
    char *text = arena_alloc(arena, inner.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        text[len++] = inner.ptr[i];
        if (inner.ptr[i] == '\'') i++; /* its twin */
    }
    text[len] = '\0';
    return str_from(text, len);
}

/* ------------------------------------------------------------------ texts of several lines */

/* The next line of text from *at, without its line break; moves *at behind it. */
static struct str next_line(struct str text, size_t *at, bool *has_break) {
    const char *start = text.ptr + *at;
    const char *newline = memchr(start, '\n', text.len - *at);
    struct str line = {start, newline ? (size_t)(newline - start) : text.len - *at};
    *has_break = newline != NULL;
    *at += line.len + (newline != NULL);
    if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

static size_t indent_of(struct str line) {
    size_t indent = 0;
    while (indent < line.len && (line.ptr[indent] == ' ' || line.ptr[indent] == '\t'))
        indent++;
    return indent;
}

static size_t common_indent(struct str inner, bool skip_first) {
    size_t at = 0, common = SIZE_MAX;
    for (bool more = true, first = true; more; first = false) {
        struct str line = next_line(inner, &at, &more);
        size_t indent = indent_of(line);
        if (indent < line.len && !(first && skip_first) && indent < common) common = indent;
    }
    return common == SIZE_MAX ? 0 : common;
}

/* Three quotes: a line break right behind the opening ones is dropped, so is the last line when it is blank;
 * the indent common to all lines that are not blank is removed (those after the first, when text stands right
 * behind the opening quotes). CR LF becomes LF. */
static struct str text_literal_block(struct arena *arena, struct str token) {
    if (token.len < 6) return STR("");
    struct str inner = {token.ptr + 3, token.len - 6};
    size_t at = 0;
    bool more, opens_with_text = true;
    struct str line = next_line(inner, &at, &more);
    if (more && indent_of(line) == line.len) {
        inner = str_from(inner.ptr + at, inner.len - at);
        opens_with_text = false;
    }
    size_t common = common_indent(inner, opens_with_text);
    struct buf text = {0};
    at = 0;
    more = true;
    for (bool first = true; more; first = false) {
        line = next_line(inner, &at, &more);
        size_t indent = indent_of(line), drop = first && opens_with_text ? 0 : common;
        if (!more && !first && indent == line.len) break; /* before the closing quotes */
        if (!first) buf_append_char(&text, '\n');
        if (indent == line.len && !(first && opens_with_text)) continue; /* a blank line */
        if (drop > indent) drop = indent;
        buf_append(&text, line.ptr + drop, line.len - drop);
    }
    struct str value = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return value;
}

/* ------------------------------------------------------------------ places */

/* Behind the escape at `at`. */
static size_t skip_escape(struct str token, size_t at) {
    if (at + 2 < token.len && token.ptr[at + 1] == 'u' && token.ptr[at + 2] == '{') {
        const char *close = memchr(token.ptr + at, '}', token.len - at);
        if (close) return (size_t)(close - token.ptr) + 1;
    }
    return at + 2;
}

/* What the value does not have (indents, CR, a quote's twin) is passed over. */
size_t text_literal_find(struct str token, struct str value, size_t offset) {
    bool block = token.len >= 6 && memcmp(token.ptr, "\"\"\"", 3) == 0;
    bool escapes = !block && token.len && token.ptr[0] == '"';
    size_t at = block ? 3 : 1, end = token.len > at * 2 ? token.len - at : token.len;
    for (size_t i = 0; i < offset && i < value.len; i++) {
        if (escapes && at < end && token.ptr[at] == '\\') {
            at = skip_escape(token, at);
            while (i + 1 < value.len && ((unsigned char)value.ptr[i + 1] & 0xc0) == 0x80)
                i++;
            continue;
        }
        while (at < end && token.ptr[at] != value.ptr[i])
            at++;
        if (at < end) at++;
    }
    while (offset < value.len && at < end && token.ptr[at] != value.ptr[offset] && !escapes)
        at++;
    return at < end ? at : end;
}

/* ------------------------------------------------------------------ "…" */

struct text_reader {
    struct parser *parser;
    uint32_t at, end; /* bytes of the source, quotes excluded */
    uint32_t part;    /* where the plain part began */
    struct buf plain; /* its value so far */
    struct ast_expr *result;
};

static void report_escape(struct text_reader *reader, uint32_t start, uint32_t end) {
    struct syntax_reporter *reporter = reader->parser->reporter;
    struct span span = {reader->parser->source, start, end};
    struct diag *diag = syntax_report(reporter, E_BAD_ESCAPE, span, "unknown escape `%.*s` in a text",
                                      STR_ARG(span_text(span)));
    SYNTAX_HELP(reporter, diag, "There are \\n \\t \\r \\\\ \\\" \\{ \\} and \\u{20AC}.");
}

/* \u{20AC} from behind the u; returns the offset behind it. */
static uint32_t read_code_point(struct text_reader *reader, uint32_t backslash) {
    const char *text = reader->parser->source->text.ptr;
    uint32_t at = backslash + 2, digits = 0;
    int32_t value = 0;
    if (at < reader->end && text[at] == '{') {
        for (at++; at < reader->end && digits <= 6; at++, digits++) {
            char c = text[at];
            int digit = c >= '0' && c <= '9'                 ? c - '0'
                        : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                             : -1;
            if (digit < 0) break;
            value = value * 16 + digit;
        }
        bool closed = at < reader->end && text[at] == '}';
        if (closed) at++;
        if (closed && digits && value > 0 && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF)) {
            char bytes[4];
            buf_append(&reader->plain, bytes, utf8_encode(value, bytes));
            return at;
        }
    }
    report_escape(reader, backslash, at);
    return at;
}

static void read_escape(struct text_reader *reader) {
    static const char letters[] = "ntr\\\"'{}", values[] = "\n\t\r\\\"'{}";
    struct str source = reader->parser->source->text;
    uint32_t backslash = reader->at++;
    if (reader->at >= reader->end) {
        report_escape(reader, backslash, reader->end);
        return;
    }
    char c = source.ptr[reader->at];
    if (c == 'u') {
        reader->at = read_code_point(reader, backslash);
        return;
    }
    const char *letter = c ? strchr(letters, c) : NULL;
    size_t len = utf8_char_len(source, reader->at);
    reader->at += len ? (uint32_t)len : 1;
    if (letter)
        buf_append_char(&reader->plain, values[letter - letters]);
    else
        report_escape(reader, backslash, reader->at);
}

/* The offset of the brace that closes the one at `open`; texts between are passed over as the scanner does.
 */
static uint32_t hole_end(const struct text_reader *reader, uint32_t open) {
    const char *text = reader->parser->source->text.ptr;
    uint32_t depth = 0, at = open + 1;
    for (; at < reader->end; at++) {
        if (text[at] == '{') depth++;
        if (text[at] == '}' && depth-- == 0) return at;
        if (text[at] != '\'' && text[at] != '"') continue;
        char quote = text[at++];
        while (at < reader->end && text[at] != quote)
            at += quote == '"' && text[at] == '\\' ? 2 : 1;
    }
    return reader->end;
}

static void end_plain_part(struct text_reader *reader) {
    struct parser *parser = reader->parser;
    if (reader->plain.len == 0) return;
    struct ast_expr *part =
        build_expr(parser, X_TEXT, (struct span){parser->source, reader->part, reader->at});
    part->text = arena_copy_str(parser->arena, buf_str(&reader->plain));
    part->text_span = part->span;
    VEC_PUSH(parser->arena, &reader->result->items, part);
    buf_clear(&reader->plain);
}

static void read_hole(struct text_reader *reader) {
    struct parser *parser = reader->parser;
    uint32_t open = reader->at, close = hole_end(reader, open);
    struct span span = {parser->source, open, close + 1};
    end_plain_part(reader);
    reader->at = close + 1;
    reader->part = reader->at;
    bool blank = true;
    for (uint32_t i = open + 1; i < close; i++)
        blank = blank && strchr(" \t", parser->source->text.ptr[i]) != NULL;
    struct ast_expr *value;
    if (blank) {
        struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, span, "`{}` in a text is empty");
        SYNTAX_HELP(parser->reporter, diag, "Write `\\{` for a plain brace.");
        value = build_expr(parser, X_ERROR, span);
    } else {
        value = parser_read_hole(parser, open + 1, close);
    }
    VEC_PUSH(parser->arena, &reader->result->items, value);
}

static struct ast_expr *interpolated(struct parser *parser, struct span span) {
    struct text_reader reader = {
        .parser = parser, .at = span.start + 1, .end = span.end - 1, .part = span.start + 1};
    reader.result = build_expr(parser, X_INTERPOLATED, span);
    const char *text = parser->source->text.ptr;
    while (reader.at < reader.end) {
        if (text[reader.at] == '\\')
            read_escape(&reader);
        else if (text[reader.at] == '{')
            read_hole(&reader);
        else
            buf_append_char(&reader.plain, text[reader.at++]);
    }
    bool plain = reader.result->items.count == 0;
    if (plain) {
        reader.result->kind = X_TEXT;
        reader.result->text = arena_copy_str(parser->arena, buf_str(&reader.plain));
        reader.result->text_span = (struct span){span.source, span.start + 1, span.end - 1};
    } else {
        end_plain_part(&reader);
    }
    buf_release(&reader.plain);
    return build_seal(parser, reader.result);
}

struct ast_expr *text_literal_expr(struct parser *parser, uint32_t index) {
    const struct token *token = &parser->tokens.tokens.items[index];
    struct str text = token_text(&parser->tokens, index);
    struct span span = token_span(&parser->tokens, index);
    struct ast_expr *expr = build_expr(parser, X_TEXT, span);
    uint32_t quotes = token->kind == TOKEN_BLOCK_TEXT ? 3 : 1;
    if (token->bad) {
        expr->kind = X_ERROR;
        return expr;
    }
    if (token->kind == TOKEN_TEXT) return interpolated(parser, span);
    expr->text =
        quotes == 3 ? text_literal_block(parser->arena, text) : text_literal_raw(parser->arena, text);
    expr->text_span = (struct span){span.source, span.start + quotes, span.end - quotes};
    return expr;
}
