"""What the portal's migration must leave behind, computed without mig.

usage: portal_oracle.py DATA_DIR OUT_DIR

Reads the five sources and users.csv in DATA_DIR and writes counts.json and a CSV for each table, as
specs/portal/README.md describes them, to OUT_DIR. It follows the text of the spec and of the language reference,
by means of Python's standard library alone. A reason that the README does not name is named by the text of the
spec's expression in which the fault arises.
"""

import base64
import csv
import datetime
import decimal
import hashlib
import hmac
import json
import os
import posixpath
import re
import sys
import unicodedata
import zipfile
import zoneinfo
from xml.etree import ElementTree

SYDNEY = zoneinfo.ZoneInfo("Australia/Sydney")
UTC = datetime.timezone.utc
CUTOVER = datetime.datetime(2025, 9, 19, tzinfo=SYDNEY)
SCOPE_START = datetime.date(2024, 9, 19)  # the cutover's local date less twelve months
EXPIRES = CUTOVER.astimezone(UTC) + datetime.timedelta(days=14)
SIGNING_KEY = b"demo-signing-key"

# ---------------------------------------------------------------- outcomes


class Fault(Exception):
    """A value that cannot be had; the row is rejected for the reason given, or for the place it arose in."""

    def __init__(self, reason=None):
        super().__init__(reason)
        self.reason = reason


class Missing(Exception):
    """No row of that key, or one that was rejected."""


class Skipped(Exception):
    """The row is left out, since the row it hangs on was."""


class Silent(Exception):
    """The value depends on another that failed already."""


FAILED = object()


def need(value):
    if value is FAILED:
        raise Silent()
    return value


class Row:
    """The outcome of one row on its way through a map."""

    def __init__(self):
        self.faults = []
        self.left_out = False
        self.warnings = 0

    def let(self, place, compute):
        try:
            return compute()
        except Silent:
            pass
        except Skipped:
            self.left_out = True
        except (Fault, Missing) as fault:
            self.faults.append(getattr(fault, "reason", None) or place)
        return FAILED

    def warn(self, compute, events, default=None):
        """`on EVENT warn … use null`: the value, or null and a warning."""
        try:
            return compute()
        except events:
            self.warnings += 1
            return default

    def check(self, place, condition):
        if self.let(place, condition) is False:
            self.faults.append(place)


class Map:
    """A map's counts, its rows and its crosswalk."""

    def __init__(self, name):
        self.name = name
        self.read = self.skipped = self.warnings = 0
        self.reasons = {}
        self.written = {}
        self.claimed = set()
        self.stored = set()
        self.rejected_keys = set()
        self.skipped_keys = set()
        self.lines = []

    def skip(self, key=None):
        self.skipped += 1
        if key is not None:
            self.skipped_keys.add(key)

    def reject(self, reason, key=None):
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if key is not None:
            self.rejected_keys.add(key)

    def finish(self, row, key, values, line, unique=None, holds=lambda: True):
        """The end of a row's way. `line` makes the row's line of expected output; `unique` is what the target holds
        unique besides the key, `holds` the target's own CHECK: the server refuses a row against them."""
        if row.left_out:
            self.skip(key)
        elif row.faults:
            self.reject(row.faults[0], key)
        elif key is not None and key in self.claimed:
            self.reject("duplicate", key)
        elif unique is not None and unique in self.stored or not holds():
            self.claimed.add(key)
            self.reject("refused", key)
        else:
            self.claimed.add(key)
            self.stored.add(unique)
            self.written[key if key is not None else len(self.written)] = values
            self.lines.append(line())
            self.warnings += row.warnings

    def find(self, key):
        if key is None:
            return None
        if key in self.written:
            return self.written[key]
        if key not in self.rejected_keys and key in self.skipped_keys:
            raise Skipped()
        raise Missing()


# ---------------------------------------------------------------- functions of the language

WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" \
        "\u2028\u2029\u202f\u205f\u3000"


def squeeze(text):
    return re.sub(f"[{WHITE}]+", " ", text)


def code(text):
    return squeeze(text.strip(WHITE).lower())


def agency_key(agency):
    return code(agency).replace(" pty ltd", "")


def slug(text):
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M"))
    return re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")


def upper_trim(text):
    return text.strip(WHITE).upper()


