"""What the data sets hold, counted from their files without mig: SQL on the target, and what it must give."""

import collections
import csv
import glob
import json
import os


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def counts(**tables):
    return {f"select count(*) from {table}": count for table, count in tables.items()}


def slack(folder):
    users, channels = read(folder, "users.json"), read(folder, "channels.json")
    days = glob.glob(os.path.join(glob.escape(folder), "*", "*.json"))
    messages = [m for day in days for m in read(folder, day)]
    attachments = [a for m in messages for a in m.get("attachments") or []]
    reactions = [u for m in messages for r in m.get("reactions") or [] for u in r["users"]]
    micros = sorted(m["ts"].replace(".", "") for m in messages)
    return {
        **counts(people=len(users), channels=len(channels), messages=len(messages), attachments=len(attachments),
                 reactions=len(reactions), channel_members=sum(len(c["members"]) for c in channels),
                 bots=len({m["bot_id"] for m in messages if m.get("bot_id")}),
                 files=len({m["file"]["id"] for m in messages if m.get("file")})),
        "select (extract(epoch from sent_at) * 1000000)::bigint from messages": [(m,) for m in micros],
        "select sum(length(fallback)) from attachments": sum(len(a["fallback"]) for a in attachments),
    }


def items(folder, name):
    document = read(folder, name + ".json")
    return [r["PutRequest"]["Item"] for r in document[name]]


def forum(folder, tags):
    threads, replies = items(folder, "Thread"), items(folder, "Reply")
    return counts(forums=len(items(folder, "Forum")), threads=len(threads), replies=len(replies),
                  thread_tags=sum(len(tags(t)) for t in threads))


def forum_plain(folder):
    return forum(folder, lambda t: t["Tags"])


def forum_dynamodb(folder):
    products = items(folder, "ProductCatalog")
    return {
        **forum(folder, lambda t: t["Tags"]["L"]),
        "select id, price, title from products":
            [(p["Id"]["N"], p["Price"]["N"] + ".00", p["Title"]["S"]) for p in products],
        "select product_id, color from product_colors":
            [(p["Id"]["N"], c["S"]) for p in products for c in p.get("Color", {"L": []})["L"]],
        "select product_id, author from product_authors":
            [(p["Id"]["N"], a["S"]) for p in products for a in p.get("Authors", {"L": []})["L"]],
    }


