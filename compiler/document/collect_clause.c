/* The clauses of a map, or of the source side of a check, as rules. */
#include "compiler/document/collect.h"

struct clause_work {
    struct collector *collector;
    struct words words;
    const struct ast_clause *clause;
    struct implied *implied; /* NULL: of a check */
};

static void add_condition(struct clause_work *work, const char *before, struct phrase *out) {
    if (work->clause->expr == NULL) return;
    phrase_print(work->words.arena, out, "%s", before);
    words_value(&work->words, work->clause->expr, out);
}

static void add_search(struct clause_work *work, struct phrase *out) {
    struct arena *arena = work->words.arena;
    const struct ast_clause *clause = work->clause;
    struct rows_of rows = index_find_rows(&work->collector->index, &clause->path);
    bool joins = clause->kind == CLAUSE_JOIN || clause->kind == CLAUSE_LEFT_JOIN;
    phrase_print(arena, out, joins ? "each " : "the ");
    words_rows(&work->words, &rows, out);
    if (joins) phrase_print(arena, out, ", called ");
    if (joins) phrase_add(arena, out, RUN_TERM, clause->alias.text);
    add_condition(work, joins ? ", where " : " where ", out);
    if (clause->kind == CLAUSE_JOIN) phrase_print(arena, out, "; a row without any is left out");
    if (clause->kind == CLAUSE_LEFT_JOIN || clause->kind == CLAUSE_LEFT_LOOKUP)
        phrase_print(arena, out, "; empty where there is none");
}

static void add_named_exprs(struct clause_work *work, struct phrase *out) {
    const struct ast_clause *clause = work->clause;
    for (uint32_t i = 0; i < clause->exprs.count; i++) {
        if (i) phrase_print(work->words.arena, out, i + 1 < clause->exprs.count ? ", " : " and ");
        words_part(&work->words, clause->exprs.items[i], out);
        if (i >= clause->names.count || clause->names.items[i].text.len == 0) continue;
        phrase_print(work->words.arena, out, ", called ");
        phrase_add(work->words.arena, out, RUN_TERM, clause->names.items[i].text);
    }
}

static void add_order(struct clause_work *work, struct phrase *out) {
    const struct ast_clause *clause = work->clause;
    for (uint32_t i = 0; i < clause->order.count; i++) {
        if (i) phrase_print(work->words.arena, out, ", then ");
        words_part(&work->words, clause->order.items[i].expr, out);
        if (clause->order.items[i].descending) phrase_print(work->words.arena, out, ", largest first");
    }
}

static void add_unique(struct clause_work *work, struct phrase *out) {
    struct arena *arena = work->words.arena;
    words_list(&work->words, work->clause->exprs.items, work->clause->exprs.count, "and", out);
    if (work->clause->keep == ACTION_FIRST) phrase_print(arena, out, "; the first one is kept");
    if (work->clause->keep == ACTION_LAST) phrase_print(arena, out, "; the last one is kept");
    if (work->clause->keep != ACTION_FIRST && work->clause->keep != ACTION_LAST) return;
    if (work->clause->order.count == 0) {
        phrase_print(arena, out, ", the others are left out");
        return;
    }
    phrase_print(arena, out, " in the order of ");
    add_order(work, out);
    phrase_print(arena, out, ", the others are left out");
}

static void add_from(struct clause_work *work, struct phrase *out) {
    struct arena *arena = work->words.arena;
    struct rows_of rows = index_find_rows(&work->collector->index, &work->clause->path);
    phrase_print(arena, out, "each ");
    words_rows(&work->words, &rows, out);
    if (rows.kind != ROWS_SOURCE) return;
    if (rows.source->children.len) phrase_print(arena, out, ", with the rows below it");
    if (rows.source->format == SOURCE_INLINE || rows.source->format == SOURCE_POSTGRES ||
        rows.source->format == SOURCE_QUERY)
        return;
    phrase_print(arena, out, " (");
    phrase_add(arena, out, RUN_NAME, rows.source->location);
    phrase_print(arena, out, ")");
}

static void add_number(struct clause_work *work, struct phrase *out) {
    if (work->clause->expr) words_part(&work->words, work->clause->expr, out);
    if (work->clause->percent) phrase_print(work->words.arena, out, " %%");
}

