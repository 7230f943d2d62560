"""What an editor gets to see while somebody works on a spec."""
import json
import os
import sys
import tempfile
import unittest

from client import Client, units, uri_of
from kit import SPEC, write_project

MIG = None


class Session(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = os.path.realpath(self.folder.name)
        self.path = write_project(self.root)
        environment = {**os.environ, "XDG_CACHE_HOME": os.path.join(self.root, "cache")}
        self.client = Client(MIG, self.root, environment=environment)
        self.uri = self.client.open(self.path)

    def tearDown(self):
        self.client.kill()
        self.folder.cleanup()

    def ask(self, method, marked, **more):
        message = self.client.at(method, self.uri, self.client.find(self.uri, marked), **more)
        self.assertNotIn("error", message)
        return message["result"]

    def hover(self, marked):
        result = self.ask("hover", marked)
        return result["contents"]["value"] if result else None

    def labels_after(self, before, typed):
        """Completion behind `typed`, put in front of a piece of the text; taken out again."""
        at = self.client.texts[self.uri].index(before)
        self.client.change(self.uri, (at, at, typed))
        message = self.client.at("completion", self.uri, self.client.position(self.uri, at + len(typed)))
        self.client.change(self.uri, (at, at + len(typed), ""))
        self.items = {item["label"]: item for item in message["result"]["items"]}
        return list(self.items)

    def problems(self):
        return [(d["code"], d["message"].split("\n")[0]) for d in self.client.wait_diagnostics(self.uri)]


class Diagnostics(Session):
    def test_clean(self):
        self.assertEqual(self.problems(), [])

    def test_appear_and_vanish(self):
        self.client.wait_diagnostics(self.uri)
        self.client.replace(self.uri, "= t.title\n  status", "= t.tittle\n  status")
        found = self.client.wait_diagnostics(self.uri)
        self.assertEqual(len(found), 1)
        self.assertIn("`t` has no column `tittle`", found[0]["message"])
        self.assertIn("did you mean `title`?", found[0]["message"])
        self.assertEqual(self.client.text_at(self.uri, found[0]["range"]), "tittle")
        self.assertEqual((found[0]["severity"], found[0]["source"]), (1, "mig"))
        page = found[0]["codeDescription"]["href"]
        self.assertTrue(page.startswith("file:///") and page.endswith(found[0]["code"] + ".md"))
        with open(page[len("file://"):], encoding="utf-8") as file:
            self.assertIn(found[0]["code"], file.read())
        self.client.replace(self.uri, "tittle", "title")
        self.assertEqual(self.problems(), [])

    def test_broken_text_keeps_the_rest(self):
        self.client.replace(self.uri, "title      = t.title", "title      = t.")
        self.client.replace(self.uri, "trim(p.name)", "trim(p.nam)")
        messages = [message for _, message in self.problems()]
        self.assertTrue(any("has no column `nam`" in m for m in messages), messages)
        self.assertGreaterEqual(len(messages), 2)

    def test_utf16_positions(self):
        self.client.replace(self.uri, "'open', 'to do'", "'😀é', 'to do'")
        self.client.replace(self.uri, "'😀é', 'to do' => todo", "'😀é', 'to do' => tado")
        found = self.client.wait_diagnostics(self.uri)
        line = [l for l in self.client.texts[self.uri].split("\n") if "tado" in l][0]
        self.assertEqual(found[0]["range"]["start"]["character"], units(line[:line.index("tado")]))
        self.assertEqual(self.client.text_at(self.uri, found[0]["range"]), "tado")

    def test_many_edits_at_once(self):
        text = self.client.texts[self.uri]
        start = text.index("moves tasks")
        self.client.change(self.uri, (start, start + 5, "🎉🎉"), (start + 2, start + 2, "\n-- ein Gruß 👋 "),
                           (0, 0, "\n"))
        self.assertEqual(self.problems(), [])
        symbols = self.client.request("textDocument/documentSymbol", {"textDocument": {"uri": self.uri}})["result"]
        first = [s for s in symbols if s["name"] == "moving"][0]
        self.assertEqual(self.client.text_at(self.uri, first["selectionRange"]), "moving")

    def test_related_information(self):
        self.client.replace(self.uri, "  name = trim(p.name)\n", "")
        found = self.client.wait_diagnostics(self.uri)
        related = found[0]["relatedInformation"][0]
        self.assertEqual(related["location"]["uri"], uri_of(os.path.join(self.root, "schema.sql")))
        self.assertIn("declared here", related["message"])

    def test_unsaved_ddl_counts(self):
        self.client.wait_diagnostics(self.uri)
        ddl = self.client.open(os.path.join(self.root, "schema.sql"), language="sql")
        self.client.replace(ddl, "title      varchar(120)", "subject    varchar(120)")
        self.client.diagnostics.clear()
        while not self.client.diagnostics.get(self.uri, {}).get("diagnostics"):
            self.client.take(self.client.read())
        self.assertTrue(any("title" in m for _, m in self.problems()))
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": ddl}})
        while self.client.diagnostics[self.uri]["diagnostics"]:
            self.client.take(self.client.read())

    def test_ddl_faults_stand_in_the_ddl(self):
        ddl = self.client.open(os.path.join(self.root, "schema.sql"), language="sql")
        self.client.replace(ddl, "create type task_status", "creat type task_status")
        while not self.client.diagnostics.get(ddl, {}).get("diagnostics"):
            self.client.take(self.client.read())
        self.assertIn("syntax error", self.client.diagnostics[ddl]["diagnostics"][0]["message"])
        self.client.replace(ddl, "creat type", "create type")
        while self.client.diagnostics[ddl]["diagnostics"]:
            self.client.take(self.client.read())

    def test_missing_file(self):
        self.client.replace(self.uri, "'schema.sql'", "'nowhere.sql'")
        self.assertTrue(any("nowhere.sql" in m for _, m in self.problems()))

    def test_module_by_itself(self):
        module = self.client.open(os.path.join(self.root, "lib", "codes.mig"))
        self.assertEqual(self.client.wait_diagnostics(module), [])
        self.client.replace(module, "lower(trim(x))", "lowr(trim(x))")
        found = self.client.wait_diagnostics(module)
        self.assertEqual([d["message"].split("\n")[0] for d in found], ["there is no function `lowr`"])

    def test_unsaved_document_without_file(self):
        other = self.client.open("untitled:Untitled-1", "migration m version 1\nparam a tex\n")
        found = self.client.wait_diagnostics(other)
        self.assertTrue(any("tex" in d["message"] for d in found))

    def test_close_clears(self):
        self.client.replace(self.uri, "trim(p.name)", "trim(p.nam)")
        self.client.wait_diagnostics(self.uri)
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})
        while self.client.diagnostics[self.uri]["diagnostics"]:
            self.client.take(self.client.read())

    def test_full_text_change(self):
        self.client.set_text(self.uri, "nonsense here\n")
        self.assertNotEqual(self.problems(), [])
        self.client.set_text(self.uri, SPEC)
        self.assertEqual(self.problems(), [])


