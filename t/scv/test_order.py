"""The order of joining, with single creates of all processes of the pool, which
share ranges of seqs: uploads, restarts and kills between them; and what is at
once is there once."""
import os
import signal
import threading
import time
import urllib.parse
import uuid

import coffer
import tap

PROCESSES = 4
site = coffer.Site(**{"server.processes": PROCESSES})
site.keep_alive()
shop = site.workspace([{"field_name": "name", "field_type": "string",
                        "searchable": True}])
(ws,) = site.sql("SELECT id FROM workspace WHERE uuid = UNHEX("
                 f"'{shop.id.replace('-', '')}')")[0]
made = []  # ids, in the order of their making


def children():
    coffer.wait_until(lambda: len(site.children("fcgi")) == PROCESSES)
    return site.children("fcgi")


class Turns:
    """The processes of the pool answer by turns: the others are stopped."""

    def __enter__(self):
        self.pids, self.turn = children(), 0
        return self

    def next(self):
        self.turn = (self.turn + 1) % PROCESSES
        for i, pid in enumerate(self.pids):
            os.kill(pid, signal.SIGCONT if i == self.turn else signal.SIGSTOP)

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)


def create(**more):
    reply = shop.scv("POST", "/customers", more)
    if reply.status != 201:
        raise RuntimeError(reply)
    made.append(reply.json["$customerid"])
    return made[-1]


def merge():
    made.append(str(uuid.uuid4()))
    reply = shop.scv("PUT", f"/customers/{made[-1]}?mode=merge",
                     {"name": "merged"})
    if reply.status != 201:
        raise RuntimeError(reply)


def listed(**query):
    """All pages of GET /scv/customers."""
    ids, after = [], {}
    while True:
        reply = shop.scv("GET", "/customers?" + urllib.parse.urlencode(
            {"page[size]": 100, "retProps": "$customerid",
             **(query or {"segment": "all"}), **after}))
        ids += [one["$customerid"] for one in reply.json["data"]]
        link = reply.json["links"].get("next")
        if not link:
            return ids
        after = {"page[after]": urllib.parse.parse_qs(
            urllib.parse.urlparse(link).query)["page[after]"][0]}


def everyone():
    groups = shop.post("/v1/cg", {"workspace_id": shop.id}).json["groups"]
    return next(g for g in groups if g["code"] == "all")


def paged():
    """All pages of `all` on the other face."""
    group, ids, number = everyone(), [], 0
    while len(ids) < group["customers"]:
        page = shop.page(number, group["customer_group_id"])
        if page.status != 200 or not page.json["customers"]:
            break
        ids += [c["customer_id"] for c in page.json["customers"]]
        number += 1
    return ids


def in_order(what):
    """Both faces list who was made, in that order, and count them."""
    tap.equal(listed(), made, f"{what}: GET /scv/customers has their order")
    tap.equal(paged(), made, f"{what}: so have the pages of `all`")
    tap.equal(everyone()["customers"], len(made), f"{what}: and the count")


def seqs(ids):
    rows = dict(site.sql("SELECT LOWER(HEX(uuid)), seq FROM customer WHERE"
                         f" workspace_id = {ws}"))
    return [int(rows[one.replace("-", "")]) for one in ids]


def counter(value=None):
    where = f"WHERE workspace_id = {ws} AND id = 0"
    if value is not None:
        site.sql(f"UPDATE segment SET next_position = {value} {where}")
    return int(site.sql(f"SELECT next_position FROM segment {where}")[0][0])


def test_by_turns():
    with Turns() as turns:
        for i in range(150):
            turns.next()
            if i % 10 == 7:
                merge()
            else:
                create(name="one")
    in_order("150 creates, each by the next process")
    got = seqs(made)
    tap.equal(got, list(range(got[0], got[0] + 150)), "without holes")


def test_no_customer_no_seq():
    create(**{"$username": "taken"})
    with Turns() as turns:
        for i in range(8):
            turns.next()
            reply = shop.scv("PUT", f"/customers/{made[0]}?mode=merge",
                             {"name": f"changed {i}"})
            tap.equal(reply.status, 200, "a merge into one that is there")
    create(name="next")
    tap.equal(seqs(made[-1:])[0] - seqs(made[-2:-1])[0], 1,
              "takes no place")
    reply = shop.scv("POST", "/customers", {"$username": "taken"})
    tap.equal(reply.status, 409, "a value that is taken is told")
    create(name="after a refusal")
    in_order("a refused create between them")


