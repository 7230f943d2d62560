"""What becomes of rejected rows: sealed, listed, exported, expired; crosswalks that later runs find rows in."""

import csv
import secrets

from kit import *

KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
SEALING = {"MIG_QUARANTINE_KEY": KEY}
MAIL = "ann.sealed@secret.example"


def rejecting(it, rows=None, retention="", env=None, more="", columns="email = s.email; n = int(s.n)"):
    """A run that rejects the rows whose n is no number."""
    it.personal = [MAIL]
    it.schema("create table t (id int primary key, email text, n int)")
    it.write("s.csv", rows or f"id,n,email\n1,x,{MAIL}\n2,2,bob@x\n3,y,cleo@x\n")
    it.spec("pii db.t (email)\nenvironment prod { db = env 'DB'; tolerance 99%s }\n"
            "source s : csv 's.csv' { id int; n text; email text pii }\n"
            "map t from s in s into db.t { id = s.id; %s }%s" % (retention, columns, more))
    return it.run("--env", "prod", env=SEALING if env is None else env)


def sealed_path(it, run, name="t"):
    return os.path.join(it.dir, run.report["quarantine"], name + ".sealed")


def export(it, *arguments, env=None, folder="repair"):
    return it.command("quarantine", "export", "-o", folder, *arguments, env=SEALING if env is None else env)


