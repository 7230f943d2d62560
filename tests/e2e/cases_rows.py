"""How rows find each other: lookups, joins, each, groups, unique by, keys, where, handlers, validations."""

from kit import *

ORDERS = """
create table customers (id int primary key, email text not null, region text);
insert into customers values (1, 'ann@x', 'north'), (2, 'bob@x', 'south'), (3, 'bob@x', 'west'), (4, 'cid@x', null);
create table orders (id int primary key, customer_id int references customers, note text);
"""


def orders(it, clause, body="customer_id = c.id", clauses="", csv="id,email\n10,ann@x\n20,bob@x\n30,nobody@x\n40,\n"):
    it.schema(ORDERS)
    it.write("o.csv", csv)
    it.spec(f"""
source o : csv 'o.csv' {{ id int; email text? }}
map orders
  from o in o
  into db.orders
  {clause}
  tolerance 9
  {clauses}
{{
  id = o.id
  {body}
}}
""")


@case("rows")
def lookup_misses_and_finds_several(it):
    orders(it, "lookup c in db.customers on c.email == o.email on missing reject \"no customer {o.email}\"")
    run = it.run()
    equal(run.counts("orders"), (4, 1, 0, 0, 0, 3))
    equal(run.reasons("orders"), {"R0141": 2, "R0144": 1} if "R0144" in run.reasons("orders") else None)
    contains(run.examples("orders"), "no customer nobody@x")
    equal(it.rows("select id, customer_id from orders"), [("10", "1")])


@case("rows")
def lookup_takes_the_first_or_last_of_several(it):
    for which, wanted in (("first", "2"), ("last", "3")):
        orders(it, f"lookup c in db.customers on c.email == o.email on missing skip on duplicate {which}")
        run = it.run()
        equal(run.counts("orders"), (4, 2, 0, 0, 2, 0))
        equal(it.rows("select id, customer_id from orders order by 1"), [("10", "1"), ("20", wanted)])
        it.sql("drop table orders, customers; drop schema mig cascade")


@case("rows")
def left_lookup_keeps_the_row(it):
    orders(it, "left lookup c in db.customers on c.email == o.email on duplicate skip")
    run = it.run()
    equal(run.counts("orders"), (4, 3, 0, 0, 1, 0))
    equal(it.rows("select id, customer_id from orders order by 1"), [("10", "1"), ("30", None), ("40", None)])


@case("rows")
def lookup_in_a_source(it):
    it.schema("create table t (id int primary key, name text not null)")
    it.write("a.csv", "id,k\n1,x\n2,y\n3,z\n")
    it.write("b.csv", "k,name\nx,Ex\ny,Why\nbad\n")
    it.spec("""
source a : csv 'a.csv' { id int; k text }
source b : csv 'b.csv' { k text; name text }
map t from x in a into db.t lookup y in b on y.k == x.k on missing reject "no {x.k}" tolerance 1 { id = x.id; name = y.name }
""")
    run = it.run()
    equal(run.counts("t"), (3, 2, 0, 0, 0, 1))
    equal(it.rows("select * from t order by 1"), [("1", "Ex"), ("2", "Why")])


@case("rows")
def lookup_sees_rows_of_earlier_maps(it):
    it.schema("create table a (id serial primary key, k text not null); create table b (id int primary key, a_id int"
              " not null references a); insert into a (k) values ('old');")
    it.write("a.csv", "k\nnew\n")
    it.write("b.csv", "id,k\n1,old\n2,new\n")
    it.spec("""
source sa : csv 'a.csv' { k text }
source sb : csv 'b.csv' { id int; k text }
map a from x in sa into db.a { k = x.k }
map b from x in sb into db.b lookup y in db.a on y.k == x.k { id = x.id; a_id = y.id }
""")
    run = it.run()
    equal(run.counts("b"), (2, 2, 0, 0, 0, 0))


@case("rows")
def lookup_in_a_map(it):
    it.schema("create table a (id serial primary key, k text not null); create table b (id int primary key, a_id int)")
    it.write("a.csv", "k\nx\ny\n")
    it.write("b.csv", "id,k\n1,x\n2,z\n")
    it.spec("""
source sa : csv 'a.csv' { k text }
source sb : csv 'b.csv' { id int; k text }
map a from x in sa into db.a key x.k { k = x.k }
map b from x in sb into db.b lookup y in a on y.k == x.k on missing reject "no {x.k}" tolerance 1 { id = x.id; a_id = y.id }
""")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 1:  # refused by the compiler is an answer, too
        return
    equal(run.counts("b"), (2, 1, 0, 0, 0, 1))