def parse_decimal(text):
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise Fault()
    return decimal.Decimal(text)


def fit_numeric(value, precision, scale):
    quantum = decimal.Decimal(1).scaleb(-scale)
    with decimal.localcontext() as context:
        context.prec = 100
        rounded = value.quantize(quantum)
    if rounded != value or abs(value) >= 10 ** (precision - scale):
        raise Fault()
    return rounded


def fit_text(text, limit):
    if len(text) > limit:
        raise Fault()
    return text


def money(text):
    return parse_decimal(text.strip(WHITE).replace("$", "").replace(",", ""))


def parse_fields(text, pattern):
    found = re.fullmatch(pattern, text, re.ASCII)
    if not found:
        raise Fault()
    return {k: int(v) for k, v in found.groupdict().items()}


def make(kind, fields):
    try:
        return kind(**fields)
    except ValueError:
        raise Fault() from None


def parse_date(text):
    return make(datetime.date, parse_fields(text, r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})"))


def parse_timestamp(text):
    return make(datetime.datetime, parse_fields(
        text, r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4}) (?P<hour>\d{1,2}):(?P<minute>\d{1,2})"))


def parse_iso_timestamp(text):
    return make(datetime.datetime, parse_fields(
        text, r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2}) (?P<hour>\d{1,2}):(?P<minute>\d{1,2})"))


def parse_instant(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII):
        raise Fault()
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        raise Fault() from None


def at_sydney(local):
    """The one instant at which clocks in Sydney show `local`."""
    instants = {local.replace(tzinfo=SYDNEY, fold=fold).astimezone(UTC) for fold in (0, 1)}
    instants = {i for i in instants if i.astimezone(SYDNEY).replace(tzinfo=None) == local}
    if len(instants) != 1:
        raise Fault()
    return instants.pop()


# ---------------------------------------------------------------- sources

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def column_number(reference):
    number = 0
    for letter in re.match("[A-Z]+", reference).group():
        number = number * 26 + ord(letter) - 64
    return number


class Cell:
    """A cell that is not blank: kind is text, number, date, bool or error."""

    def __init__(self, kind, value):
        self.kind, self.value = kind, value

    def text(self):
        if self.kind == "error":
            raise Fault()
        if self.kind == "date":
            return self.value.strftime("%Y-%m-%d" if self.value.time() == datetime.time() else "%Y-%m-%dT%H:%M:%S")
        if self.kind == "number":
            return format(decimal.Decimal(repr(float(self.value))).normalize(), "f")
        if self.kind == "bool":
            return "true" if self.value else "false"
        return self.value

    def date(self):
        if self.kind == "date" and self.value.time() == datetime.time():
            return self.value.date()
        if self.kind == "text":
            return parse_date(self.value)
        raise Fault()

    def int(self):
        if self.kind == "number" and float(self.value).is_integer():
            return int(float(self.value))
        if self.kind == "text" and re.fullmatch("[+-]?[0-9]+", self.value):
            return int(self.value)
        raise Fault()


class Workbook:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.strings = [self.rich_text(s) for s in self.parse("xl/sharedStrings.xml", "si")]
        self.dates = self.date_styles()
        targets = {r.get("Id"): r.get("Target") for r in self.parse("xl/_rels/workbook.xml.rels")}
        self.parts = {s.get("name"): posixpath.join("/xl", targets[s.get(LINK)])[1:] for s in self.parse("xl/workbook.xml", "sheet")}

    def parse(self, part, tag=None):
        if part not in self.zip.namelist():
            return []
        root = ElementTree.fromstring(self.zip.read(part))
        return root.iter(MAIN + tag) if tag else root

    def date_styles(self):
        custom = {n.get("numFmtId"): n.get("formatCode") for n in self.parse("xl/styles.xml", "numFmt")}
        formats = next(iter(self.parse("xl/styles.xml", "cellXfs")), [])
        codes = [re.sub(r'\[[^]]*\]|"[^"]*"', "", custom.get(x.get("numFmtId"), "")) for x in formats]
        return [14 <= int(x.get("numFmtId")) <= 22 or bool(re.search("[dy]", c)) for x, c in zip(formats, codes)]

    @staticmethod
    def rich_text(node):
        return "".join(t.text or "" for t in node.iter(MAIN + "t"))

    def cell(self, node):
        kind, value = node.get("t"), node.findtext(MAIN + "v")
        if kind == "inlineStr":
            return Cell("text", self.rich_text(node))
        if value is None:
            return None
        if kind == "s":
            return Cell("text", self.strings[int(value)])
        if kind == "str":
            return Cell("text", value)
        if kind == "b":
            return Cell("bool", value == "1")
        if kind == "e":
            return Cell("error", value)
        if self.dates and self.dates[int(node.get("s", 0))]:
            day = datetime.datetime(1899, 12, 30) + datetime.timedelta(days=float(value))
            return Cell("date", day.replace(microsecond=0))
        return Cell("number", value)

    def sheet(self, name, columns):
        """Rows as dicts of the columns named, each a Cell or None."""
        head, rows = None, []
        for node in self.parse(self.parts[name], "row"):
            cells = {column_number(c.get("r")): self.cell(c) for c in node.iter(MAIN + "c")}
            cells = {k: v for k, v in cells.items() if v is not None}
            if not cells:
                continue
            if head is None:
                titles = {v.value: k for k, v in cells.items()}
                head = {short: titles[title] for short, title in columns.items()}
                continue
            rows.append({short: cells.get(number) for short, number in head.items()})
        return rows


