/* Compiles the draft and takes out what does not compile. */
#include "runtime/infer/model.h"

#include "compiler/format/format.h"

enum { MOST_ROUNDS = 400 };

struct draft_files {
    const struct infer_model *model;
};

static const struct source_text *read_ddl(void *context, struct str path, struct span asked_at,
                                          struct diag_list *diags) {
    const struct draft_files *files = context;
    if (files->model->request->ddl && str_eq(path, files->model->request->ddl_path))
        return files->model->request->ddl;
    diag_report(diags, X_FILE_MISSING, asked_at, "a draft reads its target's DDL only, not %.*s",
                STR_ARG(path));
    return NULL;
}

/* ---------------------------------------------------------------- taking out */

static void drop_table(struct infer_model *model, uint32_t t, struct str why) {
    model->tables[t].dropped = true;
    model->tables[t].why = arena_copy_str(model->arena, why);
}

static void drop_value(struct infer_model *model, uint32_t t, uint32_t c, const struct diag *diag) {
    struct infer_table *table = &model->tables[t];
    struct infer_value *value = &table->values[c];
    const struct schema_column *column = &table->table->columns.items[c];
    uint32_t fk;
    if (diag->code == E_PERSONAL_DATA && !value->personal) {
        value->personal = true;
        return;
    }
    bool was_invented = value->origin == ORIGIN_INVENTED;
    *value = (struct infer_value){.origin = ORIGIN_NOTHING, .dropped = true, .personal = value->personal};
    if (!infer_must_have(column)) return;
    if (was_invented || infer_is_fk(table->table, c, &fk)) {
        drop_table(model, t,
                   arena_printf(model->arena,
                                "`%.*s` must have a value, and what was found does not compile: %.*s",
                                STR_ARG(column->name), STR_ARG(diag->message)));
        return;
    }
    value->origin = infer_is_primary(table->table, c) ? ORIGIN_ROW : ORIGIN_INVENTED;
    if (value->origin == ORIGIN_ROW && column->type.kind != TYPE_INT && column->type.kind != TYPE_TEXT)
        value->origin = ORIGIN_INVENTED;
}

/* A mistake of the map as a whole, such as a cycle: references that may be null go first, then the map. */
static void drop_from_map(struct infer_model *model, uint32_t t, const struct diag *diag) {
    struct infer_table *table = &model->tables[t];
    for (uint32_t c = table->table->columns.count; c-- > 0;) {
        enum infer_origin origin = table->values[c].origin;
        bool reference = origin == ORIGIN_REFERENCE || origin == ORIGIN_THROUGH || origin == ORIGIN_PARENT;
        if (!reference || infer_must_have(&table->table->columns.items[c])) continue;
        drop_value(model, t, c, diag);
        return;
    }
    drop_table(model, t, diag->message);
}

static void drop_column(struct infer_model *model, uint32_t s, uint32_t c) {
    struct infer_column *column = &model->sources[s].columns[c];
    if (column->as_text)
        column->dropped = true;
    else
        column->as_text = true;
}

static bool same_owner(struct infer_owner a, struct infer_owner b) {
    return a.kind == b.kind && a.table == b.table && a.column == b.column;
}

static const struct infer_owner *owner_of(const struct infer_text *text, const struct diag *diag,
                                          const struct source_text *spec) {
    if (diag->severity != DIAG_ERROR || diag->primary.span.source != spec) return NULL;
    uint32_t line = source_text_locate(spec, diag->primary.span.start).line;
    return line >= 1 && line <= text->owners.count ? &text->owners.items[line - 1] : NULL;
}

static void take_out(struct infer_model *model, struct infer_owner owner, const struct diag *diag) {
    switch (owner.kind) {
    case OWNER_VALUE: drop_value(model, owner.table, owner.column, diag); break;
    case OWNER_KEY: model->tables[owner.table].key_dropped = true; break;
    case OWNER_MAP: drop_from_map(model, owner.table, diag); break;
    case OWNER_SOURCE_COLUMN: drop_column(model, owner.table, owner.column); break;
    case OWNER_NONE: break;
    }
}

