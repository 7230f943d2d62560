"""`mig test`: what failing tests show, rows from files, coverage, its gates and formats.

usage: spec_tests.py MIG
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

MIG = os.path.abspath(sys.argv[1])

SQL = """create type state as enum ('active', 'paused');
create table people (
  id     uuid primary key,
  name   text not null,
  state  state,
  age    int,
  note   text,
  joined timestamptz default now()
);
create table posts (
  id     text primary key,
  parent text references posts (id),
  body   text
);
"""

SPEC = """migration demo version 1

source people : csv 'people.csv' delimiter ';' null '', 'N/A' { id text; name text from 'Full Name'; state text; age int? }
source posts  : json 'posts.json' rows 'threads[*]' children 'replies' { id text; body text from 'content.text' }

target app : postgres env 'APP_URL' schema 'app.sql'

codes states : text -> app.state {
  'a', 'act' => active
  'p'        => paused
}

fn half(x int) int = if x % 2 == 0 then int(truncate(x / 2)) else 0
fn fixed(mode text, x text) text = if mode == 'up' then upper(x) else lower(x)

map people
  from p in people
  into app.people
  where p.name != 'nobody'
  key p.id  on duplicate skip
{
  id    = uuid5('person', p.id)
  name  = fixed('up', trim(p.name))
  state = states[lower(p.state)]  on missing reject "bad state {p.state}"
  age   = half(p.age ?? 7)
  note  = match p.state { 'a' => 'x'; 'p' => 'y'; _ => 'z' }
  validate short: length(name) < 10  on fail reject 'long'
}

map posts
  from p in posts
  into app.posts
  key p.id
{
  id     = p.id
  parent = if p.parent is null then null else posts[p.parent.id].id
  body   = p.body
}
"""

ALL = """
test 'codes' for states { 'a', 'act' => active; 'p' => paused; 'q' => missing }
test 'half' for half { 3 => 0; 4 => 2 }
test 'people' {
  given people { id: '1', name: ' Bo ', state: 'a', age: 4 }
  given people { id: '1', name: 'Bo again', state: 'a', age: 4 }
  given people { id: '2', name: 'Al', state: 'P' }
  given people { id: '3', name: 'Cy', state: 'p' }
  given people { id: '4', name: 'Di', state: 'q' }
  given people { id: '5', name: 'Somebody Longer', state: 'a' }
  expect people { name: 'BO', state: 'active', age: 2, note: 'x' }
  expect people { name: 'AL', state: 'paused', age: 0, note: 'z' }
  expect 3 people
  expect 1 skipped
  expect rejected people 'bad state q'
  expect rejected people 'long'
}
test 'posts' {
  given posts from 'posts.json'
  expect posts { id: 'r2', parent: 'r1', body: 'deep' }
  expect posts { id: 't1', parent: null }
  expect 3 posts
}
"""

POSTS = {"threads": [{"id": "t1", "content": {"text": "top"}, "replies": [
    {"id": "r1", "content": {"text": "one"}, "replies": [{"id": "r2", "content": {"text": "deep"}}]}]}]}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mig-spec-tests.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("app.sql", SQL)
        self.write("posts.json", json.dumps(POSTS))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def mig(self, *arguments):
        done = subprocess.run([MIG, *arguments], cwd=self.folder, capture_output=True,
                              env={**os.environ, "NO_COLOR": "1"})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def run_tests(self, tests, *options, base=SPEC):
        self.write("spec.mig", base + tests)
        return self.mig("test", "spec.mig", *options)

    def coverage(self, tests, base=SPEC):
        code, out, err = self.run_tests(tests, "--coverage", "--format", "json", base=base)
        self.assertTrue(out, err)
        return json.loads(out)["specs"][0]["coverage"]


class Failures(Case):
    def test_parts_of_a_condition(self):
        code, out, _ = self.run_tests("test 'a' { assert half(4) + 1 == half( 8 )  +  half(7) }\n")
        self.assertEqual(code, 1)
        self.assertIn("""FAILED  a
        spec.mig:39: does not hold: half(4) + 1 == half( 8 ) + half(7)
            half(4) + 1 == half( 8 ) + half(7)
            half(4)                             = 2
            half(4) + 1                         = 3
                           half( 8 )            = 4
                           half( 8 ) + half(7)  = 4
                                       half(7)  = 0
