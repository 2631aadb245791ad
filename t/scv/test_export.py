"""Exports: asked for, made, listed, downloaded by a signed URL, gone."""
import csv
import csv
import hashlib
import io
import os
import re
import threading
import time
import urllib.parse
import coffer
import exports
import tap

site = coffer.Site(**{"worker.poll": 50, "exports.url_ttl": 600})
shop = site.workspace()
mine = exports.Exports(shop)
shop.wait(shop.upload(coffer.csv_rows(2500)).json)


def second_group(people):
    """Another segment, which its members join in this order."""
    group = shop.call("PUT", "/v1/cg", {
        "workspace_id": shop.id, "name": "Few", "code": "few"}).json[
            "customer_group_id"]
    for person in people:
        shop.check([person], customer_group_id=group, on_existing="join")
    return group


def audit(action):
    """How many entries of the workspace's exports there are, once the worker
    has brought them in."""
    return int(site.sql("SELECT COUNT(*) FROM audit WHERE action ="
                        f" '{action}'")[0][0])


def names(reply):
    return sorted(p["name"] for p in reply.json["invalid-params"])


def test_whole():
    """One export, from 202 to its bytes."""
    reply = mine.call("POST", "", {"segment": "customers"})
    tap.equal((reply.status, list(reply.json)), (202, ["exportid"]),
              "202 and the exportid")
    exportid = reply.json["exportid"]
    tap.ok(re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_customers", exportid),
        "which is a time and the segment's code")
    record = mine.wait(exportid)
    tap.equal((record["exportid"], record["status"], record["segment"],
               record["rows"], record["progress"], record["message"]),
              (exportid, "completed", "customers", 2500, 1, None), "the record")
    for name in ("created", "started", "finished", "expires"):
        tap.ok(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                            record[name]), f"it has a time: {name}")
    tap.ok(record["signedURL"].startswith(
        f"https://localhost:{site.port}/exports/{shop.id}/"),
        "the URL is absolute, by the configured host name")
    file = mine.download(record)
    tap.equal((file.status, len(file.raw),
               hashlib.sha256(file.raw).hexdigest()),
              (200, record["bytes"], record["sha256"]),
              "the file is what the record says")
    lines = file.raw.decode().split("\r\n")
    tap.equal(lines[0], "customer_id,email,phone,first_name,signup_date,"
              "lifetime_value,customer_type",
              "customer_id, then the fields as they were defined")
    tap.equal((len(lines), lines[-1]), (2502, ""), "a line a customer")
    got = [line.split(",", 1)[1] for line in lines[1:-1]]
    want = coffer.csv_rows(2500).split("\r\n")[1:-1]
    tap.equal(got, want, "every value, decrypted, in the order of joining")
    everybody = mine.rows(mine.make("all"))
    tap.equal(len(everybody), 2500, "`all` is a segment too")


def test_headers():
    """S34, ranges, ETag."""
    record = mine.make("all")
    file = mine.download(record)
    tap.equal(file.headers["Content-Type"].split(";")[0], "text/csv", "type")
    tap.ok(re.match(r'attachment; filename="[A-Za-z0-9._-]+\.csv"$',
                    file.headers["Content-Disposition"]), "attachment")
    tap.equal((file.headers.get_all("Cache-Control"),
               file.headers.get_all("X-Content-Type-Options")),
              (["no-store"], ["nosniff"]), "S34: the file is not kept")
    tap.ok(file.headers["X-Request-Id"], "it has a request id")
    tap.ok(file.headers["X-Accel-Redirect"] is None, "the path is not told")
    etag = file.headers["ETag"]
    part = mine.download(record, {"Range": "bytes=100-199", "If-Range": etag})
    tap.equal((part.status, part.raw, part.headers["Content-Range"]),
              (206, file.raw[100:200], f"bytes 100-199/{record['bytes']}"),
              "a range under the ETag")
    tap.equal(mine.download(record, {"If-None-Match": etag}).status, 304,
              "the ETag again")
    past = mine.download(record, {"Range": f"bytes={record['bytes']}-"})
    tap.equal((past.status, past.headers["Content-Type"].split(";")[0],
               past.json["status"], past.headers["Content-Range"]),
              (416, "application/problem+json", 416,
               f"bytes */{record['bytes']}"), "a range past the end")
    for path in ("", "/" + record["exportid"]):
        tap.equal(mine.call("GET", path).headers["Cache-Control"], "no-store",
                  f"S34: GET /scv/exports{path[:1]}")
    direct = site.request("GET", f"/-/exports/{shop.id}/"
                          f"{record['exportid']}.csv")
    tap.equal(direct.status, 404, "nginx's own location is nobody's")


