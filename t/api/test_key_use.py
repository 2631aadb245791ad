"""S20: uploads count their encryptions; a key that is used up takes none."""
import coffer
import tap

site = coffer.Site(**{"worker.attempts": 2, "worker.backoff": 10,
                      "keys.rotate_at": 1000})
shop = site.workspace()
FULL = 2 ** 32 - 2 ** 24


def sealed():
    return int(site.sql("SELECT sealed FROM account_key WHERE kind = 1")[0][0])


def test_count():
    shop.check([{"email": f"a{i}@example.org", "phone": "+44 1"}
                for i in range(10)])
    tap.equal(sealed(), 20, "S20: two values of ten customers each")
    answer = shop.upload(coffer.csv_rows(400)).json
    tap.equal(shop.wait(answer)["succeeded"], 400, "an upload by the worker")
    tap.equal(sealed(), 820, "S20: is counted as well")
    tap.ok("rotate it" not in site.logs(), "no warning yet")


def test_warning():
    for mark in "ab":
        shop.wait(shop.upload(coffer.csv_rows(150, mark=mark)).json)
    tap.equal(sealed(), 1420, "S20: counted")
    tap.equal(site.logs().count("rotate it"), 1,
              "S20: the log asks for rotation, once")
    for words in (("check",), ("account", "list")):
        done = site.ctl(*words, check=False)
        tap.equal((done.returncode, "data key version 1 has sealed 1420" in
                   done.stderr), (0, True), f"so does {' '.join(words)}")
    shown = site.ctl("account", "show", shop.account)
    tap.ok("sealed 1420 current rotate" in shown, "account show says it")
    tap.equal(sum(line.startswith("key ") for line in shown.splitlines()), 3,
              "and shows every key")


def test_end():
    site.sql(f"UPDATE account_key SET sealed = {FULL} WHERE kind = 1")
    before = site.sql("SELECT COUNT(*) FROM customer")
    reply = shop.check([{"email": "late@example.org"}])
    tap.equal(reply.status, 202, "the upload is queued")
    job = shop.wait(reply.json)
    tap.equal(job["status"], "failed", "S20: its job fails after some tries")
    tap.equal(site.sql("SELECT COUNT(*) FROM customer"), before,
              "S20: nothing is sealed under a key that is used up")
    tap.equal(sealed(), FULL, "nor counted")
    tap.ok("as many as is safe" in site.logs(), "the log says why")
    tap.equal(shop.page().status, 200, "reads go on")


tap.run(globals())
