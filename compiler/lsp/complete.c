/* Completion: what the parser expects at the place, and the names that could stand there. */
#include "compiler/lsp/context.h"

#include "compiler/syntax/filter.h"

/* CompletionItemKind of the protocol. */
enum {
    ITEM_FUNCTION = 3,
    ITEM_FIELD = 5,
    ITEM_VARIABLE = 6,
    ITEM_MODULE = 9,
    ITEM_PROPERTY = 10,
    ITEM_KEYWORD = 14,
    ITEM_ENUM_MEMBER = 20,
    ITEM_CONSTANT = 21,
    ITEM_STRUCT = 22,
    ITEM_EVENT = 23,
    ITEM_TYPE = 25
};

struct completion {
    struct context context;
    struct checker *checker;
    struct syntax_expected expected;
    cJSON *items;
};

/* `insert` NULL: the label. The rank (one letter) orders kinds among each other. */
static cJSON *add_item(struct completion *completion, struct str label, int kind, struct str detail,
                       const char *insert, char rank) {
    const cJSON *known;
    cJSON_ArrayForEach(known, completion->items) if (str_eq(lsp_get_text(known, "label"), label)) return NULL;
    cJSON *item = cJSON_CreateObject();
    lsp_add_text(item, "label", label);
    cJSON_AddNumberToObject(item, "kind", kind);
    if (detail.len) lsp_add_text(item, "detail", detail);
    if (insert) cJSON_AddStringToObject(item, "insertText", insert);
    lsp_add_text(item, "sortText", arena_printf(completion->context.arena, "%c%.*s", rank, STR_ARG(label)));
    cJSON_AddItemToArray(completion->items, item);
    return item;
}

static void add_words(struct completion *completion, const char *const *words, int kind) {
    for (; *words; words++)
        add_item(completion, str_cstr(*words), kind, STR(""), NULL, 'c');
}

static struct str join(struct completion *completion, struct str name, const char *tail) {
    return arena_printf(completion->context.arena, "%.*s%s", STR_ARG(name), tail);
}

/* A name as it is written: in backticks where it is no word. */
static struct str written(struct completion *completion, struct str name) {
    bool plain = name.len > 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (i && c >= '0' && c <= '9');
    }
    return plain ? name : arena_printf(completion->context.arena, "`%.*s`", STR_ARG(name));
}

/* ---------------------------------------------------------------- columns of rows */

static void add_source_columns(struct completion *completion, const struct checked_table *table, bool self) {
    static const char *const FAMILY[] = {"parent", "root", "depth", NULL}, *const PLACE[] = {"source", NULL};
    for (uint32_t i = 0; i < table->columns.count; i++) {
        const struct checked_column *column = &table->columns.items[i];
        struct str type = type_to_text(completion->checker, column->type);
        add_item(completion, written(completion, column->name), ITEM_FIELD,
                 column->pii ? join(completion, type, " pii") : type, NULL, 'a');
    }
    if (table->has_children) add_words(completion, FAMILY, ITEM_PROPERTY);
    if (self) add_words(completion, PLACE, ITEM_PROPERTY);
}

static struct str column_type(struct completion *completion, const struct schema_column *column) {
    return arena_printf(completion->context.arena, "%.*s%s%s", STR_ARG(column->type.name),
                        column->not_null ? " not null" : "", column->has_default ? " default" : "");
}

static void add_target_columns(struct completion *completion, const struct schema_table *table) {
    for (uint32_t i = 0; i < table->columns.count; i++) {
        const struct schema_column *column = &table->columns.items[i];
        if (column->name.len)
            add_item(completion, written(completion, column->name), ITEM_FIELD,
                     column_type(completion, column), NULL, 'a');
    }
}

static bool add_path_columns(struct completion *completion, const struct str *path, uint32_t count,
                             bool self) {
    const struct context *context = &completion->context;
    const struct checked_table *source = context_find_source_table(context, path, count);
    const struct schema_table *target = context_find_table(context, path, count);
    const struct checked_map *map = count == 1 ? context_find_map(context, path[0]) : NULL;
    if (source)
        add_source_columns(completion, source, self);
    else if (target || (map && map->target))
        add_target_columns(completion, target ? target : map->target);
    return source || target || map;
}

