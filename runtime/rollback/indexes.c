/* Indexes and foreign keys that an interrupted run dropped for its load: they are back before anything is
 * undone, since keys are looked up by them and foreign keys must watch over deletions. A foreign key that
 * rows without parents keep from being validated is validated afterwards, when the run's are gone. */
#include "runtime/postgres/pg_toggle.h"
#include "runtime/rollback/undo.h"

static bool read_pending(struct undo *u, struct toggle_list *list) {
    return toggle_read_pending(u->connection, u->arena, list, u->diags);
}

void undo_warn_of_indexes(struct undo *u) {
    struct toggle_list list = {0};
    if (!read_pending(u, &list) || list.items.count == 0) return;
    diag_set_severity(
        u->diags,
        diag_report(u->diags, X_NOT_REBUILT, (struct span){0},
                    "%u indexes and foreign keys are dropped since a run was interrupted: a rollback "
                    "puts them back first",
                    list.items.count),
        DIAG_WARNING);
}

enum undo_status undo_restore_indexes(struct undo *u) {
    struct toggle_list list = {0};
    bool good = true;
    if (!read_pending(u, &list)) return pg_is_alive(u->connection) ? UNDO_REFUSED : UNDO_UNREACHABLE;
    for (uint32_t i = 0; i < list.items.count; i++) {
        const struct toggle *t = &list.items.items[i];
        enum toggle_outcome outcome = toggle_restore(u->connection, t, false, u->diags);
        good = good && outcome != TOGGLE_FAILED;
        if (outcome == TOGGLE_FAILED) continue;
        undo_log(u, 'I', "%.*s %.*s of %.*s is back%s", STR_ARG(t->kind), STR_ARG(t->name), STR_ARG(t->table),
                 outcome == TOGGLE_ORPHANS ? ", and is validated after the rollback" : "");
    }
    if (good) return UNDO_DONE;
    return pg_is_alive(u->connection) ? UNDO_REFUSED : UNDO_UNREACHABLE;
}

static void warn_of_orphans(struct undo *u, const struct toggle *t) {
    struct diag *d =
        diag_report(u->diags, X_ORPHANS, (struct span){0},
                    "rows of %.*s still have no parent: foreign key %.*s is back, but does not hold",
                    STR_ARG(t->table), STR_ARG(t->name));
    diag_set_severity(u->diags, d, DIAG_WARNING);
    diag_help(u->diags, d, "They are not this run's. Add the parents or take the rows out, then: %.*s;",
              STR_ARG(t->after_ddl));
}

enum undo_status undo_validate_keys(struct undo *u) {
    struct toggle_list list = {0};
    bool good = read_pending(u, &list);
    for (uint32_t i = 0; good && i < list.items.count; i++) {
        enum toggle_outcome outcome = toggle_restore(u->connection, &list.items.items[i], false, u->diags);
        good = outcome != TOGGLE_FAILED;
        if (outcome == TOGGLE_ORPHANS) warn_of_orphans(u, &list.items.items[i]);
    }
    if (good) return UNDO_DONE;
    return pg_is_alive(u->connection) ? UNDO_WRONG : UNDO_UNREACHABLE;
}
