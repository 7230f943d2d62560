"""Drafts specs of real data sets and runs them: every draft compiles, is laid out, and its run comes to an end.

usage: run_sets.py MIG PROJECT_DIR SET…      (within with_postgres.sh, which gives MIG_TEST_PG_URL)

The data are in MIG_SHARED_DATA, or in ../shared/data beside the checkout; without them the status is 77. What a draft
must write at least is in `LEAST`. With MIG_KEEP_DRAFTS=FOLDER the drafts stay there.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# The set's DDL, its folder of data, the files.
SETS = {
    "cellphones": ("cellphones/phones.sql", "json/simdjson-examples", ["amazon_cellphones.ndjson"]),
    "chinook": ("chinook/chinook.sql", "rel/chinook", ["ChinookData.json"]),
    "cities": ("cities/cities.sql", "xlsx/poi", ["DataTableCities.xlsx"]),
    "csv_spectrum": (None, "csv/csv-spectrum/csvs", "*.csv"),
    "deaths": ("deaths/deaths.sql", "xlsx/readxl", ["deaths.xlsx"]),
    "forum_dynamodb": ("forum_dynamodb/forum.sql", "json/dynamodb/aws-sampledata",
                       ["Forum.json", "Thread.json", "Reply.json", "ProductCatalog.json"]),
    "forum_plain": ("forum_dynamodb/forum.sql", "json/dynamodb/forum-thread-reply",
                    ["Forum.json", "Thread.json", "Reply.json"]),
    "games": ("games/games.sql", "json/dynamodb/single-table-ndjson", ["items.json"]),
    "github_api": ("github_api/api.sql", "json/github-api", ["paginate-issues.json"]),
    "github_events": ("github_events/events.sql", "json/simdjson-examples", ["github_events.json"]),
    "github_webhooks": ("github_webhooks/webhooks.sql", "json/github-webhooks", ["*.payload.json"]),
    "issue_archive": ("issue_archive/archive.sql", "json/github-issue-archive", ["*.archive.json"]),
    "jenkins": ("jenkins/builds.sql", "json/simdjson-examples", ["apache_builds.json"]),
    "northwind": ("northwind/northwind.sql", "rel/northwind", "*.csv"),
    "portal": ("portal/portal.sql", None, "*"),
    "scenarios": ("scenarios/scenarios.sql", "xlsx/xlsx2csv", ["sheets.xlsx"]),
    "slack": ("slack/slack.sql", "json/slack-export", ["users.json", "channels.json", "*/*.json"]),
    "statistics": ("statistics/statistics.sql", "xlsx/readxl", ["datasets.xlsx"]),
    "type_me": ("type_me/type_me.sql", "xlsx/readxl", ["type-me.xlsx"]),
}

# Lines that a draft must hold, blanks aside: what an analyst would have written, too.
LINES = {
    "cities": ["sheet pivot_table 'PivotTable' header row 5 {", "sum_of_population"],
    "github_api": ["source paginate_issues : json"],
    "scenarios": ["source sheets : xlsx 'sheets.xlsx' trim {"],
    "type_me": ["sheet logical_coercion 'logical_coercion'", "sheet text_coercion 'text_coercion'"],
    "forum_dynamodb": ["each element in p.authors", "each element in p.color", "each element in t.tags"],
    "github_webhooks": ["id = p.repository_id", "full_name = p.repository_full_name", "login = p.sender_login",
                        "repository = repositories[p.repository_id].id"],
    "slack": ["each element in c.members", "person_id = people[element].id"],
}

# Rows that a draft writes at least, by map, without anybody's help.
LEAST = {
    "cellphones": {"phones": 700},
    "chinook": {"genres": 25, "albums": 347, "tracks": 3503, "staff": 8, "customers": 59, "invoices": 412,
                "invoice_lines": 2240, "playlist_tracks": 8715},
    "csv_spectrum": {"file_newlines": 3, "file_utf8": 2},
    "deaths": {"people": 10, "professions": 8},
    "forum_dynamodb": {"products": 8, "product_authors": 5, "product_colors": 10, "thread_tags": 6},
    "forum_plain": {"threads": 2},
    "github_webhooks": {"users": 1, "repositories": 1, "milestones": 1, "labels": 1, "issues": 1, "comments": 1},
    "games": {"people": 300},
    "github_events": {"actors": 29, "repositories": 29, "events": 27},
    "issue_archive": {"people": 34, "labels": 17, "items": 250},
    "jenkins": {"views": 4, "jobs": 875},
    "northwind": {"regions": 4, "employees": 9, "contacts": 91, "customers": 91, "suppliers": 29, "products": 77,
                  "orders": 830, "order_lines": 2155, "territories": 53},
    "portal": {"users": 30, "tenants": 21, "projects": 47, "milestones": 139, "tasks": 300, "share_links": 190,
               "comments": 380, "notification_preferences": 25},
    "slack": {"people": 4, "channels": 2, "channel_members": 4},
    "statistics": {"cars": 32, "feeds": 6, "chicks": 71, "quakes": 1000},
}


def psql(url, *args):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url, *args], check=True, capture_output=True)


def fresh(url, name):
    psql(url, "-c", f"drop database if exists {name}")
    psql(url, "-c", f"create database {name}")
    return re.sub(r"/postgres\?", f"/{name}?", url)


def files_of(folder, names):
    if isinstance(names, list):
        return names
    ending = names.lstrip("*")
    return sorted(n for n in os.listdir(folder) if n.endswith(ending) and not n.startswith("."))


def mig_run(mig, *args, env=None):
    return subprocess.run([mig, *args], capture_output=True, text=True, env={**os.environ, **(env or {})})


def check_map(name, m, failures):
    total = sum(m[k] for k in ("written", "updated", "unchanged", "skipped", "rejected"))
    if total != m["read"]:
        failures.append(f"{name}: {m['name']}: {total} rows accounted for, {m['read']} read")
    least = LEAST.get(name, {}).get(m["name"], 0)
    if m["written"] < least:
        failures.append(f"{name}: {m['name']}: {m['written']} rows written, expected {least} at least; {m['reasons']}")


def run_set(mig, project, shared, url, name, failures):
    ddl, folder, names = SETS[name]
    data = os.path.join(shared, folder) if folder else os.path.join(project, "specs", "portal", "data")
    with tempfile.TemporaryDirectory() as work:
        spec = os.path.join(work, "draft.mig")
        target = ["--target", os.path.join(project, "specs", ddl)] if ddl else []
        drafted = mig_run(mig, "infer", *target, "--data", data, "-o", spec, *files_of(data, names))
        if drafted.returncode:
            failures.append(f"{name}: mig infer ended with {drafted.returncode}: {drafted.stderr}")
            return
        if os.environ.get("MIG_KEEP_DRAFTS"):
            shutil.copy(spec, os.path.join(os.environ["MIG_KEEP_DRAFTS"], name + ".mig"))
        with open(spec, encoding="utf-8") as file:
            drafted_lines = [" ".join(line.partition("--")[0].split()) for line in file]
        for line in LINES.get(name, []):
            if not any(found.startswith(line) for found in drafted_lines):
                failures.append(f"{name}: no line `{line}`")
        for command in (["check"], ["fmt", "--check"]):
            result = mig_run(mig, *command, spec)
            if result.returncode:
                failures.append(f"{name}: mig {' '.join(command)}: {result.stdout}{result.stderr}")
        env = {}
        if ddl:
            database = fresh(url, "infer_" + name)
            psql(database, "-f", os.path.join(project, "specs", ddl))
            with open(spec, encoding="utf-8") as file:
                env[re.search(r"^target \w+ : postgres env '(\w+)'", file.read(), re.MULTILINE).group(1)] = database
        ran = mig_run(mig, "run", spec, *([] if ddl else ["--target", url]), "--data", data, "--work-dir", os.path.join(work, "w"), "--quiet", "--format", "json",
                      env=env)
        if ran.returncode:
            failures.append(f"{name}: mig run ended with {ran.returncode}: {ran.stderr}{ran.stdout[:2000]}")
            return
        report = json.loads(ran.stdout)
        for m in report["maps"]:
            check_map(name, m, failures)
        for missing in set(LEAST.get(name, {})) - {m["name"] for m in report["maps"]}:
            failures.append(f"{name}: there is no map `{missing}`")
        print(f"{name}: " + ", ".join(f"{m['name']} {m['written']}/{m['read']}" for m in report["maps"]))


def main():
    mig, project, *names = sys.argv[1:]
    shared = os.environ.get("MIG_SHARED_DATA") or os.path.join(project, "..", "shared", "data")
    names = names or sorted(SETS)
    if any(SETS[n][1] for n in names) and not os.path.isdir(shared):
        print(f"skipped: no data in {shared}")
        sys.exit(77)
    failures = []
    for name in names:
        run_set(mig, project, shared, os.environ["MIG_TEST_PG_URL"], name, failures)
    print("\n".join(failures))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