class Lint(Session):
    """Findings of the linter, where there are no errors."""

    def test_finding_with_page(self):
        self.assertEqual(self.problems(), [])
        self.client.replace(self.uri, "title      = t.title", "title      = left(t.title, 20)")
        found, = self.client.wait_diagnostics(self.uri)
        self.assertEqual((found["code"], found["severity"], found["source"]), ("L0102", 2, "mig"))
        self.assertEqual(self.client.text_at(self.uri, found["range"]), "left(t.title, 20)")
        with open(found["codeDescription"]["href"][len("file://"):], encoding="utf-8") as file:
            self.assertIn("lossy-conversion", file.read())
        self.client.replace(self.uri, "left(t.title, 20)", "left(t.titel, 20)")
        self.assertEqual([code for code, _ in self.problems()], ["E0202"])

    def test_allowed_in_the_text(self):
        self.client.wait_diagnostics(self.uri)
        self.client.replace(self.uri, "  title      = t.title",
                            "  -- mig:allow lossy-conversion because badges are short\n  title      = left(t.title, 20)")
        self.assertEqual(self.problems(), [])

    def test_settings_of_the_project(self):
        self.client.wait_diagnostics(self.uri)
        with open(os.path.join(self.root, ".mig-lint"), "w", encoding="utf-8") as file:
            file.write("lossy-conversion error\n")
        self.client.replace(self.uri, "title      = t.title", "title      = left(t.title, 20)")
        found, = self.client.wait_diagnostics(self.uri)
        self.assertEqual((found["code"], found["severity"]), ("L0102", 1))

    def test_in_the_ddl(self):
        self.client.wait_diagnostics(self.uri)
        ddl = self.client.open(os.path.join(self.root, "schema.sql"), language="sql")
        self.client.replace(ddl, "create index tasks_project on tasks (project_id);", "")
        self.assertEqual([d["code"] for d in self.client.wait_diagnostics(ddl)], ["L0401"])

    def test_fix_of_a_warning(self):
        self.client.wait_diagnostics(self.uri)
        self.client.replace(self.uri, "title      = t.title", "title      = t.title ?? 'x'")
        found, = self.client.wait_diagnostics(self.uri)
        actions = self.client.request("textDocument/codeAction", {
            "textDocument": {"uri": self.uri}, "range": found["range"], "context": {"diagnostics": [found]}})["result"]
        self.assertEqual(found["code"], "W0902")
        self.assertEqual(len(actions), 1)


