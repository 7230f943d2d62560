/* Codes from a csv file, read while compiling: the file is part of what the plan was made from. */
#include "compiler/check/decl.h"

#include "compiler/check/csv_text.h"
#include "compiler/check/expr.h"
#include "runtime/value/convert.h"
#include "runtime/value/text.h"
#include "runtime/value/zone.h"

bool codes_value_of_text(struct checker *checker, struct plan_type type, struct str text,
                         struct value *value) {
    if (type.kind == TYPE_ENUM) {
        const struct plan_enum *enumeration = &checker->builder->enums.items[type.ref];
        for (uint32_t i = 0; i < enumeration->labels_count; i++)
            if (str_eq(enumeration->labels[i].text, text)) {
                *value = (struct value){.kind = TYPE_ENUM, .as_int = i};
                return true;
            }
        return false;
    }
    struct zone_cache zones = {.arena = checker->arena};
    return value_parse(checker->arena, type.kind, text, &zones, value) == FAULT_NONE;
}

struct codes_file {
    struct compile *compile;
    struct checked_codes *codes;
    const struct ast_codes *ast;
    uint32_t *columns; /* of the file: for each key part, then the value */
    uint32_t width;
    struct name_index keys;
};

static bool codes_find_columns(struct codes_file *file, const struct csv_record *header) {
    struct checker *checker = &file->compile->checker;
    bool fine = true;
    for (uint32_t i = 0; i < file->width; i++) {
        struct ast_name wanted = file->ast->file_columns.items[i];
        bool found = false;
        for (uint32_t j = 0; j < header->fields.count && !found; j++) {
            found = str_eq(text_trim(header->fields.items[j]), wanted.text);
            if (found) file->columns[i] = j;
        }
        if (found) continue;
        struct diag *diag =
            diag_report(checker->diags, E_CODES_FILE, wanted.span, "`%.*s` has no column `%.*s`",
                        STR_ARG(file->ast->file.text), STR_ARG(wanted.text));
        decl_suggest(checker, diag, wanted, header->fields.items, header->fields.count);
        fine = false;
    }
    return fine;
}

static void codes_read_record(struct codes_file *file, const struct csv_record *record) {
    struct checker *checker = &file->compile->checker;
    uint32_t parts = file->codes->keys.count;
    struct value *values = ARENA_ARRAY(checker->arena, struct value, file->width);
    for (uint32_t i = 0; i < file->width; i++) {
        struct plan_type type = i < parts ? file->codes->keys.items[i] : file->codes->value;
        if (type.kind == TYPE_NONE) return;
        if (file->columns[i] >= record->fields.count) {
            struct diag *diag =
                diag_report(checker->diags, E_CODES_FILE, record->span,
                            "this line has %u fields, too few for the header", record->fields.count);
            diag_help(checker->diags, diag, "complete the line");
            return;
        }
        struct str text = record->fields.items[file->columns[i]];
        if (text.len == 0 && type.nullable) {
            values[i] = (struct value){.kind = TYPE_NULL};
            continue;
        }
        if (codes_value_of_text(checker, type, text, &values[i])) continue;
        struct diag *diag = diag_report(
            checker->diags, E_CODES_FILE, record->span, "`%.*s` in column `%.*s` is no %.*s", STR_ARG(text),
            STR_ARG(file->ast->file_columns.items[i].text), STR_ARG(type_to_text(checker, type)));
        diag_label(checker->diags, diag, file->ast->file.span, "the code table reads it here");
        if (type.kind == TYPE_ENUM) {
            const struct plan_enum *enumeration = &checker->builder->enums.items[type.ref];
            struct str *names = ARENA_ARRAY(checker->arena, struct str, enumeration->labels_count);
            for (uint32_t j = 0; j < enumeration->labels_count; j++)
                names[j] = enumeration->labels[j].text;
            decl_suggest(checker, diag, (struct ast_name){text, {0}}, names, enumeration->labels_count);
        } else {
            diag_help(checker->diags, diag, "correct the file, or change the table's type");
        }
        return;
    }
    codes_add_line(file->compile, file->codes, &file->keys, values, &values[parts], record->span);
}

void codes_read_file(struct compile *compile, struct checked_codes *codes, const struct ast_codes *ast) {
    struct checker *checker = &compile->checker;
    struct codes_file file = {.compile = compile,
                              .codes = codes,
                              .ast = ast,
                              .width = codes->keys.count + 1,
                              .keys = {.arena = checker->arena}};
    if (ast->file_columns.count != file.width) {
        struct diag *diag = diag_report(checker->diags, E_CODES_FILE, ast->file.span,
                                        "`%.*s` needs %u columns of the file, %u are named",
                                        STR_ARG(codes->name), file.width, ast->file_columns.count);
        diag_help(checker->diags, diag,
                  "name the columns of the key, then the one of the value: from 'file.csv' (old, new)");
        return;
    }
    const struct source_text *text =
        checker->files->read(checker->files->context, ast->file.text, ast->file.span, checker->diags);
    if (text == NULL) return;
    file.columns = ARENA_ARRAY(checker->arena, uint32_t, file.width);
    struct csv_cursor cursor = csv_start(checker->arena, text, ',');
    struct csv_record record;
    if (!csv_next(&cursor, &record)) {
        struct diag *diag = diag_report(checker->diags, E_CODES_FILE, ast->file.span, "`%.*s` is empty",
                                        STR_ARG(ast->file.text));
        diag_help(checker->diags, diag, "its first line names the columns");
        return;
    }
    if (!codes_find_columns(&file, &record)) return;
    for (uint32_t lines = 0; csv_next(&cursor, &record); lines++) {
        if (!decl_check_limit(checker, ast->file.span, lines, DECL_MAX_CODES, "codes")) return;
        if (record.open_quote) {
            record.span.end = record.span.start + 1;
            struct diag *diag = diag_report(checker->diags, E_CODES_FILE, record.span,
                                            "a quoted field of this line is never closed");
            diag_help(checker->diags, diag, "close it, or double the quotes inside a field");
            return;
        }
        if (!csv_is_blank(&record)) codes_read_record(&file, &record);
    }
}
