"""The run as a whole: parameters, environments, phases, parts, commits, files, plans, dry runs, reports, extern code."""

from kit import *

SCHEMA = "create table t (id int primary key, v text)"
SOURCE = "source s : csv 's.csv' { id int; v text }\n"


def plain(it, extra="", clauses="", body="", rows="id,v\n1,a\n2,b\n", schema=SCHEMA):
    it.schema(schema)
    it.write("s.csv", rows)
    it.spec(f"{extra}\n{SOURCE}map t from s in s into db.t {clauses} {{ id = s.id; v = s.v {body} }}\n")


@case("run")
def parameters_of_every_type(it):
    it.schema("create type mood as enum ('sad', 'glad'); create table t (a bool, b int, c numeric, d float8, e text, f date, g time,"
              " h timestamp, i timestamptz, j interval, k uuid, l text, m mood, n text)")
    it.spec("""
param a bool
param b int
param c decimal
param d float
param e text
param f date
param g time
param h timestamp
param i timestamptz
param j interval
param k uuid
param l text = "{$e}!"
param m db.mood
param n text?
source s : inline { x int } [ (1) ]
map t from s in s into db.t { a = $a; b = $b; c = $c; d = $d; e = $e; f = $f; g = $g; h = $h; i = $i; j = $j; k = $k; l = $l; m = $m; n = $n }
""")
    given = {"a": "true", "b": "-7", "c": "1.50", "d": "0.5", "e": "x=y 'z'", "f": "2025-09-19", "g": "12:30", "h": "2025-09-19 12:30",
             "i": "2025-09-19 00:00 Australia/Sydney", "j": "14 days", "k": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "m": "glad"}
    arguments = [x for k, v in given.items() for x in ("--param", f"{k}={v}")]
    it.run(*arguments)
    equal(it.rows("select a, b, c, d, e, f, g, h, i at time zone 'UTC', j, k, l, m, n from t"),
          [("t", "-7", "1.50", "0.5", "x=y 'z'", "2025-09-19", "12:30:00", "2025-09-19 12:30:00", "2025-09-18 14:00:00", "14 days",
            given["k"], "x=y 'z'!", "glad", None)])
    equal(it.value("select params->>'e' from mig.run"), "x=y 'z'")
    for name, bad in (("a", "perhaps"), ("b", "1.5"), ("c", "x"), ("f", "19/09/2025"), ("i", "2025-09-19 00:00"), ("k", "1"), ("m", "glum")):
        wrong = [x for k, v in {**given, name: bad}.items() for x in ("--param", f"{k}={v}")]
        it.refuse(*wrong, code=2, has=["X0402", f"`{name}`"])
    it.refuse(*arguments[2:], code=2, has=["X0401", "`a`", "--param"])
    it.refuse(*arguments, "--param", "ee=1", code=2, has=["X0403", "`ee`"])
    it.refuse(*arguments, "--param", "novalue", code=2, has=["NAME=VALUE"])


@case("run")
def parameters_from_file_and_environment(it):
    plain(it, "param p text\nparam q text = 'default'\nparam r text", body="; w = $p || $q || $r", schema="create table t (id int primary key, v text, w text)")
    it.write("params", "# comment\n\np=file\nr=file r\n")
    it.run("--param-file", "params", env={"MIG_PARAM_R": "environment"})
    equal(it.value("select w from t limit 1"), "filedefaultfile r")
    it.sql("truncate t")
    it.run("--param-file", "params", "--param", "p=line", env={"MIG_PARAM_Q": "environment"})
    equal(it.value("select w from t limit 1"), "lineenvironmentfile r")
    it.write("params", "p\n")
    it.refuse("--param-file", "params", code=2, has=["params", "line 1"])
    it.refuse("--param-file", "nowhere", code=2, has=["nowhere"])


SECRET = "key-that-must-not-show"


