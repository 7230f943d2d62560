"""The language server shows of each spec in the tree what `mig lint` finds in it: the same codes on the same lines.

usage: lint_same.py MIG PROJECT_DIR
"""
import glob
import json
import os
import subprocess
import sys

from client import Client


def linted(mig, spec):
    out = subprocess.run([mig, "lint", spec, "--format", "json"], capture_output=True, check=False).stdout
    spans = [(diag["code"], diag.get("span") or {}) for diag in json.loads(out)["diagnostics"]]
    return sorted((code, span["line"]) for code, span in spans if span.get("file", "").endswith(".mig"))


def served(mig, spec):
    client = Client(mig, os.path.dirname(spec))
    found = client.wait_diagnostics(client.open(spec))
    client.stop()
    return sorted((diag["code"], diag["range"]["start"]["line"] + 1) for diag in found)


def main():
    mig, root = map(os.path.abspath, sys.argv[1:])
    specs = sorted(glob.glob(os.path.join(root, "specs", "*", "*.mig")) +
                   glob.glob(os.path.join(root, "tests", "seeded", "shop", "*.mig")) +
                   glob.glob(os.path.join(root, "tests", "compiler", "good", "*.mig")))
    failures = found = 0
    for spec in specs:
        wanted, got = linted(mig, spec), served(mig, spec)
        found += len(wanted)
        if wanted != got:
            failures += 1
            print(f"{spec}: mig lint finds {wanted}, the server shows {got}")
    print(f"{len(specs)} specs, {found} findings, {failures} failures")
    sys.exit(failures > 0 or found == 0)


main()
