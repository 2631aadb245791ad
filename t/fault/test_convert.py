"""Fields change while customers are read and uploaded and the worker is
killed: what is read is right at every moment, and nothing of the old form
stays (S39)."""
import base64
import json
import random
import threading
import time
import coffer
import tap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CUSTOMERS = 20000
KILLS = 10
site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100})
shop = site.workspace([
    {"field_name": "email", "field_type": "string", "pii": True,
     "required": True, "unique": True},
    {"field_name": "name", "field_type": "string"},
    {"field_name": "serial", "field_type": "string"},
    {"field_name": "note", "field_type": "string", "pii": True,
     "unique": True}])
line = site.ctl("account", "data-key", shop.account, "--reveal").split()
KEYS = {int(line[0]): AESGCM(base64.b64decode(line[1]))}


def csv(first, count):
    return "email,name,serial\r\n" + "".join(
        f"c{i}@example.org,Name{i}Plain,s{i}\r\n"
        for i in range(first, first + count))


def plain(customer, name):
    sealed = base64.b64decode(customer["extended_profile"][name],
                              validate=True)
    aad = f"{shop.id}/{customer['customer_id']}/{name}".encode()
    return json.loads(KEYS[customer["key_version"]].decrypt(
        sealed[:12], sealed[12:], aad))


def change(**members):
    return shop.call("PATCH", "/v1/cpf", {"workspace_id": shop.id, **members})


class Crowd:
    """Readers, of pages by turns, and an uploader, until told to stop."""
    uploaded = CUSTOMERS

    def __init__(self, look):
        self.look, self.wrong, self.pages = look, [], 0
        self.answers = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(n,),
                                         daemon=True)
                        for n in range(2)]
        self.threads.append(threading.Thread(target=self.upload, daemon=True))
        for thread in self.threads:
            thread.start()

    def read(self, number):
        while not self.stop.is_set():
            try:
                reply = shop.page(number % 20)
                number += 7
                self.pages += 1
                if reply.status != 200:
                    raise ValueError(reply)
                customers = reply.json["customers"]
                for customer in customers:
                    self.look(customer)
            except Exception as error:
                self.wrong.append(repr(error)[:300])
                return

    def upload(self):
        while not self.stop.is_set():
            reply = shop.upload(csv(Crowd.uploaded, 150))
            if reply.status not in (200, 202):
                self.wrong.append(repr(reply))
                return
            Crowd.uploaded += 150
            self.answers.append(reply.json)
            time.sleep(0.3)

    def end(self, name):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        tap.equal(self.wrong[:3], [],
                  f"{name}: {self.pages} pages were right at every moment")
        jobs = [shop.wait(answer, 120) for answer in self.answers]
        tap.equal({job["status"] for job in jobs}, {"completed"},
                  f"{name}: {len(jobs)} uploads meanwhile are stored")


def convert(name, reply, look):
    """Kills the worker until the job is done."""
    tap.equal(reply.status, 202, f"{name}: a job")
    crowd = Crowd(look)
    end, kills = time.monotonic() + 90, 0
    while time.monotonic() < end and not shop.job(
            reply.json).json["finished_at"]:
        time.sleep(random.uniform(0.02, 0.2))
        if kills < KILLS:
            site.kill_somebody("worker", 0.6)
            kills += 1
    job = shop.wait(reply.json)
    crowd.end(name)
    tap.equal((job["status"], job["failed"]), ("completed", 0),
              f"S39: {name}: the job ends after {kills} kills")
    tap.equal(site.sql("SELECT COUNT(DISTINCT layout) FROM customer"),
              [["1"]], f"{name}: all profiles have one layout")


def number_of(customer):
    return plain(customer, "email").split("@")[0][1:]


def sealed(customer):
    if plain(customer, "name") != f"Name{number_of(customer)}Plain":
        raise ValueError("another's name")


def opened(customer):
    if customer["extended_profile"]["name"] != \
            f"Name{number_of(customer)}Plain":
        raise ValueError("not the name")


def deleted(customer):
    if "name" in customer["extended_profile"]:
        raise ValueError("a name that was deleted")
    plain(customer, "email")


def count(where, table="customer"):
    return int(site.sql(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0])


def test_pii():
    for first in range(0, CUSTOMERS, 10000):
        shop.wait(shop.upload(csv(first, 10000)).json)
    convert("pii", change(field_name="name", pii=True), sealed)
    tap.equal(count("profile LIKE '%Plain%'"), 0, "no plaintext stays")


def test_opened():
    convert("no pii", change(field_name="name", pii=False), opened)
    tap.equal(count("profile NOT LIKE '%Plain%'"), 0, "all are plain")


def test_unique():
    """Uploads repeat values that are stored, and each other's."""
    reply = change(field_name="serial", unique=True)
    tap.equal(reply.status, 202, "unique: a job")
    answers, fresh = [], Crowd.uploaded
    for i in range(20):
        if i % 2:
            site.kill_somebody("worker", 0.6)
        answers.append(shop.check([
            {"email": f"x{i}@example.org",
             "serial": f"S{random.randrange(fresh)}"},
            {"email": f"y{i}@example.org", "serial": f"new{i % 10}"}]))
    tap.equal(shop.wait(reply.json, 120)["status"], "completed",
              "unique: done")
    later = [answer for answer in answers if answer.status == 202]
    for answer in later:
        shop.wait(answer.json, 120)
    # Once the job is done the index itself tells.
    told = {(a.status, a.json["errors"][0]["row"], a.json["errors"][0]["code"])
            for a in answers if a not in later}
    tap.ok(told <= {(400, 1, "unique")},
           f"{len(answers) - len(later)} of {len(answers)} uploads are refused"
           f" at once: {told}")
    taken = {f"new{i % 10}" for i, a in enumerate(answers) if a in later}
    serials = [c["extended_profile"]["serial"].lower() for number in range(
        shop.post("/v1/customer/pages", shop.group()).json["pages"])
        for c in shop.page(number).json["customers"]]
    tap.equal(sorted(s for s in serials if s.startswith("new")),
              sorted(taken), "no new value stands twice, none is lost that"
              f" was accepted ({len(taken)} of 10)")
    tap.equal((len(serials), len(set(serials))), (fresh + len(taken),) * 2,
              "no value stands twice")
    index = "field_id = (SELECT id FROM field WHERE name = 'serial')"
    tap.equal(count(index, "customer_unique"), len(serials),
              "each has its digest")


def test_delete():
    reply = shop.call("DELETE", "/v1/cpf", {"workspace_id": shop.id,
                                            "field_name": "serial"})
    shop.wait(reply.json, 120)
    tap.equal((count("profile LIKE '%serial%'"),
               count("TRUE", "customer_unique") - count("TRUE")), (0, 0),
              "S39: a unique field goes with its digests")
    global csv
    csv = lambda first, n: "email\r\n" + "".join(
        f"c{i}@example.org\r\n" for i in range(first, first + n))
    convert("delete", shop.call("DELETE", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "name"}), deleted)
    tap.equal(count("profile LIKE '%\"name\"%'"), 0, "nothing of it stays")


tap.run(globals())