class Hover(Session):
    def test_source_column(self):
        text = self.hover("trim(p.na|me)")
        self.assertIn("source column name text", text)

    def test_nullable_and_pii(self):
        text = self.hover("phone      = t.ph|one")
        self.assertIn("text?", text)
        self.assertIn("pii", text)

    def test_target_column_with_labels(self):
        text = self.hover("  sta|tus     =")
        self.assertIn("task_status not null default", text)
        self.assertIn("`todo`, `doing`, `done`", text)

    def test_function_of_a_module(self):
        text = self.hover("key code_|key(p.code)")
        self.assertIn("fn code_key(x text) text", text)
        self.assertIn("The one spelling of a code.", text)

    def test_builtin(self):
        text = self.hover("name = tr|im(p.name)")
        self.assertIn("trim(text) text", text)
        self.assertIn("without white space at both ends", text)

    def test_codes_and_map(self):
        self.assertIn("codes state : text -> task_status", self.hover("= sta|te[lower").replace("db.", ""))
        text = self.hover("= proj|ects[code_key")
        self.assertIn("map projects into db.projects key text", text)
        self.assertIn("Projects first.", text)

    def test_expression_shows_where_pii_comes_from(self):
        self.client.replace(self.uri, "phone      = t.phone", "phone      = upper(t.phone)")
        text = self.hover("= upp|er(t.phone)")
        self.assertIn("text?", text)
        self.assertIn("personal data: from `t.phone`", text)

    def test_nothing_in_a_comment(self):
        self.assertIsNone(self.hover("Projects fi|rst."))


