"""Customers' own profiles by their sessions: what they read and change, and
nothing else (S11, S12, S14, S34)."""
import json

import coffer
import tap

site = coffer.Site(parts="fcgi worker nginx")
shop = site.workspace(fields=[])
other = site.workspace(fields=[])
PROPERTIES = {
    "email": {"title": "E-mail", "x-scv-source": "customer.$verifiedEmail"},
    "customerid": {"title": "Customer ID",
                   "x-scv-source": "customer.$customerid"},
    "firstName": {"title": "First name", "type": "string", "x-pii": True},
    "lastName": {"title": "Last name", "type": "string", "maxLength": 10},
    "consented": {"title": "Consented", "x-scv-source": "customer.$consented"},
    "interests": {"title": "Interests", "type": "array",
                  "items": {"type": "string"}},
    "gpa": {"title": "GPA", "type": "number"},
    "age": {"title": "Age", "type": "integer"},
    "tier": {"title": "Tier", "type": "string", "enum": ["gold", "tin"]},
    "note": {"title": "Staff's note", "type": "string", "x-pii": True},
    "score": {"title": "Score", "type": "number"}}
OPEN = {"email": ["read"], "customerid": ["read"],
        "firstName": ["read", "write"], "lastName": ["read", "write"],
        "consented": ["read", "write"], "interests": ["read", "write"],
        "gpa": ["read", "write"], "age": ["write"], "tier": ["read"],
        "score": []}
VALUES = {"$verifiedEmail": "bilbo@example.org", "firstName": "Bilbo",
          "lastName": "Baggins", "consented": True,
          "interests": ["maps", "rings"], "gpa": 2.30, "age": 111,
          "tier": "tin", "note": "difficult", "score": 7}
VISIBLE = {"email": "bilbo@example.org", "firstName": "Bilbo",
           "lastName": "Baggins", "consented": True,
           "interests": ["maps", "rings"], "gpa": 2.3, "tier": "tin"}


def keyed(where):
    return {"x-dxp-tenant": where.account, "x-api-key": where.api_key}


def backend(method, path, body=None, where=shop):
    return site.request(method, path, body, keyed(where))


def permit(permissions, where=shop):
    reply = backend("PUT", "/scv/schema", {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object", "properties": PROPERTIES,
        "x-scv-permissions": {"scv:customer": {
            f"scv:property:{name}": words
            for name, words in permissions.items()}}}, where)
    assert reply.status in (200, 201), reply


def create(values, where=shop):
    reply = backend("POST", "/scv/customers", values, where)
    assert reply.status == 201, reply
    return reply.json["$customerid"]


def open_session(customer, where=shop):
    reply = backend("POST", "/scv/sessions", {"customerid": customer}, where)
    return reply.json["sessionid"]


permit(OPEN)
permit(OPEN, other)
bilbo = create(VALUES)
session = open_session(bilbo)


def get(query="", path="/scv/getCustomer", cookie=None, **headers):
    headers["Cookie"] = f"dxp-sessionid={cookie or session}"
    return site.request("GET", path + query, headers=headers)


def patch(body, path="/scv/customer", cookie=None, **headers):
    headers = {name.replace("_", "-"): value
               for name, value in headers.items()}
    headers["Cookie"] = f"dxp-sessionid={cookie or session}"
    if isinstance(body, bytes):
        headers.setdefault("Content-Type", "application/json")
    return site.request("PATCH", path, body, headers)


def stored():
    return backend("GET", f"/scv/customers/{bilbo}?retAllProps=1").json


def names(reply):
    return sorted(param["name"] for param in reply.json["invalid-params"])


