"""Runs the portal's migration into the database of MIG_TEST_PG_URL and compares everything with expected/.

usage: portal_check.py MIG PORTAL_DIR [DATA_DIR EXPECTED_DIR]
"""

import json
import os
import subprocess
import sys
import tempfile

QUERIES = {
    "tenants": "select lower(name) from tenants",
    "projects": "select p.code, lower(t.name), p.name, p.status, p.starts_on, p.ends_on, p.budget"
                " from projects p join tenants t on t.id = p.tenant_id",
    "milestones": "select m.code, p.code, m.title, m.status, m.due_at at time zone 'UTC'"
                  " from milestones m join projects p on p.id = m.project_id",
    "tasks": "select t.code, p.code, m.code, u.email, t.title, t.status, t.due_on, t.estimate_hours, t.priority,"
             " t.billable from tasks t join projects p on p.id = t.project_id join users u on u.id = t.owner_id"
             " left join milestones m on m.id = t.milestone_id",
    "assets": "select p.code, a.title, a.location, a.mux_asset_id, a.path"
              " from assets a join projects p on p.id = a.project_id",
    "share_links": "select s.token, p.code, s.created_at at time zone 'UTC', s.expires_at at time zone 'UTC'"
                   " from share_links s join projects p on p.id = s.project_id",
    "notification_preferences": "select u.email, n.digest from notification_preferences n"
                                " join users u on u.id = n.user_id",
}

# The expression in which a row's first fault arose, as expected/ words it; others are named by their own text.
REASONS = [
    ("u.email ==", "no user"), ("owner.email ==", "no user"), ("projects[", "no project"), ("tasks[item]", "no item"),
    ("milestones[item]", "no item"), ("c.root.on_item", "no item"), ("task.tenant_id ??", "no item"),
    ("p.ends is null or", "ends before start"), ("priority between", "priority"),
    ("a.mux_id is null or", "Mux id malformed"), ("frequency[", "not a frequency"), ("date(t.due", "invalid due date"),
    ("project_state[", "unknown project status"), ("milestone_state[", "unknown status"),
    ("task_state[", "unknown task status"), ("at_zone(l.created", "created"), ("l.created", "created"),
]
CODES = {"R0101": "empty value", "R0145": "duplicate", "R0159": "refused"}


def psql(url, *args):
    return subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url, *args], check=True,
                          capture_output=True).stdout


def legacy_ids(url, data):
    """uuid -> legacy id for comments: their ids are made from it (uuid5), so they are computed the same way."""
    import uuid
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, "mig:motion_mavericks_portal")
    found = {}

    def walk(comments):
        for c in comments:
            found[str(uuid.uuid5(namespace, "comment\x1f" + c["id"]))] = c["id"]
            walk(c.get("replies") or [])

    walk(json.load(open(os.path.join(data, "comments_export.json"), encoding="utf-8"))["threads"])
    return found


def comment_lines(url, data):
    ids = legacy_ids(url, data)
    sql = ("select c.id, coalesce(t.code, m.code), c.parent_id, u.email, c.created_at at time zone 'UTC'"
           " from comments c left join tasks t on t.id = c.task_id left join milestones m on m.id = c.milestone_id"
           " left join users u on u.id = c.author_id")
    lines = []
    for line in psql(url, "-c", f"copy ({sql}) to stdout csv").decode().splitlines():
        own, item, parent, rest = line.split(",", 3)
        lines.append(",".join([ids[own], item, ids[parent] if parent else "", rest]))
    return lines


def table_lines(url, name, data):
    if name == "comments":
        return comment_lines(url, data)
    return psql(url, "-c", f"copy ({QUERIES[name]}) to stdout csv").decode().splitlines()


def reason_of(reason):
    if reason["code"] in CODES:
        return CODES[reason["code"]]
    return next((name for start, name in REASONS if reason["text"].startswith(start)), reason["text"])


def check_counts(report, expected, failures):
    maps = {m["name"]: m for m in report["maps"]}
    for kind in ("read", "written", "skipped", "warnings"):
        for name, count in expected.get(kind, {}).items():
            if maps.get(name, {}).get(kind) != count:
                failures.append(f"{name}: {kind} is {maps.get(name, {}).get(kind)}, expected {count}")
    for name, m in maps.items():
        got = {}
        for reason in m["reasons"]:
            if reason["outcome"] == "rejected":
                got[reason_of(reason)] = got.get(reason_of(reason), 0) + reason["count"]
        wanted = expected["rejected"].get(name, {})
        if got != wanted:
            failures.append(f"{name}: rejected {got}, expected {wanted}")
        total = sum(m[k] for k in ("written", "updated", "unchanged", "skipped", "rejected"))
        if m["read"] != total:
            failures.append(f"{name}: {m['read']} rows read, {total} accounted for")


def check_tables(url, data, expected_dir, failures):
    for name in [*QUERIES, "comments"]:
        wanted = open(os.path.join(expected_dir, name + ".csv"), encoding="utf-8", newline="").read().splitlines()
        got = sorted(table_lines(url, name, data), key=lambda line: line.encode())
        wanted = sorted(wanted, key=lambda line: line.encode())
        if got != wanted:
            missing = [x for x in wanted if x not in set(got)][:3]
            extra = [x for x in got if x not in set(wanted)][:3]
            failures.append(f"{name}: {len(got)} rows, expected {len(wanted)}; missing {missing}; extra {extra}")


def main():
    mig, portal = sys.argv[1:3]
    data = sys.argv[3] if len(sys.argv) > 3 else os.path.join(portal, "data")
    expected_dir = sys.argv[4] if len(sys.argv) > 4 else os.path.join(portal, "expected")
    url = os.environ["MIG_TEST_PG_URL"]
    psql(url, "-f", os.path.join(portal, "portal.sql"))
    users = os.path.join(data, "users.csv")
    psql(url, "-c", f"\\copy users from '{users}' csv header")
    failures = []
    with tempfile.TemporaryDirectory() as work:
        command = [mig, "run", os.path.join(portal, "portal.mig"), "--env", "staging", "--format", "json", "--data",
                   data, "--work-dir", work, "--quiet", "--param", "cutover=2025-09-19 00:00 Australia/Sydney"]
        environment = {**os.environ, "PORTAL_STAGING_URL": url, "MIG_PARAM_SIGNING_KEY": "demo-signing-key"}
        run = subprocess.run(command, capture_output=True, env=environment)
        sys.stderr.write(run.stderr.decode())
        if run.returncode != 0:
            failures.append(f"mig run ended with {run.returncode}")
        report = json.loads(run.stdout)
        verify = subprocess.run([mig, "verify", "--work-dir", work], capture_output=True, env=environment)
        if verify.returncode != 0 or b"verified: 100 % of the target and 100 % of the sources" not in verify.stdout:
            failures.append(f"mig verify ended with {verify.returncode}: {(verify.stdout + verify.stderr).decode()}")
    check_counts(report, json.load(open(os.path.join(expected_dir, "counts.json"))), failures)
    check_tables(url, data, expected_dir, failures)
    for check in report["checks"]:
        if not check["passed"]:
            failures.append(f"check {check['name']}: {check['detail']}")
    audit = psql(url, "-At", "-c", "select count(*) from audit_log where actor = 'system'").decode().strip()
    if int(audit) < len(report["maps"]):
        failures.append(f"audit_log has {audit} rows")
    for failure in failures:
        print("FAILED", failure)
    print("portal:", "exact" if not failures else f"{len(failures)} differences")
    sys.exit(bool(failures))


main()
