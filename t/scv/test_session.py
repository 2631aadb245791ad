"""Sessions: opened by a portal's backend, ended by it, by the customer, by
time (S7, S10, S12, S13, S34)."""
import http.client
import json
import time

import coffer
import tap

site = coffer.Site(parts="fcgi nginx",
                   **{"session.idle": 1000, "session.absolute": 3000})
shop = site.workspace()
other = site.workspace()
NOBODY = "0b0e1c9a-7a1d-4c5e-9f6e-5f1f3a2b4c5d"


def add(where, email):
    status, body = where.check([{"email": email}])
    assert status == 200, body
    return body["customer_ids"][0]


ann = add(shop, "ann@example.org")
strange = add(other, "else@example.org")


def keyed(where=shop, key=None, tenant=None):
    return {"x-dxp-tenant": tenant or where.account,
            "x-api-key": key or where.api_key}


def open_session(body, **how):
    return site.request("POST", "/scv/sessions", body, keyed(**how))


def cookie(session):
    return {"Cookie": f"dxp-sessionid={session}"}


def logout(headers):
    return site.request("DELETE", "/scv/session", headers=headers)


def lives(session):
    """Whether a session is good for something: a change that it may not ask
    for is refused otherwise than one by nobody. Counts as a use."""
    reply = logout({**cookie(session), "Origin": "https://evil.example"})
    assert reply.status in (401, 403), reply
    return reply.status == 403


def test_open():
    """POST /scv/sessions"""
    reply = open_session({"customerid": ann})
    tap.equal(reply.status, 201, "a session by customerid")
    body = reply.json
    tap.equal(sorted(body), ["expires", "handle", "sessionid"],
              "its id, its handle and its end")
    tap.equal(len(body["sessionid"]), 43, "S10: an id of 256 bits")
    left = time.mktime(time.strptime(body["expires"][:19],
                                     "%Y-%m-%dT%H:%M:%S")) - time.mktime(
                                         time.gmtime())
    tap.ok(2900 < left <= 3001, "it ends after the absolute time")
    tap.equal(reply.headers["Set-Cookie"],
              f"dxp-sessionid={body['sessionid']}; Path=/; Max-Age=3000; "
              "Secure; HttpOnly; SameSite=Lax", "S10: the cookie")
    tap.equal(reply.headers["Cache-Control"], "no-store",
              "S34: nobody keeps it")
    tap.ok(lives(body["sessionid"]), "it lives")
    tap.ok(not lives(body["handle"]), "the handle is no id")
    again = open_session({"customerid": ann.upper()})
    tap.equal(again.status, 201, "a UUID in capitals")
    tap.ok(again.json["sessionid"] != body["sessionid"], "another session")
    rows = "\n".join(row[0] for row in site.sql(
        "SELECT CONCAT_WS(' ', HEX(digest), digest) FROM session"))
    tap.ok(body["sessionid"] not in rows, "S10: only a digest is stored")
    tap.ok(body["sessionid"] not in site.logs(), "no log has the id")


def test_names():
    """Customers by e-mail, username and tertiary id"""
    reply = site.request("POST", "/v1/cpf", {"workspace_id": shop.id},
                         {"Authorization": f"Bearer {shop.token}"})
    builtin = [f["field_name"] for f in reply.json["fields"]]
    values = {"$verifiedEmail": "Bea@Example.org", "$username": "bea",
              "$tertiaryid": "crm-7"}
    done = shop.check([{"email": "bea@example.org", **values}])
    if done.status != 200:
        tap.note(f"{builtin} {done}")
    bea = done.json["customer_ids"][0]
    for member, value in (("email", "bea@example.org"), ("username", "bea"),
                          ("tertiary", "crm-7"), ("email", "BEA@example.ORG")):
        reply = open_session({member: value})
        tap.equal(reply.status, 201, f"by {member}")
        who = site.sql("SELECT LOWER(HEX(customer)) FROM session WHERE handle"
                       f" = UNHEX('{reply.json['handle'].replace('-', '')}')")
        tap.equal(who, [[bea.replace("-", "")]], "that customer's")