@case("run")
def secrets_stay_secret(it):
    it.personal = [SECRET]
    plain(it, "param key secret", body="; w = base64url(hmac_sha256($key, s.v))", schema="create table t (id int primary key, v text, w text)")
    run = it.command("run", "spec.mig", "--format", "json", "--param", "key=" + SECRET)
    equal(run.code, 2)
    contains(run.err, "secret", "MIG_PARAM_")
    equal(SECRET in run.err + run.out, False, "the secret in the messages")
    it.refuse(code=2, has=["MIG_PARAM_KEY"])
    it.run(env={"MIG_PARAM_KEY": SECRET})
    import base64, hashlib, hmac
    wanted = base64.urlsafe_b64encode(hmac.new(SECRET.encode(), b"a", hashlib.sha256).digest()).decode().rstrip("=")
    equal(it.value("select w from t where id = 1"), wanted)
    equal(it.value("select params::text from mig.run"), "{}")
    it.sql("truncate t")
    it.write("params", f"key={SECRET}\n")
    it.run("--param-file", "params")
    equal(it.value("select w from t where id = 1"), wanted)


@case("run")
def environments_choose_the_target(it):
    plain(it, "environment other { db = env 'OTHER' }\nenvironment guarded { approvals 2 }")
    it.refuse(code=2, env={"DB": None}, has=["DB", "not set"])
    it.refuse("--env", "other", code=2, has=["OTHER"])
    it.run("--env", "other", env={"DB": "postgresql://nobody@/nowhere?host=/nonexistent", "OTHER": it.url})
    equal(it.value("select environment from mig.run"), "other")
    it.refuse("--env", "guarded", code=7, has=["approvals"])
    it.sql("truncate t")
    it.run("--target", it.url, env={"DB": None})


@case("run")
def phases_run_their_maps_only(it):
    it.schema("create table a (id int primary key); create table b (id int primary key references a)")
    it.write("s.csv", "id,v\n1,a\n2,b\n")
    it.spec(SOURCE + "map a from s in s into db.a key s.id on conflict (id) skip { id = s.id }\nmap b from s in s into db.b { id = s.id }\n"
            "phase first { a }\nphase second { b }")
    run = it.run("--phase", "first")
    equal([m["name"] for m in run.report["maps"]], ["a"])
    equal(it.value("select phase from mig.run"), "first")
    run = it.run("--phase", "second")
    equal([m["name"] for m in run.report["maps"]], ["b"])
    equal(it.value("select count(*) from b"), "2")
    it.refuse("--phase", "third", code=2, has=["third"])


@case("run")
def a_phase_makes_the_checks_that_it_can_answer(it):
    it.schema("create table a (id int primary key); create table b (id int primary key references a);"
              " create schema other; create table other.b (id int)")
    it.write("s.csv", "id,v\n1,a\n2,b\n")
    it.spec(SOURCE + """map a from s in s into db.a key s.id { id = s.id }
map b from s in s into db.b { id = s.id }
phase first { a }
phase second { b }
check only_a sql \"\"\"select count(*) from a -- b is loaded later\"\"\" == 2
check own_names sql \"\"\"with b as (select 1 as n) select b.n + count(c.*) from b, a as c group by b.n\"\"\" == 3
check other_schema sql \"\"\"select count(*) from other.b\"\"\" == 0
check both sql \"\"\"select count(*) from a join "b" using (id)\"\"\" == 2
check counted source from s in s select count()
  target sql \"\"\"select count(*) from B\"\"\"
check counted_a source from s in s select count()
  except rejected by a
  target sql \"\"\"select count(*) from a where 'b' = 'b'\"\"\"
check same_a sample 2 of a
""".replace('\\"', '"'))
    run = it.run("--phase", "first")
    equal([c["name"] for c in run.report["checks"] if c["ran"]], ["only_a", "own_names", "other_schema", "counted_a", "same_a"])
    equal(run.check("both")["detail"], "not run: it asks about b, which phase second loads")
    run = it.run("--phase", "second")
    equal([c["name"] for c in run.report["checks"] if c["ran"]], ["only_a", "own_names", "other_schema", "both", "counted"])
    contains(run.check("counted_a")["detail"], "which rows map a rejected")
    contains(run.check("same_a")["detail"], "map a belongs to another phase")


@case("run")
def a_phase_finds_the_rows_of_an_earlier_one(it):
    it.schema("create table p (id serial primary key, k text unique); create table c (id int primary key, p_id int not null references p)")
    it.write("s.csv", "id,v\n1,a\n2,b\n")
    it.spec(SOURCE + "map p from s in s into db.p key s.v { k = s.v }\nmap c from s in s into db.c { id = s.id; p_id = p[s.v].id }\n"
            "phase first { p }\nphase second { c }")
    it.run("--phase", "first")
    run = it.command("run", "spec.mig", "--format", "json", "--phase", "second")
    # Either the rows are found, or the run refuses before it starts: never silently rejected as missing.
    if run.code == 0:
        equal(run.counts("c"), (2, 2, 0, 0, 0, 0))
    else:
        equal(run.code, 7, f"exit code of a phase that cannot see its parents\n{explain(run)}\n")


