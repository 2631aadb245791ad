"""Exports, from their creation to the finished file."""
import os
import statistics
import subprocess
import time

import coffer
from rig import ROWS, moment


def export(bench, segment):
    """Seconds of an export, from the POST to the finished file, and its
    record."""
    record = bench.call_key(bench.shop, "POST", "/scv/exports",
                            {"segment": segment})
    path = "/scv/exports/" + record["exportid"]
    while record.get("status", "queued") in ("queued", "running"):
        time.sleep(0.1)
        record = bench.call_key(bench.shop, "GET", path)
    if record["status"] != "completed":
        raise RuntimeError(record)
    return moment(record["finished"]) - moment(record["created"]), record


def fetch(bench, sql):
    """Seconds in which a C program reads the rows of a statement."""
    rows, _, took = subprocess.run(
        [f"{coffer.BUILD}/fetch", f"{bench.site.db_dir}/owner.cnf",
         bench.site.db_name, sql], capture_output=True, text=True,
        check=True).stdout.split()
    return float(took), int(rows)


def peak(bench):
    """The most memory that a process of the worker has had, in MB."""
    most = 0
    for pid in bench.site.children("worker"):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM"):
                    most = max(most, int(line.split()[1]))
    return most / 1024


def restart_worker(bench):
    pid = bench.site.pid("worker")
    bench.site.kill("worker", 15)
    while os.path.exists(f"/proc/{pid}"):
        time.sleep(0.05)
    bench.site.up("worker")


def exports(bench):
    """Exports and bare reads of the same rows by turns. The rows are
    uploaded: loaded ones would not open."""
    bench.truncate()
    for _ in range(bench.args.rows // ROWS):
        bench.upload()
    columns = "c.seq, c.uuid, c.profile, c.key_version, c.layout"
    reads = {
        "all": f"SELECT {columns} FROM customer c WHERE c.workspace_id ="
               f" {bench.workspace} ORDER BY c.seq",
        "customers": f"SELECT {columns} FROM segment_member m"
                     " STRAIGHT_JOIN customer c ON c.workspace_id ="
                     " m.workspace_id AND c.seq = m.seq WHERE"
                     f" m.workspace_id = {bench.workspace} AND"
                     f" m.segment_id = {bench.segment}"
                     " ORDER BY m.position"}
    restart_worker(bench)  # whose peak is then that of exports
    bench.link = None
    for segment, sql in reads.items():
        took_exports, fetches = [], []
        for turn in range(bench.args.runs + 1):
            fetched, rows = fetch(bench, sql)
            took, record = export(bench, segment)
            if record["rows"] != rows:
                raise RuntimeError(record)
            if turn:
                took_exports.append(took)
                fetches.append(fetched)
        took, fetched = map(statistics.median, (took_exports, fetches))
        bench.report(f"export {rows} rows of \"{segment}\" / fetch",
                     f"{took * 1000:.0f} ms", f"{fetched * 1000:.0f} ms",
                     took / fetched, "<= 1.15")
    most = peak(bench)
    bench.report("peak memory of a worker that exports", f"{most:.1f} MB", "",
                 most / 16, "<= 1", "<= 16 MB")
