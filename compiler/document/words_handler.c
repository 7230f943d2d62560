/* What happens when something is not as it should be: `on EVENT ACTION` in words. */
#include "compiler/document/words.h"

/* The first code table or map in which the expression looks something up; NULL: none. */
static struct index_entry *find_keyed(const struct words *words, const struct ast_expr *expr) {
    if (expr == NULL) return NULL;
    struct index_entry *found = index_of_keyed(words->scope.index, expr);
    if (found == NULL) found = find_keyed(words, expr->left);
    if (found == NULL) found = find_keyed(words, expr->right);
    for (uint32_t i = 0; found == NULL && i < expr->items.count; i++)
        found = find_keyed(words, expr->items.items[i]);
    for (uint32_t i = 0; found == NULL && i < expr->arms.count; i++)
        found = find_keyed(words, expr->arms.items[i].result);
    return found;
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

static void add_missing(struct words *words, const struct ast_expr *about, struct phrase *when) {
    struct index_entry *keyed = find_keyed(words, about);
    if (keyed == NULL) {
        phrase_print(words->arena, when, about ? " fits no case" : " has no match");
        return;
    }
    bool is_map = keyed->decl->kind == DECL_MAP;
    phrase_print(words->arena, when,
                 is_map ? " is not there: no such row in " : " is not among the codes of ");
    phrase_link(words->arena, when, RUN_TERM, keyed->name,
                phrase_anchor(words->arena, is_map ? "map" : "codes", keyed->name));
}

static void add_event(struct words *words, enum ast_event event, const struct ast_expr *about,
                      struct phrase *when) {
    struct arena *arena = words->arena;
    switch (event) {
    case EVENT_ERROR:
        phrase_print(arena, when,
                     reads_text(about) ? " cannot be read" : " cannot be computed or does not fit");
        return;
    case EVENT_NULL: phrase_print(arena, when, " is empty"); return;
    case EVENT_MISSING: add_missing(words, about, when); return;
    case EVENT_SKIPPED: phrase_print(arena, when, " was left out itself"); return;
    case EVENT_DUPLICATE: phrase_print(arena, when, " is there more than once"); return;
    case EVENT_CONFLICT: phrase_print(arena, when, " is in the target already"); return;
    case EVENT_FAIL: phrase_print(arena, when, " does not hold"); return;
    case EVENT_RAGGED: phrase_print(arena, when, " has too few or too many fields"); return;
    case EVENT_BAD_ENCODING:
        phrase_print(arena, when, " holds bytes that are not in the file's encoding");
        return;
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
    if (subject)
        phrase_append(arena, &outcome.when, subject);
    else
        phrase_print(arena, &outcome.when, "it");
    add_event(words, handler->event, about, &outcome.when);
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
