"""Profiles as people read them, against what is kept in expected/; and what is never shown.

usage: golden.py MIG      (with MIG_UPDATE_GOLDEN set, what is found becomes what is expected)
"""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
FILES = ["people.csv", "threads.json"]
PERSONAL = ["Ruby", "ruby@", "LIAM@", "Kowalski"]


def mig(program, *args):
    return subprocess.run([program, *args], cwd=DATA, capture_output=True)


def compare(name, got, failures):
    path = os.path.join(HERE, "expected", name)
    if os.environ.get("MIG_UPDATE_GOLDEN"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(got)
    with open(path, "rb") as file:
        wanted = file.read()
    for number, (a, b) in enumerate(zip(got.splitlines(), wanted.splitlines()), 1):
        if a != b:
            failures.append(f"{name} line {number}:\n  got      {a.decode()}\n  expected {b.decode()}")
            return
    if got != wanted:
        failures.append(f"{name}: {len(got)} bytes, expected {len(wanted)}")


def main():
    program = os.path.abspath(sys.argv[1])
    failures = []
    text = mig(program, "profile", *FILES)
    compare("profile.txt", text.stdout, failures)
    shown = mig(program, "profile", "--show-values", "people.csv")
    compare("shown.txt", shown.stdout, failures)
    page = mig(program, "profile", "--html", "/dev/stdout", *FILES)
    compare("profile.html", page.stdout, failures)
    found = json.loads(mig(program, "profile", "--format", "json", *FILES).stdout)
    compare("profile.json", json.dumps(found, indent=1, ensure_ascii=False).encode() + b"\n", failures)
    for what, output in (("text", text.stdout), ("HTML", page.stdout), ("JSON", json.dumps(found, ensure_ascii=False).encode())):
        failures += [f"{what} shows {value}" for value in PERSONAL if value.encode() in output]
    failures += [f"--show-values hides {value}" for value in PERSONAL[:1] if value.encode() not in shown.stdout]
    for args, code in ((["profile"], 2), (["profile", "nothing.csv"], 5), (["profile", "--html", "/nowhere/x.html", "people.csv"], 5),
                       (["profile", "people.csv", "nothing.csv"], 5)):
        result = mig(program, *args)
        if result.returncode != code or not result.stderr:
            failures.append(f"mig {' '.join(args)} ended with {result.returncode}, expected {code} and a reason")
    print("\n".join(failures))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
