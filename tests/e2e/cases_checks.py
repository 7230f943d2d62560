"""Checks before and after, of every kind, and what their failing does."""

from kit import *

ROWS = "id,k,v\n1,a,10\n2,a,20\n3,b,30\n4,b,x\n"


def loaded(it, checks, schema="create table t (id int primary key, k text, v numeric)", code=0, clauses="tolerance 1", extra=""):
    it.schema(schema)
    it.write("s.csv", ROWS)
    it.spec(f"""
source s : csv 's.csv' {{ id int; k text; v text }}
map t from s in s into db.t {clauses} {{ id = s.id; k = s.k; v = decimal(s.v) }}
{extra}
{checks}
""")
    return it.run(code=code)


@case("checks")
def scalar_checks(it):
    run = loaded(it, '''
check rows sql """select count(*) from t""" == 3
check total sql """select sum(v) from t""" == 60.00
check least sql """select min(v) from t""" >= 10
check none sql """select count(*) from t where v is null""" < 1
check text sql """select string_agg(k, '' order by id) from t""" == 'aab'
''')
    for name in ("rows", "total", "least", "none", "text"):
        equal(run.check(name)["passed"], True, name)


@case("checks")
def a_scalar_check_that_fails(it):
    run = loaded(it, 'check rows \'all there\' sql """select count(*) from t""" == 4', code=4)
    equal(run.check("rows")["passed"], False)
    contains(run.check("rows")["detail"], "3", "4")
    equal(it.rows("select state, exit_code from mig.run"), [("failed", "4")])
    equal(it.value("select count(*) from t"), "3")
    contains(run.err, "rows")


@case("checks")
def a_check_that_only_warns(it):
    run = loaded(it, 'check rows sql """select count(*) from t""" == 4 on fail warn \'count is off\'')
    equal((run.check("rows")["passed"], run.check("rows")["warned"]), (False, True))


@case("checks")
def checks_with_parameters(it):
    it.schema("create table t (id int primary key)")
    it.spec('param n int\nparam d date\nsource s : inline { id int } [ (1), (2) ]\nmap t from s in s into db.t { id = s.id }\n'
            'check p sql """select count(*) from t where id <= $n and $d > date \'2025-01-01\'""" == $n')
    run = it.run("--param", "n=2", "--param", "d=2025-06-01")
    equal(run.check("p")["passed"], True)


@case("checks")
def source_against_sql(it):
    run = loaded(it, '''
check per_key source from s in s except rejected by t group by s.k as k select k, count(), sum(decimal(s.v))
  target sql """select k, count(*), sum(v) from t group by 1"""
check all source from s in s select s.k, s.id  target sql """select k, id from t""" on fail warn 'x'
''')
    equal(run.check("per_key")["passed"], True, run.check("per_key")["detail"])
    equal(run.check("all")["passed"], False)
    contains(run.check("all")["detail"], "4")


@case("checks")
def source_against_sql_differs(it):
    run = loaded(it, '''
check per_key source from s in s group by s.k as k select k, count() target sql """select k, count(*) from t group by 1 union all select 'z', 7"""
''', code=4)
    contains(run.check("per_key")["detail"], "b", "source 2, target 1", "z", "source nothing, target 7")


@case("checks")
def tolerance_of_a_check(it):
    run = loaded(it, '''
check near source from s in s group by s.k as k select k, count() target sql """select k, count(*) from t group by 1""" tolerance 1
check percent source from s in s group by s.k as k select k, count() target sql """select k, count(*) from t group by 1""" tolerance 49% on fail warn 'x'
''')
    equal((run.check("near")["passed"], run.check("percent")["passed"]), (True, False))


@case("checks")
def duplicates_on_both_sides_are_compared(it):
    run = loaded(it, '''
check dup source from s in s except rejected by t select s.k, 1 target sql """select k, 1 from t""" on fail warn 'x'
check less source from s in s except rejected by t select s.k, 1 target sql """select distinct k, 1 from t""" on fail warn 'x'
''')
    equal((run.check("dup")["passed"], run.check("less")["passed"]), (True, False))


@case("checks")
def a_check_before(it):
    it.schema("create table t (id int primary key); create table users (id int)")
    it.spec('source s : inline { id int } [ (1), (2) ]\nmap t from s in s into db.t { id = s.id }\n'
            'before check users_there sql """select count(*) from users""" > 0')
    run = it.refuse(code=4, has=["users_there"])
    equal(run.report["maps"], [])
    equal(it.value("select count(*) from t"), "0")
    it.sql("insert into users values (1)")
    run = it.run()
    equal(it.value("select count(*) from t"), "2")
    run = it.run("--dry-run")
    equal(run.check("users_there")["ran"], True)


@case("checks")
def a_sample_that_agrees(it):
    run = loaded(it, "check sample 10 of t")
    contains(run.report["checks"][0]["detail"], "3 sampled rows equal")


TRIGGER = """create function change() returns trigger language plpgsql as $$ begin
  if new.id = 2 then new.v = new.v + 1; end if; return new; end $$;
create trigger change before insert on t for each row execute function change();"""


