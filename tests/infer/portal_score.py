"""How much of the portal's mapping `mig infer` finds by itself.

usage: portal_score.py MIG PROJECT_DIR [LEAST]

Compares the draft with specs/portal/portal.mig, target column by target column: both must take the value from the same
source columns (by file, sheet or array, and heading; through lets, lookups and other maps' rows), or both from none.
Prints the columns that differ and the percentage; the exit status is 1 below LEAST percent (70).
"""

import os
import re
import subprocess
import sys
import tempfile

TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:\\.|[^\"\\])*\"|[A-Za-z_]\w*|\.|\S")


def uncommented(text):
    """The spec without comments; texts are kept."""
    out = []
    for line in text.splitlines():
        kept, at = "", 0
        for match in re.finditer(r"'(?:[^']|'')*'|\"(?:\\.|[^\"\\])*\"|--.*", line):
            if match.group().startswith("--"):
                kept, at = kept + line[at:match.start()], len(line)
                break
            kept, at = kept + line[at:match.end()], match.end()
        out.append(kept + line[at:])
    return "\n".join(out)


def blocks(text, pattern):
    """(match, body) of what a pattern begins: the text between its braces."""
    plain = re.sub(r"'(?:[^'\n]|'')*'|\"(?:\\.|[^\"\\\n])*\"", lambda m: "x" * len(m.group()), text)
    for match in re.finditer(pattern, text, re.M):
        at = plain.index("{", match.end())
        depth = 0
        for end in range(at, len(plain)):
            depth += {"{": 1, "}": -1}.get(plain[end], 0)
            if depth == 0:
                break
        yield match, text[match.end():at], text[at + 1:end]


def columns_of(body):
    """{name in the spec: heading} of a block of columns."""
    found = {}
    for line in re.split(r"[\n;]", body):
        match = re.match(r"\s*`?(\w+)`?\s+[\w\[\]]+\??(.*)", line)
        if match:
            heading = re.search(r"\bfrom\s+'((?:[^']|'')*)'", match.group(2))
            found[match.group(1)] = heading.group(1) if heading else match.group(1)
    return found


def sources_of(text):
    """{"master.projects": {column: (file, sheet, heading)}}"""
    found = {}
    for match, _, body in blocks(text, r"^source (\w+)\s*:\s*\w+ '([^']+)'"):
        name, file = match.groups()
        sheets = list(blocks(body, r"sheet (\w+) '([^']+)'"))
        if not sheets:
            found[name] = {c: (file, "", h) for c, h in columns_of(body).items()}
        for sheet, _, inner in sheets:
            found[f"{name}.{sheet.group(1)}"] = {c: (file, sheet.group(2), h) for c, h in columns_of(inner).items()}
    return found


def split_body(body):
    """(kind, name, expression) of a map's lines; a line may go on in the next ones."""
    for line in body.splitlines():
        match = re.match(r"\s*(let )?(\w+)\s*=(?!=)(.*)", line)
        if match:
            yield ("let" if match.group(1) else "column"), match.group(2), match.group(3)


class Map:
    def __init__(self, head, body, sources):
        source = re.search(r"from (\w+) in ([\w.]+)", head)
        self.alias, self.columns = source.group(1), sources.get(source.group(2), {})
        self.lookups = dict(re.findall(r"lookup (\w+) in [\w.]+ on (.*?)(?=\bon missing|\bon duplicate|\n|$)", head))
        self.lets, self.values = {}, {}
        for kind, name, expression in split_body(body):
            (self.lets if kind == "let" else self.values)[name] = expression

    def origins(self, expression, depth=0):
        """The source columns in an expression."""
        expression = re.split(r"\s+on (?:error|null|missing|skipped)\b", expression)[0] if depth == 0 else expression
        tokens = TOKEN.findall(expression)
        # A text with {values} in it takes part, too.
        found = set()
        for i, token in enumerate(tokens):
            before = tokens[i - 1] if i else ""
            if before == "." or not re.match(r"[A-Za-z_]", token):
                continue
            if token == self.alias:
                path = []
                for step in range(i + 1, len(tokens) - 1, 2):
                    if tokens[step] != ".":
                        break
                    path.append(tokens[step + 1])
                while path and path[0] in ("root", "parent") and len(path) > 1:
                    path.pop(0)
                if path and path[0] in self.columns:
                    found.add(self.columns[path[0]])
            elif depth < 5 and token in self.lookups:
                found |= self.origins(self.lookups[token], depth + 1)
            elif depth < 5 and token in self.lets:
                found |= self.origins(self.lets[token], depth + 1)
        return found


def maps_of(text):
    """{table: {column: source columns}}"""
    text = uncommented(text)
    sources = sources_of(text)
    found = {}
    for match, head, body in blocks(text, r"^map \w+"):
        into = re.search(r"into \w+\.(\w+)", head)
        if into and into.group(1) not in found:
            one = Map(head, body, sources)
            found[into.group(1)] = {c: one.origins(e) for c, e in one.values.items()}
    return found


def show(columns):
    return ", ".join(sorted(f"{file}{'/' + sheet if sheet else ''}:{heading}" for file, sheet, heading in columns)) or "nothing"


def main():
    mig, project = sys.argv[1:3]
    least = float(sys.argv[3]) if len(sys.argv) > 3 else 70
    portal = os.path.join(project, "specs", "portal")
    data = os.path.join(portal, "data")
    with tempfile.TemporaryDirectory() as work:
        draft = os.path.join(work, "draft.mig")
        subprocess.run([mig, "infer", "--target", os.path.join(portal, "portal.sql"), "--data", data, "-o", draft,
                        *sorted(os.listdir(data))], check=True, capture_output=True)
        with open(draft, encoding="utf-8") as file:
            guessed = maps_of(file.read())
    with open(os.path.join(portal, "portal.mig"), encoding="utf-8") as file:
        wanted = maps_of(file.read())
    total = right = sourced = sourced_right = 0
    for table, columns in wanted.items():
        for column, origins in columns.items():
            got = guessed.get(table, {}).get(column, set()) if table in guessed else {("no map", "", "")}
            total += 1
            sourced += bool(origins)
            right += got == origins
            sourced_right += bool(origins) and got == origins
            if got != origins:
                print(f"{table}.{column}: {show(got)}; in portal.mig {show(origins)}")
    score = 100 * right / total
    print(f"{right} of {total} target columns as in portal.mig: {score:.1f}%; "
          f"{sourced_right} of the {sourced} that take a value from a source")
    sys.exit(total < 50 or score < least or 100 * sourced_right / sourced < least)


if __name__ == "__main__":
    main()
