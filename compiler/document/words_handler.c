/* What happens when something is not as it should be: `on EVENT ACTION` in words. */
#include "compiler/document/words.h"

/* The first code table or map in which the expression looks something up, and where; NULL: none. */
static struct index_entry *find_keyed(const struct words *words, const struct ast_expr *expr,
                                      const struct ast_expr **found) {
    if (expr == NULL) return NULL;
    struct index_entry *entry = index_of_keyed(words->scope.index, expr);
    if (entry)
        *found = expr;
    else
        entry = find_keyed(words, expr->left, found);
    if (entry == NULL) entry = find_keyed(words, expr->right, found);
    for (uint32_t i = 0; entry == NULL && i < expr->items.count; i++)
        entry = find_keyed(words, expr->items.items[i], found);
    for (uint32_t i = 0; entry == NULL && i < expr->arms.count; i++)
        entry = find_keyed(words, expr->arms.items[i].result, found);
    return entry;
}

/* Some function in it reads a text as another kind of value. */
static bool reads_text(const struct ast_expr *expr) {
    static const char *const READERS[] = {"int",      "decimal", "float", "bool",      "date",       "time",
                                          "interval", "uuid",    "json",  "timestamp", "timestamptz"};
    if (expr == NULL) return false;
    for (size_t i = 0; expr->kind == X_CALL && i < sizeof READERS / sizeof *READERS; i++)
        if (str_is(call_name(expr), READERS[i])) return true;
    if (reads_text(expr->left) || reads_text(expr->right)) return true;
    for (uint32_t i = 0; i < expr->items.count; i++)
        if (reads_text(expr->items.items[i])) return true;
    return false;
}

static void add_keyed_name(struct words *words, const struct index_entry *keyed, struct phrase *out) {
    phrase_link(words->arena, out, RUN_TERM, keyed->name,
                phrase_anchor(words->arena, keyed->decl->kind == DECL_MAP ? "map" : "codes", keyed->name));
}

/* nested: "it" would be the whole; the key is named. */
static void add_missing(struct words *words, const struct ast_expr *about, bool nested, struct phrase *when) {
    struct arena *arena = words->arena;
    const struct ast_expr *found = NULL;
    struct index_entry *keyed = find_keyed(words, about, &found);
    if (keyed == NULL) {
        phrase_print(arena, when, about ? "no case fits" : "there is none");
        return;
    }
    struct words silent = *words;
    silent.outcomes = NULL;
    if (keyed->decl->kind == DECL_MAP) {
        phrase_print(arena, when, nested ? "there is no row in " : "there is no such row in ");
        add_keyed_name(words, keyed, when);
        if (nested) phrase_print(arena, when, " for ");
        if (nested) words_list(&silent, found->items.items, found->items.count, "and", when);
        return;
    }
    if (nested)
        words_list(&silent, found->items.items, found->items.count, "and", when);
    else
        phrase_print(arena, when, "it");
    phrase_print(arena, when, " is not among the codes of ");
    add_keyed_name(words, keyed, when);
}

static void add_event(struct words *words, enum ast_event event, const struct ast_expr *about,
                      const struct phrase *subject, struct phrase *when) {
    struct arena *arena = words->arena;
    if (event == EVENT_MISSING) {
        add_missing(words, about, subject != NULL, when);
        return;
    }
    if (subject)
        phrase_append(arena, when, subject);
    else
        phrase_print(arena, when, "it");
    switch (event) {
    case EVENT_ERROR:
        phrase_print(arena, when,
                     reads_text(about) ? " cannot be read" : " cannot be computed or does not fit");
        return;
    case EVENT_NULL: phrase_print(arena, when, " is empty"); return;
    case EVENT_SKIPPED: phrase_print(arena, when, " was left out itself"); return;
    case EVENT_DUPLICATE: phrase_print(arena, when, " is there more than once"); return;
    case EVENT_CONFLICT: phrase_print(arena, when, " is in the target already"); return;
    case EVENT_FAIL: phrase_print(arena, when, " does not hold"); return;
    case EVENT_RAGGED: phrase_print(arena, when, " has too few or too many fields"); return;
    case EVENT_BAD_ENCODING:
        phrase_print(arena, when, " holds bytes that are not in the file's encoding");
        return;
    case EVENT_MISSING: return;
    }
}

static void add_columns(struct words *words, const struct ast_action *action, struct phrase *out) {
    struct arena *arena = words->arena;
    if (action->columns.count == 0) {
        phrase_print(arena, out, "all columns that the map fills, but not its key");
        return;
    }
    for (uint32_t i = 0; i < action->columns.count; i++) {
        if (i) phrase_print(arena, out, i + 1 < action->columns.count ? ", " : " and ");
        phrase_add(arena, out, RUN_NAME, action->columns.items[i].text);
    }
}

void words_handler(struct words *words, const struct ast_handler *handler, const struct ast_expr *about,
                   const struct phrase *subject) {
    struct arena *arena = words->arena;
    const struct ast_action *action = &handler->action;
    struct document_outcome outcome = {0};
    struct words inner = *words;
    inner.outcomes = NULL;
    phrase_print(arena, &outcome.when, "when ");
    add_event(words, handler->event, about, subject, &outcome.when);
    words_message(&inner, action->message, &outcome.message);
    if (action->use) words_value(&inner, action->use, &outcome.use);
    switch (action->kind) {
    case ACTION_NONE:
    case ACTION_USE: outcome.kind = OUTCOME_USE; break;
    case ACTION_SKIP: outcome.kind = OUTCOME_SKIP; break;
    case ACTION_REJECT: outcome.kind = OUTCOME_REJECT; break;
    case ACTION_WARN: outcome.kind = OUTCOME_WARN; break;
    case ACTION_FAIL: outcome.kind = OUTCOME_FAIL; break;
    case ACTION_FIRST:
    case ACTION_LAST:
        outcome.kind = OUTCOME_KEEP;
        phrase_print(arena, &outcome.use, action->kind == ACTION_FIRST ? "the first" : "the last");
        break;
    case ACTION_UPDATE:
        outcome.kind = OUTCOME_UPDATE;
        add_columns(words, action, &outcome.use);
        break;
    }
    if (words->outcomes) VEC_PUSH(arena, &words->outcomes->list, outcome);
}

void words_handlers(struct words *words, const struct ast_handlers *handlers, const struct ast_expr *about) {
    for (uint32_t i = 0; i < handlers->list.count; i++)
        words_handler(words, &handlers->list.items[i], about, NULL);
}