@case("rows")
def join_fans_out(it):
    it.schema("create table t (a int, b text, primary key (a, b))")
    it.write("a.csv", "id,k\n1,x\n2,y\n3,z\n4,\n")
    it.write("b.csv", "k,v\nx,x1\nx,x2\ny,y1\nx,x3\n")
    it.spec("""
source a : csv 'a.csv' { id int; k text? }
source b : csv 'b.csv' { k text; v text }
map t from x in a into db.t join y in b on y.k == x.k { a = x.id; b = y.v }
""")
    run = it.run()
    equal(run.counts("t"), (6, 4, 0, 0, 2, 0))
    equal(run.reasons("t", "skipped"), {"no match in a join": 2})
    equal(it.rows("select * from t order by 1, 2"), [("1", "x1"), ("1", "x2"), ("1", "x3"), ("2", "y1")])


@case("rows")
def left_join_keeps_rows_without_a_match(it):
    it.schema("create table t (a int, b text)")
    it.write("a.csv", "id,k\n1,x\n2,y\n3,z\n4,\n")
    it.write("b.csv", "k,v\nx,x1\nx,x2\ny,y1\n")
    it.spec("""
source a : csv 'a.csv' { id int; k text? }
source b : csv 'b.csv' { k text; v text }
map t from x in a into db.t left join y in b on y.k == x.k { a = x.id; b = y.v }
""")
    run = it.run()
    equal(run.counts("t"), (5, 5, 0, 0, 0, 0))
    equal(it.rows("select * from t order by 1, 2"),
          [("1", "x1"), ("1", "x2"), ("2", "y1"), ("3", None), ("4", None)])


@case("rows")
def two_joins_and_an_each(it):
    it.schema("create table t (a int, b text, c text, d text)")
    it.write("a.ndjson", '{"id":1,"k":"x","tags":["p","q"]}\n{"id":2,"k":"y","tags":[]}\n{"id":3,"k":"y"}\n'
                         '{"id":4,"k":"y","tags":["r",null]}\n')
    it.write("b.csv", "k,v\nx,x1\nx,x2\ny,y1\n")
    it.spec("""
source a : ndjson 'a.ndjson' { id int; k text; tags text?[]? }
source b : csv 'b.csv' { k text; v text }
source c : inline { v text; w text } [ ('x1', 'one'), ('x1', 'eins'), ('y1', 'ypsilon') ]
map t
  from x in a
  into db.t
  each g in x.tags
  join y in b on y.k == x.k
  left join z in c on z.v == y.v
{ a = x.id; b = y.v; c = z.w; d = g }
""")
    run = it.run()
    equal(it.rows("select * from t order by 1, 2, 3, 4"),
          [("1", "x1", "eins", "p"), ("1", "x1", "eins", "q"), ("1", "x1", "one", "p"), ("1", "x1", "one", "q"),
           ("1", "x2", None, "p"), ("1", "x2", None, "q"), ("4", "y1", "ypsilon", "r"), ("4", "y1", "ypsilon", None)])
    equal(run.counts("t"), (10, 8, 0, 0, 2, 0))
    equal(run.reasons("t", "skipped"), {"nothing in the array": 2})


@case("rows")
def each_of_split_text(it):
    it.schema("create table t (id int, tag text, primary key (id, tag))")
    it.write("a.csv", "id,tags\n1,a;b;c\n2,\n3,d\n")
    it.spec("""
source a : csv 'a.csv' { id int; tags text? }
map t from x in a into db.t each g in split(x.tags, ';') { id = x.id; tag = trim(g) }
""")
    run = it.run()
    equal(run.counts("t"), (5, 4, 0, 0, 1, 0))


