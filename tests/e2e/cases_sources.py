"""Sources of every kind that are well, whole and read exactly."""

import io
import zipfile

from kit import *

TABLE = "create table t (id int primary key, v text)"
COPY = "map t from s in s into db.t { id = s.id; v = s.v }"


def copy(it, source, schema=TABLE, more=COPY, *arguments, **rest):
    it.schema(schema)
    it.spec(source + "\n" + more)
    return it.run(*arguments, **rest)


def content(it):
    return it.rows("select id, v from t order by id")


@case("sources")
def csv_dialects(it):
    it.write("s.csv", "# a comment\n1|'a|b'|x\n# another\n2|'it\\'s'|y\n3| c |NULL\n")
    copy(it, """source s : csv 's.csv' delimiter '|' quote '''' escape '\\' comment '#' header none null 'NULL' trim
  { id int; v text; w text? }""", "create table t (id int primary key, v text, w text)", "map t from s in s into db.t { ...s }")
    equal(it.rows("select * from t order by 1"), [("1", "a|b", "x"), ("2", "it's", "y"), ("3", "c", None)])


@case("sources")
def csv_encodings_and_line_ends(it):
    for name, data in (("UTF-8", "\ufeffid,v\r\n1,ä€\r\n2,ß".encode()), ("UTF-16", "\ufeffid,v\n1,ä€\n2,ß\n".encode("utf-16-le")),
                       ("windows-1252", "id,v\n1,ä€\n2,ß\n".encode("cp1252")),
                       ("ISO-8859-15", "id,v\n1,ä€\n2,ß\n".encode("iso8859-15"))):
        it.write("s.csv", data)
        copy(it, f"source s : csv 's.csv' encoding '{name}' {{ id int; v text }}")
        equal(content(it), [("1", "ä€"), ("2", "ß")], name)
        it.sql("drop table t; drop schema mig cascade")


@case("sources")
def ragged_rows(it):
    for handler, counts in (("", (4, 2, 0, 0, 0, 2)), ("on ragged skip", (4, 2, 0, 0, 2, 0)),
                            ("on ragged reject 'ragged'", (4, 2, 0, 0, 0, 2))):
        it.write("s.csv", "id,v\n1,a\n2\n3,c,d\n4,e\n")
        run = copy(it, f"source s : csv 's.csv' {handler} {{ id int; v text? }}", more="map t from s in s into db.t tolerance 2 { id = s.id; v = s.v }")
        equal(run.counts("t"), counts, handler)
        it.sql("drop table t; drop schema mig cascade")
    it.write("s.csv", "id,v\n1,a\n2\n4,e\n")
    run = copy(it, "source s : csv 's.csv' on ragged warn 'short' use null { id int; v text? }")
    equal(run.counts("t"), (3, 3, 0, 0, 0, 0))
    equal(run.map("t")["warnings"], 1)
    equal(run.examples("t", "warned"), ["short"])


@case("sources")
def ragged_fail_stops_the_run(it):
    it.write("s.csv", "id,v\n1,a\n2\n4,e\n")
    it.schema(TABLE)
    it.spec("source s : csv 's.csv' on ragged fail 'a ragged row' { id int; v text? }\n" + COPY)
    it.refuse(code=6, has=["a ragged row", "s.csv", "line 3"])
    equal(content(it), [])


@case("sources")
def globs_and_packed_files(it):
    for i in range(3):
        it.write(f"in/part-{i}.csv.gz", f"id,v\n{i},p{i}\n{i + 10},q{i}\n")
    it.write("in/other.txt", "x")
    run = copy(it, "source s : csv 'in/part-*.csv.gz' { id int; v text }")
    equal(content(it), [("0", "p0"), ("1", "p1"), ("2", "p2"), ("10", "q0"), ("11", "q1"), ("12", "q2")])
    contains(run.report["files"][0]["file"], "part-0.csv.gz", "part-2.csv.gz")


@case("sources")
def rows_know_their_place(it):
    it.write("in/b.csv", "id\n1\n2\n")
    it.write("in/a.csv", "id\n\"3\"\n\n4\n")
    copy(it, "source s : csv 'in/*.csv' { id int }", "create table t (id int primary key, f text, l int, r int)",
         "map t from s in s into db.t { id = s.id; f = s.source.file; l = s.source.line; r = s.source.row }")
    rows = it.rows("select id, f, l, r from t order by 1")
    equal([(r[0], os.path.basename(r[1]), *r[2:]) for r in rows],
          [("1", "b.csv", "2", "1"), ("2", "b.csv", "3", "2"), ("3", "a.csv", "2", "1"), ("4", "a.csv", "4", "2")])


@case("sources")
def zstandard(it):
    if shutil.which("zstd") is None:
        return
    packed = subprocess.run(["zstd", "-c"], input=b"id,v\n1,a\n", capture_output=True, check=True).stdout
    it.write("s.csv.zst", packed)
    copy(it, "source s : csv 's.csv.zst' { id int; v text }")
    equal(content(it), [("1", "a")])


