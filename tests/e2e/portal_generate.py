"""Files of the portal's shape, dirty in the same ways as its own and in others of the same kinds.

usage: portal_generate.py SEED FACTOR OUT_DIR

The same seed and factor give the same files. FACTOR 1 is about the size of specs/portal/data, 50 fifty times it.
Every kind of dirt is rare enough that no map rejects a fifth of its rows, which is the tolerance of the run.
"""

import csv
import datetime
import io
import json
import os
import random
import sys
import uuid
import zipfile
from xml.sax.saxutils import escape

BLANK = None
EPOCH = datetime.datetime(1899, 12, 30)
STYLE_PLAIN, STYLE_ISO, STYLE_BUILTIN, STYLE_MINUTES, STYLE_RED = range(5)


class Date:
    """A real Excel date: the day and the way it is formatted."""

    def __init__(self, when, style=STYLE_ISO):
        if not isinstance(when, datetime.datetime):
            when = datetime.datetime(when.year, when.month, when.day)
        self.serial, self.style = (when - EPOCH) / datetime.timedelta(days=1), style


class Error(str):
    """An error cell, such as #N/A."""


class Generator:
    def __init__(self, seed, factor):
        self.random = random.Random(f"{seed} {factor}")
        self.factor = factor
        self.users, self.agencies, self.projects, self.milestones, self.tasks = [], [], [], [], []

    # ------------------------------------------------------------ small choices

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def one(self, *values):
        return self.random.choice(values)

    def rare(self, percent, values, usual):
        """One of `values` in `percent` of the cases, else what `usual` makes."""
        return self.random.choice(values) if self.chance(percent) else usual()

    def day(self, first, last):
        return first + datetime.timedelta(days=self.random.randrange((last - first).days))

    def case(self, text):
        return self.one(text, text.lower(), text.upper(), text.title())

    def padded(self, text):
        return self.one("", "", "", " ", "  ", "\t", "\u00a0") + text + self.one("", "", "", " ", "\u00a0", "\u2003 ", "\n")

    def widened(self, text):
        return text.replace(" ", self.one(" ", " ", "  ", " \u00a0", "\t "))

    def slashed(self, day):
        if self.chance(10):
            return f"{day.day}/{day.month}/{day.year}"
        return day.strftime("%d/%m/%Y")

    # ------------------------------------------------------------ users

    def make_users(self):
        first = ["Ruby", "Liam", "Björn", "Max", "Zoë", "Tāne", "Ivy", "José", "Noah", "Ngaio", "Søren", "Łucja", "Ana"]
        last = ["Smith", "Nguyen", "Müller", "O'Brien", "Óskarsdóttir", "Wilson", "D’Arcy", "von der Heide", "Žižka"]
        for number in range(30 * max(1, self.factor // 4)):
            name = f"{self.random.choice(first)} {self.random.choice(last)}"
            plain = "".join(c for c in name.lower().replace(" ", ".") if c.isascii() and (c.isalnum() or c == "."))
            email = f"{plain}{number}@{self.one('acme.test', 'mavericks.test', 'post.galah.test')}"
            self.users.append((str(uuid.uuid5(uuid.NAMESPACE_DNS, email)), email, name))

    def email(self):
        email = self.random.choice(self.users)[1]
        return self.one(email, email, email.upper(), self.padded(email), email.title())

    # ------------------------------------------------------------ the workbook

    def make_agencies(self):
        names = ["Acme", "Galah Post", "Dingo Digital", "Lyrebird Sound", "Ironbark", "Harbour Héro", "Blue Gum Media",
                 "Jacaranda 7", "Coogee & Co", "Kookaburra Creative", "Emu Films", "Åkerström & Söhne", "O’Malley, Ltd",
                 "Ñandú Estudio", "7th \"Heaven\"", "Wombat/West", "電通 Sydney"]
        self.agencies = names + [f"{self.one('Studio', 'Agency', 'House of')} {n}" for n in range(4 * self.factor)]

    def agency(self):
        if self.chance(1):
            return self.one("Harbour Hero", "Coogee Co")  # other agencies, and yet of the same slug
        if self.chance(0.5):
            return "Very " * 12 + "Long Agency Name"  # too long for a slug
        name = self.case(self.random.choice(self.agencies)) if self.chance(50) else self.random.choice(self.agencies)
        name += self.one("", "", "", " Pty Ltd", " PTY LTD", " pty  ltd")
        return self.padded(self.widened(name))

    def budget(self):
        return self.one(BLANK, "tbc", " 1,234.5 ", "$12,500.00", "8000", "$250,000", 12500, 1234.5, "$1,234.567", "12.500",
                        "99999999999", "9999999999.99", "n/a", "$-500", "1 000", "#", "1234.50000", Error("#N/A"), 0, "0.10")

    def scheduled(self, first, last):
        day = self.day(first, last)
        return self.one(Date(day), Date(day, STYLE_BUILTIN), self.slashed(day))

    def make_projects(self):
        states = ["planned", "Not started", "wip ", "WIP", "In Progress", "Active", "On Hold", "paused", "Complete",
                  "DONE", "completed", "in  progress", "Active\u00a0"]
        rows = []
        for number in range(1, 60 * self.factor + 1):
            code = f"P-{number:04d}"
            self.projects.append(code)
            starts = self.day(datetime.date(2023, 1, 1), datetime.date(2025, 7, 1))
            ends = self.one(BLANK, starts + datetime.timedelta(days=self.random.randrange(0, 500)))
            if ends and self.chance(1):
                ends = starts - datetime.timedelta(days=1)
            row = [
                self.one(code, code.lower(), self.padded(code)),
                self.rare(0.5, [BLANK], self.agency),
                self.rare(0.5, ["x" * 121, BLANK, "y" * 120],
                          lambda: self.one("TVC – 30s", "Zoë’s reel", 'Brand "Film"', "Site, phase", "<b>&amp;") + f" {number}"
                          + self.one("", " ", "\u00a0")),
                self.rare(1, ["???", "Zombie", "archived", "complet", ""], lambda: self.random.choice(states)),
                self.rare(0.6, ["2025-05-01", "31/02/2025", BLANK, 45000, "soon"],
                          lambda: self.one(Date(starts), Date(starts, STYLE_BUILTIN), self.slashed(starts))),
                self.rare(0.6, ["2025-13-45", "TBC", "00/01/2025", "29/02/2023", "1/1/25"],
                          lambda: ends and self.one(Date(ends), self.slashed(ends))),
                self.budget(),
                self.one(BLANK, f"04{self.random.randrange(10**8):08d}"),
                self.rare(0.4, ["30/02/2025", BLANK],
                          lambda: self.scheduled(datetime.date(2024, 1, 1), datetime.date(2025, 9, 18))),
            ]
            rows.append(row)
            if self.chance(1):
                rows.append(list(row))  # written down twice
            if self.chance(1):
                rows.append([])
        rows.insert(3, ["P-EDGE1", "Acme", "On the day", "Complete", "01/01/2024", BLANK, BLANK, BLANK, "19/09/2024"])
        rows.insert(5, ["P-EDGE2", "Acme", "A day before", "Complete", "01/01/2024", BLANK, BLANK, BLANK, "18/09/2024"])
        rows.insert(9, ["Q-" + "9" * 19, "Acme", "Code too long", "WIP", "01/01/2024", BLANK, BLANK, BLANK, "18/09/2025"])
        return rows

    def project(self):
        """A project's code, as other sheets write it; seldom one that is no project's."""
        return self.rare(0.7, ["P-9999X", "P-", "TBC", "P 0001"], lambda: self.spelled(self.random.choice(self.projects)))

    def spelled(self, code):
        return self.one(code, code, code, code.lower(), " " + code, code + "\u00a0")

    def milestone_due(self):
        day = self.day(datetime.date(2025, 1, 1), datetime.date(2026, 11, 30))
        time = self.one("09:30", "17:30", "02:30", "00:00", "23:59", "9:05")
        usual = self.slashed(day) + " " + time
        special = ["05/10/2025 02:30", "05/10/2025 01:59", "05/10/2025 03:00", "05/10/2025 02:00",  # the gap
                   "06/04/2025 02:30", "06/04/2025 02:00", "06/04/2025 03:00", "06/04/2025 01:59",  # the overlap
                   "TBA", "31/11/2025 09:30", "05/10/2025", "05/10/2025 25:00", "05/10/2025 09:60", "05/10/25 09:30",
                   "2025-10-05 09:30", "05/10/2025  09:30", Date(day), Date(datetime.datetime(2025, 10, 6, 9, 30), STYLE_MINUTES),
                   45000, Error("#REF!")]
        return self.rare(12, special, lambda: self.one(usual, usual, usual, BLANK))

    def make_milestones(self):
        states = ["Not Started", "pending", "Complete", "At Risk", "In progress", "done", "amber", "RED", " wip", "at\u00a0 risk"]
        rows = []
        for number in range(1, 180 * self.factor + 1):
            code = f"M-{number:05d}"
            self.milestones.append(code)
            row = [self.rare(3, [code.lower(), " " + code], lambda: code), self.project(),
                   self.rare(1, [BLANK], lambda: self.padded(f"Milestone {number}")),
                   self.rare(2, ["purple", "done?", "not-started", BLANK], lambda: self.random.choice(states)),
                   self.milestone_due()]
            rows.append(row)
            if self.chance(0.5):
                rows.append(list(row))
        return rows

    def make_tasks(self):
        states = ["Todo", "to  do", "OPEN", "Doing", "WIP", "in progress", "Blocked", "waiting", "done", "Closed",
                  "complete", "Canceled", "cancelled"]
        titles = ["Edit", "🎬 slate", "Grade “hero” shot", "Mix, 5.1", "Résumé of brief", "Call\nclient", "<tag> & 'quote'"]
        rows = []
        for number in range(1, 720 * self.factor + 1):
            code = f"T-{number:06d}"
            self.tasks.append(code)
            day = self.day(datetime.date(2025, 1, 1), datetime.date(2026, 9, 1))
            title = f"{self.random.choice(titles)} {number}"
            row = [
                self.rare(2, [code.lower(), " " + code + " "], lambda: code),
                self.project(),
                self.rare(2, ["M-GONE", "", "m-00001", " M-00002"],
                          lambda: self.one(self.random.choice(self.milestones), BLANK)),
                self.rare(1, ["é" * 200 + "tail", "🎬" * 201, BLANK, "  " + title + "\u00a0"], lambda: title),
                self.rare(1, [BLANK, "ghost@nowhere.test", "", "nobody", "a b@acme.test"], self.email),
                self.rare(1, ["limbo", "???", BLANK], lambda: self.random.choice(states)),
                self.rare(1, ["2025-13-45", "soon", "31/02/2025", "2025-02-03", "29/02/2025", "1/2/25", "01/02/2025 ",
                              "00/00/0000", Date(day), "01.02.2025", "32/01/2025"],
                          lambda: self.one(*[self.slashed(day)] * 20, BLANK)),
                self.one("0.25", "2,5", "8", "a day", BLANK, 2.5, 8, "2,50", "0,125", "12345", "9999.99", "1,5 h", "1.2.3", 0)
                if self.chance(99.5) else self.one("-1", -0.5),
                self.rare(1, ["high", 0, 6, -1, 2.5, 40000, "", "1.0"], lambda: self.one(1, 2, 3, 4, 5, "2", " 3"[1:], BLANK)),
                self.rare(0.5, ["maybe", "2", ""], lambda: self.one("Y", "yes", "TRUE", "N", "No", "0", " 1 ", BLANK, 1, 0, True, False)),
            ]
            rows.append(row)
            if self.chance(0.3):
                rows.append(list(row))
            if self.chance(0.3):
                rows.append([BLANK] * 10)
        return rows

    # ------------------------------------------------------------ the other files

    def csv_bytes(self, rows, delimiter, encoding, extra_quotes=20):
        """Rows of texts; BLANK is an empty field without quotes."""
        out = []
        for row in rows:
            fields = []
            for value in row:
                quoted = value is not None and (any(c in value for c in '"\r\n' + delimiter) or self.chance(extra_quotes))
                if quoted and value not in ("N/A", "-"):
                    fields.append('"' + value.replace('"', '""') + '"')
                else:
                    fields.append(value or "")
            out.append(delimiter.join(fields))
        return ("\r\n".join(out) + "\r\n").encode(encoding, "replace")

    def make_links(self):
        rows = [["Token", "Project Code", "Created", "Revoked"]]
        for _ in range(240 * self.factor):
            token = f"{self.random.getrandbits(96):024x}"
            when = datetime.datetime(2025, 1, 1) + datetime.timedelta(minutes=self.random.randrange(370000))
            row = [token, self.project(),
                   self.rare(2, ["2025-04-06 02:30", "2024-10-06 02:15", "2025-02-30 10:00", "yesterday", "2025-01-01 24:01", BLANK,
                                 "2025-01-01T10:00", "2025-1-5 9:05", "2025-04-06 03:00", "2024-10-06 03:00",
                                 "2025-10-03 00:00", "2025-10-02 23:59", "2031-01-01 00:00"],
                             lambda: when.strftime("%Y-%m-%d %H:%M")),
                   self.one(BLANK, BLANK, "no", "Y", "maybe", "YES ", "0", "true", "1", " ", "N")]
            rows.append(row)
            if self.chance(0.5):
                rows.append(list(row))
        return rows

    def make_assets(self):
        rows = [["title", "project_code", "file_path", "mux_id"]]
        letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        for number in range(300 * self.factor):
            project = self.project()
            path = self.one(f"s3://bucket/{project}/{number}.mov", f"\\\\drive\\{project}\\{number}.mov",
                            f"S3://upper/{number}", f"/mnt/a b/{number},{number}.mov", "N/A", BLANK, "-")
            mux = self.one(BLANK, "-", "N/A", "".join(self.random.choices(letters, k=24)))
            if self.chance(1):
                mux = self.one("short", "has space in it 1234567890", "-" * 24, "é" * 24)
            title = self.rare(1, [BLANK, "-", "line\r\nbreak"], lambda: f'Asset {number}, "v{number % 9}"' + self.one("", " "))
            row = [title, project, path, mux]
            rows.append(row)
            if self.chance(3):
                rows.append(list(row))
            if self.chance(0.5) and path not in ("N/A", BLANK, "-"):
                rows.append([title, self.spelled(project.strip(" \u00a0")), path, mux])
        return rows

    def make_digests(self):
        rows = [["E-mail", "Name", "Digest", "Mobile"]]
        labels = ["off", "None", "Never", "daily", "D", "weekly", "W", "Monthly", "m", BLANK, "daily\u00a0"]
        for _, email, name in self.users:
            row = [self.one(email, email.upper(), email.title(), self.one(" ", "\u00a0", "") + email + self.one("", " ")), name,
                   self.rare(2, ["hourly", "-", ""], lambda: self.random.choice(labels)),
                   self.one(BLANK, f"04{self.random.randrange(10**8):08d}")]
            rows.append(row)
            if self.chance(5):
                rows.append([email.upper(), name, self.random.choice(labels), BLANK])
        for number in range(2 * max(1, self.factor // 4)):
            rows.insert(self.random.randrange(1, len(rows)), [self.one(f"nobody{number}@nowhere.test", " ", BLANK), "Nobody", "daily", ""])
        return rows

    def item(self):
        return self.rare(0.5, [BLANK, "X-1", "T-9999999", "t-000001", " T-000001", ""],
                         lambda: self.random.choice(self.one(self.tasks, self.tasks, self.milestones)))

    def make_comment(self, number, root):
        user = self.random.choice(self.users)
        when = datetime.datetime(2025, 1, 1) + datetime.timedelta(seconds=self.random.randrange(20000000))
        comment = {
            "id": f"c{number}",
            "author": self.rare(10, [None, {}, {"email": None}, {"email": f"guest{number}@guest.test", "name": "Guest"}],
                                lambda: {"email": self.one(user[1], user[1].upper(), f" {user[1]}"), "name": user[2]}),
            "body": self.rare(0.5, [None], lambda: self.one("Looks **good**", "line one\n\nline two", "Übergang – ok?", "", "🎬\t`x`",
                                                           'naïve "quote" \\ slash', "See [brief](https://example.test/b)")),
            "created_at": self.rare(0.5, ["yesterday", "2025-02-30T10:00:00Z", None, "2025-03-01T10:00:00"],
                                    lambda: when.isoformat() + self.one("Z", "Z", "+10:00", ".5Z", "-03:30", ".123456+00:00")),
            "replies": [],
        }
        if root:
            comment["item"] = self.item()
            if comment["item"] is None and self.chance(50):
                del comment["item"]
        if self.chance(0.3):
            del comment["author"]
        return comment

    def make_comments(self):
        threads, number = [], 0
        for _ in range(240 * self.factor):
            number += 1
            thread = self.make_comment(number, True)
            threads.append(thread)
            tree = [thread]
            while self.chance(70) and len(tree) < 40:
                number += 1
                reply = self.make_comment(number, False)
                self.one(tree[-1], tree[-1], self.random.choice(tree))["replies"].append(reply)
                tree.append(reply)
            if self.chance(2):
                thread["replies"] += [{**r, "body": "said twice", "replies": []} for r in thread["replies"][-1:]]
        return {"exported_at": "2025-09-18T10:00:00Z", "tool": "legacy", "threads": threads}

    def make(self):
        self.make_users()
        self.make_agencies()
        files = {}
        sheets = [
            ("Projects", ["Project Code", "Agency", "Project", "Status", "Start", "End", "Budget (AUD)", "Contact Phone",
                          "Last Updated"], self.make_projects()),
            ("Milestones", ["Milestone", "Project Code", "Title", "Status", "Due (Sydney time)"], self.make_milestones()),
            ("Tasks", ["Task", "Project Code", "Milestone", "Title", "Owner", "Status", "Due", "Estimate (h)", "Priority",
                       "Billable"], self.make_tasks()),
        ]
        files["projects_master.xlsx"] = workbook(self.random, sheets)
        files["share_links.csv"] = self.csv_bytes(self.make_links(), ",", "utf-8")
        files["assets_manifest.csv"] = self.csv_bytes(self.make_assets(), ",", "utf-8-sig")
        files["notifications_settings.csv"] = self.csv_bytes(self.make_digests(), ";", "cp1252")
        files["comments_export.json"] = json.dumps(self.make_comments(), ensure_ascii=self.chance(50), indent=1).encode()
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows([("id", "email", "full_name"), *self.users])
        files["users.csv"] = out.getvalue().encode()
        return files


# ---------------------------------------------------------------- Office Open XML (ECMA-376)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = (f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
          '<numFmt numFmtId="165" formatCode="dd/mm/yyyy hh:mm"/><numFmt numFmtId="166" formatCode="[Red]0.00"/></numFmts>'
          '<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="165"/>'
          '<xf numFmtId="166"/></cellXfs></styleSheet>')


def letters(number):
    return chr(64 + number)


class Strings:
    """The shared strings; two in three texts go there, the others stay inline."""

    def __init__(self, rng):
        self.random, self.places, self.items = rng, {}, []

    def cell(self, at, text):
        xml = f'<t xml:space="preserve">{escape(text, {chr(13): "&#13;"})}</t>'
        if self.random.random() < 0.3:
            return f'<c r="{at}" t="inlineStr"><is>{xml}</is></c>'
        if text not in self.places:
            self.places[text] = len(self.items)
            if len(text) > 3 and self.random.random() < 0.2:  # in two runs, as editors leave them
                xml = "".join(f'<r><t xml:space="preserve">{escape(t)}</t></r>' for t in (text[:2], text[2:]))
            self.items.append(f"<si>{xml}</si>")
        return f'<c r="{at}" t="s"><v>{self.places[text]}</v></c>'


def cell_xml(strings, at, value):
    if value is None or value == "":
        return f'<c r="{at}" s="{STYLE_RED}"/>' if strings.random.random() < 0.3 else ""
    if isinstance(value, Date):
        serial = int(value.serial) if value.serial == int(value.serial) else value.serial
        return f'<c r="{at}" s="{value.style}"><v>{serial}</v></c>'
    if isinstance(value, Error):
        return f'<c r="{at}" t="e"><v>{value}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return strings.cell(at, value)
    style = f' s="{STYLE_RED}"' if strings.random.random() < 0.2 else ""
    return f'<c r="{at}"{style}><v>{value}</v></c>'


def workbook(rng, sheets):
    strings, parts = Strings(rng), {}
    for number, (_, head, rows) in enumerate(sheets, 1):
        lines = []
        for r, row in enumerate([head, *rows], 1):
            cells = "".join(cell_xml(strings, f"{letters(c)}{r}", v) for c, v in enumerate(row, 1))
            lines.append(f'<row r="{r}">{cells}</row>')
        parts[f"xl/worksheets/sheet{number}.xml"] = \
            f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    names = "".join(f'<sheet name="{s[0]}" sheetId="{n}" r:id="rId{n}"/>' for n, s in enumerate(sheets, 1))
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    links += [("rId8", "styles", "styles.xml"), ("rId9", "sharedStrings", "sharedStrings.xml")]
    parts["xl/workbook.xml"] = f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = relationships(links)
    parts["xl/styles.xml"] = STYLES
    parts["xl/sharedStrings.xml"] = f'{HEAD}<sst xmlns="{MAIN}">{"".join(strings.items)}</sst>'
    parts["_rels/.rels"] = relationships([("rId1", "officeDocument", "xl/workbook.xml")])
    kinds = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles", "xl/sharedStrings.xml": "sharedStrings"}
    kinds.update({p: "worksheet" for p in parts if "worksheets" in p})
    overrides = "".join(f'<Override PartName="/{p}" ContentType="application/vnd.openxmlformats-officedocument.'
                        f'spreadsheetml.{k}+xml"/>' for p, k in kinds.items())
    parts["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
        f'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            archive.writestr(zipfile.ZipInfo(path), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def relationships(links):
    items = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{t}" Target="{p}"/>' for i, t, p in links)
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'


def main():
    seed, factor, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    os.makedirs(folder, exist_ok=True)
    for name, content in Generator(seed, factor).make().items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


main()
