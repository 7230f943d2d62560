/* Sources: their tables and columns, as expressions see them and as the plan holds them. */
#include "compiler/check/decl.h"

#include "compiler/check/recorder.h"
#include "compiler/check/expr.h"
#include "runtime/value/json.h"
#include "runtime/value/pattern.h"

static const struct source_format {
    const char *name;
    enum plan_source_format format;
} SOURCE_FORMATS[] = {{"csv", SOURCE_CSV},           {"json", SOURCE_JSON},         {"ndjson", SOURCE_NDJSON},
                      {"xlsx", SOURCE_XLSX},         {"dynamodb", SOURCE_DYNAMODB}, {"inline", SOURCE_INLINE},
                      {"postgres", SOURCE_POSTGRES}, {"query", SOURCE_QUERY}};

static bool source_read_format(struct checker *checker, const struct ast_source *ast, uint8_t *format) {
    struct str names[SOURCE_FORMAT_COUNT];
    for (uint32_t i = 0; i < SOURCE_FORMAT_COUNT; i++) {
        names[i] = str_cstr(SOURCE_FORMATS[i].name);
        if (str_eq(ast->format.text, names[i])) {
            *format = (uint8_t)SOURCE_FORMATS[i].format;
            return true;
        }
    }
    if (ast->format.text.len == 0) return false;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_FORMAT, ast->format.span,
                                    "mig does not read `%.*s`", STR_ARG(ast->format.text));
    decl_suggest(checker, diag, ast->format, names, SOURCE_FORMAT_COUNT);
    return false;
}

/* ---------------------------------------------------------------- columns */

/* A template pattern that reads the column's type; for text columns one that prints what the cell holds. */
static void source_check_pattern(struct checker *checker, struct checked_column *column,
                                 struct ast_name format) {
    enum type_kind kind = column->type.kind;
    bool number = kind == TYPE_INT || kind == TYPE_DECIMAL;
    bool datetime =
        kind == TYPE_DATE || kind == TYPE_TIME || kind == TYPE_TIMESTAMP || kind == TYPE_TIMESTAMPTZ;
    if (kind == TYPE_NONE) return;
    if (!number && !datetime && kind != TYPE_TEXT) {
        struct diag *diag = diag_report(checker->diags, E_COLUMN_FORMAT, format.span,
                                        "a column of type `%.*s` takes no format",
                                        STR_ARG(type_to_text(checker, column->type)));
        diag_help(checker->diags, diag,
                  "formats are for dates, times and numbers: remove it, or change the type");
        return;
    }
    const struct pattern *pattern = NULL;
    struct str error = {0};
    size_t at = 0;
    if (!pattern_compile(checker->arena, format.text, number ? PATTERN_NUMBER : PATTERN_DATETIME, &pattern,
                         &error, &at)) {
        struct span span = format.span;
        /* Past the opening quote, where the text stands as it was written. */
        if (span.end - span.start == format.text.len + 2) span.start += 1 + (uint32_t)at, span.end -= 1;
        if (span.start >= span.end) span = format.span;
        struct diag *diag = diag_report(checker->diags, E_COLUMN_FORMAT, span, "`%.*s` is no pattern: %.*s",
                                        STR_ARG(format.text), STR_ARG(error));
        diag_help(checker->diags, diag,
                  number ? "patterns look like '999G999D99'" : "patterns look like 'DD/MM/YYYY HH24:MI'");
        return;
    }
    bool fine = kind == TYPE_TEXT || pattern_check_reading(checker->arena, pattern, kind, &error);
    if (!fine) {
        struct diag *diag =
            diag_report(checker->diags, E_COLUMN_FORMAT, format.span, "`%.*s` cannot read a %s: %.*s",
                        STR_ARG(format.text), type_kind_name(kind), STR_ARG(error));
        diag_help(checker->diags, diag, "complete the pattern, or give column `%.*s` another type",
                  STR_ARG(column->name));
        return;
    }
    if (kind == TYPE_TIMESTAMPTZ && !pattern_has_offset(pattern)) {
        struct diag *diag =
            diag_report(checker->diags, E_COLUMN_FORMAT, format.span,
                        "`%.*s` reads no time zone, which a timestamptz needs", STR_ARG(format.text));
        diag_help(checker->diags, diag,
                  "declare the column as `timestamp` and name the zone where it is used: `at_zone(x.%.*s, "
                  "'Australia/Sydney')`",
                  STR_ARG(column->name));
        return;
    }
    column->pattern = plan_builder_pattern(checker->builder, PATTERN_TEMPLATE,
                                           kind == TYPE_TEXT ? TYPE_TIMESTAMP : kind, format.text) +
                      1;
}

