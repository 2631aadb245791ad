"""The pool's master: dead children replaced, logs reopened, reload and stop
without dropping a request; the worker's likewise."""
import gzip
import os
import signal
import threading
import time
import coffer
import fastcgi
import tap
from coffer import eventually

site = coffer.Site(**{"server.processes": 3})
shop = site.workspace()
shop.check({"email": "a@example.org"})


class Load:
    """Clients that read without pause; what they were answered."""

    def __enter__(self):
        self.stop = threading.Event()
        self.statuses = []
        self.threads = [threading.Thread(target=self.run, daemon=True)
                        for _ in range(4)]
        for thread in self.threads:
            thread.start()
        # Processes that ended soon after their start are replaced slowly.
        eventually(lambda: 200 in self.statuses)
        time.sleep(0.3)
        return self

    def run(self):
        while not self.stop.is_set():
            try:
                self.statuses.append(
                    shop.post("/v1/customer/pages", shop.group()).status)
            except OSError as error:
                self.statuses.append(repr(error))

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_children_are_replaced():
    for name, count in (("fcgi", 3), ("worker", 2)):
        before = site.children(name)
        tap.equal(len(before), count, f"{name}: {count} processes")
        os.kill(before[0], signal.SIGKILL)
        tap.ok(eventually(lambda: len(site.children(name)) == count
                          and before[0] not in site.children(name)),
               f"{name}: a dead one is replaced")


def test_reload():
    before = set(site.children("fcgi"))
    with Load() as load:
        for _ in range(3):
            site.kill("fcgi", signal.SIGHUP)
            time.sleep(0.5)
    tap.equal(set(load.statuses), {200},
              f"SIGHUP drops none of {len(load.statuses)} requests")
    tap.ok(eventually(lambda: len(site.children("fcgi")) == 3
                      and not before & set(site.children("fcgi"))),
           "and all processes are new")


def configure(text):
    """Has the pool take another configuration."""
    before = set(site.children("fcgi"))
    with open(f"{site.dir}/coffer.ini", "w") as file:
        file.write(text)
    site.kill("fcgi", signal.SIGHUP)
    coffer.wait_until(lambda: len(site.children("fcgi")) == 3
                      and not before & set(site.children("fcgi")))


def test_another_database():
    """A copy of earlier, of whose seqs those of the other are none."""
    def create():
        return shop.scv("POST", "/customers", {"first_name": "Ann"}).status

    site.ctl("backup", f"{site.dir}/backup.sql.gz")
    statuses = [create() for _ in range(3)]
    shop.wait(shop.upload(coffer.csv_rows(200, 100000)).json)
    statuses.append(create())
    with open(f"{site.dir}/coffer.ini") as file:
        before = file.read()
    copy = site.db_name + "_copy"
    with open(f"{site.dir}/coffer.ini", "w") as file:
        file.write(before.replace(f"name = {site.db_name}", f"name = {copy}"))
    site.ctl("migrate")
    with gzip.open(f"{site.dir}/backup.sql.gz", "rt") as file:
        site.sql(file.read(), db=copy)
    with open(f"{site.dir}/coffer.ini") as file:
        configure(file.read())
    statuses.append(create())
    tap.equal(statuses, [201] * 5, "customers are made in both")
    tap.equal(site.sql("SELECT COUNT(*), MAX(c.seq) < MAX(s.next_position)"
                       " FROM customer c JOIN segment s ON s.id = 0 AND"
                       " s.workspace_id = c.workspace_id", db=copy),
              [["2", "1"]], "each under a seq that its own has reserved")
    configure(before)
    site.sql(f"DROP DATABASE {copy}", db=None)


def test_bad_configuration_is_not_taken():
    before = open(f"{site.dir}/coffer.ini").read()
    with open(f"{site.dir}/coffer.ini", "a") as file:
        file.write("[server]\nshoe = 1\n")
    site.kill("fcgi", signal.SIGHUP)
    time.sleep(0.5)
    tap.equal(site.request("GET", "/readyz").status, 200,
              "the old configuration stays when the new one is wrong")
    tap.ok("shoe" in site.logs(), "and the log says what is wrong")
    with open(f"{site.dir}/coffer.ini", "w") as file:
        file.write(before)


def test_logs_are_reopened():
    for name in ("fcgi", "worker"):
        log = f"{site.dir}/log/{name}.log"
        os.rename(log, log + ".1")
        site.kill(name, signal.SIGUSR1)
        if name == "fcgi":
            tap.ok(eventually(lambda: site.request("GET", "/healthz")
                              and os.path.exists(log)
                              and "healthz" in open(log).read()),
                   "fcgi: SIGUSR1 reopens the log, in the children too")
        else:
            tap.ok(eventually(lambda: os.path.exists(log)),
                   "worker: SIGUSR1 reopens the log")


def half_requests():
    """One request a process of the pool, each of which is waiting for the
    rest of a body: connections, and the rest."""
    pool = fastcgi.Pool(site)
    body = fastcgi.json.dumps(shop.group()).encode()
    values = pool.values("POST", "/v1/customer/pages", body,
                         {"Authorization": f"Bearer {shop.token}"})
    links = [pool.connect(10) for _ in site.children("fcgi")]
    for link in links:
        link.sendall(fastcgi.begin() + fastcgi.params(values)
                     + fastcgi.record(fastcgi.PARAMS)
                     + fastcgi.record(fastcgi.STDIN, body[:9]))
    tap.ok(eventually(lambda: all(map(pool.serving, site.children("fcgi")))),
           "each process has a request")
    return links, fastcgi.record(fastcgi.STDIN, body[9:]) + fastcgi.record(
        fastcgi.STDIN)


def test_signal_while_answering():
    """What comes in the midst of a request is obeyed right after it: no other
    request is needed."""
    for sig in (signal.SIGTERM, signal.SIGUSR2):
        tap.ok(eventually(lambda: len(site.children("fcgi")) == 3),
               "a pool of three")
        links, rest = half_requests()
        old = set(site.children("fcgi"))
        for pid in old:
            os.kill(pid, sig)
        time.sleep(0.2)
        tap.equal(set(site.children("fcgi")), old,
                  f"{sig.name}: all wait for the end of their request")
        for link in links:
            link.sendall(rest)
        replies = [fastcgi.Reply(fastcgi.answer(link)) for link in links]
        tap.equal([reply.status for reply in replies], [200] * 3,
                  f"{sig.name}: it is answered")
        tap.ok(eventually(lambda: not old & set(site.children("fcgi"))),
               f"{sig.name}: then they end")


def test_stop():
    """What was accepted is answered; afterwards nginx says 503."""
    with Load() as load:
        site.kill("fcgi", signal.SIGTERM)
        tap.ok(eventually(lambda: not os.path.exists(
            f"{site.dir}/fcgi.pid")), "SIGTERM ends the pool")
        time.sleep(0.2)
    tap.equal(set(load.statuses), {200, 503},
              "requests are answered, then 503 in the contract's shape")
    reply = site.request("GET", "/healthz")
    tap.equal((reply.status, reply.json["status"],
               bool(reply.headers["Retry-After"])), (503, 503, True),
              "with Retry-After")
    site.up()
    tap.equal(site.request("GET", "/readyz").status, 200, "and starts again")
    answer = shop.upload(coffer.csv_rows(5000)).json
    site.kill("worker", signal.SIGTERM)
    tap.ok(eventually(lambda: not os.path.exists(f"{site.dir}/worker.pid")),
           "SIGTERM ends the worker")
    site.up()
    tap.equal(shop.wait(answer)["succeeded"], 5000,
              "and the next one goes on with its job")


tap.run(globals())