@case("run")
def only_one_part(it):
    it.schema("create table tenants (k text primary key); create table items (id int primary key, tenant text not null references tenants);"
              "create table notes (id int primary key, item int not null references items); create table other (id int primary key)")
    it.write("i.csv", "id,tenant\n1,a\n2,b\n3,a\n4,\n")
    it.write("n.csv", "id,item\n10,1\n20,2\n30,3\n40,9\n")
    it.spec("""
source i : csv 'i.csv' { id int; tenant text? }
source n : csv 'n.csv' { id int; item int }
map tenants from x in i into db.tenants where x.tenant is not null unique by x.tenant keep first key x.tenant partition by x.tenant as tenant { k = x.tenant on null reject 'none' }
map items from x in i into db.items key x.id partition by x.tenant as tenant tolerance 1 { id = x.id; tenant = tenants[x.tenant].k on null reject 'no tenant' }
map notes from x in n into db.notes tolerance 1 { id = x.id; item = items[x.item].id }
map other from x in n into db.other { id = x.id }
""")
    run = it.run("--only", "tenant=a")
    equal(it.rows("select k from tenants"), [("a",)])
    equal(it.rows("select id from items order by 1"), [("1",), ("3",)])
    equal(it.rows("select id from notes order by 1"), [("10",), ("30",)])
    equal(it.value("select count(*) from other"), "0")
    equal(run.counts("items")[0:2], (4, 2))
    equal(it.value("select only_part from mig.run"), "tenant=a")
    run = it.run("--only", "tenant=b")
    equal(it.rows("select id from items order by 1"), [("1",), ("2",), ("3",)])
    it.refuse("--only", "region=a", code=2, has=["region"])


@case("run")
def commit_per_rows(it):
    plain(it, clauses="commit per 1000 rows tolerance 99%", rows="id,v\n" + "".join(f"{i},{i}\n" for i in range(9500)))
    run = it.run()
    sizes = it.rows("select rows_in, first_row, end_row from mig.batch order by ordinal")
    equal(sum(int(s[0]) for s in sizes), 9500)
    equal(max(int(s[0]) for s in sizes) <= 1000, True, f"batches of {sizes}")
    equal([(s[1], s[2]) for s in sizes][0][0], "0")
    equal(sizes[-1][2], "9500")
    equal(all(sizes[i][2] == sizes[i + 1][1] for i in range(len(sizes) - 1)), True, "ranges that meet")
    equal(run.counts("t"), (9500, 9500, 0, 0, 0, 0))


@case("run")
def commit_per_map(it):
    plain(it, clauses="commit per map", rows="id,v\n" + "".join(f"{i},{i}\n" for i in range(9500)))
    it.run()
    equal(it.rows("select rows_in from mig.batch"), [("9500",)])


@case("run")
def batches_conserve_with_rejects_and_skips(it):
    it.schema("create table t (id int primary key, v int)")
    it.write("s.csv", "id,v\n" + "".join(f"{i},{'x' if i % 7 == 0 else i}\n" for i in range(20000)))
    it.spec(SOURCE + "map t from s in s into db.t where s.id % 3 != 0 commit per 4000 rows tolerance 100% { id = s.id; v = int(s.v) }")
    run = it.run()
    rejected = sum(1 for i in range(20000) if i % 3 and i % 7 == 0)
    skipped = sum(1 for i in range(20000) if i % 3 == 0)
    equal(run.counts("t"), (20000, 20000 - rejected - skipped, 0, 0, skipped, rejected))
    equal(int(it.value("select count(*) from mig.batch")) >= 4, True)
    xids = it.rows("select xid::text, written from mig.batch")
    for xid, written in xids:
        equal(it.value(f"select count(*) from t where xmin::text = '{xid}'"), written)


