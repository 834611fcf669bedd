# SPDX-License-Identifier: MIT
"""Connections that say nothing, and ones that say anything: no crash, the job unharmed."""
import random
import resource
import socket
import time

from many import memory_kib
from support import SANITIZED, Service, check, equal, main

JOB = {"width": 1500, "height": 1000, "iters": 300}


def connect(s):
    host, port = s.address.split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def idle(s, count):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most[1]), most[1]))
    return [connect(s) for _ in range(count)]


def test_a_thousand_idle_connections():
    with Service("--control-connections", "1100") as s:
        want = s.start(True, **JOB)[1]["pixel_hash"]
        number = s.start(**JOB)[1]["id"]
        lazy = idle(s, 1000)
        begin = time.monotonic()
        equal(s.ask("GET", "/status")[0], 200, "beside them")
        check(time.monotonic() - begin < 5, "an answer took long")
        s.until(lambda: s.job(number)["state"] == "done", "the job")
        equal(s.job(number)["pixel_hash"], want)
        for connection in lazy:
            connection.close()


def test_more_connections_than_allowed():
    with Service("--control-connections", "16") as s:
        want = s.start(True, **JOB)[1]["pixel_hash"]
        number = s.start(**JOB)[1]["id"]
        lazy = idle(s, 200)  # more than the limit and the backlog's first
        time.sleep(1)
        for connection in lazy:
            connection.close()
        s.until(lambda: s.job(number)["state"] == "done", "the job")
        equal(s.job(number)["pixel_hash"], want)


GOOD = (b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
        b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /jobs/1/image.png HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /start?width=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nheight=0",
        b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n"
        b"Content-Type: application/json\r\n\r\n{\"width\":0}",
        b"POST /start HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"7\r\nwidth=0\r\n0\r\n\r\n",
        b"DELETE /jobs/77777 HTTP/1.1\r\nHost: localhost\r\n\r\n")


def corpus(chance):
    """What a careless or hostile client may send; a job that starts all the same
    is a small one."""
    yield from GOOD
    yield b"".join(GOOD)  # pipelined
    for request in GOOD:
        for _ in range(8):
            yield request[:chance.randrange(len(request))]
    for _ in range(150):
        request = bytearray(chance.choice(GOOD))
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(request))
            kind = chance.randrange(3)
            if kind == 0:
                request[at] = chance.randrange(256)
            elif kind == 1:
                del request[at:at + chance.randrange(1, 9)]
                request = request or bytearray(b"x")
            else:
                request[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 40)))
        yield bytes(request)
    for _ in range(20):
        yield bytes(chance.randrange(256) for _ in range(chance.randrange(1, 3000)))
    yield b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n"
    yield b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200000
    yield b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n"
    yield b"GET /?" + b"&".join(b"width=%d" % i for i in range(4000)) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /%00%ff%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"POST /start?width=%00&%ff=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    yield b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx"
    yield b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\nx"
    yield b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nwidth=0"
    yield (b"POST /start HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
           + b"ffff\r\n" + b"a" * 65535 + b"\r\n" + b"fffffffffffffffff\r\n")
    yield (b"POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Content-Length: 60000\r\n\r\n" + b"[" * 60000)
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500  # TLS
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield b"\r\n" * 5000


def send(s, request, chance):
    """Some are closed at once, some half, some read."""
    with connect(s) as connection:
        connection.settimeout(0.05)
        try:
            connection.sendall(request)
            kind = chance.randrange(3)
            if kind == 0:
                return
            if kind == 1:
                connection.shutdown(socket.SHUT_WR)
            connection.recv(100000)
        except OSError:
            pass  # it may close on us


def test_fuzzed_requests():
    seed = 20240607
    print("seed %d" % seed, end=" ")
    chance = random.Random(seed)
    with Service() as s:
        want = s.start(True, **JOB)[1]["pixel_hash"]
        number = s.start(**dict(JOB, iters=3000))[1]["id"]
        for request in corpus(chance):
            send(s, request, chance)
        before = memory_kib(s.process.pid)
        for _ in range(3):
            for request in corpus(chance):
                send(s, request, chance)
        after = memory_kib(s.process.pid)
        print("%d KiB, then %d KiB" % (before, after), end=" ")
        check(after < before * 1.15 + 2048 or SANITIZED, "memory grows: %d to %d KiB" % (before, after))
        s.until(lambda: s.job(number)["state"] == "done", "the job")
        equal(s.start(True, **JOB)[1]["pixel_hash"], want, "the image afterwards")
        equal(len(s.status()["workers"]), 2, "workers")


if __name__ == "__main__":
    main(globals())
