/* Options of sources: which format takes which, and what their values may be. */
#include "compiler/check/decl.h"

#include "runtime/value/json.h"

#define FORMAT_BIT(format) (1u << (format))
#define FORMATS_TEXT       FORMAT_BIT(SOURCE_CSV)
#define FORMATS_JSON       (FORMAT_BIT(SOURCE_JSON) | FORMAT_BIT(SOURCE_NDJSON))

enum option_kind {
    OPTION_CHARACTER,
    OPTION_TEXT,
    OPTION_TEXTS,
    OPTION_FLAG,
    OPTION_HEADER,
    OPTION_ENCODING,
    OPTION_PATH
};

static const struct option_rule {
    const char *name;
    uint32_t formats;
    enum option_kind kind;
    const char *example;
} OPTIONS[] = {
    {"delimiter", FORMATS_TEXT, OPTION_CHARACTER, "delimiter ';'"},
    {"quote", FORMATS_TEXT, OPTION_CHARACTER, "quote '\"', or quote '' where fields are never quoted"},
    {"escape", FORMATS_TEXT, OPTION_CHARACTER, "escape '\\'"},
    {"comment", FORMATS_TEXT, OPTION_CHARACTER, "comment '#'"},
    {"header", FORMATS_TEXT | FORMAT_BIT(SOURCE_XLSX), OPTION_HEADER, "header none"},
    {"encoding", FORMATS_TEXT, OPTION_ENCODING, "encoding 'windows-1252'"},
    {"null", FORMATS_TEXT | FORMAT_BIT(SOURCE_XLSX), OPTION_TEXTS, "null '', 'N/A'"},
    {"trim", FORMATS_TEXT | FORMAT_BIT(SOURCE_XLSX), OPTION_FLAG, "trim"},
    {"rows", FORMAT_BIT(SOURCE_JSON), OPTION_PATH, "rows 'items[*]'"},
    {"children", FORMATS_JSON, OPTION_PATH, "children 'replies'"},
    {"schema", FORMAT_BIT(SOURCE_POSTGRES), OPTION_TEXT, "schema 'old.sql'"},
};
enum { OPTION_COUNT = sizeof OPTIONS / sizeof *OPTIONS };

static const char *const ENCODINGS[] = {
    "UTF-8",        "UTF-16",       "UTF-16LE",     "UTF-16BE",     "US-ASCII",     "ISO-8859-1",
    "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",
    "ISO-8859-8",   "ISO-8859-9",   "ISO-8859-10",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",
    "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255",
    "windows-1256", "windows-1257", "windows-1258"};
enum { ENCODING_COUNT = sizeof ENCODINGS / sizeof *ENCODINGS };

static bool option_equal_fold(struct str a, struct str b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.ptr[i], y = b.ptr[i];
        if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
        if (x != y) return false;
    }
    return true;
}

static void option_bad(struct checker *checker, const struct ast_option *option,
                       const struct option_rule *rule, const char *why) {
    struct diag *diag =
        diag_report(checker->diags, E_BAD_OPTION, option->span, "option `%s` %s", rule->name, why);
    diag_help(checker->diags, diag, "write for example %s", rule->example);
}

static bool option_text(struct checker *checker, const struct ast_option *option,
                        const struct option_rule *rule, struct str *text) {
    if (option->values.count == 1 && option->values.items[0]->kind == X_ERROR) return false;
    if (option->values.count != 1 || option->values.items[0]->kind != X_TEXT) {
        option_bad(checker, option, rule, "needs one text");
        return false;
    }
    *text = option->values.items[0]->text;
    return true;
}

static void option_character(struct checker *checker, const struct ast_option *option,
                             const struct option_rule *rule, struct str *out) {
    struct str text;
    if (!option_text(checker, option, rule, &text)) return;
    bool may_be_empty = rule->name[0] == 'q';
    size_t first = text.len ? 1 : 0;
    while (first < text.len && ((unsigned char)text.ptr[first] & 0xC0) == 0x80)
        first++;
    if (first != text.len || (text.len == 0 && !may_be_empty)) {
        option_bad(checker, option, rule, "needs exactly one character");
        return;
    }
    if (text.len && (text.ptr[0] == '\n' || text.ptr[0] == '\r')) {
        option_bad(checker, option, rule, "cannot be a line break");
        return;
    }
    *out = text;
}

