"""PATCH /v1/customer: whom a row means, what it changes, what is refused."""
import os
import re
import signal
import coffer
import tap

site = coffer.Site()
FIELDS = coffer.DEFAULT_FIELDS + [
    {"field_name": "username", "field_type": "string", "unique": True}]
shop = site.workspace(FIELDS)
JOB_ID = re.compile(r"^localhost:\d+/acc1/update_customers/[0-9a-f-]{36}$")
UNKNOWN = "11111111-1111-4111-8111-111111111111"


def patch(rows, place=shop, headers=None, token=None, **more):
    return place.call("PATCH", "/v1/customer",
                      place.group(customer_data=rows, **more),
                      headers=headers, token=token)


def patch_csv(data, place=shop, headers=None, **more):
    data = data.encode() if isinstance(data, str) else data
    body, kind = coffer.multipart(place.group(**more), data)
    return place.call("PATCH", "/v1/customer", body, timeout=120,
                      headers={"Content-Type": kind, **(headers or {})})


def make(*rows, place=shop):
    """Uploads customers; their ids."""
    reply = place.check(list(rows))
    if reply.status != 200:
        raise RuntimeError(reply)
    return reply.json["customer_ids"]


def show(customer, place=shop):
    return place.call("GET", f"/v1/customer/{customer}"
                      f"?workspace_id={place.id}").json


def profile(customer, place=shop):
    return show(customer, place)["extended_profile"]


def find(field, value, place=shop):
    reply = place.post("/v1/customer/find", {
        "workspace_id": place.id, "field": field, "value": value})
    return reply.json["customer_id"] if reply.status == 200 else reply.status


def codes(reply):
    return [(e["row"], e["field"], e["code"])
            for e in reply.json.get("errors", [])]


def revision(customer):
    return int(site.sql("SELECT revision FROM customer WHERE uuid ="
                        f" UNHEX(REPLACE('{customer}', '-', ''))")[0][0])


def test_one_object():
    (ann,) = make({"email": "one@x.org", "phone": "1", "first_name": "Ann",
                   "lifetime_value": 5})
    before = show(ann)
    reply = patch({"customer_id": ann, "first_name": "Anna"})
    body = reply.json
    tap.equal((reply.status, body.get("message"), body.get("status"),
               body.get("rows"), body.get("customer_ids")),
              (200, "Data is clean to upload", "completed", 1, [ann]),
              "a customer is changed within the request")
    tap.ok(JOB_ID.match(body["job_id"]), "by a job update_customers")
    tap.equal(shop.job(body).json["operation"], "update", "whose operation is"
              " update")
    after = show(ann)
    tap.equal((after["extended_profile"]["first_name"],
               after["extended_profile"]["lifetime_value"]), ("Anna", 5),
              "what is given changes, what is not stays")
    tap.equal((after["created_at"], after["updated_at"] >
               before["updated_at"]), (before["created_at"], True),
              "created_at stays, updated_at moves")
    for name in ("email", "phone"):
        tap.ok(after["extended_profile"][name] !=
               before["extended_profile"][name],
               f"S17: {name}, which was not given, is sealed afresh")
    tap.equal(find("email", "ONE@x.org"), ann, "and is found as before")


def test_without_change():
    (ann,) = make({"email": "same@x.org", "first_name": "Ann"})
    before = show(ann)
    for rows in ({"customer_id": ann}, {"email": "SAME@x.org"},
                 {"customer_id": ann, "first_name": "Ann",
                  "email": "same@x.org"}):
        reply = patch(rows)
        tap.equal((reply.status, reply.json.get("customer_ids")), (200, []),
                  "a row that changes nothing succeeds")
    tap.equal((show(ann), revision(ann)), (before, 1),
              "and nothing is rewritten")


