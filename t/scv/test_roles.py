"""Fields that stand for system attributes, while customers have values of
these: taken over, refused, given back and erased."""
import base64
import json
import time
import coffer
import erasure
import tap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

site = coffer.Site(**{"worker.poll": 50, "worker.background": 100,
                      "limits.inline_rows": 10})
PEOPLE = [
    {"$verifiedEmail": "ann@example.org", "$username": "ann", "name": "Ann",
     "$consented": True, "$consentDocumentVersion": "v1"},
    {"$verifiedEmail": "bob@example.org", "name": "Bob",
     "$consented": False, "$consentDocumentVersion": "v2"},
    {"$username": "cid", "name": "Cid"}]
SOURCE = {"email": {"x-scv-source": "customer.$verifiedEmail"},
          "agreed": {"x-scv-source": "customer.$consented"},
          "terms": {"x-scv-source": "customer.$consentDocumentVersion",
                    "x-coffer-unique": True, "x-pii": True},
          "name": {"type": "string"}}


class Shop:
    def __init__(self):
        self.at = site.workspace(fields=[
            {"field_name": "name", "field_type": "string"}])
        self.ids = self.at.check(PEOPLE).json["customer_ids"]
        line = site.ctl("account", "data-key", self.at.account, "--reveal")
        self.key = AESGCM(base64.b64decode(line.split()[1]))

    def schema(self, properties):
        return site.request("PUT", "/scv/schema", {"properties": properties}, {
            "x-dxp-tenant": self.at.account, "x-api-key": self.at.api_key})

    def field(self, method="PUT", **members):
        return self.at.call(method, "/v1/cpf", {"workspace_id": self.at.id,
                                                **members})

    def email(self, method="PUT", **more):
        return self.field(method, field_name="email", field_type="string",
                          role="verified_email", **more)

    def plain(self, name):
        """The values of a field that is sealed, as a client opens them."""
        found = []
        for who in self.at.page().json["customers"]:
            text = who["extended_profile"].get(name)
            sealed = base64.b64decode(text or "")
            aad = f"{self.at.id}/{who['customer_id']}/{name}".encode()
            found.append(text and json.loads(self.key.decrypt(
                sealed[:12], sealed[12:], aad)))
        return found

    def values(self, name):
        return [c["extended_profile"].get(name)
                for c in self.at.page().json["customers"]]

    def find(self, field, value):
        reply = self.at.post("/v1/customer/find", {
            "workspace_id": self.at.id, "field": field, "value": value})
        return reply.json["customer_id"] if reply.status == 200 else None

    def delete(self, number):
        return self.at.call("DELETE", "/v1/customer", self.at.group(
            customer_ids=[self.ids[number]])).json["deleted"]

    def digests(self):
        return site.sql(
            "SELECT field_id, COUNT(*) FROM customer_unique WHERE workspace_id"
            " = (SELECT id FROM workspace WHERE HEX(uuid) ="
            f" '{self.at.id.replace('-', '')}') GROUP BY 1 ORDER BY 1")


def code(reply):
    return reply.status, [e["code"] for e in reply.json.get("errors", [])]


def test_taken_over():
    shop = Shop()
    site.stop("worker")
    reply = shop.email()
    tap.equal((reply.status, "job_id" in reply.json), (201, True),
              "a new field with the role: created, and a job")
    emails = ["ann@example.org", "bob@example.org", None]
    tap.equal((shop.plain("email"), shop.values("$verifiedEmail")),
              (emails, [None] * 3), "reads give it the values at once")
    tap.equal(shop.find("email", "ANN@example.org"), shop.ids[0],
              "they are found by it")
    tap.equal(shop.find("$verifiedEmail", "ann@example.org"), None,
              "and not as a field that is there no more")
    tap.equal(code(shop.at.check([{"email": "Bob@example.org"}])),
              (400, ["unique"]), "S12: meanwhile nobody else gets a value")
    tap.equal(shop.at.check([{"email": "dan@example.org"}]).status, 200,
              "a new one is stored")
    tap.equal(shop.at.check([{"email": "bob@example.org", "name": "Rob"}],
                            on_existing="update").status, 200,
              "a customer that is not converted is changed")
    tap.equal(shop.at.check([
        {"customer_id": shop.ids[2], "email": "cid@example.org"}])
        .status, 400, "check takes no customer_id")
    moved = shop.at.call("PATCH", "/v1/customer", shop.at.group(customer_data=[
        {"customer_id": shop.ids[0], "email": "a2@example.org"}]))
    tap.equal(moved.status, 200, "and another e-mail given")
    emails = ["a2@example.org", "bob@example.org", None, "dan@example.org"]
    tap.equal((shop.plain("email"), shop.values("name")[:3]),
              (emails, ["Ann", "Rob", "Cid"]), "as it reads")
    site.up("worker")
    tap.equal(shop.at.wait(reply.json)["status"], "completed", "converted")
    tap.equal(shop.plain("email"), emails, "S19: sealed under the new name")
    tap.equal(shop.digests(), [["1", "3"], ["2", "2"]],
              "digests stay where they are")
    tap.equal(site.sql("SELECT COUNT(*) FROM customer WHERE profile LIKE"
                       " '%$verifiedEmail%'"), [["0"]],
              "nothing is left under the old one")
    tap.equal([code(shop.at.check([{"email": e}])) for e in (
        "A2@example.org", "bob@example.org")], [(400, ["unique"])] * 2,
        "and values are unique as before")
    tap.equal(shop.at.check([{"email": "ann@example.org"}]).status, 200,
              "what was given up is free")
    tap.equal(shop.delete(1), 1, "one is deleted")
    tap.equal((shop.find("email", "bob@example.org"), shop.digests()[0]),
              (None, ["1", "3"]), "with its digests")


