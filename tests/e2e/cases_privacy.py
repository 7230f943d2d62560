"""Personal data, planted wherever a run could let it slip: messages, reasons, quarantine, reports, logs, journal."""

from cases_sources import workbook
from kit import *

EMAIL, NAME, PHONE = "ann.planted@secret.example", "Planted Name-Smith", "0411-555-777"


def plant(it, source, data, more, schema="create table t (id int primary key, email text unique, n int)", name="s.data", code=0):
    it.personal = [EMAIL, NAME, PHONE]
    it.schema(schema)
    it.write(name, data)
    it.spec(f"pii db.t (email)\n{source}\n{more}")
    run = it.command("run", "spec.mig", "--format", "json")
    it.check_personal(run)
    if run.code == 1:
        return None  # the compiler does not let it out
    if run.report:
        it.check_laws(run, False)
    if code is not None:
        equal(run.code, code, f"exit code\n{explain(run)}\n")
    return run


MAP = "map t from s in s into db.t tolerance 99 { id = s.id; email = s.email; n = int(s.n) }"


@case("privacy")
def ragged_rows_shift_their_cells(it):
    run = plant(it, "source s : csv 's.data' { id int; n text; email text pii }",
                f"id,n,email\n1,x,y,{EMAIL}\n2,{EMAIL}\n3,3,c@x\n", MAP)
    equal(run.counts("t"), (3, 1, 0, 0, 0, 2))


@case("privacy")
def malformed_lines(it):
    run = plant(it, "source s : ndjson 's.data' { id int; n text; email text pii }",
                '{"id":1,"n":"1","email":"%s"\n{"id":2,"n":"2","email":"c@x"}\n["%s"]\n"%s"\n{"id":3,"n":"x","email":["%s"]}\n'
                % (EMAIL, NAME, PHONE, EMAIL), MAP)
    equal(run.counts("t")[1], 1)


@case("privacy")
def malformed_quotes(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }",
          f'id,n,email\n1,x,"{EMAIL}"z\n2,2,c@x\n', MAP, code=None)


@case("privacy")
def bad_encoding_in_a_personal_cell(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }",
          f"id,n,email\n1,x,{EMAIL}".encode() + b"\xff\n2,\xff," + f"{NAME}\n".encode(), MAP)


@case("privacy")
def children_in_the_raw_record(it):
    data = json.dumps([{"id": 1, "n": "x", "email": "a@x", "replies": [{"id": 2, "n": "y", "email": EMAIL, "replies": []},
                                                                       {"id": 3, "n": "3", "email": NAME}]}])
    run = plant(it, "source s : json 's.data' rows '[*]' children 'replies' { id int; n text; email text pii }", data, MAP)
    equal(run.counts("t"), (3, 1, 0, 0, 0, 2))


@case("privacy")
def the_same_value_spelled_otherwise(it):
    plant(it, "source s : ndjson 's.data' { id int; n text; email text pii }",
          '{"id":1,"n":"x","email":"%s","more":["%s"]}\n{"id":2,"n":"x","email":"ann\\u002eplanted@secret.example"}\n' % (EMAIL, EMAIL), MAP)


@case("privacy")
def workbooks(it):
    run = plant(it, "source s : xlsx 's.xlsx' { sheet a 'A' { id int; n text; email text pii } }",
                workbook({"A": [["id", "n", "email"], [1, "x", EMAIL], [2, "y", NAME], [3, "z", 411555777], [4, "q", f"&quot;{NAME}&quot;"]]}),
                MAP.replace("in s ", "in s.a "), name="s.xlsx")
    equal(run.counts("t"), (4, 0, 0, 0, 0, 4))


@case("privacy")
def keys_that_find_nothing(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }\nsource r : csv 'r.data' { id int; email text pii }",
          f"id,n,email\n1,1,a@x\n", MAP.replace("tolerance", "key s.email tolerance") +
          "\nmap r from r in s into db.r tolerance 99 { id = r.id; t_id = t[r.email || 'x'].id }",
          schema="create table t (id int primary key, email text unique, n int); create table r (id int primary key, t_id int not null)",
          code=None)
    it.sql("drop schema if exists mig cascade; truncate t, r")
    it.personal = [EMAIL]
    it.write("s.data", f"id,n,email\n1,x,{EMAIL}\n2,2,{EMAIL}\n3,3,{EMAIL}\n")
    it.spec("pii db.t (email)\nsource s : csv 's.data' { id int; n text; email text pii }\n" + MAP.replace("tolerance", "key s.email tolerance") +
            "\nmap r from r in s into db.r tolerance 99 lookup u in db.t on u.email == r.email || '?' { id = r.id; t_id = u.id }")
    run = it.run()
    equal(run.counts("t"), (3, 1, 0, 0, 0, 2))
    equal(run.counts("r"), (3, 0, 0, 0, 0, 3))


@case("privacy")
def indexes_and_codes_with_personal_keys(it):
    run = plant(it, "source s : csv 's.data' { id int; n text; email text pii }\ncodes c : text -> int { 'a' => 1 }",
                f"id,n,email\n1,1,{EMAIL}\n", "map t from s in s into db.t tolerance 9 { id = s.id; email = s.email; n = c[s.email] }", code=None)
    if run:
        equal(run.counts("t")[5], 1)


