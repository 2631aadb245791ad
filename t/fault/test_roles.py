"""A field takes the values of a system attribute over while customers are
read, changed and uploaded on both faces and the worker is killed: no value is
lost, doubled or under a wrong name at any moment (S39)."""
import base64
import json
import os
import random
import signal
import threading
import time
import coffer
import tap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CUSTOMERS = 4000
KILLS = 6
random.seed(4)
site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100})
shop = site.workspace(fields=[{"field_name": "name", "field_type": "string"}])
SCV = {"x-dxp-tenant": shop.account, "x-api-key": shop.api_key}
line = site.ctl("account", "data-key", shop.account, "--reveal").split()
KEY = AESGCM(base64.b64decode(line[1]))


def plain(who, name):
    text = who["extended_profile"].get(name)
    sealed = base64.b64decode(text or "")
    aad = f"{shop.id}/{who['customer_id']}/{name}".encode()
    return text and json.loads(KEY.decrypt(sealed[:12], sealed[12:], aad))


def everybody(name):
    """What each customer has by id."""
    found = {}
    for number in range(CUSTOMERS // 1000):
        reply = shop.page(number)
        assert reply.status == 200, reply
        for who in reply.json["customers"]:
            found[who["customer_id"]] = plain(who, name)
    return found


class Writer(threading.Thread):
    """Gives customers new e-mails, and tries to give them others' ones."""

    def __init__(self, before):
        super().__init__(daemon=True)
        self.mine = dict(before)
        self.ids = list(before)
        self.stop, self.wrong, self.counts = False, [], {}

    def run(self):
        number = 0
        while not self.stop:
            number += 1
            who, other = random.sample(self.ids, 2)
            value = (self.mine[other].upper() if number % 3 == 0
                     else f"new{number}@example.org")
            reply = site.request(
                "PATCH", f"/scv/customers/{who}",
                {"$verifiedEmail": value}, SCV)
            self.counts[reply.status] = self.counts.get(reply.status, 0) + 1
            if number % 3 == 0 and reply.status != 409:
                self.wrong.append((number, reply))
            elif reply.status == 200:
                self.mine[who] = value
            elif reply.status not in (409, 503):
                self.wrong.append((number, reply))


def test_taken_over():
    rows = "$verifiedEmail,name\r\n" + "".join(
        f"c{i}@example.org,N{i}\r\n" for i in range(CUSTOMERS))
    shop.wait(shop.upload(rows).json)
    before = everybody("$verifiedEmail")
    tap.equal(len(set(before.values())), CUSTOMERS, "customers are stored")
    writer = Writer(before)
    writer.start()
    reply = shop.call("PUT", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "email",
        "field_type": "string", "role": "verified_email"})
    tap.equal((reply.status, "job_id" in reply.json), (201, True),
              "a field takes the attribute over")
    for _ in range(KILLS):
        time.sleep(random.uniform(0.02, 0.3))
        for pid in site.children("worker"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reads = everybody("email")
        if None in reads.values():
            writer.wrong.append("a value is not there")
    job = shop.wait(reply.json, seconds=120)
    writer.stop = True
    writer.join()
    tap.equal((job["status"], job["processed"]), ("completed", CUSTOMERS),
              "which ends")
    tap.equal(writer.wrong, [], "at every moment each value is read, no one "
              "else gets it, and no change fails")
    tap.ok(writer.counts.get(200) and writer.counts.get(409),
           f"changes were made and refused: {writer.counts}")
    tap.equal(everybody("email"), writer.mine, "what was written is there")
    for text, wanted in [
            ("SELECT COUNT(*), COUNT(DISTINCT seq) FROM customer_unique WHERE"
             " field_id = 1", [str(CUSTOMERS)] * 2),
            ("SELECT COUNT(*) FROM customer WHERE profile LIKE"
             " '%$verifiedEmail%'", ["0"])]:
        tap.equal(site.sql(text), [wanted], text)


tap.run(globals())
