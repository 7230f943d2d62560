"""What the end-to-end cases share: a folder and a database for each case, running mig, reading what it left.

A case is a function that takes a Case; @case(group) registers it. Whatever a case looks at, every run of mig that
it makes is checked for what must always hold: each map's rows are conserved, the journal's batches add up to the
report, no step is left open, and nothing that the case planted as personal data stands in a log, a report, a
quarantine file, a message or the journal.
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from pg_client import Client, QueryError, with_database

CASES = []
PRELUDE = "migration t version 1\ntarget db : postgres env 'DB' schema 'target.sql'\n"
COUNTS = ("written", "updated", "unchanged", "skipped", "rejected")


def case(group):
    def register(function):
        CASES.append((group, function))
        return function
    return register


class Failure(Exception):
    pass


class Run:
    """What one mig left: exit code, texts, and the report where there is one."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.report = None
        if out.startswith("{"):
            whole = json.loads(out)
            self.report = whole if "checks" in whole else None

    def map(self, name):
        for m in self.report["maps"]:
            if m["name"] == name:
                return m
        raise Failure(f"the report has no map {name}")

    def counts(self, name):
        """(read, written, updated, unchanged, skipped, rejected)"""
        m = self.map(name)
        return tuple(m[k] for k in ("read", *COUNTS))

    def reasons(self, name, outcome="rejected"):
        """What was decided, how often: {"R0140": 2}; skips by their text."""
        found = {}
        for r in self.map(name)["reasons"]:
            if r["outcome"] == outcome:
                key = r["text"] if outcome == "skipped" else r["code"]
                found[key] = found.get(key, 0) + r["count"]
        return found

    def examples(self, name, outcome="rejected"):
        return [r["example"] for r in self.map(name)["reasons"] if r["outcome"] == outcome]

    def check(self, name):
        for c in self.report["checks"]:
            if c["name"] == name:
                return c
        raise Failure(f"the report has no check {name}")