@case("sources")
def standard_input(it):
    copy(it, "source s : csv '-' { id int; v text }", stdin=b"id,v\n1,a\n2,b\n")
    equal(content(it), [("1", "a"), ("2", "b")])


@case("sources")
def standard_input_read_twice(it):
    it.schema(TABLE + "; create table u (id int primary key)")
    it.spec("source s : csv '-' { id int; v text }\n" + COPY + "\nmap u from s in s into db.u unique by s.v keep last { id = s.id }")
    run = it.command("run", "spec.mig", "--format", "json", stdin=b"id,v\n1,a\n2,a\n")
    if run.code == 0:
        equal(run.counts("u"), (2, 1, 0, 0, 1, 0))
        equal(it.rows("select * from u"), [("2",)])
    else:  # refused with a reason, and nothing half done in silence
        contains(run.err, "standard input")


@case("sources")
def data_folder_on_the_command_line(it):
    it.write("elsewhere/s.csv", "id,v\n1,a\n")
    copy(it, "source s : csv 's.csv' { id int; v text }", TABLE, COPY, "--data", it.path("elsewhere"))
    equal(content(it), [("1", "a")])


@case("sources")
def ndjson_of_nested_values(it):
    it.write("s.ndjson", '{"id":1,"user":{"email":"a@x"},"n":1.10}\n\n{"id":"2","user":null,"n":12345678901234567890}\n'
                         '{"id":3,"n":true}\n{"user":{"email":"d"},"id":4,"n":null,"more":[1]}\nnot json\n')
    run = copy(it, "source s : ndjson 's.ndjson' { id int; v text? from 'user.email'; n text?; raw json from '$' }",
               "create table t (id int primary key, v text, n text, raw jsonb)",
               "map t from s in s into db.t tolerance 3 { ...s }")
    rows = it.rows("select id, v, n from t order by 1")
    equal(rows[0], ("1", "a@x", "1.10"))
    equal(("4", "d", None) in rows, True)
    equal(run.counts("t")[0], 5)
    equal(it.value("select raw->>'more' from t where id = 4"), "[1]")


@case("sources")
def json_rows_path_and_children(it):
    it.write("s.json", json.dumps({"meta": 1, "threads": [
        {"id": "a", "replies": [{"id": "b", "replies": [{"id": "c", "replies": []}]}, {"id": "d"}]}, {"id": "e"}]}))
    copy(it, "source s : json 's.json' rows 'threads[*]' children 'replies' { id text }",
         "create table t (id text primary key, parent text references t, root text, depth int)",
         "map t from s in s into db.t key s.id { id = s.id; parent = if s.parent is null then null else t[s.parent.id].id;"
         " root = s.root.id; depth = s.depth }")
    equal(it.rows("select * from t order by 1"), [("a", None, "a", "0"), ("b", "a", "a", "1"), ("c", "b", "a", "2"),
                                                  ("d", "a", "a", "1"), ("e", None, "e", "0")])


@case("sources")
def json_array_on_top(it):
    it.write("s.json", '[ {"id":1,"v":"a"} ,\n {"id":2} ]')
    copy(it, "source s : json 's.json' rows '[*]' { id int; v text? }")
    equal(content(it), [("1", "a"), ("2", None)])


@case("sources")
def dynamodb_export(it):
    it.write("s/1.json.gz", '{"Item":{"id":{"N":"1"},"v":{"S":"a"},"tags":{"SS":["x","y"]},"ok":{"BOOL":true},"m":{"M":{"k":{"N":"2.50"}}}}}\n'
                            '{"Item":{"id":{"N":"2"},"v":{"NULL":true},"tags":{"L":[{"S":"z"}]},"ok":{"BOOL":false}}}\n')
    copy(it, "source s : dynamodb 's/*.json.gz' { id int; v text?; tags text[]; ok bool; k decimal? from 'm.k' }",
         "create table t (id int primary key, v text, tags text[], ok boolean, k numeric)", "map t from s in s into db.t { ...s }")
    equal(it.rows("select * from t order by 1"), [("1", "a", "{x,y}", "t", "2.50"), ("2", None, "{z}", "f", None)])


@case("sources")
def inline_rows(it):
    copy(it, "source s : inline { id int; v text? } [ (1, 'a'), (2, null), (-3, 'it''s') ]")
    equal(content(it), [("-3", "it's"), ("1", "a"), ("2", None)])


@case("sources")
def codes_from_a_file(it):
    it.write("states.csv", "old,new\nwip,active\nfinished,done\n")
    it.write("s.csv", "id,v\n1,wip\n2,finished\n3,zz\n")
    run = copy(it, "codes st : text -> db.state from 'states.csv' (old, new)\nsource s : csv 's.csv' { id int; v text }",
               "create type state as enum ('active', 'done'); create table t (id int primary key, v state)",
               "map t from s in s into db.t tolerance 1 { id = s.id; v = st[s.v] }")
    equal(content(it), [("1", "active"), ("2", "done")])
    it.write("states.csv", "old,new\nwip,activ\n")
    it.refuse(code=1, spec="spec.mig")
    contains(it.last.out, "activ")