static bool source_is_json(uint8_t format) {
    return format == SOURCE_JSON || format == SOURCE_NDJSON || format == SOURCE_DYNAMODB;
}

static void source_check_from(struct checker *checker, uint8_t format, struct ast_name from) {
    struct json_path path;
    struct str error;
    if (!source_is_json(format) || json_path_compile(checker->arena, from.text, &path, &error)) return;
    struct diag *diag = diag_report(checker->diags, E_SOURCE_COLUMN, from.span,
                                    "`%.*s` is no path into JSON: %.*s", STR_ARG(from.text), STR_ARG(error));
    diag_help(checker->diags, diag, "paths look like 'user.email', 'items[0].id' or '$' for the whole row");
}

static void source_check_column(struct checker *checker, uint8_t format, const struct ast_source_column *ast,
                                struct checked_table *table, struct plan_source_column *plan) {
    struct checked_column column = {
        .name = ast->name.text, .pii = ast->pii, .read = ast->ignored, .span = ast->name.span};
    for (uint32_t i = 0; i < table->columns.count; i++) {
        if (!str_eq(table->columns.items[i].name, column.name)) continue;
        struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, ast->name.span,
                                        "column `%.*s` stands twice", STR_ARG(column.name));
        diag_label(checker->diags, diag, table->columns.items[i].span, "the first one is here");
        diag_help(checker->diags, diag,
                  "give one another name and say which field it reads: `other %.*s from '%.*s'`",
                  STR_ARG(span_text(ast->type.span)), STR_ARG(column.name));
    }
    column.type = checker_resolve_type(checker, &ast->type);
    if (column.type.kind == TYPE_SECRET) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_COLUMN, ast->type.span,
                                        "a source column cannot be a secret");
        diag_help(
            checker->diags, diag,
            "declare it as `text` with `pii`: it is then masked in messages and kept out of the target");
        column.type = (struct plan_type){0};
    }
    if (ast->format.span.source != NULL) source_check_pattern(checker, &column, ast->format);
    if (ast->from.span.source != NULL) source_check_from(checker, format, ast->from);
    *plan = (struct plan_source_column){.name = column.name,
                                        .from = ast->from.span.source ? ast->from.text : column.name,
                                        .format = ast->format.text,
                                        .type = column.type,
                                        .pii = ast->pii,
                                        .ignored = ast->ignored,
                                        .doc = ast->doc,
                                        .span = plan_builder_span(checker->builder, ast->span)};
    plan->span.pii = ast->pii;
    VEC_PUSH(checker->arena, &table->columns, column);
}

static void source_check_inline_rows(struct checker *checker, const struct ast_source *ast,
                                     const struct checked_table *table, struct plan_source_table *plan) {
    if (!decl_check_limit(checker, ast->name.span, ast->rows.count, DECL_MAX_INLINE_ROWS, "inline rows"))
        return;
    plan->rows = ARENA_ARRAY(checker->arena, struct plan_row, ast->rows.count);
    plan->rows_count = ast->rows.count;
    for (uint32_t i = 0; i < ast->rows.count; i++) {
        const struct ast_inline_row *row = &ast->rows.items[i];
        if (row->values.count != table->columns.count) {
            struct diag *diag = diag_report(checker->diags, E_INLINE_ROW, row->span,
                                            "this row has %u value%s, but the source has %u column%s",
                                            row->values.count, row->values.count == 1 ? "" : "s",
                                            table->columns.count, table->columns.count == 1 ? "" : "s");
            diag_help(checker->diags, diag, "give one value for each column, `null` where there is none");
            continue;
        }
        plan->rows[i].cells = ARENA_ARRAY(checker->arena, struct plan_cell, row->values.count);
        plan->rows[i].cells_count = row->values.count;
        for (uint32_t j = 0; j < row->values.count; j++)
            source_cell_of(checker, &table->columns.items[j], row->values.items[j], E_INLINE_ROW,
                           &plan->rows[i].cells[j]);
    }
}

