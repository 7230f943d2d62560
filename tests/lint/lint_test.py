"""The linter on the command line: suppressions, the project file, fixes, exit codes, formats, and what it finds in the
example specs.

usage: lint_test.py MIG ROOT
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

MIG, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])

SQL = """create table people (
  id    uuid primary key,
  email text not null unique,
  name  text not null,
  born  date
);
"""

SPEC = """migration demo version 1

source people : csv 'people.csv' { email text; name text; day text }

target app : postgres env 'APP_URL' schema 'app.sql'
%(above_map)s
map people
  from p in people
  into app.people
  key p.email
{
  id    = uuid5('person', p.email)
  email = p.email%(above_name)s
  name  = %(name)s
  born  = date(p.day, 'DD/MM/YYYY')  on error %(action)s
}

test 'a person' {
  given people { email: 'bo@example.test', name: 'Bo', day: '%(day)s' }
  expect people { name: 'Bo' }
}
"""

CLEAN = {"above_map": "", "above_name": "", "name": "p.name", "action": "reject 'no date'", "day": "01/02/2003"}
DIRTY = {**CLEAN, "action": "use null", "name": "left(p.name, 40)"}


def spec(**changes):
    return SPEC % {**CLEAN, **changes}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mig-lint.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("app.sql", SQL)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def mig(self, *arguments):
        done = subprocess.run([MIG, *arguments], cwd=self.folder, capture_output=True,
                              env={**os.environ, "NO_COLOR": "1"})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def rules(self, text, *options, name="spec.mig"):
        self.write(name, text)
        code, out, _ = self.mig("lint", "--format", "json", *options, name)
        found = json.loads(out)["diagnostics"]
        return code, sorted((diag.get("rule", diag["code"]), diag["severity"]) for diag in found)


class Suppressions(Case):
    def test_clean(self):
        self.assertEqual(self.rules(spec()), (0, []))

    def test_item(self):
        above = "\n  -- mig:allow lossy-conversion because the badge has 40 places"
        self.assertEqual(self.rules(spec(name="left(p.name, 40)", above_name=above)), (0, []))

    def test_declaration_covers_all_of_it(self):
        above = "\n-- mig:allow lossy-conversion, hidden-error because it is a rehearsal\n"
        self.assertEqual(self.rules(spec(**{**DIRTY, "above_map": above})), (0, []))

    def test_only_the_next_item(self):
        above = "\n  -- mig:allow hidden-error because of the line two below"
        self.assertEqual(self.rules(spec(action="use null", above_name=above)),
                         (0, [("hidden-error", "warning"), ("unused-suppression", "warning")]))

    def test_behind_the_last_item_of_a_block_covers_nothing(self):
        text = spec(action="use null").replace("use null\n}", "use null\n  -- mig:allow hidden-error because why not\n}")
        self.assertEqual(self.rules(text), (0, [("hidden-error", "warning"), ("unused-suppression", "warning")]))

    def test_a_reason_is_needed(self):
        for comment in ("-- mig:allow hidden-error", "-- mig:allow hidden-error because", "-- mig:allow",
                        "-- mig:allow because of me"):
            code, found = self.rules(spec(above_map="\n" + comment + "\n"))
            self.assertEqual(code, 1, comment)
            self.assertIn(("bad-suppression", "error"), found)

    def test_unknown_rule(self):
        self.write("spec.mig", spec(above_map="\n-- mig:allow hiden-error because x\n"))
        code, _, err = self.mig("lint", "spec.mig")
        self.assertEqual(code, 1)
        self.assertIn("there is no rule `hiden-error`", err)
        self.assertIn("did you mean `hidden-error`?", err)

    def test_by_id_and_in_texts(self):
        above = "\n  -- mig:allow L0102 because the badge has 40 places"
        self.assertEqual(self.rules(spec(name="left('-- mig:allow x' || p.name, 40)", above_name=above)), (0, []))
        self.assertEqual(self.rules(spec(name="'-- mig:allow x' || p.name")), (0, []))

    def test_compiler_warnings(self):
        unused = spec(above_map="\nparam spare text\n")
        self.assertEqual(self.rules(unused), (0, [("unused-declaration", "warning")]))
        allowed = spec(above_map="\n-- mig:allow unused-declaration because it comes with version 2\nparam spare text\n")
        self.assertEqual(self.rules(allowed), (0, []))
        self.assertEqual(self.mig("check", "--strict", "spec.mig")[0], 0)
        self.write("spec.mig", unused)
        self.assertEqual(self.mig("check", "--strict", "spec.mig")[0], 1)

    def test_in_ddl(self):
        column = "  born  date"
        naive = SQL.replace(column, "  born  timestamp")
        text = spec(action="reject 'no date'").replace("date(p.day, 'DD/MM/YYYY')",
                                                       "timestamp(p.day, 'DD/MM/YYYY HH24:MI')").replace(
                                                           "01/02/2003", "01/02/2003 00:00")
        self.write("app.sql", naive)
        self.assertEqual(self.rules(text), (0, [("naive-timestamp", "warning")]))
        comment = "  -- mig:allow naive-timestamp because opening hours are local\n"
        self.write("app.sql", naive.replace("  born", comment + "  born"))
        self.assertEqual(self.rules(text), (0, []))
        self.write("app.sql", comment.strip() + "\n\n/* ; -- */ " + naive)
        self.assertEqual(self.rules(text), (0, []))
        self.write("app.sql", "create table other (a text default E'\\'; -- mig:allow no-rollback', b text default "
                   "$_x1$ ; -- mig:allow $_x1$); " + naive.replace("  born", comment + "  born"))
        self.assertEqual(self.rules(text), (0, []))
        self.write("app.sql", "create table other (a text default $x$ -- mig:allow no-rollback $x$);" + naive.replace(
            "  name", comment + "  name"))
        self.assertEqual(self.rules(text), (0, [("naive-timestamp", "warning"), ("unused-suppression", "warning")]))


class Settings(Case):
    def test_upward(self):
        self.write("deep/er/app.sql", SQL)
        self.write(".mig-lint", "hidden-error error\nlossy-conversion off\n")
        self.assertEqual(self.rules(SPEC % DIRTY, name="deep/er/spec.mig"), (1, [("hidden-error", "error")]))
        self.write("deep/.mig-lint", "hidden-error note\n")
        self.assertEqual(self.rules(SPEC % DIRTY, "--strict", name="deep/er/spec.mig"),
                         (1, [("hidden-error", "note"), ("lossy-conversion", "warning")]))

    def test_compiler_warnings(self):
        self.write(".mig-lint", "unused-declaration off\n")
        self.assertEqual(self.rules(spec(above_map="\nparam spare text\n")), (0, []))

    def test_specs_share_it_and_the_ddl(self):
        self.write(".mig-lint", "no-rolback off\n")
        self.write("app.sql", SQL.replace("uuid primary key", "uuid not null"))
        self.write("a.mig", spec())
        self.write("b.mig", spec())
        _, out, _ = self.mig("lint", "--format", "json", "a.mig", "b.mig")
        self.assertEqual(sorted(diag["rule"] for diag in json.loads(out)["diagnostics"]),
                         ["bad-settings", "no-primary-key"])

    def test_bad(self):
        self.write(".mig-lint", "hidden-error error\nno-rolback off\n")
        self.write("spec.mig", spec())
        code, _, err = self.mig("lint", "spec.mig")
        self.assertEqual(code, 1)
        self.assertIn(".mig-lint:2:1", err)
        self.assertIn("did you mean `no-rollback`?", err)


class ExitCodes(Case):
    def test_codes(self):
        self.write("spec.mig", SPEC % DIRTY)
        self.assertEqual(self.mig("lint", "spec.mig")[0], 0)
        self.assertEqual(self.mig("lint", "--strict", "spec.mig")[0], 1)
        self.assertEqual(self.mig("lint")[0], 2)
        self.assertEqual(self.mig("lint", "--format", "xml", "spec.mig")[0], 2)
        self.assertEqual(self.mig("run", "--format", "sarif", "spec.mig")[0], 2)
        self.assertEqual(self.mig("lint", "missing.mig")[0], 1)

    def test_errors_of_the_compiler(self):
        code, found = self.rules(spec(name="p.nam"))
        self.assertEqual((code, found), (1, [("E0202", "error")]))

    def test_text(self):
        self.write("spec.mig", spec())
        self.assertEqual(self.mig("lint", "spec.mig"), (0, "spec.mig: nothing to say\n", ""))


class Fixes(Case):
    def test_lint(self):
        self.write("spec.mig", spec(name="trim(trim(trim(p.name)))"))
        os.chmod(os.path.join(self.folder, "spec.mig"), 0o640)
        code, out, err = self.mig("lint", "--fix", "spec.mig")
        self.assertEqual((code, out, err), (0, "spec.mig: 2 fixed\nspec.mig: nothing to say\n", ""))
        self.assertIn("name  = trim(p.name)\n", self.read("spec.mig"))
        self.assertEqual(os.stat(os.path.join(self.folder, "spec.mig")).st_mode & 0o777, 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ["app.sql", "spec.mig"])

    def test_check(self):
        self.write("spec.mig", spec(name="p.nam ?? 'x'"))
        code, out, _ = self.mig("check", "--fix", "spec.mig")
        self.assertEqual(code, 0)
        self.assertIn("spec.mig: 2 fixed\n", out)
        self.assertIn("name  = p.name\n", self.read("spec.mig"))

    def test_links_stay(self):
        self.write("real.mig", spec(name="trim(trim(p.name))"))
        os.symlink("real.mig", os.path.join(self.folder, "spec.mig"))
        self.mig("lint", "--fix", "spec.mig")
        self.assertTrue(os.path.islink(os.path.join(self.folder, "spec.mig")))
        self.assertIn("name  = trim(p.name)\n", self.read("real.mig"))

    def test_without_fix_nothing_is_written(self):
        text = spec(name="trim(trim(p.name))")
        self.write("spec.mig", text)
        self.mig("lint", "spec.mig")
        self.assertEqual(self.read("spec.mig"), text)


class Formats(Case):
    def required(self, thing, *names):
        for name in names:
            self.assertIn(name, thing)

    def region(self, physical):
        """physicalLocation (3.29) with a region (3.30) in lines and columns, both from 1."""
        self.required(physical["artifactLocation"], "uri")
        region = physical["region"]
        self.required(region, "startLine", "startColumn", "endLine", "endColumn")
        self.assertGreaterEqual(min(region.values()), 1)
        self.assertLessEqual((region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"]))

    def test_sarif(self):
        self.write("a b.mig", spec(**{**DIRTY, "name": "left(trim(trim(p.name)), 40)"}))
        _, out, _ = self.mig("lint", "--format", "sarif", "a b.mig")
        log = json.loads(out)
        self.assertEqual(set(log), {"$schema", "version", "runs"})
        self.assertEqual(log["version"], "2.1.0")
        run, = log["runs"]
        driver = run["tool"]["driver"]
        self.required(driver, "name", "version", "rules")
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        ids = [rule["id"] for rule in driver["rules"]]
        self.assertEqual(len(ids), len(set(ids)))
        for rule in driver["rules"]:
            self.required(rule, "name", "shortDescription", "fullDescription", "help", "defaultConfiguration")
            self.assertTrue(rule["help"]["markdown"].startswith("# " + rule["name"]))
            self.assertIn(rule["defaultConfiguration"]["level"], ("note", "warning", "error"))
        found = {}
        for result in run["results"]:
            self.assertEqual(ids[result["ruleIndex"]], result["ruleId"])
            self.assertEqual(result["level"], "warning")
            self.assertTrue(result["message"]["text"])
            location, = result["locations"]
            self.region(location["physicalLocation"])
            self.assertEqual(location["physicalLocation"]["artifactLocation"]["uri"], "a%20b.mig")
            for related in result.get("relatedLocations", []):
                self.region(related["physicalLocation"])
            found[result["ruleId"]] = result
        self.assertEqual(sorted(found), ["L0101", "L0102", "L0502"])
        fix, = found["L0502"]["fixes"]
        change, = fix["artifactChanges"]
        replacement, = change["replacements"]
        line = self.read("a b.mig").splitlines()[replacement["deletedRegion"]["startLine"] - 1]
        start, end = (replacement["deletedRegion"][name] - 1 for name in ("startColumn", "endColumn"))
        self.assertEqual(line[start:end], "trim(trim(p.name))")
        self.assertEqual(replacement["insertedContent"]["text"], "trim(p.name)")

    def test_github(self):
        self.write("spec.mig", spec(action="use null"))
        _, out, err = self.mig("lint", "--format", "github", "spec.mig")
        self.assertEqual(err, "")
        self.assertEqual(
            out, "::warning file=spec.mig,line=15,endLine=15,col=38,endColumn=55,title=L0101%3A an `on error use` that "
            "replaces bad values and counts none::bad values are replaced here%2C and no report will show how many"
            "%0Ahelp: count them: `on error warn \"…\" use null`\n".replace("%2C", ","))
        self.write("spec.mig", spec())
        self.assertEqual(self.mig("lint", "--format", "github", "spec.mig"), (0, "", ""))

    def test_junit_of_lint(self):
        self.write("spec.mig", spec(action="use null"))
        for options, failures in (([], "0"), (["--strict"], "1")):
            _, out, _ = self.mig("lint", "--format", "junit", *options, "spec.mig")
            suites = ElementTree.fromstring(out)
            self.assertEqual((suites.tag, suites.get("tests"), suites.get("failures")), ("testsuites", "1", failures))

    def test_junit_of_tests(self):
        self.write("spec.mig", spec() + "\ntest 'wrong <&>' { assert 1 == 2 }\n")
        code, out, _ = self.mig("test", "--format", "junit", "spec.mig")
        self.assertEqual(code, 1)
        suites = ElementTree.fromstring(out)
        suite, = suites
        self.assertEqual((suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")),
                         ("spec.mig", "2", "1", "0"))
        good, bad = suite
        self.assertEqual((good.get("name"), len(good), good.get("file"), good.get("line")),
                         ("a person", 0, "spec.mig", "18"))
        failure, = bad
        self.assertEqual((bad.get("name"), failure.tag), ("wrong <&>", "failure"))
        self.assertTrue(failure.get("message"))

    def test_junit_of_a_broken_spec(self):
        self.write("spec.mig", spec(name="p.nam"))
        code, out, _ = self.mig("test", "--format", "junit", "spec.mig")
        suites = ElementTree.fromstring(out)
        self.assertEqual((code, suites.get("errors")), (1, "1"))

    def test_failed_tests_as_annotations(self):
        self.write("spec.mig", spec() + "\ntest 'wrong' { assert 1 == 2 }\n")
        code, out, _ = self.mig("test", "--format", "github", "spec.mig")
        self.assertEqual(code, 1)
        self.assertTrue(out.startswith("::error file=spec.mig,line=23,endLine=23,col=1,"), out)
        code, out, _ = self.mig("test", "--format", "sarif", "spec.mig")
        result, = json.loads(out)["runs"][0]["results"]
        self.assertEqual((code, result["ruleId"]), (1, "X0423"))

    def test_check(self):
        self.write("spec.mig", spec(name="p.nam"))
        for name in ("sarif", "github", "junit"):
            code, out, err = self.mig("check", "--format", name, "spec.mig")
            self.assertEqual((code, err), (1, ""))
            self.assertIn("E0202", out)


class Examples(Case):
    """What the linter has to say of the specs in specs/: few things, and each of them right."""

    def found(self, path):
        done = subprocess.run([MIG, "lint", "--format", "json", os.path.join(ROOT, path)], capture_output=True)
        return sorted(diag.get("rule", diag["code"]) for diag in json.loads(done.stdout)["diagnostics"])

    def test_portal(self):
        self.assertEqual(self.found("specs/portal/portal.mig"),
                         ["lossy-conversion", "personal-message", "unindexed-foreign-key"])

    def test_explain(self):
        code, page, _ = self.mig("explain", "hidden-error")
        self.assertEqual(code, 0)
        self.assertTrue(page.startswith("# hidden-error: "))
        self.assertEqual(self.mig("explain", "l0101")[1], page)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
