"""What a deletion erases outside of the customer's row: uploads that wait in
the queue, kept error rows, idempotent answers."""
import uuid
import coffer
import erasure
import tap

site = coffer.Site(**{"worker.poll": 50, "limits.inline_rows": 10})
shop = site.workspace()
eyes = erasure.Eraser(site, shop.id)


def delete(ids):
    return shop.call("DELETE", "/v1/customer", shop.group(customer_ids=ids))


def rows_of(*names):
    return ("E-mail,First Name\r\n" +
            "".join(f"{name}@example.org,{name}\r\n" for name in names))


def names():
    found = []
    status, answer = shop.post("/v1/customer/pages", shop.group())
    for number in range(answer["pages"] if status == 200 else 0):
        found += [c["extended_profile"].get("first_name", "")
                  for c in shop.page(number).json["customers"]]
    return found


def test_queued():
    """Rows of a deleted customer that wait: erased, and they fail."""
    first = shop.check([{"email": f"{n}@example.org", "first_name": n}
                        for n in ("ann", "bea", "cid")]).json["customer_ids"]
    site.stop("worker")
    crowd = [f"p{i}" for i in range(1500)]
    joins = shop.upload(rows_of("ANN", *crowd, "bea"), on_existing="join").json
    merge = shop.upload(rows_of("bea", *crowd[:20], "Cid"),
                        on_existing="update").json
    tap.equal(site.sql("SELECT COUNT(*), MIN(LENGTH(subjects)) FROM job_chunk"
                       ), [["3", "176"]], "chunks wait with their subjects")
    before = site.sql("SELECT HEX(job), n, MD5(payload) FROM job_chunk"
                      " ORDER BY 1, 2")
    tap.equal(delete(first[:1]).json["deleted"], 1, "ann is deleted")
    after = site.sql("SELECT HEX(job), n, MD5(payload) FROM job_chunk"
                     " ORDER BY 1, 2")
    tap.equal(sum(a != b for a, b in zip(before, after)), 1,
              "one chunk is written anew, the others are not opened")
    tap.equal(site.sql("SELECT SUM(LENGTH(subjects)) FROM job_chunk"),
              [[str(8 * (1501 + 22))]], "without ann's trace")
    tap.equal(delete(first[2:]).json["deleted"], 1, "cid is deleted")
    site.up("worker")
    job = shop.wait(joins)
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed_with_errors", 1501, 1), "the others join")
    tap.equal([(e["row"], e["field"], e["code"]) for e in job["errors"]],
              [(1, "", "unknown")], "ann's row is unknown")
    job = shop.wait(merge)
    tap.equal((job["succeeded"], job["failed"]), (21, 1), "an update, too")
    tap.equal([e["code"] for e in job["errors"]], ["unknown"], "cid's row")
    tap.equal(sorted(names()), sorted(["bea"] + crowd),
              "neither is a customer again")
    csv = shop.call("GET", f"/v1/jobs/{job['job_id'][-36:]}/errors").raw
    tap.ok(b"id@example" not in csv.lower() and csv.count(b"\n") == 2,
           "its error row holds nothing")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")


def test_error_rows():
    """Kept error rows about a deleted customer."""
    site.stop("worker")
    one = shop.upload(rows_of("eve", *[f"q{i}" for i in range(20)])).json
    two = shop.upload(rows_of("EVE", *[f"r{i}" for i in range(20)])).json
    site.up("worker")
    jobs = [shop.wait(one), shop.wait(two)]
    failed = [j for j in jobs if j["failed"]]
    tap.equal([j["failed"] for j in failed], [1], "one eve was faster")
    path = f"/v1/jobs/{failed[0]['job_id'][-36:]}/errors"
    tap.ok(b"@example.org,e" in shop.call("GET", path).raw.lower(),
           "the other is kept as an error row")
    page = [c for c in shop.page(1).json["customers"]
            if c["extended_profile"]["first_name"].lower() == "eve"]
    tap.equal(delete([page[0]["customer_id"]]).json["deleted"], 1, "deleted")
    tap.equal(shop.call("GET", path).raw.count(b"\n"), 1, "the row is gone")
    tap.equal(site.sql("SELECT COUNT(*) FROM trace WHERE kind = 1"), [["0"]],
              "and so is its trace")