static void source_read_header(struct checker *checker, const struct ast_source_table *ast,
                               struct plan_source_table *plan) {
    for (uint32_t i = 0; i < ast->options.count; i++) {
        const struct ast_option *option = &ast->options.items[i];
        if (str_is(option->name.text, "header") && option->values.count == 2 &&
            option->values.items[0]->kind == X_NAME && str_is(option->values.items[0]->name.text, "row")) {
            int64_t row = 0;
            if (decl_read_int(checker, option->values.items[1], E_BAD_OPTION, "the header's row", 1, 1048576,
                              &row))
                plan->header_row = (uint32_t)row;
            continue;
        }
        if (str_is(option->name.text, "header") && option->values.count == 1 &&
            option->values.items[0]->kind == X_NAME && str_is(option->values.items[0]->name.text, "none")) {
            plan->no_header = 1;
            continue;
        }
        struct str known = STR("header");
        struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->span,
                                        "`%.*s` cannot stand at a sheet", STR_ARG(span_text(option->span)));
        if (str_is(option->name.text, "header"))
            diag_help(checker->diags, diag,
                      "write `header row 3` for the row where the names stand, or `header none` where there "
                      "is none");
        else
            decl_suggest(checker, diag, option->name, &known, 1);
    }
}

/* 0 is A, 26 is AA. */
static struct str source_column_letters(struct arena *arena, uint32_t number) {
    char letters[8];
    size_t at = sizeof letters;
    for (number++; number > 0; number = (number - 1) / 26)
        letters[--at] = (char)('A' + (number - 1) % 26);
    return arena_copy_str(arena, str_from(letters + at, sizeof letters - at));
}

static bool source_is_letters(struct str text) {
    enum { MOST_LETTERS = 3 };
    bool fine = text.len > 0 && text.len <= MOST_LETTERS;
    for (size_t i = 0; i < text.len; i++)
        fine = fine && (text.ptr[i] | 0x20) >= 'a' && (text.ptr[i] | 0x20) <= 'z';
    return fine;
}

/* Sheets without a header: where each column is. */
static void source_place_columns(struct checker *checker, const struct ast_source_table *ast,
                                 struct plan_source_table *plan) {
    for (uint32_t i = 0; i < ast->columns.count; i++) {
        const struct ast_name *from = &ast->columns.items[i].from;
        if (from->span.source == NULL) {
            plan->columns[i].from = source_column_letters(checker->arena, i);
            continue;
        }
        if (source_is_letters(from->text)) continue;
        struct diag *diag =
            diag_report(checker->diags, E_SOURCE_COLUMN, from->span,
                        "with `header none` no row names the columns: `%.*s` is not the letters of one",
                        STR_ARG(from->text));
        diag_help(checker->diags, diag, "write them as the sheet shows them: `from '%.*s'`",
                  STR_ARG(source_column_letters(checker->arena, i)));
    }
}

static void source_check_table(struct checker *checker, const struct ast_decl *decl,
                               const struct ast_source_table *ast_table, struct checked_source *source,
                               bool has_header, struct plan_source_table *plan) {
    const struct ast_source *ast = &decl->source;
    struct checked_table *table = ARENA_NEW(checker->arena, struct checked_table);
    *table =
        (struct checked_table){.name = ast_table->name.text,
                               .index = source->tables.count,
                               .incomplete = decl->broken || ast_table->columns.count == 0,
                               .span = ast_table->name.span.source ? ast_table->name.span : ast->name.span};
    for (uint32_t i = 0; i < source->tables.count; i++)
        if (str_eq(source->tables.items[i]->name, table->name)) {
            struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, table->span,
                                            "sheet `%.*s` is declared twice", STR_ARG(table->name));
            diag_label(checker->diags, diag, source->tables.items[i]->span, "the first one is here");
        }
    for (uint32_t i = 0; i < ast->options.count; i++)
        if (str_is(ast->options.items[i].name.text, "children"))
            table->has_children = source->format == SOURCE_JSON || source->format == SOURCE_NDJSON;
    *plan = (struct plan_source_table){.name = table->name,
                                       .title = ast_table->title.text,
                                       .span = plan_builder_span(checker->builder, ast_table->span)};
    if (source->format == SOURCE_XLSX) source_read_header(checker, ast_table, plan);
    if (plan->header_row && (!has_header || plan->no_header)) {
        struct diag *diag =
            diag_report(checker->diags, E_BAD_OPTION, ast_table->span,
                        plan->no_header ? "sheet `%.*s` has a header row and `header none`"
                                        : "sheet `%.*s` names its header row in a source with `header none`",
                        STR_ARG(table->name));
        diag_help(checker->diags, diag,
                  plan->no_header
                      ? "remove one of the two"
                      : "remove one of the two; `header none` can stand at the sheets that have none");
    }
    if (source->format == SOURCE_XLSX && plan->title.len == 0) plan->title = table->name;
    decl_check_limit(checker, table->span, ast_table->columns.count, DECL_MAX_COLUMNS, "columns");
    plan->columns = ARENA_ARRAY(checker->arena, struct plan_source_column, ast_table->columns.count);
    plan->columns_count = ast_table->columns.count;
    for (uint32_t i = 0; i < ast_table->columns.count; i++)
        source_check_column(checker, source->format, &ast_table->columns.items[i], table, &plan->columns[i]);
    if (source->format == SOURCE_XLSX && (!has_header || plan->no_header))
        source_place_columns(checker, ast_table, plan);
    if (source->format == SOURCE_INLINE) source_check_inline_rows(checker, ast, table, plan);
    VEC_PUSH(checker->arena, &source->tables, table);
}

