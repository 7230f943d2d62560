/* The model as JSON. Words are plain text: names in backticks, values in “quotes”, what a message is filled
 * with as ‹slot›. */
#include "compiler/document/document.h"

struct json {
    struct buf *out;
    bool more; /* a comma is due */
};

static void open(struct json *json, const char *bracket) {
    if (json->more) buf_append_char(json->out, ',');
    buf_append_cstr(json->out, bracket);
    json->more = false;
}

static void close(struct json *json, const char *bracket) {
    buf_append_cstr(json->out, bracket);
    json->more = true;
}

static void key(struct json *json, const char *name) {
    if (json->more) buf_append_char(json->out, ',');
    buf_append_json(json->out, str_cstr(name));
    buf_append_char(json->out, ':');
    json->more = false;
}

static void put_text(struct json *json, struct str text) {
    if (json->more) buf_append_char(json->out, ',');
    buf_append_json(json->out, text);
    json->more = true;
}

static void text(struct json *json, const char *name, struct str value) {
    key(json, name);
    put_text(json, value);
}

static void number(struct json *json, const char *name, int64_t value) {
    key(json, name);
    buf_printf(json->out, "%lld", (long long)value);
    json->more = true;
}

static void truth(struct json *json, const char *name, bool value) {
    key(json, name);
    buf_append_cstr(json->out, value ? "true" : "false");
    json->more = true;
}

static void words(struct json *json, const char *name, const struct phrase *phrase) {
    struct buf plain = {0};
    phrase_plain(phrase, &plain);
    text(json, name, buf_str(&plain));
    buf_release(&plain);
}

static void texts(struct json *json, const char *name, const struct str *items, uint32_t count) {
    key(json, name);
    open(json, "[");
    for (uint32_t i = 0; i < count; i++)
        put_text(json, items[i]);
    close(json, "]");
}

static void list(struct json *json, const char *name) {
    key(json, name);
    open(json, "[");
}

/* ------------------------------------------------------------------ parts */

static void put_outcomes(struct json *json, const struct document_outcomes *outcomes) {
    static const char *const KINDS[] = {
        [OUTCOME_USE] = "use",      [OUTCOME_SKIP] = "skip", [OUTCOME_REJECT] = "reject",
        [OUTCOME_WARN] = "warn",    [OUTCOME_FAIL] = "fail", [OUTCOME_KEEP] = "keep",
        [OUTCOME_UPDATE] = "update"};
    list(json, "outcomes");
    for (uint32_t i = 0; i < outcomes->list.count; i++) {
        const struct document_outcome *outcome = &outcomes->list.items[i];
        open(json, "{");
        text(json, "kind", str_cstr(KINDS[outcome->kind]));
        words(json, "when", &outcome->when);
        words(json, "message", &outcome->message);
        words(json, "use", &outcome->use);
        truth(json, "implied", outcome->implied);
        close(json, "}");
    }
    close(json, "]");
}

static void put_rules(struct json *json, const char *name, const struct document_rules *rules) {
    list(json, name);
    for (uint32_t i = 0; i < rules->list.count; i++) {
        const struct document_rule *rule = &rules->list.items[i];
        open(json, "{");
        text(json, "label", rule->label);
        words(json, "words", &rule->words);
        text(json, "code", rule->code);
        text(json, "doc", rule->doc);
        put_outcomes(json, &rule->outcomes);
        close(json, "}");
    }
    close(json, "]");
}

static void put_column(struct json *json, const struct document_column *column) {
    static const char *const ORIGINS[] = {[ORIGIN_ASSIGNED] = "assigned",
                                          [ORIGIN_COPIED] = "copied",
                                          [ORIGIN_DATABASE] = "database",
                                          [ORIGIN_IGNORED] = "ignored",
                                          [ORIGIN_EMPTY] = "empty"};
    open(json, "{");
    text(json, "name", column->name);
    text(json, "type", column->type);
    truth(json, "required", column->not_null);
    truth(json, "key", column->primary);
    truth(json, "pii", column->pii);
    text(json, "references", column->references);
    text(json, "origin", str_cstr(ORIGINS[column->origin]));
    words(json, "words", &column->words);
    text(json, "code", column->code);
    text(json, "doc", column->doc);
    text(json, "because", column->because);
    put_outcomes(json, &column->outcomes);
    texts(json, "sources", column->sources.items, column->sources.count);
    close(json, "}");
}

