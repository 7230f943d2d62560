"""What the editors' own files say agrees with the compiler: the TextMate grammar knows the same keywords and events, and
the extension's files are there and are JSON."""
import json
import os
import re
import sys
import unittest

ROOT = None


class Editors(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.join(ROOT, "docs", "editors", "vscode")
        with open(os.path.join(self.folder, "syntaxes", "mig.tmLanguage.json"), encoding="utf-8") as file:
            self.grammar = json.load(file)
        with open(os.path.join(ROOT, "compiler", "syntax", "keywords.def"), encoding="utf-8") as file:
            self.table = file.read()

    def words(self, rule, group=r"\(\?:([a-z_|]+)\)"):
        return re.search(group, self.grammar["repository"][rule]["match"]).group(1).split("|")

    def test_keywords(self):
        keywords = re.findall(r'^KEYWORD\("(\w+)", \w+, (\w+)\)', self.table, re.M)
        self.assertGreater(len(keywords), 50)
        self.assertEqual(self.words("reserved"), [word for word, use in keywords if use == "RESERVED"])
        self.assertEqual(self.words("keyword"), [word for word, use in keywords if use != "RESERVED"])

    def test_declarations(self):
        declarations = re.findall(r'^DECLARATION\("(\w+)"', self.table, re.M)
        self.assertEqual(self.words("declaration", r"\?\(([a-z|]+)\)"), declarations)

    def test_events(self):
        with open(os.path.join(ROOT, "compiler", "syntax", "keyword.c"), encoding="utf-8") as file:
            source = file.read()
        for event in self.words("event", r"\(([a-z_]+\|[a-z_|]+)\)"):
            self.assertIn(f'"{event}"', source)

    def test_patterns_are_regular_expressions(self):
        def walk(node):
            if isinstance(node, dict):
                for key, value in node.items():
                    if key in ("match", "begin", "end"):
                        re.compile(value)
                    if key == "include":
                        self.assertIn(value.lstrip("#"), self.grammar["repository"])
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)
        walk(self.grammar)

    def test_package(self):
        with open(os.path.join(self.folder, "package.json"), encoding="utf-8") as file:
            package = json.load(file)
        with open(os.path.join(self.folder, "language-configuration.json"), encoding="utf-8") as file:
            json.load(file)
        contributes = package["contributes"]
        for path in (package["main"], contributes["languages"][0]["configuration"], contributes["grammars"][0]["path"]):
            self.assertTrue(os.path.isfile(os.path.join(self.folder, path)), path)
        self.assertEqual(contributes["grammars"][0]["scopeName"], self.grammar["scopeName"])


if __name__ == "__main__":
    ROOT = os.path.abspath(sys.argv.pop(1))
    unittest.main()