/* ---------------------------------------------------------------- sources in databases */

static void source_postgres_table(struct checker *checker, struct checked_source *source,
                                  const struct schema_table *schema_table, struct plan_source_table *plan) {
    struct checked_table *table = ARENA_NEW(checker->arena, struct checked_table);
    *table = (struct checked_table){
        .name = schema_table->name, .index = source->tables.count, .span = schema_table->span};
    *plan = (struct plan_source_table){.name = schema_table->name};
    if (!str_is(schema_table->schema, "public"))
        table->name = plan->name = arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(schema_table->schema),
                                                STR_ARG(schema_table->name));
    struct str quoted = {0};
    struct str parts[2] = {schema_table->schema, schema_table->name};
    for (int part = 0; part < 2; part++) {
        struct buf text = {0};
        buf_append_char(&text, '"');
        for (size_t i = 0; i < parts[part].len; i++) {
            if (parts[part].ptr[i] == '"') buf_append_char(&text, '"');
            buf_append_char(&text, parts[part].ptr[i]);
        }
        buf_append_char(&text, '"');
        quoted = arena_printf(checker->arena, "%.*s%s%.*s", STR_ARG(quoted), part ? "." : "",
                              STR_ARG(buf_str(&text)));
        buf_release(&text);
    }
    plan->title = quoted;
    plan->columns = ARENA_ARRAY(checker->arena, struct plan_source_column, schema_table->columns.count);
    for (uint32_t i = 0; i < schema_table->columns.count; i++) {
        const struct schema_column *from = &schema_table->columns.items[i];
        struct checked_column column = {.name = from->name, .span = from->span};
        column.type = checker_type_of_column(checker, &from->type, !from->not_null);
        /* A type that mig has no values for is read as Postgres writes it. */
        if (column.type.kind == TYPE_NONE)
            column.type = (struct plan_type){.kind = TYPE_TEXT, .nullable = !from->not_null};
        VEC_PUSH(checker->arena, &table->columns, column);
        plan->columns[plan->columns_count++] =
            (struct plan_source_column){.name = from->name, .from = from->name, .type = column.type};
    }
    VEC_PUSH(checker->arena, &source->tables, table);
}

static void source_check_postgres(struct checker *checker, const struct ast_decl *decl,
                                  struct checked_source *source, struct plan_source *plan) {
    const struct ast_source *ast = &decl->source;
    const struct ast_expr *path = NULL;
    for (uint32_t i = 0; i < ast->options.count; i++)
        if (str_is(ast->options.items[i].name.text, "schema") && ast->options.items[i].values.count == 1)
            path = ast->options.items[i].values.items[0];
    if (path == NULL || path->kind != X_TEXT) {
        if (decl->broken) return;
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "source `%.*s` has no schema", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag,
                  "add `schema 'old.sql'`: the DDL that its tables and types are taken from");
        return;
    }
    const struct source_text *ddl =
        checker->files->read(checker->files->context, path->text, path->span, checker->diags);
    source->schema = ddl ? schema_parse(checker->arena, ddl, checker->diags) : NULL;
    if (source->schema == NULL) return;
    plan->tables = ARENA_ARRAY(checker->arena, struct plan_source_table, source->schema->tables.count);
    for (uint32_t i = 0; i < source->schema->tables.count; i++)
        source_postgres_table(checker, source, source->schema->tables.items[i],
                              &plan->tables[plan->tables_count++]);
}

