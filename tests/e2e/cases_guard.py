"""What guards a cutover: approvals, the audit trail, dropped indexes, all-or-nothing, rehearsals."""

import glob
import json
import os
import re
import shutil
import subprocess
import time

from kit import Failure, case, contains, equal
from pg_client import Client

PEOPLE = "create table people (id int primary key, name text not null);"
MAP = """
source people : csv 'people.csv' { id int; name text }
map people
  from p in people
  into db.people
{
  id   = p.id
  name = p.name
}
"""
PROD = """
environment prod {
  db = env 'DB'
  approvals 2
}
"""


def approval_by(it, role, account, query="select plan_hash, environment, migration, version from mig.approval limit 1"):
    """Another person approves the same plan, as that person's mig would write it: under another role."""
    it.sql(f"do $$ begin if to_regrole('{role}') is null then create role {role} login; end if; end $$;"
           f"grant usage on schema mig to {role}; grant select, insert on mig.approval to {role};")
    plan = it.rows(query)[0]
    client = Client(re.sub(r"//[^@/]*@", f"//{role}@", it.url) if "@" in it.url else
                    it.url + ("&" if "?" in it.url else "?") + f"user={role}")
    client.query("insert into mig.approval (plan_hash, environment, migration, version, role, account, alias, note,"
                 f" at) values ('{plan[0]}', '{plan[1]}', '{plan[2]}', {plan[3]}, 'postgres', '{account}', '', '',"
                 " '2000-01-01')")
    client.close()


@case("guard")
def approvals_let_a_run_start_and_a_change_takes_them_away(it):
    it.schema(PEOPLE)
    it.write("people.csv", "id,name\n1,Ada\n")
    it.spec(MAP + PROD)
    it.refuse("--env", "prod", code=7, has=["X0460", "asks for 2 approvals", "has 0", "mig approve spec.mig --env prod"])
    equal(it.value("select count(*) from people"), "0", "rows after a refused run")
    done = it.command("approve", "spec.mig", "--env", "prod", "--note", "rehearsed", "--as", "Ada L.")
    equal(done.code, 0, "exit code of approve")
    contains(done.out, "as Ada L.", "rehearsed", "1 of 2: 1 more to go")
    done = it.command("approve", "spec.mig", "--env", "prod")
    contains(done.out + done.err, "had approved this plan before", "1 of 2")
    it.refuse("--env", "prod", code=7, has=["has 1: "])
    # Another role from the same account is not another person; what it claims to be counts for nothing.
    account = it.value("select account from mig.approval")
    approval_by(it, "guard_bob", account)
    equal(it.value("select string_agg(role, ',' order by role) from mig.approval where role = 'guard_bob'"), "guard_bob")
    equal(it.value("select count(*) from mig.approval where at < '2020-01-01'"), "0", "approvals dated by the client")
    it.refuse("--env", "prod", code=7, has=["has 1: ", "counts once"])
    approval_by(it, "guard_eve", "eve@laptop")
    it.run("--env", "prod")
    equal(it.value("select count(*) from people"), "1")
    listed = json.loads(it.command("approve", "--list", "--target", it.url, "--format", "json").out)
    equal((len(listed["approvals"]), listed["people"]), (3, 2))
    it.spec(MAP.replace("= p.name", "= upper(p.name)") + PROD)
    it.refuse("--env", "prod", code=7, has=["has 0", "Another plan of this migration is approved"])


@case("guard")
def approvals_are_nobodys_to_change(it):
    it.schema(PEOPLE)
    it.write("people.csv", "id,name\n1,Ada\n")
    it.spec(MAP + PROD)
    it.command("approve", "spec.mig", "--env", "prod")
    for statement in ("update mig.approval set account = 'x'", "delete from mig.approval", "truncate mig.approval"):
        try:
            it.sql(statement)
        except Exception as refused:
            contains(str(refused), "takes no changes")
        else:
            raise Failure(f"{statement} went through")
    equal(it.value("select count(*) from mig.event where kind = 'plan_approved'"), "1")
    equal(it.command("approve", "spec.mig", "--env", "nowhere").code, 2)
    equal(it.command("approve", "spec.mig").code, 2)
    it.spec(MAP + "\nenvironment free { db = env 'DB' }\n")
    done = it.command("approve", "spec.mig", "--env", "free")
    equal(done.code, 2)
    contains(done.err, "X0461", "asks for no approvals")
    it.run("--env", "free")


