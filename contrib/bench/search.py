"""Searches at the level of the model, and what their texts cost an upload."""
import statistics
import subprocess

import coffer
from rig import FIELDS, ROWS, SEARCHED


def searches(bench):
    """Uploads into two workspaces by turns, one of which has searchable
    fields; then searches in that one, when there are --rows texts."""
    plain = bench.shop
    found = bench.site.workspace(
        [dict(field, searchable=field["field_name"] in SEARCHED)
         for field in FIELDS])
    times = {plain: [], found: []}
    for turn in range(bench.args.runs + 1):
        for bench.shop in (plain, found):
            bench.link = None
            took = bench.upload()[0]
            if turn:
                times[bench.shop].append(took)
    bench.shop = plain
    with_text, without = (statistics.median(times[shop])
                          for shop in (found, plain))
    bench.report("upload 10,000 rows, four fields searchable / none",
                 f"{with_text * 1000:.0f} ms", f"{without * 1000:.0f} ms",
                 with_text / without, "<= 1.1")
    where = bench.sql("SELECT account_id, id FROM workspace WHERE uuid ="
                      f" UNHEX(REPLACE('{found.id}', '-', ''))")[0]
    time_searches(bench, where)


def time_searches(bench, where):
    """Milliseconds of searches, at the median and at the 95th percent."""
    def run(*words):
        return subprocess.run(
            [f"{coffer.BUILD}/bench-search",
             f"{bench.site.dir}/coffer.ini", *where, *words],
            stdout=subprocess.PIPE, text=True, check=True).stdout
    run("fill", str(max(0, bench.args.rows - (bench.args.runs + 1) * ROWS)))
    size = bench.sql("SELECT SUM(LENGTH(text)), COUNT(*) FROM search_block"
                     f" WHERE workspace_id = {where[1]}")[0]
    print(f"  {size[0]} bytes in {size[1]} parts", flush=True)
    targets = {"page_full": 20, "one_found": 80, "none": 80, "none_2": 80}
    for pending in ("0", "1000"):
        run("pend", pending)
        for line in run("time", str(20 * bench.args.runs)).splitlines():
            name, p50, p95 = line.split()
            if name in targets:
                bench.limit(f"search, {name}, {pending} pending (p95)",
                            float(p95), targets[name],
                            f"{p95} ms (p50 {p50} ms)")
            else:
                print("  " + line, flush=True)
