"""GET /metrics: what Prometheus reads, over the whole pool."""
import os
import re
import signal
import time
import coffer
import fastcgi
import tap

site = coffer.Site(parts="fcgi nginx", **{"server.processes": 3})
shop = site.workspace()

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rf'({NAME.replace(":", "")})="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")


def family_of(name, families):
    """A sample's family: its own name, or that of its histogram."""
    for tail in ("_bucket", "_sum", "_count"):
        if name.endswith(tail) and families.get(
                name[:-len(tail)], {}).get("type") == "histogram":
            return name[:-len(tail)]
    return name


def parse(text):
    """The text format 0.0.4, strictly: {family: {type, help, samples}}.
    HELP and TYPE come once, before the samples, which stand together."""
    assert text.endswith("\n") and "\r" not in text
    families, current = {}, None
    for line in text.splitlines():
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            assert words[2] not in families and words[3].strip(), line
            current = words[2]
            families[current] = {"help": words[3], "samples": {}}
        elif line.startswith("# TYPE "):
            assert words[2] == current and not families[current]["samples"]
            assert "type" not in families[current], line
            assert words[3] in ("counter", "gauge", "histogram"), line
            families[current]["type"] = words[3]
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line!r}"
            assert family_of(sample[1], families) == current, line
            labels = tuple(sorted(
                (m[1], m[2]) for m in re.finditer(LABEL, sample[2] or "")))
            assert len(dict(labels)) == len(labels), line
            samples = families[current]["samples"]
            assert (sample[1], labels) not in samples, f"twice: {line}"
            samples[sample[1], labels] = float(sample[sample.lastindex])
    return families


def scrape():
    reply = site.request("GET", "/metrics")
    if reply.status != 200:
        raise RuntimeError(f"/metrics: {reply}")
    return parse(reply.raw.decode())


def get(families, name, **labels):
    return families[family_of(name, families)]["samples"][
        name, tuple(sorted(labels.items()))]


def requests(families, status, route="/v1/cg", method="POST"):
    return get(families, "coffer_http_requests_total", method=method,
               route=route, status=status)


