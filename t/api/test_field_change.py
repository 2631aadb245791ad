"""PATCH and DELETE /v1/cpf: what is changed, what is converted, what stored
values refuse."""
import base64
import concurrent.futures
import json
import coffer
import tap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

site = coffer.Site(**{"worker.poll": 50})
FIELDS = [
    {"field_name": "email", "field_type": "string", "pii": True,
     "unique": True, "max_length": 254},
    {"field_name": "name", "display_name": "Name", "field_type": "string"},
    {"field_name": "age", "field_type": "integer"},
    {"field_name": "code", "field_type": "string"},
    {"field_name": "born", "field_type": "date",
     "field_format": "dd/MM/yyyy"},
    {"field_name": "tier", "field_type": "enum",
     "options": ["gold", "tin", "lead"]},
    {"field_name": "vip", "field_type": "boolean"},
    {"field_name": "spent", "field_type": "currency", "field_format": "EUR"},
]
PEOPLE = [
    {"email": "ann@example.org", "name": "Ann", "age": 41, "code": "0x1",
     "born": "02/03/1980", "tier": "gold", "vip": True, "spent": "1500.00"},
    {"email": "bob@example.org", "name": "Bob", "age": 7, "code": "42",
     "born": "31/12/1999", "tier": "tin", "vip": False},
    {"email": "cid@example.org", "code": "43", "tier": "tin"},
]


def new_shop(people=PEOPLE):
    shop = site.workspace(fields=FIELDS)
    if people:
        answer = shop.check(people)
        assert answer.status == 200, answer
    line = site.ctl("account", "data-key", shop.account, "--reveal")
    shop.keys = {int(row.split()[0]): AESGCM(base64.b64decode(row.split()[1]))
                 for row in line.splitlines()} if line else {}
    return shop