def test_read():
    """GET"""
    for path in ("/scv/getCustomer", "/scv/customer"):
        reply = get(path=path)
        tap.equal((reply.status, reply.json),
                  (200, {**VISIBLE, "customerid": bilbo}),
                  f"{path}: what is opened to read")
        tap.equal(reply.headers["Cache-Control"], "no-store", "S34: not kept")
    for query in ("?retAllProps=1", "?retProps=" + ",".join(
            list(PROPERTIES) + ["$verifiedEmail", "$segments", "$eventLog",
                                "$customerid", "$username"])):
        got = get(query)
        tap.equal(got.status, 200, f"{query[:12]}")
        tap.ok(not {"note", "score", "age", "$segments", "$eventLog",
                    "$username"} & set(got.json),
               "S14: never a closed attribute")
        tap.ok("difficult" not in got.raw.decode(), "nor its value")
    tap.equal(get("?retProps=firstName,gpa").json,
              {"firstName": "Bilbo", "gpa": 2.3}, "some attributes")
    tap.ok(b"2.30" in get().raw or b"2.3" in get().raw, "numbers as they are")
    reply = get("?retProps=firstName,secret,$nothing")
    tap.equal((reply.status, names(reply)), (400, ["$nothing", "secret"]),
              "S14: names that are none are 400")


def test_metadata():
    """retMetadata=attributes"""
    reply = get("?retMetadata=attributes")
    tap.equal(sorted(reply.json), ["attributes", "metadata"], "both parts")
    tap.equal(reply.json["attributes"], {**VISIBLE, "customerid": bilbo},
              "the attributes")
    about = reply.json["metadata"]["attributes"]
    tap.equal(sorted(about), sorted(list(VISIBLE) + ["customerid"]),
              "S14: of what is open alone")
    for name, kind in (("firstName", "string"), ("gpa", "number"),
                       ("consented", "boolean"), ("interests", "array"),
                       ("tier", "string"), ("customerid", "string")):
        tap.equal(about[name], {"title": PROPERTIES[name]["title"],
                                "type": kind, "permissions": OPEN[name]},
                  f"{name}: title, type and permissions")
    reply = get("?retMetadata=attributes&retProps=gpa")
    tap.equal((reply.json["attributes"],
               list(reply.json["metadata"]["attributes"])),
              ({"gpa": 2.3}, ["gpa"]), "of some")
    reply = get("?retMetadata=everything")
    tap.equal((reply.status, names(reply)), (400, ["retMetadata"]),
              "another value: 400")
    reply = get("?retMetadata=everything&retProps=ghost")
    tap.equal((reply.status, names(reply)), (400, ["ghost", "retMetadata"]),
              "each fault is told")


def test_patch():
    """PATCH /scv/customer"""
    reply = patch({"firstName": "John", "lastName": "Smith", "gpa": 2.3})
    tap.equal((reply.status, reply.raw), (200, b"{}"), "the seed's example")
    got = stored()
    tap.equal((got["firstName"], got["lastName"], got["gpa"], got["note"]),
              ("John", "Smith", 2.3, "difficult"), "merged")
    tap.equal(patch({"age": 33}).status, 200,
              "an attribute that is opened to write alone")
    tap.equal(stored()["age"], 33, "is written")
    tap.equal(patch({"gpa": None, "interests": []}).status, 200, "null")
    got = get().json
    tap.ok("gpa" not in got and got["interests"] == [], "clears")
    tap.equal(patch({}).status, 200, "an empty object changes nothing")
    tap.equal(patch({"lastName": "Baggins", "gpa": 2.3,
                     "interests": ["maps", "rings"]}).raw, b"{}", "again")
    row = shop.call("GET", f"/v1/customer/{bilbo}?workspace_id={shop.id}")
    profile = row.json["extended_profile"]
    tap.equal(profile["lastName"], "Baggins", "the other face shows it")
    tap.ok(profile["firstName"] not in ("John", "Bilbo"),
           "where PII is encrypted")


def test_closed():
    """What may not be written"""
    before = stored()
    for body in ({"tier": "gold"}, {"email": "x@example.org"},
                 {"$verifiedEmail": "x@example.org"}, {"note": "kind"},
                 {"score": 100}, {"customerid": bilbo}, {"$username": "x"},
                 {"$customerid": bilbo}, {"$segments": []},
                 {"$createdDatetime": "2026-01-01T00:00:00.000Z"},
                 {"$eventLog": []}, {"nothing": 1}, {"$consented": False}):
        if "$consented" in body:
            continue  # the same value as `consented`, which is open
        reply = patch({"firstName": "Eve", **body})
        tap.equal((reply.status, names(reply)), (400, list(body)),
                  f"S14: {list(body)[0]} is refused by name")
    reply = patch({"note": 1, "tier": 2, "zzz": 3, "firstName": "Eve"})
    tap.equal(names(reply), ["note", "tier", "zzz"], "each is named")
    closed, none = patch({"note": "x"}), patch({"nope": "x"})
    tap.equal(closed.raw.replace(b"note", b"nope"), none.raw,
              "S14: a closed one is refused as one that does not exist")
    tap.equal(stored(), before, "the customer is unchanged")