class Completion(Session):
    BODY = "  title      = t.title"

    def test_source_columns(self):
        labels = self.labels_after(self.BODY, "  x = t.")
        self.assertEqual(set(labels), {"title", "project", "state", "due", "phone", "source"})
        self.assertEqual(self.items["phone"]["detail"], "text? pii")

    def test_free_target_columns(self):
        labels = self.labels_after("  due_on     = ", "  ")
        self.assertNotIn("title", labels)
        self.assertIn("let", labels)
        self.assertNotIn("batch", labels)
        at = self.client.texts[self.uri].index("  due_on     =")
        end = self.client.texts[self.uri].index("\n", at)
        self.client.change(self.uri, (at, end, "  "))
        message = self.client.at("completion", self.uri, self.client.position(self.uri, at + 2))
        items = {i["label"]: i for i in message["result"]["items"]}
        self.assertEqual((items["due_on"]["detail"], items["due_on"]["insertText"]), ("date", "due_on = "))

    def test_enum_labels(self):
        self.assertIn("'todo'", self.labels_after(self.BODY, "  status = "))
        self.assertEqual(set(self.labels_after(self.BODY, "  status = 'd")), {"todo", "doing", "done"})
        self.assertIn("done", self.labels_after("  'busy'", "  'x' => "))

    def test_values(self):
        labels = self.labels_after(self.BODY, "  x = ")
        for wanted in ("t", "project", "trim", "code_key", "state", "projects", "$cutover", "match", "null"):
            self.assertIn(wanted, labels)
        self.assertEqual(self.items["trim"]["detail"], "trim(text) text")
        self.assertNotIn("where", labels)

    def test_members(self):
        self.assertIn("code", self.labels_after(self.BODY, "  x = project."))
        self.assertIn("name", self.labels_after(self.BODY, "  x = projects['a']."))
        self.assertEqual(set(self.labels_after(self.BODY, "  x = $run.")), {"id", "started_at", "environment"})
        self.assertEqual(set(self.labels_after(self.BODY, "  x = t.source.")), {"file", "line", "row"})
        self.assertIn("title", self.labels_after(self.BODY, '  x = "a {t.'))

    def test_params(self):
        self.assertIn("cutover", self.labels_after(self.BODY, "  x = $"))

    def test_events_and_actions(self):
        self.assertIn("missing", self.labels_after(self.BODY, "  x = t.title on "))
        actions = self.labels_after(self.BODY, "  x = t.title on missing ")
        self.assertEqual(set(actions), {"use", "skip", "reject", "warn", "fail"})

    def test_clauses_and_paths(self):
        into = "  into db.tasks"
        clauses = self.labels_after(into, "  ")
        for wanted in ("where", "group by", "left lookup", "on conflict", "key"):
            self.assertIn(wanted, clauses)
        self.assertEqual(self.labels_after(into, "  group "), ["by"])
        self.assertIn("sheets.projects", self.labels_after(into, "  lookup o in "))
        self.assertIn("db.projects", self.labels_after(into, "  lookup o in "))

    def test_declarations(self):
        labels = self.labels_after("codes state", "m")
        self.assertIn("map", labels)
        self.assertIn("extern fn", labels)
        self.assertNotIn("where", labels)

    def test_types_settings_formats(self):
        self.assertIn("timestamptz", self.labels_after("source sheets", "param x "))
        self.assertIn("db.task_status", self.labels_after("source sheets", "param x "))
        self.assertIn("tolerance", self.labels_after("source sheets", "environment prod {\n  "))
        self.assertIn("csv", self.labels_after("source sheets", "source x : "))
        self.assertIn("decimal", self.labels_after("    state   text", "    x "))

    def test_nothing_in_comments(self):
        self.assertEqual(self.labels_after(self.BODY, "  -- t."), [])


