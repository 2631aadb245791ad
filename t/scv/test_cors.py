"""What pages of other origins can do with a customer's session (S11)."""
import json

import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace()
other = site.workspace()
LISTED, FOREIGN = "https://shop.example.com", "https://evil.example"
OWN = f"https://localhost:{site.port}"
ALLOW = "Access-Control-Allow-"
PATHS = {"/scv/customer": {"GET", "PATCH"}, "/scv/getCustomer": {"GET"},
         "/scv/session": {"DELETE"}}


def setting(where, origins):
    return site.ctl("workspace", "set", where.id, "--origins", origins)


def session(where):
    _, body = where.check([{"email": f"{where.account}@example.org"}],
                          on_existing="join")
    ids = site.sql("SELECT LOWER(HEX(c.uuid)) FROM customer c JOIN workspace"
                   " w ON w.id = c.workspace_id WHERE w.uuid ="
                   f" UNHEX('{where.id.replace('-', '')}')")[0][0]
    cid = f"{ids[:8]}-{ids[8:12]}-{ids[12:16]}-{ids[16:20]}-{ids[20:]}"
    return site.ctl("session", "open", "--workspace", where.id,
                    "--customer", cid)


def ask(method, path, origin=None, cookie=None, body=None, **more):
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    if origin is not None:
        headers["Origin"] = origin
    if cookie:
        headers["Cookie"] = f"dxp-sessionid={cookie}"
    return site.request(method, path, body, headers)


def allows(reply):
    """The origin that may read the answer, if it may with a session."""
    names = [name for name in reply.headers if name.startswith(ALLOW)]
    if not names:
        return None
    assert reply.headers[ALLOW + "Credentials"] == "true", names
    return reply.headers[ALLOW + "Origin"]


def preflight(path, origin, method="PATCH", **more):
    return ask("OPTIONS", path, origin,
               **{"Access_Control_Request_Method": method,
                  "Access_Control_Request_Headers": "content-type", **more})


setting(shop, LISTED + ",https://two.example:8443")
setting(other, "https://other.example")
ann = session(shop)
eve = session(other)


def test_ctl():
    """cofferctl workspace set --origins"""
    tap.equal(setting(shop, f"{LISTED}:443,https://TWO.example:8443"),
              f"{LISTED}\nhttps://two.example:8443",
              "the origins are printed as browsers write them")
    for bad in ("*", "https://*.example.com", "http://shop.example.com",
                "https://shop.example.com/", "shop.example.com", "null",
                ",", f",{LISTED}", f"{LISTED},", f"{LISTED}, {FOREIGN}", f"{LISTED} "):
        done = site.ctl("workspace", "set", shop.id, "--origins", bad,
                        check=False)
        tap.ok(done.returncode == 65 and not done.stdout,
               f"S11: \"{bad}\" is refused")
    tap.equal(site.ctl("workspace", "show", shop.id),
              f"{LISTED}\nhttps://two.example:8443", "nothing has changed")
    done = site.ctl("workspace", "set", "x", "--origins", LISTED, check=False)
    tap.equal(done.returncode, 65, "an unknown workspace")


def test_preflight():
    """OPTIONS"""
    for path, methods in PATHS.items():
        for origin in (LISTED, "https://two.example:8443", OWN,
                       "https://other.example"):
            reply = preflight(path, origin)
            tap.equal((reply.status, allows(reply)), (204, origin),
                      f"{path}: {origin} is let through")
            tap.equal(set(reply.headers[ALLOW + "Methods"].split(", ")),
                      methods, "for the methods that there are")
            tap.equal(reply.raw, b"", "no body")
        tap.ok("content-type" in reply.headers[ALLOW + "Headers"].lower(),
               "JSON may be sent")
        tap.ok("Origin" in reply.headers["Vary"], "caches are told")
        for origin in (FOREIGN, "null", "*", "https://shop.example.com:444",
                       "http://shop.example.com", LISTED + ".evil.example",
                       "https://evilshop.example.com", "https://localhost",
                       "https://SHOP.example.com", LISTED + "/", ""):
            reply = preflight(path, origin)
            tap.equal((reply.status, allows(reply)), (403, None),
                      f"S11: {path}: \"{origin}\" is not")
    tap.equal(ask("OPTIONS", "/scv/customer", LISTED).status, 403,
              "no preflight without a method")
    tap.equal(ask("OPTIONS", "/scv/customer").status, 403, "nor an origin")
    for path in ("/scv/sessions", "/v1/customer", "/scv/customers"):
        reply = preflight(path, LISTED)
        tap.ok(reply.status in (404, 405) and allows(reply) is None,
               f"S11: {path} is for no page")


def test_tenant():
    """Preflights below /__dxp/ know whose workspace is meant"""
    path = f"/__dxp/eu-west/scv/{shop.account}/customer"
    tap.equal(allows(preflight(path, LISTED)), LISTED, "the account's")
    reply = preflight(path, "https://other.example")
    tap.equal((reply.status, allows(reply)), (403, None),
              "S11: another account's is not")


def logout(origin=None, cookie=ann, **more):
    return ask("DELETE", "/scv/session", origin, cookie, **more)


def test_changes():
    """What changes something asks for an origin of the workspace"""
    for origin in (FOREIGN, "https://other.example", "null",
                   "https://localhost", OWN.replace("https", "http")):
        reply = logout(origin)
        tap.equal((reply.status, allows(reply)), (403, None),
                  f"S11: {origin} may not end a session")
    for site_of in ("cross-site", "same-site", "junk"):
        tap.equal(logout(Sec_Fetch_Site=site_of).status, 403,
                  f"S11: nor a request that says {site_of} and no origin")
    link_two = logout(LISTED, cookie=eve)
    tap.equal((link_two.status, allows(link_two)), (403, None),
              "S12: another workspace's origin is foreign")
    reply = logout(LISTED, Sec_Fetch_Site="same-site")
    tap.equal((reply.status, allows(reply)), (204, LISTED),
              "a listed one may")
    fresh = session(shop)
    tap.equal(logout(OWN, fresh).status, 204, "and the server's own")
    for how in ({}, {"Sec_Fetch_Site": "same-origin"},
                {"Sec_Fetch_Site": "none"}):
        fresh = session(shop)
        tap.equal(logout(cookie=fresh, **how).status, 204,
                  f"and what is no page of another site: {how}")


def test_unauthorized():
    """Without a session, pages of portals still see the 401"""
    for cookie in (None, "A" * 43):
        reply = logout(LISTED, cookie)
        tap.equal((reply.status, allows(reply)), (401, LISTED),
                  "a portal's page can read that there is none")
        tap.equal(reply.headers["Vary"], "Origin", "caches are told")
        reply = logout(FOREIGN, cookie)
        tap.equal((reply.status, allows(reply)), (401, None),
                  "S11: others cannot")


def test_removed():
    """An origin that is taken off the list"""
    setting(shop, "https://two.example:8443")
    fresh = session(shop)
    tap.equal(logout(LISTED, fresh).status, 403, "S11: it may nothing more")
    tap.equal(preflight("/scv/customer", LISTED).status, 403,
              "S11: at once")
    tap.equal(setting(shop, ""), "", "an empty list")
    tap.equal(preflight("/scv/customer", "https://two.example:8443").status,
              403, "is nobody's")
    lines = [json.loads(line) for line in
             site.ctl("audit", "export").splitlines()]
    tap.ok(any(line["action"] == "workspace.change" for line in lines),
           "S35: changes of the list are entries")


tap.run(globals())
