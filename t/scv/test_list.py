"""GET /scv/customers: dimensions, orders, and pages that neither pass over nor
repeat anybody, forward and backward, also while rows come and go."""
import json
import random
import re
import threading
import time
import urllib.parse

import coffer
import tap

site = coffer.Site()
site.keep_alive()
shop = site.workspace()
other = site.workspace()
random.seed(4)
PEOPLE = 75
BASE = 1_700_000_000_000
EVERY = ["none", "createdDate", "-createdDate", "updatedDate", "-updatedDate"]


def person(i, **more):
    return {"email": f"p{i:03}@example.org", "first_name": f"Zoë {i % 10}",
            "$verifiedEmail": f"p{i:03}@example.org",
            "$username": f"user{i}", "$tertiaryid": f"T-{i}", **more}


ids = [shop.check([person(i)]).json["customer_ids"][0] for i in range(3)]
for first in range(3, PEOPLE, 50):
    ids += shop.check([person(i) for i in range(
        first, min(first + 50, PEOPLE))]).json["customer_ids"]
other.check([person(0)])
(ws,) = site.sql("SELECT workspace_id FROM customer WHERE uuid = UNHEX("
                 f"'{ids[0].replace('-', '')}')")[0]


def get(place=shop, key=None, **query):
    return place.scv("GET", "/customers?" + urllib.parse.urlencode(
        {name.replace("_size", "[size]").replace("_after", "[after]").replace(
            "_before", "[before]").replace("_contains", "[contains]"): value
         for name, value in query.items()}), key=key)


def follow(url):
    """A link is absolute, of the configured hostname."""
    start = f"https://localhost:{site.port}/scv"
    if not url.startswith(start):
        raise RuntimeError(url)
    return shop.scv("GET", url[len(start):])


def got(reply):
    return [one["$customerid"] for one in reply.json["data"]]


def pages(reply, link):
    """The customers of a page and of those that its links lead to, page by
    page; also the last page's answer."""
    out = [got(reply)]
    while reply.json["links"][link]:
        reply = follow(reply.json["links"][link])
        if reply.status != 200 or len(out) > 500:
            raise RuntimeError(reply)
        out.append(got(reply))
    return out, reply


def joined(lists):
    return [one for some in lists for one in some]


def scatter():
    """Dates with many ties, in another order than that of seqs."""
    site.sql(f"UPDATE customer SET created_at = {BASE} + (seq * 7) % 11,"
             f" updated_at = {BASE} + (seq * 5) % 13"
             f" WHERE workspace_id = {ws};"
             f"UPDATE segment_member SET segmented_at = {BASE} +"
             f" (position * 3) % 7 WHERE workspace_id = {ws}")


def model(segment, sort):
    """The order that a list must have, by what is stored."""
    name = sort.lstrip("-")
    column = {"none": "", "createdDate": "c.created_at,",
              "updatedDate": "c.updated_at,", "segmentedDate":
              "c.created_at," if segment == "all" else "m.segmented_at,"}[name]
    rows = site.sql(
        "SELECT LOWER(HEX(c.uuid)) FROM customer c" +
        ("" if segment == "all" else
         " JOIN segment_member m ON m.workspace_id = c.workspace_id AND m.seq"
         " = c.seq JOIN segment s ON s.workspace_id = c.workspace_id AND s.id"
         f" = m.segment_id AND s.code = '{segment}'") +
        f" WHERE c.workspace_id = {ws} ORDER BY {column}"
        + ("m.position" if segment != "all" and name in (
            "none", "segmentedDate") else "c.seq"))
    out = ["-".join((t[:8], t[8:12], t[12:16], t[16:20], t[20:]))
           for (t,) in rows]
    return out[::-1] if sort[0] == "-" else out


def query_of(segment, sort, size):
    more = {} if sort == "none" else {"sort": sort}
    return {"segment": segment, "page_size": size, "retProps": "$customerid",
            **more}