@case("rows")
def fan_out_over_many_rows(it):
    it.schema("create table t (a int, b int, primary key (a, b))")
    it.write("a.csv", "id,k\n" + "".join(f"{i},{i % 10}\n" for i in range(5000)))
    it.write("b.csv", "k,v\n" + "".join(f"{i % 10},{i}\n" for i in range(50)))
    it.spec("""
source a : csv 'a.csv' { id int; k int }
source b : csv 'b.csv' { k int; v int }
map t from x in a into db.t join y in b on y.k == x.k { a = x.id; b = y.v }
""")
    run = it.run()
    equal(run.counts("t"), (25000, 25000, 0, 0, 0, 0))


SALES = "shop,item,price,day,open\nA,pen,1.50,2025-01-03,true\nB,cup,4,2025-01-01,false\nA,ink,2.25,2025-01-01,true\n" \
        "A,pad,,2025-01-02,false\nB,cup,bad,2025-01-05,true\nC,,,2025-02-01,\n"


@case("rows")
def group_by_with_every_aggregate(it):
    it.schema("""create table g (shop text primary key, n bigint, named bigint, total numeric, least numeric,
      most numeric, mean numeric, one text, other text, items text, list text[], all_open boolean, some_open boolean,
      d1 date, d2 date)""")
    it.write("s.csv", SALES)
    it.spec("""
source s : csv 's.csv' { shop text; item text?; price decimal?; day date; open bool? }
map g
  from s in s
  into db.g
  where s.item is null or s.item != 'zzz'
  tolerance 1
  group by s.shop as shop
{
  shop  = shop
  n     = count()
  named = count(s.item)
  total = sum(s.price)
  least = min(s.price)
  most  = max(s.price)
  mean  = avg(s.price)
  one   = first(s.item)
  other = last(s.item)
  items = string_agg(s.item, '+')
  list  = array_agg(s.item)
  all_open = bool_and(s.open)
  some_open = bool_or(s.open)
  d1    = min(s.day)
  d2    = max(s.day)
}
""")
    run = it.run()
    equal(run.counts("g"), (6, 3, 0, 0, 2, 1))
    equal(it.rows("select shop, n, named, total, least, most, trim_scale(mean), one, other, items, list, all_open, some_open, d1, d2"
                  " from g order by 1"),
          [("A", "3", "3", "3.75", "1.50", "2.25", "1.875", "pen", "pad", "pen+ink+pad", "{pen,ink,pad}", "f", "t",
            "2025-01-01", "2025-01-03"),
           ("B", "1", "1", "4", "4", "4", "4", "cup", "cup", "cup", "{cup}", "f", "f", "2025-01-01", "2025-01-01"),
           ("C", "1", "0", None, None, None, None, None, None, None, it.value("select list from g where shop = 'C'"),
            None, None, "2025-02-01", "2025-02-01")])


@case("rows")
def group_over_many_batches(it):
    it.schema("create table g (k int primary key, n bigint not null, s bigint not null)")
    it.write("s.csv", "k,v\n" + "".join(f"{i % 3000},{i}\n" for i in range(30000)))
    it.spec("""
source s : csv 's.csv' { k int; v int }
map g from s in s into db.g group by s.k as k commit per 1000 rows { k = k; n = count(); s = sum(s.v) }
""")
    run = it.run()
    equal(run.counts("g"), (30000, 3000, 0, 0, 27000, 0))
    equal(it.value("select count(*) from g where n = 10 and s = 10 * k + 135000"), "3000")


@case("rows")
def group_by_rejects_count_once(it):
    it.schema("create table g (k text primary key, n int not null check (n > 0))")
    it.write("s.csv", "k,v\na,1\na,2\nb,3\nc,0\nc,0\n")
    it.spec("""
source s : csv 's.csv' { k text; v int }
map g from s in s into db.g group by s.k as k tolerance 1 {
  k = k
  n = sum(s.v)
  validate positive: sum(s.v) > 0 on fail reject "{k} has nothing"
}
""")
    run = it.run()
    equal(run.counts("g"), (5, 2, 0, 0, 2, 1))
    equal(run.examples("g"), ["c has nothing"])


def unique(it, clause, csv="k,v,w\na,1,x\nb,5,y\na,3,z\na,2,w\nb,4,v\nc,9,u\n", **more):
    it.schema("create table t (k text primary key, v int, w text)")
    it.write("s.csv", csv)
    it.spec(f"""
source s : csv 's.csv' {{ k text?; v int; w text }}
map t from s in s into db.t {clause} tolerance 9 {{ k = s.k on null reject 'no key'; v = s.v; w = s.w }}
""")
    return it.run(**more)


