"""cofferctl, and the programs' own options: output, exit codes, errors."""
import os
import re
import subprocess
import uuid
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def run(*words, stdin=""):
    return site.ctl(*words, stdin=stdin, check=False)


def test_make_things():
    done = run("account", "create", "shop-1", "--name", "Shop")
    tap.equal((done.returncode, len(done.stdout.splitlines())), (0, 1),
              "account create prints one value")
    workspace = run("workspace", "create", "--account", "shop-1", "--name",
                    "Main").stdout.strip()
    tap.ok(UUID.match(workspace), "workspace create prints its id")
    field = run("field", "create", "--workspace", workspace, "--json",
                '{"field_name":"email","field_type":"string"}')
    tap.equal(field.returncode, 0, "field create")
    group = run("group", "create", "--workspace", workspace, "--name", "G",
                "--code", "g").stdout.strip()
    tap.ok(UUID.match(group), "group create prints its id")
    user = run("user", "create", "--account", "shop-1", "--email",
               "a@b.example", "--role", "admin", "--workspace", workspace,
               "--password-stdin", stdin="a long password\n")
    tap.equal((user.returncode, len(user.stdout.splitlines())), (0, 1),
              "user create prints one value")
    key = run("api-key", "create", "--workspace", workspace, "--privileges",
              "all").stdout.strip()
    tap.ok(re.match(r"^cfk_[A-Za-z0-9_-]{43}$", key),
           "S5: an API key has 256 random bits")
    tap.equal(run("api-key", "create", "--workspace", workspace,
                  "--privileges", "CUSTOMERS_READ,CUSTOMER_READ").returncode,
              0, "privileges by name")
    for words, wanted in {("account", "list"): "shop-1",
                          ("workspace", "list", "--account", "shop-1"):
                          workspace,
                          ("group", "list", "--workspace", workspace): group,
                          ("field", "list", "--workspace", workspace):
                          "email",
                          ("user", "list", "--account", "shop-1"):
                          "a@b.example"}.items():
        tap.ok(wanted in run(*words).stdout, f"{' '.join(words[:2])}")
    second = run("workspace", "create", "--account", "shop-1", "--name",
                 "Other").stdout.strip()
    tap.equal(run("user", "grant", "--account", "shop-1", "--email",
                  "a@b.example", "--role", "viewer", "--workspace",
                  second).returncode, 0, "user grant, in another workspace")
    tap.equal(run("user", "grant", "--account", "shop-1", "--email",
                  "no@b.example", "--role", "viewer", "--workspace",
                  second).returncode, 65, "not to an unknown user")
    reply = site.request("POST", "/v1/auth", {
        "email": "a@b.example", "password": "a long password"},
        {"x-api-key": key})
    tap.equal(reply.status, 200, "what they made signs in")


def test_errors():
    workspace = run("workspace", "create", "--account", "shop-1", "--name",
                    "Second").stdout.strip()
    nobody = str(uuid.uuid4())
    cases = {
        "no command": ((), 64), "an unknown command": (("dance",), 64),
        "an unknown option": (("account", "list", "--loud"), 64),
        "a missing option": (("workspace", "create", "--name", "x"), 64),
        "a code that is taken":
            (("account", "create", "shop-1", "--name", "x"), 73),
        "a code that is ours":
            (("account", "create", "v1", "--name", "x"), 65),
        "a code with a slash":
            (("account", "create", "a/b", "--name", "x"), 65),
        "an unknown account":
            (("workspace", "create", "--account", "no-such", "--name", "x"),
             65),
        "an unknown workspace":
            (("group", "create", "--workspace", nobody, "--name", "x",
              "--code", "x"), 65),
        "a bad field":
            (("field", "create", "--workspace", workspace, "--json", "{"),
             65),
        "an unknown role":
            (("user", "create", "--account", "shop-1", "--email", "c@d.e",
              "--role", "king", "--workspace", workspace,
              "--password-stdin"), 65),
        "an unknown privilege":
            (("api-key", "create", "--workspace", workspace, "--privileges",
              "FLY"), 65)}
    for name, (words, code) in cases.items():
        done = run(*words, stdin="a long password")
        if not tap.equal((done.returncode, done.stdout), (code, ""),
                         f"{name}: exit {code}, nothing on stdout"):
            tap.note(done.stderr) if done.returncode != code else None
        tap.ok(done.stderr.strip(), f"{name}: and a message")
    short = run("user", "create", "--account", "shop-1", "--email", "c@d.e",
                "--role", "admin", "--workspace", workspace,
                "--password-stdin", stdin="short")
    tap.ok(short.returncode == 65 and "8" in short.stderr,
           "a short password is refused and the rule named")


def program(name, *words, config=None, **env):
    return subprocess.run(
        [f"{coffer.BUILD}/{name}", *words]
        + (["--config", config] if config else []),
        capture_output=True, text=True, timeout=20, env={**os.environ, **env})


def test_programs():
    for name in ("coffer-fcgi", "coffer-worker", "cofferctl"):
        done = program(name, "--help")
        tap.ok(done.returncode == 0 and "--config" in done.stdout,
               f"{name} --help")
        done = program(name, "--version")
        tap.ok(done.returncode == 0 and done.stdout.startswith(name),
               f"{name} --version")
        tap.equal(program(name, "--shoe").returncode, 64,
                  f"{name}: an unknown option: 64")
    for name, words in (("coffer-fcgi", ()), ("coffer-worker", ("--drain",)),
                        ("cofferctl", ("check",))):
        done = program(name, *words, config="/nonexistent/coffer.ini")
        tap.ok(done.returncode == 78 and "/nonexistent" in done.stderr,
               f"{name}: no configuration: 78, named")
    linked = subprocess.run(["ldd", f"{coffer.BUILD}/coffer-worker"],
                            capture_output=True, text=True).stdout
    tap.ok("libfcgi" not in linked and "libmariadb" in linked,
           "the worker has no libfcgi in it")


def test_broken_libgcrypt():
    """A libgcrypt whose self-test (command 57) fails."""
    broken, new = f"{site.dir}/broken.so", f"{site.dir}/new.ini"
    with open(f"{site.dir}/broken.c", "w") as file:
        file.write("unsigned gcry_control(int what, ...)\n"
                   "{ return what == 57; }\n")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o",
                    broken, file.name], check=True)
    with open(f"{site.dir}/coffer.ini") as file:
        text = file.read()
    with open(new, "w") as file:
        file.write(text.replace(f"{site.dir}/keys", f"{site.dir}/new"))
    for name, *words in (("coffer-fcgi", "--check"),
                         ("coffer-worker", "--drain"), ("cofferctl", "check"),
                         ("cofferctl", "init")):
        done = program(name, *words, config=new, LD_PRELOAD=broken)
        tap.ok(done.returncode == 78 and "self-test" in done.stderr,
               f"{name} {words[0]}: a broken libgcrypt: 78, named")
    tap.ok(not os.path.exists(f"{site.dir}/new"), "and init makes no key")


def with_secret(data):
    """coffer-fcgi --check with another jwt.secret."""
    path = f"{site.dir}/bad.secret"
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o600)
    config = f"{site.dir}/bad.ini"
    with open(f"{site.dir}/coffer.ini") as file:
        text = file.read()
    with open(config, "w") as file:
        file.write(text + f"[auth]\nsecret_file = {path}\n")
    return program("coffer-fcgi", "--check", config=config)


def test_secrets():
    tap.equal(with_secret(os.urandom(32).hex().encode()).returncode, 0,
              "a good secret is taken")
    for name, data in {"empty": b"", "short": b"x" * 31,
                       "blank": b"\n"}.items():
        done = with_secret(data)
        tap.ok(done.returncode == 78 and "bad.secret" in done.stderr
               and "32" in done.stderr,
               f"S2: a secret that is {name} stops the program, clearly")


def test_master_key():
    tap.equal(run("check").returncode, 0, "check is content")
    path = f"{site.dir}/keys/master.key"
    with open(path) as file:
        good = file.read()
    for name, text in {"another": os.urandom(32).hex() + "\n", "empty": "",
                       "short": "abc\n"}.items():
        with open(path, "w") as file:
            file.write(text)
        done = run("check")
        tap.ok(done.returncode != 0 and "master" in done.stderr.lower(),
               f"S22: a master key that is {name} is noticed")
    os.unlink(path)
    done = run("check")
    tap.ok(done.returncode == 78 and "init" in done.stderr,
           "a missing one: the error says what to do")
    with open(path, "w") as file:
        file.write(good)
    os.chmod(path, 0o644)
    tap.ok(run("check").returncode != 0, "nor one that others can read")
    os.chmod(path, 0o600)
    tap.equal(run("check").returncode, 0, "and check is content again")


def test_again():
    tap.equal(run("init").returncode, 0, "init a second time changes nothing")
    tap.equal(run("migrate").returncode, 0, "nor does migrate")


def test_jobs():
    shop = site.workspace()
    answer = shop.check({"email": "a@example.org"}).json
    uuid_ = answer["job_id"].rsplit("/", 1)[1]
    tap.ok(uuid_ in run("job", "list", "--account", shop.account).stdout,
           "job list")
    tap.ok(uuid_ in run("job", "list").stdout, "job list, of all accounts")
    shown = run("job", "show", uuid_)
    tap.ok(shown.returncode == 0 and "completed" in shown.stdout, "job show")
    tap.ok("a@example.org" not in shown.stdout, "without personal data")


def test_drain():
    shop = site.workspace()
    answer = shop.upload(coffer.csv_rows(300)).json
    tap.equal(shop.job(answer).json["status"], "queued",
              "no worker runs: it waits")
    done = program("coffer-worker", "--drain",
                   config=f"{site.dir}/coffer.ini")
    tap.equal(done.returncode, 0, "coffer-worker --drain")
    tap.equal(shop.job(answer).json["succeeded"], 300, "has done it")


tap.run(globals())
