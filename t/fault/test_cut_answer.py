"""kill -9 of processes of the pool while they stream long answers: an answer
that was cut looks cut, and never like a whole one (S39)."""
import collections
import http.client
import os
import random
import signal
import threading
import time

import coffer
import tap

CUSTOMERS, CLIENTS, KILLS, KILLS_MAX = 500, 3, 8, 60
LONG = "x" * 9000
site = coffer.Site(**{"server.processes": 3})
shop = site.workspace([{"field_name": "note", "field_type": "string",
                        "max_length": 10000}])
stop = threading.Event()
ends = collections.Counter()


def read():
    """How a list of all of them ends."""
    try:
        reply = shop.scv("GET", f"/customers?segment=all&page[size]={CUSTOMERS}")
        if reply.status != 200:
            return str(reply.status)
        return "whole" if len(reply.json["data"]) == CUSTOMERS else "short"
    except ValueError:
        return "half an answer that ends like a whole one"
    except (OSError, http.client.HTTPException):
        return "cut"


def client():
    while not stop.is_set():
        ends[read()] += 1


def kill_until_cut():
    """Kills until some answers were met in their midst."""
    done = 0
    while done < KILLS_MAX and (done < KILLS or not ends["cut"]):
        time.sleep(random.uniform(0.05, 0.2))
        children = site.children("fcgi")
        if children:
            os.kill(random.choice(children), signal.SIGKILL)
            done += 1
    return done


def test_cut():
    for _ in range(CUSTOMERS // 100):
        shop.check([{"note": LONG} for _ in range(100)])
    tap.equal(read(), "whole", "a list of some megabytes")
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    tap.ok(kill_until_cut() >= KILLS, "processes die while they answer")
    stop.set()
    for thread in threads:
        thread.join()
    tap.ok(ends["cut"], "S39: answers that were cut are seen to be")
    tap.equal(set(ends) - {"whole", "cut", "502", "503"}, set(),
              "S39: and no other looks whole")
    tap.ok(coffer.eventually(lambda: read() == "whole"), "all is well then")


tap.run(globals())