def test_answers():
    """An idempotent answer that names a deleted customer."""
    people = [{"email": f"{n}@example.org"} for n in ("x", "y")]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = shop.check(people, headers=key)
    tap.equal(first.status, 200, "done within the request")
    tap.equal(shop.check(people, headers=key).raw, first.raw, "repeated")
    ids = first.json["customer_ids"]
    tap.equal(site.sql("SELECT COUNT(*) FROM trace WHERE kind = 2"), [["2"]],
              "its customers are noted")
    tap.equal(delete(ids[:1]).json["deleted"], 1, "one is deleted")
    tap.equal(site.sql("SELECT COUNT(*) FROM idempotency"), [["0"]],
              "the whole answer is gone")
    tap.equal(shop.check(people, headers=key).status, 400,
              "the key is free: the upload is judged anew")


def number_rows(*numbers):
    return "no,name,mail\r\n" + "".join(
        f"{n},name {n},m{n}@x.example\r\n" for n in numbers)


def test_after_a_field_has_changed():
    """What waits or is kept was judged by other fields than those of now."""
    fields = [
        {"field_name": "no", "field_type": "integer", "unique": True},
        {"field_name": "name", "field_type": "string", "pii": True},
        {"field_name": "mail", "field_type": "string", "pii": True}]
    for what, name, change in (
            ("a type", "no", {"field_type": "string"}),
            ("no longer unique", "no", {"unique": False}),
            ("unique from now on", "mail", {"unique": True})):
        at = site.workspace(fields=fields)
        ids = at.check([{"no": n, "name": f"name {n}",
                         "mail": f"m{n}@x.example"} for n in (1, 2)]
                       ).json["customer_ids"]
        site.stop("worker")
        waits = at.upload(number_rows(1, *range(10, 30)),
                          on_existing="update").json
        reply = at.call("PATCH", "/v1/cpf", {
            "workspace_id": at.id, "field_name": name, **change})
        tap.equal(reply.status, 202, f"{what}: stored values are converted")
        gone = at.call("DELETE", "/v1/customer",
                       at.group(customer_ids=ids[:1])).json
        tap.equal(gone["deleted"], 1, f"{what}: a customer is deleted")
        site.up("worker")
        job = at.wait(waits)
        tap.equal((job["succeeded"], job["failed"]), (20, 1),
                  f"{what}: its row that waits is erased")


def test_kept_before_a_role():
    at = site.workspace()
    first = at.check([{"email": "eve@example.org"}]).json["customer_ids"]
    site.stop("worker")
    waits = [at.upload(rows_of(*[f"{mark}{i}" for i in range(20)], "dup"),
                       on_existing="error").json for mark in "ab"]
    site.up("worker")
    jobs = [at.wait(w) for w in waits]
    wrong = next(j for j in jobs if j["failed"])["job_id"][-36:]
    tap.ok(b"dup@example.org" in at.call(
        "GET", f"/v1/jobs/{wrong}/errors").raw, "a wrong row is kept")
    reply = at.call("PATCH", "/v1/cpf", {
        "workspace_id": at.id, "field_name": "email",
        "role": "verified_email"})
    at.wait(reply.json)
    found = at.post("/v1/customer/find", {
        "workspace_id": at.id, "field": "email", "value": "dup@example.org"})
    gone = at.call("DELETE", "/v1/customer", at.group(
        customer_ids=[found.json["customer_id"]] + first)).json
    tap.equal(gone["deleted"], 2, "its customer is deleted")
    tap.ok(b"dup@example.org" not in at.call(
        "GET", f"/v1/jobs/{wrong}/errors").raw,
        "and the kept row goes, though the field has got a role since")


tap.run(globals())
