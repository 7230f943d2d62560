"""Input that is missing, broken or hostile, servers that fail: each ends with its exit code, a message that says
what, where and what to do, and with nothing lost or half done."""

import io
import resource
import zipfile

from kit import *

from cases_kill import Server
from cases_sources import workbook

TABLE = "create table t (id int primary key, v text)"
MAP = "map t from s in s into db.t { id = s.id; v = s.v }"


def prepare(it, source, more=MAP, schema=TABLE):
    it.schema(schema)
    it.spec(f"source s : {source}\n{more}")


def nothing_written(it, table="t"):
    equal(it.value(f"select count(*) from {table}"), "0", f"rows in {table}")
    if it.value("select to_regclass('mig.batch')") is not None:
        equal(it.value("select coalesce(sum(written), 0) from mig.batch"), "0", "written, by the journal")


@case("bad_files")
def check_opens_the_files(it):
    it.schema("create table t (a int primary key, b text)", apply=False)
    it.write("exports/s.csv", "A,b,More,more still\n1,x,y,z\n")
    it.write("exports/t.ndjson", '{"a": 1}\n')
    it.spec("""
source s : csv 's.csv' { a int from 'A'; b text }
source lines : ndjson 't.ndjson' { a int }
source o : inline { a int } [ (1) ]
map t from x in s into db.t { a = x.a; b = x.b }
map u from x in lines into csv 'u.csv' { a = x.a }
map v from x in o into csv 'v.csv' { a = x.a }
""")
    for arguments in (["--data", "exports", "spec.mig"], ["spec.mig", "--data=exports"], ["spec.mig", "--data", "exports"]):
        run = it.command("check", *arguments)
        equal(run.code, 0)
        contains(run.err, "note[X0219]", "source `s` does not name 2 columns of its data: `More`, `more still`", "s.csv")
        contains(run.out, "no errors")
    run = it.command("check", "--data", "spec.mig")
    equal(run.code, 5)
    equal(run.err.count("X0201"), 2)
    equal("no errors" in run.out, False)
    it.write("exports/s.csv", "a,B,More\n1,x,y\n")
    run = it.command("check", "--data", "exports", "spec.mig", "--format", "json")
    equal(run.code, 5)
    told = json.loads(run.out)["diagnostics"]
    equal([d["code"] for d in told], ["X0208"])
    contains(told[0]["message"], "there are no columns `A`, `b`")
    equal(len([h for h in told[0]["help"] if "did you mean" in h]), 2)


@case("bad_files")
def a_missing_workbook_is_told_once(it):
    it.schema("create table t (a int primary key)")
    it.spec("source s : xlsx 's.xlsx' {\n  sheet a 'A' { a int }\n  sheet b 'B' { a int }\n}\n"
            "map t from x in s.a into db.t { a = x.a }\nmap u from x in s.b into csv 'u.csv' { a = x.a }")
    for run in (it.command("run", "spec.mig"), it.command("check", "--data", "spec.mig")):
        equal((run.code, run.err.count("X0201")), (5, 1))


@case("bad_files")
def missing_file(it):
    prepare(it, "csv 'people.csv' { id int; v text }")
    it.refuse(code=5, has=["X0201", "people.csv", "--data"])
    nothing_written(it)


@case("bad_files")
def no_file_for_a_pattern(it):
    prepare(it, "csv 'in/*.csv' { id int; v text }")
    it.refuse(code=5, has=["X0203", "in/*.csv"])
    it.write("in/x.txt", "x")
    it.refuse(code=5, has=["X0203"])


@case("bad_files")
def a_folder_in_place_of_a_file(it):
    prepare(it, "csv 's.csv' { id int; v text }")
    os.makedirs(it.path("s.csv"))
    it.refuse(code=5, has=["s.csv"])


