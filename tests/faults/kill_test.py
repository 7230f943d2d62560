#!/usr/bin/env python3
"""The kill test: kill_test.py MIG [WORLD] [KILLS [SEED]]

WORLD: `small` (the default) is one migration, `wide` another one from each 20th kill on. It is interrupted at random: mig killed, its server processes ended, the server killed, connections cut, around
COMMITs too; then resumed, which may be interrupted in its turn, until it is done. Each time the target must hold what
an uninterrupted run leaves, byte by byte, the journal, the ledger, the quarantine, the report and the files of maps into
files the same counts, reasons and rows.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import proxy
import wide
import world
from pg_client import Client, QueryError
from server import Server

SIZE = 2400
KILLS_A_WORLD = 20
DONE = (0, 3)


class Differs(Exception):
    pass


class Test:
    def __init__(self, mig, seed, small=True):
        self.mig = os.path.abspath(mig)
        self.random = random.Random(seed)
        self.dir = tempfile.mkdtemp(prefix="mig-kill.")
        os.chmod(self.dir, 0o755)
        self.server = Server(os.path.join(self.dir, "pg"))
        self.server.start()
        os.makedirs(os.path.join(self.dir, "proxy"))
        self.proxy = proxy.Proxy(os.path.join(self.dir, "proxy"), self.server.dir)
        self.admin = Client(self.server.url("postgres"))
        self.kinds = {}
        self.resumes = 0
        self.data = os.path.join(self.dir, "data")
        if small:
            self.enter(world.World(SIZE))

    def enter(self, the_world):
        """Databases and files of a world."""
        self.world = the_world
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        the_world.write_files(self.data)
        for name, fill in (("base", the_world.prepare), ("old", the_world.prepare_source)):
            self.admin.query(f"drop database if exists {name} with (force)")
            self.admin.query(f"create database {name}")
            client = Client(self.server.url(name))
            fill(client)
            client.close()

    def close(self):
        self.proxy.close()
        self.server.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ------------------------------------------------------------ one database, one folder

    def fresh(self):
        self.admin.query("drop database if exists w with (force)")
        self.admin.query("create database w template base")
        self.work = os.path.join(self.dir, "work")
        shutil.rmtree(self.work, ignore_errors=True)

    def start(self, *arguments, through_proxy=True, limits=None):
        host = os.path.join(self.dir, "proxy") if through_proxy else self.server.dir
        return subprocess.Popen([self.mig, *arguments, "--work-dir", self.work, "--quiet"], cwd=self.data,
                                env={**os.environ, "DB": f"postgresql://tester@/w?host={host}", "OLD": self.server.url("old"),
                                     "MIG_PARAM_SALT": "salt", "MIG_PARAM_KEY": "key"},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limits)

    def look(self):
        client = Client(self.server.url("w"))
        try:
            tables = {name: client.query(sql) for name, sql in self.world.DUMPS.items()}
            return {**tables, "journal": client.query(world.JOURNAL), "ledger": client.query(world.LEDGER),
                    "law": client.query(world.LAW), "open": client.query("select map from mig.step where state <> 'done'"),
                    "quarantine": self.quarantine(), "report": self.report(), "files": [self.read(name) for name in self.world.FILES]}
        finally:
            client.close()

    def read(self, name):
        with open(os.path.join(self.work, name), errors="replace") as f:
            return f.read()

    def report(self):
        """Counts and reasons, of all goes at the run together."""
        if not os.path.exists(os.path.join(self.work, "latest/report.json")):
            # mig was killed behind the journal's last word: there the run is done, and has its summary.
            return self.expected["report"]
        maps = json.loads(self.read("latest/report.json"))["maps"]
        return [{k: v for k, v in m.items() if k != "seconds"} for m in maps]

    def quarantine(self):
        lines = []
        for name in sorted(os.listdir(os.path.join(self.work, "latest", "quarantine"))):
            lines += [(name, line) for line in self.read(f"latest/quarantine/{name}").splitlines()]
        return sorted(lines)

    def baseline(self):
        self.fresh()
        begun = time.monotonic()
        process = self.start("run", "spec.mig")
        out, err = process.communicate(timeout=300)
        if process.returncode != 0:
            raise Differs(f"the uninterrupted run: exit code {process.returncode}\n{out.decode()}\n{err.decode()}")
        self.seconds = time.monotonic() - begun
        self.bytes, self.commits = self.proxy.bytes, self.proxy.commits
        self.expected = self.look()
        if self.expected["law"] or self.expected["open"]:
            raise Differs(f"the uninterrupted run does not balance: {self.expected['law']} {self.expected['open']}")

    # ------------------------------------------------------------ faults

    def interrupt(self, process, kind):
        """Carries a fault out while the process runs."""
        deadline = time.monotonic() + self.random.uniform(0, self.seconds * 1.1)
        if kind in ("cut bytes", "cut commit"):
            return  # the proxy does it
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.002)
        if process.poll() is not None:
            return
        if kind == "kill mig":
            process.kill()
        elif kind == "end backends":
            pick = self.random.choice(["true", "random() < 0.4"])
            try:
                self.admin.query(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = 'w' and {pick}")
            except (QueryError, OSError):
                pass
        elif kind == "kill server":
            self.server.kill()
            if self.random.random() < 0.5:
                time.sleep(self.random.uniform(0, 0.3))
            self.server.start()
            self.admin.close()

    def go(self, arguments, kind):
        self.proxy.clear()
        if kind == "cut bytes":
            self.proxy.after_bytes = self.random.randint(1, int(self.bytes * 1.05))
        if kind == "cut commit":
            self.proxy.at_commit = (self.random.randint(1, self.commits), self.random.choice(["before", "after"]))
        process = self.start(*arguments)
        self.interrupt(process, kind)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Differs(f"mig {arguments[0]} hangs after `{kind}`\n{err.decode()}")
        code = process.returncode
        if code == 7 and b"the run is done: there is nothing to resume" in err:
            return "done before", err.decode()
        if code not in (0, 5, 6, -9) and not (code == 7 and b"X0305" in err) and not (code == 7 and b"X0311" in err):
            raise Differs(f"mig {arguments[0]} after `{kind}`: exit code {code}\n{out.decode()[-1500:]}\n{err.decode()}")
        return code, err.decode()

    def started(self):
        """A run that broke before its journal was there starts anew."""
        client = Client(self.server.url("w"))
        try:
            return client.query("select to_regclass('mig.run') is not null")[0][0] == "t" and \
                client.query("select count(*) from mig.run")[0][0] != "0" and os.path.islink(os.path.join(self.work, "latest"))
        finally:
            client.close()

    def kill_once(self, number):
        kinds = ["kill mig"] * 4 + ["end backends"] * 2 + ["cut bytes"] * 2 + ["cut commit"] * 2 + ["kill server"]
        self.fresh()
        kind = self.random.choice(kinds)
        trail = [kind]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        code, err = self.go(("run", "spec.mig"), kind)
        for attempt in range(30):
            if code in DONE or code == "done before":
                break
            self.wait_until_alone()
            again = self.random.choice(kinds) if attempt < 3 and self.random.random() < 0.4 else "none"
            if again != "none":
                self.kinds[again] = self.kinds.get(again, 0) + 1
            trail.append(again)
            self.resumes += 1
            code, err = self.go(("resume",) if self.started() else ("run", "spec.mig"), again)
        if code not in DONE and code != "done before":
            raise Differs(f"not done after {trail}: exit code {code}\n{err}")
        found = self.look()
        for name, rows in self.expected.items():
            if name == "report" and code == "done before":
                continue  # killed between the journal's last word and the report's file
            if rows != found[name]:
                missing = [r for r in rows if r not in found[name]][:3]
                extra = [r for r in found[name] if r not in rows][:3]
                raise Differs(f"{name} differs after {trail}: {len(rows)} expected, {len(found[name])} found;"
                              f" missing {missing}, extra {extra}")

    def wait_until_alone(self):
        for _ in range(500):
            try:
                if self.admin.query("select count(*) from pg_stat_activity where datname = 'w'")[0][0] == "0":
                    return
            except (QueryError, OSError):
                self.admin.close()
            time.sleep(0.01)


def main():
    is_wide = "wide" in sys.argv
    numbers = [int(a) for a in sys.argv[2:] if a.isdigit()]
    kills = numbers[0] if numbers else int(os.environ.get("MIG_KILLS", 5 if is_wide else 10))
    seed = numbers[1] if len(numbers) > 1 else random.randrange(10**6)
    test = Test(sys.argv[1], seed, small=not is_wide)
    try:
        for number in range(kills):
            try:
                if is_wide and number % KILLS_A_WORLD == 0:
                    test.enter(wide.World(seed + number))
                if number % KILLS_A_WORLD == 0 and (is_wide or number == 0):
                    test.baseline()
                test.kill_once(number)
            except Differs as problem:
                print(f"FAILED round {number}, seed {seed}: {problem}")
                return 1
        faults = ", ".join(f"{n} {kind}" for kind, n in sorted(test.kinds.items()))
        print(f"{kills} interrupted runs ({sum(test.kinds.values())} faults: {faults}; {test.resumes} resumes), seed {seed}:"
              " each target byte-equal to the uninterrupted run's")
        return 0
    finally:
        test.close()


if __name__ == "__main__":
    sys.exit(main())