def change(shop, field_name, **members):
    return shop.call("PATCH", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": field_name, **members})


def delete(shop, field_name):
    return shop.call("DELETE", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": field_name})


def fields(shop):
    reply = shop.post("/v1/cpf", {"workspace_id": shop.id})
    return {f["field_name"]: f for f in reply.json["fields"]}


def plain(shop, customer, name):
    """A PII value, opened as a client does."""
    sealed = base64.b64decode(customer["extended_profile"][name],
                              validate=True)
    aad = f"{shop.id}/{customer['customer_id']}/{name}".encode()
    return json.loads(shop.keys[customer["key_version"]].decrypt(
        sealed[:12], sealed[12:], aad))


def own(shop):
    """SQL: the rows are of this workspace."""
    return ("workspace_id = (SELECT id FROM workspace WHERE HEX(uuid) ="
            f" '{shop.id.replace('-', '')}')")


def count(shop, table, where):
    return int(site.sql(f"SELECT COUNT(*) FROM {table} WHERE {own(shop)}"
                        f" AND {where}")[0][0])


def values(shop, name):
    return [c["extended_profile"].get(name)
            for c in shop.page().json["customers"]]


def done(shop, reply, name):
    tap.equal(reply.status, 202, f"{name}: 202")
    job = shop.wait(reply.json)
    tap.equal((job["operation"], job["status"], job["processed"]),
              ("convert", "completed", 3), f"{name}: the job is done")
    return reply.json


def test_no_conversion():
    shop = new_shop()
    reply = change(shop, "name", display_name="First name", max_length=50)
    tap.equal(reply.status, 200, "what needs no conversion: 200")
    f = reply.json
    tap.equal((f["display_name"], f["max_length"], f["searchable"], f["pii"],
               "job_id" in f), ("First name", 50, False, False, False),
              "the whole field is answered")
    tap.equal(fields(shop)["name"], f, "and listed")
    f = change(shop, "name", display_name=None, max_length=None).json
    tap.equal((f["display_name"], f["max_length"]), ("name", 1000),
              "null is the default")
    tap.equal(change(shop, "tier", options=["gold", "tin", "lead", "new"])
              .json["options"], ["gold", "tin", "lead", "new"],
              "options are added")
    tap.equal(change(shop, "tier", options=["gold", "tin"]).status, 200,
              "unused options are removed")
    tap.equal(values(shop, "born"), ["1980-03-02", "1999-12-31", None],
              "dates are stored")
    tap.equal(change(shop, "born", field_format="yyyy-MM-dd").status, 200,
              "the format of dates is how they are read, no more")
    tap.equal(shop.check({"email": "d@example.org", "born": "2001-02-03"})
              .status, 200, "and uploads follow it")


def test_refusals():
    shop = new_shop()
    for name, reply, status in [
            ("an unknown field", change(shop, "nobody", pii=True), 404),
            ("no field", shop.call("PATCH", "/v1/cpf",
                                   {"workspace_id": shop.id}), 400),
            ("a name that is a number", change(shop, 5), 400),
            ("an unknown member", change(shop, "name", colour="red"), 400),
            ("another name", change(shop, "name", new_name="x"), 400),
            ("a bad type", change(shop, "name", field_type="float"), 400),
            ("a format of a string", change(shop, "name",
                                            field_format="EUR"), 400),
            ("a display name of another", change(shop, "name",
                                                 display_name="AGE"), 409),
            ("a date without format", change(shop, "code",
                                             field_type="date"), 400),
            ("delete: an unknown field", delete(shop, "nobody"), 404),
            ("delete: unknown members", shop.call(
                "DELETE", "/v1/cpf", {"workspace_id": shop.id, "x": 1,
                                      "field_name": "name"}), 400)]:
        tap.equal(reply.status, status, f"{name}: {status}")
    tap.equal([change(shop, "name", pii=True).status for shop.token in
               [shop.user("editor")]], [403], "S13: an editor: 403")


def offences(reply):
    return reply.status, reply.json.get("violations"), [
        (e["field"], e["code"]) for e in reply.json.get("errors", [])]


def test_narrowing():
    shop = new_shop()
    third = shop.page().json["customers"][2]["customer_id"]
    before = fields(shop)
    reply = change(shop, "name", required=True)
    tap.equal(offences(reply), (400, 1, [("name", "required")]),
              "required: whoever has no value")
    tap.equal(reply.json["errors"][0]["customer_id"], third, "is named")
    for name, members, wanted in [
            ("max_length", {"max_length": 2}, [("code", "length")]),
            ("regex", {"regex": "^[0-9]+$"}, [("code", "regex")]),
            ("type", {"field_type": "integer"}, [("code", "type")]),
            ("enum", {"field_type": "enum", "options": ["42", "43"]},
             [("code", "enum")])]:
        reply = change(shop, "code", **members)
        tap.equal(offences(reply), (400, 1, wanted), f"{name}: one offender")
        tap.ok("0x1" not in reply.raw.decode(), f"{name}: no value is told")
    tap.equal(offences(change(shop, "tier", options=["gold"])),
              (400, 2, [("tier", "enum")] * 2), "options in use")
    shop.check({"email": "e@example.org", "code": "42"})
    tap.equal(offences(change(shop, "code", unique=True)),
              (400, 1, [("code", "unique")]), "unique: the second of two")
    tap.equal(offences(change(shop, "spent", field_format="JPY")),
              (400, 1, [("spent", "format")]), "a currency of no decimals")
    tap.equal(fields(shop), before, "nothing was changed")
    reply = change(shop, "email", max_length=3)
    tap.equal(offences(reply)[:2], (400, 4), "PII is looked at as well")
    tap.ok("ann" not in reply.raw.decode(), "and not told")


def test_pii():
    shop = new_shop()
    stamps = [c["updated_at"] for c in shop.page().json["customers"]]
    f = done(shop, change(shop, "name", pii=True), "pii")
    tap.equal((f["pii"], f["job_id"].split("/")[2]),
              (True, "convert_customers"), "the field, and the job")
    page = shop.page().json["customers"]
    tap.equal([plain(shop, c, "name") for c in page[:2]], ["Ann", "Bob"],
              "names are sealed, and open")
    tap.ok("name" not in page[2]["extended_profile"], "none is none")
    tap.equal([c["updated_at"] for c in page], stamps, "updated_at stays")
    tap.equal(count(shop, "customer", "profile LIKE '%\"Ann\"%'"), 0,
              "no plaintext stays")
    tap.equal(count(shop, "field", "was IS NOT NULL"), 0,
              "nothing is left of the change")
    done(shop, change(shop, "name", pii=False), "not pii")
    tap.equal(values(shop, "name"), ["Ann", "Bob", None], "and back")


def test_types():
    shop = new_shop()
    tap.equal(change(shop, "age", field_type="number").status, 200,
              "integer to number: the same values")
    tap.equal(shop.check({"email": "f@example.org", "age": "1.5"}).status, 200,
              "and others from now on")
    tap.equal(offences(change(shop, "age", field_type="integer"))[:2],
              (400, 1), "not back, then")
    reply = change(shop, "age", field_type="string")
    job = shop.wait(reply.json)
    tap.equal((reply.status, job["status"]), (202, "completed"),
              "number to string")
    tap.equal(values(shop, "age"), ["41", "7", None, "1.5"], "as texts")
    for name, more, wanted in [
            ("born", {}, ["02/03/1980", "31/12/1999", None, None]),
            ("vip", {}, ["true", "false", None, None]),
            ("spent", {}, ["1500.00", None, None, None])]:
        reply = change(shop, name, field_type="string", **more)
        shop.wait(reply.json)
        tap.equal(values(shop, name), wanted, f"{name} to string")
    reply = change(shop, "born", field_type="date", field_format="dd/MM/yyyy",
                   pii=True)
    shop.wait(reply.json)
    tap.equal([plain(shop, c, "born")
               for c in shop.page().json["customers"][:2]],
              ["1980-03-02", "1999-12-31"], "string to date, sealed at once")
    tap.equal(change(shop, "tier", field_type="string").status, 200,
              "enum to string: the same values")
    tap.equal(change(shop, "tier", field_type="enum",
                     options=["gold", "tin"]).status, 200, "and back")


def test_unique():
    shop = new_shop()
    done(shop, change(shop, "code", unique=True), "unique")
    index = ("customer_unique", "field_id = (SELECT id FROM field WHERE"
             f" {own(shop)} AND name = 'code')")
    tap.equal(count(shop, *index), 3, "every value has its digest")
    reply = shop.check({"email": "x@example.org", "code": " 0X1 "})
    tap.equal((reply.status, reply.json["errors"][0]["code"]), (400, "unique"),
              "a stored value is taken")
    tap.equal(shop.check({"email": "x@example.org", "code": "44"}).status, 200,
              "a new one is not")
    tap.equal(count(shop, *index), 4, "and gets its digest at once")
    shop.wait(change(shop, "code", unique=False).json)
    tap.equal(count(shop, *index), 0, "not unique: digests are gone")
    tap.equal(shop.check({"email": "y@example.org", "code": "44"}).status, 200,
              "and values may be repeated")


def test_role():
    shop = new_shop()
    reply = change(shop, "email", role="verified_email")
    shop.wait(reply.json)
    tap.equal((reply.status, reply.json["role"]), (202, "verified_email"),
              "a role is given")
    ids = f"SELECT DISTINCT field_id FROM customer_unique WHERE {own(shop)}"
    tap.equal(site.sql(ids), [["1"]], "digests stand under the role's id")
    reply = shop.check({"email": "ANN@example.org"})
    tap.equal(reply.status, 400, "the value is unique still")
    f = change(shop, "name", role="username")
    tap.equal((f.status, f.json["pii"], f.json["unique"]), (202, True, True),
              "a role makes a field pii and unique")
    shop.wait(f.json)
    shop.wait(change(shop, "email", role=None).json)
    tap.ok(["1"] not in site.sql(ids) and len(site.sql(ids)) == 2,
              "a role is taken: the field's own id")
    tap.equal(shop.check({"email": "ANN@example.org"}).status, 400,
              "and unique it is")


def test_delete():
    shop = new_shop()
    reply = delete(shop, "email")
    tap.equal((reply.status, reply.json["field_name"]), (202, "email"),
              "202 while there are customers")
    tap.ok("email" not in fields(shop), "it is gone at once")
    tap.equal(shop.check({"email": "z@example.org"}).status, 400,
              "uploads do not know it")
    shop.wait(reply.json)
    tap.equal([sorted(c["extended_profile"])
               for c in shop.page().json["customers"]][2], ["code", "tier"],
              "and no profile has it")
    tap.equal(count(shop, "customer", "profile LIKE '%email%'"), 0, "stored")
    tap.equal(count(shop, "customer_unique", "TRUE"), 0, "nor a digest")
    ids = f"SELECT MAX(id) FROM field WHERE {own(shop)}"
    highest = int(site.sql(ids)[0][0])
    again = shop.call("PUT", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "email",
        "field_type": "string"})
    tap.equal((again.status, int(site.sql(ids)[0][0])), (201, highest + 1),
              "the name may be used again, the id is new")
    shop.wait(delete(shop, "email").json)
    again = shop.call("PUT", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "email",
        "field_type": "string"})
    tap.equal(int(site.sql(ids)[0][0]), highest + 2, "never used again")
    empty = new_shop(people=None)
    tap.equal((delete(empty, "email").status,
               change(empty, "name", pii=True, unique=True).status),
              (200, 200), "without customers all is done at once")


