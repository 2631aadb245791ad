"""POST /scv/customers, GET, PATCH, PUT and DELETE /scv/customers/{id}."""
import json
import time
import uuid

import coffer
import tap

site = coffer.Site()
FIELDS = coffer.DEFAULT_FIELDS + [
    {"field_name": "gpa", "field_type": "number"},
    {"field_name": "tags", "field_type": "array"},
    {"field_name": "age", "field_type": "integer"},
    {"field_name": "vip", "field_type": "boolean"},
    {"field_name": "code", "field_type": "string", "unique": True,
     "max_length": 20}]
shop = site.workspace(FIELDS)
other = site.workspace(FIELDS)
sister = site.workspace(FIELDS, account=shop.account)
SEED = {"$verifiedEmail": "user@example.com", "$username": "postman@squiz.net",
        "$tertiaryid": "abc123", "first_name": "Bilbo", "$consented": True,
        "$consentDocumentVersion": "v 1"}
JSON = {"Content-Type": "application/json"}
NOT_FOUND = {"title": "not found", "status": 404, "invalid-params": []}


def unknown():
    return str(uuid.uuid4())


def create(body=None, query="", place=shop, **more):
    return place.scv("POST", f"/customers{query}", body, **more)


def get(customer, query="?retAllProps=1", place=shop, **more):
    return place.scv("GET", f"/customers/{customer}{query}", **more)


def patch(customer, body, query="", place=shop, **more):
    return place.scv("PATCH", f"/customers/{customer}{query}", body, **more)


def put(customer, body, query="?mode=merge", place=shop, **more):
    return place.scv("PUT", f"/customers/{customer}{query}", body, **more)


def delete(customer, place=shop, **more):
    return place.scv("DELETE", f"/customers/{customer}", **more)


def made(body=None, **more):
    return create(body, **more).json["$customerid"]


def faults(reply):
    """The names of what is wrong, of a 400."""
    if reply.status != 400:
        return reply
    if reply.headers["Content-Type"] != "application/problem+json":
        return reply.headers["Content-Type"]
    return names(reply)


def names(reply):
    return sorted(p["name"] for p in reply.json["invalid-params"])


def everything():
    """All that is stored of customers, to see that nothing changed."""
    return site.sql("SELECT * FROM customer ORDER BY 1, 2; SELECT * FROM "
                    "customer_unique ORDER BY 1, 2, 3; SELECT workspace_id,"
                    " SUM(live) FROM segment_bucket GROUP BY 1")


def test_create():
    reply = create(SEED)
    ann = reply.json["$customerid"]
    tap.equal((reply.status, list(reply.json), uuid.UUID(ann).version),
              (201, ["$customerid"], 4), "201 and the id")
    tap.equal((reply.headers["ETag"], reply.headers["Location"]),
              ('"1"', f"https://localhost:{site.port}/scv/customers/{ann}"),
              "ETag and Location")
    tap.equal(reply.headers["Cache-Control"], "no-store",
              "S34: answers are not to be stored")
    got = get(ann).json
    tap.equal({name: got[name] for name in SEED}, SEED, "all is there")
    tap.equal(got["$createdDatetime"], got["$updatedDatetime"], "both times")
    for body, kind in ((None, {}), ({}, {}), (b"", {}),
                       (b"", {"Content-Type": "application/json"})):
        reply = create(body, headers=kind)
        tap.equal((reply.status, get(reply.json["$customerid"],
                                     "?retProps=email").json),
                  (201, {}), f"an empty customer from {body} {kind}")
    reply = create({"first_name": "P", "gpa": 2.3},
                   "?retProps=first_name,$customerid,gpa,$segments")
    tap.equal((reply.status, reply.json.pop("$customerid", None) is not None,
               reply.json | {"$customerid": 0}),
              (201, True, {"first_name": "P", "gpa": 2.3, "$segments": [],
                           "$customerid": 0}), "with a projection")
    tap.equal(list(create({}, "?retAllProps=1").json),
              ["$createdDatetime", "$customerid", "$eventLog", "$segments",
               "$updatedDatetime"], "with every attribute")
    tap.equal(create({}, "?retProps=vip").json, {}, "or with none")
    before = everything()
    tap.equal(faults(create({}, "?retProps=nosuch")), ["nosuch"],
              "an unknown name in retProps is a 400")
    tap.equal(faults(create({"x": 1}, "?retProps=nosuch")), ["nosuch", "x"],
              "and told with what is wrong in the body")
    tap.equal(everything(), before, "nothing is created by those")