def test_whom_a_row_means():
    ann, bea, cy = make({"email": "w1@x.org", "username": "w1"},
                        {"email": "w2@x.org", "username": "w2"},
                        {"email": "w3@x.org"})
    reply = patch([{"email": " W1@x.org", "first_name": "A"},
                   {"username": "W2", "first_name": "B"},
                   {"customer_id": cy.upper(), "first_name": "C"}])
    tap.equal((reply.status, reply.json.get("customer_ids")),
              (200, [ann, bea, cy]), f"by e-mail, user name and id {reply}")
    patch({"email": "w4@x.org", "username": "w1"}, match_by="username")
    tap.equal(find("email", "w4@x.org"), ann,
              "match_by: other unique fields are changes")
    tap.equal(find("email", "w1@x.org"), 404, "the old value is free")
    patch({"customer_id": ann, "email": "w5@x.org", "username": "w6"},
          match_by="username")
    tap.equal((find("email", "w5@x.org"), find("username", "w6")),
              (ann, ann), "customer_id comes first")
    reply = patch({"first_name": "x"})
    tap.equal((reply.status, codes(reply)),
              (400, [(1, "customer_id", "required")]), "no name at all")
    reply = patch({"email": "w2@x.org", "first_name": "x"},
                  match_by="username")
    tap.equal(codes(reply), [(1, "username", "required")],
              "without the field of match_by")
    tap.equal(codes(patch([{"customer_id": "nonsense"}, {"customer_id": 7},
                           {"customer_id": UNKNOWN},
                           {"email": "nobody@x.org"}])),
              [(1, "customer_id", "format"), (2, "customer_id", "type"),
               (3, "customer_id", "unknown"), (4, "email", "unknown")],
              "names that name nobody")
    for name in ("phone", "shoe"):
        reply = patch({"email": "w2@x.org"}, match_by=name)
        tap.ok(reply.status == 400 and name in reply.json["message"],
               f"match_by {name} is refused by name")
    tap.equal(shop.check({"email": "w9@x.org"}, match_by="email").status, 400,
              "check takes no match_by")
    tap.equal(codes(patch([{"customer_id": ann, "first_name": "x"},
                           {"username": "w6", "first_name": "y"}])),
              [(2, "username", "duplicate")], "two rows of one customer")


def test_foreign_customers():
    """S12, S13: a customer of another group or tenant is nobody."""
    (mine,) = make({"email": "f1@x.org"})
    other = site.workspace(FIELDS)
    (theirs,) = make({"email": "f1@x.org"}, place=other)
    group = site.ctl("group", "create", "--workspace", shop.id, "--name",
                     "Empty", "--code", "empty")
    tap.equal(codes(patch({"customer_id": theirs, "first_name": "x"})),
              [(1, "customer_id", "unknown")], "another tenant's")
    reply = shop.call("PATCH", "/v1/customer", {
        "workspace_id": shop.id, "customer_group_id": group,
        "customer_data": [{"customer_id": mine, "first_name": "x"},
                          {"email": "f1@x.org", "first_name": "x"}]})
    tap.equal(codes(reply)[0], (1, "customer_id", "unknown"),
              f"another group's {reply}")
    tap.ok("first_name" not in profile(mine) and
           "first_name" not in profile(theirs, other), "and is not changed")
    every = [g["customer_group_id"] for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]
        if g["code"] == "all"][0]
    reply = shop.call("PATCH", "/v1/customer", {
        "workspace_id": shop.id, "customer_group_id": every,
        "customer_data": {"email": "f1@x.org", "first_name": "all"}})
    tap.equal((reply.status, profile(mine).get("first_name")), (200, "all"),
              "`all` has everyone")
    for role in ("viewer", "uploader"):
        tap.equal(patch({"customer_id": mine}, token=shop.user(role)).status,
                  403, f"a {role} may not")


def test_null_and_required():
    (ann,) = make({"email": "n@x.org", "first_name": "Ann", "username": "n"})
    reply = patch({"customer_id": ann, "first_name": None, "username": None})
    tap.equal((reply.status, sorted(profile(ann)), find("username", "n")),
              (200, ["email"], 404), f"null clears {reply}")
    tap.equal(codes(patch({"customer_id": ann, "email": None})),
              [(1, "email", "required")], "but not what is required")
    reply = patch_csv("E-mail,first_name,Customer_ID,error_row\n"
                      f",Bea,{ann},1\n")
    tap.equal((reply.status, profile(ann).get("first_name")), (200, "Bea"),
              f"an empty cell is not given {reply}")
    tap.equal(codes(patch_csv("customer_id,customer_id,x\n")),
              [(0, "customer_id", "duplicate"), (0, "x", "unknown")],
              "columns are checked")
    tap.equal(codes(shop.upload("customer_id,email\na,b@x.org\n")),
              [(0, "customer_id", "unknown")], "check has no customer_id")


