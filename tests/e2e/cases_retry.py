"""mig retry: repaired rows behind what a run has loaded, each once; the ledger; what follows; what is refused."""

import csv

from kit import *

KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


def export(it, folder="repair", *arguments):
    done = it.command("quarantine", "export", "-o", folder, *arguments)
    equal(done.code, 0, done.err)
    return done


def edit(it, change, name="repair/t.csv"):
    """change(row) gives the repaired row, or None to leave its line out."""
    with open(it.path(name), newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    fixed = [r for r in map(change, rows) if r]
    with open(it.path(name), "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(fixed)
    return rows


def retry(it, *arguments, code=0, source="repair", **rest):
    done = it.command("retry", "--from", source, "--format", "json", "--quiet", *arguments, **rest)
    equal(done.code, code, done.out + done.err)
    if code in (0, 3):
        law(it)
        return json.loads(done.out)
    return done


def law(it):
    """Nothing is lost: source rows in = what they became + what is still open or given up; each reject is in the ledger."""
    wrong = it.rows("""select b.map, sum(rows_in) filter (where origin = 'source'), sum(written + updated + unchanged + skipped), sum(rejected),
      (select count(*) from mig.quarantine q where q.run_id = b.run_id and q.map = b.map),
      (select count(*) from mig.quarantine q where q.run_id = b.run_id and q.map = b.map
         and (state = 'open' or resolution like 'dismissed%' or resolution = 'expired'))
      from mig.batch b group by b.run_id, 1""")
    for name, read, settled, rejected, ledger, left in wrong:
        equal(rejected, ledger, f"rows of {name} in the ledger")
    equal(it.value("select count(*) from mig.batch where rows_in <> written + updated + unchanged + skipped + rejected"), "0")


def maps(done):
    return {m["name"]: (m["repaired"], m["loaded"], m["rejected"], m["skipped"], m["followed"]) for m in done["maps"]}


def numbers(it, data="id,n\n1,1\n2,x\n3,y\n4,4\n", clauses="tolerance 99", columns="id = s.id; n = int(s.n)",
            schema="create table t (id int primary key, n int)", source="id int; n text", more="", run=True, **rest):
    it.schema(schema)
    it.write("s.csv", data)
    it.spec(f"source s : csv 's.csv' {{ {source} }}\nmap t from s in s into db.t {clauses} {{ {columns} }}\n{more}")
    return it.run(**rest) if run else None


def put(**values):
    return lambda row: {**row, **values}


@case("retry")
def repaired_rows_are_loaded_once(it):
    numbers(it)
    export(it)
    edit(it, lambda r: {**r, "n": {"2": "20", "3": "30"}[r["id"]]})
    done = retry(it)
    equal(maps(done), {"t": (2, 2, 0, 0, 0)})
    equal((done["open"], done["closed"], done["state"]), (0, 2, "done"))
    equal(it.rows("select id, n from t order by 1"), [("1", "1"), ("2", "20"), ("3", "30"), ("4", "4")])
    equal(it.rows("select state, resolution from mig.quarantine"), [("closed", "loaded")] * 2)
    equal(it.rows("select ordinal, origin, written from mig.batch order by 1"), [("0", "source", "2"), ("1", "retry", "2")])
    equal(it.value("select fence from mig.run"), "2")
    contains(retry(it, code=2).out, "X0476", "is closed in the ledger: loaded")
    contains(it.command("status").out, "0 open, 2 closed", "4 in, 4 written, 0 updated, 0 unchanged, 0 skipped, 0 rejected")
    equal(it.command("quarantine", "export", "-o", "none").out, "nothing to repair\n")


@case("retry")
def what_fails_again_stays_open_with_the_new_reason(it):
    run = numbers(it)
    export(it)
    edit(it, lambda r: {**r, "n": "20" if r["id"] == "2" else "zzz"})
    done = retry(it, code=3)
    equal(maps(done), {"t": (2, 1, 1, 0, 0)})
    equal(it.rows("select state, resolution, message from mig.quarantine where row_ordinal = 2 order by batch"),
          [("closed", "rejected again", 'int(s.n): "y" is not a whole number'), ("open", None, 'int(s.n): "zzz" is not a whole number')])
    export(it, "second")
    rows = edit(it, put(n="30"), "second/t.csv")
    equal([(r["_mig_id"], r["n"]) for r in rows], [("t:2:0", "zzz")])  # as it came last
    done = retry(it, source="second")
    equal((done["open"], it.value("select sum(n) from t")), (0, "55"))
    contains(it.command("report").out, run.report["run"])


@case("retry")
def a_row_that_is_left_as_it_was_is_no_repair(it):
    numbers(it)
    export(it)
    edit(it, lambda r: {**r, "n": "20"} if r["id"] == "2" else r)
    done = retry(it)
    equal((maps(done), done["maps"][0]["unchanged"]), ({"t": (1, 1, 0, 0, 0)}, 1))
    equal((done["open"], it.value("select count(*) from mig.quarantine")), (1, "2"))


@case("retry")
def the_spec_may_leave_it_out_now(it):
    numbers(it, clauses="where s.n != '0' tolerance 99")
    export(it)
    edit(it, put(n="0"))
    done = retry(it)
    equal((maps(done), done["open"]), ({"t": (2, 0, 0, 2, 0)}, 0))
    equal({r[0] for r in it.rows("select resolution from mig.quarantine")}, {"left out"})


@case("retry")
def the_server_refuses_and_takes(it):
    numbers(it, "id,n\n1,1\n2,-5\n3,-6\n", schema="create table t (id int primary key, n int check (n > 0))")
    equal(it.value("select count(*) from mig.quarantine where by_server and state = 'open'"), "2")
    export(it)
    edit(it, lambda r: {**r, "n": "5" if r["id"] == "2" else "-7"})
    done = retry(it, code=3)
    equal(maps(done), {"t": (2, 1, 1, 0, 0)})
    equal(it.rows("select row_ordinal, by_server, state from mig.quarantine where state = 'open'"), [("2", "t", "open")])
    export(it, "second")
    edit(it, put(n="7"), "second/t.csv")
    equal(retry(it, source="second")["open"], 0)


@case("retry")
def conflicts(it):
    it.schema("create table t (id int primary key, n int)")
    it.sql("insert into t values (1, 100)")
    it.write("s.csv", "id,n\n1,1\n2,2\n")
    it.spec("source s : csv 's.csv' { id int; n int }\nmap t from s in s into db.t on conflict (id) reject 'there' tolerance 9 { id = s.id; n = s.n }")
    it.run()
    export(it)
    edit(it, put(id="3"))
    equal(retry(it)["open"], 0)
    equal(it.rows("select * from t order by 1"), [("1", "100"), ("2", "2"), ("3", "1")])


@case("retry")
def keys_stay_unique(it):
    numbers(it, "id,n\n1,1\n2,x\n3,y\n", clauses="key s.id tolerance 99", schema="create table t (id int, n int)")
    export(it)
    edit(it, lambda r: {**r, "n": "5", "id": r["id"] if r["id"] == "2" else "1"})
    done = retry(it, code=3)
    equal(maps(done), {"t": (2, 1, 1, 0, 0)})
    equal(it.rows("select fault from mig.quarantine where state = 'open'"), [("R0145",)])


@case("retry")
def unique_by_counts_what_is_loaded(it):
    for keep in ("keep first", "keep last"):
        it.sql(f"drop schema if exists mig cascade; drop table if exists t") if it.has_database else None
        it.command("sandbox", "status")
        shutil.rmtree(it.path("repair"), ignore_errors=True)
        numbers(it, "id,n,k\n1,1,a\n2,x,b\n3,y,c\n", clauses=f"unique by s.k {keep} tolerance 99", source="id int; n text; k text")
        export(it)
        edit(it, lambda r: {**r, "n": "5", "k": r["k"] if r["id"] == "2" else "a"})
        done = retry(it)
        equal(maps(done), {"t": (2, 1, 0, 1, 0)}, keep)
        equal(it.rows("select id from t order by 1"), [("1",), ("2",)])


@case("retry")
def rows_of_each_that_are_loaded_stay_as_they_are(it):
    it.schema("create table t (id int, v int not null)")
    it.write("s.ndjson", '{"id":1,"v":["1","x","3"]}\n{"id":2,"v":["4"]}\n')
    it.spec("source s : ndjson 's.ndjson' { id int; v text[] }\nmap t from s in s into db.t each x in s.v tolerance 9 { id = s.id; v = int(x) }")
    it.run()
    export(it)
    edit(it, put(v='["1","2","3"]'))
    done = retry(it)
    equal((done["open"], it.rows("select v from t order by 1")), (0, [("1",), ("2",), ("3",), ("4",)]))


@case("retry")
def children_follow_their_parents(it):
    it.schema("create table t (id int generated by default as identity primary key, name text, n int);"
              " create table c (id int primary key, t_id int not null references t);"
              " create table d (id int primary key, c_id int references c, n int)")
    it.write("s.csv", "name,n\na,1\nb,x\n")
    it.write("c.csv", "id,t\n1,a\n2,b\n3,z\n")
    it.write("d.csv", "id,c,n\n1,1,1\n2,2,2\n3,2,q\n")
    it.spec("""source s : csv 's.csv' { name text; n text }
source c : csv 'c.csv' { id int; t text }
source d : csv 'd.csv' { id int; c int; n text }
map t from s in s into db.t key s.name tolerance 9 { name = s.name; n = int(s.n) }
map c from x in c into db.c key x.id tolerance 9 { id = x.id; t_id = t[x.t].id }
map d from y in d into db.d tolerance 9 { id = y.id; c_id = c[y.c].id; n = int(y.n) }
""")
    it.run()
    exported = json.loads(export(it, "repair", "--format", "json").out)
    equal(exported["following"], 2)  # c:1 and d:1; d:2 has a fault of its own
    edit(it, put(n="7"))
    edit(it, put(n="8"), "repair/d.csv")
    edit(it, lambda r: None, "repair/c.csv")
    done = retry(it)
    equal(maps(done), {"t": (1, 1, 0, 0, 0), "c": (0, 0, 0, 0, 1), "d": (1, 1, 0, 0, 1)})
    equal(it.rows("select d.id, t.name from d join c on c.id = d.c_id join t on t.id = c.t_id order by 1"), [("1", "a"), ("2", "b"), ("3", "b")])
    equal(it.rows("select map, row_ordinal from mig.quarantine where state = 'open'"), [("c", "2")])
    # A later retry knows what the first one has loaded, though it is in no source.
    export(it, "second")
    edit(it, put(t="b"), "second/c.csv")
    done = retry(it, source="second")
    equal((done["open"], it.value("select t.name from c join t on t.id = c.t_id where c.id = 3")), (0, "b"))
    traced = it.command("trace", "c", "1")  # and the run can still be gone through again
    equal(traced.code, 0, traced.err)


@case("retry")
def rows_of_the_same_map_follow(it):
    it.schema("create table t (id text primary key, p text references t, n int)")
    it.write("s.csv", "id,p,n\nc,b,3\nb,a,2\na,,x\nd,c,y\ne,zz,1\n")
    it.spec("source s : csv 's.csv' { id text; p text?; n text }\nmap t from s in s into db.t key s.id tolerance 9"
            " { id = s.id; p = if s.p is null then null else t[s.p].id; n = int(s.n) }")
    run = it.run()
    equal(run.counts("t"), (5, 0, 0, 0, 0, 5))
    export(it)
    edit(it, lambda r: {**r, "n": "9"} if r["id"] in "ad" else None)
    done = retry(it)
    equal((maps(done), done["open"]), ({"t": (2, 2, 0, 0, 2)}, 1))
    equal(it.value("select string_agg(id, '' order by id) from t"), "abcd")


@case("retry")
def maps_made_of_maps_follow(it):
    it.schema("create table t (id int primary key, n int); create table u (id int primary key)")
    it.write("s.csv", "id,n\n1,1\n2,x\n")
    it.spec("source s : csv 's.csv' { id int; n text }\nmap t from s in s into db.t key s.id tolerance 9 { id = s.id; n = int(s.n) }\n"
            "map u from x in t into db.u { id = x.id }")
    it.run()
    export(it)
    edit(it, put(n="2"))
    equal(maps(retry(it)), {"t": (1, 1, 0, 0, 0), "u": (0, 0, 0, 0, 1)})
    equal(it.rows("select id from u order by 1"), [("1",), ("2",)])


@case("retry")
def groups_are_refused(it):
    it.schema("create table t (k text, n int not null)")
    it.write("s.csv", "k,n\na,1\na,x\n")
    it.spec("source s : csv 's.csv' { k text; n text }\nmap t from s in s into db.t group by s.k as k tolerance 9 { k = k; n = sum(int(s.n)) }")
    it.run()
    contains(it.command("quarantine", "export", "-o", "repair").err, "it groups rows")
    it.write("mine.csv", "_mig_id,n\nt:1:0,2\n")
    refused = retry(it, source="mine.csv", code=7)
    contains(refused.out, "X0477", "it groups rows", "mine.csv line 2")
    equal(it.value("select state from mig.run"), "done")


@case("retry")
def a_run_that_its_tolerance_stopped_goes_on(it):
    it.schema("create table t (id int primary key, n int); create table u (id int primary key, t_id int not null)")
    it.write("s.csv", "id,n\n1,1\n2,x\n")
    it.write("u.csv", "id,t\n1,1\n2,2\n")
    it.spec("source s : csv 's.csv' { id int; n text }\nsource u : csv 'u.csv' { id int; t int }\n"
            "map t from s in s into db.t key s.id { id = s.id; n = int(s.n) }\nmap u from x in u into db.u { id = x.id; t_id = t[x.t].id }\n"
            "check all \"\"\"select count(*) from u\"\"\" == 2\n".replace("check all", "check all 'all' sql"))
    it.run(code=3)
    export(it)
    edit(it, put(n="2"))
    done = retry(it)
    equal((done["open"], done["state"]), (0, "stopped"))
    contains(it.command("status").out, "mig resume")
    resumed = it.command("resume", "--format", "json", "--quiet")
    equal(resumed.code, 0, resumed.err)
    equal(it.rows("select id, t_id from u order by 1"), [("1", "1"), ("2", "2")])
    equal(it.value("select state from mig.run"), "done")


@case("retry")
def an_interrupted_run_is_resumed_first(it):
    numbers(it, more="map u from s in s into db.t tolerance 9 { id = -s.id; n = int(s.n) on error fail 'stop' }", code=6)
    it.write("mine.csv", "_mig_id,n\nt:1:0,2\n")
    contains(retry(it, source="mine.csv", code=7).out, "X0477", "mig resume")


@case("retry")
def repair_files_that_do_not_fit(it):
    numbers(it)
    for text, says in (("_mig_id,n\nt:99:0,1\n", "has not rejected source row 100"), ("_mig_id,n\nt:0:0,1\n", "has not rejected source row 1"),
                       ("_mig_id,n\nx:1:0,1\n", "no id of a rejected row"), ("_mig_id,n\nt:1x,1\n", "no id of a rejected row"),
                       ("_mig_id,m\nt:1:0,1\n", "no column `m`"), ("n\n1\n", "no column `_mig_id`"),
                       ("_mig_id,n\nt:1:0,1\nt:1:0,2\n", "repaired twice"), ("_mig_id,n\nt:1:0\n", "another number of fields"),
                       ('_mig_id,n\nt:1:0,"1\n', "has no end"), (b"_mig_id,n\nt:1:0,\xff\n", "UTF-8"), ("", "no column `_mig_id`")):
        it.write("mine.csv", text)
        contains(retry(it, source="mine.csv", code=2).out, "X0476", says)
    it.write("mine.ndjson", '{"_mig_id":"t:1:0","n":"1"}\n[1]\n')
    contains(retry(it, source="mine.ndjson", code=2).out, "X0476", "line 2", "no JSON object")
    os.mkdir(it.path("empty"))
    contains(retry(it, source="empty", code=2).out, "X0476", "no repair file")
    retry(it, source="nowhere", code=2)
    equal(it.value("select count(*) from t"), "2")
    equal(it.value("select count(*) from mig.batch"), "1")
    for wrong in ([], ["--from", "a", "--dismiss", "t:1"], ["--dismiss", "t:1"], ["--from", "a", "--because", "b"]):
        equal(it.command("retry", *wrong).code, 2, wrong)


@case("retry")
def as_spreadsheets_write_them(it):
    numbers(it, "id,n,v\n1,1,a\n2,x,\"b, \"\"c\"\"\"\n3,y,\n", columns="id = s.id; n = int(s.n); v = s.v", source="id int; n text; v text?",
            schema="create table t (id int primary key, n int, v text)")
    it.write("mine.csv", '\ufeff_mig_id;n;v;_mig_faults\r\nt:1:0;"2";"b; ""c"" d";was wrong\r\n\r\nt:2;3;;\r\n')
    equal(retry(it, source="mine.csv")["open"], 0)
    equal(it.rows("select * from t order by 1"), [("1", "1", "a"), ("2", "2", 'b; "c" d'), ("3", "3", None)])


@case("retry")
def ndjson_repairs(it):
    numbers(it, source="id int; n text?")
    export(it, "repair", "--as", "ndjson")
    text = it.read("repair/t.ndjson").decode()
    it.write("repair/t.ndjson", text.replace('"n":"x"', '"n":5').replace('"n":"y"', '"n":null'))
    done = retry(it)
    equal(it.rows("select id, n from t order by 1"), [("1", "1"), ("2", "5"), ("3", None), ("4", "4")])
    equal(done["open"], 0)


@case("retry")
def ragged_records(it):
    numbers(it, "id,n\n1,1\n2,2,3\n4\n")
    export(it)
    edit(it, lambda r: r if r["_mig_id"] == "t:1:0" else {**r, "n": "4"})
    done = retry(it)
    equal((maps(done), done["open"]), ({"t": (1, 1, 0, 0, 0)}, 1))  # nothing was said about the field too many
    edit(it, lambda r: {**r, "_mig_faults": ""} if r["_mig_id"] == "t:1:0" else None)
    equal(retry(it)["open"], 0)
    equal(it.rows("select * from t order by 1"), [("1", "1"), ("2", "2"), ("4", "4")])


@case("retry")
def lookups_into_the_target_see_it_as_it_is(it):
    it.schema("create table o (name text primary key, id int not null); create table t (id int primary key, o int not null)")
    it.sql("insert into o values ('a', 1)")
    it.write("s.csv", "id,o\n1,a\n2,b\n")
    it.spec("source s : csv 's.csv' { id int; o text }\nmap t from s in s into db.t lookup o in db.o on o.name == s.o tolerance 9 { id = s.id; o = o.id }")
    it.run()
    it.sql("insert into o values ('b', 2)")
    it.write("mine.csv", "_mig_id\nt:1\n")
    done = retry(it, source="mine.csv")
    equal((done["open"], it.rows("select * from t order by 1")), (0, [("1", "1"), ("2", "2")]))


@case("retry")
def a_changed_source_is_refused(it):
    numbers(it)
    it.write("s.csv", "id,n\n1,1\n2,2\n3,3\n4,4\n")
    it.write("mine.csv", "_mig_id,n\nt:1:0,2\n")
    contains(retry(it, source="mine.csv", code=7).out, "X0431", "s.csv")
    equal(it.rows("select state, count(*) over () from mig.run"), [("done", "1")])
    equal(it.value("select count(*) from t"), "2")


@case("retry")
def dismissed_rows_are_closed_with_their_reason(it):
    numbers(it)
    gone = it.command("retry", "--dismiss", "t:1:0", "--because", "a test row")
    equal(gone.code, 0, gone.err)
    contains(gone.out, "closed without loading: 1", "1 open, 1 closed")
    equal(it.rows("select row_ordinal, resolution from mig.quarantine where state = 'closed'"), [("1", "dismissed: a test row")])
    contains(it.value("select detail::text from mig.event where kind = 'rejects_dismissed'"), "a test row", "t:1", "who")
    contains(it.command("quarantine", "show", "--closed").out, "[dismissed: a test row]")
    equal(it.command("retry", "--dismiss", "t:1:0", "--because", "again").code, 2)
    equal(it.command("retry", "--dismiss", "u:1:0", "--because", "again").code, 2)
    done = it.command("retry", "--dismiss", "t:2", "--because", "that too", "--format", "json")
    equal(json.loads(done.out)["open"], 0)
    law(it)
    equal(it.command("retry", "--dismiss", "t:0", "--because", "it is loaded").code, 2)


@case("retry")
def personal_keys_are_journaled_sealed(it):
    mail = "ann.retry@secret.example"
    it.personal = [mail]
    sealing = {"MIG_QUARANTINE_KEY": KEY}
    it.schema("create table t (id int generated by default as identity primary key, email text, n int); create table c (id int primary key, t_id int not null)")
    it.write("s.csv", f"email,n\n{mail},x\nb@x,1\n")
    it.write("c.csv", f"id,email\n1,{mail}\n2,zz\n")
    it.spec("pii db.t (email)\nsource s : csv 's.csv' { email text pii; n text }\nsource c : csv 'c.csv' { id int; email text pii }\n"
            "map t from s in s into db.t key s.email tolerance 9 { email = s.email; n = int(s.n) }\n"
            "map c from x in c into db.c tolerance 9 { id = x.id; t_id = t[x.email].id }")
    it.run(env=sealing)
    equal(it.command("quarantine", "export", "-o", "repair", env=sealing).code, 0)
    edit(it, put(n="5"))
    edit(it, lambda r: None, "repair/c.csv")
    contains(retry(it, code=2, env={"MIG_QUARANTINE_KEY": None}).out, "X0470")
    done = retry(it, env=sealing)
    equal((maps(done), done["open"]), ({"t": (1, 1, 0, 0, 0), "c": (0, 0, 0, 0, 1)}, 1))
    it.check_personal(it.last)
    equal(it.command("quarantine", "export", "-o", "second", env=sealing).code, 0)
    edit(it, put(email=mail), "second/c.csv")
    equal(retry(it, source="second", env=sealing)["open"], 0)
    equal(it.value("select count(distinct t_id) from c"), "1")
    it.check_personal(it.last)


@case("retry")
def a_purged_run_cannot_be_retried(it):
    it.schema("create table t (id int primary key, n int)")
    it.write("s.csv", "id,n\n1,x\n")
    it.spec("environment prod { db = env 'DB'; retention 1 second; tolerance 9 }\nsource s : csv 's.csv' { id int; n text }\n"
            "map t from s in s into db.t { id = s.id; n = int(s.n) }")
    it.run("--env", "prod")
    time.sleep(1.1)
    equal(it.command("purge").code, 0)
    it.write("mine.csv", "_mig_id,n\nt:0,1\n")
    refused = it.command("retry", "--from", "mine.csv", "--target", it.url)
    equal(refused.code, 7, refused.err)
    contains(refused.err, "X0477", "purged")


@case("retry")
def killed_in_the_middle(it):
    """Killed between two maps' batches: resume makes the run whole again, and a second retry loads what is missing, once."""
    numbers(it, "id,n\n" + "".join(f"{i},{'x' if i % 3 else i}\n" for i in range(3000)), clauses="key s.id tolerance 99999",
            more="source q : csv 'q.csv' { id int; n text }\nmap u from q in q into db.u tolerance 9 { id = q.id; n = int(q.n) }",
            schema="create table t (id int primary key, n int); create table u (id int primary key, n int);"
                   " create function slow() returns trigger language plpgsql as $$ begin if new.n = 77 then perform pg_sleep(30); end if; return new; end $$;"
                   " create trigger slow before insert on u for each row execute function slow()", run=False)
    it.write("q.csv", "id,n\n1,x\n")
    it.run()
    export(it)
    edit(it, put(n="7"))
    edit(it, put(n="77"), "repair/u.csv")
    process = subprocess.Popen([it.mig, "retry", "--from", "repair", "-q"], cwd=it.dir, env={**os.environ, "DB": it.url},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if it.rows("select 1 from pg_stat_activity where wait_event = 'PgSleep'"):
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    it.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'mig%'")
    equal(it.value("select count(*) from t"), "3000")
    equal(it.value("select state from mig.run"), "running")
    equal(retry(it, code=7).code, 7)
    resumed = it.command("resume", "-q", "--format", "json")
    equal(resumed.code, 0, resumed.err)
    contains(retry(it, code=2).out, "X0476", "is closed")
    it.write("mine.csv", "_mig_id,n\nu:0,8\n")
    equal(retry(it, source="mine.csv")["open"], 0)
    equal((it.value("select count(*) from t"), it.value("select n from u")), ("3000", "8"))