@case("bad_files")
def missing_column(it):
    prepare(it, "csv 's.csv' { id int; v text from 'Full Name' }")
    it.write("s.csv", "id,Full name\n1,x\n")
    it.refuse(code=5, has=["X0208", "Full Name", "Full name", "s.csv"])
    nothing_written(it)


@case("bad_files")
def missing_column_before_any_map_runs(it):
    # A column that a file lacks is an error before anything runs, whichever map reads it.
    it.schema(TABLE + "; create table u (id int primary key)")
    it.write("a.csv", "id,v\n1,x\n")
    it.write("b.csv", "ident\n1\n")
    it.spec("source s : csv 'a.csv' { id int; v text }\nsource b : csv 'b.csv' { id int }\n" + MAP +
            "\nmap u from x in b into db.u after t { id = x.id }")
    it.refuse(code=5, has=["X0208", "b.csv"])
    nothing_written(it)


@case("bad_files")
def duplicate_headers(it):
    prepare(it, "csv 's.csv' { id int; v text }")
    it.write("s.csv", "id,v,v\n1,x,y\n")
    it.refuse(code=5, has=["X0209", "`v`", "s.csv"])
    nothing_written(it)


@case("bad_files")
def an_empty_file(it):
    prepare(it, "csv 's.csv' { id int; v text }")
    for data in ("", "\n\n", "\ufeff"):
        it.write("s.csv", data)
        it.refuse(code=5, has=["X0207", "s.csv"])
    it.write("s.csv", "id,v\n")
    run = it.run()
    equal(run.counts("t"), (0, 0, 0, 0, 0, 0))


@case("bad_files")
def an_empty_json_file(it):
    prepare(it, "json 's.json' rows '[*]' { id int; v text }")
    it.write("s.json", "")
    it.refuse(code=5, has=["s.json"])
    it.write("s.json", "[]")
    equal(it.run().counts("t"), (0, 0, 0, 0, 0, 0))


@case("bad_files")
def wrong_encoding(it):
    prepare(it, "csv 's.csv' { id int; v text }", MAP.replace("db.t", "db.t tolerance 2"))
    it.write("s.csv", b"id,v\n1,good\n2,caf\xe9\n3,\xff\xfe\n")
    run = it.run()
    equal(run.counts("t"), (3, 1, 0, 0, 0, 2))
    equal(run.reasons("t"), {"R0153": 2})
    equal([q["line"] for q in it.quarantine(run, "t")], [3, 4])
    equal(it.rows("select id from t"), [("1",)])
    it.sql("truncate t")
    it.spec("source s : csv 's.csv' encoding 'windows-1252' { id int; v text }\n" + MAP)
    it.write("s.csv", b"id,v\n1,\x81\x80\n")  # a byte that windows-1252 leaves open is the control character, as in browsers
    it.run()
    equal(it.value("select v from t"), "\x81\u20ac")


@case("bad_files")
def embedded_nul(it):
    prepare(it, "csv 's.csv' { id int; v text }", MAP.replace("db.t", "db.t tolerance 2"))
    it.write("s.csv", b"id,v\n1,a\x00b\n2,fine\n\x00\x00,x\n")
    run = it.run()
    equal(run.counts("t"), (3, 1, 0, 0, 0, 2))
    equal(it.rows("select v from t"), [("fine",)])


@case("bad_files")
def an_open_quote(it):
    prepare(it, "csv 's.csv' { id int; v text }")
    it.write("s.csv", 'id,v\n1,"a\n' + "".join(f"{i},x\n" for i in range(2, 50)))
    it.refuse(code=5, has=["X0210", "s.csv", "line 2"])
    nothing_written(it)


@case("bad_files")
def quotes_where_none_belong(it):
    prepare(it, "csv 's.csv' { id int; v text }", MAP.replace("db.t", "db.t tolerance 3"))
    it.write("s.csv", 'id,v\n1,a"b\n2,"a"b\n3,"a""b"\n')
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code in (0, 5), True)
    if run.code == 0:
        it.check_laws(run, False)
        equal(it.value("select v from t where id = 3"), 'a"b')


