"""mig rollback: what a run wrote is undone exactly, what others wrote since is told apart and treated as the policy
says. Everything is compared as the rows' own texts; what a rollback does not promise to restore (sequences) is left
out of the comparison of catalogs."""

import random

from kit import *

# ---------------------------------------------------------------- the whole target, as texts

TABLES = ("select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
          " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not like 'pg\\_%'"
          " and n.nspname not in ('information_schema', 'mig') order by 1")


def content(it, leave_out=()):
    """Each table's rows, in no order."""
    return {t: sorted(r[0] for r in it.rows(f"select t::text from {t} t"))
            for (t,) in it.rows(TABLES) if t not in leave_out}


def catalog(it):
    done = subprocess.run(["pg_dump", "--schema-only", "--exclude-schema=mig", it.url], capture_output=True, check=True)
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", done.stdout.decode())


def same(it, before, leave_out=(), what="after the rollback"):
    after = content(it, leave_out)
    for table in sorted(set(before) | set(after)):
        old, new = before.get(table), after.get(table)
        if old != new:
            gone = [r for r in old if r not in new][:5]
            came = [r for r in new if r not in old][:5]
            raise Failure(f"{what}: {table} is not as it was; gone: {gone}; new: {came}")


def rollback(it, *arguments, code=0, url=None):
    result = it.command("rollback", "--target", url or it.url, "--format", "json", "--quiet", *arguments)
    equal(result.code, code, "the exit code of mig rollback\n" + result.err + result.out)
    result.undo = json.loads(result.out) if result.out.startswith("{") else None
    if result.undo and "diagnostics" in result.undo:  # nothing to report on: only what is wrong
        result.err += "\n".join(d["message"] for d in result.undo["diagnostics"])
    return result


def undone(result, name):
    return next(m for m in result.undo["undone"] if m["map"] == name)


def as_owner(it):
    """The same target once more, owned by an ordinary role under FORCE ROW LEVEL SECURITY."""
    database = it.value("select current_database()")
    it.sql("do $$ begin create role plain_owner login bypassrls; exception when duplicate_object then null; end $$;"
           f"grant create, temporary on database {database} to plain_owner; grant all on schema public to plain_owner;")
    for (t,) in it.rows(TABLES):
        it.sql(f"alter table {t} owner to plain_owner; alter table {t} enable row level security;"
               f"alter table {t} force row level security; create policy none on {t} using (false)")
    for (t,) in it.rows("select typname from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')"):
        it.sql(f"alter type {t} owner to plain_owner")
    return it.url.replace("tester@", "plain_owner@")


# ---------------------------------------------------------------- one spec with everything

SCHEMA = """
create type mood as enum ('calm', 'wild');
create domain positive as int check (value > 0);
create table teams (id int primary key, name text not null unique, seen int not null default 0);
create table people (
  id      bigint generated always as identity primary key,
  email   text not null unique,
  team_id int not null references teams,
  boss_id bigint references people,
  note    text,
  touched timestamptz not null default '2020-01-01 00:00+00'
);
create table visits (
  person_id bigint not null references people on delete cascade,
  day       date not null,
  n         int not null,
  primary key (person_id, day)
);
create table odd (
  a int, b text,
  flag boolean, i2 smallint, i8 bigint, num numeric(20, 6), free numeric, f4 real, f8 double precision,
  t text, v varchar(40), c char(6), by bytea, d date, tm time, ts timestamp, tz timestamptz, iv interval,
  u uuid, j json, jb jsonb, m mood, pos positive, ints int[], texts text[],
  gen int generated always as (a * 2) stored,
  box point, r int4range, extra text default 'kept',
  primary key (a, b)
);
create table extra (id int primary key, person_id bigint references people);
insert into teams select n, 'team ' || n, n from generate_series(1, 40) n;
insert into people (email, team_id, note) select 'p' || n || '@x', n % 40 + 1, 'old ' || n from generate_series(1, 300) n;
insert into people (email, team_id) values ('other@x', 1);
insert into visits select id, date '2024-01-01' + (id % 7)::int, 1 from people where id % 3 = 0;
insert into odd values
  (1, 'x', true, 7, 1e15, 1.50, 'NaN', 'Infinity', 0.1, e'a\\nb', 'v', 'c', '\\x00ff', 'infinity', '12:34:56.789',
   '2020-02-30'::text::timestamp - interval '1 day', '0044-03-15 12:00+00 BC', '1 mon -3 days', null,
   '{"a" : "\\u00e9", "b":1.0}', 'null', 'wild', 3, '[0:1]={1,2}', array['a', null, 'c"d'], default, '(1,2)', '[1,5)'),
  (2, 'y', null, null, null, null, 1e-20, '-0', 'NaN', '', null, null, null, null, null, null, null, null, null, 'null', null,
   null, null, null, null, default, null, null);
"""
SCHEMA = SCHEMA.replace("'2020-02-30'::text::timestamp - interval '1 day'", "timestamp '2020-02-29 00:00:00.000001'")

