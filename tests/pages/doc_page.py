"""The mapping document in a browser: quiet, alone, as wide as its window, with links that lead somewhere.

usage: doc_page.py MIG SOURCE_DIR SCREENSHOTS
"""

import os
import subprocess
import sys
import tempfile
import unittest

import page_kit

MIG, SOURCE_DIR, SHOTS = sys.argv[1:4]
SPECS = {
    "portal": "specs/portal/portal.mig",
    "chinook": "specs/chinook/chinook.mig",
    "hostile": "tests/document/hostile.mig",
}


class DocPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = page_kit.Browser().__enter__()
        cls.pages = {}
        for name, spec in SPECS.items():
            cls.pages[name] = os.path.join(cls.folder.name, name + ".html")
            subprocess.run([MIG, "doc", os.path.join(SOURCE_DIR, spec), "-o", cls.pages[name]], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.folder.cleanup()

    def test_quiet_and_fitting(self):
        for name, path in self.pages.items():
            page_kit.check(self, self.browser, path, os.path.join(SHOTS, "doc-" + name))

    def test_links(self):
        for name, path in self.pages.items():
            with self.subTest(page=name):
                page = self.browser.open(path)
                dead = page.evaluate("""[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))
                    .filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1)))""")
                self.assertEqual(dead, [])
                twice = page.evaluate("""(() => { const seen = new Set();
                    return [...document.querySelectorAll('[id]')].map(e => e.id)
                        .filter(id => seen.has(id) || !seen.add(id)); })()""")
                self.assertEqual(twice, [])
                page.close()

    def test_nothing_active(self):
        for name, path in self.pages.items():
            with self.subTest(page=name):
                page = self.browser.open(path)
                self.assertEqual(page.evaluate("document.querySelectorAll('script, iframe, img, form, object').length"), 0)
                self.assertEqual(page.evaluate("""[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])
                    .filter(a => a.name.startsWith('on')).length"""), 0)
                page.close()

    def test_text_is_readable(self):
        """Text on its background has a contrast of 4.5 at least, in light and dark."""
        script = """(() => {
            const rgb = text => text.match(/[\\d.]+/g).map(Number);
            const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
                return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                return .2126 * r + .7152 * g + .0722 * b; };
            const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
            const poor = new Set();
            for (const e of document.querySelectorAll('body *')) {
                if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
                const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
                const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
                if (contrast < 4.5) poor.add(e.tagName + '.' + e.className + ' ' + contrast.toFixed(2));
            }
            return [...poor]; })()"""
        for dark in (False, True):
            with self.subTest(dark=dark):
                page = self.browser.open(self.pages["portal"], dark=dark)
                self.assertEqual(page.evaluate(script), [])
                page.close()

    def test_prints(self):
        page = self.browser.open(self.pages["portal"])
        path = os.path.join(SHOTS, "doc-portal.pdf")
        page.pdf(path)
        page.close()
        with open(path, "rb") as file:
            self.assertTrue(file.read(8).startswith(b"%PDF-"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