@case("run")
def into_a_csv_file(it):
    it.schema("create table users (id int primary key, email text)")
    it.write("s.csv", 'id,v\n1,"a,""b"""\n2,"two\nlines"\n3,\n4," pad "\n5,ä\n')
    it.spec("source s : csv 's.csv' { id int; v text? }\nmap out from s in s into csv 'out.csv' where s.id < 5 { id = s.id; `Some Name` = s.v; twice = s.id * 2 }")
    run = it.run("--work-dir", it.path(".mig"))
    path = [os.path.join(d, f) for d, _, files in os.walk(it.path(".mig")) for f in files if f == "out.csv"]
    equal(len(path), 1)
    equal(open(path[0], "rb").read(), b'id,Some Name,twice\r\n1,"a,""b""",2\r\n2,"two\nlines",4\r\n3,,6\r\n4," pad ",8\r\n')
    equal(oct(os.stat(path[0]).st_mode & 0o777), "0o600")
    equal(run.counts("out"), (5, 4, 0, 0, 1, 0))


@case("run")
def from_another_map(it):
    it.schema("create table a (id int generated always as identity primary key, k text not null); "
              "create table b (a_id int primary key references a, up text)")
    it.write("s.csv", "id,v\n1,x\n2,y\n3,\n")
    it.spec("source s : csv 's.csv' { id int; v text? }\nmap a from s in s into db.a where s.v is not null key s.id { k = s.v on null reject 'none' }\n"
            "map b from x in a into db.b { a_id = x.id; up = upper(x.k) }")
    run = it.run()
    equal(it.rows("select a.k, b.up from a join b on b.a_id = a.id order by 1"), [("x", "X"), ("y", "Y")])
    equal(run.counts("b"), (2, 2, 0, 0, 0, 0))


@case("run")
def a_dry_run_writes_nothing(it):
    plain(it, "audit into db.log { kind = $event.kind }\nsource f : csv 's.csv' { id int; v text }\nmap out from s in f into csv 'out.csv' { id = s.id }\n"
          "check two sql \"\"\"select count(*) from t\"\"\" == 2",
          schema=SCHEMA + "; create table log (kind text)")
    run = it.run("--dry-run")
    equal(run.counts("t"), (2, 2, 0, 0, 0, 0))
    equal(run.report["dry_run"], True)
    equal(it.value("select count(*) from t"), "0")
    equal(it.value("select count(*) from log"), "0")
    equal(it.value("select count(*) from pg_namespace where nspname = 'mig'"), "0")
    equal([f for _, _, files in os.walk(it.dir) for f in files if f == "out.csv"], [])
    equal(run.check("two")["ran"], False)


DRY = """
source s : csv 's.csv' { code text; amount text; kind text }
source fixes : csv 'fixes.csv' { code text; kind text }
source l : csv 'l.csv' { n int; code text; amount decimal }
map things from x in s into db.things HANDLER tolerance 9 {
  code = x.code
  amount = decimal(x.amount)
  kind = x.kind
}
map corrections from x in fixes into db.things on conflict (code) update (kind) tolerance 9 after things {
  code = x.code
  amount = 0
  kind = x.kind
}
map lines from x in l into db.lines
  lookup t in db.things on t.code == x.code and t.amount == x.amount
  tolerance 9
{
  n = x.n
  thing_id = t.id
  kind = t.kind
}
"""


def dry_and_real(it, handler, there, lines):
    """The same in a dry run and in a real one: what lookups find does not depend on rows being written."""
    it.schema("create table things (id serial primary key, code text not null unique, amount numeric(8,2), kind text not null);"
              "create table lines (n int primary key, thing_id int not null references things, kind text not null);")
    it.sql("insert into things (code, amount, kind) values " + there)
    it.write("s.csv", "code,amount,kind\na,1.5,new\nb,2.5,new\nc,3.0,new\n")
    it.write("fixes.csv", "code,kind\nb,fixed\nd,only fixed\n")
    it.write("l.csv", "n,code,amount\n" + "".join(f"{i + 1},{line}\n" for i, line in enumerate(lines)))
    it.spec(DRY.replace("HANDLER", handler))
    dry = it.run("--dry-run")
    real = it.run()
    equal(it.rows("select n, t.code, l.kind from lines l join things t on t.id = thing_id order by 1"),
          it.rows("select n, t.code, t.kind from lines l join things t on t.id = thing_id order by 1"))
    equal(dry.counts("lines")[1], real.counts("lines")[1], "lines written by the dry run")
    equal(dry.reasons("lines"), real.reasons("lines"))
    contains(" ".join(dry.report["notes"]), "Lookups into things", "stand-ins", ": id.")
    equal(real.report["notes"], [])
    return real