SPEC = """
source teams  : csv 'teams.csv'  { id int; name text }
source people : csv 'people.csv' { email text; team int; boss text?; note text? }
source more   : csv 'more.csv'   { email text; note text }
source visits : csv 'visits.csv' { email text; day date; n int }
source odd    : csv 'odd.csv'    { a int; b text; n decimal?; j json? }

map teams from t in teams into db.teams key t.id on conflict (id) update commit per 7 rows { id = t.id; name = t.name }

map people
  from p in people
  into db.people
  key p.email
  on conflict (email) update
  commit per 50 rows
{
  email = p.email
  team_id = teams[p.team].id
  boss_id = people[p.boss].id on missing use null
  note = p.note
}

-- The same rows again: those that the run has inserted or updated a moment ago.
map again from m in more into db.people on conflict (email) update (note) commit per 11 rows
{
  email = m.email
  team_id = 1
  note = m.note
}

map visits from v in visits into db.visits on conflict (person_id, day) skip commit per 60 rows
{
  person_id = people[v.email].id
  day = v.day
  n = v.n
}

map odd from o in odd into db.odd on conflict (a, b) update
{
  a = o.a
  b = o.b
  flag = false
  i2 = 1
  i8 = o.a
  num = o.n
  free = o.n
  t = o.b
  v = 'new'
  d = date '2025-01-01'
  tz = timestamptz '2025-01-01 00:00 UTC'
  j = o.j
  jb = o.j
  m = 'calm'
  texts = ['new']
}
"""


def everything(it, seed=1):
    it.schema(SCHEMA)
    r = random.Random(seed)
    it.write("teams.csv", "id,name\n" + "".join(f"{n},{'team' if n % 3 else 'renamed'} {n}\n" for n in range(20, 70)))
    lines = ["email,team,boss,note"]
    for n in range(200, 700):
        boss = f"p{r.randrange(1, n)}@x" if n > 210 and r.random() < 0.7 else ""
        lines.append(f"p{n}@x,{r.randrange(20, 70)},{boss},new {n}")
    it.write("people.csv", "\n".join(lines) + "\n")
    it.write("more.csv", "email,note\n" + "".join(f"p{n}@x,again {n}\n" for n in range(250, 900, 13)))
    it.write("visits.csv", "email,day,n\n" + "".join(
        f"p{r.randrange(200, 700)}@x,2024-01-{day:02},{n}\n" for n, day in ((n, n % 28 + 1) for n in range(600))))
    it.write("odd.csv", 'a,b,n,j\n1,x,2.5,{}\n2,y,,null\n3,z,7,"{""k"": [1, null]}"\n')
    it.spec(SPEC)


def run(it, url=None):
    return it.run("--target", url or it.url)


def both_roles(function):
    """The case once as superuser and once as an ordinary owner under FORCE ROW LEVEL SECURITY."""
    def as_superuser(it):
        function(it, lambda: it.url)

    def as_ordinary_owner(it):
        function(it, lambda: as_owner(it))
    as_superuser.__name__ = function.__name__
    as_ordinary_owner.__name__ = function.__name__ + "_by_an_ordinary_owner"
    case("rollback")(as_superuser)
    case("rollback")(as_ordinary_owner)
    return function


@both_roles
def up_and_down_is_as_before(it, role):
    everything(it)
    url = role()
    before, tables = content(it), catalog(it)
    result = run(it, url)
    equal(content(it) != before, True, "the run changes something")
    loaded = content(it)
    check = rollback(it, "--check", url=url)
    equal(check.undo["conflicts"], 0, "conflicts")
    equal(content(it), loaded, "content after --check")
    equal(it.value("select state from mig.run"), "done")
    down = rollback(it, url=url)
    same(it, before)
    equal(catalog(it), tables, "the catalog")
    equal(it.rows("select state from mig.run union all select distinct state from mig.step"), [("rolled back",)] * 2)
    for name in ("teams", "people", "visits", "odd"):
        equal(undone(down, name)["kept_rows"], 0, f"rows of {name} that were kept")
    equal(it.value("select count(*) from mig.event where kind in ('rollback_started', 'rolled_back')"), "2")
    # And once more up: the same target as the first time.
    again = run(it, url)
    equal([again.counts(m) for m in ("teams", "people", "odd")], [result.counts(m) for m in ("teams", "people", "odd")])
    rollback(it, url=url)
    same(it, before)


# ---------------------------------------------------------------- others change rows in between

KEYS = {"teams": ("id",), "people": ("id",), "visits": ("person_id", "day"), "odd": ("a", "b"), "extra": ("id",)}
REFERENCES = (("people", "team_id", "teams", "id"), ("people", "boss_id", "people", "id"),
              ("visits", "person_id", "people", "id"), ("extra", "person_id", "people", "id"))