@case("privacy")
def checks_that_differ(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }", f"id,n,email\n1,1,{EMAIL}\n2,2,{NAME}\n", MAP + '''
check mails source from s in s select s.email, 1 target sql """select email || 'x', 1 from t""" on fail warn 'x'
''', code=None)


@case("privacy")
def samples_that_differ(it):
    run = plant(it, "source s : csv 's.data' { id int; n text; email text pii }", f"id,n,email\n1,1,{EMAIL}\n2,2,{NAME}\n",
                MAP + "\ncheck sample 5 of t",
                schema="create table t (id int primary key, email text unique, n int); create function f() returns trigger language plpgsql as"
                " $$ begin new.email = new.email || '!'; return new; end $$; create trigger f before insert on t for each row execute function f();",
                code=4)
    contains(run.report["checks"][0]["detail"], "`email`")


@case("privacy")
def rows_that_the_server_refuses(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }",
          f"id,n,email\n1,1,{EMAIL}\n2,2,{NAME}\n3,3,ok\n4,4,{EMAIL}\n", MAP,
          schema=f"create table t (id int primary key, email text unique check (email <> '{NAME}'), n int)", code=None)


@case("privacy")
def values_that_do_not_fit(it):
    run = plant(it, "source s : csv 's.data' { id int; n text; email text pii }",
                f"id,n,email\n1,1,{EMAIL}\n2,2,{NAME}\n", MAP,
                schema="create table t (id int primary key, email varchar(5), n int)")
    equal(run.counts("t"), (2, 0, 0, 0, 0, 2))


@case("privacy")
def conversions_that_fail(it):
    it.personal = [PHONE, EMAIL]
    it.schema("create table t (id int primary key, a int, b date, c uuid, d numeric, e text[], f timestamptz)")
    it.write("s.csv", f"id,p,q\n1,{PHONE},{EMAIL}\n")
    it.spec("""
pii db.t (a, b, c, d, e, f)
source s : csv 's.csv' { id int; p text pii; q text pii }
fn one(x text) text = match x { 'a' => 'b'; _ => x }
map t from s in s into db.t tolerance 9 {
  id = s.id
  a = int(one(s.p))
  b = date(s.q)
  c = uuid(upper(s.p))
  d = decimal("{s.q}1")
  e = split(s.p, '-')
  f = timestamptz(s.p) on error reject "not a time: {s.p} of {s.q}"
  validate x: s.p == s.q on fail reject "{s.p} is not {s.q}"
  let m = match s.p { 'a' => 1; when s.q == 'x' => 2; _ => reject "no {s.p}" }
}
""")
    run = it.run()
    equal(len(it.quarantine(run, "t")[0]["faults"]) >= 5, True)


@case("privacy")
def failing_rows_that_stop_the_run(it):
    plant(it, "source s : csv 's.data' { id int; n text; email text pii }", f"id,n,email\n1,1,{EMAIL}\n",
          'map t from s in s into db.t { id = s.id; email = s.email; n = int(s.email) on error fail "stop at {s.email}" }',
          code=6)


@case("privacy")
def personal_columns_of_the_target(it):
    it.personal = [EMAIL]
    it.schema(f"create table u (id int primary key, email text); insert into u values (1, '{EMAIL}');"
              " create table t (id int primary key, v text)")
    it.write("s.csv", "id\n1\n")
    it.spec("""pii db.u (email)
source s : csv 's.csv' { id int }
map t from s in s into db.t lookup u in db.u on u.id == s.id tolerance 9 { id = s.id; v = mask(u.email, keep last 3); validate ok: u.email == 'x' on fail reject "mail {u.email}" }""")
    run = it.command("run", "spec.mig", "--format", "json")
    it.check_personal(run)


@case("privacy")
def personal_data_may_not_go_elsewhere(it):
    it.schema("create table t (id int primary key, v text)")
    it.write("s.csv", "id,email\n1,a\n")
    it.spec("source s : csv 's.csv' { id int; email text pii }\nmap t from s in s into db.t { id = s.id; v = left(s.email, 3) || 'x' }")
    it.refuse(code=1, has=["E0701", "s.email"])
    it.spec("source s : csv 's.csv' { id int; email text pii }\nmap t from s in s into csv 'out.csv' { v = s.email }")
    it.refuse(code=1, has=["E0701"])
    it.spec("param k secret\nsource s : csv 's.csv' { id int; email text pii }\nmap t from s in s into db.t { id = s.id; v = pseudonym(s.email, $k) }")
    it.run(env={"MIG_PARAM_K": "k"})
    it.sql("truncate t")
    it.spec("param k secret\nsource s : csv 's.csv' { id int; email text pii }\nmap t from s in s into db.t { id = s.id; v = \"{$k}\" }")
    it.refuse(code=1, has=["E0702"])


@case("privacy")
def files_are_for_the_owner_only(it):
    run = plant(it, "source s : csv 's.data' { id int; n text; email text pii }", f"id,n,email\n1,x,{EMAIL}\n", MAP)
    for folder, _, files in os.walk(it.path(".mig")):
        equal(oct(os.stat(folder).st_mode & 0o077), "0o0", folder)
        for name in files:
            if not os.path.islink(os.path.join(folder, name)):
                equal(oct(os.stat(os.path.join(folder, name)).st_mode & 0o077), "0o0", name)
