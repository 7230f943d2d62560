"""Holds the pages of docs/errors/ against the compiler and the runtime.

usage: error_pages.py MIG FOLDER [ID…]

Every code that `mig explain` lists has a page FOLDER/ID.md with the code's title, and every page a code; the linter's
rules (L) have pages of their own, docs/lint/NAME.md. A page has at most 90 lines and says under `## What to do` what
to do.

- E and W pages: the spec under `## Bad` raises that code and no other, in the words of the ```text block below it; the
  spec under `## Good` raises nothing.
- R pages: a run of the spec under `## Bad` (a dry one, in a sandbox) rejects rows, each under that code, with the
  messages of the ```text block; a run of the spec under `## Good` rejects none under it. `<!-- also: ID -->` allows
  for another code that the example cannot do without.
- X pages, and R pages that need more than a dry run: the commands of ```console blocks print what stands below them,
  and one of them the code.

Files stand below `<!-- file: NAME -->`, as on the other executed pages (run_page.py): those above `## Bad` belong to
both examples. A page with `<!-- no example: REASON -->` has none. With MIG_UPDATE_GOLDEN=1 the ```text blocks are
written anew.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import run_page

LONGEST = 90


class Page:
    def __init__(self, path):
        self.path = path
        self.id = os.path.basename(path)[:-3]
        self.text = open(path, encoding="utf-8").read()
        self.sections = {}
        parts = re.split(r"^(## .*)$", self.text, flags=re.M)
        self.head = parts[0]
        for name, body in zip(parts[1::2], parts[2::2]):
            self.sections[name] = body

    def has_example(self):
        return re.search(r"<!-- no example: \S.* -->", self.text) is None

    def also(self):
        """Codes that an R page's example cannot do without."""
        return re.findall(r"<!-- also: (\w+) -->", self.text)

    def example(self, section):
        """The files of an example and its spec; None without a spec."""
        files, spec = {}, None
        for body in (self.head, self.sections.get(section, "")):
            for name, language, block in run_page.blocks(body):
                if name:
                    files[name] = block
                elif language == "mig":
                    spec = block
        return files, spec

    def shown(self, section):
        found = [block for name, language, block in run_page.blocks(self.sections.get(section, ""))
                 if not name and language == "text"]
        return found[0].rstrip("\n") if found else None

    def update(self, section, said):
        body = self.sections[section]
        new = re.sub(r"```text\n.*?^```$", lambda _: "```text\n" + said + "\n```", body, count=1, flags=re.S | re.M)
        self.text = self.text.replace(section + body, section + new)
        self.sections[section] = new
        open(self.path, "w", encoding="utf-8").write(self.text)


