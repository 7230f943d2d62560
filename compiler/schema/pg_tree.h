/* Reading libpg_query's parse tree, which it gives as JSON: small accessors over cJSON that take a missing
 * member for an empty one. */
#ifndef MIG_SCHEMA_PG_TREE_H
#define MIG_SCHEMA_PG_TREE_H

#include "compiler/schema/schema.h"

#include <cjson/cJSON.h>

/* The names of members are Postgres' own (parsenodes.h, pg_query.proto). */
static inline const cJSON *pg_tree_get(const cJSON *node, const char *name) {
    return node ? cJSON_GetObjectItemCaseSensitive(node, name) : NULL;
}
static inline const char *pg_tree_text(const cJSON *node, const char *name) {
    const cJSON *item = pg_tree_get(node, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}
static inline bool pg_tree_flag(const cJSON *node, const char *name) {
    return cJSON_IsTrue(pg_tree_get(node, name));
}
static inline int pg_tree_int(const cJSON *node, const char *name) {
    const cJSON *item = pg_tree_get(node, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}
/* The text of {"String": {"sval": "x"}}. */
static inline const char *pg_tree_string(const cJSON *node) {
    return pg_tree_text(pg_tree_get(node, "String"), "sval");
}
static inline bool pg_tree_is(const cJSON *node, const char *name, const char *text) {
    return strcmp(pg_tree_text(node, name), text) == 0;
}

/* What is being read: handed through the reading functions. */
struct schema_reader {
    struct arena *arena;
    struct diag_list *diags;
    struct schema *schema;
    int depth; /* of nested domains and LIKE clauses */
};

/* A place in the DDL: from a node's byte location to the end of that word. */
struct span schema_span(const struct schema_reader *reader, int location);
/* Where the byte of the SQL stands in the source. */
typedef uint32_t (*pg_place)(const void *context, uint32_t byte);
/* The tree (free with cJSON_Delete), or NULL with a diagnostic at the word that `place` leads to. place NULL:
 * sql is the source's own text from the start of `at`. */
cJSON *pg_tree_parse(const char *sql, struct span at, pg_place place, const void *context,
                     struct diag_list *diags, const char *what);

/* schema_type.c */
struct schema_type schema_read_type(struct schema_reader *reader, const cJSON *type_name);
void schema_add_enum(struct schema_reader *reader, const cJSON *statement);
void schema_alter_enum(struct schema_reader *reader, const cJSON *statement);
void schema_add_domain(struct schema_reader *reader, const cJSON *statement);

/* schema_table.c */
void schema_add_table(struct schema_reader *reader, const cJSON *statement);
void schema_alter_table(struct schema_reader *reader, const cJSON *statement);
void schema_add_policy(struct schema_reader *reader, const cJSON *statement);
void schema_add_trigger(struct schema_reader *reader, const cJSON *statement);
void schema_add_index(struct schema_reader *reader, const cJSON *statement);
/* Foreign keys without columns take the referenced primary key; called when all statements are read. */
void schema_resolve_fks(struct schema_reader *reader);

#endif