def by_key(it):
    """{table: {key: {column: text}}}"""
    tables = {}
    for table, key in KEYS.items():
        columns = [r[0] for r in it.rows("select attname from pg_attribute where attrelid = '%s'::regclass and attnum > 0"
                                         " and not attisdropped order by attnum" % table)]
        rows = [dict(zip(columns, r)) for r in it.rows(f"select {', '.join(c + '::text' for c in columns)} from {table}")]
        tables[table] = {tuple(r[k] for k in key): r for r in rows}
    return tables


def edit_at_random(it, r, loaded):
    """What users do to a target: edits, edits that change nothing, deletions, the same keys anew, new rows and children."""
    def pick(table, n, where=lambda row: True):
        rows = sorted(k for k, row in loaded[table].items() if where(row))
        return r.sample(rows, min(n, len(rows)))

    def number(row):
        return int(re.sub(r"\D", "", row["email"]) or 0)
    touched = set()
    for (key,) in pick("people", 12):
        it.sql(f"update people set note = 'by a user' where id = {key}")
    for (key,) in pick("people", 8):
        it.sql(f"update people set touched = now() where id = {key}")
    for (key,) in pick("people", 6):
        it.sql(f"update people set note = note where id = {key}")
        touched.add(("people", (key,)))
    for key in pick("visits", 6):
        it.sql(f"update visits set n = n where person_id = {key[0]} and day = '{key[1]}'")
    for key in pick("visits", 6):
        it.sql(f"update visits set n = n + 1000 where person_id = {key[0]} and day = '{key[1]}'")
    for key in pick("visits", 6):
        it.sql(f"delete from visits where person_id = {key[0]} and day = '{key[1]}'")
    for (key,) in pick("teams", 4):
        it.sql(f"update teams set {r.choice(('name = name || 1', 'seen = seen + 1'))} where id = {key}")
    free = "not exists (select from people c where c.boss_id = p.id) and not exists (select from extra where person_id = p.id)"
    for (key,) in pick("people", 60, lambda row: number(row) > 150)[:14]:
        it.sql(f"delete from people p where id = {key} and {free}")
    # The same key again, by somebody else.
    for (key,) in pick("people", 40, lambda row: number(row) > 250):
        row = loaded["people"][(key,)]
        if it.value(f"with d as (delete from people p where id = {key} and {free} returning 1) select count(*) from d") == "1":
            it.sql(f"insert into people (email, team_id, note) values ('{row['email']}', {row['team_id']}, 'made anew')")
            if r.random() < 0.3:
                break
    for key in pick("odd", 2):
        it.sql(f"update odd set {r.choice(('extra = 0', 'i2 = 99', 'f8 = 2', 'texts = null'))} where a = {key[0]}")
    alive = [row[0] for row in it.rows("select id from people order by 1")]
    for n in range(8):
        it.sql(f"insert into visits values ({r.choice(alive)}, '2030-01-{n + 1:02}', 1)")
        it.sql(f"insert into extra values ({1000 + n}, {r.choice(alive)})")
        it.sql(f"insert into people (email, team_id, boss_id) values ('new{n}@x', {r.choice(sorted(loaded['teams']))[0]}, {r.choice(alive)})")
    it.sql("insert into teams values (5000, 'a new team')")
    return touched


def expect_after(policy, before, loaded, edited, same):
    """What must stand in the target after the rollback. same: inserted rows of which it is known that a touch changed
    nothing."""
    result, going = {t: {} for t in KEYS}, {t: set() for t in KEYS}
    emails = {row["email"]: k for k, row in loaded["people"].items()}
    for table in KEYS:
        for key in set(before[table]) | set(loaded[table]) | set(edited[table]):
            b, l, e = before[table].get(key), loaded[table].get(key), edited[table].get(key)
            if table == "people" and b is None and l is None and e and e["email"] in emails:
                # Made anew under the email of a row of the run: for rows that it inserted, that is their key.
                if emails[e["email"]] not in before["people"] and policy == "overwrite":
                    going[table].add(key)
                result[table][key] = e
                continue
            if l == b:
                stays = e
            elif b is None:
                stays = e
                if e and (policy == "overwrite" or (e == l and (table, key) not in same)):
                    going[table].add(key)
            elif e == l:
                stays = b
            elif policy == "overwrite":
                stays = b
                if e is None and table == "people" and any(x["email"] == b["email"] for x in edited["people"].values()):
                    stays = None  # its email is taken
            elif policy == "merge" and e is not None:
                run = {c for c in b if b[c] != l[c]}
                users = {c for c in e if e[c] != l[c]}
                stays = {c: b[c] if c in run else e[c] for c in e} if not run & users else e
            else:
                stays = e
            if stays:
                result[table][key] = stays
    while True:  # what rows that stay refer to stays
        held = set()
        for child, column, parent, target in REFERENCES:
            wanted = {row[column] for k, row in result[child].items() if k not in going[child]}
            held |= {(parent, k) for k in going[parent] if result[parent][k][target] in wanted}
        if not held:
            break
        for table, key in held:
            going[table].discard(key)
    return {t: {k: row for k, row in result[t].items() if k not in going[t]} for t in KEYS}


