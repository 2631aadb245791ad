"""PATCH and DELETE /v1/cg: groups change and go, customers stay; jobs that wait
for a group that goes fail cleanly."""
import time
import uuid
import coffer
import erasure
import tap

site = coffer.Site(**{"worker.poll": 50, "limits.inline_rows": 10})
shop = site.workspace()
other = site.workspace()
eyes = erasure.Eraser(site, shop.id)
NOBODY = str(uuid.uuid4())


def change(group_id, space=shop, **more):
    return space.call("PATCH", "/v1/cg", {
        "workspace_id": space.id, "customer_group_id": group_id, **more})


def delete(group_id, space=shop, **more):
    return space.call("DELETE", "/v1/cg", {
        "workspace_id": space.id, "customer_group_id": group_id, **more})


def create(code):
    return shop.call("PUT", "/v1/cg", {
        "workspace_id": shop.id, "name": code,
        "code": code}).json["customer_group_id"]


def groups():
    return {g["code"]: g for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]}


def count(group_id):
    status, answer = shop.post("/v1/customer/pages", {
        "workspace_id": shop.id, "customer_group_id": group_id})
    return answer["customers"] if status == 200 else status


def test_change():
    group = create("first")
    status, answer = change(group, name="Été", description="who came first")
    tap.equal((status, answer), (200, {
        "customer_group_id": group, "code": "first", "name": "Été",
        "description": "who came first", "customers": 0}),
        "changed: the group as PUT answers it")
    tap.equal(change(group, code="one").json["code"], "one", "its code")
    tap.equal(change(group, description="").json["description"], "",
              "a description may be empty")
    tap.equal(groups()["one"]["name"], "Été", "what is not given stays")
    tap.equal(change(group, name="Été").status, 200, "as it is: 200")


def test_change_refused():
    group = groups()["one"]["customer_group_id"]
    everyone = groups()["all"]["customer_group_id"]
    for what, reply, wanted in (
            ("code that is taken", change(group, code="customers"), 409),
            ("nothing to change", change(group), 400),
            ("all null", change(group, name=None), 400),
            ("no group", change(None, name="x"), 400),
            ("bad code", change(group, code="No Code"), 400),
            ("empty name", change(group, name=""), 400),
            ("number", change(group, name=7), 400),
            ("unknown member", change(group, colour="red"), 400),
            ("the built-in group", change(everyone, name="x"), 400),
            ("its deletion", delete(everyone), 400),
            ("deletion with more", delete(group, name="x"), 400),
            ("deletion of none", delete(None), 400)):
        tap.equal(reply.status, wanted, f"{what}: {wanted}")
    for group_id in (NOBODY, other.group_id, "x"):
        for reply in (change(group_id, name="x"), delete(group_id)):
            tap.equal((reply.status, reply.json["message"]),
                      (401, "No customers found"),
                      "S12: unknown and foreign groups are alike")
    for role in ("viewer", "uploader"):
        token = shop.user(role)
        for method, more in (("PATCH", {"name": "x"}), ("DELETE", {})):
            tap.equal(shop.call(method, "/v1/cg", {
                "workspace_id": shop.id, "customer_group_id": group, **more},
                token=token).status, 403, f"{role} {method}: 403")
    tap.equal(groups()["one"]["name"], "Été", "nothing came of it")


def test_delete():
    """Memberships go, customers stay."""
    group = groups()["one"]["customer_group_id"]
    shop.wait(shop.upload(coffer.csv_rows(2000)).json)
    joined = shop.upload(coffer.csv_rows(1200), on_existing="join",
                         customer_group_id=group)
    shop.wait(joined.json)
    tap.equal(count(group), 1200, "1,200 have joined")
    last = site.sql("SELECT MAX(id) FROM segment")[0][0]
    tap.equal(list(delete(group)), [200, {
        "customer_group_id": group, "deleted": True, "memberships": 1200}],
        "deleted")
    tap.equal(count(group), 401, "and unknown")
    tap.equal(list(delete(group))[0], 401, "a second time: 401")
    tap.equal([count(shop.group_id),
               count(groups()["all"]["customer_group_id"])], [2000, 2000],
              "the customers stay")
    tap.equal(site.sql("SELECT COUNT(*) FROM segment_bucket WHERE"
                       f" segment_id = {last}"), [["0"]], "no count is left")
    tap.equal(eyes.counts_wrong(), [], "nor a membership")
    create("next")
    tap.ok(int(site.sql("SELECT MAX(id) FROM segment")[0][0]) > int(last),
           "the number of a group that is gone is not used again")


def test_delete_large():
    """More than 10,000 members go by a job."""
    group = create("large")
    for mark in ("k", "l"):
        shop.wait(shop.upload(coffer.csv_rows(6000, mark=mark),
                              customer_group_id=group).json)
    tap.equal(delete(group).json["memberships"], 12000, "deleted")
    tap.equal(count(group), 401, "unknown at once")
    for _ in range(400):
        if site.sql("SELECT COUNT(*) FROM job_queue") == [["0"]]:
            break
        time.sleep(0.05)
    tap.equal(site.sql("SELECT operation, state, row_count, succeeded FROM"
                       " job WHERE operation = 'clear'"),
              [["clear", "completed", "12000", "12000"]], "the job ends")
    tap.equal(eyes.counts_wrong(), [], "no membership is left")
    tap.equal(count(groups()["all"]["customer_group_id"]), 14000,
              "the customers stay")


def test_waiting_jobs():
    """Jobs that wait for a group that goes: failed, and nothing is left."""
    group = create("doomed")
    site.stop("worker")
    new = shop.upload(coffer.csv_rows(1500, mark="n"),
                      customer_group_id=group).json
    tap.equal(delete(group).status, 200, "deleted")
    site.up("worker")
    tap.equal(shop.wait(new)["status"], "failed", "an upload fails")
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM job_queue),"
                       " (SELECT COUNT(*) FROM job_chunk)"), [["0", "0"]],
              "its rows do not wait any more")
    tap.equal(eyes.counts_wrong(), [], "nothing is left behind")


tap.run(globals())