def test_csv_of_many():
    data = coffer.csv_rows(1500, mark="many")
    shop.wait(shop.upload(data).json)
    reply = patch_csv(data.replace("VIP", "regular"))
    tap.equal((reply.status, reply.json.get("status"),
               reply.json.get("rows")), (202, "queued", 1500),
              f"many are queued {reply}")
    job = shop.wait(reply.json)
    tap.equal((job["status"], job["succeeded"], job["operation"]),
              ("completed", 1500, "update"), f"and done {job}")
    tap.equal(profile(find("email", "c1many@example.org"))["customer_type"],
              "regular", "as they say")
    tap.equal(site.sql("SELECT revision, COUNT(*) FROM customer c JOIN job j"
                       " ON c.seq >= j.first_seq AND c.seq < j.first_seq +"
                       " j.row_count WHERE j.operation = 'upload' AND"
                       " j.row_count = 1500 GROUP BY 1"),
              [["1", "750"], ["2", "750"]],
              "half of them had another value before")


def test_swaps():
    """Unique values move between rows of one file."""
    a, b, c = make({"email": "s1@x.org"}, {"email": "s2@x.org"},
                   {"email": "s3@x.org", "username": "s3"})
    reply = patch([{"customer_id": a, "email": "s2@x.org"},
                   {"customer_id": b, "email": "s1@x.org"}])
    tap.equal((reply.status, find("email", "s1@x.org"),
               find("email", "s2@x.org")), (200, b, a), f"a swap {reply}")
    reply = patch([{"customer_id": a, "email": "s3@x.org"},
                   {"customer_id": b, "email": "s2@x.org"},
                   {"customer_id": c, "email": "s1@x.org"}])
    tap.equal((reply.status, [find("email", f"s{i}@x.org") for i in
                              (1, 2, 3)]), (200, [c, b, a]), "a cycle")
    reply = patch([{"customer_id": b, "username": "S3"},
                   {"customer_id": c, "username": None}])
    tap.equal((reply.status, find("username", "s3")), (200, b),
              "a value that another row clears")
    reply = patch([{"customer_id": a, "email": "s2@x.org"},
                   {"customer_id": b, "first_name": "keeps it"}])
    tap.equal(codes(reply), [(1, "email", "unique")],
              "one that is not given up is taken")
    reply = patch([{"customer_id": a, "email": "s2@x.org"},
                   {"email": "S2@x.org", "first_name": "keeps it"}])
    tap.equal(codes(reply), [(1, "email", "unique"), (2, "email", "duplicate")],
              "nor may two rows have it")


