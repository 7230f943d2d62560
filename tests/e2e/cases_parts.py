"""mig rollback --only: one part of a run is taken back and loaded again, and no row of another part is touched: not its
content, not its version, not its place."""

from cases_rollback import *

PORTAL_KEEPS = ("public.audit_log",)


def both_roles(function):
    """The case once as superuser and once as an ordinary owner under FORCE ROW LEVEL SECURITY."""
    def as_superuser(it):
        function(it, lambda: it.url)

    def as_ordinary_owner(it):
        function(it, lambda: as_owner(it))
    as_superuser.__name__ = function.__name__
    as_ordinary_owner.__name__ = function.__name__ + "_by_an_ordinary_owner"
    case("rollback_part")(as_superuser)
    case("rollback_part")(as_ordinary_owner)
    return function


def versions(it, leave_out=()):
    """Each table's rows with where they stand and who wrote them."""
    return {t: sorted(it.rows(f"select t.xmin::text, t.ctid::text, t::text from {t} t"))
            for (t,) in it.rows(TABLES) if t not in leave_out}


def portal(it):
    with open(os.path.join(PORTAL, "portal.sql"), encoding="utf-8") as f:
        it.schema(f.read())
    users = os.path.join(PORTAL, "data", "users.csv")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", it.url, "-c", f"\\copy users from '{users}' csv header"], check=True)


def load_portal(it, url, *arguments):
    done = it.command("run", os.path.join(PORTAL, "portal.mig"), "--target", url, "--env", "staging", "--data",
                      os.path.join(PORTAL, "data"), "--quiet", "--param", "cutover=2025-09-19 00:00 Australia/Sydney",
                      *arguments, env={"MIG_PARAM_SIGNING_KEY": "demo-signing-key"})
    equal(done.code, 0, done.err + done.out)


def secrets(it):
    it.write("secrets", "signing_key=demo-signing-key\n")
    return ("--param-file", it.path("secrets"))


def of_others(it, tenant):
    """Rows of all other agencies, of tables without one, and of the journal's crosswalks."""
    out = {}
    for (t,) in it.rows(TABLES):
        if t in PORTAL_KEEPS:
            continue
        has = it.value("select count(*) from pg_attribute where attname = 'tenant_id' and not attisdropped and"
                       f" attrelid = '{t}'::regclass") != "0"
        where = f"tenant_id <> '{tenant}'" if has else f"id <> '{tenant}'" if t.endswith(".tenants") else "true"
        out[t] = sorted(it.rows(f"select t.xmin::text, t.ctid::text, t::text from {t} t where {where}"))
    return out


def of_tenant(it, tenant):
    return {t: int(it.value(f"select count(*) from {t} where tenant_id = '{tenant}'")) for (t,) in it.rows(TABLES)
            if it.value("select count(*) from pg_attribute where attname = 'tenant_id' and not attisdropped and"
                        f" attrelid = '{t}'::regclass") != "0"}


@both_roles
def an_agency_of_the_portal_goes_and_comes_again(it, role):
    portal(it)
    url = role()
    load_portal(it, url)
    run = it.value("select run_id from mig.run")
    slug, tenant = it.rows("select slug, id from tenants order by slug limit 1")[0]
    part = "tenant=" + slug.replace("-", " ")
    all_of_it, others, there = content(it, PORTAL_KEEPS), of_others(it, tenant), of_tenant(it, tenant)
    equal(sum(there.values()) > 0, True)

    looked = rollback(it, "--check", "--only", part, *secrets(it), url=url).undo
    equal(looked["left_alone"], ["notification_preferences"])
    equal(looked["conflicts"], 0)
    equal(undone(type("r", (), {"undo": looked}), "tasks")["untouched_inserted"]["rows"], there["public.tasks"])
    equal(of_tenant(it, tenant), there)
    equal(of_others(it, tenant), others)

    rollback(it, "--only", part, *secrets(it), url=url)
    equal(set(of_tenant(it, tenant).values()), {0})
    equal(it.value(f"select count(*) from tenants where id = '{tenant}'"), "0")
    equal(of_others(it, tenant), others)
    equal(it.value("select state from mig.run"), "done")
    contains(it.command("status", "--target", url).out, f"part {part} was rolled back")
    again = rollback(it, "--only", part, *secrets(it), code=7, url=url)
    contains(again.err, "X0447", "is rolled back already")

    checked = it.command("verify", run, "--target", url, "--data", os.path.join(PORTAL, "data"), *secrets(it))
    equal(checked.code, 0, checked.out + checked.err)
    contains(checked.out, f"part {part}", "taken back")

    load_portal(it, url, "--only", part)
    same(it, all_of_it, PORTAL_KEEPS, "after the part was loaded anew")
    equal(of_others(it, tenant), others)
    for r in it.rows("select run_id from mig.run"):
        checked = it.command("verify", r[0], "--target", url, "--data", os.path.join(PORTAL, "data"), *secrets(it))
        equal(checked.code, 0, checked.out + checked.err)

    # What is left: the part's own run whole, by its name; then the first run without that part.
    rollback(it, "--only", part, *secrets(it), url=url)
    equal(it.value("select count(*) from mig.run where state = 'rolled back'"), "1")
    equal(of_others(it, tenant), others)
    rollback(it, run, *secrets(it), url=url)
    equal({t for t, rows in content(it, PORTAL_KEEPS).items() if rows}, {"public.users"})


