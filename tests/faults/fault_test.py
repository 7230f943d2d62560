#!/usr/bin/env python3
"""The fault table: fault_test.py MIG [NAME…], or fault_test.py --page

Each row is a fault, what is promised, and a test that brings the fault about and looks. docs/faults.md is written from
the rows (--page prints it; a test compares).
"""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.path.insert(0, HERE)
import proxy
import world
from kill_test import Differs, Test
from pg_client import Client, QueryError
from server import Server

ROWS = []  # (group, fault, promise, seen, where the test is, function)

PAGE_HEAD = """# What happens when things break

Each row is a test: the fault is brought about, and what the target, the journal and the quarantine hold then is compared
with an uninterrupted run, byte by byte. "Seen" is what a user sees.

| what breaks | what is promised | what is seen | test |
|---|---|---|---|
"""
PAGE_TAIL = """
Not promised: a server that loses what it has committed (`fsync = off` and a power cut) loses it for mig too; `mig verify`
finds it. A connection on which nothing comes back any more, though nobody closes it, is given up when the operating system
does (keepalives, after 90 seconds); until then mig waits, and can be killed and resumed.
"""


def fault(what, promise, seen):
    def register(function):
        ROWS.append((what, promise, seen, "faults_table " + function.__name__, function))
        return function
    return register


def elsewhere(what, promise, seen, test):
    ROWS.append((what, promise, seen, test, None))


class Faults(Test):
    """As the kill test, with faults one by one."""

    def finish(self, *, resume=True, expect=(0,)):
        """Goes on until it is done, and compares."""
        code, err = 0, ""
        if resume:
            self.wait_until_alone()
            process = self.start("resume")
            out, err = process.communicate(timeout=120)
            code, err = process.returncode, err.decode()
        if code not in expect:
            raise Differs(f"resume: exit code {code}\n{err}")
        found = self.look()
        for name, rows in self.expected.items():
            if rows != found[name]:
                raise Differs(f"{name} differs: {len(rows)} expected, {len(found[name])} found")

    def wait_for_batches(self, count, process):
        client = Client(self.server.url("w"))
        for _ in range(2000):
            try:
                if int(client.query("select count(*) from mig.batch")[0][0]) >= count:
                    break
            except QueryError:
                pass
            if process.poll() is not None:
                break
            time.sleep(0.002)
        client.close()

    def ends(self, process, codes, *texts):
        out, err = process.communicate(timeout=180)
        text = err.decode() + out.decode()
        if process.returncode not in codes:
            raise Differs(f"exit code {process.returncode}, expected one of {codes}\n{text}")
        for t in texts:
            if t not in text:
                raise Differs(f"no {t!r} in\n{text}")
        return text

    def begin(self, batches=6, **rest):
        self.fresh()
        self.proxy.clear()
        process = self.start("run", "spec.mig", **rest)
        self.wait_for_batches(batches, process)
        return process


elsewhere("mig is killed (SIGKILL), at any moment", "`mig resume` ends in the same bytes as a run that was never interrupted",
          "`mig status`: \"it was interrupted: `mig resume …`\"", "faults_kill, faults_kill_wide")
elsewhere("mig's server processes are ended (`pg_terminate_backend`), at any moment",
          "lost batches are sent again; what cannot be helped is resumed", "exit code 0, or 6 and `mig resume`, or 5 where nothing was committed yet", "faults_kill, faults_kill_wide")
elsewhere("the server is killed (`-m immediate`) and started again, at any moment", "the same", "the same", "faults_kill, faults_kill_wide")
elsewhere("connections are cut after any number of bytes, either way", "the same", "the same", "faults_kill, faults_kill_wide")
elsewhere("connections are cut before a COMMIT reaches the server, or before its answer comes back",
          "each batch is committed once: the journal is asked", "the same", "faults_kill, faults_kill_wide")


elsewhere("the resume itself is killed, again and again", "the same", "the same", "faults_kill, faults_kill_wide")
elsewhere("a secret parameter is another one at the resume", "refused before a row is written",
          "exit code 7, X0430", "e2e_resume")
elsewhere("a source without files (a query) gives its rows in another order at the resume", "refused before a row is written",
          "exit code 7, X0430", "e2e_resume")
elsewhere("a table of the target is emptied or made anew between a kill and the resume", "refused", "exit code 7, X0432",
          "e2e_resume")
elsewhere("a check fails at the run's end", "what is loaded stands; resume makes the checks again and ends with what they say",
          "exit code 4", "e2e_resume")


@fault("mig is asked to stop (SIGTERM, Ctrl-C)", "the batch at work is committed or not begun; resume goes on",
       "exit code 6, X0413")
def asked_to_stop(t):
    process = t.begin()
    process.terminate()
    t.ends(process, (6,), "mig resume")
    t.finish()