def test_each_fault():
    """All that is wrong with a request is told at once."""
    ann = made({"first_name": "Ann"})
    before = everything()
    for body in ({"ghost": 1}, b'{"ghost":18446744073709551616}'):
        for name, call, wanted in (
                ("patch", lambda: patch("x", body, "?a=1&retProps=wraith",
                                        headers=JSON),
                 ["a", "customerid", "ghost", "wraith"]),
                ("put", lambda: put("x", body, "?mode=y&a=1&retProps=wraith",
                                    headers=JSON),
                 ["a", "customerid", "ghost", "mode", "wraith"])):
            tap.equal(faults(call()), wanted, f"{name}: each fault is told")
    tap.equal(faults(shop.scv("GET", "/customers/x?a=1&retProps=wraith")),
              ["a", "customerid", "wraith"], "get: each fault is told")
    tap.equal(faults(shop.scv("DELETE", "/customers/x?a=1")),
              ["a", "customerid"], "delete: each fault is told")
    tap.equal(faults(shop.scv("DELETE", f"/customers/{ann}?a=1")), ["a"],
              "delete: a parameter that does not exist")
    tap.equal(everything(), before, "nothing is changed by those")


def test_members():
    """S26: a value that no field can take is told by its attribute."""
    ann = made({"first_name": "Ann", "gpa": 1})
    before = everything()
    for body, wanted in (
            ('"gpa":18446744073709551616', ["gpa"]),
            ('"gpa":-9223372036854775809,"ghost":1', ["ghost", "gpa"]),
            ('"first_name":9223372036854775808', ["first_name"]),
            ('"$consented":9223372036854775808', ["$consented"]),
            ('"$customerid":9223372036854775808', ["$customerid"]),
            ('"first_name":"a\\u0000b"', ["first_name"]),
            ('"first_name":"\\u0000","gpa":["x",{"y":"\\u0000"}],"vip":true',
             ["first_name", "gpa"]),
            ('"first\\u0000name":1', ["body"]),
            ('"gpa":1,"gpa":2', ["body"])):
        tap.equal(faults(patch(ann, ("{" + body + "}").encode(),
                               headers=JSON)), wanted,
                  f"S26: {body}: 400 names {wanted}")
    tap.equal(everything(), before, "S26: the customer is unchanged")


def test_taken():
    ann = made({"$verifiedEmail": "Taken@x.org", "$username": "taken",
                "$tertiaryid": "T-1", "code": "c1"})
    bob = made({"$username": "bob"})
    before = everything()
    for name, value in (("$verifiedEmail", " tAKEN@x.org"),
                        ("$username", "Taken"), ("$tertiaryid", "T-1"),
                        ("code", "C1")):
        for what, reply in (("create", create({name: value, "gpa": 1})),
                            ("patch", patch(bob, {name: value})),
                            ("put", put(bob, {name: value})),
                            ("put of a new one", put(unknown(),
                                                     {name: value}))):
            tap.equal((reply.status, reply.json["invalid-params"]),
                      (409, [{"name": name,
                              "reason": "another customer has this value"}]),
                      f"{what}: {name} is taken")
            tap.ok(value.strip().lower() not in reply.raw.decode().lower()
                   or name == "$username", "and its value is not told")
    cat = made({"code": "c2"})
    both = {"$username": "taken", "code": "C2", "$tertiaryid": "free",
            "gpa": 1}
    for what, reply in (("create", create(both)), ("patch", patch(bob, both)),
                        ("put", put(bob, both)),
                        ("put of a new one", put(unknown(), both))):
        tap.equal((reply.status, names(reply), reply.json["title"]),
                  (409, ["$username", "code"],
                   "customers with these values exist"),
                  f"{what}: every value that is taken is named")
    tap.equal(names(patch(cat, both)), ["$username"],
              "but none that is one's own")
    delete(cat)
    tap.equal(everything(), before, "nothing has changed")
    tap.equal(patch(ann, {"$username": "TAKEN"}).status, 200,
              "one's own value is free")
    tap.equal(create({"$username": "taken"}, place=sister).status, 201,
              "and so is that of another workspace")
    patch(ann, {"$username": "moved"})
    tap.equal(create({"$username": "taken"}).status, 201,
              "a value that was given up is free")
    tap.equal(create({"$username": "moved"}).status, 409, "the new one not")
    patch(ann, {"code": None})
    tap.equal(create({"code": "c1"}).status, 201, "a cleared one is free too")


