"""A run that was interrupted and is taken up again, and lineage, which goes through a run's rows again. That a resumed
run ends like one that was never interrupted is shown by tests/faults; here: what is refused, and what is said."""

from cases_kill import check_everything_is_journaled, slow_load, start, wait_for_batches, wait_until_alone
from kit import *


def interrupt(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, 5, process)
    process.kill()
    process.communicate()
    wait_until_alone(it)
    equal(int(it.value("select count(*) from mig.batch")) < 120, True, "it was killed before its end")


@case("resume")
def goes_on_and_says_so(it):
    interrupt(it)
    status = it.command("status")
    run = it.value("select run_id from mig.run")
    contains(status.out, f"`mig resume {run[:8]}`")
    done = it.command("resume", "--quiet", "--format", "json")
    equal(done.code, 0, done.err)
    check_everything_is_journaled(it)
    equal(it.value("select count(*) from u"), "120000")
    equal(it.value("select count(*) from t"), "119880")
    equal(it.value("select count(*) from mig.quarantine"), "120")
    equal(len(it.quarantine(done, "t")), 120, "rows in quarantine, each once")
    equal(it.value("select count(*) from mig.run"), "1")
    contains(it.command("status").out, "mig verify")
    again = it.command("resume", "--quiet")
    equal(again.code, 7)
    contains(again.err, "X0432")
    equal(it.rows("select kind from mig.event where kind like 'run%' order by id"),
          [("run_started",), ("run_started",), ("run_resumed",), ("run_finished",), ("run_finished",)])


@case("resume")
def a_file_that_grew_is_refused(it):
    interrupt(it)
    with open(it.path("s.csv"), "a") as f:
        f.write("999999,more,1\n")
    again = it.command("resume", "--quiet")
    equal(again.code, 7)
    contains(again.err, "X0431")
    contains(again.err, "source file s.csv has changed since the run:")
    contains(again.err, "mig rollback")
    before = it.rows("select count(*), sum(written) from mig.batch")
    equal(it.rows("select count(*), sum(written) from mig.batch"), before)


@case("resume")
def a_value_that_changed_is_found(it):
    interrupt(it)
    text = it.read("s.csv").decode()
    it.write("s.csv", text.replace("\n17,value 17,", "\n17,value 71,"))
    again = it.command("resume", "--quiet")
    equal(again.code, 7)
    # By the file's checksum where the run had come so far, else by the sum of the first batch.
    equal("X0431" in again.err or "X0430" in again.err, True, again.err)


@case("resume")
def a_file_that_is_gone_or_elsewhere(it):
    interrupt(it)
    os.makedirs(it.path("moved"))
    os.rename(it.path("s.csv"), it.path("moved/s.csv"))
    again = it.command("resume", "--quiet")
    equal(again.code, 5)
    contains(again.err, "s.csv")
    done = it.command("resume", "--quiet", "--data", "moved")
    equal(done.code, 0, done.err)
    equal(it.value("select count(*) from u"), "120000")


@case("resume")
def a_table_that_was_made_again_is_refused(it):
    interrupt(it)
    it.sql("drop table t; create table t (id int primary key, v text not null, w int)")
    again = it.command("resume", "--quiet")
    equal(again.code, 7)
    contains(again.err, "X0432")
    contains(again.err, "table public.t, which map `t` loaded, was dropped since")


@case("resume")
def a_table_that_changed_is_refused(it):
    interrupt(it)
    it.sql("alter table t add column more int not null default 0; alter table t alter column v type varchar(5) using left(v, 5)")
    again = it.command("resume", "--quiet")
    equal(again.code, 7)
    contains(again.err, "character varying(5)")


@case("resume")
def without_the_work_folder(it):
    interrupt(it)
    shutil.rmtree(it.path(".mig"))
    again = it.command("resume", "--quiet")
    equal(again.code, 2)
    contains(again.err, "there is no run in .mig")
    contains(again.err, "--target URL")
    done = it.command("resume", "--quiet", "--target", it.url)
    equal(done.code, 0, done.err)
    equal(it.value("select count(*) from u"), "120000")


@case("resume")
def while_it_is_under_way(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, 3, process)
    status = it.command("status")
    again = it.command("resume", "--quiet")
    out, err = process.communicate()
    equal(process.returncode, 0, err.decode())
    if "under way" in status.out:
        equal(again.code, 7)
        equal("X0305" in again.err or "X0311" in again.err or "X0432" in again.err
              or "X0321" in again.err, True, again.err)


@case("resume")
def lookups_see_the_table_as_it_stood(it):
    """Each map looks into the table that it fills or updates itself: after a kill it must not see its own rows."""
    it.schema("create table a (id int primary key, name text, seen text)")
    it.sql("insert into a select i, 'old ' || i, null from generate_series(0, 20000, 3) i")
    it.write("s.csv", "id,name\n" + "".join(f"{i},name {i}\n" for i in range(20000)))
    it.spec("""
source s : csv 's.csv' { id int; name text }
map a from x in s into db.a left lookup old in db.a on old.id == x.id
  on conflict (id) update commit per 500 rows {
  id = x.id
  name = x.name
  seen = old.name ?? 'new'
}
""")
    process = start(it)
    wait_for_batches(it, 4, process)
    process.kill()
    process.communicate()
    wait_until_alone(it)
    done = it.command("resume", "--quiet")
    equal(done.code, 0, done.err)
    equal(it.value("select count(*) from a where seen = case when id % 3 = 0 then 'old ' || id else 'new' end"), "20000")


@case("resume")
def lineage_both_ways(it):
    it.schema("create table t (id int primary key, name text not null, secret text); create table k"
              " (a int, b text, n int generated always as identity, primary key (a, b))")
    it.write("s.csv", "id,name,secret\n1,one,x1\n2,two,planted-value\nx,three,x3\n4,skip me,x4\n")
    it.spec("""
pii db.t (secret)
source s : csv 's.csv' { id text; name text; secret text pii }
map t from x in s where x.name != 'skip me' into db.t tolerance 100% { id = int(x.id); name = upper(x.name); secret = x.secret }
map k from x in s into db.k tolerance 100% { a = int(x.id); b = x.name }
""")
    it.run(code=0)
    one = it.command("trace", "t", "2")
    equal(one.code, 0, one.err)
    contains(one.out, "s.csv line 3, map t: loaded")
    contains(one.out, "TWO")
    contains(one.out, "upper(x.name)")
    equal("planted" in one.out, False, "personal values are masked")
    equal(it.command("trace", "public.k", "4", "skip me").code, 0)
    back = json.loads(it.command("trace", "s.csv:4", "--format", "json").out)
    equal([(r["map"], r["fate"]) for r in back["rows"]], [("t", "rejected"), ("k", "rejected")])
    back = json.loads(it.command("trace", "s.csv:5", "--format", "json").out)
    equal([(r["map"], r["fate"]) for r in back["rows"]], [("t", "skipped"), ("k", "loaded")])
    none = it.command("trace", "t", "77")
    equal(none.code, 4)
    contains(none.err, "X0433")
    wrong = it.command("trace", "k", "1")
    equal(wrong.code, 2)
    contains(wrong.err, "has 2 columns, and 1 values were given")
    equal(it.command("trace", "s.csv:0").code, 4)
    it.write("s.csv", "id,name,secret\n1,one,x1\n")
    changed = it.command("trace", "t", "1")
    equal(changed.code, 7)
    contains(changed.err, "X0431")
