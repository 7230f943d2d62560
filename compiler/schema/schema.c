/* DDL to catalog: drives the statements, answers questions about the result. */
#include "compiler/schema/pg_tree.h"

#include <ctype.h>
#include <pg_query.h>

struct span schema_span(const struct schema_reader *reader, int location) {
    struct str text = reader->schema->source->text;
    uint32_t start = location < 0 || (size_t)location > text.len ? 0 : (uint32_t)location, end = start;
    while (end < text.len && (isalnum((unsigned char)text.ptr[end]) || text.ptr[end] == '_'))
        end++;
    return (struct span){reader->schema->source, start, end > start ? end : start + (start < text.len)};
}

/* libpg_query gives characters, 1-based; spans are bytes. */
static uint32_t byte_of_cursor(const char *sql, int cursor) {
    uint32_t at = 0;
    for (int n = 1; n < cursor && sql[at]; n++) {
        at++;
        while (((unsigned char)sql[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

/* The word that starts there; a mistake at the end is shown at the last character. */
static struct span word_at(struct span at, uint32_t start) {
    struct str text = at.source->text;
    uint32_t end;
    if (start >= at.end) start = at.end > at.start ? at.end - 1 : at.start;
    for (end = start; end < at.end && (isalnum((unsigned char)text.ptr[end]) || text.ptr[end] == '_');)
        end++;
    return (struct span){at.source, start, end > start ? end : start + (start < text.len)};
}

cJSON *pg_tree_parse(const char *sql, struct span at, pg_place place, const void *context,
                     struct diag_list *diags, const char *what) {
    PgQueryParseResult result = pg_query_parse(sql);
    cJSON *tree = NULL;
    if (result.error) {
        struct span word = at;
        if (at.source && result.error->cursorpos > 0) {
            uint32_t byte = byte_of_cursor(sql, result.error->cursorpos);
            word = word_at(at, place ? place(context, byte) : at.start + byte);
        }
        struct diag *diag = diag_report(diags, E_SQL_SYNTAX, word, "%s: %s", what, result.error->message);
        diag_help(diags, diag, "This is Postgres' own parser speaking (version %s); psql would say the same.",
                  PG_MAJORVERSION);
    } else {
        tree = cJSON_Parse(result.parse_tree);
        if (tree == NULL) diag_report(diags, E_SQL_SYNTAX, at, "%s: nested too deeply to be read", what);
    }
    pg_query_free_parse_result(result);
    return tree;
}

static void read_statement(struct schema_reader *reader, const cJSON *statement) {
    const cJSON *body = statement->child;
    if (body == NULL) return;
    static const struct {
        const char *kind;
        void (*read)(struct schema_reader *, const cJSON *);
    } READERS[] = {
        {"CreateEnumStmt", schema_add_enum},     {"AlterEnumStmt", schema_alter_enum},
        {"CreateDomainStmt", schema_add_domain}, {"CreateStmt", schema_add_table},
        {"AlterTableStmt", schema_alter_table},  {"IndexStmt", schema_add_index},
        {"CreatePolicyStmt", schema_add_policy}, {"CreateTrigStmt", schema_add_trigger},
    };
    for (size_t i = 0; i < sizeof READERS / sizeof *READERS; i++)
        if (strcmp(body->string, READERS[i].kind) == 0) READERS[i].read(reader, body);
}

/* pg_dump writes `\restrict KEY` and `\unrestrict KEY` for psql. Made comments of the same length, so that
 * places in the text stay. NUL-terminated. */
static struct str without_psql(struct arena *arena, struct str text) {
    static const struct str COMMANDS[] = {{"\\restrict ", 10}, {"\\unrestrict ", 12}};
    struct str copy = arena_copy_str(arena, text);
    for (size_t at = 0; at < copy.len;) {
        struct str line = str_from(copy.ptr + at, copy.len - at);
        const char *end = memchr(line.ptr, '\n', line.len);
        for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
            if (str_starts_with(line, COMMANDS[i])) memcpy((char *)line.ptr, "--", 2);
        at = end ? (size_t)(end - copy.ptr) + 1 : copy.len;
    }
    return copy;
}

struct schema *schema_parse(struct arena *arena, const struct source_text *ddl, struct diag_list *diags) {
    struct span whole = {ddl, 0, (uint32_t)ddl->text.len};
    if (memchr(ddl->text.ptr, '\0', ddl->text.len)) {
        diag_report(diags, E_SQL_SYNTAX, whole, "the DDL holds a NUL byte");
        return NULL;
    }
    struct str sql = without_psql(arena, ddl->text);
    cJSON *tree = pg_tree_parse(sql.ptr, whole, NULL, NULL, diags, "the DDL does not parse");
    if (tree == NULL) return NULL;
    struct schema *schema = ARENA_NEW(arena, struct schema);
    schema->source = ddl;
    schema->sql = sql;
    struct schema_reader reader = {.arena = arena, .diags = diags, .schema = schema};
    const cJSON *statement;
    cJSON_ArrayForEach(statement, pg_tree_get(tree, "stmts")) {
        const cJSON *body = pg_tree_get(statement, "stmt");
        if (body) read_statement(&reader, body);
    }
    schema_resolve_fks(&reader);
    cJSON_Delete(tree);
    return schema;
}

static bool in_schema(struct str wanted, struct str schema_name) {
    return wanted.len == 0 || str_eq(wanted, schema_name);
}

const struct schema_table *schema_find_table(const struct schema *schema, struct str schema_name,
                                             struct str name) {
    const struct schema_table *found = NULL;
    for (uint32_t i = 0; i < schema->tables.count; i++) {
        const struct schema_table *t = schema->tables.items[i];
        if (!str_eq(t->name, name) || !in_schema(schema_name, t->schema)) continue;
        if (schema_name.len || str_is(t->schema, "public")) return t;
        found = found ? NULL : t;
    }
    return found;
}

const struct schema_enum *schema_find_enum(const struct schema *schema, struct str schema_name,
                                           struct str name) {
    const struct schema_enum *found = NULL;
    for (uint32_t i = 0; i < schema->enums.count; i++) {
        const struct schema_enum *e = schema->enums.items[i];
        if (!str_eq(e->name, name) || !in_schema(schema_name, e->schema)) continue;
        if (schema_name.len || str_is(e->schema, "public")) return e;
        found = found ? NULL : e;
    }
    return found;
}

int schema_find_column(const struct schema_table *table, struct str name) {
    for (uint32_t i = 0; i < table->columns.count; i++)
        if (str_eq(table->columns.items[i].name, name)) return (int)i;
    return -1;
}

static bool key_has(const struct schema_key *key, uint32_t column) {
    for (uint32_t i = 0; i < key->columns.count; i++)
        if (key->columns.items[i] == column) return true;
    return false;
}

bool schema_is_unique(const struct schema_table *table, const uint32_t *columns, uint32_t count) {
    for (uint32_t k = 0; k < table->keys.count; k++) {
        const struct schema_key *key = &table->keys.items[k];
        if (key->partial || key->columns.count != count) continue;
        uint32_t matched = 0;
        for (uint32_t i = 0; i < count; i++)
            matched += key_has(key, columns[i]);
        if (matched == count) return true;
    }
    return false;
}
