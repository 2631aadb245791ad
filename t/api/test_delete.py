"""DELETE /v1/customer: some customers at once, a whole group as a job; nothing
of them is left, counts and pages are right."""
import random
import uuid
import coffer
import erasure
import tap

site = coffer.Site(**{"worker.poll": 50, "limits.inline_rows": 10})
shop = site.workspace()
other = site.workspace()
eyes = erasure.Eraser(site, shop.id)
NOBODY = str(uuid.uuid4())


def everybody(group_id=None):
    """All customers of a group, page by page."""
    body = shop.group() if group_id is None else {
        "workspace_id": shop.id, "customer_group_id": group_id}
    status, answer = shop.post("/v1/customer/pages", body)
    if status == 401:
        return []
    found = []
    for number in range(answer["pages"]):
        found += shop.page(number, group_id).json["customers"]
    tap.equal(len(found), answer["customers"], "pages hold what is counted")
    return found


def names(customers):
    return [c["extended_profile"]["first_name"] for c in customers]


def delete(ids, space=shop, headers=None, **more):
    body = space.group(customer_ids=ids)
    body.update(more)
    return space.call("DELETE", "/v1/customer", body, headers)


def groups():
    return {g["code"]: g for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]}


def test_bad_input():
    good = [NOBODY]
    for what, body in {
            "no ids": shop.group(),
            "no group": {"workspace_id": shop.id, "customer_ids": good},
            "none": shop.group(customer_ids=[]),
            "not an array": shop.group(customer_ids=NOBODY),
            "both": shop.group(customer_ids=good, all=True),
            "all false": shop.group(all=False),
            "all a word": shop.group(all="yes"),
            "a stranger": shop.group(customer_ids=good, force=True),
            "too many": shop.group(customer_ids=[
                str(uuid.uuid4()) for _ in range(10001)])}.items():
        tap.equal(shop.call("DELETE", "/v1/customer", body).status, 400,
                  f"{what}: 400")
    for bad in ("x", 7, None, NOBODY.replace("-", ""), "", {}):
        status, answer = delete([NOBODY, bad])
        tap.ok(status == 400 and "customer_ids[1]" in answer["message"],
               f"{bad!r}: 400 that names its index")
    for bad in ("two words", "x" * 256, "\u00e9"):
        for what, reply in (
                ("some", delete(good, headers={"Idempotency-Key": bad})),
                ("all", delete_all({"Idempotency-Key": bad}))):
            tap.ok(reply.status == 400 and "Idempotency-Key" in
                   reply.json["message"], f"{what}: no key {bad[:9]!r}: 400")
    tap.equal(shop.post("/v1/customer", shop.group(page_number=0)).status,
              401, "nothing came of it")


def test_unknown():
    tap.equal(list(delete([NOBODY, NOBODY.upper()])),
              [200, {"deleted": 0, "not_found": [NOBODY]}],
              "an empty group: not found, once")
    for group in (NOBODY, other.group_id, "x"):
        status, answer = delete([NOBODY], customer_group_id=group)
        tap.equal((status, answer["message"]), (401, "No customers found"),
                  "S12: an unknown and a foreign group: 401")
    theirs = other.check([{"email": "t@x.org"}]).json["customer_ids"]
    tap.equal(delete(theirs).json, {"deleted": 0, "not_found": theirs},
              "S12: a foreign customer is not found")
    tap.equal(len(other.page().json["customers"]), 1, "and stays")
    viewer = shop.user("viewer")
    tap.equal(shop.call("DELETE", "/v1/customer",
                        shop.group(customer_ids=[NOBODY]),
                        token=viewer).status, 403, "a viewer may not")


def test_some():
    answer = shop.upload(coffer.csv_rows(3000)).json
    shop.wait(answer)
    before = everybody()
    ids = [c["customer_id"] for c in before]
    gone = [ids[0], ids[5], ids[1023], ids[1024], ids[2999]]
    seqs = eyes.seqs(gone)
    digests = eyes.digests(seqs)
    tap.equal(list(delete(gone + [NOBODY, gone[0]])),
              [200, {"deleted": 5, "not_found": [NOBODY]}],
              "five deleted, one not found, one given twice")
    after = everybody()
    tap.equal([c["customer_id"] for c in after],
              [i for i in ids if i not in gone], "the others stay, in order")
    tap.equal(eyes.left(seqs, gone, digests, ["c1@example.org"]), [],
              "nothing of them is in any table")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")
    tap.equal(groups()["customers"]["customers"], 2995, "and so is the list")
    tap.equal(groups()["all"]["customers"], 2995, "of all groups")
    again = shop.check([{"email": "c1@example.org", "first_name": "Again"}])
    tap.equal(again.status, 200, "a deleted e-mail is free again")
    tap.equal(names(everybody())[-1], "Again", "and comes last")
    tap.equal(delete(again.json["customer_ids"]).json["deleted"], 1, "once")
    tap.ok('"level":"warning"' in site.logs() and
           "customers deleted: 5, not found: 1" in site.logs(),
           "a warning with counts in the log")


def test_borders():
    """Ranges, whole buckets, every second one: pages stay exact."""
    ids = [c["customer_id"] for c in everybody()]
    for what, gone in (("a run over a border", ids[900:1200]),
                       ("every second", ids[1500:1700:2]),
                       ("the head", ids[:100]),
                       ("a page and more", ids[1750:2895]),
                       ("at random", random.Random(7).sample(ids, 500))):
        left = [i for i in ids if i not in set(gone)]
        tap.equal(delete(gone).json["deleted"],
                  len([i for i in gone if i in ids]), what)
        ids = left
        tap.equal([c["customer_id"] for c in everybody()], ids,
                  f"{what}: the pages are right")
        tap.equal(eyes.counts_wrong(), [], f"{what}: the counts are right")


