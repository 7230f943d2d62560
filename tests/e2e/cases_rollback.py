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
    return it.run("--target", url or it.url, "--param-file", "/dev/null")


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