static void add_tolerance(struct clause_work *work, struct phrase *out) {
    const struct ast_clause *clause = work->clause;
    if (clause->expr) add_number(work, out);
    if (clause->rules.count == 0) return;
    struct str rules =
        collect_tolerance(work->words.arena, STR(""), clause->rules.items, clause->rules.count);
    phrase_print(work->words.arena, out, "%s%.*s", clause->expr ? "; " : "", STR_ARG(rules));
}

static struct str without_first_word(struct str text) {
    size_t at = 0;
    while (at < text.len && text.ptr[at] != ' ')
        at++;
    while (at < text.len && text.ptr[at] == ' ')
        at++;
    return str_from(text.ptr + at, text.len - at);
}

/* The label; NULL: the clause is told elsewhere. */
static const char *describe(struct clause_work *work, struct phrase *out) {
    struct arena *arena = work->words.arena;
    const struct ast_clause *clause = work->clause;
    switch (clause->kind) {
    case CLAUSE_FROM: add_from(work, out); return "Rows";
    case CLAUSE_EACH:
        phrase_print(arena, out, "a row for each element ");
        phrase_add(arena, out, RUN_TERM, clause->alias.text);
        add_condition(work, " of ", out);
        return "For each";
    case CLAUSE_JOIN:
    case CLAUSE_LEFT_JOIN: add_search(work, out); return "Joined with";
    case CLAUSE_LOOKUP:
    case CLAUSE_LEFT_LOOKUP: add_search(work, out); return "Looked up";
    case CLAUSE_WHERE: add_condition(work, "", out); return "Only rows where";
    case CLAUSE_GROUP_BY: add_named_exprs(work, out); return "One row for each";
    case CLAUSE_ORDER_BY: add_order(work, out); return "In the order of";
    case CLAUSE_UNIQUE_BY: add_unique(work, out); return "No two rows with the same";
    case CLAUSE_KEY:
        words_list(&work->words, clause->exprs.items, clause->exprs.count, "and", out);
        phrase_print(arena, out, "; no two rows may have the same");
        return "A row is known by";
    case CLAUSE_PARTITION_BY:
        add_condition(work, "", out);
        phrase_print(arena, out, ", called ");
        phrase_add(arena, out, RUN_TERM, clause->names.count ? clause->names.items[0].text : STR("part"));
        phrase_print(arena, out, "; a run can be limited to one");
        return "Part";
    case CLAUSE_TOLERANCE: add_tolerance(work, out); return "Rejected rows tolerated";
    case CLAUSE_AFTER:
        phrase_link(arena, out, RUN_TERM, index_path_text(&work->collector->index, &clause->path),
                    phrase_anchor(arena, "map", index_path_text(&work->collector->index, &clause->path)));
        return "Only after map";
    case CLAUSE_COMMIT:
        phrase_add(arena, out, RUN_PLAIN, without_first_word(span_text(clause->span)));
        return "Committed";
    case CLAUSE_REBUILD:
        phrase_print(arena, out,
                     "indexes and foreign keys are dropped before the load and put back after it");
        return "Rebuilt";
    case CLAUSE_KEEP_CROSSWALK: add_number(work, out); return "Keys are remembered for";
    case CLAUSE_EXCEPT_REJECTED:
        phrase_link(arena, out, RUN_TERM, index_path_text(&work->collector->index, &clause->path),
                    phrase_anchor(arena, "map", index_path_text(&work->collector->index, &clause->path)));
        return "Without rows rejected by map";
    case CLAUSE_SELECT: add_named_exprs(work, out); return "Compared";
    case CLAUSE_INTO:
    case CLAUSE_ON_CONFLICT:
    case CLAUSE_ROLLBACK: return NULL;
    }
    return NULL;
}

/* ------------------------------------------------------------------ one rule */

static void read_clause(struct collector *collector, const struct name_scope *scope,
                        const struct ast_clause *clause) {
    collect_reads(collector, scope, clause->expr, (struct str){0}, NULL);
    for (uint32_t i = 0; i < clause->exprs.count; i++)
        collect_reads(collector, scope, clause->exprs.items[i], (struct str){0}, NULL);
    for (uint32_t i = 0; i < clause->order.count; i++)
        collect_reads(collector, scope, clause->order.items[i].expr, (struct str){0}, NULL);
    collect_read_handlers(collector, scope, &clause->handlers);
}

