"""Holds docs/cli.md against the program.

usage: cli_page.py MIG PAGE

Every command that `mig --help` lists stands in the page's table of commands, with the same arguments, and the table
holds no other; both have them in the same order under the same headings. `mig help COMMAND` is `mig COMMAND --help`. Every option that `mig COMMAND --help` lists stands in that command's row of the table of options, as
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


def outline(mig, page):
    """Headings and commands as `mig --help` has them, and as the page has them."""
    helping = [heading or command for heading, command in
               re.findall(r"^(?:(\S[^\n:`]*)|  (\S+).*)$", helped(mig).split("\n\n", 2)[2], flags=re.M)]
    paging = [heading or command for heading, command in
              re.findall(r"^\| (?:\*\*([^*]+)\*\*|`(\w+)[^`]*`) \|", page.split("\n## ", 1)[0], flags=re.M)]
    return helping[:-1] if helping and helping[-1] == "mig" else helping, paging


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
    helping, paging = outline(mig, page)
    if helping != paging:
        print(f"the help has {helping},\nthe page has {paging}")
        failures += 1
    table = rows(section(page, "Options"))
    failures += compare("rows of options", set(commands), set(table))
    for command in commands:
        again = subprocess.run([mig, "help", command], capture_output=True, check=False).stdout.decode()
        if again != helped(mig, command):
            print(f"mig help {command} is not mig {command} --help")
            failures += 1
        wanted = {o for o in options_of(mig, command) if o.split(", ")[-1] not in COMMON}
        failures += compare(f"mig {command}", wanted, set(re.findall(r"`(-[^`]+)`", table.get(command, ""))))
    print(f"{len(commands)} commands, {failures} failures")
    sys.exit(failures > 0 or len(commands) < 5)


main()
