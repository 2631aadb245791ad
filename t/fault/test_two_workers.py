"""Two workers with masters of their own, as on two hosts, on one database: no
chunk is applied twice, both work, and each takes over what the other leaves
behind (S39)."""
import os
import signal
import subprocess
import time
import coffer
import tap

site = coffer.Site(parts="fcgi nginx", **{
    "limits.inline_rows": 0, "worker.chunk_rows": 100, "worker.processes": 2,
    "worker.poll": 20, "worker.lease": 1500})
shop = site.workspace()


def start(name):
    """A worker with a configuration and files of its own."""
    with open(f"{site.dir}/coffer.ini", encoding="ascii") as file:
        text = file.read()
    for key in ("wake_socket", "pid_file", "log"):
        text = "\n".join(
            f"{key} = {site.dir}/{name}.{key}"
            if line.startswith(f"{key} = ") and "worker" in section(text, line)
            else line for line in text.split("\n"))
    path = f"{site.dir}/{name}.ini"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return subprocess.Popen([f"{coffer.BUILD}/coffer-worker", "--config",
                             path, "--poll"])


def section(text, line):
    """The section that a line stands in."""
    before = text[:text.index(line)]
    return before[before.rindex("["):]


def owners():
    return {row[0].split(":")[1] for row in site.sql(
        "SELECT DISTINCT owner FROM job_queue WHERE owner <> ''")}


def children(master):
    with open(f"/proc/{master.pid}/task/{master.pid}/children",
              encoding="ascii") as file:
        return set(file.read().split())


def test_both_work():
    answer = shop.upload(coffer.csv_rows(10000)).json
    one, two = start("one"), start("two")
    seen, killed = set(), False
    end = time.monotonic() + 120
    while time.monotonic() < end and not shop.job(answer).json["finished_at"]:
        seen |= owners()
        if not killed and len(seen) == 4:
            mine = [children(m) for m in (one, two)]
            tap.ok(all(seen & c for c in mine), "S39: both workers work")
            for pid in [*children(one), one.pid]:
                os.kill(int(pid), signal.SIGKILL)
            killed = True
    job = shop.wait(answer)
    tap.ok(killed, "one of them was killed on the way")
    tap.equal((job["status"], job["processed"], job["succeeded"]),
              ("completed", 10000, 10000), "the other goes on with all of it")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM customer"),
              [["10000", "10000"]], "S39: no chunk is applied twice")
    tap.equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT position)"
                       " FROM segment_member"), [["10000", "10000"]],
              "each customer in its place")
    one.wait()
    two.terminate()
    tap.equal(two.wait(timeout=30), 0, "and ends when it is asked to")


tap.run(globals())