@case("run")
def a_dry_run_finds_rows_that_it_would_have_written(it):
    real = dry_and_real(it, "", "('x', 9, 'old')", ["a,1.50", "b,2.5", "c,3", "d,0", "x,9", "nobody,1", "a,1.51"])
    equal(real.counts("lines"), (7, 5, 0, 0, 0, 2))


@case("run")
def a_dry_run_finds_rows_as_updates_would_leave_them(it):
    # a and b are there: a's amount is overwritten, so only the new one is found.
    real = dry_and_real(it, "on conflict (code) update (amount)", "('a', 7, 'old'), ('b', 7, 'old')",
                        ["a,1.5", "a,7", "b,2.5", "c,3"])
    equal(real.counts("lines"), (4, 3, 0, 0, 0, 1))
    equal(it.value("select kind from lines where n = 1"), "old")
    equal(it.value("select kind from lines where n = 3"), "fixed")


@case("run")
def a_dry_run_leaves_rows_as_they_are_there(it):
    real = dry_and_real(it, "on conflict (code) skip", "('a', 7, 'old')", ["a,1.5", "a,7", "b,2.5"])
    equal(real.counts("lines"), (3, 2, 0, 0, 0, 1))


@case("run")
def a_dry_run_does_not_find_rows_that_would_be_refused(it):
    real = dry_and_real(it, "", "('a', 7, 'old')", ["a,1.5", "a,7", "b,2.5"])
    equal(real.counts("lines"), (3, 2, 0, 0, 0, 1))


@case("run")
def a_dry_run_keeps_many_rows(it):
    it.schema("create table a (id int primary key, name text not null); create table b (id int primary key, name text)")
    it.write("a.csv", "id\n" + "".join(f"{i}\n" for i in range(20000)))
    it.sql("insert into a select i, 'there' from generate_series(15000, 24999) i")
    it.spec("""
source s : csv 'a.csv' { id int }
map a from x in s into db.a on conflict (id) update (name) { id = x.id; name = "row {text(x.id)}" }
map b from x in s into db.b lookup y in db.a on y.id == x.id { id = x.id; name = y.name }
""")
    run = it.run("--dry-run")
    equal(run.counts("b"), (20000, 20000, 0, 0, 0, 0))
    equal(run.report["notes"], [])


@case("run")
def maps_into_files_need_no_database(it):
    it.write("s.csv", "code\nb\na\n")
    it.write("spec.mig", """migration t version 1
source s : csv 's.csv' { code text }
source more : csv 'more.csv' { code text; name text }
map names from x in s into csv 'names.csv' lookup y in more on y.code == x.code { code = x.code; name = y.name }
""")
    it.write("more.csv", "code,name\na,A\nb,B\n")
    run = it.run("--dry-run", env={"DB": None}, law=False)
    equal(run.counts("names"), (2, 2, 0, 0, 0, 0))
    equal(os.path.exists(it.path(".mig/names.csv")), False)
    run = it.run(env={"DB": None}, law=False)
    equal(it.read(".mig/names.csv"), b"code,name\r\nb,B\r\na,A\r\n")
    contains(run.report["notes"][0], "no journal")


@case("run")
def a_dry_run_tells_rejects(it):
    it.schema("create table t (id int primary key, v int)")
    it.write("s.csv", "id,v\n1,a\n2,2\n")
    it.spec(SOURCE + "map t from s in s into db.t { id = s.id; v = int(s.v) }")
    run = it.run("--dry-run")
    equal(run.reasons("t"), {"R0103": 1})
    equal(len(it.quarantine(run, "t")), 1)


@case("run")
def a_plan_runs_without_its_spec(it):
    it.write("lib/names.mig", "fn loud(x text) text = upper(x) || '!'\n")
    it.write("st.csv", "old,new\na,A1\nb,B1\n")
    plain(it, "use lib.names\nuse std.text\ncodes c : text -> text from 'st.csv' (old, new)", body="; w = loud(clean(s.v)) || c[s.v]",
          schema="create table t (id int primary key, v text, w text)")
    built = it.command("build", "spec.mig", "-o", "plan.migc")
    equal(built.code, 0, built.err)
    it.write("elsewhere/data/s.csv", "id,v\n1,a\n2,b\n")
    shutil.move(it.path("plan.migc"), it.path("elsewhere/plan.migc"))
    for name in ("spec.mig", "target.sql", "st.csv", "s.csv"):
        os.remove(it.path(name))
    shutil.rmtree(it.path("lib"))
    run = it.run("--data", "data", "--work-dir", it.path(".mig"), spec="plan.migc", cwd=it.path("elsewhere"))
    equal(it.rows("select w from t order by 1"), [("A!A1",), ("B!B1",)])
    equal(run.report["migration"], "t")