@case("bad_files")
def truncated_gzip(it):
    prepare(it, "csv 's.csv.gz' { id int; v text }", MAP.replace("db.t", "db.t commit per 10000 rows"))
    import random
    r = random.Random(1)
    packed = gzip.compress("id,v\n".encode() + b"".join(b"%d,%d\n" % (i, r.getrandbits(60)) for i in range(60000)))
    it.write("s.csv.gz", packed[:len(packed) * 2 // 3])
    run = it.refuse(code=6, has=["X0204", "s.csv.gz"])  # batches stand: it can be resumed
    # What was committed before the damage is journaled and counted, to the row.
    equal(it.value("select count(*) from t"), it.value("select coalesce(sum(written), 0) from mig.batch"))
    equal(str(run.map("t")["written"]), it.value("select count(*) from t"))
    it.write("s.csv.gz", packed[:5])
    it.sql("truncate t")
    it.refuse(code=5, has=["s.csv.gz"])
    # A byte that differs is often known only by the checksum at the end: then nothing of that batch stands.
    bad = bytearray(gzip.compress("id,v\n".encode() + b"".join(b"%d,%d\n" % (i, i * i) for i in range(2000))))
    bad[len(bad) // 2] ^= 0xff
    it.write("s.csv.gz", bytes(bad))
    it.sql("truncate t")
    it.refuse(code=5, has=["X0204"])
    equal(it.value("select count(*) from t"), "0")


@case("bad_files")
def bytes_behind_a_gzip(it):
    prepare(it, "csv 's.csv.gz' { id int; v text }")
    it.write("s.csv.gz", gzip.compress(b"id,v\n1,a\n") + gzip.compress(b"2,b\n"))
    equal(it.run().counts("t")[1], 2, "two members are one file")
    it.sql("truncate t")
    it.write("s.csv.gz", gzip.compress(b"id,v\n1,a\n") + b"garbage")
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code in (0, 5), True, "exit code")


@case("bad_files")
def a_csv_that_is_called_gz(it):
    prepare(it, "csv 's.csv.gz' { id int; v text }")
    with open(it.path("s.csv.gz"), "wb") as f:
        f.write(b"id,v\n1,a\n")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 0:
        equal(it.value("select count(*) from t"), "1")
    else:
        equal(run.code, 5)
        contains(run.err, "s.csv.gz")


@case("bad_files")
def a_bomb(it):
    # 4 GiB of zeros in 4 MB: refused for what it is, not unpacked to the end.
    import zlib
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    one = b"\0" * (1 << 20)
    packed = b"".join(packer.compress(one) for _ in range(256)) + packer.flush()
    prepare(it, "csv 's.csv.gz' { id int; v text }", MAP.replace("db.t", "db.t tolerance 1"))
    it.write("s.csv.gz", packed)
    started = time.monotonic()
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code, 5, f"exit code\n{run.err}\n")
    contains(run.err, "s.csv.gz")
    nothing_written(it)
    equal(time.monotonic() - started < 20, True, "time")


@case("bad_files")
def a_workbook_bomb(it):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook({"A": [["id", "v"], [1, "a"]]}))) as source, \
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", b" " * (300 << 20) + b"</sheetData>")
            z.writestr(item.filename, data)
    prepare(it, "xlsx 's.xlsx' { sheet a 'A' { id int; v text } }", MAP.replace("in s ", "in s.a "))
    it.write("s.xlsx", out.getvalue())
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code in (0, 5), True, f"exit code {run.code}\n{run.err}")
    if run.code == 5:
        contains(run.err, "s.xlsx")
        nothing_written(it)


