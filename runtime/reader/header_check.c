/* The header of a file against the columns that the spec names. */
#include "runtime/reader/reader_internal.h"

#include "runtime/value/text.h"

struct str source_column_name(const struct plan_source_column *column) {
    return column->from.len ? column->from : column->name;
}

static uint32_t find_name(const struct str *names, uint32_t count, struct str wanted, uint32_t from) {
    wanted = text_trim(wanted);
    for (uint32_t i = from; i < count; i++)
        if (str_eq(text_trim(names[i]), wanted)) return i;
    return UINT32_MAX;
}

/* A header that reads as one name, where the spec has several columns, is of another delimiter. */
static void suggest_delimiter(const struct reader *reader, struct str header, struct diag *d,
                              struct diag_list *diags) {
    static const char *const signs[][2] = {{";", "';'"}, {",", "','"}, {"|", "'|'"}, {"\t", "\"\\t\""}};
    if (reader->source->format != SOURCE_CSV || reader->table->columns_count < 2 || header.len == 0) return;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (memchr(header.ptr, signs[i][0][0], header.len) == NULL) continue;
        diag_help(diags, d, "that is read as a single name: write `delimiter %s` behind the source's path",
                  signs[i][1]);
        return;
    }
}

/* One diagnostic for all columns that the file lacks. */
static void report_missing(struct reader *reader, const uint32_t *field_of, const struct str *names,
                           uint32_t count, struct str place, struct diag_list *diags) {
    const struct plan_source_table *table = reader->table;
    struct str *missing = ARENA_ARRAY(diags->arena, struct str, table->columns_count + 1);
    uint32_t missing_count = 0;
    for (uint32_t i = 0; i < table->columns_count; i++)
        if (field_of[i] == UINT32_MAX) missing[missing_count++] = source_column_name(&table->columns[i]);
    if (missing_count == 0) return;
    struct str list = list_names(diags->arena, missing, missing_count);
    struct diag *d =
        missing_count == 1
            ? reader_error(diags, X_MISSING_COLUMN, place, "there is no column %.*s", STR_ARG(list))
            : reader_error(diags, X_MISSING_COLUMN, place, "there are no columns %.*s", STR_ARG(list));
    for (uint32_t i = 0; i < table->columns_count; i++) {
        const struct plan_source_column *column = &table->columns[i];
        struct str close = field_of[i] == UINT32_MAX
                               ? diag_closest_name(source_column_name(column), names, count)
                               : (struct str){0};
        if (close.len == 0) continue;
        if (missing_count == 1)
            diag_help(diags, d, "did you mean `%.*s`? write it behind `from` of column `%.*s`",
                      STR_ARG(close), STR_ARG(column->name));
        else
            diag_help(diags, d, "for `%.*s`, did you mean `%.*s`? write it behind `from` of column `%.*s`",
                      STR_ARG(source_column_name(column)), STR_ARG(close), STR_ARG(column->name));
    }
    diag_help(diags, d, "the file has: %.*s", STR_ARG(list_names(diags->arena, names, count)));
    if (count == 1) suggest_delimiter(reader, names[0], d, diags);
}

static void note_unnamed(struct reader *reader, const struct str *names, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        bool known = text_trim(names[i]).len == 0;
        for (uint32_t c = 0; c < reader->table->columns_count && !known; c++)
            known = str_eq(text_trim(names[i]), text_trim(source_column_name(&reader->table->columns[c])));
        for (uint32_t u = 0; u < reader->unnamed.count && !known; u++)
            known = str_eq(names[i], reader->unnamed.items[u]);
        if (!known) VEC_PUSH(&reader->arena, &reader->unnamed, arena_copy_str(&reader->arena, names[i]));
    }
}

bool header_check(struct reader *reader, const struct str *names, uint32_t count, struct str place,
                  uint32_t *field_of, struct diag_list *diags) {
    bool good = true;
    for (uint32_t i = 0; i < reader->table->columns_count; i++) {
        const struct plan_source_column *column = &reader->table->columns[i];
        struct str wanted = source_column_name(column);
        field_of[i] = find_name(names, count, wanted, 0);
        if (field_of[i] == UINT32_MAX) {
            good = false;
            continue;
        }
        uint32_t again = find_name(names, count, wanted, field_of[i] + 1);
        if (again == UINT32_MAX) continue;
        struct diag *d = reader_error(diags, X_DUPLICATE_COLUMN, place,
                                      "column `%.*s` stands twice in the header, as field %u and field %u",
                                      STR_ARG(wanted), field_of[i] + 1, again + 1);
        diag_help(diags, d, "rename one of the two in the file, so that it is clear which is meant");
        good = false;
    }
    report_missing(reader, field_of, names, count, place, diags);
    if (good) note_unnamed(reader, names, count);
    return good;
}
