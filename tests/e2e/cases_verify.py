"""mig verify: silent on what is right, and finds what a test has put wrong behind its back."""

import threading

from kit import *
from pg_client import Client

TYPES = """
create type mood as enum ('sad', 'ok', 'happy');
create table t (
  id int primary key, small smallint, big bigint, money numeric(12,2), exact numeric, r real, d double precision,
  flag boolean, name text, code char(5), v varchar(40), raw bytea, born date, at_time time, stamp timestamp,
  moment timestamptz, span interval, m mood, j json, jb jsonb, texts text[], numbers numeric[], ip inet, u uuid)
"""
TYPED = """
source s : csv 's.csv' { id int; n int; dec decimal; txt text?; born date; moment timestamptz; js json }
map t from s in s into db.t commit per 500 rows {
  id = s.id
  small = s.n
  big = s.n * 1000000000
  money = round(s.dec, 2)
  exact = s.dec
  r = float(s.dec)
  d = float(s.dec)
  flag = s.n > 5
  name = s.txt
  code = 'ab'
  v = upper(s.txt)
  raw = bytes_from_hex('00ff10')
  born = s.born
  at_time = time('10:20:30')
  stamp = timestamp('2024-02-29 23:59:59.123456')
  moment = s.moment
  span = interval('1 year 2 mons 3 days 04:05:06')
  m = if s.n > 5 then 'happy' else 'sad'
  j = s.js
  jb = s.js
  texts = ['a', 'b c', 'x']
  numbers = [s.dec, 1.50]
  ip = '10.0.0.1'
  u = uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
}
"""


def typed_rows(count):
    return "id,n,dec,txt,born,moment,js\n" + "".join(
        f"{i},{i % 11},{i}.{i % 7}0,{'' if i % 5 == 0 else 'Name ' + str(i)},2024-0{i % 9 + 1}-1{i % 9},"
        f"2024-03-31T0{i % 9}:30:00+02:00,\"{{\"\"b\"\": [1.50, {i}], \"\"a\"\": null}}\"\n" for i in range(count))


def typed(it, count=1800, extra=""):
    it.schema(TYPES + ";" + extra)
    it.write("s.csv", typed_rows(count))
    it.spec(TYPED)
    it.run()


def verify(it, *arguments, code=0, url=None, **rest):
    result = it.command("verify", "--format", "json", *arguments, env={"DB": url or it.url}, **rest)
    if result.code != code:
        raise Failure(f"verify ended with {result.code}, expected {code}\n{result.out}\n{result.err}")
    it.check_personal(result)
    return json.loads(result.out) if result.out.startswith("{") else None


def found(report, table="public.t"):
    """{kind: how many} of a table, without the zeros."""
    for t in report["tables"]:
        if t["table"] == table:
            return {k: n for k, n in t["found"].items() if n}
    raise Failure(f"no table {table} in {report}")


def columns_of(report, table="public.t", nth=0):
    """{column: (expected, actual)} of a finding."""
    for t in report["tables"]:
        if t["table"] == table:
            return {c["name"]: (c["expected"], c["actual"]) for c in t["findings"][nth]["columns"]}


# ---------------------------------------------------------------- nothing is wrong


@case("verify")
def clean_with_every_type(it):
    typed(it)
    report = verify(it)
    equal(found(report), {})
    equal(report["outcome"], "clean")
    t = report["tables"][0]
    equal((t["of_run"], t["read"], t["batches"], t["older"], t["newer"]), (1800, 4, 4, 0, 0))
    equal((report["sources"]["equal"], report["sources"]["derived"], report["sampled"]), (True, 4, 100))
    event = it.rows("select kind, detail->>'outcome' from mig.event order by id desc limit 1")
    equal(event, [("verified", "clean")])
    text = it.command("verify")
    contains(text.out, "verified: 100 % of the target and 100 % of the sources", "as written")


PEOPLE = """
create table people (id int primary key, name text not null, city varchar(20), seen int not null default 0, score numeric);
insert into people values (1, 'Ann', 'Oslo', 5, 1.0), (2, 'Bob', 'Rome', 6, 2), (3, 'Cid', null, 7, 3), (99, 'Other', null, 1, 1);
"""
PEOPLE_SOURCE = "source s : csv 'people.csv' { id int; name text; city text?; score decimal }\n"


def people(it, conflict, rows=None):
    it.schema(PEOPLE)
    it.write("people.csv", rows or "id,name,city,score\n1,Ann,Oslo,1.00\n2,Bobby,Rome,2\n3,Cid,Bonn,3\n4,Dee,,4\n5,Eve,Rome,5\n")
    it.spec(f"{PEOPLE_SOURCE}map people from s in s into db.people key s.id {conflict} "
            "{ id = s.id; name = s.name; city = s.city; score = s.score }")
    it.run()


