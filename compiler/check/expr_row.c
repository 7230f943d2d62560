/* Columns of rows: of sources (cells), of keyed tables (fetched), of maps (their crosswalk), and where a row
 * came from. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

/* ---------------------------------------------------------------- rows of sources */

static struct texpr *row_input(struct scope *scope, enum plan_slot_kind slot, uint8_t via,
                               enum type_kind kind, struct span span) {
    struct texpr *node = node_new(scope, TX_INPUT, type_of(kind, false), span);
    node->slot_kind = slot;
    node->via = via;
    node->varies = true;
    return node;
}

static struct texpr *row_cell(struct scope *scope, uint32_t index, uint8_t via, struct plan_type type,
                              bool pii, uint32_t pattern, struct span span) {
    struct texpr *node = node_new(scope, TX_CELL, type, span);
    node->cell.column = index;
    node->cell.via = via;
    node->cell.pattern = pattern;
    node->pii = pii;
    node->can_fail = true;
    node->varies = true;
    return node;
}

static struct texpr *row_unknown_column(struct scope *scope, struct str row, const struct ast_name *column,
                                        const struct name_list *names, struct span span) {
    struct diag_list *diags = scope->checker->diags;
    struct diag *diag =
        diag_report(diags, E_UNKNOWN_MEMBER, column->span.source != NULL ? column->span : span,
                    "`%.*s` has no column `%.*s`", STR_ARG(row), STR_ARG(column->text));
    if (!diag_suggest(scope, diag, column->span, column->text, names)) {
        struct buf text = {0};
        uint32_t shown = names->names.count < 12 ? names->names.count : 12;
        for (uint32_t i = 0; i < shown; i++)
            buf_printf(&text, "%s`%.*s`", i ? ", " : "", STR_ARG(names->names.items[i]));
        if (names->names.count > shown) buf_append_cstr(&text, ", …");
        if (shown > 0) diag_help(diags, diag, "its columns are %.*s", STR_ARG(buf_str(&text)));
        buf_release(&text);
    }
    return node_error(scope, span);
}

static int row_find_source_column(const struct checked_table *table, struct str name) {
    for (uint32_t i = 0; i < table->columns.count; i++)
        if (str_eq(table->columns.items[i].name, name)) return (int)i;
    return -1;
}

static struct texpr *row_source_unknown(struct scope *scope, const struct scope_name *name, uint8_t via,
                                        const struct ast_name *column, struct span span) {
    if (name->table->incomplete) return node_error(scope, span);
    struct name_list names = {0};
    for (uint32_t i = 0; i < name->table->columns.count; i++)
        name_list_add(scope, &names, name->table->columns.items[i].name);
    struct diag_list *diags = scope->checker->diags;
    bool family =
        str_is(column->text, "parent") || str_is(column->text, "root") || str_is(column->text, "depth");
    if (family || str_is(column->text, "source")) {
        struct diag *diag = diag_report(diags, E_NAME_PLACE, column->span, "`%.*s` is not known of this row",
                                        STR_ARG(column->text));
        if (family && !name->table->has_children) {
            diag_help(diags, diag,
                      "`parent`, `root` and `depth` exist for json sources that name their `children`");
        } else if (via != VIA_SELF) {
            diag_help(diags, diag,
                      "a row reaches its own `parent` and `root`, and their columns: `%.*s.parent.id`",
                      STR_ARG(name->name));
        } else {
            diag_help(diags, diag, "a row's place is `%.*s.source.file`, `.source.line` or `.source.row`",
                      STR_ARG(name->name));
        }
        return node_error(scope, span);
    }
    return row_unknown_column(scope, name->name, column, &names, span);
}

