"""Rotation of an account's keys while readers and uploaders are at work and
the worker is killed again and again (S21)."""
import functools
import os
import random
import signal
import sys
import time
import coffer
import tap

sys.path.insert(0, f"{coffer.TOP}/contrib/decrypt")
import coffer_decrypt  # noqa: E402

ROWS = 6000
KILLS = 12
site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100,
                      "worker.background": 100})
shop = site.workspace()
other = site.workspace()


def keys():
    """The account's live data keys by version."""
    return coffer_decrypt.import_keys(
        site.ctl("account", "data-key", shop.account, "--reveal"))


def stop_worker():
    for pid in site.children("worker") + [site.pid("worker")]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def job(job_id):
    return shop.call("GET", "/" + job_id.split("/", 1)[1]).json


class Around(coffer.Beside):
    """Readers and an uploader that go on until the end of the block; what
    goes wrong is in `faults`."""

    def __init__(self):
        self.faults, self.pages, self.uploads = [], 0, 0
        self.held = keys()
        super().__init__(functools.partial(self.guard, self.read),
                         functools.partial(self.guard, self.upload))

    def guard(self, work):
        try:
            while not self.stop.is_set():
                work()
        except Exception as fault:  # told by the test
            self.faults.append(repr(fault))

    def read(self):
        """A page, each value of which opens under a key that was live when it
        was read."""
        reply = shop.page(random.randrange(ROWS // 1000))
        if reply.status != 200 or len(reply.json["customers"]) != 1000:
            raise RuntimeError(f"a page: {reply.status}")
        versions = {c["key_version"] for c in reply.json["customers"]}
        if not versions <= set(self.held):
            self.held.update(keys())
        for customer in random.sample(reply.json["customers"], 50):
            plain = coffer_decrypt.decrypt_customer(
                shop.id, ["email", "phone"], customer, self.held)
            if "@example.org" not in plain["extended_profile"]["email"]:
                raise RuntimeError("a wrong value")
        self.pages += 1

    def upload(self):
        """New customers, and one that exists under another spelling."""
        self.uploads += 1
        rows = coffer.csv_rows(120, mark=f"u{self.uploads}{id(self)}")
        answer = shop.upload(rows)
        if answer.status != 202:
            raise RuntimeError(f"an upload: {answer}")
        someone = random.randrange(1, ROWS)
        changed = shop.check(
            [{"email": f"c{someone}@example.org",
              "first_name": f"Ann {self.uploads}"}], on_existing="update")
        if changed.status != 200:
            raise RuntimeError(f"an update: {changed}")
        taken = shop.check([{"email": f"C{someone}@Example.org"}]).json
        if taken.get("errors", [{}])[0].get("code") != "unique":
            raise RuntimeError(f"a value twice: {taken}")
        time.sleep(0.05)


def rotate(*more):
    """Rotates, killing the worker meanwhile; returns what went on around."""
    with Around() as around:
        stop_worker()
        ids = site.ctl("key", "rotate", "--account", shop.account,
                       *more).splitlines()
        refused = site.ctl("key", "rotate", "--account", shop.account,
                           check=False)
        site.up("worker")
        for _ in range(KILLS):
            time.sleep(random.uniform(0, 0.25))
            site.kill_somebody("worker")
        coffer.eventually(lambda: not any(
            job(i)["status"] in ("queued", "running") for i in ids), 120)
    for i in ids:
        tap.equal(job(i)["status"], "completed", "the rotation ends")
    tap.ok(refused.returncode != 0 and "rotation" in refused.stderr,
           "a second rotation is refused while one runs")
    tap.equal(around.faults, [], f"S21: {around.pages} pages and "
              f"{around.uploads} uploads meanwhile, all right")
    tap.ok(around.pages > 2 and around.uploads > 2, "there were some")
    return ids


def queue_is_empty():
    return coffer.eventually(
        lambda: site.sql("SELECT COUNT(*) FROM job_queue") == [["0"]], 60)


def test_data_key():
    shop.wait(shop.upload(coffer.csv_rows(ROWS)).json)
    other.check([{"email": "x@example.org"}])
    old = keys()
    rotate()
    tap.ok(queue_is_empty(), "all uploads end")
    tap.equal(site.sql("SELECT DISTINCT key_version FROM customer"
                       " WHERE workspace_id = 1"), [["2"]],
              "every row is under the new version")
    after = site.sql("SELECT COUNT(*) FROM customer WHERE updated_at ="
                     f" created_at AND seq < {ROWS} AND workspace_id = 1")
    tap.ok(int(after[0][0]) > ROWS / 2, "rotation leaves updated_at")
    tap.equal(sorted(keys()), [2], "the old version is retired")
    tap.equal(site.sql("SELECT version, LENGTH(wrapped) FROM account_key WHERE"
                       " account_id = 1 AND kind = 1 AND retired_at IS NOT"
                       " NULL"), [["1", "0"]], "and its bytes are gone")
    sample = shop.page(0).json["customers"][0]
    try:
        coffer_decrypt.decrypt_customer(
            shop.id, ["email"], dict(sample, key_version=1), old)
        tap.ok(False, "S21: the old key opens nothing any more")
    except ValueError:
        tap.ok(True, "S21: the old key opens nothing any more")
    tap.equal(site.sql("SELECT DISTINCT key_version FROM customer"
                       " WHERE workspace_id = 2"), [["1"]],
              "another account's stay as they are")


def test_index_key():
    rotate("--index")
    tap.ok(queue_is_empty(), "all jobs end, those that drop too")
    tap.equal(site.sql("SELECT DISTINCT version FROM customer_unique"
                       " WHERE workspace_id = 1"), [["2"]],
              "all digests are the new key's")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT seq) FROM"
                       " customer_unique WHERE workspace_id = 1"),
              site.sql("SELECT COUNT(*), COUNT(*) FROM customer"
                       " WHERE workspace_id = 1"), "one for each customer")
    taken = shop.check([{"email": "c7@example.org"}]).json
    tap.equal(taken["errors"][0]["code"], "unique",
              "and values are as unique as before")
    tap.equal(site.sql("SELECT DISTINCT version FROM customer_unique"
                       " WHERE workspace_id = 2"), [["1"]],
              "another account's stay as they are")


def test_empty_account():
    site.ctl("account", "create", "hollow", "--name", "Hollow")
    tap.equal(site.ctl("key", "rotate", "--account", "hollow"), "",
              "an account without workspaces has no jobs")
    tap.equal(site.ctl("account", "data-key", "hollow",
                       "--reveal").split()[0], "2",
              "and the new key at once")
    done = site.ctl("key", "rotate", "--account", "nobody", check=False)
    tap.ok(done.returncode != 0 and "no account" in done.stderr,
           "an unknown account is told")


tap.run(globals())
