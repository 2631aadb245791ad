"""Values that are planted to be looked for afterwards, in every form in which
they might lie about: as they are, in other case, composed otherwise, as
base64, hex, UTF-16, URL-encoded, escaped as in JSON, and in pieces.

    plants = Plants()
    mail = plants.email("row 3")     a random value, remembered by that name
    plants.find([directory, file])   [(path, offset, name)]
"""
import base64
import json
import os
import random
import subprocess
import tempfile
import unicodedata
import urllib.parse

LETTERS = "bcdfghjkmnpqrtvwxz"
WIDE = "žłńğøßșώλжщ中語ñÉÅ"
# How long a piece is, by form: what has less in it than eight bytes proves
# nothing. Digits turn up by themselves more often.
PIECE, DIGITS, ENCODED, DOUBLE = 8, 10, 12, 16


def word(count):
    return "".join(random.choice(LETTERS + LETTERS.upper())
                   for _ in range(count))


def base64_forms(data):
    """As it stands within longer data too, whatever comes before."""
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + data)
        # What depends on the bytes before and behind is left out.
        text = text[4 if skip else 0:len(text) - 4]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))


def forms(value):
    """(bytes, length of a piece) of each form."""
    texts = {value, value.lower(), value.upper(), value.casefold(),
             unicodedata.normalize("NFD", value)}
    for text in texts:
        data = text.encode()
        digits = sum(c.isdigit() for c in text) > len(text) / 2
        yield data, DIGITS if digits else PIECE
        yield data.hex().encode(), DOUBLE
        yield data.hex().upper().encode(), DOUBLE
        for order in ("le", "be"):
            yield text.encode("utf-16-" + order), DOUBLE
        quoted = urllib.parse.quote(text, safe="")
        for form in (quoted, quoted.lower(), urllib.parse.quote_plus(text),
                     json.dumps(text)[1:-1]):
            yield form.encode(), ENCODED
        for form in base64_forms(data):
            yield form, ENCODED


def pieces(data, size):
    return {data[i:i + size] for i in range(len(data) - size + 1)}


class Plants:
    def __init__(self):
        self.names = {}  # piece -> name of its value
        self.values = {}

    def add(self, name, value, encoded=True):
        """Remembers a value; returns it. With encoded=False (tokens, which
        are base64 already) as it is alone."""
        self.values[name] = value
        each = forms(value) if encoded else [(value.encode(), DOUBLE)]
        for data, size in each:
            for piece in pieces(data, size):
                if b"\n" not in piece:
                    self.names[piece] = name
        return value

    def email(self, name):
        return self.add(name, f"{word(12)}@{word(10)}.test")

    def person(self, name):
        return self.add(name, word(6) + "".join(random.sample(WIDE, 6))
                        + " " + word(9))

    def phone(self, name):
        return self.add(name, "+9" + "".join(random.choices("0123456789",
                                                            k=14)))

    def password(self, name):
        return self.add(name, word(20))

    def find(self, paths):
        """Where any piece stands: sorted (path, offset, name), once for each
        path and name. What vanishes while it is read is passed over."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(self.names) + b"\n")
            file.flush()
            done = subprocess.run(
                ["grep", "-raobHZF", "-f", file.name, "--", *paths],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=dict(os.environ, LC_ALL="C"), check=False)
        found = {}
        for line in done.stdout.split(b"\n"):
            path, rest = line.split(b"\0", 1) if line else (b"", b"")
            offset, colon, piece = rest.partition(b":")
            if colon:
                name = self.names.get(piece, "a piece")
                found.setdefault((path.decode(errors="replace"), name),
                                 int(offset))
        return sorted((path, offset, name)
                      for (path, name), offset in found.items())
