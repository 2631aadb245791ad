#!/usr/bin/env python3
"""The benchmark; see README beside this file, and run by `run`.

Every figure is a ratio to a yardstick of the same run, on the same machine, on
the same site. A section is a function of a module beside this one; what they
share is in rig.py.
"""
import argparse

from rig import ROWS, Bench
import changes
import exports
import lists
import pages
import search
import single


def uploads_on_empty(bench):
    changes.uploads(bench, "upload 10,000 rows, empty tables / LOAD DATA",
                    "<= 1.5", True)


def uploads_on_full(bench):
    changes.uploads(bench, f"upload 10,000 rows, {bench.args.rows} stored /"
                    " LOAD DATA", "<= 1.0", False)


# name: (heading, function); `full` to `rotate` want --rows customers stored.
SECTIONS = {
    "empty": ("Uploads on empty tables", uploads_on_empty),
    "full": ("Uploads at that size", uploads_on_full),
    "update": ("Updates", changes.updates),
    "delete": ("Deletions", changes.deletions),
    "pages": ("Pages", pages.pages),
    "get": ("Single customers: GET", single.gets),
    "create": ("Single customers: create", single.creates),
    "rotate": ("Rotation", pages.rotations),
    "search": ("Searches", search.searches),
    "list": ("Lists and searches over HTTP", lists.all_of_it),
    "export": ("Exports", exports.exports)}
ALONE = {"empty", "search", "list", "export"}  # these fill their own tables


def store(bench, left):
    """Customers, the first of which are uploaded, the others copied."""
    bench.truncate()
    bench.upload()
    left -= ROWS
    print(f"Storing {max(left, 0)} more", flush=True)
    while left > 0:
        bench.load(min(left, 100_000))
        left -= 100_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default=",".join(SECTIONS))
    args = parser.parse_args()
    chosen = args.only.split(",")
    if set(chosen) - set(SECTIONS):
        parser.error("--only: any of " + ",".join(SECTIONS))
    bench = Bench(args)
    stored = False
    for name, (heading, section) in SECTIONS.items():
        if name not in chosen:
            continue
        if name not in ALONE and not stored:
            store(bench, args.rows)
            stored = True
        print(heading, flush=True)
        bench.link = None  # nginx has closed it meanwhile
        section(bench)
    print()
    bench.table()


if __name__ == "__main__":
    main()
