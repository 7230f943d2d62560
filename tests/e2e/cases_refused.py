"""Rows that the server refuses, many of them at once: which those are does not depend on how they are found."""

from kit import *

TABLES = """
create table p (id int primary key);
insert into p select generate_series(1, 9);
create table t (id int primary key, v int not null constraint small check (v < 1000), p_id int references p,
                name text unique, up int references t);
"""
SOURCE = "source s : csv 's.csv' { id int; v int; p int?; name text?; up int? }\n"
BODY = "{ id = s.id; v = s.v; p_id = s.p; name = s.name; up = s.up }"


def rows(count, line):
    return "id,v,p,name,up\n" + "".join(line(i) + "\n" for i in range(count))


def messages(it, run):
    """Row and constraint of each rejected row."""
    found = []
    for entry in it.quarantine(run, "t"):
        text = json.dumps(entry)
        found.append((int(re.search(r'"line": (\d+)', text).group(1)) - 2, re.search(r"constraint (\w+)", text).group(1)))
    return sorted(found)


def batches(it):
    return int(it.value("select count(*) from mig.batch"))


@case("refused")
def checks_and_foreign_keys_at_once(it):
    for conflict in ("", "on conflict (id) update"):
        it.has_database = False
        it.schema(TABLES)
        it.write("s.csv", rows(5000, lambda i: f"{i},{2000 if i % 50 == 7 else 1},{77 if i % 50 == 9 else ''},n{i},"))
        it.spec(SOURCE + f"map t from s in s into db.t key s.id {conflict} tolerance 100% {BODY}")
        run = it.run()
        equal(run.counts("t"), (5000, 4800, 0, 0, 0, 200))
        wanted = [(i, "small") for i in range(7, 5000, 50)] + [(i, "t_p_id_fkey") for i in range(9, 5000, 50)]
        equal(messages(it, run), sorted(wanted))
        equal(it.value("select count(*) from t"), "4800")
        equal(batches(it), 1, "transactions with rows")
        it.client.close()
        it.client = None


@case("refused")
def a_row_with_two_faults_is_refused_once(it):
    it.schema(TABLES)
    it.write("s.csv", rows(100, lambda i: f"{i},{2000 if i % 10 == 3 else 1},{77 if i % 20 == 3 else 1},n{i},"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id tolerance 100% {BODY}")
    run = it.run()
    equal(run.counts("t"), (100, 90, 0, 0, 0, 10))
    equal(messages(it, run), [(i, "small") for i in range(3, 100, 10)])


@case("refused")
def refused_parents_refuse_their_children(it):
    # up refers to the row before; 40 and its descendants cannot be stored, all others can.
    it.schema(TABLES)
    it.write("s.csv", rows(100, lambda i: f"{i},{2000 if i == 40 else 1},,n{i},{i - 1 if 0 < i % 10 else ''}"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id tolerance 100% {BODY}")
    run = it.run()
    equal(run.counts("t"), (100, 90, 0, 0, 0, 10))
    equal(messages(it, run), [(40, "small")] + [(i, "t_up_fkey") for i in range(41, 50)])


@case("refused")
def rows_that_are_there_meet_no_constraint(it):
    # Of rows that are there only the name is updated: their p_id is never looked at.
    it.schema(TABLES)
    it.sql("insert into t (id, v, p_id, name) select i, 1, 1, 'old' || i from generate_series(0, 199) i")
    it.write("s.csv", rows(400, lambda i: f"{i},1,{77 if i % 2 else 1},n{i},"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id on conflict (id) update (name) tolerance 100% {BODY}")
    run = it.run()
    equal(run.counts("t"), (400, 100, 200, 0, 0, 100))
    equal(messages(it, run), [(i, "t_p_id_fkey") for i in range(201, 400, 2)])
    equal(it.value("select count(*) from t where id < 200 and p_id = 1 and name = 'n' || id"), "200")


@case("refused")
def skipped_duplicates_meet_no_constraint(it):
    it.schema(TABLES)
    it.sql("insert into t (id, v, p_id) values (1, 1, 1)")
    it.write("s.csv", rows(40, lambda i: f"{i % 20},1,{77 if i >= 20 or i in (1, 2) else 1},,"))
    it.spec(SOURCE + f"map t from s in s into db.t on conflict (id) skip tolerance 100% {BODY}")
    run = it.run()
    # 2 is refused at first, and its second row too; 1 is there; the second rows of the others are duplicates.
    equal(run.counts("t"), (40, 18, 0, 20, 0, 2))
    equal(messages(it, run), [(2, "t_p_id_fkey"), (22, "t_p_id_fkey")])


@case("refused")
def triggers_that_repair_rows_are_respected(it):
    it.schema(TABLES + """
create function repair() returns trigger language plpgsql as $$ begin
  if new.id % 2 = 0 then new.v := 1; end if; return new; end $$;
create trigger repair before insert on t for each row execute function repair();
""")
    it.write("s.csv", rows(64, lambda i: f"{i},{2000 if i % 16 < 2 else 1},1,n{i},"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id tolerance 100% {BODY}")
    run = it.run()
    equal(run.counts("t"), (64, 60, 0, 0, 0, 4))
    equal(messages(it, run), [(i, "small") for i in range(1, 64, 16)])


@case("refused")
def unique_keys_and_checks_together(it):
    # 5 repeats the name of 4, which is refused: then 5 can be stored, and 6 repeats that.
    it.schema(TABLES)
    it.write("s.csv", rows(50, lambda i: f"{i},{2000 if i == 4 else 1},1,{'same' if i in (4, 5, 6) else f'n{i}'},"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id tolerance 100% {BODY}")
    run = it.run()
    equal(run.counts("t"), (50, 48, 0, 0, 0, 2))
    equal(messages(it, run), [(4, "small"), (6, "t_name_key")])
    equal(it.value("select id from t where name = 'same'"), "5")


@case("refused")
def a_batch_of_refused_rows_only(it):
    it.schema(TABLES)
    it.write("s.csv", rows(60, lambda i: f"{i},2000,1,n{i},"))
    it.spec(SOURCE + f"map t from s in s into db.t key s.id tolerance 100% commit per 20 rows {BODY}")
    run = it.run()
    equal(run.counts("t"), (60, 0, 0, 0, 0, 60))
    equal(it.value("select sum(rejected) from mig.batch"), "60")


@case("refused")
def a_unique_violation_says_what_the_spec_could(it):
    it.schema(TABLES)
    it.sql("insert into t (id, v) values (1, 1)")
    it.write("s.csv", rows(3, lambda i: f"{i},1,1,n{i},"))
    it.spec(SOURCE + f"map t from s in s into db.t tolerance 100% {BODY}")
    run = it.run()
    contains(run.examples("t")[0], "SQLSTATE 23505", "`on conflict (id) …` says what happens")