def test_patch():
    ann = made({"first_name": "Bilbo", "gpa": 2.3, "phone": "+44 1",
                "tags": ["a"], "vip": True})
    reply = patch(ann, {"first_name": "John", "gpa": 2.5})
    tap.equal((reply.status, reply.raw, reply.headers["ETag"]),
              (200, b"{}", '"2"'), "200 {} and the new revision")
    got = get(ann).json
    tap.equal((got["first_name"], got["gpa"], got["phone"], got["tags"]),
              ("John", 2.5, "+44 1", ["a"]), "the others stay")
    tap.equal([(e["event"], e["attributes"]) for e in got["$eventLog"]],
              [("changed", ["first_name", "gpa"]), ("created", [])],
              "the event log knows which changed")
    reply = patch(ann, {"phone": None, "tags": None}, "?retProps=phone,vip")
    tap.equal((reply.status, reply.json), (200, {"vip": True}),
              "null clears; a projection is answered")
    tap.equal(patch(ann, {"first_name": "John"}).headers["ETag"], '"3"',
              "what is there already changes nothing")
    tap.equal(patch(ann, {}).raw, b"{}", "{} is valid")
    tap.equal(patch(unknown(), {"gpa": 1}).json, NOT_FOUND, "unknown: 404")
    reply = patch(ann, b"")
    tap.equal((reply.status, reply.json["title"]),
              (400, "Missing request body"), "no body: 400")
    for text in (b"{", b"[]", b"\"x\"", b'{"gpa":1,"gpa":2}', b"{\"gpa\":01}",
                 b"{\"first_name\":\"\xff\"}"):
        reply = patch(ann, text, headers={"Content-Type": "application/json"})
        tap.equal((reply.status, reply.headers["Content-Type"]),
                  (400, "application/problem+json"), f"{text}: 400")
    tap.equal(patch(ann, b"gpa=1", headers={
        "Content-Type": "text/plain"}).status, 415, "another type: 415")


def test_if_match():
    ann = made({"gpa": 1})
    for tag, status in (('"2"', 412), ('W/"1"', 412), ("x", 400),
                        ('"7", "1"', 200), ("*", 200), ('"1"', 412)):
        for call in (patch, put):
            value = 2 if call is patch else 3
            if status == 200 and tag != "*" and call is put:
                continue
            reply = call(ann, {"gpa": value}, headers={"If-Match": tag})
            tap.equal(reply.status, status, f"{call.__name__} If-Match {tag}")
    tap.equal(put(unknown(), {}, headers={"If-Match": "*"}).status, 412,
              "nothing to match: no customer is created")
    new = unknown()
    none = {"If-None-Match": "*"}
    for who, more, status in (
            (new, {"If-Match": "*"}, 412), (new, {}, 201), (new, {}, 412),
            (new, {"If-Match": "*"}, 412), (ann, {}, 412),
            (ann, {"If-None-Match": "\t* \t"}, 412),
            (ann, {"If-None-Match": "*, *"}, 400),
            (ann, {"If-None-Match": '"1"'}, 400)):
        before = get(ann).headers["ETag"]
        reply = put(who, {"gpa": 4}, headers={**none, **more})
        tap.equal((reply.status, get(ann).headers["ETag"]), (status, before),
                  f"PUT of one that is to be new, and {more}: {status}")
    tag = get(ann).headers["ETag"]
    for wrong, status in (('"1"', 412), (f"W/{tag}", 412), ("x", 400)):
        reply = delete(ann, headers={"If-Match": wrong})
        tap.equal((reply.status, get(ann).headers["ETag"]), (status, tag),
                  f"delete If-Match {wrong}: {status}, nothing is done")
    bob = made({"gpa": 1})
    tap.equal(delete(bob, headers={"If-Match": get(bob).headers["ETag"]})
              .status, 204, "deleted under the revision that it has")
    tap.equal(delete(bob, headers={"If-Match": "*"}).status, 404, "once")
    known = {"If-None-Match": tag}
    tap.equal(get(ann, "", headers=known).status, 304, "If-None-Match: 304")
    shop.scv("PUT", "/segments/known", {"name": "Known"})
    shop.scv("PUT", f"/segments/known/customers/{ann}")
    reply = get(ann, "?retProps=$segments", headers=known)
    tap.equal((reply.status, [s["code"] for s in reply.json["$segments"]]),
              (200, ["known"]), "segments are told although the ETag is as it was")


