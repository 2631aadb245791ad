"""Pages of a thousand customers, also while keys are rotated."""
import json
import statistics
import subprocess
import time

import coffer
from rig import with_headers


def start_yardstick(bench, body):
    """Answers every request to /yardstick with the body; the process."""
    with open(f"{bench.site.dir}/static", "wb") as file:
        file.write(body)
    socket = f"{bench.site.dir}/yardstick.sock"
    started = subprocess.Popen(
        [f"{coffer.BUILD}/yardstick", socket, "4",
         f"{bench.site.dir}/static"])
    conf = f"{bench.site.dir}/nginx.conf"
    with open(conf) as file:
        text = file.read()
    at = text.index("location / {")
    end = text.index("\n\t\t}\n", at) + 5
    location = text[at:end].replace("location /", "location /yardstick")
    location = "\n".join(
        f"fastcgi_pass unix:{socket};" if "fastcgi_pass" in line else line
        for line in location.split("\n"))
    with open(conf, "w") as file:
        file.write(text[:at] + location + "\n" + text[at:])
    bench.site.kill("nginx", 1)
    time.sleep(1)
    return started


def rate(bench, path, body):
    """Requests a second of a POST."""
    return bench.wrk(path, 'wrk.method = "POST"\n'
                     f"wrk.body = [[{json.dumps(body)}]]\n" + with_headers(
                         Content_Type="application/json",
                         Authorization=f"Bearer {bench.shop.token}"))


def pages(bench):
    shop = bench.shop
    count = shop.post("/v1/customer/pages", shop.group()).json["pages"]
    first, last = shop.group(page_number=0), \
        shop.group(page_number=count - 1)
    body = shop.page(count - 1).raw
    yardstick = start_yardstick(bench, body)
    rates = {"first": [], "last": [], "static": []}
    for _ in range(bench.args.runs):
        rates["first"].append(rate(bench, "/v1/customer", first))
        rates["last"].append(rate(bench, "/v1/customer", last))
        rates["static"].append(rate(bench, "/yardstick", last))
    yardstick.terminate()
    first, last, static = (statistics.median(rates[name])
                           for name in ("first", "last", "static"))
    bench.report(f"page {count - 1} of {count}, time / that of page 0",
                 f"{last:.0f}/s", f"{first:.0f}/s", first / last, "<= 1.3")
    bench.report(f"pages of 1000 ({len(body) // 1000} kB) / static body",
                 f"{last:.0f}/s", f"{static:.0f}/s", last / static, ">= 0.7")


def rotations(bench):
    """Readers of pages, before and while the data key is rotated."""
    shop, site = bench.shop, bench.site
    body = shop.group(page_number=0)
    before, during = [], []
    for _ in range(bench.args.runs):
        before.append(rate(bench, "/v1/customer", body))
    ids = site.ctl("key", "rotate", "--account", shop.account).split()
    time.sleep(1)
    seen = 0
    for _ in range(2 * bench.args.runs):
        pages_now = rate(bench, "/v1/customer", body)
        job = shop.call("GET", "/" + ids[0].split("/", 1)[1]).json
        if job["finished_at"]:
            break
        seen = job["processed"]
        during.append(pages_now)
    before, during = statistics.median(before), statistics.median(during)
    bench.report(f"pages while {bench.args.rows} customers are rotated / "
                 f"before ({seen} done meanwhile)", f"{during:.0f}/s",
                 f"{before:.0f}/s", during / before, ">= 0.8")