def differences(got, wanted):
    for table in KEYS:
        for key in sorted(set(got[table]) | set(wanted[table])):
            if got[table].get(key) != wanted[table].get(key):
                yield f"{table} {key}: {got[table].get(key)}, expected {wanted[table].get(key)}"


def edited_and_down(it, policy, seed, url):
    r = random.Random(seed)
    before = by_key(it)
    run(it, url)
    loaded = by_key(it)
    touched = edit_at_random(it, r, loaded)
    edited, whole = by_key(it), content(it)
    # A touch that changes nothing is known as such where the whole row is known: those that the run updated.
    known = {("people", (r[0],)) for r in it.rows("select new_row->>'id' from mig.image where map in ('people', 'again')")}
    check = rollback(it, "--check", "--policy", policy, url=url)
    equal(content(it), whole, "content after --check")
    refused = rollback(it, code=7, url=url)
    equal(content(it), whole, "content after a refused rollback")
    contains(refused.err, "X0441", "--policy")
    down = rollback(it, "--policy", policy, url=url)
    wanted = expect_after(policy, before, loaded, edited, touched - known)
    wrong = list(differences(by_key(it), wanted))
    if wrong:
        raise Failure(f"policy {policy}, seed {seed}: " + "\n".join(wrong[:6]) + f"\n{len(wrong)} in all\n{check.out}\n{down.out}")
    equal(it.value("select state from mig.run"), "rolled back")


def register_edits():
    for policy in ("keep", "overwrite", "merge"):
        for seed in (1, 2, 3):
            def function(it, role, policy=policy, seed=seed):
                everything(it, seed)
                edited_and_down(it, policy, seed, role())
            function.__name__ = f"others_change_rows_{policy}_{seed}"
            both_roles(function)


register_edits()


# ---------------------------------------------------------------- interrupted

def start_rollback(it, *arguments):
    return subprocess.Popen([it.mig, "rollback", "--target", it.url, "--quiet", "--format", "json", *arguments], cwd=it.dir,
                            env={**os.environ, "DB": it.url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until_alone(it):
    for _ in range(500):
        if it.value("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                    " and backend_type = 'client backend'") == "0":
            return
        time.sleep(0.02)


def large(it):
    """Some hundred batches, of rows that were there and of new ones, with children."""
    it.schema("create table t (id int primary key, v text not null, w int default 7);"
              "create table u (id int primary key references t on delete cascade, parent int references u);"
              "create index on u (parent);"
              "insert into t select n, 'old ' || n from generate_series(1, 20000, 2) n")
    with open(it.path("s.csv"), "w") as f:
        f.write("id,v,parent\n")
        for i in range(1, 20001):
            f.write(f"{i},value {i},{i // 7}\n")
    it.spec("""
source s : csv 's.csv' { id int; v text; parent int }
map t from s in s into db.t key s.id on conflict (id) update commit per 200 rows { id = s.id; v = s.v }
map u from s in s into db.u key s.id commit per 200 rows { id = t[s.id].id; parent = u[s.parent].id on missing use null }
""")


def undone_batches(it):
    return int(it.value("select count(*) from mig.undo"))


def is_rolled_back(it):
    return it.value("select state from mig.run") == "rolled back"


@case("rollback_kill")
def mig_is_killed_while_it_rolls_back(it):
    large(it)
    before = content(it)
    it.run()
    kills = 0
    for _ in range(40):
        if is_rolled_back(it):
            break
        done, wait = undone_batches(it), random.uniform(0, 0.05)
        process = start_rollback(it)
        while process.poll() is None and undone_batches(it) == done:
            time.sleep(0.005)
        time.sleep(wait)
        kills += process.poll() is None
        process.kill()
        process.communicate()
        wait_until_alone(it)
    equal(kills > 0, True, f"{kills} kills")
    rollback(it, code=7 if is_rolled_back(it) else 0)
    same(it, before)
    equal(it.value("select count(*) from mig.undo where ordinal >= 0"), it.value("select count(*) from mig.batch"))
    equal(it.value("select sum(deleted) from mig.undo"), it.value("select sum(written) from mig.batch"))
    equal(it.value("select sum(restored) from mig.undo"), it.value("select sum(updated) from mig.batch"))


@case("rollback_kill")
def connections_are_cut_while_it_rolls_back(it):
    large(it)
    before = content(it)
    it.run()
    codes = []
    for _ in range(40):
        if is_rolled_back(it):
            break
        done = undone_batches(it)
        process = start_rollback(it)
        while process.poll() is None and undone_batches(it) == done:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.2))
        it.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
               + random.choice(("", " and application_name like 'mig rollback%'")))
        out, err = process.communicate(timeout=60)
        codes.append(process.returncode)
        equal(process.returncode in (0, 5, 6, 7), True, f"exit code {process.returncode}: {err.decode()}")
        if process.returncode in (5, 6) and not is_rolled_back(it) and undone_batches(it) > done:
            contains(err.decode(), "X0")
        wait_until_alone(it)
    equal(5 in codes or 6 in codes, True, f"exit codes {codes}")
    if not is_rolled_back(it):
        rollback(it)
    same(it, before)