static void option_encoding(struct checker *checker, const struct ast_option *option,
                            const struct option_rule *rule, struct str *out) {
    struct str text, names[ENCODING_COUNT];
    if (!option_text(checker, option, rule, &text)) return;
    for (uint32_t i = 0; i < ENCODING_COUNT; i++) {
        names[i] = str_cstr(ENCODINGS[i]);
        if (!option_equal_fold(names[i], text)) continue;
        *out = names[i];
        return;
    }
    struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->values.items[0]->span,
                                    "mig does not read the encoding `%.*s`", STR_ARG(text));
    struct str closest = diag_closest_name(text, names, ENCODING_COUNT);
    if (closest.len)
        diag_help(checker->diags, diag, "did you mean '%.*s'?", STR_ARG(closest));
    else
        diag_help(checker->diags, diag,
                  "UTF-8, UTF-16, ISO-8859-1 to -15 and windows-1250 to -1258 are read");
}

static void option_header(struct checker *checker, const struct ast_option *option,
                          const struct option_rule *rule, struct plan_source *source) {
    if (option->values.count == 0) return;
    if (option->values.count == 1 && option->values.items[0]->kind == X_NAME &&
        str_is(option->values.items[0]->name.text, "none")) {
        source->header = 0;
        return;
    }
    if (option->values.count >= 1 && option->values.items[0]->kind == X_ERROR) return;
    option_bad(
        checker, option, rule,
        "is `header none` behind the source's path: a row names the columns, or none does; in a sheet, "
        "`header row 3` says which, and `header none` that there is none");
}

static void option_texts(struct checker *checker, const struct ast_option *option,
                         const struct option_rule *rule, struct plan_source *source) {
    source->has_nulls = 1;
    source->nulls = ARENA_ARRAY(checker->arena, struct plan_text, option->values.count);
    if (option->values.count == 0) option_bad(checker, option, rule, "needs the texts that mean null");
    for (uint32_t i = 0; i < option->values.count; i++) {
        if (option->values.items[i]->kind == X_ERROR) continue;
        if (option->values.items[i]->kind != X_TEXT) {
            option_bad(checker, option, rule, "takes texts only");
            return;
        }
        source->nulls[source->nulls_count++].text = option->values.items[i]->text;
    }
}

static void option_path(struct checker *checker, const struct ast_option *option,
                        const struct option_rule *rule, struct str *out) {
    struct json_path path;
    struct str text, error;
    if (!option_text(checker, option, rule, &text)) return;
    if (json_path_compile(checker->arena, text, &path, &error)) {
        *out = text;
        return;
    }
    struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->values.items[0]->span,
                                    "`%.*s` is no path into JSON: %.*s", STR_ARG(text), STR_ARG(error));
    diag_help(checker->diags, diag, "write for example %s", rule->example);
}

static void option_apply(struct checker *checker, const struct ast_option *option,
                         const struct option_rule *rule, struct plan_source *source) {
    struct str ignored;
    switch (rule->kind) {
    case OPTION_CHARACTER: {
        struct str *out = str_is(option->name.text, "delimiter") ? &source->delimiter
                          : str_is(option->name.text, "quote")   ? &source->quote
                          : str_is(option->name.text, "escape")  ? &source->escape
                                                                 : &source->comment;
        option_character(checker, option, rule, out);
        break;
    }
    case OPTION_TEXT: option_text(checker, option, rule, &ignored); break;
    case OPTION_TEXTS: option_texts(checker, option, rule, source); break;
    case OPTION_FLAG:
        source->trim = 1;
        if (option->values.count) option_bad(checker, option, rule, "stands alone");
        break;
    case OPTION_HEADER: option_header(checker, option, rule, source); break;
    case OPTION_ENCODING: option_encoding(checker, option, rule, &source->encoding); break;
    case OPTION_PATH:
        option_path(checker, option, rule,
                    str_is(option->name.text, "rows") ? &source->rows : &source->children);
        break;
    }
}

static void option_unknown(struct checker *checker, const struct ast_source *ast,
                           const struct ast_option *option, uint8_t format) {
    struct str names[OPTION_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].formats & FORMAT_BIT(format)) names[count++] = str_cstr(OPTIONS[i].name);
    struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->name.span,
                                    "a source of format %.*s has no option `%.*s`", STR_ARG(ast->format.text),
                                    STR_ARG(option->name.text));
    if (count == 0)
        diag_help(checker->diags, diag, "this format has no options: remove it");
    else
        decl_suggest(checker, diag, option->name, names, count);
}

/* ---------------------------------------------------------------- on ragged, on bad_encoding */

