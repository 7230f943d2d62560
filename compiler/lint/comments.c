/* Comments of specs: where they stand, which of them suppress findings, and what those cover. */
#include "compiler/lint/rules.h"

#include "compiler/lint/comments.h"
#include "compiler/syntax/token.h"

/* ---------------------------------------------------------------- mig:allow */

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

struct allow_reader {
    struct arena *arena;
    struct lint_comments *file;
    struct diag_list *diags;
    struct span comment;
    uint32_t at;
};

static void skip_blanks(struct allow_reader *reader) {
    const char *bytes = reader->file->source->text.ptr;
    while (reader->at < reader->comment.end && (bytes[reader->at] == ' ' || bytes[reader->at] == '\t'))
        reader->at++;
}

static struct span read_word(struct allow_reader *reader) {
    const char *bytes = reader->file->source->text.ptr;
    skip_blanks(reader);
    uint32_t start = reader->at;
    while (reader->at < reader->comment.end && is_name_char(bytes[reader->at]))
        reader->at++;
    return (struct span){reader->file->source, start, reader->at};
}

static bool read_mark(struct allow_reader *reader) {
    static const char MARK[] = "mig:allow";
    struct str text = span_text(reader->comment);
    reader->at = reader->comment.start + 2;
    skip_blanks(reader);
    size_t left = reader->comment.end - reader->at, mark = sizeof MARK - 1;
    const char *from = text.ptr + (reader->at - reader->comment.start);
    if (left < mark || memcmp(from, MARK, mark) != 0 || (left > mark && is_name_char(from[mark])))
        return false;
    reader->at += (uint32_t)mark;
    return true;
}

static void add_allow(struct allow_reader *reader, struct span word) {
    const struct rule *rule = rule_find(span_text(word));
    if (rule) {
        struct lint_allow allow = {.rule = rule, .comment = reader->comment};
        VEC_PUSH(reader->arena, &reader->file->allows, allow);
        return;
    }
    struct diag *diag = diag_report(reader->diags, L_BAD_SUPPRESSION, word, "there is no rule `%.*s`",
                                    STR_ARG(span_text(word)));
    const struct rule *closest = rule_closest(span_text(word));
    if (closest) {
        diag_help(reader->diags, diag, "did you mean `%s`?", closest->name);
        diag_fix(reader->diags, diag, word, str_cstr(closest->name));
    } else {
        diag_help(reader->diags, diag, "`mig lint --rules` lists them");
    }
}

void lint_read_allow(struct arena *arena, struct lint_comments *file, struct span comment,
                     struct diag_list *diags) {
    struct allow_reader reader = {arena, file, diags, comment, 0};
    if (!read_mark(&reader)) return;
    uint32_t named = 0;
    struct span word = read_word(&reader);
    while (word.end > word.start && !str_is(span_text(word), "because")) {
        add_allow(&reader, word);
        named++;
        skip_blanks(&reader);
        if (reader.at < comment.end && file->source->text.ptr[reader.at] == ',') reader.at++;
        word = read_word(&reader);
    }
    bool because = str_is(span_text(word), "because");
    skip_blanks(&reader);
    if (named > 0 && because && reader.at < comment.end) return;
    struct diag *diag =
        diag_report(diags, L_BAD_SUPPRESSION, comment,
                    named ? "the suppression does not say why" : "the suppression names no rule");
    diag_help(diags, diag, "write `-- mig:allow rule-name because …`, with the reason in your own words");
}

/* ---------------------------------------------------------------- the items of a spec */

struct item_list {
    struct arena *arena;
    VEC(struct span) spans;
};

static void add_item(struct item_list *list, struct span span) {
    if (span.source) VEC_PUSH(list->arena, &list->spans, span);
}

static void add_source_items(struct item_list *list, const struct ast_source *source) {
    for (uint32_t i = 0; i < source->options.count; i++)
        add_item(list, source->options.items[i].span);
    for (uint32_t t = 0; t < source->tables.count; t++) {
        add_item(list, source->tables.items[t].span);
        for (uint32_t c = 0; c < source->tables.items[t].columns.count; c++)
            add_item(list, source->tables.items[t].columns.items[c].span);
    }
}

static void add_clause_items(struct item_list *list, const struct ast_clause *clauses, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        add_item(list, clauses[i].span);
}

