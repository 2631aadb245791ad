"""Single customers while stored values are being converted: no worker runs, so
the conversion does not end until the test lets it."""
import os
import time

import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace([{"field_name": "code", "field_type": "string"},
                       {"field_name": "note", "field_type": "string"}])


def scv(method, path, body=None):
    return shop.scv(method, "/customers" + path, body)


def wait(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise RuntimeError("waited in vain")


def change(**more):
    reply = shop.call("PATCH", "/v1/cpf", {"workspace_id": shop.id, **more})
    tap.ok(reply.status in (200, 202), f"{more}: {reply.status}")


def test_all():
    ann = scv("POST", "", {"code": "a", "note": "old"}).json["$customerid"]
    change(field_name="note", pii=True)
    tap.equal(scv("GET", f"/{ann}").json, {"code": "a", "note": "old"},
              "read while it waits to be sealed")
    bob = scv("POST", "", {"code": "b", "note": "new"}).json["$customerid"]
    tap.ok("new" not in str(site.sql("SELECT profile FROM customer WHERE "
                                     "seq = 1")), "a new one is sealed")
    tap.equal(scv("GET", f"/{bob}").json, {"code": "b", "note": "new"},
              "and read")
    scv("PATCH", f"/{ann}", {"code": "c"})
    tap.equal((scv("GET", f"/{ann}").json, "old" in str(site.sql(
        "SELECT profile FROM customer"))),
        ({"code": "c", "note": "old"}, False), "a change converts")
    site.up("fcgi nginx worker")
    wait(lambda: site.sql("SELECT COUNT(*) FROM job_queue") == [["0"]])
    worker = site.pid("worker")
    site.kill("worker", 15)
    wait(lambda: not os.path.exists(f"/proc/{worker}"))
    change(field_name="code", unique=True)
    for method, path, body in (("POST", "", {"code": "d"}),
                               ("PATCH", f"/{ann}", {"code": "d"}),
                               ("PATCH", f"/{ann}", {"code": None})):
        reply = scv(method, path, body)
        tap.equal((reply.status, bool(reply.headers["Retry-After"])),
                  (503, True), f"{method} {body}: 503 while its index is made")
    site.up("fcgi nginx worker")
    wait(lambda: scv("PATCH", f"/{ann}", {"code": "d"}).status == 200)
    tap.equal(scv("POST", "", {"code": "D"}).status, 409, "then it is unique")
    tap.equal(scv("PATCH", f"/{ann}", {"note": "n"}).status, 200,
              "others are changed")


tap.run(globals())