/* Returns how much was taken out. */
static uint32_t repair(struct infer_model *model, const struct infer_text *text,
                       const struct source_text *spec, const struct diag_list *diags) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < diags->items.count; i++) {
        const struct infer_owner *owner = owner_of(text, diags->items.items[i], spec);
        bool before = owner == NULL || owner->kind == OWNER_NONE;
        for (uint32_t n = 0; n < i && !before; n++) {
            const struct infer_owner *other = owner_of(text, diags->items.items[n], spec);
            before = other && same_owner(*other, *owner);
        }
        if (before) continue;
        take_out(model, *owner, diags->items.items[i]);
        count++;
    }
    return count;
}

/* Nothing can be blamed: the last map goes. */
static bool drop_last(struct infer_model *model, const struct diag_list *diags) {
    struct str why = diags->items.count ? diags->items.items[0]->message : STR("the draft did not compile");
    for (uint32_t t = model->table_count; t-- > 0;)
        if (model->tables[t].source != INFER_NONE && !model->tables[t].dropped) {
            drop_table(model, t, why);
            return true;
        }
    return false;
}

/* ---------------------------------------------------------------- the draft as it is given out */

static bool finish(struct infer_model *model, struct str text, struct infer_result *result,
                   struct diag_list *diags) {
    struct draft_files context = {model};
    const struct compile_files files = {read_ddl, &context};
    struct arena scratch = {0};
    struct diag_list found;
    struct str formatted;
    if (!format_source(model->arena, source_text_new(model->arena, STR("draft"), text), diags, &formatted))
        return false;
    diag_list_init(&found, &scratch);
    bool good =
        compile_spec(&scratch, source_text_new(&scratch, STR("draft"), formatted), &files, &found) != NULL;
    if (!good) diag_list_move(&found, diags);
    arena_release(&scratch);
    result->text = formatted;
    return good;
}

static void count_maps(const struct infer_model *model, struct infer_result *result) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        const struct infer_table *table = &model->tables[t];
        if (table->source == INFER_NONE || table->dropped) continue;
        result->maps++;
        for (uint32_t c = 0; c < table->table->columns.count; c++) {
            enum infer_origin origin = table->values[c].origin;
            result->columns++;
            result->matched += origin != ORIGIN_NOTHING && origin != ORIGIN_INVENTED && origin != ORIGIN_ROW;
        }
    }
}

static void forget_uses(struct infer_model *model) {
    bool all = model->schema == NULL || !infer_has_map(model);
    for (uint32_t s = 0; s < model->source_count; s++) {
        model->sources[s].used = all;
        for (uint32_t c = 0; c < model->sources[s].column_count; c++)
            model->sources[s].columns[c].used = all;
    }
}

bool infer_verify(struct infer_model *model, struct infer_result *result, struct diag_list *diags) {
    struct draft_files context = {model};
    const struct compile_files files = {read_ddl, &context};
    for (uint32_t round = 0; round < MOST_ROUNDS; round++) {
        struct arena scratch = {0};
        struct infer_text text = {.out = {0}};
        struct diag_list found;
        forget_uses(model);
        infer_settle_columns(model);
        infer_write(model, &text);
        diag_list_init(&found, &scratch);
        const struct source_text *spec = source_text_new(&scratch, STR("draft"), buf_str(&text.out));
        if (compile_spec(&scratch, spec, &files, &found) != NULL) {
            bool good = finish(model, buf_str(&text.out), result, diags);
            buf_release(&text.out);
            arena_release(&scratch);
            count_maps(model, result);
            return good;
        }
        uint32_t count = repair(model, &text, spec, &found);
        bool more = count > 0 || drop_last(model, &found);
        for (uint32_t i = 0; i < found.items.count; i++)
            result->removed +=
                found.items.items[i]->severity == DIAG_ERROR && found.items.items[i]->code != E_PERSONAL_DATA;
        if (!more || round + 1 == MOST_ROUNDS) diag_list_move(&found, diags);
        buf_release(&text.out);
        arena_release(&scratch);
        if (!more) return false;
    }
    return false;
}
