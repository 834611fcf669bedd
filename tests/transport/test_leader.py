# SPDX-License-Identifier: MIT
"""A leader of the Go program's protocol, and our worker with protocol = nodeservice."""
import queue
import socket
import threading
import time
import unittest
from concurrent import futures

import grpc
from rig import Scene, node_pb, node_worker

END = object()


class Leader:
    """Sends what is put into `work`, and keeps what is answered."""
    def __init__(self, pb, port=0):
        self.pb = pb
        self.work = queue.Queue()
        self.results = {}
        self.pending = 0  # requests taken from the queue by a stream
        self.most_ahead = 0
        self.joined = threading.Semaphore(0)
        self.server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "convergedcomputing.org.grpc.v1.NodeService", {
                "AssignTask": grpc.unary_stream_rpc_method_handler(
                    self.assign, pb.Request.FromString, pb.WorkRequest.SerializeToString),
                "ReportResult": grpc.unary_unary_rpc_method_handler(
                    self.result, pb.WorkResponse.FromString, pb.Response.SerializeToString)}),))
        self.port = self.server.add_insecure_port("127.0.0.1:%d" % port)
        self.server.start()

    def assign(self, request, context):
        self.joined.release()
        while True:
            work = self.work.get()
            if work is END:
                return
            self.pending += 1
            self.most_ahead = max(self.most_ahead, self.pending - len(self.results))
            yield work

    def result(self, response, context):
        self.results[(response.iters, response.iy)] = (list(response.norm), list(response.it))
        return self.pb.Response(data="ok")

    def put(self, width, rows, iters):
        jobs = [self.pb.WorkRequest(xmin=-2.0, ymin=-1.25, xmax=0.5, ymax=1.25, iy=iy,
                                    iters=iters, width=width) for iy in rows]
        for job in jobs:
            self.work.put(job)
        return jobs


class OurWorker(Scene):
    def setUp(self):
        super().setUp()
        self.pb = node_pb()
        self.open()

    def open(self, port=0):
        self.lead = Leader(self.pb, port)
        self.addCleanup(self.lead.server.stop, 0)
        self.addCleanup(self.lead.work.put, END)
        self.address = "127.0.0.1:%d" % self.lead.port

    def theirs(self, *flags):
        return self.worker("--set", "transport.grpc.protocol=nodeservice", "--threads", "2",
                           *flags)

    def check(self, jobs):
        for work in jobs:
            want = node_worker.compute(self.pb, work)
            norm, it = self.lead.results[(work.iters, work.iy)]
            self.assertEqual((norm, it), (list(want.norm), list(want.it)))
        self.assertEqual(len(self.lead.results), len(jobs))

    def test_an_image(self):
        jobs = self.lead.put(40, range(30), 100)
        self.lead.work.put(END)
        self.theirs().ends()
        self.check(jobs)

    def test_two_images(self):
        """The second has another geometry, and comes while the first is computed."""
        jobs = self.lead.put(40, range(30), 100) + self.lead.put(50, range(20), 60)
        self.lead.work.put(END)
        self.theirs("--credits", "3").ends()
        self.check(jobs)

    def test_work_that_comes_late(self):
        ours = self.theirs()
        self.lead.joined.acquire()
        time.sleep(2.5)  # longer than connecting may take
        jobs = self.lead.put(40, range(5), 100)
        time.sleep(0.5)
        jobs += self.lead.put(40, range(5, 10), 100)
        self.lead.work.put(END)
        ours.ends()
        self.check(jobs)

    def test_thousands_at_once(self):
        jobs = self.lead.put(2, range(5000), 5)
        self.lead.work.put(END)
        self.theirs("--credits", "1").ends()
        self.check(jobs)

    def test_two_workers(self):
        # Both are there before there is work, and there is more than one stream takes at once: a
        # worker that gets none would look for a leader that has some.
        workers = [self.theirs("--credits", "2") for _ in range(2)]
        for _ in workers:
            self.lead.joined.acquire()
        jobs = self.lead.put(2, range(8000), 5)
        self.lead.work.put(END)
        self.lead.work.put(END)
        for one in workers:
            one.ends()
        self.check(jobs)

    def test_a_leader_that_is_not_there_yet(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = "127.0.0.1:%d" % port
        ours = self.theirs()
        time.sleep(0.3)
        self.open(port)
        jobs = self.lead.put(40, range(5), 100)
        self.lead.work.put(END)
        ours.ends()
        self.check(jobs)

    def test_a_stream_that_ends_without_work(self):
        """It comes again."""
        self.lead.work.put(END)
        ours = self.theirs()
        self.lead.joined.acquire()
        self.lead.joined.acquire()
        jobs = self.lead.put(40, range(5), 100)
        self.lead.work.put(END)
        ours.ends()
        self.check(jobs)

    def test_a_leader_of_ours_that_serves_it_not(self):
        self.leader("--token", "secret")
        ours = self.theirs("--retries", "2")
        self.assertNotEqual(ours.process.wait(30), 0)
        self.assertIn("no work", ours.err())

    def test_a_row_that_nobody_can_compute(self):
        self.lead.work.put(self.pb.WorkRequest(xmax=1, ymax=1, iy=-1, iters=9, width=9))
        ours = self.theirs("--retries", "0")
        self.assertNotEqual(ours.process.wait(30), 0)

    def test_a_leader_that_dies(self):
        self.lead.put(400, range(100000), 1000)
        ours = self.theirs()
        while len(self.lead.results) < 10:
            time.sleep(0.01)
        self.lead.server.stop(0)
        self.assertNotEqual(ours.process.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