/* The map whose row `… = projects[…]` is: the word before the bracket that closes at `back`. */
static const struct checked_map *indexed_map(const struct context *context, uint32_t back) {
    uint32_t depth = 0;
    for (; back < context->count; back++) {
        enum token_kind kind = context_kind(context, back);
        if (kind == TOKEN_RIGHT_BRACKET) depth++;
        if (kind == TOKEN_LEFT_BRACKET && --depth == 0)
            return context_find_map(context, context_text(context, back + 1));
    }
    return NULL;
}

/* `let project = projects[…]`: its row is the map's. */
static const struct checked_map *let_map(const struct context *context, struct str name) {
    const struct token_list *list = &context->decl;
    for (uint32_t i = 0; i + 4 < list->tokens.count; i++)
        if (str_is(token_text(list, i), "let") && str_eq(token_text(list, i + 1), name) &&
            list->tokens.items[i + 2].kind == TOKEN_ASSIGN &&
            list->tokens.items[i + 4].kind == TOKEN_LEFT_BRACKET)
            return context_find_map(context, token_text(list, i + 3));
    return NULL;
}

static void add_tables(struct completion *completion, struct str name, bool enums) {
    const struct checker *checker = completion->checker;
    for (uint32_t i = 0; i < checker->sources.count; i++) {
        const struct checked_source *source = checker->sources.items[i];
        for (uint32_t t = 0; str_eq(source->name, name) && t < source->tables.count; t++)
            if (source->tables.items[t]->name.len)
                add_item(completion, source->tables.items[t]->name, ITEM_STRUCT, STR("table"), NULL, 'a');
    }
    if (checker->target_schema == NULL || !str_eq(name, checker->target_name)) return;
    for (uint32_t i = 0; i < checker->target_schema->tables.count && !enums; i++)
        add_item(completion, checker->target_schema->tables.items[i]->name, ITEM_STRUCT, STR("table"), NULL,
                 'a');
    for (uint32_t i = 0; i < checker->target_schema->enums.count && enums; i++)
        add_item(completion, checker->target_schema->enums.items[i]->name, ITEM_TYPE, STR("enum"), NULL, 'a');
}

static bool wants_type(const struct completion *completion, uint32_t back);

/* Behind a dot. */
static void complete_member(struct completion *completion) {
    static const char *const RUN[] = {"id", "started_at", "environment", NULL};
    static const char *const EVENT[] = {"kind", "map", "at", "json", NULL};
    static const char *const PLACE[] = {"file", "line", "row", NULL};
    const struct context *context = &completion->context;
    struct str left = context_text(context, 1), path[3];
    uint32_t count;
    if (str_is(left, "$run")) {
        add_words(completion, RUN, ITEM_PROPERTY);
    } else if (str_is(left, "$event")) {
        add_words(completion, EVENT, ITEM_PROPERTY);
    } else if (context_kind(context, 1) == TOKEN_RIGHT_BRACKET) {
        const struct checked_map *map = indexed_map(context, 1);
        if (map && map->target) add_target_columns(completion, map->target);
    } else if (context_kind(context, 2) == TOKEN_DOT) {
        struct str row = context_text(context, 3);
        if (str_is(left, "source")) add_words(completion, PLACE, ITEM_PROPERTY);
        if ((str_is(left, "parent") || str_is(left, "root")) &&
            (count = context_row_path(context, row, path)))
            add_path_columns(completion, path, count, false);
    } else if ((count = context_row_path(context, left, path)) != 0) {
        add_path_columns(completion, path, count, true);
    } else if (let_map(context, left) && let_map(context, left)->target) {
        add_target_columns(completion, let_map(context, left)->target);
    } else {
        add_tables(completion, left, wants_type(completion, 1));
    }
}

/* ---------------------------------------------------------------- labels of enums */

static void add_labels(struct completion *completion, const struct schema_enum *labels, bool quoted) {
    for (uint32_t i = 0; labels && i < labels->labels.count; i++) {
        struct str label = labels->labels.items[i];
        if (quoted && !completion->context.in_text)
            label = arena_printf(completion->context.arena, "'%.*s'", STR_ARG(label));
        add_item(completion, label, ITEM_ENUM_MEMBER, labels->name, NULL, '0');
    }
}

static const struct schema_enum *enum_of_type(const struct completion *completion, struct plan_type type) {
    const struct compile *compile = completion->context.analysis->compile;
    return type.kind == TYPE_ENUM && type.ref < compile->enums.count ? compile->enums.items[type.ref] : NULL;
}