def test_keys():
    for name, value in (("email", "p007@example.org"), ("username", "user7"),
                        ("tertiary", "T-7"), ("email", " P007@EXAMPLE.org ")):
        reply = get(**{name: value})
        tap.equal((reply.status, [one["email"] for one in reply.json["data"]],
                   reply.json["links"]),
                  (200, ["p007@example.org"], {"prev": None, "next": None}),
                  f"{name}: one is found ({value!r})")
    for name in ("email", "username", "tertiary"):
        for value in ("nobody@example.org", "x" * 3000, "' OR '1'='1",
                      "%' -- \\", "\r\nX-Evil: 1"):
            reply = get(**{name: value})
            tap.equal((reply.status, reply.json["data"]), (200, []),
                      f"S29: {name}: nobody has {value[:20]!r}")
            tap.ok("X-Evil" not in reply.headers, "S29: and no header of it")
    tap.equal(get(email="p007@example.org", sort="-createdDate").status, 200,
              "an order of one is no fault")


def test_role_under_its_own_name():
    shop2 = site.workspace([{"field_name": "mail", "field_type": "string",
                             "role": "verified_email"}])
    (ann,) = shop2.check([{"mail": "Ann@x.org"}]).json["customer_ids"]
    reply = get(shop2, email="ann@X.org", retProps="$customerid,mail")
    tap.equal(reply.json["data"], [{"$customerid": ann, "mail": "Ann@x.org"}],
              "a field of the role is what email means")


def test_projection():
    reply = get(segment="customers", page_size=2)
    tap.equal(reply.json["data"],
              [{"email": f"p00{i}@example.org", "first_name": f"Zoë {i}"}
               for i in (0, 1)], "without retProps the schema's attributes")
    reply = get(segment="customers", page_size=1, retAllProps=1)
    tap.ok({"$customerid", "$segments", "$eventLog", "$username", "email"} <=
           set(reply.json["data"][0]), "retAllProps gives everything")
    reply = get(segment="customers", retProps="$customerid,ghost")
    tap.equal((reply.status, [p["name"] for p in reply.json["invalid-params"]]),
              (400, ["ghost"]), "S14: retProps cannot reach past the schema")
    tap.equal(reply.headers["Cache-Control"], "no-store", "S34: not stored")


def test_bad_queries():
    wrong = {
        "": ["email", "search[contains]", "segment", "tertiary", "username"],
        "email=a&username=b": ["email", "username"],
        "segment=all&search%5Bcontains%5D=x": ["search[contains]", "segment"],
        "email=a&email=b": ["email"],
        "email=": ["email"], "search[contains]=": ["search[contains]"],
        "segment=all&ghost=1&filter[x]=2": ["filter[x]", "ghost"],
        "segment=all&Jo%C3%ABl=1": ["query"],
        "segment=nope": ["segment"], "segment=ALL": ["segment"],
        "segment=all%00": ["segment"], "email=%ff": ["email"],
        "segment=all&sort=name": ["sort"], "segment=all&sort=": ["sort"],
        "segment=all&sort=--createdDate": ["sort"],
        "segment=all&sort=createddate": ["sort"],
        "email=a&sort=segmentedDate": ["sort"],
        "search[contains]=a&sort=-segmentedDate": ["sort"],
        "segment=all&page[size]=0": ["page[size]"],
        "segment=all&page[size]=1001": ["page[size]"],
        "segment=all&page[size]=-1": ["page[size]"],
        "segment=all&page[size]=1e2": ["page[size]"],
        "segment=all&page[size]=": ["page[size]"],
        "segment=all&page[size]=5&page[size]=6": ["page[size]"],
        "segment=all&page[before]=a&page[after]=b":
        ["page[after]", "page[before]"],
        "segment=all&page[after]=": ["page[after]"],
        "segment=all&page[after]=AAAA": ["page[after]"],
        "email=a&page[before]=AAAA": ["page[before]"],
        "page=2&sort=x&page[size]=0&email=": ["email", "page", "page[size]",
                                              "sort"],
        "page=2&sort=x&email=a&retProps=ghost,wraith":
        ["ghost", "page", "sort", "wraith"],
        "username=a&email=b&page[after]=AAAA&retProps=ghost":
        ["email", "ghost", "username"],
        "segment=nope&page[size]=0&retProps=ghost":
        ["ghost", "page[size]", "segment"],
        "segment=all&page[after]=AAAA&page[size]=0&retProps=ghost":
        ["ghost", "page[after]", "page[size]"]}
    for query, names in wrong.items():
        reply = shop.scv("GET", f"/customers?{query}")
        body = reply.json
        tap.equal((reply.status, reply.headers["Content-Type"], body["status"],
                   sorted(p["name"] for p in body["invalid-params"])),
                  (400, "application/problem+json", 400, names),
                  f"?{query}: 400 names {names}")
        tap.ok(all(p["reason"] for p in body["invalid-params"]) and
               body["title"], "and says why")
    reply = get(segment="all", page_size="x", sort="secret@example.org")
    tap.ok(b"secret@" not in reply.raw, "no value is repeated")


