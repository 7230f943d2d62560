"""Values into columns of every type: what fits, what does not, and that nothing is lost in silence."""

from kit import *


def one_column(it, column, expression, source="v text?", data="", tolerance=99, declarations="", schema="", code=0):
    """A table t(id, column) filled from a csv with id and v."""
    it.schema(f"{schema}\ncreate table t (id int primary key, v {column})")
    it.write("s.csv", "id,v\n" + data)
    it.spec(f"""
source s : csv 's.csv' {{ id int; {source} }}
{declarations}
map t from s in s into db.t tolerance {tolerance} {{
  id = s.id
  v = {expression}
}}
""")
    return it.run(code=code)


def values(it, shown="v::text"):
    return {r[0]: r[1] for r in it.rows(f"select id, {shown} from t order by id")}


@case("values")
def not_null_column_takes_no_null(it):
    run = one_column(it, "text not null", "s.v", "v text", "1,a\n2,\n")
    equal(run.counts("t"), (2, 1, 0, 0, 0, 1))
    equal(run.reasons("t"), {"R0101": 1})


@case("values")
def varchar_counts_characters(it):
    run = one_column(it, "varchar(3)", "s.v", data="1,abc\n2,äöü\n3,abcd\n4,\n5,😀😀😀\n6,\"ab   \"\n")
    equal(values(it), {"1": "abc", "2": "äöü", "4": None, "5": "😀😀😀"})
    equal(run.reasons("t"), {"R0124": 2})


@case("values")
def char_n_and_name(it):
    run = one_column(it, "char(3)", "s.v", data="1,ab\n2,abcd\n")
    equal(values(it, "v || '|'"), {"1": "ab|"})
    equal(run.reasons("t"), {"R0124": 1})


@case("values")
def numeric_fits_or_is_rejected(it):
    run = one_column(it, "numeric(6,2)", "decimal(s.v)",
                     data="1,2.500\n2,1.005\n3,9999.99\n4,10000\n5,-9999.99\n6,1e2\n7,0.10\n8,NaN\n9,Infinity\n10, 5\n")
    wanted = {"1": "2.50", "3": "9999.99", "5": "-9999.99", "7": "0.10"}
    got = values(it)
    for key, value in wanted.items():
        equal(got.get(key), value, f"row {key}")
    for key in ("2", "4", "8", "9"):
        equal(got.get(key), None, f"row {key}")
    equal(run.reasons("t").get("R0125"), 2)


@case("values")
def numeric_without_limits_is_exact(it):
    big = "1" * 30 + ".12345678"
    one_column(it, "numeric", "decimal(s.v)", data=f"1,{big}\n2,-0.00000000000000000001\n3,0\n")
    equal(values(it), {"1": big, "2": "-0.00000000000000000001", "3": "0"})


@case("values")
def integers_of_all_sizes(it):
    run = one_column(it, "smallint", "int(s.v)",
                     data="1,32767\n2,32768\n3,-32768\n4,-32769\n5,9223372036854775808\n6,1.0\n7,+5\n8,\n")
    got = values(it)
    equal((got["1"], got["3"], got["8"]), ("32767", "-32768", None))
    equal([k for k in ("2", "4", "5", "6") if k in got], [])


@case("values")
def bigint_edges(it):
    one_column(it, "bigint", "int(s.v)", data="1,9223372036854775807\n2,-9223372036854775808\n")
    equal(values(it), {"1": "9223372036854775807", "2": "-9223372036854775808"})


@case("values")
def floats_are_what_they_were(it):
    one_column(it, "double precision", "float(s.v)", data="1,0.1\n2,1e300\n3,-2.5\n4,5e-324\n")
    equal(values(it), {"1": "0.1", "2": "1e+300", "3": "-2.5", "4": "5e-324"})


@case("values")
def real_takes_only_what_it_can_hold(it):
    it.schema("create table t (id int primary key, v real)")
    it.write("s.csv", "id,v\n1,0.5\n2,0.1\n3,1e300\n")
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t tolerance 3 { id = s.id; v = float(s.v) }")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 1:
        return
    equal(it.value("select v from t where id = 1"), "0.5")
    equal(it.value("select count(*) from t where v = 'infinity'"), "0")


@case("values")
def dates_are_read_strictly(it):
    run = one_column(it, "date", "date(s.v, 'DD/MM/YYYY')",
                     data="1,31/12/2025\n2,31/02/2025\n3,1/2/2025\n4,1/2/25\n5,2025-12-31\n6,29/02/2024\n7,01/01/2025 junk\n8,\n")
    equal(values(it), {"1": "2025-12-31", "3": "2025-02-01", "6": "2024-02-29", "8": None})
    equal(run.reasons("t"), {"R0106": 4})


