"""Deletion under kill -9 and beside other writers: all or nothing, no orphan,
right counts (S39)."""
import http.client
import os
import random
import signal
import threading
import time
import coffer
import erasure
import tap

site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100,
                      "limits.inline_rows": 20})
shop = site.workspace()
eyes = erasure.Eraser(site, shop.id)
random.seed()


def upload(count, mark):
    job = shop.wait(shop.upload(coffer.csv_rows(count, mark=mark)).json, 120)
    if job["succeeded"] != count:
        raise RuntimeError(job)


def ids(limit=10000):
    return [f"{r[0][:8]}-{r[0][8:12]}-{r[0][12:16]}-{r[0][16:20]}-{r[0][20:]}"
            .lower() for r in site.sql(
                "SELECT HEX(uuid) FROM customer WHERE workspace_id ="
                f" {eyes.workspace} ORDER BY seq LIMIT {limit}")]


def delete(batch):
    """The answer, or None if the connection broke."""
    try:
        return shop.call("DELETE", "/v1/customer",
                         shop.group(customer_ids=batch))
    except (OSError, http.client.HTTPException):
        return None


def kill_child(name):
    children = site.children(name)
    if children:
        try:
            os.kill(random.choice(children), signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_kill_pool():
    """Every process of the pool dies while one of them deletes."""
    upload(3000, "p")
    for turn in range(6):
        batch = ids(1000)
        replies = []
        worker = threading.Thread(
            target=lambda: replies.append(delete(batch)), daemon=True)
        worker.start()
        time.sleep(random.uniform(0, 0.12))
        for pid in site.children("fcgi"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        worker.join()
        for _ in range(100):
            if site.request("GET", "/readyz").status == 200:
                break
            time.sleep(0.05)
        left = len(set(ids()) & set(batch))
        tap.ok(left in (0, len(batch)),
               f"S39: kill {turn}: all or nothing ({left} of {len(batch)})")
        if replies[0] is not None and replies[0].status == 200:
            tap.equal((replies[0].json["deleted"], left), (len(batch), 0),
                      "what was acknowledged is done")
        if not left:
            upload(1000, f"p{turn}")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")


def test_kill_worker():
    """The worker dies again and again while it deletes a whole group."""
    upload(6000, "w")
    wanted = len(ids(100000))
    answer = shop.call("DELETE", "/v1/customer", shop.group(all=True)).json
    kills = 0
    while kills < 12 and not shop.job(answer).json["finished_at"]:
        time.sleep(random.uniform(0.02, 0.15))
        kill_child("worker")
        kills += 1
        tap.ok(shop.job(answer).json["processed"] <= wanted,
               "nobody is counted twice")
    job = shop.wait(answer, 120)
    tap.equal((job["status"], job["rows"], job["processed"], job["succeeded"]),
              ("completed", wanted, wanted, wanted),
              f"S39: the job ends after {kills} kills")
    tap.equal(ids(), [], "nobody is left")
    tap.equal(eyes.counts_wrong(), [], "the counts are right")
    tap.equal(site.sql("SELECT SUM(live) FROM segment_bucket"), [["0"]],
              "and nought")


def test_beside_others():
    """Deletions, joins, updates and uploads of the same people at once."""
    extra = shop.call("PUT", "/v1/cg", {
        "workspace_id": shop.id, "name": "X",
        "code": "x"}).json["customer_group_id"]
    people = [{"email": f"m{i}@example.org", "first_name": f"M{i}"}
              for i in range(60)]
    for at in range(0, 60, 20):
        shop.check(people[at:at + 20])
    end = time.monotonic() + 6
    bad = []

    def run(work):
        while time.monotonic() < end:
            reply = work()
            if reply is not None and reply.status >= 500:
                bad.append(reply)

    def join():
        return shop.check(random.sample(people, 20), on_existing="join",
                          customer_group_id=random.choice(
                              [extra, shop.group_id]))

    def update():
        return shop.check(random.sample(people, 20), on_existing="update")

    def erase():
        there = ids()
        return delete(random.sample(there, min(15, len(there)))) \
            if there else None

    workers = [threading.Thread(target=run, args=(w,), daemon=True)
               for w in (join, join, update, erase, erase)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tap.equal(bad[:3], [], "no fault of ours")
    for _ in range(400):
        if site.sql("SELECT COUNT(*) FROM job_queue") == [["0"]]:
            break
        time.sleep(0.1)
    tap.equal(site.sql("SELECT COUNT(*) FROM job_queue"), [["0"]],
              "no job is stuck")
    tap.equal(eyes.counts_wrong(), [], "no orphan, and the counts are right")


tap.run(globals())