@case("rollback_kill")
def an_interrupted_run_is_rolled_back(it):
    large(it)
    before = content(it)
    process = subprocess.Popen([it.mig, "run", "spec.mig", "--quiet"], cwd=it.dir, env={**os.environ, "DB": it.url},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(400):
        try:
            if int(it.value("select count(*) from mig.batch")) > 20:
                break
        except QueryError:
            pass
        time.sleep(0.005)
    # Under way (it is made to wait): its lock is in the way.
    process.send_signal(signal.SIGSTOP)
    if it.value("select state from mig.run") == "running":
        contains(rollback(it, code=7).err, "X0320")
    process.kill()
    process.communicate()
    wait_until_alone(it)
    rollback(it)
    same(it, before)
    contains(it.command("status", "--target", it.url).out, "rolled back")
    equal(it.command("resume", "--target", it.url).code in (2, 6, 7), True, "a run that is rolled back cannot be resumed")


# ---------------------------------------------------------------- ways back

PAIR = "source s : csv 's.csv' { id int; v text }\n"


def pair(it, schema, maps, rows="1,a\n2,b\n3,c\n"):
    it.schema(schema)
    it.write("s.csv", "id,v\n" + rows)
    it.spec(PAIR + maps)


@case("rollback")
def the_author_knows_the_way_back(it):
    pair(it, "create table t (id int primary key, v text); create table log (what text); insert into t values (9, 'x')",
         "map t from s in s into db.t rollback sql \"\"\"delete from t where id < 9; insert into log values ('undone')\"\"\" { id = s.id; v = s.v }")
    it.run()
    down = rollback(it)
    equal(it.rows("select * from t"), [("9", "x")])
    equal(it.rows("select * from log"), [("undone",)])
    equal(undone(down, "t")["sql_run"], True)


@case("rollback")
def the_authors_way_back_fails(it):
    pair(it, "create table t (id int primary key, v text); create table u (id int primary key)",
         "map t from s in s into db.t rollback sql \"\"\"delete from t where 1 / (id - 2) > 5\"\"\" { id = s.id; v = s.v }\n"
         "map u from s in s into db.u after t { id = s.id }")
    it.run()
    down = rollback(it, code=6)
    contains(down.err, "rollback SQL of map t", "goes on where this stopped")
    equal(it.rows("select (select count(*) from t), (select count(*) from u), (select state from mig.run)"), [("3", "0", "rolling back")])
    contains(it.command("status", "--target", it.url).out, "mig rollback")


@case("rollback")
def some_maps_have_no_way_back(it):
    pair(it, "create table t (id int primary key, v text); create table u (id int primary key references t)",
         "map t from s in s into db.t key s.id { id = s.id; v = s.v }\n"
         "map u from s in s into db.u where s.id > 1 rollback none because 'letters were sent' { id = t[s.id].id }")
    it.run()
    refused = rollback(it, code=7)
    contains(refused.err, "X0442", "letters were sent", "--skip-irreversible")
    equal(it.value("select count(*) from t"), "3")
    check = rollback(it, "--check")
    equal(check.undo["maps_without_way"], 1)
    # What the rows that stay refer to stays, too.
    contains(rollback(it, "--skip-irreversible", code=7).err, "X0441", "2 referred to by rows that stay")
    rollback(it, "--skip-irreversible", "--policy", "keep")
    equal(it.rows("select id from t order by 1"), [("2",), ("3",)])
    equal(it.rows("select map, state from mig.step order by 1"), [("t", "rolled back"), ("u", "done")])
    equal(it.rows("select outcome, reason, key->>'id' from mig.conflict order by 3"),
          [("kept", "referenced", "2"), ("kept", "referenced", "3")])


@case("rollback")
def rows_that_refer_to_each_other_in_a_loop(it):
    pair(it, "create table a (id int primary key, b int); create table b (id int primary key, a int not null references a deferrable initially deferred);"
             "alter table a add foreign key (b) references b deferrable initially deferred",
         "map a1 from s in s into db.a key s.id { id = s.id }\n"
         "map b from s in s into db.b key s.id { id = s.id; a = a1[s.id].id }\n"
         "map a2 from s in s into db.a on conflict (id) update { id = s.id; b = b[s.id].id }")
    before = content(it)
    it.run()
    rollback(it)
    same(it, before)


@case("rollback")
def keys_in_more_shapes(it):
    pair(it, "create table none (id int, v text); create table uniq (id int, v text unique);"
             "create table over (id int primary key, v text unique, n int);"
             "create table parts (id int, v text, primary key (id)) partition by range (id);"
             "create table p1 partition of parts for values from (0) to (2); create table p2 partition of parts default;"
             "insert into over values (100, 'a', 1), (101, 'z', 2); insert into none values (1, 'a'); insert into parts values (2, 'old');"
             "insert into uniq values (7, 'c')",
         "map none from s in s into db.none { id = s.id; v = s.v }\n"
         "map uniq from s in s into db.uniq on conflict (v) update { id = s.id; v = s.v }\n"
         "map over from s in s into db.over on conflict (v) update (id) { id = s.id; v = s.v }\n"
         "map parts from s in s into db.parts on conflict (id) update { id = s.id; v = s.v }")
    before = content(it)
    it.run()
    rollback(it)
    same(it, before)


@case("rollback")
def two_runs_one_after_the_other(it):
    pair(it, "create table t (id int primary key, v text, n int default 1); insert into t values (1, 'old'), (5, 'else')",
         "map t from s in s into db.t on conflict (id) update { id = s.id; v = s.v }")
    start = content(it)
    it.run()
    first = content(it)
    it.write("s.csv", "id,v\n1,x\n2,y\n4,z\n5,five\n")
    it.run()
    runs = [r[0] for r in it.rows("select run_id from mig.run order by started_at")]
    refused = rollback(it, runs[0], code=7)
    contains(refused.err, "X0441")
    equal(rollback(it, runs[0], "--check").undo["later_runs"], 1)
    rollback(it, runs[1])
    same(it, first)
    rollback(it, runs[0])
    same(it, start)
    # The same once more with another run in between that is rolled back: versions that stand for others stand on.
    it.write("s.csv", "id,v\n1,a\n2,b\n3,c\n")
    it.run()
    for _ in range(2):
        it.write("s.csv", "id,v\n1,p\n2,q\n")
        it.run()
        rollback(it, it.value("select run_id from mig.run order by started_at desc limit 1"))
    equal(content(it), first)
    rollback(it, it.value("select run_id from mig.run where state = 'done'"))
    same(it, start)


@case("rollback")
def children_of_others_are_never_deleted(it):
    for action in ("cascade", "set null", "no action"):
        pair(it, f"drop table if exists c, t; create table t (id int primary key, v text);"
                 f"create table c (id int, t int references t on delete {action})",
             "map t from s in s into db.t { id = s.id; v = s.v }")
        it.run()
        it.sql("insert into c values (1, 2)")
        refused = rollback(it, code=7)
        contains(refused.err, "1 referred to by rows that stay")
        check = rollback(it, "--check")
        equal([(r["table"], r["on_delete"], r["rows"]) for r in undone(check, "t")["references"]], [("public.c", action, 1)])
        for policy in ("overwrite", "keep"):
            rollback(it, "--policy", policy, code=0 if policy == "overwrite" else 7)
        equal(it.rows("select * from t"), [("2", "b")])
        equal(it.rows("select * from c"), [("1", "2")])


@case("rollback")
def a_trigger_changes_what_is_put_back(it):
    pair(it, "create table t (id int primary key, v text, at timestamptz default '2020-01-01');"
             "insert into t values (1, 'old');"
             "create function now_at() returns trigger language plpgsql as $$ begin new.at := clock_timestamp(); return new; end $$;"
             "create trigger at before update on t for each row execute function now_at()",
         "map t from s in s into db.t on conflict (id) update { id = s.id; v = s.v }")
    it.run()
    down = rollback(it, code=4)
    contains(down.err, "X0445", "trigger", "mig.image")
    equal(it.rows("select id, v from t"), [("1", "old")])


@case("rollback")
def an_old_value_is_taken(it):
    pair(it, "create table t (id int primary key, v text unique); insert into t values (1, 'one'), (2, 'two')",
         "map t from s in s into db.t on conflict (id) update { id = s.id; v = s.v }", "1,two again\n2,one\n")
    it.sql("update t set v = 'x' where id = 1")
    it.sql("update t set v = 'one' where id = 1")
    before = content(it)
    it.write("s.csv", "id,v\n1,free\n2,b\n")
    it.run()
    it.sql("insert into t values (8, 'one')")
    stopped = rollback(it, code=6)
    contains(stopped.err, "X0444", "t_v_key", "--policy keep")
    equal(it.rows("select v from t where id = 2"), [("b",)])
    down = rollback(it, "--policy", "keep")
    equal(undone(down, "t")["kept_rows"], 1)
    equal(it.rows("select * from t order by 1"), [("1", "free"), ("2", "two"), ("8", "one")])
    contains(it.value("select reason from mig.conflict"), "refused", "t_v_key")
    equal(before != content(it), True)


# ---------------------------------------------------------------- when row versions say nothing

def dump_and_restore(it):
    dump = subprocess.run(["pg_dump", it.url], capture_output=True, check=True).stdout
    it.sql("drop schema mig cascade; drop schema public cascade;")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", it.url], input=b"create schema if not exists public;\n"
                   + dump.replace(b"CREATE SCHEMA public;", b""), check=True, stdout=subprocess.DEVNULL)