/* The enum of the code table that is being written, or is tested. */
static const struct schema_enum *codes_enum(const struct completion *completion) {
    const struct context *context = &completion->context;
    for (uint32_t t = 0; t + 1 < context->decl.tokens.count && t < 8; t++)
        for (uint32_t i = 0; i < completion->checker->codes.count; i++)
            if (str_eq(completion->checker->codes.items[i]->name, token_text(&context->decl, t)))
                return enum_of_type(completion, completion->checker->codes.items[i]->value);
    return NULL;
}

/* The enum of the column that a value is compared with or assigned to. */
static const struct schema_enum *column_enum(const struct completion *completion) {
    const struct context *context = &completion->context;
    const struct schema_table *table = context_target(context);
    struct str name = context_assigned(context), path[3];
    enum token_kind before = context_kind(context, 0);
    if (before == TOKEN_EQUAL || before == TOKEN_NOT_EQUAL) {
        name = context_text(context, 1);
        uint32_t count = context_kind(context, 2) == TOKEN_DOT
                             ? context_row_path(context, context_text(context, 3), path)
                             : 0;
        const struct checked_map *map = count == 1 ? context_find_map(context, path[0]) : NULL;
        if (count) table = map ? map->target : context_find_table(context, path, count);
    } else if (before == TOKEN_COLON) { /* a field of `expect map { status: … }` */
        name = context_text(context, 1);
        for (uint32_t i = 1; table == NULL && i < context->count; i++)
            if (context_kind(context, i) == TOKEN_LEFT_BRACE) {
                const struct checked_map *map = context_find_map(context, context_text(context, i + 1));
                table = map ? map->target : NULL;
                break;
            }
    }
    int column = table && name.len ? schema_find_column(table, name) : -1;
    return column < 0 ? NULL : table->columns.items[column].type.enumeration;
}

/* ---------------------------------------------------------------- names of values */

static void add_rows_and_lets(struct completion *completion) {
    const struct token_list *list = &completion->context.decl;
    struct context *context = &completion->context;
    for (uint32_t i = 1; i + 2 < list->tokens.count; i++) {
        if (context->decl_start + list->tokens.items[i].start >= context->word) break;
        struct str word = token_text(list, i), name = token_text(list, i + 1);
        bool row = str_is(token_text(list, i + 2), "in") && (str_is(word, "from") || str_is(word, "join") ||
                                                             str_is(word, "lookup") || str_is(word, "each"));
        bool let = str_is(word, "let") && list->tokens.items[i + 2].kind == TOKEN_ASSIGN;
        bool column = list->tokens.items[i + 1].kind == TOKEN_WORD &&
                      list->tokens.items[i + 1].newlines_before > 0 &&
                      list->tokens.items[i + 2].kind == TOKEN_ASSIGN;
        bool line = context->decl_start + list->tokens.items[i + 1].start < context->word;
        if (row) add_item(completion, name, ITEM_VARIABLE, STR("row"), NULL, 'a');
        if (let && line) add_item(completion, name, ITEM_VARIABLE, STR("let"), NULL, 'a');
        if (column && line && !str_eq(name, context_assigned(context)))
            add_item(completion, name, ITEM_VARIABLE, STR("column"), NULL, 'b');
    }
    if (!str_is(context->decl_word, "fn")) return;
    for (uint32_t i = 0; i < completion->checker->fns.count; i++) {
        const struct checked_fn *fn = completion->checker->fns.items[i];
        if (fn->ast == NULL || !str_eq(fn->name, token_text(list, 1))) continue;
        for (uint32_t n = 0; n < fn->params.count && n < fn->ast->params.names.count; n++)
            add_item(completion, fn->ast->params.names.items[n].text, ITEM_VARIABLE,
                     type_to_text(completion->checker, fn->params.items[n]), NULL, 'a');
    }
}

