"""Runs end-to-end cases against the server of MIG_TEST_PG_URL.

usage: features.py MIG [--jobs N] [--only PART_OF_A_NAME] [GROUP…]
"""

import argparse
import glob
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kit  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mig")
    parser.add_argument("groups", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3])
    known = {group for group, _ in kit.CASES}
    unknown = set(arguments.groups) - known
    if unknown:
        parser.error(f"no group {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    failed = kit.run_cases(os.path.abspath(arguments.mig), os.environ["MIG_TEST_PG_URL"], arguments.groups,
                           arguments.jobs, arguments.only)
    sys.exit(failed > 0)


main()