@case("checks")
def a_sample_sees_what_a_trigger_changed(it):
    run = loaded(it, "check sample 10 of t", "create table t (id int primary key, k text, v numeric);" + TRIGGER, code=4)
    contains(run.report["checks"][0]["detail"], "1 of 3", "line 3", "`v`")


@case("checks")
def a_sample_sees_rows_that_are_gone(it):
    run = loaded(it, "check sample 10 of t", "create table t (id int primary key, k text, v numeric); create function gone() returns trigger"
                 " language plpgsql as $$ begin delete from t where id = 1; return null; end $$;"
                 "create trigger gone after insert on t for each statement execute function gone();", code=4)
    contains(run.report["checks"][0]["detail"], "not in the target")


@case("checks")
def a_sample_of_many_rows(it):
    it.schema("create table t (id int primary key, a text, d date, n numeric(8,2), j jsonb, l text[])")
    it.write("s.ndjson", "".join(json.dumps({"id": i, "a": f"x{i}", "d": "2025-01-31", "n": i / 4, "j": {"b": i, "a": [1]}, "l": ["p", 'q"']}) + "\n"
                                 for i in range(12000)))
    it.spec("source s : ndjson 's.ndjson' { id int; a text; d date; n decimal; j json; l text[] }\n"
            "map t from s in s into db.t where s.id % 5 != 0 unique by s.a keep last { ...s }\ncheck sample 300 of t")
    run = it.run()
    contains(run.report["checks"][0]["detail"], "300 sampled rows equal")


@case("checks")
def a_sample_of_waves_and_joins(it):
    it.schema("create table t (id int primary key, p int references t); create table j (a int, b text, primary key (a, b))")
    it.write("s.csv", "id,p\n" + "".join(f"{i},{i + 1 if i < 4000 else ''}\n" for i in range(1, 4001)))
    it.spec("source s : csv 's.csv' { id int; p int? }\nsource x : inline { b text } [ ('u'), ('v') ]\n"
            "map t from s in s into db.t key s.id { id = s.id; p = if s.p is null then null else t[s.p].id }\n"
            "map j from s in s into db.j each b in ['u', 'v'] { a = s.id; b = b }\n"
            "check sample 50 of t\ncheck sample 50 of j")
    run = it.command("run", "spec.mig", "--format", "json")
    equal(run.code, 0, explain(run))


@case("checks")
def a_check_whose_sql_fails_at_run_time(it):
    run = loaded(it, 'check bad sql """select 1 / (count(*) - 3) from t""" == 1', code=4)
    contains(run.err, "division by zero")
    equal(it.rows("select state from mig.run"), [("failed",)])


@case("checks")
def all_checks_run_even_when_one_fails(it):
    run = loaded(it, 'check a sql """select 1""" == 2\ncheck b sql """select 1""" == 1\ncheck c sql """select 1""" == 3', code=4)
    equal([c["ran"] for c in run.report["checks"]], [True, True, True])


@case("checks")
def a_sample_of_groups(it):
    it.schema("create table g (k text primary key, n bigint, s numeric)")
    it.write("s.csv", "k,v\n" + "".join(f"k{i % 40},{i}\n" for i in range(5000)))
    it.spec("source s : csv 's.csv' { k text; v decimal }\nmap g from s in s into db.g group by s.k as k { k = k; n = count(); s = sum(s.v) }\n"
            "check sample 10 of g")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 1:  # refused by the compiler
        return
    equal(run.code, 0, explain(run))


@case("checks")
def a_sample_of_conflicts_and_rejects(it):
    it.schema("create table t (id int primary key, v int); insert into t select g, 0 from generate_series(1, 100) g")
    it.write("s.csv", "id,v\n" + "".join(f"{i},{'x' if i % 10 == 0 else i}\n" for i in range(1, 3001)))
    it.spec("source s : csv 's.csv' { id int; v text }\nmap t from s in s into db.t key s.id on conflict (id) update tolerance 100% "
            "{ id = s.id; v = int(s.v) }\ncheck sample 500 of t")
    run = it.run()
    contains(run.report["checks"][0]["detail"], "500 sampled rows equal")


@case("checks")
def a_failing_check_lets_the_others_speak(it):
    run = loaded(it, '''
check broken sql """select count(*) from t where (select 1 / (count(*) - 3) from t) > 0""" == 3
check wrong
  source from x in s group by x.k as k select k, count()
  target sql """select k, 7 from t group by 1"""
check right
  source from x in s except rejected by t group by x.k as k select k, count()
  target sql """select k, count(*) from t group by 1"""
check sample 2 of t
''', code=4)
    equal([run.check(name)["passed"] for name in ("broken", "wrong", "right", "sample_t")], [False, False, True, True])


@case("checks")
def decimals_of_another_scale_are_the_same_group(it):
    run = loaded(it, '''
check values
  source from x in s except rejected by t group by decimal(x.v) as v, x.k as k select v, k, count()
  target sql """select v, k, count(*) from t group by 1, 2"""
''', schema="create table t (id int primary key, k text, v numeric(8,3))")
    equal(run.check("values")["passed"], True)
