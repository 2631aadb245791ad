"""GET /v1/customer/{id}, POST /v1/customer/find, ETag and If-Match."""
import threading
import coffer
import tap

site = coffer.Site()
FIELDS = coffer.DEFAULT_FIELDS + [
    {"field_name": "number", "field_type": "integer", "unique": True}]
shop = site.workspace(FIELDS)
other = site.workspace(FIELDS)
UNKNOWN = "11111111-1111-4111-8111-111111111111"


def make(*rows, place=shop):
    return place.check(list(rows)).json["customer_ids"]


def get(customer, query=None, place=shop, **more):
    query = f"?workspace_id={place.id}" if query is None else query
    return place.call("GET", f"/v1/customer/{customer}{query}", **more)


def find(field, value, **more):
    return shop.post("/v1/customer/find", {
        "workspace_id": shop.id, "field": field, "value": value, **more})


def patch(rows, tag=None, place=shop, **more):
    return place.call("PATCH", "/v1/customer",
                      place.group(customer_data=rows, **more),
                      headers={"If-Match": tag} if tag else None)


def test_show():
    (ann,) = make({"email": "a@x.org", "first_name": "Ann", "number": 7})
    page = shop.page().json["customers"]
    reply = get(ann)
    tap.equal(reply.json, [c for c in page if c["customer_id"] == ann][0],
              "one customer is as in a page")
    tap.equal(reply.headers["ETag"], '"1"', "with its revision as ETag")
    tap.equal(get(ann, "").json, reply.json, "also without workspace_id")
    again = shop.site.workspace(FIELDS, account=shop.account)
    tap.equal(get(ann, "", place=again).status, 404,
              "not for a user without rights in its workspace")
    tap.equal(again.call("GET", f"/v1/customer/{ann}?workspace_id={shop.id}")
              .status, 403, "who is told so where the workspace is named")
    bodies = {get(name, query, place=place).raw
              for name in (UNKNOWN, ann, "nonsense", "00000000-0000-0000-0000"
                           "-000000000000")
              for query, place in (("", other), (None, other), ("", again))}
    tap.equal(bodies, {b'{"status":404,"message":"not found","errors":[]}'},
              "S12: unknown, foreign and malformed ids are all the same 404")
    tap.equal(get(ann, "?workspace_id=x").status, 400, "a bad workspace: 400")
    tap.equal(get(ann, token=shop.user("uploader")).status, 403,
              "an uploader may not read")
    tap.equal(get(ann, "", token=shop.user("uploader")).status, 404,
              "nor find")
    tap.equal(shop.call("DELETE", f"/v1/customer/{ann}").status, 405,
              "other methods: 405")


def test_not_modified():
    (ann,) = make({"email": "nm@x.org"})
    for tag, status in (('"1"', 304), ('W/"1"', 304), ('"7", "1"', 304),
                        ("*", 304), ('"2"', 200), ("nonsense", 200)):
        reply = get(ann, headers={"If-None-Match": tag})
        tap.equal((reply.status, reply.headers["ETag"],
                   bool(reply.raw)), (status, '"1"', status == 200),
                  f"If-None-Match {tag}")


def test_find():
    (ann,) = make({"email": "Find@x.org", "number": 12})
    reply = find("email", " fIND@x.org ")
    tap.equal((reply.status, reply.json), (200, get(ann).json),
              "by a unique value, as uniqueness compares")
    tap.equal(reply.headers["ETag"], '"1"', "with its ETag")
    for value in (12, "12"):
        tap.equal(find("number", value).json.get("customer_id"), ann,
                  f"parsed as the field is: {value!r}")
    tap.equal(find("email", "nobody@x.org").status, 404, "nobody: 404")
    for field, value, word in (("phone", "1", "phone"), ("shoe", "1", "no such"),
                               ("number", "x", "value"), ("number", [], "value"),
                               ("email", "  ", "value")):
        reply = find(field, value)
        tap.ok(reply.status == 400 and word in reply.json["message"],
               f"{field} {value!r} is refused {reply}")
    for body in ({}, {"field": "email"}, {"value": "x"},
                 {"field": "email", "value": None}):
        reply = shop.post("/v1/customer/find",
                          {"workspace_id": shop.id, **body})
        tap.equal(reply.status, 400, f"{body} is not enough")
    tap.equal(find("email", "find@x.org", more=1).status, 400,
              "members that are not known are refused")
    tap.equal(shop.post("/v1/customer/find", {
        "workspace_id": other.id, "field": "email", "value": "find@x.org"})
        .status, 400, "S12: another tenant's workspace")
    tap.equal(other.post("/v1/customer/find", {
        "workspace_id": other.id, "field": "email", "value": "find@x.org"})
        .status, 404, "another tenant's customers are not there")
    tap.ok("find@x.org" not in site.logs().lower(), "S24: no value in a log")


