/* Code tables: keys and values as constants, each key once. */
#include "compiler/check/decl.h"

#include "compiler/check/expr.h"
#include "runtime/value/convert.h"

/* The text that two equal keys share: parts in their key form, joined by U+001F. */
static struct str codes_key_text(struct checker *checker, const struct value *parts, uint32_t count) {
    struct str text = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct str part = value_format_key(checker->arena, parts[i].kind, value_item(&parts[i]));
        text = count == 1 ? part
                          : arena_printf(checker->arena, "%.*s%s%.*s", STR_ARG(text), i ? "\x1f" : "",
                                         STR_ARG(part));
    }
    return text;
}

void codes_add_line(struct compile *compile, struct checked_codes *codes, struct name_index *keys,
                    const struct value *parts, const struct value *value, struct span at) {
    struct checker *checker = &compile->checker;
    struct plan_builder *builder = checker->builder;
    struct plan_keyed_table *table = &builder->tables.items[codes->table];
    uint32_t count = codes->keys.count, first;
    struct str text = codes_key_text(checker, parts, count);
    if (!name_index_add(keys, text, table->codes_count, &first)) {
        struct str shown = arena_printf(checker->arena, "%.*s", STR_ARG(text));
        for (size_t i = 0; i < shown.len; i++)
            if (shown.ptr[i] == '\x1f') ((char *)shown.ptr)[i] = ' ';
        struct diag *diag =
            diag_report(checker->diags, E_CODE_TWICE, at, "code `%.*s` stands twice in `%.*s`",
                        STR_ARG(shown), STR_ARG(codes->name));
        struct plan_span where = table->codes[first].span;
        struct span first_at = {builder->sources_of_files.items[where.file], where.start, where.end};
        diag_label(checker->diags, diag, first_at, "it stands here first");
        diag_help(checker->diags, diag, "keep the one that is meant");
        return;
    }
    struct plan_code line = {.keys = ARENA_ARRAY(checker->arena, uint32_t, count), .keys_count = count};
    for (uint32_t i = 0; i < count; i++)
        line.keys[i] = plan_builder_const(builder, codes->keys.items[i], &parts[i]);
    line.value = plan_builder_const(builder, codes->value, value);
    line.span = plan_builder_span(builder, at);
    if ((table->codes_count & (table->codes_count - 1)) == 0) { /* grows at powers of two */
        struct plan_code *wider =
            ARENA_ARRAY(checker->arena, struct plan_code, table->codes_count ? table->codes_count * 2 : 1);
        if (table->codes_count) memcpy(wider, table->codes, sizeof *wider * table->codes_count);
        table->codes = wider;
    }
    table->codes[table->codes_count++] = line;
    if (count == 1 && parts[0].kind == TYPE_TEXT) VEC_PUSH(checker->arena, &codes->single_keys, parts[0]);
}

/* ---------------------------------------------------------------- one line of the spec */

static bool codes_label_value(struct checker *checker, const struct plan_type *type, struct ast_name label,
                              struct value *value) {
    const struct plan_enum *enumeration = &checker->builder->enums.items[type->ref];
    struct str *names = ARENA_ARRAY(checker->arena, struct str, enumeration->labels_count);
    for (uint32_t i = 0; i < enumeration->labels_count; i++) {
        names[i] = enumeration->labels[i].text;
        if (!str_eq(names[i], label.text)) continue;
        *value = (struct value){.kind = TYPE_ENUM, .as_int = i};
        return true;
    }
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_LABEL, label.span, "`%.*s` has no label `%.*s`",
                    STR_ARG(type_to_text(checker, (struct plan_type){.kind = TYPE_ENUM, .ref = type->ref})),
                    STR_ARG(label.text));
    decl_suggest(checker, diag, label, names, enumeration->labels_count);
    return false;
}

static bool codes_check_value(struct checker *checker, const struct checked_codes *codes,
                              const struct ast_expr *expr, const struct plan_type *type, const char *what,
                              struct value *value) {
    if (expr == NULL || expr->kind == X_ERROR || type->kind == TYPE_NONE) return false;
    if (type->kind == TYPE_ENUM && expr->kind == X_NAME)
        return codes_label_value(checker, type, expr->name, value);
    if (type->kind == TYPE_ENUM && expr->kind == X_TEXT)
        return codes_label_value(checker, type, (struct ast_name){expr->text, expr->span}, value);
    if (expr->kind == X_NAME) {
        struct diag *diag = diag_report(
            checker->diags, E_CODE_VALUE, expr->span, "`%.*s` is a name, but %s of `%.*s` is %.*s",
            STR_ARG(expr->name.text), what, STR_ARG(codes->name), STR_ARG(type_to_text(checker, *type)));
        if (type->kind == TYPE_TEXT) {
            diag_help(checker->diags, diag, "write it in quotes: '%.*s'", STR_ARG(expr->name.text));
            diag_fix(checker->diags, diag, expr->span,
                     arena_printf(checker->arena, "'%.*s'", STR_ARG(expr->name.text)));
        } else {
            diag_help(checker->diags, diag, "write a value of that type");
        }
        return false;
    }
    struct scope scope = {.checker = checker, .clause = "codes"};
    char *where = arena_copy_cstr(
        checker->arena, arena_printf(checker->arena, "%s of code table `%.*s`", what, STR_ARG(codes->name)));
    struct expected expected = {.type = *type, .what = where, .allow_null = type->nullable};
    return check_constant(&scope, expr, &expected, value);
}