def repairs(it, name="repair/t.csv"):
    with open(it.path(name), newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def refused(it, result, code, *texts):
    equal(result.code, 7, result.err)
    contains(result.err, code, *texts)
    equal(MAIL in result.out + result.err, False, "the message names personal data")
    equal(os.path.exists(it.path("repair/t.csv")), False, "something was written")


@case("quarantine")
def sealed_records_come_back_whole(it):
    run = rejecting(it)
    equal(oct(os.stat(sealed_path(it, run)).st_mode & 0o777), "0o600")
    equal([r["raw"] for r in it.quarantine(run, "t")], ["1,x,***", "3,y,***"])
    done = export(it)
    equal(done.code, 0, done.err)
    contains(done.err, "personal data in clear")
    rows = repairs(it)
    equal([(r["_mig_id"], r["id"], r["n"], r["email"], r["_mig_raw"]) for r in rows],
          [("t:0:0", "1", "x", MAIL, f"1,x,{MAIL}"), ("t:2:0", "3", "y", "cleo@x", "3,y,cleo@x")])
    contains(rows[0]["_mig_faults"], "R0103", "not a whole number")
    equal(oct(os.stat(it.path("repair/t.csv")).st_mode & 0o777), "0o600")
    equal(it.value("select count(*) from mig.event where kind = 'quarantine_exported'"), "1")
    equal(export(it).code, 7)  # what may hold repairs is not overwritten
    contains(it.last.err, "X0416", "not overwritten")


@case("quarantine")
def exported_as_ndjson(it):
    rejecting(it)
    equal(export(it, "--as", "ndjson").code, 0)
    rows = [json.loads(line) for line in it.read("repair/t.ndjson").decode().splitlines()]
    equal([(r["_mig_id"], r["email"]) for r in rows], [("t:0:0", MAIL), ("t:2:0", "cleo@x")])


@case("quarantine")
def another_variable_holds_the_key(it):
    rejecting(it)
    equal(export(it, "--key-env", "OTHER", env={"OTHER": KEY, "MIG_QUARANTINE_KEY": None}).code, 0)


@case("quarantine")
def show_lists_by_reason(it):
    rejecting(it, rows="id,n,email\n" + "".join(f"{i},x,m{i}@x\n" for i in range(9)) + f"x,1,{MAIL}\n")
    shown = it.command("quarantine", "show")
    it.check_personal(shown)
    contains(shown.out, "10 rejected rows are open, 0 closed", "9 rows R0103", "int(s.n)", "t:0:0  s.csv line 2",
             "and 4 more", "1 row R0103", "t:9:0  s.csv line 11", "mig quarantine export")
    contains(it.command("quarantine", "show", "--limit", "0").out, "t:8:0")
    found = json.loads(it.command("quarantine", "show", "--format", "json", "--map", "t").out)
    equal((found["open"], len(found["rows"]), found["rows"][0]["id"]), (10, 10, "t:0:0"))
    contains(it.command("status").out, "rejected rows: 10 open, 0 closed")
    for wrong in (["show", "-o", "x"], ["export"], ["export", "-o", "x", "--as", "xml"], [], ["show", "--limit", "all"]):
        equal(it.command("quarantine", *wrong).code, 2, wrong)


@case("quarantine")
def without_a_key_personal_records_are_not_kept(it):
    run = rejecting(it, env={"MIG_QUARANTINE_KEY": None})
    equal(os.path.exists(sealed_path(it, run)), False)
    refused(it, export(it), "X0474", "were not kept", "_mig_id")


@case("quarantine")
def without_personal_data_no_key_is_needed(it):
    it.schema("create table t (id int primary key, n int)")
    it.write("s.csv", 'id,n\n1,"x, y"\n2,\n3,""\n')
    it.spec("source s : csv 's.csv' { id int; n text? }\nmap t from s in s into db.t tolerance 9 { id = s.id; n = int(s.n) on error reject 'no'; validate v: s.n != null on fail reject 'empty' }".replace("!= null", "is not null"))
    it.run()
    equal(export(it, env={"MIG_QUARANTINE_KEY": None}).code, 0)
    equal([(r["_mig_id"], r["n"]) for r in repairs(it)][0], ("t:0:0", "x, y"))


@case("quarantine")
def keys_that_do_not_open_it(it):
    rejecting(it)
    refused(it, export(it, env={"MIG_QUARANTINE_KEY": None}), "X0470", "sealed")
    refused(it, export(it, env={"MIG_QUARANTINE_KEY": secrets.token_hex(32)}), "X0471", "another key")
    wrong = export(it, env={"MIG_QUARANTINE_KEY": "planted-password"})
    equal(wrong.code, 2)
    contains(wrong.err, "X0470")
    equal("planted-password" in wrong.err, False, "the key is shown")
    it.refuse(code=2, has=["X0470"], env={"MIG_QUARANTINE_KEY": "planted-password"})


@case("quarantine")
def tampered_files_are_refused(it):
    run = rejecting(it, rows="id,n,email\n" + "".join(f"{i},x,m{i}@x\n" for i in range(5)))
    path = sealed_path(it, run)
    with open(path, "rb") as f:
        whole = f.read()

    def put(data):
        with open(path, "wb") as f:
            f.write(data)

    for at in (20, 40, 70, len(whole) // 2, len(whole) - 1):
        put(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
        refused(it, export(it), "X047")
    put(whole[:len(whole) // 2])  # a cut file: the journal knows more rows
    refused(it, export(it), "X0475", "source row")
    put(b"")
    refused(it, export(it), "X0475")
    put(b"{}\n" + whole)
    refused(it, export(it), "X0472")
    put(whole)
    first = open(path, "rb").read()
    it.sql("truncate t")
    other = it.run("--env", "prod", env=SEALING)
    with open(sealed_path(it, other), "wb") as f:  # another run's file in its place
        f.write(first)
    refused(it, export(it), "X0472", "of run")
    put(whole)
    equal(export(it, run.report["run"]).code, 0)


@case("quarantine")
def expired_files_are_refused(it):
    run = rejecting(it, retention="; retention 1 second")
    time.sleep(1.1)
    refused(it, export(it), "X0473", "mig purge")
    with open(sealed_path(it, run), "rb") as f:
        data = bytearray(f.read())
    data[40:48] = bytes(8)  # "never": but the head is part of what every record proves
    with open(sealed_path(it, run), "wb") as f:
        f.write(data)
    refused(it, export(it), "X0472")


@case("quarantine")
def a_key_that_is_gone_when_the_run_is_resumed(it):
    it.schema("create table t (id int primary key, email text, n int)")
    it.write("s.csv", "id,n,email\n" + "".join(f"{i},{'x' if i % 2 else i},m{i}@x\n" for i in range(20000)) + f"1,x,{MAIL}\n")
    it.spec("pii db.t (email)\nsource s : csv 's.csv' { id int; n text; email text pii }\n"
            "map t from s in s into db.t tolerance 99999 commit per 1000 rows"
            " { id = s.id; email = s.email; n = int(s.n) }\n"
            "map u from s in s into db.t tolerance 99999 where s.id == 1 { id = -1; email = s.email; n = int(s.n) on error fail 'stop' }")
    it.personal = [MAIL]
    run = it.run(code=6, env=SEALING)
    refused_now = it.command("resume", env={"MIG_QUARANTINE_KEY": None})
    equal(refused_now.code, 2)
    contains(refused_now.err, "X0470", "sealed its quarantine")
    equal(os.path.exists(sealed_path(it, run)), True)
    it.command("resume", env=SEALING)
    equal(export(it, "--map", "t").code, 0, it.last.err)
    equal(len(repairs(it)), 10001)


# ---------------------------------------------------------------- retention

@case("quarantine")
def purge_removes_what_has_expired(it):
    run = rejecting(it, retention="; retention 2 seconds")
    contains(it.command("purge").out, "nothing has expired: the run is kept until")
    equal(it.value("select count(*) from mig.quarantine where expires_at is not null"), "2")
    time.sleep(2.1)
    contains(it.command("purge", "--dry-run").out, "would remove: 2 rejected rows")
    equal(os.path.exists(sealed_path(it, run)), True)
    events = it.value("select count(*) from mig.event")
    gone = it.command("purge", "--all")
    equal(gone.code, 0, gone.err)
    contains(gone.out, "removed: 2 rejected rows", "no longer be rolled back")
    equal(os.listdir(it.path(".mig")), ["mig.log"])
    equal(it.rows("select state, resolution, message, raw, faults::text from mig.quarantine"), [("closed", "expired", "", None, None)] * 2)
    equal(it.value("select count(*) from mig.batch"), "1")
    equal(int(it.value("select count(*) from mig.event")) > int(events), True)
    equal(it.value("select detail->>'rejects' from mig.event where kind = 'purged'"), "2")
    contains(it.command("purge", "--all", "--target", it.url).out, "nothing has expired")


@case("quarantine")
def purge_takes_images_and_says_what_that_means(it):
    it.schema("create table t (id int primary key, n int)")
    it.sql("insert into t values (1, 1), (2, 2)")
    it.write("s.csv", "id,n\n1,5\n2,6\n")
    it.spec("environment prod { db = env 'DB'; retention 1 second }\nsource s : csv 's.csv' { id int; n int }\n"
            "map t from s in s into db.t on conflict (id) update { id = s.id; n = s.n }")
    it.run("--env", "prod")
    equal(it.value("select count(*) from mig.image"), "2")
    time.sleep(1.1)
    done = json.loads(it.command("purge", "--format", "json").out)
    equal((done["runs"][0]["images"], done["runs"][0]["folder"]), (2, True))
    equal(it.value("select count(*) from mig.image"), "0")
    refused_now = it.command("rollback", "--target", it.url)
    equal(refused_now.code, 7, refused_now.err)
    contains(refused_now.err, "X0440", "mig purge")


@case("quarantine")
def nothing_expires_without_retention(it):
    rejecting(it)
    contains(it.command("purge").out, "has no `retention`")
    equal(it.command("purge", "x", "y").code, 2)
    equal(it.command("purge", "--all", "x").code, 2)


# ---------------------------------------------------------------- kept crosswalks

def phases(it, keep="keep crosswalk 30 days", mark="", more="", apply=True):
    it.schema("create table t (id int generated by default as identity primary key, name text unique);"
              " create table r (id int primary key, t_id int references t)", apply)
    it.write("s.csv", "name\nann\nbob\n")
    it.write("q.csv", "id,name\n1,bob\n2,ann\n3,cid\n")
    it.spec(f"""source s : csv 's.csv' {{ name text{mark} }}
source q : csv 'q.csv' {{ id int; name text }}
phase one {{ t }}
phase two {{ r }}
map t from s in s into db.t key s.name {keep} {{ name = s.name }}
map r from q in q into db.r tolerance 9 {{ id = q.id; t_id = t[q.name].id{more} }}
""" + ("pii db.t (name)\n" if mark else ""))


@case("quarantine")
def a_later_phase_finds_kept_rows(it):
    phases(it)
    it.refuse("--phase", "two", code=7, has=["X0478", "run its phase first"])
    it.run("--phase", "one")
    run = it.run("--phase", "two")
    equal(run.counts("r"), (3, 2, 0, 0, 0, 1))
    equal(it.rows("select r.id, t.name from r join t on t.id = r.t_id order by 1"), [("1", "bob"), ("2", "ann")])
    days = it.value("select extract(day from expires_at - now())::int from mig.crosswalk limit 1")
    equal(days in ("29", "30"), True, days)


@case("quarantine")
def the_latest_kept_row_counts(it):
    phases(it)
    it.run("--phase", "one")
    it.sql("truncate t cascade")
    it.run("--phase", "one")  # other ids now
    equal(it.run("--phase", "two").counts("r")[1], 2)
    it.sql("truncate r; update mig.crosswalk set expires_at = now() - interval '1 day'")
    it.refuse("--phase", "two", code=7, has=["X0478"])


@case("quarantine")
def a_changed_spec_finds_rows_by_name(it):
    phases(it)
    it.run("--phase", "one")
    phases(it, more=" on missing reject 'none'", apply=False)
    equal(it.run("--phase", "two").counts("r")[1], 2)


@case("quarantine")
def commit_per_map_keeps_its_crosswalk_too(it):
    phases(it, keep="commit per map keep crosswalk 2 days")
    it.run("--phase", "one")
    equal(it.run("--phase", "two").counts("r")[1], 2)


@case("quarantine")
def without_keep_a_phase_is_refused(it):
    phases(it, keep="")
    it.run("--phase", "one")
    it.refuse("--phase", "two", code=7, has=["X0408", "keep crosswalk"])


@case("quarantine")
def personal_crosswalks_are_sealed(it):
    phases(it, mark=" pii")
    it.refuse("--phase", "one", code=2, has=["X0470", "keeps its crosswalk"], env={"MIG_QUARANTINE_KEY": None})
    it.run("--phase", "one", env=SEALING)
    kept = "".join(r[0] for r in it.rows("select encode(key, 'escape') || columns::text from mig.crosswalk"))
    equal("ann" in kept or "bob" in kept, False, kept)
    it.refuse("--phase", "two", code=7, has=["X0470"], env={"MIG_QUARANTINE_KEY": None})
    it.refuse("--phase", "two", code=7, has=["X0471"], env={"MIG_QUARANTINE_KEY": secrets.token_hex(32)})
    equal(it.run("--phase", "two", env=SEALING).counts("r")[1], 2)


@case("quarantine")
def a_crosswalk_expires_by_itself(it):
    phases(it)
    it.run("--phase", "one")
    it.sql("update mig.crosswalk set expires_at = now() - interval '1 hour' where seq = 0")
    contains(it.command("purge", "--dry-run").out, "1 crosswalk rows")
    it.command("purge")
    equal(it.value("select count(*) from mig.crosswalk"), "1")
