"""mig diff as a command: what it prints and returns.

usage: command.py MIG
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

MIG = None
HERE = os.path.dirname(os.path.abspath(__file__))


class Diff(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name in ("base.mig", "base.sql"):
            shutil.copy(os.path.join(HERE, name), self.folder.name)
        with open(os.path.join(HERE, "base.mig"), encoding="utf-8") as file:
            text = file.read()
        self.write("cosmetic.mig", text.replace("-- Who buys.", "-- Who pays."))
        self.write("key.mig", text.replace("uuid5('order', s.number)", "uuid5('order', s.number, s.state)"))
        self.write("wider.mig", text.replace("tolerance 5\n", "tolerance 7\n"))
        self.write("broken.mig", text.replace("from s in sales", "from s in"))

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def mig(self, *arguments):
        done = subprocess.run([MIG, *arguments], cwd=self.folder.name, capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_specs(self):
        self.assertEqual(self.mig("diff", "base.mig", "base.mig"), (0, "no change\n", ""))
        code, out, err = self.mig("diff", "base.mig", "key.mig")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, "key        map orders, column id: changed\n    - uuid5('order', s.number)\n"
                              "    + uuid5('order', s.number, s.state)\n\n1 change: 1 key\n")

    def test_plans(self):
        self.assertEqual(self.mig("build", "base.mig", "-o", "base.migc")[0], 0)
        self.assertEqual(self.mig("diff", "base.migc", "base.mig")[1], "no change\n")
        self.assertEqual(self.mig("diff", "base.migc", "wider.mig")[1],
                         "widening   map people, tolerance: changed\n    - 5\n    + 7\n\n1 change: 1 widening\n")

    def test_codes_of_a_file(self):
        """Their text is one of the plan's files, and no spec."""
        with open(os.path.join(self.folder.name, "base.mig"), encoding="utf-8") as file:
            text = file.read()
        self.write("levels.csv", "old,new\na,b\n")
        self.write("codes.mig", text + "\ncodes level : text -> text from 'levels.csv' (old, new)\n")
        self.assertEqual(self.mig("diff", "codes.mig", "codes.mig"), (0, "no change\n", ""))

    def test_fail_on(self):
        for new, kinds, code in (("key.mig", "key", 1), ("key.mig", "breaking,key", 1), ("key.mig", "breaking", 0),
                                 ("wider.mig", "breaking,key,rollback,behaviour", 0), ("wider.mig", "widening", 1),
                                 ("cosmetic.mig", "cosmetic", 1), ("base.mig", "cosmetic", 0)):
            with self.subTest(new=new, kinds=kinds):
                self.assertEqual(self.mig("diff", "base.mig", new, "--fail-on", kinds)[0], code)

    def test_json(self):
        code, out, _ = self.mig("diff", "--format", "json", "--fail-on", "key", "base.mig", "key.mig")
        result = json.loads(out)
        self.assertEqual(code, 1)
        self.assertEqual(result["changes"], [{"class": "key", "place": "map orders, column id", "change": "changed",
                                              "old": "uuid5('order', s.number)",
                                              "new": "uuid5('order', s.number, s.state)", "through": ""}])
        self.assertEqual(result["counts"]["key"], 1)
        self.assertEqual(sum(result["counts"].values()), 1)

    def test_errors(self):
        code, out, err = self.mig("diff", "base.mig", "broken.mig")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("E0101", err)
        self.assertEqual(self.mig("diff", "base.mig", "missing.mig")[0], 1)
        self.assertEqual(self.mig("diff", "base.mig")[0], 2)
        code, _, err = self.mig("diff", "base.mig", "key.mig", "--fail-on", "grave")
        self.assertEqual(code, 2)
        self.assertIn("grave", err)


if __name__ == "__main__":
    MIG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
