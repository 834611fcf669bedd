# SPDX-License-Identifier: MIT
"""Two hundred jobs in a row: memory and descriptors flat, each image equal."""
import os

from support import SANITIZED, Service, check, equal, main, pixels_of


def memory_kib(pid):
    with open("/proc/%d/status" % pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def test_two_hundred():
    with Service(job=["--width", "200", "--height", "150", "--smoothness", "1"]) as s:
        marks, want = [], None
        for i in range(200):
            status, answer = s.start(True, output="image.png")
            equal((status, answer["state"]), (200, "done"), i)
            got = pixels_of(s.file("image.png")), answer["pixel_hash"]
            want = want or got
            equal(got, want, i)
            if i % 50 == 49:
                marks.append((memory_kib(s.process.pid), descriptors(s.process.pid)))
        print(marks, end=" ")
        check(marks[-1][0] < marks[0][0] * 1.1 + 1024 or SANITIZED, "memory grows, in KiB: %r" % marks)
        check(marks[-1][1] <= marks[0][1] + 1, "descriptors: %r" % marks)  # a connection that closes
        equal(len(s.status()["workers"]), 2, "workers that stayed")
        equal(sorted(os.listdir(s.folder)), ["image.png", "log", "s"], "files")


if __name__ == "__main__":
    main(globals())