def test_swaps_across_chunks():
    """Ten thousand values move by one place: the rows stay together."""
    place = site.workspace([
        {"field_name": "code", "field_type": "string", "unique": True},
        {"field_name": "note", "field_type": "string"}])
    rows = 4000
    place.wait(place.upload("code\n" + "".join(
        f"k{i}\n" for i in range(rows))).json)
    ids = {}
    for number in range(rows // 1000):
        for customer in place.page(number).json["customers"]:
            ids[customer["extended_profile"]["code"]] = customer["customer_id"]
    plain = [i for i in range(rows) if i % 3]
    ring = [i for i in range(rows) if not i % 3]
    lines = {i: f"{ids[f'k{i}']},,n{i}" for i in plain}
    for at, i in enumerate(ring):
        lines[i] = f"{ids[f'k{i}']},k{ring[(at + 1) % len(ring)]},n{i}"
    reply = patch_csv("customer_id,code,note\n" + "".join(
        lines[i] + "\n" for i in range(rows)), place)
    job = place.wait(reply.json)
    tap.equal((reply.status, job["status"], job["succeeded"]),
              (202, "completed", rows), f"a ring through all chunks {job}")
    after = {}
    for number in range(rows // 1000):
        for customer in place.page(number).json["customers"]:
            after[customer["customer_id"]] = customer["extended_profile"]
    wrong = [i for i in plain if after[ids[f"k{i}"]]["code"] != f"k{i}"]
    wrong += [i for at, i in enumerate(ring) if after[ids[f"k{i}"]]["code"]
              != f"k{ring[(at + 1) % len(ring)]}"]
    tap.equal(wrong, [], "everyone has the new value")
    tap.equal({p["note"] for p in after.values()},
              {f"n{i}" for i in range(rows)}, "and the rest of its row")


def test_validate_only():
    (ann,) = make({"email": "v@x.org"})
    reply = patch({"customer_id": ann, "first_name": "x"},
                  validate_only=True, on_existing="join")
    tap.equal((reply.status, reply.json.get("message"),
               "job_id" in reply.json), (200, "Data is clean to upload",
                                         False), "validate_only says so")
    tap.ok("first_name" not in profile(ann), "and changes nothing")
    tap.equal(patch({"customer_id": ann}, on_existing="burn").status, 400,
              "words of on_existing are checked")


def test_idempotency_key():
    a, b = make({"email": "i1@x.org"}, {"email": "i2@x.org"})
    key = {"Idempotency-Key": "u-1"}
    rows = [{"customer_id": a, "email": "i2@x.org"},
            {"customer_id": b, "email": "i1@x.org"}]
    first = patch(rows, headers=key)
    again = patch(rows, headers=key)
    tap.equal((again.status, again.raw), (first.status, first.raw),
              "a swap that is sent again is not swapped back")
    tap.equal(find("email", "i1@x.org"), b, "it is done once")
    tap.equal(patch(rows[:1], headers=key).status, 409,
              "the key with other content")
    tap.equal(shop.check({"email": "i3@x.org"}, headers=key).status, 200,
              "keys are those of a route")


def test_mended_errors():
    """Wrong rows found while storing come back as a CSV that can be mended."""
    place = site.workspace(FIELDS)
    place.wait(place.upload(coffer.csv_rows(150, mark="me")).json)
    people = place.page().json["customers"]
    ids = [person["customer_id"] for person in people]
    for child in site.children("worker"):
        os.kill(child, signal.SIGSTOP)
    data = "customer_id,First Name,username\n" + "".join(
        f"{customer},New {i},name{i}\n" for i, customer in enumerate(ids))
    waiting = patch_csv(data, place).json
    tap.equal(waiting["status"], "queued", "an update waits")
    place.check({"email": "fast@x.org", "username": "name7"})
    for child in site.children("worker"):
        os.kill(child, signal.SIGCONT)
    job = place.wait(waiting)
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed_with_errors", 149, 1), "another was faster")
    reply = place.call("GET", "/" + job["errors_url"].split("/", 3)[3])
    tap.equal(reply.raw.decode().splitlines(),
              ["customer_id,first_name,username,error_row,error_field,"
               "error_code", f"{ids[7]},New 7,name7,8,username,unique"],
              "errors_url has the original columns, customer_id too")
    again = patch_csv(reply.raw.replace(b",name7,", b",mended7,"), place)
    tap.equal((again.status, again.json.get("customer_ids")),
              (200, [ids[7]]), f"mended, it is sent again {again}")
    job = place.job(again.json).json
    reply = place.call("GET", "/" + job["errors_url"].split("/", 3)[3])
    tap.equal((job["status"], len(reply.raw.splitlines())), ("completed", 1),
              "and its own errors are none")


def test_many_at_once():
    """Updates and an upload with on_existing=update on the same customers."""
    place = site.workspace(FIELDS)
    data = coffer.csv_rows(400, mark="ma")
    place.wait(place.upload(data).json)
    lines = data.splitlines()
    answers = []
    for turn in range(4):
        rows = lines[1:] if turn % 2 else lines[:0:-1]
        text = "\n".join([lines[0]] + [row.replace("Ann", f"T{turn}")
                                       for row in rows]) + "\n"
        answers.append(patch_csv(text, place).json if turn < 3 else
                       place.upload(text, on_existing="update").json)
    for answer in answers:
        job = place.wait(answer)
        tap.equal((job["status"], job["succeeded"]), ("completed", 400),
                  job["operation"])
    tap.equal(site.sql("SELECT DISTINCT revision, LENGTH(events) FROM customer"
                       " WHERE workspace_id = (SELECT MAX(id) FROM"
                       " workspace)"), [["5", "40"]],
              "each changed each customer once, with an event")


tap.run(globals())