def test_order():
    """A segment whose members joined in another order than they came."""
    people = [{"email": f"c{i}@example.org"} for i in (900, 3, 512, 44)]
    second_group(people)
    tap.equal([row["email"] for row in mine.rows(mine.make("few"))],
              [p["email"] for p in people], "the order is that of joining")


def test_signature():
    """Whoever changes a signed URL has none."""
    record, other = mine.make("all"), mine.make("customers")
    path = mine.path(record)
    tap.equal(site.request("GET", path).status, 200, "the URL as it is")
    place, query = path.split("?")
    parts = dict(urllib.parse.parse_qsl(query))
    later = str(int(parts["expires"]) + 1)
    forged = {
        "another export": mine.path(other).split("?")[0] + "?" + query,
        "another workspace": path.replace(shop.id, site.workspace([]).id),
        "a later time": path.replace(parts["expires"], later),
        "another signature": place + "?" + urllib.parse.urlencode(
            {**parts, "signature": "A" * len(parts["signature"])}),
        "no signature": f"{place}?expires={parts['expires']}",
        "no time": f"{place}?signature={parts['signature']}",
        "no query": place,
        "another parameter": path + "&x=1",
        "one twice": path + "&expires=" + parts["expires"],
        "an upper-case workspace": path.replace(shop.id, shop.id.upper()),
        "an unknown export": path.replace("_all", "_nil")}
    for what, url in forged.items():
        reply = site.request("GET", url)
        tap.equal((reply.status, reply.headers["Content-Type"]),
                  (403, "application/problem+json"), f"403: {what}")
    tap.equal(site.request("POST", path).status, 405, "GET alone")


def test_list():
    """Newest first, in pages."""
    made = [mine.start("few") for _ in range(5)]
    for exportid in made:
        mine.wait(exportid)
    reply = mine.call("GET")
    listed = [x["exportid"] for x in reply.json["data"]]
    tap.equal(listed[:5], made[::-1], "newest first")
    tap.equal(listed, sorted(listed, reverse=True), "all of them")
    size = "?page%5Bsize%5D=2"
    one = mine.call("GET", size).json
    two = site.request("GET", "/" + one["links"]["next"].split("/", 3)[3],
                       None, mine.headers).json
    back = site.request("GET", "/" + two["links"]["prev"].split("/", 3)[3],
                        None, mine.headers).json
    tap.equal([x["exportid"] for x in one["data"] + two["data"]], listed[:4],
              "pages")
    tap.equal(([x["exportid"] for x in back["data"]], back["links"]["prev"]),
              (listed[:2], None), "and back")
    tap.equal(one["links"]["prev"], None, "nothing is before the newest")
    for query, name in (("page%5Bsize%5D=0", "page[size]"),
                        ("page%5Bsize%5D=1001", "page[size]"),
                        ("page%5Bsize%5D=x", "page[size]"),
                        ("page%5Bafter%5D=AAAA", "page[after]"),
                        ("sort=x", "sort")):
        reply = mine.call("GET", "?" + query)
        tap.equal((reply.status, names(reply)), (400, [name]), f"400: {query}")
    sister = exports.Exports(site.workspace(account=shop.account))
    reply = sister.call("GET", "?" + one["links"]["next"].split("?", 1)[1])
    tap.equal((reply.status, names(reply)), (400, ["page[after]"]),
              "S12: a cursor is good in its own workspace alone")
    for query, wanted in (
            ("page%5Bafter%5D=AAAA&ghost=1&page%5Bsize%5D=0",
             ["ghost", "page[after]", "page[size]"]),
            ("page%5Bafter%5D=A&page%5Bbefore%5D=A",
             ["page[after]", "page[before]"])):
        reply = shop.scv("GET", f"/exports?{query}")
        tap.equal((reply.status, names(reply)), (400, wanted),
                  f"?{query}: each fault is told")


