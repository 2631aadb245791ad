"""S22: replacing the master key under load, cut short anywhere, gone on with."""
import fcntl
import json
import os
import random
import signal
import subprocess
import threading
import time
import coffer
import tap

site = coffer.Site(**{"server.processes": 2, "worker.lease": 1000})
shop = site.workspace()
KEYS = f"{site.dir}/keys"
COMMAND = [f"{coffer.BUILD}/cofferctl", "--config", f"{site.dir}/coffer.ini"]


def run(*words):
    return site.ctl(*words, check=False)


def masters():
    return {row[0] for row in site.sql(
        "SELECT DISTINCT HEX(master_id) FROM account_key")}


def canaries():
    return {row[0] for row in site.sql("SELECT HEX(master_id) FROM "
                                       "master_canary")}


def key_files():
    return sorted(name for name in os.listdir(KEYS)
                  if name.startswith("master"))


def new_key(name):
    path = f"{site.dir}/{name}"
    return site.ctl("master-key", "create", path)


def stored():
    """All that is stored of customers and the data keys that open it."""
    return (site.sql("SELECT * FROM customer ORDER BY workspace_id, seq"),
            [site.ctl("account", "data-key", row.split()[0], "--reveal")
             for row in site.ctl("account", "list").splitlines()])


def test_create():
    path = new_key("one.key")
    with open(path, encoding="ascii") as file:
        text = file.read()
    tap.equal((len(text), len(set(text)) > 8, os.stat(path).st_mode & 0o777),
              (65, True, 0o600), "master-key create: 64 hex digits, mode 0600")
    again = run("master-key", "create", path)
    with open(path, encoding="ascii") as file:
        tap.equal((again.returncode, file.read()), (73, text),
                  "it never overwrites")


def test_bad_files():
    before = key_files()
    for name, text, mode in (("short", "ab" * 31, 0o600),
                             ("words", "not a key" * 8, 0o600),
                             ("open", "ab" * 32, 0o644)):
        path = f"{site.dir}/{name}"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
        done = run("master-key", "replace", "--new", path)
        tap.equal((done.returncode, text[:16] in done.stderr), (65, False),
                  f"a file that is {name} is refused, and not quoted")
    tap.equal(run("master-key", "replace", "--new", "/none").returncode, 65,
              "so is one that is not there")
    tap.equal((key_files(), len(canaries())), (before, 1),
              "and nothing has changed")


class Load:
    """Readers and uploaders, who must never notice."""

    def __init__(self):
        self.stop, self.bad, self.done, self.n = False, [], 0, 0
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self.read, self.upload, self.upload)]
        for thread in self.threads:
            thread.start()

    def read(self):
        while not self.stop:
            reply = shop.page()
            self.check(reply, reply.status == 200)

    def upload(self):
        while not self.stop:
            self.n += 1
            reply = shop.check({"email": f"load{self.n}.{random.random()}"
                                "@example.org", "phone": "+44 1"})
            self.check(reply, reply.status in (200, 202))

    def check(self, reply, good):
        self.done += 1
        if not good:
            self.bad.append(repr(reply))

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


def replace_killed(path, after):
    """Starts a replacement and kills it after so many lines, or seconds."""
    with subprocess.Popen([*COMMAND, "master-key", "replace", "--new", path],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          text=True) as process:
        if isinstance(after, int):
            for _ in range(after):
                process.stderr.readline()
        else:
            time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode


def test_replace():
    for i in range(8):
        site.ctl("account", "create", f"other{i}", "--name", "Other")
    answer = shop.upload(coffer.csv_rows(300)).json
    shop.wait(answer)
    before = stored()
    old = masters()
    path = new_key("two.key")
    done = run("master-key", "replace", "--new", path)
    new = {done.stdout.strip().upper()}
    tap.equal((done.returncode, masters(), canaries()), (0, new, new),
              "S22: every account key is under the new master key alone")
    tap.ok(new != old and "destroyed" in done.stderr, "and that is said")
    tap.equal(key_files(), ["master.key"], "the old one is gone")
    with open(path, "rb") as file, open(f"{KEYS}/master.key", "rb") as now:
        tap.equal(now.read(), file.read(), "master.key is the new one")
    tap.equal(stored(), before, "S22: no data has changed")
    again = run("master-key", "replace", "--new", path)
    tap.equal((again.returncode, stored(), key_files()),
              (0, before, ["master.key"]), "run again it does nothing")
    tap.equal(run("check").returncode, 0, "cofferctl check finds all good")


