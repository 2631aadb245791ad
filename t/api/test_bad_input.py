"""Hostile bodies: a clear 4xx of the contract's shape, and nothing stored
(S26 to S29)."""
import json
import coffer
import tap

site = coffer.Site()
shop = site.workspace()
CHECK = "/v1/customer/check"
JSON = {"Content-Type": "application/json"}


def refused(reply, wanted, name, words=""):
    status, body = reply
    good = (status == wanted and isinstance(body, dict)
            and body.get("status") == wanted and body.get("message")
            and isinstance(body.get("errors"), list)
            and reply.headers.get("X-Request-Id"))
    if not tap.ok(good and words in json.dumps(body), f"{name}: {wanted}"):
        tap.note(repr(reply))


def stored():
    return int(site.sql("SELECT COUNT(*) FROM customer")[0][0])


def raw_json(text):
    data = text if isinstance(text, bytes) else text.encode()
    return shop.post(CHECK, data, headers=JSON)


def with_rows(rows):
    return json.dumps(shop.group())[:-1] + ', "customer_data": ' + rows + "}"


def test_json():
    refused(raw_json(""), 400, "S26: an empty body")
    refused(raw_json("{"), 400, "S26: half a body")
    refused(raw_json("[]"), 400, "S26: no object")
    refused(raw_json("{} {}"), 400, "S26: two values")
    refused(raw_json(with_rows('{"email":"a@b","email":"c@d"}')), 400,
            "S26: a repeated key")
    refused(raw_json(with_rows('{"email":"a\\u0000b"}')), 400, "S26: NUL")
    refused(raw_json(with_rows('{"email":"a').encode() + b'\xff"}}'), 400,
            "S26: bad UTF-8")
    refused(raw_json(with_rows('{"email":"\\ud800"}')), 400,
            "S26: half a surrogate pair")
    refused(raw_json(with_rows('{"email":18446744073709551616}')), 400,
            "S26: an integer past 64 bits")
    refused(raw_json(with_rows("[" * 40 + "]" * 40)), 400,
            "S26: nesting over 32", "nest")
    refused(raw_json("[" * 100000), 400, "S26: nesting without an end")
    refused(raw_json(with_rows("[" + "{}," * 10000 + "{}]")), 400,
            "10,001 rows of JSON", "File cannot be larger than 10000 rows")
    refused(raw_json(b" " * (9 << 20)), 413, "S26: a body over the limit")
    bomb = with_rows("[" + ",".join(["[[],[],[],[]]"] * 500000) + "]")
    refused(raw_json(bomb), 413, "S26: a tree that would take all memory")


def test_missing():
    for name in ("workspace_id", "customer_group_id"):
        body = shop.group(customer_data={"email": "a@b"})
        del body[name]
        refused(shop.post(CHECK, body), 400, f"no {name}",
                "missing required fields")
    refused(shop.post(CHECK, shop.group()), 400, "no customer_data",
            "missing required fields")
    refused(shop.post(CHECK, shop.group(data_file="x")), 400,
            "a data_file in JSON", "missing required fields")
    refused(shop.post(CHECK, shop.group(customer_data=[])), 400,
            "an empty customer_data", "missing required fields")
    refused(shop.post(CHECK, shop.group(customer_data="x")), 400,
            "customer_data of another type")
    refused(shop.post(CHECK, shop.group(customer_data={"email": "a@b"},
                                        data_file="x")), 400, "both bodies")
    refused(shop.post(CHECK, shop.group(customer_data={"email": "a@b"},
                                        validate_only="perhaps")), 400,
            "validate_only of another type", "validate_only")
    body, kind = coffer.multipart(shop.group(), None)
    refused(shop.post(CHECK, body, headers={"Content-Type": kind}), 400,
            "no data_file", "missing required fields")
    empty = site.workspace([])
    refused(empty.check({"email": "x"}), 400, "a workspace without fields",
            "missing valid workspace")


def test_media_types():
    for kind in ("text/plain", "application/xml", "text/csv", ""):
        refused(shop.post(CHECK, b"x", headers={"Content-Type": kind}), 415,
                f"media type {kind!r}")
    refused(shop.post("/v1/customer/pages", b"a=b", headers={
        "Content-Type": "application/x-www-form-urlencoded"}), 415,
        "a form where JSON is due")


HEAD = "E-mail,first_name\r\n"


