"""kill -9 of the worker during a PATCH of 10,000 rows: each customer is changed
once, with one event (S39)."""
import random
import time
import coffer
import tap

site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100})
shop = site.workspace()
ROWS = 10000


def test_kill():
    data = coffer.csv_rows(ROWS)
    shop.wait(shop.upload(data).json)
    body, kind = coffer.multipart(
        shop.group(match_by="email"), data.replace(",Ann ", ",Bea ").encode())
    answer = shop.call("PATCH", "/v1/customer", body, timeout=120,
                       headers={"Content-Type": kind}).json
    kills = 0
    while kills < 12 and not shop.job(answer).json["finished_at"]:
        time.sleep(random.uniform(0, 0.15))
        site.kill_somebody("worker")
        kills += 1
    job = shop.wait(answer, 120)
    tap.ok(kills > 0, f"the worker was killed {kills} times")
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed", ROWS, 0), f"S39: the job ends {job}")
    tap.equal(site.sql("SELECT revision, COUNT(*), COUNT(DISTINCT uuid) FROM"
                       " customer GROUP BY 1"), [["2", str(ROWS), str(ROWS)]],
              "each customer was changed once")
    tap.equal(site.sql("SELECT LENGTH(events), COUNT(*) FROM customer"
                       " GROUP BY 1"), [["10", str(ROWS)]],
              "each has one event of one field")
    tap.equal(site.sql("SELECT COUNT(*) FROM customer WHERE profile LIKE"
                       " '%\"first_name\":\"Bea %'"), [[str(ROWS)]],
              "and the new value")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT seq) FROM"
                       " customer_unique"), [[str(ROWS), str(ROWS)]],
              "unique values are as they were")
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM job_queue),"
                       " (SELECT COUNT(*) FROM job_chunk)"), [["0", "0"]],
              "nothing is left in the queue")


tap.run(globals())
