"""What guards a cutover: approvals, the audit trail, dropped indexes, all-or-nothing, rehearsals."""

import json
import os
import re

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