static void add_functions(struct completion *completion) {
    struct checker *checker = completion->checker;
    for (uint32_t i = 0; i < checker->fns.count; i++) {
        cJSON *item =
            add_item(completion, checker->fns.items[i]->name, ITEM_FUNCTION,
                     lsp_fn_signature(completion->context.analysis, checker->fns.items[i]), NULL, 'b');
        if (item && checker->fns.items[i]->decl->doc.len)
            cJSON_AddItemToObject(item, "documentation", lsp_markdown(checker->fns.items[i]->decl->doc));
    }
    static const char *const MORE[] = {"uuid5", "mask",  "count",      "sum",       "min",      "max",
                                       "avg",   "first", "string_agg", "array_agg", "bool_and", "bool_or"};
    uint32_t more = sizeof MORE / sizeof *MORE;
    for (uint32_t n = 0; n < more + OP_COUNT; n++) {
        struct str name = str_cstr(n < more ? MORE[n] : OPCODES[n - more].function), signature, doc;
        /* Overloads stand together: the first one speaks for them. */
        bool repeated = n > more && str_is(name, OPCODES[n - more - 1].function);
        if (name.len == 0 || repeated || lsp_function_signatures(name, &signature, &doc, 1) == 0) continue;
        cJSON *item = add_item(completion, name, ITEM_FUNCTION, signature, NULL, 'd');
        if (item && doc.len) lsp_add_text(item, "documentation", doc);
    }
}

static void add_keyed(struct completion *completion) {
    struct checker *checker = completion->checker;
    for (uint32_t i = 0; i < checker->codes.count; i++)
        add_item(completion, checker->codes.items[i]->name, ITEM_CONSTANT,
                 arena_printf(completion->context.arena, "codes -> %.*s",
                              STR_ARG(type_to_text(checker, checker->codes.items[i]->value))),
                 NULL, 'b');
    for (uint32_t i = 0; i < checker->maps.count; i++)
        if (checker->maps.items[i]->keyed)
            add_item(completion, checker->maps.items[i]->name, ITEM_STRUCT, STR("map"), NULL, 'b');
}

static void add_params(struct completion *completion, bool dollar) {
    struct checker *checker = completion->checker;
    for (uint32_t i = 0; i < checker->params.count; i++) {
        struct str name = checker->params.items[i]->name;
        if (dollar) name = arena_printf(completion->context.arena, "$%.*s", STR_ARG(name));
        add_item(completion, name, ITEM_CONSTANT, type_to_text(checker, checker->params.items[i]->type), NULL,
                 'b');
    }
    if (dollar) return;
    add_item(completion, STR("run"), ITEM_MODULE, STR("the run: id, started_at, environment"), NULL, 'c');
    if (str_is(completion->context.decl_word, "audit"))
        add_item(completion, STR("event"), ITEM_MODULE, STR("kind, map, at, json"), NULL, 'c');
}

/* ---------------------------------------------------------------- places of their own kind */

static void add_paths(struct completion *completion, bool target_only) {
    const struct checker *checker = completion->checker;
    struct arena *arena = completion->context.arena;
    for (uint32_t i = 0; i < checker->sources.count && !target_only; i++) {
        const struct checked_source *source = checker->sources.items[i];
        for (uint32_t t = 0; t < source->tables.count; t++) {
            struct str table = source->tables.items[t]->name;
            add_item(completion,
                     table.len ? arena_printf(arena, "%.*s.%.*s", STR_ARG(source->name), STR_ARG(table))
                               : source->name,
                     ITEM_STRUCT, STR("source"), NULL, 'a');
        }
    }
    for (uint32_t i = 0; checker->target_schema && i < checker->target_schema->tables.count; i++)
        add_item(completion,
                 target_table_name((struct checker *)checker, checker->target_schema->tables.items[i]),
                 ITEM_STRUCT, STR("target table"), NULL, target_only ? 'a' : 'b');
    for (uint32_t i = 0; i < checker->maps.count && !target_only; i++)
        if (checker->maps.items[i]->keyed)
            add_item(completion, checker->maps.items[i]->name, ITEM_STRUCT, STR("map"), NULL, 'b');
}

static void add_maps(struct completion *completion) {
    for (uint32_t i = 0; i < completion->checker->maps.count; i++)
        add_item(completion, completion->checker->maps.items[i]->name, ITEM_STRUCT, STR("map"), NULL, 'a');
}

/* The token `back` stands where a type begins: behind a column's, parameter's or argument's name, `:`, `->`.
 */