""", out)

    def test_calls_with_constants_are_run(self):
        code, out, _ = self.run_tests("test 'a' { assert fixed('up', 'x') == lower('Y') }\n")
        self.assertEqual(code, 1)
        self.assertIn("            fixed('up', 'x')                = 'X'\n", out)
        self.assertIn("                                lower('Y')  = 'y'\n", out)
        found = self.coverage("test 'a' { assert fixed('down', 'X') == 'x' }\n")
        self.assertEqual((found["kinds"]["function"]["covered"], found["kinds"]["branch"]["covered"]), (1, 1))

    def test_a_part_without_a_value(self):
        code, out, _ = self.run_tests("test 'a' { assert int(text(half(4)) || 'x') == 3 }\n")
        self.assertEqual(code, 1)
        self.assertIn("could not be computed: int(text(half(4)) || 'x') == 3", out)
        self.assertRegex(out, r"text\(half\(4\)\) +  = '2'\n")
        self.assertRegex(out, r"int\(text\(half\(4\)\) \|\| 'x'\) +  = no value: ")

    def test_code_lines(self):
        code, out, _ = self.run_tests("test 'a' for states { 'p' => active; 'act' => missing }\n")
        self.assertEqual(code, 1)
        self.assertIn("does not hold: 'p' => active", out)
        self.assertRegex(out, r"'p' +  = 'paused'")
        self.assertIn("does not hold: 'act' => missing", out)
        code, _, err = self.run_tests("test 'a' for states { 'zz' => paused }\n")
        self.assertEqual(code, 1)
        self.assertIn("'zz'", err)

    def test_columns(self):
        code, out, _ = self.run_tests("""test 'a' {
  given people { id: '1', name: 'Bo', state: 'a', age: 4 }
  given people { id: '2', name: 'Al', state: 'p' }
  expect people { name: 'AL', state: 'active', age: 0 }
}
""")
        self.assertEqual(code, 1)
        self.assertIn("""people: no such row; the closest one differs in 1 of 3 columns
            column  expected  got
            name    'AL'      'AL'
          * state   'active'  'paused'
            age     0         0