def test_groups():
    """A customer in many groups goes from all of them."""
    made = [shop.call("PUT", "/v1/cg", {"workspace_id": shop.id, "name": c,
                                        "code": c}).json["customer_group_id"]
            for c in ("vip", "mail", "late")]
    customers = everybody()
    for group_id, first, last in ((made[0], 0, 50), (made[1], 25, 75),
                                  (made[2], 40, 41)):
        people = [{"email": f"c{c['extended_profile']['first_name'][4:]}"
                   "@example.org"} for c in customers[first:last]]
        for at in range(0, len(people), 10):
            reply = shop.check(people[at:at + 10], on_existing="join",
                               customer_group_id=group_id)
            tap.equal(reply.status, 200, "joined")
    tap.equal([groups()[c]["customers"] for c in ("vip", "mail", "late")],
              [50, 50, 1], "three groups")
    ids = [c["customer_id"] for c in customers]
    reply = delete(ids[30:60], customer_group_id=made[0])
    tap.equal(reply.json, {"deleted": 20, "not_found": ids[50:60]},
              "who is not in the group is not found")
    tap.equal([c["customer_id"] for c in everybody(made[0])], ids[:30],
              "page of the first")
    tap.equal([c["customer_id"] for c in everybody(made[1])],
              ids[25:30] + ids[50:75], "of the second")
    tap.equal(everybody(made[2]), [], "the third is empty")
    tap.equal([c["customer_id"] for c in everybody()], ids[:30] + ids[50:],
              "of the first group of all")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")
    everyone = groups()["all"]["customer_group_id"]
    tap.equal(delete([ids[0]], customer_group_id=everyone).json["deleted"], 1,
              "through `all`")
    tap.equal(names(everybody(made[0])), names(customers[1:30]),
              "it leaves the others too")


def delete_all(headers=None, **more):
    body = shop.group(all=True)
    body.update(more)
    return shop.call("DELETE", "/v1/customer", body, headers)


def test_all():
    vip = groups()["vip"]["customer_group_id"]
    reply = delete_all(customer_group_id=vip)
    tap.equal(reply.status, 202, "a whole group: 202")
    tap.equal((reply.json["status"], reply.json["rows"]), ("queued", 29),
              "with its rows")
    tap.ok("/delete_customers/" in reply.json["job_id"], "a job of its kind")
    job = shop.wait(reply.json)
    tap.equal((job["operation"], job["status"], job["rows"],
               job["processed"], job["succeeded"], job["failed"],
               job["progress"]),
              ("delete", "completed", 29, 29, 29, 0, 1.0), "it ends")
    tap.equal(everybody(vip), [], "nobody is left")
    tap.equal(delete_all(customer_group_id=vip).status, 401,
              "an empty group: 401")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")
    rest = groups()["customers"]["customers"]
    key = {"Idempotency-Key": "once"}
    first = delete_all(key)
    tap.equal((first.status, first.json["rows"]), (202, rest), "the rest")
    tap.equal(delete_all(key).raw, first.raw, "S: the same key, the same job")
    shop.wait(first.json)
    tap.equal(delete_all(key).raw, first.raw, "also when it is done")
    tap.equal(delete_all(key, customer_group_id=vip).status, 409,
              "another deletion of that key: 409")
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM customer WHERE"
                       f" workspace_id = {eyes.workspace}), (SELECT COUNT(*)"
                       " FROM segment_member m WHERE m.workspace_id ="
                       f" {eyes.workspace}), (SELECT COUNT(*) FROM"
                       f" customer_unique WHERE workspace_id ="
                       f" {eyes.workspace})"), [["0", "0", "0"]],
              "the tables are empty")
    tap.equal(eyes.counts_wrong(), [], "and the counts are nought")


def test_built_in():
    """Through the group of all customers; a viewer may not."""
    shop.wait(shop.upload(coffer.csv_rows(1100, mark="e")).json)
    everyone = groups()["all"]["customer_group_id"]
    tap.equal(shop.call("DELETE", "/v1/customer",
                        shop.group(all=True), token=shop.user("uploader")
                        ).status, 403, "an uploader may not")
    reply = delete_all(customer_group_id=everyone)
    tap.equal((reply.status, reply.json["rows"]), (202, 1100), "all of all")
    tap.equal(shop.wait(reply.json)["succeeded"], 1100, "are deleted")
    tap.equal(everybody(), [], "from the other group too")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")


def test_later():
    """Who joins after the deletion of all was accepted stays."""
    shop.wait(shop.upload(coffer.csv_rows(1500, mark="a")).json)
    site.stop("worker")
    late = shop.upload(coffer.csv_rows(20, mark="b")).json
    reply = delete_all()
    tap.equal(reply.json["rows"], 1500, "those who wait are not counted")
    site.up("worker")
    shop.wait(late)
    job = shop.wait(reply.json)
    tap.equal((job["status"], job["rows"], job["processed"]),
              ("completed", 1500, 1500), "those who were there are deleted")
    tap.equal(len(everybody()), 20, "those who came later stay")


tap.run(globals())
