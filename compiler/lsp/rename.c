/* Rename, checked: the specs are compiled again with the new name, and every name must then stand for what it
 * stood for before. So a clash, a name that hides another and a name that is hidden are all refused. */
#include "compiler/lsp/navigate.h"

#include "compiler/syntax/filter.h"

#include <stdlib.h>

/* A piece of a file to be replaced. By path and start; they do not overlap. */
struct rename_edit {
    struct str path;
    uint32_t start, end;
    struct str text;
};

struct renaming {
    struct lsp_server *server;
    struct lsp_place place;
    uint32_t group;
    struct more_analyses more;
    VEC(struct rename_edit) edits;
};

/* ---------------------------------------------------------------- what can be renamed */

/* Why not; NULL: it can be. */
static const char *refusal(const struct lsp_analysis *analysis, const struct lsp_symbol *symbol) {
    const struct lsp_file *file = lsp_analysis_file(analysis, symbol->at.source);
    if (file == NULL || file->path.len == 0) return "it is part of mig";
    switch (symbol->kind) {
    case SYMBOL_TABLE:
    case SYMBOL_TARGET_COLUMN:
    case SYMBOL_ENUM: return "it is declared in the database's schema";
    case SYMBOL_MIGRATION: return "the migration's name is what ids are made from";
    case SYMBOL_TEST: return "it is a title";
    default: return NULL;
    }
}

static bool can_rename(const struct renaming *renaming, struct lsp_error *error) {
    const struct lsp_analysis *analysis = renaming->place.analysis;
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        const struct lsp_symbol *symbol = &analysis->symbols.items[i];
        const char *why = symbol->group == renaming->group ? refusal(analysis, symbol) : NULL;
        if (why == NULL) continue;
        lsp_fail(renaming->server, error, RPC_REQUEST_FAILED, "`%.*s` cannot be renamed: %s",
                 STR_ARG(symbol->name), why);
        return false;
    }
    return true;
}

/* Without the dollar of a parameter. */
static struct span bare_span(struct span at) {
    if (at.end > at.start && at.source->text.ptr[at.start] == '$') at.start++;
    return at;
}

cJSON *lsp_prepare_rename(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct renaming renaming = {.server = server};
    if (!lsp_place_of(server, params, &renaming.place, error)) return NULL;
    const struct lsp_place *place = &renaming.place;
    renaming.group = navigate_group(place);
    if (renaming.group == UINT32_MAX || !can_rename(&renaming, error)) return NULL;
    const struct lsp_use *use = lsp_analysis_use(place->analysis, place->source, place->offset);
    const struct lsp_symbol *symbol = lsp_analysis_symbol(place->analysis, place->source, place->offset);
    struct span at = bare_span(use ? use->at : symbol->at);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "range", lsp_text_range(&place->document->lines, at.start, at.end));
    lsp_add_text(result, "placeholder", place->analysis->symbols.items[renaming.group].name);
    return result;
}

/* ---------------------------------------------------------------- the new name */

/* As it is written in a spec: in backticks where it is no plain word. False: it is no name at all. */
static bool write_name(struct lsp_server *server, struct str name, struct str *written) {
    bool plain = name.len > 0, possible = name.len > 0 && name.len <= 200;
    if (name.len > 2 && name.ptr[0] == '`' && name.ptr[name.len - 1] == '`') {
        name.ptr++;
        name.len -= 2;
        plain = false;
    }
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        plain = plain && (letter || (i > 0 && c >= '0' && c <= '9'));
        possible = possible && c >= 0x20 && c != '`' && c != 0x7F;
    }
    const struct keyword *keyword = keyword_find(name);
    plain = plain && (keyword == NULL || keyword->use == KEYWORD_NAMEABLE);
    *written = plain ? name : arena_printf(&server->arena, "`%.*s`", STR_ARG(name));
    return possible;
}

/* ---------------------------------------------------------------- edits */

static void add_edit(struct renaming *renaming, struct str path, uint32_t start, uint32_t end,
                     struct str text) {
    struct rename_edit edit = {path, start, end, text};
    VEC_PUSH(&renaming->server->arena, &renaming->edits, edit);
}

/* Every analysis that the rename may touch: the document's own first. NULL behind the last. */
static struct lsp_analysis *analysis_at(struct renaming *renaming, uint32_t n) {
    struct lsp_server *server = renaming->server;
    if (n == 0) return renaming->place.analysis;
    n--;
    for (uint32_t i = 0; i < server->documents_count; i++) {
        if (server->documents[i] == renaming->place.document || !server->documents[i]->is_spec) continue;
        if (n-- == 0) return lsp_document_analysis(server, server->documents[i]);
    }
    return n < renaming->more.list.count ? renaming->more.list.items[n] : NULL;
}

static const struct source_text *source_of(struct renaming *renaming, struct str path) {
    const struct lsp_analysis *analysis;
    for (uint32_t n = 0; (analysis = analysis_at(renaming, n)) != NULL; n++) {
        const struct lsp_file *file = lsp_analysis_file_at(analysis, path);
        if (file) return file->source;
    }
    return NULL;
}