@case("run")
def two_builds_are_the_same_bytes(it):
    plain(it, "param p text = 'x'\ncodes c : text -> int { 'a' => 1; 'b' => 2 }\nfn f(x text) text = trim(x)", body="; w = c[f(s.v)]; p = $p",
          schema="create table t (id int primary key, v text, w int, p text)")
    equal(it.command("build", "spec.mig", "-o", "one.migc").code, 0)
    time.sleep(1.1)
    equal(it.command("build", "spec.mig", "-o", "two.migc").code, 0)
    equal(it.read("one.migc") == it.read("two.migc"), True, "same bytes")
    os.makedirs(it.path("sub"))
    for name in ("spec.mig", "target.sql"):
        shutil.copy(it.path(name), it.path("sub/" + name))
    equal(it.command("build", "spec.mig", "-o", "three.migc", cwd=it.path("sub")).code, 0)
    equal(it.read("one.migc") == it.read("sub/three.migc"), True, "same bytes from another folder")


@case("run")
def a_changed_plan_is_refused(it):
    plain(it)
    it.command("build", "spec.mig", "-o", "plan.migc")
    data = bytearray(it.read("plan.migc"))
    for at in (0, len(data) // 2, len(data) - 1):
        bad = bytearray(data)
        bad[at] ^= 0x40
        it.write("bad.migc", bytes(bad))
        result = it.command("run", "bad.migc")
        equal(result.code, 1, f"exit code with byte {at} changed: {result.err}")
        contains(result.err, "X010")
    it.write("bad.migc", bytes(data[:-10]))
    equal(it.command("run", "bad.migc").code, 1)
    equal(it.value("select count(*) from t"), "0")


@case("run")
def status_where_no_database_knows_the_run(it):
    it.write("s.csv", "id\n1\n2\n")
    it.spec("source s : csv 's.csv' { id int }\nmap t from s in s into csv 't.csv' { id = s.id }\n",
            prelude="migration t version 1\n")
    it.command("status")
    equal(it.last.code, 2)
    run = it.run(env={"DB": None})
    status = it.command("status", env={"DB": None})
    equal(status.code, 0, status.err)
    contains(status.out, run.report["run"], "used no database", "`mig report " + run.report["run"])
    told = json.loads(it.command("status", run.report["run"][:8], "--format", "json").out)
    equal((told["journal"], told["report"]["maps"][0]["written"]), (False, 2))
    it.schema("create table t (id int primary key)")
    it.spec("source s : csv 's.csv' { id int }\nmap t from s in s into db.t { id = s.id }\n")
    it.run("--dry-run")
    contains(it.command("status").out, "This was a dry run", "`mig run` loads")
    it.run()
    contains(it.command("status").out, "done", "mig verify")


@case("run")
def status_and_report(it):
    plain(it, clauses="tolerance 1", rows="id,v\n1,a\n2,b\nx,c\n")
    run = it.run()
    status = it.command("status", "--target", it.url)
    equal(status.code, 0)
    contains(status.out, "done", "3 in, 2 written", "1 rejected", run.report["run"])
    status = it.command("status", "--target", it.url, "--format", "json")
    whole = json.loads(status.out)
    equal((whole["state"], whole["maps"][0]["in"], whole["maps"][0]["written"]), ("done", 3, 2))
    report = it.command("report")
    contains(report.out, "t ", "3", "rejected", "quarantine")
    again = json.loads(it.command("report", "--format", "json").out)
    equal(again["maps"], run.report["maps"])
    equal(json.loads(it.command("report", run.report["run"], "--format", "json").out)["run"], run.report["run"])
    equal(it.command("report", "nothing").code, 2)
    equal(it.command("status", "--target", it.url, "ffffffff").code, 2)
    it.sql("drop schema mig cascade")
    contains(it.command("status", "--target", it.url).err, "no run in this target")


@case("run")
def text_report_for_people(it):
    plain(it, clauses="tolerance 1", rows="id,v\n1,a\nx,c\n")
    result = it.command("run", "spec.mig")
    equal(result.code, 0, result.err)
    contains(result.out, "migration" if "migration" in result.out else "t version 1", "Reasons", "is not a whole number", "Rejected rows are in")
    equal("\x1b" in result.out + result.err, False, "colours in a pipe")


@case("run")
def extern_functions_need_leave(it):
    it.write("x.c", EXTERN_SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", it.path("libx.so"), it.path("x.c")], check=True)
    plain(it, "extern fn twice(x int) int from 'libx.so' symbol 'twice'", body="; w = twice(s.id)", schema="create table t (id int primary key, v text, w int)")
    run = it.command("run", "spec.mig", "--format", "json", env={"LD_LIBRARY_PATH": it.dir})
    equal(run.code, 2, f"exit code without --allow-extern\n{run.err}")
    contains(run.err, "X0502", "--allow-extern")
    equal(it.value("select count(*) from t"), "0")
    run = it.run("--allow-extern", env={"LD_LIBRARY_PATH": it.dir})
    equal(it.rows("select id, w from t order by 1"), [("1", "2"), ("2", "4")])


EXTERN_SOURCE = "long long twice(long long x) { return 2 * x; }\n"


@case("run")
def modules_of_ones_own(it):
    it.write("lib/money.mig", "use lib.text2\nfn cents(x text) int = int(digits2(x))\n")
    it.write("lib/text2.mig", "fn digits2(x text) text = replace(replace(x, '.', ''), ',', '')\n")
    plain(it, "use lib.money", body="; w = cents(s.v)", schema="create table t (id int primary key, v text, w int)", rows="id,v\n1,\"1,234.50\"\n")
    it.run()
    equal(it.value("select w from t"), "123450")


@case("run")
def audit_rows(it):
    plain(it, "audit into db.log { actor = 'system'; action = \"m.{$event.kind}\"; entity = $event.map; at = $event.at; detail = $event.json }",
          schema=SCHEMA + "; create table log (id serial primary key, actor text not null, action text not null, entity text, at timestamptz not null, detail jsonb not null)")
    it.run()
    rows = it.rows("select actor, action, entity from log order by id")
    equal(rows[0], ("system", "m.run_started", None))
    equal(("system", "m.map_finished", "t") in rows, True)
    equal(rows[-1][1], "m.run_finished")
    equal(it.value("select detail->>'written' from log where action = 'm.map_finished'"), "2")
    equal(it.value("select bool_and(abs(extract(epoch from now() - at)) < 60) from log"), "t")


@case("run")
def runs_are_told_apart(it):
    plain(it, clauses="on conflict (id) update", body="; r = $run.id; e = $run.environment; st = $run.started_at",
          schema="create table t (id int primary key, v text, r uuid, e text, st timestamptz)", extra="environment dev { tolerance 1 }")
    run = it.run("--env", "dev")
    equal(it.rows("select distinct r::text, e from t"), [(run.report["run"], "dev")])
    equal(it.value("select count(*) from t join mig.run on run_id = r and started_at = st"), "2")


@case("run")
def two_runs_at_once_are_refused(it):
    plain(it)
    it.run()
    it.sql("truncate t")
    it.write("slow.mig", open(it.path("spec.mig")).read().replace("csv 's.csv'", "csv '-'"))
    environment = {**os.environ, "DB": it.url}
    slow = subprocess.Popen([it.mig, "run", "slow.mig", "--quiet"], cwd=it.dir, env=environment, stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        slow.stdin.write(b"id,v\n1,a\n")
        slow.stdin.flush()
        for _ in range(100):
            if it.value("select count(*) from pg_locks where locktype = 'advisory' and granted"
                        " and database = (select oid from pg_database where datname = current_database())") != "0":
                break
            time.sleep(0.05)
        it.refuse(code=7, has=["another mig"])
    finally:
        _, err = slow.communicate(b"2,b\n", timeout=30)
    equal(slow.returncode, 0, err.decode())
    equal(it.value("select count(*) from t"), "2")


@case("run")
def a_signal_stops_between_batches(it):
    plain(it, clauses="commit per 1000 rows")
    it.write("slow.mig", open(it.path("spec.mig")).read().replace("csv 's.csv'", "csv '-'"))
    slow = subprocess.Popen([it.mig, "run", "slow.mig", "--format", "json"], cwd=it.dir, env={**os.environ, "DB": it.url},
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    slow.stdin.write(b"id,v\n" + b"".join(b"%d,x\n" % i for i in range(60000)))
    slow.stdin.flush()
    for _ in range(100):
        try:
            if int(it.value("select count(*) from mig.batch")) > 3:
                break
        except QueryError:
            pass
        time.sleep(0.05)
    slow.send_signal(signal.SIGTERM)
    out, err = slow.communicate(b"".join(b"%d,x\n" % i for i in range(60000, 200000)), timeout=30)
    equal(slow.returncode, 6, f"exit code\n{err.decode()}\n")
    contains(err.decode(), "signal")
    written = it.value("select coalesce(sum(written), 0) from mig.batch")
    equal(it.value("select count(*) from t"), written)
    report = json.loads(out)
    equal(str(report["maps"][0]["written"]), written)
    equal(it.rows("select state from mig.run"), [("stopped",)])
    equal(it.rows("select state from mig.step"), [("stopped",)])


# ---------------------------------------------------------------- personal data

@case("run")
def personal_data_is_masked_everywhere(it):
    planted = ["ann.planted@secret.example", "Planted-Name", "0411-555-777", "no-date-planted", "planted.dup@x.example"]
    it.personal = planted
    it.schema("create table t (id int primary key, email text not null unique, name varchar(8), phone text, born date, n int)")
    it.write("s.csv", f"id,email,name,phone,born,n\n1,{planted[0]},Short,{planted[2]},2000-01-01,1\n2,b@x,{planted[1]},x,2000-01-01,2\n"
                      f"3,c@x,C,x,{planted[3]},3\n4,{planted[0]},D,x,2000-01-01,x\n5,{planted[4]},E,x,2000-01-01,zz\n6,{planted[4]},F,x,2000-01-01,6\n")
    it.spec("""
pii db.t (email, name, phone, born)
source s : csv 's.csv' { id int; email text pii; name text pii; phone text pii; born text pii; n text }
map t from s in s into db.t key s.email tolerance 9 {
  id = s.id
  email = s.email
  name = s.name
  phone = s.phone
  born = date(s.born) on error warn "born {s.born}" use null
  n = int(s.n) on error reject "n of {s.email} is {s.n}"
  validate fine: s.name != 'F' on fail warn "name {s.name} of {s.email}"
}
""")
    run = it.run()
    equal(run.counts("t"), (6, 3, 0, 0, 0, 3))
    equal(it.value("select count(*) from t where email in ('%s', '%s')" % (planted[0], planted[4])), "2")


@case("run")
def personal_data_of_other_formats(it):
    for name, source, data in (
            ("ndjson", "ndjson 's.data'", '{"id":1,"p":"planted\\u002dvalue","n":"x"}\n{"id":2,"p":"planted-value","n":"x"}\n'),
            ("csv", "csv 's.data'", 'id,p,n\n1,"planted-value",x\n2,"planted-""value",x\n3,planted-value planted-value,x\n'),
            ("csv 1252", "csv 's.data' encoding 'windows-1252'", 'id,p,n\n1,planted-välue,x\n'.encode("cp1252"))):
        it.personal = ["planted-value", 'planted-""value', 'planted-"value', "planted\\u002dvalue", "planted-välue"]
        it.schema("create table t (id int primary key, n int, p text)")
        it.write("s.data", data)
        it.spec(f"pii db.t (p)\nsource s : {source} {{ id int; p text pii; n text }}\nmap t from s in s into db.t tolerance 9 {{ id = s.id; p = s.p; n = int(s.n) }}")
        run = it.run()
        equal(run.counts("t")[5] > 0, True, name)
        it.sql("drop table t; drop schema mig cascade")
        shutil.rmtree(it.path(".mig"))


@case("run")
def personal_data_in_server_messages(it):
    it.personal = ["planted-name"]
    it.schema("create table t (id int primary key, name text check (name <> 'planted-name'))")
    it.write("s.csv", "id,name\n1,planted-name\n2,b\n")
    it.spec("pii db.t (name)\nsource s : csv 's.csv' { id int; name text pii }\nmap t from s in s into db.t { id = s.id; name = s.name }")
    run = it.command("run", "spec.mig", "--format", "json")
    it.check_personal(run)
    equal(run.code in (3, 6), True, f"exit code {run.code}")