def until(check, seconds=20):
    """Requests are counted once their answers have gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


def test_format():
    reply = site.request("GET", "/metrics")
    tap.equal(reply.status, 200, "loopback reads it")
    tap.equal(reply.headers["Content-Type"],
              "text/plain; version=0.0.4; charset=utf-8", "as 0.0.4")
    families = parse(reply.raw.decode())
    tap.ok(len(families) >= 9, f"a strict parser reads {len(families)}")
    wrong = [name for name, family in families.items()
             if not name.startswith("coffer_")
             or (family["type"] == "counter") != name.endswith("_total")]
    tap.equal(wrong, [], "names say what they are")
    text = reply.raw.decode()
    leaks = [word for word in (shop.id, shop.group_id, shop.account,
                               shop.email, "@", site.dir) if word in text]
    tap.equal(leaks, [], "nothing of a tenant is in it")
    labels = {name for family in families.values()
              for _, pairs in family["samples"] for name, _ in pairs}
    tap.equal(sorted(labels), ["kind", "le", "method", "route", "state",
                               "status", "version"], "labels are few")


def histograms(families):
    """What is wrong with the buckets of each series."""
    wrong = []
    family = families["coffer_http_request_duration_seconds"]["samples"]
    series = {}
    for (name, labels), value in family.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        bound = dict(labels).get("le")
        series.setdefault(rest, {})[name.rsplit("_", 1)[1], bound] = value
    for labels, values in series.items():
        buckets = sorted((float(bound), value)
                         for (tail, bound), value in values.items() if bound)
        rising = [value for _, value in buckets]
        if rising != sorted(rising) or rising[-1] != values["count", None] \
                or buckets[-1][0] != float("inf"):
            wrong.append(labels)
    return wrong, len(series)


def test_requests():
    before = scrape()
    for _ in range(5):
        shop.post("/v1/cg", {"workspace_id": shop.id})
    shop.post("/v1/cg", {"workspace_id": "nonsense"})
    site.request("GET", "/nowhere")

    def counted(status, *route):
        return requests(scrape(), status, *route) - \
            requests(before, status, *route)
    tap.ok(until(lambda: counted("2xx") == 5),
           "every answer of any process is counted")
    tap.ok(until(lambda: counted("4xx") == 1), "by class of status")
    tap.ok(until(lambda: counted("4xx", "none", "none") == 1),
           "paths of nobody too")
    after = scrape()
    name = "coffer_http_request_duration_seconds"
    labels = {"method": "POST", "route": "/v1/cg"}
    tap.equal(get(after, name + "_count", **labels) -
              get(before, name + "_count", **labels), 6, "and timed")
    took = get(after, name + "_sum", **labels) - \
        get(before, name + "_sum", **labels)
    tap.ok(0 < took < 60, f"in seconds: {took:.6f}")
    wrong, count = histograms(after)
    tap.equal(wrong, [], f"{count} histograms agree with themselves")


def test_processes():
    """kill -9 of all processes at once: counts stay, the next go on."""
    before = scrape()
    tap.equal(get(before, "coffer_processes"), 3.0, "as configured")
    tap.equal(get(before, "coffer_process_starts_total"), 3.0, "as started")
    for pid in site.children("fcgi"):
        os.kill(pid, signal.SIGKILL)

    def back():
        reply = site.request("GET", "/metrics")
        return reply.status == 200 and get(
            parse(reply.raw.decode()), "coffer_process_starts_total") == 6
    tap.ok(until(back), "three more have started")
    after = scrape()
    tap.ok(requests(after, "2xx") >= requests(before, "2xx") > 0,
           "counts outlive the processes")
    shop.post("/v1/cg", {"workspace_id": shop.id})
    tap.ok(until(lambda: requests(scrape(), "2xx") ==
                 requests(before, "2xx") + 1), "and go on")
    tap.equal(get(after, "coffer_start_time_seconds"),
              get(before, "coffer_start_time_seconds"),
              "it is the same pool")


def test_jobs():
    labels = {"kind": "upload", "state": "queued"}
    before = scrape()
    tap.equal(get(before, "coffer_jobs", **labels), 0.0, "no job")
    tap.equal(get(before, "coffer_job_queue_oldest_seconds", kind="upload"),
              0.0, "nothing waits")
    answer = shop.upload(coffer.csv_rows(2500))
    tap.equal(answer.status, 202, "a large upload, and no worker")
    time.sleep(0.02)
    after = scrape()
    tap.equal(get(after, "coffer_jobs", **labels), 1.0, "a job")
    tap.equal(get(after, "coffer_job_chunks", kind="upload", state="due"),
              3.0, "its chunks")
    tap.ok(0 < get(after, "coffer_job_queue_oldest_seconds",
                   kind="upload") < 60, "and how long they have waited")
    site.up("fcgi worker nginx")
    shop.wait(answer.json)
    tap.ok(until(lambda: get(scrape(), "coffer_jobs", **labels) == 0),
           "worked off")


def test_searches():
    tap.equal(get(scrape(), "coffer_search_due_workspaces"), 0.0,
              "no workspace has much to merge")
    site.sql("INSERT INTO search_due (workspace_id, account_id, lease_until)"
             f" VALUES (999999, 999999, {1 << 60})")
    tap.equal(get(scrape(), "coffer_search_due_workspaces"), 1.0, "one has")
    site.sql("DELETE FROM search_due")


def test_audit_failures():
    """A directory that cannot be written, also not by root."""
    path = f"{site.dir}/audit"
    os.rename(path, path + ".away")
    with open(path, "wb"):
        pass
    for pid in site.children("fcgi"):  # they have their files open
        os.kill(pid, signal.SIGKILL)
    tap.ok(until(lambda: site.request("GET", "/healthz").status == 200),
           "processes without an audit directory")
    shop.post("/v1/cg", {"workspace_id": shop.id})
    tap.ok(until(lambda: get(scrape(), "coffer_audit_failures_total") > 0),
           "reads that could not be noted are counted")
    os.unlink(path)
    os.rename(path + ".away", path)


def test_database_away():
    """The pool tells of itself without its database."""
    site.sql("RENAME TABLE job_queue TO job_queue_away")
    away = scrape()
    site.sql("RENAME TABLE job_queue_away TO job_queue")
    tap.equal(get(away, "coffer_database_up"), 0.0, "coffer_database_up 0")
    tap.ok("coffer_jobs" not in away, "and nothing of jobs")
    tap.equal(get(scrape(), "coffer_database_up"), 1.0, "1 again")


def test_who():
    """Not everybody may read it."""
    pool = fastcgi.Pool(site)
    for address, headers, wanted, name in (
            ("127.0.0.1", {}, 200, "loopback"),
            ("127.8.9.10", {}, 200, "all of it"),
            ("::1", {}, 200, "IPv6"),
            ("192.0.2.1", {}, 403, "not another address"),
            ("2001:db8::1", {}, 403, "nor of IPv6"),
            ("", {}, 403, "nor none"),
            ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 403,
             "nor one that comes by a proxy"),
            ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 403,
             "however that says it")):
        reply = pool.request("GET", "/metrics", headers=headers,
                             address=address)
        tap.equal(reply.status, wanted, f"{name}: {wanted}")
        if wanted == 403:
            tap.ok("coffer_" not in str(reply.json), "which tells nothing")
    listed = coffer.Site(parts="fcgi nginx", **{
        "server.metrics_from": "192.0.2.0/24"})
    pool = fastcgi.Pool(listed)
    tap.equal(pool.request("GET", "/metrics", address="192.0.2.7").status,
              200, "who is listed")
    tap.equal(listed.request("GET", "/metrics").status, 403,
              "no longer loopback, unless it is listed too")
    listed.close()


tap.run(globals())
