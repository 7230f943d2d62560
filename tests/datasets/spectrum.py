"""The files of csv-spectrum, each through a small spec made for it, compared with its JSON twin."""

import json
import os
import tempfile


# Its fields hold quotes without being quoted, which RFC 4180 forbids: the reader must be told that none is quoted.
BARE_QUOTES = "location_coordinates"


def spec_of(name, columns):
    names = [f"c{n}" for n in range(len(columns))]
    source = "\n".join(f"  {n} text? from '{c}'" for n, c in zip(names, columns))
    body = "\n".join(f"  {n} = r.{n}" for n in names)
    spec = f"""migration spectrum_{name} version 1
source file : csv '{name}.csv'{" quote ''" if name == BARE_QUOTES else ""} {{
{source}
}}
target db : postgres env 'SPECTRUM_URL' schema 'spectrum.sql'
map rows
  from r in file
  into db.rows
{{
  position = r.source.row
{body}
}}
"""
    ddl = "create table rows (position int primary key, " + ", ".join(f"{n} text" for n in names) + ");\n"
    return spec, ddl


def run(mig, shared, server, migrate, failures):
    folder = os.path.join(shared, "csv", "csv-spectrum")
    for name in sorted(n[:-4] for n in os.listdir(os.path.join(folder, "csvs"))):
        with open(os.path.join(folder, "json", name + ".json"), encoding="utf-8") as file:
            twin = json.load(file)
        if isinstance(twin, dict):  # a file of one row
            twin = [twin]
        columns = list(twin[0])
        target = server.fresh("spectrum_" + name)
        with tempfile.TemporaryDirectory() as work:
            spec, ddl = spec_of(name, columns)
            for path, text in (("spectrum.mig", spec), ("spectrum.sql", ddl)):
                with open(os.path.join(work, path), "w", encoding="utf-8") as file:
                    file.write(text)
            target.load(os.path.join(work, "spectrum.sql"))
            migrate(mig, os.path.join(work, "spectrum.mig"), target, os.path.join(folder, "csvs"), failures)
        got = [dict(zip(columns, row[1:])) for row in target.query("select * from rows order by position")]
        if name == BARE_QUOTES:  # the twin has another telephone number than its file
            for row in [*got, *twin]:
                row.pop("Contact Phone Number")
        failures.expect(name, got, twin)
