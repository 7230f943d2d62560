"""mig fmt as a command: what it writes, prints and returns.

usage: command.py MIG
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

MIG = None
MESSY = "migration   a\n\n\n\nuse std . text   -- c\n"
NEAT = "migration a\n\nuse std.text  -- c\n"
BROKEN = "migration a\nmap m {\n  x = \n}\n"


class Fmt(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "wb") as file:
            file.write(text.encode())
        os.chmod(self.path(name), mode)
        os.utime(self.path(name), (1000, 1000))

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read().decode()

    def fmt(self, *arguments, given=None):
        done = subprocess.run([MIG, "fmt", *arguments], cwd=self.folder.name, input=given, capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def untouched(self, name, text):
        self.assertEqual(self.read(name), text)
        self.assertEqual(os.stat(self.path(name)).st_mtime, 1000)

    def test_writes_only_what_changes(self):
        self.write("messy.mig", MESSY, 0o640)
        self.write("neat.mig", NEAT)
        self.assertEqual(self.fmt("messy.mig", "neat.mig"), (0, "", ""))
        self.assertEqual(self.read("messy.mig"), NEAT)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("messy.mig")).st_mode), 0o640)
        self.untouched("neat.mig", NEAT)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["messy.mig", "neat.mig"])

    def test_a_link_stays_one(self):
        self.write("messy.mig", MESSY)
        os.symlink("messy.mig", self.path("link.mig"))
        self.assertEqual(self.fmt("link.mig"), (0, "", ""))
        self.assertTrue(os.path.islink(self.path("link.mig")))
        self.assertEqual(self.read("messy.mig"), NEAT)

    def test_line_ends_stay(self):
        self.write("messy.mig", MESSY.replace("\n", "\r\n"))
        self.assertEqual(self.fmt("messy.mig")[0], 0)
        self.assertEqual(self.read("messy.mig"), NEAT.replace("\n", "\r\n"))

    def test_check(self):
        self.write("messy.mig", MESSY)
        self.write("neat.mig", NEAT)
        self.assertEqual(self.fmt("--check", "neat.mig"), (0, "", ""))
        self.assertEqual(self.fmt("--check", "messy.mig", "neat.mig"), (1, "messy.mig\n", ""))
        self.untouched("messy.mig", MESSY)

    def test_diff(self):
        self.write("messy.mig", MESSY)
        code, out, _ = self.fmt("--diff", "messy.mig")
        self.assertEqual(code, 0)
        self.assertEqual(out, "--- messy.mig\n+++ messy.mig (formatted)\n@@ -1,5 +1,3 @@\n-migration   a\n+migration a\n"
                              " \n-\n-\n-use std . text   -- c\n+use std.text  -- c\n")
        self.assertEqual(self.fmt("--check", "--diff", "messy.mig")[0], 1)
        self.untouched("messy.mig", MESSY)

    def test_standard_input(self):
        self.assertEqual(self.fmt("--stdin", given=MESSY.encode()), (0, NEAT, ""))
        self.assertEqual(self.fmt("--stdin", given=b""), (0, "", ""))
        self.assertEqual(self.fmt("--stdin", "--check", "--stdin-filepath", "x.mig", given=MESSY.encode()),
                         (1, "x.mig\n", ""))
        code, out, err = self.fmt("--stdin", "--stdin-filepath", "x.mig", given=BROKEN.encode())
        self.assertEqual((code, out), (1, ""))
        self.assertIn("x.mig:3", err)

    def test_syntax_errors(self):
        self.write("broken.mig", BROKEN)
        self.write("messy.mig", MESSY)
        code, out, err = self.fmt("broken.mig", "messy.mig")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("error[E0101]", err)
        self.untouched("broken.mig", BROKEN)
        self.assertEqual(self.read("messy.mig"), NEAT)

    def test_json(self):
        self.write("broken.mig", BROKEN)
        self.write("messy.mig", MESSY)
        self.write("neat.mig", NEAT)
        code, out, _ = self.fmt("--format", "json", "--diff", "messy.mig", "neat.mig", "broken.mig")
        result = json.loads(out)
        self.assertEqual(code, 1)
        self.assertEqual([(file["file"], file["changed"]) for file in result["files"]],
                         [("messy.mig", True), ("neat.mig", False)])
        self.assertIn("+migration a\n", result["files"][0]["diff"])
        self.assertEqual(result["files"][1]["diff"], "")
        self.assertEqual(result["errors"], 1)

    def test_usage(self):
        self.assertEqual(self.fmt()[0], 2)
        self.assertEqual(self.fmt("--stdin", "x.mig", given=b"")[0], 2)

    def test_files_that_cannot_be_read_or_written(self):
        self.assertEqual(self.fmt("missing.mig")[0], 1)
        if os.geteuid() == 0:
            return
        self.write("messy.mig", MESSY)
        os.chmod(self.folder.name, 0o555)
        self.addCleanup(os.chmod, self.folder.name, 0o755)
        code, _, err = self.fmt("messy.mig")
        self.assertEqual(code, 1)
        self.assertIn("X0416", err)
        self.untouched("messy.mig", MESSY)


if __name__ == "__main__":
    MIG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