def test_refused():
    """Bodies that name nobody, or not one"""
    for body in ({"customerid": NOBODY}, {"email": "no@example.org"},
                 {"customerid": strange}, {"username": "nobody"},
                 {"tertiary": "x" * 5000}):
        reply = open_session(body)
        tap.equal(reply.status, 404, f"an unknown {list(body)[0]}")
        tap.ok("Set-Cookie" not in reply.headers, "and no cookie")
    foreign = open_session({"customerid": strange})
    unknown = open_session({"customerid": NOBODY})
    tap.equal(foreign.raw, unknown.raw,
              "S12: a foreign customer is as one that does not exist")
    for body, name in (({}, "customerid"), ({"customerid": "x"}, "customerid"),
                       ({"customerid": 5}, "customerid"),
                       ({"email": None}, "email"), ({"email": ""}, "email"),
                       ({"username": ["bea"]}, "username"),
                       ({"customerid": ann, "email": "a@x.org"}, "email"),
                       ({"customerid": ann, "role": "admin"}, "role")):
        reply = open_session(body)
        tap.equal((reply.status, reply.headers["Content-Type"]),
                  (400, "application/problem+json"), f"{sorted(body)}: 400")
        tap.equal([p["name"] for p in reply.json["invalid-params"]], [name],
                  f"it names {name}")
    reply = open_session({"customerid": "x", "role": "admin"})
    tap.equal(sorted(p["name"] for p in reply.json["invalid-params"]),
              ["customerid", "role"], "each fault is told")
    reply = site.request("POST", "/scv/sessions", b"", keyed())
    tap.equal(reply.status, 400, "no body")
    reply = site.request("POST", "/scv/sessions", b"{}",
                         {**keyed(), "Content-Type": "text/plain"})
    tap.equal(reply.status, 415, "another type")


def test_keys():
    """Who may open sessions"""
    body = {"customerid": ann}
    tap.equal(site.request("POST", "/scv/sessions", body).status, 401,
              "without a key: 401")
    for how, headers in (("a wrong key", keyed(key="cfk_" + "A" * 43)),
                         ("another tenant's", keyed(tenant=other.account)),
                         ("a session", cookie("A" * 43))):
        reply = site.request("POST", "/scv/sessions", body, headers)
        tap.equal((reply.status, reply.json),
                  (401, {"message": "Unauthorized"}), f"S6: {how}: 401")
    few = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "CUSTOMERS_READ,CUSTOMER_READ")
    for method, path, with_body in (
            ("POST", "/scv/sessions", body),
            ("DELETE", f"/scv/sessions/{NOBODY}", None)):
        reply = site.request(method, path, with_body, keyed(key=few))
        tap.equal(reply.status, 403,
                  f"S13: {method} without CUSTOMER_SESSION: 403")


def test_close():
    """DELETE /scv/sessions/{handle}"""
    one, two = (open_session({"customerid": ann}).json for _ in range(2))
    path = f"/scv/sessions/{one['handle']}"
    reply = site.request("DELETE", path, headers=keyed(where=other))
    tap.equal(reply.status, 404, "S12: another tenant's is unknown")
    tap.ok(lives(one["sessionid"]), "and lives")
    tap.equal(site.request("DELETE", path, headers=keyed()).status, 204,
              "a session is closed")
    tap.ok(all(not lives(one["sessionid"]) for _ in range(12)),
           "S10: for every process at once")
    tap.ok(lives(two["sessionid"]), "the customer's other one lives")
    for path in (path, f"/scv/sessions/{NOBODY}",
                 f"/scv/sessions/{two['sessionid']}", "/scv/sessions/x"):
        tap.equal(site.request("DELETE", path, headers=keyed()).status, 404,
                  "an unknown handle: 404")
    tap.equal(site.request("GET", f"/scv/sessions/{two['handle']}",
                           headers=keyed()).status, 405, "nothing to read")


def test_logout():
    """DELETE /scv/session"""
    session = open_session({"customerid": ann}).json["sessionid"]
    reply = logout(cookie(session))
    tap.equal(reply.status, 204, "the customer logs out")
    tap.equal(reply.headers["Set-Cookie"],
              "dxp-sessionid=; Path=/; Max-Age=0; Secure; HttpOnly; "
              "SameSite=Lax", "the cookie is taken away")
    tap.ok(all(not lives(session) for _ in range(12)),
           "S10: the session has ended for every process")
    tap.equal(logout(cookie(session)).status, 401, "once")


def age(session, seconds, column="seen_at"):
    """Lets time pass for a session."""
    site.sql(f"UPDATE session SET {column} = {column} - {seconds * 1000}"
             f" WHERE handle = UNHEX('{session['handle'].replace('-', '')}')")


def test_time():
    """Idle and absolute timeouts"""
    session = open_session({"customerid": ann}).json
    age(session, 900)
    tap.ok(lives(session["sessionid"]), "it is used in time")
    age(session, 900)
    tap.ok(lives(session["sessionid"]), "S10: so it lives on")
    age(session, 1001)
    tap.ok(not lives(session["sessionid"]), "S10: idle it does not")
    late = open_session({"customerid": ann}).json
    age(late, 2000, "expires_at")
    tap.ok(lives(late["sessionid"]), "another is used")
    age(late, 1001, "expires_at")
    tap.ok(not lives(late["sessionid"]), "S10: in use it ends, too")


