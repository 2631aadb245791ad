"""contrib/quickstart: from a copy of the tree to a running sample, again, stop
and afresh; what run/env holds works."""
import concurrent.futures
import os
import shutil
import subprocess
import tempfile
import coffer
import tap

NAMES = ["COFFER_URL", "COFFER_CA", "COFFER_TENANT", "COFFER_WORKSPACE",
         "COFFER_GROUP", "COFFER_API_KEY", "COFFER_EMAIL", "COFFER_PASSWORD",
         "COFFER_DB_SOCKET", "COFFER_SEGMENT", "COFFER_CONF", "COFFER_CTL",
         "COFFER_WORKER_PID", "COFFER_FCGI_PID"]
# A path that is longer than a socket's may be.
home = tempfile.mkdtemp(prefix="coffer-t.")
top = os.path.join(home, "a" * 60, "b" * 60)
os.makedirs(top)
for name in ("contrib", "nginx", "schema"):
    shutil.copytree(f"{coffer.TOP}/{name}", f"{top}/{name}")
shutil.copy(f"{coffer.TOP}/configure", top)
run = f"{top}/run"


def quickstart(*words):
    return subprocess.run(
        ["sh", f"{top}/contrib/quickstart", *words], cwd="/",
        env=dict(os.environ, COFFER_BUILD=coffer.BUILD),
        capture_output=True, text=True)


def shell(command):
    """A command of a user who has read run/env."""
    done = subprocess.run(["sh", "-c", f". '{run}/env' && {command}"],
                          cwd="/", capture_output=True, text=True)
    if done.returncode:
        tap.note(done.stderr)
    return done.stdout.strip()


def customers():
    words = shell('mariadb --defaults-file="$(dirname "$COFFER_CONF")'
                  '/db/owner.cnf" -BN coffer -e '
                  '"SELECT COUNT(*) FROM customer"')
    return int(words or -1)


def pids():
    found = []
    for name in ("db/db", "fcgi", "worker", "nginx"):
        with open(f"{run}/{name}.pid", encoding="ascii") as file:
            found.append(int(file.read()))
    return found


def lives(pid):
    return os.path.exists(f"/proc/{pid}")


def test_start():
    done = quickstart()
    if not tap.equal(done.returncode, 0, "quickstart"):
        tap.note(done.stdout + done.stderr)
    tap.ok("10000 customers stored" in done.stdout, "says what it stored")
    tap.ok('"customer_id"' in done.stdout, "and shows some of it")
    values = shell("; ".join(f'echo "${name}"' for name in NAMES))
    tap.equal(len([v for v in values.split("\n") if v]), len(NAMES),
              "run/env has every name of the contract")
    tap.ok("COFFER_PASSWORD" not in done.stdout, "no password on the screen")
    tap.equal(customers(), 10000, "10,000 customers are there")
    code = shell('curl -s -o /dev/null -w "%{http_code}" --cacert '
                 '"$COFFER_CA" "$COFFER_URL/readyz"')
    tap.equal(code, "200", "COFFER_URL answers, trusted by COFFER_CA")
    tap.ok(shell('$COFFER_CTL account list').startswith("acme"),
           "COFFER_CTL works from anywhere")
    tap.ok(shell('kill -0 "$COFFER_WORKER_PID" "$COFFER_FCGI_PID" && echo up')
           == "up", "the process ids live")


def test_examples():
    """The example bodies of the Single Customer View API are taken."""
    scv = ('curl -s --cacert "$COFFER_CA" -H "x-dxp-tenant: $COFFER_TENANT" '
           '-H "x-api-key: $COFFER_API_KEY" -H "Content-Type: '
           'application/json" "$COFFER_URL/scv/customers')
    made = shell(scv + """" -d '{"$verifiedEmail":"user@example.com",
        "$username":"postman@squiz.net","$tertiaryid":"abc123",
        "firstName":"Bilbo","lastName":"Baggins","consented":true}'""")
    tap.ok(made.startswith('{"$customerid":"'), "create")
    one = scv + "/" + made[16:52]
    for body in ('{"firstName":"Bilbo","lastName":"Baggins 3"}',
                 '{"firstName":"John","lastName":"Smith","gpa":2.3}'):
        tap.equal(shell(f"{one}\" -X PATCH -d '{body}'"), "{}", "patch")
    tap.equal(shell(one + '?retProps=%24consented,consented,gpa,lastName"'),
              '{"$consented":true,"consented":true,"gpa":2.3,'
              '"lastName":"Smith"}', "and are there")
    tap.equal(shell(one + '" -X DELETE -w "%{http_code}"'), "204", "delete")


def test_again():
    """Twice at once: one waits, and both find the same sample."""
    workspace, before = shell('echo "$COFFER_WORKSPACE"'), pids()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = [r.returncode for r in pool.map(lambda _: quickstart(),
                                                range(2))]
    tap.equal(codes, [0, 0], "a second run, and a third beside it")
    tap.equal((shell('echo "$COFFER_WORKSPACE"'), pids(), customers()),
              (workspace, before, 10000), "reuses all that is there")


def test_stop():
    with subprocess.Popen(["sleep", "60"]) as bystander:
        before = pids()
        tap.equal(quickstart("--stop").returncode, 0, "--stop")
        tap.equal([p for p in before if lives(p)], [], "ends what it started")
        tap.ok(lives(bystander.pid), "and nothing else")
        bystander.kill()
    tap.equal(quickstart("--stop").returncode, 0, "--stop twice is no error")
    tap.equal(quickstart().returncode, 0, "it starts again")
    tap.equal(customers(), 10000, "and nothing is lost")


def test_fresh():
    workspace = shell('echo "$COFFER_WORKSPACE"')
    tap.equal(quickstart("--fresh").returncode, 0, "--fresh")
    tap.ok(shell('echo "$COFFER_WORKSPACE"') not in (workspace, ""),
           "starts over")
    tap.equal(customers(), 10000, "with customers of its own")


def test_usage():
    done = quickstart("--help")
    tap.ok(done.returncode == 0 and "--stop" in done.stdout, "--help")
    done = quickstart("--shoe")
    tap.ok(done.returncode == 64 and "--help" in done.stderr,
           "an unknown option: 64, and what to do")


try:
    tap.run(globals())
finally:
    quickstart("--stop")
    shutil.rmtree(home, ignore_errors=True)
