"""Searches while customers change, are deleted and are merged into blocks, and
workers are killed in the midst of it: what is answered is found at once, and
nothing is lost, doubled or left behind (S39)."""
import os
import random
import signal
import threading
import time

import coffer
import tap
from search import Searcher, plain

SECONDS, WRITERS, COUNT = 8, 3, 3000
site = coffer.Site(**{"worker.processes": 2, "worker.search_pending": 1,
                      "worker.poll": 10, "worker.lease": 300,
                      "worker.backoff": 20, "worker.attempts": 100})
shop = site.workspace([
    {"field_name": "code", "field_type": "string", "unique": True},
    {"field_name": "name", "field_type": "string", "pii": True,
     "searchable": True}])
rows = {f"K{i}": f"Start {i % 7}" for i in range(COUNT)}
wrong, done = [], {"changes": 0, "deletions": 0, "kills": 0}
stop = threading.Event()


def ids():
    pages = shop.post("/v1/customer/pages", shop.group()).json["pages"]
    return {c["extended_profile"]["code"]: c["customer_id"]
            for n in range(pages) for c in shop.page(n).json["customers"]}


def change(rnd, mine, searcher, turn):
    """Some customers get a new name, and are found by it at once."""
    word = f"w{turn}x{rnd.randrange(10 ** 9)}"
    some = rnd.sample(sorted(mine), rnd.choice((1, 1, 2, 5, 40)))
    reply = shop.call("PATCH", "/v1/customer", shop.group(
        match_by="code", customer_data=[
            {"code": code, "name": f"Ünder {word} Z"} for code in some]))
    if reply.status == 202:
        shop.wait(reply.json)
    elif reply.status != 200:
        wrong.append(repr(reply))
    for code in some:
        rows[code] = f"Ünder {word} Z"
    found = len(searcher.seqs(f"ünDER {word.upper()}"))
    if found != len(some):
        wrong.append((word, found, len(some)))
    done["changes"] += 1


def delete(rnd, mine, names, searcher):
    some = rnd.sample(sorted(mine), rnd.choice((1, 3)))
    word = rows[some[0]]
    before = set(searcher.seqs(word))
    reply = shop.call("DELETE", "/v1/customer", shop.group(
        customer_ids=[names[code] for code in some]))
    if reply.status != 200:
        wrong.append(repr(reply))
    after = set(searcher.seqs(word))
    for code in some:
        mine.discard(code)
        del rows[code]
    if len(mine) > 2 and before and after == before \
            and not word.startswith("Start"):
        wrong.append((word, "is still found"))
    done["deletions"] += 1


def write(number, names):
    rnd = random.Random(number)
    mine = {code for code in names if int(code[1:]) % WRITERS == number}
    searcher = Searcher(site, shop, "code")
    turn = 0
    try:
        while not stop.is_set():
            turn += 1
            change(rnd, mine, searcher, f"{number}t{turn}")
            if rnd.random() < 0.3:
                delete(rnd, mine, names, searcher)
    except Exception as error:  # a thread's, told at the end
        wrong.append(repr(error))
    searcher.close()


def kill():
    while not stop.wait(0.15):
        children = site.children("worker")
        if children:
            try:
                os.kill(random.choice(children), signal.SIGKILL)
                done["kills"] += 1
            except ProcessLookupError:
                pass


def pending():
    return int(site.sql("SELECT COUNT(*) FROM search_pending")[0][0])


def test_all_at_once():
    text = "code,name\r\n" + "".join(f"{k},{v}\r\n" for k, v in rows.items())
    shop.wait(shop.upload(text).json)
    names = ids()
    threads = [threading.Thread(target=write, args=(n, names))
               for n in range(WRITERS)] + [threading.Thread(target=kill)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    tap.equal(wrong[:5], [], f"S39: what is answered is found at once ({done})")
    tap.ok(done["changes"] > 10 and done["deletions"] and done["kills"] > 3,
           "there was much to find")


def test_after():
    end = time.monotonic() + 30
    while pending() and time.monotonic() < end:
        time.sleep(0.1)
    tap.equal(pending(), 0, "S39: all is merged in the end")
    customers = {code: [name] for code, name in rows.items()}
    searcher = Searcher(site, shop, "code")
    for text in ("start", "START 3", "z", "ünder w1", "w2t3", "no such"):
        tap.equal(searcher.find(text), plain(customers, text),
                  f"{text}: exactly what is stored")
    searcher.close()


tap.run(globals())