static bool wants_type(const struct completion *completion, uint32_t back) {
    const struct context *context = &completion->context;
    struct str decl = context->decl_word;
    uint32_t at = back + (back > 0);
    enum token_kind before = context_kind(context, at);
    if (back > 0) before = context_kind(context, back + 1);
    if (str_is(decl, "codes")) return before == TOKEN_COLON || before == TOKEN_ARROW;
    if (before == TOKEN_RIGHT_PAREN) return str_is(decl, "fn");
    if (before != TOKEN_WORD && before != TOKEN_QUOTED_NAME) return false;
    if (str_is(decl, "param")) return context_is(context, at + 1, "param");
    enum token_kind earlier = context_kind(context, at + 1);
    if (str_is(decl, "fn")) return earlier == TOKEN_LEFT_PAREN || earlier == TOKEN_COMMA;
    if (!str_is(decl, "source") || context_brace_depth(context) == 0) return false;
    uint32_t token = context->count - 1 - at;
    return earlier == TOKEN_LEFT_BRACE || earlier == TOKEN_SEMICOLON ||
           (context->before.tokens.items[token].newlines_before > 0 && !context_is(context, at, "sheet"));
}

static void add_types(struct completion *completion) {
    for (enum type_kind kind = TYPE_BOOL; kind < TYPE_KIND_COUNT; kind++)
        if (kind != TYPE_ENUM && kind != TYPE_ARRAY && kind != TYPE_ROW)
            add_item(completion, str_cstr(type_kind_name(kind)), ITEM_TYPE, STR(""), NULL, 'a');
    const struct schema *schema = completion->checker->target_schema;
    for (uint32_t i = 0; schema && i < schema->enums.count; i++)
        add_item(completion,
                 arena_printf(completion->context.arena, "%.*s.%.*s",
                              STR_ARG(completion->checker->target_name),
                              STR_ARG(schema->enums.items[i]->name)),
                 ITEM_TYPE, STR("enum"), NULL, 'b');
}

static const char *const ACTIONS[] = {"use", "skip", "reject", "warn", "fail", NULL};

/* Behind `on`, and behind `on EVENT`. True: that was the place. */
static bool complete_handler(struct completion *completion) {
    static const char *const EVENTS[] = {"error", "null",     "missing", "skipped",      "duplicate",
                                         "fail",  "conflict", "ragged",  "bad_encoding", NULL};
    static const char *const FIRST_LAST[] = {"first", "last", NULL}, *const UPDATE[] = {"update", NULL};
    const struct context *context = &completion->context;
    struct str last = context_text(context, 0);
    bool searches = false; /* `lookup y in S on COND` takes a condition, and no event */
    for (uint32_t i = 0;
         i < context->count && context->before.tokens.items[context->count - 1 - i].newlines_before == 0; i++)
        searches |= context_is(context, i, "in");
    if (str_is(last, "on") && context_kind(context, 0) == TOKEN_WORD &&
        context_kind(context, 1) != TOKEN_DOT) {
        add_words(completion, EVENTS, ITEM_EVENT);
        return !searches;
    }
    if (!context_is(context, 1, "on") || keyword_event(last) < 0) return false;
    add_words(completion, ACTIONS, ITEM_KEYWORD);
    if (str_is(last, "duplicate")) add_words(completion, FIRST_LAST, ITEM_KEYWORD);
    if (str_is(last, "conflict")) add_words(completion, UPDATE, ITEM_KEYWORD);
    return true;
}

static bool is_taken(const struct context *context, struct str column) {
    const struct token_list *list = &context->decl;
    bool ignored = false;
    for (uint32_t i = 0; i + 1 < list->tokens.count; i++) {
        if (str_is(token_text(list, i), "ignored")) ignored = true;
        if (str_is(token_text(list, i), "because")) ignored = false;
        if (!str_eq(token_text(list, i), column)) continue;
        if (ignored || list->tokens.items[i + 1].kind == TOKEN_ASSIGN) return true;
    }
    return false;
}

/* The columns that have no value yet, those that need one first. */
static void add_free_columns(struct completion *completion, bool assign) {
    const struct context *context = &completion->context;
    const struct schema_table *table = context_target(context);
    for (uint32_t i = 0; table && i < table->columns.count; i++) {
        const struct schema_column *column = &table->columns.items[i];
        if (column->name.len == 0 || column->generated || column->identity == 2 ||
            is_taken(context, column->name))
            continue;
        struct str name = written(completion, column->name);
        bool needed = column->not_null && !column->has_default && !column->identity;
        add_item(completion, name, ITEM_PROPERTY, column_type(completion, column),
                 assign ? join(completion, name, " = ").ptr : NULL, needed ? '0' : '1');
    }
}