@case("guard")
def the_audit_trail_shows_what_was_changed(it):
    it.schema(PEOPLE)
    it.write("people.csv", "id,name\n1,Ada\n")
    it.spec(MAP)
    it.run()
    events = int(it.value("select count(*) from mig.event"))
    done = it.command("audit", "verify", "--target", it.url)
    equal(done.code, 0)
    contains(done.out, f"{events} events fit")
    done = it.command("audit", "verify")  # the latest run's target
    equal(done.code, 0)
    equal(it.command("audit", "export", "-o", "trail.ndjson", "--target", it.url).code, 0)
    lines = it.read("trail.ndjson").decode().splitlines()
    equal(len(lines), events)
    equal(it.command("audit", "verify", "trail.ndjson", env={"DB": None}).code, 0)
    equal(it.command("audit", "verify", "trail.ndjson", "--target", it.url).code, 0)

    def expect_broken(new, where):
        it.write("changed.ndjson", "\n".join(new) + "\n")
        found = it.command("audit", "verify", "changed.ndjson")
        equal(found.code, 4, f"exit code for {where}")
        contains(found.err, "X0322", where)

    expect_broken([lines[0], lines[1].replace("map_finished", "map_finishes").replace("run_started", "run_stopped"),
                   *lines[2:]], "event 2")
    expect_broken([lines[0], *lines[2:]], "event 2 should stand here")
    expect_broken([lines[1], *lines[1:]], "event 1 should stand here")
    expect_broken([lines[0], lines[1][:40]], "line 2")
    # Cut off at the end: only a comparison can tell.
    it.sql("alter table mig.event disable trigger event_is_append_only; delete from mig.event where id ="
           " (select max(id) from mig.event)")
    equal(it.command("audit", "verify", "--target", it.url).code, 0)
    cut = it.command("audit", "verify", "trail.ndjson", "--target", it.url)
    equal(cut.code, 4)
    contains(cut.err, "is not in the target")
    it.sql('update mig.event set detail = \'{"x": 1}\' where id = 2')
    broken = it.command("audit", "verify", "--target", it.url)
    equal(broken.code, 4)
    contains(broken.err, "event 2", "was changed")
    equal(it.command("audit", "export", "-o", "no/such/trail", "--target", it.url).code, 2)


# ---------------------------------------------------------------- commit per run

FAMILY = """
create table parents (id int primary key, name text not null unique);
create table children (id int primary key, parent int not null references parents,
                       label text not null check (label <> 'bad'));
"""
FAMILY_MAPS = """
source p : csv 'p.csv' { id int; name text }
source c : csv 'c.csv' { id int; parent text; label text }
map parents
  from p in p
  into db.parents
  commit per run
{
  id   = p.id
  name = p.name
}
map children
  from c in c
  into db.children
  lookup parent in db.parents on parent.name == c.parent on missing reject "no parent {c.parent}"
{
  id     = c.id
  parent = parent.id
  label  = c.label
}
check all_there sql \"""select count(*) from children\""" == 3
"""


def family(it, children, maps=FAMILY_MAPS, extra="", schema=FAMILY):
    it.schema(schema)
    it.write("p.csv", "id,name\n1,Ada\n2,Bob\n")
    it.write("c.csv", "id,parent,label\n" + children)
    it.spec(maps + extra)


def nothing_stands(it):
    equal(it.value("select (select count(*) from parents) + (select count(*) from children)"), "0", "rows that stand")


@case("guard")
def a_run_in_one_transaction_stands_whole(it):
    family(it, "1,Ada,a\n2,Bob,b\n3,Ada,c\n")
    done = it.run()
    equal(done.counts("children")[1], 3)
    equal(done.check("all_there")["passed"], True)
    equal(it.value("select count(distinct xmin::text) from (select xmin from parents union all select xmin from"
                   " children) t"), "1", "transactions that wrote")
    equal(it.rows("select distinct state from mig.step"), [("done",)])
    contains(it.command("plan", "spec.mig").out, "one transaction")


