"""Jobs: turns, progress, lists, cancelling, wrong rows to mend."""
import datetime
import csv
import io
import os
import signal
import time
import uuid
import coffer
import tap

site = coffer.Site(parts="fcgi nginx", **{
    "limits.inline_rows": 0, "worker.chunk_rows": 200, "worker.processes": 1,
    "worker.poll": 50})
ann = site.workspace()
bob = site.workspace()


def stop_worker():
    if os.path.exists(f"{site.dir}/worker.pid"):
        site.kill("worker", signal.SIGTERM)
    coffer.wait_until(lambda: not os.path.exists(f"{site.dir}/worker.pid"))


def start_worker():
    site.up("worker")


def uuid_of(answer):
    return answer["job_id"].rsplit("/", 1)[1]


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")
                                           ).timestamp()


def listed(shop, query="", token=None):
    reply = shop.call("GET", f"/v1/jobs{query}", token=token)
    return reply.json["jobs"] if reply.status == 200 else reply


def test_small_before_large():
    stop_worker()
    large = [ann.upload(coffer.csv_rows(2000, mark=f"l{i}")).json
             for i in range(3)]
    start_worker()
    coffer.wait_until(lambda: ann.job(large[0]).json["processed"] >= 200)
    small = bob.upload(coffer.csv_rows(5, mark="s")).json
    own = ann.upload(coffer.csv_rows(5, mark="o")).json
    job = bob.wait(small)
    mine = ann.wait(own)
    rest = [ann.job(a).json for a in large]
    tap.equal(job["status"], "completed", "a small job of another account")
    tap.ok(sum(j["processed"] for j in rest) < 5000,
           "is done before 6,000 rows that came first")
    tap.ok(mine["status"] == "completed" and
           any(not j["finished_at"] for j in rest),
           "and so is a small one of the same account")
    tap.equal([j["status"] for j in rest], ["running"] * 3,
              "large jobs of one account run at once")
    for answer in large:
        tap.equal(ann.wait(answer)["succeeded"], 2000, "which come after it")


def test_two_accounts_take_turns():
    stop_worker()
    first = [ann.upload(coffer.csv_rows(2000, mark=f"t{i}")).json
             for i in range(2)]
    second = bob.upload(coffer.csv_rows(2000, mark="t")).json
    start_worker()
    job = bob.wait(second)
    others = [ann.wait(answer) for answer in first]
    tap.equal(job["succeeded"], 2000, "a large job of another account")
    start = min(when(j["started_at"]) for j in others + [job])
    share = (when(job["finished_at"]) - start) / (
        max(when(j["finished_at"]) for j in others) - start)
    tap.ok(0.45 < share < 0.9,
           f"gets half while it lasts: done at {share:.2f} of the time")


def test_progress():
    answer = bob.upload(coffer.csv_rows(10000, mark="p")).json
    seen, job = [], {"finished_at": None}
    end = time.monotonic() + 60
    while not job["finished_at"] and time.monotonic() < end:
        job = bob.job(answer).json
        seen.append((job["processed"], job["progress"], job["status"]))
        time.sleep(0.01)
    between = [s for s in seen if 0 < s[0] < 10000]
    tap.ok(len({s[0] for s in between}) >= 5, "progress moves")
    tap.equal([s[0] for s in seen], sorted(s[0] for s in seen), "and only on")
    tap.ok(all(abs(s[1] - s[0] / 10000) < 0.011 and s[2] == "running"
               for s in between), "its parts agree")
    tap.ok(job["created_at"] <= job["started_at"] < job["finished_at"],
           "times of start and end")
    tap.equal((job["processed"], job["progress"]), (10000, 1.0), "to the end")