static struct str clause_code(struct collector *collector, const struct ast_clause *clause) {
    switch (clause->kind) {
    case CLAUSE_LOOKUP:
    case CLAUSE_LEFT_LOOKUP:
    case CLAUSE_JOIN:
    case CLAUSE_LEFT_JOIN:
    case CLAUSE_EACH:
    case CLAUSE_WHERE: return collect_code(collector, clause->expr);
    case CLAUSE_KEY:
    case CLAUSE_UNIQUE_BY:
    case CLAUSE_GROUP_BY: {
        if (clause->exprs.count == 0) return (struct str){0};
        bool any = false;
        for (uint32_t i = 0; i < clause->exprs.count; i++)
            any |= collect_code(collector, clause->exprs.items[i]).len > 0;
        return any ? span_text(span_join(clause->exprs.items[0]->span,
                                         clause->exprs.items[clause->exprs.count - 1]->span))
                   : (struct str){0};
    }
    default: return (struct str){0};
    }
}

static bool names_row(enum ast_clause_kind kind) {
    return kind == CLAUSE_EACH || kind == CLAUSE_JOIN || kind == CLAUSE_LEFT_JOIN || kind == CLAUSE_LOOKUP ||
           kind == CLAUSE_LEFT_LOOKUP;
}

static void add_rule(struct clause_work *work, struct document_rules *rules, bool is_term) {
    struct collector *collector = work->collector;
    const struct ast_clause *clause = work->clause;
    struct document_rule rule = {0};
    work->words.outcomes = &rule.outcomes;
    work->words.clause = clause;
    const char *label = describe(work, &rule.words);
    if (label == NULL) return;
    struct phrase subject = {0};
    bool repeats = clause->kind == CLAUSE_KEY || clause->kind == CLAUSE_UNIQUE_BY;
    if (repeats) phrase_print(collector->arena, &subject, "a later row with the same");
    for (uint32_t i = 0; i < clause->handlers.list.count; i++)
        words_handler(&work->words, &clause->handlers.list.items[i], NULL, repeats ? &subject : NULL);
    rule.label = is_term ? clause->alias.text : str_cstr(label);
    if (names_row(clause->kind)) rule.anchor = scope_term_anchor(&work->words.scope, clause->alias.text);
    rule.code = clause_code(collector, clause);
    rule.doc = index_comment_above(&collector->index, clause->span);
    if (work->implied) implied_tell(&collector->index, work->implied, clause->span, &rule.outcomes);
    read_clause(collector, &work->words.scope, clause);
    VEC_PUSH(collector->arena, &rules->list, rule);
}

void collect_clauses(struct collector *collector, const struct name_scope *scope, struct implied *implied,
                     struct document_rules *rules, struct document_rules *terms) {
    /* As they act, whatever the order in which they are written. */
    static const enum ast_clause_kind ORDER[] = {
        CLAUSE_FROM,         CLAUSE_EXCEPT_REJECTED, CLAUSE_EACH,        CLAUSE_JOIN,
        CLAUSE_LEFT_JOIN,    CLAUSE_LOOKUP,          CLAUSE_LEFT_LOOKUP, CLAUSE_WHERE,
        CLAUSE_GROUP_BY,     CLAUSE_ORDER_BY,        CLAUSE_UNIQUE_BY,   CLAUSE_KEY,
        CLAUSE_PARTITION_BY, CLAUSE_TOLERANCE,       CLAUSE_COMMIT,      CLAUSE_REBUILD,
        CLAUSE_AFTER,        CLAUSE_KEEP_CROSSWALK,  CLAUSE_SELECT};
    for (size_t k = 0; k < sizeof ORDER / sizeof *ORDER; k++)
        for (uint32_t i = 0; i < scope->clauses_count; i++) {
            const struct ast_clause *clause = &scope->clauses[i];
            if (clause->kind != ORDER[k]) continue;
            struct clause_work work = {.collector = collector, .clause = clause, .implied = implied};
            work.words = (struct words){.arena = collector->arena, .scope = *scope};
            bool is_term = terms && (clause->kind == CLAUSE_LOOKUP || clause->kind == CLAUSE_LEFT_LOOKUP);
            add_rule(&work, is_term ? terms : rules, is_term);
        }
}
