"""Holds the pages of docs/lint/ against the linter.

usage: pages.py MIG FOLDER

Every rule that has an id of its own (L0101 …) has a page FOLDER/NAME.md whose first line is its name and title, and
every page a rule. The spec under `## Bad` raises that rule and no other, in the words of the ```text block below it;
the one under `## Good` raises nothing. A page whose good example has no spec uses the bad one's, with the files of
`## Good`. Files stand below `<!-- file: NAME -->`; those above `## Bad` belong to both. What the pages leave out to stay
short, tests, is switched off for them, at the end of `.mig-lint`, but for the rules about tests. With MIG_UPDATE_GOLDEN=1 the ```text blocks are
written anew.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
TESTS = ("untested-map", "untested-codes")


class Page:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)[:-3]
        self.text = open(path, encoding="utf-8").read()
        parts = re.split(r"^(## .*)$", self.text, flags=re.M)
        self.head, self.sections = parts[0], dict(zip(parts[1::2], parts[2::2]))

    def example(self, section):
        files, spec, shown = {}, None, None
        for body in (self.head, self.sections.get(section, "")):
            for name, language, block in BLOCK.findall(body):
                if name:
                    files[name] = block
                elif language == "mig":
                    spec = block
                elif language == "text":
                    shown = block
        return files, spec, shown

    def update(self, said):
        body = self.sections["## Bad"]
        new = re.sub(r"^```text\n.*?^```$", lambda _: "```text\n" + said + "```", body, count=1, flags=re.S | re.M)
        open(self.path, "w", encoding="utf-8").write(self.text.replace("## Bad" + body, "## Bad" + new))


def lint(mig, page, files, spec):
    with tempfile.TemporaryDirectory(prefix="mig-lint.") as folder:
        for name, text in {**files, "spec.mig": spec}.items():
            open(os.path.join(folder, name), "w", encoding="utf-8").write(text)
        with open(os.path.join(folder, ".mig-lint"), "a", encoding="utf-8") as settings:
            for rule in TESTS:
                if page.name not in TESTS or (rule != page.name):
                    settings.write(rule + " off\n")
        def call(*arguments):
            return subprocess.run([mig, "lint", *arguments, "spec.mig"], cwd=folder, capture_output=True,
                                  env={**os.environ, "NO_COLOR": "1"})
        found = json.loads(call("--format", "json").stdout)
        rules = sorted({diag.get("rule", diag["code"]) for diag in found["diagnostics"]})
        return rules, call().stderr.decode().replace(os.path.realpath(folder) + "/", "")


def main():
    mig, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    update, failures = os.environ.get("MIG_UPDATE_GOLDEN") == "1", 0
    listed = subprocess.run([mig, "lint", "--rules", "--format", "json"], capture_output=True, check=True).stdout
    rules = json.loads(listed)["rules"]
    titles = {rule["name"]: rule for rule in rules if rule["id"].startswith("L")}
    pages = {page.name: page for page in map(Page, glob.glob(os.path.join(folder, "*.md")))}

    def fail(name, message):
        nonlocal failures
        failures += 1
        print(f"{name}: {message}")

    for name in sorted(set(titles) ^ set(pages)):
        fail(name, "no page" if name in titles else "there is no such rule")
    for name, page in sorted(pages.items()):
        if name not in titles:
            continue
        rule = titles[name]
        if not page.text.startswith(f"# {name}: {rule['title']}\n\n{rule['id']}, {rule['category']}. "):
            fail(name, f"does not start with `# {name}: {rule['title']}` and `{rule['id']}, {rule['category']}.`")
        if not page.sections.get("## What to do", "").strip():
            fail(name, "no `## What to do`")
        if re.search(r"<!-- no example: \S.* -->", page.text):
            continue
        files, bad, shown = page.example("## Bad")
        found, said = lint(mig, page, files, bad)
        if found != [name]:
            fail(name, f"Bad raises {', '.join(found) or 'nothing'}\n{said}")
        elif said != shown and update:
            page.update(said)
        elif said != shown:
            fail(name, "the ```text block is not what mig says:\n" + said)
        files, good, _ = page.example("## Good")
        found, said = lint(mig, page, files, good or bad)
        if found:
            fail(name, f"Good raises {', '.join(found)}\n{said}")
    print(f"{len(pages)} pages, {failures} failures")
    sys.exit(failures > 0 or not pages)


main()
