# SPDX-License-Identifier: MIT
"""A leader with its HTTP service and workers, in a folder of the test's own; the standard library
is enough."""
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

BUILD = os.environ["FRACTAL_BUILD"]
SANITIZED = bool(os.environ.get("FRACTAL_SANITIZE"))  # what is freed stays in memory for a while
SMALL = ["--width", "64", "--height", "48", "--smoothness", "1"]
# Minutes of work, in small tasks: every pixel of it lies inside the set.
ENDLESS = {"width": 4000, "height": 80000, "smoothness": 1, "xpos": -0.1, "ypos": 0,
           "escape_radius": 0.0001, "view": "exact", "iters": 4000}


class Service:
    """`fractal run --control`; workers=0: a leader alone."""

    def __init__(self, *flags, workers=2, job=SMALL, start="http"):
        self.folder = tempfile.mkdtemp(prefix="fractal-control-")
        self.log_path = os.path.join(self.folder, "log")
        command = [os.path.join(BUILD, "fractal"), "run" if workers else "leader", "--host",
                   os.path.join(self.folder, "s"), "--control", "127.0.0.1:0", "--start", start]
        command += ["--workers", str(workers)] if workers else []
        command += list(job) + list(flags)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=log)
        until = time.monotonic() + 30
        found = None
        while not found:
            found = re.search(r"control: http://([^/]*)/[^$]*listening at", self.log())
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError("no service: " + self.log())
            time.sleep(0.02)
        self.address = found.group(1)
        self.url = "http://" + self.address
        if workers:
            self.until(lambda: len(self.status()["workers"]) == workers, "its workers")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print(self.log()[-4000:], file=sys.stderr)
        code = self.stop()
        log = self.log()
        shutil.rmtree(self.folder)
        if not kind:  # 1: a job was running
            check(code in (0, 1), "the service ends with %s" % code)
            check("Sanitizer" not in log and "runtime error" not in log, log)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the service does not end") from None

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def until(self, true, what, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            check(self.process.poll() is None, "the leader has ended")
            check(time.monotonic() < end, "waited in vain for " + what)
            time.sleep(0.03)

    def ask(self, method, path, body=None, headers=None, timeout=60):
        """Status, headers, body."""
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None):
        status, _, text = self.ask(method, path, body, headers)
        return status, json.loads(text)

    def start(self, wait=False, **params):
        return self.json("POST", "/start" + ("?wait=1" if wait else ""), json.dumps(params),
                         {"Content-Type": "application/json"})

    def status(self):
        return self.json("GET", "/status")[1]

    def job(self, number):
        return self.json("GET", "/jobs/%d" % number)[1]

    def file(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()


def check(true, what):
    if not true:
        raise AssertionError(what)


def equal(got, want, what=""):
    check(got == want, "%s: %r instead of %r" % (what, got, want))


def pixels_of(png):
    """Width, height and a hash of the image data of a PNG, inflated."""
    check(png[:8] == b"\x89PNG\r\n\x1a\n", "no PNG")
    at, data, size = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        chunk = png[at + 8:at + 8 + length]
        check(struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0]
              == zlib.crc32(kind + chunk), "a chunk is broken")
        if kind == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
        elif kind == b"IDAT":
            data += chunk
        at += 12 + length
    return size + (hashlib.sha256(zlib.decompress(data)).hexdigest(),)


def in_parallel(count, work):
    results = [None] * count

    def one(i):
        results[i] = work(i)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main(tests):
    """Runs the functions of this module that are named test_*, or those asked for."""
    wanted = sys.argv[1:]
    for name, test in list(tests.items()):
        if name.startswith("test_") and (not wanted or name in wanted):
            begin = time.monotonic()
            print(name, end=" ", flush=True)
            test()
            print("%.1f s" % (time.monotonic() - begin), flush=True)
