/* `given PATH from 'file'`: rows of a test that stand in a csv or JSON file beside the spec, as an excerpt of
 * the real file would have them. Read while compiling, so that a plan needs no files for its tests. */
#include "compiler/check/spec_tests.h"

#include "compiler/check/csv_text.h"
#include "runtime/value/json.h"
#include "runtime/value/text.h"

/* One column that the rows may have. */
struct fixture_column {
    struct str name, from; /* in the spec, in the source */
    struct plan_type type; /* of the target */
    struct json_path path; /* where has_path */
    bool has_path;
};

struct fixture {
    struct compile *compile;
    struct test_work *test;
    const struct ast_test_step *step;
    const struct source_text *text;
    struct plan_test_given given;     /* without a row */
    const struct plan_source *source; /* NULL: rows of the target */
    struct fixture_column *columns;
    uint32_t count, rows;
    bool is_json;   /* a source whose documents may have more than the spec names */
    uint32_t first; /* number of given rows of the table before the file's */
};

static struct diag *fixture_error(struct fixture *f, struct span span, const char *help, const char *format,
                                  ...) __attribute__((format(printf, 4, 5)));
static struct diag *fixture_error(struct fixture *f, struct span span, const char *help, const char *format,
                                  ...) {
    struct diag_list *diags = f->compile->checker.diags;
    struct buf message = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    struct diag *diag = diag_report(diags, E_TEST_FILE, span, "%.*s", STR_ARG(buf_str(&message)));
    buf_release(&message);
    if (span.source != f->step->file.span.source)
        diag_label(diags, diag, f->step->file.span, "the test reads it here");
    if (help != NULL) diag_help(diags, diag, "%s", help);
    return diag;
}

/* ---------------------------------------------------------------- rows */

/* A row of nulls at the end of the test's given rows; NULL when there are too many (reported). */
static struct plan_row *fixture_add_row(struct fixture *f, uint32_t parent) {
    struct arena *arena = f->compile->checker.arena;
    if (f->rows == TEST_MAX_FIXTURE_ROWS) {
        fixture_error(f, f->step->file.span, "a test needs an excerpt, not the whole file",
                      "`%.*s` has more than %d rows", STR_ARG(f->step->file.text), TEST_MAX_FIXTURE_ROWS);
        return NULL;
    }
    struct plan_test_given given = f->given;
    given.row.parent = parent;
    given.row.cells_count = f->count;
    given.row.cells = ARENA_ARRAY(arena, struct plan_cell, f->count);
    for (uint32_t i = 0; i < f->count; i++)
        given.row.cells[i].is_null = 1;
    f->rows++;
    VEC_PUSH(arena, &f->test->givens, given);
    return &f->test->givens.items[f->test->givens.count - 1].row;
}

/* A target's column holds a value of its own type; a source's whatever the file says. */
static bool fixture_set(struct fixture *f, struct plan_row *row, uint32_t column, enum cell_kind kind,
                        struct str text, struct span span) {
    struct checker *checker = &f->compile->checker;
    struct plan_cell *cell = &row->cells[column];
    *cell = (struct plan_cell){.kind = (uint8_t)kind, .text = text};
    if (f->source != NULL) return true;
    const struct fixture_column *target = &f->columns[column];
    struct value value;
    if (target->type.kind == TYPE_ARRAY || codes_value_of_text(checker, target->type, text, &value)) {
        if (target->type.kind != TYPE_ARRAY) *cell = test_target_cell(checker, target->type, &value);
        cell->kind = CELL_TEXT;
        return true;
    }
    fixture_error(f, span, "correct the file", "`%.*s` in column `%.*s` is no %.*s", STR_ARG(text),
                  STR_ARG(target->name), STR_ARG(type_to_text(checker, target->type)));
    return false;
}

/* By the name in the spec or in the source; -1: neither. */
static int fixture_find_column(const struct fixture *f, struct str name) {
    for (uint32_t i = 0; i < f->count; i++)
        if (str_eq(f->columns[i].name, name)) return (int)i;
    for (uint32_t i = 0; i < f->count; i++)
        if (str_eq(f->columns[i].from, name)) return (int)i;
    return -1;
}

