/* See world.h. */
#include "tests/expr/world.h"

#include "compiler/syntax/parse.h"

/* ---------------------------------------------------------------- what the declaration checker gives */

struct plan_type checker_type_of_column(struct checker *checker, const struct schema_type *type,
                                        bool nullable) {
    struct plan_type found = {
        .kind = (uint8_t)type->kind, .nullable = nullable, .element = (uint8_t)type->element};
    if (type->enumeration != NULL) found.ref = checker_enum_index(checker, type->enumeration);
    return found;
}

uint32_t checker_enum_index(struct checker *checker, const struct schema_enum *enumeration) {
    for (uint32_t i = 0; i < checker->builder->enums.count; i++)
        if (str_eq(checker->builder->enums.items[i].name, enumeration->name)) return i;
    struct plan_enum added = {.schema = enumeration->schema, .name = enumeration->name};
    added.labels = ARENA_ARRAY(checker->arena, struct plan_text, enumeration->labels.count);
    for (uint32_t i = 0; i < enumeration->labels.count; i++)
        added.labels[added.labels_count++].text = enumeration->labels.items[i];
    VEC_PUSH(checker->arena, &checker->builder->enums, added);
    return checker->builder->enums.count - 1;
}

uint32_t checker_map_table(struct checker *checker, struct checked_map *map) {
    if (map->table >= 0) return (uint32_t)map->table;
    struct plan_keyed_table table = {.name = map->name, .kind = KEYED_MAP};
    VEC_PUSH(checker->arena, &checker->builder->tables, table);
    map->table = (int32_t)checker->builder->tables.count - 1;
    return (uint32_t)map->table;
}

int checker_map_column(struct checker *checker, struct checked_map *map, struct str column) {
    checker_map_table(checker, map);
    int at = schema_find_column(map->target, column);
    if (at < 0) return -1;
    for (uint32_t i = 0; i < map->columns.count; i++)
        if (map->columns.items[i].target_column == (uint32_t)at) return (int)i;
    const struct schema_column *found = &map->target->columns.items[at];
    struct checked_map_column added = {.target_column = (uint32_t)at,
                                       .name = column,
                                       .type =
                                           checker_type_of_column(checker, &found->type, !found->not_null),
                                       .column = map->columns.count};
    VEC_PUSH(checker->arena, &map->columns, added);
    return (int)added.column;
}

/* ---------------------------------------------------------------- the world */

struct plan_type world_type(struct world *world, struct str name) {
    struct plan_type type = {0};
    if (name.len > 0 && name.ptr[name.len - 1] == '?') {
        type.nullable = 1;
        name.len--;
    }
    if (str_ends_with(name, STR("[]"))) {
        struct plan_type element = world_type(world, str_from(name.ptr, name.len - 2));
        return (struct plan_type){
            .kind = TYPE_ARRAY, .nullable = type.nullable, .element = element.kind, .ref = element.ref};
    }
    enum type_kind kind;
    if (type_kind_find(name, &kind)) {
        type.kind = (uint8_t)kind;
    } else if (str_is(name, "status")) {
        type.kind = TYPE_ENUM;
        type.ref = checker_enum_index(&world->checker, &world->status);
    }
    return type;
}

static void add_column(struct world *world, struct checked_table *table, const char *name, const char *type,
                       bool pii) {
    struct checked_column column = {
        .name = str_cstr(name), .type = world_type(world, str_cstr(type)), .pii = pii};
    VEC_PUSH(&world->arena, &table->columns, column);
}

static void add_rows(struct world *world) {
    static const char *const columns[WORLD_KINDS][2] = {
        {"b", "bool"},      {"i", "int"},   {"d", "decimal"}, {"f", "float"},      {"s", "text"},
        {"y", "bytes"},     {"da", "date"}, {"ti", "time"},   {"ts", "timestamp"}, {"tz", "timestamptz"},
        {"iv", "interval"}, {"u", "uuid"},  {"j", "json"},    {"a", "text[]"},     {"e", "status"}};
    for (int nullable = 0; nullable < 2; nullable++) {
        for (int i = 0; i < WORLD_KINDS; i++) {
            const char *name = arena_printf(&world->arena, nullable ? "%s_n" : "%s", columns[i][0]).ptr;
            const char *type = arena_printf(&world->arena, nullable ? "%s?" : "%s", columns[i][1]).ptr;
            add_column(world, &world->rows, name, type, false);
        }
    }
    add_column(world, &world->rows, "phone", "text", true);
    add_column(world, &world->rows, "n", "nonsense", false);
    add_column(world, &world->family, "id", "text", false);
    add_column(world, &world->family, "item", "text?", false);
    world->family.has_children = true;
    struct scope_name t = {.name = STR("t"), .kind = BIND_SOURCE_ROW, .table = &world->rows};
    struct scope_name c = {.name = STR("c"), .kind = BIND_SOURCE_ROW, .table = &world->family};
    VEC_PUSH(&world->arena, &world->scope.names, t);
    VEC_PUSH(&world->arena, &world->scope.names, c);
}