static void source_check_query(struct compile *compile, const struct ast_source *ast,
                               struct plan_source *plan) {
    struct checker *checker = &compile->checker;
    struct str sql;
    if (decl_read_plain_sql(checker, ast->sql, true, &sql, "a source's query takes no parameters",
                            "read the rows without it and compare with the parameter in the map's `where`") &&
        plan->tables_count == 1)
        plan->tables[0].title = sql;
    if (str_eq(ast->query_of.text, checker->target_name) && ast->query_of.text.len) return;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->sources.count + 1);
    uint32_t names_count = 0;
    for (uint32_t i = 0; i < checker->sources.count; i++) {
        struct checked_source *source = checker->sources.items[i];
        if (source->format != SOURCE_POSTGRES) continue;
        names[names_count++] = source->name;
        if (!str_eq(source->name, ast->query_of.text)) continue;
        plan->query_of = source->index + 1;
        source->used = true;
        return;
    }
    if (checker->target_name.len) names[names_count++] = checker->target_name;
    if (ast->query_of.text.len == 0) return;
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_TABLE, ast->query_of.span,
                    "there is no Postgres source `%.*s` to query", STR_ARG(ast->query_of.text));
    decl_suggest(checker, diag, ast->query_of, names, names_count);
}

/* ---------------------------------------------------------------- all of a source */

static void source_check_shape(struct checker *checker, const struct ast_decl *decl, uint8_t format) {
    const struct ast_source *ast = &decl->source;
    if (decl->broken) return;
    bool in_database = format == SOURCE_POSTGRES || format == SOURCE_QUERY;
    uint32_t columns = 0;
    for (uint32_t i = 0; i < ast->tables.count; i++) {
        columns += ast->tables.items[i].columns.count;
        if (format == SOURCE_XLSX && ast->tables.items[i].name.text.len == 0) {
            struct diag *diag =
                diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                            "the columns of `%.*s` stand in no sheet", STR_ARG(ast->name.text));
            diag_help(checker->diags, diag, "write them in `sheet some_name 'Title of the sheet' { … }`");
            return;
        }
        if (format != SOURCE_XLSX && ast->tables.items[i].name.text.len != 0) {
            struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->tables.items[i].name.span,
                                            "only xlsx sources have sheets");
            diag_help(checker->diags, diag, "write the columns directly in the source's block");
            return;
        }
    }
    if (format != SOURCE_POSTGRES && columns == 0) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "source `%.*s` has no columns", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "declare those that the maps read: `{ code text; … }`");
    } else if (format == SOURCE_POSTGRES && columns > 0) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "a postgres source takes its columns from its schema");
        diag_help(checker->diags, diag, "remove the block");
    }
    if (!in_database && format != SOURCE_INLINE && ast->location.text.len == 0) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "source `%.*s` names no file", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag,
                  "write its path, a glob, or '-' for standard input behind the format");
    }
    if (format == SOURCE_INLINE && ast->rows.count == 0) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "inline source `%.*s` has no rows", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "write them behind the columns: `[ ('a', 'b'), … ]`");
    }
    if (format == SOURCE_QUERY && ast->sql.span.source == NULL) {
        struct diag *diag = diag_report(checker->diags, E_SOURCE_SHAPE, ast->name.span,
                                        "source `%.*s` has no SQL", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag,
                  "write the query behind the source's name: `query old \"\"\"select …\"\"\"`");
    }
}

static void source_check(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    const struct ast_source *ast = &decl->source;
    struct checked_source *source = ARENA_NEW(checker->arena, struct checked_source);
    *source = (struct checked_source){
        .name = ast->name.text, .index = checker->builder->sources.count, .span = ast->name.span};
    struct plan_source plan = {.name = source->name,
                               .doc = decl->doc,
                               .location = ast->location.text,
                               .location_is_env = ast->location_is_env,
                               .header = 1,
                               .delimiter = STR(","),
                               .quote = STR("\""),
                               .span = plan_builder_span(checker->builder, decl->span)};
    bool known = source_read_format(checker, ast, &source->format);
    plan.format = source->format;
    VEC_PUSH(checker->arena, &checker->sources, source);
    if (known) {
        source_check_shape(checker, decl, source->format);
        source_read_options(compile, ast, &plan);
    }
    if (known && source->format == SOURCE_POSTGRES) {
        source_check_postgres(checker, decl, source, &plan);
    } else {
        plan.tables = ARENA_ARRAY(checker->arena, struct plan_source_table, ast->tables.count);
        plan.tables_count = ast->tables.count;
        for (uint32_t i = 0; i < ast->tables.count; i++)
            source_check_table(checker, decl, &ast->tables.items[i], source, plan.header, &plan.tables[i]);
    }
    if (known && source->format == SOURCE_QUERY) source_check_query(compile, ast, &plan);
    VEC_PUSH(checker->arena, &checker->builder->sources, plan);
}

