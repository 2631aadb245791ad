"""The manual pages name every command, option and privilege that there is."""
import re
import subprocess
import coffer
import tap


def read(path):
    with open(f"{coffer.TOP}/src/{path}", encoding="utf-8") as file:
        return file.read()


def commands():
    """Words and options of every command, of tbl/commands.h."""
    found = {}
    for row in read("tbl/commands.h").split("\nCOMMAND(")[1:]:
        words = re.match(r'"([^"]+)"', row).group(1)
        found.setdefault(words, set()).update(
            name.lower().replace("_", "-")
            for name in re.findall(r"OPT\((\w+)\)", row))
    return found


def entries():
    """The same of the manual: its .It lines, some in .Xo and .Xc."""
    found = {}
    text = re.sub(r"^\.It Xo\n(.*?)\n\.Xc$",
                  lambda m: ".It " + m.group(1)[1:].replace("\n.", " "),
                  read("cofferctl.8"), flags=re.S | re.M)
    for line in re.findall(r"^\.It Cm (.*)$", text, re.M):
        words = re.match(r"[a-z-]+(?: [a-z-]+)*", line).group(0)
        found.setdefault(words, set()).update(
            re.findall(r"Fl -([a-z-]+)", line))
    return found


def test_commands():
    tap.ok(len(commands()) > 30, "the table of commands can be read")
    tap.equal(sorted(entries()), sorted(commands()),
              "cofferctl(8) has every command, and no other")
    for words, options in commands().items():
        tap.equal(entries().get(words), options, f"the options of {words}")


def test_privileges():
    names = re.findall(r"^X\((\w+)\)", read("tbl/privileges.h"), re.M)
    page = set(re.findall(r"^\.Cm ([A-Z_]+)", read("cofferctl.8"), re.M))
    tap.ok(names, "the table of privileges can be read")
    tap.equal(page, set(names), "cofferctl(8) has every privilege")


def test_programs():
    for program in ("coffer-fcgi", "coffer-worker", "cofferctl"):
        said = subprocess.run([f"{coffer.BUILD}/{program}", "--help"],
                              capture_output=True, text=True, check=True)
        # Of the commands' options cofferctl says more, further down.
        options = set(re.findall(r"^ *(?:-\w\b[^-\n]*)?--([a-z-]+)",
                                 said.stdout + said.stderr, re.M))
        page = set(re.findall(r"Fl (?:Fl |-)([a-z-]+)", read(program + ".8")))
        tap.ok(options, f"{program} --help says its options")
        tap.equal(options - page, set(), f"{program}(8) has each of them")


def test_configuration():
    options = re.findall(r"^(?:STRING|NUMBER|SWITCH)\((\w+), (\w+)",
                         read("tbl/config.h"), re.M)
    for page in ("coffer-fcgi.8", "coffer-worker.8"):
        named = re.findall(r"\[(\w+)\] (\w+)", read(page))
        tap.equal(set(named) - set(options), set(),
                  f"{page} names no option of coffer.ini that there is not")


tap.run(globals())
