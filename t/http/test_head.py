"""HEAD (RFC 9110, section 9.3.2): wherever GET is, the same answer without its
content."""
import email.parser
import socket
import coffer
import exports
import fastcgi
import openapi
import tap

site = coffer.Site(**{"worker.poll": 50})
shop = site.workspace()
BEARER = {"Authorization": f"Bearer {shop.token}"}
KEY = {"x-dxp-tenant": shop.account, "x-api-key": shop.api_key}
# What differs between any two answers.
OWN = ("date", "x-request-id")
# Pages of nginx's own.
FILES = {"/openapi.json": {}, "/docs/": {}, "/docs": {}}


def ask(method, path, headers):
    """Status, headers and all the bytes that follow them until the end of the
    connection: http.client would not look for content of a HEAD."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{site.port}",
             "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    data = b""
    with socket.create_connection(("127.0.0.1", site.port), 60) as plain:
        with site.tls.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            while got := link.recv(65536):
                data += got
    head, _, content = data.partition(b"\r\n\r\n")
    line, _, rest = head.decode().partition("\r\n")
    parsed = email.parser.Parser().parsestr(rest)
    return int(line.split()[1]), parsed, content


def told(headers):
    """Transfer-Encoding is of the content, which a HEAD has none of."""
    return sorted((name.lower(), value) for name, value in headers.items()
                  if name.lower() not in OWN + ("transfer-encoding",))


def same(path, headers, name=None):
    """GET and HEAD; the status of both."""
    name = name or path
    status, wanted, content = ask("GET", path, headers)
    got = ask("HEAD", path, headers)
    if path == "/metrics":  # is longer each time
        for each in wanted, got[1]:
            del each["Content-Length"]
    tap.equal((got[0], told(got[1]), got[2]), (status, told(wanted), b""),
              f"{name}: {status}, its headers and nothing else")
    if wanted["Content-Length"]:
        tap.equal(int(wanted["Content-Length"]), len(content),
                  f"{name}: the length is that of GET's content")
    return status


def everything():
    """A path of each GET route, with what opens it."""
    reply = shop.upload(coffer.csv_rows(150))
    shop.wait(reply.json)
    job = reply.json["job_id"].split("/", 1)[1]
    uuid = job.rsplit("/", 1)[1]
    person = shop.page().json["customers"][0]["customer_id"]
    session = site.ctl("session", "open", "--workspace", shop.id,
                       "--customer", person)
    cookie = {"Cookie": f"dxp-sessionid={session}"}
    mine = exports.Exports(shop)
    record = mine.make()
    ids = f"?workspace_id={shop.id}"
    group = f"{ids}&customer_group_id={shop.group_id}"
    return {
        "/healthz": ("/healthz", {}),
        "/readyz": ("/readyz", {}),
        "/metrics": ("/metrics", {}),
        "/v1/account/data-key": ("/v1/account/data-key" + ids, BEARER),
        "/v1/customer/{customer_id}": (f"/v1/customer/{person}{group}", BEARER),
        "/v1/jobs": ("/v1/jobs" + ids, BEARER),
        "/v1/jobs/{uuid}": (f"/v1/jobs/{uuid}", BEARER),
        "/v1/jobs/{uuid}/errors": (f"/v1/jobs/{uuid}/errors", BEARER),
        "/{account}/{operation}/{uuid}": (f"/{job}", BEARER),
        "/scv/schema": ("/scv/schema", KEY),
        "/scv/customer": ("/scv/customer", cookie),
        "/scv/getCustomer": ("/scv/getCustomer", cookie),
        "/scv/exports": ("/scv/exports", KEY),
        # Its signed URL is made anew, and says until when it is good.
        "/scv/exports/{exportid}": (f"/scv/exports/{record['exportid']}", KEY),
        "/exports/{workspace_id}/{exportid}": (mine.path(record), {}),
        "/scv/customers": ("/scv/customers?segment=customers", KEY),
        "/scv/customers/{customerid}": (f"/scv/customers/{person}", KEY),
        "/scv/segments": ("/scv/segments", KEY),
        "/scv/segments/{code}": ("/scv/segments/customers", KEY)}


PATHS = everything()


def test_all():
    routes = {path for method, path in openapi.table() if method == "get"}
    tap.equal(sorted(routes - PATHS.keys()), ["/v1/auth"],
              "every GET but one is tried")
    for name, (path, headers) in PATHS.items():
        tap.equal(same(path, headers, name), 200, f"{name}: found")
    for path, headers in FILES.items():
        same(path, headers)


def test_errors():
    person = "00000000-0000-4000-8000-000000000000"
    for path, headers, wanted in (
            ("/nowhere", {}, 404), ("/v1/jobs", {}, 403),
            (f"/v1/customer/{person}?workspace_id={shop.id}", BEARER, 404),
            ("/scv/customers", {}, 401), ("/scv/customers", KEY, 400),
            (f"/scv/customers/{person}", KEY, 404),
            ("/v1/cpf", BEARER, 405), ("/scv/customers?x=%00", KEY, 400)):
        tap.equal(same(path, headers), wanted, f"as {wanted}")
    path, headers = PATHS["/scv/customers/{customerid}"]
    etag = ask("GET", path, headers)[1]["ETag"]
    tap.equal(same(path, {**headers, "If-None-Match": etag}), 304,
              "an ETag that is known")


def test_allow():
    for path, wanted in (("/healthz", "GET, HEAD"),
                         ("/v1/jobs", "GET, HEAD"),
                         ("/v1/cpf", "PUT, POST, PATCH, DELETE")):
        tap.equal(site.request("OPTIONS", path).headers["Allow"], wanted,
                  f"405 of {path} names it if it is there")


def test_refresh_token():
    """GET /v1/auth spends a token, so HEAD is none."""
    token = shop.login()["refresh_token"]
    headers = {"Authorization": f"Bearer {token}"}
    status, told_, _ = ask("HEAD", "/v1/auth", headers)
    tap.equal((status, told_["Allow"]),
              (405, "POST, GET, PATCH, DELETE"), "S9: HEAD is refused")
    tap.equal(site.request("GET", "/v1/auth", headers=headers).status, 200,
              "S9: and the token is not spent")


def test_content():
    """What the pool sends, which nginx does not look at."""
    pool = fastcgi.Pool(site)
    long = "/scv/customers?segment=customers&retAllProps=1&page[size]=150"
    for path in long, "/scv/customers/x", "/healthz":
        wanted, got = (pool.request(method, path, headers=KEY)
                       for method in ("GET", "HEAD"))
        for each in wanted, got:
            each.headers.pop("x-request-id")
        tap.equal((got.headers, got.raw), (wanted.headers, b""),
                  f"{path}: {wanted.headers['status']}, without content")
    tap.ok("content-length" not in pool.request("HEAD", long, headers=KEY)
           .headers, "one is streamed")


def test_audit():
    """S35: a HEAD is a read, or a refusal, as a GET is."""
    def count(action):
        return int(site.sql("SELECT COUNT(*) FROM audit WHERE action ="
                            f" '{action}'")[0][0])
    path, headers = PATHS["/scv/customers/{customerid}"]
    for action, call in (("customer.read", (path, headers)),
                         ("refused", ("/scv/customers", {}))):
        before = count(action)
        ask("HEAD", *call)
        tap.ok(coffer.eventually(lambda: count(action) > before),
               f"S35: {action}")


tap.run(globals())