def test_uploads():
    """One is accepted between creates, and applied by the worker later."""
    with Turns() as turns:
        for _ in range(3):
            turns.next()
            create(name="before")
            turns.next()
            answer = shop.upload("name\n" + "".join(
                f"row {i}\n" for i in range(70)))
            tap.equal(answer.status, 200, "an upload is accepted")
            turns.next()
            later = [create(name="after") for _ in range(2)]
            tap.equal(shop.wait(answer.json)["succeeded"], 70, "and applied")
            del made[-2:]
            (job,) = site.sql("SELECT MAX(first_seq) FROM job WHERE"
                              f" workspace_id = {ws}")[0]
            rows = site.sql(
                "SELECT LOWER(HEX(uuid)) FROM customer WHERE workspace_id ="
                f" {ws} AND seq >= {job} AND seq < {job} + 70 ORDER BY seq")
            made.extend([str(uuid.UUID(row[0])) for row in rows] + later)
            turns.next()
            reply = shop.check({"name": "a row of its own"})
            made.extend(reply.json["customer_ids"])
    in_order("uploads between creates")


def test_restarts():
    with Turns() as turns:
        turns.next()
        create(name="before the reading")
    old = set(children())
    site.kill("fcgi", signal.SIGHUP)
    tap.ok(coffer.eventually(lambda: not old & set(site.children("fcgi"))),
           "the configuration is read again")
    create(name="after it")
    tap.equal(seqs(made[-1:])[0] - seqs(made[-2:-1])[0], 1,
              "the new processes draw on")
    for _ in range(3):
        create(name="while they are killed")
        os.kill(children()[0], signal.SIGKILL)
    site.kill("fcgi", signal.SIGTERM)
    tap.ok(coffer.eventually(
        lambda: not os.path.exists(f"{site.dir}/fcgi.pid")), "a stop")
    site.up()
    create(name="after a restart")
    in_order("kills and restarts")
    tap.ok(seqs(made[-1:])[0] - seqs(made[-2:-1])[0] <= 64 * 2,
           "a restart leaves no more than a range")


def test_at_once():
    mine = [[] for _ in range(8)]
    before = seqs(made)[-1]

    def client(n):
        for i in range(40):
            reply = shop.scv("POST", "/customers", {
                "name": f"client {n}", "$username": f"{n}.{i}"})
            mine[n].append(reply.json["$customerid"])
    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = listed()
    tap.equal(got[:len(made)], made, "eight at once: behind those before")
    tap.equal(sorted(got[len(made):]), sorted(sum(mine, [])),
              "all are there, each once")
    tap.equal([sorted(ids, key=got.index) for ids in mine], mine,
              "each one's in the order of their making")
    made[:] = got
    in_order("eight at once")
    new = seqs(made)[-320:]
    print(f"# 320 creates at once took {new[-1] - before} seqs")
    tap.equal(len(listed(**{"search[contains]": "client 3"})), 40,
              "a search finds them")


def test_deletion_of_all():
    """Who is made after a deletion of all was accepted stays, though the range
    that the pool has began before it."""
    create(name="before the deletion")
    site.kill("worker", signal.SIGSTOP)
    for pid in site.children("worker"):
        os.kill(pid, signal.SIGSTOP)
    try:
        with Turns() as turns:
            turns.next()
            job = shop.call("DELETE", "/v1/customer", {
                "workspace_id": shop.id, "all": True,
                "customer_group_id": everyone()["customer_group_id"]})
            tap.equal(job.status, 202, "a deletion of all is accepted")
            end = counter()
            turns.next()
            made[:] = []
            for _ in range(3):
                create(name="after the deletion")
            tap.ok(seqs(made)[0] >= end, "who comes after it is behind it")
    finally:
        for pid in site.children("worker"):
            os.kill(pid, signal.SIGCONT)
        site.kill("worker", signal.SIGCONT)
    tap.equal(shop.wait(job.json)["status"], "completed", "it is done")
    in_order("after a deletion of all")


def test_counter_set_back():
    """As a backup does that is brought back below a running pool."""
    create(name="before")
    last = counter(0)
    for _ in range(100):
        create(name="after")
    in_order("the counter is set back")
    tap.ok(counter() > seqs(made)[-1], "the counter is brought forward")
    site.kill("fcgi", signal.SIGTERM)
    tap.ok(coffer.eventually(
        lambda: not os.path.exists(f"{site.dir}/fcgi.pid")), "a stop")
    counter(seqs(made)[0])
    site.up()
    with Turns() as turns:
        for i in range(5):
            turns.next()
            create(name="after", **{"$username": f"back {i}"})
    got = seqs(made)
    tap.equal(len(set(got)), len(made),
              "a new pool meets seqs that are taken, and goes on")
    tap.equal(got, sorted(got), "in order")
    tap.equal(shop.scv("POST", "/customers",
                       {"$username": "back 1"}).status, 409,
              "a value that is taken is still told")
    in_order("the counter is set back below a new pool")


tap.run(globals())