def test_busy():
    site.kill("worker", 15)
    shop = new_shop()
    running = change(shop, "name", pii=True)
    tap.equal(running.status, 202, "a conversion waits for its worker")
    page = shop.page().json["customers"]
    tap.equal([plain(shop, c, "name") for c in page[:2]], ["Ann", "Bob"],
              "values are sealed as they are read")
    for name, reply in [("another field", change(shop, "code", pii=True)),
                        ("the same", change(shop, "name", pii=False)),
                        ("its regex", change(shop, "name", regex="^A")),
                        ("deletion", delete(shop, "code"))]:
        tap.equal((reply.status, reply.json["job_id"]),
                  (409, running.json["job_id"]),
                  f"{name} meanwhile: 409 and the job that runs")
    tap.equal((change(shop, "name", display_name="N").status,
               change(shop, "code", max_length=30).status), (200, 200),
              "what needs no conversion may change")
    tap.equal(offences(change(shop, "name", required=True))[:2], (400, 1),
              "values are looked at in either form")
    tap.equal(shop.check({"email": "new@example.org", "name": "New"}).status,
              200, "uploads are stored")
    tap.equal([plain(shop, c, "name") for c in shop.page().json["customers"]
               if "name" in c["extended_profile"]], ["Ann", "Bob", "New"],
              "sealed at once")
    reply = shop.check({"email": "ann@example.org", "age": 42},
                       on_existing="update")
    tap.equal(reply.status, 200, "an old customer is changed")
    page = shop.page().json["customers"]
    tap.equal((plain(shop, page[0], "name"),
               page[0]["extended_profile"]["age"]), ("Ann", 42),
              "and is in the new form then")
    site.up("worker")
    job = shop.wait(running.json)
    tap.equal(job["status"], "completed", "the worker comes, and it is done")
    tap.equal(count(shop, "customer", "(profile LIKE '%\"Ann\"%' OR layout <>"
                    " 2)"), 0, "no plaintext stays")
    tap.equal(change(shop, "code", pii=True).status, 202,
              "then the next may begin")