def test_orders():
    """Every order, both ways, by pages of several sizes."""
    scatter()
    few = shop.scv("POST", "/segments", {"code": "few"})
    for one in random.sample(ids, 9):
        shop.scv("PUT", f"/segments/few/customers/{one}")
    site.sql(f"UPDATE segment_member SET segmented_at = {BASE} + position % 2"
             f" WHERE workspace_id = {ws} AND segment_id = (SELECT id FROM"
             f" segment WHERE workspace_id = {ws} AND code = 'few')")
    tap.equal(few.status, 201, "a small segment")
    for segment in ("customers", "all", "few"):
        for sort in EVERY + ["segmentedDate", "-segmentedDate"]:
            wanted = model(segment, sort)
            for size in (1000, 4) if segment == "few" else (50, 11):
                there, last = pages(get(**query_of(segment, sort, size)),
                                    "next")
                back, first = pages(last, "prev")
                label = f"segment {segment}, sort {sort}, pages of {size}"
                tap.equal(joined(there), wanted, f"{label}: forward")
                tap.equal(joined(back[::-1]), wanted, f"{label}: backward")
                tap.ok(all(len(page) == min(size, len(wanted))
                           for page in there[:-1] + back[1:]) and there[-1],
                       f"{label}: pages are full")
                tap.equal(first.json["links"]["prev"], None,
                          f"{label}: nothing before the first")


def test_default_size():
    reply = get(segment="customers", retProps="$customerid")
    tap.equal(len(reply.json["data"]), 50, "pages have 50 by default")


def test_links():
    reply = shop.scv("GET", "/customers?retProps=$customerid,first_name&segment"
                     "=customers&sort=-createdDate&page%5Bsize%5D=10")
    second = follow(reply.json["links"]["next"])
    links = second.json["links"]
    for name, url in links.items():
        split = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(split.query))
        cursor = query.pop("page[before]" if name == "prev" else "page[after]")
        tap.equal((split.scheme, split.netloc, split.path, query),
                  ("https", f"localhost:{site.port}", "/scv/customers",
                   {"retProps": "$customerid,first_name", "sort":
                    "-createdDate", "segment": "customers",
                    "page[size]": "10"}), f"{name} keeps the rest of the query")
        tap.ok(re.fullmatch(r"[A-Za-z0-9_-]+", cursor), "the cursor is opaque")
    header = dict((rel, url) for url, rel in re.findall(
        r'<([^>]*)>; rel="(\w+)"', second.headers["Link"]))
    tap.equal(header, links, "RFC 8288: the header has the same")
    one = shop.scv("GET", "/customers?segment=customers&page[size]=1000",
                   headers={"Host": "evil.example"})
    tap.ok(one.status != 200 or "Link" not in one.headers,
           "one page has no links")
    host = shop.scv("GET", "/customers?segment=customers",
                    headers={"X-Forwarded-Host": "evil.example"})
    tap.ok(b"evil" not in host.raw, "the hostname is the configured one")


def test_search():
    everybody = site.sql("SELECT LOWER(HEX(uuid)) FROM customer WHERE"
                         f" workspace_id = {ws} ORDER BY seq")
    tap.equal(len(everybody), PEOPLE, "all are there")
    tap.equal(get(search_contains="nobody has this").json,
              {"data": [], "links": {"prev": None, "next": None}},
              "nobody is found")
    tap.equal(got(get(other, search_contains="p007", retProps="$customerid")),
              [], "S12: nor in another tenant")