struct texpr *row_source_column(struct scope *scope, const struct scope_name *name, uint8_t via,
                                const struct ast_name *column, struct span span) {
    int index = row_find_source_column(name->table, column->text);
    if (index < 0) {
        if (str_is(column->text, "depth") && name->table->has_children && via == VIA_SELF)
            return row_input(scope, SLOT_DEPTH, via, TYPE_INT, span);
        return row_source_unknown(scope, name, via, column, span);
    }
    struct checked_column *found = &name->table->columns.items[index];
    found->read = true;
    record_use(scope->checker, column->span, found->span);
    if (found->type.kind == TYPE_NONE) return node_error(scope, span);
    struct texpr *cell = row_cell(scope, (uint32_t)index, via, found->type, found->pii, found->pattern, span);
    if (found->pii) cell->declared = found->span;
    return cell;
}

struct texpr *row_parent_is_null(struct scope *scope, bool negated, struct span span) {
    struct texpr *has = row_input(scope, SLOT_HAS_PARENT, VIA_SELF, TYPE_BOOL, span);
    return negated ? has : node_call(scope, OP_NOT, type_of(TYPE_BOOL, false), span, has, NULL, NULL);
}

/* ---------------------------------------------------------------- rows of keyed tables */

static bool row_target_column_is_personal(const struct checker *checker, const struct schema_table *table,
                                          uint32_t column) {
    for (uint32_t i = 0; i < checker->pii.tables.count; i++)
        if (checker->pii.tables.items[i] == table && checker->pii.columns.items[i] == column) return true;
    return false;
}

static struct texpr *row_fetch(struct scope *scope, struct texpr *row, uint32_t column, struct plan_type type,
                               bool pii, struct span span) {
    type.nullable |= row->type.nullable;
    struct texpr *node = node_new(scope, TX_FETCH, type, span);
    node_push(scope, node, row);
    node->imm = column;
    /* What a row holds is as personal as its columns say, however the row was found. */
    node->pii = pii;
    return node_failed(node) || type.kind == TYPE_NONE ? node_error(scope, span) : node;
}

static uint32_t row_want_column(struct scope *scope, struct keyed_columns *keyed, uint32_t column) {
    for (uint32_t i = 0; i < keyed->wanted.count; i++)
        if (keyed->wanted.items[i] == column) return i;
    VEC_PUSH(scope->checker->arena, &keyed->wanted, column);
    return keyed->wanted.count - 1;
}

static struct texpr *row_target_unknown(struct scope *scope, struct str row, const struct schema_table *table,
                                        const struct ast_name *column, struct span span) {
    struct name_list names = {0};
    for (uint32_t i = 0; i < table->columns.count; i++)
        name_list_add(scope, &names, table->columns.items[i].name);
    return row_unknown_column(scope, row, column, &names, span);
}

static struct texpr *row_map_column(struct scope *scope, struct checked_map *map, struct str row_name,
                                    struct texpr *row, const struct ast_name *column, struct span span) {
    struct checker *checker = scope->checker;
    if (map->erroneous || map->target == NULL) {
        if (!map->erroneous) {
            struct diag *diag =
                diag_report(checker->diags, E_NAME_PLACE, span,
                            "map `%.*s` writes no table whose rows could be read", STR_ARG(map->name));
            diag_help(checker->diags, diag, "only a map into a table of the target has a crosswalk");
        }
        return node_error(scope, span);
    }
    int at = schema_find_column(map->target, column->text);
    if (at < 0) return row_target_unknown(scope, row_name, map->target, column, span);
    record_use(checker, column->span, map->target->columns.items[at].span);
    int index = checker_map_column(checker, map, column->text);
    if (index < 0) return node_error(scope, span);
    struct plan_type type = {0};
    for (uint32_t i = 0; i < map->columns.count; i++)
        if (map->columns.items[i].column == (uint32_t)index) type = map->columns.items[i].type;
    bool pii = row_target_column_is_personal(checker, map->target, (uint32_t)at);
    if (row != NULL) return row_fetch(scope, row, (uint32_t)index, type, pii, span);
    struct texpr *input = row_input(scope, SLOT_MAP_COLUMN, VIA_SELF, (enum type_kind)type.kind, span);
    input->type = type;
    input->index = (uint32_t)index;
    input->pii = pii;
    return type.kind == TYPE_NONE ? node_error(scope, span) : input;
}