@case("bad_files")
def not_a_workbook(it):
    prepare(it, "xlsx 's.xlsx' { sheet a 'A' { id int; v text } }", MAP.replace("in s ", "in s.a "))
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    whole = workbook({"A": [["id", "v"], [1, "a"]]})
    for data in (b"id,v\n1,a\n", b"", b"PK\x03\x04 nothing", empty.getvalue(), whole[:-30], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600):
        it.write("s.xlsx", data)
        it.refuse(code=5, has=["X0215", "s.xlsx"])
    nothing_written(it)
    it.write("s.xlsx", workbook({"B": [["id", "v"]]}))
    it.refuse(code=5, has=["X0216", "A", "B"])
    it.write("s.xlsx", workbook({"A": [["no", "header"], [1, "x"]]}))
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code, 5)
    contains(run.err, "id", "s.xlsx")


@case("bad_files")
def truncated_json(it):
    prepare(it, "json 's.json' rows 'items[*]' { id int; v text }")
    whole = json.dumps({"items": [{"id": i, "v": "x"} for i in range(5000)]})
    it.write("s.json", whole[:-500])
    run = it.refuse(code=5, has=["X0212", "s.json"])
    equal(it.value("select count(*) from t"), it.value("select coalesce(sum(written), 0) from mig.batch"))
    for data in ('{"items": {"a": 1}}', '{"rows": []}', "[1, 2]", "{", '{"items": [1}', "\x00"):
        it.sql("truncate t")
        it.write("s.json", data)
        run = it.command("run", "spec.mig", "--format", "json")
        equal(run.code, 5, f"exit code for {data!r}")
        contains(run.err, "s.json")
    equal(it.value("select count(*) from t"), "0")


@case("bad_files")
def deep_json(it):
    prepare(it, "ndjson 's.ndjson' { id int; v text? from 'a.a.a' }", MAP.replace("db.t", "db.t tolerance 1"))
    it.write("s.ndjson", '{"id":1,"a":' * 100000 + "1" + "}" * 100000 + '\n{"id":2}\n')
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code in (0, 5), True, f"exit code {run.code}\n{run.err[:500]}")
    if run.code == 0:
        equal(run.counts("t"), (2, 1, 0, 0, 0, 1))


@case("bad_files")
def a_line_without_an_end(it):
    prepare(it, "csv 's.csv' { id int; v text }")
    it.write("s.csv", b"id,v\n1," + b"x" * (8 << 20) + b"\n2,b\n")
    equal(it.run().counts("t"), (2, 2, 0, 0, 0, 0))
    equal(it.value("select length(v) from t where id = 1"), str(8 << 20))
    it.sql("truncate t")
    it.write("s.csv", b"id,v\n1," + b"x" * (140 << 20) + b"\n2,b\n")
    it.refuse(code=5, has=["X0211", "s.csv line 2"])
    equal(it.value("select count(*) from t"), "0")


@case("bad_files")
def an_unreadable_file(it):
    if os.geteuid() == 0:
        return  # root reads everything
    prepare(it, "csv 's.csv' { id int; v text }")
    os.chmod(it.write("s.csv", "id,v\n"), 0)
    it.refuse(code=5, has=["X0202", "s.csv", "Permission denied"])


@case("bad_files")
def a_rejected_row_is_kept_whole(it):
    prepare(it, "csv 's.csv' { id int; v text; w text? }", "map t from s in s into db.t tolerance 9 { id = s.id; v = s.v }")
    lines = ["x,\"a,\"\"b\nc\",z", "y,\u00e4,", "  q , r , ", "z,a,b,c,d"]
    it.write("s.csv", "id,v,w\r\n" + "".join(line + "\r\n" for line in lines))
    run = it.run()
    equal([q["raw"] for q in it.quarantine(run, "t")], lines)