class Navigation(Session):
    def definition(self, marked):
        return self.ask("definition", marked)

    def test_into_the_ddl(self):
        found = self.definition("  due|_on     =")
        self.assertEqual(found["uri"], uri_of(os.path.join(self.root, "schema.sql")))
        self.assertEqual(found["range"]["start"], {"line": 11, "character": 2})

    def test_into_a_module(self):
        found = self.definition("key code_|key(p.code)")
        self.assertEqual(found["uri"], uri_of(os.path.join(self.root, "lib", "codes.mig")))
        self.assertEqual(found["range"]["start"], {"line": 1, "character": 3})

    def test_in_the_spec(self):
        for marked, name in (("= t.ti|tle\n  status", "title"), ("= proj|ect.id", "project"),
                             ("= sta|te[lower", "state"), ("= |t.title\n", "t"), ("proj|ects[", "projects"),
                             ("$cut|over)", "cutover"), ("no state {t.sta|te}", "state"),
                             ("in sheets.ta|sks", "tasks"), ("given sheets.tasks { ti|tle", "title"),
                             ("expect ta|sks", "tasks")):
            found = self.definition(marked)
            self.assertEqual(found["uri"], self.uri)
            self.assertEqual(self.client.text_at(self.uri, found["range"]), name, marked)

    def test_files(self):
        self.assertTrue(self.definition("schema 'sch|ema.sql'")["uri"].endswith("schema.sql"))
        self.assertTrue(self.definition("use lib.co|des")["uri"].endswith("codes.mig"))

    def test_into_the_standard_library(self):
        self.client.replace(self.uri, "use lib.codes\n", "use lib.codes\nuse std.text\n")
        self.client.replace(self.uri, "  name = trim(p.name)", "  name = clean(p.name)")
        self.client.wait_diagnostics(self.uri)
        found = self.definition("name = cle|an(p.name)")
        path = found["uri"][len("file://"):]
        with open(path, encoding="utf-8") as file:
            line = file.read().splitlines()[found["range"]["start"]["line"]]
        self.assertTrue(line.startswith("fn clean("), line)
        self.assertEqual(os.stat(path).st_mode & 0o222, 0)
        self.assertEqual(self.definition("use std.te|xt")["uri"], found["uri"])
        # It is mig's own: nobody renames it, and it is a module like any other when it is opened.
        self.assertIn("error", self.client.at("rename", self.uri, self.client.find(self.uri, "name = cle|an(p.name)"),
                                              newName="tidy"))
        self.client.open(path)
        self.assertEqual(self.client.wait_diagnostics(found["uri"]), [])

    def test_nowhere(self):
        self.assertIsNone(self.definition("Projects fi|rst."))

    def test_references(self):
        found = self.ask("references", "key code_|key(p.code)", context={"includeDeclaration": True})
        self.assertEqual(len(found), 4)
        self.assertEqual(len({f["uri"] for f in found}), 2)
        found = self.ask("references", "codes sta|te :", context={"includeDeclaration": False})
        self.assertEqual([self.client.text_at(self.uri, f["range"]) for f in found], ["state"])

    def test_highlight(self):
        found = self.ask("documentHighlight", "from |t in sheets.tasks")
        self.assertEqual(len(found), 8)

    def test_outline(self):
        symbols = self.client.request("textDocument/documentSymbol", {"textDocument": {"uri": self.uri}})["result"]
        by_name = {s["name"]: s for s in symbols}
        self.assertEqual([c["name"] for c in by_name["sheets"]["children"]], ["projects", "tasks"])
        self.assertEqual([c["name"] for c in by_name["tasks"]["children"]][:2], ["project", "id"])


