"""How long a spec of 2,000 lines takes from a keystroke to its diagnostics, and to completion. Prints medians; what
is asserted is only that the answers are right."""
import os
import statistics
import sys
import tempfile
import time

from client import Client
from kit import DDL

LINES = 2000


def write_spec(folder):
    """A target and maps of 20 columns each, as many as it takes."""
    ddl, spec, n = [DDL], ["migration wide version 1",
                           "target db : postgres env 'DB_URL' schema 'schema.sql'"], 0
    while sum(part.count("\n") + 1 for part in spec) < LINES:
        n += 1
        columns = "".join(f",\n  c{i} text not null" for i in range(20))
        ddl.append(f"create table wide{n} (\n  id uuid primary key{columns},\n  status task_status\n);\n")
        fields = "\n".join(f"  c{i}  text  from 'Column {i}'" for i in range(20))
        lines = "\n".join(f"  c{i} = upper(trim(replace(r.c{i}, 'a{n}', 'b')))" for i in range(20))
        spec.append(f"source s{n} : csv 's{n}.csv' {{\n{fields}\n  status text\n}}\n\n"
                    f"codes states{n} : text -> db.task_status {{\n  'open' => todo\n  'busy' => doing\n}}\n\n"
                    f"-- Rows of file {n}.\nmap wide{n}\n  from r in s{n}\n  into db.wide{n}\n  key r.c0\n{{\n"
                    f"  id = uuid5('wide{n}', r.c0)\n{lines}\n"
                    f"  status = states{n}[lower(r.status)] on missing reject \"no {{r.status}}\"\n}}\n")
    for name, text in (("schema.sql", "".join(ddl)), ("wide.mig", "\n".join(spec))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return os.path.join(folder, "wide.mig")


def cpu_seconds(process):
    """What the server has used of the processor: on a busy machine the clock says little."""
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(mig):
    with tempfile.TemporaryDirectory() as folder:
        client = Client(mig, folder)
        uri = client.open(write_spec(folder))
        found = client.wait_diagnostics(uri)
        assert {diag["code"] for diag in found} <= {"L0208", "L0209"}, found[:3]  # it has no tests
        at = client.texts[uri].rindex("upper(trim(")
        changes, completions, used = [], [], cpu_seconds(client.process)
        for _ in range(15):
            for letter in ("x", ""):
                start = time.perf_counter()
                client.change(uri, (at, at, "x") if letter else (at, at + 1, ""))
                found = client.wait_diagnostics(uri)
                changes.append(time.perf_counter() - start)
                assert sum(diag["severity"] == 1 for diag in found) == (1 if letter else 0), found
            start = time.perf_counter()
            client.change(uri, (at, at, "r."))
            message = client.at("completion", uri, client.position(uri, at + 2))
            completions.append(time.perf_counter() - start)
            assert any(item["label"] == "c7" for item in message["result"]["items"])
            client.change(uri, (at, at + 2, ""))
            client.wait_diagnostics(uri)
        lines = client.texts[uri].count("\n")
        used = cpu_seconds(client.process) - used
        assert client.stop() == 0
    print(f"{lines} lines: change to diagnostics {1000 * statistics.median(changes):.1f} ms (median of {len(changes)}, "
          f"worst {1000 * max(changes):.1f}), change and completion {1000 * statistics.median(completions):.1f} ms, "
          f"processor time an analysis {1000 * used / (len(changes) + 2 * len(completions)):.1f} ms")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
