"""kill -9 of the worker at random points of an upload, twenty times over:
10,000 customers are there, each once, and no job is stuck (S39)."""
import random
import time
import coffer
import tap

ROUNDS = 20
site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100})
shop = site.workspace()
random.seed()


def ended(answer):
    return shop.job(answer).json["finished_at"] is not None


def test_kill():
    answer = shop.upload(coffer.csv_rows(10000)).json
    kills = 0
    while kills < ROUNDS and not ended(answer):
        time.sleep(random.uniform(0, 0.12))
        site.kill_somebody("worker")
        kills += 1
    rest = 0
    while kills + rest < ROUNDS:
        # The upload was faster than twenty kills: the next ones hit another.
        rest += 1
        more = shop.upload(coffer.csv_rows(2000, mark=f"r{rest}")).json
        time.sleep(random.uniform(0, 0.15))
        site.kill_somebody("worker")
        job = shop.wait(more, 120)
        tap.equal((job["status"], job["succeeded"]), ("completed", 2000),
                  f"kill {kills + rest}: 2,000 more, each once")
    job = shop.wait(answer, 120)
    tap.equal((job["status"], job["processed"], job["succeeded"],
               job["failed"]), ("completed", 10000, 10000, 0),
              f"S39: the job ends after {kills} kills")
    wanted = 10000 + 2000 * rest
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM customer"),
              [[str(wanted), str(wanted)]], "S39: all customers, each once")
    tap.equal(site.sql("SELECT COUNT(*) FROM customer_unique"),
              [[str(wanted)]], "each with its unique value")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT seq)"
                       " FROM segment_member"), [[str(wanted)] * 2],
              "each once in its group")
    tap.equal(site.sql("SELECT segment_id, level, SUM(live) FROM"
                       " segment_bucket GROUP BY 1, 2 ORDER BY 1, 2"),
              [[segment, level, str(wanted)] for segment in "01"
               for level in "01"],
              "and the counters say so")
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM job_queue),"
                       " (SELECT COUNT(*) FROM job_chunk)"), [["0", "0"]],
              "nothing is left in the queue")


tap.run(globals())
