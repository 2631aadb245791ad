"""kill -9 of processes of the pool, its master too, at random moments while
clients upload: what was acknowledged is there, nothing is there twice, clients
that were not answered may ask again, and no job is stuck (S39)."""
import collections
import json
import os
import random
import signal
import threading
import time
import uuid
import coffer
import tap

KILLS, CLIENTS = 16, 4
site = coffer.Site(**{"server.processes": 3, "worker.lease": 700,
                      "worker.backoff": 20, "worker.poll": 50,
                      "worker.attempts": 100})
# No value is unique: what is stored twice is there twice.
shop = site.workspace([{"field_name": "tag", "field_type": "string"},
                       {"field_name": "phone", "field_type": "string",
                        "pii": True}])
random.seed()
stop = threading.Event()
rows_of = {}      # tag -> rows of its upload
taken = {}        # tag -> the answer that acknowledged it
statuses = collections.Counter()
no_hint = []      # 503 without Retry-After
again = 0


def upload(tag):
    """One try; the answer, or None where none came."""
    data = [{"tag": tag, "phone": "+44 1"}] * rows_of[tag]
    try:
        reply = shop.check(data, headers={"Idempotency-Key": tag})
    except OSError:
        statuses["none"] += 1
        return None
    statuses[reply.status] += 1
    if reply.status == 503 and not reply.headers.get("Retry-After"):
        no_hint.append(tag)
    return reply


def client():
    """Uploads one after the other, each until it is acknowledged."""
    global again
    while not stop.is_set():
        tag = uuid.uuid4().hex
        rows_of[tag] = random.choice((1, 3, 40, 150))
        for turn in range(200):
            reply = upload(tag)
            again += turn > 0
            if reply and reply.status in (200, 202):
                taken[tag] = reply.json
                break
            time.sleep(0.02)


def kill_somebody(turn):
    """A child, or each fifth time the master and some of its children."""
    children = site.children("fcgi")
    if turn % 5 != 4 and children:
        victims = [random.choice(children)]
    else:
        site.kill("fcgi")
        victims = [pid for pid in children if random.random() < 0.5]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if turn % 5 == 4 or not children:
        site.up("fcgi")


def test_kill():
    threads = [threading.Thread(target=client, daemon=True)
               for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for turn in range(KILLS):
        time.sleep(random.uniform(0, 0.25))
        kill_somebody(turn)
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()
    tap.note(f"{dict(statuses)}, {again} asked again")
    tap.ok(statuses[200] and statuses[202] and statuses[503],
           "uploads were done, queued, and cut off")
    tap.ok(set(statuses) <= {200, 202, 503, "none"},
           f"S39: each is answered 200, 202, 503 or not at all: {statuses}")
    tap.equal(no_hint, [], "503 comes with Retry-After")
    tap.equal(len(taken), len(rows_of), "asked again, each was acknowledged")


def test_jobs_end():
    end = time.monotonic() + 60
    while time.monotonic() < end and site.sql(
            "SELECT COUNT(*) FROM job WHERE finished_at IS NULL") != [["0"]]:
        time.sleep(0.1)
    tap.equal(site.sql("SELECT COUNT(*) FROM job WHERE finished_at IS NULL"),
              [["0"]], "S39: no job is stuck")
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM job_queue),"
                       " (SELECT COUNT(*) FROM job_chunk)"), [["0", "0"]],
              "nothing is left in the queue")
    states = {shop.job(answer).json["status"] for answer in taken.values()
              if answer["status"] != "completed"}
    tap.ok(states <= {"completed"}, f"each job says that it is done: {states}")


def test_each_once():
    stored = collections.Counter(
        json.loads(profile)["tag"]
        for profile, in site.sql("SELECT profile FROM customer"))
    lost = [tag for tag in taken if stored[tag] < rows_of[tag]]
    twice = [tag for tag in stored if stored[tag] > rows_of[tag]]
    tap.equal(lost, [], f"S39: {len(taken)} acknowledged, none is lost")
    tap.equal(twice, [], "S39: none is there twice, or in part")
    wanted = str(sum(stored.values()))
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM customer"),
              [[wanted, wanted]], "customers have ids of their own")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT seq)"
                       " FROM segment_member"), [[wanted, wanted]],
              "each is once in the group")
    tap.equal(site.sql("SELECT segment_id, level, SUM(live) FROM"
                       " segment_bucket GROUP BY 1, 2 ORDER BY 1, 2"),
              [[segment, level, wanted] for segment in "01"
               for level in "01"], "and the counters say so")
    tap.equal(site.request("GET", "/readyz").status, 200, "service goes on")


tap.run(globals())
