"""A real data set through its spec: check, test, run, and everything that came of it counted.

usage: run.py MIG PROJECT_DIR SET…      (within with_postgres.sh, which gives MIG_TEST_PG_URL)

The data are in MIG_SHARED_DATA, or in ../shared/data beside the checkout; without them the status is 77. With
MIG_UPDATE_GOLDEN set, the counts found become expected/SET.json; the independent counts of counting.py are compared
in any case.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import counting
import spectrum

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTS = ("read", "written", "updated", "unchanged", "skipped", "rejected", "warnings")

# The folder in specs/, the spec's name in it, the data's folder.
SETS = {
    "cellphones": ("phones", "json/simdjson-examples"),
    "chinook": ("chinook", "rel/chinook"),
    "cities": ("cities", "xlsx/poi"),
    "deaths": ("deaths", "xlsx/readxl"),
    "forum_dynamodb": ("forum", "json/dynamodb/aws-sampledata"),
    "forum_plain": ("forum", "json/dynamodb/forum-thread-reply"),
    "games": ("games", "json/dynamodb/single-table-ndjson"),
    "github_api": ("api", "json/github-api"),
    "github_events": ("events", "json/simdjson-examples"),
    "github_webhooks": ("webhooks", "json/github-webhooks"),
    "grids": ("grids", "xlsx/calamine"),
    "issue_archive": ("archive", "json/github-issue-archive"),
    "jenkins": ("builds", "json/simdjson-examples"),
    "northwind": ("northwind", "rel/northwind"),
    "sample_sheet": ("sample", "xlsx/poi"),
    "scenarios": ("scenarios", "xlsx/xlsx2csv"),
    "slack": ("slack", "json/slack-export"),
    "statistics": ("statistics", "xlsx/readxl"),
    "type_me": ("type_me", "xlsx/readxl"),
}

PLAIN = """migration plain version 1
source items : dynamodb 'Forum.json' { name text from 'Name' }
target db : postgres env 'PLAIN_URL' schema 'plain.sql'
map forums from i in items into db.forums key i.name { name = i.name }
"""


class Server:
    """A database of its own for each run."""

    def __init__(self, url):
        self.url = url

    def query(self, sql, *args):
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", "-F", "\x1f", "-R", "\x1e", self.url, *args]
        out = subprocess.run([*command, "-c", sql], check=True, capture_output=True).stdout.decode().rstrip("\n\x1e")
        return [tuple(row.split("\x1f")) for row in out.split("\x1e")] if out else []

    def load(self, path):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-f", path], check=True,
                       capture_output=True)

    def fresh(self, name):
        self.query(f"drop database if exists {name}")
        self.query(f"create database {name}")
        return Server(re.sub(r"/postgres\?", f"/{name}?", self.url))


class Failures(list):
    def expect(self, what, got, wanted):
        if got != wanted:
            self.append(f"{what}: {got!r}, expected {wanted!r}")


def run_mig(mig, *args, env=None):
    return subprocess.run([mig, *args], capture_output=True, text=True, env={**os.environ, **(env or {})})


def migrate(mig, spec, server, data, failures, code=0):
    """`mig run` of the spec against the server's database; its report."""
    with open(spec, encoding="utf-8") as file:
        variable = re.search(r"^target \w+ : postgres env '(\w+)'", file.read(), re.MULTILINE).group(1)
    with tempfile.TemporaryDirectory() as work:
        run = run_mig(mig, "run", spec, "--data", data, "--work-dir", work, "--quiet", "--format", "json",
                      env={variable: server.url})
    if run.returncode != code:
        failures.append(f"mig run ended with {run.returncode}: {run.stderr}")
    return json.loads(run.stdout), run.stderr


def check_conservation(report, failures):
    for m in report["maps"]:
        total = sum(m[k] for k in COUNTS[1:6])
        failures.expect(f"{m['name']}: rows accounted for", total, m["read"])
        for outcome in ("skipped", "rejected"):
            explained = sum(r["count"] for r in m["reasons"] if r["outcome"] == outcome)
            failures.expect(f"{m['name']}: {outcome} rows with a reason", explained, m[outcome])