@case("guard")
def a_refused_row_takes_all_of_it_back(it):
    family(it, "1,Ada,a\n2,Bob,bad\n3,Ada,c\n")
    it.refuse(code=6, has=["children_label_check", "nothing of it was committed"])
    nothing_stands(it)
    equal(it.rows("select distinct state from mig.step"), [("stopped",)])
    equal(it.value("select count(*) from mig.batch"), "0")
    equal(it.value("select count(*) from mig.event where kind = 'run_rolled_back'"), "1")
    it.write("c.csv", "id,parent,label\n1,Ada,a\n2,Bob,b\n3,Ada,c\n")
    it.run()


@case("guard")
def tolerance_and_checks_judge_before_the_commit(it):
    family(it, "1,Ada,a\n2,Eve,b\n3,Ada,c\n")
    stopped = it.refuse(code=3, has=["Nothing was committed"])
    nothing_stands(it)
    contains(it.command("report").out, "rolled back: nothing of this run stands")
    equal(stopped.report["rolled_back"], True)
    it.spec(FAMILY_MAPS.replace("into db.children", "into db.children\n  tolerance 1"))
    it.refuse(code=4, has=[])
    nothing_stands(it)


@case("guard")
def deferred_constraints_are_judged_before_the_commit(it):
    family(it, "1,Ada,a\n2,Bob,b\n3,Ada,c\n",
           schema=FAMILY.replace("id int primary key, parent", "id int unique deferrable initially deferred, parent"))
    it.write("c.csv", "id,parent,label\n1,Ada,a\n1,Bob,b\n3,Ada,c\n")
    it.refuse(code=4, has=["X0462", "children_id_key"])
    nothing_stands(it)


@case("guard")
def a_lost_connection_loses_the_whole_transaction(it):
    rows = "".join(f"{i},Ada,l{i}\n" for i in range(1, 200001))
    family(it, rows, extra="environment e { db = env 'DB' }\n")
    it.sql("create function kill() returns trigger language plpgsql as $$ begin"
           " if new.id = 150000 then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$;"
           " create trigger kill after insert on children for each row execute function kill();")
    it.run(code=5)
    nothing_stands(it)


# ---------------------------------------------------------------- rehearsals

def dump(it):
    return it.rows("select * from parents order by 1"), it.rows("select * from children order by 1"), it.rows(
        "select nspname from pg_namespace where nspname !~ '^pg_' order by 1")


@case("guard")
def a_rehearsal_finds_everything_and_leaves_nothing(it):
    family(it, "1,Ada,a\n2,Bob,bad\n3,Eve,c\n4,Ada,bad\n5,Bob,d\n", maps=FAMILY_MAPS.replace("  commit per run\n", ""),
           extra="environment e { db = env 'DB'; approvals 2 }\n")
    it.sql("insert into parents values (9, 'Old')")
    before = dump(it)
    done = it.command("rehearse", "spec.mig", "--env", "e", "--format", "json")
    equal(done.code, 3)
    report = json.loads(done.out)
    equal((report["rehearsal"], report["rolled_back"]), (True, True))
    children = report["maps"][1]
    equal((children["written"], children["rejected"]), (2, 3))
    equal({r["code"]: r["count"] for r in children["reasons"]}, {"R0141": 1, "R0159": 2})
    equal([c["detail"] for c in report["checks"]], ["SQL gives 2, wanted == 3"])
    equal(dump(it), before)
    contains(it.command("report", "rehearsal").out, "(rehearsal)", "Expected duration", "rolled back, as a rehearsal is")
    equal(it.command("rehearse", "spec.mig", "--dry-run").code, 2)


@case("guard")
def a_rehearsal_tells_of_sequences_and_deferred_constraints(it):
    it.schema("create table people (id serial primary key, name text not null unique deferrable initially deferred);")
    it.write("people.csv", "name\nAda\nAda\nBob\n")
    it.spec("source people : csv 'people.csv' { name text }\nmap people\n  from p in people\n  into db.people\n"
            "{\n  name = p.name\n}\n")
    done = it.command("rehearse", "spec.mig", "--format", "json")
    equal(done.code, 4)
    contains(done.err, "X0462", "people_name_key")
    contains(json.loads(done.out)["notes"][0], "people_id_seq went to 3")
    equal(it.value("select count(*) from people"), "0")
    equal(it.value("select last_value from people_id_seq"), "3")