/* A source column that is named as its field keeps reading that field. */
static void keep_field(struct renaming *renaming, const struct lsp_symbol *symbol) {
    const struct ast_source_column *column = symbol->column;
    const struct lsp_analysis *analysis = renaming->place.analysis;
    if (column == NULL || column->from.span.source || column->type.span.source == NULL) return;
    const struct ast_decl *decl = lsp_analysis_decl(analysis, symbol->at.start);
    if (decl == NULL || decl->kind != DECL_SOURCE || str_is(decl->source.format.text, "inline")) return;
    struct buf quoted = {0};
    buf_append_cstr(&quoted, " from '");
    for (size_t i = 0; i < symbol->name.len; i++) {
        if (symbol->name.ptr[i] == '\'') buf_append_char(&quoted, '\'');
        buf_append_char(&quoted, symbol->name.ptr[i]);
    }
    buf_append_char(&quoted, '\'');
    add_edit(renaming, lsp_analysis_file(analysis, symbol->at.source)->path, column->type.span.end,
             column->type.span.end, arena_copy_str(&renaming->server->arena, buf_str(&quoted)));
    buf_release(&quoted);
}

static int compare_edits(const void *a, const void *b) {
    const struct rename_edit *left = a, *right = b;
    int order = str_compare(left->path, right->path);
    return order ? order : (left->start > right->start) - (left->start < right->start);
}

static void make_edits(struct renaming *renaming, struct str written) {
    struct name_places places = {0};
    const struct lsp_analysis *analysis = renaming->place.analysis;
    navigate_places(renaming->server, &renaming->place, renaming->group, &renaming->more, &places);
    for (uint32_t i = 0; i < places.list.count; i++) {
        const struct name_place *at = &places.list.items[i];
        const struct source_text *source = source_of(renaming, at->path);
        if (source == NULL) continue;
        struct span bare = bare_span((struct span){source, at->start, at->end});
        add_edit(renaming, at->path, bare.start, bare.end, written);
    }
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        if (analysis->symbols.items[i].group == renaming->group)
            keep_field(renaming, &analysis->symbols.items[i]);
    if (renaming->edits.count)
        qsort(renaming->edits.items, renaming->edits.count, sizeof *renaming->edits.items, compare_edits);
}

/* ---------------------------------------------------------------- the check */

static bool is_edited(const struct renaming *renaming, struct str path) {
    for (uint32_t i = 0; i < renaming->edits.count; i++)
        if (str_eq(renaming->edits.items[i].path, path)) return true;
    return false;
}

static struct str edited_text(const struct renaming *renaming, struct arena *arena, struct str path,
                              struct str text) {
    struct buf out = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < renaming->edits.count; i++) {
        const struct rename_edit *edit = &renaming->edits.items[i];
        if (!str_eq(edit->path, path) || edit->start < at || edit->end > text.len) continue;
        buf_append(&out, text.ptr + at, edit->start - at);
        buf_append_str(&out, edit->text);
        at = edit->end;
    }
    buf_append(&out, text.ptr + at, text.len - at);
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* Where an old offset is in the edited text. */
static uint32_t moved(const struct renaming *renaming, struct str path, uint32_t offset) {
    int64_t shift = 0;
    for (uint32_t i = 0; i < renaming->edits.count; i++) {
        const struct rename_edit *edit = &renaming->edits.items[i];
        if (str_eq(edit->path, path) && edit->end <= offset)
            shift += (int64_t)edit->text.len - (edit->end - edit->start);
    }
    return (uint32_t)(offset + shift);
}

static const struct source_text *read_edited(void *context, struct arena *arena, struct str path,
                                             const char **why) {
    struct renaming *renaming = context;
    struct lsp_reader reader = lsp_server_reader(renaming->server);
    const struct source_text *source = reader.read(reader.context, arena, path, why);
    if (source == NULL || !is_edited(renaming, path)) return source;
    return source_text_new(arena, path, edited_text(renaming, arena, path, source->text));
}

/* The place of an old name in the new analysis. */
static struct span moved_span(const struct renaming *renaming, const struct lsp_analysis *before,
                              const struct lsp_analysis *after, struct span span) {
    const struct lsp_file *file = lsp_analysis_file(before, span.source);
    if (file == NULL) return (struct span){0};
    for (uint32_t i = 0; i < after->files.count; i++) {
        const struct lsp_file *other = after->files.items[i];
        bool same = file->path.len ? str_eq(other->path, file->path)
                                   : other->path.len == 0 && str_eq(other->source->name, file->source->name);
        if (!same) continue;
        uint32_t start = file->path.len ? moved(renaming, file->path, span.start) : span.start;
        return (struct span){other->source, start, start};
    }
    return (struct span){0};
}