def test_waiting():
    """Values of a field that is becoming unique wait for the stored ones."""
    site.kill("worker", 15)
    shop = new_shop()
    running = change(shop, "code", unique=True)
    tap.equal((running.status, running.json["unique"]), (202, True),
              "unique, by and by")
    taken = shop.check({"email": "p@example.org", "code": "0X1"})
    fresh = shop.check({"email": "q@example.org", "code": "50"})
    other = shop.check({"email": "r@example.org", "name": "R"})
    tap.equal([r.status for r in (taken, fresh, other)], [202, 202, 200],
              "rows that give a value are queued, others stored")
    site.up("worker")
    shop.wait(running.json)
    tap.equal([shop.wait(r.json)["status"] for r in (taken, fresh)],
              ["completed_with_errors", "completed"],
              "then a value that is taken is refused, a new one stored")
    tap.equal(shop.job(taken.json).json["errors"][0]["code"], "unique",
              "as not unique")
    tap.equal(sorted(filter(None, values(shop, "code"))),
              ["0x1", "42", "43", "50"], "no value stands twice")


def test_judged_again():
    """Rows that were accepted before their fields changed."""
    site.kill("worker", 15)
    shop = new_shop()
    rows = "email,code,age,name\r\n" + "".join(
        f"u{i}@example.org,{i},{i},{'N' if i % 2 else ''}\r\n"
        for i in range(1, 201))
    answer = shop.upload(rows)
    tap.equal(answer.status, 202, "an upload waits")
    tap.equal(change(shop, "code", regex="^(0x1|[0-9]{1,2})$").status, 200,
              "a rule gets stricter")
    tap.equal(change(shop, "age", field_type="string").status, 202,
              "a type gets wider")
    site.up("worker")
    job = shop.wait(answer.json)
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed_with_errors", 99, 101),
              "rows that do not fit any more are wrong rows")
    tap.equal({e["code"] for e in job["errors"]}, {"regex"}, "by their rule")
    tap.equal(values(shop, "age")[3:6], ["1", "2", "3"],
              "values are in the new form")


