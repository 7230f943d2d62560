/* Definition, references, highlights. */
#include "compiler/lsp/navigate.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------- definition */

/* The file of `use std.text` or `schema 'x.sql'`: where its text starts. */
static cJSON *file_location(struct lsp_server *server, const struct lsp_place *place) {
    const struct ast_decl *decl = lsp_analysis_decl(place->analysis, place->offset);
    struct str wanted = {0};
    if (decl == NULL) return NULL;
    if (decl->kind == DECL_USE) {
        struct buf path = {0};
        for (uint32_t i = 0; i < decl->use.path.parts.count; i++)
            buf_printf(&path, "%s%.*s", i ? "/" : "", STR_ARG(decl->use.path.parts.items[i].text));
        buf_append_cstr(&path, ".mig");
        wanted = arena_copy_str(&server->arena, buf_str(&path));
        buf_release(&path);
    } else if (decl->kind == DECL_TARGET || decl->kind == DECL_SOURCE) {
        const struct ast_option *options =
            decl->kind == DECL_TARGET ? decl->target.options.items : decl->source.options.items;
        uint32_t count = decl->kind == DECL_TARGET ? decl->target.options.count : decl->source.options.count;
        for (uint32_t i = 0; i < count; i++)
            if (str_is(options[i].name.text, "schema") && options[i].values.count == 1 &&
                options[i].span.start <= place->offset && place->offset <= options[i].span.end)
                wanted = options[i].values.items[0]->text;
    }
    if (wanted.len == 0) return NULL;
    for (uint32_t i = 0; i < place->analysis->files.count; i++) {
        const struct source_text *source = place->analysis->files.items[i]->source;
        if (place->analysis->files.items[i]->path.len == 0 && str_eq(source->name, wanted))
            return lsp_location(server, place->analysis, (struct span){source, 0, 0});
    }
    const struct lsp_file *file = lsp_analysis_file_at(
        place->analysis, lsp_path_join(&server->arena, lsp_path_folder(place->document->path), wanted));
    return file ? lsp_location(server, place->analysis, (struct span){file->source, 0, 0}) : NULL;
}

cJSON *lsp_definition(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    const struct lsp_use *use = lsp_analysis_use(place.analysis, place.source, place.offset);
    if (use) return lsp_location(server, place.analysis, use->declared);
    const struct lsp_symbol *symbol = lsp_analysis_symbol(place.analysis, place.source, place.offset);
    if (symbol) return lsp_location(server, place.analysis, symbol->at);
    /* The label of an enum: its type. */
    const struct lsp_expr *expr = lsp_analysis_expr(place.analysis, place.source, place.offset);
    const struct checker *checker = &place.analysis->compile->checker;
    if (expr && expr->typed->kind == TX_CONST && expr->typed->type.kind == TYPE_ENUM &&
        expr->typed->type.ref < place.analysis->compile->enums.count && checker->target_schema)
        return lsp_location(server, place.analysis,
                            place.analysis->compile->enums.items[expr->typed->type.ref]->span);
    return file_location(server, &place);
}

/* ---------------------------------------------------------------- groups */

uint32_t navigate_group(const struct lsp_place *place) {
    const struct lsp_use *use = lsp_analysis_use(place->analysis, place->source, place->offset);
    if (use && use->symbol != UINT32_MAX) return place->analysis->symbols.items[use->symbol].group;
    const struct lsp_symbol *symbol = lsp_analysis_symbol(place->analysis, place->source, place->offset);
    return symbol ? symbol->group : UINT32_MAX;
}

bool navigate_is_shared(const struct lsp_place *place, uint32_t group) {
    const struct lsp_analysis *analysis = place->analysis;
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        const struct lsp_symbol *symbol = &analysis->symbols.items[i];
        if (symbol->group == group && (symbol->kind == SYMBOL_FN || symbol->kind == SYMBOL_CODES) &&
            (analysis->is_module || symbol->at.source != analysis->spec))
            return true;
    }
    return false;
}

