"""What every answer has, whoever gives it: the application or nginx (S33,
S34), and /healthz and /readyz."""
import json
import re
import socket
import ssl
import warnings
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace()


def shaped(reply, status, name):
    good = reply.status == status and reply.headers.get("X-Request-Id")
    try:
        good = good and reply.json["status"] == status \
            and reply.json["message"] and isinstance(reply.json["errors"],
                                                     list)
    except (ValueError, KeyError, TypeError):
        good = False
    if not tap.ok(good, f"{name}: {status} in the contract's shape"):
        tap.note(repr(reply))


def test_health():
    tap.equal(site.request("GET", "/healthz").status, 200, "/healthz")
    tap.equal(site.request("GET", "/readyz").status, 200, "/readyz")


def test_shapes():
    shaped(site.request("GET", "/nowhere"), 404, "an unknown path")
    shaped(site.request("GET", "/v1/customer/check/x"), 404, "a longer path")
    reply = site.request("PUT", "/v1/auth")
    shaped(reply, 405, "another method")
    tap.equal(sorted(reply.headers["Allow"].replace(" ", "").split(",")),
              ["DELETE", "GET", "PATCH", "POST"], "which names those that are allowed")
    shaped(site.request("POST", "/v1/customer/pages", {}), 403, "no token")
    shaped(shop.post("/v1/customer/check", b"x" * 100, headers={
        "Content-Type": "application/json",
        "Content-Length": str(200 << 20)}), 413, "nginx: a body over the limit")
    shaped(site.request("GET", "/" + "x" * 20000), 414, "nginx: a long URI")
    shaped(site.request("GET", "/", headers={"X-Y": "x" * 40000}), 400,
           "nginx: long headers")


def test_problems():
    """nginx's own errors below /scv, /__dxp and /exports have their shape."""
    for path in ("/scv/customers", "/__dxp/au/scv/acme/customer",
                 "/exports/x/y"):
        reply = site.request("POST", path, b"x" * 100, {
            "Content-Type": "application/json",
            "Content-Length": str(200 << 20)})
        tap.equal((reply.status, reply.headers["Content-Type"], reply.json),
                  (413, "application/problem+json",
                   {"title": "body too large", "status": 413,
                    "invalid-params": []}), f"{path}: nginx's 413")
        tap.ok(reply.headers["X-Request-Id"], "with a request id")
        tap.equal(reply.headers["Cache-Control"], "no-store", "not stored")


def test_request_id():
    reply = site.request("GET", "/healthz", headers={"X-Request-Id": "me-1.2"})
    tap.equal(reply.headers.get_all("X-Request-Id"), ["me-1.2"],
              "the caller's own request id, once")
    for bad in ("a b", "x" * 65, "é".encode("latin-1").decode("latin-1"),
                "<x>"):
        got = site.request("GET", "/healthz", headers={
            "X-Request-Id": bad}).headers.get_all("X-Request-Id")
        tap.ok(len(got) == 1 and re.match(r"^[0-9a-f-]{32,36}$", got[0]),
               f"not {bad[:5]!r}")
    shop.post("/v1/customer/pages", shop.group(),
              headers={"X-Request-Id": "find-me-33"})
    tap.ok("find-me-33" in site.logs(), "S33: log lines carry it")


def test_headers():
    reply = shop.post("/v1/cg", {"workspace_id": shop.id})
    tap.equal(reply.headers["Cache-Control"], "no-store",
              "S34: answers are not to be stored")
    tap.equal(reply.headers["Content-Type"], "application/json", "JSON")
    tap.equal(reply.headers["X-Content-Type-Options"], "nosniff", "nosniff")
    tap.ok("nginx/" not in reply.headers.get("Server", ""),
           "no version of nginx")


def test_tls():
    warnings.simplefilter("ignore", DeprecationWarning)
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = ssl.create_default_context(cafile=f"{site.dir}/tls/ca.pem")
        context.minimum_version = version
        context.maximum_version = version
        try:
            with socket.create_connection(("127.0.0.1", site.port)) as plain:
                context.wrap_socket(plain, server_hostname="localhost")
            tap.ok(False, f"{version.name} is refused")
        except (ssl.SSLError, OSError):
            tap.ok(True, f"{version.name} is refused")


def test_faults_leak_nothing():
    """A table that is gone: 500 that tells nothing of it."""
    site.sql("RENAME TABLE field TO field_away")
    reply = shop.post("/v1/cpf", {"workspace_id": shop.id})
    site.sql("RENAME TABLE field_away TO field")
    shaped(reply, 500, "a database fault")
    text = json.dumps(reply.json).lower()
    for word in ("select", "table", "field_away", "1146", "/", "mysql",
                 site.db_name):
        tap.ok(word not in text, f"S33: says nothing of {word!r}")
    tap.ok("1146" in site.logs(), "the log does")
    tap.equal(shop.post("/v1/cpf", {"workspace_id": shop.id}).status, 200,
              "and it goes on when the table is back")


def test_logs_hold_no_query():
    site.request("GET", "/healthz?email=query.pii@example.org")
    site.request("GET", "/nowhere?email=query.pii@example.org")
    tap.ok("query.pii" not in site.logs(), "no query in any log")


tap.run(globals())
