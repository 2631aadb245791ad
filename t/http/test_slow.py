"""Slow, half-closed and abandoned requests free their process in bounded time
(S31): through nginx, and on the pool's own socket."""
import socket
import time
import coffer
import fastcgi
import tap

TIMEOUT = 1
PROCESSES = 2
site = coffer.Site(parts="fcgi nginx", **{
    "server.processes": PROCESSES, "server.request_timeout": TIMEOUT})
pool = fastcgi.Pool(site)
shop = site.workspace()
MANY = PROCESSES + 1


def serves_on(name, seconds=20):
    """A request is answered, however long the queue before it, in time."""
    start = time.monotonic()
    status = site.request("GET", "/healthz", timeout=seconds).status
    took = time.monotonic() - start
    tap.ok(status == 200 and took < seconds,
           f"S31: {name}: the pool serves on ({took:.1f} s)")
    tap.equal(len(site.children("fcgi")), PROCESSES,
              f"S31: {name}: with all its processes")


def part_of(method="POST", path="/v1/customer/check", length=1000):
    """The beginning of a request whose body does not come."""
    values = pool.values(method, path, b"x" * length, {
        "Authorization": f"Bearer {shop.token}"})
    return fastcgi.begin() + fastcgi.params(values) + fastcgi.record(
        fastcgi.PARAMS)


BEGINNINGS = {
    "nothing at all": b"",
    "half a record": fastcgi.begin()[:5],
    "no parameters": fastcgi.begin(),
    "parameters without an end": part_of()[:-8],
    "a head without its body": part_of(),
    "a body that stops": part_of() + fastcgi.record(
        fastcgi.STDIN, b'{"workspace_id":'),
}


def test_silent():
    for name in ("nothing at all", "no parameters", "a body that stops"):
        data = BEGINNINGS[name]
        links = [pool.connect() for _ in range(MANY)]
        for link in links:
            link.sendall(data)
        serves_on(f"silent after {name}")
        for link in links:
            link.close()


def test_half_closed():
    for name, data in BEGINNINGS.items():
        links = [pool.connect() for _ in range(MANY)]
        for link in links:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
        serves_on(f"half-closed after {name}")
        for link in links:
            link.close()


def test_abandoned():
    for name, data in BEGINNINGS.items():
        for _ in range(MANY):
            with pool.connect() as link:
                link.sendall(data)
        serves_on(f"abandoned after {name}", 10)


def test_drops():
    """A byte now and then does not hold a process for ever either."""
    name = fastcgi.pair("HTTP_X", "x" * 1000)[:100]
    for what, data, drop in (
            ("of a body", part_of(), fastcgi.record(fastcgi.STDIN, b" ")),
            ("of parameters", fastcgi.begin() + fastcgi.record(
                fastcgi.PARAMS, name), fastcgi.record(fastcgi.PARAMS, b"x")),
            ("of a record", fastcgi.begin() + fastcgi.record(
                fastcgi.PARAMS, b"x" * 9000)[:100], b"x")):
        links = [pool.connect() for _ in range(PROCESSES)]
        for link in links:
            link.sendall(data)
        end = time.monotonic() + 3 * TIMEOUT
        while links and time.monotonic() < end:
            for link in list(links):
                try:
                    link.sendall(drop)
                except OSError:
                    links.remove(link)
            time.sleep(TIMEOUT / 10)
        tap.equal(len(links), 0, f"S31: drops {what}: cut off in time")
        serves_on(f"drops {what}")
        for link in links:
            link.close()


def test_answers_not_taken():
    """Who asks for much and takes nothing."""
    shop.upload(coffer.csv_rows(100))
    body = fastcgi.json.dumps(shop.group(page_number=0)).encode()
    links = []
    for _ in range(MANY):
        link = pool.connect()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        values = pool.values("POST", "/v1/customer", body, {
            "Authorization": f"Bearer {shop.token}"})
        link.sendall(fastcgi.begin() + fastcgi.params(values)
                     + fastcgi.record(fastcgi.PARAMS)
                     + fastcgi.record(fastcgi.STDIN, body)
                     + fastcgi.record(fastcgi.STDIN))
        links.append(link)
    serves_on("answers that nobody takes")
    for link in links:
        link.close()


def tls():
    plain = socket.create_connection(("127.0.0.1", site.port))
    return site.tls.wrap_socket(plain, server_hostname="localhost")


def test_through_nginx():
    """nginx takes slow clients upon itself: the pool does not even see
    them."""
    head = ("POST /v1/customer/check HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {shop.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    for name, data in {"nothing": "", "half a head": head[:60],
                       "no body": head, "half a body": head + "x" * 500
                       }.items():
        links = [tls() for _ in range(8 * PROCESSES)]
        for link in links:
            link.sendall(data.encode())
        serves_on(f"nginx: silent after {name}", 0.9 * TIMEOUT)
        for link in links:
            link.close()
        serves_on(f"nginx: abandoned after {name}", 0.9 * TIMEOUT)


tap.run(globals())