@case("rows")
def unique_by_keep_first(it):
    run = unique(it, "unique by s.k keep first")
    equal(run.counts("t"), (6, 3, 0, 0, 3, 0))
    equal(run.reasons("t", "skipped"), {"duplicate": 3})
    equal(it.rows("select k, v from t order by 1"), [("a", "1"), ("b", "5"), ("c", "9")])


@case("rows")
def unique_by_keep_last(it):
    run = unique(it, "unique by s.k keep last")
    equal(run.counts("t"), (6, 3, 0, 0, 3, 0))
    equal(it.rows("select k, v from t order by 1"), [("a", "2"), ("b", "4"), ("c", "9")])


@case("rows")
def unique_by_an_order(it):
    for clause, wanted in (("unique by s.k keep first by s.v desc", ["3", "5", "9"]),
                           ("unique by s.k keep last by s.v desc", ["1", "4", "9"]),
                           ("unique by s.k keep first by s.v", ["1", "4", "9"]),
                           ("unique by s.k keep last by s.v", ["3", "5", "9"]),
                           ("order by s.w unique by s.k keep first", ["2", "4", "9"])):
        run = unique(it, clause)
        equal(run.counts("t"), (6, 3, 0, 0, 3, 0), clause)
        equal([r[0] for r in it.rows("select v from t order by k")], wanted, clause)
        it.sql("drop table t; drop schema mig cascade")


@case("rows")
def unique_by_on_duplicate_reject(it):
    run = unique(it, "unique by s.k on duplicate reject 'again'")
    equal(run.counts("t"), (6, 3, 0, 0, 0, 3))
    equal(run.reasons("t"), {"R0145": 3})
    equal(run.examples("t"), ["again"])


@case("rows")
def unique_by_among_groups(it):
    # unique by acts after group by: on groups, by their names and aggregates; here the product that each bought most.
    csv = "k,p\na,x\na,y\nb,z\na,y\nb,x\nb,x\nc,\nb,z\n"
    for clause, wanted, rejected in (
            ("unique by k keep first by count() desc, p", [("a", "y", "2"), ("b", "x", "2"), ("c", None, "1")], 0),
            ("unique by k keep last by count(), p desc", [("a", "y", "2"), ("b", "x", "2"), ("c", None, "1")], 0),
            ("unique by k keep first", [("a", "x", "1"), ("b", "z", "2"), ("c", None, "1")], 0),
            ("unique by k keep last", [("a", "y", "2"), ("b", "x", "2"), ("c", None, "1")], 0),
            ("order by count() desc unique by k keep last", [("a", "x", "1"), ("b", "x", "2"), ("c", None, "1")], 0),
            ("unique by k on duplicate reject 'twice'", [("a", "x", "1"), ("b", "z", "2"), ("c", None, "1")], 2),
            ("unique by count() keep first", [("a", "x", "1"), ("a", "y", "2")], 0)):
        it.schema("create table t (k text not null, p text, n int not null)")
        it.write("s.csv", csv)
        it.spec(f"""
source s : csv 's.csv' {{ k text; p text? }}
map t from s in s into db.t group by s.k as k, s.p as p {clause} tolerance 9 {{ k = k; p = p; n = count() }}
""")
        run = it.run()
        equal(run.counts("t"), (8, len(wanted), 0, 0, 8 - len(wanted) - rejected, rejected), clause)
        equal(it.rows("select k, p, n from t order by 1, 3"), wanted, clause)
        it.sql("drop table t; drop schema mig cascade")


@case("rows")
def unique_by_among_groups_of_more_than_one_batch(it):
    it.schema("create table t (k int primary key, p int not null, n int not null)")
    it.write("s.csv", "k,p\n" + "".join(f"{i % 1000},{i // 1000}\n" for i in range(9000)) + "7,8\n7,3\n")
    it.spec("""
source s : csv 's.csv' { k int; p int }
map t from s in s into db.t group by s.k as k, s.p as p unique by k keep first by count() desc, p { k = k; p = p; n = count() }
""")
    run = it.run()
    equal(run.counts("t"), (9002, 1000, 0, 0, 8002, 0))
    equal(it.rows("select k, p, n from t where n > 1 or p > 0"), [("7", "3", "2")])


