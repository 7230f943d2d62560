"""Checks every spec of a tree in one call of `mig check`, and prints how long that took.

usage: check_all.py MIG FOLDER
"""

import glob
import os
import subprocess
import sys
import time

mig, folder = sys.argv[1:3]
specs = sorted(glob.glob(os.path.join(folder, "*", "*.mig")))
started = time.monotonic()
done = subprocess.run([mig, "check", *specs], capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
seconds = time.monotonic() - started
checked = done.stdout.count(": no errors, ")
print(f"{checked} of {len(specs)} specs without errors, {sum(map(os.path.getsize, specs)):,} bytes, {seconds:.3f} s")
if done.returncode or checked != len(specs) or not specs:
    sys.exit(done.stderr or "not all specs were checked")