def text_of(cell):
    """A column `text?`."""
    return None if cell is None else cell.text()


def given(cell, kind="text"):
    """A column that is not nullable: a blank is a fault."""
    if cell is None:
        raise Fault("empty value")
    return getattr(cell, kind)()


def csv_records(text, delimiter):
    """RFC 4180 with the difference between nothing (None) and a quoted nothing ('')."""
    record, i, end = [], 0, len(text)
    while i < end:
        if text[i] == '"':
            value, i = "", i + 1
            while True:
                stop = text.index('"', i)
                value += text[i:stop]
                i = stop + 1
                if text[i:i + 1] != '"':
                    break
                value += '"'
                i += 1
        else:
            stop = re.compile(f"[{delimiter}\r\n]").search(text, i)
            stop = stop.start() if stop else end
            value, i = text[i:stop] or None, stop
        record.append(value)
        if text[i:i + 1] == delimiter:
            i += 1
            if i < end and text[i] not in "\r\n":
                continue
            record.append(None)
        i += 2 if text[i:i + 2] == "\r\n" else 1
        if any(v is not None for v in record):
            yield record
        record = []


def read_csv(path, columns, delimiter=",", encoding="utf-8-sig", nulls=()):
    with open(path, encoding=encoding, newline="") as file:
        records = csv_records(file.read(), delimiter)
        head = next(records)
        places = {short: head.index(title) for short, title in columns.items()}
        rows = []
        for record in records:
            if len(record) != len(head):
                rows.append(None)  # ragged
                continue
            record = [None if v in nulls else v for v in record]
            rows.append({short: record[i] for short, i in places.items()})
        return rows


def value_of(value):
    """A CSV or JSON column that is not nullable."""
    if value is None:
        raise Fault("empty value")
    return value


def found(value):
    """`on null reject`"""
    if value is None:
        raise Fault()
    return value


# ---------------------------------------------------------------- output