static void fixture_unknown(struct fixture *f, struct str name, struct span span) {
    struct checker *checker = &f->compile->checker;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, 2 * f->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        names[count++] = f->columns[i].name;
        if (f->columns[i].from.len) names[count++] = f->columns[i].from;
    }
    struct diag *diag = fixture_error(f, span, NULL, "`%.*s` has no column `%.*s`",
                                      STR_ARG(span_text(f->step->path.span)), STR_ARG(name));
    decl_suggest(checker, diag, (struct ast_name){name, {0}}, names, count);
}

/* ---------------------------------------------------------------- csv */

static bool is_null_field(const struct fixture *f, struct str text, bool quoted) {
    if (f->source == NULL || !f->source->has_nulls) return text.len == 0 && !quoted;
    for (uint32_t i = 0; i < f->source->nulls_count; i++)
        if (str_eq(f->source->nulls[i].text, text)) return true;
    return false;
}

static bool csv_row(struct fixture *f, const struct csv_record *record, const int *column_of,
                    uint32_t width) {
    if (record->open_quote) {
        struct span start = record->span;
        start.end = start.start + 1;
        fixture_error(f, start, "close it, or double the quotes inside a field",
                      "a quoted field of this line is never closed");
        return false;
    }
    if (record->fields.count != width) {
        fixture_error(f, record->span, "give each line a field for each column",
                      "this line has %u fields, the header %u", record->fields.count, width);
        return false;
    }
    struct plan_row *row = fixture_add_row(f, 0);
    bool fine = row != NULL;
    for (uint32_t i = 0; fine && i < width; i++) {
        struct str text = record->fields.items[i];
        if (f->source != NULL && f->source->trim) text = text_trim(text);
        if (!is_null_field(f, text, record->quoted.items[i]))
            fine = fixture_set(f, row, (uint32_t)column_of[i], CELL_TEXT, text, record->span);
    }
    return fine;
}

static void read_csv(struct fixture *f) {
    struct arena *arena = f->compile->checker.arena;
    bool own = f->source != NULL && f->source->format == SOURCE_CSV && f->source->delimiter.len == 1;
    struct csv_cursor cursor = csv_start(arena, f->text, own ? f->source->delimiter.ptr[0] : ',');
    struct csv_record header, record;
    if (!csv_next(&cursor, &header)) {
        fixture_error(f, f->step->file.span, "its first line names the columns", "`%.*s` is empty",
                      STR_ARG(f->step->file.text));
        return;
    }
    uint32_t width = header.fields.count;
    int *column_of = ARENA_ARRAY(arena, int, width);
    for (uint32_t i = 0; i < width; i++) {
        struct str name = text_trim(header.fields.items[i]);
        column_of[i] = fixture_find_column(f, name);
        if (column_of[i] < 0) {
            fixture_unknown(f, name, header.span);
            return;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (column_of[j] != column_of[i]) continue;
            fixture_error(f, header.span, "keep one of the two", "the header names column `%.*s` twice",
                          STR_ARG(f->columns[column_of[i]].name));
            return;
        }
    }
    while (csv_next(&cursor, &record))
        if (!csv_is_blank(&record) && !csv_row(f, &record, column_of, width)) return;
}

/* ---------------------------------------------------------------- JSON */

static struct span json_span(const struct fixture *f, struct str value) {
    uint32_t start = (uint32_t)(value.ptr - f->text->text.ptr), end = start;
    while (end < f->text->text.len && end < start + value.len && f->text->text.ptr[end] != '\n')
        end++;
    return (struct span){f->text, start, end};
}