# ---------------------------------------------------------------- a small spec: updates, a self reference, keys of the server

REGIONS = """
create table teams (id int primary key, region text not null, name text not null, seen int not null default 7);
create table people (
  id bigint generated always as identity primary key, email text not null unique, team_id int not null references teams,
  boss_id bigint references people, note text
);
create index on people (boss_id);
create index on people (team_id);
create table news (id int primary key, team_id int references teams, text text not null);
insert into teams select n, case n % 3 when 0 then 'north' when 1 then 'south' else 'east' end, 'old ' || n, n from generate_series(1, 30) n;
insert into people (email, team_id, note) select 'p' || n || '@x', n, 'old' from generate_series(1, 30) n;
"""
REGIONS_SPEC = """
source teams  : csv 'teams.csv'  { id int; region text; name text }
source people : csv 'people.csv' { email text; team int; boss text?; region text }
source news   : csv 'news.csv'   { id int; text text }

map teams from t in teams into db.teams key t.id partition by t.region as region
  on conflict (id) update (name) commit per 7 rows
{ id = t.id; region = t.region; name = t.name }

map people from p in people into db.people key p.email partition by p.region as region
  on conflict (email) update (team_id, note) commit per 11 rows
{ email = p.email; team_id = p.team; boss_id = people[p.boss].id on missing use null; note = 'new' }

map news from n in news into db.news key n.id { id = n.id; team_id = null; text = n.text }
"""


def region(n):
    return ("north", "south", "east")[n % 3]


def regions(it, count=60):
    it.schema(REGIONS)
    it.write("teams.csv", "id,region,name\n" + "".join(f"{n},{region(n)},new {n}\n" for n in range(15, count)))
    lines = [f"p{n}@x,{n},{f'p{n + 3}@x' if n + 3 < count and n % 2 else ''},{region(n)}" for n in range(15, count)]
    lines.sort(key=lambda line: -int(line[1:line.index("@")]))
    it.write("people.csv", "email,team,boss,region\n" + "\n".join(lines) + "\n")
    it.write("news.csv", "id,text\n1,a\n2,b\n")
    it.spec(REGIONS_SPEC)


OF_REGION = {"public.teams": "region = '{0}'", "public.people": "team_id in (select id from teams where region = '{0}')",
             "public.news": "false"}


def rows_of(it, name, columns, inside):
    out = {}
    for table, where in OF_REGION.items():
        condition = where.format(name)
        out[table] = sorted(it.rows(f"select {columns} from {table} t where {'' if inside else 'not '}({condition})"))
    return out


PLACE = "t.xmin::text, t.ctid::text, t::text"


def content_of(it, name):
    """Without the keys that the server gives."""
    return [sorted(it.rows(f"select id, region, name, seen from teams where region = '{name}'")),
            sorted(it.rows("select p.email, p.team_id, b.email, p.note from people p left join people b on b.id = p.boss_id"
                           f" where p.team_id in (select id from teams where region = '{name}')"))]


