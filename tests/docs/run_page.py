"""Executes a page of documentation: writes its files, runs its commands, compares what they print.

usage: run_page.py MIG PAGE

A code block below `<!-- file: NAME -->` is a file. In ```console blocks, lines that start with `$ ` are commands (bash,
with mig in PATH, standard error behind standard output), the lines below are what they print; `…` stands for anything
within a line.
"""

import os
import re
import subprocess
import sys
import tempfile


def blocks(text):
    pattern = re.compile(r"(?:<!-- file: (\S+) -->\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
    for match in pattern.finditer(text):
        yield match.group(1), match.group(2), match.group(3)


def commands(block):
    command, output = None, []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line[2:], []
        else:
            output.append(line)
    if command is not None:
        yield command, output


def line_matches(expected, got):
    parts = [re.escape(part) for part in expected.split("…")]
    return re.fullmatch(".*".join(parts), got) is not None


def run(command, folder, environment):
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return (done.stdout + done.stderr).decode().rstrip("\n").splitlines()


def main():
    mig, page = os.path.abspath(sys.argv[1]), sys.argv[2]
    failures = count = 0
    with tempfile.TemporaryDirectory(prefix="mig-page.") as folder:
        environment = {**os.environ, "PATH": os.path.dirname(mig) + ":" + os.environ["PATH"],
                       "MIG_SANDBOX": os.path.join(folder, "sandbox"), "NO_COLOR": "1"}
        os.chmod(folder, 0o755)
        work = os.path.join(folder, "work")
        os.mkdir(work)
        for name, language, body in blocks(open(page, encoding="utf-8").read()):
            if name:
                open(os.path.join(work, name), "w", encoding="utf-8").write(body)
            if language != "console":
                continue
            for command, expected in commands(body):
                count += 1
                got = run(command, work, environment)
                while expected and expected[-1] == "":
                    expected.pop()
                same = len(got) == len(expected) and all(map(line_matches, expected, got))
                if not same:
                    failures += 1
                    print(f"$ {command}\n--- expected\n" + "\n".join(expected) + "\n--- got\n" + "\n".join(got))
        subprocess.run([mig, "sandbox", "reset"], env=environment, capture_output=True)
    print(f"{count - failures} commands as written, {failures} not")
    sys.exit(bool(failures) or count == 0)


if __name__ == "__main__":
    main()
