"""What every answer has, whoever gives it: the application or nginx (S33,
S34), and /healthz and /readyz."""
import http.client
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


def raw(text):
    """What nginx answers to bytes that are no request of HTTP's."""
    with socket.create_connection(("127.0.0.1", site.port), 60) as plain:
        with site.tls.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(text)
            answer = http.client.HTTPResponse(link)
            answer.begin()
            return coffer.Reply(answer.status, answer.headers, answer.read())


def test_early_problems():
    """Errors that nginx makes before it has found a location."""
    faults = (
        ("a long URI", "GET {}/%s HTTP/1.1\r\n\r\n" % ("x" * 20000), 414,
         "path or query too long"),
        ("a long query", "GET {}?q=%s HTTP/1.1\r\n\r\n" % ("x" * 20000), 414,
         "path or query too long"),
        ("a long header", "GET {} HTTP/1.1\r\nHost: x\r\nX-Y: %s\r\n\r\n" %
         ("x" * 40000), 400, "bad request"),
        ("no Host", "GET {} HTTP/1.1\r\n\r\n", 400, "bad request"),
        ("two Hosts", "GET {} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400,
         "bad request"),
        ("a bad Host", "GET {} HTTP/1.1\r\nHost: a/b\r\n\r\n", 400,
         "bad request"),
        ("a Content-Length that is none", "POST {} HTTP/1.1\r\nHost: x\r\n"
         "Content-Length: x\r\n\r\n", 400, "bad request"),
        ("two lengths", "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
         "Transfer-Encoding: chunked\r\n\r\n", 400, "bad request"),
        ("an unknown coding", "POST {} HTTP/1.1\r\nHost: x\r\n"
         "Transfer-Encoding: x\r\n\r\n", 501, "not implemented"),
        ("another version", "GET {} HTTP/7.1\r\n\r\n", 505,
         "HTTP version not supported"))
    for name, text, status, title in faults:
        for path in ("/v1/jobs", "/healthz", "/acme/upload_customers/x"):
            shaped(raw(text.format(path).encode()), status, f"{path}: {name}")
        for path in ("/scv/customers", "/__dxp/au/scv/acme/customer",
                     "/exports/x/y"):
            reply = raw(text.format(path).encode())
            tap.equal((reply.status, reply.headers["Content-Type"],
                       reply.json), (status, "application/problem+json", {
                           "title": title, "status": status,
                           "invalid-params": []}),
                      f"{path}: {name}: {status} in its own shape")
            tap.ok(reply.headers["X-Request-Id"], "with a request id")
            tap.equal(reply.headers["Cache-Control"], "no-store",
                      "S34: not stored")
    for name, text, status in (
            ("no request line", "hello\r\n\r\n", 400),
            ("a path that leaves", "GET /../x HTTP/1.1\r\n\r\n", 400)):
        shaped(raw(text.encode()), status, f"{name}: no path is known")
    for path in ("/-/scv/bad_request", "/-/v1/bad_request", "/-/scv/x"):
        shaped(site.request("GET", path), 404, f"{path} is nobody's")


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