@both_roles
def after_a_dump_and_restore_content_decides(it, role):
    everything(it)
    # By content alone, rows that were there before and needed no change cannot be told from the run's: none of those.
    it.write("teams.csv", "id,name\n" + "".join(f"{n},renamed {n}\n" for n in range(20, 70)))
    it.write("visits.csv", "email,day,n\n" + "".join(f"p{n}@x,2024-02-{n % 28 + 1:02},{n}\n" for n in range(200, 700)))
    before = content(it)
    url = role()
    it.run("--target", url)
    dump_and_restore(it)
    it.sql("update visits set n = n + 1 where (person_id, day) = (select person_id, day from visits where n > 1 limit 1)")
    check = rollback(it, "--check", url=url)
    equal(undone(check, "visits")["by_content"], True)
    equal(undone(check, "visits")["edited"]["rows"], 1)
    it.sql("update visits set n = n - 1 where (person_id, day) = (select (key->>'person_id')::int, (key->>'day')::date"
           " from json_array_elements_text('" + json.dumps(undone(check, "visits")["edited"]["keys"]) + "') k, lateral (select k::json as key) j)")
    rollback(it, url=url)
    same(it, before)


@case("rollback")
def after_a_rewrite_content_decides(it):
    pair(it, "create table t (id int primary key, v text, n int); create table u (id int primary key, v text); insert into u values (1, 'old')",
         "map t from s in s into db.t { id = s.id; v = s.v }\nmap u from s in s into db.u on conflict (id) update { id = s.id; v = s.v }")
    it.run()
    it.sql("alter table t add d timestamptz default clock_timestamp(); alter table u add d timestamptz default clock_timestamp()")
    os.rename(it.path("s.csv"), it.path("hidden.csv"))
    refused = rollback(it, code=7)
    contains(refused.err, "X0443", "rewritten")
    os.rename(it.path("hidden.csv"), it.path("s.csv"))
    rollback(it)
    equal(it.rows("select count(*) from t"), [("0",)])
    equal(it.rows("select id, v from u"), [("1", "old")])