@fault("the session that holds the run's lock is ended", "the lock is taken again before the next map; a rival that came first wins",
       "exit code 0, or 7 and X0305")
def lock_session_ended(t):
    process = t.begin()
    t.admin.query("select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database"
                  " where l.locktype = 'advisory' and d.datname = 'w'")
    t.ends(process, (0,))
    t.finish(resume=False)


@fault("mig hangs (SIGSTOP), is taken for dead and resumed by another, then wakes up",
       "the sleeper's batches are refused by their fencing number; nothing is loaded twice", "the sleeper: exit code 6 or 7")
def sleeper_wakes(t):
    process = t.begin()
    process.send_signal(signal.SIGSTOP)
    t.admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'w'")
    t.finish()
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=180)
    if process.returncode not in (6, 7):
        raise Differs(f"the sleeper ended with {process.returncode}\n{err.decode()}")
    found = t.look()
    for name in world.DUMPS:
        if found[name] != t.expected[name]:
            raise Differs(f"{name} differs after the sleeper woke up")


@fault("a second `mig run` or `mig resume` on the same target", "refused; the first goes on undisturbed", "exit code 7, X0311")
def second_run(t):
    t.fresh()
    t.proxy.clear()
    holder = Client(t.server.url("w"))
    holder.query("select pg_advisory_lock(1835624239, 1)")
    t.ends(t.start("run", "spec.mig"), (7,), "another mig works on this target")
    holder.close()
    t.ends(t.start("run", "spec.mig"), (0,))
    t.finish(resume=False)


@fault("the server stays away", "nothing is half done; resume goes on when it is back", "exit code 6, X0306 or X0313")
def server_stays_away(t):
    process = t.begin()
    t.server.kill()
    try:
        t.ends(process, (6,))
    finally:
        t.server.start()
        t.admin.close()
    t.finish()


@fault("the network is slow (2 ms for each piece)", "the run takes longer", "exit code 0")
def slow_network(t):
    t.fresh()
    t.proxy.clear()
    t.proxy.delay = 0.002
    try:
        t.ends(t.start("run", "spec.mig"), (0,))
    finally:
        t.proxy.delay = 0
    t.finish(resume=False)


@fault("somebody locks a table for a second and a half", "mig waits and tries again", "exit code 0")
def table_locked(t):
    t.fresh()
    t.proxy.clear()
    holder = subprocess.Popen(["psql", "-X", "-q", "-c", "begin; lock table posts in access exclusive mode; select pg_sleep(1.5)",
                               t.server.url("w")], stdout=subprocess.DEVNULL)
    time.sleep(0.2)
    t.ends(t.start("run", "spec.mig"), (0,))
    holder.wait()
    t.finish(resume=False)


@fault("the disk of the work folder is full (quarantine)", "the run stops before a rejected row is lost; resume when there is room",
       "exit code 6, X0415")
def work_disk_full(t):
    t.fresh()
    t.proxy.clear()
    process = t.start("run", "spec.mig", limits=lambda: full_disk(20000))
    t.ends(process, (6,), "X0415", "File too large")
    t.finish()


@fault("the server's disk is full", "the batch is not kept, those before stand; resume when there is room",
       "exit code 6 and the server's message")
def server_disk_full(t):
    t.fresh()
    t.proxy.clear()
    t.server.kill()
    t.server.wrap.insert(0, "prlimit")
    t.server.wrap.insert(1, f"--fsize={17 << 20}")
    t.server.start()
    t.admin.close()
    filler = Client(t.server.url("w"))
    try:
        # The table is left just below the limit, so that the load itself meets it.
        filler.query("create table filler (t text); alter table posts alter body set storage plain")
        filler.query("insert into orgs (code, title) values ('filler', 'x')")
        number = 1000000
        for size, rows in ((7000, 100), (7000, 1), (3000, 1), (1000, 1), (300, 1), (100, 1), (10, 1), (1, 1)):
            while True:
                try:
                    filler.query(f"insert into posts select g, (select id from orgs where code = 'filler'), null, repeat('x', {size}),"
                                 f" null, 0 from generate_series({number}, {number + rows - 1}) g")
                    number += rows
                except QueryError:
                    break
        filler.close()
        process = t.start("run", "spec.mig")
        t.ends(process, (6,), "X03")
    finally:
        t.server.kill()
        del t.server.wrap[:2]
        t.server.start()
        t.admin.close()
    filler = Client(t.server.url("w"))
    filler.query("delete from posts where id >= 1000000; delete from orgs where code = 'filler'")
    filler.close()
    t.finish()


