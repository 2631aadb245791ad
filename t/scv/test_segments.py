"""/scv/segments: segments are the customer groups of /v1, and who is in them."""
import threading
import uuid

import coffer
import tap

site = coffer.Site()
site.keep_alive()
shop = site.workspace([{"field_name": "n", "field_type": "string"}])
other = site.workspace([{"field_name": "n", "field_type": "string"}])
ids = shop.check([{"n": str(i)} for i in range(30)]).json["customer_ids"]
(foreign,) = other.check([{"n": "theirs"}]).json["customer_ids"]
NOBODY = str(uuid.uuid4())


def call(method, path="", body=None, place=shop, **more):
    return place.scv(method, f"/segments{path}", body, **more)


def names(reply):
    return sorted(p["name"] for p in reply.json["invalid-params"])


def members(code, place=shop, **query):
    more = "".join(f"&{k}={v}" for k, v in query.items())
    reply = place.scv("GET", f"/customers?segment={code}&page[size]=1000"
                      f"&retProps=$customerid{more}")
    return [one["$customerid"] for one in reply.json["data"]]


def group(code):
    """The same as /v1 shows it."""
    (one,) = [g for g in shop.post("/v1/cg", {"workspace_id": shop.id}).json[
        "groups"] if g["code"] == code]
    return one


def audited(action):
    return site.sql("SELECT detail, HEX(subject) FROM audit WHERE action ="
                    f" '{action}'")


def test_create():
    reply = call("POST", "", {"code": "vip", "name": "Very \"I\" P",
                              "description": "Zoë's"})
    want = group("vip")
    tap.equal((reply.status, reply.json, reply.headers["Location"]),
              (201, want, f"https://localhost:{site.port}/scv/segments/vip"),
              "201, as /v1 has it")
    tap.equal({k: want[k] for k in ("code", "name", "description",
                                    "customers")},
              {"code": "vip", "name": "Very \"I\" P", "description": "Zoë's",
               "customers": 0}, "with all that was given")
    tap.equal(call("GET", "/vip").json, want, "shown by its code")
    tap.equal(call("POST", "", {"code": "plain"}).json["name"], "plain",
              "a name that is not given is the code")
    again = call("POST", "", {"code": "vip"})
    tap.equal((again.status, names(again)), (409, ["code"]),
              "a code is taken once")
    tap.equal(call("POST", "", {"code": "all"}).status, 409, "so is `all`")
    tap.equal(call("POST", "", {"code": "vip"}, other).status, 201,
              "in each workspace")
    tap.ok(len(audited("group.create")) >= 3, "S35: audited")


def test_bad_bodies():
    for body, wrong in (({}, ["code"]), ({"code": None}, ["code"]),
                        ({"code": "A b"}, ["code"]), ({"code": ""}, ["code"]),
                        ({"code": "x" * 65}, ["code"]), ({"code": 1}, ["code"]),
                        ({"code": "x", "name": ""}, ["name"]),
                        ({"code": "x", "name": "n" * 201, "description":
                          "d" * 1001}, ["description", "name"]),
                        ({"code": "x", "color": 1, "name": []},
                         ["color", "name"])):
        reply = call("POST", "", body)
        tap.equal((reply.status, names(reply)), (400, wrong), f"{body}"[:60])
    tap.equal(call("POST", "", b"{", headers={
        "Content-Type": "application/json"}).json["title"], "Invalid JSON",
        "JSON that is none")
    tap.equal(call("GET", "/x").status, 404, "nothing was made")
    for method, path in (("GET", "?x=1"), ("GET", "/vip?x=1"),
                         ("DELETE", "/vip?x=1"),
                         ("PUT", f"/vip/customers/{ids[0]}?x=1")):
        reply = call(method, path)
        tap.equal((reply.status, names(reply)), (400, ["x"]),
                  f"{method} {path}: no such parameter")