static const struct lsp_use *find_use(const struct lsp_analysis *analysis, struct span at) {
    for (uint32_t i = 0; i < analysis->uses.count; i++)
        if (analysis->uses.items[i].at.source == at.source && analysis->uses.items[i].at.start == at.start)
            return &analysis->uses.items[i];
    return NULL;
}

static bool same_meaning(struct renaming *renaming, const struct lsp_analysis *before,
                         const struct lsp_analysis *after, struct lsp_error *error) {
    struct lsp_server *server = renaming->server;
    if (after->diags.error_count > 0) {
        const struct diag *diag = after->diags.items.items[0];
        for (uint32_t i = 0; i < after->diags.items.count; i++)
            if (diag_code_severity(after->diags.items.items[i]->code) == DIAG_ERROR) {
                diag = after->diags.items.items[i];
                break;
            }
        lsp_fail(server, error, RPC_REQUEST_FAILED, "the new name does not fit: %.*s",
                 STR_ARG(diag->message));
        return false;
    }
    for (uint32_t i = 0; i < before->uses.count; i++) {
        const struct lsp_use *use = &before->uses.items[i];
        const struct lsp_use *now = find_use(after, moved_span(renaming, before, after, use->at));
        struct span declared = moved_span(renaming, before, after, use->declared);
        if (now && now->declared.source == declared.source && now->declared.start == declared.start) continue;
        struct line_column line = source_text_locate(use->at.source, use->at.start);
        lsp_fail(server, error, RPC_REQUEST_FAILED,
                 "the new name is taken: `%.*s` in line %u would stand for something else",
                 STR_ARG(span_text(use->at)), line.line);
        return false;
    }
    return true;
}

static bool check_analyses(struct renaming *renaming, struct lsp_error *error) {
    struct lsp_reader reader = {
        .read = read_edited, .context = renaming, .embedded = renaming->server->options->embedded};
    struct lsp_analysis *before;
    for (uint32_t n = 0; (before = analysis_at(renaming, n)) != NULL; n++) {
        bool touched = false;
        for (uint32_t i = 0; i < before->files.count; i++)
            touched |= is_edited(renaming, before->files.items[i]->path);
        if (!touched) continue;
        struct str path = before->files.items[0]->path;
        if (before->diags.error_count > 0) {
            lsp_fail(renaming->server, error, RPC_REQUEST_FAILED,
                     "%.*s has errors, so not all uses of the name are known: correct them first",
                     STR_ARG(path));
            return false;
        }
        struct lsp_analysis *after = lsp_analysis_new(
            &reader, path, edited_text(renaming, &renaming->server->arena, path, before->spec->text));
        bool fine = same_meaning(renaming, before, after, error);
        lsp_analysis_free(after);
        if (!fine) return false;
    }
    return true;
}

/* ---------------------------------------------------------------- the answer */

static cJSON *workspace_edit(struct renaming *renaming) {
    struct lsp_server *server = renaming->server;
    cJSON *result = cJSON_CreateObject(), *changes = cJSON_AddObjectToObject(result, "changes");
    for (uint32_t i = 0; i < renaming->edits.count; i++) {
        const struct rename_edit *edit = &renaming->edits.items[i];
        const struct lsp_document *open = lsp_find_document(server, edit->path);
        struct str uri = open ? str_cstr(open->uri) : lsp_path_to_uri(&server->arena, edit->path);
        const char *key = arena_copy_cstr(&server->arena, uri);
        cJSON *list = cJSON_GetObjectItemCaseSensitive(changes, key);
        if (list == NULL) list = cJSON_AddArrayToObject(changes, key);
        struct lsp_text text;
        lsp_text_init(&text, &server->arena, source_of(renaming, edit->path)->text);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddItemToObject(json, "range", lsp_text_range(&text, edit->start, edit->end));
        lsp_add_text(json, "newText", edit->text);
        cJSON_AddItemToArray(list, json);
    }
    return result;
}

cJSON *lsp_rename(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct renaming renaming = {.server = server};
    struct str name = lsp_get_text(params, "newName"), written;
    cJSON *result = NULL;
    if (!lsp_place_of(server, params, &renaming.place, error)) return NULL;
    renaming.group = navigate_group(&renaming.place);
    if (renaming.group == UINT32_MAX) {
        lsp_fail(server, error, RPC_REQUEST_FAILED, "there is no name here that could be changed");
    } else if (!write_name(server, name, &written)) {
        lsp_fail(server, error, RPC_INVALID_PARAMS, "`%.*s` is no name", STR_ARG(name));
    } else if (can_rename(&renaming, error)) {
        if (navigate_is_shared(&renaming.place, renaming.group))
            navigate_read_workspace(server, &renaming.place,
                                    renaming.place.analysis->symbols.items[renaming.group].name,
                                    &renaming.more);
        make_edits(&renaming, written);
        if (check_analyses(&renaming, error)) result = workspace_edit(&renaming);
    }
    navigate_free(&renaming.more);
    return result;
}