def test_ids():
    """Exports of one segment that are asked for at once."""
    found = []

    def ask():
        found.append(mine.call("POST", "", {"segment": "few"}))

    workers = [threading.Thread(target=ask) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ids = [reply.json["exportid"] for reply in found if reply.status == 202]
    tap.equal((len(ids), len(set(ids))), (8, 8), "each has an id of its own")
    for exportid in ids:
        tap.equal(mine.wait(exportid)["status"], "completed", "and is made")


def test_bad_input():
    tap.equal(names(mine.call("POST", "", {})), ["segment"], "none")
    tap.equal(names(mine.call("POST", "", {"segment": "nil"})), ["segment"],
              "unknown")
    tap.equal(names(mine.call("POST", "", {"segment": "x" * 5000})),
              ["segment"], "far too long")
    reply = mine.call("POST", "", {"segment": 7, "spreadsheet_safe": "yes",
                                   "format": "xml"})
    tap.equal((reply.status, names(reply)),
              (400, ["format", "segment", "spreadsheet_safe"]), "each is named")
    reply = mine.call("POST", "", b"{", {"Content-Type": "application/json"})
    tap.equal(reply.status, 400, "no JSON")
    for exportid in ("x", "2023-11-01T02:44:15.814Z_85acd",
                     "2023-11-01T02:44:15Z_few", "_few"):
        tap.equal(mine.call("GET", "/" + exportid).status, 404,
                  f"404: {exportid}")


def test_rights():
    """The key alone opens it, and only its own workspace (S12)."""
    exportid = mine.start("few")
    url = mine.path(mine.wait(exportid))
    other = site.workspace([])
    theirs = exports.Exports(other)
    unknown = theirs.call("GET", "/2023-11-01T02:44:15.814Z_few")
    foreign = theirs.call("GET", "/" + exportid)
    tap.equal((foreign.status, foreign.raw), (unknown.status, unknown.raw),
              "S12: a foreign export is one that is not there")
    tap.equal(theirs.call("GET").json["data"], [], "S12: nor is it listed")
    few = theirs.call("POST", "", {"segment": "few"})
    tap.equal(few.status, 400, "S12: nor is its segment")
    weak = site.ctl("api-key", "create", "--workspace", shop.id,
                    "--privileges", "CUSTOMERS_READ,CUSTOMER_READ")
    reader = exports.Exports(shop, weak)
    for reply in (reader.call("POST", "", {"segment": "all"}),
                  reader.call("GET"), reader.call("GET", "/" + exportid)):
        tap.equal(reply.status, 403, "CUSTOMERS_EXPORT is asked for")
    for reply in (site.request("GET", "/scv/exports"),
                  mine.call("GET", headers={"x-api-key": "cfk_no"}),
                  mine.call("GET", headers={"x-dxp-tenant": "nil"})):
        tap.equal((reply.status, reply.json), (401, {
            "message": "Unauthorized"}), "no key, no answer")
    tap.equal(site.request("GET", url).status, 200,
              "the signed URL needs no key")


def test_queue():
    """While nobody works: null, cancelled, refused, and keys that end."""
    pid = site.pid("worker")
    site.kill("worker", 15)
    for _ in range(400):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    key = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "CUSTOMERS_EXPORT")
    lines = site.ctl("api-key", "list", "--workspace", shop.id).split("\n")
    key_id = [line.split()[0] for line in lines
              if line.split()[2] == "CUSTOMERS_EXPORT"][0]
    late = exports.Exports(shop, key).start("few")
    first, second = mine.start("few"), mine.start("few")
    record = mine.show(first)
    tap.equal((record["status"], record["signedURL"], record["rows"],
               record["progress"]), ("queued", None, None, 0),
              "signedURL is null until there is a file")
    job = site.sql("SELECT LOWER(HEX(job)) FROM export ORDER BY id DESC"
                   " LIMIT 1")[0][0]
    job = "-".join((job[:8], job[8:12], job[12:16], job[16:20], job[20:]))
    tap.ok(job + " export queued" in site.ctl("job", "list"),
           "cofferctl job list shows it")
    site.ctl("job", "cancel", job)
    tap.equal(mine.show(second)["status"], "cancelled", "and cancels it")
    for _ in range(8):
        mine.start("few")
    reply = mine.call("POST", "", {"segment": "few"})
    tap.equal(reply.status, 429, "so many may wait")
    site.ctl("api-key", "revoke", key_id)
    site.up("worker")
    record = mine.wait(late)
    tap.equal((record["status"], record["signedURL"]), ("failed", None),
              "S15: the key that asked for it has ended since")
    tap.ok(record["message"], "and the record says why")
    tap.equal(mine.wait(first)["status"], "completed", "others are made")


def test_withdrawn():
    """Whoever is deleted is in no file."""
    both = mine.make("all"), mine.make("customers")
    small = mine.make("few")
    tap.equal(len(mine.files()) >= 3, True, "there are files")
    paths = [mine.path(record) for record in (*both, small)]
    victim = mine.rows(both[0])[1700]["customer_id"]
    reply = shop.call("DELETE", "/v1/customer",
                      shop.group(customer_ids=[victim]))
    tap.equal(reply.status, 200, "a customer is deleted")
    for record, path in zip(both, paths):
        tap.equal(site.request("GET", path).status, 410, "410 by its URL")
        after = mine.show(record["exportid"])
        tap.equal((after["status"], after["signedURL"]), ("withdrawn", None),
                  "withdrawn")
        tap.ok(record["exportid"] + ".csv" not in mine.files(),
               "its file is gone at once")
    tap.equal(site.request("GET", paths[2]).status, 200,
              "a file without that customer stays")
    again = mine.make("all")
    tap.ok(victim not in [row["customer_id"] for row in mine.rows(again)],
           "the next is without")


