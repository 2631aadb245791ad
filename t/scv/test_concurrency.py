"""Single customers at once: one wins a value, no change is lost, and kill -9 of
the pool leaves what was acknowledged (S39)."""
import os
import random
import signal
import threading
import time
import uuid

import coffer
import tap

site = coffer.Site(**{"server.processes": 4})
shop = site.workspace([{"field_name": f"n{i}", "field_type": "integer"}
                       for i in range(8)])


def at_once(calls):
    """The statuses of calls that begin together, and their replies."""
    gate, replies = threading.Barrier(len(calls)), [None] * len(calls)

    def run(i):
        gate.wait()
        replies[i] = calls[i]()
    threads = [threading.Thread(target=run, args=(i,))
               for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(r.status for r in replies), replies


def test_one_value():
    for turn in range(6):
        body = {"$verifiedEmail": f"same{turn}@x.org", "n0": turn}
        got, _ = at_once([lambda: shop.scv("POST", "/customers", body)] * 4)
        tap.equal(got, [201, 409, 409, 409],
                  f"round {turn}: one of four creates has the e-mail")
        new = str(uuid.uuid4())
        got, _ = at_once([lambda: shop.scv(
            "PUT", f"/customers/{new}?mode=merge", {"n1": turn})] * 4)
        tap.equal(got, [200, 200, 200, 201],
                  f"round {turn}: one of four merges creates")
        new = str(uuid.uuid4())
        got, _ = at_once([lambda: shop.scv(
            "PUT", f"/customers/{new}?mode=merge", {"n1": turn},
            {"If-None-Match": "*"})] * 4)
        tap.equal(got, [201, 412, 412, 412],
                  f"round {turn}: of four under If-None-Match one does")
    key = {"Idempotency-Key": "at-once"}
    got, replies = at_once([lambda: shop.scv(
        "POST", "/customers", {"$username": "once"}, key)] * 4)
    tap.equal((got, len({r.raw for r in replies})), ([201] * 4, 1),
              "four of one Idempotency-Key are one customer")


def test_patches():
    ann = shop.scv("POST", "/customers", {}).json["$customerid"]
    for turn in range(5):
        got, _ = at_once([lambda i=i: shop.scv(
            "PATCH", f"/customers/{ann}", {f"n{i}": turn})
            for i in range(8)])
        tap.equal(got, [200] * 8, f"round {turn}: eight changes at once")
        tap.equal(shop.scv("GET", f"/customers/{ann}").json,
                  {f"n{i}": turn for i in range(8)}, "none is lost")
    tap.equal(shop.scv("GET", f"/customers/{ann}").headers["ETag"], '"41"',
              "each was a revision")
    got, _ = at_once([lambda i=i: shop.scv(
        "PATCH", f"/customers/{ann}", {"n0": 100 + i},
        {"If-Match": '"41"'}) for i in range(4)])
    tap.equal(got, [200, 412, 412, 412], "of four under If-Match one wins")
    for turn in range(5):
        bob = shop.scv("POST", "/customers", {}).json["$customerid"]
        _, replies = at_once([lambda i=i: shop.scv(
            "DELETE" if i % 2 else "PATCH", f"/customers/{bob}",
            None if i % 2 else {"n0": i}, {"If-Match": '"1"'})
            for i in range(6)])
        got = [r.status for r in replies]
        tap.equal((sum(s < 300 for s in got), set(got) - {200, 204, 404, 412}),
                  (1, set()), f"round {turn}: one change or deletion: {got}")


def members():
    """What is counted, and what is there."""
    workspace = ("(SELECT id FROM workspace WHERE uuid = UNHEX('"
                 f"{shop.id.replace('-', '')}'))")
    return site.sql(
        "SELECT SUM(live) FROM segment_bucket WHERE level = 0 AND segment_id"
        f" = 0 AND workspace_id = {workspace}; SELECT COUNT(*) FROM customer"
        f" WHERE workspace_id = {workspace}")


def test_kill():
    stop, taken, lost = threading.Event(), {}, []

    def client(n):
        turn = 0
        while not stop.is_set():
            turn += 1
            name = f"{n}.{turn}"
            for _ in range(200):
                try:
                    reply = shop.scv("POST", "/customers", {
                        "$username": name, "n0": turn},
                        {"Idempotency-Key": name})
                except OSError:
                    lost.append(name)
                    continue
                if reply.status == 201:
                    taken[name] = reply.json["$customerid"]
                    break
                time.sleep(0.02)
    threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(12):
        time.sleep(random.uniform(0.05, 0.2))
        children = site.children("fcgi")
        if children:
            os.kill(random.choice(children), signal.SIGKILL)
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()
    found = {name: shop.scv("GET", f"/customers/{customer}"
                            "?retProps=$username").json.get("$username")
             for name, customer in taken.items()}
    tap.ok(len(taken) > 20, f"customers were created ({len(taken)})")
    tap.equal(found, {name: name for name in taken},
              "S39: what was acknowledged is there")
    (counted,), (there,) = members()
    tap.equal(counted, there, "and all are counted")
    rows = site.sql("SELECT COUNT(*) - COUNT(DISTINCT seq) FROM "
                    "customer_unique WHERE field_id = 2")
    tap.equal(rows, [["0"]], "none has two names")


tap.run(globals())