""", out)

    def test_no_row_says_why(self):
        code, out, _ = self.run_tests("""test 'a' {
  given people { id: '1', name: 'Bo', state: 'zz' }
  expect people { name: 'BO' }
}
""")
        self.assertEqual(code, 1)
        self.assertIn("people: no row was written", out)
        self.assertIn("people rejected: bad state zz", out)

    def test_none_selected(self):
        for options in ((), ("--coverage",), ("--format", "junit"), ("--format", "json"), ("--format", "sarif")):
            code, out, err = self.run_tests("", *options)
            self.assertEqual(code, 1, options)
            self.assertIn("X0420", out + err, options)
        code, out, err = self.run_tests(ALL, "--only", "zzz", "--format", "junit")
        suites = ElementTree.fromstring(out)
        self.assertEqual(code, 1)
        self.assertEqual(suites.get("errors"), "1")

    def test_a_spec_without_tests_beside_one_with(self):
        self.write("other.mig", SPEC)
        self.write("spec.mig", SPEC + ALL)
        code, out, _ = self.mig("test", "other.mig", "spec.mig", "--only", "half")
        self.assertEqual((code, out), (0, "spec.mig\nok      half\n1 passed, 0 failed\n"))


class Files(Case):
    def given(self, name, text, expect, path="people"):
        self.write(name, text)
        return self.run_tests("test 'a' {\n  given %s from '%s'\n  %s\n}\n" % (path, name, expect))

    def test_csv(self):
        code, out, err = self.given("p.csv", "\ufeffid;Full Name;state;age\r\n1;\"Bo; Jr\";a;N/A\r\n\r\n2;Al;p;4\r\n",
                                    "expect people { name: 'BO; JR', age: 0 }\n  expect people { name: 'AL', age: 2 }")
        self.assertEqual(code, 0, out + err)

    def test_ndjson_and_names_of_the_spec(self):
        code, out, err = self.given("p.ndjson", '{"id": 1, "name": "Bo", "state": "a", "age": 4}\n\n'
                                    '{"id": "2", "Full Name": "Al", "state": "p", "age": null}\n',
                                    "expect people { name: 'BO', age: 2 }\n  expect people { name: 'AL', age: 0 }")
        self.assertEqual(code, 0, out + err)

    def test_json_array(self):
        code, out, err = self.given("q.json", json.dumps(POSTS["threads"]), "expect 3 posts", path="posts")
        self.assertEqual(code, 0, out + err)

    def test_target(self):
        base = SPEC.replace("source posts", "source names : csv 'names.csv' { body text }\nsource posts")
        base = base.replace("map posts", "map lookers from s in names into csv 'x.csv' "
                            "lookup q in app.people on q.name == s.body { state = q.state }\nmap posts")
        self.write("t.csv", "id,name,state\n6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10,Bo,paused\n")
        tests = "test 'a' {\n  given app.people from 't.csv'\n  given names { body: 'Bo' }\n" \
                "  expect 1 lookers\n}\n"
        code, out, err = self.run_tests(tests, base=base)
        self.assertEqual(code, 0, out + err)
        self.write("t.csv", "id,name,state\n6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10,Bo,paused\n1,Al,late\n")
        code, out, err = self.run_tests(tests, base=base)
        self.assertEqual(code, 1)
        self.assertIn("E0808", err)
        self.assertIn("t.csv:3", err)

    def test_two_files_of_replies(self):
        self.write("more.json", json.dumps({"threads": [{"id": "t2", "content": {"text": "x"}, "replies": [
            {"id": "r9", "content": {"text": "y"}}]}]}))
        code, out, err = self.run_tests("""test 'a' {
  given posts from 'posts.json'
  given posts { id: 'alone', body: 'z' }
  given posts from 'more.json'
  expect posts { id: 'r9', parent: 't2' }
  expect posts { id: 'r2', parent: 'r1' }
  expect posts { id: 'alone', parent: null }
}
""")
        self.assertEqual(code, 0, out + err)

    def test_plan_holds_the_rows(self):
        self.write("spec.mig", SPEC + ALL)
        self.assertEqual(self.mig("build", "spec.mig", "-o", "spec.migc")[0], 0)
        os.remove(os.path.join(self.folder, "posts.json"))
        self.assertEqual(self.mig("test", "spec.migc")[0], 0)
        code, _, err = self.mig("test", "spec.migc", "--coverage")
        self.assertEqual(code, 1)
        self.assertIn("can be told of a spec only", err)

    def test_bad_files(self):
        bad = {"a.csv": ("id;Full Name;stat\n", "has no column `stat`"),
               "b.csv": ("id;id\n", "twice"),
               "c.csv": ("", "is empty"),
               "d.csv": ("id;state\n1\n", "1 fields, the header 2"),
               "e.csv": ('id;state\n"1;a\n', "never closed"),
               "f.json": ("[{]", "is no JSON"),
               "g.json": ("[1]", "a row is a JSON object"),
               "h.json": ('[{"idd": 1}]', "has no column `idd`"),
               "i.ndjson": ('{"id": 1}\n{"id": \n', "this line is no JSON"),
               "j.txt": ("id\n", ".csv, .json or .ndjson"),
               "k.csv": ("id\n" + "1\n" * 10001, "more than 10000 rows"),
               "l.csv": ("id\n" + "x" * (4 << 20), "larger than 4 MiB")}
        for name, (text, message) in bad.items():
            code, _, err = self.given(name, text, "expect 0 people")
            self.assertEqual(code, 1, name)
            self.assertIn("E0808", err, name)
            self.assertIn(message, err, name)
        deep = "[" + '{"id":"x","replies":[' * 66 + "]}" * 66 + "]"
        code, _, err = self.given("m.json", deep, "expect 0 posts", path="posts")
        self.assertIn("more than 64 deep", err)
        code, _, err = self.run_tests("test 'a' {\n  given people from 'none.csv'\n  expect 0 people\n}\n")
        self.assertEqual(code, 1)
        self.assertIn("none.csv", err)


class Coverage(Case):
    def test_all(self):
        found = self.coverage(ALL)
        self.assertEqual(found["missing"], [])
        self.assertEqual(found["mapping"], {"percent": 100, "covered": 15, "total": 15})
        self.assertEqual(found["transform"]["percent"], 100)
        counts = {kind: value["total"] for kind, value in found["kinds"].items()}
        # The lower() side of fixed() is ruled out by its constant argument.
        self.assertEqual(counts, {"line": 9, "branch": 9, "handler": 3, "validation": 1, "function": 2,
                                  "code line": 2, "target column": 9, "source column": 6})

    def missing(self, without, base=SPEC):
        """What is missing without the lines that hold one of the words; without a test where its title does."""
        kept = [test for test in ALL.split("\ntest ") if not any(test.startswith("'%s'" % word) for word in without)]
        tests = "".join(line for line in "\ntest ".join(kept).splitlines(True)
                        if not any(word in line for word in without))
        return sorted((item["kind"], item["line"], item["text"]) for item in self.coverage(tests, base)["missing"])

    def test_each_kind(self):
        self.assertEqual(self.missing(["half' for half"]), [])
        self.assertIn(("branch", 13, "int(truncate(x / 2))"), self.missing(["half' for half", "age: 4"]))
        self.assertIn(("handler", 20, "on duplicate skip"), self.missing(["Bo again"]))
        self.assertIn(("branch", 26, "'z'"), self.missing(["Al", "AL", "'q'", "3 people", "state q"]))
        self.assertIn(("handler", 24, 'on missing reject "bad state {p.state}"'), self.missing(["'q'", "state q"]))
        self.assertIn(("handler", 27, "on fail reject 'long'"), self.missing(["Somebody", "'long'"]))
        self.assertIn(("branch", 25, "7"), self.missing(["'Al'", "'Cy'", "'Di'", "Somebody", "AL", "3 people",
                                                          "rejected"]))
        self.assertIn(("branch", 36, "posts[p.parent.id].id"),
                      self.missing(["posts"]))
        code_lines = [item for item in self.missing(["'codes'", "'p'", "'P'", "AL", "3 people"])
                      if item[0] == "code line"]
        self.assertEqual(code_lines, [("code line", 10, "'p'")])

    def test_nothing_but_a_call(self):
        found = self.coverage("test 'half' for half { 4 => 2 }\n")
        self.assertEqual(found["kinds"]["line"]["covered"], 0)
        self.assertEqual(found["kinds"]["function"]["covered"], 1)
        self.assertEqual(found["kinds"]["branch"]["covered"], 1)

    def test_mapping(self):
        base = SPEC.replace("age int? }", "age int?; old text?; dead text? ignored because 'gone' }")
        base = base.replace("  note  = match p.state { 'a' => 'x'; 'p' => 'y'; _ => 'z' }\n", "")
        missing = [item["text"] for item in self.coverage("test 'h' for half { 4 => 2 }\n", base)["missing"]
                   if item["kind"].endswith("column")]
        self.assertEqual(missing, ["people.old", "people.note in map people"])
        base = base.replace("  validate short", "  ignored note because 'written later'\n  validate short")
        missing = [item["text"] for item in self.coverage("test 'h' for half { 4 => 2 }\n", base)["missing"]
                   if item["kind"].endswith("column")]
        self.assertEqual(missing, ["people.old"])

    def test_constants_leave_no_dead_branches(self):
        base = "migration demo version 1\nfn f(x int) int = if x > 1 and 1 == 2 then 1 else 2\n" \
               "source s : csv 's.csv' { a text }\nmap m from s in s into csv 'o.csv' {\n" \
               "  a = if 1 == 1 then s.a else 'never'\n  b = if s.a == 'x' then f(3) else 0\n}\n"
        missing = [(item["kind"], item["text"]) for item in self.coverage(
            "test 'a' {\n  given s { a: 'x' }\n  given s { a: 'y' }\n  expect 2 m\n}\n", base)["missing"]]
        self.assertEqual(missing, [])

    def test_gates(self):
        self.assertEqual(self.run_tests(ALL, "--min-mapping", "100", "--min-transform", "100")[0], 0)
        tests = "test 'h' for half { 4 => 2 }\n"
        share = self.coverage(tests)["transform"]
        self.assertEqual(share["percent"], share["covered"] * 100 // share["total"])
        self.assertEqual(self.run_tests(tests, "--min-transform", str(share["percent"]))[0], 0)
        for style in ("text", "json", "junit", "sarif", "github"):
            code, out, err = self.run_tests(tests, "--min-transform", str(share["percent"] + 1), "--format", style)
            self.assertEqual(code, 1, style)
            self.assertIn("X0424", out + err, style)
        for wrong in ("101", "x", "-1", "99.5"):
            self.assertEqual(self.run_tests(tests, "--min-mapping", wrong)[0], 2, wrong)

    def test_text(self):
        code, out, _ = self.run_tests(ALL, "--coverage")
        self.assertEqual(code, 0)
        self.assertIn("mapping   coverage 100%  15 of 15: target columns 9 of 9, source columns 6 of 6\n", out)

    def test_lcov(self):
        tests = ALL.replace("  given people { id: '4', name: 'Di', state: 'q' }\n", "") \
                   .replace("  expect rejected people 'bad state q'\n", "")
        code, out, err = self.run_tests(tests, "--lcov", "spec.info")
        self.assertEqual(code, 0, out + err)
        with open(os.path.join(self.folder, "spec.info"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[:2], ["TN:", "SF:spec.mig"])
        self.assertEqual(lines[-1], "end_of_record")
        self.assertIn("BRDA:24,0,0,0", lines)
        found = [line for line in lines if line.startswith("BRDA:")]
        self.assertIn("BRF:%d" % len(found), lines)
        self.assertIn("BRH:%d" % sum(line.endswith(",1") for line in found), lines)
        self.assertIn("LF:%d" % sum(line.startswith("DA:") for line in lines), lines)
        code, out, err = self.run_tests(ALL, "--lcov", "none/spec.info")
        self.assertEqual(code, 1)
        self.assertIn("X0416", err)

    def test_only(self):
        code, out, _ = self.run_tests(ALL, "--only", "half", "--coverage")
        self.assertEqual(code, 0)
        self.assertIn("functions 1 of 2", out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
