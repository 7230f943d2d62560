"""mig killed, the server killed, connections cut: every batch that the target has is in the journal, with counts that
are the table's, and nothing half committed stands anywhere."""

import random

from kit import *

ROWS = 120000


def slow_load(it, clauses="commit per 2000 rows"):
    it.schema("create table t (id int primary key, v text not null, w int); create table u (id int primary key)")
    with open(it.path("s.csv"), "w") as f:
        f.write("id,v,w\n")
        for i in range(ROWS):
            f.write(f"{i},value {i},{'x' if i % 1000 == 7 else i}\n")
    it.spec(f"""
source s : csv 's.csv' {{ id int; v text; w text }}
map t from s in s into db.t key s.id {clauses} tolerance 100% {{ id = s.id; v = s.v; w = int(s.w) }}
map u from s in s into db.u {clauses} {{ id = s.id }}
""")


def start(it, url=None):
    return subprocess.Popen([it.mig, "run", "spec.mig", "--format", "json", "--quiet"], cwd=it.dir,
                            env={**os.environ, "DB": url or it.url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for_batches(it, count, process):
    for _ in range(400):
        try:
            if int(it.value("select count(*) from mig.batch")) >= count:
                return
        except (QueryError, IndexError):
            pass
        if process.poll() is not None:
            return
        time.sleep(0.01)


def wait_until_alone(it):
    """Server processes of a client that was killed end when they notice."""
    for _ in range(500):
        if it.value("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                    " and backend_type = 'client backend'") == "0":
            return
        time.sleep(0.02)


def check_everything_is_journaled(it):
    for table in ("t", "u"):
        rows = it.value(f"select count(*) from {table}")
        equal(rows, it.value(f"select coalesce(sum(written), 0) from mig.batch where map = '{table}'"), f"rows of {table}")
        # Each batch's transaction holds just its rows.
        wrong = it.rows(f"select b.ordinal, b.written, count(x.id) from mig.batch b left join {table} x"
                        f" on x.xmin::text = (b.xid::text::bigint % 4294967296)::text where b.map = '{table}'"
                        " group by 1, 2 having count(x.id) <> b.written")
        equal(wrong, [], f"batches of {table} whose rows differ from what the journal says")
    equal(it.rows("select map, ordinal from mig.batch where rows_in <> written + updated + unchanged + skipped + rejected"), [])
    # Ranges meet, from the first row on.
    gaps = it.rows("select map, ordinal from (select map, ordinal, first_row, coalesce(lag(end_row) over (partition by map"
                   " order by ordinal), 0) as before from mig.batch) x where first_row <> before")
    equal(gaps, [], "gaps between batches")
    # What is below the last committed row is settled: written, or rejected and in the journal's count.
    for table, counts in ((r[0], r[1:]) for r in it.rows("select map, max(end_row), sum(written + rejected) from mig.batch group by 1")):
        equal(counts[0], counts[1], f"settled rows of {table}")


def quarantined(it):
    found = 0
    for folder, _, files in os.walk(it.path(".mig")):
        for name in files:
            if name == "t.ndjson":
                text = open(os.path.join(folder, name), encoding="utf-8").read()
                found += sum(1 for line in text.split("\n")[:-1] if json.loads(line))
    return found


@case("kill")
def mig_is_killed(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, random.randint(3, 25), process)
    process.kill()
    process.communicate()
    wait_until_alone(it)
    check_everything_is_journaled(it)
    equal(it.value("select state from mig.run"), "running")
    equal(quarantined(it) >= int(it.value("select coalesce(sum(rejected), 0) from mig.batch")), True,
          "every rejected row of a committed batch is in quarantine")
    status = it.command("status", "--target", it.url)
    contains(status.out, "running")
    # A new run is not kept out by the dead one's lock.
    it.sql("truncate t, u")
    run = it.run(law=False)
    equal(run.counts("u"), (ROWS, ROWS, 0, 0, 0, 0))
    equal(it.value("select count(*) from u"), str(ROWS))


@case("kill")
def mig_is_killed_at_a_random_moment(it):
    slow_load(it)
    for _ in range(3):
        process = start(it)
        time.sleep(random.uniform(0.02, 0.6))
        process.kill()
        process.communicate()
        wait_until_alone(it)
        if it.value("select to_regclass('mig.batch')") is not None:
            check_everything_is_journaled(it)
            it.sql("truncate t, u; truncate mig.batch, mig.step, mig.run cascade")


@case("kill")
def the_connection_is_cut(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, 5, process)
    it.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'mig %'")
    out, err = process.communicate(timeout=60)
    report = json.loads(out)
    wait_until_alone(it)
    check_everything_is_journaled(it)
    if process.returncode == 0:  # it found the server again
        equal(it.value("select count(*) from u"), str(ROWS))
    else:
        equal(process.returncode, 6, f"batches stand, so the exit code\n{err.decode()}\n")
        contains(err.decode(), "X03")
        equal(str(report["maps"][-1]["written"]),
              it.value(f"select coalesce(sum(written), 0) from mig.batch where map = '{report['maps'][-1]['name']}'"))


@case("kill")
def the_loading_connection_alone_is_cut(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, 5, process)
    it.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'mig %'"
           " and (query ilike 'copy%' or query ilike '%mig.batch%' or query ilike 'commit%' or query ilike 'begin%')")
    out, err = process.communicate(timeout=60)
    wait_until_alone(it)
    check_everything_is_journaled(it)
    if process.returncode:
        equal(process.returncode, 6, f"batches stand, so the exit code\n{err.decode()}\n")
        equal(it.value("select state from mig.run"), "stopped")
        equal(it.rows("select count(*) from mig.step where state = 'running'"), [("0",)])


@case("kill")
def a_statement_is_cancelled(it):
    slow_load(it)
    process = start(it)
    wait_for_batches(it, 3, process)
    it.sql("select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'mig %' and state = 'active'")
    process.communicate(timeout=60)
    check_everything_is_journaled(it)


@case("kill")
def a_lock_in_the_way(it):
    slow_load(it)
    holder = subprocess.Popen(["psql", "-X", "-q", "-c", "begin; lock table t in access exclusive mode; select pg_sleep(1.5)", it.url],
                              stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    run = it.run(timeout=120)
    holder.wait()
    equal(run.counts("u"), (ROWS, ROWS, 0, 0, 0, 0))


# ---------------------------------------------------------------- the server itself: one of the case's own

class Server:
    """A server that a case may kill. Durable, for it is to come back."""

    def __init__(self, it, authentication="trust", password=None):
        self.bin = None
        for folder in sorted(os.listdir("/usr/lib/postgresql"), key=float, reverse=True):
            if os.path.exists(f"/usr/lib/postgresql/{folder}/bin/initdb"):
                self.bin = f"/usr/lib/postgresql/{folder}/bin"
                break
        self.dir = it.path("pg")
        os.makedirs(self.dir)
        os.chmod(it.dir, 0o755)
        self.wrap = []
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres", "postgres")
            self.wrap = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        secret = [f"--pwfile={it.write('password', password)}"] if password else []
        self.call("initdb", "-D", self.dir + "/data", "-U", "tester", "-A", authentication, "--no-sync", "-E", "UTF8",
                  "--locale=C.UTF-8", *secret)
        with open(self.dir + "/data/postgresql.conf", "a") as f:
            f.write(f"listen_addresses = ''\nunix_socket_directories = '{self.dir}'\nunix_socket_permissions = 0777\n"
                    "shared_buffers = 32MB\n")
        self.url = f"postgresql://tester@/postgres?host={self.dir}"

    def call(self, program, *arguments):
        subprocess.run([*self.wrap, f"{self.bin}/{program}", *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=self.dir, timeout=90)

    def start(self):
        self.call("pg_ctl", "-D", self.dir + "/data", "-l", self.dir + "/log", "-w", "-t", "60", "start")

    def kill(self):
        if os.path.exists(self.dir + "/data/postmaster.pid"):
            self.call("pg_ctl", "-D", self.dir + "/data", "-m", "immediate", "-w", "stop")


@case("kill_server")
def the_server_is_killed(it):
    server = Server(it)
    server.start()
    try:
        it.url, it.has_database = server.url, True
        slow_load(it)
        process = start(it)
        wait_for_batches(it, random.randint(3, 25), process)
        server.kill()
        try:
            out, err = process.communicate(timeout=5)
            equal(process.returncode, 6, f"batches stand, so the exit code\n{err.decode()}\n")
            contains(err.decode(), "X03")
            server.start()
        except subprocess.TimeoutExpired:  # a commit in doubt: it waits for the server to ask it
            server.start()
            out, err = process.communicate(timeout=120)
        check_everything_is_journaled(it)
        committed = it.value("select coalesce(sum(written), 0) from mig.batch where map = 't'")
        report = json.loads(out)
        equal(int(report["maps"][0]["written"]) <= int(committed), True, "the report claims no more than there is")
        status = it.command("status", "--target", it.url)
        equal(status.code, 0, status.err)
        it.sql("truncate t, u")
        run = it.run(law=False)
        equal(run.counts("u"), (ROWS, ROWS, 0, 0, 0, 0))
    finally:
        server.kill()


@case("kill_server")
def the_server_is_killed_before_anything_is_committed(it):
    server = Server(it)
    server.start()
    try:
        it.url, it.has_database = server.url, True
        slow_load(it)
        it.sql("create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end';"
               " create trigger slow before insert on t for each row when (new.id = 1500) execute function slow()")
        process = start(it)
        for _ in range(400):
            if it.rows("select 1 from pg_stat_activity where application_name like 'mig %' and wait_event = 'PgSleep'"):
                break
            time.sleep(0.02)
        server.kill()
        out, err = process.communicate(timeout=60)
        equal(process.returncode, 5, f"nothing stands, so the exit code\n{err.decode()}\n")
        server.start()
        equal(it.value("select count(*) from t"), "0")
        equal(it.value("select count(*) from mig.batch"), "0")
    finally:
        server.kill()


@case("kill_server")
def the_server_comes_back_while_mig_runs(it):
    server = Server(it)
    server.start()
    try:
        it.url, it.has_database = server.url, True
        slow_load(it)
        process = start(it)
        wait_for_batches(it, 4, process)
        server.kill()
        server.start()
        out, err = process.communicate(timeout=120)
        check_everything_is_journaled(it)
        if process.returncode == 0:
            equal(it.value("select count(*) from u"), str(ROWS))
        else:
            equal(process.returncode, 6, f"batches stand, so the exit code\n{err.decode()}\n")
    finally:
        server.kill()