def test_put():
    ann = made({"gpa": 1})
    for query in ("", "?mode=overwrite"):
        reply = put(ann, {"gpa": 2}, query)
        tap.equal((reply.status, reply.headers["Content-Type"],
                   reply.json["status"]),
                  (501, "application/problem+json", 501), f"{query!r}: 501")
    tap.equal(faults(put(ann, {}, "?mode=replace")), ["mode"], "unknown: 400")
    for what, reply in (
            ("twice", put(ann, {"gpa": 2}, "?mode=merge&mode=overwrite")),
            ("for PATCH", patch(ann, {"gpa": 2}, "?mode=merge")),
            ("for POST", shop.scv("POST", "/customers?mode=merge", {}))):
        tap.equal((reply.status, faults(reply)), (400, ["mode"]),
                  f"mode {what}: 400")
    tap.equal(get(ann).json["gpa"], 1, "nothing has changed")
    reply = put(ann, {"gpa": 3})
    tap.equal((reply.status, reply.raw), (200, b"{}"), "merge: 200")
    new = unknown().upper()
    reply = put(new, {"gpa": 4, "$username": "put"}, "?mode=merge&retProps="
                "$customerid,gpa")
    tap.equal((reply.status, reply.json),
              (201, {"gpa": 4, "$customerid": new.lower()}),
              "merge of an unknown id: 201, created with that id")
    tap.equal(put(new, {"gpa": 5}).status, 200, "then 200")
    tap.equal(put(unknown(), {}).raw, b"{}", "201 {} without a projection")
    tap.equal(put(ann, b"").json["title"], "Missing request body", "no body")
    for bad in ("x", "11111111-1111-1111-8111-111111111111", unknown()[:-1],
                unknown() + "%20"):
        tap.equal(faults(put(bad, {"gpa": 1})), ["customerid"],
                  f"{bad!r} is no UUID of version 4: 400")
    foreign = made({"gpa": 9}, place=sister)
    tap.equal((put(foreign, {"gpa": 6}).status, get(foreign).json["gpa"],
               get(foreign, place=sister).json["gpa"]), (201, 6, 9),
              "S12: an id of another workspace is free, and stays its own")
    delete(new)
    tap.equal((put(new, {}).status, "gpa" in get(new).json), (201, False),
              "the id of a deleted one is free, and nothing of it is left")


def test_delete():
    ann = made({**SEED, "$verifiedEmail": "d@x.org", "$username": "d",
                "$tertiaryid": "d"})
    reply = delete(ann)
    tap.equal((reply.status, reply.raw), (204, b""), "204 and nothing")
    tap.equal((get(ann).status, delete(ann).status, patch(ann, {}).status),
              (404, 404, 404), "then unknown")
    tap.equal(create({"$verifiedEmail": "d@x.org", "$username": "d"}).status,
              201, "its values are free")


def test_bad_input():
    """Each fault is told, and nothing is changed."""
    ann = made({"gpa": 1})
    before = everything()
    bad = {"$customerid": unknown(), "$createdDatetime": "x",
           "$updatedDatetime": None, "$segments": [], "$eventLog": [],
           "nosuch": 1, "$nosuch": 1, "customer_id": ann,
           "workspace_id": shop.id, "First Name": "display",
           "gpa": "x", "vip": "maybe", "age": 1.5, "tags": [{}],
           "signup_date": "2024-02-30", "customer_type": "tin",
           "lifetime_value": "1.234", "code": "x" * 21, "first_name": 5,
           "phone": {"a": 1}, "$username": "", "$verifiedEmail": "  ",
           "$consented": "no way", "email": "x" * 70000}
    for what, reply in (("create", create(bad)), ("patch", patch(ann, bad)),
                        ("put", put(ann, bad)),
                        ("put of a new one", put(unknown(), bad))):
        tap.equal(faults(reply), sorted(bad), f"S14: {what}: all are named")
    many = {f"no{i}": i for i in range(1200)}
    tap.equal(len(faults(create(many))), 1000, "but at most a thousand")
    tap.equal(faults(create({"n" * 5000: 1})), ["n" * 200],
              "long names are cut")
    reply = create(b"{" + b" " * 9000000 + b"}",
                   headers={"Content-Type": "application/json"})
    tap.equal(reply.status, 413, "too long a body: 413")
    for call in (get, delete):
        for name in ("x", "1", unknown() + "0",
                     "11111111-1111-1111-8111-111111111111"):
            tap.equal(faults(call(name)), ["customerid"],
                      f"{call.__name__} {name}: 400")
    tap.equal(everything(), before, "nothing has changed")
    tap.ok("x" * 50 not in site.logs() and "no way" not in site.logs(),
           "and no value is in a log")