def without_pause(shop):
    """SQL: fields that change again and again, for three seconds. Whoever
    loads them and then locks them finds that they have changed."""
    workspace = int(site.sql("SELECT id FROM workspace WHERE HEX(uuid) ="
                             f" '{shop.id.replace('-', '')}'")[0][0])
    return f"""DELIMITER //
        BEGIN NOT ATOMIC
            FOR i IN 1..150 DO
                START TRANSACTION;
                UPDATE workspace SET schema_version = schema_version + 1
                    WHERE id = {workspace};
                DO SLEEP(0.02);
                COMMIT;
            END FOR;
        END//"""


def test_no_pause():
    shop = new_shop()
    replies = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        changes = pool.submit(site.sql, without_pause(shop))
        while not changes.done():
            name = f"n{len(replies)}@example.org"
            replies.append(shop.check({"email": name, "age": 1}))
            replies.append(shop.call("PATCH", "/v1/customer", shop.group(
                customer_data={"email": name, "age": 2}, match_by="email")))
        changes.result()
    tap.equal([r for r in replies if r.status not in (200, 202)], [],
              f"none of {len(replies)} changes of customers is turned away,"
              " however often fields change")
    for reply in replies:
        if reply.status == 202:
            shop.wait(reply.json)
    tap.equal(values(shop, "age")[3:], [2] * (len(replies) // 2),
              "and all are done")


def test_meanwhile():
    """Uploads and changes of fields at once."""
    shop = new_shop()
    names = iter(range(1000))
    replies = []

    def upload(number):
        replies.append(shop.check([
            {"email": f"m{number}.{i}@example.org", "age": i}
            for i in range(120 if number % 2 else 5)]))

    def alter(number):
        replies.append(change(shop, "name", max_length=100 + number))
        replies.append(change(shop, "age", required=False))
        shop.call("PUT", "/v1/cpf", {
            "workspace_id": shop.id, "field_name": f"extra{next(names)}",
            "field_type": "string"})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: (alter if n % 3 else upload)(n), range(45)))
    tap.equal([r for r in replies if r.status not in (200, 202)], [],
              "nobody fails")
    jobs = [shop.wait(r.json) for r in replies if r.status == 202]
    tap.equal({job["status"] for job in jobs}, {"completed"},
              "and all rows are stored")
    ids = site.sql(f"SELECT COUNT(*), COUNT(DISTINCT id) FROM field WHERE"
                   f" {own(shop)}")
    tap.equal(ids[0], [str(len(FIELDS) + 30)] * 2, "new fields have own ids")


tap.run(globals())