static void complete_settings(struct completion *completion) {
    static const char *const ENVIRONMENT[] = {"tolerance", "approvals", "window", "retention", NULL};
    static const char *const ELSE[] = {"rollback", "stop", NULL};
    if (str_is(completion->context.decl_word, "environment") &&
        context_brace_depth(&completion->context) == 1 && syntax_expects(&completion->expected, "a name")) {
        if (context_kind(&completion->context, 0) == TOKEN_WORD &&
            str_is(context_text(&completion->context, 0), "else")) {
            add_words(completion, ELSE, ITEM_KEYWORD);
            return;
        }
        add_words(completion, ENVIRONMENT, ITEM_PROPERTY);
        if (completion->checker->target_name.len)
            add_item(completion, completion->checker->target_name, ITEM_MODULE, STR("target"), NULL, 'b');
    }
}

static void complete_options(struct completion *completion) {
    static const char *const FORMATS[] = {"csv",    "json",     "ndjson", "xlsx", "dynamodb",
                                          "inline", "postgres", "query",  NULL};
    static const char *const CSV[] = {"delimiter", "encoding",        "quote", "escape",
                                      "comment",   "header",          "null",  "trim",
                                      "on ragged", "on bad_encoding", NULL};
    static const char *const JSON[] = {"rows", "children", "on bad_encoding", NULL}, *const SCHEMA[] = {
                                                                                         "schema", NULL};
    const struct context *context = &completion->context;
    bool source = str_is(context->decl_word, "source"), target = str_is(context->decl_word, "target");
    if ((!source && !target) || context_brace_depth(context) > 0) return;
    if (context_kind(context, 0) == TOKEN_COLON) {
        if (source) add_words(completion, FORMATS, ITEM_KEYWORD);
        if (target) add_item(completion, STR("postgres"), ITEM_KEYWORD, STR(""), NULL, 'a');
        return;
    }
    if (context->count < 5) return;
    struct str format = token_text(&context->before, 3);
    if (str_is(format, "csv")) add_words(completion, CSV, ITEM_PROPERTY);
    if (str_is(format, "json") || str_is(format, "ndjson") || str_is(format, "dynamodb"))
        add_words(completion, JSON, ITEM_PROPERTY);
    if (str_is(format, "postgres")) add_words(completion, SCHEMA, ITEM_PROPERTY);
}

/* ---------------------------------------------------------------- what the parser expects */

static bool is_word_token(const char *name) {
    return (*name >= 'a' && *name <= 'z') && strncmp(name, "a ", 2) != 0 && strncmp(name, "the ", 4) != 0 &&
           strncmp(name, "and (", 5) != 0 && strcmp(name, "case") != 0 && strcmp(name, "cast") != 0 &&
           strcmp(name, "end") != 0;
}

/* Where a name may stand nearly every keyword may be one: those that would mean something else here. */
static bool keyword_counts(const struct completion *completion, struct str name) {
    static const char *const ITEMS[] = {"let", "validate", "ignored"};
    static const char *const STEPS[] = {"param", "given", "expect", "assert"};
    static const char *const CHANGES[] = {"up", "after", "backfill", "down", "recovery"};
    const struct keyword *keyword = keyword_find(name);
    struct str decl = completion->context.decl_word;
    if (keyword == NULL || keyword->use == KEYWORD_RESERVED) return true;
    if (!syntax_expects(&completion->expected, "a name")) return true;
    bool test = str_is(decl, "test"), change = str_is(decl, "change");
    const char *const *words = test ? STEPS : change ? CHANGES : ITEMS;
    size_t count = test ? 4 : change ? 5 : 3;
    for (size_t i = 0; i < count; i++)
        if (str_is(name, words[i]) && (test || change || syntax_expects(&completion->expected, "...")))
            return true;
    return false;
}