def test_bad_values():
    """Values of other types or formats"""
    before = stored()
    for body in ({"gpa": "very good"}, {"gpa": [1]}, {"firstName": 5},
                 {"lastName": "x" * 11}, {"consented": "perhaps"},
                 {"interests": "maps"}, {"age": 1.5}, {"age": 1 << 70},
                 {"firstName": {"a": 1}}):
        reply = patch(body)
        tap.equal((reply.status, names(reply) if reply.status == 400 and
                   reply.json["invalid-params"] else None),
                  (400, list(body)), f"{list(body)[0]}: 400")
    reply = patch({"gpa": "x", "age": "y"})
    tap.equal(names(reply), ["age", "gpa"], "each is named")
    tap.equal(stored(), before, "the customer is unchanged")


def test_bodies():
    """Bodies that are none"""
    for body in (b"", b""):
        reply = patch(body)
        tap.equal((reply.status, reply.json["title"]),
                  (400, "Missing request body"), "no body")
    tap.equal(patch(b" \n").json["title"], "Missing request body",
              "white space alone is none")
    for body in (b"{", b"nonsense", b'{"a":1,"a":2}', b'{"a":1} x',
                 b'{"firstName":"\xff"}'):
        reply = patch(body)
        tap.equal((reply.status, reply.json["title"]), (400, "Invalid JSON"),
                  f"{body!r}")
    for body in (b"[]", b"null", b"5", b'"x"'):
        tap.equal(patch(body).status, 400, f"{body!r}: 400")
    for kind in ("text/plain", "application/x-www-form-urlencoded",
                 "multipart/form-data; boundary=x", "application/jsonx"):
        reply = patch(b'{"firstName":"Eve"}', Content_Type=kind)
        tap.equal(reply.status, 415, f"S11: {kind}: 415")
    tap.equal(patch(b"{}", Content_Type="application/json; charset=utf-8")
              .status, 200, "JSON with a charset")
    for method in ("POST", "PUT", "DELETE"):
        reply = site.request(method, "/scv/customer", b"{}", {
            "Cookie": f"dxp-sessionid={session}",
            "Content-Type": "application/json"})
        tap.equal(reply.status, 405, f"{method}: 405")
        tap.equal(reply.headers["Allow"], "GET, HEAD, PATCH, OPTIONS",
                  "with the methods that there are")


def test_cross_site():
    """Changes by other pages"""
    before = stored()
    body = b'{"firstName":"Eve"}'
    for how in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                {"Sec_Fetch_Site": "cross-site"}):
        reply = patch(body, **how)
        tap.equal(reply.status, 403, f"S11: {how}: 403")
        tap.ok("Access-Control-Allow-Origin" not in reply.headers,
               "nothing for that page to read")
    tap.equal(stored(), before, "S11: the customer is unchanged")
    site.ctl("workspace", "set", shop.id, "--origins",
             "https://shop.example.com")
    reply = patch(b'{"firstName":"Bilbo"}', Origin="https://shop.example.com",
                  Sec_Fetch_Site="same-site")
    tap.equal((reply.status, reply.headers["Access-Control-Allow-Origin"]),
              (200, "https://shop.example.com"), "a listed origin may")
    reply = patch(b'{"note":"x"}', Origin="https://shop.example.com")
    tap.equal((reply.status, reply.headers["Access-Control-Allow-Origin"]),
              (400, "https://shop.example.com"), "and read what is wrong")
    reply = get(Origin="https://evil.example")
    tap.ok("Access-Control-Allow-Origin" not in reply.headers
           and "Origin" in reply.headers["Vary"],
           "S11: another page cannot read the profile")
    reply = get(Origin=f"https://localhost:{site.port}")
    tap.equal(reply.headers["Access-Control-Allow-Origin"],
              f"https://localhost:{site.port}", "the server's own can")


