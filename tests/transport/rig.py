# SPDX-License-Identifier: MIT
"""fractal as processes in a folder of the test's own, and clients that do as they please."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

SOURCE = os.environ["FRACTAL_SOURCE"]
FRACTAL = os.path.join(os.environ["FRACTAL_BUILD"], "fractal")
EXAMPLES = os.path.join(SOURCE, "examples/python")
sys.path.insert(0, EXAMPLES)
import node_worker  # noqa: E402
import worker  # noqa: E402

SECONDS = 60  # until something that should happen counts as lost
CHANNEL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
SMALL = "hippi_step_eq_iters_transparent"  # a golden image that Python makes in seconds


def golden_flags(name):
    with open(os.path.join(SOURCE, "tests/golden/data/parameters.txt")) as file:
        return next(line.split()[1:] for line in file if line.split()[0] == name)


def golden_hash(name):
    with open(os.path.join(SOURCE, "tests/golden/data/sha256.txt")) as file:
        return next(line.split()[0] for line in file if line.split()[1] == name)


def pam_hash(path):
    """sha256 of the RGBA bytes."""
    with open(path, "rb") as file:
        head, _, pixels = file.read().partition(b"ENDHDR\n")
    if b"DEPTH 3" in head:
        clear = bytearray(len(pixels) // 3 * 4)
        for i in range(3):
            clear[i::4] = pixels[i::3]
        clear[3::4] = b"\xff" * (len(pixels) // 3)
        pixels = bytes(clear)
    return hashlib.sha256(pixels).hexdigest()


class Process:
    def __init__(self, folder, name, argv):
        self.name = name
        self.err_path = os.path.join(folder, name + ".err")
        self.out_path = os.path.join(folder, name + ".out")
        with open(self.err_path, "wb") as err, open(self.out_path, "wb") as out:
            self.process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err)
        self.pid = self.process.pid

    def err(self):
        with open(self.err_path, errors="replace") as file:
            return file.read()

    def out(self):
        with open(self.out_path, errors="replace") as file:
            return file.read()

    def until(self, text, times=1):
        """Waits until it said this on stderr."""
        end = time.monotonic() + SECONDS
        while True:
            over = self.process.poll() is not None
            if self.err().count(text) >= times:
                return
            if over or time.monotonic() > end:
                raise AssertionError("%s never said %r; stderr: %s"
                                     % (self.name, text, self.err()))
            time.sleep(0.005)

    def ends(self, code=0):
        try:
            got = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            got = "none"
        if got != code:
            raise AssertionError("%s: exit code %s; stderr: %s" % (self.name, got, self.err()))

    def kill(self):
        if self.process.poll() is not None:
            raise AssertionError("%s ended too early; stderr: %s" % (self.name, self.err()))
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Scene(unittest.TestCase):
    """A test with a folder and processes that end with it."""
    image = SMALL

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="fractal-test-")
        self.processes = []
        self.addCleanup(self.clean)

    def clean(self):
        for p in self.processes:
            if p.process.poll() is None:
                p.process.kill()
                p.process.wait()
        shutil.rmtree(self.folder)

    def start(self, name, *argv):
        p = Process(self.folder, "%s%d" % (name, len(self.processes)), list(argv))
        self.processes.append(p)
        return p

    def leader(self, *flags, host="127.0.0.1:0", job=None):
        p = self.start("leader", FRACTAL, "leader", "--transport", "grpc", "--host", host, "-v",
                       "-m", "--output", "pam", "--outfile", "image.pam",
                       *(job or golden_flags(self.image)), *flags)
        p.until("listening at ")
        self.address = p.err().split("listening at ")[1].split("\n")[0]
        return p

    def worker(self, *flags, address=None):
        return self.start("worker", FRACTAL, "worker", "--transport", "grpc", "--host",
                          address or self.address, *flags)

    def python(self, script, *flags):
        return self.start("python", sys.executable, "-B", os.path.join(EXAMPLES, script),
                          self.address, *flags)

    def node_channel(self):
        channel = grpc.insecure_channel(self.address, CHANNEL)
        self.addCleanup(channel.close)
        return channel

    def done(self, leader):
        """It ends well, and the image is the known one."""
        leader.ends()
        self.assertEqual(pam_hash(os.path.join(self.folder, "image.pam")),
                         golden_hash(self.image))

    def rows(self, leader, process):
        """What the metrics say of a worker that gave its pid."""
        mark = "/%d rows: " % process.pid
        self.assertIn(mark, leader.out())
        return int(leader.out().split(mark)[1].split()[0])


def once(load, file, cache={}):
    if file not in cache:
        cache[file] = load(os.path.join(SOURCE, "proto", file))
    return cache[file]


def node_pb():
    return once(node_worker.load_schema, "nodeservice.proto")


def fractal_pb():
    return once(worker.load_schema, "fractal.proto")