static void add_target_column(struct world *world, struct schema_table *table, const char *name,
                              const char *type) {
    struct plan_type t = world_type(world, str_cstr(type));
    struct schema_column column = {.name = str_cstr(name), .not_null = !t.nullable};
    column.type.kind = (enum type_kind)t.kind;
    column.type.name = str_cstr(type);
    if (t.kind == TYPE_ENUM) column.type.enumeration = &world->status;
    VEC_PUSH(&world->arena, &table->columns, column);
}

static uint32_t add_keyed(struct world *world, const char *name, uint8_t kind) {
    struct plan_keyed_table table = {.name = str_cstr(name), .kind = kind};
    VEC_PUSH(&world->arena, &world->checker.builder->tables, table);
    return world->checker.builder->tables.count - 1;
}

static struct checked_codes *add_codes(struct world *world, const char *name, const char *value) {
    struct checked_codes *codes = ARENA_NEW(&world->arena, struct checked_codes);
    codes->name = str_cstr(name);
    codes->value = world_type(world, str_cstr(value));
    codes->table = add_keyed(world, name, KEYED_CODES);
    VEC_PUSH(&world->arena, &world->checker.codes, codes);
    return codes;
}

static void add_code_key(struct world *world, struct checked_codes *codes, const char *type) {
    VEC_PUSH(&world->arena, &codes->keys, world_type(world, str_cstr(type)));
}

static void add_all_codes(struct world *world) {
    struct checked_codes *states = add_codes(world, "states", "status");
    add_code_key(world, states, "text");
    static const char *const keys[] = {"wip", "done", "open"};
    for (size_t i = 0; i < 3; i++)
        VEC_PUSH(&world->arena, &states->single_keys,
                 (struct value){.kind = TYPE_TEXT, .as_text = str_cstr(keys[i])});
    add_code_key(world, add_codes(world, "labels", "text"), "int");
    struct checked_codes *rates = add_codes(world, "rates", "decimal");
    add_code_key(world, rates, "text");
    add_code_key(world, rates, "int");
    struct checked_codes *strict = add_codes(world, "strict", "bool");
    add_code_key(world, strict, "text");
    const struct ast_expr *handled = world_parse(world, "t on missing use false");
    if (handled != NULL && handled->kind == X_HANDLED)
        strict->handlers = (struct ast_handlers *)&handled->handlers;
}

static struct checked_map *add_map(struct world *world, const char *name) {
    struct checked_map *map = ARENA_NEW(&world->arena, struct checked_map);
    map->name = str_cstr(name);
    map->target = &world->projects;
    map->table = -1;
    VEC_PUSH(&world->arena, &world->checker.maps, map);
    return map;
}

static void add_all_maps(struct world *world) {
    struct checked_map *projects = add_map(world, "projects");
    projects->keyed = true;
    VEC_PUSH(&world->arena, &projects->keys, world_type(world, STR("text")));
    struct checked_map *pairs = add_map(world, "pairs");
    pairs->keyed = true;
    VEC_PUSH(&world->arena, &pairs->keys, world_type(world, STR("text")));
    VEC_PUSH(&world->arena, &pairs->keys, world_type(world, STR("int")));
    add_map(world, "unkeyed");
    struct checked_map *broken = add_map(world, "broken");
    broken->erroneous = true;
}

static void add_param(struct world *world, const char *name, const char *type) {
    struct checked_param *param = ARENA_NEW(&world->arena, struct checked_param);
    param->name = str_cstr(name);
    param->type = world_type(world, str_cstr(type));
    param->index = world->checker.params.count;
    VEC_PUSH(&world->arena, &world->checker.params, param);
    struct plan_param planned = {.name = param->name, .type = param->type};
    VEC_PUSH(&world->arena, &world->checker.builder->params, planned);
}

static struct texpr *add_row_input(struct world *world, uint32_t table, bool nullable, uint32_t stage) {
    struct plan_type type = {.kind = TYPE_ROW, .nullable = nullable, .ref = table};
    struct texpr *row = node_new(&world->scope, TX_INPUT, type, (struct span){0});
    row->slot_kind = SLOT_JOIN;
    row->index = stage;
    row->varies = true;
    return row;
}

static void add_names(struct world *world) {
    world->owner_columns.table = add_keyed(world, "portal.users", KEYED_TARGET);
    world->owner_columns.target_table = &world->users;
    for (int left = 0; left < 2; left++) {
        struct scope_name row = {.name = left ? STR("owner") : STR("boss"),
                                 .kind = BIND_KEYED_ROW,
                                 .target = &world->users,
                                 .keyed = &world->owner_columns};
        row.expr = add_row_input(world, world->owner_columns.table, left == 1, (uint32_t)left);
        VEC_PUSH(&world->arena, &world->scope.names, row);
    }
    struct tbinding *item = ARENA_NEW(&world->arena, struct tbinding);
    item->name = STR("item");
    item->expr = world_check(world, "c.root.item", NULL);
    item->reported = true;
    struct scope_name let = {.name = STR("item"), .kind = BIND_VALUE, .binding = item, .is_let = true};
    VEC_PUSH(&world->arena, &world->scope.names, let);
    struct tbinding *project = ARENA_NEW(&world->arena, struct tbinding);
    project->name = STR("project");
    project->expr = world_check(world, "projects[t.s_n]", NULL);
    project->reported = true;
    struct scope_name record = {
        .name = STR("project"), .kind = BIND_RECORD, .binding = project, .is_let = true};
    VEC_PUSH(&world->arena, &world->scope.names, record);
}