@case("rollback")
def after_vacuum_and_cluster_versions_stand(it):
    pair(it, "create table t (id int primary key, v text); insert into t values (1, 'old')",
         "map t from s in s into db.t on conflict (id) update { id = s.id; v = s.v }")
    before = content(it)
    it.run()
    it.sql("vacuum (full, freeze) t")
    it.sql("cluster t using t_pkey")
    equal(rollback(it).undo["sources_read"], False)
    same(it, before)


@case("rollback")
def sources_that_are_gone_leave_it_unclear(it):
    pair(it, "create table t (id int primary key, v text, n int default 1)", "map t from s in s into db.t { id = s.id; v = s.v }")
    it.run()
    it.sql("update t set v = 'mine' where id = 2")
    os.remove(it.path("s.csv"))
    check = rollback(it, "--check")
    equal(undone(check, "t")["unclear"]["rows"], 1)
    equal(check.undo["sources_failed"] != "", True)
    contains(rollback(it, code=7).err, "X0441", "1 changed or deleted")
    contains(rollback(it, "--policy", "overwrite", code=7).err, "X0443", "--policy keep")
    rollback(it, "--policy", "keep")
    equal(it.rows("select id, v from t"), [("2", "mine")])


@case("rollback")
def rows_deleted_by_others_are_no_conflict(it):
    pair(it, "create table t (id int primary key, v text)", "map t from s in s into db.t { id = s.id; v = s.v }")
    it.run()
    it.sql("delete from t where id = 2")
    os.remove(it.path("s.csv"))  # it is sure without it: nobody wrote to the table
    down = rollback(it, "--check")
    equal((undone(down, "t")["gone"]["rows"], undone(down, "t")["untouched_inserted"]["rows"]), (1, 2))
    rollback(it)
    equal(it.rows("select count(*) from t"), [("0",)])


# ---------------------------------------------------------------- what cannot be

