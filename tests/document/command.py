"""mig doc as a command: files, formats, the same bytes, nothing secret; its JSON has the fields that it is said to have.

usage: command.py MIG SOURCE_DIR
"""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MIG, SOURCE_DIR = os.path.abspath(sys.argv[1]), sys.argv[2]
HERE = os.path.dirname(os.path.abspath(__file__))
VOID = {"meta", "link", "br", "path", "rect", "input"}


def shape(value, path, out):
    """The paths of a JSON value's fields with their types; elements of lists together."""
    if isinstance(value, dict):
        for key, item in value.items():
            shape(item, path + "." + key if path else key, out)
    elif isinstance(value, list):
        out.setdefault(path, set()).add("list")
        for item in value:
            shape(item, path + "[]", out)
    else:
        out.setdefault(path, set()).add(type(value).__name__)


class Balanced(html.parser.HTMLParser):
    """Tags that close as they open; collects what must not be there."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.active, self.broken = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "img", "iframe", "i", "form") or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and not (value.startswith("#") or value == "data:,"):
                self.active.append("%s=%s" % (name, value))

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)


class Doc(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name in os.listdir(HERE):
            if name.endswith((".mig", ".sql", ".csv")):
                shutil.copy(os.path.join(HERE, name), self.folder.name)

    def mig(self, *arguments):
        done = subprocess.run([MIG, *arguments], cwd=self.folder.name, capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def read(self, name):
        with open(os.path.join(self.folder.name, name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def test_formats_by_name_and_option(self):
        for name, start in (("a.html", "<!doctype html>"), ("a.htm", "<!doctype html>"), ("a.md", "# everything"),
                            ("a.json", '{"migration":"everything"')):
            with self.subTest(name=name):
                self.assertEqual(self.mig("doc", "everything.mig", "-o", name), (0, "", ""))
                self.assertTrue(self.read(name).startswith(start))
                self.assertEqual(self.mig("doc", "everything.mig", "-o", name), (0, "", ""), "over an old one")
        for format, name in (("html", "a.html"), ("markdown", "a.md"), ("json", "a.json")):
            code, out, err = self.mig("doc", "everything.mig", "--format", format)
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(out, self.read(name))
        self.assertEqual(self.mig("doc", "everything.mig")[1], self.read("a.html"))
        self.assertEqual(self.mig("doc", "everything.mig", "--format", "markdown", "-o", "odd.txt")[0], 0)
        self.assertEqual(self.read("odd.txt"), self.read("a.md"))

    def test_a_plan_gives_the_same(self):
        self.assertEqual(self.mig("build", "everything.mig", "-o", "everything.migc")[0], 0)
        for format in ("html", "markdown", "json"):
            with self.subTest(format=format):
                self.assertEqual(self.mig("doc", "everything.migc", "--format", format),
                                 self.mig("doc", "everything.mig", "--format", format))

    def test_plan_hash_is_that_of_build(self):
        _, out, _ = self.mig("build", "everything.mig", "-o", "everything.migc")
        hash = re.search(r"sha256 ([0-9a-f]{64})", out).group(1)
        self.assertEqual(json.loads(self.mig("doc", "everything.mig", "--format", "json")[1])["plan_hash"], hash)

    def test_date(self):
        for format in ("html", "markdown", "json"):
            with self.subTest(format=format):
                code, out, _ = self.mig("doc", "everything.mig", "--format", format, "--date", "3 May <2026>")
                self.assertEqual(code, 0)
                self.assertIn("3 May <2026>" if format == "json" else "3 May &lt;2026&gt;", out)
        self.assertEqual(self.mig("doc", "everything.mig", "--date", "x" * 101)[0], 2)

    def test_usage(self):
        for arguments, said in ((("doc",), "one spec or plan"), (("doc", "a.mig", "b.mig"), "one spec or plan"),
                                (("doc", "everything.mig", "--format", "pdf"), "html, markdown or json"),
                                (("doc", "everything.mig", "--format", "text"), "html, markdown or json"),
                                (("doc", "everything.mig", "-o", "a.pdf"), ".html"),
                                (("doc", "everything.mig", "-o", "everything.mig"), "overwritten")):
            with self.subTest(arguments=arguments):
                code, out, err = self.mig(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(said, err)
        self.assertTrue(self.read("everything.mig").startswith("-- Customers"))

    def test_errors(self):
        self.write("broken.mig", "migration broken version 1\nmap x from y in\n")
        code, out, err = self.mig("doc", "broken.mig", "-o", "broken.html")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("E0101", err)
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, "broken.html")))
        code, _, err = self.mig("doc", "everything.mig", "-o", "nowhere/a.html")
        self.assertEqual(code, 1)
        self.assertIn("nowhere/a.html", err)
        self.assertEqual(self.mig("doc", "missing.mig")[0], 1)
        self.write("noplan.migc", "this is no plan")
        self.assertEqual(self.mig("doc", "noplan.migc")[0], 1)

    def test_no_urls_and_no_personal_values(self):
        text = self.read("everything.mig")
        text = text.replace("env 'APP_URL'", "'postgres://admin:hunter2@db/app'")
        text = text.replace("postgres env 'OLD_URL'", "postgres 'postgres://old:hunter2@db/old'")
        self.write("urls.mig", text)
        for format in ("html", "markdown", "json"):
            with self.subTest(format=format):
                code, out, err = self.mig("doc", "urls.mig", "--format", format)
                self.assertEqual(code, 0, err)
                for hidden in ("hunter2", "postgres://", "STAGING_URL", "PROD_URL", "somebody"):
                    self.assertNotIn(hidden, out)

    def test_html_is_well_formed(self):
        for spec in ("everything.mig", "hostile.mig", os.path.join(SOURCE_DIR, "specs/portal/portal.mig")):
            with self.subTest(spec=spec):
                page = Balanced()
                page.feed(self.mig("doc", spec)[1])
                page.close()
                self.assertEqual((page.open, page.broken, page.active), ([], [], []))

    def test_markdown_has_no_html_of_others(self):
        out = self.mig("doc", "hostile.mig", "--format", "markdown")[1]
        out = re.sub(r"^(```+)sql\n.*?\n\1\n", "", out, flags=re.S | re.M)
        out = re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", out)
        tags = set(re.findall(r"<[^>]*>?", out))
        self.assertEqual({tag for tag in tags if not re.fullmatch(r'<a id="[A-Za-z0-9._-]+">|</a>|<br>', tag)}, set())
        self.assertNotRegex(out, r"(?<!\\)\]\((?!#)", "links lead into the document only")
        for line in out.split("\n"):
            if line.startswith("|") and "---" not in line:
                self.assertIn(len(re.findall(r"(?<!\\)\|", line)), (3, 4, 5), line)

    def test_json_fields(self):
        fields = {}
        for spec in ("everything.mig", "hostile.mig", os.path.join(SOURCE_DIR, "specs/portal/portal.mig")):
            shape(json.loads(self.mig("doc", spec, "--format", "json")[1]), "", fields)
        actual = "".join("%s: %s\n" % (path, " ".join(sorted(kinds))) for path, kinds in sorted(fields.items()))
        golden = os.path.join(HERE, "golden", "fields.txt")
        if os.environ.get("MIG_UPDATE_GOLDEN"):
            with open(golden, "w", encoding="utf-8") as file:
                file.write(actual)
        with open(golden, encoding="utf-8") as file:
            self.assertEqual(actual, file.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