@case("values")
def source_column_formats(it):
    it.schema("create table t (id int primary key, d date, ts timestamp, tm time, n numeric, b boolean)")
    it.write("s.csv", "id,d,ts,tm,n,b\n1,31.12.2025,2025-12-31 23:59,23:59,\"1,234.50\",yes\n2,x,2025-12-31 24:59,25:00,1.2.3,maybe\n")
    it.spec("""
source s : csv 's.csv' {
  id int
  d date format 'DD.MM.YYYY'
  ts timestamp format 'YYYY-MM-DD HH24:MI'
  tm time format 'HH24:MI'
  n decimal format '9,999.99'
  b bool
}
map t from s in s into db.t tolerance 1 { ...s }
""")
    run = it.run()
    equal(it.rows("select * from t"), [("1", "2025-12-31", "2025-12-31 23:59:00", "23:59:00", "1234.50", "t")])
    equal(len(it.quarantine(run, "t")[0]["faults"]), 5)


@case("values")
def timestamptz_and_zones(it):
    run = one_column(it, "timestamptz", "at_zone(timestamp(s.v), 'Australia/Sydney') on error reject \"{s.v} is no time\"",
                     data="1,2025-01-15 12:00\n2,2025-07-15 12:00\n3,2025-10-05 02:30\n4,2025-04-06 02:30\n5,1900-01-01 00:00\n")
    equal(values(it, "(v at time zone 'UTC')::text"),
          {"1": "2025-01-15 01:00:00", "2": "2025-07-15 02:00:00",
           "5": it.value("select ('1900-01-01 00:00'::timestamp at time zone 'Australia/Sydney') at time zone 'UTC'")})
    equal(run.reasons("t"), {"R0130": 1, "R0131": 1})


@case("values")
def zones_agree_with_the_server(it):
    zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo", "UTC"]
    it.schema("create table t (id int primary key, z text, v timestamptz)")
    stamps = ["1969-07-20 20:17:40", "1999-12-31 23:59:59.999999", "2024-02-29 00:00", "2040-08-01 12:00", "1945-05-08 12:00"]
    rows = [(z, s) for z in zones for s in stamps]
    it.write("s.csv", "id,z,v\n" + "".join(f"{i},{z},{s}\n" for i, (z, s) in enumerate(rows)))
    it.spec("source s : csv 's.csv' { id int; z text; v timestamp }\nmap t from s in s into db.t"
            " { id = s.id; z = s.z; v = at_zone(s.v, s.z) }")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 1:  # the zone must be constant
        it.spec("source s : csv 's.csv' { id int; z text; v timestamp }\nmap t from s in s into db.t { id = s.id; z = s.z; v ="
                " match s.z { " + "; ".join(f"'{z}' => at_zone(s.v, '{z}')" for z in zones) + "; _ => reject 'zone' } }")
        run = it.run()
    equal(run.code, 0, explain(run))
    wrong = [(i, z, s) for i, (z, s) in enumerate(rows)
             if it.value(f"select v = timestamp '{s}' at time zone '{z}' from t where id = {i}") != "t"]
    equal(wrong, [])


@case("values")
def timestamptz_with_offsets(it):
    one_column(it, "timestamptz", "timestamptz(s.v)",
               data="1,2025-01-15T12:00:00Z\n2,2025-01-15 12:00:00+05:30\n3,2025-01-15 12:00 Europe/Berlin\n4,2025-01-15 12:00\n")
    got = values(it, "(v at time zone 'UTC')::text")
    equal((got.get("1"), got.get("2")), ("2025-01-15 12:00:00", "2025-01-15 06:30:00"))
    equal("4" in got, False, "a time without zone taken")


@case("values")
def intervals(it):
    one_column(it, "interval", "interval(s.v)", data="1,14 days\n2,1 year 2 mons\n3,P1Y2M10DT2H30M\n4,-3 hours\n5,soon\n")
    equal(values(it), {"1": "14 days", "2": "1 year 2 mons", "3": "1 year 2 mons 10 days 02:30:00", "4": "-03:00:00"})


