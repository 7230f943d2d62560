"""Breaks specs that are right in known ways, and holds what `mig check` says against that.

usage: seeded.py MIG ROOT [--list]

Each spec has 1 to 10 mistakes out of mistakes.py: each mistake alone, and combinations drawn with a fixed seed. A mistake
is found when a diagnostic stands on its line; each diagnostic is the answer to one mistake at most, and those that
answer none are cascades. Prints the figures; fails below 95 % found, or at 5 % cascades.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import mistakes

FOUND_PERCENT, CASCADE_PERCENT = 95, 5
COMBINATIONS = 12  # of each base
MARK = "\x01"


def one_place(text, part, base):
    at = text.find(part)
    if at < 0 or text.find(part, at + 1) >= 0:
        sys.exit(f"{base}: stands {'twice' if at >= 0 else 'nowhere'}: {part!r}")
    return at


def difference(old, new):
    at = 0
    while at < min(len(old), len(new)) and old[at] == new[at]:
        at += 1
    return at


class Edit:
    """A mistake at its place in a base."""

    def __init__(self, base, text, mistake):
        self.mistake = mistake
        self.start = one_place(text, mistake.old, base)
        self.end = self.start + len(mistake.old)
        self.at = one_place(text, mistake.at, base) if mistake.at else None
        self.new = mistake.new
        if not mistake.at and "@@" not in self.new:
            cut = difference(mistake.old, mistake.new)
            self.new = self.new[:cut] + "@@" + self.new[cut:]

    def overlaps(self, other):
        places = [(self.start, self.end)] + ([(self.at, self.at + len(self.mistake.at))] if self.at is not None else [])
        theirs = [(other.start, other.end)] + ([(other.at, other.at + len(other.mistake.at))] if other.at is not None else [])
        return any(a < d and c < b for a, b in places for c, d in theirs)


def break_spec(text, edits):
    """The broken text, and the line of each mistake."""
    pieces = []
    for edit in edits:
        pieces.append((edit.start, edit.end, edit.new.replace("@@", MARK)))
        if edit.at is not None:
            pieces.append((edit.at, edit.at, MARK))
    owners = []
    for edit in edits:
        owners.append((edit.at if edit.at is not None else edit.start, edit))
    out, at = [], 0
    for start, end, new in sorted(pieces):
        out += [text[at:start], new]
        at = end
    marked = "".join(out) + text[at:]
    lines = [number for number, line in enumerate(marked.split("\n"), 1) for _ in range(line.count(MARK))]
    return marked.replace(MARK, ""), [(edit, line) for (_, edit), line in zip(sorted(owners, key=lambda o: o[0]), lines)]


class Corpus:
    def __init__(self, mig, root, verbose):
        self.mig, self.root, self.verbose = mig, root, verbose
        self.specs = self.mistakes = self.found = self.coded = self.cascades = 0
        self.folder = tempfile.mkdtemp(prefix="mig-seeded.")

    def diagnostics(self, path):
        done = subprocess.run([self.mig, "check", "--format", "json", os.path.basename(path)],
                              cwd=os.path.dirname(path), capture_output=True, timeout=60)
        if done.returncode not in (0, 1):
            sys.exit(f"{path}: mig check ended with {done.returncode}: {done.stderr.decode()}")
        return [(d["code"], d["span"]["line"] if d.get("span") else 0, d["message"])
                for d in json.loads(done.stdout)["diagnostics"]]

    def judge(self, name, path, text, edits):
        broken, expected = break_spec(text, edits)
        with open(path, "w", encoding="utf-8") as file:
            file.write(broken)
        said = self.diagnostics(path)
        left, missed, other = list(said), [], []
        # First those with the right code, so that a neighbour's answer is not taken away.
        for exact in (True, False):
            for edit, line in expected:
                if hasattr(edit, "answer") and edit.answer is not None:
                    continue
                answer = next((d for d in left if d[1] == line and (not exact or d[0] == edit.mistake.code)), None)
                edit.answer = answer
                if answer:
                    left.remove(answer)
        for edit, line in expected:
            self.found += edit.answer is not None
            self.coded += edit.answer is not None and edit.answer[0] == edit.mistake.code
            if edit.answer is None:
                missed.append((line, edit))
            elif edit.answer[0] != edit.mistake.code:
                other.append((line, edit))
            edit_answer, edit.answer = edit.answer, None
            if edit_answer and edit_answer[0] != edit.mistake.code and self.verbose:
                print(f"{name}:{line}: {edit.mistake.code} expected, {edit_answer[0]} said: {edit_answer[2]}")
        self.specs += 1
        self.mistakes += len(expected)
        self.cascades += len(left)
        for line, edit in missed:
            print(f"{name}:{line}: not found: {edit.mistake.code} {broken.split(chr(10))[line - 1].strip()[:90]}")
        for code, line, message in left:
            print(f"{name}:{line}: belongs to no mistake: {code} {message[:120]}")

    def run_base(self, base, chosen):
        source = os.path.join(self.root, base)
        folder = os.path.join(self.folder, os.path.basename(os.path.dirname(base)))
        shutil.copytree(os.path.dirname(source), folder)
        path = os.path.join(folder, os.path.basename(base))
        with open(source, encoding="utf-8") as file:
            text = file.read()
        if self.diagnostics(path):
            sys.exit(f"{base} is not right to begin with")
        edits = [Edit(base, text, mistake) for mistake in chosen]
        for number, edit in enumerate(edits, 1):
            self.judge(f"{base} mistake {number}", path, text, [edit])
        draw = random.Random(base)
        for number in range(1, COMBINATIONS + 1):
            wanted, drawn = 2 + (number * 3) % 9, []
            for edit in draw.sample(edits, len(edits)):
                if len(drawn) < wanted and not any(edit.overlaps(there) for there in drawn):
                    drawn.append(edit)
            self.judge(f"{base} combination {number}", path, text, drawn)

    def report(self):
        shutil.rmtree(self.folder)

        def percent(part, whole):
            return 100.0 * part / whole if whole else 0.0

        said = self.found + self.cascades
        print(f"{self.specs} specs with {self.mistakes} mistakes")
        print(f"found on their line:      {percent(self.found, self.mistakes):5.1f} %")
        print(f"and with the right code:  {percent(self.coded, self.mistakes):5.1f} %")
        print(f"cascades:                 {percent(self.cascades, said):5.1f} % of {said} diagnostics")
        return (self.specs >= 120 and percent(self.found, self.mistakes) >= FOUND_PERCENT
                and percent(self.cascades, said) < CASCADE_PERCENT)


def main():
    corpus = Corpus(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), "--list" in sys.argv)
    for base, chosen in mistakes.MISTAKES.items():
        corpus.run_base(base, chosen)
    if not corpus.report():
        sys.exit(1)


main()
