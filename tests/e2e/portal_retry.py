"""The portal's quarantine, repaired as an analyst would and loaded by `mig retry`: the ledger closes at zero, and the
target is what it would have been, had the sources been right from the start.

usage: portal_retry.py MIG PORTAL_DIR
"""

import csv
import json
import os
import subprocess
import sys
import tempfile

KEY = "0f" * 32
COUNTS = ("tenants", "projects", "milestones", "tasks", "assets", "share_links", "comments", "notification_preferences")


def psql(url, sql):
    done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True, capture_output=True)
    return done.stdout.decode().strip()


class Portal:
    def __init__(self, mig, portal, url, work):
        self.mig, self.portal, self.url, self.work = mig, portal, url, work
        self.data = os.path.join(portal, "data")

    def call(self, *arguments, code=0):
        environment = {**os.environ, "PORTAL_STAGING_URL": self.url, "MIG_PARAM_SIGNING_KEY": "demo-signing-key",
                       "MIG_QUARANTINE_KEY": KEY}
        done = subprocess.run([self.mig, *arguments, "--work-dir", self.work, "--format", "json"], capture_output=True,
                              env=environment)
        if done.returncode != code:
            sys.exit(f"mig {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr.decode()}{done.stdout.decode()[:3000]}")
        return json.loads(done.stdout)

    def counts(self):
        return {t: int(psql(self.url, f"select count(*) from {t}")) for t in COUNTS}

    def free_users(self):
        """Users whose digest nobody has set yet."""
        return psql(self.url, "select email from users u where not exists"
                              " (select from notification_preferences n where n.user_id = u.id) order by 1").split("\n")


def repair(row, name, portal, free):
    """What the analyst corrects, by what is wrong."""
    wrong = row["_mig_faults"]
    some_project = psql(portal.url, "select code from projects order by 1 limit 1")
    some_user = psql(portal.url, "select email from users order by 1 limit 1")
    if name == "projects":
        row["state"] = "active"
    if name == "milestones" and "status" in wrong:
        row["state"] = "Done"
    if "no project" in wrong:
        row["project"] = some_project
    if name == "tasks":
        if "task status" in wrong:
            row["state"] = "todo"
        if "due date" in wrong:
            row["due"] = "01/12/2025"
        if "no user" in wrong:
            row["owner"] = some_user
        if "priority" in wrong:
            row["priority"] = "3"
    if name == "notification_preferences":
        row["digest"] = row["digest"] if row["digest"] != "hourly" else "daily"
        if "no user" in wrong:
            if not free:
                return None
            row["email"] = free.pop()
    return row


def repair_folder(folder, portal):
    """Rewrites the files as a spreadsheet would; the ids of the rows that nothing can be done about."""
    hopeless, free, count = [], portal.free_users(), 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(path, newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        fixed = []
        for row in rows:
            done = repair(dict(row), name[:-4], portal, free)
            if done is None:
                hopeless.append(row["_mig_id"])
            else:
                fixed.append(done)
        with open(path, "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, rows[0].keys(), delimiter=";" if name.startswith("m") else ",")
            writer.writeheader()
            writer.writerows(fixed)
        count += len(fixed)
    return count, hopeless


def conservation(portal, run, failures):
    """Each map: rows in = written + updated + unchanged + skipped + open + dismissed, whatever was retried."""
    rows = psql(portal.url, f"""select b.map, sum(b.rows_in) filter (where origin = 'source'), sum(written + updated + unchanged + skipped),
      (select count(*) from mig.quarantine q where q.run_id = '{run}' and q.map = b.map and (q.state = 'open' or q.resolution like 'dismissed%')),
      sum(rejected), (select count(*) from mig.quarantine q where q.run_id = '{run}' and q.map = b.map)
      from mig.batch b where run_id = '{run}' group by 1""")
    for line in rows.splitlines():
        name, read, settled, left, rejected, ledger = line.split("|")
        if int(read) != int(settled) + int(left):
            failures.append(f"{name}: {read} rows in, {settled} settled and {left} left over")
        if rejected != ledger:
            failures.append(f"{name}: {rejected} rejected by batches, {ledger} in the ledger")


def main():
    mig, source = sys.argv[1:3]
    url = os.environ["MIG_TEST_PG_URL"]
    subprocess.run(["psql", "-X", "-q", url, "-f", os.path.join(source, "portal.sql")], check=True, capture_output=True)
    subprocess.run(["psql", "-X", "-q", url, "-c", f"\\copy users from '{os.path.join(source, 'data', 'users.csv')}' csv header"], check=True)
    failures = []
    with tempfile.TemporaryDirectory() as work:
        portal = Portal(os.path.abspath(mig), source, url, os.path.join(work, "w"))
        run = portal.call("run", os.path.join(source, "portal.mig"), "--env", "staging", "--data", portal.data, "--quiet",
                          "--param", "cutover=2025-09-19 00:00 Australia/Sydney")["run"]
        before, rejected = portal.counts(), int(psql(url, "select count(*) from mig.quarantine"))
        folder = os.path.join(work, "repair")
        exported = portal.call("quarantine", "export", "-o", folder)
        repaired, hopeless = repair_folder(folder, portal)
        if repaired + len(hopeless) + exported["following"] != rejected:
            failures.append(f"{repaired} repaired, {len(hopeless)} not, {exported['following']} follow: {rejected} were rejected")
        done = portal.call("retry", "--from", folder, "--quiet")
        loaded = {m["name"]: m["loaded"] + m["followed"] for m in done["maps"]}
        after = portal.counts()
        for table in COUNTS:
            if after[table] - before[table] != loaded.get(table, 0):
                failures.append(f"{table}: {after[table] - before[table]} rows more, {loaded.get(table, 0)} reported")
        left_out = sum(m["skipped"] for m in done["maps"])  # two people of one address: the later one stands
        if sum(loaded.values()) + left_out != rejected - len(hopeless):
            failures.append(f"{sum(loaded.values())} of {rejected} loaded: {json.dumps(done)}")
        if done["open"] != len(hopeless):
            failures.append(f"{done['open']} are open, {len(hopeless)} were left out of the files")
        again = portal.call("retry", "--from", folder, "--quiet", code=2)  # nothing is loaded twice
        if again["diagnostics"][0]["code"] != "X0476" or portal.counts() != after:
            failures.append(f"a second retry: {again}")
        if hopeless:
            arguments = [a for i in hopeless for a in ("--dismiss", i)]
            done = portal.call("retry", *arguments, "--because", "nobody of that name")
        status = portal.call("status")
        if (done["open"], done["state"], status["state"], status["rejects_open"]) != (0, "done", "done", 0):
            failures.append(f"the ledger does not close: {done} {status}")
        conservation(portal, run, failures)
        portal.call("verify")  # what was repaired is proven with the rest
        maps = {m["map"]: m for m in status["maps"]}
        for name, m in maps.items():
            if m["in"] != sum(m[k] for k in ("written", "updated", "unchanged", "skipped", "rejected")):
                failures.append(f"status of {name}: {m}")
    print("\n".join(failures) or f"{rejected} rejected rows: {repaired} repaired, {exported['following']} followed, {len(hopeless)} dismissed")
    sys.exit(bool(failures))


main()