def games(folder):
    with open(os.path.join(folder, "items.json"), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    people = [r for r in rows if r["PK"].startswith("USER#")]
    games_ = [r for r in rows if r["PK"].startswith("GAME#") and r["SK"].startswith("#")]
    players = [r for r in rows if r["SK"].startswith("USER#")]
    return {
        **counts(people=len(people), games=len(games_), participants=len(players), maps=len({g["map"] for g in games_})),
        "select username, email, born_on from people": [(p["username"], p["email"], p["birthdate"]) for p in people],
        "select game_id, username, coalesce(medal::text, '-') from participants":
            [(p["game_id"], p["username"], p.get("place", "-")) for p in players],
    }


def github_api(folder):
    pages = read(folder, "paginate-issues.json")
    issues = [i for p in pages for i in p["response"]]
    return {**counts(pages=len(pages), users=len({i["user"]["id"] for i in issues})),
            "select id, number, title, comments from issues":
                [(i["id"], i["number"], i["title"], i["comments"]) for i in issues]}


def github_webhooks(folder):
    documents = [read(folder, os.path.basename(p)) for p in glob.glob(os.path.join(glob.escape(folder), "*.payload.json"))]
    issues = [d["issue"] for d in documents if "issue" in d]
    return {
        **counts(deliveries=len(documents), users=len({d["sender"]["id"] for d in documents}),
                 repositories=len({d["repository"]["id"] for d in documents}), issues=len({i["id"] for i in issues}),
                 labels=len({label["id"] for i in issues for label in i["labels"]}),
                 comments=len({d["comment"]["id"] for d in documents if "comment" in d}),
                 pull_requests=len({d["pull_request"]["id"] for d in documents if "pull_request" in d})),
        "select count(*) from deliveries where payload->>'action' <> action": 0,
    }


def github_events(folder):
    events = read(folder, "github_events.json")
    commits = [(e["id"], c["sha"]) for e in events for c in e["payload"].get("commits", [])]
    return {
        **counts(events=len(events), actors=len({e["actor"]["id"] for e in events}),
                 repositories=len({e["repo"]["id"] for e in events}),
                 organisations=len({e["org"]["id"] for e in events if "org" in e}),
                 wiki_pages=sum(len(e["payload"].get("pages", [])) for e in events)),
        "select event_id, sha from commits": commits,
    }


def jenkins(folder):
    jobs = read(folder, "apache_builds.json")["jobs"]
    colors = collections.Counter(j["color"].replace("_anime", "") for j in jobs)
    names = {"blue": "passed", "red": "failed", "yellow": "unstable", "grey": "never_built"}
    return {
        **counts(jobs=len(jobs)),
        "select count(*) from jobs where running": sum(j["color"].endswith("_anime") for j in jobs),
        "select result, jobs from results": [(names.get(c, c), n) for c, n in colors.items()],
    }


def cellphones(folder):
    with open(os.path.join(folder, "amazon_cellphones.ndjson"), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][1:]
    brands = collections.Counter(r[1] for r in rows if r[1].strip())
    prices = []
    for r in rows:
        asked = r[8].replace('"', "").split(",$")
        for text in dict.fromkeys(a.lstrip("$").replace(",", "") for a in asked if a):
            prices.append((r[0], f"{float(text):.2f}"))
    return {
        **counts(phones=len(rows), brands=len(brands)),
        "select brand, phones from brand_ratings": list(brands.items()),
        "select asin, rating, reviews from phones": [(r[0], f"{float(r[5]):.1f}", r[7]) for r in rows],
        "select asin, amount from prices": prices,
    }


# ---------------------------------------------------------------- workbooks, as two other readers agree to read them


def sheet(folder, book, name):
    """Cells by address: (kind, raw value, as shown). Of a large sheet only the first 2500 are there."""
    path = os.path.join(folder, "..", "expected", f"{os.path.basename(folder)}__{book}.json")
    with open(path, encoding="utf-8") as file:
        found = next(s for s in json.load(file)["sheets"] if s["name"] == name)
    return {cell[0]: tuple(cell[1:4]) for cell in found["cells"]}


def column(cells, letter, first, last):
    return [cells.get(f"{letter}{row}", (None, None, None))[1] for row in range(first, last + 1)]


def statistics(folder):
    quakes = sheet(folder, "datasets.xlsx", "quakes")
    chicks = sheet(folder, "datasets.xlsx", "chickwts")
    cars = sheet(folder, "datasets.xlsx", "mtcars")
    east = [round(x - 360 if x > 180 else x, 2) for x in column(quakes, "B", 2, 500)]
    feeds = collections.Counter(column(chicks, "B", 2, 72))
    return {
        "select count(*) from quakes": 1000,
        "select row_number, latitude::float8, longitude::float8, depth_km, magnitude::float8 from quakes"
        " where row_number < 500":
            [(n, *map(plain, row)) for n, row in enumerate(
                zip(column(quakes, "A", 2, 500), east, column(quakes, "C", 2, 500), column(quakes, "D", 2, 500)), 1)],
        "select name, chicks from feeds": list(feeds.items()),
        "select feed, weight from chicks": list(zip(column(chicks, "B", 2, 72), column(chicks, "A", 2, 72))),
        "select mpg::float8, weight::float8, quarter_mile::float8 from cars":
            [tuple(map(plain, row)) for row in zip(*(column(cars, c, 2, 33) for c in "AFG"))],
    }


def plain(number):
    """As Postgres prints a double: the shortest digits that mean it."""
    return str(int(number)) if float(number).is_integer() else repr(round(number, 10))


def deaths(folder):
    found = []
    for name in ("arts", "other"):
        cells = sheet(folder, "deaths.xlsx", name)
        found += zip(*(column(cells, c, 6, 15) for c in "ABC"), (["f", "t"][bool(x)] for x in column(cells, "D", 6, 15)),
                     *(column(cells, c, 6, 15) for c in "EF"))
    return {"select p.name, f.name, age, has_kids, born_on - date '1899-12-30', died_on - date '1899-12-30'"
            " from people p join professions f on f.id = profession_id": found}


def grids(folder):
    days, merged = sheet(folder, "date.xlsx", "Sheet1"), sheet(folder, "merged_range.xlsx", "Sheet1")
    signs, pairs = sheet(folder, "issues.xlsx", "spc_chrs"), sheet(folder, "issues.xlsx", "issue2")
    return {
        "select day, amount from days": [(days[f"A{r}"][2], str(days[f"B{r}"][1])) for r in (1, 2)],
        "select a, b, c, coalesce(d, '-'), h from merged": [
            tuple(merged.get(f"{c}{r}", (None, "-"))[1] for c in "ABCDH") for r in (1, 3, 4)],
        "select number, letter from pairs": [(str(pairs[f"A{r}"][1]), pairs[f"B{r}"][1]) for r in (1, 2, 3)],
        "select sign from signs": [(signs[f"A{r}"][1],) for r in range(1, 9)],
        "select cell from mixed": [("1",), ("1.5",), ("ab",), ("false",), ("test",), ("2016-10-20",)],
    }


def sample_sheet(folder):
    first, second = sheet(folder, "SampleSS.xlsx", "First Sheet"), sheet(folder, "SampleSS.xlsx", "Sheet Number 2")
    return {
        "select a, coalesce(b, '-') from first_sheet": [
            (first[f"A{r}"][1], first.get(f"B{r}", (None, "-"))[1]) for r in (1, 2, 4)],
        "select a, b, c, total from sums": [tuple(str(second[f"{c}7"][1]) for c in "ABCD")],
    }


def cities(folder):
    cells = sheet(folder, "DataTableCities.xlsx", "PivotTable")
    rows = zip(*(column(cells, c, 6, 17) for c in "BCDE"))
    return {"select c.name || ', ' || n.name, latitude::float8, longitude::float8, population"
            " from cities c join countries n on n.id = country_id": [(a, plain(b), plain(c), d) for a, b, c, d in rows]}


def scenarios(folder):
    cells = sheet(folder, "sheets.xlsx", "Вариант использования")
    rows = zip(*(column(cells, c, 2, 20) for c in "AB"))
    return {"select code, element from steps": [(a, b.strip()) for a, b in rows],
            "select title from documents": [("Шаблон сценария",)]}


def type_me(folder):
    wanted = []
    for name, title in (("logical", "logical_coercion"), ("numeric", "numeric_coercion"), ("moment", "date_coercion"),
                        ("plain", "text_coercion")):
        cells = sheet(folder, "type-me.xlsx", title)
        last = max(int(a[1:]) for a in cells)
        wanted += [(name, row, cells[f"B{row}"][1]) for row in range(2, last + 1)]
    return {"select sheet, position, what from readings": wanted}


# ---------------------------------------------------------------- relations


def northwind(folder):
    tables = {}
    for table in ("regions", "territories", "employees", "employee_territories", "customers", "suppliers", "shippers",
                  "categories", "products", "orders"):
        with open(os.path.join(folder, table + ".csv"), encoding="utf-8-sig", newline="") as file:
            tables[table] = list(csv.DictReader(file))
    contacts = len(tables["customers"]) + len(tables["suppliers"])
    return {**counts(contacts=contacts, **{t: len(rows) for t, rows in tables.items()}),
            "select id, city, coalesce(manager_id::text, 'NULL') from employees":
                [(e["employeeID"], e["city"], e["reportsTo"]) for e in tables["employees"]]}


def chinook(folder):
    document = read(folder, "ChinookData.json")
    found = counts(genres=len(document["Genre"]), artists=len(document["Artist"]), albums=len(document["Album"]),
                   tracks=len(document["Track"]), customers=len(document["Customer"]), invoices=len(document["Invoice"]),
                   invoice_lines=len(document["InvoiceLine"]), playlist_tracks=len(document["PlaylistTrack"]))
    found["select id, total from invoices"] = [(i["InvoiceId"], f"{i['Total']:.2f}") for i in document["Invoice"]]
    return found


def issue_archive(folder):
    found = collections.Counter()
    people = set()
    for path in glob.glob(os.path.join(glob.escape(folder), "*.archive.json")):
        document = read(folder, os.path.basename(path))
        found["labels"] += len(document["labels"])
        found["items"] += len(document["issues"]) + len(document["pulls"])
        for issue in document["issues"]:
            found["comments"] += len(issue["comments"])
            found["item_labels"] += len(issue["labels"] or [])
            people |= {issue["author"], *(c["author"] for c in issue["comments"])}
        people |= {pull["author"] for pull in document["pulls"]}
    return counts(people=len(people), **found)