@case("values")
def uuids(it):
    one_column(it, "uuid", "uuid(s.v)", data="1,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\n2,{a0eebc999c0b4ef8bb6d6bb9bd380a11}\n3,a0ee\n")
    equal(set(values(it).values()), {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"})


@case("values")
def uuid5_is_that_of_rfc_4122(it):
    import uuid
    one_column(it, "uuid", "uuid5('task', s.v, s.id)", "v text", data="1,Ä\n2,x y\n")
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, "mig:t")
    equal(values(it), {str(i): str(uuid.uuid5(namespace, f"task\x1f{v}\x1f{i}")) for i, v in ((1, "Ä"), (2, "x y"))})


@case("values")
def enums_and_domains(it):
    run = one_column(it, "mood not null", "m[lower(s.v)]", "v text", data="1,Good\n2,meh\n3,bad\n",
                     schema="create type mood as enum ('sad', 'ok', 'happy');",
                     declarations="codes m : text -> db.mood { 'good' => happy; 'bad' => sad }")
    equal(values(it), {"1": "happy", "3": "sad"})
    equal(run.reasons("t"), {"R0140": 1})


@case("values")
def domains_are_checked(it):
    it.schema("create domain email as text check (value ~ '@'); create domain short as varchar(3) not null;"
              "create table t (id int primary key, e email, s short)")
    it.write("s.csv", "id,e,s\n1,a@b,abc\n2,a@b,abcd\n")
    it.spec("source s : csv 's.csv' { id int; e text?; s text }\nmap t from s in s into db.t tolerance 1 { ...s }")
    run = it.run()
    equal(run.counts("t"), (2, 1, 0, 0, 0, 1))
    equal(run.reasons("t"), {"R0124": 1})


@case("values")
def arrays_of_several_types(it):
    it.schema("create table t (id int primary key, a text[], b int[], c numeric[], d date[], e uuid[], f boolean[])")
    it.write("s.ndjson",
             '{"id":1,"a":["x","y\\"z",null,""],"b":[1,-2],"c":[1.50,2],"d":["2025-01-01"],"f":[true,false]}\n'
             '{"id":2,"a":[],"b":null}\n{"id":3,"a":["{}",",","\\\\"],"b":["x"]}\n')
    it.spec("""
source s : ndjson 's.ndjson' { id int; a text?[]?; b int[]?; c decimal[]?; d date[]?; f bool[]? }
map t from s in s into db.t tolerance 1 { id = s.id; a = s.a; b = s.b; c = s.c; d = s.d; f = s.f; ignored e because 'x' }
""")
    run = it.run()
    equal(it.rows("select id, a::text, b::text, c::text, d::text, f::text from t order by 1"),
          [("1", '{x,"y\\"z",NULL,""}', "{1,-2}", "{1.50,2}", "{2025-01-01}", "{t,f}"), ("2", "{}", None, None, None, None)])
    equal(run.counts("t"), (3, 2, 0, 0, 0, 1))


@case("values")
def split_into_an_array(it):
    one_column(it, "text[]", "split(s.v, ';')", data="1,a;b;;c\n2,\n3,x\n")
    equal(values(it), {"1": '{a,b,"",c}', "2": None, "3": "{x}"})


@case("values")
def json_and_jsonb(it):
    it.schema("create table t (id int primary key, j json, b jsonb)")
    it.write("s.ndjson", '{"id":1,"x":{"n":12345678901234567890.10,"s":"\\u00e4\\ud83d\\ude00","l":[1,null]}}\n'
                         '{"id":2,"x":null}\n{"id":3}\n{"id":4,"x":"text"}\n{"id":5,"x":{"a":"\\u0000"}}\n')
    it.spec("source s : ndjson 's.ndjson' { id int; x json? }\nmap t from s in s into db.t tolerance 1 { id = s.id; j = s.x; b = s.x }")
    run = it.run()
    equal(it.value("select b->>'n' || ' ' || (b->>'s') from t where id = 1"), "12345678901234567890.10 ä😀")
    equal(it.value("select b from t where id = 4"), '"text"')
    equal(run.counts("t")[-1], 1, "rejects (a NUL in a string)")


@case("values")
def json_paths_and_conversions(it):
    it.schema("create table t (id int primary key, a text, n int, d numeric, l text[])")
    it.write("s.ndjson", '{"id":1,"x":{"a":{"b":["p","q"]},"n":3,"d":1.10,"tags":["u","v"]}}\n{"id":2,"x":{"n":"3"}}\n{"id":3,"x":{}}\n')
    it.spec("""
source s : ndjson 's.ndjson' { id int; x json }
map t from s in s into db.t tolerance 1 { id = s.id; a = text(s.x.a.b[1]); n = int(s.x['n']); d = decimal(s.x.d); l = json_texts(s.x.tags) }
""")
    run = it.run()
    equal(it.rows("select * from t order by 1"), [("1", "q", "3", "1.10", "{u,v}"), ("3", None, None, None, None)])
    equal(run.reasons("t"), {"R0116": 1})


@case("values")
def bytea(it):
    one_column(it, "bytea", "bytes_from_hex(s.v)", data="1,00ff10\n2,\n3,xyz\n4,abc\n")
    equal(values(it, "encode(v, 'hex')"), {"1": "00ff10", "2": None})


@case("values")
def booleans(it):
    one_column(it, "boolean", "bool(s.v)", data="1,Yes\n2,off\n3,1\n4,maybe\n5,\n")
    equal(values(it), {"1": "true", "2": "false", "3": "true", "5": None})


@case("values")
def columns_the_server_fills(it):
    it.schema("create table t (id int generated by default as identity primary key, n int not null, "
              "twice int generated always as (n * 2) stored, made timestamptz not null default now(), u text)")
    it.write("s.csv", "n\n1\n2\n")
    it.spec("source s : csv 's.csv' { n int }\nmap t from s in s into db.t { n = s.n }")
    it.run()
    equal(it.rows("select id, n, twice, made is not null, u from t order by 1"),
          [("1", "1", "2", "t", None), ("2", "2", "4", "t", None)])


@case("values")
def loaded_ids_and_the_sequence(it):
    it.schema("create table t (id serial primary key, n int)")
    it.write("s.csv", "id,n\n1,10\n7,20\n")
    it.spec("source s : csv 's.csv' { id int; n int }\nmap t from s in s into db.t { id = s.id; n = s.n }")
    it.run()
    # Rows that users add afterwards must not collide with the loaded ones.
    equal(it.value("insert into t (n) values (30) returning id"), "8")


@case("values")
def names_that_need_quotes(it):
    it.schema('create schema "My Schema"; create table "My Schema"."Odd Table" ("Id" int primary key, "select" text, "a""b" text)')
    it.write("s.csv", "id,Some Column,c\n1,x,y\n")
    it.spec("""
source s : csv 's.csv' { id int; some text from 'Some Column'; c text }
map t from s in s into db.`My Schema`.`Odd Table` key s.id on conflict (Id) update { Id = s.id; `select` = s.some; `a"b` = s.c }
""")
    it.run()
    run = it.run()
    equal(run.counts("t"), (1, 0, 0, 1, 0, 0))
    equal(it.rows('select * from "My Schema"."Odd Table"'), [("1", "x", "y")])


@case("values")
def texts_with_everything_in_them(it):
    nasty = ["\\N", "\\.", "a\tb", "a\\nb", "'; drop table t; --", "\u202eabc", "\ufeff", "e\u0301", "😀", "$1", "{s.id}", "%s", '""']
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,v\n" + "".join('%d,"%s"\n' % (i, v.replace('"', '""')) for i, v in enumerate(nasty)) + '99,"two\nlines"\n')
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t { id = s.id; v = s.v }")
    it.run()
    for i, v in enumerate(nasty):
        equal(it.value(f"select v from t where id = {i}"), v)
    equal(it.value("select v from t where id = 99"), "two\nlines")


@case("values")
def empty_text_and_null_are_two_things(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", 'id,v\n1,""\n2,\n3,N/A\n')
    it.spec("source s : csv 's.csv' { id int; v text? }\nmap t from s in s into db.t { ...s }")
    it.run()
    equal(it.rows("select id, v from t order by 1"), [("1", ""), ("2", None), ("3", "N/A")])
    it.spec("source s : csv 's.csv' null 'N/A' { id int; v text? }\nmap t from s in s into db.t { ...s }")
    it.sql("truncate t")
    it.run()
    equal(it.rows("select id, v from t order by 1"), [("1", ""), ("2", ""), ("3", None)])


@case("values")
def columns_of_types_that_mig_does_not_write(it):
    it.schema('create table t (id int primary key, p point, r int4range, b bit(3) default b\'101\', c "char", ar point[],'
              " i inet, m money, v text)")
    it.write("s.csv", "id,i,m\n1,10.0.0.1/8,12.50\n")
    it.spec("source s : csv 's.csv' { id int; i text; m text }\nmap t from s in s into db.t { id = s.id; i = s.i; m = s.m }")
    it.run()
    equal(it.rows("select id, p, b, i, m::numeric from t"), [("1", None, "101", "10.0.0.1/8", "12.50")])
    it.spec("source s : csv 's.csv' { id int; i text; m text }\nmap t from s in s into db.t { id = s.id; p = s.i }")
    it.refuse(code=1, has=["E0513", "point"])