@case("rows")
def unique_by_a_null_and_across_batches(it):
    it.schema("create table t (id int primary key, k text)")
    it.write("s.csv", "id,k\n" + "".join(f"{i},{'' if i % 1000 == 0 else i % 3000}\n" for i in range(1, 9001)))
    it.spec("""
source s : csv 's.csv' { id int; k text? }
map t from s in s into db.t unique by s.k keep last { id = s.id; k = s.k }
""")
    run = it.run()
    equal(run.counts("t"), (9000, 2998, 0, 0, 6002, 0))
    equal(it.rows("select id from t where k is null"), [("9000",)])
    equal(it.value("select min(id) from t"), "6001")


@case("rows")
def unique_with_where_and_rejects(it):
    # Rows that where leaves out or a fault rejects take no part in unique by.
    it.schema("create table t (k text primary key, v int not null)")
    it.write("s.csv", "k,v,on\na,1,no\na,x,yes\na,3,yes\na,4,yes\n")
    it.spec("""
source s : csv 's.csv' { k text; v text; on text }
map t from s in s into db.t
  lookup c in codes_s on c.v == s.v on missing reject 'no code'
  where s.on == 'yes' unique by s.k keep first tolerance 1 { k = s.k; v = int(s.v) }
source codes_s : inline { v text } [ ('1'), ('3'), ('4') ]
""")
    run = it.run()
    equal(run.counts("t"), (4, 1, 0, 0, 2, 1))
    equal(it.rows("select * from t"), [("a", "3")])


@case("rows")
def key_duplicates(it):
    for clause, counts, value in (("", (4, 2, 0, 0, 0, 2), "1"), ("on duplicate skip", (4, 2, 0, 0, 2, 0), "1"),
                                  ("on duplicate first", (4, 2, 0, 0, 2, 0), "1"),
                                  ("on duplicate reject 'twice'", (4, 2, 0, 0, 0, 2), "1")):
        it.schema("create table t (k text primary key, v int)")
        it.write("s.csv", "k,v\na,1\nb,2\na,3\na,4\n")
        it.spec(f"""
source s : csv 's.csv' {{ k text; v int }}
map t from s in s into db.t key s.k {clause} tolerance 2 {{ k = s.k; v = s.v }}
""")
        run = it.run()
        equal(run.counts("t"), counts, clause)
        equal(it.value("select v from t where k = 'a'"), value, clause)
        if "twice" in clause:
            equal(run.examples("t"), ["twice"])
        it.sql("drop table t; drop schema mig cascade")


@case("rows")
def a_rejected_row_does_not_take_the_key(it):
    it.schema("create table t (k text primary key, v int not null); create table c (id int primary key, k text references t)")
    it.write("s.csv", "k,v\na,x\na,2\n")
    it.write("c.csv", "id,k\n1,a\n")
    it.spec("""
source s : csv 's.csv' { k text; v text }
source cs : csv 'c.csv' { id int; k text }
map t from s in s into db.t key s.k tolerance 1 { k = s.k; v = int(s.v) }
map c from s in cs into db.c { id = s.id; k = t[s.k].k }
""")
    run = it.run()
    equal(run.counts("t"), (2, 1, 0, 0, 0, 1))
    equal(run.counts("c"), (1, 1, 0, 0, 0, 0))


@case("rows")
def where_leaves_rows_out(it):
    it.schema("create table t (k text primary key)")
    it.write("s.csv", "k,n\na,1\nb,\nc,3\nd,x\n")
    it.spec("""
source s : csv 's.csv' { k text; n text? }
map t from s in s into db.t where int(s.n) >= 1 tolerance 1 { k = s.k }
""")
    run = it.run()
    equal(run.counts("t"), (4, 2, 0, 0, 1, 1))
    equal(run.reasons("t"), {"R0103": 1})
    equal(it.rows("select k from t order by 1"), [("a",), ("c",)])