void source_check_all(struct compile *compile) {
    /* Queries name other sources, which may stand below them: those come first. */
    for (int queries = 0; queries < 2; queries++)
        for (uint32_t i = 0; i < compile->decls.count; i++) {
            const struct ast_decl *decl = compile->decls.items[i];
            if (decl->kind == DECL_SOURCE && str_is(decl->source.format.text, "query") == (queries == 1))
                source_check(compile, decl);
        }
}

/* ---------------------------------------------------------------- looking up */

static struct checked_table *source_find_in(struct checker *checker, struct checked_source *source,
                                            const struct ast_path *path) {
    if (path->parts.count == 1 && source->tables.count == 1 && source->format != SOURCE_POSTGRES)
        return source->tables.items[0];
    if (source->tables.count == 0) return NULL; /* nothing could be read: reported */
    struct ast_name wanted = path->parts.items[path->parts.count - 1];
    if (path->parts.count == 3) {
        wanted.text = str_is(path->parts.items[1].text, "public")
                          ? path->parts.items[2].text
                          : arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(path->parts.items[1].text),
                                         STR_ARG(path->parts.items[2].text));
        wanted.span = span_join(path->parts.items[1].span, path->parts.items[2].span);
    }
    struct str *names = ARENA_ARRAY(checker->arena, struct str, source->tables.count);
    for (uint32_t i = 0; i < source->tables.count; i++) {
        names[i] = source->tables.items[i]->name;
        if (path->parts.count > 1 && names[i].len && str_eq(names[i], wanted.text))
            return source->tables.items[i];
    }
    const char *noun = source->format == SOURCE_XLSX ? "sheet" : "table";
    if (path->parts.count == 1) {
        struct diag *diag =
            diag_report(checker->diags, E_UNKNOWN_TABLE, path->span,
                        "source `%.*s` has several %ss: which one?", STR_ARG(source->name), noun);
        diag_help(checker->diags, diag, "write `%.*s.%.*s`; there are %.*s", STR_ARG(source->name),
                  STR_ARG(names[0]), STR_ARG(decl_list_names(checker, names, source->tables.count)));
        return NULL;
    }
    if (source->tables.count == 1 && names[0].len == 0) {
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, path->span,
                                        "source `%.*s` has no tables inside", STR_ARG(source->name));
        diag_help(checker->diags, diag, "write just `%.*s`", STR_ARG(source->name));
        return NULL;
    }
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_TABLE, wanted.span, "source `%.*s` has no %s `%.*s`",
                    STR_ARG(source->name), noun, STR_ARG(wanted.text));
    decl_suggest(checker, diag, wanted, names, source->tables.count);
    return NULL;
}

struct checked_table *source_find_table(struct compile *compile, const struct ast_path *path,
                                        bool may_be_other, struct checked_source **source) {
    struct checker *checker = &compile->checker;
    *source = NULL;
    if (path->parts.count == 0) return NULL;
    for (uint32_t i = 0; i < checker->sources.count; i++) {
        if (!str_eq(checker->sources.items[i]->name, path->parts.items[0].text)) continue;
        *source = checker->sources.items[i];
        record_use(checker, path->parts.items[0].span, (*source)->span);
        struct checked_table *table = source_find_in(checker, *source, path);
        if (table != NULL && path->parts.count > 1)
            record_use(checker, path->parts.items[path->parts.count - 1].span, table->span);
        return table;
    }
    if (may_be_other) return NULL;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->sources.count + checker->maps.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < checker->sources.count; i++)
        names[count++] = checker->sources.items[i]->name;
    for (uint32_t i = 0; i < checker->maps.count; i++)
        names[count++] = checker->maps.items[i]->name;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, path->parts.items[0].span,
                                    "there is no source `%.*s`", STR_ARG(path->parts.items[0].text));
    decl_suggest(checker, diag, path->parts.items[0], names, count);
    return NULL;
}