/* Each key of a line is a code of its own; one of several parts is written ('a', 'b'). */
static void codes_check_key(struct compile *compile, struct checked_codes *codes, struct name_index *keys,
                            const struct ast_expr *key, const struct value *value, struct span at) {
    struct checker *checker = &compile->checker;
    uint32_t count = codes->keys.count;
    struct value *parts = ARENA_ARRAY(checker->arena, struct value, count);
    if (key->kind == X_ERROR) return;
    bool listed = key->kind == X_ARRAY && count > 1;
    uint32_t given = listed ? key->items.count : 1;
    if (given != count) {
        struct diag *diag = diag_report(checker->diags, E_CODE_VALUE, key->span,
                                        "a key of `%.*s` has %u part%s, this one has %u",
                                        STR_ARG(codes->name), count, count == 1 ? "" : "s", given);
        diag_help(checker->diags, diag, "%s",
                  count > 1 ? "write the parts in parentheses: ('a', 'b') => value"
                            : "write one value before the `=>`");
        return;
    }
    bool fine = true;
    for (uint32_t i = 0; i < count; i++)
        fine = codes_check_value(checker, codes, listed ? key->items.items[i] : key, &codes->keys.items[i],
                                 "a key", &parts[i]) &&
               fine;
    for (uint32_t i = 0; fine && i < count; i++)
        if (parts[i].kind == TYPE_NULL) {
            struct diag *diag = diag_report(checker->diags, E_CODE_VALUE, key->span, "a code cannot be null");
            diag_help(checker->diags, diag,
                      "an index with a null key is null: write `x ?? 'none'` where it is used");
            fine = false;
        }
    if (fine && value != NULL) codes_add_line(compile, codes, keys, parts, value, at);
}

static void codes_check_line(struct compile *compile, struct checked_codes *codes, struct name_index *keys,
                             const struct ast_code_line *line) {
    struct value value;
    uint32_t errors = compile->checker.diags->error_count;
    bool fine = codes_check_value(&compile->checker, codes, line->value, &codes->value, "a value", &value);
    for (uint32_t i = 0; i < line->keys.count; i++)
        codes_check_key(compile, codes, keys, line->keys.items[i], fine ? &value : NULL,
                        line->keys.items[i]->span);
    codes->incomplete |= !fine || compile->checker.diags->error_count > errors;
}

/* ---------------------------------------------------------------- tables */

static bool codes_type_fits(enum type_kind kind) {
    return kind != TYPE_ARRAY && kind != TYPE_JSON && kind != TYPE_SECRET && kind != TYPE_ROW;
}

static void codes_declare(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    const struct ast_codes *ast = &decl->codes;
    struct checked_codes *codes = ARENA_NEW(checker->arena, struct checked_codes);
    *codes = (struct checked_codes){.name = ast->name.text,
                                    .handlers = (struct ast_handlers *)&ast->handlers,
                                    .span = ast->name.span,
                                    .table = checker->builder->tables.count};
    for (uint32_t i = 0; i < ast->key_types.count; i++) {
        struct plan_type type = checker_resolve_type(checker, &ast->key_types.items[i]);
        if (type.nullable || !codes_type_fits(type.kind)) {
            struct diag *diag =
                diag_report(checker->diags, E_CODE_VALUE, ast->key_types.items[i].span,
                            "a key of a code table cannot be %.*s", STR_ARG(type_to_text(checker, type)));
            diag_help(checker->diags, diag, "keys are single values that are never null");
            type = (struct plan_type){0};
        }
        VEC_PUSH(checker->arena, &codes->keys, type);
    }
    codes->value = checker_resolve_type(checker, &ast->value_type);
    if (!codes_type_fits(codes->value.kind)) {
        struct diag *diag =
            diag_report(checker->diags, E_CODE_VALUE, ast->value_type.span, "a code's value cannot be %.*s",
                        STR_ARG(type_to_text(checker, codes->value)));
        diag_help(checker->diags, diag, "use a single value, such as a text, a number or a label");
        codes->value = (struct plan_type){0};
    }
    struct plan_keyed_table table = {.name = codes->name,
                                     .kind = KEYED_CODES,
                                     .keys = codes->keys.items,
                                     .keys_count = codes->keys.count,
                                     .columns = ARENA_ARRAY(checker->arena, struct plan_type, 1),
                                     .columns_count = 1,
                                     .names = ARENA_ARRAY(checker->arena, struct plan_text, 1),
                                     .names_count = 1,
                                     .span = plan_builder_span(checker->builder, decl->span)};
    table.columns[0] = codes->value;
    table.names[0].text = STR("value");
    VEC_PUSH(checker->arena, &checker->builder->tables, table);
    VEC_PUSH(checker->arena, &checker->codes, codes);
    struct name_index keys = {.arena = checker->arena};
    if (decl_check_limit(checker, ast->name.span, ast->lines.count, DECL_MAX_CODES, "codes"))
        for (uint32_t i = 0; i < ast->lines.count; i++)
            codes_check_line(compile, codes, &keys, &ast->lines.items[i]);
    if (ast->file.span.source != NULL) {
        codes_read_file(compile, codes, ast);
    } else if (ast->lines.count == 0 && !decl->broken) {
        struct diag *diag = diag_report(checker->diags, E_CODE_VALUE, ast->name.span,
                                        "code table `%.*s` has no codes", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag,
                  "write them in its block: { 'old' => new }, or read them: from 'file.csv' (old, new)");
    }
}

void codes_check_all(struct compile *compile) {
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_CODES) codes_declare(compile, compile->decls.items[i]);
}