static bool source_action_kind(const struct ast_handler *handler, enum plan_action_kind *kind) {
    bool pads =
        handler->action.use != NULL && handler->action.use->kind == X_NULL && handler->event == EVENT_RAGGED;
    switch (handler->action.kind) {
    case ACTION_SKIP: *kind = DO_SKIP; return true;
    case ACTION_REJECT: *kind = DO_REJECT; return true;
    case ACTION_FAIL: *kind = DO_FAIL; return true;
    case ACTION_USE: *kind = DO_PAD; return pads;
    case ACTION_WARN: *kind = DO_WARN; return pads;
    default: return false;
    }
}

static void source_read_handler(struct checker *checker, const struct ast_handler *handler, uint8_t format,
                                struct plan_source *source) {
    if (handler->action.kind == ACTION_NONE) return;
    bool ragged = handler->event == EVENT_RAGGED;
    if (!ragged && handler->event != EVENT_BAD_ENCODING) {
        struct diag *diag =
            diag_report(checker->diags, E_CLAUSE_ACTION, handler->event_span, "a source cannot have `%.*s`",
                        STR_ARG(span_text(handler->event_span)));
        diag_help(checker->diags, diag,
                  "a source takes `on ragged` and `on bad_encoding`; other handlers stand behind the "
                  "expression that reads the column");
        return;
    }
    if (!(FORMATS_TEXT & FORMAT_BIT(format)) && ragged) {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, handler->event_span,
                                        "only rows of csv files can be ragged");
        diag_help(checker->diags, diag, "remove the handler");
        return;
    }
    enum plan_action_kind kind = DO_REJECT;
    if (!source_action_kind(handler, &kind)) {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, handler->action.span,
                                        "`%.*s` cannot do this", STR_ARG(span_text(handler->event_span)));
        diag_help(checker->diags, diag,
                  ragged ? "it takes skip, reject, fail, and `use null` or `warn 'message' use null`, which "
                           "fill missing fields with null"
                         : "it takes skip, reject and fail");
        return;
    }
    struct str message;
    checker_note_message(checker, &handler->action);
    decl_read_message(checker, handler->action.message, ragged ? "`on ragged`" : "`on bad_encoding`",
                      &message);
    struct plan_action action = decl_action(checker, kind, message, handler->span);
    if (ragged)
        source->on_ragged = action;
    else
        source->on_bad_encoding = action;
}

/* Options may stand at the source or, as the parser saw them, at its one nameless table. */
static void source_read_option_list(struct checker *checker, const struct ast_source *ast,
                                    const struct ast_option *options, uint32_t count,
                                    struct plan_source *source) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_option *option = &options[i];
        const struct option_rule *rule = NULL;
        for (uint32_t j = 0; j < OPTION_COUNT; j++)
            if (str_is(option->name.text, OPTIONS[j].name) &&
                (OPTIONS[j].formats & FORMAT_BIT(source->format)))
                rule = &OPTIONS[j];
        for (uint32_t j = 0; j < i; j++)
            if (rule && str_eq(options[j].name.text, option->name.text)) {
                struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->span,
                                                "option `%s` stands twice", rule->name);
                diag_label(checker->diags, diag, options[j].span, "the first one is here");
                diag_help(checker->diags, diag, "remove one of the two");
                break;
            }
        if (rule == NULL)
            option_unknown(checker, ast, option, source->format);
        else
            option_apply(checker, option, rule, source);
    }
}

void source_read_options(struct compile *compile, const struct ast_source *ast, struct plan_source *source) {
    struct checker *checker = &compile->checker;
    struct span at = ast->name.span;
    source->on_ragged = decl_action(checker, DO_REJECT, (struct str){0}, at);
    source->on_bad_encoding = decl_action(checker, DO_REJECT, (struct str){0}, at);
    source_read_option_list(checker, ast, ast->options.items, ast->options.count, source);
    for (uint32_t i = 0; i < ast->tables.count && source->format != SOURCE_XLSX; i++)
        source_read_option_list(checker, ast, ast->tables.items[i].options.items,
                                ast->tables.items[i].options.count, source);
    for (uint32_t i = 0; i < ast->handlers.list.count; i++)
        source_read_handler(checker, &ast->handlers.list.items[i], source->format, source);
    for (uint32_t i = 0; i < ast->tables.count; i++)
        for (uint32_t j = 0; j < ast->tables.items[i].handlers.list.count; j++)
            source_read_handler(checker, &ast->tables.items[i].handlers.list.items[j], source->format,
                                source);
    if (source->format == SOURCE_CSV && source->quote.len && str_eq(source->quote, source->delimiter)) {
        struct diag *diag =
            diag_report(checker->diags, E_BAD_OPTION, at,
                        "delimiter and quote of `%.*s` are the same character", STR_ARG(ast->name.text));
        diag_help(checker->diags, diag, "change one of them; `quote ''` where fields are never quoted");
    }
}