static void put_map_names(struct json *json, const char *name, const struct document *document,
                          const uint32_t *maps, uint32_t count) {
    list(json, name);
    for (uint32_t i = 0; i < count; i++)
        put_text(json, document->maps.items[maps[i]].name);
    close(json, "]");
}

static void put_maps(struct json *json, const struct document *document) {
    list(json, "maps");
    for (uint32_t i = 0; i < document->maps.count; i++) {
        const struct document_map *map = &document->maps.items[i];
        open(json, "{");
        text(json, "name", map->name);
        text(json, "doc", map->doc);
        text(json, "into", map->table);
        truth(json, "file", map->is_file);
        number(json, "order", map->order);
        text(json, "phase", map->phase);
        put_map_names(json, "after", document, map->after.items, map->after.count);
        put_map_names(json, "finds", document, map->finds.items, map->finds.count);
        texts(json, "reads", map->reads.items, map->reads.count);
        texts(json, "looks_up", map->looks.items, map->looks.count);
        put_rules(json, "rules", &map->rules);
        put_rules(json, "terms", &map->terms);
        list(json, "columns");
        for (uint32_t c = 0; c < map->columns.count; c++)
            put_column(json, &map->columns.items[c]);
        close(json, "]");
        put_rules(json, "validations", &map->validations);
        words(json, "rollback", &map->rollback);
        close(json, "}");
    }
    close(json, "]");
}

static void put_source_column(struct json *json, const struct document_source_column *column) {
    open(json, "{");
    text(json, "id", column->anchor);
    text(json, "name", column->name);
    text(json, "title", column->title);
    text(json, "type", column->type);
    text(json, "format", column->format);
    text(json, "doc", column->doc);
    truth(json, "nullable", column->nullable);
    truth(json, "pii", column->pii);
    truth(json, "ignored", column->ignored);
    text(json, "because", column->because);
    truth(json, "read", column->read);
    texts(json, "used_for", column->used_for.items, column->used_for.count);
    close(json, "}");
}

static void put_sources(struct json *json, const struct document *document) {
    list(json, "sources");
    for (uint32_t s = 0; s < document->sources.count; s++) {
        const struct document_source *source = &document->sources.items[s];
        open(json, "{");
        text(json, "name", source->name);
        text(json, "doc", source->doc);
        words(json, "words", &source->words);
        text(json, "sql", source->sql);
        put_outcomes(json, &source->outcomes);
        list(json, "tables");
        for (uint32_t t = 0; t < source->tables.count; t++) {
            const struct document_source_table *table = &source->tables.items[t];
            open(json, "{");
            text(json, "id", table->anchor);
            text(json, "name", table->name);
            text(json, "title", table->title);
            text(json, "doc", table->doc);
            list(json, "columns");
            for (uint32_t c = 0; c < table->columns.count; c++)
                put_source_column(json, &table->columns.items[c]);
            close(json, "]");
            close(json, "}");
        }
        close(json, "]");
        close(json, "}");
    }
    close(json, "]");
}

static void put_codes(struct json *json, const struct document *document) {
    list(json, "codes");
    for (uint32_t i = 0; i < document->codes.count; i++) {
        const struct document_codes *codes = &document->codes.items[i];
        open(json, "{");
        text(json, "name", codes->name);
        text(json, "doc", codes->doc);
        words(json, "types", &codes->types);
        text(json, "file", codes->file);
        list(json, "pairs");
        for (uint32_t l = 0; l < codes->lines.count; l++) {
            open(json, "{");
            texts(json, "from", codes->lines.items[l].keys.items, codes->lines.items[l].keys.count);
            text(json, "to", codes->lines.items[l].value);
            close(json, "}");
        }
        close(json, "]");
        put_outcomes(json, &codes->outcomes);
        close(json, "}");
    }
    close(json, "]");
}

