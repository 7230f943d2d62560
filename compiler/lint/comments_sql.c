/* Comments of DDL. The text has been parsed by Postgres' parser before: here it is enough to tell comments
 * and statements from what stands in quotes. */
#include "compiler/lint/comments.h"

#include <ctype.h>

struct sql_scan {
    struct str text;
    uint32_t at;
    uint32_t depth; /* of parentheses */
};

static char sql_char(const struct sql_scan *scan, uint32_t ahead) {
    return scan->at + ahead < scan->text.len ? scan->text.ptr[scan->at + ahead] : '\0';
}

/* Moves behind the next occurrence of `end`, or to the end of the text. */
static void skip_to(struct sql_scan *scan, struct str end) {
    while (scan->at + end.len <= scan->text.len && memcmp(scan->text.ptr + scan->at, end.ptr, end.len) != 0)
        scan->at++;
    scan->at = scan->at + end.len <= scan->text.len ? scan->at + (uint32_t)end.len : (uint32_t)scan->text.len;
}

/* $$ or $tag$: the whole mark; empty: no such quote starts here. */
static struct str dollar_mark(const struct sql_scan *scan) {
    uint32_t end = scan->at + 1;
    while (end < scan->text.len &&
           (scan->text.ptr[end] == '_' || isalnum((unsigned char)scan->text.ptr[end])))
        end++;
    if (end >= scan->text.len || scan->text.ptr[end] != '$') return STR("");
    return str_from(scan->text.ptr + scan->at, end + 1 - scan->at);
}

/* Nested block comments, as Postgres reads them. */
static void skip_block_comment(struct sql_scan *scan) {
    uint32_t depth = 0;
    do {
        if (sql_char(scan, 0) == '/' && sql_char(scan, 1) == '*') {
            depth++;
            scan->at += 2;
        } else if (sql_char(scan, 0) == '*' && sql_char(scan, 1) == '/') {
            depth--;
            scan->at += 2;
        } else {
            scan->at++;
        }
    } while (depth > 0 && scan->at < scan->text.len);
}

/* Moves over whatever stands here: a quoted text, a comment, else one byte. */
static void sql_step(struct sql_scan *scan) {
    char c = sql_char(scan, 0);
    struct str mark;
    if (c == '\'' || c == '"') {
        bool escapes = c == '\'' && scan->at > 0 && (scan->text.ptr[scan->at - 1] | 0x20) == 'e';
        for (scan->at++; scan->at < scan->text.len && sql_char(scan, 0) != c; scan->at++)
            if (escapes && sql_char(scan, 0) == '\\') scan->at++;
        if (scan->at < scan->text.len)
            scan->at++;
        else
            scan->at = (uint32_t)scan->text.len;
    } else if (c == '-' && sql_char(scan, 1) == '-') {
        skip_to(scan, STR("\n"));
    } else if (c == '/' && sql_char(scan, 1) == '*') {
        skip_block_comment(scan);
    } else if (c == '$' && (mark = dollar_mark(scan)).len > 0) {
        scan->at += (uint32_t)mark.len;
        skip_to(scan, mark);
    } else {
        if (c == '(') scan->depth++;
        if (c == ')' && scan->depth > 0) scan->depth--;
        scan->at++;
    }
}

/* From the first word behind the comment: inside of parentheses its line, else up to the semicolon. */
static struct span sql_covered(const struct source_text *ddl, struct sql_scan scan) {
    bool line_only = scan.depth > 0;
    for (;;) {
        char c = sql_char(&scan, 0);
        bool comment = (c == '-' && sql_char(&scan, 1) == '-') || (c == '/' && sql_char(&scan, 1) == '*');
        if (scan.at >= scan.text.len || (!comment && c != ' ' && c != '\t' && c != '\n' && c != '\r')) break;
        sql_step(&scan);
    }
    uint32_t start = scan.at, depth = scan.depth;
    while (scan.at < scan.text.len &&
           !(line_only ? sql_char(&scan, 0) == '\n' : sql_char(&scan, 0) == ';' && scan.depth == depth))
        sql_step(&scan);
    return (struct span){ddl, start, scan.at};
}

struct lint_comments *lint_read_sql_comments(struct arena *arena, const struct source_text *ddl,
                                             struct diag_list *diags) {
    struct lint_comments *file = ARENA_NEW(arena, struct lint_comments);
    struct sql_scan scan = {.text = ddl->text};
    file->source = ddl;
    while (scan.at < scan.text.len) {
        uint32_t start = scan.at;
        bool comment = sql_char(&scan, 0) == '-' && sql_char(&scan, 1) == '-';
        sql_step(&scan);
        if (!comment) continue;
        struct span span = {ddl, start, scan.at};
        while (span.end > span.start &&
               (ddl->text.ptr[span.end - 1] == '\n' || ddl->text.ptr[span.end - 1] == '\r'))
            span.end--;
        uint32_t before = file->allows.count;
        VEC_PUSH(arena, &file->comments, span);
        lint_read_allow(arena, file, span, diags);
        for (uint32_t i = before; i < file->allows.count; i++)
            file->allows.items[i].covers = sql_covered(ddl, scan);
    }
    return file;
}