def test_nobody():
    """Without a session"""
    for reply in (site.request("GET", "/scv/customer"),
                  site.request("GET", "/scv/getCustomer",
                               headers=keyed(shop)),
                  site.request("PATCH", "/scv/customer", {"firstName": "x"}),
                  site.request("PATCH", "/scv/customer", b"{"),
                  get(cookie="x"), patch({"firstName": "x"}, cookie="x")):
        tap.equal((reply.status, reply.json),
                  (401, {"message": "Unauthorized"}), "401")
    reply = site.request("GET", f"/scv/customers/{bilbo}", headers={
        "Cookie": f"dxp-sessionid={session}"})
    tap.equal(reply.status, 401, "S14: a session opens nothing of the backend")


def test_dxp():
    """Below /__dxp/"""
    prefix = f"/__dxp/eu-west-1/scv/{shop.account}/"
    tap.equal(get(path=prefix + "getCustomer").json,
              {**VISIBLE, "customerid": bilbo}, "getCustomer")
    tap.equal(get("?retProps=gpa", path=prefix + "customer").json,
              {"gpa": 2.3}, "customer, with a query")
    tap.equal(patch({"gpa": 3}, path=prefix + "customer").raw, b"{}", "PATCH")
    tap.equal(stored()["gpa"], 3, "changes")
    patch({"gpa": 2.3})
    for tenant in (other.account, "no-such", shop.account.upper()):
        path = f"/__dxp/eu-west-1/scv/{tenant}/customer"
        for reply in (get(path=path), patch({"gpa": 1}, path=path)):
            tap.equal((reply.status, reply.json),
                      (401, {"message": "Unauthorized"}),
                      f"S12: of {tenant}: 401")
    for path in (f"/__dxp/eu/scv/{shop.account}/customers",
                 f"/__dxp/eu/scv/{shop.account}/sessions",
                 f"/__dxp/scv/{shop.account}/customer", "/__dxp/eu/scv/",
                 f"/__dxp/eu/scv/{shop.account}/customer/x"):
        tap.equal(get(path=path).status, 404, f"{path}: 404")


def test_tenants():
    """Two tenants"""
    values = {**VALUES, "firstName": "Mallory"}
    mallory = create(values, other)
    theirs = open_session(mallory, other)
    tap.equal(get(cookie=theirs).json["firstName"], "Mallory",
              "S12: a session reads its own customer")
    patch({"firstName": "Mal"}, cookie=theirs)
    tap.equal(get().json["firstName"], "Bilbo", "S12: and changes no other")


def test_permissions_change():
    """Permissions that change while sessions are open"""
    permit({"firstName": ["read"]})
    tap.ok(all(get().json == {"firstName": "Bilbo"} for _ in range(8)),
           "S14: what is closed is closed at once, in every process")
    tap.equal(patch({"lastName": "X"}).status, 400, "S14: to write, too")
    permit({})
    tap.equal(get("?retAllProps=1").json, {}, "S14: nothing is open unnamed")
    permit(OPEN)
    tap.equal(get().json, {**VISIBLE, "customerid": bilbo}, "and open again")


def test_audit():
    """What the audit log says"""
    get()
    patch({"firstName": "Bilbo Z"})
    patch({"firstName": "Bilbo"})

    def entries():
        lines = [json.loads(line) for line in
                 site.ctl("audit", "export").splitlines()]
        return [line for line in lines if line["subject"] == bilbo and
                "session" in json.dumps(line.get("detail"))]

    end = coffer.time.monotonic() + 30
    while coffer.time.monotonic() < end and not any(
            line["action"] == "customer.read" for line in entries()):
        coffer.time.sleep(0.2)
    actions = {line["action"] for line in entries()}
    tap.ok({"customer.read", "customer.update"} <= actions,
           "S35: reads and changes by a session say so")
    text = json.dumps(entries())
    tap.ok(session not in text and "Bilbo" not in text,
           "without its id, or a value")


def test_gone():
    """A customer that is deleted"""
    tap.equal(backend("DELETE", f"/scv/customers/{bilbo}").status, 204,
              "deleted by the backend")
    tap.equal((get().status, patch({"gpa": 1}).status), (401, 401),
              "its session is over")


tap.run(globals())
