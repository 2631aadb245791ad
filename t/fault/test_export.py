"""Exports under kill -9, on a full disk, beside deletions and writers."""
import os
import random
import resource
import signal
import subprocess
import threading
import time
import coffer
import exports
import tap

site = coffer.Site(**{"worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100,
                      "limits.inline_rows": 100})
shop = site.workspace()
mine = exports.Exports(shop)
random.seed()
ROWS = 20000


def fill():
    for part in range(ROWS // 10000):
        shop.wait(shop.upload(
            coffer.csv_rows(10000, 10000 * part + 1)).json, 120)


def workers():
    return site.children("worker")


def test_kill():
    """The worker dies again and again while it writes."""
    fill()
    exportid = mine.start("all")
    seen = 0
    for _ in range(8):
        time.sleep(random.uniform(0.02, 0.3))
        seen += any(name.endswith(".tmp") for name in mine.files())
        for pid in workers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    record = mine.wait(exportid, 120)
    tap.equal((record["status"], record["rows"]), ("completed", ROWS),
              f"S39: it ends whole (seen while it was written {seen} times)")
    rows = mine.rows(record)
    tap.equal(len({row["customer_id"] for row in rows}), ROWS, "nobody twice")
    tap.equal(rows[-1]["email"], f"c{ROWS}@example.org", "to the last")
    tap.equal(mine.files(), [exportid + ".csv"], "nothing half-written stays")


def full_disk():
    """Puts a small file system where the files are; how to take it away."""
    place = mine.directory()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs",
                           place], capture_output=True, check=False)
    if not done.returncode:
        return lambda: subprocess.run(["umount", place], check=True)
    for pid in workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (400_000, 400_000))
    return lambda: [os.kill(pid, signal.SIGKILL) for pid in workers()]


def test_disk_full():
    before = mine.files()
    away = full_disk()
    try:
        record = mine.make("all")
        tap.equal((record["status"], record["signedURL"]), ("failed", None),
                  "S41: the export fails")
        tap.ok("disk" in (record["message"] or ""), "S41: and says why")
        tap.equal([name for name in mine.files() if record["exportid"] in name],
                  [], "S41: nothing half-written stays")
    finally:
        away()
    tap.equal(mine.files(), before, "what was there is there")
    tap.equal(mine.make("all")["status"], "completed", "later ones work")


def test_deletions():
    """Somebody is deleted while each file is written: the file is withdrawn,
    or is without."""
    left = mine.rows(mine.make("all"))
    ends = set()
    for turn in range(6):
        victim = left.pop(random.randrange(len(left)))["customer_id"]
        exportid = mine.start("all")
        time.sleep(random.uniform(0, 0.25))
        reply = shop.call("DELETE", "/v1/customer",
                          shop.group(customer_ids=[victim]))
        record = mine.wait(exportid)
        ends.add(record["status"])
        if record["status"] == "completed":
            ids = [row["customer_id"] for row in mine.rows(record)]
            tap.equal((victim in ids, len(ids), reply.json["deleted"]),
                      (False, len(left), 1), f"turn {turn}: without")
        else:
            tap.equal((record["status"], exportid + ".csv" in mine.files()),
                      ("withdrawn", False), f"turn {turn}: withdrawn")
    tap.note(f"they ended {ends}")


def test_one_moment():
    """Writers change a hundred customers at once, in one transaction each
    time: a file has them all alike."""
    people = [{"email": f"m{i}@example.org", "first_name": "0"}
              for i in range(100)]
    shop.check(people)
    stop = threading.Event()
    bad = []

    def write():
        turn = 0
        while not stop.is_set():
            turn += 1
            reply = shop.call("PATCH", "/v1/customer", shop.group(
                match_by="email", customer_data=[
                    {**person, "first_name": str(turn)}
                    for person in people]))
            if reply.status != 200:
                bad.append(reply)

    def add():
        turn = 0
        while not stop.is_set():
            turn += 1
            shop.check([{"email": f"n{turn}.{i}@example.org",
                         "first_name": f"b{turn}"} for i in range(50)])

    threads = [threading.Thread(target=work) for work in (write, add)]
    for thread in threads:
        thread.start()
    states = []
    for _ in range(5):
        rows = mine.rows(mine.make("all"))
        states.append({row["first_name"] for row in rows
                       if row["email"].startswith("m")})
        added = {}
        for row in rows:
            if row["first_name"].startswith("b"):
                added[row["first_name"]] = added.get(row["first_name"], 0) + 1
        tap.ok(set(added.values()) <= {50}, "uploads are in it whole")
    stop.set()
    for thread in threads:
        thread.join()
    tap.equal([len(state) for state in states], [1] * 5,
              f"each file is of one moment ({states})")
    tap.equal(bad[:1], [], "nobody waits for an export")


def test_stop():
    """A worker that is told to stop leaves the export to the next."""
    exportid = mine.start("all")
    time.sleep(0.1)
    pid = site.pid("worker")
    began = time.monotonic()
    site.kill("worker", signal.SIGTERM)
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < began + 60:
        time.sleep(0.02)
    tap.ok(not os.path.exists(f"/proc/{pid}"), "it stops")
    site.up("worker")
    tap.equal(mine.wait(exportid)["status"], "completed", "another goes on")


def test_erase():
    """cofferctl account erase removes the files."""
    tap.ok(mine.files(), "there are files")
    site.ctl("account", "erase", shop.account, "--yes")
    tap.equal(mine.files(), [], "S25: none after the account is erased")
    tap.equal([site.sql(f"SELECT COUNT(*) FROM {table}") for table in
               ("export", "export_block", "export_gone")], [[["0"]]] * 3,
              "nor a record")


tap.run(globals())