static struct texpr *row_target_column(struct scope *scope, const struct scope_name *name, struct texpr *row,
                                       const struct ast_name *column, struct span span) {
    struct checker *checker = scope->checker;
    const struct schema_table *table = name->target != NULL ? name->target : name->keyed->target_table;
    int at = schema_find_column(table, column->text);
    if (at < 0) return row_target_unknown(scope, name->name, table, column, span);
    const struct schema_column *found = &table->columns.items[at];
    record_use(checker, column->span, found->span);
    struct plan_type type = checker_type_of_column(checker, &found->type, !found->not_null);
    if (type.kind == TYPE_NONE) {
        struct diag *diag =
            diag_report(checker->diags, E_NAME_PLACE, span, "mig cannot read the type %.*s of `%.*s`",
                        STR_ARG(found->type.name), STR_ARG(column->text));
        diag_help(checker->diags, diag, "read it by a query source that casts the column to text");
        return node_error(scope, span);
    }
    bool pii = row_target_column_is_personal(checker, table, (uint32_t)at);
    if (row == NULL || scope->in_build) return row_cell(scope, (uint32_t)at, VIA_SELF, type, pii, 0, span);
    return row_fetch(scope, row, row_want_column(scope, name->keyed, (uint32_t)at), type, pii, span);
}

struct texpr *row_keyed_column(struct scope *scope, const struct scope_name *name, struct texpr *row,
                               const struct ast_name *column, struct span span) {
    if (name->map != NULL) return row_map_column(scope, name->map, name->name, row, column, span);
    if (name->target != NULL || (name->keyed != NULL && name->keyed->target_table != NULL))
        return row_target_column(scope, name, row, column, span);
    if (name->keyed == NULL || name->keyed->source_table == NULL) return node_error(scope, span);
    struct checked_table *table = name->keyed->source_table;
    int at = row_find_source_column(table, column->text);
    if (at < 0) {
        if (table->incomplete) return node_error(scope, span);
        struct name_list names = {0};
        for (uint32_t i = 0; i < table->columns.count; i++)
            name_list_add(scope, &names, table->columns.items[i].name);
        return row_unknown_column(scope, name->name, column, &names, span);
    }
    struct checked_column *found = &table->columns.items[at];
    found->read = true;
    record_use(scope->checker, column->span, found->span);
    if (found->type.kind == TYPE_NONE) return node_error(scope, span);
    struct texpr *node =
        row == NULL ? row_cell(scope, (uint32_t)at, VIA_SELF, found->type, found->pii, found->pattern, span)
                    : row_fetch(scope, row, row_want_column(scope, name->keyed, (uint32_t)at), found->type,
                                found->pii, span);
    if (found->pii) node->declared = found->span;
    return node;
}

/* The name here whose rows come from this keyed table. */
static const struct scope_name *row_find_owner(const struct scope *scope, uint32_t table) {
    for (; scope != NULL; scope = scope->outer) {
        for (uint32_t i = 0; i < scope->names.count; i++) {
            const struct scope_name *name = &scope->names.items[i];
            if (name->keyed != NULL && name->keyed->table == table) return name;
        }
    }
    return NULL;
}

struct texpr *row_column(struct scope *scope, struct texpr *row, const struct ast_name *column,
                         struct span span) {
    struct checker *checker = scope->checker;
    for (uint32_t i = 0; i < checker->maps.count; i++) {
        struct checked_map *map = checker->maps.items[i];
        if (map->table >= 0 && (uint32_t)map->table == row->type.ref)
            return row_map_column(scope, map, map->name, row, column, span);
    }
    const struct scope_name *owner = row_find_owner(scope, row->type.ref);
    if (owner != NULL) return row_keyed_column(scope, owner, row, column, span);
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_MEMBER, span, "the columns of this row are not known here");
    diag_help(checker->diags, diag, "give the row a name: `let x = map_name[key]`, then `x.column`");
    return node_error(scope, span);
}
