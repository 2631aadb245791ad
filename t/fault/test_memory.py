"""Peak memory of every process of ours stays under 32 MB while 10,000 rows in
20 MB go through, and while a page of large customers is read."""
import coffer
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


tap.run(globals())