@both_roles
def updated_and_inserted_rows_of_one_part_go_back(it, role):
    regions(it)
    url = role()
    empty, before = content(it), rows_of(it, "south", "t::text", True)
    run(it, url)
    first = it.value("select run_id from mig.run")
    others = rows_of(it, "south", PLACE, False)
    looked = rollback(it, "--check", "--only", "region=south", url=url)
    equal(looked.undo["left_alone"], ["news"])
    equal(looked.undo["part_rows"], 30)
    equal([undone(looked, "teams")[k]["rows"] for k in ("untouched_inserted", "untouched_updated")], [10, 5])
    rollback(it, "--only", "region=south", url=url)
    equal(rows_of(it, "south", "t::text", True), before)
    equal(rows_of(it, "south", PLACE, False), others)
    checked = it.command("verify", first, "--target", url)
    equal(checked.code, 0, checked.out + checked.err)
    checked = it.command("verify", first, "--target", url, "--journal-only")
    equal(checked.code, 0, checked.out + checked.err)
    equal(it.value("select count(*) from mig.undone_image"), "10")
    # Another part, then all the rest; rows of the first part are not undone twice.
    north = rows_of(it, "north", PLACE, True)
    rollback(it, "--only", "region=east", first, url=url)
    equal(rows_of(it, "north", PLACE, True), north)
    it.sql("update people set note = 'mine' where email = 'p16@x'")
    equal(rollback(it, "--check", first, url=url).undo["conflicts"], 0)
    rollback(it, first, url=url)
    it.sql("update people set note = 'old' where email = 'p16@x'")
    same(it, empty)


@case("rollback_part")
def a_part_is_loaded_anew(it):
    regions(it)
    run(it)
    first = it.value("select run_id from mig.run")
    loaded, others = content_of(it, "south"), rows_of(it, "south", PLACE, False)
    rollback(it, "--only", "region=south")
    it.run("--only", "region=south")
    equal(content_of(it, "south"), loaded)
    equal(rows_of(it, "south", PLACE, False), others)
    checked = it.command("verify", first, "--target", it.url)
    equal(checked.code, 0, checked.out + checked.err)
    # The first run without that part, though others have changed a row of it: the part's rows are the second run's.
    it.sql("update people set note = 'mine' where email = 'p45@x'")
    mine = rows_of(it, "south", PLACE, True)
    rollback(it, first, code=7)
    rollback(it, first, "--policy", "keep")
    equal(rows_of(it, "south", PLACE, True), mine)
    equal(it.value("select count(*) from people where id > 30 and email not in ('p45@x', 'p48@x') and team_id not in"
                   " (select id from teams where region = 'south')"), "0")


@case("rollback_part")
def rows_of_the_part_that_others_changed(it):
    for policy, code in (("stop", 7), ("keep", 0), ("overwrite", 0), ("merge", 0)):
        it.sql("drop schema if exists mig cascade; drop table if exists news, people, teams")
        regions(it)
        run(it)
        others = rows_of(it, "south", PLACE, False)
        # inserted, then edited; updated, then edited elsewhere; updated, then edited there; inserted, then deleted
        it.sql("update people set note = 'mine' where email = 'p40@x'; update teams set seen = 99 where id = 16;"
               "update teams set name = 'mine' where id = 19; delete from people where email = 'p43@x'")
        looked = rollback(it, "--check", "--only", "region=south")
        equal([looked.undo["conflicts"], undone(looked, "people")["edited"]["rows"], undone(looked, "people")["gone"]["rows"],
               undone(looked, "teams")["edited"]["rows"], undone(looked, "teams")["held"]["rows"]], [4, 1, 1, 2, 1])
        done = rollback(it, "--only", "region=south", "--policy", policy, code=code)
        equal(rows_of(it, "south", PLACE, False), others)
        got = [it.rows("select note from people where email = 'p40@x'"), it.rows("select name, seen from teams where id = 16"),
               it.rows("select name, seen from teams where id = 19"), it.rows("select name from teams where id = 40")]
        equal(got, {
            "stop": [[("mine",)], [("new 16", "99")], [("mine", "19")], [("new 40",)]],
            "keep": [[("mine",)], [("new 16", "99")], [("mine", "19")], [("new 40",)]],
            "overwrite": [[], [("old 16", "16")], [("old 19", "19")], []],
            "merge": [[("mine",)], [("old 16", "99")], [("mine", "19")], [("new 40",)]],
        }[policy], f"policy {policy}: {done.out}")