def test_exported():
    """An export between the change and its conversion."""
    shop = Shop()
    site.stop("worker")
    reply = shop.schema({**SOURCE, "name": {
        "type": "string", "x-scv-searchable": "name"}})
    job = reply.headers["Location"][-36:].replace("-", "")
    later = (f"UPDATE job_queue SET available_at = available_at %s 3600000"
             f" WHERE HEX(job) = '{job}'")
    site.sql(later % "+")
    keys = {"x-dxp-tenant": shop.at.account, "x-api-key": shop.at.api_key}
    name = site.request("POST", "/scv/exports", {"segment": "all"},
                        keys).json["exportid"]
    site.up("worker")
    end = time.monotonic() + 60
    url = None
    while not url and time.monotonic() < end:
        time.sleep(0.05)
        url = site.request("GET", f"/scv/exports/{name}", None,
                           keys).json["signedURL"]
    sheet = [line.split(",") for line in site.request(
        "GET", url[url.index("/exports/"):]).raw.decode().splitlines()]
    rows = [dict(zip(sheet[0], row)) for row in sheet[1:]]
    tap.equal([(r["email"], r["agreed"], r["terms"], r["name"],
                "$verifiedEmail" in r) for r in rows],
              [("ann@example.org", "true", "v1", "Ann", False),
               ("bob@example.org", "false", "v2", "Bob", False),
               ("", "", "", "Cid", False)],
              "a file has the values under their new names")
    found = site.request("GET", "/scv/customers?search%5Bcontains%5D=BOB&"
                         "retProps=email", None, keys)
    tap.equal([c["email"] for c in found.json["data"]], ["bob@example.org"],
              "what became searchable is found meanwhile")
    site.sql(later % "-")
    where = reply.headers["Location"].split("//")[1]
    tap.equal(shop.at.wait({"job_id": where})["status"], "completed",
              "then the conversion goes on")


def test_by_document():
    """All of them at once, and an index key that is rotated afterwards."""
    shop = Shop()
    site.stop("worker")
    reply = shop.schema(SOURCE)
    tap.equal(reply.status, 202, "three roles by one document: one job")
    for when in "meanwhile", "afterwards":
        tap.equal((shop.plain("email")[:3], shop.values("agreed")[:3],
                   shop.plain("terms")[:3]),
                  (["ann@example.org", "bob@example.org", None],
                   [True, False, None], ["v1", "v2", None]),
                  f"{when} every value has its new name")
        waits = shop.at.check([{"terms": "v9"}])
        tap.equal(waits.status, 202 if when == "meanwhile" else 400,
                  f"{when}: what becomes unique")
        if when == "meanwhile":
            kept = waits
            site.up("worker")
            where = reply.headers["Location"].split("//")[1]
            shop.at.wait({"job_id": where})
            shop.at.wait(kept.json)
    tap.equal(shop.values("name")[:3], ["Ann", "Bob", "Cid"], "others stay")
    jobs = site.ctl("key", "rotate", "--account", shop.at.account, "--index")
    tap.ok(jobs, "the index key is rotated")
    end = time.monotonic() + 60
    while time.monotonic() < end and site.sql(
            "SELECT 1 FROM job WHERE state IN ('queued', 'running')"):
        time.sleep(0.05)
    tap.equal((shop.find("email", "ann@example.org"),
               code(shop.at.check([{"email": "BOB@example.org"}]))),
              (shop.ids[0], (400, ["unique"])),
              "values are found and unique by the new key")
    tap.equal([n for i, n in shop.digests() if i in "12"], ["2", "2"],
              "one digest a value")


def test_refused():
    shop = Shop()
    shop.field(field_name="mail", field_type="string")
    shop.field(field_name="yes", field_type="boolean")
    for name, role in ("mail", "verified_email"), ("yes", "consented"):
        reply = shop.field("PATCH", field_name=name, role=role)
        tap.equal((reply.status, "$" in reply.json["message"]), (409, True),
                  f"{role}: not for a field that has values of its own")
    reply = shop.schema({"mail": SOURCE["email"], "name": SOURCE["name"]})
    tap.equal((reply.status, reply.json["invalid-params"][0]["name"]),
              (409, "/properties/mail"), "nor by a document")
    reply = shop.field(field_name="login", field_type="string",
                       role="username", max_length=2)
    tap.equal((reply.status, reply.json["violations"]), (400, 2),
              "stored values have to fit a new field, too")
    tap.ok(b"cid" not in reply.raw, "and are not told")
    reply = shop.field("PATCH", field_name="mail", role="tertiary_id")
    tap.equal(reply.status, 200 if not reply.json.get("job_id") else 202,
              "a role that no customer has a value of")
    shop.at.wait(reply.json)
    tap.equal(shop.schema({"mail": SOURCE["email"], "name": SOURCE["name"],
                           "other": {"x-scv-source": "customer.$tertiaryid"}})
              .status, 409, "a role does not go from field to field at once")
    tap.equal(shop.values("$consented"), [True, False, None],
              "nothing was changed")