@case("rollback")
def bad_input(it):
    pair(it, "create table t (id int primary key, v text); insert into t values (1, 'old')",
         "map t from s in s into db.t on conflict (id) update { id = s.id; v = s.v }")
    contains(rollback(it, code=2).err, "there is no run")
    it.run()
    contains(rollback(it, "deadbeef", code=2).err, "there is no run `deadbeef`")
    contains(rollback(it, "--policy", "kep", code=2).err, "did you mean `keep`")
    contains(it.command("rollback", "a", "b").err, "one run")
    it.sql("alter table t rename column v to w")
    contains(rollback(it, code=7).err, "X0443", "column `v`", "renamed")
    it.sql("alter table t rename column w to v; alter table t rename to gone")
    contains(rollback(it, code=7).err, "X0443", "table public.t is not there any more")
    it.sql("alter table gone rename to t")
    rollback(it)
    contains(rollback(it, code=7).err, "X0440", "rolled back already")
    equal(it.rows("select * from t"), [("1", "old")])


@case("rollback")
def rights_are_asked_for_before(it):
    pair(it, "create table t (id int primary key, v text)", "map t from s in s into db.t { id = s.id; v = s.v }")
    it.run()
    it.sql("do $$ begin create role weak login; exception when duplicate_object then null; end $$;"
           "grant usage on schema mig, public to weak; grant all on all tables in schema mig to weak; grant select, insert on t to weak;")
    weak = it.url.replace("tester@", "weak@")
    contains(rollback(it, code=7, url=weak).err, "X0307", "lacks DELETE on table public.t", "GRANT DELETE")
    it.sql("grant delete on t to weak; alter table t enable row level security")
    contains(rollback(it, code=7, url=weak).err, "X0319", "BYPASSRLS")
    equal(it.value("select state from mig.run"), "done")
    it.sql("alter table t disable row level security")
    rollback(it, url=weak)
    equal(it.value("select count(*) from t"), "0")


@case("rollback")
def personal_keys_are_masked(it):
    it.schema("create table people (email text primary key, n int); insert into people values ('ann@x.org', 1)")
    it.write("s.csv", "email,n\nann@x.org,5\n")
    it.spec("pii db.people (email)\nsource s : csv 's.csv' { email text pii; n int }\n"
            "map people from s in s into db.people on conflict (email) update { email = s.email; n = s.n }")
    it.run()
    it.sql("update people set n = 6")
    for out in (rollback(it, "--check").out, it.command("rollback", "--check", "--target", it.url).out):
        equal("ann@x.org" in out, False, out)
        contains(out, "(personal)")


@case("rollback")
def all_maps_were_one_transaction(it):
    pair(it, "create table t (id int primary key, v text); create table u (id int primary key references t);"
             "insert into t values (1, 'old')",
         "map t from s in s into db.t key s.id on conflict (id) update commit per run { id = s.id; v = s.v }\n"
         "map again from s in s into db.t on conflict (id) update where s.id != 3 commit per run { id = s.id; v = s.v || '!' }\n"
         "map u from s in s into db.u commit per run { id = t[s.id].id }", "".join(f"{n},v{n}\n" for n in range(1, 5000)))
    before = content(it)
    it.run()
    equal(rollback(it, "--check").undo["conflicts"], 0)
    rollback(it)
    same(it, before)
    it.run()
    it.sql("delete from u where id = 7; update t set v = 'mine' where id = 3; update t set v = 'mine' where id = 1")
    # Two maps wrote into the table in one transaction: which of them the row is of cannot be told.
    equal(rollback(it, "--check").undo["conflicts"], 2)
    rollback(it, "--policy", "keep")
    equal(it.rows("select * from t order by 1"), [("1", "mine"), ("3", "mine")])


PORTAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "specs", "portal")


@both_roles
def the_portal_goes_up_and_down(it, role):
    with open(os.path.join(PORTAL, "portal.sql"), encoding="utf-8") as f:
        it.schema(f.read())
    users = os.path.join(PORTAL, "data", "users.csv")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", it.url, "-c", f"\\copy users from '{users}' csv header"], check=True)
    url = role()
    before, tables = content(it, ("public.audit_log",)), catalog(it)
    done = it.command("run", os.path.join(PORTAL, "portal.mig"), "--target", url, "--env", "staging", "--data",
                      os.path.join(PORTAL, "data"), "--quiet", "--param", "cutover=2025-09-19 00:00 Australia/Sydney",
                      env={"MIG_PARAM_SIGNING_KEY": "demo-signing-key"})
    equal(done.code, 0, done.err)
    equal(content(it, ("public.audit_log",)) != before, True)
    audit = it.value("select count(*) from audit_log")
    rollback(it, url=url)
    same(it, before, ("public.audit_log",))
    equal(catalog(it), tables)
    equal(it.value("select count(*) from audit_log"), audit)