@case("rollback_part")
def parts_that_are_not_there(it):
    regions(it)
    run(it)
    stand = content(it)
    nothing = rollback(it, "--only", "region=west")
    equal([nothing.undo["nothing"], nothing.undo["part_rows"]], [True, 0])
    text = it.command("rollback", "--target", it.url, "--only", "region=west")
    equal(text.code, 0)
    contains(text.out, "no row of the run is of part region=west")
    unknown = rollback(it, "--only", "regoin=south", code=2)
    contains(unknown.err, "X0406", "no map is partitioned by `regoin`", "Did you mean `region`?")
    for wrong in ("south", "=south"):
        contains(it.command("rollback", "--target", it.url, "--only", wrong).err, "--only takes PART=VALUE")
    equal(it.value("select count(*) from mig.part_undo"), "0")
    os.rename(it.path("people.csv"), it.path("people.gone"))
    contains(rollback(it, "--only", "region=south", code=7).err, "X0446", "Only the run's sources tell that")
    os.rename(it.path("people.gone"), it.path("people.csv"))
    with open(it.path("people.csv"), "a") as f:
        f.write("p100@x,16,,south\n")
    contains(rollback(it, "--only", "region=south", code=7).err, "X0446")
    same(it, stand)


@case("rollback_part")
def a_run_of_that_part_alone_is_rolled_back_whole(it):
    regions(it)
    before = content(it)
    it.run("--only", "region=south")
    equal(rollback(it, "--only", "region=north").undo["nothing"], True)
    os.remove(it.path("people.csv"))
    rollback(it, "--only", "region=south")
    same(it, before)
    equal(it.value("select state from mig.run"), "rolled back")


@case("rollback_part")
def maps_whose_rows_cannot_be_told_by_part(it):
    it.schema("create table t (id int primary key, v text); create table u (v text); create table w (id int primary key, v text)")
    it.write("s.csv", "id,v\n1,a\n2,b\n")
    it.spec("""
source s : csv 's.csv' { id int; v text }
map t from s in s into db.t partition by s.v as v { id = s.id; v = s.v }
map u from s in s into db.u partition by s.v as v { v = s.v }
map w from s in s into db.w partition by s.v as v rollback sql \"\"\"delete from w\"\"\" { id = s.id; v = s.v }
""")
    it.run()
    stopped = rollback(it, "--only", "v=a", code=7)
    contains(stopped.err, "X0443", "it writes no key of the table whole", "knows no parts")
    rollback(it, "--only", "v=a", "--skip-irreversible")
    equal([it.rows("select id from t"), it.value("select count(*) from u"), it.value("select count(*) from w")],
          [[("2",)], "2", "2"])


@case("rollback_part")
def mig_is_killed_while_it_takes_a_part_back(it):
    regions(it, 3000)
    empty = rows_of(it, "south", "t::text", True)
    run(it)
    others = rows_of(it, "south", PLACE, False)
    kills = 0

    def count():
        return int(it.value("select count(*) from mig.part_undo_batch"))

    def over():
        return it.value("select count(*) from mig.part_undo where state = 'rolled back'") == "1"
    for _ in range(30):
        if over():
            break
        done, wait = count(), random.uniform(0, 0.3)
        process = start_rollback(it, "--only", "region=south")
        while process.poll() is None and count() == done:
            time.sleep(0.005)
        time.sleep(wait)
        kills += process.poll() is None
        process.kill()
        process.communicate()
        wait_until_alone(it)
        if not over():
            contains(it.command("status", "--target", it.url).out, "half-way", "--only region=south` goes on")
    equal(kills > 1, True, f"{kills} kills")
    rollback(it, "--only", "region=south", code=7 if over() else 0)
    equal(rows_of(it, "south", "t::text", True), empty)
    equal(rows_of(it, "south", PLACE, False), others)
    equal(it.value("select state from mig.run"), "done")