def test_twins():
    """One value under two names: the field with the role and the $ name."""
    place = site.workspace([{"field_name": "mail", "field_type": "string",
                             "role": "verified_email"},
                            {"field_name": "agreed", "field_type": "boolean",
                             "role": "consented"}])
    reply = create({"mail": "a@x.org", "$verifiedEmail": "b@x.org"},
                   place=place)
    tap.equal(len(faults(reply)), 1, "given twice: 400")
    ann = made({"$verifiedEmail": "a@x.org", "$consented": True}, place=place)
    tap.equal(get(ann, "", place).json, {"agreed": True, "mail": "a@x.org"},
              "written by the $ name, read by the field's")
    reply = create({"mail": "A@x.org"}, place=place)
    tap.equal(reply.json["invalid-params"][0]["name"], "mail",
              "a conflict is told by the name that was given")


def test_isolation():
    ann = made({"gpa": 1})
    before = everything()
    for what, place in (("another account", other),
                        ("another workspace of the account", sister)):
        for name, reply, none in (
                ("GET", get(ann, place=place), get(unknown(), place=place)),
                ("PATCH", patch(ann, {"gpa": 2}, place=place),
                 patch(unknown(), {"gpa": 2}, place=place)),
                ("DELETE", delete(ann, place), delete(unknown(), place))):
            tap.equal((reply.status, reply.raw), (none.status, none.raw),
                      f"S12: {name} from {what}: as one that is unknown")
    tap.equal(everything(), before, "and nothing has changed")


def test_keys():
    ann = made({"gpa": 1})
    revoked = shop.key("CUSTOMER_READ")
    site.ctl("api-key", "revoke", site.ctl(
        "api-key", "list", "--workspace", shop.id).splitlines()[-1]
        .split()[0])
    answers = set()
    for headers in ({"x-api-key": "x"}, {"x-api-key": other.api_key},
                    {"x-api-key": revoked}, {"x-dxp-tenant": other.account},
                    {"x-dxp-tenant": ""}, {"x-api-key": ""},
                    {"x-api-key": "cfk_" + "A" * 43},
                    {"x-dxp-tenant": shop.account.upper()}):
        reply = get(ann, headers=headers)
        answers.add((reply.status, reply.raw, reply.headers["Content-Type"]))
    bare = site.request("GET", f"/scv/customers/{ann}")
    answers.add((bare.status, bare.raw, bare.headers["Content-Type"]))
    tap.equal(answers, {(401, b'{"message":"Unauthorized"}',
                         "application/json")},
              "S6: every refusal of a key is the same answer")
    tap.equal(get(ann, headers={"Authorization": f"Bearer {shop.token}"})
              .status, 400, "S7: two schemes at once: 400")
    tap.equal(site.request("GET", f"/scv/customers/{ann}", None, {
        "Authorization": f"Bearer {shop.token}"}).status, 401,
        "a token opens nothing here")


def test_idempotency():
    key = {"Idempotency-Key": "k-1"}
    first = create({"$username": "idem"}, headers=key)
    again = create({"$username": "idem"}, "?retProps=$username", headers=key)
    tap.equal((again.status, again.json,
               again.headers["Location"] == first.headers["Location"]),
              (201, {"$username": "idem"}, True),
              "the same key and content: the same customer")
    tap.equal(create({"$username": "idem2"}, headers=key).status, 409,
              "other content: 409")
    tap.equal(create({"$username": "idem"}, headers=key, place=sister)
              .status, 201, "another API key's is another")
    tap.equal(create({"$username": "x"}, headers={"Idempotency-Key": "a b"})
              .status, 400, "a malformed one: 400")
    delete(first.json["$customerid"])
    tap.equal(create({"$username": "idem"}, headers=key).json == first.json,
              False, "with the customer its answer is deleted")