def restart_worker():
    pid = site.pid("worker")
    site.kill("worker", signal.SIGTERM)
    coffer.wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    site.up()


def test_under_load():
    load = Load()
    statuses, checks, ready = [], [], []
    for i in range(6):
        path = new_key(f"load{i}.key")
        after = i + 1 if i < 4 else random.uniform(0.005, 0.06)
        statuses.append(replace_killed(path, after))
        checks.append(run("check").returncode)
        ready.append(site.request("GET", "/readyz").status)
        if i % 3 == 0:  # another account while both keys are there
            site.ctl("account", "create", f"between{i}", "--name", "B")
        if i == 2:  # one that starts with both keys there
            restart_worker()
        done = run("master-key", "replace", "--new", path)
        if done.returncode or masters() != {done.stdout.strip().upper()}:
            tap.ok(False, f"gone on with: {done.stderr}")
        if key_files() != ["master.key"]:
            tap.ok(False, f"one key file is left: {key_files()}")
    load.end()
    tap.ok(statuses.count(-9) >= 3, f"killed: {statuses}")
    tap.equal(checks, [0] * len(checks),
              "S22: cofferctl check is right wherever it was cut short")
    tap.equal(ready, [200] * len(ready), "S22: the pool stays ready")
    tap.ok(load.done > 20, f"{load.done} requests meanwhile")
    tap.equal(load.bad, [], "S22: none of them was refused")
    tap.equal(sum(int(row[0]) for row in site.sql(
        "SELECT chunks_left FROM job")), 0, "nothing waits")
    tap.equal(site.sql("SELECT COUNT(*) FROM job WHERE state <> 'completed'"),
              [["0"]], "every upload was stored")
    for row in site.ctl("account", "list").splitlines():
        site.ctl("account", "data-key", row.split()[0], "--reveal")
    tap.ok(True, "S22: the keys of every account open")


def test_one_at_a_time():
    path = new_key("busy.key")
    fd = os.open(KEYS, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    tap.equal(run("master-key", "replace", "--new", path).returncode, 73,
              "two at once: the second is refused")
    os.close(fd)


def test_keep_old():
    path = new_key("keep.key")
    old = masters().pop().lower()
    done = run("master-key", "replace", "--new", path, "--keep-old")
    tap.equal((done.returncode, key_files()),
              (0, [f"master-{old}.key", "master.key"]),
              "--keep-old leaves the old one beside it")
    tap.equal((run("check").returncode,
               site.request("GET", "/readyz").status), (0, 200),
              "and all is good")
    tap.equal(run("master-key", "replace", "--new", path).returncode, 0,
              "without it the old one goes")
    tap.equal(key_files(), ["master.key"], "and has gone")


def test_wrong_key():
    os.rename(f"{KEYS}/master.key", f"{site.dir}/right.key")
    new_key("keys/master.key")
    tap.equal(run("check").returncode, 78, "S22: a wrong master key is seen")
    done = run("master-key", "replace", "--new", f"{KEYS}/master.key")
    tap.equal((done.returncode, key_files()), (78, ["master.key"]),
              "S22: and replaces nothing")
    os.rename(f"{site.dir}/right.key", f"{KEYS}/master.key")
    tap.equal(run("check").returncode, 0, "the right one back: all is good")


def test_logs():
    lines = [json.loads(line) for line in site.logs().splitlines()
             if line.startswith('{"time"')]
    tap.equal([line["text"] for line in lines if line.get("level") == "error"],
              [], "the log knows of no error")


tap.run(globals())
