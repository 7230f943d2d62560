"""Holds docs/cli.md against the program.

usage: cli_page.py MIG PAGE

Every command that `mig --help` lists stands in the page's table of commands, with the same arguments, and the table
holds no other. Every option that `mig COMMAND --help` lists stands in that command's row of the table of options, as
`--name VALUE`, with its letter, and the row holds no other.
"""

import re
import subprocess
import sys

COMMON = {"--help", "--format FORMAT"}  # of every command: above the table


def helped(mig, *arguments):
    return subprocess.run([mig, *arguments, "--help"], capture_output=True, check=True).stdout.decode()


def commands_of(mig):
    """{name: arguments} as `mig --help` has them."""
    found = re.findall(r"^  (\S+)((?: \S+)*?)\s{2,}\S", helped(mig), flags=re.M)
    return {name: arguments.strip() for name, arguments in found if name != "mig"}


def options_of(mig, command):
    """{"-e, --env NAME"} as `mig COMMAND --help` has them: the lines behind the last blank one."""
    block = helped(mig, command).rstrip("\n").split("\n\n")[-1]
    found = re.findall(r"^  (?:(-\w), )?(--[\w-]+)(?: ([^\sa-z]\S*))?(?:\s|$)", block, flags=re.M)
    return {(f"{letter}, " if letter else "") + name + (f" {value}" if value else "") for letter, name, value in found}


def section(page, title):
    return page.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0] if f"\n## {title}\n" in page else ""


def rows(text):
    """First cells to second cells of a table's rows whose first cell is code."""
    found = {}
    for line in text.splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) > 3 and cells[1].strip().startswith("`"):
            found[cells[1].strip().strip("`").replace("\\|", "|")] = cells[2].replace("\\|", "|")
    return found


def compare(what, wanted, written):
    for name in sorted(wanted - written):
        print(f"{what}: `{name}` is not in the page")
    for name in sorted(written - wanted):
        print(f"{what}: the program has no `{name}`")
    return len(wanted ^ written)


def main():
    mig, page = sys.argv[1], open(sys.argv[2], encoding="utf-8").read()
    commands = commands_of(mig)
    failures = compare("commands", {f"{name} {arguments}".strip() for name, arguments in commands.items()},
                       set(rows(page.split("\n## ", 1)[0])))
    table = rows(section(page, "Options"))
    failures += compare("rows of options", set(commands), set(table))
    for command in commands:
        wanted = {o for o in options_of(mig, command) if o.split(", ")[-1] not in COMMON}
        failures += compare(f"mig {command}", wanted, set(re.findall(r"`(-[^`]+)`", table.get(command, ""))))
    print(f"{len(commands)} commands, {failures} failures")
    sys.exit(failures > 0 or len(commands) < 5)


main()
