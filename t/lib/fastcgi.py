"""FastCGI by hand: requests on the pool's own socket, without nginx, so that
they may come from any address, or be cut and slow."""
import json
import os
import socket
import struct

BEGIN, PARAMS, STDIN, STDOUT, END = 1, 4, 5, 6, 3


def record(kind, data=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(data), 0, 0) + data


def begin():
    return record(BEGIN, struct.pack("!HB5x", 1, 0))


def pair(name, value):
    def length(text):
        n = len(text)
        return bytes([n]) if n < 128 else struct.pack("!I", n | 1 << 31)
    name, value = name.encode(), value.encode()
    return length(name) + length(value) + name + value


def params(values):
    return record(PARAMS, b"".join(pair(*item) for item in values.items()))


class Reply:
    def __init__(self, data):
        head, _, self.raw = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.headers = {name.lower(): value for name, value in
                        (line.split(": ", 1) for line in lines if line)}
        self.status = int(self.headers["status"].split()[0])

    @property
    def json(self):
        return json.loads(self.raw)


class Pool:
    """The pool of a coffer.Site."""

    def __init__(self, site):
        with open(f"{site.dir}/sockets.path", encoding="utf-8") as file:
            self.path = file.read().strip() + "/fcgi.sock"

    def connect(self, timeout=60):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(timeout)
        link.connect(self.path)
        return link

    def serving(self, pid):
        """Whether a process has a connection of the pool's."""
        with open("/proc/net/unix", encoding="utf-8") as file:
            rows = [line.split() for line in file]
        taken = {f"socket:[{row[6]}]" for row in rows
                 if row[5] == "03" and row[7:] == [self.path]}
        return any(os.readlink(entry.path) in taken
                   for entry in os.scandir(f"/proc/{pid}/fd"))

    @staticmethod
    def values(method, path, body=b"", headers=None, address="127.0.0.1"):
        """The parameters that nginx sends."""
        path, _, query = path.partition("?")
        values = {"REQUEST_METHOD": method, "SCRIPT_NAME": path,
                  "QUERY_STRING": query, "REMOTE_ADDR": address}
        if body:
            values["CONTENT_TYPE"] = "application/json"
            values["CONTENT_LENGTH"] = str(len(body))
        for name, value in (headers or {}).items():
            values["HTTP_" + name.upper().replace("-", "_")] = value
        return values

    def request(self, method, path, body=b"", headers=None,
                address="127.0.0.1"):
        body = body.encode() if isinstance(body, str) else body
        with self.connect() as link:
            text = begin() + params(
                self.values(method, path, body, headers, address)) + \
                record(PARAMS)
            for start in range(0, len(body), 60000):
                text += record(STDIN, body[start:start + 60000])
            link.sendall(text + record(STDIN))
            return Reply(answer(link))


def read(link, count):
    data = b""
    while len(data) < count:
        got = link.recv(count - len(data))
        if not got:
            raise EOFError("the pool closed the connection")
        data += got
    return data


def answer(link):
    """All of an answer's bytes, head and body."""
    data = b""
    while True:
        _, kind, _, length, pad, _ = struct.unpack("!BBHHBB", read(link, 8))
        content = read(link, length + pad)[:length]
        if kind == STDOUT:
            data += content
        if kind == END:
            return data
