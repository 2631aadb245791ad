"""Peak memory of every process of ours stays under 32 MB while 10,000 rows in
20 MB go through, while a page of large customers is read, and while customers
of many groups are deleted."""
import os
import signal
import coffer
import erasure
import tap

LIMIT = 32 * 1024  # KiB
site = coffer.Site(**{"server.processes": 1})
shop = site.workspace([
    {"field_name": "email", "field_type": "string", "pii": True,
     "unique": True, "required": True},
    {"field_name": "note", "field_type": "string", "max_length": 4000}]
    + [{"field_name": f"p{i}", "field_type": "string", "pii": True}
       for i in range(3)])


def peaks():
    """VmHWM in KiB by process; a sanitizer's memory is not ours."""
    result = {}
    for name in ("fcgi", "worker", "nginx"):
        for pid in [site.pid(name)] + site.children(name):
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        result[f"{name}-{pid}"] = int(line.split()[1])
    return result


def within(name):
    found = peaks()
    tap.ok(max(found.values()) <= LIMIT, f"{name}: every process within 32 MB")
    tap.note(found)


def test_upload():
    lines = ["email,p0,p1,p2,note"]
    lines += [f"m{i}@example.org,{'a' * 80},{'b' * 80},{'c' * 80},"
              f"{'n' * 1740}" for i in range(10000)]
    data = "\n".join(lines) + "\n"
    tap.ok(len(data) > 20_000_000, f"a file of {len(data)} bytes")
    answer = shop.upload(data)
    tap.equal(answer.status, 202, "it is taken")
    tap.equal(shop.wait(answer.json, 120)["succeeded"], 10000, "and stored")
    within("upload")


def test_page():
    for number in (0, 9):
        tap.equal(len(shop.page(number).json["customers"]), 1000, "a page")
    within("pages")


def test_json():
    rows = [{"email": f"j{i}@example.org", "p0": "x" * 60, "p1": "y" * 60,
             "p2": "z" * 60} for i in range(10000)]
    answer = shop.check(rows)
    tap.equal(answer.status, 202, "10,000 rows of JSON")
    tap.equal(shop.wait(answer.json, 120)["succeeded"], 10000, "stored")
    within("JSON")


def join_groups(count):
    """Makes groups that everybody is a member of, in falling order."""
    workspace = erasure.Eraser(site, shop.id).workspace
    for i in range(count):
        tap.equal(shop.call("PUT", "/v1/cg", {
            "workspace_id": shop.id, "code": f"many{i}",
            "name": f"M{i}"}).status // 100, 2, "a group")
    site.sql("INSERT INTO segment_member SELECT c.workspace_id, s.id,"
             " 50000 - c.seq, c.seq, 0 FROM segment s JOIN customer c"
             " ON c.workspace_id = s.workspace_id"
             f" WHERE s.workspace_id = {workspace} AND s.code LIKE 'many%'")
    for level, span in ((0, 1024), (1, 32768)):
        site.sql("INSERT INTO segment_bucket SELECT m.workspace_id,"
                 f" m.segment_id, {level}, m.position DIV {span}, COUNT(*),"
                 " MIN(m.position), MAX(m.position) + 1, NULL"
                 " FROM segment_member m JOIN segment s"
                 " ON s.workspace_id = m.workspace_id AND s.id = m.segment_id"
                 " WHERE s.code LIKE 'many%' GROUP BY m.workspace_id,"
                 f" m.segment_id, m.position DIV {span}")
    site.sql(f"UPDATE segment SET next_position = 50001 WHERE workspace_id ="
             f" {workspace} AND code LIKE 'many%'")


def counts():
    return {g["code"]: g["customers"] for g in shop.post(
        "/v1/cg", {"workspace_id": shop.id}).json["groups"]
        if g["code"].startswith("many")}


def test_delete():
    """3,000 customers in 41 groups at once: more memberships than are read at
    a time."""
    site.sql("DELETE FROM segment_member; DELETE FROM customer;"
             "DELETE FROM customer_unique; DELETE FROM segment_bucket")
    rows = "".join(f"d{i}@example.org\n" for i in range(3200))
    tap.equal(shop.wait(shop.upload("email\n" + rows).json, 60)["succeeded"],
              3200, "3,200 customers")
    join_groups(40)
    everyone = [c["customer_id"] for number in range(4)
                for c in shop.page(number).json["customers"]]
    tap.equal(counts(), {f"many{i}": 3200 for i in range(40)}, "in 41 groups")
    old = site.children("fcgi")
    for pid in old:  # a new process, whose peak is the deletion's
        os.kill(pid, signal.SIGTERM)
    coffer.wait_until(lambda: site.children("fcgi")
                      and not set(old) & set(site.children("fcgi")))
    answer = shop.call("DELETE", "/v1/customer",
                       shop.group(customer_ids=everyone[100:3100]))
    tap.equal((answer.status, answer.json["deleted"]), (200, 3000), "deleted")
    tap.equal(counts(), {f"many{i}": 200 for i in range(40)}, "200 are left")
    tap.equal(erasure.Eraser(site, shop.id).counts_wrong(), [],
              "all counts are right")
    within("deletion")
    pool = site.children("fcgi")
    tap.ok(all(peaks()[f"fcgi-{pid}"] <= LIMIT // 2 for pid in pool),
           "the process that deleted within 16 MB")


tap.run(globals())
