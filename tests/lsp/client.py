"""A small LSP client that drives `mig lsp` as an editor does."""
import json
import os
import select
import subprocess
import time
import urllib.parse


def uri_of(path):
    return "file://" + urllib.parse.quote(os.path.abspath(path))


def units(text):
    """UTF-16 units of a text."""
    return len(text.encode("utf-16-le")) // 2


class Closed(Exception):
    pass


class Client:
    def __init__(self, mig, root=None, start=True, environment=None):
        self.process = subprocess.Popen([mig, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment)
        self.buffer = b""
        self.next_id = 0
        self.versions = {}
        self.texts = {}
        self.diagnostics = {}
        self.notifications = []
        if start:
            result = self.request("initialize", {
                "processId": os.getpid(), "rootUri": uri_of(root) if root else None,
                "capabilities": {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}})
            self.capabilities = result["result"]["capabilities"]
            self.notify("initialized", {})

    # ---- bytes

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send_text(self, body):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))

    def send(self, message):
        self.send_text(json.dumps({"jsonrpc": "2.0", **message}))

    def read(self, timeout=30):
        """The next message."""
        end = time.monotonic() + timeout
        while True:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if separator:
                length = int(head.split(b":")[1])
                if len(rest) >= length:
                    self.buffer = rest[length:]
                    return json.loads(rest[:length])
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("no message")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Closed(self.process.stderr.read().decode())
            self.buffer += data

    # ---- messages

    def take(self, message):
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]
        self.notifications.append(message)

    def answer(self, wanted):
        while True:
            message = self.read()
            if message.get("id") == wanted and "method" not in message:
                return message
            self.take(message)

    def post(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        return self.next_id

    def request(self, method, params):
        return self.answer(self.post(method, params))

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    # ---- documents

    def open(self, path, text=None, language="mig"):
        uri = path if "://" in path or path.startswith("untitled:") else uri_of(path)
        if text is None:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.versions[uri] = 1
        self.texts[uri] = text
        self.notify("textDocument/didOpen", {
            "textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}})
        return uri

    def position(self, uri, offset):
        before = self.texts[uri][:offset]
        line = before.count("\n")
        return {"line": line, "character": units(before[before.rfind("\n") + 1:])}

    def offset(self, uri, position):
        text, at = self.texts[uri], 0
        for _ in range(position["line"]):
            at = text.index("\n", at) + 1
        left = position["character"]
        while left > 0:
            left -= units(text[at])
            at += 1
        return at

    def find(self, uri, marked):
        """The position of `|` in a piece of the text that is found once."""
        before, after = marked.split("|")
        text = self.texts[uri]
        assert text.count(before + after) == 1, (marked, text.count(before + after))
        return self.position(uri, text.index(before + after) + len(before))

    def change(self, uri, *edits):
        """edits: (start, end, text) by offset, each against the text that the one before it left."""
        changes = []
        for start, end, text in edits:
            changes.append({"range": {"start": self.position(uri, start), "end": self.position(uri, end)},
                            "text": text})
            self.texts[uri] = self.texts[uri][:start] + text + self.texts[uri][end:]
        self.versions[uri] += 1
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": self.versions[uri]}, "contentChanges": changes})

    def replace(self, uri, old, new):
        text = self.texts[uri]
        assert text.count(old) == 1, (old, text.count(old))
        at = text.index(old)
        self.change(uri, (at, at + len(old), new))

    def set_text(self, uri, text):
        self.texts[uri] = text
        self.versions[uri] += 1
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": self.versions[uri]}, "contentChanges": [{"text": text}]})

    def wait_diagnostics(self, uri):
        """The diagnostics of the document's newest version."""
        while self.diagnostics.get(uri, {}).get("version", 0) < self.versions[uri]:
            self.take(self.read())
        return self.diagnostics[uri]["diagnostics"]

    def at(self, method, uri, position, **more):
        return self.request("textDocument/" + method,
                            {"textDocument": {"uri": uri}, "position": position, **more})

    def apply(self, edit):
        """Applies a WorkspaceEdit to the open documents, as an editor would; returns the URIs."""
        for uri, edits in edit["changes"].items():
            for one in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]),
                              reverse=True):
                start, end = (self.offset(uri, one["range"][k]) for k in ("start", "end"))
                self.change(uri, (start, end, one["newText"]))
        return list(edit["changes"])

    def text_at(self, uri, span):
        return self.texts[uri][self.offset(uri, span["start"]):self.offset(uri, span["end"])]

    def stop(self):
        """shutdown, exit; the exit code."""
        assert self.request("shutdown", None)["result"] is None
        self.notify("exit", None)
        return self.process.wait(30)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass
