"""The units of systemd: how much they leave to the programs (S42), and that
they agree with the programs and their configuration."""
import os
import re
import shutil
import subprocess
import tempfile
import coffer
import tap

UNITS = {name: f"{coffer.BUILD}/systemd/{name}.service"
         for name in ("coffer-fcgi", "coffer-worker")}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def options(name):
    """Of a unit's [Service], a list an option."""
    found = {}
    for line in read(UNITS[name]).splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def default(section, name):
    """Of an option of coffer.ini."""
    return re.search(rf'^\w+\({section}, {name}, "?([^,"]*)"?',
                     read(f"{coffer.TOP}/src/tbl/config.h"), re.M).group(1)


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True,
                          text=True, env=dict(os.environ, SYSTEMD_COLORS="0"))


def test_exposure():
    """How systemd itself rates what a unit may do: 0 to 10."""
    if not tap.ok(shutil.which("systemd-analyze"),
                  "S42: systemd-analyze is there (contrib/deps test)"):
        return
    for name, path in UNITS.items():
        done = analyze("security", "--offline=true", "--no-pager",
                       "--threshold=20", path)
        level = re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)
        if not tap.ok(level and float(level.group(1)) <= 2.0
                      and done.returncode == 0,
                      f"S42: {name}: {level and level.group(1)} of at most "
                      "2.0"):
            tap.note(done.stdout + done.stderr)


def test_syntax():
    """What systemd would warn of when it reads them."""
    if not shutil.which("systemd-analyze"):
        return
    with tempfile.TemporaryDirectory() as place:
        for name, path in UNITS.items():
            copy = f"{place}/{name}.service"
            with open(copy, "w", encoding="utf-8") as file:
                file.write(re.sub(r"ExecStart=\S+/", "ExecStart="
                                  f"{os.path.abspath(coffer.BUILD)}/",
                                  read(path)))
            said = analyze("verify", "--man=no", copy).stderr
            tap.equal([line for line in said.splitlines() if name in line],
                      [], f"{name}: nothing is wrong with it")


def test_agreement():
    for name in UNITS:
        o = options(name)
        tap.ok("@" not in re.sub("@system-service|~@.*", "",
                                 read(UNITS[name])), f"{name}: filled in")
        run = "/run/" + o["RuntimeDirectory"][0] + "/"
        state = "/var/lib/" + o["StateDirectory"][0] + "/"
        tap.ok(default("server", "socket").startswith(run),
               f"{name}: the socket is where it may be made")
        for section in "audit", "exports":
            tap.ok(default(section, "dir").startswith(state),
                   f"{name}: [{section}] dir may be written")
        tap.equal(o["RuntimeDirectoryPreserve"], ["yes"],
                  f"{name}: its end leaves the other's socket")
        tap.ok(int(o["TimeoutStopSec"][0].rstrip("s"))
               > int(default("server", "request_timeout")),
               f"{name}: there is time to end")
        page = read(f"{coffer.TOP}/src/{name}.8")
        for status in o["RestartPreventExitStatus"][0].split():
            tap.ok(re.search(rf"^\.It {status}$", page, re.M),
                   f"{name}(8) knows the exit status {status}")
        tap.equal((o["Restart"], o["KillMode"]), (["on-failure"], ["mixed"]),
                  f"{name}: is replaced when it dies, and ends by its master")
        tap.equal([key for key in o if key == "ProtectProc"], [],
                  f"{name}: sees whether the other's processes live")


tap.run(globals())