@case("bad_spec")
def specs_that_are_wrong(it):
    it.schema(TABLE)
    it.refuse(code=1, spec="nowhere.mig", has=["nowhere.mig"])
    it.write("spec.mig", "")
    it.refuse(code=1, has=["E0401"])
    it.write("spec.mig", b"migration t version 1\n\xff\xfe")
    it.refuse(code=1, has=["E0102"])
    it.spec("source s : csv 's.csv' { id int; v txt }\nmap t from s in s into db.tt { id = s.idd; v = s.v }")
    run = it.refuse(code=1, has=["E0416", "E0511", "did you mean"])
    os.remove(it.path("target.sql"))
    it.spec("source s : csv 's.csv' { id int; v text }\n" + MAP)
    it.refuse(code=1, has=["target.sql"])


@case("bad_spec")
def command_lines_that_are_wrong(it):
    it.schema(TABLE)
    it.spec("source s : csv 's.csv' { id int; v text }\n" + MAP)
    for arguments, text in ((["run"], "one spec"), (["run", "a", "b"], "one spec"), (["run", "spec.mig", "--dryrun"], "--dry-run"),
                            (["runn", "spec.mig"], "run"), (["run", "spec.mig", "--env"], "--env"), ([], "run"),
                            (["run", "spec.mig", "--only", "x"], "NAME=VALUE"), (["status"], "--target"),
                            (["run", "spec.mig", "--format", "yaml"], "yaml")):
        result = it.command(*arguments)
        equal(result.code, 2, f"exit code of {arguments}: {result.err}")
        contains(result.err + result.out, text)
    equal(it.command("--help").code, 0)
    contains(it.command("--version").out, "mig")
    contains(it.command("run", "--help").out, "--allow-extern")


# ---------------------------------------------------------------- servers