@case("rows")
def a_skipped_row_is_skipped_even_where_its_lookup_failed(it):
    it.schema("create table t (k text primary key)")
    it.write("s.csv", "k,on\na,1\nb,0\n")
    it.spec("""
source s : csv 's.csv' { k text; on text }
source l : inline { k text } [ ('z') ]
map t from s in s into db.t lookup x in l on x.k == s.k where s.on == '1' tolerance 1 { k = s.k }
""")
    run = it.run()
    equal(run.counts("t"), (2, 0, 0, 0, 1, 1))


HANDLERS = "id,n,code,note\n1,10,a,x\n2,zz,b,\n3,30,q,z\n4,,a,w\n"


def handlers(it, expression, column="n int", more="", code=0, declarations=""):
    it.schema(f"create table t (id int primary key, {column})")
    it.write("s.csv", HANDLERS)
    it.spec(f"""
source s : csv 's.csv' {{ id int; n text?; code text; note text? }}
codes c : text -> int {{ 'a' => 1; 'b' => 2 }}
{declarations}
map t from s in s into db.t tolerance 9 {{
  id = s.id
  {column.split()[0]} = {expression}
  {more}
}}
""")
    return it.run(code=code)


@case("handlers")
def error_use(it):
    run = handlers(it, "int(s.n) on error use -1")
    equal(run.counts("t"), (4, 4, 0, 0, 0, 0))
    equal(it.rows("select n from t order by id"), [("10",), ("-1",), ("30",), (None,)])


@case("handlers")
def error_skip(it):
    run = handlers(it, "int(s.n) on error skip")
    equal(run.counts("t"), (4, 3, 0, 0, 1, 0))


@case("handlers")
def error_reject(it):
    run = handlers(it, "int(s.n) on error reject \"{s.n} is no number\"")
    equal(run.counts("t"), (4, 3, 0, 0, 0, 1))
    equal(run.examples("t"), ["zz is no number"])
    quarantined = it.quarantine(run, "t")
    equal(len(quarantined), 1)
    equal((quarantined[0]["map"], quarantined[0]["file"], quarantined[0]["line"], quarantined[0]["row"]),
          ("t", "s.csv", 3, 2))
    equal(quarantined[0]["raw"], "2,zz,b,")
    fault = quarantined[0]["faults"][0]
    equal(fault["message"], "zz is no number")
    equal(fault["spec"]["file"], "spec.mig")
    contains(fault["spec"]["text"], "int(s.n)")


@case("handlers")
def error_warn(it):
    run = handlers(it, "int(s.n) on error warn \"{s.n} left out\" use null")
    equal(run.counts("t"), (4, 4, 0, 0, 0, 0))
    equal(run.map("t")["warnings"], 1)
    equal(run.examples("t", "warned"), ["zz left out"])


@case("handlers")
def error_fail(it):
    run = handlers(it, "int(s.n) on error fail \"{s.n} must not be\"", code=6)
    contains(run.err, "zz must not be", "s.csv line 3")
    equal(it.value("select count(*) from t"), "0")


@case("handlers")
def null_use_skip_reject_warn(it):
    for action, counts in (("use 0", (4, 4, 0, 0, 0, 0)), ("skip", (4, 3, 0, 0, 1, 0)),
                           ("reject 'no note'", (4, 3, 0, 0, 0, 1)), ("warn 'no note' use '-'", (4, 4, 0, 0, 0, 0))):
        action = action.replace("use 0", "use '0'")
        run = handlers(it, f"s.note on null {action}", "note text not null")
        equal(run.counts("t"), counts, action)
        it.sql("drop table t; drop schema mig cascade")


@case("handlers")
def null_fail(it):
    run = handlers(it, "s.note on null fail 'a note is needed'", "note text not null", code=6)
    contains(run.err, "a note is needed")


@case("handlers")
def missing_use_skip_reject_warn_fail(it):
    for action, counts, code in (("use 0", (4, 4, 0, 0, 0, 0), 0), ("skip", (4, 3, 0, 0, 1, 0), 0),
                                 ("reject \"no {s.code}\"", (4, 3, 0, 0, 0, 1), 0),
                                 ("warn \"no {s.code}\" use 0", (4, 4, 0, 0, 0, 0), 0),
                                 ("fail \"no {s.code}\"", None, 6), ("", (4, 3, 0, 0, 0, 1), 0)):
        run = handlers(it, f"c[s.code] {'on missing ' + action if action else ''}", "n int not null", code=code)
        if counts:
            equal(run.counts("t"), counts, action)
        else:
            contains(run.err, "no q")
        it.sql("drop table t; drop schema mig cascade")