class Rename(Session):
    def rename(self, marked, name):
        return self.client.at("rename", self.uri, self.client.find(self.uri, marked), newName=name)

    def test_row(self):
        self.client.apply(self.rename("from |t in", "task")["result"])
        self.assertIn('reject "no state {task.state}"', self.client.texts[self.uri])
        self.assertNotIn(" t.", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])

    def test_param_in_sql_and_tests(self):
        self.client.apply(self.rename("param cut|over timestamptz\n\n", "moment")["result"])
        self.assertIn("text($moment)", self.client.texts[self.uri])
        self.assertIn("param moment = timestamptz", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])

    def test_target(self):
        self.client.apply(self.rename("target d|b :", "store")["result"])
        self.assertIn("-> store.task_status", self.client.texts[self.uri])
        self.assertIn("into store.tasks", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])

    def test_source_column_keeps_its_field(self):
        self.client.apply(self.rename("    na|me  text", "label")["result"])
        self.assertIn("label  text from 'name'", self.client.texts[self.uri])
        self.assertIn("trim(p.label)", self.client.texts[self.uri])
        self.assertIn("label: 'Alpha'", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])

    def test_over_files(self):
        edit = self.rename("key code_|key(p.code)", "key_of")["result"]
        module = uri_of(os.path.join(self.root, "lib", "codes.mig"))
        self.assertEqual(set(edit["changes"]), {self.uri, module})
        self.client.open(os.path.join(self.root, "lib", "codes.mig"))
        self.client.apply(edit)
        self.assertIn("fn key_of(x text)", self.client.texts[module])
        self.assertEqual(self.problems(), [])

    def test_specs_that_are_not_open(self):
        other = os.path.join(self.root, "other.mig")
        with open(other, "w", encoding="utf-8") as file:
            file.write("migration other version 1\nuse lib.codes\nparam p text\n"
                       "test 'x' { assert code_key(' A') == 'a' }\n")
        edit = self.rename("key code_|key(p.code)", "key_of")["result"]
        self.assertEqual(len(edit["changes"][uri_of(other)]), 1)
        with open(other, "a", encoding="utf-8") as file:
            file.write("fn broken(x text) text = code_key(\n")
        self.assertIn("other.mig has errors", self.rename("key code_|key(p.code)", "key_of")["error"]["message"])

    def test_clash(self):
        message = self.rename("let proj|ect =", "t")
        self.assertEqual(message["error"]["code"], -32803)
        message = self.rename("map proj|ects\n", "state")
        self.assertIn("taken", message["error"]["message"])

    def test_odd_names(self):
        self.client.apply(self.rename("let proj|ect =", "the project")["result"])
        self.assertIn("let `the project` =", self.client.texts[self.uri])
        self.assertIn("= `the project`.id", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])
        self.assertIn("error", self.rename("let `the proj|ect` =", ""))
        self.assertIn("error", self.rename("let `the proj|ect` =", "a\nb"))

    def test_refused(self):
        self.assertIn("schema", self.rename("  due|_on     =", "due")["error"]["message"])
        self.assertIn("ids", self.rename("migration mov|ing", "x")["error"]["message"])
        message = self.client.at("prepareRename", self.uri, self.client.find(self.uri, "let proj|ect ="))
        self.assertEqual(message["result"]["placeholder"], "project")

    def test_not_in_a_broken_spec(self):
        self.client.replace(self.uri, "trim(p.name)", "trim(p.nam)")
        self.assertIn("correct them first", self.rename("let proj|ect =", "x")["error"]["message"])


