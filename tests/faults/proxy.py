"""A proxy between mig and the server that cuts connections: after so many bytes either way, or around the n-th COMMIT,
before it reaches the server or before its answer comes back."""

import os
import socket
import threading
import time


class Proxy:
    def __init__(self, folder, server_folder):
        self.path = f"{folder}/.s.PGSQL.5432"
        self.server = f"{server_folder}/.s.PGSQL.5432"
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.lock = threading.Lock()
        self.clear()
        self.delay = 0  # seconds before each piece goes on
        self.closing = False
        self.pairs = []
        threading.Thread(target=self.accept, daemon=True).start()

    def clear(self):
        self.after_bytes = None  # over all connections, both ways
        self.at_commit = None    # (n-th, "before" or "after" it reaches the server)
        self.bytes = self.commits = self.cuts = 0

    def close(self):
        self.closing = True
        self.listener.close()
        self.cut_all()

    def accept(self):
        while not self.closing:
            try:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self.server)
                except OSError:
                    client.close()
                    continue
            except OSError:
                return
            with self.lock:
                self.pairs.append((client, server))
            for source, sink, to_server in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, sink, to_server), daemon=True).start()

    def cut_all(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
            self.cuts += 1
        for pair in pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def pump(self, source, sink, to_server):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            if self.delay:
                time.sleep(self.delay)
            # A simple query of its own: Q, length, COMMIT, NUL.
            if to_server and b"Q\x00\x00\x00\x0bCOMMIT\x00" in data:
                with self.lock:
                    self.commits += 1
                    n = self.commits
                if self.at_commit and n == self.at_commit[0]:
                    if self.at_commit[1] == "after":
                        try:
                            sink.sendall(data)
                        except OSError:
                            pass
                    self.cut_all()
                    break
            with self.lock:
                before = self.bytes
                self.bytes += len(data)
            limit = self.after_bytes
            if limit is not None and before < limit <= self.bytes:
                try:
                    sink.sendall(data[:limit - before])
                except OSError:
                    pass
                self.cut_all()
                break
            try:
                sink.sendall(data)
            except OSError:
                break
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