def test_put():
    reply = call("PUT", "/gold", {"name": "Gold"})
    tap.equal((reply.status, reply.json), (201, group("gold")), "PUT creates")
    reply = call("PUT", "/gold", {"description": "best", "code": "gold"})
    tap.equal((reply.status, reply.json["name"], reply.json["description"]),
              (200, "Gold", "best"), "and changes: what is not given stays")
    tap.equal(call("PUT", "/gold").status, 200, "an empty body changes nothing")
    tap.equal(group("gold"), call("GET", "/gold").json, "both faces agree")
    for path, body, wrong in (("/gold", {"code": "tin"}, ["code"]),
                              ("/gold", {"name": 3}, ["name"]),
                              ("/Gold", {}, ["code"]), ("/-x", {}, ["code"]),
                              ("/%27--", {}, ["code"]), ("/all", {}, ["code"]),
                              ("/all", {"name": "x"}, ["code"])):
        reply = call("PUT", path, body)
        tap.equal((reply.status, names(reply)), (400, wrong),
                  f"PUT {path} {body}")
    tap.equal(call("GET", "/all").json["name"], "All customers",
              "`all` is as it was")
    results = []
    threads = [threading.Thread(target=lambda: results.append(
        call("PUT", "/race", {"name": "R"}).status)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    tap.equal(sorted(results), [200] * 5 + [201], "one of many makes it")


def test_members():
    before = site.sql("SELECT revision, updated_at, HEX(events) FROM customer"
                      " ORDER BY seq")
    for i in (5, 3, 8):
        reply = call("PUT", f"/vip/customers/{ids[i]}")
        tap.equal((reply.status, reply.raw), (204, b""), "204 for who comes in")
    tap.equal(members("vip"), [ids[i] for i in (5, 3, 8)],
              "in the order of coming")
    dates = site.sql("SELECT position, segmented_at FROM segment_member")
    tap.equal(call("PUT", f"/vip/customers/{ids[5]}").status, 204,
              "again is no fault")
    tap.equal(site.sql("SELECT position, segmented_at FROM segment_member"),
              dates, "and keeps place and segmentedDate")
    tap.equal((call("GET", "/vip").json["customers"],
               group("vip")["customers"]), (3, 3), "counted, on both faces")
    tap.equal(call("DELETE", f"/vip/customers/{ids[3]}").status, 204, "leaves")
    tap.equal(call("DELETE", f"/vip/customers/{ids[3]}").status, 204,
              "leaving again is no fault")
    tap.equal((members("vip"), call("GET", "/vip").json["customers"]),
              ([ids[5], ids[8]], 2), "and is counted no more")
    tap.equal(len(members("all")), 30, "the customer stays")
    tap.equal(site.sql("SELECT revision, updated_at, HEX(events) FROM customer"
                       " ORDER BY seq"), before,
              "membership is no change of the customer")
    one = shop.scv("GET", f"/customers/{ids[5]}?retProps=$segments").json
    tap.equal(sorted(s["code"] for s in one["$segments"]),
              ["customers", "vip"], "$segments has it")
    tap.equal(len(audited("group.join")), 3, "S35: each coming is audited once")
    tap.equal([row[1] for row in audited("group.leave")],
              [ids[3].replace("-", "").upper()], "S35: and each leaving")


def test_pages_of_v1():
    """Who left is in no page, also where positions and seqs ran in step."""
    for i in (0, 10, 29):
        call("DELETE", f"/customers/customers/{ids[i]}")
    want = [ids[i] for i in range(30) if i not in (0, 10, 29)]
    tap.equal([one["customer_id"] for one in shop.page().json["customers"]],
              want, "a page of /v1 has who is left")
    tap.equal(members("customers"), want, "and so has this face")
    tap.equal(shop.post("/v1/customer/pages", shop.group()).json["customers"],
              27, "counted")
    call("PUT", f"/customers/customers/{ids[10]}")
    tap.equal([one["customer_id"] for one in shop.page().json["customers"]],
              want + [ids[10]], "who comes again is the last")
    tap.equal(site.sql("SELECT s.id, SUM(b.live) FROM segment s JOIN"
                       " segment_bucket b ON b.workspace_id = s.workspace_id"
                       " AND b.segment_id = s.id AND b.level = 0 WHERE s.id > 0"
                       " GROUP BY s.workspace_id, s.id"),
              site.sql("SELECT segment_id, COUNT(*) FROM segment_member"
                       " GROUP BY workspace_id, segment_id"),
              "counts are those of the rows")
    gone = shop.call("DELETE", "/v1/customer", shop.group(
        customer_ids=[ids[1]])).json
    tap.equal((gone["deleted"], ids[1] in members("customers")), (1, False),
              "deletion takes members out too")


def test_refusals():
    for method in ("PUT", "DELETE"):
        for path, status, wrong in (
                (f"/all/customers/{ids[2]}", 400, ["code"]),
                ("/vip/customers/nonsense", 400, ["customerid"]),
                (f"/vip/customers/{NOBODY}", 404, []),
                (f"/nope/customers/{ids[2]}", 404, []),
                ("/vip/customers/' OR 1=1 --".replace(" ", "%20"), 400,
                 ["customerid"])):
            reply = call(method, path)
            tap.equal((reply.status, names(reply)), (status, wrong),
                      f"{method} {path}")
        same = call(method, f"/vip/customers/{foreign}")
        tap.equal((same.status, same.raw),
                  (404, call(method, f"/vip/customers/{NOBODY}").raw),
                  f"S12: {method}: another tenant's customer is nobody")
    for method in ("GET", "DELETE"):
        tap.equal(call("PUT", "/ours-alone").status in (200, 201), True,
                  "ours")
        reply = call(method, "/ours-alone", place=other)
        tap.equal((reply.status, reply.raw),
                  (404, call(method, "/nope", place=other).raw),
                  f"S12: {method}: another tenant's segment is none")
    tap.equal(call("GET", "/ours-alone").status, 200, "S12: and it stays")
    tap.equal(call("DELETE", "/all").status, 400, "`all` cannot be deleted")
    tap.equal(call("GET", "/vip%00").status, 400, "S29: NUL is in no path")
    key = shop.key("CUSTOMERS_READ", "CUSTOMER_READ", "CUSTOMER_CREATE",
                   "CUSTOMER_UPDATE", "CUSTOMER_DELETE", "CUSTOMERS_EXPORT",
                   "CUSTOMERS_SCHEMA_READ", "CUSTOMERS_SCHEMA_UPDATE",
                   "CUSTOMER_SESSION")
    own = shop.key("CUSTOMERS_SEGMENT")
    for method, path, body in (
            ("GET", "", None), ("POST", "", {"code": "s13"}),
            ("GET", "/vip", None), ("PUT", "/vip", {}),
            ("DELETE", "/s13", None),
            ("PUT", f"/vip/customers/{ids[2]}", None),
            ("DELETE", f"/vip/customers/{ids[2]}", None)):
        tap.equal(call(method, path, body, key=key).status, 403,
                  f"S13: {method} {path} needs CUSTOMERS_SEGMENT")
        tap.ok(call(method, path, body, key=own).status < 300,
               f"S13: {method} {path}: and no more")
        tap.equal(call(method, path, body, key=other.api_key).json,
                  {"message": "Unauthorized"}, "S6: another tenant's key")


def test_list():
    for i in range(12):
        call("PUT", f"/list-{i:02}")
    want = call("GET", "?page[size]=1000").json
    codes = [one["code"] for one in want["data"]]
    tap.equal((codes[:2], want["links"]),
              (["all", "customers"], {"prev": None, "next": None}),
              "in the order of their making")
    tap.equal(sorted(codes), sorted(g["code"] for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]), "all of them")
    start = f"https://localhost:{site.port}/scv"
    reply, there = call("GET", "?page[size]=4"), []
    while True:
        there.append(reply)
        if not reply.json["links"]["next"]:
            break
        reply = shop.scv("GET", reply.json["links"]["next"][len(start):])
    tap.equal([one for page in there for one in page.json["data"]],
              want["data"], "page by page")
    back = [reply]
    while reply.json["links"]["prev"]:
        reply = shop.scv("GET", reply.json["links"]["prev"][len(start):])
        back.append(reply)
    tap.equal([one for page in back[::-1] for one in page.json["data"]],
              want["data"], "and backward")
    for query, wrong in (("?page[size]=0", ["page[size]"]),
                         ("?page[after]=x", ["page[after]"]),
                         ("?sort=code", ["sort"])):
        reply = call("GET", query)
        tap.equal((reply.status, names(reply)), (400, wrong), query)


def test_delete():
    call("PUT", f"/list-03/customers/{ids[4]}")
    before = group("list-03")["customer_group_id"]
    reply = call("DELETE", "/list-03")
    tap.equal((reply.status, reply.raw), (204, b""), "204")
    tap.equal((call("GET", "/list-03").status, call("DELETE", "/list-03")
               .status), (404, 404), "gone at once")
    tap.equal(shop.page(0, before).status, 401, "on /v1 too")
    tap.ok(ids[4] in members("all"), "its customers stay")
    one = shop.scv("GET", f"/customers/{ids[4]}?retProps=$segments").json
    tap.equal([s["code"] for s in one["$segments"]], ["customers"],
              "and are in it no more")


def test_races():
    """Coming, leaving, deletion of customers and segments at once: counts are
    those of the rows, and nobody is left behind."""
    crowd = shop.check([{"n": f"c{i}"} for i in range(24)]).json[
        "customer_ids"]
    call("PUT", "/storm")
    call("PUT", "/brief")
    seen = set()

    def stir(start):
        for turn in range(18):
            one = crowd[(start * 5 + turn) % 24]
            for code in ("storm", "brief"):
                seen.add(call("DELETE" if (turn + start) % 3 == 0 else "PUT",
                              f"/{code}/customers/{one}").status)

    def remove():
        for one in crowd[::4]:
            seen.add(shop.call("DELETE", "/v1/customer", shop.group(
                customer_ids=[one])).status)
        seen.add(call("DELETE", "/brief").status)

    threads = [threading.Thread(target=stir, args=(i,)) for i in range(3)]
    threads.append(threading.Thread(target=remove))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    tap.ok(seen <= {200, 204, 404}, f"nothing but 200, 204, 404 {seen}")
    rows = site.sql("SELECT s.id FROM segment s WHERE s.code = 'storm'")
    live = site.sql("SELECT COALESCE(SUM(live), 0) FROM segment_bucket WHERE"
                    f" segment_id = {rows[0][0]} AND level = 0 AND workspace_id"
                    " = (SELECT workspace_id FROM segment WHERE code ="
                    " 'storm')")
    level = site.sql("SELECT COALESCE(SUM(live), 0) FROM segment_bucket WHERE"
                     f" segment_id = {rows[0][0]} AND level = 1 AND"
                     " workspace_id = (SELECT workspace_id FROM segment WHERE"
                     " code = 'storm')")
    tap.equal((live, level), ([[str(len(members("storm")))]],) * 2,
              "counts at both levels are those of the members")
    tap.equal(site.sql("SELECT COUNT(*) FROM segment_member m LEFT JOIN customer"
                       " c ON c.workspace_id = m.workspace_id AND c.seq = m.seq"
                       " LEFT JOIN segment s ON s.workspace_id = m.workspace_id"
                       " AND s.id = m.segment_id WHERE c.seq IS NULL OR s.id IS"
                       " NULL"), [["0"]], "no membership of who or what is gone")
    tap.equal(site.ctl("audit", "verify", check=False).returncode, 0,
              "S35: the audit log is whole")


tap.run(globals())
