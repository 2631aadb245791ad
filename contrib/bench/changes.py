"""Uploads, updates and deletions of 10,000 rows."""
import json
import random
import statistics
import time
import uuid

from rig import ROWS, make_csv


def uploads(bench, name, target, empty):
    """Uploads and loads by turns, after one of each to warm up."""
    posts, answers, loads = [], [], []
    for turn in range(bench.args.runs + 1):
        if empty:
            bench.truncate()
        took, answered = bench.upload()
        if empty:
            bench.truncate(keep_template=True)
        loaded = bench.load(ROWS)
        if turn:
            posts.append(took)
            answers.append(answered)
            loads.append(loaded)
    post, load = statistics.median(posts), statistics.median(loads)
    bench.report(name, f"{post * 1000:.0f} ms (POST alone "
                 f"{statistics.median(answers) * 1000:.0f} ms)",
                 f"{load * 1000:.0f} ms", post / load, target)


def updates(bench):
    """Uploads, and updates of the same rows found by their e-mails, by
    turns."""
    posts, patches, answers = [], [], []
    for turn in range(bench.args.runs + 1):
        mark = uuid.uuid4().hex[:8]
        post, _ = bench.upload(make_csv(mark))
        patch, answered = bench.upload(
            make_csv(mark, 1009), "PATCH", "/v1/customer")
        if turn:
            posts.append(post)
            patches.append(patch)
            answers.append(answered)
    post, patch = statistics.median(posts), statistics.median(patches)
    bench.report(f"update 10,000 rows by e-mail, {bench.args.rows} stored /"
                 " upload", f"{patch * 1000:.0f} ms (PATCH alone "
                 f"{statistics.median(answers) * 1000:.0f} ms)",
                 f"{post * 1000:.0f} ms", patch / post, "<= 1.5")


def some_seqs(bench):
    """Seqs at random, some more than are needed."""
    end = bench.next_positions()[0]
    return ",".join(str(seq) for seq in sorted(random.sample(
        range(end), min(end, ROWS * 11 // 10))))


def delete(bench, ids):
    """Seconds of one call that deletes them."""
    body = json.dumps(bench.shop.group(customer_ids=ids)).encode()
    began = time.time()
    answer = bench.call("DELETE", "/v1/customer", body, "application/json")
    took = time.time() - began
    if answer["deleted"] != len(ids):
        raise RuntimeError(answer["deleted"])
    return took


def deletions(bench):
    """Uploads and deletions by turns, after one of each to warm up."""
    posts, near, far = [], [], []
    for turn in range(bench.args.runs + 1):
        post = bench.upload()[0]
        end = bench.next_positions()[0]
        beside = delete(bench, bench.ids(f"seq >= {end - ROWS}"))
        apart = delete(bench, bench.ids(f"seq IN ({some_seqs(bench)})"))
        bench.load(ROWS)
        if turn:
            posts.append(post)
            near.append(beside)
            far.append(apart)
    post = statistics.median(posts)
    for name, took, target in (("neighbouring", near, "<= 1.0"),
                               ("random", far, "<= 4.0")):
        took = statistics.median(took)
        bench.report(f"delete 10,000 {name} rows, {bench.args.rows} stored"
                     " / upload", f"{took * 1000:.0f} ms",
                     f"{post * 1000:.0f} ms", took / post, target)