void world_init(struct world *world) {
    memset(world, 0, sizeof *world);
    arena_init(&world->arena);
    diag_list_init(&world->diags, &world->arena);
    struct checker *checker = &world->checker;
    checker->arena = &world->arena;
    checker->diags = &world->diags;
    checker->builder = plan_builder_new(&world->arena, &world->diags);
    checker->builder->plan.migration = STR("world");
    checker->migration = STR("world");
    world->scope.checker = checker;
    world->scope.allow_rows = true;
    world->status = (struct schema_enum){.schema = STR("public"), .name = STR("status")};
    static const char *const labels[] = {"todo", "doing", "done"};
    for (size_t i = 0; i < 3; i++)
        VEC_PUSH(&world->arena, &world->status.labels, str_cstr(labels[i]));
    checker_enum_index(checker, &world->status);
    world->users.name = STR("users");
    add_target_column(world, &world->users, "id", "uuid");
    add_target_column(world, &world->users, "email", "text");
    add_target_column(world, &world->users, "nick", "text?");
    world->projects.name = STR("projects");
    add_target_column(world, &world->projects, "id", "uuid");
    add_target_column(world, &world->projects, "name", "text");
    add_target_column(world, &world->projects, "note", "text?");
    add_target_column(world, &world->projects, "state", "status");
    VEC_PUSH(&world->arena, &checker->pii.tables, &world->users);
    VEC_PUSH(&world->arena, &checker->pii.columns, 1);
    add_rows(world);
    add_param(world, "cutover", "timestamptz");
    add_param(world, "key", "secret");
    add_param(world, "region", "text?");
    add_all_codes(world);
    add_all_maps(world);
    add_names(world);
}

void world_release(struct world *world) {
    arena_release(&world->arena);
}

static struct plan_type ast_type_of(struct world *world, const struct ast_type *type) {
    struct plan_type found = world_type(world, type->path.parts.items[0].text);
    if (type->is_array)
        found = (struct plan_type){.kind = TYPE_ARRAY, .element = found.kind, .ref = found.ref};
    found.nullable = type->nullable;
    return found;
}

void world_add_fn(struct world *world, const char *text) {
    const struct source_text *source = source_text_new(&world->arena, STR("fn.mig"), str_cstr(text));
    struct ast_file *file = parse_file(&world->arena, source, &world->diags);
    for (uint32_t i = 0; i < file->decls.count; i++) {
        const struct ast_decl *decl = file->decls.items[i];
        if (decl->kind != DECL_FN && decl->kind != DECL_EXTERN_FN) continue;
        struct checked_fn *fn = ARENA_NEW(&world->arena, struct checked_fn);
        fn->name = decl->fn.name.text;
        fn->ast = &decl->fn;
        fn->decl = decl;
        fn->span = decl->fn.name.span;
        fn->extern_index = decl->kind == DECL_EXTERN_FN ? 0 : -1;
        for (uint32_t p = 0; p < decl->fn.params.types.count; p++)
            VEC_PUSH(&world->arena, &fn->params, ast_type_of(world, &decl->fn.params.types.items[p]));
        fn->result = ast_type_of(world, &decl->fn.result);
        VEC_PUSH(&world->arena, &world->checker.fns, fn);
    }
    for (uint32_t i = 0; i < world->checker.fns.count; i++)
        check_fn(&world->checker, world->checker.fns.items[i]);
}

const struct ast_expr *world_parse(struct world *world, const char *text) {
    const struct source_text *source = source_text_new(&world->arena, STR("test.mig"), str_cstr(text));
    return parse_expression(&world->arena, source, &world->diags);
}

struct texpr *world_check(struct world *world, const char *text, const struct expected *expected) {
    diag_list_init(&world->diags, &world->arena);
    const struct ast_expr *expr = world_parse(world, text);
    return expr == NULL ? NULL : check_expr(&world->scope, expr, expected);
}

struct str world_describe(struct world *world, const struct texpr *node) {
    struct str type = type_to_text(&world->checker, node->type);
    char flags[8];
    size_t count = 0;
    if (node->can_fail) flags[count++] = 'F';
    if (node->can_miss) flags[count++] = 'M';
    if (node->can_skip) flags[count++] = 'S';
    if (node->pii) flags[count++] = 'P';
    if (node->varies) flags[count++] = 'V';
    if (node->kind == TX_CONST) flags[count++] = 'C';
    return arena_printf(&world->arena, "%.*s%s%.*s", STR_ARG(type), count ? " " : "", (int)count, flags);
}