def test_list():
    everything = listed(ann, "?limit=100")
    times = [j["created_at"] for j in everything]
    tap.equal(times, sorted(times, reverse=True), "newest first")
    tap.ok(all("errors" not in j and j["errors_url"] for j in everything),
           "resources without the list of errors")
    ours = {j["job_id"] for j in everything}
    theirs = {j["job_id"] for j in listed(bob, "?limit=100")}
    tap.ok(ours and theirs and not ours & theirs,
           "S12: each account has its own")
    seen, query, cursor = [], "?limit=2&status=completed", None
    for _ in range(100):
        page = ann.call("GET", f"/v1/jobs{query}" + (
            f"&cursor={cursor}" if cursor else ""))
        seen += [j["job_id"] for j in page.json["jobs"]]
        cursor = page.json["next_cursor"]
        link = page.headers["Link"]
        tap.equal(bool(link), bool(cursor), "a Link while there is more")
        if not cursor:
            break
        tap.ok(link.startswith("<https://localhost:")
               and link.endswith(f'&cursor={cursor}>; rel="next"')
               and "status=completed" in link, "to the next page (RFC 8288)")
        ann.upload(coffer.csv_rows(1, mark=uuid.uuid4().hex[:8]))
    tap.equal(seen, [j["job_id"] for j in everything
                     if j["status"] == "completed"],
              "pages skip and repeat none while jobs come")
    middle = times[len(times) // 2]
    tap.equal([j["created_at"] for j in listed(
        ann, f"?limit=100&created_before={middle}")],
        [t for t in times if t < middle], "created_before")
    tap.equal([j["created_at"] for j in listed(
        ann, f"?limit=100&created_after={middle}")][-1:],
        [t for t in times if t > middle][-1:], "created_after")
    tap.equal(listed(ann, "?operation=delete"), [], "by operation")
    tap.equal({j["operation"] for j in listed(ann, "?operation=upload")},
              {"upload"}, "of another")
    tap.equal(len(listed(ann, f"?workspace_id={ann.id}&limit=3")), 3,
              "of one workspace")


def test_list_of_workspaces():
    second = site.workspace(account=ann.account)
    second.wait(second.check({"email": "w2@example.org"}).json)
    tap.equal(len(listed(second)), 1,
              "S14: a user sees the jobs of its own workspaces")
    tap.equal(len(listed(ann, f"?workspace_id={ann.id}&limit=100")),
              len(listed(ann, "?limit=100")), "and no others")
    reply = ann.call("GET", f"/v1/jobs?workspace_id={second.id}")
    tap.equal(reply.status, 403, "S14: a workspace without a role: 403")
    foreign = [ann.call("GET", f"/v1/jobs?workspace_id={w}")
               for w in (bob.id, uuid.uuid4())]
    tap.equal([r.json["message"] for r in foreign],
              ["missing valid workspace"] * 2, "S12: foreign as absent")
    site.ctl("user", "grant", "--account", ann.account, "--email", ann.email,
             "--role", "viewer", "--workspace", second.id)
    tap.ok(second.wait(second.check({"email": "w3@example.org"}).json)[
        "job_id"] in {j["job_id"] for j in listed(ann)}, "with one: theirs")


def test_list_refuses():
    cursor = ann.call("GET", "/v1/jobs?limit=1").json["next_cursor"]
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    cases = {
        "?shoe=1": "shoe", "?limit=0": "limit", "?limit=101": "limit",
        "?limit=ten": "limit", "?limit=": "limit", "?limit=1&limit=2":
        "limit", "?status=done": "status", "?operation=fly": "operation",
        "?created_after=yesterday": "created_after",
        "?created_before=2024-02-30": "created_before",
        f"?cursor={changed}": "cursor", "?cursor=": "cursor",
        "?cursor=%00%ff": "cursor", "?workspace_id=": "workspace_id"}
    for query, name in cases.items():
        status, body = ann.call("GET", f"/v1/jobs{query}")
        tap.ok(status == 400 and f"{name}:" in body["message"],
               f"{query}: 400 names {name}")
    status, body = ann.call("GET", "/v1/jobs?shoe=1&limit=0&%0d%0aX:=1")
    tap.ok(status == 400 and "shoe:" in body["message"]
           and "limit:" in body["message"] and "X" not in body["message"],
           "each of several, and no more of a name than a name")
    tap.equal(bob.call("GET", f"/v1/jobs?cursor={cursor}").status, 400,
              "S12: another account's cursor is none")
    tap.equal(site.request("GET", "/v1/jobs").status, 403, "without a token")


def counts(shop):
    return [int(site.sql(
        f"SELECT COUNT(*) FROM {table} WHERE job = UNHEX('{shop}')")[0][0])
        for table in ("job_queue", "job_chunk")]


def test_cancel():
    stop_worker()
    answer = ann.upload(coffer.csv_rows(1000, mark="c")).json
    name = uuid_of(answer)
    path = f"/v1/jobs/{name}"
    for role, wanted in (("viewer", 403), ("editor", 200)):
        token = ann.user(role)
        reply = ann.call("DELETE", path, token=token)
        tap.equal(reply.status, wanted, f"S14: {role}: {wanted}")
    job = reply.json
    tap.equal((job["status"], job["processed"], job["job_id"]),
              ("cancelled", 0, answer["job_id"]),
              "DELETE cancels, and answers with the job")
    tap.ok(job["finished_at"], "which is finished")
    tap.equal(counts(name.replace("-", "")), [0, 0],
              "its chunks and their payloads are gone")
    tap.equal(ann.call("GET", path).json, job, "as GET says")
    status, body = ann.call("DELETE", path)
    tap.equal((status, body["message"]), (409, "the job has ended already"),
              "a second time: 409")
    tap.equal(ann.call("GET", f"{path}/errors").status, 200,
              "its wrong rows can be asked for")
    other = ann.upload(coffer.csv_rows(10, mark="d")).json
    foreign = [bob.call("DELETE", f"/v1/jobs/{n}")
               for n in (uuid_of(other), uuid.uuid4(), "no-uuid")]
    tap.equal([r.status for r in foreign], [404] * 3,
              "S12: a foreign job is no job")
    address = "/" + other["job_id"].split("/", 1)[1]
    tap.equal(ann.call("DELETE", address.replace("upload_", "update_")).status,
              404, "by its id, not by another's")
    tap.equal(ann.call("DELETE", address).json["status"], "cancelled",
              "by its id")
    start_worker()
    done = listed(ann, f"?status=completed&workspace_id={ann.id}")[0]
    tap.equal(ann.call("DELETE", f"/v1/jobs/{uuid_of(done)}").status, 409,
              "a job that is done cannot be cancelled")


def test_cancel_while_it_runs():
    stored = int(site.sql("SELECT COUNT(*) FROM customer")[0][0])
    answer = ann.upload(coffer.csv_rows(4000, mark="r")).json
    coffer.wait_until(lambda: ann.job(answer).json["processed"] >= 400)
    job = ann.call("DELETE", f"/v1/jobs/{uuid_of(answer)}").json
    tap.ok(job["status"] == "cancelled" and 400 <= job["processed"] < 4000,
           "what was done stays")
    time.sleep(0.5)
    tap.equal(ann.job(answer).json, job, "and nothing moves any more")
    tap.equal(int(site.sql("SELECT COUNT(*) FROM customer")[0][0]) - stored,
              job["succeeded"], "the counts are true")
    after = ann.wait(ann.upload(coffer.csv_rows(10, mark="after")).json)
    tap.equal(after["status"], "completed", "the next job runs")


def test_commands():
    stop_worker()
    answer = bob.upload(coffer.csv_rows(10, mark="ctl")).json
    name = uuid_of(answer)
    tap.ok(name in site.ctl("job", "list", "--account", bob.account,
                            "--status", "queued"), "job list --status")
    tap.ok(name not in site.ctl("job", "list", "--status", "cancelled"),
           "which leaves others out")
    tap.equal(site.ctl("job", "list", "--status", "late", check=False)
              .returncode, 65, "and knows its words")
    tap.ok('"status":"queued"' in site.ctl("job", "show", name), "job show")
    tap.ok('"status":"cancelled"' in site.ctl("job", "cancel",
                                              answer["job_id"]), "job cancel")
    again = site.ctl("job", "cancel", name, check=False)
    tap.ok(again.returncode and "ended" in again.stderr, "once")
    tap.equal(bob.job(answer).json["status"], "cancelled", "it is")
    start_worker()


FIELDS = [
    {"field_name": "email", "display_name": "E-mail", "field_type": "string",
     "pii": True, "unique": True},
    {"field_name": "note", "field_type": "string", "pii": True},
    {"field_name": "born", "field_type": "date",
     "field_format": "dd/MM/yyyy"},
    {"field_name": "tags", "field_type": "array"},
    {"field_name": "worth", "field_type": "currency", "field_format": "USD"},
    {"field_name": "open", "field_type": "boolean"}]


def test_errors_to_mend():
    shop = site.workspace(FIELDS)
    header = ["note", "born", "tags", "E-mail", "worth", "open"]
    rows = [["a \"quoted\", thing", "29/02/2024", "[\"x\",2.50]",
             "a@example.org", "1500.00", "true"],
            ["two\nlines\r\nand é 客户 🙂", "01/12/1999", "[\"a,b\",\"\"]",
             "b@example.org", "-0.5", "false"],
            ["=HYPERLINK(\"x\")", "", "", "c@example.org", "", ""],
            [" spaces ", "31/01/2000", "[]", "d@example.org", "1", "true"]]
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    stop_worker()
    first = shop.check([{"email": r[3].upper()} for r in rows[:3]]).json
    second = shop.upload(out.getvalue()).json
    start_worker()
    tap.equal(shop.wait(first)["succeeded"], 3, "somebody is faster")
    job = shop.wait(second)
    tap.equal((job["status"], job["succeeded"], job["failed"]),
              ("completed_with_errors", 1, 3), "three rows are wrong")
    reply = shop.call("GET", "/" + job["errors_url"].split("/", 3)[3])
    tap.ok(reply.headers["Content-Type"].startswith("text/csv")
           and "attachment" in reply.headers["Content-Disposition"],
           "errors_url serves a CSV")
    got = list(csv.reader(io.StringIO(reply.raw.decode(), newline="")))
    tap.equal(got[0], ["note", "born", "tags", "email", "worth", "open",
                       "error_row", "error_field", "error_code"],
              "the columns of the upload and three more")
    wanted = [r + [str(i + 1), "email", "unique"]
              for i, r in enumerate(rows[:3])]
    tap.equal(got[1:], wanted, "the rows as they came, formulas untouched")
    for row in got[1:]:
        row[3] = "mended." + row[3]
    out = io.StringIO()
    csv.writer(out).writerows(got)
    mended = shop.upload(out.getvalue())
    tap.equal(mended.status, 202, "mended it is taken, error columns and all")
    again = shop.wait(mended.json)
    tap.equal((again["status"], again["succeeded"]), ("completed", 3),
              "and stored")
    empty = shop.call("GET", "/" + again["errors_url"].split("/", 3)[3])
    tap.equal((empty.status, len(empty.raw.splitlines())), (200, 1),
              "its error file has but a heading")
    profiles = {c["extended_profile"]["worth"] for c in
                shop.page().json["customers"] if "worth" in
                c["extended_profile"]}
    tap.ok(1500.0 in profiles, "values are what they were")


def test_failed_says_why():
    stop_worker()
    at = site.workspace()
    answer = at.upload(coffer.csv_rows(150)).json
    at.call("DELETE", "/v1/cg", at.group())
    start_worker()
    job = at.wait(answer)
    tap.equal((job["status"], job["processed"]), ("failed", 0),
              "a job whose group is gone fails")
    tap.ok("group is gone" in job["message"], "and says why")


tap.run(globals())