static void add_decl_items(struct item_list *list, const struct ast_decl *decl) {
    add_item(list, decl->span);
    switch (decl->kind) {
    case DECL_SOURCE: add_source_items(list, &decl->source); break;
    case DECL_ENVIRONMENT:
        for (uint32_t i = 0; i < decl->environment.settings.count; i++)
            add_item(list, decl->environment.settings.items[i].span);
        break;
    case DECL_CODES:
        for (uint32_t i = 0; i < decl->codes.lines.count; i++)
            add_item(list, decl->codes.lines.items[i].span);
        break;
    case DECL_MAP:
        add_clause_items(list, decl->map.clauses.items, decl->map.clauses.count);
        for (uint32_t i = 0; i < decl->map.items.count; i++)
            add_item(list, decl->map.items.items[i].span);
        break;
    case DECL_CHECK: add_clause_items(list, decl->check.source.items, decl->check.source.count); break;
    case DECL_AUDIT:
        for (uint32_t i = 0; i < decl->audit.items.count; i++)
            add_item(list, decl->audit.items.items[i].span);
        break;
    case DECL_TEST:
        for (uint32_t i = 0; i < decl->test.steps.count; i++)
            add_item(list, decl->test.steps.items[i].span);
        break;
    default: break;
    }
}

/* The first item behind the comment, and within the item that the comment is in; of those that start there
 * the longest one. */
static struct span find_covered(const struct item_list *list, struct span comment) {
    uint32_t limit = (uint32_t)comment.source->text.len;
    struct span found = {comment.source, limit, 0};
    for (uint32_t i = 0; i < list->spans.count; i++) {
        struct span item = list->spans.items[i];
        if (item.start < comment.start && item.end > comment.end && item.end < limit) limit = item.end;
    }
    for (uint32_t i = 0; i < list->spans.count; i++) {
        struct span item = list->spans.items[i];
        if (item.start < comment.end || item.start >= limit) continue;
        if (item.start < found.start || (item.start == found.start && item.end > found.end)) found = item;
    }
    return found;
}

struct lint_comments *lint_read_comments(struct arena *arena, const struct ast_file *file,
                                         struct diag_list *diags) {
    struct lint_comments *comments = ARENA_NEW(arena, struct lint_comments);
    struct diag_list unheard;
    diag_list_init(&unheard, arena);
    struct syntax_reporter reporter = {.diags = &unheard};
    struct token_list tokens = {0};
    comments->source = file->source;
    if (!token_scan(&tokens, arena, file->source, 0, (uint32_t)file->source->text.len, &reporter))
        return comments;
    for (uint32_t i = 0; i < tokens.trivia.count; i++) {
        const struct trivia *trivia = &tokens.trivia.items[i];
        struct span span = {file->source, trivia->start, trivia->start + trivia->len};
        if (trivia->kind != TRIVIA_COMMENT) continue;
        VEC_PUSH(arena, &comments->comments, span);
        lint_read_allow(arena, comments, span, diags);
    }
    if (comments->allows.count == 0) return comments;
    struct item_list items = {.arena = arena};
    for (uint32_t i = 0; i < file->decls.count; i++)
        add_decl_items(&items, file->decls.items[i]);
    for (uint32_t i = 0; i < comments->allows.count; i++)
        comments->allows.items[i].covers = find_covered(&items, comments->allows.items[i].comment);
    return comments;
}

/* ---------------------------------------------------------------- comments beside what they explain */

static bool stands_alone(struct span comment) {
    uint32_t at = comment.start;
    while (at > 0 && (comment.source->text.ptr[at - 1] == ' ' || comment.source->text.ptr[at - 1] == '\t'))
        at--;
    return at == 0 || comment.source->text.ptr[at - 1] == '\n';
}

static bool is_allow(const struct lint_comments *file, struct span comment) {
    for (uint32_t i = 0; i < file->allows.count; i++)
        if (file->allows.items[i].comment.start == comment.start) return true;
    return false;
}

bool lint_has_comment(const struct lint *lint, struct span span) {
    uint32_t first = source_text_locate(span.source, span.start).line;
    uint32_t last = source_text_locate(span.source, span.end > span.start ? span.end - 1 : span.start).line;
    for (uint32_t f = 0; f < lint->files.count; f++) {
        const struct lint_comments *file = lint->files.items[f];
        for (uint32_t i = 0; file->source == span.source && i < file->comments.count; i++) {
            struct span comment = file->comments.items[i];
            uint32_t line = source_text_locate(comment.source, comment.start).line;
            if (is_allow(file, comment)) continue;
            if (line >= first && line <= last) return true;
            if (line + 1 == first && stands_alone(comment)) return true;
        }
    }
    return false;
}
