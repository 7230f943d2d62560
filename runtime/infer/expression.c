/* The expressions of a draft: source columns converted to what target columns take. */
#include "runtime/infer/model.h"

#include <ctype.h>
#include <unicode/ucal.h>

struct str infer_literal(struct arena *arena, struct str text) {
    struct buf out = {0};
    bool plain = true;
    for (size_t i = 0; i < text.len; i++)
        plain = plain && (unsigned char)text.ptr[i] >= ' ';
    buf_append_char(&out, plain ? '\'' : '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (plain) {
            if (c == '\'') buf_append_char(&out, c);
            buf_append_char(&out, c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            buf_append_cstr(&out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (strchr("\\\"{}", c)) {
            buf_printf(&out, "\\%c", c);
        } else if ((unsigned char)c < ' ') {
            buf_printf(&out, "\\u{%X}", (unsigned)c);
        } else {
            buf_append_char(&out, c);
        }
    }
    buf_append_char(&out, plain ? '\'' : '"');
    struct str literal = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return literal;
}

struct str infer_name_of(struct arena *arena, struct str name) {
    static const char *const RESERVED[] = {"and",    "or",   "not",   "null", "true",     "false",   "if",
                                           "then",   "else", "match", "in",   "is",       "when",    "skip",
                                           "reject", "warn", "fail",  "let",  "validate", "ignored", "on"};
    bool plain = name.len > 0 && !isdigit((unsigned char)name.ptr[0]);
    for (size_t i = 0; i < name.len; i++)
        plain = plain && (isalnum((unsigned char)name.ptr[i]) || name.ptr[i] == '_');
    for (size_t i = 0; plain && i < sizeof RESERVED / sizeof *RESERVED; i++)
        plain = !str_is(name, RESERVED[i]);
    return plain ? name : arena_printf(arena, "`%.*s`", STR_ARG(name));
}

/* ---------------------------------------------------------------- how columns are declared */

static bool keeps_empty(const struct infer_source *source, const struct column_profile *profile) {
    uint8_t format = source->profile->source->format;
    return format != SOURCE_CSV && format != SOURCE_XLSX && profile->empty + profile->blank > 0;
}

enum type_kind infer_declared_kind(const struct infer_source *source, const struct infer_column *column) {
    const struct plan_source_column *found = &source->profile->table->columns[column - source->columns];
    if (found->type.kind == TYPE_JSON || found->type.kind == TYPE_ARRAY) return found->type.kind;
    if (column->as_text || keeps_empty(source, column->profile)) return TYPE_TEXT;
    switch (column_type(column->profile)->kind) {
    case GUESS_INT: return TYPE_INT;
    case GUESS_DECIMAL: return TYPE_DECIMAL;
    case GUESS_BOOL: return TYPE_BOOL;
    case GUESS_DATE: return TYPE_DATE;
    case GUESS_TIMESTAMP: return TYPE_TIMESTAMP;
    case GUESS_TIMESTAMPTZ: return TYPE_TIMESTAMPTZ;
    case GUESS_TIME: return TYPE_TIME;
    case GUESS_UUID: return TYPE_UUID;
    default: return TYPE_TEXT;
    }
}

struct str infer_declared_type(const struct infer_model *model, const struct infer_source *source,
                               const struct infer_column *column) {
    static const char *const NAMES[] = {
        [TYPE_INT] = "int",   [TYPE_DECIMAL] = "decimal",     [TYPE_BOOL] = "bool",
        [TYPE_DATE] = "date", [TYPE_TIMESTAMP] = "timestamp", [TYPE_TIMESTAMPTZ] = "timestamptz",
        [TYPE_TIME] = "time", [TYPE_UUID] = "uuid",           [TYPE_JSON] = "json",
        [TYPE_TEXT] = "text"};
    enum type_kind kind = infer_declared_kind(source, column);
    const char *null = column->nullable ? "?" : "";
    if (kind == TYPE_ARRAY) {
        const struct plan_source_column *found = &source->profile->table->columns[column - source->columns];
        return arena_printf(model->arena, "%s[]%s", found->type.element == TYPE_TEXT ? "text" : "json", null);
    }
    return arena_printf(model->arena, "%s%s", NAMES[kind], null);
}

/* Columns that are keys, references, codes or texts are read as they are written. */
void infer_settle_columns(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        struct infer_table *table = &model->tables[t];
        if (table->source == INFER_NONE || table->dropped) continue;
        struct infer_source *source = &model->sources[table->source];
        source->used = true;
        for (uint32_t k = 0; k < table->key_count; k++) {
            source->columns[table->keys[k]].used = true;
            if (table->key_text && table->key_count == 1) source->columns[table->keys[k]].as_text = true;
        }
        for (uint32_t c = 0; c < table->table->columns.count; c++) {
            const struct infer_value *value = &table->values[c];
            enum type_kind kind = table->table->columns.items[c].type.kind;
            if (value->origin == ORIGIN_ELEMENT) source->columns[value->column].used = true;
            if (value->origin != ORIGIN_COLUMN && value->origin != ORIGIN_REFERENCE &&
                value->origin != ORIGIN_LOOKUP)
                continue;
            struct infer_column *column = &source->columns[value->column];
            column->used = true;
            if (value->origin == ORIGIN_LOOKUP ||
                (value->origin == ORIGIN_COLUMN && (kind == TYPE_TEXT || kind == TYPE_ENUM)))
                column->as_text = true;
            if (value->origin == ORIGIN_REFERENCE && model->tables[value->table].key_text)
                column->as_text = true;
        }
    }
}

/* ---------------------------------------------------------------- references to columns */

/* Rows below others take from the top what only top rows have. */
static struct str column_reference(const struct infer_model *model, const struct infer_source *source,
                                   uint32_t column) {
    const struct column_profile *profile = source->columns[column].profile;
    bool at_top =
        profile->child_rows > 0 && profile->child_nulls == profile->child_rows && profile->values > 0;
    return arena_printf(model->arena, "%.*s.%s%.*s", STR_ARG(source->alias), at_top ? "root." : "",
                        STR_ARG(profile->name));
}

static bool reference_nullable(const struct infer_source *source, uint32_t column) {
    return source->columns[column].nullable;
}

/* A part of a key: people write the same key in many ways. */
static struct str key_part(const struct infer_model *model, const struct infer_source *source,
                           uint32_t column, bool folded) {
    struct str ref = column_reference(model, source, column);
    if (infer_declared_kind(source, &source->columns[column]) != TYPE_TEXT || !folded) return ref;
    return arena_printf(model->arena, "plain(%.*s)", STR_ARG(ref));
}

struct str infer_key(const struct infer_model *model, const struct infer_table *table) {
    struct str key = STR("");
    if (table->key_dropped) return key;
    for (uint32_t k = 0; k < table->key_count; k++) {
        struct str part = key_part(model, &model->sources[table->source], table->keys[k], table->key_folded);
        key = arena_printf(model->arena, "%.*s%s%.*s", STR_ARG(key), k ? ", " : "", STR_ARG(part));
    }
    return key;
}

struct str infer_codes_name(const struct infer_model *model, uint32_t table, uint32_t column) {
    const struct infer_table *t = &model->tables[table];
    return arena_printf(
        model->arena, "%.*s_%.*s", STR_ARG(t->map),
        STR_ARG(words_identifier(model->arena, t->table->columns.items[column].name, "code")));
}

/* ---------------------------------------------------------------- conversions */

/* An IANA zone whose city the name holds: `Due (Sydney time)`. Empty: none. */
static struct str zone_in(const struct infer_model *model, struct str name) {
    UErrorCode error = U_ZERO_ERROR;
    struct words words = words_split(model->arena, name);
    UEnumeration *zones = ucal_openTimeZones(&error);
    struct str found = STR("");
    const char *id;
    int32_t len;
    while (U_SUCCESS(error) && found.len == 0 && (id = uenum_next(zones, &len, &error)) != NULL) {
        const char *city = strrchr(id, '/');
        if (city == NULL || strchr(id, '/') != city || strlen(city) < 5) continue;
        if (strncmp(id, "Etc/", 4) == 0 || strncmp(id, "SystemV/", 8) == 0) continue;
        struct words of = words_split(model->arena, str_cstr(city + 1));
        for (uint32_t i = 0; of.count == 1 && i < words.count; i++)
            if (str_eq(words.word[i], of.word[0]))
                found = arena_copy_str(model->arena, str_from(id, (size_t)len));
    }
    if (zones) uenum_close(zones);
    return found;
}

struct conversion {
    const struct infer_model *model;
    const struct infer_source *source;
    const struct column_profile *profile;
    struct str ref; /* the column */
    enum type_kind from, to;
    const struct schema_column *column;
    struct str remark;
};

static struct str call(struct conversion *c, const char *name, struct str argument) {
    return arena_printf(c->model->arena, "%s(%.*s)", name, STR_ARG(argument));
}

static struct str trimmed(struct conversion *c) {
    if (keeps_empty(c->source, c->profile)) {
        struct str filled = call(c, "blank_to_null", c->ref);
        return c->profile->padded ? call(c, "trim", filled) : filled;
    }
    return c->source->trims || c->profile->padded == 0 ? c->ref : call(c, "trim", c->ref);
}

static struct str zone_of(struct conversion *c) {
    struct str zone = zone_in(c->model, c->profile->from.len ? c->profile->from : c->profile->name);
    c->remark =
        zone.len ? STR("the zone is read from the column's name") : STR("no zone is known; UTC is taken");
    return zone.len ? zone : STR("UTC");
}

static struct str number_of(struct conversion *c, const struct guess *guess) {
    struct arena *arena = c->model->arena;
    struct str text = trimmed(c);
    if (guess->kind == GUESS_DECIMAL_GROUPS) {
        if (c->profile->guesser.currency)
            text = arena_printf(arena, "regex_replace(%.*s, '', '[^0-9.+-]')", STR_ARG(text));
        else
            text = arena_printf(arena, "replace(%.*s, ',', '')", STR_ARG(text));
    } else if (guess->kind == GUESS_DECIMAL_COMMA) {
        text = arena_printf(arena, "replace(%.*s, ',', '.')", STR_ARG(text));
        c->remark = STR("commas are taken for decimal points");
    }
    return call(c, guess->kind == GUESS_INT && c->to == TYPE_INT ? "int" : "decimal", text);
}

/* Text, read as the type that the values look like. */
static struct str parsed(struct conversion *c, enum type_kind *kind) {
    struct arena *arena = c->model->arena;
    const struct guess *guess = infer_guess_for(c->profile, c->to);
    static const struct {
        enum guess_kind guess;
        enum type_kind type;
        const char *function;
    } READERS[] = {{GUESS_DATE, TYPE_DATE, "date"},
                   {GUESS_TIMESTAMP, TYPE_TIMESTAMP, "timestamp"},
                   {GUESS_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, "timestamptz"},
                   {GUESS_TIME, TYPE_TIME, "time"},
                   {GUESS_UUID, TYPE_UUID, "uuid"},
                   {GUESS_BOOL, TYPE_BOOL, "bool"},
                   {GUESS_JSON, TYPE_JSON, "json"}};
    *kind = TYPE_TEXT;
    if (guess == NULL && c->to == TYPE_BOOL) {
        *kind = TYPE_BOOL;
        return call(c, "bool", trimmed(c));
    }
    if (guess == NULL) return trimmed(c);
    for (size_t i = 0; i < sizeof READERS / sizeof *READERS; i++) {
        if (READERS[i].guess != guess->kind) continue;
        *kind = READERS[i].type;
        if (guess->pattern.len == 0) return call(c, READERS[i].function, trimmed(c));
        return arena_printf(arena, "%s(%.*s, '%.*s')", READERS[i].function, STR_ARG(trimmed(c)),
                            STR_ARG(guess->pattern));
    }
    *kind = guess->kind == GUESS_INT && c->to == TYPE_INT ? TYPE_INT : TYPE_DECIMAL;
    struct str number = number_of(c, guess);
    if (*kind == TYPE_INT) return number;
    return number;
}

/* One type as another one. */
static struct str widened(struct conversion *c, struct str x, enum type_kind from) {
    struct arena *arena = c->model->arena;
    if (from == c->to) return x;
    switch (c->to) {
    case TYPE_DATE:
        if (from == TYPE_TIMESTAMP) return call(c, "date_of", x);
        if (from == TYPE_TIMESTAMPTZ)
            return arena_printf(arena, "date_at(%.*s, '%.*s')", STR_ARG(x), STR_ARG(zone_of(c)));
        break;
    case TYPE_TIMESTAMP:
        if (from == TYPE_DATE) return call(c, "timestamp", x);
        if (from == TYPE_TIMESTAMPTZ)
            return arena_printf(arena, "timestamp_at(%.*s, '%.*s')", STR_ARG(x), STR_ARG(zone_of(c)));
        break;
    case TYPE_TIMESTAMPTZ:
        if (from == TYPE_INT) return call(c, "from_epoch", x);
        if (from == TYPE_DATE) x = call(c, "timestamp", x);
        if (from == TYPE_DATE || from == TYPE_TIMESTAMP)
            return arena_printf(arena, "at_zone(%.*s, '%.*s')", STR_ARG(x), STR_ARG(zone_of(c)));
        break;
    case TYPE_INT:
        if (from == TYPE_DECIMAL) return call(c, "int", x);
        break;
    case TYPE_FLOAT:
        if (from == TYPE_INT || from == TYPE_DECIMAL) return call(c, "float", x);
        break;
    case TYPE_BOOL:
        if (from == TYPE_INT) return arena_printf(arena, "%.*s == 1", STR_ARG(x));
        break;
    default: break;
    }
    return x;
}

static struct str rounded(struct conversion *c, struct str x, enum type_kind from) {
    const struct schema_type *type = &c->column->type;
    if (c->to != TYPE_DECIMAL || from != TYPE_DECIMAL || type->precision == 0) return x;
    if ((int32_t)c->profile->guesser.digits_after <= type->scale) return x;
    c->remark = arena_printf(c->model->arena, "rounded: values have up to %u digits behind the point",
                             c->profile->guesser.digits_after);
    return arena_printf(c->model->arena, "round(%.*s, %d)", STR_ARG(x), type->scale);
}

static bool has_capitals(const struct column_profile *profile) {
    for (uint32_t i = 0; i < profile->patterns.slot_count; i++)
        if (profile->patterns.slots[i].hash &&
            memchr(profile->patterns.slots[i].text, 'A', profile->patterns.slots[i].len))
            return true;
    return false;
}

static struct str as_text(struct conversion *c) {
    struct words words = words_split(c->model->arena, c->column->name);
    struct str text = trimmed(c);
    if (c->from == TYPE_JSON) return call(c, "json_text", c->ref);
    if (words_has(&words, "email") && column_type(c->profile)->kind == GUESS_EMAIL &&
        has_capitals(c->profile)) {
        c->remark = STR("addresses are written in lower case");
        return call(c, "lower", text);
    }
    if (words_has(&words, "slug")) return call(c, "slug", text);
    return text;
}

static struct str convert(const struct infer_model *model, uint32_t table, uint32_t column, bool *nullable,
                          struct str *remark) {
    const struct infer_table *t = &model->tables[table];
    const struct infer_source *source = &model->sources[t->source];
    uint32_t from = t->values[column].column;
    struct conversion c = {.model = model,
                           .source = source,
                           .profile = source->columns[from].profile,
                           .ref = column_reference(model, source, from),
                           .from = infer_declared_kind(source, &source->columns[from]),
                           .to = t->table->columns.items[column].type.kind,
                           .column = &t->table->columns.items[column],
                           .remark = STR("")};
    struct str result;
    *nullable = reference_nullable(source, from) || keeps_empty(source, c.profile);
    if (c.to == TYPE_ENUM) {
        result = arena_printf(model->arena, "%.*s[plain(%.*s)]",
                              STR_ARG(infer_codes_name(model, table, column)), STR_ARG(trimmed(&c)));
    } else if (c.to == TYPE_TEXT) {
        result = as_text(&c);
    } else if (c.from == TYPE_TEXT && c.to != TYPE_ARRAY) {
        enum type_kind kind;
        struct str x = parsed(&c, &kind);
        result = rounded(&c, widened(&c, x, kind), kind);
    } else {
        result = rounded(&c, widened(&c, c.ref, c.from), c.from);
    }
    *remark = c.remark;
    return result;
}

/* ---------------------------------------------------------------- the other origins */

static struct str reference_to(const struct infer_model *model, const struct infer_table *table,
                               const struct infer_value *value, struct str column) {
    const struct infer_table *parent = &model->tables[value->table];
    struct str key = key_part(model, &model->sources[table->source], value->column, parent->key_folded);
    return arena_printf(model->arena, "%.*s[%.*s].%.*s", STR_ARG(parent->map), STR_ARG(key), STR_ARG(column));
}

static struct str referred_column(const struct infer_model *model, const struct infer_table *table,
                                  uint32_t column) {
    uint32_t fk;
    infer_is_fk(table->table, column, &fk);
    struct str name = table->table->fks.items[fk].ref_columns.count
                          ? table->table->fks.items[fk].ref_columns.items[0]
                          : STR("id");
    return infer_name_of(model->arena, name);
}

/* `element` is what put_map calls it. */
static struct str element(const struct infer_model *model, const struct infer_table *table, uint32_t column) {
    const struct infer_value *value = &table->values[column];
    if (value->table == INFER_NONE) return STR("element");
    const struct infer_table *parent = &model->tables[value->table];
    return arena_printf(model->arena, parent->key_folded ? "%.*s[plain(element)].%.*s" : "%.*s[element].%.*s",
                        STR_ARG(parent->map), STR_ARG(referred_column(model, table, column)));
}

static struct str through(const struct infer_model *model, const struct infer_table *table, uint32_t column) {
    const struct infer_value *value = &table->values[column];
    struct str name = infer_name_of(model->arena, table->table->columns.items[column].name), all = STR("");
    for (uint32_t i = 0; i < value->through_count; i++) {
        const struct infer_value *by = &table->values[value->through[i]];
        struct str one = reference_to(model, table, by, name);
        if (by->partial) one = arena_printf(model->arena, "(%.*s on missing use null)", STR_ARG(one));
        all = arena_printf(model->arena, "%.*s%s%.*s", STR_ARG(all), i ? " ?? " : "", STR_ARG(one));
    }
    return all;
}

static struct str invented(const struct infer_model *model, const struct infer_table *table,
                           uint32_t column) {
    const struct schema_type *type = &table->table->columns.items[column].type;
    switch (type->kind) {
    case TYPE_TEXT: return STR("''");
    case TYPE_BOOL: return STR("false");
    case TYPE_INT: return STR("0");
    case TYPE_DECIMAL: return STR("0");
    case TYPE_FLOAT: return STR("float(0)");
    case TYPE_DATE: return STR("date_at($run.started_at, 'UTC')");
    case TYPE_TIME: return STR("time '00:00'");
    case TYPE_TIMESTAMP: return STR("timestamp_at($run.started_at, 'UTC')");
    case TYPE_TIMESTAMPTZ: return STR("$run.started_at");
    case TYPE_INTERVAL: return STR("interval '0 days'");
    case TYPE_BYTES: return STR("bytes('')");
    case TYPE_JSON: return STR("json('{}')");
    case TYPE_ENUM: return infer_literal(model->arena, type->enumeration->labels.items[0]);
    case TYPE_UUID:
        return arena_printf(model->arena, "uuid5('%.*s', '%.*s', %.*s.source.file, %.*s.source.row)",
                            STR_ARG(table->map), STR_ARG(table->table->columns.items[column].name),
                            STR_ARG(model->sources[table->source].alias),
                            STR_ARG(model->sources[table->source].alias));
    default: return STR("[]");
    }
}

static struct str uuid_of(const struct infer_model *model, const struct infer_table *table, bool *by_row) {
    struct str key = infer_key(model, table), alias = model->sources[table->source].alias;
    *by_row = key.len == 0;
    if (*by_row)
        key = arena_printf(model->arena, "%.*s.source.file, %.*s.source.row", STR_ARG(alias), STR_ARG(alias));
    return arena_printf(model->arena, "uuid5('%.*s', %.*s)", STR_ARG(table->map), STR_ARG(key));
}

bool infer_expression(const struct infer_model *model, uint32_t t, uint32_t column, struct str *text,
                      bool *nullable, struct str *remark) {
    const struct infer_table *table = &model->tables[t];
    const struct infer_value *value = &table->values[column];
    const struct infer_source *source = &model->sources[table->source];
    bool by_row;
    *nullable = false;
    *remark = STR("");
    switch (value->origin) {
    case ORIGIN_NOTHING: return false;
    case ORIGIN_COLUMN: *text = convert(model, t, column, nullable, remark); return true;
    case ORIGIN_REFERENCE:
        *nullable = reference_nullable(source, value->column) || value->partial;
        *text = reference_to(model, table, value, referred_column(model, table, column));
        if (value->partial) *text = arena_printf(model->arena, "%.*s  on missing use null", STR_ARG(*text));
        return true;
    case ORIGIN_PARENT: {
        const struct infer_table *parent = &model->tables[value->table];
        const struct column_profile *key = source->columns[parent->keys[0]].profile;
        bool plain =
            parent->key_folded && infer_declared_kind(source, &source->columns[parent->keys[0]]) == TYPE_TEXT;
        *nullable = true;
        *text = arena_printf(
            model->arena, "if %.*s.parent is null then null else %.*s[%s%.*s.parent.%.*s%s].%.*s",
            STR_ARG(source->alias), STR_ARG(parent->map), plain ? "plain(" : "", STR_ARG(source->alias),
            STR_ARG(key->name), plain ? ")" : "", STR_ARG(referred_column(model, table, column)));
        return true;
    }
    case ORIGIN_LOOKUP:
        *nullable = true;
        *text = arena_printf(
            model->arena, "found_%.*s.%.*s",
            STR_ARG(words_identifier(model->arena, table->table->columns.items[column].name, "row")),
            STR_ARG(referred_column(model, table, column)));
        return true;
    case ORIGIN_THROUGH:
        *nullable = true;
        for (uint32_t i = 0; value->through_count == 1 && i < 1; i++) {
            const struct infer_value *by = &table->values[value->through[0]];
            *nullable = by->partial || reference_nullable(source, by->column) ||
                        !model->tables[by->table]
                             .table->columns
                             .items[schema_find_column(model->tables[by->table].table,
                                                       table->table->columns.items[column].name)]
                             .not_null;
        }
        *text = through(model, table, column);
        return true;
    case ORIGIN_ELEMENT: *text = element(model, table, column); return true;
    case ORIGIN_UUID:
        *text = uuid_of(model, table, &by_row);
        for (uint32_t k = 0; !by_row && k < table->key_count; k++)
            *nullable = *nullable || reference_nullable(source, table->keys[k]);
        return true;
    case ORIGIN_ROW:
        *text =
            arena_printf(model->arena,
                         table->table->columns.items[column].type.kind == TYPE_INT ? "%.*s.source.row"
                                                                                   : "text(%.*s.source.row)",
                         STR_ARG(source->alias));
        return true;
    case ORIGIN_INVENTED: *text = invented(model, table, column); return true;
    }
    return false;
}