@case("sources")
def another_database(it):
    it.schema(TABLE)
    it.sql("create schema old; create table old.users (id int primary key, name text, d date, n numeric(10,2), tags text[],"
           " j jsonb, b bytea, ts timestamptz, u uuid, st char(3))")
    it.sql("insert into old.users values (1, 'Ann', '2025-01-01', 1.50, '{a,b}', '{\"k\": 1}', '\\x00ff', '2025-01-01 00:00+02',"
           " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'x'), (2, null, null, null, null, null, null, null, null, null)")
    it.sql("create table copy (like old.users)")
    it.write("old.sql", "create schema old; create table old.users (id int primary key, name text, d date, n numeric(10,2), tags text[],"
             " j jsonb, b bytea, ts timestamptz, u uuid, st char(3));")
    it.write("target.sql", "create table copy (id int not null, name text, d date, n numeric(10,2), tags text[], j jsonb, b bytea,"
             " ts timestamptz, u uuid, st char(3));")
    it.spec("source old : postgres env 'OLD' schema 'old.sql'\nmap copy from u in old.old.users into db.copy { ...u }")
    run = it.run(env={"OLD": it.url})
    equal(run.counts("copy"), (2, 2, 0, 0, 0, 0))
    equal(it.rows("select * from copy order by id"), it.rows("select * from old.users order by id"))


@case("sources")
def a_query_of_another_database(it):
    it.schema(TABLE)
    it.sql("create table old (id int, email text, on_ bool); insert into old select g, 'u' || g, g % 2 = 0 from generate_series(1, 3000) g")
    it.write("old.sql", "create table old (id int, email text, on_ bool);")
    it.spec("""
source old : postgres env 'OLD' schema 'old.sql'
source active : query old \"\"\"select id, email from old where on_ and id > 10 order by id\"\"\" { id int; email text }
map t from s in active into db.t { id = s.id; v = s.email }""")
    run = it.run(env={"OLD": it.url})
    equal(run.counts("t"), (1495, 1495, 0, 0, 0, 0))


@case("sources")
def a_query_gives_a_quarantined_row_its_cells(it):
    it.schema("create table t (id int primary key, v int)")
    it.sql("create table old (id int, v text); insert into old values (1, '5'), (2, 'x')")
    it.write("old.sql", "create table old (id int, v text);")
    it.spec("""source old : postgres env 'OLD' schema 'old.sql'
map t from s in old.public.old into db.t tolerance 1 { id = s.id on null reject 'x'; v = int(s.v) }""")
    run = it.run(env={"OLD": it.url})
    equal(run.counts("t"), (2, 1, 0, 0, 0, 1))
    equal([str(cell) for cell in json.loads(it.quarantine(run, "t")[0]["raw"])], ["2", "x"])


def workbook(sheets):
    """An xlsx of inline strings: sheets {title: rows}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        kinds = "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                        for i in range(1, len(sheets) + 1))
        z.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                   '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                   '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
                   f"{kinds}</Types>")
        z.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                   '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        z.writestr("xl/workbook.xml", '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
                   ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
                   + "".join(f'<sheet name="{title}" sheetId="{i}" r:id="rId{i}"/>' for i, title in enumerate(sheets, 1))
                   + "</sheets></workbook>")
        z.writestr("xl/_rels/workbook.xml.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                   + "".join(f'<Relationship Id="rId{i}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{i}.xml"/>'
                             for i in range(1, len(sheets) + 1)) + "</Relationships>")
        for i, rows in enumerate(sheets.values(), 1):
            body = ""
            for r, row in enumerate(rows, 1):
                cells = ""
                for c, cell in enumerate(row):
                    at = f"{chr(65 + c)}{r}"
                    if isinstance(cell, (int, float)):
                        cells += f'<c r="{at}"><v>{cell}</v></c>'
                    elif cell is not None:
                        cells += f'<c r="{at}" t="inlineStr"><is><t>{cell}</t></is></c>'
                body += f'<row r="{r}">{cells}</row>'
            z.writestr(f"xl/worksheets/sheet{i}.xml", '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                       f"<sheetData>{body}</sheetData></worksheet>")
    return out.getvalue()


@case("sources")
def workbook_with_header_further_down(it):
    it.write("s.xlsx", workbook({"Notes": [["x"]], "People": [["Report of today"], [], ["No.", "Name", "Other"], [1, "a"], [], [2.5, "b"], [3, None]]}))
    run = copy(it, "source s : xlsx 's.xlsx' { sheet people 'People' { id int from 'No.'; v text? from 'Name' } }",
               more="map t from s in s.people into db.t tolerance 1 { id = s.id; v = s.v }")
    equal(run.counts("t"), (3, 2, 0, 0, 0, 1))
    equal(content(it), [("1", "a"), ("3", None)])
    equal(it.quarantine(run, "t")[0]["line"], 6)
