"""Rules of the source tree that no compiler checks; the root of the tree is the argument.

- a C function is at most 100 lines long, from its first line to its closing brace; a file at most 1,200
- no function is called that cannot be used safely, or that a safer one stands for
- no path of somebody's machine stands in the tree
- ids of diagnostics are unique and in order, and the code uses every one

One line for each finding; exit status 1 if there is any.
"""

import os
import re
import sys

FUNCTION_LINES = 100
FILE_LINES = 1200
CODE = (".c", ".h", ".y", ".l")
TEXT = CODE + (".md", ".mig", ".sql", ".py", ".sh", ".txt", ".cmake", ".json", ".def")
NOT_OURS = {".git", ".mig", ".sandbox", "__pycache__"}
BANNED = ("strcpy|stpcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|atoll|atof|system|mktemp|tmpnam|"
          "tempnam|setjmp|longjmp|rand")
MACHINE_PATHS = re.compile(r"(?<![\w.}>)*])/(?:work|root|home|Users)/|/tmp/[b]uild")
PREPROCESSOR = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*", re.M)
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tree_files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in NOT_OURS and not (folder == root and f.startswith("build")))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(TEXT) or (os.access(path, os.X_OK) and "." not in name):
                yield os.path.relpath(path, root), open(path, encoding="utf-8", errors="replace").read()


def blank(match):
    """What replaces a comment, literal or directive: as many lines, nothing else."""
    return "\n" * match.group().count("\n")


def long_functions(code):
    """(line, name, length) of the functions that are too long; counts on clang-format's layout."""
    start = name = None
    head = ""
    for number, line in enumerate(code.split("\n"), 1):
        if start is None:
            if line[:1].isalpha() or line[:1] == "_":
                head, head_line = "", number
            head += line
            if line.rstrip().endswith("{") and re.search(r"\)\s*\{$", head.rstrip()):
                start, name = head_line, re.search(r"(\w+)\s*\(", head).group(1)
        elif line.startswith("}"):
            if number - start + 1 > FUNCTION_LINES:
                yield start, name, number - start + 1
            start, head = None, ""


def check_file(path, text):
    lines = text.count("\n")
    if path.endswith(CODE + (".py", ".sh")) and lines > FILE_LINES:
        yield f"{path}: {lines} lines; {FILE_LINES} are the most"
    for match in MACHINE_PATHS.finditer(text):
        yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: a path of somebody's machine: {match.group()}"
    if not path.endswith(CODE):
        return
    code = PREPROCESSOR.sub(blank, COMMENT_OR_TEXT.sub(blank, text))
    for match in re.finditer(rf"(?<![\w.>])({BANNED})\s*\(", code):
        yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: {match.group(1)} is not to be used"
    if path.endswith((".c", ".h")):
        for line, name, length in long_functions(code):
            yield f"{path}:{line}: {name} has {length} lines; {FUNCTION_LINES} are the most"


def check_codes(files):
    listed = re.findall(r'^DIAG_CODE\((\w+), "(\w+)"', files["runtime/base/codes.def"], re.M)
    faults = re.findall(r'^FAULT\((\w+), "(\w+)"', files["runtime/base/faults.def"], re.M)
    code = "\n".join(text for path, text in files.items()
                     if path.startswith(("compiler/", "runtime/", "grammar/")) and path.endswith(CODE))
    words = set(re.findall(r"\w+", COMMENT_OR_TEXT.sub(blank, code)))
    if not listed or not faults:
        yield "runtime/base/codes.def: no codes found"
    for entries in (listed, faults):
        seen = {}
        for symbol, code_id in entries:
            used = {symbol} if entries is listed else {"FAULT_" + symbol, "R_" + symbol}
            if not used & words:
                yield f"{code_id} {symbol}: no code uses it"
            if code_id in seen.values() or symbol in seen:
                yield f"{code_id} {symbol}: stands twice"
            group = [other for other in seen.values() if other[:3] == code_id[:3]]
            if group and group[-1] > code_id:
                yield f"{code_id} {symbol}: out of order behind {group[-1]}"
            seen[symbol] = code_id


def main():
    files = dict(tree_files(sys.argv[1]))
    findings = [finding for path, text in files.items() for finding in check_file(path, text)]
    findings += check_codes(files)
    print("\n".join(findings + [f"{len(files)} files, {len(findings)} findings"]))
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