def test_cleared():
    """Deletion of a whole group withdraws by its job."""
    record = mine.make("few")
    group = [g["customer_group_id"] for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]
        if g["code"] == "few"][0]
    job = shop.wait(shop.call("DELETE", "/v1/customer", {
        "workspace_id": shop.id, "customer_group_id": group,
        "all": True}).json)
    tap.equal(job["status"], "completed", "the group is emptied")
    tap.equal(mine.show(record["exportid"])["status"], "withdrawn",
              "and its file withdrawn")
    for _ in range(100):
        if record["exportid"] + ".csv" not in mine.files():
            break
        time.sleep(0.05)
    tap.ok(record["exportid"] + ".csv" not in mine.files(), "and removed")
    empty = mine.make("few")
    tap.equal((empty["status"], empty["rows"], mine.rows(empty)),
              ("completed", 0, []), "an empty segment gives a heading")


TYPES = [
    {"field_name": "email", "field_type": "string", "pii": True,
     "unique": True},
    {"field_name": "note", "field_type": "string", "pii": True},
    {"field_name": "plain", "field_type": "string"},
    {"field_name": "amount", "field_type": "number"},
    {"field_name": "count", "field_type": "integer", "pii": True},
    {"field_name": "paid", "field_type": "currency", "field_format": "USD"},
    {"field_name": "vip", "field_type": "boolean"},
    {"field_name": "born", "field_type": "date", "pii": True,
     "field_format": "dd MMM yyyy"},
    {"field_name": "since", "field_type": "date",
     "field_format": "yyyy-MM-dd"},
    {"field_name": "tier", "field_type": "enum", "options": ["gold", "a,b"]},
    {"field_name": "tags", "field_type": "array"}]
TEXTS = ["plain", 'a "quoted" word', "two\nlines", "cr\r\nlf", "a,b;c", "ça — 漢字 😀",
         "back\\slash \\n", "tab\there", " outer space ", "'single'", "=1+1",
         "+44 20 1", "-5", "@SUM(A1)", "\x7f and \u0001", "null", "x" * 900]


def typed(i, text):
    return {"email": f"t{i}@example.org", "note": text, "plain": text,
            "amount": "1500.00" if i % 2 else "-0.5e3", "count": str(i - 4),
            "paid": f"{i}.5", "vip": "yes" if i % 2 else "false",
            "born": "29 Feb 2024", "since": "1999-12-31",
            "tier": "a,b" if i % 2 else "gold",
            "tags": ["x", 'y "z"', "a,b"]}


def values(workspace):
    """Every customer's values in a page, decrypted by an export."""
    people = exports.Exports(workspace)
    return [{k: v for k, v in row.items() if k != "customer_id"}
            for row in people.rows(people.make("all"))]


def test_round_trip():
    """S32: what is exported can be uploaded again, and is the same then."""
    one, two = site.workspace(TYPES), site.workspace(TYPES)
    reply = one.check([typed(i, text) for i, text in enumerate(TEXTS)])
    tap.equal(reply.status, 200, "values of all types are stored")
    people = exports.Exports(one)
    record = people.make("all")
    rows = people.rows(record)
    tap.equal([row["note"] for row in rows], TEXTS, "S32: texts, to the byte")
    tap.equal([row["plain"] for row in rows], TEXTS, "S32: sealed or not")
    tap.equal((rows[1]["amount"], rows[0]["amount"], rows[1]["born"],
               rows[1]["tier"]),
              ("1500.00", "-0.5e3", "29 Feb 2024", "a,b"),
              "numbers keep their digits, dates the field's format")
    file = people.download(record).raw
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in csv.reader(io.StringIO(file.decode(), newline="")):
        writer.writerow(row[1:])
    job = two.wait(two.upload(out.getvalue()).json)
    tap.equal((job["succeeded"], job["failed"]), (len(TEXTS), 0),
              "S32: the file is uploaded elsewhere")
    tap.equal(values(two), values(one), "S32: and is the same there")
    body, kind = coffer.multipart(one.group(), file)
    reply = one.call("PATCH", "/v1/customer", body, {"Content-Type": kind})
    if reply.status == 200:
        tap.equal(reply.json.get("customer_ids", []), [],
                  "as an update it changes nothing")
    else:
        tap.ok(False, f"the file is an update as it is: {reply}")


