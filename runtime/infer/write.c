/* The draft as text, a line for each thing that may have to be taken out again. */
#include "runtime/infer/model.h"

#include "runtime/profile/personal.h"
#include "runtime/profile/report.h"

#include <stdarg.h>

enum { MOST_DECLARED = 80 };

struct writer {
    const struct infer_model *model;
    struct infer_text *text;
};

static void put_line(struct writer *w, struct infer_owner owner, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void put_line(struct writer *w, struct infer_owner owner, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(&w->text->out, format, args);
    va_end(args);
    buf_append_char(&w->text->out, '\n');
    VEC_PUSH(w->model->arena, &w->text->owners, owner);
}

static const struct infer_owner NOBODY = {OWNER_NONE, 0, 0};

/* A comment never holds a line break. */
static struct str one_line(const struct infer_model *model, struct str text) {
    struct str copy = arena_copy_str(model->arena, text);
    for (size_t i = 0; i < copy.len; i++)
        if ((unsigned char)copy.ptr[i] < ' ') ((char *)copy.ptr)[i] = ' ';
    return copy;
}

/* ---------------------------------------------------------------- sources */

static const char *format_name(const struct plan_source *source) {
    static const char *const NAMES[] = {"csv", "json", "ndjson", "xlsx", "dynamodb"};
    return NAMES[source->format];
}

static bool same_source(const struct infer_model *model, uint32_t a, uint32_t b) {
    return model->sources[a].profile->source == model->sources[b].profile->source;
}

/* `null …` of the source: spellings that any column has. */
static void put_nulls(struct writer *w, uint32_t first, struct buf *out) {
    const struct infer_model *model = w->model;
    uint64_t words[NULL_SPELLINGS] = {0}, empty = 0;
    bool any = false;
    for (uint32_t s = first; s < model->source_count; s++) {
        if (!same_source(model, s, first) || !model->sources[s].used) continue;
        for (uint32_t c = 0; c < model->sources[s].column_count; c++) {
            const struct column_profile *profile = model->sources[s].columns[c].profile;
            empty += profile->empty;
            for (uint32_t i = 0; i < NULL_SPELLINGS; i++)
                words[i] += profile->null_word_counts[i];
        }
    }
    for (uint32_t i = 0; i < NULL_SPELLINGS; i++)
        any = any || words[i];
    if (!any && empty == 0) return;
    buf_append_cstr(out, " null ''");
    for (uint32_t i = 0; i < NULL_SPELLINGS; i++)
        if (words[i])
            buf_printf(out, ", %.*s", STR_ARG(infer_literal(model->arena, str_cstr(NULL_SPELLING[i]))));
}

static void put_options(struct writer *w, uint32_t first, struct buf *out) {
    const struct infer_model *model = w->model;
    const struct plan_source *source = model->sources[first].profile->source;
    bool trims = false;
    if (source->rows.len) buf_printf(out, " rows %.*s", STR_ARG(infer_literal(model->arena, source->rows)));
    if (source->children.len)
        buf_printf(out, " children %.*s", STR_ARG(infer_literal(model->arena, source->children)));
    if (source->format != SOURCE_CSV && source->format != SOURCE_XLSX) return;
    if (source->format == SOURCE_CSV) {
        if (str_is(source->delimiter, "\t"))
            buf_append_cstr(out, " delimiter \"\\t\"");
        else if (!str_is(source->delimiter, ","))
            buf_printf(out, " delimiter '%.*s'", STR_ARG(source->delimiter));
        if (!source->header) buf_append_cstr(out, " header none");
        if (source->encoding.len) buf_printf(out, " encoding '%.*s'", STR_ARG(source->encoding));
    }
    for (uint32_t s = first; s < model->source_count; s++)
        trims = trims || (same_source(model, s, first) && model->sources[s].used && model->sources[s].trims);
    put_nulls(w, first, out);
    if (trims) buf_append_cstr(out, " trim");
}

static struct str column_remark(const struct infer_model *model, const struct infer_source *source,
                                const struct infer_column *column, bool wanted) {
    struct arena *arena = model->arena;
    const struct guess *type = column_type(column->profile);
    enum type_kind kind = infer_declared_kind(source, column);
    struct buf out = {0};
    if (column->profile->values == 0) buf_append_cstr(&out, "; there are no values");
    if (type->other_pattern.len && kind != TYPE_TEXT)
        buf_printf(&out, "; day and month cannot be told apart, '%.*s' fits as well",
                   STR_ARG(type->other_pattern));
    if (kind != TYPE_TEXT && type->share < 1)
        buf_printf(&out, "; %.*s of the values are of this type", STR_ARG(report_share(arena, type->share)));
    if (type->kind == GUESS_TEXT && column->profile->guesser.leading_zeros)
        buf_append_cstr(&out, "; leading zeros, so no number");
    if (column->profile->personal)
        buf_printf(&out, "; personal: %s", personal_kind_name(column->profile->personal));
    if (!wanted && !column->used) buf_append_cstr(&out, "; no target column found");
    struct str text =
        out.len ? arena_printf(arena, "  -- guessed: %.*s", (int)out.len - 2, out.ptr + 2) : STR("");
    buf_release(&out);
    return text;
}

static void put_column(struct writer *w, uint32_t s, uint32_t c) {
    const struct infer_model *model = w->model;
    const struct infer_source *source = &model->sources[s];
    const struct infer_column *column = &source->columns[c];
    const struct column_profile *profile = column->profile;
    const struct infer_owner owner = {OWNER_SOURCE_COLUMN, s, c};
    struct buf line = {0};
    enum type_kind kind = infer_declared_kind(source, column);
    const struct guess *type = column_type(profile);
    if (column->dropped) {
        put_line(w, owner, "    -- guessed: `%.*s` is left out: it does not compile",
                 STR_ARG(one_line(model, profile->from)));
        return;
    }
    buf_printf(&line, "    %.*s %.*s", STR_ARG(profile->name),
               STR_ARG(infer_declared_type(model, source, column)));
    if (profile->from.len && !str_eq(profile->from, profile->name))
        buf_printf(&line, " from %.*s", STR_ARG(infer_literal(model->arena, profile->from)));
    if (type->pattern.len && (kind == TYPE_DATE || kind == TYPE_TIMESTAMP))
        buf_printf(&line, " format '%.*s'", STR_ARG(type->pattern));
    if (profile->personal) buf_append_cstr(&line, " pii");
    struct str remark = column_remark(model, source, column, model->schema == NULL);
    put_line(w, owner, "%.*s%.*s", STR_ARG(buf_str(&line)), STR_ARG(remark));
    buf_release(&line);
}

static void put_columns(struct writer *w, uint32_t s) {
    const struct infer_source *source = &w->model->sources[s];
    bool many = w->model->schema && source->column_count > MOST_DECLARED;
    uint32_t left_out = 0;
    for (uint32_t c = 0; c < source->column_count; c++) {
        if (many && !source->columns[c].used) {
            left_out++;
            continue;
        }
        put_column(w, s, c);
    }
    if (left_out)
        put_line(w, NOBODY, "    -- guessed: no target column found for %u more; `mig profile` lists them",
                 left_out);
}

static void put_source(struct writer *w, uint32_t first) {
    const struct infer_model *model = w->model;
    const struct plan_source *source = model->sources[first].profile->source;
    struct buf options = {0};
    put_options(w, first, &options);
    put_line(w, NOBODY, "source %.*s : %s %.*s%.*s {", STR_ARG(model->sources[first].base),
             format_name(source), STR_ARG(infer_literal(model->arena, source->location)),
             STR_ARG(buf_str(&options)));
    buf_release(&options);
    if (source->format != SOURCE_XLSX) {
        put_columns(w, first);
    } else {
        for (uint32_t s = first; s < model->source_count; s++) {
            const struct plan_source_table *table = model->sources[s].profile->table;
            if (!same_source(model, s, first) || !model->sources[s].used) continue;
            put_line(w, NOBODY, "  sheet %.*s %.*s header row %u {", STR_ARG(table->name),
                     STR_ARG(infer_literal(model->arena, table->title)), table->header_row);
            put_columns(w, s);
            put_line(w, NOBODY, "  }");
        }
    }
    put_line(w, NOBODY, "}");
    put_line(w, NOBODY, "%s", "");
}

static void put_sources(struct writer *w) {
    const struct infer_model *model = w->model;
    for (uint32_t s = 0; s < model->source_count; s++) {
        bool first = model->sources[s].used;
        for (uint32_t before = 0; before < s; before++)
            if (model->sources[before].used && same_source(model, s, before)) first = false;
        if (first) put_source(w, s);
    }
    if (model->schema && !infer_has_map(model))
        put_line(w, NOBODY, "%s",
                 "-- guessed: no table of the target is near enough to these sources: the maps are yours");
    for (uint32_t s = 0; s < model->source_count; s++)
        if (!model->sources[s].used)
            put_line(w, NOBODY, "-- guessed: `%.*s` (%llu rows, %u columns) feeds no table of the target",
                     STR_ARG(model->sources[s].profile->name),
                     (unsigned long long)model->sources[s].profile->rows, model->sources[s].column_count);
}

/* ---------------------------------------------------------------- target, codes */

static bool is_written(const struct infer_table *table) {
    return table->source != INFER_NONE && !table->dropped;
}

static struct str table_name(const struct infer_model *model, const struct schema_table *table) {
    if (str_is(table->schema, "public"))
        return arena_printf(model->arena, "%.*s.%.*s", STR_ARG(model->target),
                            STR_ARG(infer_name_of(model->arena, table->name)));
    return arena_printf(model->arena, "%.*s.%.*s.%.*s", STR_ARG(model->target),
                        STR_ARG(infer_name_of(model->arena, table->schema)),
                        STR_ARG(infer_name_of(model->arena, table->name)));
}

static void put_personal(struct writer *w) {
    for (uint32_t t = 0; t < w->model->table_count; t++) {
        const struct infer_table *table = &w->model->tables[t];
        struct buf list = {0};
        for (uint32_t c = 0; is_written(table) && c < table->table->columns.count; c++)
            if (table->values[c].personal)
                buf_printf(&list, "%s%.*s", list.len ? ", " : "",
                           STR_ARG(infer_name_of(w->model->arena, table->table->columns.items[c].name)));
        if (list.len)
            put_line(w, NOBODY,
                     "pii %.*s (%.*s)  -- guessed: they take values from columns that seem to be personal",
                     STR_ARG(table_name(w->model, table->table)), STR_ARG(buf_str(&list)));
        buf_release(&list);
    }
}

static void put_target(struct writer *w) {
    const struct infer_model *model = w->model;
    struct str env = arena_copy_str(model->arena, model->target);
    for (size_t i = 0; i < env.len; i++)
        if (env.ptr[i] >= 'a' && env.ptr[i] <= 'z') ((char *)env.ptr)[i] -= 32;
    put_line(w, NOBODY, "%s", "");
    put_line(w, NOBODY, "target %.*s : postgres env '%.*s_URL' schema %.*s", STR_ARG(model->target),
             STR_ARG(env), STR_ARG(infer_literal(model->arena, model->request->ddl_path)));
    put_line(w, NOBODY, "%s", "");
    put_personal(w);
    put_line(w, NOBODY, "%s", "");
}

static void put_codes_line(struct writer *w, struct infer_owner owner, const struct infer_codes *codes,
                           int label, struct str name) {
    struct buf line = {0};
    for (uint32_t i = 0; i < codes->count; i++)
        if (codes->labels[i] == label)
            buf_printf(&line, "%s%.*s", line.len ? ", " : "",
                       STR_ARG(infer_literal(w->model->arena, codes->values[i])));
    if (line.len)
        put_line(w, owner, "  %.*s => %.*s", STR_ARG(buf_str(&line)),
                 STR_ARG(infer_literal(w->model->arena, name)));
    buf_release(&line);
}

static void put_codes(struct writer *w, uint32_t t, uint32_t c) {
    const struct infer_model *model = w->model;
    const struct infer_table *table = &model->tables[t];
    const struct schema_enum *labels = table->table->columns.items[c].type.enumeration;
    const struct infer_owner owner = {OWNER_VALUE, t, c};
    struct infer_codes codes;
    const struct column_profile *profile =
        model->sources[table->source].columns[table->values[c].column].profile;
    if (!infer_codes_make(model->arena, profile, labels->labels.items, labels->labels.count, &codes)) return;
    put_line(w, owner,
             "-- guessed: by what the values and labels have in common; %.*s of the rows are covered",
             STR_ARG(report_share(model->arena, codes.share)));
    for (uint32_t i = 0; i < codes.count; i++)
        if (codes.labels[i] < 0)
            put_line(
                w, owner, "-- guessed: no label is like %.*s, so %llu row%s rejected",
                STR_ARG(one_line(
                    model, infer_literal(model->arena, profile->personal ? STR("***") : codes.values[i]))),
                (unsigned long long)codes.counts[i], codes.counts[i] == 1 ? " is" : "s are");
    put_line(w, owner, "codes %.*s : text -> %.*s.%.*s {", STR_ARG(infer_codes_name(model, t, c)),
             STR_ARG(model->target), STR_ARG(labels->name));
    for (uint32_t l = 0; l < labels->labels.count; l++)
        put_codes_line(w, owner, &codes, (int)l, labels->labels.items[l]);
    put_line(w, owner, "}");
    put_line(w, NOBODY, "%s", "");
}

static void put_all_codes(struct writer *w) {
    for (uint32_t t = 0; t < w->model->table_count; t++)
        for (uint32_t c = 0; is_written(&w->model->tables[t]) && c < w->model->tables[t].table->columns.count;
             c++)
            if (w->model->tables[t].values[c].origin == ORIGIN_COLUMN &&
                w->model->tables[t].table->columns.items[c].type.kind == TYPE_ENUM)
                put_codes(w, t, c);
}

/* ---------------------------------------------------------------- maps */

static struct str why_of(const struct infer_model *model, const struct infer_table *table, uint32_t c,
                         struct str remark) {
    const struct infer_value *value = &table->values[c];
    struct arena *arena = model->arena;
    struct str why = value->why;
    switch (value->origin) {
    case ORIGIN_COLUMN:
        if (why.len == 0 && value->score < 0.93)
            why = arena_printf(arena, "by name and values, %.2f of 1", value->score);
        break;
    case ORIGIN_REFERENCE:
        why = arena_printf(arena,
                           value->partial ? "%.*s of the values are keys of `%.*s`; others refer elsewhere"
                                          : "%.*s of the values are keys of `%.*s`",
                           STR_ARG(report_share(arena, value->contained)),
                           STR_ARG(model->tables[value->table].map));
        break;
    case ORIGIN_PARENT: why = STR("the row above"); break;
    case ORIGIN_LOOKUP: why = STR("no source fills that table: its rows are found in the target"); break;
    case ORIGIN_THROUGH: why = STR("the same column of the row it refers to"); break;
    case ORIGIN_ELEMENT:
        if (value->table != INFER_NONE)
            why = arena_printf(arena, "by name only: look whether elements are keys of `%.*s`",
                               STR_ARG(model->tables[value->table].map));
        break;
    case ORIGIN_UUID:
        if (infer_key(model, table).len == 0)
            why =
                STR("no column identifies a row, so its number does: another order of rows gives other ids");
        break;
    case ORIGIN_ROW: why = STR("REVIEW: no source column found; the row's number"); break;
    case ORIGIN_INVENTED:
        why = STR("REVIEW: no source column found, and the column must have a value");
        break;
    case ORIGIN_NOTHING: break;
    }
    if (remark.len) why = why.len ? arena_printf(arena, "%.*s; %.*s", STR_ARG(why), STR_ARG(remark)) : remark;
    return why;
}

static void put_value(struct writer *w, uint32_t t, uint32_t c) {
    const struct infer_model *model = w->model;
    const struct infer_table *table = &model->tables[t];
    const struct schema_column *column = &table->table->columns.items[c];
    struct str expression, remark;
    bool nullable;
    if (!infer_expression(model, t, c, &expression, &nullable, &remark)) return;
    struct str why = why_of(model, table, c, remark), handler = STR("");
    if (nullable && column->not_null) {
        const struct infer_value *value = &table->values[c];
        bool named = value->origin == ORIGIN_COLUMN || (value->origin == ORIGIN_REFERENCE && !value->partial);
        struct str what = STR("no value for ");
        what = named
                   ? arena_printf(model->arena, "no `%.*s`",
                                  STR_ARG(model->sources[table->source].columns[value->column].profile->name))
                   : arena_printf(model->arena, "%.*s%.*s", STR_ARG(what), STR_ARG(column->name));
        handler =
            arena_printf(model->arena, "  on null reject %.*s", STR_ARG(infer_literal(model->arena, what)));
    }
    const struct infer_owner owner = {OWNER_VALUE, t, c};
    bool long_line = column->name.len + expression.len + handler.len + why.len > 100;
    if (why.len && long_line) put_line(w, owner, "  -- guessed: %.*s", STR_ARG(why));
    put_line(w, owner, "  %.*s = %.*s%.*s%s%.*s", STR_ARG(infer_name_of(model->arena, column->name)),
             STR_ARG(expression), STR_ARG(handler), why.len && !long_line ? "  -- guessed: " : "",
             STR_ARG(long_line ? STR("") : why));
}

static void put_lookups(struct writer *w, uint32_t t) {
    const struct infer_model *model = w->model;
    const struct infer_table *table = &model->tables[t];
    const struct infer_source *source = &model->sources[table->source];
    for (uint32_t c = 0; c < table->table->columns.count; c++) {
        const struct infer_value *value = &table->values[c];
        if (value->origin != ORIGIN_LOOKUP) continue;
        const struct schema_table *parent = model->tables[value->table].table;
        struct str name =
            arena_printf(model->arena, "found_%.*s",
                         STR_ARG(words_identifier(model->arena, table->table->columns.items[c].name, "row")));
        put_line(w, (struct infer_owner){OWNER_VALUE, t, c},
                 "  left lookup %.*s in %.*s on plain(%.*s.%.*s) == plain(%.*s.%.*s)", STR_ARG(name),
                 STR_ARG(table_name(model, parent)), STR_ARG(name),
                 STR_ARG(infer_name_of(model->arena, parent->columns.items[value->through[0]].name)),
                 STR_ARG(source->alias), STR_ARG(source->columns[value->column].profile->name));
    }
}

/* `ignored …` for nullable columns without a value. */
static void put_ignored(struct writer *w, uint32_t t) {
    const struct infer_table *table = &w->model->tables[t];
    struct buf list = {0}, defaults = {0};
    for (uint32_t c = 0; c < table->table->columns.count; c++) {
        const struct schema_column *column = &table->table->columns.items[c];
        if (table->values[c].origin != ORIGIN_NOTHING || column->generated || column->identity) continue;
        struct buf *to = column->has_default ? &defaults : &list;
        buf_printf(to, "%s%.*s", to->len ? ", " : "", STR_ARG(infer_name_of(w->model->arena, column->name)));
    }
    if (defaults.len)
        put_line(w, (struct infer_owner){OWNER_MAP, t, 0},
                 "  -- guessed: no source column found, the target's defaults stand: %.*s",
                 STR_ARG(buf_str(&defaults)));
    if (list.len)
        put_line(w, (struct infer_owner){OWNER_MAP, t, 0}, "  ignored %.*s because 'no source column found'",
                 STR_ARG(buf_str(&list)));
    buf_release(&list);
    buf_release(&defaults);
}

static bool repeats(const struct infer_model *model, const struct infer_table *table) {
    if (table->derived) return true;
    return table->key_count == 1 &&
           !column_is_unique(model->sources[table->source].columns[table->keys[0]].profile);
}

static void put_map(struct writer *w, uint32_t t) {
    const struct infer_model *model = w->model;
    const struct infer_table *table = &model->tables[t];
    const struct infer_source *source = &model->sources[table->source];
    const struct infer_owner map = {OWNER_MAP, t, 0}, key_owner = {OWNER_KEY, t, 0};
    struct str key = infer_key(model, table);
    if (table->derived)
        put_line(w, NOBODY, "-- guessed: no file of its own; made from a column that repeats in `%.*s`",
                 STR_ARG(source->name));
    else if (table->source_score < 0.8)
        put_line(w, NOBODY, "-- guessed: `%.*s` fits this table best, %.2f of 1", STR_ARG(source->name),
                 table->source_score);
    put_line(w, map, "map %.*s", STR_ARG(table->map));
    put_line(w, map, "  from %.*s in %.*s", STR_ARG(source->alias), STR_ARG(source->name));
    uint32_t element = infer_element_of(table);
    if (element != INFER_NONE)
        put_line(w, map, "  each element in %.*s.%.*s  -- guessed: by name, %.2f of 1",
                 STR_ARG(source->alias),
                 STR_ARG(source->columns[table->values[element].column].profile->name),
                 table->values[element].score);
    put_line(w, map, "  into %.*s", STR_ARG(table_name(model, table->table)));
    put_lookups(w, t);
    if (key.len && repeats(model, table))
        put_line(w, key_owner, "  unique by %.*s keep first  -- guessed: values repeat; the first row stands",
                 STR_ARG(key));
    if (key.len)
        put_line(w, key_owner, "  key %.*s%s", STR_ARG(key),
                 table->key_folded
                     ? "  -- guessed: written in different ways, so case and white space do not count"
                     : "");
    put_line(w, map, "  tolerance 100%%  -- guessed: so that a first run ends; lower it");
    put_line(w, map, "{");
    for (uint32_t c = 0; c < table->table->columns.count; c++)
        put_value(w, t, c);
    put_ignored(w, t);
    put_line(w, map, "}");
    put_line(w, NOBODY, "%s", "");
}

/* ---------------------------------------------------------------- without a target */

static void put_files(struct writer *w) {
    const struct infer_model *model = w->model;
    for (uint32_t s = 0; s < model->source_count; s++) {
        const struct infer_source *source = &model->sources[s];
        struct buf name = {0}, personal = {0};
        bool any = false;
        buf_printf(&name, "%.*s", STR_ARG(source->name));
        for (size_t i = 0; i < name.len; i++)
            if (name.ptr[i] == '.') name.ptr[i] = '_';
        for (uint32_t c = 0; c < source->column_count; c++)
            if (source->columns[c].profile->personal && !source->columns[c].dropped)
                buf_printf(&personal, "%s%.*s", personal.len ? ", " : "",
                           STR_ARG(source->columns[c].profile->name));
        for (uint32_t c = 0; c < source->column_count; c++)
            any = any || !source->columns[c].dropped;
        if (any) {
            if (personal.len)
                put_line(w, NOBODY, "pii file_%.*s (%.*s)", STR_ARG(buf_str(&name)),
                         STR_ARG(buf_str(&personal)));
            put_line(w, NOBODY, "map file_%.*s", STR_ARG(buf_str(&name)));
            put_line(w, NOBODY, "  from %.*s in %.*s", STR_ARG(source->alias), STR_ARG(source->name));
            put_line(w, NOBODY, "  into csv '%.*s.csv'", STR_ARG(buf_str(&name)));
            put_line(w, NOBODY, "  tolerance 100%%  -- guessed: so that a first run ends; lower it");
            put_line(w, NOBODY, "{");
            for (uint32_t c = 0; c < source->column_count; c++) {
                const struct column_profile *profile = source->columns[c].profile;
                enum type_kind kind = infer_declared_kind(source, &source->columns[c]);
                if (source->columns[c].dropped) continue;
                put_line(w, (struct infer_owner){OWNER_SOURCE_COLUMN, s, c},
                         kind == TYPE_JSON ? "  %.*s = json_text(%.*s.%.*s)" : "  %.*s = %.*s.%.*s",
                         STR_ARG(profile->name), STR_ARG(source->alias), STR_ARG(profile->name));
            }
            put_line(w, NOBODY, "}");
            put_line(w, NOBODY, "%s", "");
        }
        buf_release(&name);
        buf_release(&personal);
    }
}

/* ---------------------------------------------------------------- the whole */

static void put_head(struct writer *w) {
    const struct infer_model *model = w->model;
    put_line(
        w, NOBODY,
        "-- A draft: what it says was found in the data, and every line that says `guessed` wants a look.");
    for (uint32_t i = 0; i < model->request->note_count; i++)
        put_line(w, NOBODY, "-- guessed: %.*s", STR_ARG(one_line(model, model->request->notes[i])));
    put_line(w, NOBODY, "migration %.*s version 1", STR_ARG(model->request->name));
    put_line(w, NOBODY, "%s", "");
}

static void put_unmapped(struct writer *w) {
    for (uint32_t t = 0; t < w->model->table_count; t++) {
        const struct infer_table *table = &w->model->tables[t];
        if (is_written(table) || table->table->is_view) continue;
        struct str why = table->why.len ? table->why : STR("no source fits it");
        if (table->why.len == 0 && table->nearest != INFER_NONE)
            why = arena_printf(w->model->arena, "no source fits it; `%.*s` comes nearest, %.2f of 1",
                               STR_ARG(w->model->sources[table->nearest].name), table->nearest_score);
        put_line(w, NOBODY, "-- guessed: no map for `%.*s`: %.*s", STR_ARG(table->table->name), STR_ARG(why));
    }
}

void infer_write(const struct infer_model *model, struct infer_text *text) {
    struct writer w = {.model = model, .text = text};
    put_head(&w);
    put_sources(&w);
    if (model->schema == NULL) {
        put_files(&w);
        return;
    }
    put_target(&w);
    put_all_codes(&w);
    size_t at = text->out.len;
    for (uint32_t t = 0; t < model->table_count; t++)
        if (is_written(&model->tables[t])) put_map(&w, t);
    put_unmapped(&w);
    /* The function is declared where something calls it. */
    if (memmem(text->out.ptr + at, text->out.len - at, "plain(", 6) == NULL) return;
    put_line(&w, NOBODY, "%s", "");
    put_line(&w, NOBODY, "-- As people write keys: case and white space do not count.");
    put_line(&w, NOBODY, "fn plain(x text) text = squeeze(fold(trim(x)))");
}
