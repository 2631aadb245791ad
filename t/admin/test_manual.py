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


OPTION = r'^(STRING|NUMBER|SWITCH)\((\w+), (\w+),\s+(.*?)"([^"]*)"\)$'
UNITS = (("millisecond", "milliseconds"), ("second", "seconds"),
         ("life of", "seconds"), ("days", "days"), ("percent", "percent"))


def unit(name, meaning):
    """What a number of coffer.ini counts, by the words of its meaning; None
    where those say it otherwise ("the same", "it")."""
    for word, plural in UNITS:
        if word in meaning.lower():
            return plural
    return "bytes" if name.endswith("_bytes") else None


def options():
    """Of tbl/config.h: (section, name) and what is to be said of each."""
    found = []
    for kind, section, name, given, meaning in re.findall(
            OPTION, read("tbl/config.h"), re.M | re.S):
        values = [value.strip().strip('"') for value in given.split(", ")]
        if kind == "NUMBER":
            default, least, most = (v.rstrip(",") for v in values[:3])
            said = f"From {least} to {most}; default: {default}."
        elif kind == "SWITCH":
            said = f"Default: {'on' if values[0] == 'true,' else 'off'}."
        else:
            text = given.rstrip().rstrip(",").strip('"')
            said = f"Default: {text or 'none'}."
        found.append((section, name, kind, meaning, said))
    return found


def described():
    """The same of coffer.ini(5): (section, name): the unit and the text."""
    found = {}
    page = read("coffer.ini.5")
    for part in page.split("\n.Ss [")[1:]:
        section, _, body = part.partition("]\n")
        for item in body.split("\n.El")[0].split("\n.It Sy ")[1:]:
            head, _, text = item.partition("\n")
            name, _, what = head.partition(" No = ")
            text = re.sub(r"^\.\w\w (.*?)( ([.,;]))?$", r"\1\3", text,
                          flags=re.M)
            found[section, name] = what, " ".join(text.split())
    return found


def test_options():
    page = described()
    rows = [row for row in read("tbl/config.h").split("\n")
            if re.match("(STRING|NUMBER|SWITCH)[(]", row)]
    tap.ok(len(rows) == len(options()) > 60, "the table of options can be read")
    tap.equal([key for key in page if key[0] != "jwt-key KID"],
              [(section, name) for section, name, *_ in options()],
              "coffer.ini(5) has every option, in the order of the table")
    for section, name, kind, meaning, said in options():
        what, text = page.get((section, name), ("", ""))
        tap.ok(text.startswith(meaning + ".") and text.endswith(said),
               f"[{section}] {name}: its meaning, and: {said}")
        if kind == "SWITCH":
            tap.equal(what, "Sy on | off", f"{name} is a switch")
        elif kind == "NUMBER" and unit(name, meaning):
            tap.equal(what, f"Ar {unit(name, meaning)}", f"{name}: its unit")


def test_configuration():
    options = re.findall(r"^(?:STRING|NUMBER|SWITCH)\((\w+), (\w+)",
                         read("tbl/config.h"), re.M)
    for page in ("coffer-fcgi.8", "coffer-worker.8"):
        named = re.findall(r"\[(\w+)\] (\w+)", read(page))
        tap.equal(set(named) - set(options), set(),
                  f"{page} names no option of coffer.ini that there is not")


tap.run(globals())