@case("verify")
def clean_after_updates(it):
    people(it, "on conflict (id) update rollback restore")
    report = verify(it)
    equal(found(report, "public.people"), {})
    it.sql("update people set city = 'Paris' where id = 2")
    report = verify(it, code=4)
    equal(found(report, "public.people"), {"edited": 1})
    equal(columns_of(report, "public.people"), {"city": ("Rome", "Paris")})


@case("verify")
def clean_after_updates_of_named_columns(it):
    people(it, "on conflict (id) update (city) rollback restore")
    report = verify(it)
    equal(found(report, "public.people"), {})


@case("verify")
def clean_after_skipped_conflicts(it):
    people(it, "on conflict (id) skip")
    report = verify(it)
    equal(found(report, "public.people"), {})
    it.sql("delete from people where id = 4")
    equal(found(verify(it, code=4), "public.people"), {"missing": 1})


@case("verify")
def clean_where_batches_update_each_other(it):
    it.schema("create table n (id int primary key, v int, w int)")
    it.write("s.csv", "id,v\n" + "".join(f"{i % 700},{i}\n" for i in range(3000)))
    it.spec("source s : csv 's.csv' { id int; v int }\nmap n from x in s into db.n on conflict (id) update commit per 1000 rows"
            " rollback restore { id = x.id; v = x.v; w = x.v }")
    it.run()
    equal(found(verify(it), "public.n"), {})
    it.sql("update n set v = v + 1 where id = 17")
    equal(found(verify(it, code=4), "public.n"), {"edited": 1})


@case("verify")
def clean_trees_and_groups(it):
    it.schema("create table n (id text primary key, parent text references n); create table g (k int primary key, c bigint, s numeric)")
    it.write("n.csv", "id,parent\n" + "".join(f"n{i},{'' if i % 50 == 0 else 'n' + str(i + 1 if i % 50 != 49 else i - 49)}\n"
                                                for i in range(2500)))
    it.write("g.csv", "k,v\n" + "".join(f"{i % 90},{i}.25\n" for i in range(2000)))
    it.spec("""
source n : csv 'n.csv' { id text; parent text? }
source g : csv 'g.csv' { k int; v decimal }
map n from x in n into db.n key x.id commit per 500 rows tolerance 100% { id = x.id; parent = n[x.parent].id }
map g from x in g into db.g group by x.k as k { k = k; c = count(); s = sum(x.v) }
""")
    it.run()
    report = verify(it)
    equal((found(report, "public.n"), found(report, "public.g")), ({}, {}))


# ---------------------------------------------------------------- one fault each


def fault(it, sql, wanted, code=4, **rest):
    typed(it, 1200)
    it.sql(sql)
    report = verify(it, code=code, **rest)
    equal(found(report), wanted)
    return report


@case("verify")
def finds_one_changed_byte(it):
    report = fault(it, "update t set name = 'Name 7o1' where id = 701", {"edited": 1})
    equal(columns_of(report), {"name": ("Name 701", "Name 7o1")})
    finding = report["tables"][0]["findings"][0]
    equal((finding["key"], finding["file"], finding["line"]), ("id = 701", "s.csv", 703))


@case("verify")
def finds_swapped_values(it):
    report = fault(it, "update t set name = case id when 6 then 'Name 8' else 'Name 6' end where id in (6, 8)", {"edited": 2})
    equal(columns_of(report), {"name": ("Name 6", "Name 8")})


@case("verify")
def finds_a_missing_row(it):
    report = fault(it, "delete from t where id = 33", {"missing": 1})
    equal(report["tables"][0]["findings"][0]["line"], 35)


@case("verify")
def finds_null_for_empty(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,v\n1,a\n2,\"\"\n3,c\n")
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t { id = s.id; v = if s.id == 2 then '' else s.v }")
    it.run()
    equal(found(verify(it)), {})
    it.sql("update t set v = null where id = 2")
    report = verify(it, code=4)
    equal((found(report), columns_of(report)), ({"edited": 1}, {"v": ("", None)}))


@case("verify")
def finds_every_moment_shifted(it):
    report = fault(it, "update t set moment = moment + interval '1 hour'", {"edited": 1200})
    equal(set(columns_of(report)), {"moment"})
    equal(len(report["tables"][0]["findings"]), 10)


@case("verify")
def finds_a_scale_that_counts(it):
    report = fault(it, "update t set exact = 7.0 where id = 7; update t set money = 8.1 + 0.00 where id = 8;"
                       " update t set exact = trim_scale(exact) where id = 9", {"edited": 2})
    equal(columns_of(report), {"exact": ("7.00", "7.0")})
    equal(report["tables"][0]["touched"], 1)  # money has its own scale: the same value again


