/* DDL to catalog, and SQL blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/schema/schema.h"

static struct arena arena;
static struct diag_list diags;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena);
    diag_list_init(&diags, &arena);
    return 0;
}
static int tear_down(void **state) {
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct schema *parse(const char *ddl) {
    return schema_parse(&arena, source_text_new(&arena, STR("x.sql"), str_cstr(ddl)), &diags);
}
static const struct schema_column *column(const struct schema *schema, const char *table, const char *name) {
    const struct schema_table *t = schema_find_table(schema, STR(""), str_cstr(table));
    assert_non_null(t);
    int at = schema_find_column(t, str_cstr(name));
    assert_true(at >= 0);
    return &t->columns.items[at];
}

static void types_and_flags(void **state) {
    (void)state;
    const struct schema *s =
        parse("create type mood as enum ('ok', 'sad');\n"
              "create domain email as varchar(80) not null check (value like '%@%');\n"
              "create table app.t (id bigserial primary key, n numeric(6,2), v varchar(20)[] default '{}',\n"
              "  m mood not null, e email, g int generated always as (1) stored, a int generated always as "
              "identity,\n"
              "  j jsonb, w inet, p point, c char, s smallint);");
    assert_non_null(s);
    assert_int_equal(diags.error_count, 0);
    assert_true(column(s, "t", "id")->has_default && column(s, "t", "id")->not_null);
    const struct schema_column *n = column(s, "t", "n");
    assert_int_equal(n->type.kind, TYPE_DECIMAL);
    assert_int_equal(n->type.precision, 6);
    assert_int_equal(n->type.scale, 2);
    assert_true(str_is(n->type.name, "numeric(6,2)"));
    const struct schema_column *v = column(s, "t", "v");
    assert_int_equal(v->type.kind, TYPE_ARRAY);
    assert_int_equal(v->type.element, TYPE_TEXT);
    assert_int_equal(v->type.length, 20);
    assert_true(str_is(v->type.name, "character varying(20)[]"));
    const struct schema_column *m = column(s, "t", "m");
    assert_int_equal(m->type.kind, TYPE_ENUM);
    assert_int_equal(m->type.enumeration->labels.count, 2);
    const struct schema_column *e = column(s, "t", "e");
    assert_true(e->not_null && e->type.domain && e->type.length == 80);
    assert_true(column(s, "t", "g")->generated);
    assert_int_equal(column(s, "t", "a")->identity, 2);
    assert_int_equal(column(s, "t", "j")->type.wire, WIRE_JSONB);
    assert_int_equal(column(s, "t", "w")->type.wire, WIRE_TEXT_FORM);
    assert_int_equal(column(s, "t", "p")->type.kind, TYPE_NONE);
    assert_int_equal(column(s, "t", "c")->type.length, 1);
    assert_int_equal(column(s, "t", "s")->type.wire, WIRE_INT2);
}

static void keys_and_references(void **state) {
    (void)state;
    const struct schema *s =
        parse("create table a (id uuid primary key, code text unique);\n"
              "create table b (id int, a_id uuid references a deferrable initially deferred, x int, y int,\n"
              "  unique (x, y), foreign key (x, y) references c (p, q));\n"
              "alter table only b add constraint b_pk primary key (id);\n"
              "create unique index on b (lower(id::text));\ncreate unique index bx on b (x) where y > 0;\n"
              "create unique index by on b (y);\ncreate index b_a on b (a_id);\n"
              "alter table b enable row level security; alter table b force row level security;\n"
              "alter table b alter column x set not null; alter table b drop column nothing;");
    assert_int_equal(diags.error_count, 0);
    const struct schema_table *b = schema_find_table(s, STR("public"), STR("b"));
    assert_true(b->keys.items[0].primary && str_is(b->keys.items[0].name, "b_pk"));
    assert_true(b->rls_enabled && b->rls_forced);
    assert_int_equal(b->fks.count, 2);
    assert_true(b->fks.items[0].deferrable);
    assert_int_equal(b->fks.items[0].ref_columns.count, 1);
    assert_true(str_is(b->fks.items[0].ref_columns.items[0], "id"));
    assert_false(b->fks.items[1].deferrable);
    uint32_t xy[] = {3, 2}, x[] = {2}, y[] = {3}, id[] = {0};
    assert_true(schema_is_unique(b, xy, 2));
    assert_false(schema_is_unique(b, x, 1));
    assert_true(schema_is_unique(b, y, 1));
    assert_true(schema_is_unique(b, id, 1));
    assert_true(b->columns.items[0].not_null && b->columns.items[2].not_null);
    assert_int_equal(b->indexes.count, 1);
}

static void later_statements(void **state) {
    (void)state;
    const struct schema *s =
        parse("create type e as enum ('a', 'c');\nalter type e add value 'b' before 'c';\n"
              "alter type e add value 'd'; alter type e rename value 'a' to 'z';\n"
              "create table t (id int primary key, old text);\n"
              "create table like_t (like t including all, extra int);\n"
              "alter table t add column late date not null default now();\n"
              "alter table t alter column id type bigint; alter table t drop column old;");
    const struct schema_enum *e = schema_find_enum(s, STR(""), STR("e"));
    assert_int_equal(e->labels.count, 4);
    assert_true(str_is(e->labels.items[0], "z") && str_is(e->labels.items[1], "b"));
    assert_true(column(s, "t", "late")->has_default);
    assert_int_equal(column(s, "t", "id")->type.wire, WIRE_INT8);
    const struct schema_table *t = schema_find_table(s, STR(""), STR("t"));
    assert_int_equal(schema_find_column(t, STR("old")), -1);
    const struct schema_table *copy = schema_find_table(s, STR(""), STR("like_t"));
    assert_int_equal(copy->columns.count, 3);
    assert_int_equal(copy->keys.count, 1);
}

static void broken_ddl(void **state) {
    (void)state;
    assert_null(parse("create table t (\n  id int,\n  name txt txt\n);"));
    assert_int_equal(diags.error_count, 1);
    struct span span = diags.items.items[0]->primary.span;
    assert_int_equal(source_text_locate(span.source, span.start).line, 3);
    assert_true(str_is(span_text(span), "txt"));
    assert_non_null(parse("create table t (id int, primary key (idd));"));
    assert_int_equal(diags.error_count, 2);
}

/* What pg_dump writes for psql is passed over, and places behind it stay. */
static void psql_lines(void **state) {
    (void)state;
    const struct schema *s = parse("\\restrict aBc1\ncreate table t (id int);\n\\unrestrict aBc1\n");
    assert_non_null(s);
    assert_true(str_is(s->sql, "--estrict aBc1\ncreate table t (id int);\n--nrestrict aBc1\n"));
    assert_int_equal(source_text_locate(s->source, column(s, "t", "id")->span.start).line, 2);
    assert_null(parse("\\connect other\ncreate table t (id int);"));
}

static void sql_blocks(void **state) {
    (void)state;
    struct sql_block block;
    struct span nowhere = {0};
    assert_true(sql_block_parse(
        &arena, STR("select '$a', \"$b\", $$ $c $$, $t$ $d $t$, $e + $f -- $g\n/* $h */ + $e, x$y"), nowhere,
        &block, &diags));
    assert_true(
        str_is(block.sql, "select '$a', \"$b\", $$ $c $$, $t$ $d $t$, $1 + $2 -- $g\n/* $h */ + $1, x$y"));
    assert_int_equal(block.params.count, 2);
    assert_true(str_is(block.params.items[1], "f"));
    assert_true(block.is_single_select);
    assert_true(sql_block_parse(&arena, STR("delete from t; select 1"), nowhere, &block, &diags));
    assert_false(block.is_single_select);
    assert_int_equal(diags.error_count, 0);
    assert_false(sql_block_parse(&arena, STR("selec 1"), nowhere, &block, &diags));
    assert_int_equal(diags.error_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_and_flags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_and_references, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_statements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_ddl, set_up, tear_down),
        cmocka_unit_test_setup_teardown(psql_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sql_blocks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