static void add_keywords(struct completion *completion, bool declares) {
    static const char *const EVENTS[] = {"on error", "on null", "on missing", "on skipped", NULL};
    for (uint32_t i = 0; i < completion->expected.count; i++) {
        struct str name = str_cstr(completion->expected.names[i]);
        if (!is_word_token(name.ptr)) continue;
        if (str_is(name, "on error")) {
            add_words(completion, EVENTS, ITEM_EVENT);
            continue;
        }
        while (name.len && name.ptr[name.len - 1] == ' ')
            name.len--;
        if (declares || keyword_counts(completion, name))
            add_item(completion, name, ITEM_KEYWORD, STR(""), NULL, declares ? 'a' : 'c');
    }
}

/* `group |`: the rest of words that belong together. */
static void add_second_words(struct completion *completion) {
    const struct context *context = &completion->context;
    struct syntax_expected earlier;
    if (context_kind(context, 0) != TOKEN_WORD) return;
    struct str first = context_text(context, 0);
    const struct token *token = &context->before.tokens.items[context->count - 1];
    syntax_expect(context->arena, context->text, context->from, context->from + token->start,
                  context->in_hole, &earlier);
    for (uint32_t i = 0; i < earlier.count; i++) {
        struct str name = str_cstr(earlier.names[i]);
        if (!is_word_token(name.ptr) || name.len <= first.len + 1 || !str_starts_with(name, first) ||
            name.ptr[first.len] != ' ')
            continue;
        add_item(completion, str_cstr(name.ptr + first.len + 1), ITEM_KEYWORD, STR(""), NULL, 'a');
    }
}

static void complete_word(struct completion *completion) {
    struct context *context = &completion->context;
    const struct syntax_expected *expected = &completion->expected;
    syntax_expect(context->arena, context->text, context->from, context->word, context->in_hole,
                  &completion->expected);
    bool map = str_is(context->decl_word, "map") && !context->in_hole;
    bool item = syntax_expects(expected, "let") && syntax_expects(expected, "validate");
    bool value = syntax_expects(expected, "null") && syntax_expects(expected, "if");
    bool path = syntax_expects(expected, "a name") && !value;
    if (complete_handler(completion)) return;
    add_second_words(completion);
    if (!context->in_hole && wants_type(completion, 0)) {
        add_types(completion);
    } else if (path && (context_is(context, 0, "into") || context_is(context, 0, "pii"))) {
        add_paths(completion, true);
    } else if (path && context_is(context, 0, "in")) {
        add_paths(completion, false);
    } else if (path && (context_is(context, 0, "given"))) {
        add_paths(completion, false);
    } else if (path && (context_is(context, 0, "after") || context_is(context, 0, "by") ||
                        context_is(context, 0, "of") || context_is(context, 0, "expect") ||
                        str_is(context->decl_word, "phase"))) {
        add_maps(completion);
    } else if (map && item) {
        add_free_columns(completion, true);
    } else if (map && path && context_is(context, 0, "ignored")) {
        add_free_columns(completion, false);
    }
    if (context_kind(context, 0) == TOKEN_FAT_ARROW &&
        (str_is(context->decl_word, "codes") || str_is(context->decl_word, "test")))
        add_labels(completion, codes_enum(completion), false);
    if (value && context_kind(context, 0) == TOKEN_FAT_ARROW) add_words(completion, ACTIONS, ITEM_KEYWORD);
    if (value) {
        add_labels(completion, column_enum(completion), true);
        add_rows_and_lets(completion);
        add_functions(completion);
        add_keyed(completion);
        add_params(completion, true);
    }
    complete_settings(completion);
    complete_options(completion);
    add_keywords(completion, context->word == context->decl_start);
}

cJSON *lsp_completion(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    struct completion completion = {.checker = &place.analysis->compile->checker,
                                    .items = cJSON_CreateArray()};
    struct context *context = &completion.context;
    struct str text = buf_str(&place.document->text);
    context_read(context, &server->arena, place.analysis, text, place.offset);
    char before = context->word > 0 ? text.ptr[context->word - 1] : '\0';
    if (context->in_comment) {
        /* Prose. */
    } else if (context->in_text) {
        add_labels(&completion, column_enum(&completion), true);
    } else if (before == '$') {
        add_params(&completion, false);
    } else if (context_kind(context, 0) == TOKEN_DOT) {
        complete_member(&completion);
    } else {
        complete_word(&completion);
    }
    cJSON *list = cJSON_CreateObject();
    cJSON_AddBoolToObject(list, "isIncomplete", 0);
    cJSON_AddItemToObject(list, "items", completion.items);
    return list;
}