def test_spreadsheet_safe():
    one = site.workspace(TYPES)
    one.check([typed(i, text) for i, text in enumerate(TEXTS)])
    people = exports.Exports(one)
    record = people.make("all", spreadsheet_safe=True)
    tap.equal(record["spreadsheet_safe"], True, "the record says so")
    rows = people.rows(record)
    bad = [cell for row in rows for cell in row.values()
           if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    tap.equal(bad, [], "S32: no cell begins a formula")
    tap.equal([row["note"] for row in rows if row["note"][:1] == "'"],
              ["'single'", "'=1+1", "'+44 20 1", "'-5", "'@SUM(A1)"],
              "S32: an apostrophe stands before what would")
    tap.equal([row["note"] for row in rows][:7], TEXTS[:7], "others are alike")


def test_system_attributes():
    """Those that no field stands for have columns if somebody has them."""
    one = site.workspace([{"field_name": "name", "field_type": "string"}])
    people = exports.Exports(one)
    one.check([{"name": f"n{i}"} for i in range(90)])
    record = people.make("all")
    tap.equal(people.download(record).raw.split(b"\r\n")[0],
              b"customer_id,name", "none has one")
    reply = site.request("POST", "/scv/customers",
                         {"name": "x", "$username": "ann", "$consented": True},
                         people.headers)
    tap.equal(reply.status, 201, "one gets some")
    rows = people.rows(people.make("all"))
    tap.equal((len(rows), rows[90]["name"], rows[90]["$username"],
               rows[90]["$consented"], rows[90]["$verifiedEmail"],
               rows[0]["$username"]), (91, "x", "ann", "true", "", ""),
              "behind the fields")


def test_ranges():
    """A group is read as ranges of customers where the two run in step. Whoever
    is no member is in no file, even if the counts say otherwise."""
    one = site.workspace()
    group = exports.Exports(one)
    other = one.call("PUT", "/v1/cg", {
        "workspace_id": one.id, "name": "Other", "code": "other"}).json[
            "customer_group_id"]
    one.wait(one.upload(coffer.csv_rows(3000)).json)
    one.wait(one.upload(coffer.csv_rows(500, 5000),
                        customer_group_id=other).json)
    one.wait(one.upload(coffer.csv_rows(1500, 9000)).json)

    def emails():
        return [row["email"] for row in group.rows(group.make("customers"))]

    want = [f"c{i}@example.org" for i in (*range(1, 3001), *range(9000, 10500))]
    tap.equal(emails(), want, "two uploads, with others between")
    victim = group.rows(group.make("all"))[7]
    one.call("DELETE", "/v1/customer",
             one.group(customer_ids=[victim["customer_id"]]))
    want.remove(victim["email"])
    tap.equal(emails(), want, "a customer has gone")
    workspace, segment = site.sql(
        "SELECT s.workspace_id, s.id FROM segment s JOIN workspace w"
        " ON w.id = s.workspace_id WHERE s.code = 'customers' AND w.uuid ="
        f" UNHEX(REPLACE('{one.id}', '-', ''))")[0]
    where = f"WHERE workspace_id = {workspace} AND segment_id = {segment}"
    site.sql(f"DELETE FROM segment_member {where} AND position = 20;"
             f"UPDATE segment_bucket SET live = live - 1 {where}"
             " AND bucket = 0")
    tap.equal(emails(), want[:19] + want[20:],
              "one who is in the range is no member")


def test_audit():
    for _ in range(200):
        if audit("export.download"):
            break
        time.sleep(0.05)
    for action in ("create", "download", "read", "list", "withdraw"):
        tap.ok(audit("export." + action) > 0, f"the audit log has {action}")
    gone = mine.make("all")
    site.sql("UPDATE export SET state = 'withdrawn' WHERE state = 'completed'")
    site.request("GET", mine.path(gone))
    tap.ok(coffer.eventually(lambda: site.sql(
        "SELECT 1 FROM audit WHERE action = 'export.download' AND detail LIKE"
        f" '%{gone['exportid']}%withdrawn%'")), "S35: and a download whose "
           "file is gone")
    tap.equal(site.sql("SELECT DISTINCT level FROM audit WHERE action IN"
                       " ('export.create', 'export.download',"
                       " 'export.withdraw')"), [["warning"]], "as warnings")
    log = site.logs()
    tap.ok("@example.org" not in log and "signature=" not in log,
           "no log has a value or a signature")


tap.run(globals())