def test_csv_files():
    big = coffer.csv_rows(10001, mark="big")
    refused(shop.upload(big), 400, "S27: 10,001 rows",
            "File cannot be larger than 10000 rows")
    refused(shop.upload(""), 400, "S27: an empty file")
    refused(shop.upload(HEAD), 400, "S27: a header alone")
    refused(shop.upload(("E-mail\r\na@b.example\r\n").encode("utf-16")), 400,
            "S27: UTF-16", "UTF-16")
    refused(shop.upload(HEAD + "a@b\0,x\r\n"), 400, "S27: NUL", "line 2")
    refused(shop.upload(HEAD + "a@b,x\rb@c,y\r"), 400, "S27: CR alone",
            "line 2")
    refused(shop.upload(HEAD + "a@b,x\r\n\"c@d,y\r\n"), 400,
            "S27: an open quote", "line 3")
    refused(shop.upload(HEAD + "a@b,x\r\n\"c\"d,y\r\n"), 400,
            "S27: text after a closing quote", "line 3")
    refused(shop.upload(HEAD + "a@b,x\r\nc@d\r\n"), 400,
            "S27: a row that is too short", "line 3")
    refused(shop.upload(HEAD + "a@b,x,y\r\n"), 400,
            "S27: a row that is too long", "line 2")
    refused(shop.upload(HEAD + "a@b," + "x" * (10 << 20) + "\r\n"), 400,
            "S27: a field of 10 MB", "line 2")
    refused(shop.upload(",".join(f"c{i}" for i in range(10000)) + "\r\n"),
            400, "S27: 10,000 columns")
    reply = shop.upload(HEAD.encode() + b"a@b,caf\xe9\r\n")
    refused(reply, 400, "S27: Latin-1")
    tap.equal([(e["row"], e["line"], e["field"], e["code"])
               for e in reply.json["errors"]],
              [(1, 2, "first_name", "encoding")], "S27: named by its cell")
    refused(shop.upload("E-mail,shoe\r\na@b,1\r\n"), 400, "an unknown column",
            "shoe")
    refused(shop.upload("E-mail,email\r\na@b,1\r\n"), 400,
            "a repeated column", "email")
    refused(shop.upload("first_name\r\nx\r\n"), 400,
            "a required column is missing", "email")


def test_csv_that_is_fine():
    before = stored()
    good = {
        "S27: a BOM": b"\xef\xbb\xbf" + HEAD.encode() + b"bom@x.example,a\r\n",
        "S27: LF": HEAD.replace("\r", "").encode() + b"lf@x.example,a\n",
        "S27: no end of line": HEAD.encode() + b"eol@x.example,a",
        "S27: blank lines": HEAD.encode() + b"\r\n\r\nblank@x.example,a\r\n\n",
        "S27: display names in any case":
            b" FIRST name ,E-MAIL\r\na,case@x.example\r\n",
        "S29: SQL in values":
            HEAD.encode() + b"\"sql@x.example\",\"'); DROP TABLE customer;--"
            b" \\' %s \"\"\"\r\n"}
    for name, data in good.items():
        reply = shop.upload(data)
        if not tap.equal(reply.status, 200, name):
            pass
    tap.equal(stored(), before + len(good), "each has stored its row")
    values = [c["extended_profile"].get("first_name")
              for c in shop.page().json["customers"]]
    tap.ok("'); DROP TABLE customer;-- \\' %s \"" in values,
           "S29: and a hostile value is just a value")


def form(body, kind="multipart/form-data; boundary=b"):
    return shop.post(CHECK, body, headers={"Content-Type": kind})


def part(name, value, extra=""):
    return (f"--b\r\nContent-Disposition: form-data; name=\"{name}\"{extra}"
            f"\r\n\r\n{value}\r\n").encode()


def test_multipart():
    whole = (part("workspace_id", shop.id)
             + part("customer_group_id", shop.group_id)
             + part("data_file", "E-mail\r\nm@x.example\r\n",
                    '; filename="c.csv"\r\nContent-Type: text/csv'))
    end = b"--b--\r\n"
    refused(form(whole + end, "multipart/form-data"), 400, "S28: no boundary")
    refused(form(whole + end, "multipart/form-data; boundary=" + "b" * 71),
            400, "S28: an overlong boundary")
    refused(form(whole + end, "multipart/form-data; boundary=other"), 400,
            "S28: another boundary")
    for cut in (10, 60, 200, len(whole) - 5, len(whole) + 2):
        refused(form((whole + end)[:cut]), 400, f"S28: cut at {cut}")
    nested = (b"--b\r\nContent-Disposition: form-data; name=\"data_file\"\r\n"
              b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n")
    refused(form(nested + end), 400, "S28: nested multipart")
    refused(form(part("workspace_id", "x", "\r\nX: " + "h" * 9000) + end),
            400, "S28: oversize headers")
    refused(form(b"".join(part(f"p{i}", "x") for i in range(5000)) + end),
            400, "S28: thousands of parts")
    refused(form(part("workspace_id", shop.id) + whole + end), 400,
            "S28: a part twice")
    refused(form(whole + part("shoe", "x") + end), 400,
            "S28: an unknown part", "shoe")
    refused(form(b"--b\r\n\r\nx\r\n" + end), 400, "S28: a part without name")
    tap.equal(form(whole + end).status, 200, "the whole one is taken")


def test_header_injection():
    """S29: CR and LF in values make no header."""
    reply = shop.check({"email": "inj@x.example", "first_name":
                        "x\r\nX-Evil: 1"}, headers={"X-Request-Id": "a b"})
    tap.equal(reply.status, 200, "S29: a value with CR LF is stored")
    tap.ok("X-Evil" not in reply.headers, "S29: and makes no header")
    tap.ok(reply.headers["X-Request-Id"] != "a b",
           "S29: a request id that is not sane is replaced")
    for path in ("/v1/jobs/..%2f..%2fetc", "/v1/jobs/%0d%0aX:1",
                 "/v1/jobs/x' OR 1=1", "/%00", "/v1/../../etc/passwd"):
        reply = shop.call("GET", path.replace(" ", "%20"))
        tap.ok(reply.status in (400, 404), f"S29: {path}: {reply.status}")


def test_nothing_was_stored():
    tap.equal(site.sql("SELECT COUNT(*) FROM job_chunk")[0][0], "0",
              "no chunk of a refused upload stays")
    jobs = int(site.sql("SELECT COUNT(*) FROM job")[0][0])
    tap.equal(jobs, stored(), "one job for each row that was taken")


tap.run(globals())