def test_key_revoked():
    """Sessions outlive the key that opened them"""
    key = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "CUSTOMER_SESSION", "--name", "portal")
    session = open_session({"customerid": ann}, key=key).json["sessionid"]
    for line in site.ctl("api-key", "list", "--workspace",
                         shop.id).splitlines():
        if line.endswith(" portal"):
            site.ctl("api-key", "revoke", line.split()[0])
    tap.equal(open_session({"customerid": ann}, key=key).status, 401,
              "S5: the key is revoked")
    tap.ok(lives(session), "the session lives")


def test_deleted():
    """A deleted customer's sessions"""
    cid = add(shop, "gone@example.org")
    session = open_session({"customerid": cid}).json["sessionid"]
    reply = shop.call("DELETE", "/v1/customer",
                      shop.group(customer_ids=[cid]))
    tap.equal(reply.json["deleted"], 1, "a customer is deleted on /v1")
    tap.ok(not lives(session), "its session is no more")
    left = site.sql("SELECT COUNT(*) FROM session WHERE customer ="
                    f" UNHEX('{cid.replace('-', '')}')")
    tap.equal(left, [["0"]], "nor its row")
    tap.equal(open_session({"customerid": cid}).status, 404,
              "and none can be opened")


def test_cookies():
    """The cookie, as RFC 6265 has it"""
    session = open_session({"customerid": ann}).json["sessionid"]
    foreign = {"Origin": "https://evil.example"}  # 403: the session was found

    def status(text, **more):
        return logout({"Cookie": text, **foreign, **more}).status

    for text in (f"a=b; dxp-sessionid={session}; c=d",
                 f"dxp-sessionid={session};", f" dxp-sessionid={session} ",
                 f'dxp-sessionid="{session}"', f"a;dxp-sessionid={session}"):
        tap.equal(status(text), 403, "found among others")
    for text in (f"dxp-session={session}", f"DXP-SESSIONID={session}",
                 f"x-dxp-sessionid={session}", "dxp-sessionid=",
                 f"a=dxp-sessionid={session}", f"dxp-sessionid={session}x",
                 "dxp-sessionid=" + "A" * 4000, "dxp-sessionid='; DROP"):
        tap.equal(status(text), 401, "no such cookie: 401")
    for text in (f"dxp-sessionid={session}; dxp-sessionid={session}",
                 f"dxp-sessionid=x; a=b; dxp-sessionid={session}",
                 f"dxp-sessionid={session};dxp-sessionid ="):
        tap.equal(status(text), 400, "S7: twice the same name: 400")
    tap.equal(status(f"dxp-sessionid={session}", **keyed()), 400,
              "S7: a session and an API key: 400")
    wrong = [logout({"Cookie": text}) for text in
             ("dxp-sessionid=x", "dxp-sessionid=" + "A" * 43, "a=b")]
    wrong.append(logout({}))
    tap.equal({(r.status, r.raw) for r in wrong},
              {(401, b'{"message": "Unauthorized"}'.replace(b" ", b""))},
              "S10: none, wrong and malformed are the same 401")
    link = http.client.HTTPSConnection("localhost", site.port,
                                       context=site.tls, timeout=30)
    link.putrequest("DELETE", "/scv/session")
    link.putheader("Cookie", f"dxp-sessionid={session}")
    link.putheader("Cookie", "dxp-sessionid=x")
    link.endheaders()
    tap.equal(link.getresponse().status, 400, "S7: two Cookie headers: 400")
    link.close()


def test_ctl():
    """cofferctl session"""
    done = site.ctl("session", "open", "--workspace", shop.id, "--customer",
                    ann, check=False)
    session, handle = done.stdout.strip(), done.stderr.split()[-1]
    tap.ok(done.returncode == 0 and lives(session),
           "session open prints an id")
    site.ctl("session", "close", handle, "--workspace", shop.id)
    tap.ok(not lives(session), "session close ends it by its handle")
    for words in (("session", "open", "--workspace", shop.id, "--customer",
                   strange), ("session", "open", "--workspace", shop.id,
                              "--customer", "x"),
                  ("session", "close", handle, "--workspace", shop.id),
                  ("session", "close", "x", "--workspace", shop.id)):
        done = site.ctl(*words, check=False)
        tap.ok(done.returncode == 65 and not done.stdout and done.stderr,
               f"{' '.join(words[:2])}: what does not exist is said so")


def test_audit():
    """What the audit log says"""
    body = open_session({"customerid": ann}).json
    logout(cookie(body["sessionid"]))
    lines = [json.loads(line) for line in
             site.ctl("audit", "export").splitlines()]
    mine = [line for line in lines if body["handle"] in json.dumps(line)]
    tap.equal(sorted(line["action"] for line in mine),
              ["session.close", "session.open"],
              "S35: opening and closing are entries")
    tap.ok(all(line["subject"] == ann for line in mine),
           "about the customer")
    tap.ok(body["sessionid"] not in json.dumps(lines), "without the id")


tap.run(globals())
