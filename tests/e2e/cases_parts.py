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
