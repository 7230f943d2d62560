/* Signature help: the function, code table or map whose argument or key is being written. */
#include "compiler/lsp/context.h"

/* The open bracket around the place, as a token before it; the commas behind it. False: none. */
static bool find_open(const struct context *context, uint32_t *open, uint32_t *commas) {
    uint32_t depth = 0;
    *commas = 0;
    for (uint32_t i = context->count; i-- > 0;) {
        enum token_kind kind = (enum token_kind)context->before.tokens.items[i].kind;
        if (kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET) depth++;
        if (kind == TOKEN_LEFT_BRACE || kind == TOKEN_RIGHT_BRACE || kind == TOKEN_SEMICOLON) return false;
        if (kind == TOKEN_COMMA && depth == 0) ++*commas;
        if (kind != TOKEN_LEFT_PAREN && kind != TOKEN_LEFT_BRACKET) continue;
        if (depth-- > 0) continue;
        *open = i;
        return i > 0;
    }
    return false;
}

/* The parts of `name(a, b)` between its brackets, as offsets in UTF-16 units; signatures are ASCII but for
 * their ellipses, which count one unit each. */
static cJSON *parameters_of(struct str signature, char open, char close) {
    cJSON *list = cJSON_CreateArray();
    uint32_t depth = 0, start = 0, unit = 0;
    for (size_t i = 0; i < signature.len; i++) {
        char c = signature.ptr[i];
        if (((unsigned char)c & 0xC0) == 0x80) continue;
        bool ends = depth == 1 && (c == ',' || c == close);
        if (ends && unit > start) {
            const int label[] = {(int)start, (int)unit};
            cJSON *parameter = cJSON_CreateObject();
            cJSON_AddItemToObject(parameter, "label", cJSON_CreateIntArray(label, 2));
            cJSON_AddItemToArray(list, parameter);
        }
        if (c == open && ++depth == 1) start = unit + 1;
        if (c == ',' && depth == 1) start = unit + 2;
        if (c == close && depth-- == 1) break;
        unit++;
    }
    return list;
}

static void add_signature(cJSON *list, struct str signature, struct str doc, char open, char close) {
    cJSON *json = cJSON_CreateObject();
    lsp_add_text(json, "label", signature);
    if (doc.len) cJSON_AddItemToObject(json, "documentation", lsp_markdown(doc));
    cJSON_AddItemToObject(json, "parameters", parameters_of(signature, open, close));
    cJSON_AddItemToArray(list, json);
}

static void add_functions(struct context *context, struct str name, cJSON *list) {
    enum { MOST = 24 };
    struct str signatures[MOST], docs[MOST];
    const struct checker *checker = &context->analysis->compile->checker;
    for (uint32_t i = 0; i < checker->fns.count; i++)
        if (str_eq(checker->fns.items[i]->name, name)) {
            add_signature(list, lsp_fn_signature(context->analysis, checker->fns.items[i]),
                          checker->fns.items[i]->decl->doc, '(', ')');
            return;
        }
    uint32_t count = lsp_function_signatures(name, signatures, docs, MOST);
    for (uint32_t i = 0; i < count; i++)
        add_signature(list, signatures[i], docs[i], '(', ')');
}

static void add_keyed(struct context *context, struct str name, cJSON *list) {
    struct checker *checker = &context->analysis->compile->checker;
    struct buf text = {0};
    const struct checked_map *map = context_find_map(context, name);
    const struct checked_codes *codes = NULL;
    for (uint32_t i = 0; i < checker->codes.count; i++)
        if (str_eq(checker->codes.items[i]->name, name)) codes = checker->codes.items[i];
    if (codes == NULL && map == NULL) return;
    const struct plan_type *keys = codes ? codes->keys.items : map->keys.items;
    uint32_t count = codes ? codes->keys.count : map->keys.count;
    buf_printf(&text, "%.*s[", STR_ARG(name));
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&text, "%s%.*s", i ? ", " : "", STR_ARG(type_to_text(checker, keys[i])));
    buf_append_cstr(&text, "] ");
    if (codes)
        buf_append_str(&text, type_to_text(checker, codes->value));
    else
        buf_append_cstr(&text, "the row that the map wrote for the key");
    add_signature(list, buf_str(&text), (struct str){0}, '[', ']');
    buf_release(&text);
}

cJSON *lsp_signature_help(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    struct context context;
    uint32_t open, commas;
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    context_read(&context, &server->arena, place.analysis, buf_str(&place.document->text), place.offset);
    if (context.in_comment || !find_open(&context, &open, &commas)) return NULL;
    if (context.before.tokens.items[open - 1].kind != TOKEN_WORD) return NULL;
    struct str name = token_text(&context.before, open - 1);
    cJSON *list = cJSON_CreateArray();
    if (context.before.tokens.items[open].kind == TOKEN_LEFT_PAREN)
        add_functions(&context, name, list);
    else
        add_keyed(&context, name, list);
    if (cJSON_GetArraySize(list) == 0) {
        cJSON_Delete(list);
        return NULL;
    }
    /* The first overload that takes so many arguments. */
    int active = 0, n = 0;
    const cJSON *one;
    cJSON_ArrayForEach(one, list) {
        if (cJSON_GetArraySize(lsp_get(one, "parameters")) > (int)commas) {
            active = n;
            break;
        }
        n++;
    }
    cJSON *help = cJSON_CreateObject();
    cJSON_AddItemToObject(help, "signatures", list);
    cJSON_AddNumberToObject(help, "activeSignature", active);
    cJSON_AddNumberToObject(help, "activeParameter", commas);
    return help;
}