def csv_field(value):
    if value is None:
        return ""
    if value is True or value is False:
        return "t" if value else "f"
    text = str(value)
    if text == "" or re.search('[,"\r\n]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_line(*values):
    return ",".join(csv_field(v) for v in values)


def utc_text(instant):
    if instant is None:
        return None
    text = instant.strftime("%Y-%m-%d %H:%M:%S.%f")
    return text.rstrip("0").rstrip(".")


# ---------------------------------------------------------------- code tables


def table(**labels):
    return {old: new for new, olds in labels.items() for old in olds.split("|")}


PROJECT_STATE = table(planned="planned|not started", active="active|in progress|wip", paused="on hold|paused",
                      completed="complete|completed|done")
MILESTONE_STATE = table(pending="not started|pending", in_progress="in progress|wip", at_risk="at risk|amber|red",
                        done="done|complete")
TASK_STATE = table(todo="todo|to do|open", doing="doing|in progress|wip", blocked="blocked|waiting",
                   done="done|complete|closed", cancelled="cancelled|canceled")
FREQUENCY = table(off="off|none|never", daily="daily|d", weekly="weekly|w", monthly="monthly|m")
YES_NO = {**dict.fromkeys(["y", "yes", "true", "1"], True), **dict.fromkeys(["n", "no", "false", "0"], False)}


def look_up(codes, key):
    if key is None:
        return None
    if key not in codes:
        raise Missing()
    return codes[key]


# ---------------------------------------------------------------- maps


class Portal:
    def __init__(self, folder):
        self.folder = folder
        book = Workbook(os.path.join(folder, "projects_master.xlsx"))
        self.projects_sheet = book.sheet("Projects", {
            "code": "Project Code", "agency": "Agency", "name": "Project", "state": "Status", "starts": "Start",
            "ends": "End", "budget": "Budget (AUD)", "updated": "Last Updated"})
        self.milestones_sheet = book.sheet("Milestones", {
            "code": "Milestone", "project": "Project Code", "title": "Title", "state": "Status",
            "due": "Due (Sydney time)"})
        self.tasks_sheet = book.sheet("Tasks", {
            "code": "Task", "project": "Project Code", "milestone": "Milestone", "title": "Title", "owner": "Owner",
            "state": "Status", "due": "Due", "estimate": "Estimate (h)", "priority": "Priority",
            "billable": "Billable"})
        with open(os.path.join(folder, "users.csv"), encoding="utf-8", newline="") as file:
            self.users = {u["email"] for u in csv.DictReader(file)}
        self.maps = {}

    def map(self, name):
        self.maps[name] = Map(name)
        return self.maps[name]

    def project_of(self, text):
        return self.maps["projects"].find(upper_trim(text))

    def tenants(self):
        m = self.map("tenants")
        seen = set()
        for p in self.projects_sheet:
            m.read += 1
            row = Row()
            key = row.let("agency_key(p.agency)", lambda: agency_key(given(p["agency"])))
            if key is FAILED:
                m.reject(row.faults[0])
                continue
            if key in seen:
                m.skip(key)
                continue
            seen.add(key)
            own = row.let("slug(agency_key(p.agency))", lambda: fit_text(slug(key), 60))
            m.finish(row, key, {"key": key}, lambda: csv_line(key), unique=own)

    def in_scope(self, p):
        if code(given(p["state"])) not in ("complete", "completed", "done"):
            return True
        return given(p["updated"], "date") >= SCOPE_START

    def projects(self):
        m = self.map("projects")
        for p in self.projects_sheet:
            m.read += 1
            row = Row()
            key = row.let("upper(trim(p.code))", lambda: upper_trim(given(p["code"])))
            scope = Row()
            wanted = scope.let("p.updated", lambda: self.in_scope(p))
            row.faults = scope.faults + row.faults
            known = key if key is not FAILED else None
            if wanted is False:
                m.skip(known)
                continue
            tenant = row.let("tenants[agency_key(p.agency)]",
                             lambda: self.maps["tenants"].find(agency_key(given(p["agency"]))))
            row.let("upper(trim(p.code))", lambda: fit_text(need(key), 20))
            name = row.let("trim(p.name)", lambda: fit_text(given(p["name"]).strip(WHITE), 120))
            status = row.let("unknown project status", lambda: look_up(PROJECT_STATE, code(given(p["state"]))))
            starts = row.let("p.starts", lambda: given(p["starts"], "date"))
            ends = row.let("p.ends", lambda: p["ends"] and p["ends"].date())
            budget = row.warn(lambda: p["budget"] and fit_numeric(money(p["budget"].text()), 12, 2), Fault)
            row.check("ends before start", lambda: need(ends) is None or ends >= need(starts))
            m.finish(row, known, {"code": key, "tenant": tenant},
                     lambda: csv_line(key, tenant["key"], name, status, starts, ends, budget))

    def milestones(self):
        m = self.map("milestones")
        for r in self.milestones_sheet:
            m.read += 1
            row = Row()
            project = row.let("no project", lambda: self.project_of(given(r["project"])))
            key = row.let("upper(trim(m.code))", lambda: upper_trim(given(r["code"])))
            row.let("upper(trim(m.code))", lambda: fit_text(need(key), 24))
            title = row.let("trim(m.title)", lambda: given(r["title"]).strip(WHITE))
            status = row.let("unknown status", lambda: look_up(MILESTONE_STATE, code(given(r["state"]))))
            due = row.warn(lambda: r["due"] and at_sydney(parse_timestamp(r["due"].text())), Fault)
            m.finish(row, key if key is not FAILED else None, {"code": key, "tenant": project},
                     lambda: csv_line(key, project["code"], title, status, utc_text(due)))

    def milestone_of(self, cell):
        return None if cell is None else self.maps["milestones"].find(upper_trim(cell.text()))

    def tasks(self):
        m = self.map("tasks")
        for t in self.tasks_sheet:
            m.read += 1
            row = Row()
            owner = row.let("no user", lambda: self.user(text_of(t["owner"])))
            project = row.let("no project", lambda: self.project_of(given(t["project"])))
            key = row.let("upper(trim(t.code))", lambda: upper_trim(given(t["code"])))
            milestone = row.let("milestone_id", lambda: row.warn(lambda: self.milestone_of(t["milestone"]), Missing))
            row.let("upper(trim(t.code))", lambda: fit_text(need(key), 24))
            title = row.let("left(trim(t.title), 200)", lambda: given(t["title"]).strip(WHITE)[:200])
            status = row.let("unknown task status", lambda: look_up(TASK_STATE, code(given(t["state"]))))
            due = row.let("invalid due date", lambda: t["due"] and parse_date(t["due"].text()))
            hours = row.warn(
                lambda: t["estimate"] and fit_numeric(parse_decimal(t["estimate"].text().replace(",", ".")), 6, 2),
                Fault)
            priority = row.let("t.priority ?? 3", lambda: self.priority(t["priority"]))
            billable = row.let("yes_no[code(t.billable ?? 'no')]", lambda: look_up(YES_NO, code(text_of(t["billable"]) or "no")))
            row.check("priority", lambda: 1 <= need(priority) <= 5)
            m.finish(row, key if key is not FAILED else None, {"code": key},
                     lambda: csv_line(key, project["code"], milestone and milestone["code"], owner, title, status,
                                      due, hours, priority, billable),
                     holds=lambda: hours is None or hours >= 0)

    @staticmethod
    def priority(cell):
        try:
            value = 3 if cell is None else cell.int()
        except Fault:
            raise Fault("t.priority") from None
        if not -32768 <= value <= 32767:
            raise Fault()
        return value

    def user(self, email):
        if email is None:
            raise Missing()
        email = email.strip(WHITE).lower()
        if email not in self.users:
            raise Missing()
        return email

    def assets(self):
        m = self.map("assets")
        seen = set()
        for a in read_csv(os.path.join(self.folder, "assets_manifest.csv"),
                          {"title": "title", "project": "project_code", "path": "file_path", "mux": "mux_id"},
                          nulls=("", "N/A", "-")):
            m.read += 1
            row = Row()
            if a is None:
                m.reject("ragged")
                continue
            what = a["path"] if a["path"] is not None else a["mux"] if a["mux"] is not None else a["title"]
            if a["project"] is None or what is None:  # it takes no part in `unique by`, but goes on
                row.faults.append("empty value")
            elif (a["project"], what) in seen:
                m.skip()
                continue
            else:
                seen.add((a["project"], what))
            project = row.let("no project", lambda: self.project_of(value_of(a["project"])))
            title = row.let("trim(a.title)", lambda: value_of(a["title"]).strip(WHITE))
            where = "mux" if a["mux"] is not None else \
                "s3" if a["path"] is not None and a["path"].startswith("s3://") else "legacy_drive"
            row.check("Mux id malformed",
                      lambda: a["mux"] is None or re.fullmatch("[A-Za-z0-9]{20,}", a["mux"]) is not None)
            m.finish(row, None, {}, lambda: csv_line(project["code"], title, where, a["mux"], a["path"]),
                     unique=a["project"] and (upper_trim(a["project"]), what))

    def share_links(self):
        m = self.map("share_links")
        for link in read_csv(os.path.join(self.folder, "share_links.csv"),
                             {"token": "Token", "project": "Project Code", "created": "Created", "revoked": "Revoked"}):
            m.read += 1
            row = Row()
            if link is None:
                m.reject("ragged")
                continue
            if link["revoked"] is not None and YES_NO.get(code(link["revoked"]), False):
                m.skip()
                continue
            try:
                project = row.let("no project", lambda: self.project_or_skip(value_of(link["project"])))
            except Missing:
                m.skip()
                continue
            key = row.let("l.token", lambda: value_of(link["token"]))
            token = row.let("token", lambda: self.sign(need(key)))
            created = row.let("created", lambda: at_sydney(parse_iso_timestamp(value_of(link["created"]))))
            m.finish(row, key if key is not FAILED else None, {},
                     lambda: csv_line(token, project["code"], utc_text(created), utc_text(EXPIRES)),
                     holds=lambda: EXPIRES > created)

    def project_or_skip(self, text):
        try:
            return self.project_of(text)
        except Missing:
            raise Skipped() from None

    @staticmethod
    def sign(token):
        digest = hmac.new(SIGNING_KEY, token.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def comments(self):
        with open(os.path.join(self.folder, "comments_export.json"), encoding="utf-8") as file:
            threads = json.load(file)["threads"]
        m = self.map("comments")
        stack = [(c, None, c) for c in reversed(threads)]
        while stack:  # in the order of the document, so a parent stands before its replies
            c, parent, root = stack.pop()
            self.comment(m, c, parent, root)
            stack.extend((reply, c, root) for reply in reversed(c.get("replies") or []))

    def comment(self, m, c, parent, root):
        m.read += 1
        row = Row()
        item = row.let("no item", lambda: found(root.get("item")))
        task = row.let("no item", lambda: self.maps["tasks"].find(item) if need(item).startswith("T-") else None)
        stone = row.let("no item",
                        lambda: self.maps["milestones"].find(item) if need(item).startswith("M-") else None)
        key = row.let("c.id", lambda: value_of(c.get("id")))
        place = row.let("no item", lambda: found(need(task) or need(stone)))
        above = row.let("comments[c.parent.id]", lambda: parent and m.find(value_of(parent.get("id"))))
        author = (c.get("author") or {}).get("email")
        author = author.strip(WHITE).lower() if author is not None else None
        row.let("markdown_normalise(c.body)", lambda: value_of(c.get("body")))
        at = row.let("c.at", lambda: parse_instant(value_of(c.get("created_at"))))
        m.finish(row, key if key is not FAILED else None, {"id": key},
                 lambda: csv_line(key, place["code"], above and above["id"], author if author in self.users else None,
                                  utc_text(at)))

    def notification_preferences(self):
        m = self.map("notification_preferences")
        rows, last = [], {}
        for d in read_csv(os.path.join(self.folder, "notifications_settings.csv"),
                          {"email": "E-mail", "digest": "Digest"}, delimiter=";", encoding="cp1252"):
            m.read += 1
            try:
                if d is None:
                    raise Fault("ragged")
                user = self.user(value_of(d["email"]))
            except (Missing, Fault) as fault:
                m.reject(getattr(fault, "reason", None) or "no user")
                continue
            last[user] = len(rows)
            rows.append((user, d["digest"] if d["digest"] is not None else "weekly"))
        for number, (user, digest) in enumerate(rows):
            if last[user] != number:
                m.skip()
                continue
            row = Row()
            label = row.let("not a frequency", lambda: look_up(FREQUENCY, code(digest)))
            m.finish(row, None, {}, lambda: csv_line(user, label))

    def run(self):
        for name in ("tenants", "projects", "milestones", "tasks", "assets", "share_links", "comments",
                     "notification_preferences"):
            getattr(self, name)()


def main():
    portal = Portal(sys.argv[1])
    portal.run()
    folder = sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    maps = portal.maps.values()
    counts = {
        "read": {m.name: m.read for m in maps},
        "rejected": {m.name: m.reasons for m in maps if m.reasons},
        "skipped": {m.name: m.skipped for m in maps if m.skipped},
        "written": {m.name: len(m.lines) for m in maps},
        "warnings": {m.name: m.warnings for m in maps if m.warnings},
    }
    with open(os.path.join(folder, "counts.json"), "w", encoding="utf-8") as file:
        json.dump(counts, file, indent=1, sort_keys=True)
    for m in maps:
        lines = sorted((line + "\r\n").encode() for line in m.lines)
        with open(os.path.join(folder, m.name + ".csv"), "wb") as file:
            file.write(b"".join(lines))


main()