static void add_place(struct lsp_server *server, const struct lsp_analysis *analysis, struct span at,
                      bool is_declaration, struct name_places *places) {
    const struct lsp_file *file = lsp_analysis_file(analysis, at.source);
    if (file == NULL || file->path.len == 0) return;
    for (uint32_t i = 0; i < places->list.count; i++) {
        struct name_place *known = &places->list.items[i];
        if (known->start != at.start || !str_eq(known->path, file->path)) continue;
        known->is_declaration |= is_declaration;
        return;
    }
    struct name_place place = {arena_copy_str(&server->arena, file->path), at.start, at.end, is_declaration};
    VEC_PUSH(&server->arena, &places->list, place);
}

static void add_group(struct lsp_server *server, const struct lsp_analysis *analysis, uint32_t group,
                      struct name_places *places) {
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        if (analysis->symbols.items[i].group == group)
            add_place(server, analysis, analysis->symbols.items[i].at,
                      analysis->symbols.items[i].kind != SYMBOL_LINE, places);
    for (uint32_t i = 0; i < analysis->uses.count; i++) {
        uint32_t symbol = analysis->uses.items[i].symbol;
        if (symbol != UINT32_MAX && analysis->symbols.items[symbol].group == group)
            add_place(server, analysis, analysis->uses.items[i].at, false, places);
    }
}

/* The same thing in another analysis: what is declared at the same place of the same file. */
static void add_from_other(struct lsp_server *server, const struct lsp_analysis *other,
                           struct name_places *places) {
    uint32_t count = places->list.count;
    for (uint32_t i = 0; i < count; i++) {
        struct name_place known = places->list.items[i];
        const struct lsp_file *file = known.is_declaration ? lsp_analysis_file_at(other, known.path) : NULL;
        if (file == NULL) continue;
        const struct lsp_symbol *symbol =
            lsp_analysis_declared(other, (struct span){file->source, known.start, known.end});
        if (symbol) add_group(server, other, symbol->group, places);
    }
}

static int compare_name_places(const void *a, const void *b) {
    const struct name_place *left = a, *right = b;
    int order = str_compare(left->path, right->path);
    return order ? order : (left->start > right->start) - (left->start < right->start);
}

void navigate_places(struct lsp_server *server, const struct lsp_place *place, uint32_t group,
                     const struct more_analyses *more, struct name_places *places) {
    add_group(server, place->analysis, group, places);
    for (uint32_t i = 0; i < server->documents_count; i++)
        if (server->documents[i] != place->document && server->documents[i]->is_spec)
            add_from_other(server, lsp_document_analysis(server, server->documents[i]), places);
    for (uint32_t i = 0; more && i < more->list.count; i++)
        add_from_other(server, more->list.items[i], places);
    if (places->list.count)
        qsort(places->list.items, places->list.count, sizeof *places->list.items, compare_name_places);
}

/* ---------------------------------------------------------------- the workspace */

enum { WORKSPACE_MAX_DEPTH = 8, WORKSPACE_MAX_ENTRIES = 20000, WORKSPACE_MAX_SPECS = 500 };

struct workspace_walk {
    struct lsp_server *server;
    struct str word;
    struct more_analyses *more;
    uint32_t entries;
    VEC(struct str) seen;
};

static bool holds_word(struct str text, struct str word) {
    return word.len && memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

static void read_spec(struct workspace_walk *walk, struct str path) {
    struct lsp_server *server = walk->server;
    if (lsp_find_document(server, path) || walk->more->list.count >= WORKSPACE_MAX_SPECS) return;
    for (uint32_t i = 0; i < walk->seen.count; i++)
        if (str_eq(walk->seen.items[i], path)) return;
    VEC_PUSH(&server->arena, &walk->seen, path);
    struct lsp_reader reader = lsp_server_reader(server);
    const char *why;
    const struct source_text *source = reader.read(reader.context, &server->arena, path, &why);
    if (source == NULL || !holds_word(source->text, walk->word)) return;
    VEC_PUSH(&server->arena, &walk->more->list, lsp_analysis_new(&reader, path, source->text));
}

static void walk_folder(struct workspace_walk *walk, struct str folder, int depth) {
    struct arena *arena = &walk->server->arena;
    DIR *dir = depth < WORKSPACE_MAX_DEPTH ? opendir(arena_copy_cstr(arena, folder)) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)) && walk->entries++ < WORKSPACE_MAX_ENTRIES) {
        struct str name = str_cstr(entry->d_name);
        if (entry->d_name[0] == '.' || str_is(name, "node_modules")) continue;
        struct str path = lsp_path_join(arena, folder, name);
        struct stat status;
        if (lstat(path.ptr, &status) != 0) continue;
        if (S_ISDIR(status.st_mode))
            walk_folder(walk, path, depth + 1);
        else if (S_ISREG(status.st_mode) && str_ends_with(name, STR(".mig")))
            read_spec(walk, path);
    }
    if (dir) closedir(dir);
}