def test_if_match():
    (ann,) = make({"email": "im@x.org"})
    reply = patch({"customer_id": ann, "first_name": "a"}, '"1"')
    tap.equal((reply.status, reply.headers["ETag"], get(ann).headers["ETag"]),
              (200, '"2"', '"2"'), f"the right revision {reply}")
    reply = patch({"customer_id": ann, "first_name": "b"}, '"1"')
    tap.equal((reply.status, reply.json["status"]), (412, 412),
              "a revision that is gone")
    for tag in ('W/"2"', '"02"', '"x"', '""', '"1", "3"'):
        tap.equal(patch({"customer_id": ann, "first_name": "b"}, tag).status,
                  412, f"{tag} is not it")
    for tag in ("2", '"2', '"2" "3"', "* 1", ","):
        tap.equal(patch({"customer_id": ann, "first_name": "b"}, tag).status,
                  400, f"{tag} is malformed")
    tap.equal((get(ann).json["extended_profile"]["first_name"],
               get(ann).headers["ETag"]), ("a", '"2"'), "nothing was changed")
    tap.equal(site.sql("SELECT COUNT(*) FROM job_queue")[0][0], "0",
              "and nothing is left to do")
    for tag, more in (('"9", "2"', "c"), ("*", "d")):
        reply = patch([{"email": "im@x.org", "first_name": more}], tag)
        tap.equal((reply.status, get(ann).json["extended_profile"]
                   ["first_name"]), (200, more), f"{tag} is met")
    reply = patch({"customer_id": ann, "first_name": "d"}, '"4"')
    tap.equal((reply.status, reply.headers["ETag"]), (200, '"4"'),
              "no change keeps the ETag")
    reply = patch([{"customer_id": ann}, {"email": "a@x.org"}], '"4"')
    tap.equal(reply.status, 400, "several rows: 400")
    tap.equal(patch({"customer_id": UNKNOWN}, "*").status, 400,
              "an unknown customer is an error of its row")
    tap.equal(patch({"customer_id": ann, "first_name": "z"}, '"3"',
                    validate_only=True).status, 412, "validate_only says so")
    key = {"If-Match": '"4"', "Idempotency-Key": "im"}
    body = shop.group(customer_data={"customer_id": ann, "first_name": "e"})
    first = shop.call("PATCH", "/v1/customer", body, headers=key)
    again = shop.call("PATCH", "/v1/customer", body, headers=key)
    tap.equal((first.status, again.status, again.raw), (200, 200, first.raw),
              "sent again with its Idempotency-Key it is not refused")
    tap.equal(get(ann).headers["ETag"], '"5"', "and is done once")


def test_if_match_race():
    """Of many that change one revision at once one wins."""
    (ann,) = make({"email": "race@x.org"})
    for round_ in range(1, 6):
        replies = []
        threads = [threading.Thread(target=lambda i=i: replies.append(patch(
            {"customer_id": ann, "first_name": f"r{round_} {i}"},
            f'"{round_}"'))) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.equal(sorted(r.status for r in replies), [200, 412, 412, 412],
                  f"round {round_}")
    tap.equal(get(ann).headers["ETag"], '"6"', "five changes, none lost")
    tap.equal(site.sql("SELECT COUNT(*) FROM job_queue")[0][0], "0",
              "and nothing is left in the queue")


tap.run(globals())
