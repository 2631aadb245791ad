"""MariaDB restarts during an upload; MariaDB is away: 503 with Retry-After,
and service comes back by itself (S40)."""
import functools
import itertools
import os
import signal
import time

os.environ.pop("COFFER_TEST_DB", None)  # this test stops its own server
import coffer
import tap

site = coffer.Site(**{"worker.lease": 1500, "worker.backoff": 50,
                      "worker.attempts": 100})
shop = site.workspace()


def crash():
    with open(f"{site.db_dir}/db.pid", encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGKILL)
    coffer.wait_until(lambda: not os.path.exists(f"/proc/{pid}"))


def recovered(seconds=20):
    return coffer.eventually(
        lambda: site.request("GET", "/readyz").status == 200, seconds)


def test_restart_during_an_upload():
    answer = shop.upload(coffer.csv_rows(10000)).json
    for restart in range(3):
        time.sleep(0.15)
        crash()
        site.mariadb("start")
    tap.ok(recovered(), "S40: it comes back by itself")
    job = shop.wait(answer, 120)
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed", 10000, 0), "the upload ends whole")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM customer"),
              [["10000", "10000"]], "10,000 customers, each once")


class Load(coffer.Beside):
    """Four clients, each of which makes one customer after the other by
    make(values), until the block ends; what they were answered, by e-mail
    (None: nothing)."""

    def __init__(self, make):
        self.make, self.replies = make, {}
        super().__init__(*(functools.partial(self.client, n)
                           for n in range(4)))

    def client(self, number):
        for turn in itertools.count():
            if self.stop.is_set():
                return
            mail = f"{id(self)}.{number}.{turn}@example.org"
            try:
                self.replies[mail] = self.make({"email": mail})
            except OSError:
                self.replies[mail] = None
            time.sleep(0.01)

    def statuses(self):
        return [reply and reply.status
                for reply in list(self.replies.values())]

    def more(self, status):
        """Waits until somebody more has been answered so."""
        before = self.statuses().count(status)
        coffer.wait_until(lambda: self.statuses().count(status) > before)


def missing(mails):
    """Those of them whom nobody has."""
    return [m for m in mails if shop.check({"email": m}).status != 400]


def test_restart_while_uploading():
    """What was answered with success is there, once, and nothing is stuck."""
    with Load(shop.check) as load:
        load.more(200)
        crash()
        load.more(503)
        site.mariadb("start")
        tap.ok(recovered(), "S40: it comes back by itself under load")
        load.more(200)
    statuses = set(load.statuses())
    tap.ok(statuses <= {200, 202, 503}, f"S40: 200, 202 or 503 {statuses}")
    tap.equal([reply for reply in load.replies.values()
               if reply and reply.status == 503
               and not reply.headers["Retry-After"]], [],
              "S40: 503 comes with Retry-After")
    taken = [m for m, reply in load.replies.items()
             if reply and reply.status in (200, 202)]
    coffer.eventually(lambda: site.sql("SELECT COUNT(*) FROM job_queue")
                      == [["0"]], 30)
    tap.equal(site.sql("SELECT (SELECT COUNT(*) FROM job_queue), (SELECT"
                       " COUNT(*) FROM job WHERE finished_at IS NULL)"),
              [["0", "0"]], "S40: no job is stuck")
    tap.equal(missing(taken), [],
              f"S40: all {len(taken)} that were taken are there")
    counts = site.sql("SELECT (SELECT COUNT(*) FROM customer), (SELECT"
                      " COUNT(*) FROM customer_unique), (SELECT COUNT(*) FROM"
                      " segment_member)")[0]
    tap.equal(len(set(counts)), 1, f"and none twice or in part: {counts}")


def test_restart_while_creating():
    """The same for single customers: one of a 201 is there, and whoever is
    there is there whole, with one entry of the audit log."""
    def totals():
        return [int(n) for n in site.sql(
            "SELECT (SELECT COUNT(*) FROM customer), (SELECT COUNT(*) FROM"
            " customer_unique), (SELECT SUM(live) FROM segment_bucket WHERE"
            " segment_id = 0 AND level = 1), (SELECT COUNT(*) FROM audit WHERE"
            " action = 'customer.create' AND detail LIKE '%attributes%')")[0]]

    before = totals()
    with Load(lambda values: shop.scv("POST", "/customers", values)) as load:
        for _ in range(2):
            load.more(201)
            crash()
            load.more(503)
            site.mariadb("start")
            recovered()
    statuses = set(load.statuses())
    tap.ok({201, 503} <= statuses <= {None, 201, 503},
           f"S40: creates: 201 or 503 {statuses}")
    made = [m for m, reply in load.replies.items()
            if reply and reply.status == 201]
    tap.equal(missing(made), [], f"S40: all {len(made)} of a 201 are there")
    grown = [now - then for now, then in zip(totals(), before)]
    tap.ok(len(set(grown)) == 1 and grown[0] >= len(made),
           f"and nobody in part: {grown}")


def test_away():
    crash()
    for method, path, body in (
            ("POST", "/v1/customer/pages", shop.group()),
            ("POST", "/v1/customer", shop.group(page_number=0)),
            ("POST", "/v1/cpf", {"workspace_id": shop.id}),
            ("POST", "/v1/customer/check",
             shop.group(customer_data={"email": "away@example.org"})),
            ("GET", "/v1/jobs/9579fe91-b7d0-4f96-be52-e68fa86ec287", None)):
        reply = shop.call(method, path, body)
        tap.equal((reply.status, bool(reply.headers.get("Retry-After"))),
                  (503, True), f"S40: {method} {path}: 503, Retry-After")
        tap.ok("sock" not in reply.raw.decode(), "S33: and no path in it")
    reply = site.request("GET", "/readyz")
    tap.equal((reply.status, bool(reply.headers.get("Retry-After"))),
              (503, True), "/readyz says so")
    tap.equal(site.request("GET", "/healthz").status, 200,
              "/healthz is of the process alone")
    site.mariadb("start")
    tap.ok(recovered(), "S40: and service returns by itself")
    tap.equal(shop.check({"email": "back@example.org"}).status, 200,
              "uploads too")


tap.run(globals())