class Actions(Session):
    def test_fix(self):
        self.client.replace(self.uri, "= t.title\n  status", "= t.tittle\n  status")
        found = self.client.wait_diagnostics(self.uri)
        message = self.client.request("textDocument/codeAction", {
            "textDocument": {"uri": self.uri}, "range": found[0]["range"], "context": {"diagnostics": found}})
        action = message["result"][0]
        self.assertEqual((action["title"], action["kind"]), ("replace `tittle` by `title`", "quickfix"))
        self.assertEqual(action["diagnostics"][0]["code"], found[0]["code"])
        self.client.apply(action["edit"])
        self.assertEqual(self.problems(), [])

    def test_format(self):
        self.client.replace(self.uri, "  name = trim(p.name)", "        name    =   trim( p.name )")
        message = self.client.request("textDocument/formatting", {
            "textDocument": {"uri": self.uri}, "options": {"tabSize": 2, "insertSpaces": True}})
        self.client.apply({"changes": {self.uri: message["result"]}})
        self.assertIn("\n  name = trim(p.name)\n", self.client.texts[self.uri])
        self.assertEqual(self.problems(), [])

    def test_semantic_tokens(self):
        legend = self.client.capabilities["semanticTokensProvider"]["legend"]["tokenTypes"]
        data = self.client.request("textDocument/semanticTokens/full", {"textDocument": {"uri": self.uri}})["result"]["data"]
        self.assertEqual(len(data) % 5, 0)
        lines, line, at, seen = self.client.texts[self.uri].split("\n"), 0, 0, {}
        for i in range(0, len(data), 5):
            line, at = (line + data[i], data[i + 1]) if data[i] else (line, at + data[i + 1])
            raw = lines[line].encode("utf-16-le")[2 * at:2 * (at + data[i + 2])]
            seen.setdefault(raw.decode("utf-16-le"), legend[data[i + 3]])
        for word, kind in (("map", "keyword"), ("trim", "function"), ("code_key", "function"), ("uuid5", "function"),
                           ("t", "variable"), ("title", "property"), ("'busy'", "string"), ("text", "type"),
                           ("-- 🚚 moves tasks", "comment"), ("cutover", "parameter")):
            self.assertEqual(seen.get(word), kind, word)

    def test_signature(self):
        self.client.replace(self.uri, "trim(p.name)", "replace(p.name, 'a', 'b')")
        help_ = self.ask("signatureHelp", "replace(p.name, '|a'")
        self.assertEqual((help_["signatures"][0]["label"], help_["activeParameter"]),
                         ("replace(text, text, text) text", 1))
        start, end = help_["signatures"][0]["parameters"][1]["label"]
        self.assertEqual(help_["signatures"][0]["label"][start:end], "text")
        self.assertIn("code_key(x text)", self.ask("signatureHelp", "key code_key(|p.code)")["signatures"][0]["label"])
        self.assertIn("state[text]", self.ask("signatureHelp", "state[|lower")["signatures"][0]["label"])

    def test_run_a_test(self):
        lenses = self.client.request("textDocument/codeLens", {"textDocument": {"uri": self.uri}})["result"]
        self.assertEqual(lenses[0]["command"]["command"], "mig.runTest")
        run = {"command": "mig.runTest", "arguments": lenses[0]["command"]["arguments"]}
        self.assertTrue(self.client.request("workspace/executeCommand", run)["result"]["passed"])
        self.client.replace(self.uri, "{ status: 'doing' }", "{ status: 'done' }")
        result = self.client.request("workspace/executeCommand", run)["result"]
        self.assertFalse(result["passed"])
        self.assertIn("FAILED", result["message"])


class Life(Session):
    def test_shutdown_and_exit(self):
        self.assertEqual(self.client.stop(), 0)

    def test_exit_without_shutdown(self):
        self.client.notify("exit", None)
        self.assertEqual(self.client.process.wait(30), 1)

    def test_end_of_input(self):
        self.client.process.stdin.close()
        self.assertEqual(self.client.process.wait(30), 1)

    def test_nothing_after_shutdown(self):
        self.client.request("shutdown", None)
        self.assertEqual(self.client.request("textDocument/hover", {})["error"]["code"], -32600)

    def test_cancel(self):
        params = {"textDocument": {"uri": self.uri}, "position": {"line": 0, "character": 0}}
        parts = []
        for n in range(100, 120):
            parts.append({"id": n, "method": "textDocument/hover", "params": params})
        parts.append({"method": "$/cancelRequest", "params": {"id": 119}})
        data = b""
        for part in parts:
            body = json.dumps({"jsonrpc": "2.0", **part}).encode()
            data += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        self.client.send_bytes(data)
        answers = {n: self.client.answer(n) for n in range(100, 120)}
        self.assertEqual(answers[119]["error"]["code"], -32800)
        self.assertIn("result", answers[100])
        self.client.notify("$/cancelRequest", {"id": 4711})

    def test_capabilities(self):
        for name in ("hoverProvider", "definitionProvider", "referencesProvider", "renameProvider",
                     "completionProvider", "documentFormattingProvider", "semanticTokensProvider", "codeLensProvider"):
            self.assertIn(name, self.client.capabilities)


if __name__ == "__main__":
    MIG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