void navigate_read_workspace(struct lsp_server *server, const struct lsp_place *place, struct str word,
                             struct more_analyses *more) {
    struct workspace_walk walk = {.server = server, .word = word, .more = more};
    struct str folder = lsp_path_folder(place->document->path);
    if (server->root.len) walk_folder(&walk, server->root, 0);
    if (folder.len && (server->root.len == 0 || !str_starts_with(folder, server->root)))
        walk_folder(&walk, folder, WORKSPACE_MAX_DEPTH - 1);
}

void navigate_free(struct more_analyses *more) {
    for (uint32_t i = 0; i < more->list.count; i++)
        lsp_analysis_free(more->list.items[i]);
    more->list.count = 0;
}

/* ---------------------------------------------------------------- references */

/* The text of a place: of an open document, or of an analysis that has read the file. */
static const struct lsp_text *text_of(struct lsp_server *server, const struct lsp_place *place,
                                      const struct more_analyses *more, struct str path) {
    struct lsp_document *open = lsp_find_document(server, path);
    if (open) return &open->lines;
    const struct lsp_file *file = lsp_analysis_file_at(place->analysis, path);
    for (uint32_t i = 0; file == NULL && i < server->documents_count; i++)
        if (server->documents[i]->analysis) file = lsp_analysis_file_at(server->documents[i]->analysis, path);
    for (uint32_t i = 0; file == NULL && i < more->list.count; i++)
        file = lsp_analysis_file_at(more->list.items[i], path);
    return file ? &file->text : NULL;
}

static struct str uri_of(struct lsp_server *server, struct str path) {
    const struct lsp_document *open = lsp_find_document(server, path);
    return open ? str_cstr(open->uri) : lsp_path_to_uri(&server->arena, path);
}

cJSON *lsp_references(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    struct name_places places = {0};
    struct more_analyses more = {0};
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    bool declarations = cJSON_IsTrue(lsp_get(lsp_get(params, "context"), "includeDeclaration"));
    uint32_t group = navigate_group(&place);
    if (group == UINT32_MAX) return NULL;
    if (navigate_is_shared(&place, group))
        navigate_read_workspace(server, &place, place.analysis->symbols.items[group].name, &more);
    navigate_places(server, &place, group, &more, &places);
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < places.list.count; i++) {
        const struct name_place *at = &places.list.items[i];
        const struct lsp_text *text = text_of(server, &place, &more, at->path);
        if ((at->is_declaration && !declarations) || text == NULL) continue;
        cJSON *location = cJSON_CreateObject();
        lsp_add_text(location, "uri", uri_of(server, at->path));
        cJSON_AddItemToObject(location, "range", lsp_text_range(text, at->start, at->end));
        cJSON_AddItemToArray(list, location);
    }
    navigate_free(&more);
    return list;
}

cJSON *lsp_document_highlight(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    struct name_places places = {0};
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    uint32_t group = navigate_group(&place);
    if (group == UINT32_MAX) return NULL;
    add_group(server, place.analysis, group, &places);
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < places.list.count; i++) {
        const struct name_place *at = &places.list.items[i];
        if (!str_eq(at->path, place.document->path)) continue;
        cJSON *highlight = cJSON_CreateObject();
        cJSON_AddItemToObject(highlight, "range", lsp_text_range(&place.document->lines, at->start, at->end));
        cJSON_AddNumberToObject(highlight, "kind", at->is_declaration ? 3 : 2);
        cJSON_AddItemToArray(list, highlight);
    }
    return list;
}