@case("guard")
def statistics_are_made_of_what_was_loaded(it):
    it.schema(PEOPLE)
    it.write("people.csv", "id,name\n1,Ada\n2,Bob\n")
    it.spec(MAP)
    it.run()
    equal(it.value("select reltuples from pg_class where relname = 'people'"), "2")


# ---------------------------------------------------------------- rebuild indexes

SHOP = """
create table shops (id int primary key, name text not null unique);
create table sales (id int primary key, shop int not null, at date not null, note text, kind text not null,
                    code text unique,
                    constraint of_shop foreign key (shop) references shops on delete cascade,
                    constraint late_shop foreign key (shop) references shops deferrable initially deferred);
alter table sales add constraint old_shop foreign key (shop) references shops not valid;
create index sales_at on sales (at desc nulls last) include (kind) with (fillfactor = 70);
create index "Sales by note" on sales (lower(note) collate "C") where kind <> 'x';
create index sales_shop on sales (shop);
create unique index sales_kind on sales (kind, id);
alter table sales cluster on sales_shop;
alter index "Sales by note" alter column 1 set statistics 500;
comment on index sales_at is 'for the ''report''';
comment on constraint of_shop on sales is 'goes with its shop';
"""
SHOP_MAPS = """
source s : csv 's.csv' { id int; name text }
source t : csv 't.csv' { id int; shop int; at date; note text; kind text }
map shops
  from s in s
  into db.shops
{
  id   = s.id
  name = s.name
}
map sales
  from t in t
  into db.sales
  after shops
  rebuild indexes
{
  id   = t.id
  shop = t.shop
  at   = t.at
  note = t.note
  kind = t.kind
  ignored code because 'new'
}
"""
SHAPE = """
select pg_get_indexdef(indexrelid), indisclustered, indisvalid, obj_description(indexrelid), (select
 string_agg(a.attname || coalesce(a.attstattarget, -1), ',') from pg_attribute a where a.attrelid = indexrelid)
 from pg_index where indrelid = 'sales'::regclass
union all select conname || pg_get_constraintdef(oid), condeferred, convalidated, obj_description(oid, 'pg_constraint'), ''
 from pg_constraint where conrelid = 'sales'::regclass order by 1"""


