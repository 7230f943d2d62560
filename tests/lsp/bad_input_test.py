"""Whatever a client sends is answered or passed over; the server goes on."""
import json
import os
import random
import sys
import tempfile
import unittest

from client import Client
from kit import SPEC, write_project

MIG = None


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = write_project(self.folder.name)
        self.client = Client(MIG, self.folder.name)

    def tearDown(self):
        self.client.kill()
        self.folder.cleanup()

    def alive(self):
        message = self.client.request("no/such/request", {})
        self.assertEqual(message["error"]["code"], -32601)

    def error_of(self, data):
        self.client.send_bytes(data)
        message = self.client.read()
        while "method" in message:
            message = self.client.read()
        self.alive()
        return message["error"]["code"], message["error"]["message"]

    def body_error(self, body):
        body = body if isinstance(body, bytes) else body.encode()
        return self.error_of(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def test_no_json(self):
        for body in ("", "{", "nonsense", '{"a":1}}', '{"a":"\\x"}', "[1,]", b'{"a":"\xff"}', '{"a":1} x'):
            self.assertEqual(self.body_error(body)[0], -32700, body)

    def test_no_request(self):
        for body in ("[]", "1", '"x"', "{}", '{"id":1}', '{"id":1,"method":5}', '{"id":{},"method":"x"}',
                     '{"id":[1],"method":"shutdown"}', '[{"id":1,"method":"x"}]'):
            self.assertEqual(self.body_error(body)[0], -32600, body)

    def test_headers(self):
        self.assertEqual(self.error_of(b"Content-Type: x\r\n\r\n")[0], -32700)
        self.assertEqual(self.error_of(b"Content-Length: abc\r\n\r\n")[0], -32700)
        self.assertEqual(self.error_of(b"Content-Length: -5\r\n\r\n")[0], -32700)
        self.assertEqual(self.error_of(b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n")[0], -32700)

    def test_other_forms_of_headers(self):
        body = b'{"jsonrpc":"2.0","id":7,"method":"x/y"}'
        self.client.send_bytes(b"content-type: application/vscode-jsonrpc; charset=utf-8\r\n"
                               b"CONTENT-LENGTH:%d\r\n\r\n%s" % (len(body), body))
        self.assertEqual(self.client.answer(7)["error"]["code"], -32601)

    def test_endless_header(self):
        code, _ = self.error_of(b"x" * 20000)
        self.assertEqual(code, -32700)

    def test_too_large(self):
        size = 49 * 1024 * 1024
        self.client.send_bytes(b"Content-Length: %d\r\n\r\n" % size)
        block = b" " * (1024 * 1024)
        for _ in range(49):
            self.client.send_bytes(block)
        message = self.client.read()
        self.assertEqual((message["error"]["code"], message["error"]["message"]), (-32600, "the message is too large"))
        self.alive()

    def test_too_deep(self):
        self.assertIn("nested", self.body_error('{"id":1,"method":"x","params":' + "[" * 100000 + "]" * 100000 + "}")[1])

    def test_too_many_values(self):
        self.assertIn("values", self.body_error('{"id":1,"method":"x","params":[' + "0," * 1100000 + "0]}")[1])

    def test_before_initialize(self):
        other = Client(MIG, start=False)
        self.assertEqual(other.request("textDocument/hover", {})["error"]["code"], -32002)
        other.notify("textDocument/didOpen", {})
        other.notify("exit", None)
        self.assertEqual(other.process.wait(30), 1)
        other.kill()

    def test_initialize_twice(self):
        self.assertEqual(self.client.request("initialize", {})["error"]["code"], -32600)

    def test_unusual_params(self):
        uri = self.client.open(self.path)
        place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 1}}
        odd = [None, 5, [], {}, "x", {"textDocument": None}, {"textDocument": {"uri": 4}},
               {"textDocument": {"uri": "file:///none.mig"}}, {"textDocument": {"uri": uri}},
               {**place, "position": {"line": -1, "character": 0}}, {**place, "position": {"line": 1e300, "character": 1e300}},
               {**place, "position": {"line": "x", "character": None}}, {**place, "position": []},
               {**place, "newName": 5}, {**place, "range": {"start": {}, "end": []}}, {"command": 5, "arguments": 5},
               {"command": "mig.runTest", "arguments": [uri, "no such test"]}, {"command": "mig.runTest", "arguments": [uri]}]
        for method in ("hover", "completion", "definition", "references", "documentHighlight", "prepareRename", "rename",
                       "documentSymbol", "codeAction", "formatting", "semanticTokens/full", "signatureHelp", "codeLens"):
            for params in odd:
                message = self.client.request("textDocument/" + method, params)
                self.assertTrue("result" in message or "error" in message)
        for params in odd:
            self.client.request("workspace/executeCommand", params)
            for name in ("didOpen", "didChange", "didClose", "didSave"):
                if name != "didClose" or not isinstance(params, dict) or params.get("textDocument") != {"uri": uri}:
                    self.client.notify("textDocument/" + name, params)
        self.alive()

    def test_bad_changes(self):
        uri = self.client.open(self.path)
        self.client.wait_diagnostics(uri)
        for changes in (None, 5, [None], [{}], [{"text": 5}], [{"text": "x", "range": 5}],
                        [{"text": "x", "range": {"start": {"line": 5, "character": 0}, "end": {"line": 1, "character": 0}}}]):
            self.client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes})
        self.client.versions[uri] = 1
        self.assertEqual([d["message"] for d in self.client.wait_diagnostics(uri)], [])
        # past the end: appended
        self.client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [
            {"text": "\nmap\n", "range": {"start": {"line": 9999, "character": 9}, "end": {"line": 99999, "character": 0}}}]})
        self.client.versions[uri] = 3
        self.assertEqual(len(self.client.wait_diagnostics(uri)), 1)

    def test_signs_that_no_text_can_hold(self):
        uri = self.client.open(self.path)
        self.client.wait_diagnostics(uri)
        text = json.dumps(SPEC)[1:-1].replace("moves tasks", "mo\\u0000ves \\ud800tasks")
        body = '{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"%s","version":9},' \
               '"contentChanges":[{"text":"%s"}]}}' % (uri, text)
        self.client.send_text(body)
        self.client.versions[uri] = 9
        self.client.wait_diagnostics(uri)
        message = self.client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
        self.assertGreater(len(message["result"]), 5)

    def test_uris(self):
        for uri in ("", "file://", "file:///%00", "file:///a%zzb.mig", "http://x/y.mig", "file://other/x.mig", "x" * 5000):
            self.client.notify("textDocument/didOpen", {"textDocument": {
                "uri": uri, "languageId": "mig", "version": 1, "text": "migration m\nuse lib.x\n"}})
            self.client.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 5}})
        self.alive()

    def test_special_files(self):
        for name in ("/dev/zero", "/dev/stdin", "..", "/proc/self/mem"):
            uri = self.client.open("file:///tmp/none/%d.mig" % len(name),
                                   "migration m version 1\ntarget t : postgres env 'X' schema '%s'\n" % name)
            found = self.client.wait_diagnostics(uri)
            self.assertTrue(any("cannot read" in d["message"] for d in found), (name, found))

    def test_mutilated_texts(self):
        """Every request at places of texts that were cut and shuffled."""
        random.seed(7)
        uri = self.client.open(self.path)
        methods = ("hover", "completion", "definition", "references", "signatureHelp", "prepareRename")
        for round_ in range(120):
            start = random.randrange(len(SPEC))
            end = min(len(SPEC), start + random.choice((1, 3, 20, 200)))
            text = SPEC[:start] + random.choice(("", "{", ")", "'", '"{', "\n", "`", "..", "😀", "map m\n")) + SPEC[end:]
            self.client.set_text(uri, text)
            place = self.client.position(uri, random.randrange(max(0, start - 30), min(len(text), start + 30)))
            for method in methods:
                self.assertTrue({"result", "error"} & set(self.client.at(method, uri, place)))
            if round_ % 10 == 0:
                for method in ("semanticTokens/full", "documentSymbol", "codeLens", "formatting"):
                    self.client.request("textDocument/" + method, {"textDocument": {"uri": uri}})
        self.alive()
        self.assertEqual(self.client.stop(), 0)

    def test_flood(self):
        """More requests than the queue holds, sent before one answer is read."""
        body = b'{"jsonrpc":"2.0","id":%d,"method":"x/y"}'
        data = b""
        for n in range(1000, 2000):
            one = body % n
            data += b"Content-Length: %d\r\n\r\n%s" % (len(one), one)
        self.client.send_bytes(data)
        for n in range(1000, 2000):
            self.assertEqual(self.client.answer(n)["error"]["code"], -32601)


if __name__ == "__main__":
    MIG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