static bool json_cell(struct fixture *f, struct plan_row *row, uint32_t column, struct str raw) {
    struct arena *arena = f->compile->checker.arena;
    struct str text = raw;
    enum cell_kind kind = CELL_JSON;
    switch (json_kind_of(raw)) {
    case JSON_NONE:
    case JSON_NULL: return true;
    case JSON_TRUE:
    case JSON_FALSE: kind = CELL_BOOL; break;
    case JSON_NUMBER: kind = CELL_NUMBER; break;
    case JSON_STRING:
        if (f->columns[column].type.kind == TYPE_JSON) break;
        kind = CELL_TEXT;
        if (json_to_text(arena, raw, &text) != FAULT_NONE) return true;
        break;
    default: break;
    }
    return fixture_set(f, row, column, kind, arena_copy_str(arena, text), json_span(f, raw));
}

static bool json_children(struct fixture *f, struct str object, uint32_t parent, uint32_t depth);

/* Each column by its name in the spec, else as the source finds it. */
static bool json_row(struct fixture *f, struct str object, uint32_t parent, uint32_t depth) {
    if (json_kind_of(object) != JSON_OBJECT) {
        fixture_error(f, json_span(f, object), "write `{ \"column\": value, … }`", "a row is a JSON object");
        return false;
    }
    struct plan_row *row = fixture_add_row(f, parent);
    if (row == NULL) return false;
    uint32_t number = f->first + f->rows;
    struct json_iter iter;
    struct json_member member;
    json_iter_start(object, &iter);
    while (!f->is_json && json_iter_next(&iter, &member)) {
        struct str key;
        if (json_to_text(f->compile->checker.arena, member.key, &key) != FAULT_NONE) continue;
        if (fixture_find_column(f, key) >= 0) continue;
        fixture_unknown(f, key, json_span(f, member.key));
        return false;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        const struct fixture_column *column = &f->columns[i];
        struct str raw;
        bool found = column->has_path && json_path_find(&column->path, object, &raw);
        if (!found) found = json_get(object, column->name, &raw);
        if (!found && column->from.len) found = json_get(object, column->from, &raw);
        if (found && !json_cell(f, row, i, raw)) return false;
    }
    return json_children(f, object, number, depth);
}

static bool json_rows(struct fixture *f, struct str array, uint32_t parent, uint32_t depth) {
    struct json_iter iter;
    struct json_member member;
    json_iter_start(array, &iter);
    while (json_iter_next(&iter, &member))
        if (!json_row(f, member.value, parent, depth)) return false;
    return true;
}

static bool json_children(struct fixture *f, struct str object, uint32_t parent, uint32_t depth) {
    struct json_path path;
    struct str error, children;
    if (f->source == NULL || f->source->children.len == 0 ||
        !json_path_compile(f->compile->checker.arena, f->source->children, &path, &error) ||
        !json_path_find(&path, object, &children) || json_kind_of(children) != JSON_ARRAY)
        return true;
    if (depth == TEST_MAX_FIXTURE_DEPTH) {
        fixture_error(f, json_span(f, object), "a test needs fewer", "rows stand more than %d deep in rows",
                      TEST_MAX_FIXTURE_DEPTH);
        return false;
    }
    return json_rows(f, children, parent, depth + 1);
}

/* An array of rows, one row, or a document of the source, whose `rows` lead to them. */
static void read_json(struct fixture *f) {
    struct str text = f->text->text, rows = json_trim(text);
    struct json_error error;
    if (!json_validate(text, &error)) {
        struct span span = {f->text, (uint32_t)error.at, (uint32_t)error.at + 1};
        fixture_error(f, span, "correct the file", "`%.*s` is no JSON: %s", STR_ARG(f->step->file.text),
                      error.message);
        return;
    }
    if (json_kind_of(rows) == JSON_OBJECT && f->source != NULL && f->source->rows.len > 0) {
        struct json_path path;
        struct str why;
        if (!json_path_compile(f->compile->checker.arena, f->source->rows, &path, &why) ||
            !json_path_find(&path, rows, &rows)) {
            fixture_error(f, f->step->file.span, "write an array of rows, or a document as the source has it",
                          "`%.*s` leads to nothing in `%.*s`", STR_ARG(f->source->rows),
                          STR_ARG(f->step->file.text));
            return;
        }
    }
    if (json_kind_of(rows) == JSON_ARRAY)
        json_rows(f, rows, 0, 0);
    else
        json_row(f, rows, 0, 0);
}