def test_faces():
    """One store: what is made on one face is there on the other."""
    place = site.workspace(coffer.DEFAULT_FIELDS)
    ann = made({"email": "ann@x.org", "$username": "ann",
                "first_name": "Ann"}, place=place)
    (everybody,) = [g for g in place.post("/v1/cg", {
        "workspace_id": place.id}).json["groups"] if g["code"] == "all"]
    tap.equal(everybody["customers"], 1, "made here, counted in `all`")
    group = everybody["customer_group_id"]
    page = place.page(group_id=group).json
    tap.equal([c["customer_id"] for c in page["customers"]], [ann],
              "on its page")
    profile = page["customers"][0]["extended_profile"]
    tap.equal((sorted(profile), profile["first_name"]),
              (["$username", "email", "first_name"], "Ann"),
              "with the $ names")
    tap.ok(b"ann@x.org" not in place.page(group_id=group).raw,
           "and PII as ciphertext")
    tap.equal(place.call("GET", f"/v1/customer/{ann}?workspace_id={place.id}")
              .json["customer_id"], ann, "found by its id")
    tap.equal(place.post("/v1/customer/find", {
        "workspace_id": place.id, "field": "email", "value": "ann@x.org"})
        .json["customer_id"], ann, "and by its e-mail")
    reply = place.check([{"email": "ANN@x.org"}])
    tap.equal((reply.status, reply.json["errors"][0]["code"]),
              (400, "unique"), "an upload finds its e-mail taken")
    answer = place.upload(coffer.csv_rows(150)).json
    place.wait(answer)
    bea = place.page().json["customers"][0]["customer_id"]
    got = get(bea, place=place).json
    tap.equal((got["email"], got["$segments"][0]["code"]),
              ("c1@example.org", "customers"), "uploaded there, found here")
    tap.equal(create({"email": "C2@example.org"}, place=place).status, 409,
              "its e-mail is taken here")
    patch(bea, {"first_name": "Bea"}, place=place)
    tap.equal(place.page().json["customers"][0]["extended_profile"]
              ["first_name"], "Bea", "changed here, changed there")
    delete(bea, place)
    tap.equal(place.post("/v1/customer/pages", place.group()).json[
        "customers"], 149, "deleted here, gone there")
    tap.equal(place.call("DELETE", "/v1/customer", {
        "workspace_id": place.id, "customer_group_id": group,
        "customer_ids": [ann]}).json["deleted"], 1, "made here, deleted there")
    tap.equal(get(ann, place=place).status, 404, "gone here")


def test_audit():
    place = site.workspace(FIELDS)
    ann = made({"gpa": 1, "email": "audit@x.org"}, place=place)
    patch(ann, {"gpa": 2}, place=place)
    patch(ann, {}, "?retAllProps=1", place=place)
    get(ann, place=place)
    delete(ann, place)
    get(ann, place=place)
    rows = []
    for _ in range(200):
        rows = site.sql(
            "SELECT action, HEX(subject), detail FROM audit WHERE "
            f"workspace_id = (SELECT id FROM workspace WHERE uuid = "
            f"UNHEX('{place.id.replace('-', '')}')) AND action LIKE "
            "'customer.%' ORDER BY at, action")
        if len(rows) >= 7:
            break
        time.sleep(0.1)
    wanted = ["customer.create", "customer.delete", "customer.read",
              "customer.read", "customer.read", "customer.update",
              "customer.update"]
    tap.equal(sorted(row[0] for row in rows), wanted,
              "each call is in the audit log")
    key = site.ctl("api-key", "list", "--workspace", place.id).split()[0]
    tap.ok(all(json.loads(row[2])["api_key"] == key for row in rows),
           "with the API key that made it")
    tap.equal({row[1] for row in rows}, {
        ann.replace("-", "").upper(), "NULL"}, "and the customer")
    tap.ok("audit@x.org" not in str(rows), "without a value")


def test_sealed():
    """What is PII is nowhere in the clear."""
    made({"$verifiedEmail": "Secret-Seal@x.org", "phone": "+44 sealed"})
    text = json.dumps(site.sql("SELECT profile FROM customer"))
    tap.ok("Secret-Seal" not in text and "+44 sealed" not in text,
           "PII of a single customer is sealed")


tap.run(globals())