@case("bad_server")
def a_server_that_is_down(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    for url, text in (("postgresql://me:hunter2@/db?host=/nonexistent", "/nonexistent"),
                      ("postgresql://me:hunter2@127.0.0.1:1/db", "127.0.0.1")):
        run = it.refuse(code=5, env={"DB": url}, has=["X0302", text])
        equal("hunter2" in run.err + run.out, False, "the password in a message")
    it.refuse(code=2, env={"DB": "not a url"}, has=["X0301"])
    it.refuse(code=2, env={"DB": ""}, has=["DB"])


@case("bad_server")
def a_wrong_password_or_role_or_database(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    run = it.refuse(code=5, env={"DB": it.url.replace("tester@", "nobody_here:hunter2@")}, has=["X0303", "nobody_here"])
    equal("hunter2" in run.err + run.out, False, "the password in a message")
    it.refuse(code=5, env={"DB": it.url.replace(it.database, "no_such_database")}, has=["X0304", "no_such_database"])


@case("bad_server")
def a_wrong_password(it):
    server = Server(it, "scram-sha-256", "right-password\n")
    server.start()
    try:
        it.write("target.sql", TABLE + ";")
        it.spec(f"source s : inline {{ id int; v text }} [ (1, 'a') ]\n{MAP}")
        run = it.refuse(code=5, env={"DB": server.url.replace("tester@", "tester:wrong-password@")}, has=["X0303", "tester"])
        equal("wrong-password" in run.err + run.out, False, "the password in a message")
        it.refuse(code=5, env={"DB": server.url}, has=["X0303"])
        it.refuse(code=7, env={"DB": server.url.replace("tester@", "tester:right-password@")}, has=["X0317"])
    finally:
        server.kill()


@case("bad_server")
def a_missing_table_or_column(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    it.sql("alter table t rename column v to w")
    it.refuse(code=7, has=["X0317", "`v`"])
    it.sql("drop table t")
    it.refuse(code=7, has=["X0317", "t"])
    equal(it.value("select count(*) from pg_namespace where nspname = 'mig'"), "0", "a refused run leaves no journal")


@case("bad_server")
def drift_of_the_target(it):
    drifts = {"alter table t alter column v type int using 1": "`v`", "alter table t add column n int not null": "n",
              "alter table t drop constraint t_pkey": "", "alter table t alter column v set not null": "`v`"}
    for ddl, text in drifts.items():
        it.schema(TABLE)
        it.spec("source s : inline { id int; v text? } [ (1, 'a') ]\nmap t from s in s into db.t key s.id on conflict (id) update { id = s.id; v = s.v }")
        it.sql(ddl)
        it.refuse(code=7, has=["X0317", text])
        it.sql("drop table t")


@case("bad_server")
def harmless_drift_only_warns(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    it.sql("alter table t add column note text; create index on t (v)")
    it.run()


@case("bad_server")
def a_role_that_may_not(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    role = f"weak_{it.database}"
    it.sql(f"drop role if exists {role}; create role {role} login")
    url = it.url.replace("tester@", f"{role}@")
    grants = ("", f"grant usage on schema public to {role}", f"grant select on t to {role}", f"grant insert on t to {role}")
    try:
        for grant in grants:
            if grant:
                it.sql(grant)
            it.refuse(code=7, env={"DB": url}, has=["GRANT", role])
        it.sql(f"grant create on database {it.database} to {role}")
        it.run(env={"DB": url})
        equal(it.value("select role from mig.run"), role)
    finally:
        it.sql(f"drop owned by {role} cascade; drop role {role}")


@case("bad_server")
def row_level_security_in_the_way(it):
    prepare(it, "inline { id int; v text } [ (1, 'a') ]")
    role = f"rls_{it.database}"
    it.sql(f"drop role if exists {role}; create role {role} login; grant all on schema public to {role}; grant all on t to {role};"
           f" grant create on database {it.database} to {role}; alter table t enable row level security;"
           " create policy p on t using (id > 100)")
    try:
        it.refuse(code=7, env={"DB": it.url.replace("tester@", f"{role}@")}, has=["X0319", "row level security"])
    finally:
        it.sql(f"drop owned by {role} cascade; drop role {role}")


@case("bad_server")
def rows_the_server_refuses(it):
    it.schema("create table p (id int primary key); create table t (id int primary key, v text, p int references p,"
              " check (v <> 'bad'))")
    it.write("s.csv", "id,v,p\n" + "".join(f"{i},{'bad' if i == 2500 else 'x'},\n" for i in range(5000)))
    it.spec("source s : csv 's.csv' { id int; v text; p int? }\nmap t from s in s into db.t commit per 1000 rows tolerance 1 { ...s }")
    run = it.run()
    equal(run.counts("t"), (5000, 4999, 0, 0, 0, 1))
    equal(it.value("select count(*) from t"), "4999")
    contains(it.quarantine(run, "t")[0]["faults"][0]["message"], "t_v_check")
    equal((it.quarantine(run, "t")[0]["line"], it.quarantine(run, "t")[0]["raw"]), (2502, "2500,bad,"))


@case("bad_server")
def foreign_keys_without_parents(it):
    it.schema("create table p (id int primary key); create table t (id int primary key, p int not null references p)")
    it.write("s.csv", "id,p\n1,7\n")
    it.spec("source s : csv 's.csv' { id int; p int }\nmap t from s in s into db.t { ...s }")
    run = it.refuse(code=3, has=["t_p_fkey"])
    equal(run.counts("t"), (1, 0, 0, 0, 0, 1))
    equal(it.value("select count(*) from t"), "0")


@case("bad_server")
def a_trigger_that_raises(it):
    it.schema(TABLE)
    it.sql("create function no() returns trigger language plpgsql as $$ begin raise exception 'not %', new.v; end $$;"
           "create trigger no before insert on t for each row execute function no();")
    it.personal = ["planted-value"]
    it.spec("pii db.t (v)\nsource s : csv 's.csv' { id int; v text pii }\n" + MAP)
    it.write("s.csv", "id,v\n1,planted-value\n")
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code in (3, 6), True)
    it.check_personal(run)


@case("bad_server")
def the_source_database_is_down(it):
    it.schema(TABLE)
    it.write("old.sql", "create table old (id int, v text);")
    it.spec("source old : postgres env 'OLD' schema 'old.sql'\nmap t from s in old.public.old into db.t { id = s.id on null reject 'x'; v = s.v }")
    it.refuse(code=5, env={"OLD": "postgresql://me:hunter2@/db?host=/nonexistent"}, has=["X0302"])
    it.refuse(code=5, env={"OLD": it.url}, has=["old"])
    run = it.command("run", "spec.mig", "--format", "json", env={"OLD": None})
    equal(run.code in (2, 5), True, f"exit code {run.code}")
    contains(run.err, "OLD")


# ---------------------------------------------------------------- disks

def file_size_limit(size):
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return set_limit


@case("bad_disk")
def quarantine_cannot_grow(it):
    it.schema("create table t (id int primary key, v int)")
    it.write("s.csv", "id,v\n" + "".join(f"{i},{'not a number' if i > 9000 else i}\n" for i in range(20000)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t commit per 2000 rows tolerance 100% { id = s.id; v = int(s.v) }")
    run = it.refuse(code=6, limits=file_size_limit(100000), has=["X0415", "quarantine", "File too large", "--work-dir"])
    equal(it.value("select count(*) from t"), it.value("select coalesce(sum(written), 0) from mig.batch"))
    # Every rejected row that the journal counts stands in the quarantine.
    counted = int(it.value("select coalesce(sum(rejected), 0) from mig.batch"))
    path = os.path.join(it.dir, run.report["quarantine"], "t.ndjson")
    whole = [line for line in open(path, encoding="utf-8").read().split("\n")[:-1]]
    equal(len(whole) >= counted, True, f"{len(whole)} quarantined, {counted} journaled as rejected")


@case("bad_disk")
def a_quarantine_that_may_not_be_written(it):
    it.schema("create table t (id int primary key, v int)")
    it.write("s.csv", "id,v\n1,x\n2,2\n")
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t tolerance 9 { id = s.id; v = int(s.v) }")
    it.write("blocked", "a file, no folder")
    run = it.command("run", "spec.mig", "--format", "json", "--work-dir", it.path("blocked"))
    equal(run.code in (2, 6), True, f"exit code {run.code}\n{run.err}")
    contains(run.err, "blocked")
    equal(it.value("select count(*) from t"), "0")


@case("bad_disk")
def a_csv_file_that_cannot_grow(it):
    it.schema(TABLE)
    it.write("s.csv", "id,v\n" + "".join(f"{i},{'x' * 50}\n" for i in range(20000)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap out from s in s into csv 'out.csv' { id = s.id; v = s.v }")
    it.refuse(code=6, limits=file_size_limit(200000), has=["X0416", "out.csv", "File too large"])
    equal([f for _, _, files in os.walk(it.dir) for f in files if f.startswith("out.csv")], [], "half a file")


@case("bad_disk")
def no_room_for_temporary_files(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,v\n" + "".join(f"{i},{i}\n" for i in range(1000)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t key s.v unique by s.v keep last { id = s.id; v = s.v }")
    run = it.command("run", "spec.mig", "--format", "json", env={"TMPDIR": "/nonexistent"})
    equal(run.code in (0, 6), True, f"exit code {run.code}\n{run.err}")


@case("bad_disk")
def a_full_file_system(it):
    """A real one, where this may be mounted."""
    mount = it.path("small")
    os.makedirs(mount)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", mount], capture_output=True).returncode:
        return
    try:
        it.schema("create table t (id int primary key, v int)")
        it.write("s.csv", "id,v\n" + "".join(f"{i},{'not a number' if i > 3000 else i}\n" for i in range(20000)))
        it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t commit per 1000 rows tolerance 100% { id = s.id; v = int(s.v) }")
        run = it.refuse("--work-dir", os.path.join(mount, "work"), code=6, has=["X0415", "No space left"])
        equal(it.value("select count(*) from t"), it.value("select coalesce(sum(written), 0) from mig.batch"))
    finally:
        subprocess.run(["umount", mount], check=True)