def pg_dump(it):
    """The schema as pg_dump has it, without the journal's."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump")) or [shutil.which("pg_dump")]
    dumped = subprocess.run([found[-1], "--schema-only", "--exclude-schema=mig", it.url], capture_output=True, check=True)
    return [line for line in dumped.stdout.decode().splitlines() if not re.match(r"\\(un)?restrict", line)]


def shop(it, sales, maps=SHOP_MAPS):
    it.schema(SHOP)
    it.write("s.csv", "id,name\n1,North\n2,South\n")
    it.write("t.csv", "id,shop,at,note,kind\n" + sales)
    it.spec(maps)
    return pg_dump(it), it.rows(SHAPE)


SALES = "".join(f"{i},{1 + i % 2},2025-01-{1 + i % 28:02},n{i},k\n" for i in range(1, 2001))


@case("guard")
def indexes_and_keys_come_back_as_they_were(it):
    dump, shape = shop(it, SALES)
    it.sql("create table seen (n int); create function look() returns trigger language plpgsql as $$ begin"
           " insert into seen select count(*) from pg_index where indrelid = 'sales'::regclass; return null; end $$;"
           " create trigger look after insert on sales for each statement execute function look();")
    dump = pg_dump(it)
    it.run()
    equal(it.value("select min(n) from seen"), "3", "indexes during the load")
    equal(pg_dump(it), dump, "the schema")
    equal(it.rows(SHAPE), shape, "indexes and keys")
    equal(it.rows("select state, count(*) from mig.toggled group by 1"), [("restored", "6")])
    # Under commit per run it is part of the transaction.
    it.sql("delete from sales; delete from shops")
    it.spec(SHOP_MAPS.replace("rebuild indexes", "rebuild indexes\n  commit per run"))
    it.run()
    equal(it.rows(SHAPE), shape, "indexes and keys after one transaction")
    equal(it.value("select count(*) from mig.toggled"), "6")


@case("guard")
def rows_without_parents_are_named_when_the_key_comes_back(it):
    _, shape = shop(it, SALES + "5001,77,2025-01-01,n,k\n5002,78,2025-01-01,n,k\n")
    it.sql("alter table sales drop constraint late_shop")
    it.refuse(code=4, has=["X0466", "2 rows of sales have no parent", "of_shop", "(shop) = (77)"])
    equal(it.rows("select convalidated from pg_constraint where conname = 'of_shop'"), [("f",)])
    equal(it.rows("select name, state from mig.toggled where state <> 'restored'"), [("of_shop", "dropped")])
    it.sql("delete from sales where shop > 70")
    it.write("t.csv", "id,shop,at,note,kind\n" + SALES)
    it.spec(SHOP_MAPS.replace("into db.shops", "into db.shops\n  on conflict (id) skip").replace(
        "rebuild indexes", "on conflict (id) skip"))
    it.run()
    equal(it.rows("select convalidated from pg_constraint where conname = 'of_shop'"), [("t",)])
    equal(it.value("select count(*) from mig.toggled where state <> 'restored'"), "0")


@case("guard")
def a_stopped_run_leaves_nothing_dropped(it):
    _, shape = shop(it, SALES + "9,x,y,z,k\n")
    it.refuse(code=3)
    equal(it.rows(SHAPE), shape)


@case("guard")
def rebuilding_needs_an_owner(it):
    shop(it, SALES)
    it.sql("do $$ begin if to_regrole('guard_loader') is null then create role guard_loader login; end if; end $$;"
           "grant usage on schema public to guard_loader; grant select, insert on sales, shops to guard_loader; grant create on database "
           + it.value("select quote_ident(current_database())") + " to guard_loader")
    url = it.url + ("&" if "?" in it.url else "?") + "user=guard_loader" if "@" not in it.url else re.sub(
        r"//[^@/]*@", "//guard_loader@", it.url)
    it.refuse("--target", url, code=7, has=["X0464", "belongs to role", "GRANT"])
    it.spec(SHOP_MAPS.replace("  rebuild indexes\n", ""))
    done = it.run("--target", url)
    contains(done.report["notes"][0], "no statistics were made")
    it.sql("drop owned by guard_loader cascade")


def killed_while_dropped(it, kill):
    """A run that dies between the drop and the end; how it dies is the caller's."""
    dump, shape = shop(it, SALES)
    it.sql("create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;"
           "create trigger slow after insert on sales for each statement execute function slow();")
    run = subprocess.Popen([it.mig, "run", "spec.mig", "--quiet"], cwd=it.dir, env={**os.environ, "DB": it.url},
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while it.value("select count(*) from pg_index where indrelid = 'sales'::regclass") != "3":
        if time.monotonic() > deadline or run.poll() is not None:
            raise Failure("the run never dropped its indexes")
        time.sleep(0.05)
    kill(run)
    run.wait()
    it.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'mig %' and datname = current_database()")
    while it.value("select count(*) from pg_stat_activity where application_name like 'mig %' and datname = current_database()") != "0":
        time.sleep(0.05)
    it.sql("drop trigger slow on sales; drop function slow()")
    equal(it.value("select count(*) from mig.toggled where state = 'dropped'"), "6")
    contains(it.command("status").out, "6 indexes and foreign keys are dropped")
    return dump, shape


@case("guard")
def resume_puts_back_what_a_killed_run_dropped(it):
    dump, shape = killed_while_dropped(it, lambda run: run.kill())
    done = it.command("resume", "--format", "json")
    equal(done.code, 0, done.err)
    equal(it.rows(SHAPE), shape)
    equal(pg_dump(it), dump)
    equal(it.value("select count(*) from sales"), "2000")


@case("guard")
def another_run_puts_back_what_a_killed_run_dropped(it):
    dump, shape = killed_while_dropped(it, lambda run: run.kill())
    it.write("t.csv", "id,shop,at,note,kind\n")
    it.spec(SHOP_MAPS.replace("  rebuild indexes\n", "").replace("into db.shops", "into db.shops\n  on conflict (id) skip"))
    it.run()
    equal(pg_dump(it), dump)


# ---------------------------------------------------------------- compare

@case("guard")
def two_runs_are_compared_row_by_row(it):
    maps = FAMILY_MAPS.replace("  commit per run\n", "").replace("into db.children", "into db.children\n  tolerance 50%")
    maps = maps.replace("  lookup parent", "  where c.label != 'out'\n  lookup parent")
    rows = "".join(f"{i},{'Eve' if i % 4 == 0 else 'Ada'},l{i}\n" for i in range(1, 41))
    family(it, rows + "41,Ada,out\n42,Bob,bad\n", maps=re.sub("\ncheck.*", "", maps))
    equal(it.command("rehearse", "spec.mig").code, 0)
    equal(it.command("rehearse", "spec.mig").code, 0)
    first, second = [d for d in os.listdir(it.path(".mig")) if len(d) == 36]
    same = it.command("compare", first, second[:10])
    equal(same.code, 0, same.err)
    contains(same.out, "every row became the same: the same 12 outcomes")
    it.write("p.csv", "id,name\n1,Ada\n2,Eve\n")
    it.run()
    done = it.command("compare", "rehearsal", "latest")
    equal(done.code, 4)
    contains(done.out, "children: rejected, R0141 by spec.mig:18: the same 0, 1 new, 10 gone", "c.csv:43  no parent Bob",
             "c.csv:5  no parent Eve (now accepted)", "children: rejected, R0159: the same 0, 0 new, 1 gone",
             "(now rejected R0141)", "skipped, where by spec.mig:17: the same 1", "the same 1 outcomes, 1 new, 11 gone")
    whole = json.loads(it.command("compare", "rehearsal", "latest", "--format", "json").out)
    equal((whole["same"], whole["new"], whole["gone"], whole["same_plan"]), (1, 1, 11, True))


@case("guard")
def what_cannot_be_compared_is_said(it):
    it.schema(PEOPLE)
    it.write("people.csv", "id,name\n1,Ada\n")
    it.spec(MAP)
    it.run()
    done = it.command("compare", "latest", "nowhere")
    equal(done.code, 2)
    contains(done.err, "there is no run nowhere")
    run = it.last and os.readlink(it.path(".mig/latest"))
    it.write(f".mig/{run}/outcomes.ndjson.zst", it.read(f".mig/{run}/outcomes.ndjson.zst")[:7])
    done = it.command("compare", "latest", "latest")
    equal(done.code, 2)
    contains(done.err, "cut short")
    it.write(f".mig/{run}/outcomes.ndjson.zst", b"nonsense, and quite a lot of it")
    equal(it.command("compare", "latest", "latest").code, 2)
    os.unlink(it.path(f".mig/{run}/outcomes.ndjson.zst"))
    equal(it.command("compare", "latest", "latest").code, 2)


@case("guard")
def outcomes_hold_no_personal_data(it):
    it.schema("create table people (id int primary key, email text not null check (email <> 'secret@example.org'));")
    it.personal = ["secret@example.org", "other@example.org"]
    it.write("people.csv", "id,email\n1,secret@example.org\nx,other@example.org\n3,good@example.org\n")
    it.spec("pii db.people (email)\nsource people : csv 'people.csv' { id int; email text pii }\nmap people\n"
            "  from p in people\n  into db.people\n  tolerance 2\n{\n  id    = p.id\n  email = p.email\n}\n")
    it.run()
    # Against another run everything that it noted is shown.
    it.write("people.csv", "id,email\n3,good@example.org\n")
    it.sql("delete from people")
    first = os.readlink(it.path(".mig/latest"))
    it.run()
    shown = it.command("compare", first, "latest", "--format", "json")
    equal(json.loads(shown.out)["gone"], 2)
    for secret in it.personal:
        if secret in shown.out:
            raise Failure(f"{secret} is shown:\n{shown.out}")


# ---------------------------------------------------------------- tolerance by rule

RULES = """
source s : csv 's.csv' { id int; born text; status text; a int; b int }
map people
  from s in s
  into db.people
  %s
{
  id     = s.id
  born   = date(s.born, 'YYYY-MM-DD') on error reject "no date: {s.born}"
  status = match s.status { 'new' => 'n'; 'old' => 'o'; _ => reject "unknown status {s.status}" }
  validate in_order: s.a is not null and s.b is not null and s.a <= s.b
}
"""
RULES_TABLE = "drop table if exists people; create table people (id int primary key, born date, status text not null);"
RULE_ROWS = ("id,born,status,a,b\n1,2020-01-01,new,1,2\n2,x,new,1,2\n3,2020-13-01,new,1,2\n4,2020-01-01,lost,1,2\n"
             "5,2020-01-01,old,3,2\n6,2020-01-01,new,1,2\n7,2020-01-01,odd,1,2\n8,2020-01-01,new,x,2\n")


def lacks(result, *texts):
    for text in texts:
        if text in result.err:
            raise Failure(f"{text!r} is among the messages:\n{result.err}")


def tolerating(it, tolerance, extra=""):
    it.schema(RULES_TABLE)
    it.write("s.csv", RULE_ROWS)
    it.spec(RULES % tolerance + extra)


@case("guard")
def rules_count_rows_by_their_reason(it):
    # 2 dates, 2 of one message, 1 of a validation and 1 number: the last is the general one's.
    rules = "tolerance 1, 2 of R0106, 25% of \"unknown status {s.status}\", 1 of validate in_order"
    tolerating(it, rules)
    done = it.run()
    people = done.map("people")
    equal((people["written"], people["rejected"]), (2, 6))
    equal([(r["subject"], r["limit"], r["count"], r["beyond"]) for r in people["rules"]],
          [("R0106", "2", 2, False), ('"unknown status {s.status}"', "25%", 2, False),
           ("validate in_order", "1", 1, False)])
    text = it.command("report").out
    contains(text, "Tolerance by rule", "people: 2 of at most 2 rejected by R0106", "1 of at most 1 rejected by validate")
    contains(it.command("plan", "spec.mig").out, "2 of R0106", "25% of \"unknown status {s.status}\"")


@case("guard")
def each_rule_has_its_own_limit(it):
    for tolerance, code in (("1, 2 of R0106, 1 of 'unknown status {s.status}', 1 of validate in_order", "by \"unknown"),
                            ("100%, 0 of R0106", "by R0106, more than the tolerance of 0"),
                            ("100%, 1 of 'no date: {s.born}'", "by \"no date: {s.born}\""),
                            ("100%, 10% of R0106", "by R0106, more than the tolerance of 10%"),
                            ("100%, 0 of validate in_order", "by validate in_order")):
        tolerating(it, "tolerance " + tolerance)
        lacks(it.refuse(code=3, has=["X0468", code, "quarantine"]), "X0418")
    # What no rule names is for the general tolerance, which is 0 where there is none.
    tolerating(it, "tolerance 2 of R0106")
    lacks(it.refuse(code=3, has=["X0418", "rejected 4 of 8 rows for reasons without a rule of their own"]), "X0468")


@case("guard")
def rules_of_an_environment_hold_for_maps_without_their_own(it):
    prod = "environment prod {\n  db = env 'DB'\n  tolerance 100%, 0 of R0106\n}\n"
    tolerating(it, "", prod)
    it.refuse("--env", "prod", code=3, has=["X0468", "R0106"])
    it.sql("truncate people")
    tolerating(it, "tolerance 3, 3 of validate in_order, 2 of 'unknown status {s.status}'", prod)
    it.run("--env", "prod")


@case("guard")
def rules_that_name_nothing_are_mistakes(it):
    for tolerance, said in (("1 of R0999", ["a rule is about a fault's code", "did you mean `R0"]),
                            ("1 of in_order", ["write `of validate in_order`"]),
                            ("1 of validate in_ordr", ["the map has no validation `in_ordr`", "did you mean `in_order`"]),
                            ("1 of 'unknown staus {s.status}'", ["no row is rejected with this", "did you mean `unknown st"]),
                            ("1 of R0106, 2 of R0106", ["a rule about this already"]),
                            ("101% of R0106", ["a tolerance is a number of rows or 0% to 100%"]),
                            ("1 of", ["expected"]),
                            ("1, 2", ["expected"])):
        tolerating(it, "tolerance " + tolerance)
        it.refuse(code=1, has=said)
    tolerating(it, "", "environment prod { db = env 'DB'; approvals 2, 3 of R0106 }\n")
    it.refuse(code=1, has=["E0804", "`approvals` is one value"])


# ---------------------------------------------------------------- the window

SLOW = ("create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.0005); return new; end $$;"
        "create trigger slow before insert on people for each row when (new.id % 10 = 0) execute function slow();")
TWO_MAPS = """
source people : csv 'people.csv' { id int; name text }
source more : csv 'more.csv' { id int; name text }
map people
  from p in people
  into db.people
  commit per 1000 rows
{
  id   = p.id
  name = p.name
}
map more
  from m in more
  into db.more
  after people
{
  id   = m.id
  name = m.name
}
environment night {
  db = env 'DB'
  window %s
}
"""


def slow_people(it, window, rows=200000):
    it.schema("create table people (id int primary key, name text not null);"
              "create table more (id int primary key, name text not null);")
    text = "id,name\n" + "".join(f"{i},name of {i}\n" for i in range(1, rows + 1))
    it.write("people.csv", text)
    it.write("more.csv", "id,name\n1,one\n")
    it.spec(TWO_MAPS % window)
    it.sql(SLOW)


@case("guard")
def a_run_that_will_not_fit_its_window_stops_early(it):
    slow_people(it, "8 seconds")
    done = it.refuse("--env", "night", code=6, has=["X0467", "after the window of environment `night`", "Done: no map yet",
                                                    "To come: more", "mig resume"])
    lacks(done, "X0422")
    stands = int(it.value("select count(*) from people"))
    if not 0 < stands < 200000:
        raise Failure(f"{stands} rows stand")
    it.sql("drop trigger slow on people")
    equal(it.command("resume", "--format", "json").code, 0)
    equal(it.value("select (select count(*) from people) + (select count(*) from more)"), "200001")


@case("guard")
def a_window_else_rollback_takes_its_rows_out(it):
    slow_people(it, "8 seconds else rollback")
    it.sql("insert into people values (-1, 'there before')")
    contains(it.command("plan", "spec.mig").out, "window 0 min 8 s, else rolled back")
    done = it.refuse("--env", "night", code=6, has=["X0467", "else rollback", "taken out"], law=False)
    equal(it.rows("select id from people"), [("-1",)])
    equal(done.report["rolled_back"], True)
    contains(done.report["notes"][-1], "rows were taken out")
    equal(it.value("select count(*) > 0 from mig.batch"), "t")
    contains(it.command("report").out, "rolled back: nothing of this run stands")
    equal(it.command("resume").code, 7)
    # Where others have changed rows, their word counts: nothing is taken out, and it is said.
    it.sql("create function edit() returns trigger language plpgsql as $$ begin update people set name = 'edited' where"
           " id = 1 and new.state = 'stopped'; return new; end $$;"
           "create trigger edit after update on mig.step for each row execute function edit()")
    it.refuse("--env", "night", code=7, has=["X0467", "X0469", "mig rollback --check"], law=False)
    if it.value("select count(*) from people") == "1":
        raise Failure("the rows were taken out although others have changed one")


@case("guard")
def a_rehearsal_says_whether_a_run_would_fit(it):
    slow_people(it, "3600 seconds", rows=1000)
    done = it.command("rehearse", "spec.mig", "--env", "night", "--format", "json")
    equal(done.code, 0, done.err)
    contains(" ".join(json.loads(done.out)["notes"]), "the window of `night` is 60 min: a run that takes as long fits")
    it.spec(TWO_MAPS % "0 seconds")
    it.run("--env", "night")
    it.sql("truncate people, more")
    it.spec(TWO_MAPS % "1 second")
    it.sql("create or replace function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.02); return"
           " new; end $$;")
    contains(it.command("rehearse", "spec.mig", "--env", "night").out, "DOES NOT FIT")


@case("guard")
def what_is_no_window(it):
    for window, said in (("8 seconds else fly", ["cannot `fly`", "`rollback`"]), ("8 seconds else", ["expected"]),
                         ("8 seconds else rolback", ["did you mean `rollback`"]),
                         ("8 seconds\n  retention 7 days else rollback", ["`retention` takes no `else`"])):
        it.spec(TWO_MAPS % window)
        it.refuse(code=1, has=said)


@case("guard")
def rollback_puts_back_what_a_killed_run_dropped(it):
    dump, shape = killed_while_dropped(it, lambda run: run.kill())
    looked = it.command("rollback", "--check")
    contains(looked.err, "6 indexes and foreign keys are dropped")
    equal(it.value("select count(*) from mig.toggled where state = 'dropped'"), "6")
    equal(it.command("rollback", "--quiet").code, 0, it.last.err)
    equal(it.rows(SHAPE), shape)
    equal(pg_dump(it), dump)
    equal(it.value("select (select count(*) from sales) + (select count(*) from shops)"), "0")