class Checker:
    def __init__(self, mig, folder):
        self.mig, self.folder = mig, folder
        self.failures = 0
        self.environment = {**os.environ, "NO_COLOR": "1", "PATH": os.path.dirname(mig) + ":" + os.environ["PATH"],
                            "MIG_SANDBOX": os.path.join(folder, "sandbox")}
        self.update = os.environ.get("MIG_UPDATE_GOLDEN") == "1"

    def fail(self, page, message):
        self.failures += 1
        print(f"{page.id}: {message}")

    def call(self, folder, *arguments):
        return subprocess.run([self.mig, *arguments], cwd=folder, env=self.environment, capture_output=True)

    def write(self, folder, files):
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w", encoding="utf-8").write(text)

    def compare(self, page, said):
        if page.shown("## Bad") == said:
            return
        if self.update:
            page.update("## Bad", said)
            return
        self.fail(page, "the ```text block is not what mig says:\n" + said)

    def check_spec_pages(self, page):
        """E and W: what the compiler says of both examples."""
        for section in ("## Bad", "## Good"):
            files, spec = page.example(section)
            if spec is None:
                self.fail(page, f"no ```mig block under `{section}`")
                continue
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                self.write(folder, {**files, "spec.mig": spec})
                found = json.loads(self.call(folder, "check", "--format", "json", "spec.mig").stdout)
                codes = sorted({diag["code"] for diag in found["diagnostics"]})
                if codes != ([page.id] if section == "## Bad" else []):
                    self.fail(page, f"{section[3:]} raises {', '.join(codes) or 'nothing'}")
                if codes and (section == "## Bad" or not self.update):
                    said = self.call(folder, "check", "spec.mig").stderr.decode().rstrip("\n")
                    if section == "## Bad":
                        self.compare(page, said)
                    else:
                        print(said)

    def check_row_pages(self, page):
        """R: what a run puts into quarantine."""
        for section in ("## Bad", "## Good"):
            files, spec = page.example(section)
            if spec is None:
                self.fail(page, f"no ```mig block under `{section}`")
                continue
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                self.write(folder, {**files, "spec.mig": spec})
                run = self.call(folder, "run", "--sandbox", "--dry-run", "--quiet", "spec.mig")
                faults = []
                for path in sorted(glob.glob(os.path.join(folder, ".mig/latest/quarantine/*.ndjson"))):
                    for line in open(path, encoding="utf-8"):
                        faults.append(json.loads(line)["faults"][0])  # a row counts under its first fault
                codes = sorted({fault["code"] for fault in faults})
                if run.returncode != 0:
                    self.fail(page, f"{section[3:]} cannot run:\n" + run.stderr.decode())
                elif section == "## Bad" and codes != sorted({page.id, *page.also()}):
                    self.fail(page, f"Bad rejects for {', '.join(codes) or 'nothing'}")
                elif section == "## Bad":
                    own = [fault["message"] for fault in faults if fault["code"] == page.id]
                    self.compare(page, "\n".join(own))
                elif page.id in codes:
                    self.fail(page, "Good rejects for it, too:\n" + "\n".join(fault["message"] for fault in faults))

    def check_run_pages(self, page):
        """X: what commands print."""
        printed, commands = "", 0
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for name, language, block in run_page.blocks(page.text):
                if name:
                    self.write(folder, {name: block})
                if language != "console":
                    continue
                for command, expected in run_page.commands(block):
                    commands += 1
                    got = run_page.run(command, folder, self.environment)
                    while expected and expected[-1] == "":
                        expected.pop()
                    printed += "\n".join(got)
                    if len(got) != len(expected) or not all(map(run_page.line_matches, expected, got)):
                        self.fail(page, f"$ {command}\n" + "\n".join(got))
        if commands == 0:
            self.fail(page, "no ```console block")
        elif page.id not in printed:
            self.fail(page, "no command prints the code")

    def check(self, page, title):
        lines = page.text.split("\n")
        if lines[0] != f"# {page.id}: {title}":
            self.fail(page, f"the first line is not `# {page.id}: {title}`")
        if len(lines) > LONGEST:
            self.fail(page, f"{len(lines)} lines, more than {LONGEST}")
        if not page.sections.get("## What to do", "").strip():
            self.fail(page, "no `## What to do`")
        if page.has_example():
            kinds = {"E": self.check_spec_pages, "W": self.check_spec_pages, "R": self.check_row_pages,
                     "X": self.check_run_pages}
            commands = re.search(r"^```console$", page.text, flags=re.M)
            (self.check_run_pages if commands else kinds[page.id[0]])(page)


def main():
    mig, folder, wanted = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    listed = subprocess.run([mig, "explain"], capture_output=True, check=True).stdout.decode()
    titles = dict(line.split("  ", 1) for line in listed.splitlines() if not line.startswith("L"))
    pages = {page.id: page for page in map(Page, glob.glob(os.path.join(folder, "*.md")))}
    with tempfile.TemporaryDirectory(prefix="mig-errors.") as work:
        os.chmod(work, 0o755)
        checker = Checker(mig, work)
        for code in sorted(set(titles) - set(pages)):
            checker.failures += 1
            print(f"{code}: no page")
        for code, page in sorted(pages.items()):
            if wanted and code not in wanted:
                continue
            if code in titles:
                checker.check(page, titles[code])
            else:
                checker.fail(page, "there is no such code")
        checker.call(work, "sandbox", "reset")
    print(f"{len(pages)} pages, {checker.failures} failures")
    sys.exit(checker.failures > 0 or not pages)


main()