@case("handlers")
def codes_have_handlers_of_their_own(it):
    run = handlers(it, "c2[s.code]", "n int not null", declarations="codes c2 : text -> int on missing use 7 { 'a' => 1 }")
    equal(it.rows("select n from t order by 1"), [("1",), ("1",), ("7",), ("7",)])


@case("handlers")
def several_faults_of_one_row(it):
    run = handlers(it, "int(s.n) on null use 0", "n int not null",
                   "validate known: s.code in ('a', 'q') on fail reject 'code unknown'\n"
                   "  validate noted: s.note is not null on fail reject 'no note'")
    equal(run.counts("t"), (4, 3, 0, 0, 0, 1))
    rows = {q["row"]: [f["message"] for f in q["faults"]] for q in it.quarantine(run, "t")}
    equal(len(rows[2]), 3, f"faults {rows}")
    equal(rows[2][1:], ["code unknown", "no note"])
    equal(run.reasons("t"), {"R0103": 1})


@case("handlers")
def validate_warn_skip_fail(it):
    for action, counts, code in (("warn 'odd'", (4, 4, 0, 0, 0, 0), 0), ("skip", (4, 3, 0, 0, 1, 0), 0),
                                 ("fail 'odd'", None, 6), ("reject", (4, 3, 0, 0, 0, 1), 0)):
        run = handlers(it, "c[s.code] on missing use 0", "n int",
                       f"validate known: s.code in ('a', 'b') on fail {action}", code=code)
        if counts:
            equal(run.counts("t"), counts, action)
        else:
            contains(run.err, "odd")
        it.sql("drop table t; drop schema mig cascade")


@case("handlers")
def match_arms_act(it):
    run = handlers(it, "match s.code { 'a' => 1; 'b' => skip; when s.id == 3 => reject \"not {s.code}\"; _ => 9 }",
                   "n int not null")
    equal(run.counts("t"), (4, 2, 0, 0, 1, 1))
    equal(run.examples("t"), ["not q"])


@case("handlers")
def strongest_outcome_stands(it):
    # Skip beats reject, fail beats all.
    run = handlers(it, "int(s.n)", "n int", "validate ok: s.code == 'a' or s.code == 'q' on fail skip")
    equal(run.counts("t"), (4, 3, 0, 0, 1, 0))


def tolerance(it, map_clause="", environment="", code=0, *arguments):
    it.schema("create table t (id int primary key, n int not null); create table u (id int primary key)")
    it.write("s.csv", "id,n\n" + "".join(f"{i},{'x' if i <= 3 else i}\n" for i in range(1, 21)))
    it.spec(f"""
source s : csv 's.csv' {{ id int; n text }}
{environment}
map t from s in s into db.t {map_clause} {{ id = s.id; n = int(s.n) }}
map u from s in s into db.u after t {{ id = s.id }}
""")
    return it.run(*arguments, code=code)


@case("handlers")
def tolerance_is_zero_by_default(it):
    run = tolerance(it, code=3)
    contains(run.err, "3 of 20 rows", "X0418", "t.ndjson")
    equal(it.value("select count(*) from t"), "17")
    equal(it.value("select count(*) from u"), "0")
    equal(it.value("select state from mig.run"), "failed")
    equal(len(run.report["maps"]), 1)


@case("handlers")
def tolerance_by_count_and_percent(it):
    for clause, code in (("tolerance 3", 0), ("tolerance 2", 3), ("tolerance 15%", 0), ("tolerance 14%", 3)):
        tolerance(it, clause, "", code)
        it.sql("drop table t, u; drop schema mig cascade")


@case("handlers")
def tolerance_of_the_environment(it):
    run = tolerance(it, "", "environment soft { tolerance 20% }\nenvironment hard { tolerance 1 }", 0, "--env", "soft")
    equal(run.report["environment"], "soft")
    it.sql("truncate t, u")
    it.refuse("--env", "hard", code=3)
    it.sql("truncate t, u")
    it.refuse("--env", "sofd", code=2, has=["sofd", "Did you mean `soft`"])