@fault("mig gets too little memory", "it ends with a message; resume with more", "exit code 6 or 70, \"out of memory\"")
def memory_starved(t):
    # A build with a sanitizer does not even start in so little memory.
    helps = subprocess.run([t.mig, "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (140 << 20, 140 << 20)))
    if helps.returncode != 0:
        return
    t.fresh()
    t.proxy.clear()
    for megabytes in (70, 90, 110, 140):
        process = t.start("run" if not t.started() else "resume", *(() if t.started() else ("spec.mig",)),
                          limits=lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20)))
        out, err = process.communicate(timeout=120)
        if process.returncode < 0:
            raise Differs(f"mig died of signal {-process.returncode} at {megabytes} MB\n{err.decode()}")
        if process.returncode == 0:
            break
        if not err:
            raise Differs(f"mig ended with {process.returncode} without a word at {megabytes} MB")
        t.wait_until_alone()
    else:
        t.ends(t.start(*(("resume",) if t.started() else ("run", "spec.mig"))), (0,))
    t.finish(resume=False)


@fault("a source file is changed while the run reads it", "the run says so at its end and is not called done", "exit code 6, X0431")
def source_changes(t):
    path = os.path.join(t.data, "taken.csv")
    with open(path) as f:
        text = f.read()
    process = t.begin(3)
    try:
        with open(path, "a") as f:
            f.write("999999,late\n")
        t.ends(process, (6,), "X0431")
    finally:
        with open(path, "w") as f:
            f.write(text)


@fault("a source file is changed between a kill and the resume", "refused; what has changed is said", "exit code 7, X0431")
def source_changed_before_resume(t):
    process = t.begin()
    process.kill()
    process.communicate()
    t.wait_until_alone()
    path = os.path.join(t.data, "taken.csv")
    with open(path) as f:
        text = f.read()
    stamp = os.stat(path)
    try:
        with open(path, "a") as f:
            f.write("999999,late\n")
        t.ends(t.start("resume"), (7,), "X0431", "taken.csv has changed since the run")
    finally:
        with open(path, "w") as f:
            f.write(text)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    t.finish()


@fault("a table of the target is changed between a kill and the resume", "refused; the difference is printed", "exit code 7, X0317")
def table_changed(t):
    process = t.begin()
    process.kill()
    process.communicate()
    t.wait_until_alone()
    client = Client(t.server.url("w"))
    client.query("alter table tags alter column uses type bigint")
    t.ends(t.start("resume"), (7,), "X0317", "uses")
    client.query("alter table tags alter column uses type int")
    client.close()
    t.finish()


@fault("the journal (schema mig) is dropped under the run", "no batch is committed without its journal row", "exit code 5, 6 or 7, X03…")
def journal_dropped(t):
    for _ in range(20):
        try:
            return drop_journal(t)
        except QueryError:  # a deadlock with the run, which the server resolved
            continue
    raise Differs("schema mig could not be dropped")


def drop_journal(t):
    process = t.begin()
    client = Client(t.server.url("w"))
    count = " || ',' || ".join(f"(select count(*) from {n})" for n in world.DUMPS)
    # Behind the lock no batch is between its rows and its journal row.
    try:
        client.query("begin; lock table mig.batch in access exclusive mode")
        before = client.query("select " + count)
        client.query("drop schema mig cascade; commit")
    except QueryError:
        client.close()
        process.communicate()
        raise
    t.ends(process, (5, 6, 7), "X0")
    after = client.query("select " + count)
    client.close()
    if before != after:
        raise Differs(f"rows without a journal: {before} before it was dropped, {after} after")


elsewhere("a source is cut off (truncated gz, half a record, half a document)", "a read error is no end of file",
          "exit code 5, or 6 where batches stand",
          "e2e_sources")
elsewhere("a temporary file cannot grow (spill, standard input)", "the run stops with what is committed; resume", "exit code 6, X0504",
          "e2e_failures")
elsewhere("a plan's bytes are damaged or forged", "it is refused before a byte is executed", "exit code 2, X0101 …", "fuzz_plan, plan_mutated")
elsewhere("rows that the server refuses (unique, foreign key, check, trigger)",
          "they alone are left out, named with file and line, in the quarantine and the ledger", "R0159, exit code by tolerance",
          "e2e_targets")


def full_disk(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def page():
    return PAGE_HEAD + "".join(f"| {what} | {promise} | {seen} | `{test}` |\n" for what, promise, seen, test, _ in ROWS) + PAGE_TAIL


def main():
    if sys.argv[1] == "--page":
        sys.stdout.write(page())
        return 0
    names = sys.argv[2:]
    with open(os.path.join(HERE, "..", "..", "docs", "faults.md")) as f:
        if f.read() != page():
            print("docs/faults.md is not what `fault_test.py --page` prints")
            return 1
    test, failed = Faults(sys.argv[1], 1), 0
    try:
        test.baseline()
        for *_, function in ROWS:
            if function is None or (names and function.__name__ not in names):
                continue
            try:
                function(test)
                print(f"ok {function.__name__}")
            except (Differs, QueryError, subprocess.TimeoutExpired) as problem:
                failed += 1
                print(f"FAILED {function.__name__}: {problem}")
    finally:
        test.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