@case("verify")
def finds_a_scale_in_jsonb(it):
    report = fault(it, """update t set jb = '{"a": null, "b": [1.5, 40]}' where id = 40""", {"edited": 1})
    equal(set(columns_of(report)), {"jb"})


@case("verify")
def finds_text_forms(it):
    report = fault(it, "update t set ip = '10.0.0.2' where id = 44", {"edited": 1})
    equal(columns_of(report), {"ip": ("10.0.0.1/32", "10.0.0.2/32")})


@case("verify")
def finds_a_trigger_that_rounds(it):
    it.schema("create table t (id int primary key, amount numeric(12,4) not null);"
              "create function r() returns trigger language plpgsql as 'begin new.amount := round(new.amount, 2); return new; end';"
              "create trigger r before insert on t for each row execute function r()")
    it.write("s.csv", "id,amount\n" + "".join(f"{i},{i}.{'1234' if i == 40 else '2500'}\n" for i in range(90)))
    it.spec("source s : csv 's.csv' { id int; amount decimal }\nmap t from s in s into db.t { id = s.id; amount = s.amount }")
    it.run()
    report = verify(it, code=4)
    equal((found(report), columns_of(report)), ({"changed": 1}, {"amount": ("40.1234", "40.1200")}))
    equal(report["tables"][0]["identity"], "content")


@case("verify")
def finds_a_duplicate_without_a_key(it):
    it.schema("create table t (a int, b text)")
    it.write("s.csv", "a,b\n1,x\n1,x\n2,y\n3,z\n")
    it.spec("source s : csv 's.csv' { a int; b text }\nmap t from s in s into db.t { ...s }")
    it.run()
    equal(found(verify(it)), {})
    it.sql("insert into t values (9, 'new')")
    equal(found(verify(it)), {})
    it.sql("insert into t values (2, 'y')")
    report = verify(it, code=4)
    equal(found(report), {"duplicate": 1})
    equal(report["tables"][0]["findings"][0]["line"], 4)
    it.sql("delete from t where ctid = (select max(ctid) from t); delete from t where ctid = (select min(ctid) from t where a = 1)")
    equal(found(verify(it, code=4)), {"missing": 1})


@case("verify")
def strangers_are_no_fault(it):
    typed(it, 900)
    it.sql("insert into t (id, name) values (5000, 'later'); update t set name = name where id = 5")
    report = verify(it)
    equal((found(report), report["tables"][0]["newer"], report["tables"][0]["touched"]), ({}, 2, 1))


@case("verify")
def edits_may_be_allowed(it):
    typed(it, 100)
    it.sql("update t set name = 'x' where id = 5")
    report = verify(it, "--allow-edits")
    equal(found(report), {"edited": 1})
    it.sql("delete from t where id = 6")
    equal(found(verify(it, "--allow-edits", code=4)), {"edited": 1, "missing": 1})


@case("verify")
def finds_children_without_parents(it):
    it.schema("create table p (id int primary key); create table c (id int primary key, p int references p, q int)")
    it.write("p.csv", "id\n1\n2\n")
    it.write("c.csv", "id,p\n1,1\n2,2\n3,\n")
    it.spec("source p : csv 'p.csv' { id int }\nsource c : csv 'c.csv' { id int; p int? }\n"
            "map p from s in p into db.p { id = s.id }\nmap c from s in c into db.c { id = s.id; p = s.p }")
    it.run()
    it.sql("begin; set local session_replication_role = replica; delete from p where id = 2; commit;"
           "alter table c add constraint late foreign key (q) references p not valid")
    report = verify(it, code=4)
    equal((found(report, "public.p"), found(report, "public.c")), ({"missing": 1}, {"orphan": 1}))
    equal(report["foreign_keys"], 2)


@case("verify")
def personal_values_are_masked(it):
    it.schema("create table t (id int primary key, mail text)")
    it.write("s.csv", "id,mail\n1,one@secret.example\n2,two@secret.example\n")
    it.spec("source s : csv 's.csv' { id int; mail text pii }\npii db.t (mail)\nmap t from s in s into db.t { ...s }")
    it.run()
    it.personal = ["secret.example"]
    it.sql("update t set mail = 'three@secret.example' where id = 2")
    report = verify(it, "--out", "f.ndjson", code=4)
    equal(columns_of(report), {"mail": ("***", "***")})
    if b"secret.example" in it.read("f.ndjson"):
        raise Failure("personal values stand in the findings")
    equal(json.loads(it.read("f.ndjson"))["kind"], "edited")


# ---------------------------------------------------------------- rights


