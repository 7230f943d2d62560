"""`mig infer` as people call it: a database as target, paths, refusals, hostile data, what the draft says.

usage: command.py MIG PROJECT_DIR      (within with_postgres.sh, which gives MIG_TEST_PG_URL)
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

MIG, PROJECT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PORTAL = os.path.join(PROJECT, "specs", "portal")


class Infer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def write(self, name, text, encoding="utf-8"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding=encoding, newline="") as file:
            file.write(text)
        return name

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def mig(self, *args, code=0):
        run = subprocess.run([MIG, *args], cwd=self.folder.name, capture_output=True, text=True)
        self.assertEqual(run.returncode, code, run.stdout[-2000:] + run.stderr)
        return run

    def draft(self, ddl, *files):
        """The draft's text; it compiles."""
        if ddl is not None:
            self.write("db.sql", ddl)
        text = self.mig("infer", *(["--target", "db.sql"] if ddl is not None else []), *files).stdout
        self.write("draft.mig", text)
        self.mig("check", "draft.mig")
        self.mig("fmt", "--check", "draft.mig")
        return text

    def test_target_database(self):
        url = re.sub(r"/postgres\?", "/infer_url?", os.environ["MIG_TEST_PG_URL"])
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        subprocess.run([*psql, os.environ["MIG_TEST_PG_URL"], "-c", "create database infer_url"], check=True)
        subprocess.run([*psql, url, "-f", os.path.join(PORTAL, "portal.sql")], check=True)
        users = os.path.join(PORTAL, "data", "users.csv")
        self.mig("infer", "--target", url, users, code=2)  # where would the DDL go?
        self.mig("infer", "--target", url, "-o", "people.mig", users)
        self.assertTrue(os.path.exists(self.path("people_schema.sql")))
        self.mig("check", "people.mig")
        variable = re.search(r"postgres env '(\w+)'", self.read("people.mig")).group(1)
        run = subprocess.run([MIG, "run", "people.mig", "--quiet"], cwd=self.folder.name, capture_output=True, text=True,
                             env={**os.environ, variable: url})
        self.assertEqual(run.returncode, 0, run.stderr)
        count = subprocess.run([*psql, "-At", url, "-c", "select count(*) from users"], check=True, capture_output=True, text=True)
        self.assertEqual(count.stdout.strip(), "30")
        self.mig("infer", "--target", "postgres://127.0.0.1:1/nothing", "-o", "x.mig", users, code=5)

    def test_refusals(self):
        self.write("a.csv", "a,b\n1,2\n")
        self.write("draft.mig", "mine")
        self.mig("infer", code=2)
        self.mig("infer", "nothing.csv", code=5)
        self.mig("infer", "--target", "nothing.sql", "a.csv", code=5)
        self.write("bad.sql", "create tabel x (")
        self.mig("infer", "--target", "bad.sql", "a.csv", code=1)
        self.mig("infer", "-o", "draft.mig", "a.csv", code=7)
        self.assertEqual(self.read("draft.mig"), "mine")
        self.mig("infer", "--force", "-o", "draft.mig", "a.csv")
        self.mig("check", "draft.mig")
        self.write("empty.json", "[]")
        self.assertIn("no columns", self.mig("infer", "empty.json", code=1).stderr)

    def test_paths(self):
        """A draft in another folder names files and DDL as seen from there."""
        self.write("data/a.csv", "id,name\n1,x\n")
        self.write("ddl/db.sql", "create table a (id int primary key, name text not null);")
        os.makedirs(self.path("specs", "deep"))
        self.mig("infer", "--target", "ddl/db.sql", "-o", "specs/deep/a.mig", "data/a.csv")
        text = self.read("specs", "deep", "a.mig")
        self.assertIn("csv '../../data/a.csv'", text)
        self.assertIn("schema '../../ddl/db.sql'", text)
        self.mig("check", "specs/deep/a.mig")
        self.mig("profile", "specs/deep/a.mig")
        found = json.loads(self.mig("infer", "--format", "json", "--target", "ddl/db.sql", "data/a.csv").stdout)
        self.assertEqual((found["maps"], found["columns"], found["matched"]), (1, 2, 2))

    def test_ambiguous_dates_are_told(self):
        self.write("a.csv", "id,born\n1,01/02/2001\n2,03/04/2002\n")
        text = self.draft("create table a (id int primary key, born date);", "a.csv")
        self.assertRegex(text, r"born\s+date.*format 'DD/MM/YYYY'.*-- guessed: day and month cannot be told apart, 'MM/DD/YYYY'")

    def test_types(self):
        self.write("a.csv", "id,code,price,amount,active,joined,kind,note\n"
                            "1,007,\"1,234.50\",\"2,5\",Y,2025-01-31,Work in progress,N/A\n"
                            "2,008,\"$2\",\"3.5\",no,2025-02-01,DONE, x \n"
                            "3,009,5,7,yes,2025-02-02,done,y\n4,010,5,7,n,2025-02-03,wip,z\n")
        text = self.draft("create type kind as enum ('in_progress', 'done'); create table a (id int primary key, "
                          "code text not null, price numeric(10,2), amount numeric(10,2), active boolean not null, "
                          "joined timestamptz, kind kind not null, note text);", "a.csv")
        self.assertRegex(text, r"\n  code\s+text ")
        self.assertIn("leading zeros", text)
        self.assertRegex(text, r"active\s+bool\n")
        self.assertRegex(text, r"joined\s+date\n")
        self.assertIn("regex_replace(a.price, '', '[^0-9.+-]')", text)
        self.assertIn("replace(a.amount, ',', '.')", text)
        self.assertIn("no zone is known; UTC is taken", text)
        self.assertIn("null '', 'N/A' trim", text)
        self.assertRegex(text, r"'done'\s*=> 'done'")

    def test_what_has_no_source(self):
        self.write("a.csv", "id,stray\n1,x\n2,x\n3,y\n")
        text = self.draft("create table a (id int primary key, must int not null, may int, given text not null default 'x');", "a.csv")
        self.assertRegex(text, r"must\s+= 0\s+-- guessed: REVIEW: no source column found, and the column must have a value")
        self.assertIn("ignored may because 'no source column found'", text)
        self.assertIn("the target's defaults stand: given", text)
        self.assertRegex(text, r"stray\s+text\s+-- guessed: no target column found")

    def test_personal_data(self):
        self.write("users.csv", "id,email,full name\n1,a@b.example,Ruby Smith\n2,c@d.example,Liam Lee\n")
        text = self.draft("create table users (id int primary key, email text not null, full_name text);", "users.csv")
        self.assertRegex(text, r"pii db\.users \(email, full_name\)")
        self.assertRegex(text, r"email\s+text\s+.*pii")
        for value in ("a@b.example", "Ruby"):
            self.assertNotIn(value, text)

    def test_cycle(self):
        """Tables that refer to each other: the reference that may be null goes."""
        self.write("teams.csv", "id,name,lead_id\n1,x,1\n2,y,2\n")
        self.write("people.csv", "id,name,team_id\n1,a,1\n2,b,2\n")
        text = self.draft("create table teams (id int primary key, name text not null, lead_id int); create table people "
                          "(id int primary key, name text not null, team_id int not null references teams (id)); "
                          "alter table teams add foreign key (lead_id) references people (id);", "teams.csv", "people.csv")
        self.assertIn("map teams", text)
        self.assertIn("map people", text)

    def test_hostile_data(self):
        self.write("a.csv", "\"it's -- {x}\",\"b \"\"q\"\"\",not,match\n'; drop table a; --,{y},1,x\n\"two\nlines\",\"\\\",2,x\n"
                            "'; drop table a; --,{y},3,x\n'; drop table a; --,{y},4,x\n")
        self.draft(None, "a.csv")
        text = self.draft("create type e as enum ('it''s', 'x'); create table a (\"not\" int primary key, \"match\" e, \"b q\" text);",
                          "a.csv")
        self.assertIn("map a", text)
        self.assertRegex(text, r"\n  `not`\s+= a\.not_")
        self.assertRegex(text, r"\n  `b q`\s+= ")

    def test_profile_of_a_spec(self):
        """Sources as the spec declares them, tables of a database among them; what it calls personal is masked."""
        url = re.sub(r"/postgres\?", "/infer_profile?", os.environ["MIG_TEST_PG_URL"])
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        subprocess.run([*psql, os.environ["MIG_TEST_PG_URL"], "-c", "create database infer_profile"], check=True)
        ddl = "create table u (id int primary key, note text);"
        subprocess.run([*psql, url, "-c", ddl + "insert into u select i, 'n' || i % 3 from generate_series(1, 50) i"], check=True)
        self.write("old.sql", ddl)
        self.write("a.csv", "nick\nSpot\n")
        self.write("m.mig", "migration m version 1\nsource old : postgres env 'OLD_URL' schema 'old.sql'\n"
                            "source a : csv 'a.csv' { nick text pii }\n"
                            "map x from u in old.public.u into csv 'x.csv' { id = u.id }\n"
                            "map y from r in a into csv 'y.csv' { n = length(redact(r.nick)) }\n")
        run = subprocess.run([MIG, "profile", "--format", "json", "m.mig"], cwd=self.folder.name, capture_output=True, text=True,
                             env={**os.environ, "OLD_URL": url})
        self.assertEqual(run.returncode, 0, run.stderr)
        tables = {t["name"]: t for t in json.loads(run.stdout)["tables"]}
        self.assertEqual((tables["old.u"]["rows"], tables["old.u"]["columns"][1]["distinct"]), (50, 3))
        self.assertTrue(tables["a"]["columns"][0]["masked"])
        self.assertNotIn("Spot", run.stdout)
        self.assertIn("Spot", self.mig("profile", "--show-values", "m.mig", "a").stdout)
        self.assertIn("did you mean `old`", self.mig("profile", "m.mig", "odl", code=2).stderr)

    def test_without_target(self):
        self.write("a.csv", "id;mail\n1;x@y.example\n2;\n")
        text = self.draft(None, "a.csv")
        self.assertIn("into csv 'a.csv'", text)
        self.mig("run", "draft.mig", "--quiet", "--target", os.environ["MIG_TEST_PG_URL"])
        with open(self.path(".mig", "a.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines(), ["id,mail", "1,x@y.example", "2,"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