def golden_of(report):
    maps = {}
    for m in report["maps"]:
        reasons = {}
        for r in m["reasons"]:
            name = f"{r['outcome']}: {r['text']}"
            reasons[name] = reasons.get(name, 0) + r["count"]
        maps[m["name"]] = {k: m[k] for k in COUNTS if m[k]} | ({"reasons": reasons} if reasons else {})
    return {"maps": maps, "checks": sorted(c["name"] for c in report["checks"])}


def compare_golden(name, report, failures):
    path = os.path.join(HERE, "expected", name + ".json")
    got = golden_of(report)
    if os.environ.get("MIG_UPDATE_GOLDEN"):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(got, file, indent=1, sort_keys=True, ensure_ascii=False)
            file.write("\n")
    with open(path, encoding="utf-8") as file:
        wanted = json.load(file)
    failures.expect("checks", got["checks"], wanted["checks"])
    for m in sorted(got["maps"].keys() | wanted["maps"].keys()):
        failures.expect(m, got["maps"].get(m), wanted["maps"].get(m))


def run_set(mig, project, name, shared, server, failures):
    file, folder = SETS[name]
    spec = os.path.join(project, "specs", name, file + ".mig")
    data = os.path.join(shared, folder)
    checked = run_mig(mig, "check", spec)
    failures.expect("mig check", (checked.returncode, checked.stderr), (0, ""))
    with open(spec, encoding="utf-8") as text:
        if re.search("^test ", text.read(), re.MULTILINE):
            tested = run_mig(mig, "test", spec)
            failures.expect("mig test", (tested.returncode, tested.stdout if tested.returncode else ""), (0, ""))
    target = server.fresh("set_" + name)
    schema = re.search(r"schema '([^']*)'", open(spec, encoding="utf-8").read()).group(1)
    target.load(os.path.join(os.path.dirname(spec), schema))
    report, _ = migrate(mig, spec, target, data, failures)
    check_conservation(report, failures)
    for check in report["checks"]:
        if not check["passed"]:
            failures.append(f"check {check['name']}: {check['detail']}")
    compare_golden(name, report, failures)
    counted = getattr(counting, name, None)
    if counted:
        for sql, wanted in counted(data).items():
            got = target.query(sql)
            if isinstance(wanted, int):
                failures.expect(sql, got, [(str(wanted),)])
            else:
                failures.expect(sql, sorted(got), sorted(tuple(map(str, row)) for row in wanted))
    if name == "forum_dynamodb":
        refuse_plain(mig, shared, server, failures)


def refuse_plain(mig, shared, server, failures):
    """Plain values are not DynamoDB's typed form, and must not be taken for it."""
    target = server.fresh("refused")
    target.query("create table forums (name text primary key)")
    with tempfile.TemporaryDirectory() as work:
        for name, text in (("plain.sql", "create table forums (name text primary key);\n"), ("plain.mig", PLAIN)):
            with open(os.path.join(work, name), "w", encoding="utf-8") as file:
                file.write(text)
        data = os.path.join(shared, SETS["forum_plain"][1])
        _, messages = migrate(mig, os.path.join(work, "plain.mig"), target, data, failures, code=5)
    if "is not a typed DynamoDB value" not in messages:
        failures.append(f"plain values were not refused as such: {messages}")
    failures.expect("rows of a refused file", target.query("select count(*) from forums"), [("0",)])


def main():
    mig, project, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    shared = os.environ.get("MIG_SHARED_DATA") or os.path.join(project, "..", "shared", "data")
    if not os.path.isdir(shared):
        print(f"skipped: there is no {shared}")
        sys.exit(77)
    server = Server(os.environ["MIG_TEST_PG_URL"])
    bad = False
    for name in names:
        failures = Failures()
        if name == "csv_spectrum":
            spectrum.run(mig, shared, server, migrate, failures)
        else:
            run_set(mig, project, name, shared, server, failures)
        for failure in failures:
            print("FAILED", failure)
        print(f"{name}:", "as expected" if not failures else f"{len(failures)} failures")
        bad = bad or bool(failures)
    sys.exit(bad)


if __name__ == "__main__":
    main()
