"""POST /v1/customer/check: what is taken, what is answered, what is stored."""
import json
import re
import coffer
import tap

site = coffer.Site()
shop = site.workspace()
JOB_ID = re.compile(
    r"^localhost:\d+/acc1/upload_customers/"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def customers(count, mark=""):
    return [{"email": f"j{i}{mark}@example.org", "first_name": f"J {i}"}
            for i in range(count)]


def total(group=None):
    status, body = shop.post("/v1/customer/pages", {
        "workspace_id": shop.id,
        "customer_group_id": group or shop.group_id})
    return body["customers"] if status == 200 else 0


def test_small_json_is_done_at_once():
    status, body = shop.check(customers(3, "a"))
    tap.equal(status, 200, "a small upload is done within the request")
    tap.equal(body["message"], "Data is clean to upload", "the seed's words")
    tap.equal(body["status"], "completed", "status completed")
    tap.equal(body["rows"], 3, "rows counted")
    tap.equal(len(set(body["customer_ids"])), 3, "an id for each customer")
    tap.ok(JOB_ID.match(body["job_id"]), "the job id has the seed's form")
    page = shop.page().json["customers"]
    tap.equal([c["customer_id"] for c in page], body["customer_ids"],
              "the page has them in the order of the upload")


def test_one_object():
    status, body = shop.check(customers(1, "b")[0])
    tap.equal((status, body.get("rows")), (200, 1),
              "customer_data may be one object")


def test_large_json_is_queued():
    before = total()
    status, body = shop.check(customers(250, "c"))
    tap.equal((status, body["status"]), (202, "queued"), "250 rows are queued")
    job = shop.wait(body)
    tap.equal((job["status"], job["succeeded"], job["failed"],
               job["progress"]), ("completed", 250, 0, 1.0), "and stored")
    tap.equal(total(), before + 250, "each once")


def test_csv():
    before = total()
    status, body = shop.upload(coffer.csv_rows(1500, mark="csv"))
    tap.equal((status, body["message"], body["rows"], body["status"]),
              (202, "Data is clean to upload", 1500, "queued"),
              "a CSV is validated and queued")
    job = shop.wait(body)
    tap.equal(job["status"], "completed", "the worker stores it")
    tap.equal(job["job_id"], body["job_id"], "the job knows its id")
    tap.equal(total(), before + 1500, "all rows are there")
    uuid = body["job_id"].rsplit("/", 1)[1]
    tap.equal(shop.call("GET", f"/v1/jobs/{uuid}").json, job,
              "/v1/jobs/{uuid} is the same resource")


def test_parts_in_any_order():
    body, kind = coffer.multipart({}, coffer.csv_rows(2, mark="ord").encode())
    tail, _ = coffer.multipart(shop.group(), None)
    body = body[:body.rindex(b"--coffer-test-boundary--")] + tail
    status, answer = shop.post("/v1/customer/check", body,
                               headers={"Content-Type": kind})
    tap.equal((status, answer.get("rows")), (200, 2),
              "the file may come before the fields")


def test_validate_only():
    before = total()
    status, body = shop.check(customers(2, "d"), validate_only=True)
    tap.equal((status, body["message"]), (200, "Data is clean to upload"),
              "validate_only says so")
    tap.ok("job_id" not in body, "and makes no job")
    status, body = shop.upload(coffer.csv_rows(2, mark="vo"),
                               validate_only=True)
    tap.equal(status, 200, "so in a form")
    tap.equal(total(), before, "nothing is stored")


def test_values_come_back():
    """Types of contract section 1, stored and returned."""
    fields = [
        {"field_name": "amount", "field_type": "number"},
        {"field_name": "born", "field_type": "date",
         "field_format": "dd MMM yyyy"},
        {"field_name": "count", "field_type": "integer"},
        {"field_name": "flag", "field_type": "boolean"},
        {"field_name": "kind", "field_type": "enum", "options": ["a", "b"]},
        {"field_name": "price", "field_type": "currency",
         "field_format": "JPY"},
        {"field_name": "tags", "field_type": "array"},
        {"field_name": "text", "field_type": "string"}]
    place = site.workspace(fields)
    data = ("text,amount,born,count,flag,kind,price,tags\r\n"
            "\"a \"\"quoted\"\", line\nbreak é\",1500.00,29 feb 2024,7,YES,b,"
            "900,\"[\"\"x\"\",2.50]\"\r\n")
    status, body = place.upload(data)
    tap.equal(status, 200, f"all types from a CSV {body}")
    raw = place.page().raw.decode()
    wanted = ('"extended_profile":{"amount":1500.00,"born":"2024-02-29",'
              '"count":7,"flag":true,"kind":"b","price":900,'
              '"tags":["x",2.50],"text":"a \\"quoted\\", line\\nbreak é"}')
    tap.ok(wanted in raw, f"profile sorted, digits kept {raw}")
    status, body = place.post(
        "/v1/customer/check", json.dumps(place.group(customer_data={}))[:-3]
        .encode() + b'{"amount":1500.00,"flag":1,"count":"12"}}',
        headers={"Content-Type": "application/json"})
    tap.equal(status, 200, f"from JSON {body}")
    tap.ok('{"amount":1500.00,"count":12,"flag":true}'
           in place.page().raw.decode(), "JSON numbers keep their digits")


def test_wrong_rows_are_listed():
    before = total()
    data = ("E-mail,signup_date,lifetime_value,customer_type\n"
            "ok@example.org,2024-01-01,1.5,VIP\n"
            ",2024-01-01,1.5,VIP\n"
            "\"two\nlines@example.org\",31/12/2024,1.555,gold\n"
            "dup@example.org,,,\n"
            "DUP@example.org ,,,\n")
    status, body = shop.upload(data)
    tap.equal(status, 400, "bad rows are refused")
    tap.equal((body["message"], body["rows"], body["invalid_rows"]),
              ("data validation failed", 5, 3), "counted")
    found = [(e["row"], e["line"], e["field"], e["code"])
             for e in body["errors"]]
    tap.equal(found, [(2, 3, "email", "required"),
                      (3, 4, "signup_date", "format"),
                      (3, 4, "lifetime_value", "format"),
                      (3, 4, "customer_type", "enum"),
                      (5, 7, "email", "duplicate")],
              "each with row, line, field and code")
    tap.equal(total(), before, "and nothing of the file is stored")


def test_unique_against_the_store():
    tap.equal(shop.check({"email": "Taken@Example.org"}).status, 200, "stored")
    status, body = shop.check({"email": " taken@example.ORG "})
    tap.equal((status, body["errors"][0]["code"]), (400, "unique"),
              "a taken value is refused whatever its case")
    tap.ok("taken@" not in json.dumps(body).lower(),
           "the message does not repeat a PII value")


def test_on_existing():
    other = site.ctl("group", "create", "--workspace", shop.id, "--name",
                     "Second", "--code", "second")
    mine = shop.check({"email": "oe@example.org", "first_name": "Old"}).json
    before = total()
    body = {"workspace_id": shop.id, "customer_group_id": other,
            "customer_data": {"email": "OE@example.org",
                              "first_name": "New"}}
    status, answer = shop.post("/v1/customer/check",
                               {**body, "on_existing": "join"})
    tap.equal(status, 200, f"join is taken {answer}")
    joined = shop.page(group_id=other).json["customers"]
    tap.equal([(c["customer_id"], c["extended_profile"]["first_name"])
               for c in joined], [(mine["customer_ids"][0], "Old")],
              "the customer joins the group unchanged")
    status, answer = shop.post("/v1/customer/check",
                               {**body, "on_existing": "update"})
    tap.equal(status, 200, f"update is taken {answer}")
    joined = shop.page(group_id=other).json["customers"]
    tap.equal([(c["customer_id"], c["extended_profile"]["first_name"])
               for c in joined], [(mine["customer_ids"][0], "New")],
              "and is merged, once in the group")
    tap.equal(total(), before, "no second customer was made")
    body["customer_data"] = {"email": "oe@example.org", "first_name": None}
    shop.post("/v1/customer/check", {**body, "on_existing": "update"})
    profile = shop.page(group_id=other).json["customers"][0][
        "extended_profile"]
    tap.ok("first_name" not in profile and "email" in profile,
           "null clears a value")
    body["customer_data"] = {"email": None, "first_name": "x"}
    tap.equal([e["code"] for e in shop.post("/v1/customer/check", {
        **body, "on_existing": "update"}).json["errors"]], ["required"],
              "but not one that is required")
    tap.equal(shop.post("/v1/customer/check",
                        {**body, "on_existing": "burn"}).status, 400,
              "another word is refused")


def test_blank_is_nobodys_value():
    """A blank value of a unique or required field is not given."""
    place = site.workspace([
        {"field_name": "name", "field_type": "string", "required": True},
        {"field_name": "phone", "field_type": "string", "unique": True}])
    for data in ("name,phone\na, \nb,\u00a0\nc,\n",
                 [{"name": "d", "phone": ""}, {"name": "e", "phone": " "}]):
        if isinstance(data, str):
            reply = place.upload(data, on_existing="update")
        else:
            reply = place.check(data, on_existing="update")
        tap.equal((reply.status, len(reply.json.get("customer_ids", []))),
                  (200, reply.json.get("rows")),
                  "blank values of a unique field are nobody's")
    names = [c["extended_profile"] for c in place.page().json["customers"]]
    tap.equal(names, [{"name": n} for n in "abcde"], "and are not stored")
    for reply in (place.upload("name,phone\n  ,1\n"),
                  place.check({"name": "  "})):
        tap.equal([e["code"] for e in reply.json.get("errors", [])],
                  ["required"], "a blank required value is missing")


def test_the_later_of_two_clean_uploads():
    """Both validated before either is stored: the second gets row errors."""
    site.kill("worker", 19)
    for child in site.children("worker"):
        __import__("os").kill(child, 19)
    rows = [{"email": f"race{i}@example.org"} for i in range(150)]
    first = shop.check(rows).json
    second = shop.check(rows[:1] + [{"email": f"other{i}@example.org"}
                                    for i in range(149)]).json
    for child in site.children("worker"):
        __import__("os").kill(child, 18)
    site.kill("worker", 18)
    jobs = [shop.wait(first), shop.wait(second)]
    states = sorted(job["status"] for job in jobs)
    tap.equal(states, ["completed", "completed_with_errors"],
              "one of them ends with errors")
    loser = max(jobs, key=lambda job: job["failed"])
    tap.equal((loser["succeeded"], loser["failed"],
               loser["errors"][0]["code"], loser["errors"][0]["row"]),
              (149, 1, "unique", 1), "one row, the others are stored")
    path = "/" + loser["errors_url"].split("/", 3)[3]
    reply = shop.call("GET", path)
    lines = reply.raw.decode().splitlines()
    tap.equal(lines[0], "email,error_row,error_field,error_code",
              "errors_url is a CSV of the upload's columns")
    tap.equal(lines[1:], ["race0@example.org,1,email,unique"],
              "with the wrong row")
    again = shop.upload(reply.raw.replace(b"race0", b"race-mended"))
    tap.equal(again.status, 200, "which can be mended and uploaded again")


def test_idempotency_key():
    key = {"Idempotency-Key": "k-1"}
    first = shop.check(customers(2, "idem"), headers=key)
    again = shop.check(customers(2, "idem"), headers=key)
    tap.equal((again.status, again.raw), (first.status, first.raw),
              "the same key and content give the first answer")
    tap.equal(shop.check(customers(3, "idem"), headers=key).status, 409,
              "the same key with other content is refused")
    key = {"Idempotency-Key": "k-2"}
    data = coffer.csv_rows(150, mark="idem")
    first = shop.upload(data, headers=key)
    shop.wait(first.json)
    again = shop.upload(data.replace("\r\n", "\n"), headers=key)
    tap.equal((again.status, again.json["job_id"]),
              (202, first.json["job_id"]), "parsed content is what counts")
    bad = shop.check({"email": 1}, headers={"Idempotency-Key": "k-3"})
    good = shop.check({"email": "k3@example.org"},
                      headers={"Idempotency-Key": "k-3"})
    tap.equal((bad.status, good.status), (400, 200),
              "an answer that is no 2xx is not kept")
    tap.equal(shop.check(customers(1, "z"), headers={
        "Idempotency-Key": "x" * 256}).status, 400, "an overlong key: 400")


tap.run(globals())
