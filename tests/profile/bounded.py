"""A file much larger than what a profile may keep: memory stays within a limit, estimates are close and called so.

usage: bounded.py MIG
"""

import json
import os
import resource
import subprocess
import sys
import tempfile

ROWS = 600_000
LIMIT_KB = 120 * 1024


def main():
    mig = sys.argv[1]
    failures = []
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "large.csv")
        with open(path, "w", encoding="ascii") as file:
            file.write("id,key,twice,kind,text\n")
            for i in range(ROWS):
                file.write(f"{i},K-{i * 7919 % 1000003:07d},{i // 2},{'abc'[i % 3]},{'filler ' * (i % 30)}{i}\n")
        out = subprocess.run([mig, "profile", "--format", "json", path], check=True, capture_output=True).stdout
        size = os.path.getsize(path)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    columns = {c["name"]: c for c in json.loads(out)["tables"][0]["columns"]}
    for name, wanted in (("id", ROWS), ("key", ROWS), ("twice", ROWS // 2), ("text", ROWS)):
        c = columns[name]
        if c["distinct_exact"] or abs(c["distinct"] - wanted) > 0.05 * wanted:
            failures.append(f"{name}: {c['distinct']} distinct (exact: {c['distinct_exact']}), {wanted} are there")
    if columns["kind"]["distinct"] != 3 or not columns["kind"]["distinct_exact"] or not columns["kind"]["code"]:
        failures.append(f"kind: {columns['kind']}")
    if [t["count"] for t in columns["kind"]["top"]] != [ROWS // 3] * 3:
        failures.append(f"kind: {columns['kind']['top']}")
    if used > LIMIT_KB:
        failures.append(f"{used} KB used for a file of {size} bytes; {LIMIT_KB} are the limit")
    print("\n".join(failures) or f"{used} KB for {size} bytes")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
