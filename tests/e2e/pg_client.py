"""A small PostgreSQL client for the cases: the simple query protocol over a Unix socket, without a password. Starting
psql for each of some thousand queries would take longer than the migrations do.

Protocol 3.0: https://www.postgresql.org/docs/15/protocol-message-formats.html
"""

import re
import socket
import struct
import urllib.parse


class QueryError(Exception):
    pass


class Client:
    """One connection, opened at the first query and again after a loss."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.user, self.database = parts.username, parts.path.lstrip("/")
        self.host = urllib.parse.parse_qs(parts.query)["host"][0]
        self.socket = None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def query(self, sql):
        """Rows of the last statement that gives any, as tuples of texts (None: null); COPY TO STDOUT as lines."""
        data = sql.encode() + b"\0"
        for again in (self.socket is not None, False):
            try:
                if self.socket is None:
                    self.connect()
                self.socket.sendall(b"Q" + struct.pack("!i", len(data) + 4) + data)
                return self.answer(sql)
            except OSError as problem:
                self.close()
                if not again:
                    raise QueryError(f"{problem}\n{sql}") from None

    def connect(self):
        try:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(60)
            self.socket.connect(f"{self.host}/.s.PGSQL.5432")
            data = struct.pack("!i", 196608)
            for word in ("user", self.user, "database", self.database, "client_encoding", "UTF8", "TimeZone", "UTC", ""):
                data += word.encode() + b"\0"
            self.socket.sendall(struct.pack("!i", len(data) + 4) + data)
            self.answer("connect")
        except OSError as problem:
            self.close()
            raise QueryError(f"cannot connect to {self.database}: {problem}") from None

    def receive(self, size):
        parts = []
        while size:
            part = self.socket.recv(min(size, 1 << 20))
            if not part:
                raise OSError("the server closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def answer(self, sql):
        rows, problem = [], None
        while True:
            kind, length = struct.unpack("!ci", self.receive(5))
            body = self.receive(length - 4)
            if kind == b"T" or kind == b"H":
                rows = []
            elif kind == b"D":
                rows.append(read_row(body))
            elif kind == b"d":
                rows.append((body.decode(errors="replace").rstrip("\n"),))
            elif kind == b"E":
                problem = dict((field[:1], field[1:]) for field in body.decode(errors="replace").split("\0") if field)
                if problem.get("S") in ("FATAL", "PANIC"):
                    raise OSError(problem.get("M"))
            elif kind == b"Z":
                if problem:
                    raise QueryError(f"{problem.get('M')} ({problem.get('C')})\n{sql}")
                return rows


def read_row(body):
    (count,) = struct.unpack_from("!h", body)
    at, cells = 2, []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        if size < 0:
            cells.append(None)
        else:
            cells.append(body[at:at + size].decode(errors="replace"))
            at += size
    return tuple(cells)


def with_database(url, database):
    return re.sub(r"/[^/?]*\?", f"/{database}?", url, count=1)