@case("handlers")
def a_dry_run_is_not_stopped_by_tolerance(it):
    run = tolerance(it, "", "", 0, "--dry-run")
    equal(run.counts("u"), (20, 20, 0, 0, 0, 0))


@case("rows")
def lookups_by_several_and_computed_keys(it):
    it.schema("create table c (id int primary key, a text, b int, email text); insert into c values (1, 'x', 1, 'Ann@X'), (2, 'x', 2, 'B'), (3, null, 2, null);"
              "create table t (id int primary key, c1 int, c2 int, c3 int)")
    it.write("s.csv", "id,a,b,email\n1,x,2,ANN@x \n2,y,2,b\n3,,2,\n")
    it.spec("""
source s : csv 's.csv' { id int; a text?; b int; email text? }
map t from s in s into db.t
  left lookup p in db.c on p.a == s.a and p.b == s.b
  left lookup q in db.c on lower(q.email) == lower(trim(s.email))
  left lookup r in db.c on r.id == s.b * 1
{ id = s.id; c1 = p.id; c2 = q.id; c3 = r.id }
""")
    it.run()
    equal(it.rows("select * from t order by 1"), [("1", "2", "1", "2"), ("2", None, "2", "2"), ("3", None, None, "2")])


@case("rows")
def joins_with_target_tables_and_maps(it):
    it.schema("create table g (id int primary key, k text); insert into g values (1, 'x'), (2, 'x'), (3, 'y');"
              "create table m (id serial primary key, k text); create table t (a int, b int); create table u (a int, b int)")
    it.write("s.csv", "id,k\n10,x\n20,z\n")
    it.spec("""
source s : csv 's.csv' { id int; k text }
map t from s in s into db.t join g in db.g on g.k == s.k { a = s.id; b = g.id }
map m from s in s into db.m key s.k { k = s.k }
map u from s in s into db.u join x in m on x.k == s.k { a = s.id; b = x.id }
""")
    run = it.command("run", "spec.mig", "--format", "json")
    if run.code == 1:  # a join with a map goes by its key only
        contains(run.out, "key")
        return
    it.check_laws(run, False)
    equal(it.rows("select * from t order by 1, 2"), [("10", "1"), ("10", "2")])
    equal(it.rows("select a, k from u join m on m.id = u.b order by 1"), [("10", "x"), ("20", "z")])


@case("rows")
def keys_of_many_parts(it):
    columns = [f"c{i}" for i in range(20)]
    it.schema(f"create table t ({', '.join(c + ' text' for c in columns)}, primary key ({', '.join(columns)}))")
    it.write("s.csv", ",".join(columns) + "\n" + "".join(",".join(["a"] * 19 + [last]) + "\n" for last in "xyzx"))
    for clause in ("unique by", "key"):
        it.spec(f"source s : csv 's.csv' {{ {'; '.join(c + ' text' for c in columns)} }}\n"
                f"map t from s in s into db.t {clause} {', '.join('s.' + c for c in columns)} "
                f"{'keep first' if clause == 'unique by' else 'on duplicate skip'} {{ ...s }}")
        run = it.command("run", "spec.mig", "--format", "json")
        if run.code == 1:  # a limit that the compiler states
            continue
        it.check_laws(run, False)
        equal(run.counts("t"), (4, 3, 0, 0, 1, 0), clause)
        it.sql("truncate t")


@case("rows")
def tables_of_many_columns(it):
    columns = [f"c{i}" for i in range(300)]
    it.schema(f"create table t (id serial primary key, {', '.join(c + ' int' for c in columns)}); create table u (id int primary key, v int, w int)")
    it.write("s.csv", ",".join(columns) + "\n" + ",".join(str(i) for i in range(300)) + "\n")
    it.spec(f"source s : csv 's.csv' {{ {'; '.join(c + ' int' for c in columns)} }}\n"
            "map t from s in s into db.t key s.c0 { ...s }\n"
            "map u from s in s into db.u left lookup x in db.t on x.c5 == s.c5 { id = t[s.c0].id; v = t[s.c0].c299; w = x.c298 }")
    it.run()
    equal(it.rows("select v, w from u"), [("299", "298")])
