"""What CI servers read, held against its schemas: SARIF 2.1.0, JUnit as Jenkins has it, GitHub's workflow commands.

usage: ci_formats.py MIG ROOT
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import jsonschema

MIG, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas")

# https://docs.github.com/actions/reference/workflow-commands-for-github-actions: a value's %, CR, LF, : and , are
# escaped, a message's %, CR and LF.
VALUE = r"(?:[^%\r\n:,]|%(?:25|0D|0A|3A|2C))+"
MESSAGE = r"(?:[^%\r\n]|%(?:25|0D|0A))+"
GITHUB = re.compile(rf"::(?:error|warning|notice)(?: (?:title|file|line|endLine|col|endColumn)={VALUE}"
                    rf"(?:,(?:title|file|line|endLine|col|endColumn)={VALUE})*)?::{MESSAGE}")

FAILING = """
test 'fails: 100 % <&> "quoted"' {
  assert agency_key('a,b') == 'c'
  given master.projects from 'fixtures/projects.csv'
  expect projects { code: 'P-9', status: 'active' }
  expect 9 rejected
}
"""


def normalised(code):
    """GitLab shows the attributes file and line of a case; Jenkins' schema does not know them."""
    tree = ElementTree.fromstring(code)
    for case in tree.iter("testcase"):
        case.attrib.pop("file", None)
        case.attrib.pop("line", None)
    return ElementTree.tostring(tree)


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(SCHEMAS, "sarif-2.1.0-rtm.5.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft4Validator.check_schema(schema)
        cls.sarif = jsonschema.Draft4Validator(schema)
        cls.folder = tempfile.mkdtemp(prefix="mig-ci.")
        portal = os.path.join(ROOT, "specs", "portal")
        for name in ("portal.sql", "fixtures"):
            source = os.path.join(portal, name)
            copy = shutil.copytree if os.path.isdir(source) else shutil.copy
            copy(source, os.path.join(cls.folder, name))
        with open(os.path.join(portal, "portal.mig"), encoding="utf-8") as file:
            text = file.read()
        cls.write("good.mig", text)
        cls.write("failing, 1:2.mig", text + FAILING)
        cls.write("wrong.mig", text.replace("trim(p.name)", "trim(p.nmae)").replace("p.ends is null", "p.ends IS NULL")
                  .replace("key l.token", "key l.tokken\n  on conflict (nothing, \"%\") skip"))
        cls.write("no_tests.mig", text[:text.index("\ntest ")])

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def write(cls, name, text):
        with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def outputs(self, style):
        """(command, exit code, output) over specs that are right, wrong, untested, missing, and fail their tests."""
        for command in (["check"], ["check", "--strict"], ["lint"], ["lint", "--strict"], ["test"],
                        ["test", "--min-transform", "100", "--min-mapping", "100"], ["test", "--only", "nothing"]):
            for specs in (["good.mig"], ["wrong.mig"], ["failing, 1:2.mig"], ["no_tests.mig"], ["missing.mig"],
                          ["good.mig", "wrong.mig", "failing, 1:2.mig"]):
                done = subprocess.run([MIG, *command, "--format", style, *specs], cwd=self.folder, capture_output=True,
                                      env={**os.environ, "NO_COLOR": "1"})
                self.assertIn(done.returncode, (0, 1), (command, specs))
                self.assertEqual(done.stderr, b"", (command, specs))
                yield " ".join(command + specs), done.returncode, done.stdout

    def test_sarif(self):
        results = 0
        for command, code, out in self.outputs("sarif"):
            log = json.loads(out)
            found = [error.message for error in self.sarif.iter_errors(log)]
            self.assertEqual(found, [], command)
            run, = log["runs"]
            rules = {rule["id"] for rule in run["tool"]["driver"].get("rules", [])}
            results += len(run["results"])
            for result in run["results"]:
                self.assertIn(result["ruleId"], rules, command)
            errors = [result for result in run["results"] if result.get("level", "warning") == "error"]
            self.assertEqual(code == 1 or "--strict" in command, bool(errors) or "--strict" in command, command)
        self.assertGreater(results, 50)

    def test_junit(self):
        schema = os.path.join(SCHEMAS, "jenkins-junit.xsd")
        failed = 0
        for command, code, out in self.outputs("junit"):
            done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema, "-"], input=normalised(out),
                                  capture_output=True)
            self.assertEqual(done.returncode, 0, command + "\n" + done.stderr.decode())
            tree = ElementTree.fromstring(out)
            bad = len(tree.findall(".//testcase[failure]")) + len(tree.findall(".//testcase[error]"))
            self.assertEqual(int(tree.get("failures")) + int(tree.get("errors")), bad, command)
            self.assertEqual(int(tree.get("tests")), len(tree.findall(".//testcase")), command)
            self.assertEqual(code == 1, bad > 0, command)
            failed += bad
        self.assertGreater(failed, 10)

    def test_junit_of_a_failing_test(self):
        done = subprocess.run([MIG, "test", "--format", "junit", "failing, 1:2.mig"], cwd=self.folder, capture_output=True)
        case, = ElementTree.fromstring(done.stdout).findall(".//testcase[failure]")
        self.assertEqual(case.get("name"), 'fails: 100 % <&> "quoted"')
        failures = [failure.text for failure in case.findall("failure")]
        self.assertEqual(len(failures), 3)
        self.assertIn("does not hold: agency_key('a,b') == 'c'\n", failures[0])
        self.assertIn("expected", failures[1])

    def test_github(self):
        lines = 0
        for command, code, out in self.outputs("github"):
            for line in out.decode().splitlines():
                self.assertRegex(line, re.compile(GITHUB.pattern + r"\Z"), command)
                lines += 1
            if "--strict" not in command:
                self.assertEqual(code == 1, b"::error" in out, command)
        self.assertGreater(lines, 50)

    def test_workflow(self):
        """The workflow calls what there is."""
        with open(os.path.join(ROOT, "docs", "ci", "github-workflow.yml"), encoding="utf-8") as file:
            text = file.read()
        commands = re.findall(r"\bmig ((?:check|lint|test|fmt)\b[^\n|>]*)", text)
        self.assertTrue(any("--min-transform" in command for command in commands))
        for command in {"check", "lint", "test", "fmt"}:
            self.assertTrue(any(found.startswith(command) for found in commands), command)
        for command in commands:
            words = [word.strip("'\"") for word in command.split() if "*" not in word]
            done = subprocess.run([MIG, *words, "good.mig"], cwd=self.folder, capture_output=True)
            self.assertEqual(done.returncode, 0, command + done.stderr.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
