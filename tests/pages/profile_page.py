"""The profile page in a browser: quiet, alone, as wide as its window; personal values are nowhere in it.

usage: profile_page.py MIG SOURCE_DIR SCREENSHOTS
"""

import os
import subprocess
import sys
import tempfile
import unittest

import page_kit

MIG, SOURCE_DIR, SHOTS = sys.argv[1:4]
PORTAL = os.path.join(SOURCE_DIR, "specs", "portal", "data")
HOSTILE = """<script>alert(1)</script>,"a ""quoted"" heading","onload='x'",word
"<img src=x onerror=alert(1)>","&amp; <b>bold</b>","'; drop table x; --",%s
"</style><script>fetch('http://example.test/')</script>",plain,"‮rtl",%s
""" % ("w" * 3000, "ü" * 500)


class ProfilePage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        hostile = os.path.join(cls.folder.name, "hostile.csv")
        with open(hostile, "w", encoding="utf-8") as file:
            file.write(HOSTILE)
        sources = {
            "portal": [os.path.join(PORTAL, name) for name in sorted(os.listdir(PORTAL))],
            "hostile": [hostile],
        }
        cls.pages = {}
        cls.browser = page_kit.Browser().__enter__()
        for name, files in sources.items():
            cls.pages[name] = os.path.join(cls.folder.name, name + ".html")
            subprocess.run([MIG, "profile", "--html", cls.pages[name], *files], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.folder.cleanup()

    def test_quiet_and_fitting(self):
        for name, path in self.pages.items():
            page_kit.check(self, self.browser, path, os.path.join(SHOTS, "profile-" + name))

    def test_nothing_active(self):
        for name, path in self.pages.items():
            with self.subTest(page=name):
                page = self.browser.open(path)
                self.assertEqual(page.evaluate("document.querySelectorAll('script, iframe, img, form, object').length"), 0)
                self.assertEqual(page.evaluate("""[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])
                    .filter(a => a.name.startsWith('on')).length"""), 0)
                page.close()

    def test_all_tables_are_reached(self):
        page = self.browser.open(self.pages["portal"])
        self.assertEqual(page.evaluate("document.querySelectorAll('section').length"), 8)
        self.assertEqual(page.evaluate("""[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))
            .filter(href => !document.getElementById(href.slice(1))).length"""), 0)
        self.assertGreater(page.evaluate("document.querySelectorAll('svg rect').length"), 50)
        page.close()

    def test_personal_values_are_masked(self):
        with open(self.pages["portal"], encoding="utf-8") as file:
            text = file.read()
        for value in ("@mavericks.test", "@acme.test", "Ruby Smith", "0482865283"):
            self.assertNotIn(value, text)
        self.assertIn("***", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