static void put_functions(struct json *json, const struct document *document) {
    list(json, "functions");
    for (uint32_t i = 0; i < document->functions.count; i++) {
        const struct document_function *function = &document->functions.items[i];
        open(json, "{");
        text(json, "name", function->name);
        text(json, "signature", function->signature);
        text(json, "doc", function->doc);
        words(json, "words", &function->words);
        text(json, "code", function->code);
        close(json, "}");
    }
    close(json, "]");
}

static void put_running(struct json *json, const struct document *document) {
    list(json, "params");
    for (uint32_t i = 0; i < document->params.count; i++) {
        const struct document_param *param = &document->params.items[i];
        open(json, "{");
        text(json, "name", param->name);
        text(json, "type", param->type);
        text(json, "doc", param->doc);
        words(json, "default", &param->value);
        truth(json, "secret", param->secret);
        close(json, "}");
    }
    close(json, "]");
    list(json, "environments");
    for (uint32_t i = 0; i < document->environments.count; i++) {
        const struct document_environment *environment = &document->environments.items[i];
        open(json, "{");
        text(json, "name", environment->name);
        text(json, "doc", environment->doc);
        text(json, "tolerance", environment->tolerance);
        number(json, "approvals", environment->approvals);
        text(json, "window", environment->window);
        text(json, "retention", environment->retention);
        close(json, "}");
    }
    close(json, "]");
    list(json, "phases");
    for (uint32_t i = 0; i < document->phases.count; i++) {
        open(json, "{");
        text(json, "name", document->phases.items[i].name);
        text(json, "doc", document->phases.items[i].doc);
        texts(json, "maps", document->phases.items[i].maps.items, document->phases.items[i].maps.count);
        close(json, "}");
    }
    close(json, "]");
}

static void put_checks(struct json *json, const struct document *document) {
    list(json, "checks");
    for (uint32_t i = 0; i < document->checks.count; i++) {
        const struct document_check *check = &document->checks.items[i];
        open(json, "{");
        text(json, "name", check->name);
        text(json, "title", check->title);
        text(json, "doc", check->doc);
        truth(json, "before", check->before);
        put_rules(json, "rules", &check->rules);
        text(json, "sql", check->sql);
        put_outcomes(json, &check->outcomes);
        close(json, "}");
    }
    close(json, "]");
    list(json, "tests");
    for (uint32_t i = 0; i < document->tests.count; i++) {
        const struct document_test *test = &document->tests.items[i];
        open(json, "{");
        text(json, "title", test->title);
        text(json, "doc", test->doc);
        number(json, "given", test->givens);
        number(json, "expected", test->expectations);
        close(json, "}");
    }
    close(json, "]");
}

static void put_personal(struct json *json, const struct document *document) {
    list(json, "personal");
    for (uint32_t i = 0; i < document->personal.count; i++) {
        const struct document_personal *entry = &document->personal.items[i];
        open(json, "{");
        text(json, "from", entry->source);
        text(json, "source", entry->source_anchor);
        text(json, "to", entry->target);
        words(json, "protection", &entry->protection);
        close(json, "}");
    }
    close(json, "]");
}

void document_render_json(const struct document *document, struct buf *out) {
    struct json json = {.out = out};
    open(&json, "{");
    text(&json, "migration", document->title);
    number(&json, "version", document->version);
    text(&json, "doc", document->doc);
    text(&json, "date", document->date);
    text(&json, "compiler", document->compiler);
    text(&json, "plan_hash", document->plan_hash);
    text(&json, "spec_sha256", document->spec_hash);
    text(&json, "schema_sha256", document->schema);
    text(&json, "target", document->target);
    text(&json, "strategy", document->strategy);
    texts(&json, "files", document->files.items, document->files.count);
    put_maps(&json, document);
    texts(&json, "unwritten", document->unwritten.items, document->unwritten.count);
    put_codes(&json, document);
    put_functions(&json, document);
    put_sources(&json, document);
    put_personal(&json, document);
    put_checks(&json, document);
    put_running(&json, document);
    text(&json, "audit_table", document->audit_table);
    put_rules(&json, "audit", &document->audit);
    close(&json, "}\n");
}