def test_found():
    """Searches are by seq, or in any order but segmentedDate."""
    place = site.workspace([
        {"field_name": "name", "field_type": "string", "pii": True,
         "searchable": True}])
    ids = place.check([{"name": f"{'Ann' if i % 3 else 'Bob'} {i}"}
                       for i in range(90)]).json["customer_ids"]
    site.sql("UPDATE customer SET created_at = "
             f"{BASE} + (seq * 7) % 11, updated_at = {BASE} + (seq * 5) % 13"
             " WHERE workspace_id = (SELECT id FROM workspace WHERE uuid ="
             f" UNHEX('{place.id.replace('-', '')}'))")
    rows = {"-".join((t[:8], t[8:12], t[12:16], t[16:20], t[20:])): (int(s),
                                                                  int(c), int(u))
            for t, s, c, u in site.sql(
                "SELECT LOWER(HEX(uuid)), seq, created_at, updated_at FROM"
                " customer")}
    for term, hits in (("aNN", [i for i in range(90) if i % 3]),
                       ("bob 6", [6, 60, 63, 66, 69]), ("ob 33", [33])):
        for sort in EVERY:
            key = {"n": lambda x: rows[x][0],
                   "c": lambda x: (rows[x][1], rows[x][0]),
                   "u": lambda x: (rows[x][2], rows[x][0])}[
                       sort.lstrip("-")[0]]
            wanted = sorted((ids[i] for i in hits), key=key,
                            reverse=sort[0] == "-")
            more = {} if sort == "none" else {"sort": sort}
            for size in (4, 60):
                first = get(place, search_contains=term, page_size=size,
                            retProps="$customerid", **more)
                start = f"https://localhost:{site.port}/scv"

                def walk(reply, link):
                    out = [got(reply)]
                    while reply.json["links"][link]:
                        reply = place.scv("GET", reply.json["links"][link][
                            len(start):])
                        out.append(got(reply))
                    return out, reply
                there, last = walk(first, "next")
                back, _ = walk(last, "prev")
                label = f"search {term}, sort {sort}, pages of {size}"
                tap.equal(joined(there), wanted, f"{label}: forward")
                tap.equal(joined(back[::-1]), wanted, f"{label}: backward")


def test_page_that_empties():
    """A cursor whose neighbours have gone still leads somewhere."""
    place = site.workspace([{"field_name": "n", "field_type": "string"}])
    ids = place.check([{"n": str(i)} for i in range(4)]).json["customer_ids"]
    cut = len(f"https://localhost:{site.port}/scv")
    first = get(place, segment="all", page_size=2, retProps="$customerid")
    link = first.json["links"]["next"][cut:]
    place.call("DELETE", "/v1/customer", place.group(customer_ids=ids[2:]))
    empty = place.scv("GET", link)
    tap.equal((empty.json["data"], empty.json["links"]["next"]), ([], None),
              "what came after has gone")
    back = place.scv("GET", empty.json["links"]["prev"][cut:])
    tap.equal((got(back), back.json["links"]["prev"]), (ids[:2], None),
              "and the way back has what is left")
    link = back.json["links"]["next"]
    tap.equal(link, None, "which is all")
    (fifth,) = place.check([{"n": "5"}]).json["customer_ids"]
    tap.equal(got(place.scv("GET", first.json["links"]["next"][cut:])), [fifth],
              "who comes later is found by an old cursor")