class Case:
    def __init__(self, mig, server, database):
        self.mig, self.server, self.database = mig, server, database
        self.dir = tempfile.mkdtemp(prefix="mig-e2e-", dir=FAST_FOLDER)
        self.url = with_database(server, database)
        self.client = None
        self.personal = []  # texts that must not be found anywhere but in the target
        self.has_database = False
        self.last = None

    def close(self):
        if self.client:
            self.client.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ------------------------------------------------------------ files

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        if name.endswith(".gz") and not data.startswith(b"\x1f\x8b"):
            data = gzip.compress(data)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def schema(self, sql, apply=True):
        """The target's DDL: target.sql, and in the case's own database."""
        self.write("target.sql", sql)
        if not self.has_database:
            self.sql(EMPTY_DATABASE)
            self.has_database = True
        if apply:
            self.sql(sql)

    def spec(self, text, name="spec.mig", prelude=PRELUDE):
        return self.write(name, prelude + text)

    # ------------------------------------------------------------ the database

    def rows(self, query):
        """Rows as tuples of texts; null is None."""
        if self.client is None or self.client_url != self.url:
            self.client, self.client_url = Client(self.url), self.url
        return self.client.query(query)

    def sql(self, text):
        self.rows(text)

    def value(self, query):
        return self.rows(query)[0][0]

    # ------------------------------------------------------------ mig

    def command(self, *arguments, env=None, stdin=None, cwd=None, limits=None, timeout=60):
        environment = {**os.environ, "DB": self.url, "LC_ALL": "C.UTF-8", **(env or {})}
        environment = {k: v for k, v in environment.items() if v is not None}
        done = subprocess.run([self.mig, *arguments], capture_output=True, input=stdin, cwd=cwd or self.dir,
                              env=environment, timeout=timeout, preexec_fn=limits)
        result = Run(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        if "Sanitizer" in result.err:
            raise Failure(f"a sanitizer speaks:\n{result.err}")
        if done.returncode < 0:
            raise Failure(f"mig died of signal {-done.returncode}\n{result.err}")
        self.last = result
        return result

    def run(self, *arguments, code=0, spec="spec.mig", law=True, **rest):
        """mig run --format json, then everything that must always hold."""
        result = self.command("run", spec, "--format", "json", *arguments, **rest)
        if result.code != code:
            raise Failure(f"exit code {result.code}, expected {code}\n{explain(result)}")
        if result.report and law:
            self.check_laws(result, "--dry-run" in arguments)
        self.check_personal(result)
        return result

    def refuse(self, *arguments, code, spec="spec.mig", has=(), **rest):
        """A run that must end with this code and say all of this; returns it."""
        result = self.run(*arguments, code=code, spec=spec, **rest)
        for text in has:
            if text not in result.err + result.out:
                raise Failure(f"no {text!r} among the messages:\n{result.err}{result.out}")
        return result

    def quarantine(self, result, name):
        path = os.path.join(self.dir, result.report["quarantine"], name + ".ndjson")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    # ------------------------------------------------------------ what must always hold

    def check_laws(self, result, dry):
        report = result.report
        for m in report["maps"]:
            total = sum(m[k] for k in COUNTS)
            if m["complete"] and m["read"] != total:
                raise Failure(f"map {m['name']}: {m['read']} rows read, {total} accounted for")
            told = sum(r["count"] for r in m["reasons"] if r["outcome"] == "rejected")
            if m["complete"] and told != m["rejected"]:
                raise Failure(f"map {m['name']}: {m['rejected']} rejected, {told} of them with a reason")
            told = sum(r["count"] for r in m["reasons"] if r["outcome"] == "skipped")
            if m["complete"] and told != m["skipped"]:
                raise Failure(f"map {m['name']}: {m['skipped']} skipped, {told} of them with a reason")
            if m["complete"] and len(self.quarantine(result, m["name"])) != m["rejected"]:
                raise Failure(f"map {m['name']}: {m['rejected']} rejected, "
                              f"{len(self.quarantine(result, m['name']))} in quarantine")
        if dry or not self.has_database:
            return
        try:
            if self.value("select to_regclass('mig.batch')") is None:
                return
        except QueryError:
            return
        self.check_journal(result)

    def check_journal(self, result):
        run = result.report["run"]
        state = self.rows(f"select state, exit_code from mig.run where run_id = '{run}'")
        if state and (state[0][0] == "running" or state[0][1] != str(result.code)):
            raise Failure(f"the journal says {state[0]} of a run that ended with {result.code}")
        wrong = self.rows("select map, ordinal from mig.batch where rows_in <>"
                          f" written + updated + unchanged + skipped + rejected and run_id = '{run}'")
        if wrong:
            raise Failure(f"batches do not conserve their rows: {wrong}")
        wrong = self.rows("select map, ordinal, rejected from mig.batch b where run_id = '%s' and rejected <> (select count(*)"
                          " from mig.quarantine q where q.run_id = b.run_id and q.map = b.map and q.batch = b.ordinal)" % run)
        if wrong:
            raise Failure(f"batches whose rejected rows are not in the ledger: {wrong}")
        sums = {r[0]: tuple(int(x) for x in r[1:]) for r in self.rows(
            "select map, sum(rows_in), sum(written), sum(updated), sum(unchanged), sum(skipped), sum(rejected)"
            f" from mig.batch where run_id = '{run}' group by 1")}
        steps = {r[0]: r[1:] for r in self.rows(
            "select map, state, rows_in, written, updated, unchanged, skipped, rejected from mig.step"
            f" where run_id = '{run}'")}
        for m in result.report["maps"]:
            if m["name"] not in steps:  # into csv
                continue
            counts = tuple(m[k] for k in ("read", *COUNTS))
            step = steps[m["name"]]
            if step[0] == "running":
                raise Failure(f"step {m['name']} is still running in the journal")
            if m["complete"] and (sums.get(m["name"], (0,) * 6) != counts or step[1:] != tuple(map(str, counts))):
                raise Failure(f"map {m['name']}: report {counts}, batches {sums.get(m['name'])}, step {step}")
            committed = sums.get(m["name"], (0,) * 6)
            if not m["complete"] and counts[1:4] != committed[1:4]:
                raise Failure(f"map {m['name']} stopped: the report has {counts[1:4]} written, updated, unchanged;"
                              f" committed are {committed[1:4]}")

    def is_in_spec(self, secret):
        for name in os.listdir(self.dir):
            if name.endswith((".mig", ".sql")) and os.path.isfile(self.path(name)):
                with open(self.path(name), "rb") as f:
                    if secret.encode() in f.read():
                        return True
        return False

    def check_personal(self, result):
        if not self.personal:
            return
        places = {"standard output": result.out, "standard error": result.err}
        for folder, _, files in os.walk(self.path(".mig")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    places[name] = f.read().decode(errors="replace")
        if self.has_database:
            for (table,) in self.rows("select tablename from pg_tables where schemaname = 'mig'"):
                places["mig." + table] = "\n".join(r[0] for r in self.rows(f"copy mig.{table} to stdout"))
        for where, text in places.items():
            for secret in self.personal:
                if where in ("plan.migc", "mig.run") and self.is_in_spec(secret):
                    continue  # the author wrote it
                if secret not in text and secret.encode().hex() in text:
                    raise Failure(f"personal data {secret!r} stands in {where}, as hexadecimal digits")
                if secret in text:
                    at = text.index(secret)
                    raise Failure(f"personal data {secret!r} stands in {where}: …{text[max(0, at - 200):at + 60]!r}")


# In memory, where there is such a folder: mig waits for the disk at each commit.
FAST_FOLDER = None
if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30:
    FAST_FOLDER = "/dev/shm"

# Creating and dropping databases costs a checkpoint each: a worker empties its own instead.
EMPTY_DATABASE = """
set client_min_messages = warning;
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
do $$ declare s record; begin
  for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', s.nspname);
  end loop;
end $$;
create schema public;
"""


def explain(result):
    text = result.err
    if result.report:
        for m in result.report["maps"]:
            text += f"\n{m['name']}: " + " ".join(f"{k}={m[k]}" for k in ("read", *COUNTS, "complete"))
            for r in m["reasons"]:
                text += f"\n    {r['count']} {r['outcome']} {r['code']} line {r['line']}: {r['example'] or r['text']}"
        for c in result.report["checks"]:
            text += f"\ncheck {c['name']}: {'holds' if c['passed'] else 'FAILS'}: {c['detail']}"
    return text or result.out


def equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what} is {got!r}, expected {wanted!r}")


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise Failure(f"no {part!r} in {text!r}")


def run_cases(mig, server, groups, jobs, pattern):
    """Runs the cases of these groups, some at a time; the number of those that failed."""
    todo = [(g, f) for g, f in CASES if (not groups or g in groups) and pattern in f.__name__]
    lock, failures, times = threading.Lock(), [], []

    def work(database):
        client = Client(server)
        client.query(f"create database {database}")
        client.close()
        while True:
            with lock:
                if not todo:
                    return
                group, function = todo.pop(0)
            it = Case(mig, server, database)
            started = time.monotonic()
            try:
                function(it)
            except Failure as failure:
                problem = str(failure)
            except QueryError as failure:
                problem = str(failure)
            except Exception as failure:  # a case must not take the others along
                import traceback
                problem = traceback.format_exc()
            else:
                problem = None
            with lock:
                times.append((time.monotonic() - started, function.__name__))
                if problem:
                    failures.append(function.__name__)
                    print(f"FAILED {group}.{function.__name__}: {problem}\n", flush=True)
                    if it.last and "expected" in problem:
                        print("    " + explain(it.last).replace("\n", "\n    ") + "\n", flush=True)
            it.close()

    total = len(todo)
    threads = [threading.Thread(target=work, args=(f"worker{n}",)) for n in range(jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if os.environ.get("MIG_E2E_TIMES"):
        for seconds, name in sorted(times, reverse=True)[:15]:
            print(f"{seconds:6.2f} s  {name}")
    print(f"{total - len(failures)} of {total} cases hold")
    return len(failures)


__all__ = ["case", "Case", "Failure", "Run", "PRELUDE", "equal", "contains", "explain", "QueryError", "run_cases",
           "gzip", "json", "os", "re", "shutil", "signal", "subprocess", "time"]
