# SPDX-License-Identifier: MIT
"""Who may ask: names, origins, the token, and those who watch."""
import http.client
import json
import re
import socket

from support import ENDLESS, Service, check, equal, main


def test_other_sites():
    with Service() as s:
        for host, expected in (("localhost", 200), ("127.0.0.1:80", 200), ("[::1]", 200), ("127.9.9.9", 200),
                               ("evil.example", 421), ("localhost.evil.example", 421),
                               ("127.0.0.1.evil.example:9092", 421), ("", 421), ("localhost:x", 421)):
            equal(s.ask("GET", "/status", headers={"Host": host})[0], expected, host)
        for headers, expected in (({"Origin": s.url}, 202), ({"Origin": "http://evil.example"}, 403),
                                  ({"Origin": "null"}, 403), ({"Origin": s.url + "1"}, 403),
                                  ({"Sec-Fetch-Site": "same-origin"}, 202), ({"Sec-Fetch-Site": "none"}, 202),
                                  ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403)):
            equal(s.ask("POST", "/start", headers=headers)[0], expected, headers)
        equal(s.ask("DELETE", "/jobs/1", headers={"Origin": "http://evil.example"})[0], 403)
        headers = s.ask("GET", "/")[1]
        check("default-src 'none'" in headers["Content-Security-Policy"], headers)
        check("unsafe" not in headers["Content-Security-Policy"], headers)
        equal(headers["X-Frame-Options"], "DENY")


class Tokened(Service):
    def status(self):
        return self.json("GET", "/status", headers={"Authorization": "Bearer sesame"})[1]


def test_a_token():
    with Tokened("--control-token", "sesame") as s:
        for given, expected in ((None, 401), ("Bearer sesam", 401), ("Bearer sesamee", 401),
                                ("Basic sesame", 401), ("Bearer ", 401), ("bearer sesame", 200)):
            headers = {"Authorization": given} if given else {}
            for path in ("/status", "/metrics", "/jobs", "/options"):
                equal(s.ask("GET", path, headers=headers)[0], expected, (path, given))
        equal(s.ask("POST", "/start")[0], 401)
        equal(s.ask("GET", "/events")[0], 401)
        equal(s.ask("GET", "/status")[1]["WWW-Authenticate"], 'Bearer realm="fractal"')
        for path in ("/", "/page.js", "/healthz", "/readyz"):
            equal(s.ask("GET", path)[0], 200, path)
        check("sesame" not in s.log(), "the token is in the log")


def events(s, count, seconds=20):
    """The first events of a client: kind and data."""
    connection = http.client.HTTPConnection(s.address, timeout=seconds)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    equal(answer.headers["Content-Type"], "text/event-stream")
    found = []
    while len(found) < count:
        kind = answer.readline().decode().strip()
        data = answer.readline().decode().strip()
        answer.readline()
        check(kind.startswith("event: ") and data.startswith("data: "), (kind, data))
        found.append((kind[7:], json.loads(data[6:])))
    connection.close()
    return found


def test_events():
    with Service() as s:
        s.start(True, width=2000, height=1500, iters=60)
        seen, rows = events(s, 12), set()
        equal(seen[0][0], "job")
        equal((seen[0][1]["columns"], seen[0][1]["lines"], seen[0][1]["step"]), (1000, 750, 2))
        check("status" in {kind for kind, _ in seen}, "a status")
        for kind, data in seen:
            for line, worker, text in data["rows"] if kind == "rows" else ():
                check(worker in (1, 2) and len(text) == 4000, (line, worker))
                rows.add(line)
        check(len(rows) > 50, rows)


def watchers(s):
    return float(re.search(r"^fractal_http_watchers (\S+)", s.ask("GET", "/metrics")[2].decode(), re.M)[1])


def test_watchers_that_do_not_read():
    with Service() as s:
        lazy = []
        for _ in range(20):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            host, port = s.address.split(":")
            connection.connect((host, int(port)))
            connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            lazy.append(connection)
        s.until(lambda: watchers(s) == 20, "all of them")
        for _ in range(4):
            equal(s.start(True, width=1024, height=768, iters=60)[0], 200)
        equal(s.ask("GET", "/healthz")[0], 200)
        for connection in lazy[::2]:
            connection.close()
        s.until(lambda: watchers(s) <= 10, "the closed ones to be noticed")
        s.until(lambda: watchers(s) == 0, "the stuck ones to be dropped", 40)
        reading = events(s, 3)
        equal(len(reading), 3, "who reads")
        s.start(**ENDLESS)
        s.until(lambda: s.status()["current"], "a job")
        # the service ends under those that watch


if __name__ == "__main__":
    main(globals())