def test_while_rows_move():
    """Those who stay are met once, in their order, whatever others do."""
    place = site.workspace([{"field_name": "n", "field_type": "string"}])
    ids = place.check([{"n": str(i)} for i in range(66)]).json["customer_ids"]
    site.sql("UPDATE customer SET created_at = created_at - (seq * 7) % 11"
             " WHERE workspace_id = (SELECT id FROM workspace WHERE uuid ="
             f" UNHEX('{place.id.replace('-', '')}'))")
    stay = set(ids[::3])
    cut = len(f"https://localhost:{site.port}/scv")
    going = [one for one in ids if one not in stay]
    changing, ended = going[:20], threading.Event()
    leaving = going[20:]

    def churn():
        turn = 0
        while not ended.is_set() and turn < 500:
            place.check([{"n": f"new {turn}"}])
            if leaving:
                place.call("DELETE", "/v1/customer", place.group(
                    customer_ids=[leaving.pop(random.randrange(
                        len(leaving)))]))
            one = changing[turn % len(changing)]
            place.call("PATCH", "/v1/customer", place.group(customer_data={
                "customer_id": one, "n": f"changed {turn}"}))
            turn += 1

    orders = {}
    for segment in ("customers", "all"):
        for sort in EVERY + ["segmentedDate", "-segmentedDate"]:
            reply = get(place, segment=segment, page_size=1000,
                        retProps="$customerid",
                        **({} if sort == "none" else {"sort": sort}))
            orders[segment, sort] = [x for x in got(reply) if x in stay]
    worker = threading.Thread(target=churn)
    worker.start()
    try:
        for (segment, sort), wanted in orders.items():
            reply = get(place, segment=segment, page_size=11,
                        retProps="$customerid",
                        **({} if sort == "none" else {"sort": sort}))
            for link in ("next", "prev"):
                met = [got(reply)]
                while reply.json["links"][link] and len(met) < 200:
                    reply = place.scv("GET", reply.json["links"][link][cut:])
                    met.append(got(reply))
                met = joined(met if link == "next" else met[::-1])
                tap.equal([x for x in met if x in stay], wanted,
                          f"{segment}, {sort}, {link}: who stays is met once")
    finally:
        ended.set()
        worker.join(60)


def test_rights():
    key = shop.key("CUSTOMERS_READ")
    tap.equal(get(key=key, segment="all").status, 200, "S13: by its privilege")
    names = ["CUSTOMER_READ", "CUSTOMER_CREATE", "CUSTOMER_UPDATE",
             "CUSTOMER_DELETE", "CUSTOMERS_EXPORT", "CUSTOMERS_SCHEMA_READ",
             "CUSTOMERS_SCHEMA_UPDATE", "CUSTOMERS_SEGMENT", "CUSTOMER_SESSION"]
    tap.equal(get(key=shop.key(*names), segment="all").status, 403,
              "S13: and by no other")
    reply = shop.scv("GET", "/customers?segment=all", key=other.api_key)
    tap.equal((reply.status, reply.json), (401, {"message": "Unauthorized"}),
              "S6: another tenant's key")
    mine = other.scv("POST", "/segments", {"code": "theirs"})
    foreign = get(segment="theirs")
    absent = get(segment="nobodys")
    tap.equal((mine.status, foreign.status, foreign.raw),
              (201, absent.status, absent.raw),
              "S12: another tenant's segment is as one that is not there")
    tap.equal(got(get(other, email="p001@example.org",
                      retProps="$customerid")), [],
              "S12: nor is its customer found")


def test_audit():
    get(segment="customers", page_size=3)
    get(tertiary="T-1")
    get(tertiary="nobody")
    segment = site.sql("SELECT HEX(uuid) FROM segment WHERE code = 'customers'"
                       f" AND workspace_id = {ws}")[0][0]
    wanted = {("customer.find", "tertiary", 1, ids[1].replace("-", "").upper()),
              ("customer.find", "tertiary", 0, "NULL"),
              ("customer.list", "segment", 3, segment)}
    end, rows = time.monotonic() + 30, set()
    while time.monotonic() < end and not wanted <= rows:
        time.sleep(0.2)  # the worker brings them in
        for action, detail, subject in site.sql(
                "SELECT action, detail, HEX(subject) FROM audit WHERE action"
                " IN ('customer.find', 'customer.list') AND detail LIKE"
                " '%dimension%'"):
            one = json.loads(detail)
            rows.add((action, one["dimension"], one["customers"], subject))
    tap.equal(wanted - rows, set(), "S35: who was found, that nobody was, and"
              " how many of which segment were seen")
    logs = site.logs() + "".join(row[0] for row in site.sql(
        "SELECT detail FROM audit"))
    tap.ok("p007@example.org" not in logs and "p007%40" not in logs,
           "S24: what was looked for is in no log")


tap.run(globals())