@case("verify")
def forced_row_security_is_no_silence(it):
    typed(it, 300)
    role = f"owner_{it.database}"
    it.sql(f"drop role if exists {role}; create role {role} login; alter table t owner to {role}; grant all on schema public to {role};"
           f" grant usage on schema mig to {role}; grant all on all tables in schema mig to {role};"
           " alter table t enable row level security; alter table t force row level security; create policy p on t using (id < 100)")
    url = it.url.replace("tester@", f"{role}@")
    try:
        equal(verify(it)["outcome"], "clean")  # a superuser sees all
        result = it.command("verify", env={"DB": url})
        equal(result.code, 7)
        contains(result.err, "X0450", "row")
        it.sql("delete from t where id = 200")
        equal(it.command("verify", env={"DB": url}).code, 7)
        equal(found(verify(it, code=4)), {"missing": 1})
        it.sql("alter table t no force row level security")
        equal(found(verify(it, code=4, url=url)), {"missing": 1})
    finally:
        it.sql(f"reassign owned by {role} to tester; drop owned by {role} cascade; drop role {role}")


# ---------------------------------------------------------------- sources


@case("verify")
def a_source_that_changed(it):
    typed(it, 300)
    it.write("s.csv", typed_rows(300).replace("Name 7,", "Name 9,"))
    report = verify(it, code=7)
    equal(report["sources"]["equal"], False)
    result = it.command("verify")
    contains(result.err, "X0431")
    equal(verify(it, "--journal-only")["outcome"], "clean")
    it.sql("delete from t where id = 4")
    equal(found(verify(it, "--journal-only", code=4)), {"batch": 1})


@case("verify")
def a_journal_that_was_touched(it):
    typed(it, 900)
    it.sql("update mig.batch set row_sum = key_sum where ordinal = 1")
    equal(found(verify(it, code=4)), {"source": 1})
    it.sql("update mig.batch set sent_sum = key_sum where ordinal = 0")
    result = it.command("verify")
    equal(result.code, 4)
    contains(result.err, "X0430")


# ---------------------------------------------------------------- less than all


@case("verify")
def only_one_part(it):
    it.schema("create table items (id int primary key, tenant text not null)")
    it.write("i.csv", "id,tenant\n" + "".join(f"{i},{'abc'[i % 3]}\n" for i in range(300)))
    it.spec("source i : csv 'i.csv' { id int; tenant text }\n"
            "map items from x in i into db.items partition by x.tenant as tenant { id = x.id; tenant = x.tenant }")
    it.run()
    equal(verify(it, "--only", "tenant=a")["tables"][0]["compared"], 100)
    it.sql("update items set tenant = 'x' where id = 4; delete from items where id = 6")
    equal(found(verify(it, "--only", "tenant=a", code=4), "public.items"), {"missing": 1})
    equal(found(verify(it, "--only", "tenant=b", code=4), "public.items"), {"edited": 1})
    equal(found(verify(it, "--only", "tenant=c"), "public.items"), {})
    equal(it.command("verify", "--only", "colour=red").code, 2)


@case("verify")
def within_a_budget(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,v\n" + "".join(f"{i},value {i}\n" for i in range(40000)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t commit per 500 rows { ...s }")
    it.run()
    report = verify(it, "--budget", "10m")
    equal((report["partial"], report["target"]["read"]), (False, 80))
    it.sql("delete from t where id = 777")
    equal(found(verify(it, "--budget", "10m", code=4)), {"missing": 1})


@case("verify")
def a_budget_that_is_over_at_once(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,v\n" + "".join(f"{i},value {i}\n" for i in range(2000)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t commit per 500 rows { ...s }")
    it.run()
    other = Client(it.url)
    other.query("begin; lock table t in access exclusive mode")
    release = threading.Timer(2.5, lambda: other.query("commit"))
    release.start()
    result = it.command("verify", "--budget", "1s")
    release.join()
    other.close()
    equal(result.code, 7)
    contains(result.out, "0 of 4 batches read (0.0 %)", "a fault is missed with a probability of 1 if it touches 1 batch",
             "NOT PROVEN")
    contains(result.err, "the budget was over before a single batch was read")


# ---------------------------------------------------------------- asked wrongly


@case("verify")
def bad_arguments(it):
    typed(it, 10)
    for arguments in (["--budget", "soon"], ["--budget", "0"], ["--sample", "-1"], ["--only", "x"], ["--show", "many"],
                      ["--only", "a=b", "--journal-only"], ["one", "two"]):
        equal(it.command("verify", *arguments).code, 2, f"exit code of {arguments}")
    equal(it.command("verify", "--out", "no/such/folder/f").code, 2)
    equal(it.command("verify", "--target", "postgresql://nobody@127.0.0.1:1/x").code, 5)
    equal(it.command("verify", "ffffffff").code, 2)
    it.sql("drop table t")
    result = it.command("verify")
    equal(result.code, 7)
    contains(result.err, "X0450")