def test_given_back():
    """The field goes; while its values do, the attribute's wait."""
    shop = Shop()
    shop.at.wait(shop.email().json)
    site.stop("worker")
    gone = shop.field("DELETE", field_name="email")
    tap.equal(gone.status, 202, "a field with a role is deleted")
    waits = shop.at.call("PATCH", "/v1/customer", shop.at.group(customer_data=[
        {"customer_id": shop.ids[0], "$verifiedEmail": "bob@example.org"}]))
    tap.equal(waits.status, 202, "meanwhile a value of the attribute waits")
    site.up("worker")
    shop.at.wait(gone.json)
    tap.equal(shop.at.wait(waits.json)["succeeded"], 1, "and is stored then")
    tap.equal((shop.plain("$verifiedEmail"), shop.digests()),
              (["bob@example.org", None, None], [["1", "1"], ["2", "2"]]),
              "the old ones are gone, with their digests")
    tap.equal(code(shop.at.check([{"$verifiedEmail": "BOB@example.org"}])),
              (400, ["unique"]), "the new one is unique")
    shop = Shop()
    shop.at.wait(shop.email().json)
    site.stop("worker")
    taken = shop.field("PATCH", field_name="email", role=None)
    waits = shop.at.check([{"$verifiedEmail": "ann@example.org"}])
    tap.equal((taken.status, waits.status), (202, 202),
              "a role is taken: again a value of the attribute waits")
    site.up("worker")
    shop.at.wait(taken.json)
    tap.equal(shop.at.wait(waits.json)["succeeded"], 1, "and is stored then")
    tap.equal((shop.plain("$verifiedEmail"), shop.plain("email")[:2]),
              ([None, None, None, "ann@example.org"],
               ["ann@example.org", "bob@example.org"]),
              "the field keeps its values, the attribute begins anew")
    tap.equal([n for _, n in shop.digests()], ["1", "2", "2"],
              "each in its own index")


def lease(answer, owner, until):
    """Leases a job's chunks to `owner`; to "": they are free."""
    job = answer.json["job_id"][-36:].replace("-", "")
    site.sql(f"UPDATE job_queue SET owner = '{owner}', available_at = {until}"
             f" WHERE job = UNHEX('{job}')")


def test_waiting_rows():
    """Rows that were accepted while no field had the role."""
    shop = Shop()
    eyes = erasure.Eraser(site, shop.at.id)
    site.stop("worker")
    rows = [{"$verifiedEmail": f"w{i}@example.org", "$username": f"w{i}",
             "name": f"W{i}"} for i in range(20)]
    waits = shop.at.check(rows)
    tap.equal(waits.status, 202, "an upload waits")
    twice = shop.at.upload("$verifiedEmail,name\r\n" + "".join(
        f"W{i}@example.org,again\r\n" for i in range(12)))
    joins = shop.at.check([{"$verifiedEmail": "ann@example.org",
                            "name": f"J{i}"} if not i else rows[i]
                           for i in range(15)], on_existing="join")
    reply = shop.email()
    tap.equal((joins.status, reply.status), (202, 201),
              "another, and then a field takes the attribute over")
    seqs = eyes.seqs(shop.ids[:1])
    tap.equal(shop.delete(0), 1, "S25: a customer of whom a row waits goes")
    for later in joins, twice:  # of jobs that wait any may be the first
        lease(later, "held", 1 << 52)
    site.up("worker")
    ended = [shop.at.wait(job.json) for job in (reply, waits)][1:]
    for later in joins, twice:
        lease(later, "", 0)
        ended.append(shop.at.wait(later.json))
    tap.equal([(j["succeeded"], j["failed"]) for j in ended],
              [(20, 0), (14, 1), (0, 12)],
              "rows are stored, but for that one")
    wrong = ended[2]["job_id"][-36:]
    sheet = shop.at.call("GET", f"/v1/jobs/{wrong}/errors").raw.splitlines()
    tap.equal((sheet[0].split(b",")[:2], sheet[1].split(b",")[:2]),
              ([b"email", b"name"], [b"W0@example.org", b"again"]),
              "wrong rows that are kept come under the field's name")
    tap.equal(shop.plain("email"), ["bob@example.org", None] + [
        f"w{i}@example.org" for i in range(20)],
        "values stand under the field's name")
    tap.equal(shop.plain("$username")[2:], [f"w{i}" for i in range(20)],
              "those of other attributes under theirs")
    tap.equal(eyes.left(seqs, ids=shop.ids[:1], texts=["ann@example.org"]),
              [], "of the deleted customer nothing is left")


tap.run(globals())
