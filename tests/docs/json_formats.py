"""Every command with `--format json` prints one JSON document, where all is well and where it is not.

usage: json_formats.py MIG

No database is needed: commands that want one are called where there is none. Every command of `mig --help` must be in
the list, or in `WITHOUT`, with the reason.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

WITHOUT = {"lsp": "it speaks a protocol of its own"}

CALLS = [
    "new first", "check first/first.mig", "check first/first.mig bad.mig", "check none.mig", "lint first/first.mig",
    "lint bad.mig", "lint --rules", "fmt --check first/first.mig", "fmt bad.mig", "test first/first.mig",
    "test first/first.mig other.mig", "test --coverage first/first.mig other.mig", "test bad.mig first/first.mig",
    "test plain.mig", "profile first/people.csv", "profile none.csv", "infer first/people.csv", "infer none.csv",
    "plan first/first.mig", "plan bad.mig", "build first/first.mig -o first.migc", "build bad.mig -o bad.migc",
    "disasm first.migc", "disasm bad.mig", "doc first.migc", "doc bad.mig", "diff first/first.mig other.mig",
    "diff first/first.mig bad.mig", "explain E0301", "explain", "run bad.mig", "run none.mig", "resume",
    "rehearse bad.mig",
    "compare a b", "rollback", "status", "verify", "report", "retry --from x.csv", "quarantine show",
    "purge", "approve bad.mig -e prod", "audit verify none.ndjson", "trace people 1",
    "sandbox status --dir sandbox",
]


def main():
    mig = os.path.abspath(sys.argv[1])
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "MIG_"))}
    failures, called = 0, set(WITHOUT)
    with tempfile.TemporaryDirectory() as folder:
        for call in CALLS:
            called.add(call.split()[0])
            done = subprocess.run([mig, *call.split(), "--format", "json"], cwd=folder, env=env, capture_output=True,
                                  check=False, timeout=60)
            if call == CALLS[0]:
                with open(os.path.join(folder, "first", "first.mig"), encoding="utf-8") as file:
                    text = file.read()
                texts = {"bad.mig": text.replace("trim(p.name)", "trim(p.nam)"),
                         "other.mig": text.replace("'target.sql'", "'first/target.sql'"),
                         "plain.mig": text.replace("'target.sql'", "'first/target.sql'").split("\ntest ")[0]}
                for name, content in texts.items():
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                        file.write(content)
            try:
                json.loads(done.stdout)
            except ValueError as why:
                failures += 1
                print(f"mig {call}: {why}: {done.stdout[:200]!r}, status {done.returncode}, {done.stderr[:300]!r}")
            if done.returncode < 0:
                failures += 1
                print(f"mig {call}: ended by signal {-done.returncode}")
    listed = subprocess.run([mig, "--help"], capture_output=True, check=True).stdout.decode()
    for command in set(re.findall(r"^  (\S+) .*  \S", listed, flags=re.M)) - called - {"mig"}:
        failures += 1
        print(f"mig {command}: not tried")
    print(f"{len(CALLS)} calls, {failures} failures")
    sys.exit(failures > 0)


main()
