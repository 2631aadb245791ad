"""t/run and t/limit: a test that does not end has failed, and nothing that a
test started outlives it. On a tree of their own, with a database that does
nothing."""
import atexit
import os
import shutil
import subprocess
import tempfile
import coffer
import tap

TESTS = {
    "good.sh": "echo ok 1 - all is well; echo 1..1",
    "bad.sh": "echo ok 1 - first; echo '# a note of first'\n"
              "echo not ok 2 - second; echo '# why second'; echo 1..2; exit 1",
    "leaves.sh": "setsid sh -c 'echo $$ >>PIDS; sleep 1000' &\n"
                 "until [ -s PIDS ]; do sleep 0.05; done\n"
                 "echo ok 1 - leaves; echo 1..1",
    "hangs.py": "import subprocess, time\n"
                "print('ok 1 - begun', flush=True)\n"
                "subprocess.Popen(['sh', '-c', 'trap : INT TERM;"
                " echo $$ >>PIDS; while :; do sleep 1; done'])\n"
                "try:\n"
                "    time.sleep(1000)\n"
                "finally:\n"
                "    open('PIDS.end', 'w').close()\n",
    "deaf.sh": "echo $$ >>PIDS; trap '' INT TERM; while :; do sleep 1; done",
}


top = tempfile.mkdtemp(prefix="coffer-t.")
atexit.register(shutil.rmtree, top)
os.makedirs(f"{top}/t/room")
os.makedirs(f"{top}/contrib")
for script in ("run", "limit"):
    shutil.copy(f"{coffer.TOP}/t/{script}", f"{top}/t")
open(f"{top}/contrib/mariadb", "w", encoding="ascii").close()
for script, text in TESTS.items():
    with open(f"{top}/t/room/test_{script}", "w", encoding="ascii") as out:
        out.write(text.replace("PIDS", f"{top}/pids") + "\n")


def run(part, limit=60):
    """What t/run says, its status, and the processes that are left of it."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("COFFER_", "HARNESS_", "TAP_"))}
    environment.update(COFFER_TEST_LIMIT=str(limit), COFFER_TEST_GRACE="1")
    done = subprocess.run(["perl", f"{top}/t/run", part], env=environment,
                          capture_output=True, text=True, timeout=50)
    left = []
    if os.path.exists(f"{top}/pids"):
        with open(f"{top}/pids", encoding="ascii") as file:
            left = [pid for pid in file.read().split()
                    if os.path.exists(f"/proc/{pid}")]
        os.unlink(f"{top}/pids")
    return done.stdout + done.stderr, done.returncode, left


def test_checks():
    said, status, _ = run("good")
    tap.equal((status, "1 passed, 0 failed" in said), (0, True), "good: 0")
    tap.ok("Failed:" not in said, "good: nothing is shown")
    said, status, _ = run("bad")
    tap.equal((status, "1 passed, 1 failed" in said), (1, True), "bad: 1")
    tap.ok("== Failed: t/room/test_bad.sh\n   not ok 2 - second\n"
           "   # why second\n" in said, "bad: the check and its note")
    tap.ok("note of first" not in said, "bad: no other's")


def test_what_is_left():
    _, status, left = run("leaves")
    tap.equal((status, left), (0, []),
              "a process left behind is ended, and no failure")


def test_limit():
    said, status, left = run("hangs", 3)
    tap.equal((status, left), (1, []),
              "a test that hangs is ended, and failed")
    tap.ok("not ok - the test ends within 3 s" in said, "and t/run says so")
    tap.ok("KeyboardInterrupt" in said, "with the place where it hung")
    tap.ok(os.path.exists(f"{top}/pids.end"), "it may end what it has begun")
    _, status, left = run("deaf", 1)
    tap.equal((status, left), (1, []), "one that hears nothing is killed")


tap.run(globals())