static void read_ndjson(struct fixture *f) {
    struct str text = f->text->text;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.ptr[end] != '\n')
            end++;
        struct str line = text_trim(str_from(text.ptr + at, end - at));
        struct json_error error;
        at = end + 1;
        if (line.len == 0) continue;
        if (!json_validate(line, &error)) {
            fixture_error(f, json_span(f, line), "each line is a JSON object", "this line is no JSON: %s",
                          error.message);
            return;
        }
        if (!json_row(f, line, 0, 0)) return;
    }
}

/* ---------------------------------------------------------------- the step */

static bool find_source(struct fixture *f) {
    struct checker *checker = &f->compile->checker;
    struct checked_source *source;
    struct checked_table *table = source_find_table(f->compile, &f->step->path, false, &source);
    if (table == NULL) return false;
    f->source = &checker->builder->sources.items[source->index];
    f->given = (struct plan_test_given){.source = source->index, .table = table->index};
    f->count = table->columns.count;
    f->columns = ARENA_ARRAY(checker->arena, struct fixture_column, f->count + 1);
    f->is_json = f->source->format == SOURCE_JSON || f->source->format == SOURCE_NDJSON;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct plan_source_column *column = &f->source->tables[table->index].columns[i];
        struct str from = column->from.len ? column->from : column->name, error;
        f->columns[i] = (struct fixture_column){.name = column->name, .from = from, .type = column->type};
        f->columns[i].has_path =
            f->is_json && json_path_compile(checker->arena, from, &f->columns[i].path, &error);
    }
    for (uint32_t i = 0; i < f->test->givens.count; i++) {
        const struct plan_test_given *before = &f->test->givens.items[i];
        f->first +=
            !before->is_target && before->source == f->given.source && before->table == f->given.table;
    }
    return true;
}

static bool find_target(struct fixture *f) {
    struct checker *checker = &f->compile->checker;
    const struct schema_table *table = target_find_table(f->compile, &f->step->path);
    if (table == NULL) return false;
    f->given = (struct plan_test_given){.is_target = 1, .table = target_use_table(f->compile, table)};
    f->count = table->columns.count;
    f->columns = ARENA_ARRAY(checker->arena, struct fixture_column, f->count + 1);
    for (uint32_t i = 0; i < f->count; i++)
        f->columns[i] = (struct fixture_column){
            .name = table->columns.items[i].name,
            .type = checker_type_of_column(checker, &table->columns.items[i].type, true)};
    return true;
}

void test_given_file(struct compile *compile, struct test_work *test, const struct ast_test_step *step) {
    static const struct {
        const char *ending;
        void (*read)(struct fixture *f);
    } FORMATS[] = {{".csv", read_csv}, {".json", read_json}, {".ndjson", read_ndjson}};
    struct checker *checker = &compile->checker;
    struct fixture f = {.compile = compile, .test = test, .step = step};
    bool target = checker->target_name.len && str_eq(step->path.parts.items[0].text, checker->target_name);
    if (!(target ? find_target(&f) : find_source(&f)) || f.count == 0) return;
    f.text = checker->files->read(checker->files->context, step->file.text, step->file.span, checker->diags);
    if (f.text == NULL) return;
    if (f.text->text.len > TEST_MAX_FIXTURE_BYTES) {
        fixture_error(&f, step->file.span, "a test needs an excerpt, not the whole file",
                      "`%.*s` is larger than %d MiB", STR_ARG(step->file.text),
                      TEST_MAX_FIXTURE_BYTES / 1024 / 1024);
        return;
    }
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++)
        if (str_ends_with(step->file.text, str_cstr(FORMATS[i].ending))) {
            FORMATS[i].read(&f);
            return;
        }
    fixture_error(&f, step->file.span, "name the file so",
                  "a test's rows stand in a .csv, .json or .ndjson file");
}
